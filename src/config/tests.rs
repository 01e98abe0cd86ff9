use std::path::{Path, PathBuf};
use std::time::Duration;

use insta::assert_snapshot;
use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::load::{Loaded, load, parse};
use super::{HttpConfig, LogConfig, WorkConfig, defaults};
use crate::crm::hubspot;
use crate::delivery::slack;
use crate::settings::Secrets;
use crate::store::{StoreConfig, StoreUrl};
use handoff_core::record::CrmKind;

const SHIPPED: &str = include_str!("../../config/handoff.toml");

/// The shortest configuration without problems.
const SHORT: &str = "\
public_url = \"https://hooks.example.com\"
[[hubspot]]
portal = \"48210077\"
mapping = \"../mappings/hubspot.yaml\"
client_secrets_env = [\"HUBSPOT_CLIENT_SECRET\"]
token_env = \"HUBSPOT_TOKEN\"
[slack]
bot_token_env = \"SLACK_BOT_TOKEN\"
";

fn env(name: &str) -> Option<String> {
    match name {
        "MISSING" => None,
        "EMPTY" => Some(" ".to_owned()),
        "STORE_URL" => {
            Some("postgres://handoff:1234-secret@db.example.com/handoff?sslmode=require".to_owned())
        }
        "XAPP" => Some("xapp-1-A1-secret".to_owned()),
        "HOOK" => Some("https://hooks.slack.com/services/T0/B0/1234-secret".to_owned()),
        "GUESSABLE" => Some("fifteen letters".to_owned()),
        _ => Some(format!("value of the variable {name}")),
    }
}

fn read(text: &str) -> Loaded {
    parse("handoff.toml", text, &Secrets { env: &env, directory: Path::new("config"), serving: true })
}

fn good(text: &str) -> super::Config {
    let loaded = read(text);
    assert!(loaded.problems.is_empty(), "{}", loaded.problems);
    loaded.config.unwrap()
}

/// The only account, which is a portal.
fn portal(config: &super::Config) -> &hubspot::Settings {
    let [account] = config.accounts.as_slice() else { panic!("{:?}", config.accounts) };
    let settings: &dyn std::any::Any = account.settings.as_ref();
    settings.downcast_ref().expect("a portal")
}

/// What is told about a configuration that is not good.
fn told(text: &str) -> String {
    let loaded = read(text);
    assert!(loaded.problems.has_errors(), "nothing is wrong with {text}");
    assert!(loaded.config.is_none());
    let told = loaded.problems.to_string();
    for secret in ["1234-secret", "password@", "value of"] {
        assert!(!told.contains(secret), "a secret is shown: {told}");
    }
    told
}

/// The short configuration with one part of it replaced.
fn instead(old: &str, new: &str) -> String {
    assert!(SHORT.contains(old), "{old} is not in the short configuration");
    SHORT.replacen(old, new, 1)
}

/// The short configuration with more behind it.
fn with(more: &str) -> String {
    format!("{SHORT}{more}")
}

#[test]
fn the_file_as_shipped_writes_out_every_default() {
    let (shipped, short) = (good(SHIPPED), good(SHORT));
    assert_eq!(shipped.http, HttpConfig::default());
    let url = StoreUrl::Sqlite("config/handoff.db".into());
    assert_eq!(shipped.store, StoreConfig { url, ..StoreConfig::default() });
    assert_eq!(shipped.log, LogConfig::default());
    assert_eq!(shipped.work, WorkConfig::default());
    assert_eq!(shipped.listen, defaults::LISTEN);
    assert_eq!(shipped.operator_listen, Some(defaults::OPERATOR_LISTEN));
    // Secrets print as `[REDACTED]`, so this compares everything but their values.
    assert_eq!(format!("{shipped:?}"), format!("{short:?}"));
}

#[test]
fn every_key_that_has_a_default_stands_in_the_file_as_shipped() {
    // A key that the file did not mention would still compare equal above.
    for key in [
        "listen",
        "operator_listen",
        "max_connections",
        "idle_timeout",
        "body_timeout",
        "body_memory_mib",
        "answer_within",
        "url",
        "retention_days",
        "record_days",
        "format",
        "level",
        "workers",
        "replicas",
        "http_timeout",
        "lease",
        "first_retry",
        "longest_retry",
        "tries",
        "pause",
        "poll",
        "digest_waits",
        "reload",
        "shutdown",
        "catch_up",
        "catch_up_window",
        "workflow_secrets_env",
        "calls_per_10s",
        "api_version",
        "api_url",
        "app_url",
    ] {
        let written = SHIPPED.lines().any(|line| line.split_once(" = ").is_some_and(|(left, _)| left == key));
        assert!(written, "{key} is not written out");
    }
}

#[test]
fn secrets_come_from_the_environment_and_from_files_beside_the_configuration() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("token"), "token from a file\n").unwrap();
    std::fs::write(directory.path().join("hubspot.yaml"), "").unwrap();
    let text = instead("token_env = \"HUBSPOT_TOKEN\"", "token_file = \"token\"");
    let text = text.replace("../mappings/", "");
    let text = text.replace("[\"HUBSPOT_CLIENT_SECRET\"]", "[\"NEW\", \"OLD\"]");
    let path = directory.path().join("handoff.toml");
    std::fs::write(&path, text).unwrap();
    let loaded = load(&path, &env);
    assert!(loaded.problems.is_empty(), "{}", loaded.problems);
    let config = loaded.config.unwrap();
    let portal = portal(&config);
    assert!(
        matches!(&portal.auth, hubspot::Auth::Token(token) if token.expose_secret() == "token from a file")
    );
    let secrets: Vec<_> = portal.client_secrets.iter().map(ExposeSecret::expose_secret).collect();
    assert_eq!(secrets, ["value of the variable NEW", "value of the variable OLD"]);
    assert!(
        matches!(&config.slack.auth, slack::Auth::Bot(token) if token.expose_secret() == "value of the variable SLACK_BOT_TOKEN")
    );
}

