//! A mapping held against the account it is for: what it names and the account does not have, or does not show.
//!
//! One file per family of findings, beside those of `lint`, which need no account. All of it is pure: the account
//! has been asked before ([`AccountMetadata`]). A name that does not exist is an error, because it can never have
//! an effect; what works, but probably not for long or not as meant, is a warning.

mod conditions;
mod fields;
mod nearest;
mod people;
mod pipelines;
mod speech;
mod zone;

use crate::record::FieldPath;
use crate::record::{AccountMetadata, WantedFields};
use crate::source::{self, Problems, Span};
use crate::workbench::lint::draft::Draft;

/// What a mapping names beyond the fields of its CRM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Every field.
    pub wanted: WantedFields,
    /// Slack channels by id, each where it stands first.
    pub channels: Vec<(String, Span)>,
    /// The address of who takes what nobody owns.
    pub fallback: Option<(String, Span)>,
}

/// Every family, in the order of the mapping file.
const FAMILIES: [fn(&Draft<'_>, &AccountMetadata, &mut Problems); 5] =
    [zone::look, pipelines::look, fields::look, people::look, conditions::look];

/// What the mapping file of `problems` names. A file that is not YAML names nothing.
pub fn named(problems: &Problems) -> Named {
    let Some(root) = source::yaml(problems.text(), &mut Problems::default()) else {
        return Named::default();
    };
    let Some(draft) = Draft::read(&root) else { return Named::default() };
    let mut paths: Vec<FieldPath> = draft.mentions().map(|(path, _)| path.clone()).collect();
    paths.sort();
    paths.dedup();
    let mut channels: Vec<(String, Span)> = Vec::new();
    for (id, span) in
        draft.channel.into_iter().chain(draft.routes.iter().map(|route| (route.channel, route.span)))
    {
        if channels.iter().all(|(known, _)| known != id) {
            channels.push((id.to_owned(), span));
        }
    }
    Named {
        wanted: WantedFields { paths, users: Vec::new() },
        channels,
        fallback: draft.fallback.map(|(address, span)| (address.to_owned(), span)),
    }
}

/// Compares a mapping file, also one with mistakes, with its account, and adds what is found to its problems.
pub fn compare(account: &AccountMetadata, problems: &mut Problems) {
    let text = problems.text().to_owned();
    let Some(root) = source::yaml(&text, &mut Problems::default()) else { return };
    let Some(draft) = Draft::read(&root) else { return };
    // What is written for the other CRM names nothing here.
    if draft.crm != Some(account.account.crm) {
        return;
    }
    for family in FAMILIES {
        family(&draft, account, problems);
    }
}
