//! One stored value, read as the type of its field: text, yes or no, a day, or the labels of a pick list.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::field::spoken;
use super::{DealRecord, FieldInfo, FieldKind, FieldPath, User};
use crate::text::case;
use crate::text::clean::{clean, clean_html, clean_line};
use crate::text::decimal::{digits, trimmed};
use crate::text::money::money;

/// What a stored value says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Clean text; a number, an amount with its currency, or a name.
    Text(String),
    Bool(bool),
    /// A day in the account's time zone.
    Day(Date),
    /// What people see of a pick list's values.
    Choices(Vec<String>),
}

impl DealRecord {
    /// What one value of a field says.
    pub fn value(&self, path: &FieldPath, raw: &str, zone: &TimeZone) -> Value {
        let (info, trimmed_raw) = (self.info(path), raw.trim());
        Value::Text(match self.kind_with(info, path) {
            None | Some(FieldKind::Text) => clean(raw),
            Some(FieldKind::Html) => clean_html(raw),
            Some(FieldKind::Number) if digits(raw).is_some() => trimmed(raw).into_owned(),
            Some(FieldKind::Money) if digits(raw).is_some() => money(raw, self.currency().as_deref()),
            Some(FieldKind::Number | FieldKind::Money) => clean_line(raw),
            Some(FieldKind::Bool) => match trimmed_raw.to_lowercase().as_str() {
                switch if let Some(own) = own_words(switch, info) => own,
                "true" => return Value::Bool(true),
                "false" => return Value::Bool(false),
                _ => clean_line(raw),
            },
            Some(FieldKind::Date | FieldKind::DateTime) => match self.day(path, raw, zone) {
                Some(day) => return Value::Day(day),
                None => clean_line(raw),
            },
            Some(FieldKind::Choice) => label(raw, info),
            Some(FieldKind::Choices) => {
                return Value::Choices(parts(raw).map(|part| label(part, info)).collect());
            }
            Some(FieldKind::User) => {
                let name = |id| clean_line(self.user(id).and_then(User::name).as_deref().unwrap_or(id));
                parts(raw).map(name).collect::<Vec<_>>().join(", ")
            }
        })
    }
}

/// What an admin calls a position of a switch, if that is more than yes or no: `Signed`.
fn own_words(switch: &str, info: Option<&FieldInfo>) -> Option<String> {
    let own = clean_line(info?.options.get(switch)?);
    let plain = ["yes", "no", "true", "false", ""];
    (!plain.contains(&own.to_lowercase().as_str())).then_some(own)
}

/// What people see for a stored value: its label in a pick list, else the value. The internal name of an option that
/// the metadata does not know is shown as words.
pub fn label(value: &str, info: Option<&FieldInfo>) -> String {
    let value = value.trim();
    let label = info.and_then(|info| {
        let same = |stored: &&String| case::is_same(stored, value);
        info.options
            .get(value)
            .or_else(|| info.options.iter().find(|(stored, _)| same(stored)).map(|(_, l)| l))
    });
    let value = clean_line(label.map_or(value, |label| label));
    let is_choice = info.is_some_and(|info| matches!(info.kind, FieldKind::Choice | FieldKind::Choices));
    let is_internal =
        value.contains('_') && value.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    if label.is_none() && is_choice && is_internal { spoken(&value) } else { value }
}

/// The parts of a stored value: several for a multiple choice, which HubSpot may begin with a `;`.
pub fn parts(value: &str) -> impl Iterator<Item = &str> {
    value.split(';').map(str::trim).filter(|part| !part.is_empty())
}

/// What people see for the part of `value` that is one of `wanted`, by stored value or by label.
pub fn find(value: &str, wanted: &[String], info: Option<&FieldInfo>) -> Option<String> {
    let is_wanted = |candidate: &str| wanted.iter().any(|one| case::is_same(one.trim(), candidate));
    let may_be_list = info.is_none_or(|info| info.kind == FieldKind::Choices);
    let whole = Some(value.trim()).into_iter();
    let candidates = whole.chain(parts(value).filter(|_| may_be_list));
    candidates
        .map(|part| (part, label(part, info)))
        .find_map(|(part, shown)| (is_wanted(part) || is_wanted(&shown)).then_some(shown))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::sample;

    fn info(kind: FieldKind) -> FieldInfo {
        let options = [("migration", "Data migration"), ("t_ent", "Enterprise")];
        let options = options.map(|(value, label)| (value.to_owned(), label.to_owned())).into();
        FieldInfo { kind, label: String::new(), options }
    }

    #[test]
    fn an_option_unknown_to_the_metadata_is_shown_as_words() {
        for (value, shown) in [
            ("t_ent", "Enterprise"),
            (" T_ENT ", "Enterprise"),
            ("filialleiter_urlaub", "Filialleiter urlaub"),
            ("SSO_late", "SSO late"),
            ("new_business_2026", "New business 2026"),
            ("no-show", "no-show"),
            ("Already words", "Already words"),
            ("half_way there", "half_way there"),
            ("SMB", "SMB"),
            ("__", "__"),
        ] {
            assert_eq!(label(value, Some(&info(FieldKind::Choice))), shown);
        }
        assert_eq!(label("snake_case", None), "snake_case");
        assert_eq!(label("snake_case", Some(&info(FieldKind::Text))), "snake_case");
    }

    #[test]
    fn a_switch_is_read_as_its_admin_calls_its_positions() {
        let record = |yes: &str| {
            sample::record(&format!(
                r#"{{"crm":"hubspot","account":1,"deal":{{"id":7}},"fields":{{"deal.dpa":
                    {{"kind":"bool","label":"DPA","options":{{"true":"{yes}","false":"No"}}}}}}}}"#
            ))
        };
        let value = |record: &DealRecord, raw| record.value(&FieldPath::deal("dpa"), raw, &TimeZone::UTC);
        let signed = record("Signed");
        assert_eq!(value(&signed, "true"), Value::Text("Signed".to_owned()));
        assert_eq!(value(&signed, "False"), Value::Bool(false));
        assert_eq!(value(&record("Yes"), "true"), Value::Bool(true));
    }

    #[test]
    fn only_a_multiple_choice_has_parts() {
        let wanted = ["data MIGRATION".to_owned()];
        let list = ";t_ent; migration";
        assert_eq!(find(list, &wanted, Some(&info(FieldKind::Choices))).as_deref(), Some("Data migration"));
        assert_eq!(find(list, &wanted, Some(&info(FieldKind::Text))), None);
        assert_eq!(find("a;Data migration", &wanted, None).as_deref(), Some("Data migration"));
        assert_eq!(parts(";a;; b ;").collect::<Vec<_>>(), ["a", "b"]);
    }
}
