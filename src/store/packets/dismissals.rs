//! Flags that somebody says were wrong. What was posted already stays as it is.

use jiff::Timestamp;
use serde::Serialize;

use crate::store::Store;
use crate::store::engine::{DatabaseError, Execute, Readers, StoreError, from_millis, query};

statements! {
    DISMISSALS = "
        SELECT section, gap, dismissed_at, COALESCE(reason, '') FROM gaps
        WHERE packet_id = $1 AND dismissed_at IS NOT NULL ORDER BY section, gap";
    DISMISSED_PACKETS = "
        SELECT DISTINCT g.packet_id FROM gaps g JOIN packets p ON p.packet_id = g.packet_id
        WHERE g.dismissed_at IS NOT NULL ORDER BY g.packet_id";
    /// Only while there is a packet: with it the reason is forgotten.
    DISMISS = "
        UPDATE gaps SET dismissed_at = $4, reason = $5
        WHERE packet_id = $1 AND section = $2 AND gap = $3
            AND EXISTS (SELECT 1 FROM packets p WHERE p.packet_id = $1)";
}

/// One gap that was none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dismissal {
    pub section: String,
    /// See [`handoff_core::packet::Gap::id`].
    pub gap: String,
    pub at: Timestamp,
    /// Why, in the words of whoever dismissed it.
    pub reason: String,
}

impl Store {
    /// Records why a gap of a packet was none, in place of an earlier reason; `None` takes that back. False:
    /// there is no such packet, or it has no such gap.
    pub async fn dismiss(
        &self,
        packet_id: &str,
        section: &str,
        gap: &str,
        reason: Option<&str>,
    ) -> Result<bool, StoreError> {
        self.assess_the_rest().await?;
        let [packet_id, section, gap] = [packet_id, section, gap].map(ToOwned::to_owned);
        let reason = reason.map(ToOwned::to_owned);
        let statement = move |now| {
            let update = query(DISMISS).bind(packet_id.clone()).bind(section.clone()).bind(gap.clone());
            update.bind(reason.as_ref().map(|_| now)).bind(reason.clone())
        };
        Ok(self.writer.run(Execute { statement, notify: false }).await? > 0)
    }

    /// Packets with a dismissed gap, while they are kept.
    pub async fn dismissed_packets(&self) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = self.readers.all(query(DISMISSED_PACKETS)).await?;
        Ok(rows.into_iter().map(|(packet_id,)| packet_id).collect())
    }
}

/// The dismissed gaps of one packet.
pub(in crate::store) async fn of_packet(
    readers: &Readers,
    packet_id: &str,
) -> Result<Vec<Dismissal>, DatabaseError> {
    let rows: Vec<(String, String, i64, String)> = readers.all(query(DISMISSALS).bind(packet_id)).await?;
    let dismissal = |(section, gap, at, reason)| Dismissal { section, gap, at: from_millis(at), reason };
    Ok(rows.into_iter().map(dismissal).collect())
}
