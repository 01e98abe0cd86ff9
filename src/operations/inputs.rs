//! What came in, and what was refused.

use std::cmp::Reverse;

use crate::store::{EventRow, Store, StoreError};

/// The latest events and refusals together, newest first.
pub async fn inputs(store: &Store, limit: u32) -> Result<Vec<EventRow>, StoreError> {
    let mut events = store.events(limit).await?;
    events.extend(store.refusals(limit).await?);
    events.sort_by_key(|event| Reverse(event.received_at));
    events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(events)
}
