//! Somebody takes up connections, time, memory or the disk: everybody else is still served, and nothing that was
//! accepted is lost. Real sockets, and no client library that would be too polite.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use handoff_bridge::demo::PUBLIC_URL;
use handoff_sandbox::Delivery;
use handoff_sandbox::deals::CLIENT_SECRET;
use libtest_mimic::Trial;
use reqwest::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::named;
use crate::side::Side;
use crate::world::{NORTHLIGHT, WORK, World, must, told};

const HEAD: &str = "POST /webhooks/hubspot HTTP/1.1\r\nhost: hooks.example.com\r\n";

const MEBIBYTE: usize = 1 << 20;

pub fn trials() -> Vec<Trial> {
    macro_rules! stories {
        ($($http:literal $story:ident),* $(,)?) => {
            vec![$(told(named!($story), async || {
                let work = format!("{WORK}\n[http]\n{}", $http);
                let mut world = World::without_service(Side::Hubspot, &work);
                world.starts().await;
                $story(&mut world).await;
                world.end().await;
            })),*]
        };
    }
    stories![
        "max_connections = 8" connections_that_say_nothing_do_not_stop_others,
        "max_connections = 8" heads_that_come_in_drops_do_not_stop_others,
        "max_connections = 8\nbody_timeout = \"1h\"" bodies_that_come_in_drops_do_not_stop_others,
        "body_memory_mib = 16" bodies_that_fill_the_memory_do_not_stop_others,
        "idle_timeout = \"100ms\"" a_head_that_never_ends_is_cut_off,
        "idle_timeout = \"100ms\"" a_connection_that_is_kept_and_not_used_is_closed,
        "body_timeout = \"100ms\"" a_body_that_never_ends_is_given_up,
        "" a_request_names_exactly_one_host,
        "" a_head_that_can_be_read_in_two_ways_is_refused,
        "" a_connection_is_read_strictly_from_its_first_head_to_its_last,
        "" a_packed_body_is_refused_unread,
        "" a_body_of_unknown_length_is_cut_off_at_one_mebibyte,
        "" a_body_that_is_announced_too_large_is_refused_unread,
        "" a_client_that_sends_on_after_its_refusal_still_reads_it,
        "answer_within = \"100ms\"" a_disk_that_stands_still_sends_callers_away_and_loses_nothing,
    ]
}

async fn connects(world: &World) -> TcpStream {
    must("a connection", TcpStream::connect(world.service().address)).await.unwrap()
}

/// Connects, says this and no more.
async fn says(world: &World, text: &str) -> TcpStream {
    let mut stream = connects(world).await;
    // It may be closed on us at any time; that is what the stories are about.
    let _ = stream.write_all(text.as_bytes()).await;
    stream
}

/// What the service says until it closes the connection.
async fn hears(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let _ = must("the service closes the connection", stream.read_to_end(&mut heard)).await;
    String::from_utf8(heard).unwrap()
}

/// A deal is won while all this goes on: the webhook is taken, the digest comes.
async fn others_are_served(world: &mut World) {
    world.closes_deal(NORTHLIGHT).await;
    world.next_digest().await;
}

async fn connections_that_say_nothing_do_not_stop_others(world: &mut World) {
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(connects(world).await);
    }
    others_are_served(world).await;
    for stream in silent.iter_mut().take(190) {
        assert_eq!(hears(stream).await, "", "only the last few are still there");
    }
}

async fn heads_that_come_in_drops_do_not_stop_others(world: &mut World) {
    let mut slow = Vec::new();
    for _ in 0..100 {
        slow.push(says(world, HEAD).await);
    }
    let drops = tokio::spawn(async move {
        loop {
            for stream in &mut slow {
                let _ = stream.write_all(b"x-drop: 1\r\n").await;
            }
            tokio::task::yield_now().await;
        }
    });
    others_are_served(world).await;
    drops.abort();
}

async fn bodies_that_come_in_drops_do_not_stop_others(world: &mut World) {
    let mut slow = Vec::new();
    for _ in 0..100 {
        slow.push(says(world, &format!("{HEAD}content-length: 100000\r\n\r\n[")).await);
    }
    others_are_served(world).await;
    // Who began to wait for its body when is the machine's affair; how many may wait is ours.
    let mut ends: FuturesUnordered<_> = slow.iter_mut().map(hears).collect();
    for _ in 0..92 {
        assert_eq!(ends.next().await.as_deref(), Some(""), "it is sent away without a word");
    }
}

