//! The deals whose packets are open, as the webhooks of every route know them: a change of anything else is not
//! recorded, and costs no read of the store.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{PoisonError, RwLock};

use handoff_core::record::{AccountKey, DealKey};

/// Shared by the routes, which ask, and the worker that keeps it up to date.
#[derive(Debug, Default)]
pub struct OpenDeals(RwLock<Known>);

/// Hashes take a tenth of the memory of keys. Two deals with one hash cost a read too many.
#[derive(Debug, Default)]
struct Known {
    /// Sorted hashes of deal keys.
    deals: Vec<u64>,
    /// Hash of an account and a contact's id, and the CRM's id of a deal that the contact is on; sorted.
    contacts: Vec<(u64, Box<str>)>,
    /// By account, the fields of deals that its mapping reads.
    fields: BTreeMap<AccountKey, BTreeSet<String>>,
}

impl OpenDeals {
    /// Replaces the deals, each with the ids of the contacts on it.
    pub fn replace(&self, open: impl IntoIterator<Item = (DealKey, Vec<String>)>) {
        let (mut deals, mut contacts) = (Vec::new(), Vec::new());
        for (deal, on_it) in open {
            deals.push(hash(&deal.account, &deal.deal));
            contacts.extend(
                on_it.iter().map(|contact| (hash(&deal.account, contact), deal.deal.as_str().into())),
            );
        }
        deals.sort_unstable();
        contacts.sort_unstable();
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        (known.deals, known.contacts) = (deals, contacts);
    }

    /// Replaces the fields of deals that the mappings read.
    pub fn replace_fields(&self, fields: BTreeMap<AccountKey, BTreeSet<String>>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).fields = fields;
    }

    /// Whether this is a deal with an open packet.
    pub fn has(&self, account: &AccountKey, deal: &str) -> bool {
        self.read(|known| known.deals.binary_search(&hash(account, deal)).is_ok())
    }

    /// Whether it is one, and its mapping reads this field.
    pub fn reads(&self, account: &AccountKey, deal: &str, field: &str) -> bool {
        self.has(account, deal)
            && self.read(|known| known.fields.get(account).is_some_and(|fields| fields.contains(field)))
    }

    /// The deals with open packets that this contact is on.
    pub fn with_contact(&self, account: &AccountKey, contact: &str) -> Vec<String> {
        let sought = hash(account, contact);
        self.read(|known| {
            let from = known.contacts.partition_point(|(hash, _)| *hash < sought);
            let found = known.contacts.iter().skip(from).take_while(|(hash, _)| *hash == sought);
            found.map(|(_, deal)| deal.to_string()).collect()
        })
    }

    fn read<T>(&self, read: impl FnOnce(&Known) -> T) -> T {
        read(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn hash(account: &AccountKey, id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (account, id).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use handoff_core::record::CrmKind;

    #[test]
    fn a_deal_a_field_and_a_contact_are_known_by_account() {
        let account = |portal: &str| AccountKey { crm: CrmKind::Hubspot, account: portal.to_owned() };
        let deal = |portal: &str, deal: &str| DealKey { account: account(portal), deal: deal.to_owned() };
        let open = OpenDeals::default();
        open.replace_fields(BTreeMap::from([(account("1"), BTreeSet::from(["promises".to_owned()]))]));
        open.replace([
            (deal("1", "7"), vec!["501".to_owned(), "502".to_owned()]),
            (deal("1", "8"), vec!["501".to_owned()]),
        ]);
        assert!(
            open.has(&account("1"), "7") && !open.has(&account("2"), "7") && !open.has(&account("1"), "9")
        );
        assert!(open.reads(&account("1"), "7", "promises"));
        assert!(!open.reads(&account("1"), "7", "amount") && !open.reads(&account("1"), "9", "promises"));
        assert_eq!(open.with_contact(&account("1"), "501"), ["7", "8"]);
        assert_eq!(open.with_contact(&account("1"), "503"), [""; 0]);
        assert_eq!(open.with_contact(&account("2"), "501"), [""; 0]);
        open.replace([]);
        assert!(!open.has(&account("1"), "7"), "its packet was completed");
    }
}
