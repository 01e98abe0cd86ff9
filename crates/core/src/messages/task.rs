//! The task on the deal.

use super::packet;

super::messages! { "task";
    subject_ready(account);
    subject_questions(count, account);
    subject_questions_one(account);
    all_there;
    seller_asked(won);
    revops_asked(won);
    won(count, state);
    won_one(state);
    won_none(state);
    won_all(state);
    for_seller;
    for_seller_named(name);
    for_seller_left(name);
    for_revops;
    question(section, question);
    deal;
    fact_deal(fact);
    fact_value(fact);
    fact_closed(fact);
    fact_owner(fact);
    fact_seller(fact);
}

/// Subject of the task when something is missing.
pub fn subject_with_questions(count: usize, account: &str) -> String {
    if count == 1 { subject_questions_one(account) } else { subject_questions(&count.to_string(), account) }
}

/// How much is filled, what is missing.
pub fn won_with(filled: usize, state: &str) -> String {
    match filled {
        0 => won_none(state),
        1 => won_one(state),
        6 => won_all(state),
        count => won(&count.to_string(), state),
    }
}

/// The deal's key facts, one a line; what is `None` is not in the CRM.
pub fn facts(
    deal: Option<&str>,
    value: Option<&str>,
    closed: Option<&str>,
    owner: Option<&str>,
    seller: Option<&str>,
) -> String {
    let known = |fact: Option<&str>, line: fn(&str) -> String| line(fact.unwrap_or(packet::not_in_crm()));
    [
        known(deal, fact_deal),
        known(value, fact_value),
        known(closed, fact_closed),
        known(owner, fact_owner),
        known(seller, fact_seller),
    ]
    .join("\n")
}
