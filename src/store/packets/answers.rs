//! What people answered and decided in Slack. A click is recorded once, however often it is applied.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Value, json};

use crate::store::Store;
use crate::store::engine::{Command, DatabaseError, Readers, StoreError, Tx, from_millis, query};
use crate::store::outbox::{deliveries::Destination, edits};
use handoff_core::packet::{Answer, Answered, SendBackReason, Shown};

statements! {
    GIVE = "
        INSERT INTO answers (packet_id, topic, click, revision, answered_at, answer, target, shown, due_at, state)
        SELECT p.packet_id, $2, $3, $4, $5, $6, $7, $8, $9, 'given' FROM packets p WHERE p.packet_id = $1
        ON CONFLICT (packet_id, topic, click) DO NOTHING";
    /// Earlier answers to the question are not written any more; one that is being written is not stopped.
    SUPERSEDE = "
        UPDATE answers SET state = 'superseded', due_at = NULL, tell = NULL
        WHERE packet_id = $1 AND topic = $2 AND click <> $3 AND answered_at <= $4 AND target IS NOT NULL
            AND state IN ('given', 'refused', 'conflict')";
    ACT = "
        INSERT INTO acts (packet_id, act, click, acted_at, user_id, user_name, reason, day, detail)
        SELECT p.packet_id, $2, $3, $4, $5, $6, $7, $8, $9 FROM packets p WHERE p.packet_id = $1
        ON CONFLICT (packet_id, act, click) DO NOTHING";
    /// What is counted, kept longer than the decision: $2 at $3, for the reason $4, or to the day $5.
    COUNT_DECISION = "
        UPDATE assessments SET
            accepted_at = CASE WHEN $2 = 'accepted' THEN COALESCE(accepted_at, $3) ELSE accepted_at END,
            sent_back = CASE WHEN $2 = 'sent_back' THEN $4 ELSE sent_back END,
            reviewed_at = CASE WHEN $2 = 'review_held' THEN COALESCE(reviewed_at, $3) ELSE reviewed_at END,
            first_value = CASE WHEN $2 IN ('reached', 'missed') THEN $2 WHEN $2 = 'not_yet' THEN NULL
                ELSE first_value END,
            first_value_at = CASE WHEN $2 IN ('reached', 'missed') THEN CAST($3 AS BIGINT)
                WHEN $2 = 'not_yet' THEN NULL ELSE first_value_at END,
            first_value_moved = CASE WHEN $2 = 'not_yet' THEN $5 ELSE first_value_moved END,
            ask_on = CASE WHEN $2 IN ('reached', 'missed') THEN NULL WHEN $2 <> 'not_yet' THEN ask_on
                WHEN first_value_due > $5 THEN first_value_due ELSE $5 END
        WHERE packet_id = $1";
    ANSWERS_OF_PACKET = "
        SELECT packet_id, click, revision, answer, state, detail, code, shown FROM answers
        WHERE packet_id = $1 ORDER BY answered_at, topic, click";
    ANSWERS_SINCE = "
        SELECT packet_id, click, revision, answer, state, detail, code, shown FROM answers
        WHERE answered_at >= $1 ORDER BY answered_at, topic, click";
    ACTS_OF_PACKET = "
        SELECT act, acted_at, user_id, user_name, reason, day, detail FROM acts
        WHERE packet_id = $1 ORDER BY acted_at, click";
}

/// An answer with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    pub packet_id: String,
    /// The click that brought it.
    pub click: String,
    /// The revision of the packet that the person was shown.
    pub revision: i64,
    pub answer: Answer,
    pub state: AnswerState,
    /// The CRM's own words if it refused, or what it holds in place of the answer.
    pub detail: Option<String>,
    /// The CRM's code of a refusal.
    pub code: Option<String>,
    /// What the target held when the person was asked.
    pub shown: Option<Shown>,
}

/// How far an answer is on its way to the CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerState {
    /// Not there (yet): it waits, or has no target.
    Given,
    Writing,
    /// The CRM was read, and holds it.
    Written,
    Refused,
    /// The CRM holds something else than the person was shown.
    Conflict,
    /// A later answer, or what the CRM holds, stands in its place.
    Superseded,
}

impl AnswerState {
    const ALL: [Self; 6] =
        [Self::Given, Self::Writing, Self::Written, Self::Refused, Self::Conflict, Self::Superseded];

    /// The name used in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Writing => "writing",
            Self::Written => "written",
            Self::Refused => "refused",
            Self::Conflict => "conflict",
            Self::Superseded => "superseded",
        }
    }
}

/// An answer of a click, with a fingerprint of what its target held when it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenAnswer {
    pub answer: Answer,
    pub shown: Option<Shown>,
}

