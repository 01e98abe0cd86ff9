//! Fields that feed two sections, entries that are derived twice, and names that this CRM does not give.

use crate::record::CrmKind;
use crate::source::{Problems, Span};

use super::draft::{Derived, Draft};
use super::verdict::{implies, same};
use crate::record::{FieldObject, FieldPath};

pub(crate) fn look(draft: &Draft<'_>, problems: &mut Problems) {
    twice(draft, problems);
    said_twice(&draft.derivations, problems);
    if let Some(crm) = draft.crm {
        names(crm, draft, problems);
    }
}

/// The same text in two sections is flagged as a duplicate on every handoff.
fn twice(draft: &Draft<'_>, problems: &mut Problems) {
    for (index, feed) in draft.feeds.iter().enumerate() {
        let Some(earlier) = draft.feeds.iter().take(index).find(|earlier| earlier.path == feed.path) else {
            continue;
        };
        let (path, line) = (&feed.path, problems.line(earlier.span));
        if earlier.section == feed.section {
            let message = format!("`{path}` feeds this section twice: see line {line}");
            problems.warning(feed.span, message, "remove one of the two");
        } else {
            let other = earlier.section.as_str();
            let message = format!(
                "`{path}` feeds `{other}` as well, in line {line}: the same text stands twice in a packet"
            );
            let help = "give each section a field of its own, or remove it from one of the two";
            problems.warning(feed.span, message, help);
        }
    }
}

fn said_twice(derivations: &[Derived<'_>], problems: &mut Problems) {
    for (index, derived) in derivations.iter().enumerate() {
        let earlier = derivations.iter().take(index).find(|earlier| {
            earlier.section == derived.section
                && same(earlier.say, derived.say)
                && implies(&derived.when.condition, &earlier.when.condition)
        });
        if let Some(earlier) = earlier {
            let line = problems.line(earlier.when.span);
            let message = format!("line {line} says this already whenever this condition holds");
            problems.warning(derived.when.span, message, "remove one of the two");
        }
    }
}

/// A file with more foreign names than this was most likely written for the other CRM.
const MOST_FOREIGN: usize = 3;

/// Both CRMs make internal names by rules; a name against them is most likely a label.
/// <https://knowledge.hubspot.com/properties/create-and-edit-properties>,
/// <https://help.salesforce.com/s/articleView?id=platform.custom_field_attributes.htm>
fn names(crm: CrmKind, draft: &Draft<'_>, problems: &mut Problems) {
    let feeds = draft.feeds.iter().map(|feed| (&feed.path, feed.span));
    let pointers = draft.pointers.iter().map(|pointer| (&pointer.path, pointer.span));
    let tested = draft.conditions().map(|placed| (&placed.condition.field, placed.span));
    let foreign = |(path, span)| Some((path, span, familiar(crm, path)?));
    let foreign: Vec<(&FieldPath, Span, String)> =
        feeds.chain(pointers).chain(tested).filter_map(foreign).collect();
    let why = match crm {
        CrmKind::Hubspot => "has capitals, and internal names in HubSpot have none",
        CrmKind::Salesforce => "lacks the ending that Salesforce gives to your own fields",
    };
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
            for (path, span, familiar) in foreign {
                let help = format!("write `{}.{familiar}`", path.object.as_str());
                problems.warning(*span, format!("`{path}` {why}"), help);
            }
        }
    }
}

/// The name as this CRM would have made it; `None` if it is that already.
fn familiar(crm: CrmKind, path: &FieldPath) -> Option<String> {
    let familiar = match crm {
        // The seller is not a HubSpot object: its fields are `firstName`, `lastName` and `email`.
        CrmKind::Hubspot if path.object == FieldObject::Owner => return None,
        CrmKind::Hubspot => path.name.to_lowercase(),
        CrmKind::Salesforce => {
            let own = |part: &str| part.contains('_') && !part.contains("__");
            let part = |part: &str| if own(part) { format!("{part}__c") } else { part.to_owned() };
            path.name.split('.').map(part).collect::<Vec<_>>().join(".")
        }
    };
    (familiar != path.name).then_some(familiar)
}
