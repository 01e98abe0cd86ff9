//! `sections`: which fields fill which section of a packet.

use super::ast::{self, Derivation, Observation};
use super::{condition, custom, values};
use crate::mapping::{Judging, ListStyle};
use crate::packet::{CustomSection, SectionName};
use crate::record::{FieldObject, FieldPath};
use crate::source::{Block, Entry, Field, Node, Problems, Span, Spanned, Value, nearest};

/// The shortest and the longest word budget of an entry.
pub(crate) const WORDS: (u32, u32) = (10, 500);

/// How one value becomes entries.
pub(crate) const LIST_STYLES: [(&str, ListStyle); 4] = [
    ("auto", ListStyle::Auto),
    ("whole", ListStyle::Whole),
    ("lines", ListStyle::Lines),
    ("semicolons", ListStyle::Semicolons),
];

/// Whether the trained judgement looks at a section.
pub(crate) const JUDGING: [(&str, Judging); 2] = [("on", Judging::On), ("off", Judging::Off)];

/// Reads all sections, and says which of them are of the mapping's own. `top` is where a missing one is pointed at when
/// there is no `sections` key.
pub(super) fn sections(
    field: Field<'_>,
    top: Span,
    problems: &mut Problems,
) -> (Vec<ast::Section>, Vec<CustomSection>) {
    let (mut sections, mut customs) = (Vec::new(), Vec::new());
    let mut named = Vec::new();
    if let Some(mut block) = field.block(problems) {
        for entry in block.rest() {
            let Some(name) = SectionName::built_in(&entry.key) else {
                if custom::is_custom(entry) {
                    if let Some((custom, section)) = custom::section(entry, &customs, problems) {
                        customs.push(custom);
                        sections.push(section);
                    }
                    continue;
                }
                // A misspelt section is not absent as well.
                named.extend(unknown(entry, problems));
                continue;
            };
            named.push(name);
            sections.extend(one(name, entry, problems));
        }
    }
    if !field.is_present() {
        let message = "there is no `sections`: every section will be reported as unmapped on every handoff";
        problems.warning(
            top,
            message,
            "copy `sections` from mappings/hubspot.yaml and write your fields in it",
        );
        named = SectionName::REQUIRED.to_vec();
    }
    for name in SectionName::REQUIRED {
        if !named.contains(&name) && name != SectionName::Stakeholders {
            problems.warning(
                field.key_span().unwrap_or(top),
                format!(
                    "no field feeds `{}`: it will be reported as unmapped on every handoff",
                    name.as_str()
                ),
                format!("write `{}: deal.…` with the field that answers it, under `sections`", name.as_str()),
            );
        }
    }
    (sections, customs)
}

/// Reports a section that does not exist, and says which one was probably meant.
fn unknown(entry: &Entry, problems: &mut Problems) -> Option<SectionName> {
    let names = SectionName::ALL.each_ref().map(SectionName::as_str);
    let meant = nearest(&entry.key, names);
    let help = match meant {
        Some(meant) => format!("did you mean `{meant}`? Give a section of your own a `title`"),
        None => format!("give a section of your own a `title`, or write one of these: {}", names.join(", ")),
    };
    problems.error(entry.span, format!("there is no section `{}`", entry.key), help);
    meant.and_then(SectionName::built_in)
}

fn one(name: SectionName, entry: &Entry, problems: &mut Problems) -> Option<ast::Section> {
    match &entry.value.value {
        Value::Nothing => {
            let help = format!("write the field that feeds it: `{}: deal.…`", name.as_str());
            problems.reject(entry.span, format!("section `{}` is empty", name.as_str()), help)
        }
        Value::Scalar(_) => {
            let from = values::path_in_list(&entry.value, problems)?;
            Some(ast::Section::from(name, vec![from]))
        }
        Value::List(paths) if paths.is_empty() => {
            let help = format!("write at least one field: `{}: [deal.…]`", name.as_str());
            problems.reject(entry.span, format!("section `{}` lists no field", name.as_str()), help)
        }
        Value::List(paths) => Some(ast::Section::from(name, fields(paths.iter(), problems))),
        Value::Map(_) => {
            let section = Block::of(&entry.value, "a section", problems)?.at(entry.span);
            Some(block(name, section, problems))
        }
    }
}

