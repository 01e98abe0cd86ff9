//! Counts of packets and gaps, over what was ever assessed: also packets that were purged since.

use jiff::Timestamp;

use crate::store::Store;
use crate::store::engine::{StoreError, count, query};

statements! {
    COUNT_PACKETS = "
        SELECT COUNT(*), CAST(COALESCE(SUM(complete), 0) AS BIGINT) FROM assessments WHERE created_at >= $1";
    COUNT_GAPS = "
        SELECT g.section, g.gap, g.stage, CAST(SUM(g.counts) AS BIGINT), COUNT(*), COUNT(g.dismissed_at)
        FROM assessments a JOIN gaps g ON g.packet_id = a.packet_id
        WHERE a.created_at >= $1 GROUP BY g.section, g.gap, g.stage ORDER BY g.section, g.gap, g.stage";
    /// A gap that was dismissed was none, and one for RevOps is not the seller's.
    COUNT_SELLERS = "
        SELECT s.seller, MAX(s.seller_name), COUNT(DISTINCT s.deal), COUNT(*), CAST(SUM(s.complete) AS BIGINT),
            CAST(SUM(s.gaps) AS BIGINT)
        FROM (SELECT a.seller, a.seller_name, w.deal, a.complete,
                (SELECT COUNT(*) FROM gaps g WHERE g.packet_id = a.packet_id AND g.addressee = 'seller'
                    AND g.counts = 1 AND g.dismissed_at IS NULL) AS gaps
            FROM assessments a JOIN wins w ON w.packet_id = a.packet_id WHERE a.created_at >= $1) s
        GROUP BY s.seller ORDER BY 4 DESC, 2";
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    pub packets: u64,
    /// Of these, complete when they were made.
    pub complete: u64,
    /// Gaps by section, id and stage, in that order.
    pub gaps: Vec<GapCount>,
    /// Packets by seller, most first.
    pub sellers: Vec<SellerCount>,
}

/// One kind of gap in one section, from one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapCount {
    pub section: String,
    /// See [`handoff_core::packet::Gap::id`].
    pub gap: String,
    /// See [`handoff_core::packet::RaisedGap::stage`].
    pub stage: String,
    /// How often it was more than a hint.
    pub counting: u64,
    /// How often it was raised at all.
    pub raised: u64,
    /// How often somebody said that it was wrong.
    pub dismissed: u64,
}

/// The packets of one seller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SellerCount {
    /// The name in the CRM; `None` for packets that were purged, and deals without an owner.
    pub name: Option<String>,
    pub deals: u64,
    /// Packets; a deal that was won twice has two.
    pub packets: u64,
    /// Of these, complete when they were made.
    pub complete: u64,
    /// Gaps that the seller could fill and nobody dismissed.
    pub gaps: u64,
}

impl Store {
    /// Counts packets made at or after `since`.
    pub async fn stats(&self, since: Timestamp) -> Result<Stats, StoreError> {
        type GapRow = (String, String, String, i64, i64, i64);
        type SellerRow = (Option<String>, Option<String>, i64, i64, i64, i64);

        self.assess_the_rest().await?;
        let since = since.as_millisecond();
        let (packets, complete): (i64, i64) = self.readers.one(query(COUNT_PACKETS).bind(since)).await?;
        let gaps: Vec<GapRow> = self.readers.all(query(COUNT_GAPS).bind(since)).await?;
        let sellers: Vec<SellerRow> = self.readers.all(query(COUNT_SELLERS).bind(since)).await?;
        let gaps = gaps.into_iter().map(|(section, gap, stage, counting, raised, dismissed)| {
            let (counting, raised, dismissed) = (count(counting), count(raised), count(dismissed));
            GapCount { section, gap, stage, counting, raised, dismissed }
        });
        let sellers = sellers.into_iter().map(|(_, name, deals, packets, complete, gaps)| {
            let (deals, packets, complete, gaps) =
                (count(deals), count(packets), count(complete), count(gaps));
            SellerCount { name, deals, packets, complete, gaps }
        });
        let (gaps, sellers) = (gaps.collect(), sellers.collect());
        Ok(Stats { packets: count(packets), complete: count(complete), gaps, sellers })
    }
}
