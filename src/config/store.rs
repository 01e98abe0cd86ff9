//! `[store]`: where the database is and how long rows stay.

use secrecy::ExposeSecret;

use crate::settings::{Secrets, url};
use crate::store::{StoreConfig, StoreUrl};
use handoff_core::source::{Block, Field, Problems, Span};

/// Reads the block; what it leaves out keeps its default.
pub(super) fn read(
    section: Option<Block<'_>>,
    secrets: &Secrets<'_>,
    problems: &mut Problems,
) -> StoreConfig {
    let default = StoreConfig::default();
    let Some(mut section) = section else {
        return StoreConfig { url: beside(default.url, None, secrets, problems), ..default };
    };
    let url = store_url(&mut section, secrets, problems);
    let url = url.unwrap_or_else(|| beside(default.url, None, secrets, problems));
    let days = section.take("retention_days").integer(1, 3650, problems);
    let records = section.take("record_days");
    let records_at = records.key_span();
    let records = records.integer(1, 3650, problems);
    section.finish(problems);
    let retention_days = days.unwrap_or(default.retention_days);
    if let (Some(records), Some(span)) = (records, records_at)
        && records > retention_days
    {
        let message = format!(
            "a record cannot stay for {records} days when its packet is deleted after {retention_days}"
        );
        problems.error(
            span,
            message,
            format!("make it at most retention_days: record_days = {retention_days}"),
        );
    }
    let record_days = records.unwrap_or(default.record_days.min(retention_days));
    StoreConfig { url, retention_days, record_days }
}

/// `url`, or because a PostgreSQL URL may hold a password: `url_env` or `url_file`.
fn store_url(section: &mut Block<'_>, secrets: &Secrets<'_>, problems: &mut Problems) -> Option<StoreUrl> {
    let written = section.take("url");
    let found = secrets.elsewhere(section, "url", problems);
    let Some(span) = found.named else { return in_file(written, secrets, problems) };
    if written.is_present() || found.listed > 1 {
        problems.error(span, "`url` is named twice", "keep one of `url`, `url_env` and `url_file`");
    }
    match found.only()?.expose_secret().parse() {
        Ok(url) => Some(beside(url, Some(span), secrets, problems)),
        Err(error) => {
            problems.error(span, format!("what this names {}", error.message), error.help);
            None
        }
    }
}

/// The path of a SQLite file is relative to the configuration. Where an earlier version kept its database, an empty one
/// must not take its place: it would know no win.
fn beside(url: StoreUrl, span: Option<Span>, secrets: &Secrets<'_>, problems: &mut Problems) -> StoreUrl {
    let StoreUrl::Sqlite(path) = &url else { return url };
    if let Some(help) = secrets.moved(&path.to_string_lossy()) {
        let message = format!("there is no database {} beside this file", path.display());
        match span {
            Some(span) => problems.error(span, message, help),
            None => problems.file_error(message, help),
        }
    }
    StoreUrl::Sqlite(secrets.beside(&path.to_string_lossy()))
}

fn in_file(field: Field<'_>, secrets: &Secrets<'_>, problems: &mut Problems) -> Option<StoreUrl> {
    let (text, span) = field.text(problems)?;
    match text.parse::<StoreUrl>() {
        Ok(url) if url.has_password() => {
            problems.conceal(span);
            let help =
                "put the whole URL into an environment variable and write its name: url_env = \"STORE_URL\"";
            problems.error(span, "`url` holds a password, and this file is not a place for secrets", help);
            None
        }
        Ok(url) => Some(beside(url, Some(span), secrets, problems)),
        Err(error) => {
            // Also in front of an @ that something else is wrong with, somebody may have written a password.
            let secret = text.contains('@') || text.contains("password");
            url::refuse(text, span, secret, (error.message, error.help), problems);
            None
        }
    }
}
