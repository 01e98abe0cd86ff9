//! Associations: putting them in, and the routes that read them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::kind::Kind;
use super::portal::{Link, LinkType, Portal};
use super::refusal::{absent, after, body, invalid, limit, no_route, only_query, page};
use crate::call::{Answer, Call};

impl LinkType {
    /// The type every association between two kinds has.
    pub(super) fn plain(from: Kind, to: Kind) -> Option<Self> {
        let suffix = if to == Kind::Company { "_unlabeled" } else { "" };
        let name = format!("{}_to_{}{suffix}", from.singular(), to.singular());
        Some(Self { user_defined: false, id: from.plain_type(to)?, label: None, name })
    }

    fn primary_company() -> Self {
        let (label, name) = (Some("Primary".to_owned()), "deal_to_company".to_owned());
        Self { user_defined: false, id: 5, label, name }
    }

    pub(super) fn labelled(id: u32, label: &str) -> Self {
        let name = label.to_lowercase().replace(' ', "_");
        Self { user_defined: true, id, label: Some(label.to_owned()), name }
    }

    fn json(&self) -> Value {
        let category = if self.user_defined { "USER_DEFINED" } else { "HUBSPOT_DEFINED" };
        json!({"category": category, "typeId": self.id, "label": self.label})
    }
}

impl Portal {
    /// Associates a contact with a deal; labels that were never defined are left out.
    pub fn link_contact(&mut self, deal: &str, contact: &str, labels: &[&str]) {
        let defined = self.labels.iter().filter(|(_, label)| labels.contains(&label.as_str()));
        let labelled: Vec<LinkType> = defined.map(|(id, label)| LinkType::labelled(*id, label)).collect();
        self.link((Kind::Deal, deal), (Kind::Contact, contact), labelled);
    }

    /// Associates a company with a deal.
    pub fn link_company(&mut self, deal: &str, company: &str, primary: bool) {
        let primary = primary.then(LinkType::primary_company);
        self.link((Kind::Deal, deal), (Kind::Company, company), primary.into_iter().collect());
    }

    /// Associates a line item with a deal.
    pub fn link_line_item(&mut self, deal: &str, line_item: &str) {
        self.link((Kind::Deal, deal), (Kind::LineItem, line_item), Vec::new());
    }

    pub(super) fn link(&mut self, from: (Kind, &str), to: (Kind, &str), labelled: Vec<LinkType>) {
        let types = LinkType::plain(from.0, to.0).into_iter().chain(labelled).collect();
        let (from, to) = ((from.0, from.1.to_owned()), (to.0, to.1.to_owned()));
        self.links.push(Link { from, to, types });
    }

    /// The `associations` of an object read: one entry for each type of each association, no labels.
    pub(super) fn inline_associations(&self, from: Kind, id: &str, to: Kind) -> Option<Value> {
        let entries: Vec<Value> = self
            .links_between(from, id, to)
            .flat_map(|link| link.types.iter().map(|kind| json!({"id": link.to.1, "type": kind.name})))
            .collect();
        (!entries.is_empty()).then(|| json!({"results": entries}))
    }

    /// Ids are numbers here, unlike everywhere else.
    fn association_list(&self, from: Kind, id: &str, to: Kind) -> Vec<Value> {
        let entry = |link: &Link| {
            let types: Vec<Value> = link.types.iter().map(LinkType::json).collect();
            json!({"toObjectId": link.to.1.parse::<u64>().unwrap_or_default(), "associationTypes": types})
        };
        self.links_between(from, id, to).map(entry).collect()
    }
}

/// `GET /crm/objects/{ver}/{from}/{id}/associations/{to}`
pub(super) fn list(portal: &Portal, call: &Call, from: Kind, id: &str, to: &str) -> Result<Answer, Answer> {
    only_query(call, &["limit", "after"])?;
    let to = Kind::from_path(to).ok_or_else(|| invalid(&format!("unknown object type {to:?}")))?;
    if from.plain_type(to).is_none() {
        return Err(invalid(&format!("no association type leads from {} to {}", from.path(), to.path())));
    }
    // After a merge the old id is still known, but nothing hangs on it any more.
    if portal.record(from, id).is_none_or(|record| record.archived) {
        return Err(absent(&format!("no {} with id {id}", from.singular())));
    }
    let items = portal.association_list(from, id, to);
    Ok(Answer::json(200, &page(&items, after(call)?, limit(call, 500, 500)?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchRead {
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    id: String,
}

/// `/crm/associations/{ver}/{from}/{to}/…`
pub(super) fn route(
    portal: &Portal,
    call: &Call,
    from: &str,
    to: &str,
    rest: &[&str],
) -> Result<Answer, Answer> {
    let (Some(from), Some(to)) = (Kind::from_path(from), Kind::from_path(to)) else {
        return Err(no_route(call));
    };
    let Some(plain) = LinkType::plain(from, to) else {
        return Err(invalid(&format!("no association type leads from {} to {}", from.path(), to.path())));
    };
    only_query(call, &[])?;
    match (call.method.as_str(), rest) {
        ("GET", ["labels"]) => {
            let mut types = vec![plain];
            if (from, to) == (Kind::Deal, Kind::Company) {
                types.push(LinkType::primary_company());
            }
            if (from, to) == (Kind::Deal, Kind::Contact) {
                types.extend(portal.labels.iter().map(|(id, label)| LinkType::labelled(*id, label)));
            }
            let types: Vec<Value> = types.iter().map(LinkType::json).collect();
            Ok(Answer::json(200, &json!({"results": types})))
        }
        ("POST", ["batch", "read"]) => {
            let BatchRead { inputs } = body(call)?;
            if inputs.is_empty() || inputs.len() > 1000 {
                return Err(invalid("inputs must hold 1 to 1000 ids"));
            }
            Ok(batch(portal, from, to, &inputs))
        }
        _ => Err(no_route(call)),
    }
}

fn batch(portal: &Portal, from: Kind, to: Kind, inputs: &[Input]) -> Answer {
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for Input { id } in inputs.iter().rev() {
        let list = portal.association_list(from, id, to);
        if list.is_empty() {
            errors.push(json!({
                "status": "error", "category": "OBJECT_NOT_FOUND",
                "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                "message": format!("No {} is associated with {} {id}.", to.singular(), from.singular()),
                "context": {"fromObjectId": [id]},
            }));
        } else {
            results.push(json!({"from": {"id": id}, "to": list}));
        }
    }
    let status = if errors.is_empty() { 200 } else { 207 };
    let mut answer = json!({"status": "COMPLETE", "results": results});
    if let Some(answer) = answer.as_object_mut()
        && !errors.is_empty()
    {
        answer.insert("numErrors".to_owned(), json!(errors.len()));
        answer.insert("errors".to_owned(), json!(errors));
    }
    Answer::json(status, &answer)
}
