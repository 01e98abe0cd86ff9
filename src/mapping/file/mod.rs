//! The mapping file: YAML that an admin writes, into a [`Mapping`].
//!
//! One file per part of the format. Each reads what it can and records what it cannot; a mapping comes out
//! only when nothing is wrong with the whole file.

pub(crate) mod channel;
pub(crate) mod condition;
pub(crate) mod field;
pub(crate) mod observation;
pub(crate) mod people;
pub(crate) mod section;
#[cfg(test)]
mod tests;
pub(crate) mod zone;

use std::path::Path;

use sha2::{Digest, Sha256};

use super::{Mapping, TaskMapping};
use crate::record::CrmKind;
use crate::source::{self, Problems, Section};
use crate::workbench::lint;

/// The due day of a task when the file does not say.
pub(crate) const DUE_IN_BUSINESS_DAYS: u8 = 2;

/// The latest due day.
pub(crate) const MOST_BUSINESS_DAYS: u32 = 30;

/// Reads and checks one mapping file from disk. No mapping if it has an error.
pub fn read(path: &Path) -> (Option<Mapping>, Problems) {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&name, &text),
        Err(error) => {
            let mut problems = Problems::new(&name, "");
            let help = match error.kind() {
                std::io::ErrorKind::NotFound => "name a file that exists, such as mappings/hubspot.yaml",
                _ => "save it as UTF-8 text",
            };
            problems.file_error(format!("the mapping file cannot be read: {error}"), help);
            (None, problems)
        }
    }
}

/// Reads and checks the mapping file that an account of this CRM names.
pub fn read_for(crm: CrmKind, path: &Path) -> (Option<Mapping>, Problems) {
    let (mapping, mut problems) = read(path);
    if let Some(other) = mapping.as_ref().map(|mapping| mapping.crm).filter(|other| *other != crm) {
        problems.file_error(
            format!("this is a mapping for {other}, but a [[{crm}]] block names it"),
            format!("write `crm: {crm}`"),
        );
    }
    (mapping.filter(|_| !problems.has_errors()), problems)
}

/// The version of a mapping: `sha256:` and the hash of the file's bytes.
pub fn version(text: &str) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(text.as_bytes())))
}

/// Reads a mapping file. The mapping is there unless one of the problems is an error.
pub fn parse(file_name: &str, text: &str) -> (Option<Mapping>, Problems) {
    let mut problems = Problems::new(file_name, text);
    let mapping = mapping(file_name, text, &mut problems);
    let usable = !problems.has_errors();
    (mapping.filter(|_| usable), problems)
}

fn mapping(file_name: &str, text: &str, problems: &mut Problems) -> Option<Mapping> {
    let root = source::yaml(text, problems)?;
    let mut top = Section::of(&root, "a mapping file", problems)?;

    let crm = top.require("crm", "write `crm: hubspot` or `crm: salesforce`");
    let crm = crm.choice(&[CrmKind::Hubspot, CrmKind::Salesforce].map(|crm| (crm.as_str(), crm)), problems);
    let time_zone =
        top.require("time_zone", "write the zone days are counted in: `time_zone: Europe/Berlin`");
    let time_zone = time_zone.text(problems).and_then(|zone| zone::read(zone, problems));
    let pipelines = pipelines(top.take("applies_to").section(problems), problems);
    let sections = section::read(top.take("sections"), top.span(), problems);
    let roles = people::roles(top.take("roles").section(problems), problems);
    let important_when = important_when(top.take("important_when").section(problems), problems);
    let owner = top.require("owner", "write who takes the handoff: `owner: {from: deal.…, fallback: …}`");
    let owner = owner.section(problems).and_then(|owner| people::owner(owner, problems));
    let task = task(top.take("task").section(problems), problems);
    let slack = top.require("slack", "write where the digest goes: `slack: {channel: C0123ABCD}`");
    let slack = slack.section(problems).and_then(|slack| channel::slack(slack, problems));
    let placeholders = owned(top.take("placeholders").texts(problems));
    let colleagues = people::colleagues(top.take("colleagues"), problems);
    top.finish(problems);
    lint::look(&root, problems);

    Some(Mapping {
        file: file_name.to_owned(),
        version: version(text),
        crm: crm?,
        time_zone: time_zone?,
        pipelines,
        sections,
        roles,
        important_when,
        owner: owner?,
        task,
        slack: slack?,
        placeholders,
        colleagues,
    })
}

fn pipelines(section: Option<Section<'_>>, problems: &mut Problems) -> Vec<String> {
    let Some(mut section) = section else { return Vec::new() };
    let pipelines = section.take("pipelines").texts(problems);
    section.finish(problems);
    owned(pipelines)
}

fn important_when(section: Option<Section<'_>>, problems: &mut Problems) -> Vec<super::Condition> {
    let Some(mut section) = section else { return Vec::new() };
    let any = section.require("any", "write `any:` and below it a list of conditions").list(problems);
    section.finish(problems);
    any.into_iter().filter_map(|node| condition::read(node, problems)).collect()
}

fn task(section: Option<Section<'_>>, problems: &mut Problems) -> TaskMapping {
    let default = TaskMapping { due_in_business_days: DUE_IN_BUSINESS_DAYS };
    let Some(mut section) = section else { return default };
    let days = section.take("due_in_business_days").integer(0, MOST_BUSINESS_DAYS, problems);
    section.finish(problems);
    let days = days.and_then(|days| u8::try_from(days).ok());
    days.map_or(default, |due_in_business_days| TaskMapping { due_in_business_days })
}

fn owned(texts: Vec<(&str, source::Span)>) -> Vec<String> {
    texts.into_iter().map(|(text, _)| text.to_owned()).collect()
}
