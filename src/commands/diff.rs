//! `handoff diff`: what a new mapping would change, in words and deal by deal.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde::Serialize;

use super::fetch::{read_mapping, read_record};
use super::layout::{Page, WIDTH};
use super::won_deals::{self, Unread, WonDeals};
use super::{ConfigArg, Problem, crm_access};
use crate::clock::Clock;
use handoff_core::assemble::assemble;
use handoff_core::mapping::Mapping;
use handoff_core::record::{CrmKind, DealRecord, FieldPath};
use handoff_core::text::clean::clean_line;
use handoff_core::workbench::compare::{self, Change};

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 also when something differs, 1 a file or the CRM cannot be used, 2 wrong arguments."
)]
pub struct DiffArgs {
    /// The mapping as it is
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The mapping as it would be
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// A folder of saved deal records (.json), as `handoff fetch` prints them
    #[arg(long, value_name = "DIR", conflicts_with = "last")]
    records: Option<PathBuf>,
    /// So many deals of the CRM, those with the latest close date first; at most 500
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=won_deals::MOST))]
    last: Option<u16>,
    #[command(flatten)]
    config: ConfigArg,
    /// With --last: portal or organisation id, when several are configured
    #[arg(long, value_name = "ID", requires = "last")]
    account: Option<String>,
    /// The instant the packets speak of; default: when each record was fetched, else now
    #[arg(long, value_name = "RFC3339")]
    as_of: Option<Timestamp>,
    /// How to print what changes
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How changes are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON object, for programs
    Json,
}

/// What changes from one mapping to the other.
#[derive(Debug, Serialize)]
struct Report {
    old: String,
    new: String,
    mapping: Vec<Change>,
    /// What answers are written to.
    writes: Vec<Change>,
    /// `None` without records.
    deals: Option<Vec<Deal>>,
    /// Saved records of a CRM that neither mapping is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<NonZero<usize>>,
    /// Deals that could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unread: Vec<Unread>,
}

/// What changes for one deal.
#[derive(Debug, Serialize)]
struct Deal {
    /// Its file, or the account it was read from.
    record: String,
    id: String,
    name: String,
    changes: Vec<Change>,
    /// Fields that only one of the mappings reads and the record does not hold: what they would change is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_in_record: Vec<String>,
}

pub(super) async fn run(args: &DiffArgs) -> Result<(), Problem> {
    let (old, new) = (read_mapping(&args.old)?, read_mapping(&args.new)?);
    let comparison = Comparison { old: &old, new: &new, as_of: args.as_of, now: Clock::machine().now() };
    let (mut unread, mut left_out, mut finished) = (Vec::new(), None, Ok(()));
    let deals = match (&args.records, args.last) {
        (Some(folder), _) => {
            let saved = records(folder)?;
            let saved = saved.iter().map(|path| comparison.saved(path)).collect::<Result<Vec<_>, _>>()?;
            left_out = NonZero::new(saved.iter().filter(|deal| deal.is_none()).count());
            Some(saved.into_iter().flatten().collect())
        }
        (None, Some(last)) => {
            let (account, won) = comparison.last_won(args, last).await?;
            finished = won.finished();
            unread = won.unread;
            let deal = |record| comparison.deal(account.clone(), record);
            Some(won.records.into_iter().map(deal).collect())
        }
        (None, None) => None,
    };
    let mapping = compare::mappings(&old, &new);
    let writes = compare::writes(&old, &new);
    let report = Report { old: old.file, new: new.file, mapping, writes, deals, left_out, unread };
    match args.format {
        Format::Text => print!("{}", report.text()),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    finished
}

/// The saved records of a folder, by name.
fn records(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let name = folder.display();
    let entries = std::fs::read_dir(folder)
        .map_err(|error| Problem::new(format!("handoff: cannot read {name}: {error}")))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "json"));
    paths.sort();
    if paths.is_empty() {
        return Err(Problem::new(format!(
            "handoff: {name} holds no deal record: save one with `handoff fetch --deal ID > {name}/deal.json`"
        )));
    }
    Ok(paths)
}

/// Two mappings, and when the packets that are compared speak of.
struct Comparison<'a> {
    old: &'a Mapping,
    new: &'a Mapping,
    as_of: Option<Timestamp>,
    /// Where neither `as_of` nor the record says when.
    now: Timestamp,
}

