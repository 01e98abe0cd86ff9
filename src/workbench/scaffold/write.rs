//! The text of a first mapping, commented like the shipped ones.

use std::fmt::Write as _;

use super::fields::Targets;
use super::sections::{sections, suggestions};
use super::{Given, Missing, NO_CHANNEL, NO_FALLBACK};
use crate::record::{AccountMetadata, CrmObject, Dialect, OptionMetadata};
use crate::workbench::recogniser::role;

/// The whole file.
pub(crate) fn file(
    account: &AccountMetadata,
    targets: &Targets,
    missing: &[Missing],
    given: &Given,
) -> String {
    let dialect = account.dialect();
    let mut out = String::new();
    head(account, dialect, &mut out);
    pipelines(account, dialect, &mut out);
    sections(targets, missing, dialect, &mut out);
    suggestions(targets, dialect, &mut out);
    roles(account, dialect, &mut out);
    importance(account, targets, dialect, &mut out);
    ending(targets, given, dialect, &mut out);
    out
}

fn head(account: &AccountMetadata, dialect: &Dialect, out: &mut String) {
    let crm = account.account.crm;
    let name = comment(&account.account.account);
    let (what, names) = (dialect.nouns.account, dialect.hints.field_name);
    let zone = account.time_zone.as_deref().filter(|zone| jiff::tz::TimeZone::get(zone).is_ok());
    let _ = write!(
        out,
        "# yaml-language-server: $schema=../docs/schema/mapping.json
#
# Which fields of {what} {name} fill the handoff packet. A first version, written from what the {what} says about itself:
# read it once, then change what you like. docs/mapping.md explains every key.
#
# You need no programming to change this file. Three things to know:
#   - Indentation matters: use two spaces for each level, never tabs.
#   - A field is written as object.name: deal., company., owner. (the seller) or line_items. (what was sold).
#     {names}
#   - Text behind # is a comment.
#
# After a change run:  handoff check --live

crm: {crm}

# Days are counted here: due dates, and whether a date is more than 30 days after the close.
time_zone: {}
",
        zone.unwrap_or("UTC")
    );
    if zone.is_none() {
        let _ = writeln!(
            out,
            "# The {what} does not say where it is: write your own zone, such as Europe/Berlin."
        );
    }
}

fn pipelines(account: &AccountMetadata, dialect: &Dialect, out: &mut String) {
    let known = account.pipelines.as_deref().unwrap_or_default();
    let won: Vec<_> = known.iter().filter(|pipeline| pipeline.can_win != Some(false)).collect();
    if won.is_empty() {
        return;
    }
    // Where stages do not belong to one pipeline, no pipeline says which deals can be won.
    if known.iter().all(|pipeline| pipeline.can_win.is_none()) {
        let all: Vec<String> = known.iter().map(|pipeline| quoted(&pipeline.id)).collect();
        let _ = write!(
            out,
            "
# Opportunities of every record type get a packet. To take some only, remove the # before the next two lines and the
# record types you do not want.
# applies_to:
#   pipelines: [{}]
",
            all.join(", ")
        );
        return;
    }
    let (what, deal) = (dialect.nouns.account, dialect.nouns.deal);
    let _ = write!(
        out,
        "
# Deals of these pipelines get a packet: all of the {what} in which a {deal} can be won. Remove a line to leave one out,
# or the whole block to take every pipeline there will ever be.
applies_to:
  pipelines:
"
    );
    for pipeline in won {
        let _ = writeln!(out, "    - {}  # {}", quoted(&pipeline.id), comment(&pipeline.label));
    }
    for pipeline in known.iter().filter(|pipeline| pipeline.can_win == Some(false)) {
        let _ = writeln!(out, "    # {} has no won stage", with(&pipeline.id, &pipeline.label));
    }
}

