//! What people answered and decided in Slack. A click is recorded once, however often it is applied.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::store::Store;
use crate::store::engine::{Command, DatabaseError, Readers, StoreError, Tx, from_millis, query};
use crate::store::outbox::{deliveries::Destination, edits};
use handoff_core::packet::{Answer, SendBackReason};

statements! {
    GIVE = "
        INSERT INTO answers (packet_id, topic, click, revision, answered_at, answer, target, state)
        SELECT p.packet_id, $2, $3, $4, $5, $6, $7, 'given' FROM packets p WHERE p.packet_id = $1
        ON CONFLICT (packet_id, topic, click) DO NOTHING";
    ACT = "
        INSERT INTO acts (packet_id, act, click, acted_at, user_id, user_name, reason, detail)
        SELECT p.packet_id, $2, $3, $4, $5, $6, $7, $8 FROM packets p WHERE p.packet_id = $1
        ON CONFLICT (packet_id, act, click) DO NOTHING";
    ANSWERS_OF_PACKET = "
        SELECT packet_id, revision, answer, state, detail FROM answers
        WHERE packet_id = $1 ORDER BY answered_at, topic, click";
    ANSWERS_SINCE = "
        SELECT packet_id, revision, answer, state, detail FROM answers
        WHERE answered_at >= $1 ORDER BY answered_at, topic, click";
    ACTS_OF_PACKET = "
        SELECT act, acted_at, user_id, user_name, reason, detail FROM acts
        WHERE packet_id = $1 ORDER BY acted_at, click";
}

/// An answer with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    pub packet_id: String,
    /// The revision of the packet that the person was shown.
    pub revision: i64,
    pub answer: Answer,
    /// How far it is on its way to the CRM: `given` until something tries to write it.
    pub state: String,
    /// The CRM's own words, if it refused.
    pub detail: Option<String>,
}

impl StoredAnswer {
    /// As operators read it.
    pub fn document(&self) -> Value {
        let Self { packet_id, revision, answer, state, detail } = self;
        json!({
            "packet_id": packet_id, "revision": revision, "question": answer.topic, "answer": answer.given,
            "source": answer.by.source(), "answered_by": answer.by.name, "answered_at": answer.by.at,
            "target": answer.target, "state": state, "detail": detail,
        })
    }
}

/// What a person decided about a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The handoff is taken.
    Accepted,
    /// It is not; why.
    SentBack,
    ReviewHeld,
}

impl Act {
    const ALL: [Self; 3] = [Self::Accepted, Self::SentBack, Self::ReviewHeld];

    /// The name used in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::SentBack => "sent_back",
            Self::ReviewHeld => "review_held",
        }
    }
}

/// One decision, with who made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredAct {
    pub act: Act,
    pub at: Timestamp,
    /// Slack user id.
    pub user: String,
    pub name: String,
    /// Why it was sent back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<SendBackReason>,
    /// What the person wrote beside.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl Store {
    /// Keeps the answers of one click, given when the packet was at `revision`. False: they were kept before, or there is
    /// no such packet any more.
    pub async fn give(
        &self,
        (packet_id, revision): (&str, i64),
        click: &str,
        answers: Vec<Answer>,
    ) -> Result<bool, StoreError> {
        let (packet_id, click) = (packet_id.to_owned(), click.to_owned());
        self.writer.run_on(packet_id.clone(), Give { packet_id, revision, click, answers }).await
    }

    /// Keeps a decision, and has the digest show it. False: it was kept before, or there is no such packet any more.
    pub async fn act(&self, packet_id: &str, click: &str, act: StoredAct) -> Result<bool, StoreError> {
        let (packet_id, click) = (packet_id.to_owned(), click.to_owned());
        self.writer.run_on(packet_id.clone(), Decide { packet_id, click, act }).await
    }

    /// The answers of a packet, oldest first.
    pub async fn answers(&self, packet_id: &str) -> Result<Vec<StoredAnswer>, StoreError> {
        Ok(answers(&self.readers, query(ANSWERS_OF_PACKET).bind(packet_id)).await?)
    }

    /// Every answer given at `since` or later, oldest first.
    pub async fn answers_since(&self, since: Timestamp) -> Result<Vec<StoredAnswer>, StoreError> {
        Ok(answers(&self.readers, query(ANSWERS_SINCE).bind(since.as_millisecond())).await?)
    }

    /// What people answered and decided about a packet, oldest first.
    pub async fn decisions(
        &self,
        packet_id: &str,
    ) -> Result<(Vec<StoredAnswer>, Vec<StoredAct>), StoreError> {
        Ok((self.answers(packet_id).await?, self.acts(packet_id).await?))
    }

    /// What was decided about a packet, oldest first.
    pub async fn acts(&self, packet_id: &str) -> Result<Vec<StoredAct>, StoreError> {
        type Columns = (String, i64, String, String, Option<String>, String);
        let rows: Vec<Columns> = self.readers.all(query(ACTS_OF_PACKET).bind(packet_id)).await?;
        let act = |(act, at, user, name, reason, detail): Columns| {
            let act = Act::ALL.into_iter().find(|known| known.as_str() == act)?;
            let reason = reason.and_then(|reason| reason.parse().ok());
            Some(StoredAct { act, at: from_millis(at), user, name, reason, detail })
        };
        Ok(rows.into_iter().filter_map(act).collect())
    }
}

/// The answers that a statement selects; what cannot be read, such as those of a newer version, is passed over.
async fn answers(
    readers: &Readers,
    query: crate::store::engine::Query<'_>,
) -> Result<Vec<StoredAnswer>, DatabaseError> {
    type Columns = (String, i64, String, String, Option<String>);
    let rows: Vec<Columns> = readers.all(query).await?;
    let answer = |(packet_id, revision, answer, state, detail): Columns| {
        let mut answer: Answer = serde_json::from_str(&answer).ok()?;
        answer.refused = matches!(state.as_str(), "refused" | "conflict");
        Some(StoredAnswer { packet_id, revision, answer, state, detail })
    };
    Ok(rows.into_iter().filter_map(answer).collect())
}

struct Give {
    packet_id: String,
    revision: i64,
    click: String,
    answers: Vec<Answer>,
}

impl Command<bool> for Give {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool, DatabaseError> {
        let mut kept = 0;
        for answer in &self.answers {
            let give = query(GIVE).bind(&self.packet_id).bind(answer.topic.to_string()).bind(&self.click);
            let give = give.bind(self.revision).bind(answer.by.at.as_millisecond());
            let target = answer.target.as_ref().map(ToString::to_string);
            kept += tx.conn.execute(give.bind(serde_json::to_string(answer)?).bind(target)).await?;
        }
        Ok(kept > 0)
    }
}

struct Decide {
    packet_id: String,
    click: String,
    act: StoredAct,
}

impl Command<bool> for Decide {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool, DatabaseError> {
        let StoredAct { act, at, user, name, reason, detail } = &self.act;
        let insert = query(ACT).bind(&self.packet_id).bind(act.as_str()).bind(&self.click);
        let insert = insert.bind(at.as_millisecond()).bind(user).bind(name);
        let insert = insert.bind(reason.map(SendBackReason::as_str)).bind(detail);
        if tx.conn.execute(insert).await? == 0 {
            return Ok(false);
        }
        edits::show_again(tx, &self.packet_id, Destination::SlackDigest).await?;
        if *act == Act::SentBack {
            edits::show_again(tx, &self.packet_id, Destination::SlackSentBack).await?;
            edits::add_reply(tx, &self.packet_id, Destination::SlackSentBack, "{}").await?;
        }
        Ok(true)
    }
}
