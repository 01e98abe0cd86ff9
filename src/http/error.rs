//! What a caller hears when a webhook is not taken: a status and a text that tells an attacker nothing.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Why a webhook was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The sender could not be proved.
    Unverified,
    /// Not JSON (or not the XML that was expected).
    Unreadable,
    /// The body is over the limit.
    TooLarge,
    /// The body is packed (`Content-Encoding`), which no sender of ours does.
    Packed,
    /// The body did not arrive whole.
    Incomplete,
    /// The body did not arrive in time.
    TooSlow,
    /// The store did not take it; the sender must come back.
    NotStored,
}

impl Refused {
    /// The name in `handoff_webhooks_total`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too_large",
            Self::Packed => "packed",
            Self::Incomplete => "incomplete",
            Self::TooSlow => "too_slow",
            Self::NotStored => "not_stored",
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Unverified => (StatusCode::UNAUTHORIZED, "not verified\n").into_response(),
            Self::Unreadable => (StatusCode::BAD_REQUEST, "not readable\n").into_response(),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too large\n").into_response(),
            Self::Packed => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "send it unpacked\n").into_response(),
            Self::TooSlow => {
                (StatusCode::REQUEST_TIMEOUT, [(header::CONNECTION, "close")], "too slow\n").into_response()
            }
            Self::Incomplete => (StatusCode::BAD_REQUEST, "incomplete\n").into_response(),
            Self::NotStored => {
                (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], "try again\n").into_response()
            }
        }
    }
}
