//! Deals with any text in every place.

use jiff::civil::date;
use proptest::prelude::*;

use super::Deal;
use handoff_core::packet::{Role, SectionName};

/// Any packet at all, with any strings in it.
pub fn any_deal() -> impl Strategy<Value = Deal> {
    let text = || {
        prop_oneof![
            any::<String>(),
            "[<>&!@#*_`~|{}\u{0}\u{202E}\u{200B}a \n]{0,40}",
            Just(String::new()),
            Just("<!channel>".to_owned()),
            Just("&<>".repeat(400)),
            Just("😀".repeat(700)),
        ]
    };
    let section = prop::sample::select(SectionName::ALL.to_vec());
    let header = (prop::array::uniform6(text()), any::<bool>());
    let entries = prop::collection::vec((section.clone(), text(), any::<bool>()), 0..20);
    let people = prop::collection::vec((text(), text(), text(), 0usize..6), 0..8);
    let gaps = prop::collection::vec((section, text(), any::<bool>()), 0..30);
    let agenda = prop::collection::vec((text(), text()), 0..6);
    (header, entries, people, gaps, agenda).prop_map(|((names, important), entries, people, gaps, agenda)| {
        let [company, name, amount, currency, seller, owner] = &names;
        let mut deal =
            Deal::won(company).named(name).worth(amount, currency).sold_by(seller).handed_to(owner);
        for (section, text, dated) in entries {
            deal = deal.says_by(section, &text, dated.then_some(date(2026, 12, 11)));
        }
        for (name, title, email, roles) in people {
            deal = deal.knows(&name, &title, &email, Role::ALL.get(..roles).unwrap_or_default());
        }
        for (section, question, seller) in gaps {
            let ask = if seller { Deal::asks_seller } else { Deal::asks_revops };
            deal = ask(deal, "vague", section, &question);
        }
        if important {
            deal = deal.important_because(company);
        }
        agenda.iter().fold(deal, |deal, (point, answer)| deal.with_point(point, answer)).count()
    })
}
