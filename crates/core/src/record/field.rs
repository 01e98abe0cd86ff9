//! Reads a field of the deal record: what it holds, that it is empty, or why it cannot be read.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{DealRecord, FieldInfo, FieldKind, FieldObject, FieldPath, Object, User};
use crate::dates::stored::{self, StoredAs};
use crate::text::clean::{clean_line, is_blank};

/// What a field of the record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading<'a> {
    /// Its values, as the CRM wrote them: one, or for line items one each. Never empty, never blank.
    Values(Vec<&'a str>),
    /// The CRM has nothing there.
    Empty,
    /// There may be something, but it cannot be read.
    Hidden(Hidden),
}

/// Why a field cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    /// The CRM sent the word `REDACTED` in place of a sensitive value.
    Redacted,
    /// The CRM does not know the field, or hides it from our user.
    NotSupplied,
}

impl<'a> Reading<'a> {
    /// The values, or none.
    pub fn values(self) -> Vec<&'a str> {
        match self {
            Self::Values(values) => values,
            Self::Empty | Self::Hidden(_) => Vec::new(),
        }
    }
}

impl DealRecord {
    pub fn read(&self, path: &FieldPath) -> Reading<'_> {
        let mut values = self.filled(path);
        let is_filled = !values.is_empty();
        values.retain(|value| !is_redacted(value));
        if !values.is_empty() {
            Reading::Values(values)
        } else if is_filled {
            Reading::Hidden(Hidden::Redacted)
        } else if self.unavailable.iter().any(|unavailable| *unavailable == path.written()) {
            Reading::Hidden(Hidden::NotSupplied)
        } else {
            Reading::Empty
        }
    }

    fn filled(&self, path: &FieldPath) -> Vec<&str> {
        let property = |object| property(object, &path.name);
        match path.object {
            FieldObject::Deal => property(&self.deal).into_iter().collect(),
            FieldObject::Company => self.company.iter().filter_map(property).collect(),
            FieldObject::Owner => self.owner.iter().filter_map(|owner| property(&owner.0)).collect(),
            FieldObject::LineItems => self.line_items.iter().filter_map(property).collect(),
        }
    }

    /// Whether the record says anything about a field: a saved one may be older than the mapping that reads it.
    pub fn holds(&self, path: &FieldPath) -> bool {
        let named = |object: &Object| {
            let way = path.name.split('.').next().unwrap_or_default();
            let names = &object.properties;
            matches!(way, "id" | "Id") || names.contains_key(&path.name) || names.contains_key(way)
        };
        let written = path.written();
        self.fields.contains_key(&written)
            || self.unavailable.contains(&written)
            || match path.object {
                FieldObject::Deal => named(&self.deal),
                FieldObject::Company => self.company.as_ref().is_none_or(named),
                FieldObject::Owner => self.owner.as_ref().is_none_or(|owner| named(&owner.0)),
                FieldObject::LineItems => self.line_items.is_empty() || self.line_items.iter().any(named),
            }
    }

    /// What the CRM's metadata says about a field, if it was fetched.
    pub fn info(&self, path: &FieldPath) -> Option<&FieldInfo> {
        self.fields.get(&path.written())
    }

    /// How a field's value is read: as the metadata says, else as what it is in every account.
    pub fn kind(&self, path: &FieldPath) -> Option<FieldKind> {
        self.kind_with(self.info(path), path)
    }

    /// The same of a field whose metadata is at hand.
    pub(super) fn kind_with(&self, info: Option<&FieldInfo>, path: &FieldPath) -> Option<FieldKind> {
        info.map(|info| info.kind).or_else(|| self.crm.dialect().standard_kind(path))
    }

    /// What people call a field; without metadata, its name as far as it can be read.
    pub fn label(&self, path: &FieldPath) -> String {
        let label = self.info(path).map(|info| clean_line(&info.label));
        label.filter(|label| !label.is_empty()).unwrap_or_else(|| self.standard_label(path))
    }

    fn standard_label(&self, path: &FieldPath) -> String {
        let (name, dialect) = (clean_line(path.short_name()), self.crm.dialect());
        let known = dialect.fields.labels.iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
        let own = dialect.naming.reserved_prefix.and_then(|prefix| name.strip_prefix(prefix));
        known.map_or_else(|| spoken(own.unwrap_or(&name)), |(_, label)| (*label).to_owned())
    }

    /// A field's value as a day in `zone`.
    pub fn day(&self, path: &FieldPath, value: &str, zone: &TimeZone) -> Option<Date> {
        let stored_as = match self.kind(path) {
            Some(FieldKind::Date) => StoredAs::Day,
            None => StoredAs::Unknown,
            Some(_) => StoredAs::Instant,
        };
        stored::day(value, stored_as, zone)
    }

    /// The day the deal was closed, in `zone`: 23:30 UTC on the 31st is the 1st in Berlin.
    pub fn close_date(&self, zone: &TimeZone) -> Option<Date> {
        let mut fields = self.crm.dialect().fields.close_dates.iter().map(|name| FieldPath::deal(name));
        fields.find_map(|path| self.day(&path, self.deal.get(&path.name)?, zone))
    }

    /// The deal's currency code, if the CRM has one.
    pub fn currency(&self) -> Option<String> {
        self.deal_line(self.crm.dialect().fields.currency)
    }

    /// A value of the deal as one clean line, if it holds something that we may see.
    pub fn deal_line(&self, name: &str) -> Option<String> {
        let value = self.deal.get(name).filter(|value| !is_redacted(value))?;
        Some(clean_line(value)).filter(|line| !line.is_empty())
    }

    /// The company's name as one clean line, if it holds something to read.
    pub fn company_name(&self) -> Option<String> {
        Some(clean_line(self.company.as_ref()?.first_of(&["name", "Name"])?)).filter(|name| !name.is_empty())
    }

    /// A CRM user that the record knows, by id.
    pub fn user(&self, id: &str) -> Option<&User> {
        let named = self.users.get(id).or_else(|| self.users.values().find(|user| user.id() == id));
        named.or_else(|| self.owner.as_ref().filter(|owner| owner.id() == id)).filter(|_| !id.is_empty())
    }
}

