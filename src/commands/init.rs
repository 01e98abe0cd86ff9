//! `handoff init --from-crm`: a first mapping for an account, from what the account says about itself.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::fetch::{connect, read_mapping};
use super::{ConfigArg, Problem};
use crate::clock::Clock;
use crate::config::part;
use crate::crm::{CONNECTORS, Connector, SetupFile};
use handoff_core::record::{AccountKey, FieldObject, Lacking, WantedFields};
use handoff_core::workbench::lint;
use handoff_core::workbench::scaffold::{self, Given, Scaffold};

#[derive(Debug, Args)]
pub struct InitArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Ask the account for its fields, labels and pipelines
    #[arg(long, required_unless_present = "subscriptions", conflicts_with = "subscriptions")]
    from_crm: bool,
    /// Write what has the CRM tell of changes of the fields that the account's mapping reads: HubSpot's subscriptions,
    /// Salesforce's flow and Outbound Message, below the configuration's folder
    #[arg(long, conflicts_with_all = ["out", "channel", "fallback"])]
    subscriptions: bool,
    /// Which account, when several are configured: hubspot:48210077
    #[arg(long, value_name = "CRM:ID")]
    account: Option<String>,
    /// The file to write [default: the account's mapping file; if that exists, mappings/<CRM>-<ID>.yaml]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The Slack channel, by id
    #[arg(long, value_name = "ID")]
    channel: Option<String>,
    /// Who takes what nobody owns, by e-mail address
    #[arg(long, value_name = "ADDRESS")]
    fallback: Option<String>,
    /// Overwrite a file that exists
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(args: &InitArgs) -> Result<(), Problem> {
    let env = &|name: &str| std::env::var(name).ok();
    let said =
        if args.subscriptions { subscribe(args, env)? } else { init(args, env, &Clock::machine()).await? };
    print!("{said}");
    Ok(())
}

/// Writes the file and returns what to tell the person.
async fn init(
    args: &InitArgs,
    env: &dyn Fn(&str) -> Option<String>,
    clock: &Clock,
) -> Result<String, Problem> {
    // The account may have no mapping that passes yet: only its connection has to be right.
    let access = part::crm_access(&args.config.config, env, args.account.as_deref())
        .map_err(|problems| Problem::new(problems.to_string()))?;
    let (crm, configured) = connect(&access, args.account.as_deref(), clock)?;
    let key = crm.account().clone();
    let out = args.out.clone().unwrap_or_else(|| {
        if configured.exists() {
            PathBuf::from(format!("mappings/{}-{}.yaml", key.crm, key.account))
        } else {
            configured.clone()
        }
    });
    // Said before anybody is asked.
    if out.exists() && !args.force {
        return Err(exists(&out));
    }
    let metadata = crm.metadata(&WantedFields::default()).await;
    let metadata = metadata
        .map_err(|failure| Problem::new(format!("handoff: {key} cannot be asked: {}", failure.why())))?;
    let given = Given { channel: args.channel.clone(), fallback: args.fallback.clone() };
    let first = scaffold::mapping(&metadata, &given);
    let (_, problems) = lint::parse(&out.display().to_string(), &first.text);
    if !problems.can_be_read() {
        // Only what was given on the command line can be wrong.
        return Err(Problem::new(problems.to_string()));
    }
    write(&out, &first.text, args.force)?;
    Ok(told(&out, out == configured, &first, &given, &metadata.lacking))
}

/// Writes the files of every account, or of one, and returns what to tell the person.
fn subscribe(args: &InitArgs, env: &dyn Fn(&str) -> Option<String>) -> Result<String, Problem> {
    let config = &args.config.config;
    let access = part::store_access(config, env).map_err(|problems| Problem::new(problems.to_string()))?;
    let Some(public_url) = access.public_url.as_ref() else {
        let why = "handoff: without `public_url` no CRM can tell of a change, and none is subscribed to: packets are \
                   followed on the schedule under [follow]";
        return Err(Problem::new(why.to_owned()));
    };
    let only = args.account.as_deref();
    let asked = |key: &AccountKey| only.is_none_or(|only| only == key.to_string() || only == key.account);
    let (folder, mut said) = (config.parent().unwrap_or(Path::new("")), String::new());
    for Connector { crm, follow, .. } in CONNECTORS {
        let mut fields = BTreeSet::new();
        for (_, mapping) in access.mappings.iter().filter(|(key, _)| key.crm == crm && asked(key)) {
            let wanted = read_mapping(mapping)?.wanted_fields();
            let of_deals = wanted.paths.into_iter().filter(|path| path.object == FieldObject::Deal);
            fields.extend(of_deals.map(|path| path.name));
        }
        if fields.is_empty() {
            continue;
        }
        for SetupFile { path, text } in follow(public_url, &fields) {
            let file = folder.join(path);
            write(&file, &text, args.force)?;
            let _ = writeln!(said, "{} is written.", file.display());
        }
    }
    if said.is_empty() {
        return Err(Problem::new("handoff: no account of the configuration is called so".to_owned()));
    }
    said.push_str("\nUpload it with the CRM's own tool (README.md, docs/salesforce.md), then run: handoff check --live\n");
    Ok(said)
}

/// Never overwrites a file that somebody else wrote in the meantime.
fn write(out: &Path, text: &str, force: bool) -> Result<(), Problem> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut options = OpenOptions::new();
    options.write(true).create_new(!force).create(force).truncate(force);
    let made = folder.map_or(Ok(()), std::fs::create_dir_all);
    let written = made.and_then(|()| options.open(out)).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(out),
        _ => Problem::new(format!("handoff: {} cannot be written: {error}", out.display())),
    })
}

fn exists(out: &Path) -> Problem {
    let out = out.display();
    Problem::new(format!("handoff: {out} exists: name another file with --out, or overwrite it with --force"))
}

fn told(out: &Path, named: bool, first: &Scaffold, given: &Given, lacking: &[Lacking]) -> String {
    let out = out.display();
    let mut said = format!("{out} is written.\n");
    if !first.missing.is_empty() {
        let _ = write!(
            said,
            "\nNothing in this account answers some sections. Create these fields on the deal:\n\n"
        );
        let width = |text: fn(&scaffold::Missing) -> &str| {
            first.missing.iter().map(|one| text(one).len()).max().unwrap_or(0)
        };
        let (first_column, second_column) = (width(|missing| &missing.name), width(|missing| missing.label));
        for missing in &first.missing {
            let scaffold::Missing { name, label, kind, .. } = missing;
            let _ = writeln!(said, "  {name:first_column$}  {label:second_column$}  {kind}");
        }
    }
    for lacking in lacking {
        let permissions = lacking.permissions.join(" or ");
        let _ = write!(said, "\nA permission is missing ({permissions}): {}.\n", lacking.consequence);
    }
    let _ = write!(said, "\nStill to do:\n");
    if given.channel.is_none() {
        let _ = writeln!(said, "  - write your Slack channel behind `channel:`");
    }
    if given.fallback.is_none() {
        let _ = writeln!(said, "  - write who takes what nobody owns behind `fallback:`");
    }
    if !named {
        let _ = writeln!(
            said,
            "  - name the file in the account's block of the configuration: mapping = \"{out}\""
        );
    }
    let _ = writeln!(said, "  - run: handoff check --live");
    said
}

#[cfg(test)]
mod tests;
