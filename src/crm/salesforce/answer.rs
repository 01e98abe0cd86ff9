//! One HTTP answer, read whole and with a limit.

use std::time::Duration;

use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;

use super::error::{ApiError, Refused, Trouble};

/// The largest answer that is read. A describe of a large org has some 2 MiB.
const MAX_BYTES: usize = 16 << 20;

/// Status, body and what the headers say about waiting.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After` in seconds, if it is there.
    pub retry_after: Option<Duration>,
    body: Vec<u8>,
}

impl Answer {
    /// Sends a request and reads the answer, whatever its status.
    pub async fn to(request: RequestBuilder) -> Result<Self, Trouble> {
        let mut response = request.send().await.map_err(|error| Trouble::sending(&error))?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| Trouble::Lost)? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(Trouble::Unreadable);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status, retry_after, body })
    }

    /// Any 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Trouble> {
        serde_json::from_slice(&self.body).map_err(|_| Trouble::Unreadable)
    }

    /// The answer as a refusal, with whatever errors it lists.
    pub fn into_refused(self) -> Trouble {
        let errors = self.json::<Vec<ApiError>>().unwrap_or_default();
        Trouble::Refused(Refused { status: self.status, errors, retry_after: self.retry_after })
    }
}
