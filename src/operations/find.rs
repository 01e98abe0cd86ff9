//! Which packet a person means: by its id, a deal or a customer.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::{OperationError, Operations};
use crate::store::{PacketRow, StoredPacket, WinFilter, WinRow};
use handoff_core::source::nearest;
use handoff_core::text::clean::one_line;

/// How many packets a question about several of them lists.
const MOST_NAMED: usize = 10;

impl Operations {
    /// The packet with this id, else the latest of the one deal that [`WinFilter::about`] the text finds.
    pub async fn find(&self, text: &str) -> Result<StoredPacket, OperationError> {
        if let Some(stored) = self.store.packet(text).await? {
            return Ok(stored);
        }
        let mut meant =
            self.packets(WinFilter { about: Some(text.to_owned()), ..WinFilter::default() }).await?;
        meant.sort_by_key(|packet| Reverse(packet.won_at));
        if let Some(latest) = meant.first()
            && meant.iter().all(|packet| packet.deal == latest.deal)
            && let Some(stored) = self.store.packet(&latest.packet_id).await?
        {
            return Ok(stored);
        }
        if meant.is_empty() {
            let all = self.packets(WinFilter::default()).await?;
            let ids = all.iter().map(|packet| packet.packet_id.as_str());
            let help = nearest(text, ids).map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
            return Err(OperationError::NotFound(format!("there is no packet {text}{help}")));
        }
        let mut several = format!("{} packets fit {text}. Name one of them:", meant.len());
        for packet in meant.iter().take(MOST_NAMED) {
            let name = packet.summary.as_ref().map(|summary| one_line(&summary.name)).unwrap_or_default();
            let _ = write!(several, "\n  {}  {}  {name}", packet.packet_id, packet.deal);
        }
        Err(OperationError::NotFound(several))
    }

    async fn packets(&self, wanted: WinFilter) -> Result<Vec<PacketRow>, OperationError> {
        let wins = self.store.wins(usize::MAX, &wanted).await?;
        let packets = wins.into_iter().filter_map(|win| match win {
            WinRow::Packet(packet) => Some(packet),
            WinRow::Deal(_) => None,
        });
        Ok(packets.collect())
    }
}
