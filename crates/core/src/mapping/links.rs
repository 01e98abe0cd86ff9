//! Which pages a reader can open: the fields behind `links` that hold the address of one.

use super::{LinkMapping, Mapping};
use crate::messages;
use crate::packet::Link;
use crate::record::{DealRecord, Reading};
use crate::text::hyperlink::{NoAddress, web_address};

/// The links of a packet, in the order of the mapping.
pub(crate) fn links(mapping: &Mapping, record: &DealRecord) -> Vec<Link> {
    let link = |one: &LinkMapping| {
        let url = one.address(mapping, record)?.ok()?;
        Some(Link { name: one.name.clone(), url, source: one.from.to_string() })
    };
    mapping.links.iter().filter_map(link).collect()
}

impl LinkMapping {
    /// The address in its field, or why what is there is none; `None` where there is nothing. Of several values the first
    /// counts that is an address.
    pub fn address(&self, mapping: &Mapping, record: &DealRecord) -> Option<Result<String, NoAddress>> {
        let Reading::Values(values) = record.read(&self.from) else { return None };
        let address = |raw: &&str| {
            // Rich text may hold nothing but an address.
            let shown = || messages::value::shown(&record.value(&self.from, raw, &mapping.time_zone));
            web_address(raw).or_else(|why| web_address(&shown()).map_err(|_| why))
        };
        let mut addresses = values.iter().map(address);
        let first = addresses.next()?;
        Some(first.or_else(|why| addresses.find_map(Result::ok).ok_or(why)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::sample;
    use crate::record::{FieldObject, FieldPath};

    #[test]
    fn a_link_is_made_of_an_address_and_of_nothing_else() {
        let record = sample::record(
            r#"{"crm":"hubspot","account":1,"unavailable":["deal.gone"],
                "deal":{"id":7,"form":" https://forms.example/7?a=1&amp=2 ","notes":"see the drive","none":null,
                        "rich":"<p><a href=\"https://calls.example/9\">https://calls.example/9</a></p>",
                        "script":"javascript:alert(1)"},
                "line_items":[{"id":1,"sheet":"none"},{"id":2,"sheet":"https://sheets.example/2"}],
                "fields":{"deal.rich":{"kind":"html","label":"Recording"}}}"#,
        );
        let link = |name: &str, from: FieldPath| LinkMapping { name: name.to_owned(), from };
        let deal = |name: &str| link(name, FieldPath::deal(name));
        let sheet = FieldPath { object: FieldObject::LineItems, name: "sheet".to_owned() };
        let links = ["rich", "form", "notes", "none", "script", "gone"].map(deal).into_iter();
        let links = links.chain([link("Data sheet", sheet)]).collect();
        let mapping = Mapping { links, ..sample::mapping() };
        let made: Vec<String> = super::links(&mapping, &record)
            .into_iter()
            .map(|Link { name, url, source }| format!("{name} {url} {source}"))
            .collect();
        assert_eq!(
            made,
            [
                "rich https://calls.example/9 deal.rich",
                "form https://forms.example/7?a=1&amp=2 deal.form",
                "Data sheet https://sheets.example/2 line_items.sheet",
            ]
        );
        let why = |at: usize| mapping.links[at].address(&mapping, &record);
        assert_eq!((why(2), why(3)), (Some(Err(NoAddress::NotWeb)), None));
    }
}
