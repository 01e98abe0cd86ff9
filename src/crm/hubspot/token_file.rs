//! The file that keeps a newer refresh token over a restart.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

/// The kept token, if there is one.
pub(super) fn read(file: &Path) -> Option<SecretString> {
    let text = fs::read_to_string(file).ok()?;
    Some(text.trim()).filter(|token| !token.is_empty()).map(SecretString::from)
}

/// Writes the token. If that fails, it still serves until the next restart, so the failure is only logged.
pub(super) async fn keep(file: PathBuf, token: SecretString) {
    let shown = file.display().to_string();
    let written = tokio::task::spawn_blocking(move || write(&file, &token)).await;
    if let Err(error) = written.unwrap_or_else(|panicked| Err(io::Error::other(panicked))) {
        tracing::warn!(file = shown, %error, "the new HubSpot refresh token was not written; it is lost on restart");
    }
}

/// Old or new content, never half of it, and readable for nobody else at any instant.
fn write(file: &Path, token: &SecretString) -> io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    if let Err(error) = fs::remove_file(&new)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut handle = options.open(&new)?;
    handle.write_all(token.expose_secret().as_bytes())?;
    handle.sync_all()?;
    fs::rename(&new, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_replaces_the_one_before() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("refresh");
        assert!(read(&file).is_none());
        for token in ["first", "second"] {
            write(&file, &token.into()).expect("written");
            assert_eq!(read(&file).expect("a token").expose_secret(), token);
        }
        assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 1, "nothing is left behind");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt as _;

        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("refresh");
        fs::write(file.with_extension("new"), "left by a crash").expect("written");
        write(&file, &"secret".into()).expect("written");
        let mode = fs::metadata(&file).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_blank_file_holds_no_token() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("refresh");
        fs::write(&file, "\n").expect("written");
        assert!(read(&file).is_none());
    }
}