impl StoredAnswer {
    /// As operators read it.
    pub fn document(&self) -> Value {
        let Self { packet_id, revision, answer, state, detail, code, .. } = self;
        json!({
            "packet_id": packet_id, "revision": revision, "question": answer.topic, "answer": answer.given,
            "source": answer.by.source(), "answered_by": answer.by.name, "answered_at": answer.by.at,
            "target": answer.target, "state": state, "detail": detail, "code": code,
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
    /// First value was reached.
    Reached,
    /// It is to be there on a later day; which one.
    NotYet,
    /// It was not reached.
    Missed,
}

impl Act {
    const ALL: [Self; 6] =
        [Self::Accepted, Self::SentBack, Self::ReviewHeld, Self::Reached, Self::NotYet, Self::Missed];

    /// Whether it says how first value stands.
    pub fn is_about_first_value(self) -> bool {
        matches!(self, Self::Reached | Self::NotYet | Self::Missed)
    }

    /// The name used in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::SentBack => "sent_back",
            Self::ReviewHeld => "review_held",
            Self::Reached => "reached",
            Self::NotYet => "not_yet",
            Self::Missed => "missed",
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
    /// By when first value is to be there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
    /// What the person wrote beside.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl StoredAct {
    /// A decision without a reason or a day.
    pub fn of(act: Act, by: Answered) -> Self {
        let Answered { user, name, at, .. } = by;
        Self { act, at, user, name, reason: None, day: None, detail: String::new() }
    }
}

impl Store {
    /// Keeps the answers of one click, given when the packet was at `revision`. False: they were kept before, or there is
    /// no such packet any more.
    pub async fn give(
        &self,
        (packet_id, revision): (&str, i64),
        click: &str,
        answers: Vec<GivenAnswer>,
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
        type Columns = (String, i64, String, String, Option<String>, Option<String>, String);
        let rows: Vec<Columns> = self.readers.all(query(ACTS_OF_PACKET).bind(packet_id)).await?;
        let act = |(act, at, user, name, reason, day, detail): Columns| {
            let act = Act::ALL.into_iter().find(|known| known.as_str() == act)?;
            let (reason, day) =
                (reason.and_then(|text| text.parse().ok()), day.and_then(|text| text.parse().ok()));
            Some(StoredAct { act, at: from_millis(at), user, name, reason, day, detail })
        };
        Ok(rows.into_iter().filter_map(act).collect())
    }
}

/// The answers that a statement selects; what cannot be read, such as those of a newer version, is passed over.
async fn answers(
    readers: &Readers,
    query: crate::store::engine::Query<'_>,
) -> Result<Vec<StoredAnswer>, DatabaseError> {
    type Columns = (String, String, i64, String, String, Option<String>, Option<String>, Option<String>);
    let rows: Vec<Columns> = readers.all(query).await?;
    let answer = |(packet_id, click, revision, answer, state, detail, code, shown): Columns| {
        let mut answer: Answer = serde_json::from_str(&answer).ok()?;
        let state = AnswerState::ALL.into_iter().find(|known| known.as_str() == state)?;
        answer.refused = state == AnswerState::Refused;
        let shown = shown.as_deref().map(Shown::from_text);
        Some(StoredAnswer { packet_id, click, revision, answer, state, detail, code, shown })
    };
    Ok(rows.into_iter().filter_map(answer).collect())
}

struct Give {
    packet_id: String,
    revision: i64,
    click: String,
    answers: Vec<GivenAnswer>,
}

impl Command<bool> for Give {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool, DatabaseError> {
        let mut kept = 0;
        for GivenAnswer { answer, shown } in &self.answers {
            let (topic, at) = (answer.topic.to_string(), answer.by.at.as_millisecond());
            let give = query(GIVE).bind(&self.packet_id).bind(&topic).bind(&self.click);
            let give = give.bind(self.revision).bind(at);
            let target = answer.target.as_ref().map(ToString::to_string);
            let due = target.as_ref().map(|_| tx.now);
            let give = give.bind(serde_json::to_string(answer)?).bind(target);
            let give = give.bind(shown.as_ref().map(Shown::as_str)).bind(due);
            if tx.conn.execute(give).await? > 0 {
                let supersede = query(SUPERSEDE).bind(&self.packet_id).bind(&topic).bind(&self.click);
                tx.conn.execute(supersede.bind(at)).await?;
                tx.notify |= due.is_some();
                kept += 1;
            }
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
        let StoredAct { act, at, user, name, reason, day, detail } = &self.act;
        let (reason, day) = (reason.map(SendBackReason::as_str), day.map(|day| day.to_string()));
        let insert = query(ACT).bind(&self.packet_id).bind(act.as_str()).bind(&self.click);
        let insert = insert.bind(at.as_millisecond()).bind(user).bind(name);
        let insert = insert.bind(reason).bind(day.as_deref()).bind(detail);
        if tx.conn.execute(insert).await? == 0 {
            return Ok(false);
        }
        let counted =
            query(COUNT_DECISION).bind(&self.packet_id).bind(act.as_str()).bind(at.as_millisecond());
        tx.conn.execute(counted.bind(reason).bind(day.as_deref())).await?;
        edits::show_again(tx, &self.packet_id, Destination::SlackDigest).await?;
        if act.is_about_first_value() {
            edits::show_again(tx, &self.packet_id, Destination::SlackFirstValue).await?;
        }
        if *act == Act::SentBack {
            edits::show_again(tx, &self.packet_id, Destination::SlackSentBack).await?;
            edits::add_reply(tx, &self.packet_id, Destination::SlackSentBack, "{}").await?;
        }
        Ok(true)
    }
}
