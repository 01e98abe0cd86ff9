//! Where a store is: `sqlite:PATH` or `postgres://user@host:5432/database`.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use reqwest::Url;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// What may follow the `?` of a PostgreSQL URL. The driver passes over what it does not know, and a slip in
/// `sslmode` must not turn encryption off.
const PARAMETERS: [&str; 12] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
];

/// Where a store is. Prints without user name and password.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A SQLite file; one process serves it.
    Sqlite(PathBuf),
    /// A PostgreSQL database, which several processes may serve. The URL may hold a password.
    Postgres(String),
}

/// Why a text is no [`StoreUrl`]. Never repeats the text, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the store's URL {message}: {help}")]
pub struct StoreUrlError {
    /// Follows a name of the thing: "has no known scheme".
    pub message: &'static str,
    pub help: &'static str,
}

const EXAMPLES: &str =
    "write \"sqlite:handoff.db\" or \"postgres://handoff@db.example.com/handoff?sslmode=verify-full\"";

impl StoreUrl {
    /// Whether it holds a password, which does not belong into a file.
    pub fn has_password(&self) -> bool {
        let Self::Postgres(url) = self else { return false };
        Url::parse(url).map_or(true, |url| {
            url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password")
        })
    }
}

impl FromStr for StoreUrl {
    type Err = StoreUrlError;

    fn from_str(text: &str) -> Result<Self, StoreUrlError> {
        match text.split_once(':') {
            Some(("sqlite", path)) => sqlite(path.strip_prefix("//").unwrap_or(path)),
            Some(("postgres" | "postgresql", _)) => postgres(text),
            _ => Err(StoreUrlError { message: "has no known scheme", help: EXAMPLES }),
        }
    }
}

fn sqlite(path: &str) -> Result<StoreUrl, StoreUrlError> {
    if path.is_empty() || path.contains('?') || path.starts_with(':') {
        return Err(StoreUrlError {
            message: "names no file",
            help: "write \"sqlite:\" and a path, nothing behind it",
        });
    }
    Ok(StoreUrl::Sqlite(PathBuf::from(path)))
}

fn postgres(text: &str) -> Result<StoreUrl, StoreUrlError> {
    let refused = |message, help| Err(StoreUrlError { message, help });
    let Ok(url) = Url::parse(text) else { return refused("is not a URL", EXAMPLES) };
    let known = |name: &str| PARAMETERS.contains(&name) || name.starts_with("options[");
    if !url.query_pairs().all(|(name, _)| known(&name)) {
        return refused(
            "has an unknown parameter behind the ?",
            "sslmode, sslrootcert, sslcert, sslkey, options[…], application_name and statement-cache-capacity are known",
        );
    }
    let Ok(options) = PgConnectOptions::from_str(text) else {
        return refused("has a parameter that cannot be read", "check what stands behind the ?");
    };
    // `prefer`, the driver's default, goes on without encryption when the server, or somebody on the way, offers none.
    let encrypted = !matches!(options.get_ssl_mode(), PgSslMode::Prefer | PgSslMode::Allow);
    if !encrypted && !is_here(&options) {
        return refused(
            "may send the password unencrypted to another machine",
            "add ?sslmode=verify-full (or require), or ?sslmode=disable if the network between is yours alone",
        );
    }
    Ok(StoreUrl::Postgres(text.to_owned()))
}

/// Whether the server is on this machine: a socket in the file system, or loopback.
fn is_here(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || address.is_ok_and(|address| address.is_loopback())
}

impl<P: AsRef<Path> + ?Sized> From<&P> for StoreUrl {
    fn from(path: &P) -> Self {
        Self::Sqlite(path.as_ref().to_owned())
    }
}

impl From<&StoreUrl> for StoreUrl {
    fn from(url: &StoreUrl) -> Self {
        url.clone()
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => {
                let url = Url::parse(url).ok();
                let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
                let port =
                    url.as_ref().and_then(Url::port).map(|port| format!(":{port}")).unwrap_or_default();
                write!(f, "postgres://{host}{port}{}", url.as_ref().map_or("", Url::path))
            }
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        text.parse::<StoreUrl>().unwrap_err().to_string()
    }

