//! The task on the deal.

use crate::record::FieldObject;

use super::packet;

super::messages! { "task";
    subject_ready(account);
    subject_no_longer_won(account);
    no_longer_won;
    subject_questions(count, account);
    subject_questions_one(account);
    ready(owner);
    ready_from(owner, seller);
    ready_stand_in(owner);
    ready_unowned;
    seller_asked;
    revops_asked;
    for_seller;
    for_seller_named(name);
    for_seller_left(name);
    for_revops;
    question(section, question);
    place(section, place);
    deal_field(label);
    company_field(label);
    seller_field(label);
    line_item_field(label);
    contacts(label);
    association_label;
    contact_role;
    deal;
    fact_deal(fact);
    fact_value(fact);
    fact_closed(fact);
    fact_closes(fact);
    fact_owner(fact);
    fact_seller(fact);
    left(name);
    stand_in(name);
}

/// Subject of the task when something is missing.
pub fn subject_with_questions(count: usize, account: &str) -> String {
    if count == 1 { subject_questions_one(account) } else { subject_questions(&count.to_string(), account) }
}

/// Where an answer belongs: a field by its label.
pub fn field(object: FieldObject, label: &str) -> String {
    let named = match object {
        FieldObject::Deal => deal_field,
        FieldObject::Company => company_field,
        FieldObject::Owner => seller_field,
        FieldObject::LineItems => line_item_field,
    };
    named(label)
}

/// One of the deal's key facts in the words of `line`; `None` is not in the CRM.
pub fn fact(line: fn(&str) -> String, fact: Option<&str>) -> String {
    line(fact.unwrap_or(packet::not_known()))
}

/// What people carry on a deal, in the reader's language. `noun` is the one of a [`crate::record::Dialect`].
pub fn carried(noun: &'static str) -> &'static str {
    match noun {
        "association label" => association_label(),
        "contact role" => contact_role(),
        other => other,
    }
}
