//! Whether Slack knows our bot, and lets it do what it has to.

use std::collections::BTreeSet;
use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::Finding;
use crate::clock::Clock;
use crate::config::Config;
use crate::delivery::slack::workspace::Channel;
use crate::delivery::slack::{CLICK_SCOPES, Identity, Interactive, SlackClient, remedy};
use crate::server;
use handoff_core::mapping::Mapping;

const SLACK: &str = "slack";

/// One of each line must be granted; what does not work otherwise.
const NEEDED: [(&[&str], &str, bool); 3] = [
    (&["chat:write"], "no digest can be posted", true),
    (
        &["channels:history", "groups:history"],
        "a digest whose answer was lost cannot be looked up, and waits for `handoff settle`",
        true,
    ),
    (&["users:read.email"], "owners are named in digests, but not notified", false),
];

pub(super) async fn look(config: &Config, mappings: &[Mapping], http: &reqwest::Client) -> Vec<Finding> {
    let client = SlackClient::new(&config.slack, server::outbound(config, http.clone(), Clock::machine()));
    match client.identity().await {
        Ok(None) => vec![Finding::doubtful(
            SLACK,
            "an incoming webhook: it cannot be tried without posting, nor be read back",
            "use a bot token, if you can: README, Connect Slack",
        )],
        Ok(Some(identity)) => {
            let seen = format!("the token is {}'s in {}", identity.user, identity.team);
            let mut found = vec![Finding::good(SLACK, seen)];
            found.extend(lacking(&identity.scopes, NEEDED));
            found.extend(places(&client, &identity, mappings).await);
            found.extend(clicks(config, &client, &identity.scopes, http).await);
            found
        }
        Err(failure) => {
            let remedy = "see the bot token (xoxb-…) and that the app is still installed in the workspace";
            vec![Finding::bad(SLACK, failure.to_string(), remedy)]
        }
    }
}

/// Whether digests can be posted where the mappings say, and those who stand in be asked.
async fn places(client: &SlackClient, bot: &Identity, mappings: &[Mapping]) -> Vec<Finding> {
    let channels = mappings.iter().map(|mapping| &mapping.slack);
    let channels: BTreeSet<&str> = channels
        .flat_map(|slack| slack.routes.iter().map(|route| &route.channel).chain([&slack.channel]))
        .map(String::as_str)
        .collect();
    let mut found = Vec::new();
    for id in channels {
        match client.channel(id, bot).await {
            Ok(channel) => found.extend(channel.problem(id, &bot.team).map(|(seen, remedy)| {
                let finding = if channel == Channel::Unseen { Finding::doubtful } else { Finding::bad };
                finding(SLACK, seen, remedy.to_owned())
            })),
            Err(failure) => found.push(Finding::bad(SLACK, failure.to_string(), "see the answer of Slack")),
        }
    }
    let fallbacks: BTreeSet<&str> = mappings.iter().map(|mapping| mapping.owner.fallback.as_str()).collect();
    for address in fallbacks.into_iter().filter(|_| client.is_interactive()) {
        if let Ok(Some(user)) = client.user_by_email(address).await
            && let Ok(Some(code)) = client.unreachable(&user).await
        {
            found.push(Finding::bad(SLACK, format!("{address} cannot be asked: {code}"), remedy(&code)));
        }
    }
    found
}

/// Whether clicks can come in, and people be written to.
async fn clicks(
    config: &Config,
    client: &SlackClient,
    scopes: &[String],
    http: &reqwest::Client,
) -> Vec<Finding> {
    if !client.is_interactive() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (scope, consequence) in CLICK_SCOPES {
        found.extend(lacking(scopes, [(&[scope][..], consequence, true)]));
    }
    if let Interactive::Socket { .. } = config.slack.interactive {
        found.push(match client.open_connection().await {
            Ok(_) => Finding::good(SLACK, "a socket can be opened"),
            Err(failure) => {
                let remedy =
                    "see Socket Mode and the app-level token (xapp-…, connections:write) of the Slack app";
                Finding::bad(SLACK, format!("no socket can be opened: {failure}"), remedy)
            }
        });
        if let Some(sockets) = held(config, http).await {
            found.push(if sockets.starts_with("down") {
                Finding::bad(SLACK, format!("the running service's sockets: {sockets}"), "its log says more")
            } else {
                Finding::good(SLACK, format!("the running service's sockets: {sockets}"))
            });
        }
    }
    found
}

/// What the running service tells operators of its sockets; `None` if it cannot be asked.
async fn held(config: &Config, http: &reqwest::Client) -> Option<String> {
    let mut address = config.operator_listen?;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let mut call = http.get(format!("http://{address}/readyz")).timeout(Duration::from_secs(2));
    if let Some(token) = &config.operator.token {
        call = call.bearer_auth(token.expose_secret());
    }
    let told: serde_json::Value = call.send().await.ok()?.json().await.ok()?;
    told["slack_sockets"].as_str().map(ToOwned::to_owned)
}

/// What the token may not do. Slack tells the scopes with every answer; where it does not, nothing is said.
fn lacking<'n>(
    scopes: &[String],
    needed: impl IntoIterator<Item = (&'n [&'n str], &'n str, bool)>,
) -> Vec<Finding> {
    if scopes.is_empty() {
        return Vec::new();
    }
    let granted = |any: &[&str]| any.iter().any(|scope| scopes.iter().any(|granted| granted == scope));
    let missing = needed.into_iter().filter(|(any, ..)| !granted(any));
    missing
        .map(|(any, consequence, bad)| {
            let remedy =
                format!("add {} under OAuth & Permissions, and install the app again", any.join(" or "));
            let finding = if bad { Finding::bad } else { Finding::doubtful };
            finding(SLACK, consequence, remedy)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_missing_scope_is_named_with_what_fails_without_it() {
        let scopes = |granted: &[&str]| granted.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
        assert_eq!(lacking(&scopes(&["chat:write", "groups:history", "users:read.email"]), NEEDED), []);
        let found = lacking(&scopes(&["channels:history"]), NEEDED);
        let verdicts: Vec<Verdict> = found.iter().map(|finding| finding.verdict).collect();
        assert_eq!(verdicts, [Verdict::Bad, Verdict::Doubtful]);
        assert_eq!(found[0].seen, "no digest can be posted");
        let remedy = "add chat:write under OAuth & Permissions, and install the app again";
        assert_eq!(found[0].remedy.as_deref(), Some(remedy));
    }
}
