//! The people on the customer's side and their roles. Roles come from structure, never from prose.

use std::collections::BTreeMap;

use crate::messages;
use crate::packet::{Answer, AnsweredRole, Given, Person, Role, RoleSource, Topic};
use crate::record::{Contact, DealRecord, is_redacted};
use crate::text::case;
use crate::text::clean::{clean_line, is_blank};

use super::{Mapping, RoleMapping};

/// Addresses that are shown of one person.
const MOST_EMAILS: usize = 3;

/// Everybody the record names, once, without our own colleagues: by first role, then by name; people
/// without a recorded role come last. Answers add roles, and people who are not in the CRM.
pub fn people(mapping: &Mapping, record: &DealRecord, answers: &[Answer]) -> Vec<Person> {
    let mut people: Vec<Person> = merged(&record.contacts)
        .into_iter()
        .filter(|contacts| !contacts.iter().any(|contact| is_colleague(mapping, record, contact)))
        .filter_map(|contacts| {
            let mut person = person(&mapping.roles, &contacts)?;
            for answer in answers {
                if matches!(&answer.given, Given::Contact(id) if contacts.iter().any(|one| one.object.id == *id)) {
                    give_role(&mut person, answer);
                }
            }
            Some(person)
        })
        .collect();
    for answer in answers {
        let is_on_the_deal = |id: &String| record.contacts.iter().any(|one| one.object.id == *id);
        let name = match &answer.given {
            Given::Person(name) => Some(name),
            Given::Contact(id) if !is_on_the_deal(id) => answer.name.as_ref(),
            _ => None,
        };
        let Some(name) = name.map(|name| clean_line(name)) else { continue };
        let known = people.iter().position(|person| case::is_same(&person.name, &name));
        let known = known.unwrap_or_else(|| {
            people.push(Person { name, source: RoleSource::Answer, ..Person::default() });
            people.len() - 1
        });
        people.get_mut(known).into_iter().for_each(|person| give_role(person, answer));
    }
    people.sort_by_cached_key(|person| {
        (person.roles.is_empty(), person.roles.first().copied(), person.name.to_lowercase())
    });
    people
}

/// The contacts that may be named in an answer: the CRM's id, and the name with the job title.
pub fn choices(mapping: &Mapping, record: &DealRecord) -> Vec<(String, String)> {
    let choice = |contacts: Vec<&Contact>| {
        let id =
            contacts.iter().map(|contact| contact.object.id.trim()).find(|id| !id.is_empty())?.to_owned();
        let person = person(&mapping.roles, &contacts)?;
        Some((id, messages::packet::person(&person.name, person.title.as_deref(), "")))
    };
    let customers = merged(record.contacts.iter().chain(&record.others)).into_iter();
    customers
        .filter(|contacts| !contacts.iter().any(|contact| is_colleague(mapping, record, contact)))
        .filter_map(choice)
        .collect()
}

fn give_role(person: &mut Person, answer: &Answer) {
    let Topic::Role(role) = answer.topic else { return };
    if !person.roles.contains(&role) {
        person.roles.push(role);
        person.roles.sort_unstable();
        person.answered.push(AnsweredRole { role, by: answer.by() });
    }
}

/// Contacts of the same person: one address in common without case (plus-tags kept apart), or the same id,
/// as Salesforce repeats a contact for each of its roles. Two people may share a name: without an address
/// in common, a personal and a company mailbox stay two people.
fn merged<'c>(contacts: impl IntoIterator<Item = &'c Contact>) -> Vec<Vec<&'c Contact>> {
    let mut groups: Vec<Vec<&Contact>> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for contact in contacts {
        let id = Some(contact.object.id.trim()).filter(|id| !id.is_empty()).map(|id| format!("id:{id}"));
        let addresses = addresses(contact).map(|address| format!("mail:{}", address.to_lowercase()));
        let keys: Vec<String> = addresses.chain(id).collect();
        let place = keys.iter().find_map(|key| places.get(key).copied()).unwrap_or(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(contact),
            None => groups.push(vec![contact]),
        }
        for key in keys {
            places.entry(key).or_insert(place);
        }
    }
    groups
}

