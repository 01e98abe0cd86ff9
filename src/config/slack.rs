//! `[slack]`: how digests are posted.

use secrecy::ExposeSecret;

use super::defaults;
use crate::delivery::slack::{Auth, Settings};
use crate::settings::{Secrets, url};
use handoff_core::source::{Block, Problems};

/// Reads the block: a bot token or an incoming webhook.
pub(super) fn read(
    mut section: Block<'_>,
    replicas: u32,
    secrets: &Secrets<'_>,
    problems: &mut Problems,
) -> Option<Settings> {
    let span = section.span();
    let api_url = url::read(section.take("api_url"), problems);
    let bot = secrets.one(&mut section, "bot_token", problems);
    let webhook = secrets.one(&mut section, "webhook_url", problems);
    section.finish(problems);
    match (bot.named, webhook.named) {
        (None, None) => {
            let help = "add bot_token_env = \"SLACK_BOT_TOKEN\" (or webhook_url_env for an incoming webhook)";
            problems.error(span, "[slack] does not say how to post", help);
        }
        (Some(_), Some(second)) => {
            let help = "keep the bot token; remove the webhook";
            problems.error(second, "[slack] names a bot token and an incoming webhook", help);
        }
        _ => {}
    }
    if let (Some(span), Some(secret)) = (webhook.named, webhook.secrets.first())
        && let Err(refused) = url::base(secret.expose_secret())
    {
        problems.error(span, format!("the secret behind `webhook_url` {}", refused.message), refused.help);
    }
    let auth = bot.only().map(Auth::Bot).or_else(|| webhook.only().map(Auth::IncomingWebhook));
    Some(Settings {
        api_url: api_url.unwrap_or_else(|| defaults::SLACK_API.to_owned()),
        replicas,
        auth: auth?,
    })
}
