//! The secrets that may prove a webhook: of few accounts all are tried, of many those of the accounts that it names.

use std::collections::HashMap;
use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

/// Most secrets that one request is tried with, so that a forged one costs the same however many accounts there are.
const MOST_TRIED: usize = 16;

/// Most accounts of one body that are looked up. HubSpot sends at most 100 events in a request.
const MOST_NAMED: usize = 128;

/// Secrets in the order of the configuration, and the accounts that each may speak about.
#[derive(Default)]
pub(super) struct Keys {
    secrets: Vec<SecretString>,
    /// Beside each secret.
    accounts: Vec<Vec<String>>,
    /// The places of an account's secrets.
    places: HashMap<String, Vec<usize>>,
}

impl Keys {
    /// Accounts that share a secret share its place.
    pub(super) fn new<'a>(accounts: impl Iterator<Item = (String, &'a [SecretString])>) -> Self {
        let mut keys = Self::default();
        let mut known: HashMap<&str, usize> = HashMap::new();
        for (account, secrets) in accounts {
            for secret in secrets {
                let place = *known.entry(secret.expose_secret()).or_insert_with(|| {
                    keys.secrets.push(secret.clone());
                    keys.accounts.push(Vec::new());
                    keys.secrets.len() - 1
                });
                let places = keys.places.entry(account.clone()).or_default();
                if !places.contains(&place) {
                    places.push(place);
                    keys.accounts[place].push(account.clone());
                }
            }
        }
        keys
    }

    /// Whether the secret at this place may speak about the account.
    pub(super) fn vouches_for(&self, place: usize, account: &str) -> bool {
        self.places.get(account).is_some_and(|places| places.contains(&place))
    }

    /// The accounts that the secret at this place may speak about.
    pub(super) fn accounts_of(&self, place: usize) -> &[String] {
        self.accounts.get(place).map(Vec::as_slice).unwrap_or_default()
    }

    /// The secrets to try on a body that nothing is known about yet. Of more than [`MOST_TRIED`] it is those of the
    /// accounts behind one of `names` in the body, as `account` writes them. What the body says is a hint: the proof decides.
    pub(super) fn candidates(
        &self,
        body: &[u8],
        names: &[&str],
        account: impl Fn(&str) -> Option<String>,
    ) -> Candidates<'_> {
        if self.secrets.len() <= MOST_TRIED {
            return Candidates::from(self.secrets.as_slice());
        }
        let mut places: Vec<usize> = Vec::new();
        let accounts = values(body, names).take(MOST_NAMED).filter_map(account);
        for place in accounts.filter_map(|account| self.places.get(&account)).flatten() {
            if !places.contains(place) {
                places.push(*place);
            }
        }
        let secrets = places.into_iter().filter_map(|place| Some((place, self.secrets.get(place)?)));
        Candidates { secrets: secrets.take(MOST_TRIED).collect(), named: true }
    }
}

/// The values behind these names wherever they stand in a JSON text, whether it is well-formed or not.
fn values<'a>(body: &'a [u8], names: &[&str]) -> impl Iterator<Item = &'a str> {
    let mut parts = body.split(|byte| *byte == b'"');
    std::iter::from_fn(move || {
        parts.find(|part| names.iter().any(|name| name.as_bytes() == *part))?;
        let bare = parts.next()?.trim_ascii_start().strip_prefix(b":").unwrap_or_default().trim_ascii_start();
        let value = if bare.is_empty() { parts.next()? } else { bare };
        let end = value.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(value.len());
        Some(std::str::from_utf8(&value[..end]).unwrap_or_default())
    })
}

/// The secrets that one request is tried with, each with its place in the configuration.
pub struct Candidates<'a> {
    secrets: Vec<(usize, &'a SecretString)>,
    /// They were chosen by what the body names.
    named: bool,
}

impl<'a> Candidates<'a> {
    /// Those that are not empty.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &'a SecretString)> {
        self.secrets.iter().copied().filter(|(_, secret)| !secret.expose_secret().is_empty())
    }
}