async fn bodies_that_fill_the_memory_do_not_stop_others(world: &mut World) {
    // Three times as much as there is room for, and none of them ever ends.
    let almost = format!("{HEAD}content-length: {MEBIBYTE}\r\n\r\n{}", "x".repeat(MEBIBYTE - 1));
    let mut greedy = Vec::new();
    for _ in 0..48 {
        let mut stream = connects(world).await;
        let almost = almost.clone();
        greedy.push(tokio::spawn(async move {
            let _ = stream.write_all(almost.as_bytes()).await;
            hears(&mut stream).await
        }));
    }
    // Some have been sent away already: there was no room for all of them.
    must("the first is sent away", greedy.remove(0)).await.unwrap();
    others_are_served(world).await;
    greedy.iter().for_each(tokio::task::JoinHandle::abort);
}

async fn a_head_that_never_ends_is_cut_off(world: &mut World) {
    let mut stream = says(world, HEAD).await;
    hears(&mut stream).await;
}

async fn a_connection_that_is_kept_and_not_used_is_closed(world: &mut World) {
    let mut stream = says(world, "GET /healthz HTTP/1.1\r\nhost: hooks.example.com\r\n\r\n").await;
    let answer = hears(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("\r\n\r\nok\n"), "{answer}");
}

async fn a_body_that_never_ends_is_given_up(world: &mut World) {
    let mut stream = says(world, &format!("{HEAD}content-length: 10\r\n\r\n[")).await;
    let answer = hears(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout"), "{answer}");
}

/// Sends a request in raw bytes, behind which everything is read.
async fn answers(world: &World, request: &str) -> String {
    let mut stream = says(world, request).await;
    let _ = stream.shutdown().await;
    hears(&mut stream).await
}

async fn a_head_that_can_be_read_in_two_ways_is_refused(world: &mut World) {
    for request in [
        "GET /healthz HTTP/1.1\nhost: a\n\n",
        "GET /healthz HTTP/1.1\r\nhost: a\n\r\n",
        "GET /healthz HTTP/1.1\nhost: a\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a\r\nx: b\nx-client-cert-sha256: c\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a\r\n\n",
        "GET /healthz HTTP/1.1\r\nhost: a\r\nx: b\rc\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a\r\nx: b\0c\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost : a\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a\r\n folded: b\r\n\r\n",
        "GET  /healthz HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
        "GET /healthz HTTP/1.1\r\nhost: a\r\ncontent-length: 1, 2\r\n\r\nxx",
        "GET /healthz HTTP/1.1\r\nhost: a\r\ncontent-length: +1\r\n\r\nx",
        "GET /healthz HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\nx",
        "GET /healthz HTTP/1.1\r\nhost: a\r\ncontent-length: 0x1\r\n\r\nx",
        "GET /healthz HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999\r\n\r\nx",
        "GET /healthz HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST /webhooks/hubspot HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
        "POST /webhooks/hubspot HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n\r\n",
        "POST /webhooks/hubspot HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n",
        "GET /healthz HTTP/2.0\r\nhost: a\r\n\r\n",
        "GET /healthz\r\nhost: a\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}",
    ] {
        let heard = answers(world, request).await;
        assert!(
            heard.is_empty() || heard.starts_with("HTTP/1.1 4") || heard.starts_with("HTTP/1.0 4"),
            "{request:?}: {heard}"
        );
    }
    // A body that is announced in two ways is read in one, and nothing is read behind it.
    let smuggled = "POST /webhooks/hubspot HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n\
                    0\r\n\r\nGET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
    let heard = answers(world, smuggled).await;
    assert_eq!(heard.matches("HTTP/1.1").count(), 1, "{heard}");
    others_are_served(world).await;
}

async fn a_connection_is_read_strictly_from_its_first_head_to_its_last(world: &mut World) {
    let get = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
    let post =
        "POST /healthz HTTP/1.1\r\nhost: a\r\nContent-Length: 21\r\n\r\na\nbody\n\nof\r\n\r\nlines\n\n";
    let bare = "GET /healthz HTTP/1.1\r\nhost: a\n\r\n";
    for (requests, answered) in [
        ([get, get, get], 3),
        ([get, post, get], 3),
        ([post, post, get], 3),
        (["\r\n", get, get], 2),
        ([get, bare, get], 1),
        ([post, bare, get], 1),
        ([get, get, bare], 2),
        ([bare, get, get], 0),
    ] {
        // One after another, as a proxy sends them, and all at once.
        let mut stream = connects(world).await;
        let mut heard = String::new();
        for request in requests {
            if stream.write_all(request.as_bytes()).await.is_err() {
                break;
            }
            let mut answer = [0; 1024];
            if request != "\r\n"
                && let Ok(read @ 1..) = must("an answer or the end", stream.read(&mut answer)).await
            {
                heard += &String::from_utf8_lossy(&answer[..read]);
            }
        }
        assert_eq!(heard.matches("HTTP/1.1 ").count(), answered, "{requests:?}: {heard}");
        let heard = answers(world, &requests.concat()).await;
        assert!(heard.matches("HTTP/1.1 ").count() <= answered, "{requests:?}: {heard}");
    }
}

async fn a_request_names_exactly_one_host(world: &mut World) {
    let two = "host: hooks.example.com\r\nHost: hooks.example.com\r\n";
    for (head, answer) in [
        ("GET /healthz HTTP/1.1\r\nhost: hooks.example.com\r\n".to_owned(), "HTTP/1.1 200 OK"),
        ("GET /healthz HTTP/1.0\r\n".to_owned(), "HTTP/1.0 200 OK"),
        ("GET /healthz HTTP/1.1\r\n".to_owned(), "HTTP/1.1 400 Bad Request"),
        (format!("GET /healthz HTTP/1.1\r\n{two}"), "HTTP/1.1 400 Bad Request"),
        (format!("GET /healthz HTTP/1.0\r\n{two}"), "HTTP/1.0 400 Bad Request"),
        ("GET http://hooks.example.com/healthz HTTP/1.1\r\n".to_owned(), "HTTP/1.1 400 Bad Request"),
        (
            format!("POST /webhooks/hubspot HTTP/1.1\r\ncontent-length: 0\r\n{two}"),
            "HTTP/1.1 400 Bad Request",
        ),
        ("GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\nhost: c\r\n".to_owned(), "HTTP/1.1 400 Bad Request"),
    ] {
        let heard = hears(&mut says(world, &format!("{head}connection: close\r\n\r\n")).await).await;
        assert!(heard.starts_with(answer), "{head}: {heard}");
    }
}

async fn a_packed_body_is_refused_unread(world: &mut World) {
    for encoding in ["gzip", "GZIP", "deflate", "br", "identity, gzip"] {
        let head = format!(
            "{HEAD}content-encoding: {encoding}\r\ncontent-length: 1000\r\nconnection: close\r\n\r\n"
        );
        // Not one byte of the body is sent, and the answer is there all the same.
        let answer = hears(&mut says(world, &head).await).await;
        assert!(answer.starts_with("HTTP/1.1 415 Unsupported Media Type"), "{encoding}: {answer}");
    }
}

async fn a_body_of_unknown_length_is_cut_off_at_one_mebibyte(world: &mut World) {
    let mut stream = says(world, &format!("{HEAD}transfer-encoding: chunked\r\n\r\n")).await;
    let (mut from, mut to) = stream.split();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x1_0000));
    let endless = async {
        while to.write_all(chunk.as_bytes()).await.is_ok() {}
        // The other side has stopped reading; the answer is on its way.
        std::future::pending::<()>().await;
    };
    let mut heard = vec![0; 32];
    tokio::select! {
        () = endless => {}
        read = must("an answer", from.read_exact(&mut heard)) => { read.unwrap(); }
    }
    assert_eq!(String::from_utf8(heard).unwrap(), "HTTP/1.1 413 Payload Too Large\r\n");
}

