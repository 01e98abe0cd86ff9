//! Counts of packets and gaps, over what was ever assessed: also packets that were purged since.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::store::Store;
use crate::store::engine::{StoreError, count, from_millis, query};

statements! {
    COUNT_PACKETS = "
        SELECT COUNT(*), CAST(COALESCE(SUM(complete), 0) AS BIGINT) FROM assessments WHERE created_at >= $1";
    /// Complete at most $3 ms after they were made, of those that are as old; packets of now if $3 is NULL.
    COUNT_COMPLETE = "
        SELECT COUNT(*), COUNT(CASE WHEN completed_at <= created_at + COALESCE(CAST($3 AS BIGINT), $2) THEN 1 END)
        FROM assessments WHERE created_at >= $1 AND created_at <= $2 - COALESCE(CAST($3 AS BIGINT), 0)";
    /// By weeks that begin on a Monday: 1970 began on a Thursday.
    COUNT_WEEKS = "
        SELECT (created_at - 345600000) / 604800000, COUNT(*), CAST(SUM(complete) AS BIGINT), COUNT(completed_at)
        FROM assessments WHERE created_at >= $1 GROUP BY 1 ORDER BY 1";
    COUNT_LATER = "
        SELECT COUNT(*) FROM assessments WHERE created_at >= $1 AND complete = 0 AND completed_at IS NOT NULL";
    MEDIAN_LATER = "
        SELECT completed_at - created_at FROM assessments
        WHERE created_at >= $1 AND complete = 0 AND completed_at IS NOT NULL ORDER BY 1 LIMIT 1 OFFSET $2";
    COUNT_DECISIONS = "
        SELECT COUNT(accepted_at), COUNT(reviewed_at), COUNT(CASE WHEN first_value = 'reached' THEN 1 END),
            COUNT(CASE WHEN first_value = 'missed' THEN 1 END)
        FROM assessments WHERE created_at >= $1";
    COUNT_SENT_BACK = "
        SELECT sent_back, COUNT(*) FROM assessments WHERE created_at >= $1 AND sent_back IS NOT NULL
        GROUP BY sent_back ORDER BY 2 DESC, 1";
    MEDIAN_TO_ACCEPT = "
        SELECT accepted_at - created_at FROM assessments
        WHERE created_at >= $1 AND accepted_at IS NOT NULL ORDER BY 1 LIMIT 1 OFFSET $2";
    /// Open gaps of packets that were made in a span of time.
    COUNT_OPEN_GAPS = "
        SELECT COUNT(*) FROM assessments a JOIN gaps g ON g.packet_id = a.packet_id
        WHERE a.created_at >= $1 AND a.created_at < $2 AND g.counts = 1 AND g.filled_at IS NULL
            AND g.dismissed_at IS NULL";
    COUNT_GAPS = "
        SELECT g.section, g.gap, g.stage, g.field, CAST(SUM(g.counts) AS BIGINT), COUNT(*), COUNT(g.dismissed_at)
        FROM assessments a JOIN gaps g ON g.packet_id = a.packet_id
        WHERE a.created_at >= $1 GROUP BY g.section, g.gap, g.stage, g.field ORDER BY 1, 2, 3, 4";
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
    /// By week, oldest first; weeks without packets are left out, and those before the last [`WEEKS`].
    pub weeks: Vec<WeekCount>,
    /// How many were complete how long after they were made; the last counts them now.
    pub later: Vec<CompleteAfter>,
    /// Half of those that were completed later took no longer, in milliseconds.
    pub median_to_complete: Option<i64>,
    pub decisions: DecisionCounts,
    /// Gaps that are open, by the youngest age in days.
    pub open_by_age: Vec<(u16, u64)>,
    /// Gaps by section, id, stage and field, in that order.
    pub gaps: Vec<GapCount>,
    /// Packets by seller, most first.
    pub sellers: Vec<SellerCount>,
    /// Answers that the CRM refused.
    pub refused_answers: u64,
}

/// The packets of one week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekCount {
    /// Its Monday, midnight UTC.
    pub from: Timestamp,
    pub packets: u64,
    /// Of these, complete when they were made.
    pub complete_at_close: u64,
    /// Of these, complete now.
    pub complete: u64,
}

/// What customer success decided about packets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DecisionCounts {
    pub accepted: u64,
    /// Half of those were accepted no later after they were made, in milliseconds.
    pub median_to_accept: Option<i64>,
    /// Packets by the latest reason for which they were sent back, most frequent first.
    pub sent_back: Vec<(String, u64)>,
    pub reviews_held: u64,
    /// First value was reached.
    pub reached: u64,
    /// First value was not reached.
    pub missed: u64,
}

/// How many packets were complete so long after they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompleteAfter {
    /// `None`: now.
    pub days: Option<u16>,
    /// Packets that are old enough to tell.
    pub of: u64,
    pub complete: u64,
}

/// Days after which completeness is counted.
const AFTER: [u16; 3] = [1, 3, 7];

/// Ages of open gaps begin at so many days.
const AGES: [u16; 4] = [0, 1, 3, 7];

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Half a year of weeks.
const WEEKS: i64 = 26;

/// One kind of gap in one section, from one stage, about one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapCount {
    pub section: String,
    /// See [`handoff_core::packet::Gap::id`].
    pub gap: String,
    /// See [`handoff_core::packet::RaisedGap::stage`].
    pub stage: String,
    /// See [`handoff_core::packet::RaisedGap::field`].
    pub field: Option<String>,
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

