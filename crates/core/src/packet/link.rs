//! A page that a reader can open from the packet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A named page: the order form, the recording of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// The mapping's own word for it, and all that a reader sees of it.
    pub name: String,
    /// http or https, without a user name or password in it.
    pub url: String,
    /// The field it came from: `deal.order_form_url`.
    pub source: String,
}
