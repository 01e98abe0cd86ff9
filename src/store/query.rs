//! A statement with its values, run on a connection of either engine.

use rusqlite::types::{ToSql, ToSqlOutput};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments, FromRow, PgConnection};

use super::statements::Statement;
use super::{DatabaseError, sqlite};

/// A statement and the values of its `$1`, `$2` and so on.
pub(super) struct Query {
    pub sql: Statement,
    pub values: Vec<Value>,
}

/// A statement without values yet.
pub(super) fn query(sql: Statement) -> Query {
    Query { sql, values: Vec::new() }
}

impl Query {
    /// Adds the next value.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }
}

/// The only kinds of value in the database.
pub(super) enum Value {
    /// BIGINT.
    Integer(Option<i64>),
    /// TEXT.
    Text(Option<String>),
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Integer(value) => value.to_sql(),
            Self::Text(value) => value.to_sql(),
        }
    }
}

/// PostgreSQL cannot hold a NUL in a text. Both engines keep U+FFFD for it, so that no text from outside can
/// make a write fail for ever.
pub(super) fn clean(text: impl Into<String>) -> String {
    let text = text.into();
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(Some(value))
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Integer(Some(value.into()))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Integer(Some(value.into()))
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Self::Integer(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Some(clean(value)))
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::from(value.as_str())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(clean(value)))
    }
}

impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(clean))
    }
}

/// A row that both engines can give.
pub(super) trait Row:
    for<'r> TryFrom<&'r rusqlite::Row<'r>, Error = rusqlite::Error>
    + for<'r> FromRow<'r, PgRow>
    + Send
    + Unpin
    + 'static
{
}

impl<T> Row for T where
    T: for<'r> TryFrom<&'r rusqlite::Row<'r>, Error = rusqlite::Error>
        + for<'r> FromRow<'r, PgRow>
        + Send
        + Unpin
        + 'static
{
}

/// A connection to either engine.
pub(super) enum Conn<'c> {
    /// To a SQLite file. What is asked of it is done when the call returns.
    Sqlite(&'c mut rusqlite::Connection),
    /// To a PostgreSQL server.
    Postgres(&'c mut PgConnection),
}

impl Conn<'_> {
    /// Whether other transactions may run at the same time.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Runs a statement; says how many rows it changed.
    pub async fn execute(&mut self, query: Query) -> Result<u64, DatabaseError> {
        match self {
            Self::Sqlite(conn) => Ok(sqlite::execute(conn, &query)?),
            Self::Postgres(conn) => {
                let query = sqlx::query_with(query.sql.postgres, arguments(query.values)?);
                Ok(query.execute(&mut **conn).await?.rows_affected())
            }
        }
    }

    /// All rows.
    pub async fn all<T: Row>(&mut self, query: Query) -> Result<Vec<T>, DatabaseError> {
        match self {
            Self::Sqlite(conn) => Ok(sqlite::all(conn, &query)?),
            Self::Postgres(conn) => {
                let query = sqlx::query_as_with(query.sql.postgres, arguments(query.values)?);
                Ok(query.fetch_all(&mut **conn).await?)
            }
        }
    }

    /// The row of a statement that gives at most one.
    pub async fn optional<T: Row>(&mut self, query: Query) -> Result<Option<T>, DatabaseError> {
        Ok(self.all(query).await?.pop())
    }

    /// The row of a statement that gives exactly one.
    pub async fn one<T: Row>(&mut self, query: Query) -> Result<T, DatabaseError> {
        self.optional(query).await?.ok_or(DatabaseError::NoRow)
    }
}

fn arguments(values: Vec<Value>) -> Result<PgArguments, DatabaseError> {
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
