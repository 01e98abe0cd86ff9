//! Why a condition holds, or why nobody can tell.

use crate::record::Hidden;

super::messages! { "condition";
    compares(field, value, sign, limit);
    is(field, value);
    is_empty(field);
    is_filled(field);
    is_old(field, days);
    is_quarter_end(field);
    is_not_quarter_end(field);
    unreadable(field, why);
    not_a_number(value);
    not_a_day(value);
    redacted;
    not_supplied;
}

/// Why a field cannot be read.
pub fn hidden(why: Hidden) -> &'static str {
    match why {
        Hidden::Redacted => redacted(),
        Hidden::NotSupplied => not_supplied(),
    }
}
