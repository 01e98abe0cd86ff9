//! The sections of a first mapping: which fields feed each, and what to create where nothing does.

use std::fmt::Write as _;

use super::fields::Targets;
use super::write::comment;
use super::{Missing, with_label};
use crate::packet::SectionName;
use crate::record::{Dialect, FieldKind, FieldMetadata};
use crate::workbench::recogniser::Target;

/// A section, what it asks and how its entry begins.
const SECTIONS: [(SectionName, &str); 7] = [
    (SectionName::BuyingReason, "Why did they choose us, and why now?"),
    (SectionName::SuccessOutcome, "What specific result do they want first?"),
    (
        SectionName::Stakeholders,
        "Who is sponsor, operator, evaluator, likely blocker? The people come from roles, below.",
    ),
    (SectionName::Promises, "What did sales commit to, said or implied?"),
    (SectionName::Risks, "What could slow adoption or make the account wobble early?"),
    (SectionName::FirstValue, "What happens in the first 30 days that proves the deal was smart?"),
    (SectionName::Expansion, "What could come later. Never missed when it is empty."),
];

/// The block of the sections, each under its question.
pub(super) fn sections(targets: &Targets, missing: &[Missing], dialect: &Dialect) -> String {
    let mut out = String::new();
    for (name, question) in SECTIONS {
        let _ = writeln!(out, "\n  # {question}");
        let target = Target::Section(name);
        let fields = targets.fields(target);
        if fields.is_empty() {
            if let Some(missing) = missing.iter().find(|missing| missing.target == target) {
                unmapped(name, missing, targets, dialect, &mut out);
            }
            continue;
        }
        for field in fields {
            let _ = writeln!(out, "  # {}", with_label(field));
        }
        let _ = writeln!(out, "  {}:\n    from: [{}]", name.as_str(), paths(fields));
        if name == SectionName::Promises && fields.iter().any(|field| field.kind == FieldKind::Text) {
            let _ = writeln!(out, "    list: lines");
        }
        if name == SectionName::FirstValue {
            date(targets, missing, &mut out);
        }
    }
    out
}

/// A section without a field: what to create, and what to write then.
fn unmapped(name: SectionName, missing: &Missing, targets: &Targets, dialect: &Dialect, out: &mut String) {
    let Missing { name: field, label, kind, .. } = missing;
    let what = dialect.nouns.account;
    // Without any section the block would be empty, which YAML takes for nothing.
    if name == SectionName::Promises && targets.chosen.keys().all(|target| *target == Target::FirstValueDate)
    {
        let _ = writeln!(
            out,
            "  # Nothing in this {what} answers that: for now, this shows what was sold.\n  # Create {field} \
             ({label}, {kind}), and write deal.{field} in its place.\n  promises:\n    from: [line_items.{}]",
            dialect.fields.line_item_name
        );
        return;
    }
    let due = targets.fields(Target::FirstValueDate).first().filter(|_| name == SectionName::FirstValue);
    let due = due.map(|date| format!(", due: deal.{}", date.name)).unwrap_or_default();
    let _ = writeln!(
        out,
        "  # Nothing in this {what} answers that. Create {field} ({label}, {kind}),\n  # then remove the # in the next \
         line.\n  # {}: {{from: [deal.{field}]{due}}}",
        name.as_str()
    );
}

fn date(targets: &Targets, missing: &[Missing], out: &mut String) {
    if let Some(field) = targets.fields(Target::FirstValueDate).first() {
        let _ = writeln!(out, "    due: deal.{}  # {}", field.name, comment(&field.label));
    } else if let Some(missing) = missing.iter().find(|missing| missing.target == Target::FirstValueDate) {
        let Missing { name, label, kind, .. } = missing;
        let _ = writeln!(
            out,
            "    # Create {name} ({label}, {kind}) for its date, then remove the # in the next line.\n    # due: deal.{name}"
        );
    }
}

/// What people of the account made and no section reads, as a comment.
pub(super) fn suggestions(targets: &Targets, dialect: &Dialect) -> String {
    if targets.suggestions.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "\n  # Fields that people of this {} made and no section reads. Add what fits to a `from:` above.\n",
        dialect.nouns.account
    );
    for field in &targets.suggestions {
        let _ = writeln!(out, "  #   deal.{}", with_label(field));
    }
    out
}

fn paths(fields: &[FieldMetadata]) -> String {
    fields.iter().map(|field| format!("deal.{}", field.name)).collect::<Vec<_>>().join(", ")
}