async fn a_body_that_is_announced_too_large_is_refused_unread(world: &mut World) {
    let head = format!("{HEAD}content-length: {}\r\nconnection: close\r\n\r\n", MEBIBYTE + 1);
    let answer = hears(&mut says(world, &head).await).await;
    assert!(answer.starts_with("HTTP/1.1 413 Payload Too Large"), "{answer}");
}

async fn a_client_that_sends_on_after_its_refusal_still_reads_it(world: &mut World) {
    let head = format!("{HEAD}content-length: {}\r\n\r\n", 32 * MEBIBYTE);
    let mut stream = says(world, &head).await;
    // More than the sockets' buffers hold: a closed connection would be reset in the middle.
    must("the body is taken", stream.write_all(&vec![b'x'; 32 * MEBIBYTE])).await.unwrap();
    let answer = hears(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 Payload Too Large"), "{answer}");
}

async fn a_disk_that_stands_still_sends_callers_away_and_loses_nothing(world: &mut World) {
    let database = world.directory.path().join("handoff.db");
    let other = rusqlite::Connection::open(database).unwrap();
    let events = world.hubspot_events(NORTHLIGHT);
    let url = format!("{PUBLIC_URL}/webhooks/hubspot");
    let webhook = Delivery::batch(&url, CLIENT_SECRET, &events, world.now());

    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = world.answer(&webhook).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "5");
    other.execute_batch("ROLLBACK").unwrap();

    // The sender comes back; whether the first one was committed in the end makes no difference.
    world.eventually("the webhook is taken", async || world.receives(&webhook).await == StatusCode::OK).await;
    world.next_digest().await;
    world.settles().await;
    assert_eq!(world.events().await.len(), 1);
    assert_eq!(world.tasks_on(NORTHLIGHT).len(), 1);
}
