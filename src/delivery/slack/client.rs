//! The few calls to Slack that a digest needs.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret as _, SecretString};

use super::answer::{Access, Answer};
use super::blocks::{Message, Metadata};
use super::interactive::{Interactive, Member};
use super::wire::{Edit, History, Lookup, Permalink, Post, PostAnswer, WebhookPost, WhoAmI};
use crate::crm::Cache;
use crate::crm::outbound::{Outbound, SendError};
use crate::crm::rate_limiter::RateLimiter;
use crate::failure::Failure;

/// Time between two posts to one channel. Replicas do not know of each other's posts, so each keeps to its part.
/// <https://docs.slack.dev/apis/web-api/rate-limits>
const POST_INTERVAL: Duration = Duration::from_secs(1);

/// How far our clock and Slack's may be apart.
const SKEW_SECONDS: i64 = 600;

/// Messages on one page of a channel's history.
const PAGE: usize = 200;

/// Pages that one read-back looks at.
const PAGES: usize = 5;

/// How long a found user is kept.
const FOUND: Duration = Duration::from_hours(24);

/// How long it is kept that nobody has an address.
const NOT_FOUND: Duration = Duration::from_hours(1);

/// Refusals of an edit that no later try will change.
const FROZEN: [&str; 6] = [
    "cant_update_message",
    "channel_not_found",
    "edit_window_closed",
    "is_archived",
    "is_inactive",
    "message_not_found",
];

/// What the configuration says about Slack.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Base of the Web API, `https://slack.com/api`.
    pub api_url: String,
    /// Processes that serve this installation together, which take turns in a channel.
    pub replicas: u32,
    pub auth: Auth,
    pub interactive: Interactive,
}

#[derive(Debug, Clone)]
pub enum Auth {
    /// A bot token (`xoxb-…`), with read-back and mentions.
    Bot(SecretString),
    /// An incoming webhook: post only, one fixed channel, nothing can be read back.
    IncomingWebhook(SecretString),
}

/// A message that is in Slack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// Channel id, as Slack returned it.
    pub channel: String,
    /// Slack's id of the message in its channel; an incoming webhook does not tell it.
    pub ts: Option<String>,
}

/// A bot as Slack knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub team: String,
    /// The workspace's own id: `T0123`.
    pub team_id: String,
    pub user: String,
    /// What it was granted; empty if Slack did not say.
    pub scopes: Vec<String>,
}

impl Identity {
    /// Whether the bot lacks a scope, as far as that is known.
    pub fn lacks(&self, scope: &str) -> bool {
        !self.scopes.is_empty() && !self.scopes.iter().any(|granted| granted == scope)
    }
}

/// Posts digests, as a bot or through an incoming webhook. Failures never hold a token or a webhook URL.
pub struct SlackClient {
    pub(super) outbound: Outbound,
    api_url: String,
    pub(super) auth: Auth,
    pub(super) interactive: Interactive,
    posts: RateLimiter,
    /// User ids by e-mail address; `None` where nobody in the workspace has it.
    users: Cache<Option<String>>,
    /// People by their id; `None` where the workspace has no such member.
    pub(super) members: Cache<Option<Member>>,
    /// Conversations with one person, by the person's id.
    pub(super) direct: Cache<String>,
}

impl SlackClient {
    /// A client for the configured workspace.
    pub fn new(config: &Settings, outbound: Outbound) -> Self {
        Self {
            api_url: config.api_url.trim_end_matches('/').to_owned(),
            auth: config.auth.clone(),
            interactive: config.interactive.clone(),
            posts: RateLimiter::new(1, POST_INTERVAL * config.replicas.max(1), outbound.clock.clone()),
            users: Cache::new(outbound.clock.clone()),
            members: Cache::new(outbound.clock.clone()),
            direct: Cache::new(outbound.clock.clone()),
            outbound,
        }
    }

    /// Whether a post of unknown outcome can be looked for. An incoming webhook can only post.
    pub fn can_read_back(&self) -> bool {
        matches!(self.auth, Auth::Bot(_))
    }

