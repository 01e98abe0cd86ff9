//! A webhook request as a platform sends it.

use std::net::SocketAddr;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

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

/// Why a request got no answer.
pub type SendError = Box<dyn std::error::Error + Send + Sync>;

/// What a request was answered.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) media_type: String,
    pub(crate) body: Vec<u8>,
}

impl Delivery {
    pub(super) fn new(url: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { url: url.to_owned(), headers: headers.collect(), body }
    }

    /// Sends it to a server on this machine, as a proxy at the address would, and returns the status.
    ///
    /// # Errors
    ///
    /// The server does not answer.
    pub async fn send(&self, server: SocketAddr) -> Result<u16, SendError> {
        Ok(self.post(&server.to_string()).await?.status)
    }

    /// Posts it to `authority` over a connection of its own, without TLS.
    pub(crate) async fn post(&self, authority: &str) -> Result<Response, SendError> {
        let uri: hyper::Uri = self.url.parse()?;
        let stream = TcpStream::connect(authority).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = hyper::Request::post(path).header("host", authority);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let answer = sender.send_request(request.body(Full::new(Bytes::from(self.body.clone())))?).await?;
        let status = answer.status().as_u16();
        let media_type = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        let media_type = media_type.unwrap_or_default().to_owned();
        let body = answer.into_body().collect().await?.to_bytes().to_vec();
        Ok(Response { status, media_type, body })
    }
}
