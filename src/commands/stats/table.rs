//! The tally as calm, aligned tables.

use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::operations::tally::{BySeller, Decisions, Kind, Tally, Week, age, percent};

/// The longest name in a table, in characters.
const LONGEST_NAME: usize = 40;

/// Everything, or what to do when there is nothing. `days` is what was asked for.
pub(super) fn text(tally: &Tally, days: Option<u32>) -> String {
    let window = days.map(|days| format!(" in the last {days} days")).unwrap_or_default();
    if tally.packets == 0 {
        let more = if days.is_some() { " Leave out --since to count all of them." } else { "" };
        return format!(
            "No packets{window}. Each won deal adds one; `handoff list` shows what is on its way.{more}\n"
        );
    }
    let packets = if tally.packets == 1 { "packet" } else { "packets" };
    let (complete, of) = (tally.complete_at_close, tally.packets);
    let mut text =
        format!("{of} {packets}{window}, {complete} complete at close ({})\n", percent(complete, of));
    if tally.complete_later.iter().any(|later| later.of > 0) {
        let rows = tally.complete_later.iter().map(|later| {
            let when = later.days.map_or("now".to_owned(), |days| format!("after {days} d"));
            [when, later.complete.to_string(), later.of.to_string(), percent(later.complete, later.of)]
        });
        table(&mut text, ["Complete", "packets", "of", "share"], rows);
    }
    if tally.weeks.len() > 1 {
        let rows = tally.weeks.iter().map(|week| {
            let Week { from, packets, complete_at_close, complete } = week;
            [from.to_string(), packets.to_string(), complete_at_close.to_string(), complete.to_string()]
        });
        table(&mut text, ["Week of", "packets", "complete at close", "now"], rows);
    }
    if let Some(hours) = tally.median_hours_to_complete {
        let _ = write!(text, "\nCompleted later in {hours} hours (median)\n");
    }
    decided(&mut text, &tally.decisions);
    if tally.open_gaps_by_age.iter().any(|open| open.gaps > 0) {
        let rows =
            tally.open_gaps_by_age.iter().map(|open| [age(open.from_days).to_owned(), open.gaps.to_string()]);
        table(&mut text, ["Open for", "gaps"], rows);
    }
    if tally.by_section.is_empty() {
        text.push_str("\nNothing was missing in any of them.\n");
    } else {
        table(&mut text, ["Section", "gaps", "hints"], tally.by_section.iter().map(kind));
        table(&mut text, ["Kind", "gaps", "hints"], tally.by_kind.iter().map(kind));
        if !tally.by_field.is_empty() {
            table(&mut text, ["Field", "gaps", "hints"], tally.by_field.iter().map(kind));
        }
        for (head, verdicts) in [("Rule", &tally.rules), ("Stage", &tally.stages)] {
            let rows = verdicts.iter().map(|one| {
                let precision = percent(one.raised.saturating_sub(one.dismissed), one.raised);
                [one.of.name().to_owned(), one.raised.to_string(), one.dismissed.to_string(), precision]
            });
            table(&mut text, [head, "raised", "dismissed", "precision"], rows);
        }
    }
    if tally.refused_answers > 0 {
        let refused = tally.refused_answers;
        let _ = write!(text, "\nAnswers that the CRM refused: {refused} (see `handoff answers`)\n");
    }
    let sellers = tally.sellers.iter().chain(&tally.others).map(seller);
    table(&mut text, ["Seller", "deals", "packets", "complete", "gaps", "gaps a packet"], sellers);
    text
}

/// What customer success decided, if anything.
fn decided(text: &mut String, decisions: &Decisions) {
    let sent_back = decisions.sent_back.iter().map(|one| (format!("sent back: {}", one.reason), one.packets));
    let rows = [("accepted".to_owned(), decisions.accepted)].into_iter().chain(sent_back).chain([
        ("review held".to_owned(), decisions.reviews_held),
        ("first value reached".to_owned(), decisions.first_value_reached),
        ("first value missed".to_owned(), decisions.first_value_missed),
    ]);
    let rows: Vec<[String; 2]> =
        rows.filter(|(_, packets)| *packets > 0).map(|(what, packets)| [what, packets.to_string()]).collect();
    if rows.is_empty() {
        return;
    }
    table(text, ["Decision", "packets"], rows.into_iter());
    if let Some(hours) = decisions.median_hours_to_accept {
        let _ = write!(text, "\nAccepted in {hours} hours (median)\n");
    }
}

fn kind(kind: &Kind) -> [String; 3] {
    [kind.name.clone(), kind.gaps.to_string(), kind.hints.to_string()]
}

fn seller(seller: &BySeller) -> [String; 6] {
    let tenths = (seller.gaps * 10 + seller.packets / 2) / seller.packets.max(1);
    [
        seller.name.graphemes(true).take(LONGEST_NAME).collect(),
        seller.deals.to_string(),
        seller.packets.to_string(),
        seller.complete_at_close.to_string(),
        seller.gaps.to_string(),
        format!("{}.{}", tenths / 10, tenths % 10),
    ]
}

/// The first column to the left, numbers to the right; a blank line before it.
fn table<const N: usize>(text: &mut String, head: [&str; N], rows: impl Iterator<Item = [String; N]>) {
    let head = head.map(ToOwned::to_owned);
    let rows: Vec<[String; N]> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| length(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    text.push('\n');
    for row in &rows {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let fill = " ".repeat(width.saturating_sub(length(cell)));
            let _ = if column == 0 { write!(text, "{cell}{fill}") } else { write!(text, "  {fill}{cell}") };
        }
        text.push('\n');
    }
}

