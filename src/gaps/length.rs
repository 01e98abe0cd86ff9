//! `too_long`: more than anybody reads in a handoff.

use crate::mapping::apply::MOST_ENTRIES;
use crate::mapping::excerpt::DEFAULT_WORDS;
use crate::packet::{Entry, SectionName};
use crate::words;

use super::answer::{IN_WORDS, listed, sources};
use super::{Asks, Confidence, Evidence, Gap, Needs, Rule};

pub(super) const RULE: Rule = Rule {
    id: "too_long",
    catches: "An entry over the section's word budget (60 words unless the mapping says otherwise), or a list of more \
              than 20 entries; shown as an excerpt.",
    leaves_alone: "Anything within the budget; several short entries; expansion.",
    confidence: Confidence::Certain,
    question: "Can you say the buying reason in one sentence?",
    asks: Asks::Answer,
    looks_at: (&IN_WORDS, Needs::Text),
    check,
};

fn check(evidence: &Evidence<'_>) -> Vec<Gap> {
    IN_WORDS.into_iter().filter_map(|section| in_section(evidence, section)).collect()
}

fn in_section(evidence: &Evidence<'_>, section: SectionName) -> Option<Gap> {
    let cut: Vec<&Entry> =
        evidence.written(section).iter().map(|written| written.entry).filter(|entry| entry.excerpt).collect();
    if cut.is_empty() {
        return None;
    }
    let budget =
        evidence.mapping.sections.get(&section).and_then(|mapping| mapping.words).unwrap_or(DEFAULT_WORDS);
    let sources = sources(&cut);
    let longer = if sources.len() == 1 { words::evidence::too_long_one } else { words::evidence::too_long };
    Some(Gap::for_seller(
        RULE.id,
        section,
        Confidence::Certain,
        words::question::too_long(section).to_owned(),
        longer(&listed(&sources), &budget.to_string(), &MOST_ENTRIES.to_string()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::deal_on_paper::DealOnPaper;

    const TEXTS: [&str; 20] = [
        "They chose us because the old contract ended on 31 March…",
        "Sie haben sich entschieden, weil der Vertrag am 31. März endet…",
        "Ils nous ont choisis parce que le contrat se termine le 31 mars…",
        "Nos eligieron porque el contrato vence el 31 de marzo…",
        "Escolheram-nos porque o contrato termina em 31 de março…",
        "Ze kozen ons omdat het contract op 31 maart afloopt…",
        "Call notes: we spoke about 14 topics…",
        "First, the migration of 3 sites…",
        "Tom Berg wrote on 3 May…",
        "SSO, SCIM, audit log, 99.9 %…",
        "1. Q1 2. Q2 3. Q3…",
        "👍 12 seats…",
        "See the 40 slides of the proposal from 12 May…",
        "The VP Sales said on 2 June…",
        "Der Leiter IT sagte am 2. Juni…",
        "Le directeur a dit le 2 juin…",
        "El director dijo el 2 de junio…",
        "O diretor disse em 2 de junho…",
        "De directeur zei op 2 juni…",
        "日本語の長い文章 2026…",
    ];

    #[test]
    fn a_text_that_was_cut_is_too_long_in_every_section() {
        for text in TEXTS {
            for section in IN_WORDS {
                let gap = DealOnPaper::new().writes_too_much(section, text).gap("too_long").unwrap();
                assert_eq!((gap.section, gap.counts()), (section, true), "{text}");
            }
        }
    }

    #[test]
    fn a_text_that_was_not_cut_is_not_too_long() {
        for text in TEXTS {
            for section in IN_WORDS {
                assert_eq!(DealOnPaper::new().writes(section, text).gap("too_long"), None, "{text}");
            }
        }
    }

    #[test]
    fn the_seller_is_asked_for_one_sentence() {
        let gap = DealOnPaper::new().writes_too_much(SectionName::Risks, TEXTS[0]).gap("too_long").unwrap();
        insta::assert_snapshot!(gap.question, @"Can you say the main risk in one sentence?");
        insta::assert_snapshot!(gap.evidence, @"deal.handoff_risks is longer than 60 words, or has more than 20 entries");
    }
}
