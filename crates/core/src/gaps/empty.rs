//! `unmapped` and `empty`: nothing in the section at all. The first is RevOps' job once, the second the seller's.

use crate::packet::SectionName;
use crate::record::FieldPath;

use super::answer::{IN_WORDS, fields, is_unavailable};
use super::questions::ask_for;
use super::{Evidence, Expects, Requires, Rule};
use crate::packet::{Ask, Confidence, Fact, Gap, Origin, RuleId};

pub(super) const UNMAPPED: Rule = Rule {
    id: RuleId::Unmapped,
    catches: "No field feeds the section, or the CRM does not know its field or hides it from us; \
              a hint when other fields fill the section.",
    leaves_alone: "A mapped field that exists and is empty; stakeholders, which people feed; expansion.",
    confidence: Confidence::Certain,
    question: "Which CRM field should feed this section?",
    expects: Expects::Field,
    applies_to: (&IN_WORDS, Requires::Nothing),
    check: unmapped,
};

pub(super) const EMPTY: Rule = Rule {
    id: RuleId::Empty,
    catches: "Fields are mapped, but hold no text once tags, spaces and invisible characters are gone.",
    leaves_alone: "\"None\", a single digit, a single letter; a section of which one field is filled; expansion.",
    confidence: Confidence::Certain,
    question: "The section's own question.",
    expects: Expects::Answer,
    applies_to: (&IN_WORDS, Requires::Nothing),
    check: empty,
};

fn unmapped(evidence: &Evidence<'_>) -> Vec<Gap> {
    evidence.in_words().filter_map(|section| unmapped_section(evidence, section)).collect()
}

fn unmapped_section(evidence: &Evidence<'_>, section: SectionName) -> Option<Gap> {
    let mapped = fields(evidence, section);
    if mapped.is_empty() {
        return Some(Gap::for_revops(UNMAPPED.id, section, Ask::WhichField, Fact::Unmapped));
    }
    let due = evidence.mapping.sections.get(&section).and_then(|mapping| mapping.due.as_ref());
    let written = evidence.written(section);
    // What feeds an entry can be read.
    let is_read = |path: &FieldPath| {
        written.iter().any(|one| matches!(&one.entry.origin, Origin::Field(field) if field == path))
    };
    let is_hidden = |path: &&FieldPath| !is_read(path) && is_unavailable(evidence.record, path);
    let unavailable: Vec<FieldPath> = mapped.iter().chain(due).filter(is_hidden).cloned().collect();
    if unavailable.is_empty() {
        return None;
    }
    let ask = Ask::Readable(unavailable.clone());
    let gap = Gap::for_revops(UNMAPPED.id, section, ask, Fact::Unavailable(unavailable));
    let all_unavailable = mapped.iter().all(|path| is_unavailable(evidence.record, path));
    Some(if all_unavailable && written.is_empty() { gap } else { gap.into_hint() })
}

fn empty(evidence: &Evidence<'_>) -> Vec<Gap> {
    evidence.in_words().filter_map(|section| empty_section(evidence, section)).collect()
}

