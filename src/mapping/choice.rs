//! Pick lists: what is stored, and what people see.

use crate::record::{FieldInfo, FieldKind};

use crate::text::clean::clean_line;

/// What people see for a stored value: its label in a pick list, else the value.
pub(super) fn label(value: &str, info: Option<&FieldInfo>) -> String {
    let value = value.trim();
    let label = info.and_then(|info| {
        let same = |stored: &&String| stored.to_lowercase() == value.to_lowercase();
        info.options
            .get(value)
            .or_else(|| info.options.iter().find(|(stored, _)| same(stored)).map(|(_, l)| l))
    });
    clean_line(label.map_or(value, |label| label))
}

/// The parts of a stored value: several for a multiple choice, which HubSpot may begin with a `;`.
pub(super) fn parts(value: &str) -> impl Iterator<Item = &str> {
    value.split(';').map(str::trim).filter(|part| !part.is_empty())
}

/// What people see for the part of `value` that is one of `wanted`, by stored value or by label.
pub(super) fn find(value: &str, wanted: &[String], info: Option<&FieldInfo>) -> Option<String> {
    let is_wanted =
        |candidate: &str| wanted.iter().any(|one| one.trim().to_lowercase() == candidate.to_lowercase());
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

    fn info(kind: FieldKind) -> FieldInfo {
        let options = [("migration", "Data migration"), ("t_ent", "Enterprise")];
        let options = options.map(|(value, label)| (value.to_owned(), label.to_owned())).into();
        FieldInfo { kind, label: String::new(), options }
    }

    #[test]
    fn a_value_unknown_to_the_metadata_is_shown_as_it_is() {
        let info = info(FieldKind::Choice);
        for (value, shown) in [("t_ent", "Enterprise"), (" T_ENT ", "Enterprise"), ("brand_new", "brand_new")]
        {
            assert_eq!(label(value, Some(&info)), shown);
        }
        assert_eq!(label("t_ent", None), "t_ent");
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
