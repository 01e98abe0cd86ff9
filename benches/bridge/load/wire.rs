//! One connection of a thread that waits for answers.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use super::answer::{complete, complete_as};

/// No answer takes longer, unless something is wrong.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Wire {
    stream: TcpStream,
    read: [u8; 2048],
    filled: usize,
}

impl Wire {
    pub fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream, read: [0; 2048], filled: 0 }
    }

    /// Sends a request and waits for its 200.
    pub fn sends(&mut self, request: &[u8]) {
        self.begins(request);
        while !self.has_ended() {}
    }

    /// Sends a request and waits until it is refused.
    pub fn is_refused(&mut self, request: &[u8]) {
        self.begins(request);
        while complete_as("401", self.reads_on()).unwrap().is_none() {}
    }

    /// Sends a request.
    pub fn begins(&mut self, request: &[u8]) {
        self.stream.write_all(request).unwrap();
        self.filled = 0;
    }

    /// Waits for more of the answer, which must be a 200; whether that was all of it.
    pub fn has_ended(&mut self) -> bool {
        complete(self.reads_on()).unwrap().is_some()
    }

    fn reads_on(&mut self) -> &[u8] {
        let more = self.stream.read(&mut self.read[self.filled..]).unwrap();
        assert!(more > 0, "the connection was closed instead of an answer");
        self.filled += more;
        &self.read[..self.filled]
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