/// Whether a value is the word that HubSpot puts in place of a sensitive value we may not see.
pub fn is_redacted(value: &str) -> bool {
    value.trim() == "REDACTED"
}

fn property<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    let id = || matches!(name, "id" | "Id").then_some(object.id.as_str());
    object.get(name).or_else(id).filter(|value| !is_blank(value))
}

/// `customer_tier` is "Customer tier", `Handoff_Why_Now__c` is "Handoff Why Now", `PushCount` is "Push Count".
pub(crate) fn spoken(stored: &str) -> String {
    let name = stored.strip_suffix("__c").or_else(|| stored.strip_suffix("__r")).unwrap_or(stored);
    let mut spoken = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        let inside_word = spoken.ends_with(char::is_lowercase);
        if letter == '_' {
            spoken.push(' ');
            continue;
        }
        if letter.is_uppercase() && inside_word {
            spoken.push(' ');
        }
        if spoken.is_empty() { spoken.extend(letter.to_uppercase()) } else { spoken.push(letter) }
    }
    let spoken = spoken.trim();
    if spoken.is_empty() { stored } else { spoken }.to_owned()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::mapping::sample;

    fn path(object: FieldObject, name: &str) -> FieldPath {
        FieldPath { object, name: name.to_owned() }
    }

    #[test]
    fn every_object_of_the_record_can_be_read() {
        let record = sample::record(
            r#"{"crm":"hubspot","account":1,"deal":{"id":7,"properties":{"a":"x","b.c":"dotted"}},
                "company":{"id":"8","tier":"Gold"},"owner":{"id":"9","email":"a@b.example"},
                "line_items":[{"id":"1","name":"Seats"},{"id":"2","name":""},{"id":"3","name":"Support"}]}"#,
        );
        let read = |object, name| record.read(&path(object, name)).values().join(" | ");
        assert_eq!(read(FieldObject::Deal, "a"), "x");
        assert_eq!(read(FieldObject::Deal, "b.c"), "dotted");
        assert_eq!(read(FieldObject::Deal, "id"), "7");
        assert_eq!(read(FieldObject::Company, "tier"), "Gold");
        assert_eq!(read(FieldObject::Owner, "email"), "a@b.example");
        assert_eq!(read(FieldObject::LineItems, "name"), "Seats | Support");
    }

    #[test]
    fn nothing_and_hidden_are_told_apart() {
        let record = sample::record(
            r#"{"crm":"hubspot","account":1,"unavailable":["deal.gone"],
                "deal":{"id":7,"empty":"","nul":null,"tags":"<p>&nbsp;</p>","secret":" REDACTED "}}"#,
        );
        let read = |name| record.read(&FieldPath::deal(name));
        for name in ["empty", "nul", "tags", "never_heard_of"] {
            assert_eq!(read(name), Reading::Empty, "{name}");
        }
        assert_eq!(read("secret"), Reading::Hidden(Hidden::Redacted));
        assert_eq!(read("gone"), Reading::Hidden(Hidden::NotSupplied));
        assert_eq!(
            record.read(&path(FieldObject::Company, "tier")),
            Reading::Empty,
            "a deal without a company"
        );
    }

    #[test]
    fn what_a_record_never_held_is_told_from_what_is_empty() {
        let record = sample::record(
            r#"{"crm":"salesforce","account":"00D","unavailable":["deal.hidden"],"fields":{"deal.known":{"kind":"text"}},
                "deal":{"Id":"006","empty":"","nul":null,"Csm__r":null},"company":{"Id":"001","Name":"Acme"},
                "line_items":[{"Id":"00k","Quantity":1.0}]}"#,
        );
        for held in [
            "deal.empty",
            "deal.nul",
            "deal.hidden",
            "deal.known",
            "deal.Id",
            "deal.Csm__r.Name",
            "company.Name",
            "line_items.Quantity",
            "owner.Email",
        ] {
            assert!(record.holds(&held.parse().unwrap()), "{held}");
        }
        for absent in ["deal.new", "deal.Other__r.Name", "company.Industry", "line_items.Name"] {
            assert!(!record.holds(&absent.parse().unwrap()), "{absent}");
        }
    }

    #[test]
    fn a_company_is_called_by_its_name_as_people_read_it() {
        for (name, read) in [
            ("M&#252;ller &amp; Co", Some("Müller & Co")),
            ("O&apos;Brien &quot;Sons&quot;", Some("O'Brien \"Sons\"")),
            ("Caf&eacute; Noir&nbsp;SA", Some("Café Noir SA")),
            ("A&#x26;B &lt;Holding&gt;", Some("A&B <Holding>")),
            ("<b>Acme</b>", Some("Acme")),
            ("R&D Labs", Some("R&D Labs")),
            ("&nbsp;", None),
        ] {
            let record = format!(
                r#"{{"crm":"hubspot","account":1,"deal":{{}},"company":{{"id":8,"name":{name:?}}}}}"#
            );
            assert_eq!(sample::record(&record).company_name().as_deref(), read, "{name}");
        }
    }

    #[test]
    fn a_field_without_label_is_called_by_its_name() {
        for (name, called) in [
            ("customer_tier", "Customer tier"),
            ("amount", "Amount"),
            ("Handoff_Why_Now__c", "Handoff Why Now"),
            ("PushCount", "Push Count"),
            ("hs_acv", "Hs acv"),
            ("__", "__"),
            ("ARR", "ARR"),
            ("", ""),
        ] {
            assert_eq!(spoken(name), called);
        }
    }

    #[test]
    fn a_close_date_at_midnight_utc_is_still_an_instant() {
        let deal = r#"{"crm":"hubspot","account":1,"deal":{"id":7,"closedate":"1796947200000"}}"#;
        let new_york = TimeZone::get("America/New_York").unwrap();
        assert_eq!(sample::record(deal).close_date(&new_york), Some(date(2026, 12, 10)));
    }

    #[test]
    fn the_day_a_deal_was_won_stands_in_for_its_close_date() {
        let deal =
            r#"{"crm":"hubspot","account":1,"deal":{"id":7,"hs_closed_won_date":"2026-11-20T23:30:00Z"}}"#;
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(sample::record(deal).close_date(&berlin), Some(date(2026, 11, 21)));
    }
}
