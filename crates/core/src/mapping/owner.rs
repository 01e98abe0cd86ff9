//! Who takes the handoff: the person the mapping's field points to by id or by address, or the fallback address.

use crate::packet::HandoffOwner;

use crate::record::{DealRecord, User, parts};
use crate::text::clean::clean_line;

use super::OwnerMapping;

/// The CRM user who takes the handoff, of several the first; `None` if no active user stands in the field.
pub fn user<'a>(mapping: &OwnerMapping, record: &'a DealRecord) -> Option<&'a User> {
    let values = record.read(&mapping.from).values();
    let mut users = values.into_iter().flat_map(parts).filter_map(|id| record.user(id));
    users.find(|user| user.is_active())
}

/// E-mail addresses of who takes the handoff if [`user`] is `None`, first choice first: what the field holds instead
/// of an id, and the fallback. Whether the CRM knows a user with one, only the CRM can say.
pub fn addresses(mapping: &OwnerMapping, record: &DealRecord) -> Vec<String> {
    let mut addresses: Vec<String> = written_address(mapping, record).into_iter().collect();
    addresses.push(mapping.fallback.trim().to_owned());
    addresses
}

fn written_address(mapping: &OwnerMapping, record: &DealRecord) -> Option<String> {
    let is_address = |text: &str| {
        text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
            && !text.contains(|letter: char| letter.is_whitespace() || ",;<>".contains(letter))
    };
    let values = record.read(&mapping.from);
    values.values().into_iter().flat_map(parts).find(|value| is_address(value)).map(ToOwned::to_owned)
}

/// The same as the packet shows it.
pub fn shown(mapping: &OwnerMapping, record: &DealRecord, user: Option<&User>) -> HandoffOwner {
    let line = |text: &str| Some(clean_line(text)).filter(|line| !line.is_empty());
    let named = user.and_then(|user| {
        let name = user.name().as_deref().and_then(line)?;
        Some(HandoffOwner { name: Some(name), email: user.email().and_then(line), fallback: false })
    });
    named.unwrap_or_else(|| {
        let written = written_address(mapping, record);
        let (address, fallback) = (line(written.as_ref().unwrap_or(&mapping.fallback)), written.is_none());
        HandoffOwner { name: address.clone(), email: address, fallback }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::sample;

    fn owner(rest: &str) -> HandoffOwner {
        let record = sample::record(&format!(r#"{{"crm":"hubspot","account":1,{rest}}}"#));
        let mapping = sample::mapping().owner;
        shown(&mapping, &record, user(&mapping, &record))
    }

    const MIA: &str =
        r#""users":{"11":{"id":"11","firstName":"Mia","lastName":"Sand","email":"mia@seller.example"}}"#;

    #[test]
    fn the_owner_is_the_user_the_field_points_to() {
        let mia = owner(&format!(r#""deal":{{"id":7,"handoff_owner":"11"}},{MIA}"#));
        assert_eq!(mia.name.as_deref(), Some("Mia Sand"));
        assert_eq!(mia.email.as_deref(), Some("mia@seller.example"));
        assert!(!mia.fallback);

        let seller =
            owner(r#""deal":{"id":7,"handoff_owner":"12"},"owner":{"id":"12","email":"tom@seller.example"}"#);
        assert_eq!(seller.name.as_deref(), Some("tom@seller.example"));
        assert!(!seller.fallback);
    }

    #[test]
    fn an_address_in_place_of_an_id_is_the_owner_and_comes_before_the_fallback() {
        for (value, addresses) in [
            ("mia@seller.example", &["mia@seller.example", "revops@seller.example"][..]),
            ("  Mia.Sand+cs@Seller.example ", &["Mia.Sand+cs@Seller.example", "revops@seller.example"]),
            ("11", &["revops@seller.example"]),
            ("Mia Sand, mia@seller.example", &["revops@seller.example"]),
            ("mia@seller", &["revops@seller.example"]),
            ("@seller.example", &["revops@seller.example"]),
            ("TBD", &["revops@seller.example"]),
        ] {
            let record = sample::record(&format!(
                r#"{{"crm":"hubspot","account":1,"deal":{{"id":7,"handoff_owner":"{value}"}}}}"#
            ));
            let mapping = sample::mapping().owner;
            assert_eq!(super::addresses(&mapping, &record), addresses, "{value}");
            let shown = shown(&mapping, &record, user(&mapping, &record));
            assert_eq!(shown.email.as_deref(), addresses.first().copied(), "{value}");
            assert_eq!(shown.fallback, addresses.len() == 1, "{value}");
        }
    }

    #[test]
    fn of_several_users_the_first_active_one_owns() {
        let users = r#""users":{"10":{"id":"10","firstName":"Ann","email":"ann@seller.example","archived":"true"},
            "11":{"id":"11","firstName":"Mia","email":"mia@seller.example"},
            "12":{"id":"12","firstName":"Bo","email":"bo@seller.example"}}"#;
        for (value, name) in [
            ("11;12", "Mia"),
            ("12;11", "Bo"),
            (";10;11", "Mia"),
            ("99; 12", "Bo"),
            ("11;11", "Mia"),
            ("10;99", "revops@seller.example"),
            (";", "revops@seller.example"),
        ] {
            let owner = owner(&format!(r#""deal":{{"id":7,"handoff_owner":"{value}"}},{users}"#));
            assert_eq!(owner.name.as_deref(), Some(name), "{value}");
        }
    }

    #[test]
    fn nobody_means_the_fallback_address() {
        for rest in [
            format!(r#""deal":{{"id":7}},{MIA}"#),
            format!(r#""deal":{{"id":7,"handoff_owner":"99"}},{MIA}"#),
            r#""deal":{"id":7,"handoff_owner":"11"},"users":{"11":{"id":"11","name":"Mia","archived":true}}"#
                .to_owned(),
            r#""deal":{"id":7,"handoff_owner":"11"},"users":{"11":{"id":"11"}}"#.to_owned(),
            r#""deal":{"id":7,"handoff_owner":"REDACTED"}"#.to_owned(),
        ] {
            let owner = owner(&rest);
            assert!(owner.fallback, "{rest}");
            assert_eq!(owner.email.as_deref(), Some("revops@seller.example"));
            assert_eq!(owner.name, owner.email);
        }
    }
}
