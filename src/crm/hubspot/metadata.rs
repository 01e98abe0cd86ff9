//! What a portal says about itself, kept for an hour: stages, owners and the meaning of properties.

use std::sync::Arc;
use std::time::Duration;

use super::client::Client;
use super::field::{Catalogue, meaning};
use super::win::Stages;
use super::wire::is_id;
use crate::clock::Clock;
use crate::crm::Cache;
use crate::failure::Failure;
use handoff_core::record::User;

const MAX_AGE: Duration = Duration::from_hours(1);

/// Stages are trusted to drop an event unseen for this long only. A deal that is read comes with
/// `hs_is_closed_won`, which shows that the stages have changed; an event comes with nothing.
const DROP_MAX_AGE: Duration = Duration::from_mins(10);

/// There is one set of stages.
const STAGES: &str = "deals";

/// The caches of one portal.
pub(super) struct Metadata {
    client: Arc<Client>,
    stages: Cache<Arc<Stages>>,
    owners: Cache<Option<User>>,
    catalogues: Cache<Option<Arc<Catalogue>>>,
}

impl Metadata {
    pub(super) fn new(client: Arc<Client>, clock: &Clock) -> Self {
        Self {
            client,
            stages: Cache::new(clock.clone()),
            owners: Cache::new(clock.clone()),
            catalogues: Cache::new(clock.clone()),
        }
    }

    /// The stages, and whether they were fetched just now.
    pub(super) async fn stages(&self) -> Result<(Arc<Stages>, bool), Failure> {
        match self.stages.get(STAGES, MAX_AGE) {
            Some(stages) => Ok((stages, false)),
            None => Ok((self.fresh_stages().await?, true)),
        }
    }

    /// The stages as they are now.
    pub(super) async fn fresh_stages(&self) -> Result<Arc<Stages>, Failure> {
        let stages = Arc::new(Stages::new(self.client.pipelines().await?));
        self.stages.put(STAGES, stages.clone());
        Ok(stages)
    }

    /// Whether a stage is a won one, if that is known for sure without asking.
    pub(super) fn known_stage(&self, stage: &str) -> Option<bool> {
        self.stages.get(STAGES, DROP_MAX_AGE)?.is_won_anywhere(stage)
    }

    /// A CRM user by owner id, including people who left. `None` if nobody has this id.
    pub(super) async fn owner(&self, id: &str) -> Result<Option<User>, Failure> {
        if !is_id(id) {
            return Ok(None);
        }
        if let Some(known) = self.owners.get(id, MAX_AGE) {
            return Ok(known);
        }
        let owner = match self.client.owner(id, false).await? {
            Some(owner) => Some(owner),
            None => self.client.owner(id, true).await?,
        };
        self.owners.put(id, owner.clone());
        Ok(owner)
    }

    /// What the portal says about the properties of `deals`, `companies` or `line_items`; `None` if we
    /// may not ask.
    pub(super) async fn catalogue(&self, kind: &str) -> Result<Option<Arc<Catalogue>>, Failure> {
        if let Some(known) = self.catalogues.get(kind, MAX_AGE) {
            return Ok(known);
        }
        let properties = match self.client.properties(kind, "false", None).await {
            Ok(properties) => Some(properties),
            Err(error) if error.is_missing() || error.is_forbidden() => {
                tracing::warn!(
                    kind,
                    "HubSpot does not let us read property metadata; values are shown as stored"
                );
                None
            }
            Err(error) => return Err(error.retry(&format!("reading the properties of {kind}"))),
        };
        let catalogue = properties.map(|all| {
            Arc::new(all.into_iter().map(|property| (property.name.clone(), meaning(property))).collect())
        });
        self.catalogues.put(kind, catalogue.clone());
        Ok(catalogue)
    }
}
