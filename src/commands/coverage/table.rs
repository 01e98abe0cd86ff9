//! Coverage as a table with bars, within 80 columns.

use std::fmt::Write as _;

use super::Report;
use handoff_core::text::clean::clean_line;
use handoff_core::workbench::coverage::{Suggestion, Tally, WELL_FILLED};

/// Characters for the name of a field or a gap.
const NAME: usize = 37;
/// Characters for a bar.
const BAR: usize = 20;
/// Characters for what people call a field.
const LABEL: usize = 40;

pub(super) fn text(report: &Report) -> String {
    let Report { account, mapping, coverage, .. } = report;
    let mut out = format!("{account}, with {mapping}\n");
    let _ = writeln!(out, "{}", head(report));
    if coverage.deals == 0 {
        return out;
    }
    let _ =
        writeln!(out, "\nFIELDS   █ filled   ▒ placeholder (TBD, see notes)   ? hidden from us   · empty");
    let mut part = "";
    for field in &coverage.fields {
        if field.part != part {
            part = &field.part;
            let _ = writeln!(out, "\n{part}");
        }
        let key = field.key.map(|key| format!(" ({key})")).unwrap_or_default();
        row(&mut out, &field.field, &key, &bar(&field.tally), field.tally.filled, coverage.deals);
    }

    let _ = writeln!(out, "\nGAPS   how many packets would have had each");
    let mut part = "";
    for gaps in &coverage.gaps {
        if gaps.section.as_str() != part {
            part = gaps.section.as_str();
            let _ = writeln!(out, "\n{part}");
        }
        let tally = Tally { filled: gaps.deals, empty: coverage.deals - gaps.deals, ..Tally::default() };
        row(&mut out, &gaps.gap, "", &bar(&tally), gaps.deals, coverage.deals);
    }
    if coverage.gaps.is_empty() {
        let _ = writeln!(out, "\nNone.");
    }
    suggestions(&mut out, report);
    out
}

fn head(report: &Report) -> String {
    let coverage = &report.coverage;
    let mut said = match coverage.deals {
        0 => "no won deal to count".to_owned(),
        1 => "the deal that was won last".to_owned(),
        deals => format!("the {deals} deals that were won last"),
    };
    if coverage.deals > 0 {
        let _ = write!(said, "; {} of their packets would lack nothing", coverage.complete);
    }
    match coverage.left_out {
        0 => {}
        1 => said.push_str("\n1 more is left out by `applies_to`"),
        more => {
            let _ = write!(said, "\n{more} more are left out by `applies_to`");
        }
    }
    match report.unread.len() {
        0 => {}
        unread => {
            let _ = write!(said, "\n{unread} more could not be read");
        }
    }
    if report.stopped.is_some() {
        said.push_str("\nstopped before the last one");
    }
    said
}

fn suggestions(out: &mut String, report: &Report) {
    let coverage = &report.coverage;
    if let Some(why) = &report.no_suggestions {
        let _ = writeln!(out, "\nFields that nothing reads were not looked at: {why}");
        return;
    }
    if coverage.suggestions.is_empty() {
        return;
    }
    let _ =
        writeln!(out, "\nNOT READ   filled in {WELL_FILLED} % of deals or more, and perhaps worth reading\n");
    for suggestion in &coverage.suggestions {
        let Suggestion { field, label, section, key, tally } = suggestion;
        row(out, field, "", &bar(tally), tally.filled, coverage.deals);
        let label = cut(&clean_line(label), LABEL);
        let _ = writeln!(out, "    \"{label}\", for `{}` of {}", key.unwrap_or("from"), section.as_str());
    }
}

fn row(out: &mut String, name: &str, key: &str, bar: &str, count: usize, of: usize) {
    let name = cut(name, NAME - key.chars().count());
    let (name, percent) = (format!("{name}{key}"), (count * 100 + of / 2) / of.max(1));
    let _ = writeln!(out, "  {name:<NAME$} {bar} {percent:>3} %  {count:>3} of {of}");
}

/// A text within so many characters, and without what could steer a terminal.
fn cut(text: &str, most: usize) -> String {
    let text: String = text.chars().filter(|letter| !letter.is_control()).collect();
    if text.chars().count() <= most {
        return text;
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// One mark for every twentieth. Whatever occurs at all has a mark of its own, and only what is complete fills the
/// bar.
fn bar(tally: &Tally) -> String {
    let Tally { filled, placeholder, hidden, empty } = *tally;
    let counts = [filled, placeholder, hidden, empty];
    let of: usize = counts.iter().sum::<usize>().max(1);
    let mut marks = counts.map(|count| (count * BAR / of).max(usize::from(count > 0)));
    // Rounding left some over, or took too many: the largest part bears it.
    let largest = (0..4).max_by_key(|part| counts.get(*part)).unwrap_or_default();
    let others: usize =
        marks.iter().enumerate().filter(|(part, _)| *part != largest).map(|(_, marks)| marks).sum();
    if let Some(mark) = marks.get_mut(largest) {
        *mark = BAR - others;
    }
    ["█", "▒", "?", "·"].iter().zip(marks).map(|(mark, times)| mark.repeat(times)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_always_as_long_and_shows_everything_that_occurs() {
        let bar =
            |filled, placeholder, hidden, empty| super::bar(&Tally { filled, placeholder, hidden, empty });
        for (drawn, expected) in [
            (bar(50, 0, 0, 0), "████████████████████"),
            (bar(0, 0, 0, 50), "····················"),
            (bar(40, 3, 0, 7), "█████████████████▒··"),
            (bar(499, 1, 0, 0), "███████████████████▒"),
            (bar(1, 1, 1, 497), "█▒?·················"),
            (bar(1, 0, 0, 2), "██████··············"),
            (bar(0, 0, 0, 0), "····················"),
        ] {
            assert_eq!(drawn, expected);
        }
    }

    #[test]
    fn a_row_never_leaves_the_eighty_columns() {
        let mut out = String::new();
        let path = "deal.a_property_with_a_rather_long_name_that_somebody_made";
        row(&mut out, path, " (derive)", &"█".repeat(BAR), 500, 500);
        insta::assert_snapshot!(out, @"  deal.a_property_with_a_rath… (derive) ████████████████████ 100 %  500 of 500");
        assert!(out.trim_end().chars().count() <= 80, "{}", out.trim_end().chars().count());
    }
}
