//! Fields that feed two sections, entries that are derived twice, and names that this CRM does not give.

use super::logic::{implies, same};
use crate::mapping::Test;
use crate::mapping::file::ast::{Link, MappingFile, Observation, Section};
use crate::record::{CrmKind, FieldPath, WellKnown};
use crate::source::{Problems, Span, Spanned};

pub(super) fn lint(file: &MappingFile, problems: &mut Problems) {
    twice(file, problems);
    said_twice(file, problems);
    written(file, problems);
    links(file, problems);
    if let Some(crm) = file.crm {
        names(crm, file, problems);
    }
}

/// The same text in two sections is flagged as a duplicate on every handoff.
fn twice(file: &MappingFile, problems: &mut Problems) {
    for (index, (section, feed)) in file.feeds().enumerate() {
        let Some((other, earlier)) =
            file.feeds().take(index).find(|(_, earlier)| earlier.value == feed.value)
        else {
            continue;
        };
        let (path, line) = (&feed.value, problems.line(earlier.span));
        if other == section {
            let message = format!("`{path}` feeds this section twice: see line {line}");
            problems.warning(feed.span, message, "remove one of the two");
        } else {
            let other = other.as_str();
            let message = format!(
                "`{path}` feeds `{other}` as well, in line {line}: the same text stands twice in a packet"
            );
            let help = "give each section a field of its own, or remove it from one of the two";
            problems.warning(feed.span, message, help);
        }
    }
}

/// Warns of a section that is required only where its own field is filled: when it is empty, the seller is not asked.
fn never_empty(section: &Section, problems: &mut Problems) {
    let Some(condition) = section.required_when.as_ref().and_then(Observation::condition) else { return };
    let field = &condition.meaning.field;
    let holds_when_empty = matches!(condition.meaning.test, Test::Filled(false) | Test::NotIn(_));
    if !holds_when_empty && section.from.iter().any(|feed| feed.value == *field) {
        let name = section.name.as_str();
        let message = format!(
            "this asks about `{name}` only where `{field}` fills it: nobody is asked when it is empty"
        );
        problems.warning(
            condition.field,
            message,
            "use a field that does not feed the section, or remove `required_when`",
        );
    }
}

/// A choice between fields where there is one. An answer that is written where the section does not read is asked for again.
fn written(file: &MappingFile, problems: &mut Problems) {
    for section in &file.sections {
        let (name, due) = (section.name.as_str(), section.due.as_ref());
        if let Some(first) =
            section.first_filled.as_ref().filter(|first| first.value && section.from.len() < 2)
        {
            let message = format!("`first_filled` changes nothing: `{name}` reads no second field");
            problems.warning(first.span, message, "remove it, or add a field to `from`");
        }
        never_empty(section, problems);
        if let Some(write) = section.write.as_ref()
            && section.from.iter().all(|feed| feed.value != write.value)
        {
            let message = format!("answers are written to `{}`, which does not feed `{name}`", write.value);
            problems.warning(write.span, message, format!("add `{}` to its `from`", write.value));
        }
        if let Some(write) = section.write_due.as_ref()
            && due.is_none_or(|due| due.value != write.value)
        {
            let message = format!("days are written to `{}`, which is not the date of `{name}`", write.value);
            problems.warning(write.span, message, format!("write `due: {}`", write.value));
        }
    }
}

/// Links that lead to the same page, and those that can lead nowhere.
fn links(file: &MappingFile, problems: &mut Problems) {
    for (index, Link { name, from }) in file.links.iter().enumerate() {
        let Spanned { value: path, span } = from;
        let other = file.links.iter().take(index).find(|other| other.from.value == *path);
        let known = file.dialect().and_then(|dialect| dialect.well_known(path));
        if let Some(Link { name: other, .. }) = other {
            let message = format!("`{}` and `{}` lead to the same page", other.value, name.value);
            problems.warning(*span, message, "remove one of the two");
        } else if known.is_some_and(|known| known != WellKnown::Words) {
            let message = format!("`{path}` never holds the address of a page: there will be no such link");
            problems.warning(*span, message, "write a field with an address, such as `deal.order_form_url`");
        }
    }
}

fn said_twice(file: &MappingFile, problems: &mut Problems) {
    for (index, (section, when, say)) in file.derivations().enumerate() {
        let earlier = file.derivations().take(index).find(|(other, earlier, said)| {
            *other == section && same(said, say) && implies(&when.meaning, &earlier.meaning)
        });
        if let Some((_, earlier, _)) = earlier {
            let line = problems.line(earlier.span);
            let message = format!("line {line} says this already whenever this condition holds");
            problems.warning(when.span, message, "remove one of the two");
        }
    }
}

/// A file with more foreign names than this was most likely written for the other CRM.
const MOST_FOREIGN: usize = 3;

/// Both CRMs make internal names by rules; a name against them is most likely a label.
fn names(crm: CrmKind, file: &MappingFile, problems: &mut Problems) {
    let naming = &crm.dialect().naming;
    let pointers = file.pointers().map(|(_, path)| path);
    let read = file.feeds().map(|(_, path)| path).chain(pointers).map(|path| (&path.value, path.span));
    let tested = file.conditions().map(|condition| (&condition.meaning.field, condition.span));
    let usual = |(path, span)| (path, span, (naming.usual)(path));
    let foreign: Vec<(&FieldPath, Span, String)> =
        read.chain(tested).map(usual).filter(|(path, _, usual)| *usual != path.name).collect();
    match foreign.as_slice() {
        [(path, span, _), others @ ..] if others.len() >= MOST_FOREIGN => {
            let count = others.len();
            let message =
                format!("`{path}` and {count} other fields have names that no field of this CRM has");
            let help =
                format!("see whether `crm: {crm}` is right; if it is, write internal names, not labels");
            problems.warning(*span, message, help);
        }
        foreign => {
            for (path, span, usual) in foreign {
                let help = format!("write `{}.{usual}`", path.object.as_str());
                problems.warning(*span, format!("`{path}` {}", naming.unusual), help);
            }
        }
    }
}
