//! The Slack app: the page that creates it with everything filled in, and what its token lacks.

use std::fmt::Write as _;
use std::path::Path;

use super::{Env, steps};
use crate::clock::Clock;
use crate::commands::{Problem, check, live};
use crate::config::part;
use crate::crm::PersonStep;

/// The app for each way in which clicks come in.
const MANIFESTS: [(&str, &str); 3] = [
    ("off", include_str!("../../../config/slack/manifest.yaml")),
    ("socket", include_str!("../../../config/slack/manifest-socket.yaml")),
    ("http", include_str!("../../../config/slack/manifest-http.yaml")),
];

/// The public address in the manifests.
const EXAMPLE: &str = "https://hooks.example.com";

/// Returns what to tell the person, and whether the app can do its work.
pub(super) async fn prepare(config: &Path, env: Env<'_>, clock: &Clock) -> Result<(String, bool), Problem> {
    let outline = part::slack_outline(config).map_err(|problems| Problem::new(problems.to_string()))?;
    let mut report = check::check(config, env);
    let mut said = String::new();
    let mut complete = report.is_clean();
    if complete {
        let before = report.compared.len();
        live::look_at_slack(&mut report, clock).await;
        complete = report.is_clean();
        for problem in report.files.iter().flat_map(handoff_core::source::Problems::iter) {
            let _ = writeln!(said, "{}\n    {}", problem.message, problem.help);
        }
        for line in report.compared.iter().skip(before) {
            let _ = writeln!(said, "{line}");
        }
    } else {
        let _ = writeln!(said, "Slack was not asked: handoff check names what the configuration lacks.");
    }
    let interactive = outline.interactive.as_deref().unwrap_or("off");
    let url = create_app(interactive, outline.public_url.as_deref());
    let step =
        |text: &str, url: Option<&str>| PersonStep { text: text.to_owned(), url: url.map(ToOwned::to_owned) };
    let mut person = vec![step(
        "Create the app from its manifest (an app that is there is changed under App Manifest), and install it in the \
         workspace.",
        Some(&url),
    )];
    person.push(step("Copy the bot token (xoxb-...) from OAuth & Permissions into SLACK_BOT_TOKEN.", None));
    match interactive {
        "socket" => person.push(step(
            "Make an app-level token with the scope connections:write under Basic Information, for SLACK_APP_TOKEN.",
            None,
        )),
        "http" => person.push(step(
            "Copy the signing secret from Basic Information into SLACK_SIGNING_SECRET.",
            None,
        )),
        _ => {}
    }
    person.push(step("In each channel of the mapping write: /invite @handoff", None));
    steps(&person, &mut said);
    said.push_str("\nThen run: handoff doctor\n");
    Ok((said, complete))
}

/// The page that creates an app, with the manifest filled in; its comments are left out, because a long address is cut.
/// <https://docs.slack.dev/app-manifests/configuring-apps-with-app-manifests>
fn create_app(interactive: &str, public_url: Option<&str>) -> String {
    let manifest = MANIFESTS.iter().find(|(known, _)| *known == interactive).unwrap_or(&MANIFESTS[0]).1;
    let without_comment = |line: &str| {
        let kept =
            if line.trim_start().starts_with('#') { "" } else { line.split(" #").next().unwrap_or_default() };
        kept.trim_end().to_owned()
    };
    let lines: Vec<String> = manifest.lines().map(without_comment).filter(|line| !line.is_empty()).collect();
    let manifest = lines.join("\n").replace(EXAMPLE, public_url.unwrap_or(EXAMPLE)) + "\n";
    let encoded: String = form_urlencoded::byte_serialize(manifest.as_bytes()).collect();
    // A plus sign is a space in a form only.
    format!("https://api.slack.com/apps?new_app=1&manifest_yaml={}", encoded.replace('+', "%20"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_the_manifest_of_the_transport_and_the_public_address() {
        let url = create_app("http", Some("https://handoff.acme.example"));
        let (_, encoded) = url.split_once("manifest_yaml=").unwrap();
        let form = format!("m={encoded}");
        let (_, manifest) = form_urlencoded::parse(form.as_bytes()).next().unwrap();
        assert!(manifest.contains("request_url: https://handoff.acme.example/webhooks/slack"), "{manifest}");
        assert!(manifest.contains("      - im:write\n") && !manifest.contains('#'), "{manifest}");
        assert!(!encoded.contains(['+', ' ', '\n']) && url.len() < 4_000, "{}", url.len());
        let socket = create_app("socket", None);
        assert!(socket.contains("socket_mode_enabled%3A%20true"), "{socket}");
    }
}