    /// Waits until the rate limit lets the channel get another message, for loops that hold no place of a worker. To be
    /// awaited before it is written down that [`SlackClient::post`] is called. Workers ask [`SlackClient::turn`].
    pub async fn acquire(&self, channel: &str) {
        // Only a wish for quiet, which is never passed on to this limiter, ends the waiting early.
        let _ = self.posts.acquire(channel).await;
    }

    /// Takes the channel's turn, or returns how long until it comes: until then the caller should do something else.
    pub fn turn(&self, channel: &str) -> Result<(), Duration> {
        self.posts.turn(channel)
    }

    /// Posts a message. An incoming webhook posts to its own channel, whatever `channel` says.
    ///
    /// [`Failure::Unknown`] if the message may be there although the call failed.
    pub async fn post(&self, channel: &str, message: &Message) -> Result<Posted, Failure> {
        match &self.auth {
            Auth::Bot(token) => self.post_as(token, &Post { channel, thread_ts: None, message }).await,
            Auth::IncomingWebhook(url) => {
                let call = self.outbound.http.post(url.expose_secret()).json(&WebhookPost::of(message));
                self.send("the incoming webhook", Access::Write, call).await?.webhook()?;
                Ok(Posted { channel: channel.to_owned(), ts: None })
            }
        }
    }

    pub(super) async fn post_as(&self, token: &SecretString, post: &Post<'_>) -> Result<Posted, Failure> {
        let method = "chat.postMessage";
        let call = self.outbound.http.post(self.url(method)).bearer_auth(token.expose_secret());
        let answer = self.send(method, Access::Write, call.json(post)).await?;
        let PostAnswer { channel, ts } = answer.web_api(method, Access::Write)?;
        Ok(Posted { channel, ts: Some(ts) })
    }

    /// Replaces text and blocks of a message that this bot posted; the same edit may be repeated.
    ///
    /// Returns `false` if Slack will never let it be edited again: it was deleted, its channel is archived, or the
    /// workspace's settings forbid it. <https://docs.slack.dev/reference/methods/chat.update>
    pub async fn edit(&self, channel: &str, ts: &str, message: &Message) -> Result<bool, Failure> {
        let Auth::Bot(token) = &self.auth else { return Ok(false) };
        let method = "chat.update";
        let call = self.outbound.http.post(self.url(method)).bearer_auth(token.expose_secret());
        let edit = Edit { channel, ts, text: &message.text, blocks: &message.blocks };
        let answer = self.send(method, Access::Edit, call.json(&edit)).await?;
        if answer.refusal().is_some_and(|code| FROZEN.contains(&code.as_str())) {
            return Ok(false);
        }
        answer.web_api::<serde::de::IgnoredAny>(method, Access::Edit).map(|_| true)
    }

    /// Looks for a message by its metadata among the channel's messages since shortly before `since`.
    /// `None` if it is certainly not there; a failure if that cannot be said, as always with an incoming
    /// webhook. A channel that is only `perhaps` the right one is passed over if the bot is not in it.
    ///
    /// Slack may show a message that was just posted a little late.
    pub async fn find_posted(
        &self,
        channel: &str,
        perhaps: bool,
        marker: &Metadata,
        since: Timestamp,
    ) -> Result<Option<Posted>, Failure> {
        let method = "conversations.history";
        let oldest = format!("{}.000000", since.as_second().saturating_sub(SKEW_SECONDS).max(0));
        let (limit, mut cursor) = (PAGE.to_string(), String::new());
        for _ in 0..PAGES {
            let mut query = vec![("channel", channel), ("oldest", &oldest), ("limit", &limit)];
            query.push(("include_all_metadata", "true"));
            query.extend((!cursor.is_empty()).then_some(("cursor", cursor.as_str())));
            let Some(answer) = self.ask(method, &query).await else {
                return Err(Failure::give_up("Slack: an incoming webhook cannot be read back"));
            };
            let answer = answer?;
            if perhaps
                && matches!(
                    answer.refusal().as_deref(),
                    Some("not_in_channel" | "channel_not_found" | "is_archived")
                )
            {
                return Ok(None);
            }
            let page: History = answer.web_api(method, Access::Read)?;
            if let Some(found) = page.messages.into_iter().find(|message| message.announces(marker)) {
                return Ok(Some(Posted { channel: channel.to_owned(), ts: Some(found.ts) }));
            }
            cursor = page.response_metadata.and_then(|page| page.next_cursor).unwrap_or_default();
            if cursor.is_empty() {
                return Ok(None);
            }
        }
        Err(Failure::give_up(format!(
            "Slack: {method}: the digest is not among the newest {} messages of the channel; look for it there, then replay",
            PAGE * PAGES
        )))
    }

