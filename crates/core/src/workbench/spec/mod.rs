//! Tests beside the mapping: a deal goes in, and what the packet says is compared with what was expected.
//!
//! [`read`] reads a file of cases with the same care as a mapping; [`Case::differences`] runs one of them.

mod difference;
mod expect;
mod record;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

pub use difference::{Difference, Side};
pub use expect::Expectation;
pub(super) use expect::{PACKET_STATUSES, STATUSES, word};

use crate::assemble::assemble;
use crate::mapping::Mapping;
use crate::record::{CrmKind, DealRecord};
use crate::source::{self, Block, Field, Node, Problems};

/// A file of cases.
#[derive(Debug)]
pub struct SpecFile {
    /// The mapping they are about, as seen from the working directory.
    pub mapping: PathBuf,
    /// The cases that could be read, in their order.
    pub cases: Vec<Case>,
}

/// One deal and what its packet must say.
#[derive(Debug)]
pub struct Case {
    /// What it shows, in a sentence.
    pub name: String,
    /// The line it begins in.
    pub line: usize,
    as_of: Timestamp,
    /// Which CRM the record says it is from; that of the mapping when it does not say.
    crm: Option<CrmKind>,
    record: DealRecord,
    expect: Expectation,
}

impl Case {
    /// Everything in which the packet is not as expected; none when the case passes.
    pub fn differences(&self, mapping: &Mapping) -> Vec<Difference> {
        mapping.locale.scope(|| {
            if let Some(crm) = self.crm.filter(|crm| *crm != mapping.crm) {
                return vec![Difference::other_crm(crm, mapping.crm)];
            }
            let mut record = self.record.clone();
            record.crm = mapping.crm;
            let (packet, orders) = assemble(mapping, &record, "pkt_test", self.as_of);
            difference::all(&self.expect, mapping, &record, &packet, &orders)
        })
    }
}

/// Reads a file of cases from disk. No cases if it has an error.
pub fn read(path: &Path) -> (Option<SpecFile>, Problems) {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let directory = path.parent().unwrap_or(Path::new(""));
            parse(&name, &text, directory)
        }
        Err(error) => {
            let mut problems = Problems::new(&name, "");
            let help = "name a file of cases, such as mappings/tests/hubspot.yaml";
            problems.file_error(format!("the file of cases cannot be read: {error}"), help);
            (None, problems)
        }
    }
}

/// Reads a file of cases; paths in it are relative to `directory`.
pub fn parse(name: &str, text: &str, directory: &Path) -> (Option<SpecFile>, Problems) {
    let mut problems = Problems::new(name, text);
    let file = file(text, directory, &mut problems);
    let usable = !problems.has_errors();
    (file.filter(|_| usable), problems)
}

/// What all cases of a file have in common.
struct Shared<'p> {
    directory: &'p Path,
    as_of: Option<Timestamp>,
    record: Option<record::Written>,
}

fn file(text: &str, directory: &Path, problems: &mut Problems) -> Option<SpecFile> {
    let root = source::yaml(text, problems)?;
    let mut top = Block::of(&root, "a file of cases", problems)?;
    let mapping = top.require("mapping", "write which mapping they are about: `mapping: ../hubspot.yaml`");
    let mapping = mapping.text(problems).map(|(path, _)| source::beside(directory, path));
    let as_of = instant(top.take("as_of"), problems);
    let record = record::parse(&mut top, directory, None, problems);
    let cases = top.require("cases", "write `cases:` and below it a list, each beginning with `- name: …`");
    let cases = cases.list(problems);
    top.finish(problems);
    let shared = Shared { directory, as_of, record };
    let cases = cases.into_iter().filter_map(|node| case(node, &shared, problems)).collect();
    Some(SpecFile { mapping: mapping?, cases })
}

fn case(node: &Node, shared: &Shared<'_>, problems: &mut Problems) -> Option<Case> {
    let mut section = Block::of(node, "a case", problems)?;
    let span = section.span();
    let name =
        section.require("name", "say what the case shows: `name: a deal without promises is asked about`");
    let name = name.text(problems);
    let as_of = section.take("as_of");
    let is_dated = as_of.is_present() || shared.as_of.is_some();
    let as_of = instant(as_of, problems).or(shared.as_of);
    let record = record::parse(&mut section, shared.directory, shared.record.as_ref(), problems);
    let expect = section.require("expect", "write what the packet must say: `expect: {status: complete}`");
    let expect = expect.block(problems).map(|expect| expect::parse(expect, problems));
    section.finish(problems);
    if !is_dated {
        let help = "write the day the packet is made, here or at the top: `as_of: 2026-11-22T08:00:00Z`";
        problems.error(span, "`as_of` is missing", help);
    }
    if record.is_none() {
        let help = "write the deal behind `record:`, or name a saved one behind `record_file:`";
        problems.error(span, "this case has no deal", help);
    }
    let (record, (name, _)) = (record?, name?);
    Some(Case {
        name: name.to_owned(),
        line: problems.line(span),
        as_of: as_of?,
        crm: record.crm,
        record: record.record,
        expect: expect?,
    })
}

fn instant(field: Field<'_>, problems: &mut Problems) -> Option<Timestamp> {
    let (text, span) = field.text(problems)?;
    let help = "write day and time with an offset: `2026-11-22T08:00:00Z`";
    text.parse().ok().or_else(|| problems.reject(span, format!("`{text}` is not an instant"), help))
}

#[cfg(test)]
mod tests;
