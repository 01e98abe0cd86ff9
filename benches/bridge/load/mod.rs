//! The client: requests that are rendered and signed beforehand, over connections that stay open.

mod answer;
mod closed;
mod event;
mod open;
mod requests;
mod wire;

pub use closed::closed;
pub use event::{Batch, WINS};
pub use open::open;
pub use requests::Requests;
pub use wire::Wire;

/// As many connections as the closed loop keeps busy.
pub const CONNECTIONS: usize = 64;
