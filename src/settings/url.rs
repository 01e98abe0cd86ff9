//! Base URLs: https, or plain http to this machine.

use std::net::IpAddr;

use reqwest::Url;

use handoff_core::source::{Field, Problems, Span};

/// The URL a key holds, without a trailing slash.
pub fn read(field: Field<'_>, problems: &mut Problems) -> Option<String> {
    let (text, span) = field.text(problems)?;
    match base(text) {
        Ok(url) => Some(url),
        Err(Refused { message, help }) => {
            // Somebody may have written a password in front of the host.
            refuse(text, span, text.contains('@'), (message, help), problems);
            None
        }
    }
}

/// Reports an address, without showing one that may hold a secret.
pub fn refuse(text: &str, span: Span, secret: bool, (message, help): (&str, &str), problems: &mut Problems) {
    let shown = if secret { "this address".to_owned() } else { format!("`{text}`") };
    if secret {
        problems.conceal(span);
    }
    problems.error(span, format!("{shown} {message}"), help);
}

/// Why a text is no base URL. Never repeats the text, which may be a secret.
pub struct Refused {
    /// Follows a name of the thing: "is not a URL".
    pub message: &'static str,
    pub help: &'static str,
}

/// Checks a base URL and takes off trailing slashes.
pub fn base(text: &str) -> Result<String, Refused> {
    let refused = |message, help| Err(Refused { message, help });
    let url = match Url::parse(text) {
        Ok(url) if url.has_host() => url,
        _ => return refused("is not a URL", "write it with scheme and host: \"https://hooks.example.com\""),
    };
    if !matches!(url.scheme(), "https" | "http") {
        return refused("is not an http(s) URL", "begin with https://");
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return refused(
            "would send secrets unencrypted",
            "begin with https://; http:// is for this machine only",
        );
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("has a user name or password in it", "remove everything between // and @");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refused("has a ? or # part", "end with the host or the path");
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Whether an address leads to this machine.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}