    /// The Slack user with this e-mail address, if there is one.
    ///
    /// # Errors
    ///
    /// Slack could not be asked. A scope that is missing, and what else will be no different next time, is nobody.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<String>, Failure> {
        let email = email.trim().to_lowercase();
        if email.is_empty() {
            return Ok(None);
        }
        let found = self.users.get(&email, FOUND).filter(Option::is_some);
        if let Some(known) = found.or_else(|| self.users.get(&email, NOT_FOUND)) {
            return Ok(known);
        }
        let method = "users.lookupByEmail";
        let Some(answer) = self.ask(method, &[("email", &email)]).await else { return Ok(None) };
        let person = match answer.and_then(|answer| answer.web_api::<Lookup>(method, Access::Read)) {
            Ok(found) => Some(found.user.id).filter(|_| !found.user.deleted && !found.user.is_bot),
            Err(Failure::GiveUp { .. }) => None,
            Err(failure) => return Err(failure),
        };
        self.users.put(&email, person.clone());
        Ok(person)
    }

    /// Where a person opens a message; `None` if Slack does not say.
    pub async fn permalink(&self, channel: &str, ts: &str) -> Option<String> {
        let method = "chat.getPermalink";
        let answer = self.ask(method, &[("channel", channel), ("message_ts", ts)]).await?.ok()?;
        answer.web_api::<Permalink>(method, Access::Read).ok().map(|found| found.permalink)
    }

    /// Whose token we have and what it may do; `None` for an incoming webhook, which cannot be asked.
    /// <https://docs.slack.dev/reference/methods/auth.test>
    pub async fn identity(&self) -> Result<Option<Identity>, Failure> {
        let Auth::Bot(token) = &self.auth else { return Ok(None) };
        let method = "auth.test";
        let call = self.outbound.http.post(self.url(method)).bearer_auth(token.expose_secret());
        let answer = self.send(method, Access::Read, call).await?;
        let granted = answer.0.header("x-oauth-scopes").unwrap_or_default();
        let scopes = granted.split(',').map(str::trim).filter(|scope| !scope.is_empty());
        let WhoAmI { team, team_id, user } = answer.web_api(method, Access::Read)?;
        Ok(Some(Identity { team, team_id, user, scopes: scopes.map(ToOwned::to_owned).collect() }))
    }

    /// Calls a method that only reads and returns the answer, refusals included. `None` for an incoming
    /// webhook, which cannot ask anything.
    pub(super) async fn ask(&self, method: &str, query: &[(&str, &str)]) -> Option<Result<Answer, Failure>> {
        let Auth::Bot(token) = &self.auth else { return None };
        let call = self.outbound.http.get(self.url(method)).query(query).bearer_auth(token.expose_secret());
        Some(self.send(method, Access::Read, call).await)
    }

    pub(super) fn bot_token(&self) -> Option<&SecretString> {
        match &self.auth {
            Auth::Bot(token) => Some(token),
            Auth::IncomingWebhook(_) => None,
        }
    }

    pub(super) fn url(&self, method: &str) -> String {
        format!("{}/{method}", self.api_url)
    }

    pub(super) async fn send(
        &self,
        method: &str,
        access: Access,
        call: RequestBuilder,
    ) -> Result<Answer, Failure> {
        let answer = self.outbound.send(call).await;
        answer.map(Answer).map_err(|error| unanswered(method, access, &error))
    }
}

