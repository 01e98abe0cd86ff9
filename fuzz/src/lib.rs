//! What the fuzz targets share: requests written as text, and a second opinion on who signed them.
//!
//! A target that only throws bytes at a verifier proves little, for it never forges a signature. So a header of
//! a request may hold a placeholder such as `{first}`, which the target replaces by a real signature over
//! whatever the fuzzer made of the rest. Each target then says by itself whether the request must be
//! accepted, with other code than the product's, and the two must agree.

pub mod hubspot;
mod opinion;
pub mod proof;
mod request;

pub use opinion::{agree, is_safe_to_log};
pub use request::{Header, Request};
