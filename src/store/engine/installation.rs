//! When this database was made.

use jiff::Timestamp;

use super::StoreError;
use super::query::query;
use super::timestamp::from_millis;
use crate::store::Store;

statements! {
    FIRST_APPLIED = "SELECT applied_at FROM schema_versions WHERE version = 1";
}

impl Store {
    /// When the first tables of this database were made: the instant the bridge was installed.
    pub async fn installed_at(&self) -> Result<Timestamp, StoreError> {
        let (applied_at,) = self.readers.one(query(FIRST_APPLIED)).await?;
        Ok(from_millis(applied_at))
    }
}
