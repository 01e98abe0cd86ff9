//! The browser of the desktop, where there is one.

use std::io::IsTerminal as _;
use std::process::{Command, Stdio};

/// Opens an address in the person's browser. Returns whether that was tried: not without a desktop, not in CI, and not
/// where the output goes into a file or a pipe.
pub(super) fn open(url: &str) -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let has_desktop = cfg!(target_os = "macos") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    if !has_desktop || is_set("CI") || !std::io::stdout().is_terminal() {
        return false;
    }
    let mut opener = Command::new(if cfg!(target_os = "macos") { "open" } else { "xdg-open" });
    opener.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // Some openers stay until the browser ends.
    std::thread::Builder::new().name("browser".to_owned()).spawn(move || opener.status()).is_ok()
}