impl Stats {
    /// How often each rule raised something, and how often that was dismissed.
    pub fn by_rule(&self) -> Vec<(String, u64, u64)> {
        let mut by_rule: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for gap in &self.gaps {
            let rule = gap.gap.split(':').next().unwrap_or_default();
            let (raised, dismissed) = by_rule.entry(rule).or_default();
            *raised += gap.raised;
            *dismissed += gap.dismissed;
        }
        let rule = |(rule, (raised, dismissed)): (&str, (u64, u64))| (rule.to_owned(), raised, dismissed);
        by_rule.into_iter().map(rule).collect()
    }
}

impl Store {
    /// Counts packets made at or after `since`, as of `now`.
    pub async fn stats(&self, since: Timestamp, now: Timestamp) -> Result<Stats, StoreError> {
        type GapRow = (String, String, String, Option<String>, i64, i64, i64);
        type SellerRow = (Option<String>, Option<String>, i64, i64, i64, i64);

        self.assess_the_rest().await?;
        let since = since.as_millisecond();
        let (packets, complete): (i64, i64) = self.readers.one(query(COUNT_PACKETS).bind(since)).await?;
        let weeks = self.weeks(since.max(now.as_millisecond() - WEEKS * 7 * DAY)).await?;
        let (later, median_to_complete) = self.completed(since, now.as_millisecond()).await?;
        let decisions = self.decided(since).await?;
        let open_by_age = self.open_by_age(since, now.as_millisecond()).await?;
        let gaps: Vec<GapRow> = self.readers.all(query(COUNT_GAPS).bind(since)).await?;
        let sellers: Vec<SellerRow> = self.readers.all(query(COUNT_SELLERS).bind(since)).await?;
        let gaps = gaps.into_iter().map(|(section, gap, stage, field, counting, raised, dismissed)| {
            let (counting, raised, dismissed) = (count(counting), count(raised), count(dismissed));
            GapCount { section, gap, stage, field, counting, raised, dismissed }
        });
        let sellers = sellers.into_iter().map(|(_, name, deals, packets, complete, gaps)| {
            let (deals, packets, complete, gaps) =
                (count(deals), count(packets), count(complete), count(gaps));
            SellerCount { name, deals, packets, complete, gaps }
        });
        let (gaps, sellers) = (gaps.collect(), sellers.collect());
        let (packets, complete) = (count(packets), count(complete));
        let refused_answers = self.refused_writes(since).await?;
        Ok(Stats {
            packets,
            complete,
            weeks,
            later,
            median_to_complete,
            decisions,
            open_by_age,
            gaps,
            sellers,
            refused_answers,
        })
    }

    async fn weeks(&self, since: i64) -> Result<Vec<WeekCount>, StoreError> {
        let rows: Vec<(i64, i64, i64, i64)> = self.readers.all(query(COUNT_WEEKS).bind(since)).await?;
        let week = |(week, packets, at_close, complete): (i64, i64, i64, i64)| WeekCount {
            from: from_millis((week * 7 + 4) * DAY),
            packets: count(packets),
            complete_at_close: count(at_close),
            complete: count(complete),
        };
        Ok(rows.into_iter().map(week).collect())
    }

    async fn completed(&self, since: i64, now: i64) -> Result<(Vec<CompleteAfter>, Option<i64>), StoreError> {
        let mut later = Vec::new();
        for days in AFTER.map(Some).into_iter().chain([None]) {
            let span = days.map(|days| i64::from(days) * DAY);
            let counts = query(COUNT_COMPLETE).bind(since).bind(now).bind(span);
            let (of, complete): (i64, i64) = self.readers.one(counts).await?;
            later.push(CompleteAfter { days, of: count(of), complete: count(complete) });
        }
        let (completed,): (i64,) = self.readers.one(query(COUNT_LATER).bind(since)).await?;
        let middle = query(MEDIAN_LATER).bind(since).bind((completed - 1).max(0) / 2);
        let median: Option<(i64,)> = self.readers.optional(middle).await?;
        Ok((later, median.map(|(median,)| median)))
    }

    async fn decided(&self, since: i64) -> Result<DecisionCounts, StoreError> {
        let counts = query(COUNT_DECISIONS).bind(since);
        let (accepted, reviews, reached, missed): (i64, i64, i64, i64) = self.readers.one(counts).await?;
        let middle = query(MEDIAN_TO_ACCEPT).bind(since).bind((accepted - 1).max(0) / 2);
        let median: Option<(i64,)> = self.readers.optional(middle).await?;
        let sent_back: Vec<(String, i64)> = self.readers.all(query(COUNT_SENT_BACK).bind(since)).await?;
        Ok(DecisionCounts {
            accepted: count(accepted),
            median_to_accept: median.map(|(median,)| median),
            sent_back: sent_back.into_iter().map(|(reason, packets)| (reason, count(packets))).collect(),
            reviews_held: count(reviews),
            reached: count(reached),
            missed: count(missed),
        })
    }

    async fn open_by_age(&self, since: i64, now: i64) -> Result<Vec<(u16, u64)>, StoreError> {
        let mut by_age = Vec::new();
        let mut until = i64::MAX;
        for (index, days) in AGES.into_iter().enumerate() {
            let from = AGES.get(index + 1).map_or(since, |older| now - i64::from(*older) * DAY).max(since);
            let counts = query(COUNT_OPEN_GAPS).bind(from).bind(until);
            let (open,): (i64,) = self.readers.one(counts).await?;
            by_age.push((days, count(open)));
            until = from;
        }
        Ok(by_age)
    }
}