    #[test]
    fn a_sqlite_url_is_a_path() {
        for (url, path) in [
            ("sqlite:handoff.db", "handoff.db"),
            ("sqlite:/var/lib/handoff.db", "/var/lib/handoff.db"),
            ("sqlite:///var/lib/handoff.db", "/var/lib/handoff.db"),
            ("sqlite:../with space#.db", "../with space#.db"),
        ] {
            assert_eq!(url.parse(), Ok(StoreUrl::Sqlite(PathBuf::from(path))));
        }
        for none in ["sqlite:", "sqlite:handoff.db?mode=ro", "sqlite::memory:"] {
            insta::allow_duplicates! {
                insta::assert_snapshot!(refused(none), @r#"the store's URL names no file: write "sqlite:" and a path, nothing behind it"#);
            }
        }
    }

    #[test]
    fn another_scheme_is_refused() {
        for other in ["handoff.db", "mysql://localhost/handoff", "", "/var/lib/handoff.db", "C:\\handoff.db"]
        {
            insta::allow_duplicates! {
                insta::assert_snapshot!(refused(other), @r#"the store's URL has no known scheme: write "sqlite:handoff.db" or "postgres://handoff@db.example.com/handoff?sslmode=verify-full""#);
            }
        }
    }

    #[test]
    fn a_misspelt_parameter_does_not_turn_encryption_off() {
        insta::assert_snapshot!(refused("postgres://db/handoff?sslmod=verify-full"), @"the store's URL has an unknown parameter behind the ?: sslmode, sslrootcert, sslcert, sslkey, options[…], application_name and statement-cache-capacity are known");
        insta::assert_snapshot!(refused("postgres://db/handoff?sslmode=verify"), @"the store's URL has a parameter that cannot be read: check what stands behind the ?");
    }

    #[test]
    fn another_machine_is_reached_unencrypted_only_when_that_is_written() {
        for (url, taken) in [
            ("postgres://handoff:pw@db.example.com/handoff", false),
            ("postgres://handoff@db.example.com/handoff", false),
            ("postgresql://10.0.0.7:6432/handoff?application_name=x", false),
            ("postgres://handoff@localhost.example.com/handoff", false),
            ("postgres:///handoff?host=db.example.com", false),
            ("postgres://localhost/handoff?hostaddr=192.0.2.7", false),
            ("postgres://db/handoff?sslmode=prefer", false),
            ("postgres://db/handoff?sslmode=allow", false),
            ("postgres://db/handoff?sslmode=disable", true),
            ("postgres://db/handoff?sslmode=require", true),
            ("postgres://db/handoff?sslmode=verify-ca", true),
            ("postgres://db/handoff?sslmode=verify-full", true),
            ("postgres://localhost/handoff", true),
            ("postgres://127.0.0.1:5432/handoff", true),
            ("postgres://[::1]/handoff", true),
            ("postgres:///handoff?host=/var/run/postgresql", true),
        ] {
            assert_eq!(url.parse::<StoreUrl>().is_ok(), taken, "{url}");
        }
        insta::assert_snapshot!(refused("postgres://handoff:pw@db.example.com/handoff"), @"the store's URL may send the password unencrypted to another machine: add ?sslmode=verify-full (or require), or ?sslmode=disable if the network between is yours alone");
    }

    #[test]
    fn a_password_is_recognised_and_never_printed() {
        for (url, has) in [
            ("postgres://handoff:1234-secret@db.example.com:6432/handoff?sslmode=require", true),
            ("postgresql://db.example.com:6432/handoff?password=1234-secret&sslmode=require", true),
            ("postgres://handoff@db.example.com:6432/handoff?sslmode=disable", false),
        ] {
            let url: StoreUrl = url.parse().unwrap();
            assert_eq!(url.has_password(), has);
            assert_eq!(format!("{url} {url:?}"), ["postgres://db.example.com:6432/handoff"; 2].join(" "));
        }
    }
}
