//! Whether Slack knows our bot, and lets it do what it has to.

use super::Finding;
use crate::clock::Clock;
use crate::config::Config;
use crate::delivery::slack::SlackClient;
use crate::server;

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

pub(super) async fn look(config: &Config, http: &reqwest::Client) -> Vec<Finding> {
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
            found.extend(lacking(&identity.scopes));
            found
        }
        Err(failure) => {
            let remedy = "see the bot token (xoxb-…) and that the app is still installed in the workspace";
            vec![Finding::bad(SLACK, failure.to_string(), remedy)]
        }
    }
}

/// What the token may not do. Slack tells the scopes with every answer; where it does not, nothing is said.
fn lacking(scopes: &[String]) -> Vec<Finding> {
    if scopes.is_empty() {
        return Vec::new();
    }
    let granted = |any: &[&str]| any.iter().any(|scope| scopes.iter().any(|granted| granted == scope));
    let missing = NEEDED.iter().filter(|(any, ..)| !granted(any));
    missing
        .map(|&(any, consequence, bad)| {
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
        assert_eq!(lacking(&scopes(&["chat:write", "groups:history", "users:read.email"])), []);
        let found = lacking(&scopes(&["channels:history"]));
        let verdicts: Vec<Verdict> = found.iter().map(|finding| finding.verdict).collect();
        assert_eq!(verdicts, [Verdict::Bad, Verdict::Doubtful]);
        assert_eq!(found[0].seen, "no digest can be posted");
        let remedy = "add chat:write under OAuth & Permissions, and install the app again";
        assert_eq!(found[0].remedy.as_deref(), Some(remedy));
    }
}
