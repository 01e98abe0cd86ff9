//! The store's counts, put together as people ask for them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::store::{CompleteAfter, DecisionCounts, GapCount, SellerCount, Stats, WeekCount};
use handoff_core::packet::SectionName;

/// Sellers with fewer deals are not named: two deals say nothing about anybody.
pub const FEWEST_DEALS: u64 = 5;

/// Everything `handoff stats` says.
#[derive(Debug, PartialEq, Serialize)]
pub struct Tally {
    pub since: Option<Timestamp>,
    pub packets: u64,
    pub complete_at_close: u64,
    /// By week, oldest first.
    pub weeks: Vec<Week>,
    /// After a day, three days, a week, and now.
    pub complete_later: Vec<Later>,
    /// Half of the packets that were completed later took no longer.
    pub median_hours_to_complete: Option<i64>,
    pub decisions: Decisions,
    /// By the youngest age in days.
    pub open_gaps_by_age: Vec<OpenGaps>,
    /// In the order of a packet.
    pub by_section: Vec<Kind>,
    /// Most frequent first.
    pub by_kind: Vec<Kind>,
    /// By the field that is empty, or whose text is no answer; most frequent first.
    pub by_field: Vec<Kind>,
    /// Most frequent first.
    pub rules: Vec<Verdict>,
    /// How often the certain rules, the trained model and hints were right; most frequent first.
    pub stages: Vec<Verdict>,
    /// Most packets first.
    pub sellers: Vec<BySeller>,
    /// Everybody with fewer than five deals, packets whose seller is forgotten, and deals without an owner.
    pub others: Option<BySeller>,
    /// Answers from Slack that the CRM refused.
    pub refused_answers: u64,
}

/// The packets of one week.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Week {
    /// Its Monday.
    pub from: Date,
    pub packets: u64,
    pub complete_at_close: u64,
    /// Now.
    pub complete: u64,
}

/// What customer success decided about packets.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Decisions {
    pub accepted: u64,
    /// Half of those were accepted no later after the win.
    pub median_hours_to_accept: Option<i64>,
    /// By the latest reason, most frequent first.
    pub sent_back: Vec<SentBack>,
    pub reviews_held: u64,
    pub first_value_reached: u64,
    pub first_value_missed: u64,
}

/// How many packets were sent back for one reason.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct SentBack {
    pub reason: String,
    pub packets: u64,
}

/// How many packets were complete so many days after the win, of those that are as old.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Later {
    /// `None`: now.
    pub days: Option<u16>,
    pub complete: u64,
    pub of: u64,
}

/// Open gaps that are at least so old.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct OpenGaps {
    pub from_days: u16,
    pub gaps: u64,
}

/// How often something was flagged.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Kind {
    pub name: String,
    pub gaps: u64,
    pub hints: u64,
}

/// How often a rule or a stage was right.
#[derive(Debug, PartialEq, Serialize)]
pub struct Verdict {
    #[serde(flatten)]
    pub of: Raiser,
    /// Gaps and hints.
    pub raised: u64,
    pub dismissed: u64,
    /// 1 − dismissed / raised.
    pub precision: f64,
}

/// What raises gaps: a rule by its name, or one of the stages `certain`, `model` and `hint`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Raiser {
    Rule(String),
    Stage(String),
}

impl Raiser {
    pub fn name(&self) -> &str {
        let (Self::Rule(name) | Self::Stage(name)) = self;
        name
    }
}

/// The packets of one seller, or of several.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct BySeller {
    pub name: String,
    pub deals: u64,
    pub packets: u64,
    pub complete_at_close: u64,
    /// That the seller could fill and nobody dismissed.
    pub gaps: u64,
}

impl Tally {
    pub fn of(stats: &Stats, since: Option<Timestamp>) -> Self {
        let mut sections: Vec<SectionName> =
            stats.gaps.iter().filter_map(|gap| gap.section.parse().ok()).collect();
        sections.sort_unstable();
        sections.dedup();
        let of_section = |name: &SectionName| kind(name.as_str(), stats, |gap| Some(&gap.section));
        let (named, others): (Vec<&SellerCount>, Vec<&SellerCount>) =
            stats.sellers.iter().partition(|seller| seller.name.is_some() && seller.deals >= FEWEST_DEALS);
        Self {
            since,
            packets: stats.packets,
            complete_at_close: stats.complete,
            weeks: stats.weeks.iter().map(week).collect(),
            complete_later: stats.later.iter().map(later).collect(),
            median_hours_to_complete: stats.median_to_complete.map(|millis| millis / 3_600_000),
            decisions: decisions(&stats.decisions),
            open_gaps_by_age: stats
                .open_by_age
                .iter()
                .map(|(from_days, gaps)| OpenGaps { from_days: *from_days, gaps: *gaps })
                .collect(),
            by_section: sections.iter().filter_map(of_section).collect(),
            by_kind: kinds(stats, |gap| Some(&gap.gap)),
            by_field: kinds(stats, |gap| gap.field.as_deref()),
            rules: verdicts(stats, Raiser::Rule, |gap| gap.gap.split(':').next().unwrap_or_default()),
            stages: verdicts(stats, Raiser::Stage, |gap| &gap.stage),
            sellers: named
                .into_iter()
                .map(|seller| together(seller.name.as_deref().unwrap_or_default(), [seller]))
                .collect(),
            others: (!others.is_empty()).then(|| together("others", others)),
            refused_answers: stats.refused_answers,
        }
    }
}