/// One person, from all of their contacts. Labels describe this deal and win over buying roles, which
/// belong to the contact and may be about another deal.
fn person(mapping: &RoleMapping, contacts: &[&Contact]) -> Option<Person> {
    let first = |read: fn(&Contact) -> Option<String>| {
        contacts.iter().find_map(|contact| read(contact).and_then(|text| readable(&text)))
    };
    let labels = contacts.iter().flat_map(|contact| contact.labels.iter().map(String::as_str));
    let by_label = roles(&mapping.labels, labels);
    let buying = contacts.iter().filter_map(|contact| contact.object.get("hs_buying_role"));
    let by_buying_role = roles(&mapping.buying_roles, buying.flat_map(|value| value.split(';')));
    let (roles, source) = if !by_label.is_empty() {
        (by_label, RoleSource::Label)
    } else if !by_buying_role.is_empty() {
        (by_buying_role, RoleSource::BuyingRole)
    } else {
        (Vec::new(), RoleSource::Unknown)
    };
    let mut emails = emails(contacts).into_iter();
    let email = emails.next();
    let name = first(Contact::name).or_else(|| email.clone()).or_else(|| {
        let id = contacts.iter().find_map(|contact| readable(&contact.object.id))?;
        Some(messages::value::contact_without_name(&id))
    });
    let title = first(|contact| contact.title().map(ToOwned::to_owned));
    let other_emails = emails.collect();
    Some(Person { name: name?, title, email, other_emails, roles, source, answered: Vec::new() })
}

/// Every address of a person once, as it was first written.
fn emails(contacts: &[&Contact]) -> Vec<String> {
    let mut emails: Vec<String> = Vec::new();
    for address in contacts.iter().flat_map(|contact| addresses(contact)).filter_map(readable) {
        if emails.iter().all(|earlier| !case::is_same(earlier, &address)) {
            emails.push(address);
        }
    }
    emails.truncate(MOST_EMAILS);
    emails
}

