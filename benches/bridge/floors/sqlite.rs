//! A thread that writes to SQLite.

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::body::Row;
use super::queue::{Queue, Waiting};

const CREATE: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE events (id INTEGER PRIMARY KEY, dedupe TEXT NOT NULL UNIQUE, json TEXT NOT NULL);";

const INSERT: &str = "INSERT INTO events (dedupe, json) VALUES (?1, ?2) ON CONFLICT DO NOTHING";

/// Begins a database; one commit takes `together` requests at most.
pub fn begin(at: &str, together: usize) -> Queue {
    let conn = Connection::open(at).unwrap();
    conn.execute_batch(CREATE).unwrap();
    let (queue, waiting) = Queue::begin();
    std::thread::spawn(move || write(&conn, waiting, together));
    queue
}

fn write(conn: &Connection, mut waiting: mpsc::Receiver<Waiting>, together: usize) {
    while let Some(first) = waiting.blocking_recv() {
        let mut taken = vec![first];
        while taken.len() < together
            && let Ok(next) = waiting.try_recv()
        {
            taken.push(next);
        }
        conn.prepare_cached("BEGIN IMMEDIATE").unwrap().execute([]).unwrap();
        let mut insert = conn.prepare_cached(INSERT).unwrap();
        for Row { key, json } in taken.iter().flat_map(|request| &request.rows) {
            insert.execute((key, json)).unwrap();
        }
        conn.prepare_cached("COMMIT").unwrap().execute([]).unwrap();
        for request in taken {
            let _ = request.committed.send(());
        }
    }
}