fn roles(account: &AccountMetadata, dialect: &Dialect, out: &mut String) {
    let labels = account.labels.as_deref().unwrap_or_default();
    let buying = dialect.fields.buying_role.and_then(|name| account.field(CrmObject::Contact, name));
    let buying = buying.map(|field| field.options.as_slice()).unwrap_or_default();
    let known = |options: &[OptionMetadata]| options.iter().any(|option| role(option).is_some());
    let _ = write!(
        out,
        "\n# How people get their roles: sponsor, operator, evaluator, blocker, executive_backer.\n"
    );
    if !known(labels) && !known(buying) {
        let _ = write!(
            out,
            "# This {} names none that are well known. Remove the # and write what people are called here.\n# roles:\n#   \
             labels:\n#     Sponsor: sponsor\n",
            dialect.nouns.account
        );
        return;
    }
    let _ = writeln!(out, "roles:");
    if known(labels) {
        let _ = write!(out, "  # {} Capitals make no difference.\n  labels:\n", dialect.hints.labels);
        table(labels, out);
    }
    if known(buying) {
        let _ = write!(
            out,
            "  # The contact's Buying role, for people without such a label. These are HubSpot's internal values.\n  \
             buying_roles:\n"
        );
        table(buying, out);
    }
}

fn table(options: &[OptionMetadata], out: &mut String) {
    for option in options {
        let value = quoted(&option.value);
        match role(option) {
            Some(role) => {
                let _ = writeln!(out, "    {value}: {}", role.as_str());
            }
            None => {
                let _ = writeln!(out, "    # {value}: which role?");
            }
        }
    }
}

fn importance(account: &AccountMetadata, targets: &Targets, dialect: &Dialect, out: &mut String) {
    let amount = dialect.fields.amount;
    let currency =
        account.currency.as_deref().map(|currency| format!(" ({})", comment(currency))).unwrap_or_default();
    let _ = write!(
        out,
        "
# An important account gets the 15-minute review. One of these is enough.
# Amounts count in the {}'s own currency{currency}.
important_when:
  any:
    - {{field: deal.{amount}, at_least: 50000}}
",
        dialect.nouns.deal
    );
    if let Some((field, values)) = &targets.tier {
        let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        let _ = writeln!(out, "    - {{field: company.{}, in: [{}]}}", field.name, values.join(", "));
    }
}

fn ending(targets: &Targets, given: &Given, dialect: &Dialect, out: &mut String) {
    let owner = targets.owner.as_ref().map_or(dialect.fields.owner, |field| field.name.as_str());
    let label =
        targets.owner.as_ref().map(|field| format!("  # {}", comment(&field.label))).unwrap_or_default();
    let _ = write!(
        out,
        "
# Who takes the handoff: the field of the {} that holds the person, and the address of somebody who takes it when
# that field is empty or its person has left.
owner:
  from: deal.{owner}{label}
  fallback: {}
",
        dialect.nouns.deal,
        given.fallback.as_deref().unwrap_or(NO_FALLBACK)
    );
    if given.fallback.is_none() {
        let _ = writeln!(out, "  # Write the address of a person or a team of yours there.");
    }
    let _ = write!(
        out,
        "
# The task is due this many business days (Monday to Friday) after the {} was won.
task:
  due_in_business_days: 2

# Where the digest goes. Use the channel's id, not its name: in Slack click the channel's name, the id stands at
# the bottom of About.
slack:
  channel: {}
",
        dialect.nouns.deal,
        given.channel.as_deref().unwrap_or(NO_CHANNEL)
    );
    if given.channel.is_none() {
        let _ = writeln!(out, "  # No workspace has that channel: write yours, and invite the bot to it.");
    }
}

fn with(id: &str, label: &str) -> String {
    format!("{} ({})", comment(id), comment(label))
}

/// Text of the account in a comment: on one line, without anything that could end it.
pub(crate) fn comment(text: &str) -> String {
    let clean: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text of the account as a value: bare where YAML cannot take it for something else, else in double quotes.
fn quoted(text: &str) -> String {
    let plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-'));
    let word =
        ["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(&text.to_lowercase().as_str());
    if plain && !word {
        return text.to_owned();
    }
    format!("\"{}\"", comment(text).replace('\\', "\\\\").replace('"', "\\\""))
}
