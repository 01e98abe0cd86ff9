//! What a person changed in the form of a deal.

use super::deal::{DealSheet, Shape};
use super::form::Form;

/// The difference between a submitted form and the deal.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Edit {
    fields: Vec<(String, String)>,
    /// People whose roles changed.
    pub(super) roles: Vec<(String, Vec<String>)>,
    /// People who are taken off the deal.
    pub(super) gone: Vec<String>,
    pub(super) new: Option<NewPerson>,
}

/// A person who is added to a deal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NewPerson {
    /// First and last name.
    pub(super) name: (String, String),
    pub(super) title: String,
    /// Empty for none.
    pub(super) role: String,
}

impl Edit {
    /// Compares a form with the deal. A field that the form does not have was cleared: a checkbox that is not checked is
    /// not sent.
    pub(super) fn read(form: &Form, deal: &DealSheet) -> Self {
        let text = |name: &str| form.get(name).map(str::trim).unwrap_or_default().to_owned();
        let fields = deal.fields.iter().filter_map(|field| {
            let name = format!("field.{}", field.name);
            let value = match &field.shape {
                Shape::Choices(_) => form.all(&name).collect::<Vec<_>>().join(";"),
                _ => form.get(&name)?.to_owned(),
            };
            (value != field.value).then(|| (field.name.clone(), value))
        });
        let mut edit = Self { fields: fields.collect(), ..Self::default() };
        for person in &deal.people {
            match form.get(&format!("role.{}", person.id)) {
                None => {}
                Some("-") => edit.gone.push(person.id.clone()),
                Some(roles) if roles == person.roles.join(";") => {}
                Some(roles) => {
                    let roles = roles.split(';').filter(|role| !role.is_empty());
                    edit.roles.push((person.id.clone(), roles.map(ToOwned::to_owned).collect()));
                }
            }
        }
        let name = (text("new.first"), text("new.last"));
        if !name.1.is_empty() {
            edit.new = Some(NewPerson { name, title: text("new.title"), role: text("new.role") });
        }
        edit
    }

    /// An edit of these fields.
    pub(super) fn of_fields(fields: Vec<(String, String)>) -> Self {
        Self { fields, ..Self::default() }
    }

    /// Names and new values of the fields.
    pub(super) fn values(&self) -> Vec<(&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}
