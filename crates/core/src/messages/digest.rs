//! The digest in Slack.

use jiff::civil::Date;

use super::value;

super::messages! { "digest";
    notification(headline);
    ready;
    more_in_task(count);
    closed(day);
    no_close_date;
    deal(name);
    shortened;
    open_deal;
    open_task;
    review_important(reasons);
}

/// When the deal was closed.
pub fn closed_on(date: Option<Date>) -> String {
    date.map_or_else(|| no_close_date().to_owned(), |date| closed(&value::date(date)))
}

/// Questions that found no room in the digest.
pub fn and_more_in_task(count: usize) -> String {
    more_in_task(&count.to_string())
}
