//! A request as text.

use handoff_bridge::crm::RawWebhook;
use http::{HeaderMap, HeaderName, HeaderValue};

/// A request, read from `METHOD path?query`, one header a line, an empty line and the body.
#[derive(Debug, Clone)]
pub struct Request {
    /// As written.
    pub method: String,
    /// Path and query as written.
    pub path: String,
    /// Exact bytes.
    pub body: Vec<u8>,
    headers: Vec<(HeaderName, Vec<u8>)>,
}

/// What a request says under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header<'a> {
    /// Nothing.
    Absent,
    /// One value of plain ASCII.
    Once(&'a str),
    /// Several values, or bytes outside ASCII.
    Unusable,
}

impl<'a> Header<'a> {
    /// The value, if it is the only one and readable.
    pub fn once(self) -> Option<&'a str> {
        match self {
            Self::Once(value) => Some(value),
            Self::Absent | Self::Unusable => None,
        }
    }
}

impl Request {
    /// Reads a request. What HTTP would not let through as a header is left out.
    pub fn read(data: &[u8]) -> Option<Self> {
        let end = data.windows(2).position(|pair| pair == b"\n\n")?;
        let (head, body) = (&data[..end], &data[end + 2..]);
        let mut lines = head.split(|byte| *byte == b'\n');
        let (method, path) = std::str::from_utf8(lines.next()?).ok()?.split_once(' ')?;
        let header = |line: &[u8]| {
            let colon = line.windows(2).position(|pair| pair == b": ")?;
            let name = HeaderName::from_bytes(&line[..colon]).ok()?;
            Some((name, line[colon + 2..].to_vec()))
        };
        let headers = lines.filter_map(header).filter(|(_, value)| HeaderValue::from_bytes(value).is_ok());
        let headers = headers.collect();
        Some(Self { method: method.to_owned(), path: path.to_owned(), body: body.to_vec(), headers })
    }

    /// Puts what `sign` makes of this request wherever a header holds `placeholder`.
    pub fn sign(&mut self, placeholder: &str, sign: impl Fn(&Self) -> String) {
        let holds = |value: &[u8]| std::str::from_utf8(value).is_ok_and(|text| text.contains(placeholder));
        if !self.headers.iter().any(|(_, value)| holds(value)) {
            return;
        }
        let signature = sign(self);
        for (_, value) in self.headers.iter_mut().filter(|(_, value)| holds(value)) {
            *value = String::from_utf8_lossy(value).replace(placeholder, &signature).into_bytes();
        }
    }

    /// What it says under `name`, which is written in lower case.
    pub fn header(&self, name: &str) -> Header<'_> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
        let Some(first) = values.next() else { return Header::Absent };
        let plain = first.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
        match (std::str::from_utf8(first), values.next()) {
            (Ok(text), None) if plain => Header::Once(text),
            _ => Header::Unusable,
        }
    }

    /// The same request, as the server hands it to the product.
    pub fn raw(&self) -> RawWebhook {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                headers.append(name.clone(), value);
            }
        }
        RawWebhook::new(&self.method, &self.path, headers, self.body.clone())
    }
}
