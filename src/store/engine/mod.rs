//! The database behind the store, a SQLite file or a PostgreSQL server: opening and migrating it, one queue of
//! commands that writers commit in batches, a pool of readers, and statements that exist in the SQL of both.
//!
//! Everything else in the store is written against [`Tx`], [`Readers`] and [`query`] and knows of no engine. Imports
//! only `clock` and `crash`, and [`recording`](super::inbox::recording), whose events share a statement. Read
//! [`writer`] first.

#[macro_use]
pub mod statements;

mod checkpoint;
mod commit;
mod error;
pub mod migrate;
mod notifier;
mod open;
pub mod postgres;
mod query;
mod readers;
pub mod sqlite;
mod url;
mod writer;
mod writer_connection;

pub use error::{DatabaseError, StoreError};
pub use open::VoidLeases;
pub use query::{Conn, DecodeRow, Query, Value, clean, count, from_millis, json, millis_after, query};
pub use readers::Readers;
pub use statements::Statement;
pub use url::{StoreUrl, StoreUrlError};
pub use writer::{Command, Execute, Tx, Writer};
pub use writer_connection::{OpenMode, WriterConnection};
