//! What goes on only when a person decides.

use crate::store::Store;
use crate::store::engine::{StoreError, query};

statements! {
    /// With what was said of the last try.
    STUCK_DELIVERIES = "
        SELECT d.packet_id, d.destination, d.scope, d.state,
            (SELECT a.error FROM attempts a WHERE a.packet_id = d.packet_id AND a.destination = d.destination
                AND a.error IS NOT NULL ORDER BY a.epoch DESC LIMIT 1)
        FROM deliveries d WHERE d.state <> 'done' AND d.state IN ('dead', 'held')
        ORDER BY d.created_at DESC, d.packet_id";
    STUCK_DEALS = "
        SELECT deal, account, last_error FROM deals WHERE state <> 'idle' AND state = 'dead' ORDER BY heard_at DESC";
    /// By the CRM's code of the refusal, or its words.
    REFUSED_ANSWERS = "
        SELECT packet_id, topic, COALESCE(code, detail) FROM answers WHERE state = 'refused'
        ORDER BY answered_at DESC";
}

/// A deal, a delivery or an answer that goes on only when a person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StuckRow {
    /// A packet's id, or a deal's key.
    pub id: String,
    /// `deal`, `answer`, or the name of a destination.
    pub what: String,
    /// The account or `slack`; empty for an answer.
    pub scope: String,
    /// `dead`, `held` or `refused`.
    pub state: String,
    pub error: Option<String>,
}

impl Store {
    /// Everything that is dead, held or refused, newest first: deals, deliveries, answers.
    pub async fn stuck(&self) -> Result<Vec<StuckRow>, StoreError> {
        type Row = (String, String, Option<String>);
        type DeliveryRow = (String, String, String, String, Option<String>);

        let deals: Vec<Row> = self.readers.all(query(STUCK_DEALS)).await?;
        let deliveries: Vec<DeliveryRow> = self.readers.all(query(STUCK_DELIVERIES)).await?;
        let answers: Vec<Row> = self.readers.all(query(REFUSED_ANSWERS)).await?;
        let deals = deals.into_iter().map(|(id, scope, error)| StuckRow {
            id,
            what: "deal".to_owned(),
            scope,
            state: "dead".to_owned(),
            error,
        });
        let deliveries = deliveries.into_iter().map(|(id, what, scope, state, error)| StuckRow {
            id,
            what,
            scope,
            state,
            error,
        });
        let answers = answers.into_iter().map(|(id, _, error)| StuckRow {
            id,
            what: "answer".to_owned(),
            scope: String::new(),
            state: "refused".to_owned(),
            error,
        });
        Ok(deals.chain(deliveries).chain(answers).collect())
    }
}
