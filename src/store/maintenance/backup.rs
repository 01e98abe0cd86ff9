//! Copies of a SQLite file: taken while a service writes to it, and put back.
//!
//! PostgreSQL has its own tools for this; [`Store::mark_restored`] is for those who used them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::health::quick_check;
use crate::clock::Clock;
use crate::crash_point;
use crate::store::Store;
use crate::store::engine::sqlite::{self, beside, refused};
use crate::store::engine::{Conn, StoreError, migrate, query};

statements! {
    COPY = { sqlite: "VACUUM INTO $1" };
    COPY_LOG_BACK = { sqlite: "PRAGMA wal_checkpoint(TRUNCATE)" };
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Where the database that stood there before is now, if there was one.
    pub set_aside: Option<PathBuf>,
}

impl Store {
    /// Copies the database at `from` into the new file `to`, also while a service serves it: what is in the copy
    /// is one instant, with everything that was committed before. The copy is checked and on disk when this
    /// returns. Only its owner can read it.
    pub async fn back_up(from: &Path, to: &Path) -> Result<(), StoreError> {
        sqlite::must_exist(from)?;
        must_be_new(to)?;
        // One name in a directory: what a killed backup has left there is overwritten by the next, of whatever name.
        let part = to.with_file_name(".handoff-backup.part");
        let lock = sqlite::lock(&part)?;
        lock.set_len(0).map_err(|error| refused(&part, error))?;
        let copied = sqlite::apart(copy_online(from.to_owned(), part.clone())).await;
        crash_point!("backup.copied");
        let kept = copied.and_then(|()| must_be_new(to)).and_then(|()| put(&part, to));
        if kept.is_err() {
            let _ = fs::remove_file(&part);
        }
        drop(lock);
        kept
    }

    /// Puts the copy `from` to where a service finds its database, which must not be running. What stood there
    /// is renamed, not deleted. See [`Store::mark_restored`] for what happens to deliveries.
    pub async fn restore(from: &Path, to: &Path, clock: &Clock) -> Result<Restored, StoreError> {
        let _served_by_nobody = sqlite::lock_beside(to)?;
        sqlite::must_exist(from)?;
        let part = beside(to, ".part");
        let prepared = sqlite::apart(prepare(from.to_owned(), part.clone(), clock.clone())).await;
        let placed = prepared.and_then(|()| {
            let set_aside = set_aside(to, clock)?;
            put(&part, to)?;
            Ok(Restored { set_aside })
        });
        if placed.is_err() {
            let _ = fs::remove_file(&part);
        }
        placed
    }
}

async fn copy_online(from: PathBuf, part: PathBuf) -> Result<(), StoreError> {
    let mut conn = sqlite::read_only(&from)?;
    let text = part.to_str().ok_or_else(|| refused(&part, io::ErrorKind::InvalidFilename.into()))?;
    Conn::Sqlite(&mut conn).execute(query(COPY).bind(text)).await?;
    examine(&part).await
}

fn must_be_new(path: &Path) -> Result<(), StoreError> {
    if path.exists() { Err(refused(path, rustix::io::Errno::EXIST.into())) } else { Ok(()) }
}

/// A copy of the copy, made ready to be served.
async fn prepare(from: PathBuf, part: PathBuf, clock: Clock) -> Result<(), StoreError> {
    examine(&from).await?;
    if part.exists() {
        fs::remove_file(&part).map_err(|error| refused(&part, error))?;
    }
    let mut copy = sqlite::create_new(&part)?;
    let mut original = File::open(&from).map_err(|error| refused(&from, error))?;
    io::copy(&mut original, &mut copy).map_err(|error| refused(&part, error))?;
    drop(copy);
    let store = Store::open(&part, clock).await?;
    let marked = store.mark_restored().await;
    store.close().await;
    marked
}

/// Fails unless the file is a sound database of this program.
async fn examine(path: &Path) -> Result<(), StoreError> {
    let mut conn = sqlite::read_only(path)?;
    let mut on = Conn::Sqlite(&mut conn);
    let unusable = |what: String| StoreError::Unusable { path: path.to_owned(), what };
    let found = quick_check(&mut on).await.map_err(|error| unusable(error.to_string()))?;
    if found != "ok" {
        return Err(unusable(found));
    }
    if migrate::newest(&mut on).await.unwrap_or(0) == 0 {
        return Err(unusable("it holds no tables of this program".to_owned()));
    }
    Ok(())
}

/// Gives a finished file its name, for good.
fn put(part: &Path, to: &Path) -> Result<(), StoreError> {
    let synced = File::open(part).and_then(|file| file.sync_all());
    synced.and_then(|()| fs::rename(part, to)).map_err(|error| refused(to, error))?;
    let directory = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| refused(directory, error))
}

/// Renames a database with the files that belong to it. SQLite finds those by the name.
fn set_aside(path: &Path, clock: &Clock) -> Result<Option<PathBuf>, StoreError> {
    if !path.exists() {
        return Ok(None);
    }
    let aside = beside(path, &format!(".replaced-{}", clock.now().strftime("%Y%m%dT%H%M%SZ")));
    if aside.exists() {
        return Err(refused(&aside, io::ErrorKind::AlreadyExists.into()));
    }
    // What the log beside it holds goes into the file, which then has one name to change. A damaged file keeps its log.
    let copied_back = sqlite::read_write(path).and_then(|conn| conn.execute_batch(COPY_LOG_BACK.sqlite));
    if let Err(error) = copied_back {
        tracing::warn!(%error, "the log of the database that was there stays beside it");
    }
    for ending in ["-wal", "-shm", ""] {
        let (from, to) = (beside(path, ending), beside(&aside, ending));
        if from.exists() {
            fs::rename(&from, &to).map_err(|error| refused(&to, error))?;
        }
    }
    Ok(Some(aside))
}