fn length(cell: &str) -> usize {
    cell.graphemes(true).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{CompleteAfter, DecisionCounts, GapCount, SellerCount, Stats, WeekCount};

    fn gap(section: &str, gap: &str, counting: u64, raised: u64, dismissed: u64) -> GapCount {
        let stage = if counting == 0 { "hint" } else { "certain" }.to_owned();
        let field = (gap == "empty").then(|| format!("deal.handoff_{section}"));
        GapCount {
            section: section.to_owned(),
            gap: gap.to_owned(),
            stage,
            field,
            counting,
            raised,
            dismissed,
        }
    }

    fn seller(name: Option<&str>, deals: u64, packets: u64, complete: u64, gaps: u64) -> SellerCount {
        SellerCount { name: name.map(ToOwned::to_owned), deals, packets, complete, gaps }
    }

    fn shown(stats: &Stats, days: Option<u32>) -> String {
        text(&Tally::of(stats, None), days)
    }

    #[test]
    fn numbers_stand_below_each_other_and_few_deals_have_no_name() {
        let stats = Stats {
            packets: 21,
            complete: 8,
            weeks: [("2026-11-16T00:00:00Z", 12, 3, 11), ("2026-11-23T00:00:00Z", 9, 5, 6)]
                .map(|(from, packets, complete_at_close, complete)| WeekCount {
                    from: from.parse().unwrap(),
                    packets,
                    complete_at_close,
                    complete,
                })
                .into(),
            later: vec![
                CompleteAfter { days: Some(1), of: 20, complete: 11 },
                CompleteAfter { days: Some(3), of: 17, complete: 12 },
                CompleteAfter { days: Some(7), of: 9, complete: 8 },
                CompleteAfter { days: None, of: 21, complete: 17 },
            ],
            median_to_complete: Some(26 * 3_600_000),
            decisions: DecisionCounts {
                accepted: 12,
                median_to_accept: Some(5 * 3_600_000),
                sent_back: vec![("missing_information".to_owned(), 2), ("wrong_owner".to_owned(), 1)],
                reviews_held: 3,
                reached: 4,
                missed: 1,
            },
            open_by_age: vec![(0, 2), (1, 3), (3, 0), (7, 1)],
            gaps: vec![
                gap("buying_reason", "vague", 0, 7, 5),
                gap("first_value", "no_date", 4, 4, 0),
                gap("promises", "empty", 6, 6, 0),
                gap("risks", "empty", 2, 2, 1),
                gap("risks", "unmapped", 1, 1, 0),
                gap("stakeholders", "role_missing:blocker", 9, 9, 1),
                gap("stakeholders", "role_missing:sponsor", 3, 3, 0),
            ],
            sellers: vec![
                seller(Some("Tom Lindqvist"), 8, 9, 5, 11),
                seller(Some("Zoë Ångström-Çelik"), 5, 5, 2, 4),
                seller(Some("Never named"), 4, 6, 1, 9),
                seller(None, 1, 1, 0, 1),
            ],
            refused_answers: 2,
        };
        insta::assert_snapshot!(shown(&stats, Some(30)), @"
        21 packets in the last 30 days, 8 complete at close (38 %)

        Complete   packets  of  share
        after 1 d       11  20   55 %
        after 3 d       12  17   71 %
        after 7 d        8   9   89 %
        now             17  21   81 %

        Week of     packets  complete at close  now
        2026-11-16       12                  3   11
        2026-11-23        9                  5    6

        Completed later in 26 hours (median)

        Decision                        packets
        accepted                             12
        sent back: missing_information        2
        sent back: wrong_owner                1
        review held                           3
        first value reached                   4
        first value missed                    1

        Accepted in 5 hours (median)

        Open for        gaps
        under a day        2
        1 to 3 days        3
        3 to 7 days        0
        a week or more     1

        Section        gaps  hints
        buying_reason     0      7
        stakeholders     12      0
        promises          6      0
        risks             3      0
        first_value       4      0

        Kind                  gaps  hints
        role_missing:blocker     9      0
        empty                    8      0
        no_date                  4      0
        role_missing:sponsor     3      0
        unmapped                 1      0
        vague                    0      7

        Field                  gaps  hints
        deal.handoff_promises     6      0
        deal.handoff_risks        2      0

        Rule          raised  dismissed  precision
        role_missing      12          1       92 %
        empty              8          1       88 %
        vague              7          5       29 %
        no_date            4          0      100 %
        unmapped           1          0      100 %

        Stage    raised  dismissed  precision
        certain      25          2       92 %
        hint          7          5       29 %

        Answers that the CRM refused: 2 (see `handoff answers`)

        Seller              deals  packets  complete  gaps  gaps a packet
        Tom Lindqvist           8        9         5    11            1.2
        Zoë Ångström-Çelik      5        5         2     4            0.8
        others                  5        7         1    10            1.4
        ");
        assert!(!serde_json::to_string(&Tally::of(&stats, None)).unwrap().contains("Never named"));
    }

    #[test]
    fn nothing_yet_says_what_would_be_here() {
        insta::assert_snapshot!(shown(&Stats::default(), None), @"No packets. Each won deal adds one; `handoff list` shows what is on its way.");
        insta::assert_snapshot!(shown(&Stats::default(), Some(7)), @"No packets in the last 7 days. Each won deal adds one; `handoff list` shows what is on its way. Leave out --since to count all of them.");
    }

    #[test]
    fn all_well_is_said_in_a_line() {
        let stats =
            Stats { packets: 1, complete: 1, sellers: vec![seller(None, 1, 1, 1, 0)], ..Stats::default() };
        insta::assert_snapshot!(shown(&stats, None), @"
        1 packet, 1 complete at close (100 %)

        Nothing was missing in any of them.

        Seller  deals  packets  complete  gaps  gaps a packet
        others      1        1         1     0            0.0
        ");
    }
}