fn roles<'a>(mapping: &BTreeMap<String, Role>, names: impl Iterator<Item = &'a str>) -> Vec<Role> {
    let role = |name: &str| {
        mapping
            .iter()
            .find(|(spelling, _)| case::is_same(spelling.trim(), name.trim()))
            .map(|(_, role)| *role)
    };
    let mut roles: Vec<Role> = names.filter_map(role).collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// A person of one of our own domains (or below it), or one who is a user of the CRM.
fn is_colleague(mapping: &Mapping, record: &DealRecord, contact: &Contact) -> bool {
    addresses(contact).any(|address| is_user(record, address) || is_of_our_domains(mapping, address))
}

fn is_user(record: &DealRecord, address: &str) -> bool {
    let users = record.users.values().chain(&record.owner);
    users.filter_map(|user| user.email()).any(|colleague| case::is_same(colleague.trim(), address))
}

fn is_of_our_domains(mapping: &Mapping, address: &str) -> bool {
    let Some((_, domain)) = address.rsplit_once('@') else { return false };
    let domain = domain.to_lowercase();
    mapping.colleagues.iter().any(|ours| {
        let ours = ours.trim().trim_start_matches('@').to_lowercase();
        let below = domain.strip_suffix(ours.as_str());
        !ours.is_empty() && below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
    })
}

/// The addresses of a contact, the main one first. HubSpot keeps further ones beside it.
fn addresses(contact: &Contact) -> impl Iterator<Item = &str> {
    let further = contact.object.get("hs_additional_emails").into_iter().flat_map(|value| value.split(';'));
    let addresses = contact.email().into_iter().chain(further).map(str::trim);
    addresses.filter(|address| !address.is_empty() && !is_redacted(address))
}

fn readable(text: &str) -> Option<String> {
    let is_hidden = !text.trim().is_empty() && text.split_whitespace().all(is_redacted);
    Some(text).filter(|text| !is_blank(text) && !is_hidden).map(clean_line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::sample;

    fn shown(contacts: &str) -> Vec<String> {
        let record = sample::record(&format!(
            r#"{{"crm":"hubspot","account":1,"deal":{{"id":7}},"contacts":[{contacts}],
                "owner":{{"id":"12","email":"Tom@freelance.example"}}}}"#
        ));
        let person = |person: Person| {
            let roles: Vec<&str> = person.roles.iter().map(|role| role.as_str()).collect();
            format!("{} [{}] {}", person.name, roles.join(" "), person.source.as_str())
        };
        people(&sample::mapping(), &record, &[]).into_iter().map(person).collect()
    }

    #[test]
    fn labels_win_over_buying_roles_and_those_over_nothing() {
        assert_eq!(
            shown(
                r#"{"id":1,"firstname":"Zoe","email":"zoe@acme.example"},
                   {"id":2,"firstname":"Ben","email":"ben@acme.example","hs_buying_role":";END_USER;BLOCKER;OTHER"},
                   {"id":3,"firstname":"Sarah","email":"sarah@acme.example","hs_buying_role":"BLOCKER",
                    "labels":["decision MAKER","Billing"]},
                   {"id":4,"firstname":"Amy","email":"amy@acme.example","labels":["Billing"],"hs_buying_role":"champion"}"#
            ),
            [
                "Amy [sponsor] contacts.hs_buying_role",
                "Sarah [sponsor] contacts.label",
                "Ben [operator blocker] contacts.hs_buying_role",
                "Zoe [] contacts",
            ]
        );
    }

    #[test]
    fn one_person_is_one_address_whatever_its_case() {
        assert_eq!(
            shown(
                r#"{"id":1,"email":"Sarah@Acme.example","labels":["Evaluator"]},
                   {"id":2,"firstname":"Sarah","lastname":"Lind","email":"sarah@acme.example ","labels":["Sponsor"]},
                   {"id":3,"firstname":"Sarah","lastname":"Tag","email":"sarah+crm@acme.example"},
                   {"id":4,"firstname":"Sarah","lastname":"Home","email":"sarah@home.example"}"#
            ),
            [
                "Sarah Lind [sponsor evaluator] contacts.label",
                "Sarah Home [] contacts",
                "Sarah Tag [] contacts",
            ]
        );
    }

    #[test]
    fn several_addresses_of_one_person_are_all_shown() {
        let record = sample::record(
            r#"{"crm":"hubspot","account":1,"deal":{"id":7},"contacts":[
                {"id":1,"firstname":"Sarah","email":"sarah@acme.example","hs_additional_emails":"S.Lind@home.example; SARAH@acme.example"},
                {"id":2,"firstname":"Sarah","lastname":"Lind","email":"s.lind@home.example","labels":["Sponsor"]},
                {"id":3,"firstname":"Sarah","lastname":"Lind","email":"other@home.example"}]}"#,
        );
        let people = people(&sample::mapping(), &record, &[]);
        let addresses: Vec<String> = people
            .iter()
            .map(|person| [person.email.as_slice(), &person.other_emails].concat().join(" "))
            .collect();
        assert_eq!(addresses, ["sarah@acme.example S.Lind@home.example", "other@home.example"]);
    }

    #[test]
    fn a_contact_repeated_for_each_role_is_one_person() {
        assert_eq!(
            shown(
                r#"{"id":"003A","Name":"Sarah Lind","labels":["Sponsor"]},{"id":"003A","Name":"Sarah Lind","labels":["Evaluator"]},
                   {"id":"003B","Name":"Sarah Lind"}"#
            ),
            ["Sarah Lind [sponsor evaluator] contacts.label", "Sarah Lind [] contacts"]
        );
    }

    #[test]
    fn colleagues_are_not_customers() {
        assert_eq!(
            shown(
                r#"{"id":1,"email":"se@SELLER.example","labels":["Sponsor"]},{"id":2,"email":"x@eu.seller.example"},
                   {"id":3,"email":"tom@freelance.example"},
                   {"id":4,"email":"x@bestseller.example"},{"id":5,"email":"ann@freelance.example"}"#
            ),
            ["ann@freelance.example [] contacts", "x@bestseller.example [] contacts"]
        );
    }

    #[test]
    fn somebody_without_a_name_is_called_by_address_or_id() {
        assert_eq!(
            shown(
                r#"{"id":1,"firstname":"  ","email":"ops@acme.example"},{"id":2,"labels":["Sponsor"]},{"email":""},
                   {"id":3,"firstname":"REDACTED","lastname":"REDACTED","email":"REDACTED"},{"id":4,"firstname":"A&amp;B\u202e","lastname":"<b>C</b>"}"#
            ),
            [
                "Contact 2 [sponsor] contacts.label",
                "A&B C [] contacts",
                "Contact 3 [] contacts",
                "ops@acme.example [] contacts",
            ]
        );
    }
}
