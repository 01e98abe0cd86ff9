//! A memory budget for request bodies: each is read with a size limit and a timeout, and no more bytes of all of them
//! are in memory than the budget holds. Nothing is unpacked: the senders we know never pack, and a small gzip can hold gigabytes.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::header::CONTENT_ENCODING;
use axum::http::{HeaderMap, request::Parts};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connections::ConnectionSlot;
use crate::http::error::Refused;

/// The memory that all bodies share, and the time that each may take.
pub struct BodyBudget {
    /// One permit a byte.
    free: Arc<Semaphore>,
    timeout: Duration,
}

/// A body, with the memory reserved for it. Keep the reservation until nothing of the body is needed any more.
pub(in crate::http) struct ReadBody {
    pub(in crate::http) parts: Parts,
    pub(in crate::http) bytes: Vec<u8>,
    pub(in crate::http) reservation: Reservation,
}

/// Reserved memory, free again when this is dropped.
#[derive(Default)]
pub(in crate::http) struct Reservation(Option<OwnedSemaphorePermit>);

impl BodyBudget {
    /// A budget of so many MiB of bodies at once, each of which may take `timeout` to arrive.
    pub fn new(mebibytes: u32, timeout: Duration) -> Self {
        let bytes = usize::try_from(mebibytes).unwrap_or(usize::MAX).saturating_mul(1 << 20);
        Self { free: Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))), timeout }
    }

    /// The whole body of a request, of at most `limit` bytes.
    pub(in crate::http) async fn read(&self, limit: usize, request: Request) -> Result<ReadBody, Refused> {
        let (parts, body) = request.into_parts();
        if is_packed(&parts.headers) {
            return Err(Refused::Packed);
        }
        if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
            return Err(Refused::TooLarge);
        }
        let slot = parts.extensions.get::<Arc<ConnectionSlot>>();
        if let Some(slot) = slot {
            slot.mark_idle(true);
        }
        let read = tokio::time::timeout(self.timeout, self.collect(limit, body, slot)).await;
        if let Some(slot) = slot {
            slot.mark_busy();
        }
        let (bytes, reservation) = read.map_err(|_| Refused::TooSlow)??;
        Ok(ReadBody { parts, bytes, reservation })
    }

    async fn collect(
        &self,
        limit: usize,
        mut body: Body,
        slot: Option<&Arc<ConnectionSlot>>,
    ) -> Result<(Vec<u8>, Reservation), Refused> {
        let (mut bytes, mut reservation) = (Vec::new(), Reservation::default());
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| Refused::Incomplete)?.into_data() else { continue };
            if bytes.len() + data.len() > limit {
                return Err(Refused::TooLarge);
            }
            self.reserve(&mut reservation, data.len(), slot).await?;
            bytes.extend_from_slice(&data);
        }
        Ok((bytes, reservation))
    }

    /// If the budget is used up, the connection whose body has taken longest to arrive is evicted; perhaps this one.
    async fn reserve(
        &self,
        reservation: &mut Reservation,
        bytes: usize,
        slot: Option<&Arc<ConnectionSlot>>,
    ) -> Result<(), Refused> {
        let permits = u32::try_from(bytes).unwrap_or(u32::MAX);
        let more = if let Ok(more) = Arc::clone(&self.free).try_acquire_many_owned(permits) {
            more
        } else {
            if let Some(slot) = slot {
                slot.evict_body();
            }
            let more = Arc::clone(&self.free).acquire_many_owned(permits).await;
            more.map_err(|_| Refused::Incomplete)?
        };
        match &mut reservation.0 {
            Some(held) => held.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}

fn is_packed(headers: &HeaderMap) -> bool {
    let identity = |encoding: &[u8]| encoding.eq_ignore_ascii_case(b"identity");
    headers.get_all(CONTENT_ENCODING).iter().any(|encoding| !identity(encoding.as_bytes()))
}