#[test]
fn oauth_remembers_where_its_refresh_token_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("refresh"), "a refresh token").unwrap();
    std::fs::write(directory.path().join("hubspot.yaml"), "").unwrap();
    let text = instead("token_env = \"HUBSPOT_TOKEN\"\n", "").replace("../mappings/", "").replace(
        "[slack]",
        "[hubspot.oauth]\nclient_id = 17\nclient_secret_env = \"SECRET\"\nrefresh_token_file = \"refresh\"\n[slack]",
    );
    let loaded =
        parse("handoff.toml", &text, &Secrets { env: &env, directory: directory.path(), serving: true });
    assert!(loaded.problems.is_empty(), "{}", loaded.problems);
    let config = loaded.config.unwrap();
    let hubspot::Auth::OAuth { client_id, refresh_token_file, .. } = &portal(&config).auth else {
        panic!("not OAuth")
    };
    assert_eq!(client_id, "17");
    assert_eq!(refresh_token_file.as_deref(), Some(directory.path().join("refresh").as_path()));
}

#[test]
fn values_that_are_written_win_over_defaults() {
    let config = good(&format!(
        "operator_listen = \"off\"\n{}",
        with("[work]\nlease = \"5m\"\ntries = 3\n[log]\nformat = \"json\"\n")
    ));
    assert_eq!(config.operator_listen, None);
    assert_eq!((config.work.lease, config.work.tries), (Duration::from_mins(5), 3));
    assert_eq!(config.work.pause, WorkConfig::default().pause);
    assert!(config.log.json);
}

#[test]
fn urls_lose_their_last_slash_and_may_be_http_on_this_machine() {
    for host in ["localhost:9000", "127.0.0.1:9000", "[::1]:9000", "hubspot.localhost"] {
        let config = good(&with(&format!("api_url = \"http://{host}/\"\n")));
        assert_eq!(config.slack.api_url, format!("http://{host}"));
    }
}

#[test]
fn a_mapping_is_named_also_when_something_else_is_wrong() {
    let loaded = read(&instead("\"HUBSPOT_TOKEN\"", "\"MISSING\""));
    assert!(loaded.config.is_none());
    assert_eq!(loaded.mappings, [(CrmKind::Hubspot, PathBuf::from("mappings/hubspot.yaml"))]);
}

