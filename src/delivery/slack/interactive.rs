//! How the product talks back to people: modals, direct messages, ephemeral messages, who a person is.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::SlackClient;
use super::answer::{Access, Answer};
use super::escape;
use crate::failure::Failure;

/// How clicks come in.
#[derive(Debug, Clone)]
pub enum Interactive {
    /// They do not: nothing shows a button.
    Off,
    /// Slack posts them to the public address, signed by one of these.
    Http { signing_secrets: Vec<SecretString> },
    /// Over sockets that are opened from here with this token.
    Socket { app_token: SecretString },
}

impl Interactive {
    /// Whether messages may show buttons.
    pub fn is_on(&self) -> bool {
        !matches!(self, Self::Off)
    }
}

/// Scopes that clicks need beside those of digests, and what happens without.
pub const CLICK_SCOPES: [(&str, &str); 3] = [
    ("im:write", "nobody can be asked in a direct message"),
    ("im:history", "a direct message whose answer was lost cannot be looked up, and is held"),
    ("users:read", "members cannot be told from guests and people of other workspaces, so nobody may answer"),
];

/// How long what Slack said of a person is kept.
const KEPT: Duration = Duration::from_hours(24);

/// Longest text of an ephemeral message, in UTF-16 units.
const EPHEMERAL: usize = 3_000;

/// A modal that is open; `hash` changes whenever it does.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct View {
    pub id: String,
    pub hash: String,
}

#[derive(Deserialize)]
struct Opened {
    view: View,
}

/// Whether a person can be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectMessage {
    /// The id of the conversation with them, which never changes.
    Channel(String),
    /// They cannot; Slack's code says why, and trying again does not help.
    Unreachable { code: String },
}

/// Refusals that are about the person, or about the app's settings: a second try would be refused, too.
/// <https://docs.slack.dev/reference/methods/conversations.open>
const UNREACHABLE: [&str; 9] = [
    "cannot_dm_bot",
    "invalid_user_combination",
    "messages_tab_disabled",
    "not_enough_users",
    "user_disabled",
    "user_not_found",
    "user_not_visible",
    "users_not_found",
    "channel_not_found",
];

/// What to do about a person who cannot be written to, by Slack's code.
pub fn remedy(code: &str) -> &'static str {
    match code {
        "messages_tab_disabled" => {
            "switch the Messages tab on under App Home in the settings of the Slack app, and install it again"
        }
        "cannot_dm_bot" => "the address belongs to a bot: write that of a person",
        "user_disabled" => "the account is deactivated: write the address of somebody who is there",
        _ => "the person cannot be written to",
    }
}

/// Refusals of a socket that end only when a person acts.
const REFUSED_APPS: [&str; 7] = [
    "account_inactive",
    "forbidden_team",
    "invalid_auth",
    "not_allowed_token_type",
    "not_authed",
    "team_disabled",
    "user_removed_from_team",
];

#[derive(Deserialize)]
struct OpenedConnection {
    url: String,
}

#[derive(Deserialize)]
struct OpenedChannel {
    channel: ChannelId,
}

#[derive(Deserialize)]
struct ChannelId {
    id: String,
}

/// A person as `users.info` shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub id: String,
    /// The workspace they belong to.
    pub team: String,
    pub name: String,
    /// Lower case; `None` if they have none or the scope `users:read.email` is missing.
    pub email: Option<String>,
    /// Deactivated, or a program.
    pub is_gone: bool,
    /// A guest, or a member of another workspace.
    pub is_outsider: bool,
}

#[derive(Deserialize)]
struct Info {
    user: InfoUser,
}

#[derive(Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "as Slack writes them")]
struct InfoUser {
    id: String,
    #[serde(default)]
    team_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    real_name: Option<String>,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    is_bot: bool,
    #[serde(default)]
    is_restricted: bool,
    #[serde(default)]
    is_ultra_restricted: bool,
    #[serde(default)]
    is_stranger: bool,
    #[serde(default)]
    profile: Profile,
}

#[derive(Default, Deserialize)]
struct Profile {
    email: Option<String>,
}

impl From<InfoUser> for Member {
    fn from(user: InfoUser) -> Self {
        let name = user.real_name.filter(|name| !name.trim().is_empty()).unwrap_or(user.name);
        Self {
            id: user.id,
            team: user.team_id,
            name,
            email: user.profile.email.map(|email| email.trim().to_lowercase()),
            is_gone: user.deleted || user.is_bot,
            is_outsider: user.is_restricted || user.is_ultra_restricted || user.is_stranger,
        }
    }
}

impl SlackClient {
    /// Whether messages may show buttons.
    pub fn is_interactive(&self) -> bool {
        self.interactive.is_on()
    }

    /// Opens a modal for the person whose click gave the trigger, which works once and for three seconds. A failure is
    /// final for this trigger: the person has to click again. <https://docs.slack.dev/reference/methods/views.open>
    pub async fn open_view(&self, trigger_id: &str, view: &Value) -> Result<View, Failure> {
        let arguments = json!({"trigger_id": trigger_id, "view": view});
        Ok(self.tell("views.open", &arguments).await?.web_api::<Opened>("views.open", Access::Edit)?.view)
    }

