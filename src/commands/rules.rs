//! `handoff rules`: every rule that flags a gap.

use clap::Args;
use serde::Serialize;

use super::Problem;
use super::layout::{Page, WIDTH};
use handoff_core::gaps::RULES;
use handoff_core::packet::Confidence;

#[derive(Debug, Args)]
pub struct RulesArgs {
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// One rule, as JSON.
#[derive(Serialize)]
struct Shown {
    id: &'static str,
    confidence: Confidence,
    catches: &'static str,
    leaves_alone: &'static str,
    question: &'static str,
}

pub(super) fn run(args: &RulesArgs) -> Result<(), Problem> {
    if args.json {
        println!("{}", serde_json::to_string_pretty(&shown())?);
    } else {
        print!("{}", listed());
    }
    Ok(())
}

fn shown() -> Vec<Shown> {
    let shown = RULES.iter().map(|rule| Shown {
        id: rule.id.as_str(),
        confidence: rule.confidence,
        catches: rule.catches,
        leaves_alone: rule.leaves_alone,
        question: rule.question,
    });
    shown.collect()
}

/// The rules in the order they speak, and how to read them.
fn listed() -> String {
    let mut page = Page::new(WIDTH);
    for rule in shown() {
        page.line("", &format!("{} ({})", rule.id, rule.confidence.as_str()));
        page.line("  catches       ", rule.catches);
        page.line("  leaves alone  ", rule.leaves_alone);
        page.line("  asks          ", rule.question);
        page.blank();
    }
    let note = "certain: structure says so. likely: almost always right. unsure: a guess, shown in `handoff preview` \
                only. A rule flags and asks; it never blocks a handoff and never changes a text.";
    page.line("", note);
    page.into_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_listed_with_all_it_says() {
        let listed = listed().split_whitespace().collect::<Vec<_>>().join(" ");
        for rule in RULES {
            let id = rule.id.as_str();
            for text in [id, rule.catches, rule.leaves_alone, rule.question, rule.confidence.as_str()] {
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(listed.contains(&text), "{id}: {text}");
            }
        }
    }

    #[test]
    fn the_list_has_no_line_that_a_terminal_breaks() {
        assert!(listed().lines().all(|line| line.chars().count() <= 100));
    }
}
