//! The text of a first mapping, commented like the shipped ones.

use std::fmt::Write as _;

use super::fields::Targets;
use super::sections::{sections, suggestions};
use super::{Given, Missing, NO_CHANNEL, NO_FALLBACK};
use crate::record::{AccountMetadata, CrmObject, Dialect, Nouns, OptionMetadata};
use crate::workbench::recogniser::role;

/// The file, with `<<name>>` where the account decides.
const TEMPLATE: &str = include_str!("mapping.template.yaml");

pub(super) fn file(
    account: &AccountMetadata,
    targets: &Targets,
    missing: &[Missing],
    given: &Given,
) -> String {
    let dialect = account.dialect();
    let Dialect { fields, nouns, hints, .. } = dialect;
    let behind = |text: &str, comment: &str| format!("{text}\n  # {comment}");
    let value = |name: &str| match name {
        "account" => nouns.account.to_owned(),
        "deal" => nouns.deal.to_owned(),
        "id" => comment(&account.account.account),
        "field_name" => hints.field_name.to_owned(),
        "crm" => dialect.id.to_owned(),
        "time_zone" => time_zone(account),
        "applies_to" => applies_to(account),
        "sections" => sections(targets, missing, dialect) + &suggestions(targets, dialect),
        "roles" => roles(account),
        "currency" => {
            account.currency.as_deref().map_or_else(String::new, |code| format!(" ({})", comment(code)))
        }
        "amount" => fields.amount.to_owned(),
        "tier" => targets.tier.as_ref().map_or_else(String::new, |(field, values)| {
            let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
            format!("    - {{field: company.{}, in: [{}]}}\n", field.name, values.join(", "))
        }),
        "owner" => targets.owner.as_ref().map_or_else(
            || fields.owner.to_owned(),
            |field| format!("{}  # {}", field.name, comment(&field.label)),
        ),
        "fallback" => given.fallback.clone().unwrap_or_else(|| {
            behind(NO_FALLBACK, "Write the address of a person or a team of yours there.")
        }),
        "channel" => given.channel.clone().unwrap_or_else(|| {
            behind(NO_CHANNEL, "No workspace has that channel: write yours, and invite the bot to it.")
        }),
        _ => String::new(),
    };
    let mut parts = TEMPLATE.split("<<");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for (name, text) in parts.filter_map(|part| part.split_once(">>")) {
        out.push_str(&value(name));
        out.push_str(text);
    }
    out
}

fn time_zone(account: &AccountMetadata) -> String {
    let known = account.time_zone.as_deref().filter(|zone| jiff::tz::TimeZone::get(zone).is_ok());
    known.map_or_else(
        || {
            format!(
                "UTC\n# The {} does not say where it is: write your own zone, such as Europe/Berlin.",
                account.dialect().nouns.account
            )
        },
        ToOwned::to_owned,
    )
}

fn applies_to(account: &AccountMetadata) -> String {
    let known = account.pipelines.as_deref().unwrap_or_default();
    let (lost, won): (Vec<_>, Vec<_>) = known.iter().partition(|pipeline| pipeline.can_win == Some(false));
    if won.is_empty() {
        return String::new();
    }
    // Where stages do not belong to one pipeline, no pipeline says which deals can be won.
    if known.iter().all(|pipeline| pipeline.can_win.is_none()) {
        let all: Vec<String> = known.iter().map(|pipeline| quoted(&pipeline.id)).collect();
        return format!(
            "
# Opportunities of every record type get a packet. To take some only, remove the # before the next two lines and the
# record types you do not want.
# applies_to:
#   pipelines: [{}]
",
            all.join(", ")
        );
    }
    let Nouns { account, deal, .. } = &account.dialect().nouns;
    let mut out = format!(
        "
# Deals of these pipelines get a packet: all of the {account} in which a {deal} can be won. Remove a line to leave one out,
# or the whole block to take every pipeline there will ever be.
applies_to:
  pipelines:
"
    );
    for pipeline in won {
        let _ = writeln!(out, "    - {}  # {}", quoted(&pipeline.id), comment(&pipeline.label));
    }
    for pipeline in lost {
        let (id, label) = (comment(&pipeline.id), comment(&pipeline.label));
        let _ = writeln!(out, "    # {id} ({label}) has no won stage");
    }
    out
}

fn roles(account: &AccountMetadata) -> String {
    let dialect = account.dialect();
    let labels = account.labels.as_deref().unwrap_or_default();
    let buying = dialect.fields.buying_role.and_then(|name| account.field(CrmObject::Contact, name));
    let buying = buying.map(|field| field.options.as_slice()).unwrap_or_default();
    let known = |options: &[OptionMetadata]| options.iter().any(|option| role(option).is_some());
    if !known(labels) && !known(buying) {
        return format!(
            "# This {} names none that are well known. Remove the # and write what people are called here.\n# roles:\n#   \
             labels:\n#     Sponsor: sponsor\n",
            dialect.nouns.account
        );
    }
    let mut out = "roles:\n".to_owned();
    if known(labels) {
        let _ = write!(out, "  # {} Capitals make no difference.\n  labels:\n", dialect.hints.labels);
        table(labels, &mut out);
    }
    if known(buying) {
        let _ = write!(
            out,
            "  # The contact's Buying role, for people without such a label. These are {}'s internal values.\n  \
             buying_roles:\n",
            dialect.name
        );
        table(buying, &mut out);
    }
    out
}

fn table(options: &[OptionMetadata], out: &mut String) {
    for option in options {
        let value = quoted(&option.value);
        let _ = match role(option) {
            Some(role) => writeln!(out, "    {value}: {}", role.as_str()),
            None => writeln!(out, "    # {value}: which role?"),
        };
    }
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
