//! When this database was made.

use jiff::Timestamp;

use super::moment::from_millis;
use super::{Store, StoreError};

const FIRST_APPLIED: &str = "SELECT applied_at FROM schema_versions WHERE version = 1";

impl Store {
    /// When the first tables of this database were made: the instant the bridge was installed.
    pub async fn installed_at(&self) -> Result<Timestamp, StoreError> {
        let applied_at = sqlx::query_scalar(FIRST_APPLIED).fetch_one(&self.readers).await?;
        Ok(from_millis(applied_at))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{DAY, Fixture};

    #[tokio::test]
    async fn the_instant_of_the_installation_stays_when_the_database_is_opened_again() {
        let fixture = Fixture::new().await;
        let installed_at = fixture.now();
        assert_eq!(fixture.store.installed_at().await.unwrap(), installed_at);
        fixture.clock.advance(DAY);
        let fixture = fixture.reopened().await;
        assert_eq!(fixture.store.installed_at().await.unwrap(), installed_at);
    }
}
