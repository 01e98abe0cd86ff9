//! Cross-validates rules and model by deal and prints figures, misses, false alarms and speed: `cargo bench --bench judgement`.
//!
//! `-- --quick` prints the speed only, and so does `cargo test`; `-- --alone` leaves the written texts out of the training
//! halves; `-- --alike N` sets how alike one of them may be to a judged text (see `handoff_judgement::validation`).

use std::collections::BTreeSet;
use std::hint::black_box;
use std::io;
use std::path::Path;
use std::time::Instant;

use handoff_core::judgement::{Certainty, Label, judge};
use handoff_core::packet::SectionName;
use handoff_core::text::clean::clean;
use handoff_judgement::ALIKE;
use handoff_judgement::corpus::{Line, read};
use handoff_judgement::validation::{Validated, cross_validate};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let natural = read(&corpus.join("natural-dev.jsonl"))?;
    let hard = read(&corpus.join("hard-dev.jsonl"))?;
    let has = |argument: &str| arguments.iter().any(|one| one == argument);
    let lines: Vec<Line> = natural.into_iter().chain(hard).collect();
    if has("--quick") || !has("--bench") {
        speed(&lines);
        return Ok(());
    }
    let beside = if has("--alone") { Vec::new() } else { read(&corpus.join("written.jsonl"))? };
    let alike =
        arguments.iter().skip_while(|one| *one != "--alike").nth(1).and_then(|alike| alike.parse().ok());
    let all = cross_validate(&lines, &beside, alike.unwrap_or(ALIKE));
    let (natural, hard): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.line.deal.is_some());
    let natural: Vec<_> = natural.into_iter().filter(|one| one.line.sure).collect();
    for (name, part) in [("natural (sure)", &natural), ("hard", &hard)] {
        println!("{}", figures(name, part));
        let kinds: BTreeSet<&str> = part.iter().map(|one| one.line.lang.as_str()).collect();
        for lang in kinds {
            println!("{}", figures(&format!("  {lang}"), &chosen(part, |one| one.line.lang == lang)));
        }
        for section in SectionName::ALL {
            println!(
                "{}",
                figures(&format!("  {}", section.as_str()), &chosen(part, |one| one.line.section == section))
            );
        }
        calibration(part);
    }
    for (name, part) in [("natural (sure)", &natural), ("hard", &hard)] {
        list(&format!("{name}: false alarms"), &chosen(part, |one| is_flagged(one) && !is_weak(one)));
        list(&format!("{name}: misses"), &chosen(part, |one| !is_flagged(one) && is_weak(one)));
    }
    list("ok called placeholder", &all.iter().filter(|one| is_called_placeholder(one)).collect::<Vec<_>>());
    speed(&lines);
    Ok(())
}

type Part<'a> = Vec<&'a Validated<'a>>;

fn chosen<'a>(part: &Part<'a>, is_chosen: impl Fn(&Validated) -> bool) -> Part<'a> {
    part.iter().copied().filter(|one| is_chosen(one)).collect()
}

fn is_weak(one: &Validated) -> bool {
    one.line.label != Label::Ok
}

/// The packet never asks about `expansion`: only what is certain is left out of it.
fn is_flagged(one: &Validated) -> bool {
    one.judgement.certainty() == Certainty::Sure
        && (one.line.section != SectionName::Expansion || one.is_by_rule)
}

fn is_called_placeholder(one: &Validated) -> bool {
    !is_weak(one) && is_flagged(one) && one.judgement.label == Label::Placeholder
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn figures(name: &str, part: &Part) -> String {
    let weak = chosen(part, is_weak).len();
    let flagged = chosen(part, is_flagged);
    let hits = chosen(&flagged, is_weak);
    let hinted = chosen(part, |one| is_weak(one) && one.judgement.certainty() == Certainty::Unsure).len();
    let named = hits.iter().filter(|one| one.judgement.label == one.line.label).count();
    format!(
        "{name:<18}{:>5} texts  recall {:.3} ({}/{weak}, {hinted} more hinted)  precision {:.3} ({}/{})  right kind {named}  ok called placeholder {}  log loss {:.4}",
        part.len(),
        share(hits.len(), weak),
        hits.len(),
        share(hits.len(), flagged.len()),
        hits.len(),
        flagged.len(),
        chosen(part, is_called_placeholder).len(),
        log_loss(part),
    )
}

/// The mean surprise at the labels; lower is better.
fn log_loss(part: &Part) -> f64 {
    let probability = |one: &Validated| f64::from(one.judgement.probability_not_ok).clamp(0.001, 0.999);
    let surprise =
        |one: &&Validated| -(if is_weak(one) { probability(one) } else { 1.0 - probability(one) }).ln();
    part.iter().map(surprise).sum::<f64>() / share(part.len(), 1)
}

fn calibration(part: &Part) {
    println!("  probability: texts, not ok");
    for tenth in 0..10_u8 {
        let (from, to) = (f32::from(tenth) / 10.0, f32::from(tenth + 1) / 10.0);
        let inside = |one: &Validated| {
            (from..to).contains(&one.judgement.probability_not_ok.min(0.999)) && !one.is_by_rule
        };
        let texts = chosen(part, inside);
        println!(
            "  {from:.1} to {to:.1}: {:>4}, {:.2}",
            texts.len(),
            share(chosen(&texts, is_weak).len(), texts.len())
        );
    }
}

fn list(name: &str, part: &Part) {
    println!("\n{name}: {}", part.len());
    for one in part {
        let (line, judgement) = (one.line, &one.judgement);
        let by = if one.is_by_rule { "rule" } else { "model" };
        println!(
            "  {} {} {} {:?}: {:.2} {:?} by {by}, {:?}: {:?}",
            line.id,
            line.section.as_str(),
            line.lang,
            line.label,
            judgement.probability_not_ok,
            judgement.label,
            judgement.words,
            one.text
        );
    }
}

#[expect(clippy::disallowed_methods, reason = "measures itself")]
fn speed(lines: &[Line]) {
    const ROUNDS: u32 = 20;
    let texts: Vec<_> = lines.iter().map(|line| (line.section, clean(&line.text))).collect();
    let long: Vec<_> = texts.iter().filter(|(_, text)| text.len() > 400).collect();
    for (name, texts) in [("a text", texts.iter().collect()), ("a text of 400 to 600 letters", long)] {
        let count = u32::try_from(texts.len()).unwrap_or(u32::MAX).max(1);
        let round = |_| {
            let start = Instant::now();
            for (section, text) in &texts {
                black_box(judge(*section, text));
            }
            start.elapsed() / count
        };
        println!("{name}: {:?} on average, in the fastest of {ROUNDS} rounds", (0..ROUNDS).map(round).min());
    }
}
