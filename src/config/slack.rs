//! `[slack]`: how digests are posted, and how clicks on them come in.

use secrecy::ExposeSecret;

use super::{WorkConfig, defaults};
use crate::delivery::slack::{Auth, Interactive, Settings};
use crate::settings::{Secrets, secret, url};
use handoff_core::source::{Block, Problems, Span};

/// How clicks come in, as the file names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    Off,
    Http,
    Socket,
}

const TRANSPORTS: [(&str, Transport); 3] =
    [("off", Transport::Off), ("http", Transport::Http), ("socket", Transport::Socket)];

/// Reads the block: a bot token or an incoming webhook.
pub(super) fn read(
    mut section: Block<'_>,
    (work, webhooks): (&WorkConfig, bool),
    secrets: &Secrets<'_>,
    problems: &mut Problems,
) -> Option<Settings> {
    let span = section.span();
    let api_url = url::read(section.take("api_url"), problems);
    let bot = secrets.one(&mut section, "bot_token", problems);
    let webhook = secrets.one(&mut section, "webhook_url", problems);
    let interactive = interactive(&mut section, (webhook.named, webhooks), secrets, problems);
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
        (None, Some(webhook)) if !work.follow.span.is_zero() => {
            let message = "an incoming webhook cannot edit what it posted: a digest stays as it was when the deal was won";
            let help = "use a bot token, or write for = \"0\" in [follow]";
            problems.warning(webhook, message, help);
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
        replicas: work.replicas,
        auth: auth?,
        interactive: interactive?,
    })
}

/// Reads how clicks come in. A secret that this transport does not use is not asked for.
fn interactive(
    section: &mut Block<'_>,
    (webhook, webhooks): (Option<Span>, bool),
    secrets: &Secrets<'_>,
    problems: &mut Problems,
) -> Option<Interactive> {
    let field = section.take("interactive");
    let span = field.key_span();
    let transport = field.choice(&TRANSPORTS, problems);
    let transport = if span.is_some() { transport } else { Some(Transport::Off) };
    let wanted = |of| Secrets { serving: secrets.serving && transport == Some(of), ..*secrets };
    let signing = wanted(Transport::Http).several(section, "signing_secrets", problems);
    let app = wanted(Transport::Socket).one_if_serving(section, "app_token", problems);
    let mut refuse = |message: &str, help: &str| {
        if let Some(span) = span {
            problems.error(span, message, help);
        }
    };
    if transport != Some(Transport::Off) && webhook.is_some() {
        refuse("an incoming webhook has no buttons", "use a bot token, or write interactive = \"off\"");
    }
    match transport? {
        Transport::Off => Some(Interactive::Off),
        Transport::Http => {
            if !webhooks {
                let help = "write interactive = \"socket\", which needs no address, or where Slack reaches the service: public_url";
                refuse("without `public_url` Slack cannot post clicks", help);
            }
            if signing.listed == 0 {
                let help = "add signing_secrets_env = [\"SLACK_SIGNING_SECRET\"]; the secret is under Basic \
                            Information of the Slack app";
                refuse("clicks over HTTP are signed, and no signing secret is named", help);
            }
            Some(Interactive::Http { signing_secrets: signing.secrets })
        }
        Transport::Socket => {
            if app.listed == 0 {
                let help = "add app_token_env = \"SLACK_APP_TOKEN\"; make the token under Basic Information > \
                            App-Level Tokens of the Slack app, with the scope connections:write";
                refuse("a socket is opened with an app-level token, and none is named", help);
            }
            let named = app.named;
            let token = app.only();
            if let (Some(span), Some(token)) = (named, &token)
                && !token.expose_secret().starts_with(secret::APP_TOKEN)
            {
                let help = "copy the one that begins with xapp-, from Basic Information > App-Level Tokens; \
                            xoxb- is the bot token";
                problems.error(span, "the secret behind `app_token` is not an app-level token", help);
            }
            token.map(|app_token| Interactive::Socket { app_token })
        }
    }
}
