//! The mapping file: YAML that an admin writes, into a tree with places ([`MappingFile`]) and from there into a
//! [`Mapping`].
//!
//! A file per part of the format. Each parses what it can and records what it cannot; a mapping comes out only when
//! nothing is wrong with the whole file. Lints, the live check and the scaffold look at the tree.

pub(crate) mod ast;
pub(crate) mod condition;
pub(crate) mod custom;
pub(crate) mod links;
mod people;
pub(crate) mod slack;
pub(crate) mod section;
pub(crate) mod task;
#[cfg(test)]
mod tests;
mod values;
mod words;

use sha2::{Digest, Sha256};

pub use self::people::NO_FALLBACK;

use self::ast::{MappingFile, Observation, Roles, RolesKey};
use super::Mapping;
use crate::record::CrmKind;
use crate::source::{self, Block, Problems, Spanned};
use crate::text::locale::Language;

/// The version of a mapping: `sha256:` and the hash of the file's bytes, with those of its own words behind them.
pub fn version(text: &str, words: &str) -> String {
    format!("sha256:{}", hex::encode(Sha256::new().chain_update(text).chain_update(words).finalize()))
}

/// Parses a mapping file. The mapping is there unless one of the problems is an error of more than a stand-in: a
/// caller that hands deals over by it must look for errors.
pub fn parse(name: &str, text: &str) -> (Option<Mapping>, Problems) {
    let (file, problems) = tree(name, text);
    let readable = problems.can_be_read();
    (file.filter(|_| readable).and_then(MappingFile::lower), problems)
}

/// Parses a mapping file, also one with mistakes. No tree where it is not a block of keys.
pub(crate) fn tree(name: &str, text: &str) -> (Option<MappingFile>, Problems) {
    let mut problems = Problems::new(name, text);
    let file = file(name, text, &mut problems);
    (file, problems)
}

/// What to say about a mapping file that is no text or is not there.
pub fn unreadable(name: &str, error: &std::io::Error) -> Problems {
    let mut problems = Problems::new(name, "");
    let help = match error.kind() {
        std::io::ErrorKind::NotFound => "name a file that exists, such as mappings/hubspot.yaml",
        _ => "save it as UTF-8 text",
    };
    problems.file_error(format!("the mapping file cannot be read: {error}"), help);
    problems
}

/// The mapping, if it is for the CRM whose account names its file.
pub fn only_for(crm: CrmKind, mapping: Option<Mapping>, problems: &mut Problems) -> Option<Mapping> {
    if let Some(other) = mapping.as_ref().map(|mapping| mapping.crm).filter(|other| *other != crm) {
        problems.file_error(
            format!("this is a mapping for {other}, but a [[{crm}]] block names it"),
            format!("write `crm: {crm}`, or name a mapping file for {crm} in that block"),
        );
    }
    mapping.filter(|_| !problems.has_errors())
}

fn file(name: &str, text: &str, problems: &mut Problems) -> Option<MappingFile> {
    let root = source::yaml(text, problems)?;
    let mut top = Block::of(&root, "a mapping file", problems)?;
    let start = top.span();

    let crm = top.require("crm", "write `crm: hubspot` or `crm: salesforce`");
    let crm = crm.choice(&CrmKind::ALL.map(|crm| (crm.as_str(), crm)), problems);
    let time_zone =
        top.require("time_zone", "write the zone days are counted in: `time_zone: Europe/Berlin`");
    let time_zone = values::time_zone(time_zone, problems);
    let language =
        top.take("language").choice(&Language::ALL.map(|language| (language.as_str(), language)), problems);
    let words = words::words(name, top.take("words"), problems);
    let (pipelines, applies_when) = applies_to(top.take("applies_to").block(problems), problems);
    let (sections, custom_sections) = section::sections(top.take("sections"), start, problems);
    let links = links::links(top.take("links"), problems);
    let roles = people::roles(top.take("roles"), problems);
    people::refuse_target(crm, &roles, problems);
    let important_when = important_when(top.take("important_when").block(problems), problems);
    let owner = top.require("owner", "write who takes the handoff: `owner: {from: deal.…, fallback: …}`");
    let owner = owner.block(problems).map(|owner| people::owner(owner, problems));
    let (owner, fallback) = owner.unwrap_or_default();
    let (due_in_business_days, task_texts) = task::task(top.take("task").block(problems), problems);
    let slack = top.require("slack", "write where the digest goes: `slack: {channel: C0123ABCD}`");
    let slack = slack.block(problems).map(|slack| slack::slack(slack, problems)).unwrap_or_default();
    let placeholders = top.take("placeholders").owned_texts(problems);
    let colleagues = people::colleagues(top.take("colleagues"), problems);
    let key = if top.finish(problems) { RolesKey::Absent } else { RolesKey::Unreadable };
    let roles = if roles.key == RolesKey::Absent { Roles { key, ..roles } } else { roles };

    Some(MappingFile {
        name: name.to_owned(),
        version: version(text, words.as_ref().map_or("", |words| &words.text)),
        start,
        crm,
        time_zone,
        language: language.unwrap_or_default(),
        words: words.map(|words| (words.path, words.own)),
        pipelines,
        applies_when,
        sections,
        custom_sections,
        links,
        roles,
        important_when,
        owner,
        fallback,
        due_in_business_days,
        task_texts,
        slack,
        placeholders,
        colleagues,
    })
}

fn applies_to(
    section: Option<Block<'_>>,
    problems: &mut Problems,
) -> (Vec<Spanned<String>>, Option<Observation>) {
    let Some(mut section) = section else { return (Vec::new(), None) };
    let pipelines = section.take("pipelines").owned_texts(problems);
    let when = section.take("when").node(problems);
    section.finish(problems);
    (pipelines, when.and_then(|node| condition::on_fields(node, problems)))
}

fn important_when(section: Option<Block<'_>>, problems: &mut Problems) -> Vec<Observation> {
    let Some(section) = section else { return Vec::new() };
    match condition::joined(section, "`any:` and below it a list of conditions", problems) {
        // Each reason is told by itself.
        Some(Observation::Any(any)) => any,
        other => other.into_iter().collect(),
    }
}
