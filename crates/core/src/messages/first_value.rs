//! Whether first value was reached: what the owner is asked on its day, and what came of it.

use jiff::civil::Date;

use super::value;

super::messages! { "first_value";
    ask(account);
    yes;
    not_yet;
    no;
    later(account, day);
    reached(day, name);
    moved(name, day);
    missed(name);
    modal_title;
    new_day;
    too_early;
}

/// That it is due on another day now.
pub fn due_later(account: &str, day: Date, today: Date) -> String {
    later(account, &value::near(day, today))
}
