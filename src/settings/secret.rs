//! Secrets: named by the file, never in it. A key ending in `_env` names an environment variable, one ending
//! in `_file` a file.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use handoff_core::source::{self, Block, Field, Problems, Span};

/// A shorter secret can be guessed by a stranger who keeps trying: those that vouch for a caller.
const SHORTEST_PROOF: (usize, &str) = (16, "make one with `openssl rand -hex 32`, or copy it whole");

/// A shorter one was not copied whole: those that a vendor hands out.
const SHORTEST_CREDENTIAL: (usize, &str) = (12, "copy it whole from where it was made");

/// What an app-level token of Slack begins with.
pub const APP_TOKEN: &str = "xapp-";

/// Where secrets come from.
#[derive(Clone, Copy)]
pub struct Secrets<'a> {
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// The configuration file's directory, which paths in the file are relative to.
    pub directory: &'a Path,
    /// False for a command that only calls the CRMs: secrets that prove webhooks are not read, and mapping files need
    /// not exist yet.
    pub serving: bool,
}

/// What was found under a key's names.
#[derive(Default)]
pub struct Found {
    /// The secrets that could be read.
    pub secrets: Vec<SecretString>,
    /// How many were named, readable or not.
    pub listed: usize,
    /// Files that were named, readable or not.
    pub files: Vec<PathBuf>,
    /// Where a key stands, if one of them is there, with or without a usable value.
    pub named: Option<Span>,
}

impl Found {
    /// The secret, where there can be only one.
    pub fn only(self) -> Option<SecretString> {
        self.secrets.into_iter().next()
    }
}

impl Secrets<'_> {
    /// Where a path in the configuration file leads.
    pub fn beside(&self, path: &str) -> PathBuf {
        let (short, whole) = (source::beside(self.directory, path), self.directory.join(path));
        // Behind a symbolic link, `..` is another directory than the one before it.
        if whole.exists() && !short.exists() { whole } else { short }
    }

    /// What to say about a path that leads nowhere, if it leads somewhere from the working directory, which paths were
    /// relative to in earlier versions.
    pub fn moved(&self, path: &str) -> Option<String> {
        let moved = Path::new(path).is_relative() && !self.beside(path).exists() && Path::new(path).exists();
        moved.then(|| {
            let found = std::path::absolute(path).unwrap_or_default();
            format!("paths are relative to this file: write {}, or the way there from here", found.display())
        })
    }

    /// One secret: `<key>_env` or `<key>_file`.
    pub fn one(&self, section: &mut Block<'_>, key: &str, problems: &mut Problems) -> Found {
        Self { serving: true, ..*self }.one_if_serving(section, key, problems)
    }

    /// The same for a secret that only a service needs.
    pub fn one_if_serving(&self, section: &mut Block<'_>, key: &str, problems: &mut Problems) -> Found {
        let found = self.read(section, key, "\"NAME\"", self.serving, problems, |field, problems| {
            field.text(problems).into_iter().collect()
        });
        if let Some(span) = found.named.filter(|_| found.listed > 1) {
            let help = format!("keep `{key}_env` or `{key}_file`, not both");
            problems.error(span, format!("`{key}` is named twice"), help);
        }
        found
    }

    /// Several secrets that prove webhooks, all of them active: a list behind `<key>_env`, `<key>_file` or both.
    pub fn several(&self, section: &mut Block<'_>, key: &str, problems: &mut Problems) -> Found {
        self.read(section, key, "[\"NAME\"]", self.serving, problems, |field, problems| {
            // An empty list is how a file says "none".
            if field.is_empty_list() { Vec::new() } else { field.texts(problems) }
        })
    }

    /// One secret of a key that may also stand in the file itself, as long as its value holds no secret.
    pub fn elsewhere(&self, section: &mut Block<'_>, key: &str, problems: &mut Problems) -> Found {
        self.named(section, key, true, problems, |field, problems| field.text(problems).into_iter().collect())
    }

    fn read<'d>(
        &self,
        section: &mut Block<'d>,
        key: &str,
        example: &str,
        wanted: bool,
        problems: &mut Problems,
        texts: impl Fn(Field<'d>, &mut Problems) -> Vec<(&'d str, Span)>,
    ) -> Found {
        let plain = section.forbidden(key);
        if let Some(span) = plain.key_span() {
            problems.error(
                span,
                format!("`{key}` is a secret, and this file is not a place for secrets"),
                format!("put it into an environment variable and write its name: {key}_env = {example}"),
            );
        }
        let mut found = self.named(section, key, wanted, problems, texts);
        let proves = key.ends_with("_secrets") || key.starts_with("operator_");
        let (least, help) = if proves { SHORTEST_PROOF } else { SHORTEST_CREDENTIAL };
        let short = |secret: &SecretString| secret.expose_secret().chars().count() < least;
        if let Some(span) = found.named.filter(|_| found.secrets.iter().any(short)) {
            problems.error(span, format!("a secret behind `{key}` is shorter than {least} characters"), help);
        }
        found.listed += usize::from(plain.is_present());
        found.named = found.named.or(plain.key_span());
        found
    }

    fn named<'d>(
        &self,
        section: &mut Block<'d>,
        key: &str,
        wanted: bool,
        problems: &mut Problems,
        texts: impl Fn(Field<'d>, &mut Problems) -> Vec<(&'d str, Span)>,
    ) -> Found {
        let (env_key, file_key) = (format!("{key}_env"), format!("{key}_file"));
        let (env, file) = (section.take(&env_key), section.take(&file_key));
        let mut found = Found { named: env.key_span().or(file.key_span()), ..Found::default() };
        for (name, span) in texts(env, problems) {
            found.listed += 1;
            if wanted {
                found.secrets.extend(self.variable(&env_key, name, span, problems));
            }
        }
        for (path, span) in texts(file, problems) {
            found.listed += 1;
            let path = self.beside(path);
            if wanted {
                found.secrets.extend(secret_file(&file_key, &path, span, problems));
            }
            found.files.push(path);
        }
        found
    }

    fn variable(&self, key: &str, name: &str, span: Span, problems: &mut Problems) -> Option<SecretString> {
        let plain = |char: char| char.is_ascii_uppercase() || char.is_ascii_digit() || char == '_';
        if !name.chars().all(plain) || name.starts_with(|char: char| char.is_ascii_digit()) {
            // Perhaps the secret itself was pasted here: do not show it.
            problems.conceal(span);
            let help = "write the variable's name, in capitals: \"HUBSPOT_TOKEN\". If this is the secret itself, \
                        replace it at the provider: it has been in a file";
            problems.error(span, format!("`{key}` does not hold the name of an environment variable"), help);
            return None;
        }
        let Some(value) = (self.env)(name) else {
            let help = format!("set {name} before the service starts; `{key}` reads it");
            problems.error(span, format!("the environment variable {name} is not set"), help);
            return None;
        };
        if value.trim().is_empty() {
            let help = format!("set {name} to the secret; `{key}` reads it");
            problems.error(span, format!("the environment variable {name} is empty"), help);
            return None;
        }
        Some(SecretString::from(value.trim().to_owned()))
    }
}