fn empty_section(evidence: &Evidence<'_>, section: SectionName) -> Option<Gap> {
    if !evidence.written(section).is_empty() {
        return None;
    }
    let is_readable = |path: &&FieldPath| !is_unavailable(evidence.record, path);
    let readable: Vec<FieldPath> = fields(evidence, section).iter().filter(is_readable).cloned().collect();
    if readable.is_empty() {
        return None;
    }
    let ask = ask_for(evidence, section);
    Some(Gap::for_seller(EMPTY.id, section, Confidence::Certain, ask, Fact::Empty(readable)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::deal_on_paper::{DealOnPaper, gaps_through};

    /// A section, what the mapping says of it, the fields that the CRM hides, and what the others hold.
    type Mapped<'a> = (&'a str, &'a str, &'a [&'a str], &'a [(&'a str, &'a str)]);

    /// The sections for which RevOps is asked for a field, when every other section has one.
    fn unfed((section, line, hidden, held): Mapped<'_>) -> Vec<String> {
        let others = IN_WORDS.each_ref().map(SectionName::as_str).into_iter().filter(|name| *name != section);
        let others = others.map(|name| format!("  {name}: [deal.handoff_{name}]"));
        let this = (!line.is_empty()).then(|| format!("  {section}: {line}"));
        let lines = ["sections:".to_owned()].into_iter().chain(others).chain(this);
        let lines = lines.collect::<Vec<_>>().join("\n");
        let mut record = serde_json::json!({
            "crm": "hubspot", "account": "48210077", "unavailable": hidden,
            "deal": {"id": "1"}, "company": {"id": "2"}, "owner": {"id": "3"}, "line_items": [{"id": "4"}],
        });
        for (path, value) in held {
            let (object, name) = path.split_once('.').unwrap();
            let object = if object == "line_items" { &mut record[object][0] } else { &mut record[object] };
            object[name] = (*value).into();
        }
        let gaps = gaps_through(&lines, &record).into_iter().filter(|gap| gap.rule == UNMAPPED.id);
        gaps.map(|gap| format!("{}{}", gap.section.as_str(), if gap.counts() { "" } else { " (hint)" }))
            .collect()
    }

    #[test]
    fn a_section_that_nothing_can_fill_is_for_revops() {
        let one_contact = "{when: {contacts: {at_most: 1}}, say: \"Nur ein Kontakt\"}";
        let derived = format!("{{derive: [{one_contact}]}}");
        let hidden_and_derived = format!("{{from: [deal.risiken], derive: [{one_contact}]}}");
        let mapped: [Mapped<'_>; 16] = [
            ("risks", "", &[], &[]),
            ("buying_reason", "", &[], &[("deal.closed_won_reason", "Prix et délais")]),
            ("risks", &derived, &[], &[]),
            ("risks", &hidden_and_derived, &["deal.risiken"], &[]),
            ("risks", "[deal.risks]", &["deal.risks"], &[]),
            ("risks", "[deal.risiken, deal.bedenken]", &["deal.risiken", "deal.bedenken"], &[]),
            ("promises", "{from: [deal.promesses], list: lines}", &["deal.promesses"], &[]),
            ("promises", "[line_items.observaciones]", &["line_items.observaciones"], &[]),
            ("promises", "[company.toezeggingen]", &["company.toezeggingen"], &[]),
            ("buying_reason", "[owner.notas]", &["owner.notas"], &[]),
            ("buying_reason", "[deal.warum_jetzt]", &[], &[("deal.warum_jetzt", "REDACTED")]),
            ("success_outcome", "[deal.resultado]", &[], &[("deal.resultado", " REDACTED ")]),
            (
                "success_outcome",
                "{from: [deal.objectif], ask: \"Quel résultat veulent-ils ?\"}",
                &["deal.objectif"],
                &[],
            ),
            ("success_outcome", "{from: [deal.ziel], words: 20}", &["deal.ziel"], &[]),
            (
                "first_value",
                "{from: [deal.primer_valor], due: deal.fecha}",
                &["deal.primer_valor"],
                &[("deal.fecha", "2026-12-11")],
            ),
            ("first_value", "[deal.eerste_resultaat]", &["deal.eerste_resultaat", "deal.ander_veld"], &[]),
        ];
        for case in mapped {
            assert_eq!(unfed(case), [case.0], "{case:?}");
        }
    }

    #[test]
    fn a_field_that_exists_feeds_its_section_whatever_it_holds() {
        let derived =
            "{from: [deal.risiken], derive: [{when: {contacts: {at_most: 1}}, say: \"Nur ein Kontakt\"}]}";
        let mapped: [Mapped<'_>; 24] = [
            ("risks", "[deal.risks]", &[], &[]),
            ("risks", "[deal.risiken]", &[], &[("deal.risiken", "Der Betriebsrat muss zustimmen")]),
            ("risks", "[deal.risques]", &[], &[("deal.risques", "Aucun")]),
            ("risks", "[deal.riesgos]", &[], &[("deal.riesgos", "Calidad de los datos")]),
            ("risks", "[deal.riscos]", &[], &[("deal.riscos", "a definir")]),
            ("risks", "[deal.risicos]", &[], &[("deal.risicos", "-")]),
            ("risks", derived, &[], &[]),
            ("risks", "[deal.risiken, deal.bedenken]", &[], &[]),
            ("risks", "[deal.risks]", &["deal.risk_notes", "company.risks", "owner.risks"], &[]),
            ("promises", "{from: [deal.promesses], list: lines}", &[], &[]),
            ("promises", "[line_items.name]", &[], &[("line_items.name", "Plataforma, 40 usuarios")]),
            ("promises", "[line_items.description]", &[], &[]),
            ("promises", "[company.toezeggingen]", &[], &[("company.toezeggingen", "Geen")]),
            ("promises", "[deal.promises]", &[], &[("deal.promises", "REDACTED by legal")]),
            ("buying_reason", "[owner.notes]", &[], &[]),
            ("buying_reason", "[deal.warum_jetzt]", &[], &[("deal.warum_jetzt", "TBD")]),
            (
                "buying_reason",
                "[deal.pourquoi]",
                &[],
                &[("deal.pourquoi", "<p>Le contrat finit le 31 mars</p>")],
            ),
            ("success_outcome", "{from: [deal.objectif], ask: \"Quel résultat veulent-ils ?\"}", &[], &[]),
            ("success_outcome", "{from: [deal.ziel], words: 20}", &[], &[]),
            ("first_value", "{from: [deal.primer_valor], due: deal.fecha}", &[], &[]),
            (
                "first_value",
                "{from: [deal.eerste], due: deal.datum, who: deal.wie}",
                &[],
                &[("deal.wie", "Anna")],
            ),
            ("expansion", "[deal.ausbau]", &["deal.ausbau"], &[]),
            ("expansion", "", &[], &[]),
            ("stakeholders", "[deal.interlocuteurs]", &["deal.interlocuteurs"], &[]),
        ];
        for case in mapped {
            assert_eq!(unfed(case), [""; 0], "{case:?}");
        }
    }

    #[test]
    fn nothing_visible_is_empty() {
        let texts = [
            "",
            " ",
            "   ",
            "\n",
            "\r\n\r\n",
            "\t",
            "\u{a0}",
            "\u{a0}\u{a0} ",
            "\u{200b}",
            "\u{feff}",
            "\u{2060}\u{200d}",
            "\u{3000}",
            "\u{ad}",
            "\u{202e}\u{202c}",
            "\u{2800}",
            "\u{3164}",
        ];
        for text in texts {
            for section in IN_WORDS {
                let gap = DealOnPaper::new().writes(section, text).gap("empty");
                assert_eq!(gap.map(|gap| gap.section), Some(section), "{text:?} in {section:?}");
            }
        }
    }

    #[test]
    fn anything_visible_is_not_empty() {
        let texts = [
            "none",
            "None",
            "keine",
            "aucun",
            "ninguno",
            "nenhum",
            "geen",
            "0",
            "3",
            "x",
            ".",
            "-",
            "?",
            "…",
            "👍",
            "n/a",
            "TBD",
            "\u{a0}SSO\u{a0}",
            "REDACTED by legal",
            "日本",
            "é",
            "<b>",
        ];
        for text in texts {
            for section in IN_WORDS {
                let gap = DealOnPaper::new().writes(section, text).gap("empty");
                assert_eq!(gap, None, "{text:?}");
            }
        }
    }

    #[test]
    fn the_seller_is_told_which_fields_are_empty() {
        let deal = DealOnPaper::new().maps(SectionName::Promises);
        insta::assert_snapshot!(deal.gap("empty").unwrap().evidence(), @"deal.handoff_promises is empty");
        let deal = deal.maps(SectionName::Promises);
        insta::assert_snapshot!(deal.gap("empty").unwrap().evidence(), @"deal.handoff_promises and deal.handoff_promises_2 are empty");
    }

    #[test]
    fn one_filled_field_is_enough() {
        let deal = DealOnPaper::new().maps(SectionName::Risks).writes(SectionName::Risks, "SSO is late");
        assert_eq!(deal.gap("empty"), None);
    }

    #[test]
    fn what_the_data_shows_replaces_no_answer() {
        let deal =
            DealOnPaper::new().maps(SectionName::Risks).derives(SectionName::Risks, "Only one contact");
        assert_eq!(deal.gap("empty").map(|gap| gap.section), Some(SectionName::Risks));
    }

    #[test]
    fn a_section_without_a_field_is_for_revops() {
        for section in IN_WORDS {
            let gap = DealOnPaper::new().derives(section, "Shown by the data").gaps();
            let gap = gap.iter().find(|gap| gap.section == section).unwrap();
            assert_eq!((gap.rule, gap.addressee), (RuleId::Unmapped, crate::packet::Addressee::Revops));
            assert!(gap.counts());
        }
    }

    #[test]
    fn people_and_the_expansion_are_never_unmapped() {
        let sections: Vec<_> =
            DealOnPaper::new().gaps().into_iter().filter(|gap| gap.rule == RuleId::Unmapped).collect();
        assert_eq!(sections.len(), IN_WORDS.len());
        assert!(sections.iter().all(|gap| IN_WORDS.contains(&gap.section)));
    }

    #[test]
    fn a_field_that_the_crm_does_not_have_is_for_revops_and_not_for_the_seller() {
        let deal = DealOnPaper::new().maps_hidden(SectionName::Promises);
        let gap = deal.gap("unmapped").filter(|gap| gap.section == SectionName::BuyingReason);
        assert!(gap.is_some(), "nothing feeds the buying reason");
        let gaps = deal.gaps();
        let promises: Vec<_> = gaps.iter().filter(|gap| gap.section == SectionName::Promises).collect();
        assert_eq!(promises.len(), 1);
        assert!(promises[0].counts());
        insta::assert_snapshot!(promises[0].evidence(), @"deal.handoff_promises does not exist in the CRM, or is hidden from our user");
        insta::assert_snapshot!(promises[0].question(), @"Can you let us read deal.handoff_promises, or name another field in the mapping?");
    }

    #[test]
    fn a_missing_field_beside_a_filled_one_is_a_hint() {
        let deal =
            DealOnPaper::new().maps_hidden(SectionName::Risks).writes(SectionName::Risks, "SSO is late");
        let gaps = deal.gaps();
        let risks: Vec<_> = gaps.iter().filter(|gap| gap.section == SectionName::Risks).collect();
        assert_eq!(risks.len(), 1);
        assert_eq!((risks[0].id().as_str(), risks[0].counts()), ("unmapped", false));
    }

    #[test]
    fn a_redacted_value_counts_as_unavailable() {
        let deal = DealOnPaper::new().writes(SectionName::Promises, "REDACTED");
        let gaps = deal.gaps();
        let promises: Vec<_> = gaps.iter().filter(|gap| gap.section == SectionName::Promises).collect();
        assert_eq!(promises.len(), 1);
        assert_eq!(promises[0].id(), "unmapped");
    }
}
