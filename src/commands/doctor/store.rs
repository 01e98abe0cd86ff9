//! Whether the store is sound, where it may live, and ours alone.

use std::path::Path;
use std::time::Duration;

use super::Finding;
use crate::store::{Store, StoreHealth, StoreUrl};

const STORE: &str = "store";
const WORK: &str = "work";

/// Less is called a problem: a backlog of some days fits.
const LITTLE_BYTES: u64 = 256 << 20;

/// A commit that takes longer makes webhooks wait noticeably.
const SLOW: Duration = Duration::from_millis(100);

pub(super) async fn look(url: &StoreUrl) -> Vec<Finding> {
    if let StoreUrl::Sqlite(path) = url
        && !path.exists()
    {
        let mut found = place(path);
        found.push(Finding::good(STORE, format!("{url} is not there yet: `handoff serve` creates it")));
        return found;
    }
    match Store::health(url).await {
        Ok(StoreHealth::Sqlite { quick_check, journal_mode, waiting_for_a_person }) => {
            let mut found = vec![soundness(url, &quick_check, &journal_mode)];
            if let StoreUrl::Sqlite(path) = url {
                found.extend(place(path));
                found.extend(privacy(path));
            }
            found.push(work(waiting_for_a_person));
            found
        }
        Ok(StoreHealth::Postgres { version, tables, known, round_trip, waiting_for_a_person }) => {
            vec![tables_of(url, version, tables, known), speed(round_trip), work(waiting_for_a_person)]
        }
        Err(error) => {
            let remedy = match url {
                StoreUrl::Sqlite(_) => {
                    "see that the path under [store] is right and the file is readable for the service's user"
                }
                StoreUrl::Postgres(_) => {
                    "see that the server runs and is reachable, that user and database exist, and that sslmode fits"
                }
            };
            vec![Finding::bad(STORE, error.to_string(), remedy)]
        }
    }
}

fn work(waiting: i64) -> Finding {
    if waiting == 0 {
        return Finding::good(WORK, "nothing waits for a person");
    }
    let seen = format!("{waiting} deals, deliveries or answers wait for a person");
    Finding::bad(WORK, seen, "`handoff list` names them, and says of each what to do")
}

fn soundness(url: &StoreUrl, quick_check: &str, journal_mode: &str) -> Finding {
    if quick_check != "ok" {
        let remedy = "stop the service, keep the file, and put a backup back: `handoff store restore FILE`";
        return Finding::bad(STORE, format!("{url} is damaged: {quick_check}"), remedy);
    }
    if journal_mode != "wal" {
        let remedy = "the service switches it on when it starts; a network file system cannot have it";
        return Finding::doubtful(STORE, format!("{url} is not in WAL mode but in {journal_mode}"), remedy);
    }
    Finding::good(STORE, format!("{url} is sound (quick_check) and in WAL mode"))
}

fn tables_of(url: &StoreUrl, version: u32, tables: i64, known: i64) -> Finding {
    let seen = format!("{url} is PostgreSQL {version} with tables of version {tables}");
    match tables.cmp(&known) {
        std::cmp::Ordering::Equal => Finding::good(STORE, seen),
        std::cmp::Ordering::Less => Finding::doubtful(
            STORE,
            format!("{seen}, this program has {known}"),
            "the next start brings them up to date, or `handoff store migrate`",
        ),
        std::cmp::Ordering::Greater => Finding::bad(
            STORE,
            format!("{seen}, this program knows {known}"),
            "use the newer program: it has changed the tables",
        ),
    }
}

fn speed(round_trip: Duration) -> Finding {
    let seen = format!("the server answers in {} ms", round_trip.as_millis());
    if round_trip > SLOW {
        let remedy = "every webhook waits for several round trips: put service and server close together";
        return Finding::doubtful(STORE, seen, remedy);
    }
    Finding::good(STORE, seen)
}

/// The directory of the file: room, and whether locks and shared memory work there.
fn place(path: &Path) -> Vec<Finding> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let shown = directory.display();
    let mut found = Vec::new();
    match rustix::fs::statvfs(directory) {
        Ok(room) => {
            let free = room.f_bavail.saturating_mul(room.f_frsize);
            let seen = format!("{} MiB are free in {shown}", free >> 20);
            found.push(if free < LITTLE_BYTES {
                Finding::bad(STORE, seen, "make room: webhooks are refused with 503 when the disk is full")
            } else {
                Finding::good(STORE, seen)
            });
        }
        Err(error) => {
            let remedy = "create the directory, writable for the service's user";
            found.push(Finding::bad(STORE, format!("{shown} cannot be looked at: {error}"), remedy));
        }
    }
    if let Some(kind) = remote(directory) {
        let remedy = "SQLite needs a local disk, or it can be damaged: move the file, or use PostgreSQL";
        found.push(Finding::bad(STORE, format!("{shown} is on a network file system ({kind})"), remedy));
    }
    found
}

/// The kind of a file system that is known to be on a network.
/// <https://man7.org/linux/man-pages/man2/statfs.2.html>
#[cfg(target_os = "linux")]
fn remote(directory: &Path) -> Option<&'static str> {
    const KINDS: [(u32, &str); 6] = [
        (0x6969, "NFS"),
        (0xff53_4d42, "CIFS"),
        (0xfe53_4d42, "SMB"),
        (0x517b, "SMB"),
        (0x0102_1997, "9P"),
        (0x00c3_6400, "Ceph"),
    ];
    let found = rustix::fs::statfs(directory).ok()?.f_type;
    KINDS
        .into_iter()
        .find(|(kind, _)| i128::from(*kind) == i128::from(found) & 0xffff_ffff)
        .map(|(_, name)| name)
}

#[cfg(not(target_os = "linux"))]
fn remote(_: &Path) -> Option<&'static str> {
    None
}

#[cfg(unix)]
fn privacy(path: &Path) -> Option<Finding> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    let others = mode & 0o077;
    if others == 0 {
        return None;
    }
    let file = path.display();
    let remedy = format!("it holds what customers and sellers wrote: chmod 600 {file}");
    Some(Finding::doubtful(STORE, format!("{file} is open to other users (mode {mode:o})"), remedy))
}

#[cfg(not(unix))]
fn privacy(_: &Path) -> Option<Finding> {
    None
}