fn secret_file(key: &str, path: &Path, span: Span, problems: &mut Problems) -> Option<SecretString> {
    let shown = path.display();
    let wrong = match std::fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => {
            return Some(SecretString::from(text.trim_end_matches(['\n', '\r']).to_owned()));
        }
        Ok(_) => "is empty",
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "does not exist",
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => "may not be read by this user",
        Err(_) => "cannot be read as text",
    };
    let help =
        format!("`{key}` is a path, relative to this file, to a file that holds the secret and nothing else");
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // A webhook URL has its secret in its last part, like a path.
    if looks_secret(&name) || path.to_string_lossy().contains(":/") {
        problems.conceal(span);
        problems.error(span, format!("the file behind `{key}` {wrong}"), help);
    } else {
        problems.error(span, format!("the file {shown} {wrong}"), help);
    }
    None
}

/// Somebody may have pasted a token where its file's path belongs.
fn looks_secret(name: &str) -> bool {
    ["xoxb-", "xoxp-", "xapp-", "pat-"].iter().any(|prefix| name.starts_with(prefix)) || name.len() > 60
}

/// Blots out whatever stands behind keys that sound like secrets, so that no message about this file can show
/// one, not even a message about its syntax.
pub fn conceal(problems: &mut Problems) {
    let mut start = 0;
    let mut spans = Vec::new();
    let mut in_list = false;
    for line in problems.text().split_inclusive('\n') {
        let end = start + line.len();
        if in_list {
            spans.push(Span { start, end });
            in_list = !line.contains(']');
        } else if let Some((key, value)) = line.split_once('=')
            && (sounds_secret(key) || may_hold_password(value))
        {
            spans.push(Span { start: start + key.len() + 1, end });
            in_list = value.trim_start().starts_with('[') && !value.contains(']');
        }
        start = end;
    }
    for span in spans {
        problems.conceal(span);
    }
}

/// `postgres://user:password@host`
fn may_hold_password(value: &str) -> bool {
    value.split_once("://").is_some_and(|(_, rest)| rest.contains('@'))
}

fn sounds_secret(key: &str) -> bool {
    let key = key.trim().to_lowercase();
    let secret = ["secret", "token", "password", "webhook_url"].iter().any(|word| key.contains(word));
    secret && !key.ends_with("_env") && !key.ends_with("_file")
}