#[test]
fn every_missing_part_is_named() {
    assert_snapshot!(told("listen = \"127.0.0.1:8080\"\n"), @r#"
    error: no CRM account is configured
     --> handoff.toml:1:1
      |
    1 | listen = "127.0.0.1:8080"
      | ^^^^^^
      |
      = help: add a [[hubspot]] block for each portal, a [[salesforce]] block for each org

    error: `slack` is missing
     --> handoff.toml:1:1
      |
    1 | listen = "127.0.0.1:8080"
      | ^^^^^^
      |
      = help: add a [slack] block with bot_token_env = "SLACK_BOT_TOKEN"
    "#);
}

#[test]
fn a_variable_that_is_not_set_is_named_with_its_key() {
    assert_snapshot!(told(&instead("\"HUBSPOT_TOKEN\"", "\"MISSING\"")), @r#"
    error: the environment variable MISSING is not set
     --> handoff.toml:6:13
      |
    6 | token_env = "MISSING"
      |             ^^^^^^^^^
      |
      = help: set MISSING before the service starts; `token_env` reads it
    "#);
}

#[test]
fn an_empty_variable_is_no_secret() {
    assert_snapshot!(told(&instead("\"HUBSPOT_TOKEN\"", "\"EMPTY\"")), @r#"
    error: the environment variable EMPTY is empty
     --> handoff.toml:6:13
      |
    6 | token_env = "EMPTY"
      |             ^^^^^^^
      |
      = help: set EMPTY to the secret; `token_env` reads it
    "#);
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_shown() {
    assert_snapshot!(told(&instead("token_env = \"HUBSPOT_TOKEN\"", "token = \"pat-eu1-1234-secret\"")), @r#"
    error: `token` is a secret, and this file is not a place for secrets
     --> handoff.toml:6:1
      |
    6 | token = *********************
      | ^^^^^
      |
      = help: put it into an environment variable and write its name: token_env = "NAME"
    "#);
}

#[test]
fn a_secret_in_place_of_a_variable_is_not_shown() {
    assert_snapshot!(told(&instead("\"HUBSPOT_TOKEN\"", "\"pat-eu1-1234-secret\"")), @r#"
    error: `token_env` does not hold the name of an environment variable
     --> handoff.toml:6:13
      |
    6 | token_env = *********************
      |             ^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write the variable's name, in capitals: "HUBSPOT_TOKEN". If this is the secret itself, replace it at the provider: it has been in a file
    "#);
}

#[test]
fn a_secret_in_place_of_a_path_is_not_shown() {
    assert_snapshot!(told(&instead("token_env = \"HUBSPOT_TOKEN\"", "token_file = \"pat-eu1-1234-secret\"")), @r"
    error: the file behind `token_file` does not exist
     --> handoff.toml:6:14
      |
    6 | token_file = *********************
      |              ^^^^^^^^^^^^^^^^^^^^^
      |
      = help: `token_file` is a path, relative to this file, to a file that holds the secret and nothing else
    ");
}

#[test]
fn a_list_of_secrets_in_the_file_is_refused_and_not_shown() {
    assert_snapshot!(told(&instead("client_secrets_env = [\"HUBSPOT_CLIENT_SECRET\"]", "client_secrets = [\"1234-secret\"]")), @r#"
    error: `client_secrets` is a secret, and this file is not a place for secrets
     --> handoff.toml:5:1
      |
    5 | client_secrets = ***************
      | ^^^^^^^^^^^^^^
      |
      = help: put it into an environment variable and write its name: client_secrets_env = ["NAME"]
    "#);
}

#[test]
fn a_syntax_error_beside_a_secret_does_not_show_it() {
    assert_snapshot!(told(&instead("token_env = \"HUBSPOT_TOKEN\"", "token = \"pat-eu1-1234-secret")), @r"
    error: a quote is opened and never closed, or `\` stands in the text
     --> handoff.toml:6:29
      |
    6 | token = ********************
      |                             ^
      |
      = help: close the quote; write `\\` for `\`
    ");
}

#[test]
fn a_secret_file_that_does_not_exist_is_named() {
    assert_snapshot!(told(&instead("token_env = \"HUBSPOT_TOKEN\"", "token_file = \"hubspot-token\"")), @r#"
    error: the file config/hubspot-token does not exist
     --> handoff.toml:6:14
      |
    6 | token_file = "hubspot-token"
      |              ^^^^^^^^^^^^^^^
      |
      = help: `token_file` is a path, relative to this file, to a file that holds the secret and nothing else
    "#);
}

/// The shortest configuration of an installation that nothing outside reaches.
fn without_an_address() -> String {
    let named = [
        "public_url = \"https://hooks.example.com\"\n",
        "client_secrets_env = [\"HUBSPOT_CLIENT_SECRET\"]\n",
    ];
    named.into_iter().fold(SHORT.to_owned(), |text, line| text.replace(line, ""))
}

#[test]
fn without_a_public_url_the_crms_are_asked() {
    let config = good(&without_an_address());
    assert_eq!((config.public_url, config.work.catch_up), (None, Some(Duration::from_mins(1))));
    let config = good(&format!("{}[work]\ncatch_up = \"5m\"\n", without_an_address()));
    assert_eq!(config.work.catch_up, Some(Duration::from_mins(5)));
    let socket = "interactive = \"socket\"\napp_token_env = \"XAPP\"\n";
    assert!(good(&format!("{}{socket}", without_an_address())).slack.interactive.is_on());
}

#[test]
fn what_needs_a_public_url_says_so() {
    let posted = "interactive = \"http\"\nsigning_secrets_env = [\"SIGNING\"]\n[work]\ncatch_up = \"off\"\n";
    let signed = SHORT.replace("public_url = \"https://hooks.example.com\"\n", "");
    assert_snapshot!(told(&format!("{signed}{posted}")), @r#"
    error: webhooks are to be verified, and without `public_url` none comes
     --> handoff.toml:4:1
      |
    4 | client_secrets_env = ["HUBSPOT_CLIENT_SECRET"]
      | ^^^^^^^^^^^^^^^^^^
      |
      = help: write where CRMs reach the service: public_url = "https://hooks.example.com"; or remove this, and the CRM is asked for wins

    error: without `public_url` Slack cannot post clicks
     --> handoff.toml:8:1
      |
    8 | interactive = "http"
      | ^^^^^^^^^^^
      |
      = help: write interactive = "socket", which needs no address, or where Slack reaches the service: public_url

    error: without `public_url` nothing would tell of a win
      --> handoff.toml:11:1
       |
    11 | catch_up = "off"
       | ^^^^^^^^
       |
       = help: write how often the CRMs are asked: catch_up = "1m"; or where they reach the service: public_url
    "#);
}

#[test]
fn a_public_url_without_scheme_is_refused() {
    assert_snapshot!(told(&instead("\"https://hooks.example.com\"", "\"hooks.example.com\"")), @r#"
    error: `hooks.example.com` is not a URL
     --> handoff.toml:1:14
      |
    1 | public_url = "hooks.example.com"
      |              ^^^^^^^^^^^^^^^^^^^
      |
      = help: write it with scheme and host: "https://hooks.example.com"
    "#);
}

#[test]
fn plain_http_to_another_machine_is_refused() {
    assert_snapshot!(told(&instead("\"https://hooks.example.com\"", "\"http://hooks.example.com\"")), @r#"
    error: `http://hooks.example.com` would send secrets unencrypted
     --> handoff.toml:1:14
      |
    1 | public_url = "http://hooks.example.com"
      |              ^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: begin with https://; http:// is for this machine only
    "#);
}

#[test]
fn another_scheme_is_refused() {
    assert_snapshot!(told(&instead("\"https://hooks.example.com\"", "\"ftp://hooks.example.com\"")), @r#"
    error: `ftp://hooks.example.com` is not an http(s) URL
     --> handoff.toml:1:14
      |
    1 | public_url = "ftp://hooks.example.com"
      |              ^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: begin with https://
    "#);
}

#[test]
fn a_lease_must_outlast_the_calls() {
    assert_snapshot!(told(&with("[work]\nhttp_timeout = \"60s\"\n")), @r#"
    error: with a lease of 120s and an http_timeout of 60s two workers could do the same work
      --> handoff.toml:10:1
       |
    10 | http_timeout = "60s"
       | ^^^^^^^^^^^^
       |
       = help: make lease at least 4 times http_timeout: lease = "240s"
    "#);
}

#[test]
fn first_retry_is_not_longer_than_longest_retry() {
    assert_snapshot!(told(&with("[work]\nfirst_retry = \"2h\"\nlongest_retry = \"1h\"\n")), @r#"
    error: first_retry (7200s) is longer than longest_retry (3600s)
      --> handoff.toml:10:1
       |
    10 | first_retry = "2h"
       | ^^^^^^^^^^^
       |
       = help: make longest_retry the longer of the two
    "#);
}

#[test]
fn catching_up_can_be_switched_off() {
    let work = |text: &str| good(&with(&format!("[work]\n{text}\n"))).work;
    assert_eq!(work("catch_up = \"off\"").catch_up, None);
    assert_eq!(work("catch_up = \"off\"\ncatch_up_window = \"1s\"").catch_up_window, Duration::from_secs(1));
    assert_eq!(work("catch_up = \"10m\"").catch_up, Some(Duration::from_mins(10)));
    assert_eq!(work("").catch_up, WorkConfig::default().catch_up);
}

#[test]
fn sweeps_overlap() {
    assert_snapshot!(told(&with("[work]\ncatch_up = \"2d\"\n")), @r#"
    error: with a catch_up of 172800s and a catch_up_window of 259200s a win could fall between two looks
      --> handoff.toml:10:1
       |
    10 | catch_up = "2d"
       | ^^^^^^^^
       |
       = help: make catch_up_window at least twice catch_up: catch_up_window = "345600s"
    "#);
}

#[test]
fn catching_up_takes_a_time_or_off() {
    assert_snapshot!(told(&with("[work]\ncatch_up = \"never\"\n")), @r#"
    error: `catch_up` cannot be `never`
      --> handoff.toml:10:12
       |
    10 | catch_up = "never"
       |            ^^^^^^^
       |
       = help: write a number and a unit, such as "10s", "5m" or "6h"
    "#);
}

#[test]
fn a_time_needs_a_unit() {
    assert_snapshot!(told(&with("[work]\npoll = 10\npause = \"a while\"\nlease = \"1h30m\"\n")), @r#"
    error: `poll` cannot be `10`
      --> handoff.toml:10:8
       |
    10 | poll = 10
       |        ^^
       |
       = help: write "10s" for seconds or "10m" for minutes

    error: `pause` cannot be `a while`
      --> handoff.toml:11:9
       |
    11 | pause = "a while"
       |         ^^^^^^^^^
       |
       = help: write a number and a unit, such as "10s", "5m" or "6h"

    error: `lease` cannot be `1h30m`
      --> handoff.toml:12:9
       |
    12 | lease = "1h30m"
       |         ^^^^^^^
       |
       = help: write a number and a unit, such as "10s", "5m" or "6h"
    "#);
}

#[test]
fn a_portal_is_configured_once() {
    assert_snapshot!(told(&instead("[slack]", "[[hubspot]]\nportal = 48210077\nmapping = \"../mappings/hubspot.yaml\"\nworkflow_secrets_env = [\"SECRET\"]\ntoken_env = \"HUBSPOT_TOKEN\"\n[slack]")), @r"
    error: portal 48210077 is configured twice
     --> handoff.toml:8:10
      |
    8 | portal = 48210077
      |          ^^^^^^^^
      |
      = help: keep one [[hubspot]] block; it can list several secrets
    ");
}

#[test]
fn a_mapping_that_is_not_there_is_named() {
    assert_snapshot!(told(&instead("mappings/hubspot.yaml", "mappings/hubspt.yaml")), @r#"
    error: there is no mapping file mappings/hubspt.yaml
     --> handoff.toml:4:11
      |
    4 | mapping = "../mappings/hubspt.yaml"
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write the path as seen from this file; `handoff init --from-crm` writes a first mapping there
    "#);
}

#[test]
fn a_portal_needs_a_way_to_verify_webhooks() {
    assert_snapshot!(told(&instead("client_secrets_env = [\"HUBSPOT_CLIENT_SECRET\"]", "client_secrets_env = []")), @r"
    error: no webhook of this portal could be verified
     --> handoff.toml:5:1
      |
    5 | client_secrets_env = []
      | ^^^^^^^^^^^^^^^^^^
      |
      = help: name at least one client secret
    ");
}

#[test]
fn a_portal_needs_a_token() {
    assert_snapshot!(told(&instead("token_env = \"HUBSPOT_TOKEN\"\n", "")), @r#"
    error: no token to call this portal with
     --> handoff.toml:2:1
      |
    2 | [[hubspot]]
      | ^^^^^^^^^^^
      |
      = help: add token_env = "HUBSPOT_TOKEN", or a [hubspot.oauth] block
    "#);
}

#[test]
fn a_token_beside_oauth_is_refused() {
    assert_snapshot!(told(&instead("[slack]", "[hubspot.oauth]\nclient_id = \"1\"\n[slack]")), @r"
    error: this portal has a token and OAuth
     --> handoff.toml:7:10
      |
    7 | [hubspot.oauth]
      |          ^^^^^
      |
      = help: keep one of the two

    error: OAuth needs `client_secret`
     --> handoff.toml:7:10
      |
    7 | [hubspot.oauth]
      |          ^^^^^
      |
      = help: add client_secret_env with the name of an environment variable

    error: OAuth needs `refresh_token`
     --> handoff.toml:7:10
      |
    7 | [hubspot.oauth]
      |          ^^^^^
      |
      = help: add refresh_token_env with the name of an environment variable
    ");
}

#[test]
fn slack_posts_in_one_way() {
    assert_snapshot!(told(&with("webhook_url_env = \"SLACK_WEBHOOK\"\n")), @r#"
    error: [slack] names a bot token and an incoming webhook
     --> handoff.toml:9:1
      |
    9 | webhook_url_env = "SLACK_WEBHOOK"
      | ^^^^^^^^^^^^^^^
      |
      = help: keep the bot token; remove the webhook

    error: the secret behind `webhook_url` is not a URL
     --> handoff.toml:9:1
      |
    9 | webhook_url_env = "SLACK_WEBHOOK"
      | ^^^^^^^^^^^^^^^
      |
      = help: write it with scheme and host: "https://hooks.example.com"
    "#);
}

#[test]
fn slack_needs_a_way_to_post() {
    assert_snapshot!(told(&instead("bot_token_env = \"SLACK_BOT_TOKEN\"\n", "")), @r#"
    error: [slack] does not say how to post
     --> handoff.toml:7:2
      |
    7 | [slack]
      |  ^^^^^
      |
      = help: add bot_token_env = "SLACK_BOT_TOKEN" (or webhook_url_env for an incoming webhook)
    "#);
}

#[test]
fn clicks_are_off_unless_a_transport_is_named_and_only_its_secret_is_read() {
    let off = "interactive = \"off\"\nsigning_secrets_env = [\"MISSING\"]\napp_token_env = \"MISSING\"\n";
    for text in [SHORT.to_owned(), with(off)] {
        assert!(matches!(good(&text).slack.interactive, slack::Interactive::Off));
    }
    let http =
        "interactive = \"http\"\nsigning_secrets_env = [\"NEW\", \"OLD\"]\napp_token_env = \"MISSING\"\n";
    let slack::Interactive::Http { signing_secrets } = good(&with(http)).slack.interactive else { panic!() };
    let secrets: Vec<&str> = signing_secrets.iter().map(ExposeSecret::expose_secret).collect();
    assert_eq!(secrets, ["value of the variable NEW", "value of the variable OLD"]);
    let socket = "interactive = \"socket\"\nsigning_secrets_env = [\"MISSING\"]\napp_token_env = \"XAPP\"\n";
    let slack::Interactive::Socket { app_token } = good(&with(socket)).slack.interactive else { panic!() };
    assert_eq!(app_token.expose_secret(), "xapp-1-A1-secret");
}

#[test]
fn a_transport_for_clicks_needs_its_secret() {
    assert_snapshot!(told(&with("interactive = \"http\"\napp_token_env = \"XAPP\"\n")), @r#"
    error: clicks over HTTP are signed, and no signing secret is named
     --> handoff.toml:9:1
      |
    9 | interactive = "http"
      | ^^^^^^^^^^^
      |
      = help: add signing_secrets_env = ["SLACK_SIGNING_SECRET"]; the secret is under Basic Information of the Slack app
    "#);
    assert_snapshot!(told(&with("interactive = \"socket\"\nsigning_secrets_env = [\"NEW\"]\n")), @r#"
    error: a socket is opened with an app-level token, and none is named
     --> handoff.toml:9:1
      |
    9 | interactive = "socket"
      | ^^^^^^^^^^^
      |
      = help: add app_token_env = "SLACK_APP_TOKEN"; make the token under Basic Information > App-Level Tokens of the Slack app, with the scope connections:write
    "#);
    assert_snapshot!(told(&with("interactive = \"socket\"\napp_token_env = \"SLACK_BOT_TOKEN\"\n")), @r#"
    error: the secret behind `app_token` is not an app-level token
      --> handoff.toml:10:1
       |
    10 | app_token_env = "SLACK_BOT_TOKEN"
       | ^^^^^^^^^^^^^
       |
       = help: copy the one that begins with xapp-, from Basic Information > App-Level Tokens; xoxb- is the bot token
    "#);
    assert_snapshot!(told(&with("interactive = \"sockets\"\n")), @r#"
    error: `interactive` cannot be `sockets`
     --> handoff.toml:9:15
      |
    9 | interactive = "sockets"
      |               ^^^^^^^^^
      |
      = help: did you mean `socket`?
    "#);
    assert_snapshot!(told(&with("interactive = \"http\"\nsigning_secrets_env = [\"GUESSABLE\"]\n")), @r#"
    error: a secret behind `signing_secrets` is shorter than 16 characters
      --> handoff.toml:10:1
       |
    10 | signing_secrets_env = ["GUESSABLE"]
       | ^^^^^^^^^^^^^^^^^^^
       |
       = help: make one with `openssl rand -hex 32`, or copy it whole
    "#);
}

#[test]
fn an_incoming_webhook_has_no_buttons() {
    let text = SHORT.replace("bot_token_env = \"SLACK_BOT_TOKEN\"", "webhook_url_env = \"HOOK\"");
    assert_snapshot!(told(&format!("{text}interactive = \"socket\"\napp_token_env = \"XAPP\"\n")), @r#"
    warning: an incoming webhook cannot edit what it posted: a digest stays as it was when the deal was won
     --> handoff.toml:8:1
      |
    8 | webhook_url_env = "HOOK"
      | ^^^^^^^^^^^^^^^
      |
      = help: use a bot token, or write for = "0" in [follow]

    error: an incoming webhook has no buttons
     --> handoff.toml:9:1
      |
    9 | interactive = "socket"
      | ^^^^^^^^^^^
      |
      = help: use a bot token, or write interactive = "off"
    "#);
}

#[test]
fn a_webhook_url_that_is_none_is_refused_and_not_shown() {
    assert_snapshot!(told(&instead("bot_token_env = \"SLACK_BOT_TOKEN\"\n", "webhook_url_env = \"SLACK_WEBHOOK\"\n")), @r#"
    warning: an incoming webhook cannot edit what it posted: a digest stays as it was when the deal was won
     --> handoff.toml:8:1
      |
    8 | webhook_url_env = "SLACK_WEBHOOK"
      | ^^^^^^^^^^^^^^^
      |
      = help: use a bot token, or write for = "0" in [follow]

    error: the secret behind `webhook_url` is not a URL
     --> handoff.toml:8:1
      |
    8 | webhook_url_env = "SLACK_WEBHOOK"
      | ^^^^^^^^^^^^^^^
      |
      = help: write it with scheme and host: "https://hooks.example.com"
    "#);
}

#[test]
fn a_misspelt_key_is_named_with_the_right_one() {
    assert_snapshot!(told(&with("[work]\nworker = 4\nthreads = 4\n")), @r"
    error: unknown key `worker`
      --> handoff.toml:10:1
       |
    10 | worker = 4
       | ^^^^^^
       |
       = help: did you mean `workers`?

    error: unknown key `threads`
      --> handoff.toml:11:1
       |
    11 | threads = 4
       | ^^^^^^^
       |
       = help: write `tries`, `reload`, `replicas`, `workers` or `digest_waits`, or remove it
    ");
}

#[test]
fn a_misspelt_block_is_named_with_the_right_one() {
    assert_snapshot!(told(&with("[logs]\nformat = \"json\"\n")), @r"
    error: unknown key `logs`
     --> handoff.toml:9:2
      |
    9 | [logs]
      |  ^^^^
      |
      = help: did you mean `log`?
    ");
}

#[test]
fn numbers_have_limits() {
    assert_snapshot!(told(&with("[store]\nretention_days = 0\n[work]\nworkers = 1000\n")), @r"
    error: `retention_days` cannot be `0`
      --> handoff.toml:10:18
       |
    10 | retention_days = 0
       |                  ^
       |
       = help: write a whole number from 1 to 3650

    error: `workers` cannot be `1000`
      --> handoff.toml:12:11
       |
    12 | workers = 1000
       |           ^^^^
       |
       = help: write a whole number from 1 to 64
    ");
}

#[test]
fn a_key_written_twice_is_refused() {
    assert_snapshot!(told(&with("[log]\nlevel = \"info\"\nlevel = \"debug\"\n")), @r#"
    error: this key is written twice
      --> handoff.toml:11:1
       |
    11 | level = "debug"
       | ^^^^^
       |
       = help: keep one of the two
    "#);
}

#[test]
fn text_without_quotes_is_refused() {
    assert_snapshot!(told(&with("[log]\nlevel = info\n")), @r#"
    error: text stands here without quotes
      --> handoff.toml:10:9
       |
    10 | level = info
       |         ^^^^
       |
       = help: put text in double quotes: level = "info"
    "#);
}

#[test]
fn a_list_of_secrets_over_several_lines_is_not_shown() {
    assert_snapshot!(told(&instead("client_secrets_env = [\"HUBSPOT_CLIENT_SECRET\"]", "client_secrets = [\n  \"1234-secret\",\n  1234-secret,\n]")), @r#"
    error: this is not valid TOML: invalid date, expected month
     --> handoff.toml:7:3
      |
    7 |   ************
      |   ^^^^^^^^^^^
      |
      = help: write `key = "value"`: text in double quotes, lists as ["a", "b"], comments behind #
    "#);
}

#[test]
fn the_store_is_a_file_or_a_server() {
    let stores = [
        ("url = \"sqlite:/var/lib/handoff.db\"", "sqlite:/var/lib/handoff.db"),
        (
            "url = \"postgres://handoff@db.example.com:6432/handoff?sslmode=require\"",
            "postgres://db.example.com:6432/handoff",
        ),
        ("url_env = \"STORE_URL\"", "postgres://db.example.com/handoff"),
    ];
    for (line, url) in stores {
        let config = good(&with(&format!("[store]\n{line}\n")));
        assert_eq!(config.store.url.to_string(), url);
        assert_eq!(config.store.retention_days, StoreConfig::default().retention_days);
        assert!(!format!("{config:?}").contains("1234-secret"));
    }
}

#[test]
fn a_record_stays_no_longer_than_its_packet() {
    let days = |lines: &str| {
        let store = good(&with(&format!("[store]\n{lines}"))).store;
        (store.retention_days, store.record_days)
    };
    assert_eq!(days("retention_days = 14\n"), (14, 14));
    assert_eq!(days("record_days = 90\n"), (90, 90));
    assert_eq!(days("retention_days = 365\nrecord_days = 60\n"), (365, 60));
    assert_snapshot!(told(&with("[store]\nretention_days = 14\nrecord_days = 30\n")), @"
    error: a record cannot stay for 30 days when its packet is deleted after 14
      --> handoff.toml:11:1
       |
    11 | record_days = 30
       | ^^^^^^^^^^^
       |
       = help: make it at most retention_days: record_days = 14
    ");
}

#[test]
fn the_password_of_the_store_is_refused_and_not_shown() {
    assert_snapshot!(told(&with("[store]\nurl = \"postgres://handoff:1234-secret@db.example.com/handoff?sslmode=require\"\n")), @r#"
    error: `url` holds a password, and this file is not a place for secrets
      --> handoff.toml:10:7
       |
    10 | url = ***********************************************************************
       |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: put the whole URL into an environment variable and write its name: url_env = "STORE_URL"
    "#);
}

#[test]
fn a_store_of_another_kind_is_refused() {
    assert_snapshot!(told(&with("[store]\nurl = \"handoff.db\"\n")), @r#"
    error: `handoff.db` has no known scheme
      --> handoff.toml:10:7
       |
    10 | url = "handoff.db"
       |       ^^^^^^^^^^^^
       |
       = help: write "sqlite:handoff.db" or "postgres://handoff@db.example.com/handoff?sslmode=verify-full"
    "#);
}

#[test]
fn a_store_is_named_once() {
    assert_snapshot!(told(&with("[store]\nurl = \"sqlite:handoff.db\"\nurl_env = \"STORE_URL\"\n")), @r#"
    error: `url` is named twice
      --> handoff.toml:11:1
       |
    11 | url_env = "STORE_URL"
       | ^^^^^^^
       |
       = help: keep one of `url`, `url_env` and `url_file`
    "#);
}

#[test]
fn a_variable_that_holds_no_store_is_named_and_not_shown() {
    assert_snapshot!(told(&with("[store]\nurl_env = \"OTHER\"\n")), @r#"
    error: what this names has no known scheme
      --> handoff.toml:10:1
       |
    10 | url_env = "OTHER"
       | ^^^^^^^
       |
       = help: write "sqlite:handoff.db" or "postgres://handoff@db.example.com/handoff?sslmode=verify-full"
    "#);
}

#[test]
fn a_syntax_error_beside_a_password_does_not_show_it() {
    assert_snapshot!(told(&with("[store]\nurl = \"postgres://handoff:1234-secret@db.example.com\n")), @r"
    error: a quote is opened and never closed, or `\` stands in the text
      --> handoff.toml:10:53
       |
    10 | url = **********************************************
       |                                                     ^
       |
       = help: close the quote; write `\\` for `\`
    ");
}

#[test]
fn a_password_in_a_url_is_not_shown() {
    assert_snapshot!(told(&instead("\"https://hooks.example.com\"", "\"https://me:password@hooks.example.com\"")), @r"
    error: this address has a user name or password in it
     --> handoff.toml:1:14
      |
    1 | public_url = ***************************************
      |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: remove everything between // and @
    ");
}

#[test]
fn an_undated_api_version_is_refused() {
    assert_snapshot!(told(&instead("token_env =", "api_version = \"v3\"\ntoken_env =")), @r#"
    error: `v3` is not a dated API version
     --> handoff.toml:6:15
      |
    6 | api_version = "v3"
      |               ^^^^
      |
      = help: write year and month: api_version = "2026-03"
    "#);
}

#[test]
fn an_address_needs_a_port() {
    assert_snapshot!(told(&instead("[[hubspot]]", "listen = \"localhost\"\n[[hubspot]]")), @r#"
    error: `localhost` is not an address to listen on
     --> handoff.toml:2:10
      |
    2 | listen = "localhost"
      |          ^^^^^^^^^^^
      |
      = help: write an IP address and a port: "127.0.0.1:8080", or "0.0.0.0:8080" for all interfaces
    "#);
}

#[test]
fn a_webhook_url_in_place_of_a_path_is_not_shown() {
    let told = told(&instead(
        "bot_token_env = \"SLACK_BOT_TOKEN\"",
        "webhook_url_file = \"https://hooks.slack.com/services/T0/B0/1234-secret\"",
    ));
    assert!(told.contains("the file behind `webhook_url_file` does not exist"), "{told}");
}

#[test]
fn operators_beyond_this_machine_need_a_token() {
    for listen in ["0.0.0.0:9090", "10.0.0.7:9090", "[::]:9090"] {
        let text = format!("operator_listen = \"{listen}\"\n{SHORT}");
        let told = told(&text);
        assert!(told.contains("shows packets and metrics to other machines"), "{told}");
        assert!(told.contains("operator_token_env = \"HANDOFF_OPERATOR_TOKEN\""), "{told}");
        let with_token = format!("operator_token_env = \"HANDOFF_OPERATOR_TOKEN\"\n{text}");
        assert!(good(&with_token).operator.token.is_some());
    }
    for listen in ["127.0.0.1:9090", "[::1]:9090", "off"] {
        assert!(good(&format!("operator_listen = \"{listen}\"\n{SHORT}")).operator.token.is_none());
    }
}

#[test]
fn an_operator_token_that_could_be_guessed_is_refused() {
    let text = format!("operator_token_env = \"GUESSABLE\"\n{SHORT}");
    assert!(told(&text).contains("shorter than 16 characters"));
}

#[test]
fn a_token_for_reading_stands_beside_another_one_for_operators() {
    let reading = format!("operator_read_token_env = \"HANDOFF_OPERATOR_TOKEN\"\n{SHORT}");
    assert!(told(&reading).contains("operator_read_token limits nobody"));
    let same = format!("operator_token_env = \"HANDOFF_OPERATOR_TOKEN\"\n{reading}");
    assert!(told(&same).contains("operator_read_token is the operator_token"));
    let header = |name: &str| format!("operator_user_header = \"{name}\"\n{SHORT}");
    assert!(told(&header("x user")).contains("`x user` is no name of a header"));
    assert_eq!(good(&header("X-User")).operator.user_header.unwrap(), "x-user");
    let below = told(&format!("operator_url = \"https://example.com/handoff/\"\n{SHORT}"));
    assert!(below.contains("the page is not served below `/handoff`"), "{below}");
    let url = format!("operator_url = \"https://handoff.example.com/\"\n{SHORT}");
    assert_eq!(good(&url).operator.url.unwrap(), "https://handoff.example.com");
}

#[test]
fn replicas_need_a_database_and_a_call_each() {
    let replicas = with("[work]\nreplicas = 3\n");
    assert!(told(&replicas).contains("a SQLite file is served by one process only"));
    let postgres = format!("{replicas}[store]\nurl_env = \"STORE_URL\"\n");
    let config = good(&postgres);
    assert_eq!((portal(&config).replicas, config.slack.replicas), (3, 3));
    let few =
        postgres.replace("token_env = \"HUBSPOT_TOKEN\"", "token_env = \"HUBSPOT_TOKEN\"\ncalls_per_10s = 2");
    assert!(told(&few).contains("2 calls cannot be divided among 3 replicas"));
}

proptest! {
    #[test]
    fn no_text_makes_reading_or_telling_panic(text in any::<String>()) {
        let loaded = read(&text);
        prop_assert_eq!(loaded.config.is_none(), loaded.problems.has_errors());
        prop_assert!(loaded.problems.to_string().contains("handoff.toml"));
    }

    #[test]
    fn no_damage_to_a_good_file_makes_reading_or_telling_panic(
        at in 0..SHIPPED.chars().count(),
        cut in 0usize..40,
        put in "[-:#{}\\[\\]'\"=.,\t\n a0\u{feff}ß]{0,6}",
    ) {
        let damaged: String =
            SHIPPED.chars().take(at).chain(put.chars()).chain(SHIPPED.chars().skip(at + cut)).collect();
        let loaded = read(&damaged);
        prop_assert_eq!(loaded.config.is_none(), loaded.problems.has_errors());
        prop_assert_eq!(loaded.problems.to_string().is_empty(), loaded.problems.is_empty());
    }
}

#[test]
fn every_path_is_relative_to_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    for folder in ["etc/mappings", "var", "mappings"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    for mapping in ["etc/m.yaml", "etc/mappings/m.yaml", "mappings/m.yaml"] {
        std::fs::write(root.join(mapping), "").unwrap();
    }
    std::fs::write(root.join("var/token"), "t0ken-of-some-length").unwrap();
    let absolute = root.join("mappings/m.yaml").display().to_string();
    for (mapping, mapping_at, url, url_at) in [
        ("m.yaml", "etc/m.yaml", "sqlite:handoff.db", "etc/handoff.db"),
        ("./mappings/m.yaml", "etc/mappings/m.yaml", "sqlite:../var/handoff.db", "var/handoff.db"),
        ("../mappings/m.yaml", "mappings/m.yaml", "sqlite:./x/../handoff.db", "etc/handoff.db"),
        ("../etc/m.yaml", "etc/m.yaml", "sqlite://handoff.db", "etc/handoff.db"),
        (&absolute, "mappings/m.yaml", "sqlite:/var/lib/handoff.db", "/var/lib/handoff.db"),
    ] {
        let text = instead("../mappings/hubspot.yaml", mapping)
            .replace("[slack]", &format!("[store]\nurl = \"{url}\"\n[slack]"))
            .replace("token_env = \"HUBSPOT_TOKEN\"", "token_file = \"../var/token\"");
        std::fs::write(root.join("etc/handoff.toml"), text).unwrap();
        let loaded = load(&root.join("etc/handoff.toml"), &env);
        assert!(loaded.problems.is_empty(), "{}", loaded.problems);
        let config = loaded.config.unwrap();
        assert_eq!(config.accounts[0].mapping, root.join(mapping_at));
        assert_eq!(config.store.url, StoreUrl::Sqlite(root.join(url_at)));
    }
}

#[cfg(unix)]
#[test]
fn a_step_back_from_behind_a_symbolic_link_is_taken_where_the_link_leads() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    std::fs::create_dir_all(root.join("opt/config")).unwrap();
    std::fs::write(root.join("opt/hubspot.yaml"), "").unwrap();
    std::os::unix::fs::symlink(root.join("opt/config"), root.join("etc")).unwrap();
    std::fs::write(root.join("etc/handoff.toml"), instead("../mappings/hubspot.yaml", "../hubspot.yaml"))
        .unwrap();
    let loaded = load(&root.join("etc/handoff.toml"), &env);
    assert!(loaded.problems.is_empty(), "{}", loaded.problems);
}

#[test]
fn a_path_that_was_relative_to_the_working_directory_is_named() {
    // Tests run in the package's directory, where the shipped mapping is, and now a database.
    let here = tempfile::NamedTempFile::new_in(".").unwrap();
    let name = here.path().file_name().unwrap().to_str().unwrap().to_owned();
    let text = instead("../mappings/hubspot.yaml", "mappings/hubspot.yaml")
        .replace("[slack]", &format!("[store]\nurl = \"sqlite:{name}\"\n[slack]"));
    let told = told(&text);
    let place = std::env::current_dir().unwrap().display().to_string();
    assert!(told.contains("there is no mapping file config/mappings/hubspot.yaml"), "{told}");
    assert!(told.contains(&format!("write {place}/mappings/hubspot.yaml")), "{told}");
    assert!(told.contains(&format!("there is no database {name} beside this file")), "{told}");
    assert!(told.contains(&format!("write {place}/{name}")), "{told}");
}

#[test]
fn a_secret_that_can_be_guessed_or_was_not_copied_whole_is_refused() {
    const LONG: &str = "0123456789abcdef0123456789abcdef";
    const WHSEC: &str = "whsec_c2FuZGJveCBzZWNyZXQgZm9yIHN0YW5kYXJkIDMyYiE=";
    let text = with(
        r#"[[salesforce]]
org = "00DHn0000012AbCMAU"
mapping = "../mappings/salesforce.yaml"
instance_url = "https://acme.my.salesforce.com"
webhook_secrets_env = ["WHSEC"]
body_secrets_env = ["BODY"]
[salesforce.client_credentials]
client_id = "3MVG9"
client_secret_env = "CONSUMER"
"#,
    );
    let text = text.replace("client_secrets_env", "workflow_secrets_env = [\"FLOW\"]\nclient_secrets_env");
    let text = format!("operator_token_env = \"OPERATOR\"\n{text}");
    let told = |changed: &str, value: &str| {
        let env = |name: &str| {
            let kept = if name == "WHSEC" { WHSEC } else { LONG };
            Some(if name == changed { value } else { kept }.to_owned())
        };
        parse("handoff.toml", &text, &Secrets { env: &env, directory: Path::new("config"), serving: true })
            .problems
            .to_string()
    };
    for (name, value, shortest) in [
        ("OPERATOR", "0123456789abcde", 16),
        ("HUBSPOT_CLIENT_SECRET", "0123456789abcde", 16),
        ("HUBSPOT_CLIENT_SECRET", "x", 16),
        ("FLOW", "guess me", 16),
        ("BODY", "ÄÖÜäöüß", 16),
        ("WHSEC", "whsec_eA==", 16),
        ("HUBSPOT_TOKEN", "pat-eu1-cut", 12),
        ("SLACK_BOT_TOKEN", "xoxb-", 12),
        ("CONSUMER", "sh0rt", 12),
    ] {
        let told = told(name, value);
        assert!(told.contains(&format!("is shorter than {shortest} characters")), "{name}: {told}");
        assert!(value.len() < 5 || !told.contains(value), "{told}");
    }
    assert!(
        told("WHSEC", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY=").contains("Standard Webhooks"),
        "23 bytes"
    );
    let fine = told("NONE", "");
    assert!(fine.is_empty(), "{fine}");
}

#[test]
fn a_lease_leaves_room_for_the_rate_limits() {
    for (times, found) in [
        ("http_timeout = \"5s\"\nlease = \"19s\"", Some("two workers could do the same work")),
        ("http_timeout = \"5s\"\nlease = \"20s\"", Some("may end while its calls wait for the rate limits")),
        ("http_timeout = \"5s\"\nlease = \"29s\"", Some("lease = \"30s\"")),
        ("http_timeout = \"5s\"\nlease = \"30s\"", None),
        ("http_timeout = \"28s\"", Some("lease = \"122s\"")),
        ("http_timeout = \"10s\"", None),
    ] {
        let told = read(&with(&format!("[work]\n{times}\n"))).problems.to_string();
        assert!(
            told.contains(found.unwrap_or_default()) && found.is_some() != told.is_empty(),
            "{times}: {told}"
        );
    }
}