impl Comparison<'_> {
    fn is_for(&self, crm: CrmKind) -> bool {
        [self.old.crm, self.new.crm].contains(&crm)
    }

    /// The deals that were won last, with the fields of both mappings, and the account they are from.
    async fn last_won(&self, args: &DiffArgs, last: u16) -> Result<(String, WonDeals), Problem> {
        let access = crm_access(&args.config.config, args.account.as_deref())?;
        let (crm, _) = won_deals::connect(&access, args.account.as_deref(), Some(self.new.crm))?;
        let account = crm.account();
        if !self.is_for(account.crm) {
            return Err(Problem::new(format!(
                "handoff: neither mapping is for {}, where {account} is",
                account.crm
            )));
        }
        let wanted = self.old.wanted_fields().and(self.new.wanted_fields());
        let won = won_deals::read(&*crm, usize::from(last), &wanted, &Clock::machine()).await?;
        Ok((account.to_string(), won))
    }

    /// What changes for a saved deal; `None` if it is from a CRM that neither mapping is for.
    fn saved(&self, path: &Path) -> Result<Option<Deal>, Problem> {
        let record = read_record(path)?;
        Ok(self.is_for(record.crm).then(|| self.deal(path.display().to_string(), record)))
    }

    /// `from` is the file of the record, or its account.
    fn deal(&self, from: String, record: DealRecord) -> Deal {
        let changes = self.changes(&record);
        let name = record.deal.get(record.crm.dialect().fields.deal_name);
        let name = clean_line(name.unwrap_or("a deal without a name"));
        let not_in_record = self.read_by_one().filter(|path| !record.holds(path));
        let not_in_record = not_in_record.map(|path| path.to_string()).collect();
        Deal { record: from, id: record.deal.id, name, changes, not_in_record }
    }

    /// The fields that one mapping reads and the other does not.
    fn read_by_one(&self) -> impl Iterator<Item = FieldPath> {
        let (old, new) = (self.old.wanted_fields().paths, self.new.wanted_fields().paths);
        let only = |these: &[FieldPath], others: &[FieldPath]| {
            these.iter().filter(|path| !others.contains(path)).cloned().collect::<Vec<_>>()
        };
        only(&old, &new).into_iter().chain(only(&new, &old))
    }

    fn changes(&self, record: &DealRecord) -> Vec<Change> {
        let as_of = self.as_of.or(record.fetched_at).unwrap_or(self.now);
        let packet =
            |what: &str, kind| vec![Change { about: "packet".to_owned(), kind, what: what.to_owned() }];
        let covers = |mapping: &Mapping| mapping.crm == record.crm && mapping.covers(record, as_of);
        match (covers(self.old), covers(self.new)) {
            (false, false) => Vec::new(),
            (true, false) => {
                packet("this deal gets none any more: `applies_to` leaves it out", compare::Kind::Lost)
            }
            (false, true) => {
                packet("this deal gets one now: `applies_to` takes it in", compare::Kind::Gained)
            }
            (true, true) => {
                let (old, old_orders) = assemble(self.old, record, "pkt_old", as_of);
                let (new, new_orders) = assemble(self.new, record, "pkt_new", as_of);
                compare::packets((&old, &old_orders), (&new, &new_orders))
            }
        }
    }
}

impl Report {
    fn text(&self) -> String {
        let mut page = Page::new(WIDTH);
        page.heading(&format!("{} → {}", self.old, self.new));
        if self.mapping.is_empty() && self.writes.is_empty() {
            page.line("", "Both mappings say the same.");
        }
        changes(&mut page, &self.mapping);
        if !self.writes.is_empty() {
            page.blank();
            page.heading("Written to the CRM");
            changes(&mut page, &self.writes);
        }
        let Some(deals) = &self.deals else { return page.into_text() };
        let differ: Vec<&Deal> = deals.iter().filter(|deal| !deal.changes.is_empty()).collect();
        for deal in &differ {
            page.blank();
            page.heading(&format!("{} {} ({})", deal.id, deal.name, deal.record));
            changes(&mut page, &deal.changes);
        }
        page.blank();
        page.line("", &format!("{} of {} deals change", differ.len(), deals.len()));
        for Deal { id, record, not_in_record, .. } in
            deals.iter().filter(|deal| !deal.not_in_record.is_empty())
        {
            let fields = not_in_record.join(", ");
            let again = format!("handoff fetch --deal {id} --mapping {} --mapping {}", self.old, self.new);
            page.line("", &format!("{record}: {fields} not in this record; fetch it again: {again}"));
        }
        if let Some(left_out) = self.left_out {
            page.line("", &format!("{left_out} more are from another CRM"));
        }
        if !self.unread.is_empty() {
            page.line("", &format!("{} more could not be read", self.unread.len()));
        }
        page.into_text()
    }
}