fn decisions(counts: &DecisionCounts) -> Decisions {
    let sent_back = counts.sent_back.iter();
    Decisions {
        accepted: counts.accepted,
        median_hours_to_accept: counts.median_to_accept.map(|millis| millis / 3_600_000),
        sent_back: sent_back
            .map(|(reason, packets)| SentBack { reason: reason.clone(), packets: *packets })
            .collect(),
        reviews_held: counts.reviews_held,
        first_value_reached: counts.reached,
        first_value_missed: counts.missed,
    }
}

fn week(counted: &WeekCount) -> Week {
    let WeekCount { from, packets, complete_at_close, complete } = *counted;
    Week { from: from.to_zoned(TimeZone::UTC).date(), packets, complete_at_close, complete }
}

fn later(CompleteAfter { days, of, complete }: &CompleteAfter) -> Later {
    Later { days: *days, complete: *complete, of: *of }
}

/// The flags that `of` gives one name; `None` if there are none.
fn kind(name: &str, stats: &Stats, of: impl Fn(&GapCount) -> Option<&str>) -> Option<Kind> {
    let (mut gaps, mut raised) = (0, 0);
    for gap in stats.gaps.iter().filter(|gap| of(gap) == Some(name)) {
        gaps += gap.counting;
        raised += gap.raised;
    }
    (raised > 0).then(|| Kind { name: name.to_owned(), gaps, hints: raised - gaps })
}

fn kinds(stats: &Stats, of: impl Fn(&GapCount) -> Option<&str>) -> Vec<Kind> {
    let mut names: Vec<&str> = stats.gaps.iter().filter_map(&of).collect();
    names.sort_unstable();
    names.dedup();
    let mut kinds: Vec<Kind> = names.into_iter().filter_map(|name| kind(name, stats, &of)).collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse((kind.gaps, kind.hints)));
    kinds
}

/// How often each of those that `of` names was right.
fn verdicts(stats: &Stats, source: fn(String) -> Raiser, of: impl Fn(&GapCount) -> &str) -> Vec<Verdict> {
    let mut by_name: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for gap in &stats.gaps {
        let (raised, dismissed) = by_name.entry(of(gap)).or_default();
        *raised += gap.raised;
        *dismissed += gap.dismissed;
    }
    let verdict = |(name, (raised, dismissed)): (&str, (u64, u64))| Verdict {
        of: source(name.to_owned()),
        raised,
        dismissed,
        precision: precision(raised, dismissed),
    };
    let mut verdicts: Vec<Verdict> = by_name.into_iter().map(verdict).collect();
    verdicts.sort_by_key(|verdict| std::cmp::Reverse(verdict.raised));
    verdicts
}

/// In thousandths, so that the number is the same wherever it is printed.
fn precision(raised: u64, dismissed: u64) -> f64 {
    let right = raised.saturating_sub(dismissed).saturating_mul(1000);
    let thousandths = u32::try_from((right + raised / 2) / raised.max(1)).unwrap_or(1000);
    f64::from(thousandths) / 1000.0
}

fn together<'a>(name: &str, sellers: impl IntoIterator<Item = &'a SellerCount>) -> BySeller {
    let mut sum = BySeller { name: name.to_owned(), deals: 0, packets: 0, complete_at_close: 0, gaps: 0 };
    for seller in sellers {
        sum.deals += seller.deals;
        sum.packets += seller.packets;
        sum.complete_at_close += seller.complete;
        sum.gaps += seller.gaps;
    }
    sum
}

/// Never rounds to 100 % what is not all, and never to 0 % what is not nothing.
pub fn percent(part: u64, whole: u64) -> String {
    let rounded = (part * 100 + whole / 2) / whole.max(1);
    let rounded = if part < whole { rounded.min(99) } else { rounded };
    let rounded = if part > 0 { rounded.max(1) } else { rounded };
    format!("{rounded} %")
}

/// What an age from so many days on is called.
pub fn age(from_days: u16) -> &'static str {
    match from_days {
        0 => "under a day",
        1 => "1 to 3 days",
        3 => "3 to 7 days",
        _ => "a week or more",
    }
}

/// `30d`: at least one day, at most ten years.
pub fn days(text: &str) -> Option<u32> {
    text.strip_suffix('d')?.parse().ok().filter(|days| (1..=3650).contains(days))
}

/// So many days before an instant.
pub fn days_before(days: u32, now: Timestamp) -> Timestamp {
    let span = SignedDuration::from_hours(24 * i64::from(days));
    now.checked_sub(span).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_100_only_if_nothing_is_missing() {
        assert_eq!(percent(999, 1000), "99 %");
        assert_eq!(percent(1, 1000), "1 %");
        assert_eq!(percent(0, 7), "0 %");
        assert_eq!(percent(7, 7), "100 %");
        assert_eq!(percent(2, 3), "67 %");
    }

    #[test]
    fn a_time_is_a_number_of_days() {
        assert_eq!(days("30d"), Some(30));
        assert_eq!(days("3650d"), Some(3650));
        for wrong in ["", "d", "30", "0d", "3651d", "-1d", "2w", "30 d"] {
            assert_eq!(days(wrong), None, "{wrong}");
        }
    }
}
