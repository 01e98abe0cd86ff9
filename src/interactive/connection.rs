//! One WebSocket to Slack: opening it over our own TLS and roots, and what goes over it.
//!
//! <https://docs.slack.dev/apis/events-api/using-socket-mode>

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use reqwest::Url;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::Reply;
use crate::delivery::slack::SlackClient;
use crate::failure::Failure;

/// The largest frame that is read. A payload holds a view of at most 250 KB.
const LARGEST: usize = 1 << 20;

/// The hosts that a socket may lead to, with everything below them.
const HOSTS: [&str; 2] = ["slack.com", "slack-gov.com"];

/// What carries a socket: TCP on this machine, TLS elsewhere.
pub(super) trait Carrier: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Carrier for T {}

pub(super) type Connection = WebSocketStream<Box<dyn Carrier>>;

/// What Slack sends.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Frame {
    /// The socket is connected.
    Hello {
        #[serde(default)]
        num_connections: usize,
    },
    /// The socket is to go.
    Disconnect {
        #[serde(default)]
        reason: String,
    },
    Interactive(Envelope),
    /// Of no use here, and to be acknowledged all the same.
    #[serde(alias = "slash_commands")]
    EventsApi(Envelope),
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    #[serde(rename = "envelope_id")]
    pub(super) id: String,
    #[serde(default)]
    pub(super) accepts_response_payload: bool,
    #[serde(default)]
    pub(super) payload: Json,
}

/// The acknowledgement of an envelope. Slack takes no payload but where it asked for one.
pub(super) fn acknowledgement(envelope_id: &str, accepts_payload: bool, reply: Option<&Reply>) -> String {
    match reply.and_then(Reply::body).filter(|_| accepts_payload) {
        Some(payload) => json!({"envelope_id": envelope_id, "payload": payload}),
        None => json!({"envelope_id": envelope_id}),
    }
    .to_string()
}

static TLS: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
});

/// Asks Slack where a socket may be opened and opens it, within `patience`. The address holds a ticket: it is used once and
/// appears in no failure.
pub(super) async fn connect(slack: &SlackClient, patience: Duration) -> Result<Connection, Failure> {
    let address = slack.open_connection().await?;
    let url = permitted(address.expose_secret(), slack.is_local()).ok_or_else(|| {
        Failure::give_up(
            "Slack: apps.connections.open: it names a host that is not Slack's; check slack.api_url",
        )
    })?;
    let opened = tokio::time::timeout(patience, open(&url)).await;
    opened.unwrap_or(None).ok_or_else(|| Failure::retry("Slack: the socket could not be connected"))
}

async fn open(url: &Url) -> Option<Connection> {
    let (host, port) = (url.host_str()?, url.port_or_known_default()?);
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await.ok()?;
    // Acknowledgements are small, and Slack waits for them.
    let _ = stream.set_nodelay(true);
    let carrier: Box<dyn Carrier> = if url.scheme() == "wss" {
        let name = ServerName::try_from(host.to_owned()).ok()?;
        Box::new(TlsConnector::from(Arc::clone(&TLS)).connect(name, stream).await.ok()?)
    } else {
        Box::new(stream)
    };
    let limits = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
    let connected = client_async_with_config(url.as_str(), carrier, Some(limits)).await;
    connected.ok().map(|(connection, _)| connection)
}

/// The address of a socket, if it may be called: encrypted and at Slack, or on this machine where Slack's API is.
fn permitted(address: &str, local: bool) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?;
    let at_slack = HOSTS.iter().any(|slack| host == *slack || host.ends_with(&format!(".{slack}")));
    let here = local && crate::settings::url::is_loopback(&url);
    let legal = match url.scheme() {
        "wss" => at_slack || here,
        "ws" => here,
        _ => false,
    };
    legal.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_leads_to_slack_or_to_this_machine_in_a_test() {
        for (address, at_slack, locally) in [
            ("wss://wss-primary.slack.com/link/?ticket=1", true, true),
            ("wss://wss-primary.slack-gov.com/link/?ticket=1", true, true),
            ("ws://wss-primary.slack.com/link/?ticket=1", false, false),
            ("wss://slack.com.evil.example/link/?ticket=1", false, false),
            ("wss://evilslack.com/link/?ticket=1", false, false),
            ("wss://10.0.0.7/link/", false, false),
            ("ws://127.0.0.1:4000/link/?ticket=1", false, true),
            ("ws://[::1]:4000/link/?ticket=1", false, true),
            ("ws://10.0.0.7/link/", false, false),
            ("https://slack.com/", false, false),
            ("not an address", false, false),
        ] {
            assert_eq!(permitted(address, false).is_some(), at_slack, "{address}");
            assert_eq!(permitted(address, true).is_some(), locally, "{address}");
        }
    }

    #[test]
    fn frames_are_read_and_unknown_ones_passed_over() {
        let read = |text: &str| serde_json::from_str::<Frame>(text).unwrap();
        let hello =
            r#"{"type":"hello","num_connections":2,"connection_info":{"app_id":"A1"},"debug_info":{}}"#;
        assert!(matches!(read(hello), Frame::Hello { num_connections: 2 }));
        let disconnect =
            r#"{"type":"disconnect","reason":"refresh_requested","debug_info":{"host":"wss-1"}}"#;
        assert!(matches!(read(disconnect), Frame::Disconnect { reason } if reason == "refresh_requested"));
        let click = r#"{"type":"interactive","envelope_id":"e1","accepts_response_payload":true,"payload":{"type":"x"}}"#;
        let Frame::Interactive(click) = read(click) else { panic!() };
        assert_eq!((click.id.as_str(), click.accepts_response_payload), ("e1", true));
        for other in ["events_api", "slash_commands"] {
            let event = format!(r#"{{"type":"{other}","envelope_id":"e2","payload":{{}}}}"#);
            assert!(matches!(
                read(&event),
                Frame::EventsApi(Envelope { accepts_response_payload: false, .. })
            ));
        }
        assert!(matches!(read(r#"{"type":"brand_new"}"#), Frame::Unknown));
    }

    #[test]
    fn an_acknowledgement_holds_a_payload_only_where_one_is_taken() {
        let errors = Reply::Errors([("promises".to_owned(), "too short".to_owned())].into());
        insta::assert_snapshot!(acknowledgement("e1", true, Some(&errors)), @r#"{"envelope_id":"e1","payload":{"errors":{"promises":"too short"},"response_action":"errors"}}"#);
        for (accepts, reply) in [(false, Some(&errors)), (true, Some(&Reply::Empty)), (true, None)] {
            assert_eq!(acknowledgement("e1", accepts, reply), r#"{"envelope_id":"e1"}"#);
        }
    }
}
