//! The first line of a digest.

use crate::text::money::money;

super::messages! { "headline";
    unnamed;
    no_longer_won;
    no_value;
    value(amount);
    important(reasons);
    takes_over(name);
    stands_in(name);
    no_owner;
    first_value(day);
    complete;
    open(count);
    open_one;
    asked(open, name);
    seller_left(open, name);
    for_revops(open);
}

/// An amount that is plain without a label before it: `54,000 EUR`, `value 54,000`.
pub fn amount(amount: &str, currency: Option<&str>) -> String {
    let money = money(amount, currency);
    if currency.is_none_or(|currency| currency.trim().is_empty()) { value(&money) } else { money }
}

/// How many questions are open.
pub fn open_questions(count: usize) -> String {
    if count == 1 { open_one().to_owned() } else { open(&count.to_string()) }
}
