//! A webhook request as a platform sends it.

/// One webhook request, ready to be sent by any HTTP client.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Where it goes, as the platform's settings spell it.
    pub url: String,
    /// Every header, `content-type` included.
    pub headers: Vec<(String, String)>,
    /// The exact bytes that were signed.
    pub body: Vec<u8>,
}

impl Delivery {
    pub(super) fn new(url: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { url: url.to_owned(), headers: headers.collect(), body }
    }
}