    /// Replaces the content of an open modal if it still is as `shown`; what was typed stays where block and action id
    /// stay. `None` if the person closed it or went on meanwhile.
    /// <https://docs.slack.dev/reference/methods/views.update>
    pub async fn update_view(&self, shown: &View, view: &Value) -> Result<Option<View>, Failure> {
        let arguments = json!({"view_id": shown.id, "hash": shown.hash, "view": view});
        let method = "views.update";
        let answer = self.tell(method, &arguments).await?;
        if matches!(answer.refusal().as_deref(), Some("not_found" | "view_not_found" | "hash_conflict")) {
            return Ok(None);
        }
        Ok(Some(answer.web_api::<Opened>(method, Access::Edit)?.view))
    }

    /// The conversation with a person, opened if need be; asking again gives the same one.
    /// <https://docs.slack.dev/reference/methods/conversations.open>
    pub async fn open_dm(&self, user: &str) -> Result<DirectMessage, Failure> {
        if let Some(known) = self.direct.get(user, KEPT) {
            return Ok(DirectMessage::Channel(known));
        }
        let method = "conversations.open";
        let answer = self.tell(method, &json!({"users": user})).await?;
        if let Some(code) = answer.refusal().filter(|code| UNREACHABLE.contains(&code.as_str())) {
            return Ok(DirectMessage::Unreachable { code });
        }
        let ChannelId { id } = answer.web_api::<OpenedChannel>(method, Access::Edit)?.channel;
        self.direct.put(user, id.clone());
        Ok(DirectMessage::Channel(id))
    }

    /// Slack's code of why a person cannot be written to, found out without opening or writing anything.
    pub async fn unreachable(&self, user: &str) -> Result<Option<String>, Failure> {
        let method = "conversations.open";
        let answer = self.tell(method, &json!({"users": user, "prevent_creation": true})).await?;
        match answer.refusal() {
            Some(code) if UNREACHABLE.contains(&code.as_str()) => Ok(Some(code)),
            _ => answer.web_api::<IgnoredAny>(method, Access::Read).map(|_| None),
        }
    }

    /// The id of the bot's own workspace. <https://docs.slack.dev/reference/methods/auth.test>
    pub async fn team(&self) -> Result<String, Failure> {
        let identity = self.identity().await?;
        identity
            .map(|bot| bot.team_id)
            .ok_or_else(|| Failure::give_up("Slack: an incoming webhook has no workspace"))
    }

    /// Who a person is, as known for at most a day; `None` if the workspace does not know them.
    /// <https://docs.slack.dev/reference/methods/users.info>
    pub async fn user(&self, id: &str) -> Result<Option<Member>, Failure> {
        if let Some(known) = self.members.get(id, KEPT) {
            return Ok(known);
        }
        let method = "users.info";
        let Some(answer) = self.ask(method, &[("user", id)]).await else { return Ok(None) };
        let answer = answer?;
        let unknown = matches!(answer.refusal().as_deref(), Some("user_not_found" | "user_not_visible"));
        let member =
            if unknown { None } else { Some(answer.web_api::<Info>(method, Access::Read)?.user.into()) };
        self.members.put(id, member.clone());
        Ok(member)
    }

    /// Shows a text to one member of a channel only. Nothing of it can be read back, and it is gone on reload: for what
    /// is said to a click. <https://docs.slack.dev/reference/methods/chat.postEphemeral>
    pub async fn ephemeral(&self, channel: &str, user: &str, text: &str) -> Result<(), Failure> {
        let text = escape::escaped(text, EPHEMERAL);
        let arguments = json!({"channel": channel, "user": user, "text": text});
        let method = "chat.postEphemeral";
        self.tell(method, &arguments).await?.web_api::<IgnoredAny>(method, Access::Edit).map(drop)
    }

    /// Where a socket may be opened, once and within seconds. The address holds a ticket, which is a secret.
    /// <https://docs.slack.dev/reference/methods/apps.connections.open>
    pub async fn open_connection(&self) -> Result<SecretString, Failure> {
        let method = "apps.connections.open";
        let Interactive::Socket { app_token } = &self.interactive else {
            return Err(Failure::give_up("Slack: sockets are not configured"));
        };
        let call = self.outbound.http.post(self.url(method)).bearer_auth(app_token.expose_secret());
        let answer = self.send(method, Access::Edit, call).await?;
        match answer.refusal().as_deref() {
            Some(code @ "too_many_websockets") => Err(Failure::retry(format!("Slack: {method}: {code}"))),
            Some(code) if REFUSED_APPS.contains(&code) => {
                let why =
                    format!("Slack: {method}: {code}; check the app-level token and that Socket Mode is on");
                Err(Failure::Pause { why, until: None })
            }
            _ => answer.web_api::<OpenedConnection>(method, Access::Edit).map(|opened| opened.url.into()),
        }
    }

    /// Whether Slack's API is on this machine, as in a test.
    pub fn is_local(&self) -> bool {
        reqwest::Url::parse(&self.url("")).is_ok_and(|url| crate::settings::url::is_loopback(&url))
    }

    /// Calls a method with a JSON body and returns the answer, refusals included.
    async fn tell(&self, method: &str, arguments: &Value) -> Result<Answer, Failure> {
        let Some(token) = self.bot_token() else {
            return Err(Failure::give_up(format!("Slack: {method}: an incoming webhook can only post")));
        };
        let call = self.outbound.http.post(self.url(method)).bearer_auth(token.expose_secret());
        self.send(method, Access::Edit, call.json(arguments)).await
    }
}