/// The failure of a call that got no answer. In our own words: the connection's would be in no code of Slack's.
fn unanswered(method: &str, access: Access, error: &SendError) -> Failure {
    let what = match error {
        SendError::Invalid(_) => {
            let why = "the configured URL or token is not a valid one";
            return Failure::give_up(format!("Slack: {method}: {why}"));
        }
        SendError::NotSent(_) => return Failure::retry(format!("Slack: {method}: could not connect")),
        SendError::TimedOut => "no answer in time",
        SendError::Broken(_) => "the connection broke",
        SendError::TooLarge => "the answer is too large",
    };
    access.unclear(format!("Slack: {method}: {what}"))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::body::Bytes;
    use axum::extract::{Request, State};
    use axum::http::{HeaderMap, StatusCode};
    use axum::response::IntoResponse;
    use serde_json::{Value, json};

    use super::*;
    use crate::clock::Clock;
    use crate::crm::outbound::MAX_ANSWER_BYTES;
    use crate::crm::outbound::tests::{server_that_sends, test_outbound};
    use crate::delivery::example;
    use crate::delivery::slack::{Links, Mentions, digest};

    /// A Slack that answers what it is told to, in order, and keeps what it was asked.
    struct Slack {
        url: String,
        said: Arc<Mutex<Script>>,
        clock: Clock,
    }

    #[derive(Default)]
    struct Script {
        answers: VecDeque<(u16, &'static str, String)>,
        /// Method with query, `Authorization`, body.
        calls: Vec<(String, String, Value)>,
    }

    impl Slack {
        async fn that_answers(answers: impl IntoIterator<Item = (u16, Value)>) -> Self {
            let plain = answers.into_iter().map(|(status, body)| (status, "", body.to_string()));
            Self::that_says(plain.collect()).await
        }

        async fn that_says(answers: VecDeque<(u16, &'static str, String)>) -> Self {
            let said = Arc::new(Mutex::new(Script { answers, calls: Vec::new() }));
            let app = Router::new().fallback(answer).with_state(Arc::clone(&said));
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            tokio::spawn(async move { axum::serve(listener, app).await });
            Self { url, said, clock: Clock::manual("2026-11-22T08:00:00Z".parse().unwrap()) }
        }

        fn bot(&self) -> SlackClient {
            client(&self.url, Auth::Bot("xoxb-very-secret".into()), &self.clock)
        }

        fn incoming_webhook(&self) -> SlackClient {
            let url = format!("{}/services/T0/B0/very-secret", self.url);
            client(&self.url, Auth::IncomingWebhook(url.into()), &self.clock)
        }

        fn calls(&self) -> Vec<(String, String, Value)> {
            self.said.lock().unwrap().calls.clone()
        }
    }

    async fn answer(State(said): State<Arc<Mutex<Script>>>, request: Request) -> impl IntoResponse {
        let call = request.uri().to_string();
        let token =
            request.headers().get("authorization").map_or("", |value| value.to_str().unwrap()).to_owned();
        let body: Bytes = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
        let mut said = said.lock().unwrap();
        said.calls.push((call, token, serde_json::from_slice(&body).unwrap_or_default()));
        let (status, retry_after, body) =
            said.answers.pop_front().expect("a call that the test did not expect");
        let mut headers = HeaderMap::new();
        if !retry_after.is_empty() {
            headers.insert("retry-after", retry_after.parse().unwrap());
        }
        (StatusCode::from_u16(status).unwrap(), headers, body)
    }

    fn client(api_url: &str, auth: Auth, clock: &Clock) -> SlackClient {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().tls_certs_only([]).build().unwrap();
        SlackClient::new(&config(api_url, auth), test_outbound(http, clock.clone()))
    }

    fn config(api_url: &str, auth: Auth) -> Settings {
        Settings { api_url: format!("{api_url}/"), replicas: 1, auth, interactive: Interactive::Off }
    }

    fn message() -> Message {
        let deal = example::half_empty();
        digest(&deal.packet, &deal.record, &example::digest_params(), &Links::default(), &Mentions::default())
    }

    fn ours(packet_id: &str) -> Value {
        json!({"event_type": "handoff_packet_posted", "event_payload": {"packet_id": packet_id, "revision": 1}})
    }

    const SINCE: &str = "2026-11-22T08:00:00Z";

    async fn find(slack: &Slack, packet_id: &str) -> Result<Option<Posted>, Failure> {
        slack.bot().find_posted("C1", false, &Metadata::of(packet_id), SINCE.parse().unwrap()).await
    }

    #[tokio::test]
    async fn a_digest_is_posted_with_token_channel_and_metadata() {
        let slack =
            Slack::that_answers([(200, json!({"ok": true, "channel": "C1", "ts": "1.000200"}))]).await;
        let posted = slack.bot().post("C1", &message()).await.unwrap();
        assert_eq!(posted, Posted { channel: "C1".to_owned(), ts: Some("1.000200".to_owned()) });
        let (call, token, body) = slack.calls().remove(0);
        assert_eq!((call.as_str(), token.as_str()), ("/chat.postMessage", "Bearer xoxb-very-secret"));
        assert_eq!(body["channel"], "C1");
        assert_eq!(body["metadata"], ours("pkt_3f9c1a2b4c5d"));
        assert_eq!(body["unfurl_links"], false);
        assert_eq!(body["blocks"][0]["type"], "rich_text");
    }

    #[tokio::test]
    async fn slacks_wish_to_wait_is_passed_on() {
        let slack = Slack::that_says([(429, "30", String::new())].into()).await;
        let failure = slack.bot().post("C1", &message()).await.unwrap_err();
        let why = "Slack: chat.postMessage: HTTP 429".to_owned();
        assert_eq!(failure, Failure::Retry { why, after: Some(Duration::from_secs(30)) });
    }

    #[tokio::test]
    async fn a_post_that_nobody_took_is_retried() {
        let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let clock = Clock::manual(SINCE.parse().unwrap());
        let client = client(&format!("http://{gone}"), Auth::Bot("xoxb".into()), &clock);
        let failure = client.post("C1", &message()).await.unwrap_err();
        assert_eq!(failure, Failure::retry("Slack: chat.postMessage: could not connect"));
    }

    #[tokio::test]
    async fn a_post_whose_answer_is_lost_is_unknown_and_names_no_secret() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/services/very-secret", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                connection.readable().await.unwrap();
                drop(connection);
            }
        });
        let clock = Clock::manual(SINCE.parse().unwrap());
        let client = client("http://127.0.0.1:1", Auth::IncomingWebhook(url.into()), &clock);
        let failure = client.post("C1", &message()).await.unwrap_err();
        assert_eq!(failure, Failure::unknown("Slack: the incoming webhook: the connection broke"));
    }

    #[tokio::test]
    async fn a_post_without_an_answer_in_time_is_unknown() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", silent.local_addr().unwrap());
        let clock = Clock::manual(SINCE.parse().unwrap());
        let mut client = client(&url, Auth::Bot("xoxb".into()), &clock);
        client.outbound.timeout = Duration::from_millis(50);
        let failure = client.post("C1", &message()).await.unwrap_err();
        assert_eq!(failure, Failure::unknown("Slack: chat.postMessage: no answer in time"));
    }

    #[tokio::test]
    async fn a_token_that_cannot_be_sent_is_not_repeated_in_the_error() {
        let clock = Clock::manual(SINCE.parse().unwrap());
        let client = client("http://127.0.0.1:1", Auth::Bot("xoxb\nvery-secret".into()), &clock);
        let failure = client.post("C1", &message()).await.unwrap_err();
        let why = "Slack: chat.postMessage: the configured URL or token is not a valid one";
        assert_eq!(failure, Failure::give_up(why));
    }

    #[tokio::test]
    async fn an_incoming_webhook_gets_the_same_blocks_without_metadata() {
        let slack = Slack::that_says([(200, "", "ok".to_owned())].into()).await;
        let client = slack.incoming_webhook();
        let message = message();
        assert_eq!(client.post("C1", &message).await, Ok(Posted { channel: "C1".to_owned(), ts: None }));
        let (call, token, body) = slack.calls().remove(0);
        assert_eq!((call.as_str(), token.as_str()), ("/services/T0/B0/very-secret", ""));
        assert_eq!(body["blocks"], serde_json::to_value(&message.blocks).unwrap());
        assert_eq!(body.get("metadata"), None);
        assert_eq!(body.get("channel"), None);
        assert!(!client.can_read_back());
        let found =
            client.find_posted("C1", false, &Metadata::of("pkt_3f9c1a2b4c5d"), SINCE.parse().unwrap()).await;
        assert!(matches!(found, Err(Failure::GiveUp { .. })));
        assert_eq!(person(&client, "dana@example.com").await, None);
    }

    #[tokio::test]
    async fn a_posted_digest_is_found_by_its_packet() {
        let slack = Slack::that_answers([(
            200,
            json!({"ok": true, "has_more": false, "messages": [
                {"ts": "5.0", "text": "no metadata"},
                {"ts": "4.0", "metadata": {"event_type": "handoff_packet_posted", "event_payload": "odd"}},
                {"ts": "3.0", "metadata": ours("pkt_other")},
                {"ts": "2.0", "metadata": {"event_type": "else", "event_payload": {"packet_id": "pkt_1"}}},
                {"ts": "1.5", "metadata": ours("pkt_1")},
            ]}),
        )])
        .await;
        let found = find(&slack, "pkt_1").await.unwrap();
        assert_eq!(found, Some(Posted { channel: "C1".to_owned(), ts: Some("1.5".to_owned()) }));
        let (call, ..) = slack.calls().remove(0);
        let asked =
            "/conversations.history?channel=C1&oldest=1795333800.000000&limit=200&include_all_metadata=true";
        assert_eq!(call, asked);
    }

    #[tokio::test]
    async fn the_search_goes_on_to_the_last_page() {
        let first = json!({"ok": true, "messages": [], "response_metadata": {"next_cursor": "dGVhbQ=="}});
        let second = json!({"ok": true, "messages": [{"ts": "1.5", "metadata": ours("pkt_1")}]});
        let slack = Slack::that_answers([(200, first), (200, second)]).await;
        assert!(find(&slack, "pkt_1").await.unwrap().is_some());
        let (call, ..) = slack.calls().remove(1);
        assert!(call.ends_with("&cursor=dGVhbQ%3D%3D"), "{call}");
    }

    #[tokio::test]
    async fn a_digest_that_was_never_posted_is_absent() {
        let page = json!({"ok": true, "messages": [], "response_metadata": {"next_cursor": ""}});
        let slack = Slack::that_answers([(200, page)]).await;
        assert_eq!(find(&slack, "pkt_1").await, Ok(None));
    }

    #[tokio::test]
    async fn a_channel_too_busy_to_search_is_not_taken_for_empty() {
        let page = json!({"ok": true, "messages": [], "response_metadata": {"next_cursor": "more"}});
        let slack = Slack::that_answers(std::iter::repeat_n((200, page), PAGES)).await;
        assert!(matches!(find(&slack, "pkt_1").await, Err(Failure::GiveUp { .. })));
    }

    #[tokio::test]
    async fn a_search_that_fails_is_repeated_and_never_unknown() {
        let slack = Slack::that_answers([(500, json!("")), (200, json!("<html>"))]).await;
        assert!(matches!(find(&slack, "pkt_1").await, Err(Failure::Retry { .. })));
        assert!(matches!(find(&slack, "pkt_1").await, Err(Failure::Retry { .. })));
    }

    async fn person(client: &SlackClient, email: &str) -> Option<String> {
        client.user_by_email(email).await.unwrap()
    }

    #[tokio::test]
    async fn a_person_is_looked_up_once_a_day() {
        let dana = json!({"ok": true, "user": {"id": "U1", "deleted": false, "profile": {}}});
        let slack = Slack::that_answers([(200, dana.clone()), (200, dana)]).await;
        let client = slack.bot();
        for _ in 0..2 {
            assert_eq!(person(&client, " Dana+cs@Example.com ").await.as_deref(), Some("U1"));
        }
        slack.clock.advance(Duration::from_hours(23));
        assert_eq!(person(&client, "dana+cs@example.com").await.as_deref(), Some("U1"));
        assert_eq!(slack.calls().len(), 1);
        slack.clock.advance(Duration::from_hours(2));
        person(&client, "dana+cs@example.com").await;
        assert_eq!(slack.calls()[1].0, "/users.lookupByEmail?email=dana%2Bcs%40example.com");
    }

    #[tokio::test]
    async fn an_unknown_person_is_looked_up_again_after_an_hour() {
        let nobody = json!({"ok": false, "error": "users_not_found"});
        let gone = json!({"ok": true, "user": {"id": "U1", "deleted": true}});
        let slack = Slack::that_answers([(200, nobody), (200, gone)]).await;
        let client = slack.bot();
        assert_eq!(person(&client, "dana@example.com").await, None);
        slack.clock.advance(Duration::from_secs(3599));
        assert_eq!(person(&client, "dana@example.com").await, None);
        assert_eq!(slack.calls().len(), 1);
        slack.clock.advance(Duration::from_secs(1));
        assert_eq!(person(&client, "dana@example.com").await, None, "deactivated");
        assert_eq!(slack.calls().len(), 2);
    }

    #[tokio::test]
    async fn a_lookup_that_fails_is_not_remembered() {
        let dana = json!({"ok": true, "user": {"id": "U1"}});
        let slack = Slack::that_answers([(500, json!("")), (200, dana)]).await;
        let client = slack.bot();
        assert!(matches!(client.user_by_email("dana@example.com").await, Err(Failure::Retry { .. })));
        assert_eq!(person(&client, "dana@example.com").await.as_deref(), Some("U1"));
    }

    #[tokio::test]
    async fn a_permalink_is_a_bonus() {
        let link = json!({"ok": true, "permalink": "https://acme.slack.com/archives/C1/p1"});
        let slack = Slack::that_answers([(200, link), (200, json!({"ok": false, "error": "x"}))]).await;
        let client = slack.bot();
        assert_eq!(
            client.permalink("C1", "1.5").await.as_deref(),
            Some("https://acme.slack.com/archives/C1/p1")
        );
        assert_eq!(client.permalink("C1", "1.5").await, None);
    }

    #[tokio::test]
    async fn three_replicas_together_post_to_one_channel_about_once_a_second() {
        use futures_util::FutureExt as _;

        let slack = Slack::that_says(VecDeque::new()).await;
        let config = Settings { replicas: 3, ..config(&slack.url, Auth::Bot("xoxb".into())) };
        let replicas = [(); 3]
            .map(|()| SlackClient::new(&config, test_outbound(reqwest::Client::new(), slack.clock.clone())));
        let mut posted = 0;
        for _ in 0..60 {
            posted += replicas.iter().filter(|slack| slack.acquire("C1").now_or_never().is_some()).count();
            slack.clock.advance(POST_INTERVAL);
        }
        assert_eq!(posted, 60);
    }

    #[tokio::test]
    async fn an_answer_above_the_limit_is_a_failed_call() {
        let url = server_that_sends(MAX_ANSWER_BYTES + 1).await;
        let clock = Clock::manual(SINCE.parse().unwrap());
        let client = client(&url, Auth::Bot("xoxb".into()), &clock);
        let failure = client.identity().await.unwrap_err();
        assert_eq!(failure, Failure::retry("Slack: auth.test: the answer is too large"));
        let failure = client.post("C1", &message()).await.unwrap_err();
        assert_eq!(failure, Failure::unknown("Slack: chat.postMessage: the answer is too large"));
    }
}
