//! Which packet a person means: by its id, a deal or a customer.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::Problem;
use crate::store::{PacketRow, Store, StoredPacket, WinRow};
use handoff_core::source::nearest;
use handoff_core::text::clean::one_line;

/// How many packets a question about several of them lists.
const MOST_NAMED: usize = 10;

impl WinRow {
    /// Whether a person may mean it by `text`: a deal by its id (of a Salesforce one, the first 15 characters are enough)
    /// or key, or a part of the deal's or the customer's name.
    pub(super) fn is_about(&self, text: &str) -> bool {
        let (text, id) = (text.trim(), self.deal().rsplit(':').next().unwrap_or_default());
        let holds = |name: &str| name.to_lowercase().contains(&text.to_lowercase());
        let named = match self {
            Self::Packet(PacketRow { summary: Some(summary), .. }) => {
                holds(&summary.name) || summary.customer.as_deref().is_some_and(holds)
            }
            _ => false,
        };
        named || text == self.deal() || text == id || (id.len() == 18 && Some(text) == id.get(..15))
    }
}

/// The packet with this id, else the latest of the one deal that [`WinRow::is_about`] the text.
pub(super) async fn find(store: &Store, text: &str) -> Result<StoredPacket, Problem> {
    if let Some(stored) = store.packet(text).await? {
        return Ok(stored);
    }
    let mut meant = packets(store, |win| win.is_about(text)).await?;
    meant.sort_by_key(|packet| Reverse(packet.won_at));
    if let Some(latest) = meant.first()
        && meant.iter().all(|packet| packet.deal == latest.deal)
        && let Some(stored) = store.packet(&latest.packet_id).await?
    {
        return Ok(stored);
    }
    if meant.is_empty() {
        let all = packets(store, |_| true).await?;
        let ids = all.iter().map(|packet| packet.packet_id.as_str());
        let help = nearest(text, ids).map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
        return Err(Problem::new(format!("handoff: there is no packet {text}{help}")));
    }
    let mut several = format!("handoff: {} packets fit {text}. Name one of them:", meant.len());
    for packet in meant.iter().take(MOST_NAMED) {
        let name = packet.summary.as_ref().map(|summary| one_line(&summary.name)).unwrap_or_default();
        let _ = write!(several, "\n  {}  {}  {name}", packet.packet_id, packet.deal);
    }
    Err(Problem::new(several))
}

async fn packets(
    store: &Store,
    wanted: impl Fn(&WinRow) -> bool + Send + Sync,
) -> Result<Vec<PacketRow>, Problem> {
    let wins = store.wins(usize::MAX, wanted).await?;
    let packets = wins.into_iter().filter_map(|win| match win {
        WinRow::Packet(packet) => Some(packet),
        WinRow::Deal(_) => None,
    });
    Ok(packets.collect())
}