pub(super) fn block(name: SectionName, mut section: Block<'_>, problems: &mut Problems) -> ast::Section {
    let from = section.take("from");
    let derive = section.take("derive");
    let fed = from.is_present() || derive.is_present() || name == SectionName::Stakeholders;
    let parsed = ast::Section {
        name,
        from: fields(from.list(problems), problems),
        first_filled: first_filled(section.take("first_filled"), problems),
        list: section.take("list").choice(&LIST_STYLES, problems).unwrap_or_default(),
        ask: section.take("ask").text(problems).map(|(text, _)| one_line(text)),
        words: section.take("words").integer(WORDS.0, WORDS.1, problems),
        due: of_first_value(name, "due", "date", &mut section, problems),
        who: of_first_value(name, "who", "person", &mut section, problems),
        derive: derive.list(problems).into_iter().filter_map(|node| derivation(node, problems)).collect(),
        judge: judge(name, &mut section, problems),
        required_when: required_when(name, &mut section, problems),
        write: write(name, &mut section, problems),
        write_due: of_first_value(name, "write_due", "date", &mut section, problems)
            .filter(|path| name == SectionName::FirstValue && is_of_the_deal(path, problems)),
    };
    let span = section.span();
    // A misspelt `from` is reported as such.
    if section.finish(problems) && !fed {
        let message = format!("nothing feeds section `{}`", name.as_str());
        problems.error(span, message, "add `from:` with one field or a list of fields");
    }
    parsed
}

fn first_filled(field: Field<'_>, problems: &mut Problems) -> Option<Spanned<bool>> {
    Some(Spanned { value: field.boolean(problems)?, span: field.key_span()? })
}

/// Whether the trained judgement looks at a section; it knows only the seven.
fn judge(name: SectionName, section: &mut Block<'_>, problems: &mut Problems) -> Judging {
    if !name.is_custom() {
        return section.take("judge").choice(&JUDGING, problems).unwrap_or_default();
    }
    if let Some(span) = section.forbidden("judge").key_span() {
        let message = format!("the trained judgement never looks at `{}`", name.as_str());
        problems.error(
            span,
            message,
            "remove `judge`: in a section of your own only the certain rules apply",
        );
    }
    Judging::default()
}

/// The condition with which something is asked about a section.
fn required_when(name: SectionName, section: &mut Block<'_>, problems: &mut Problems) -> Option<Observation> {
    if name != SectionName::Expansion {
        let node = section.take("required_when").node(problems)?;
        return condition::on_fields(node, problems);
    }
    let span = section.forbidden("required_when").key_span()?;
    let help = "remove `required_when`; what has to be asked belongs into another section";
    problems.reject(span, format!("nothing is ever asked about `{}`", name.as_str()), help)
}

/// A field that only first value has: its date, or who does it.
fn of_first_value(
    name: SectionName,
    key: &str,
    what: &str,
    section: &mut Block<'_>,
    problems: &mut Problems,
) -> Option<Spanned<FieldPath>> {
    if name == SectionName::FirstValue {
        return values::path(section.take(key), problems);
    }
    let field = section.forbidden(key);
    let message = format!("only `first_value` has a {what}, and this is `{}`", name.as_str());
    problems.error(field.key_span()?, message, format!("remove `{key}`, or move it to `first_value`"));
    values::path(field, &mut Problems::default())
}

/// The deal field that answers belong into. People answer about `stakeholders` by naming contacts, and no question is
/// about `expansion`.
fn write(name: SectionName, section: &mut Block<'_>, problems: &mut Problems) -> Option<Spanned<FieldPath>> {
    let help = match name {
        SectionName::Stakeholders => "remove it, and write where roles go under `roles`: `write: labels`",
        SectionName::Expansion => "remove `write`: nobody is asked about it",
        _ => {
            return values::path(section.take("write"), problems)
                .filter(|path| is_of_the_deal(path, problems));
        }
    };
    let span = section.forbidden("write").key_span()?;
    problems.reject(span, format!("no answer is written for `{}`", name.as_str()), help)
}

fn is_of_the_deal(Spanned { value: path, span }: &Spanned<FieldPath>, problems: &mut Problems) -> bool {
    let is_of_the_deal = path.object == FieldObject::Deal && !path.name.contains('.');
    if !is_of_the_deal {
        let help = "write a field of the deal itself, such as `deal.handoff_promises`";
        problems.error(*span, format!("no answer can be written to `{path}`"), help);
    }
    is_of_the_deal
}

fn fields<'n>(nodes: impl IntoIterator<Item = &'n Node>, problems: &mut Problems) -> Vec<Spanned<FieldPath>> {
    nodes.into_iter().filter_map(|node| values::path_in_list(node, problems)).collect()
}

fn derivation(node: &Node, problems: &mut Problems) -> Option<Derivation> {
    let mut section = Block::of(node, "an element of `derive`", problems)?;
    let when = condition::observation(&mut section, problems);
    let say = section.require("say", "write what the packet says then: `say: Only one contact on the deal`");
    let say = say.text(problems);
    section.finish(problems);
    let (say, _) = say?;
    Some(Derivation { when: when?, say: one_line(say) })
}

/// A sentence that was written over several lines.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
