//! Slack: channels that a digest cannot be posted to, and people whom it cannot mention.

use super::{place, report_at};
use crate::clock::Clock;
use crate::config::Config;
use crate::delivery::slack::workspace::{Channel, Mention};
use crate::delivery::slack::{CLICK_SCOPES, Identity, Interactive, SlackClient, remedy};
use crate::failure::Failure;
use crate::server;
use handoff_core::source::{Problems, Span, Spanned};
use handoff_core::workbench::live_check::{self, Named};

/// Scopes that digests need, and what happens without.
const NEEDED: [(&str, &str); 2] = [
    ("chat:write", "no digest can be posted"),
    ("users:read.email", "digests show owners by name and mention nobody"),
];

/// Asks Slack about every mapping; returns what was compared.
pub(super) async fn compare(
    config: &Config,
    http: &reqwest::Client,
    clock: &Clock,
    settings: &mut Problems,
    mappings: &mut [Problems],
) -> Option<String> {
    let slack = SlackClient::new(&config.slack, server::outbound(config, http.clone(), clock.clone()));
    let bot = match slack.identity().await {
        Ok(Some(bot)) => bot,
        Ok(None) => return Some("slack: an incoming webhook cannot be asked".to_owned()),
        Err(failure) => {
            refuse(settings, &failure);
            return None;
        }
    };
    let of_clicks = if slack.is_interactive() { &CLICK_SCOPES[..] } else { &[] };
    for (scope, consequence) in NEEDED.iter().chain(of_clicks).filter(|(scope, _)| bot.lacks(scope)) {
        let message = format!("the Slack app lacks the scope {scope}: {consequence}");
        let help =
            format!("add {scope} under OAuth & Permissions > Bot Token Scopes and install the app again");
        report_at(settings, place::of_slack(settings), message, help);
    }
    if let Interactive::Socket { .. } = config.slack.interactive
        && let Err(failure) = slack.open_connection().await
    {
        let help = "the token of `app_token` is made under Basic Information > App-Level Tokens, with the scope \
                    connections:write; Socket Mode is switched on under Socket Mode";
        report_at(
            settings,
            place::of_slack(settings),
            format!("no socket can be opened: {}", failure.why()),
            help,
        );
    }
    for mapping in mappings {
        let Named { channels, fallback, .. } = live_check::named(mapping);
        for named in channels {
            if let Err(failure) = channel(&slack, &bot, &named.value, named.span, mapping).await {
                refuse(settings, &failure);
                return None;
            }
        }
        let Some(Spanned { value: address, span }) = fallback else { continue };
        if let Ok(Mention::Nobody) = slack.mention(&address).await {
            let message = format!("`{address}` has no Slack account: such a digest mentions nobody");
            mapping.warning(
                span,
                message,
                "write the address of somebody who has one, if they should be told",
            );
        } else if slack.is_interactive()
            && let Ok(Some(user)) = slack.user_by_email(&address).await
            && let Ok(Some(code)) = slack.unreachable(&user).await
        {
            mapping.error(span, format!("`{address}` cannot be asked in Slack: {code}"), remedy(&code));
        }
    }
    Some(format!("slack: compared with the workspace {}", bot.team))
}

fn refuse(settings: &mut Problems, failure: &Failure) {
    let left = "mend that and check again: no channel was looked at";
    report_at(settings, place::of_slack(settings), format!("slack cannot be asked: {}", failure.why()), left);
}

async fn channel(
    slack: &SlackClient,
    bot: &Identity,
    id: &str,
    span: Span,
    mapping: &mut Problems,
) -> Result<(), Failure> {
    let found = slack.channel(id, bot).await?;
    match found.problem(id, &bot.team) {
        None => {}
        Some((message, help)) if found == Channel::Unseen => mapping.warning(span, message, help),
        Some((message, help)) => mapping.error(span, message, help),
    }
    Ok(())
}
