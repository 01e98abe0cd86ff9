//! People, accounts and what hangs on an opportunity, in the words of those who enter them.

use jiff::Timestamp;

use super::object::Object;
use super::org::Org;

impl Org {
    /// Adds somebody who may log in. The username is the address.
    pub fn add_user(&mut self, id: &str, (first, last): (&str, &str), email: &str, active: bool) {
        let values = [
            ("Username", email),
            ("FirstName", first),
            ("LastName", last),
            ("Email", email),
            ("IsActive", if active { "true" } else { "false" }),
        ];
        self.add(Object::User, id, Timestamp::UNIX_EPOCH, &values);
    }

    /// Adds a contact.
    pub fn add_contact(
        &mut self,
        id: &str,
        account: &str,
        at: Timestamp,
        (first, last): (&str, &str),
        values: &[(&str, &str)],
    ) {
        let own = [("AccountId", account), ("FirstName", first), ("LastName", last)];
        self.add(Object::Contact, id, at, &[&own, values].concat());
    }

    /// Adds a person who is an account: one account, and the contact that comes with it.
    pub fn add_person_account(
        &mut self,
        id: &str,
        contact: &str,
        at: Timestamp,
        (first, last): (&str, &str),
        email: &str,
    ) {
        self.add_contact(contact, id, at, (first, last), &[("Email", email)]);
        let values =
            [("FirstName", first), ("LastName", last), ("PersonEmail", email), ("PersonContactId", contact)];
        self.add(Object::Account, id, at, &values);
    }

    /// Gives a contact a part in an opportunity. The contact may be one that is deleted or not shared; the
    /// role may be blank; the same contact may have several.
    pub fn add_contact_role(
        &mut self,
        opportunity: &str,
        contact: &str,
        role: &str,
        primary: bool,
        at: Timestamp,
    ) {
        let values = [
            ("OpportunityId", opportunity),
            ("ContactId", contact),
            ("Role", role),
            ("IsPrimary", if primary { "true" } else { "false" }),
        ];
        self.create(Object::ContactRole, at, &values);
    }

    /// Sells something once. `price` is a plain decimal number.
    pub fn add_line_item(&mut self, opportunity: &str, name: &str, price: &str, at: Timestamp) {
        let product = self.create(Object::Product, at, &[("Name", name), ("IsActive", "true")]);
        let values = [
            ("OpportunityId", opportunity),
            ("Product2Id", &product),
            ("Name", name),
            ("Quantity", "1"),
            ("UnitPrice", price),
            ("TotalPrice", price),
        ];
        self.create(Object::LineItem, at, &values);
    }
}
