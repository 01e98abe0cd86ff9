//! Request heads without bare LF. RFC 9112 lets a server take one for the end of a line, as hyper does
//! (<https://www.rfc-editor.org/rfc/rfc9112#section-2.2>); a proxy that takes it for part of a value then passes on a
//! header that it would have removed.

use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// What a client sends. A bare LF in a head is an error, which ends the connection.
pub(super) struct StrictHeads<R> {
    from: R,
    /// The line that is being read.
    line: Vec<u8>,
    /// Bytes of the body that the head announces, and those that are still to come before the next head.
    announced: usize,
    body: usize,
}

impl<R> StrictHeads<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, line: Vec::new(), announced: 0, body: 0 }
    }

    fn check(&mut self, mut bytes: &[u8]) -> Result<()> {
        loop {
            let skipped = self.body.min(bytes.len());
            self.body -= skipped;
            bytes = &bytes[skipped..];
            let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { break };
            self.line.extend_from_slice(&bytes[..=end]);
            bytes = &bytes[end + 1..];
            let line = std::mem::take(&mut self.line).to_ascii_lowercase();
            let bare = || Error::new(ErrorKind::InvalidData, "a bare LF in the head");
            let line = str::from_utf8(line.strip_suffix(b"\r\n").ok_or_else(bare)?).unwrap_or("?");
            match line.split_once(':') {
                Some(("content-length", length)) => self.announced = length.trim().parse().unwrap_or(0),
                // The server closes the connection behind it.
                Some(("transfer-encoding", _)) => self.announced = usize::MAX,
                _ if line.is_empty() => self.body = std::mem::take(&mut self.announced),
                _ => {}
            }
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for StrictHeads<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let before = to.filled().len();
        ready!(Pin::new(&mut self.from).poll_read(context, to))?;
        Poll::Ready(self.check(&to.filled()[before..]))
    }
}