impl<'a> From<&'a [SecretString]> for Candidates<'a> {
    fn from(secrets: &'a [SecretString]) -> Self {
        Self { secrets: secrets.iter().enumerate().collect(), named: false }
    }
}

impl<'a> From<&'a Vec<SecretString>> for Candidates<'a> {
    fn from(secrets: &'a Vec<SecretString>) -> Self {
        secrets.as_slice().into()
    }
}

impl<'a, const N: usize> From<&'a [SecretString; N]> for Candidates<'a> {
    fn from(secrets: &'a [SecretString; N]) -> Self {
        secrets.as_slice().into()
    }
}

impl fmt::Display for Candidates<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = if self.named { " of the accounts that the body names" } else { "" };
        write!(f, "{} secrets{of}", self.secrets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousand accounts with a secret of their own and one that is shared by account `7` and `8`.
    fn keys() -> Keys {
        let own: Vec<(String, Vec<SecretString>)> = (0..1000)
            .map(|account| {
                let shared = (account == 7 || account == 8).then(|| "shared".into());
                (
                    account.to_string(),
                    [format!("secret {account}").into()].into_iter().chain(shared).collect(),
                )
            })
            .collect();
        Keys::new(own.iter().map(|(account, secrets)| (account.clone(), secrets.as_slice())))
    }

    fn tried(keys: &Keys, body: &str) -> Vec<String> {
        let candidates = keys.candidates(body.as_bytes(), &["portalId"], |id| Some(id.to_owned()));
        candidates.iter().map(|(_, secret)| secret.expose_secret().to_owned()).collect()
    }

    #[test]
    fn a_body_is_tried_with_the_secrets_of_the_accounts_that_it_names() {
        let keys = keys();
        assert_eq!(tried(&keys, r#"[{"portalId":417,"x":1}]"#), ["secret 417"]);
        assert_eq!(tried(&keys, r#"[{"portalId" : "417"}]"#), ["secret 417"]);
        assert_eq!(tried(&keys, r#"[{"portalId":99999},{"portalId":7}]"#), ["secret 7", "shared"]);
        assert_eq!(tried(&keys, r#"[{"portalId":8},{"portalId":8}]"#), ["secret 8", "shared"]);
        for nothing in
            ["", "[]", r#"{"portalId"}"#, r#"{"portalId":"#, r#""portalId":"\u0037""#, "\"portalId\""]
        {
            assert_eq!(tried(&keys, nothing), [] as [&str; 0], "{nothing}");
        }
    }

    #[test]
    fn a_body_that_names_everything_is_tried_with_sixteen() {
        let body: Vec<String> = (0..1000).map(|account| format!(r#"{{"portalId":{account}}}"#)).collect();
        assert_eq!(tried(&keys(), &body.concat()).len(), MOST_TRIED);
        let strangers = r#"{"portalId":77777}"#.repeat(MOST_NAMED);
        assert_eq!(tried(&keys(), &(strangers + r#"{"portalId":7}"#)), [] as [&str; 0]);
    }

    #[test]
    fn few_secrets_are_all_tried_whatever_the_body_says() {
        let secrets = ["a".into(), "".into(), "b".into()];
        let keys = Keys::new([("1".to_owned(), secrets.as_slice())].into_iter());
        assert_eq!(tried(&keys, "no account at all"), ["a", "b"]);
    }

    #[test]
    fn a_secret_vouches_for_the_accounts_that_it_stands_at() {
        let keys = keys();
        let shared = keys.secrets.iter().position(|secret| secret.expose_secret() == "shared").unwrap();
        assert_eq!(keys.accounts_of(shared), ["7", "8"]);
        assert!(keys.vouches_for(shared, "8") && !keys.vouches_for(shared, "9"));
        assert!(!keys.vouches_for(99_999, "8") && keys.accounts_of(99_999).is_empty());
    }
}