fn changes(page: &mut Page, changes: &[Change]) {
    for Change { about, kind, what } in changes {
        page.line(&format!("  {} ", kind.sign()), &format!("{about}: {what}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handoff_core::workbench::lint;

    const RECORD: &str = r#"{"crm":"hubspot","account":1,"fetched_at":"2026-11-22T08:00:00Z",
        "deal":{"id":7,"dealname":"Brandt \u001b[31m","pipeline":"default","amount":"54000","handoff_promises":"none"}}"#;

    fn report(old: (&str, &str)) -> String {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("brandt.json"), RECORD).unwrap();
        let text = std::fs::read_to_string("mappings/hubspot.yaml").unwrap();
        let as_is = lint::parse("old.yaml", &text).0.unwrap();
        let changed = lint::parse("new.yaml", &text.replacen(old.0, old.1, 1)).0.unwrap();
        let now = "2026-11-23T08:00:00Z".parse().unwrap();
        let comparison = Comparison { old: &as_is, new: &changed, as_of: None, now };
        let deals = records(directory.path()).unwrap();
        let deals = deals.iter().map(|path| comparison.saved(path).unwrap().unwrap()).collect();
        let mapping = compare::mappings(&as_is, &changed);
        let writes = compare::writes(&as_is, &changed);
        let report = Report {
            old: as_is.file,
            new: changed.file,
            mapping,
            writes,
            deals: Some(deals),
            left_out: None,
            unread: Vec::new(),
        };
        report.text().replace(&directory.path().display().to_string(), "DIR").replace('─', "")
    }

    #[test]
    fn the_mapping_comes_first_and_then_each_deal_that_changes() {
        insta::assert_snapshot!(report(("C0123ABCD", "C0999WINS")), @r"
         old.yaml → new.yaml 
          ~ slack: C0999WINS instead of C0123ABCD

         7 Brandt [31m (DIR/brandt.json) 
          ~ channel: C0999WINS instead of C0123ABCD

        1 of 1 deals change
        ");
    }

    #[test]
    fn what_answers_are_written_to_is_a_section_of_its_own() {
        let list = "from: [deal.handoff_promises]\n";
        insta::assert_snapshot!(report((list, &format!("{list}    write: deal.handoff_promises\n"))), @r"
         old.yaml → new.yaml 

         Written to the CRM 
          + promises: answers are written to deal.handoff_promises

        0 of 1 deals change
        ");
    }

    #[test]
    fn a_deal_that_is_left_out_says_so() {
        let told = report(("pipelines: [default, ", "pipelines: ["));
        assert!(
            told.contains("− packet: this deal gets none any more: `applies_to` leaves it out"),
            "{told}"
        );
    }

    #[test]
    fn a_field_that_the_record_never_held_is_not_taken_for_empty() {
        let told =
            report(("from: [deal.handoff_promises]", "from: [deal.handoff_promises, deal.side_letter]"));
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("0 of 1 deals change"), "{told}");
        assert!(told.contains("DIR/brandt.json: deal.side_letter not in this record"), "{told}");
        assert!(told.contains("handoff fetch --deal 7 --mapping old.yaml --mapping new.yaml"), "{told}");
    }

    #[test]
    fn a_folder_without_records_says_how_to_get_one() {
        let directory = tempfile::tempdir().unwrap();
        let Err(Problem(told)) = records(directory.path()) else { panic!("there are records") };
        assert!(told.contains("handoff fetch --deal ID >"), "{told}");
    }
}
