//! As fast as it goes: every connection sends its next request as soon as the last one is answered.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use handoff_bridge::clock::Clock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::answer::complete;
use super::requests::Requests;

/// Sends all of them, and says how long it took from the first byte to the last answer. Connecting is not counted.
pub fn closed(address: SocketAddr, connections: usize, requests: Requests) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut streams = Vec::with_capacity(connections);
        for _ in 0..connections {
            let stream = TcpStream::connect(address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            streams.push(stream);
        }
        let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
        let mut senders = JoinSet::new();
        let watch = Clock::stopwatch();
        for stream in streams {
            senders.spawn(sends(stream, Arc::clone(&requests), Arc::clone(&next)));
        }
        while let Some(ended) = senders.join_next().await {
            ended.unwrap().unwrap();
        }
        watch.elapsed()
    })
}

async fn sends(mut stream: TcpStream, requests: Arc<Requests>, next: Arc<AtomicUsize>) -> io::Result<()> {
    let mut read = [0; 2048];
    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            let more = stream.read(&mut read[filled..]).await?;
            if more == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            filled += more;
            if complete(&read[..filled]).map_err(io::Error::other)?.is_some() {
                break;
            }
        }
    }
    Ok(())
}
