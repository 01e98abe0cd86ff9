//! A statement with its values, run on a connection of either engine.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::types::{Null, ToSql, ToSqlOutput};
use serde::Serialize;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments, FromRow, PgConnection};

use super::statements::Statement;
use super::{DatabaseError, sqlite};

/// A statement and the values of its `$1`, `$2` and so on.
pub struct Query<'v> {
    pub sql: Statement,
    pub values: Vec<Value<'v>>,
}

/// As many values as most statements have.
const VALUES: usize = 8;

/// A statement without values yet.
pub fn query<'v>(sql: Statement) -> Query<'v> {
    Query { sql, values: Vec::with_capacity(VALUES) }
}

impl<'v> Query<'v> {
    pub fn bind(mut self, value: impl Into<Value<'v>>) -> Self {
        self.values.push(value.into());
        self
    }
}

impl Query<'_> {
    /// The same with values of its own, to be run on another thread.
    pub fn owned(self) -> Query<'static> {
        let values = self.values.into_iter().map(|value| match value {
            Value::Integer(value) => Value::Integer(value),
            Value::Text(value) => Value::Text(value.map(|text| Cow::Owned(text.into_owned()))),
        });
        Query { sql: self.sql, values: values.collect() }
    }
}

/// The only kinds of value in the database.
pub enum Value<'v> {
    Integer(Option<i64>),
    Text(Option<Cow<'v, str>>),
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Integer(value) => value.to_sql(),
            Self::Text(Some(text)) => text.to_sql(),
            Self::Text(None) => Ok(Null.into()),
        }
    }
}

/// PostgreSQL cannot hold a NUL in a text. Both engines keep U+FFFD for it, so that no text from outside can
/// make a write fail for ever.
pub fn clean<'t>(text: impl Into<Cow<'t, str>>) -> Cow<'t, str> {
    let text = text.into();
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text }
}

macro_rules! values {
    ($($type:ty: |$value:ident| $bound:expr;)*) => {
        $(impl<'v> From<$type> for Value<'v> {
            fn from($value: $type) -> Self {
                $bound
            }
        })*
    };
}

values! {
    i64: |value| Self::Integer(Some(value));
    u32: |value| Self::Integer(Some(value.into()));
    bool: |value| Self::Integer(Some(value.into()));
    Option<i64>: |value| Self::Integer(value);
    String: |value| Self::Text(Some(clean(value)));
    &'v String: |value| Self::Text(Some(clean(value)));
    &'v str: |value| Self::Text(Some(clean(value)));
    Option<&'v str>: |value| Self::Text(value.map(clean));
    Option<String>: |value| Self::Text(value.map(clean));
}

/// Rows as JSON, the way a statement takes any number of them.
pub fn json<T: Serialize>(rows: &T) -> Result<String, DatabaseError> {
    Ok(serde_json::to_string(rows)?)
}

/// Times in the database are epoch milliseconds; one that no calendar holds becomes the end of time.
pub fn from_millis(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}

pub fn count(rows: i64) -> u64 {
    u64::try_from(rows).unwrap_or(0)
}

/// `now + span` in milliseconds.
pub fn millis_after(now: i64, span: Duration) -> i64 {
    now.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}

/// A row that both engines can give.
pub trait DecodeRow:
    for<'r> TryFrom<&'r rusqlite::Row<'r>, Error = rusqlite::Error>
    + for<'r> FromRow<'r, PgRow>
    + Send
    + Unpin
    + 'static
{
}

impl<T> DecodeRow for T where
    T: for<'r> TryFrom<&'r rusqlite::Row<'r>, Error = rusqlite::Error>
        + for<'r> FromRow<'r, PgRow>
        + Send
        + Unpin
        + 'static
{
}

/// A connection to either engine.
pub enum Conn<'c> {
    /// To a SQLite file. What is asked of it is done when the call returns.
    Sqlite(&'c mut rusqlite::Connection),
    Postgres(&'c mut PgConnection),
}

impl Conn<'_> {
    /// Whether other transactions may run at the same time.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Runs a statement; says how many rows it changed.
    pub async fn execute(&mut self, query: Query<'_>) -> Result<u64, DatabaseError> {
        match self {
            Self::Sqlite(conn) => Ok(sqlite::execute(conn, &query)?),
            Self::Postgres(conn) => {
                let query = sqlx::query_with(query.sql.postgres, arguments(query.values)?);
                Ok(query.execute(&mut **conn).await?.rows_affected())
            }
        }
    }

    pub async fn all<T: DecodeRow>(&mut self, query: Query<'_>) -> Result<Vec<T>, DatabaseError> {
        match self {
            Self::Sqlite(conn) => Ok(sqlite::all(conn, &query)?),
            Self::Postgres(conn) => {
                let query = sqlx::query_as_with(query.sql.postgres, arguments(query.values)?);
                Ok(query.fetch_all(&mut **conn).await?)
            }
        }
    }

    /// The row of a statement that gives at most one.
    pub async fn optional<T: DecodeRow>(&mut self, query: Query<'_>) -> Result<Option<T>, DatabaseError> {
        Ok(self.all(query).await?.pop())
    }

    /// The row of a statement that gives exactly one.
    pub async fn one<T: DecodeRow>(&mut self, query: Query<'_>) -> Result<T, DatabaseError> {
        self.optional(query).await?.ok_or(DatabaseError::NoRow)
    }
}

fn arguments(values: Vec<Value<'_>>) -> Result<PgArguments, DatabaseError> {
    let mut arguments = PgArguments::default();
    for value in values {
        let added = match value {
            Value::Integer(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}
