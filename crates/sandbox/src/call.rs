//! One request as a platform sees it, and what it answers.

use std::io::{self, Write};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// One request, read whole.
#[derive(Debug, Clone)]
pub struct Call {
    /// Upper-case method.
    pub method: String,
    /// Path without the query, undecoded.
    pub path: String,
    /// Decoded pairs of the query, in order.
    pub query: Vec<(String, String)>,
    /// Bytes of path and query as they were sent.
    pub uri_bytes: usize,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

impl Call {
    /// The parts of the path between slashes.
    pub(super) fn segments(&self) -> Vec<&str> {
        self.path.split('/').skip(1).collect()
    }

    /// The first value of a query name.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A header as text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The token of `Authorization: Bearer …`.
    pub(super) fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// The media type of the body, without parameters.
    pub(super) fn media_type(&self) -> Option<&str> {
        Some(self.header("content-type")?.split(';').next()?.trim())
    }

    /// The body as a form.
    pub(super) fn form(&self) -> Vec<(String, String)> {
        pairs(&String::from_utf8_lossy(&self.body))
    }
}

/// Decodes `a=1&b=2`.
pub(super) fn pairs(encoded: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded.as_bytes()).into_owned().collect()
}

/// Whose fault an answer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody's: the call did what it asked for.
    Fine,
    /// The call was right, but the thing, person or channel it names is not there, or closed to us.
    Absent,
    /// A fault switch, a revoked token: whatever the caller did, this would have happened.
    Switched,
    /// The caller's: a correct client never sends this. The text says what is wrong with it.
    Wrong(String),
}

/// What a platform answers.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers beside the content type.
    pub headers: Vec<(&'static str, String)>,
    /// Media type of the body.
    pub media_type: &'static str,
    /// Body.
    pub body: String,
    /// Whose fault it is.
    pub verdict: Verdict,
}

/// JSON whose doubles are written as Java writes them: 120000 is `120000.0`, twelve million is `1.2E7`.
fn written(body: &Value) -> String {
    struct JavaDoubles;

    impl Formatter for JavaDoubles {
        fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
            if value == 0.0 || (1e-3..1e7).contains(&value.abs()) {
                return write!(writer, "{value:?}");
            }
            let short = format!("{value:E}");
            let (mantissa, exponent) = short.split_once('E').unwrap_or((&short, "0"));
            let fraction = if mantissa.contains('.') { "" } else { ".0" };
            write!(writer, "{mantissa}{fraction}E{exponent}")
        }
    }

    let mut bytes = Vec::new();
    match body.serialize(&mut Serializer::with_formatter(&mut bytes, JavaDoubles)) {
        Ok(()) => String::from_utf8(bytes).unwrap_or_default(),
        Err(_) => body.to_string(),
    }
}

impl Answer {
    /// A JSON answer to a call that was fine.
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            media_type: "application/json;charset=utf-8",
            body: written(body),
            verdict: Verdict::Fine,
        }
    }

    /// A plain text answer to a call that was fine.
    pub fn text(status: u16, body: &str) -> Self {
        Self {
            media_type: "text/plain;charset=utf-8",
            body: body.to_owned(),
            ..Self::json(status, &Value::Null)
        }
    }

    /// With a verdict.
    #[must_use]
    pub fn because(self, verdict: Verdict) -> Self {
        Self { verdict, ..self }
    }

    /// With a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &(impl ToString + ?Sized)) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub(super) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_decoded_like_a_browser_encodes_it() {
        assert_eq!(pairs("a=x+y&b=%C3%BC"), [("a".into(), "x y".into()), ("b".into(), "ü".into())]);
        assert_eq!(pairs(""), []);
    }
}
