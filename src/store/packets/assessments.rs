//! How packets came out: what `handoff stats` counts, kept longer than the packets and without their words.

use std::borrow::Cow;

use serde::Serialize;

use super::first_values;
use crate::store::Store;
use crate::store::engine::{Command, DatabaseError, StoreError, Tx, clean, json, query};
use handoff_core::packet::{Assessment, Names, RaisedGap};

/// Packets of an earlier version that one transaction assesses.
const PACKETS: u32 = 100;

statements! {
    INSERT_ASSESSMENT = "
        INSERT INTO assessments (packet_id, created_at, complete, seller, seller_name, completed_at)
        VALUES ($1, $2, $3, $4, $5, CASE WHEN CAST($3 AS BIGINT) = 1 THEN CAST($2 AS BIGINT) END)
        ON CONFLICT (packet_id) DO NOTHING";
    INSERT_GAPS = ["
        INSERT INTO gaps (packet_id, section, gap, addressee, counts, stage, field)
        SELECT e.value ->> 0, e.value ->> 1, e.value ->> 2, e.value ->> 3, CAST(e.value ->> 4 AS BIGINT), e.value ->> 5,
            e.value ->> 6
        FROM ", each_row, " e WHERE true
        ON CONFLICT (packet_id, section, gap) DO NOTHING"];
    /// Gaps of the packet $2 that $1 does not name are filled; one that it names again is open again.
    FILL_GAPS = ["
        UPDATE gaps SET filled_at = CASE WHEN section || ' ' || gap IN (SELECT e.value ->> 0 FROM ", each_row, " e)
            THEN NULL ELSE COALESCE(filled_at, $3) END
        WHERE packet_id = $2 AND counts = 1"];
    COMPLETE = "
        UPDATE assessments SET completed_at = CASE WHEN CAST($3 AS BIGINT) = 1 THEN COALESCE(completed_at, $2) END
        WHERE packet_id = $1";
    ANY_UNASSESSED = "SELECT packet_id FROM packets WHERE assessed = 0 LIMIT 1";
    UNASSESSED = "
        SELECT packet_id, created_at, packet, record FROM packets WHERE assessed = 0 ORDER BY created_at LIMIT $1";
    ANY_UNLISTED = "SELECT packet_id FROM packets WHERE name IS NULL LIMIT 1";
    UNLISTED = "
        SELECT p.packet_id, w.deal, p.packet, p.record FROM packets p JOIN wins w ON w.packet_id = p.packet_id
        WHERE p.name IS NULL ORDER BY p.created_at LIMIT $1";
    LIST = "UPDATE packets SET deal = $2, name = $3, customer = $4 WHERE packet_id = $1";
    RENAME = "
        UPDATE packets SET name = $2, customer = CASE WHEN record_deleted_at IS NULL THEN COALESCE($3, customer) END
        WHERE packet_id = $1";
    ASSESSED = ["
        UPDATE packets SET assessed = 1 WHERE packet_id IN (SELECT e.value ->> 0 FROM ", each_row, " e)"];
}

impl Store {
    /// Assesses what an earlier version of the program stored without doing so. Cheap when there is nothing.
    pub(in crate::store) async fn assess_the_rest(&self) -> Result<(), StoreError> {
        while self.readers.optional::<(String,)>(query(ANY_UNASSESSED)).await?.is_some() {
            self.writer.run(AssessTheRest).await?;
        }
        Ok(())
    }
}

impl Store {
    /// Makes the packets of an earlier version of the program found. Cheap when there are none.
    pub(in crate::store) async fn list_the_rest(&self) -> Result<(), StoreError> {
        while self.readers.optional::<(String,)>(query(ANY_UNLISTED)).await?.is_some() {
            self.writer.run(ListTheRest).await?;
        }
        Ok(())
    }
}

struct ListTheRest;

impl Command<()> for ListTheRest {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<(), DatabaseError> {
        let rest: Vec<(String, String, String, String)> = tx.conn.all(query(UNLISTED).bind(PACKETS)).await?;
        for (packet_id, deal, packet, record) in &rest {
            // What cannot be read has no name, and is found by its ids.
            let Names { deal: name, customer } =
                Assessment::of_json(packet, record).map(|assessment| assessment.names).unwrap_or_default();
            let list = query(LIST).bind(packet_id).bind(deal).bind(name).bind(customer);
            tx.conn.execute(list).await?;
        }
        Ok(())
    }
}

struct AssessTheRest;

impl Command<()> for AssessTheRest {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<(), DatabaseError> {
        let rest: Vec<(String, i64, String, String)> = tx.conn.all(query(UNASSESSED).bind(PACKETS)).await?;
        for (packet_id, created_at, packet, record) in &rest {
            // What cannot be read cannot be counted either, and is not looked at again.
            let Some(assessment) = Assessment::of_json(packet, record) else { continue };
            insert(tx, packet_id, *created_at, &assessment).await?;
        }
        let ids: Vec<(&str,)> = rest.iter().map(|(packet_id, ..)| (packet_id.as_str(),)).collect();
        tx.conn.execute(query(ASSESSED).bind(json(&ids)?)).await?;
        Ok(())
    }
}

/// One gap as a JSON array, in the order [`INSERT_GAPS`] reads it.
#[derive(Serialize)]
struct GapRow<'a>(&'a str, Cow<'a, str>, Cow<'a, str>, &'static str, u8, &'static str, Option<Cow<'a, str>>);

/// Adds how one packet came out.
pub(in crate::store) async fn insert(
    tx: &mut Tx<'_>,
    packet_id: &str,
    created_at: i64,
    assessment: &Assessment,
) -> Result<(), DatabaseError> {
    let seller = assessment.seller.as_ref();
    let insert = query(INSERT_ASSESSMENT).bind(packet_id).bind(created_at).bind(assessment.complete);
    let insert = insert.bind(seller.map(|seller| seller.key.as_str()));
    tx.conn.execute(insert.bind(seller.map(|seller| seller.name.as_str()))).await?;
    first_values::note_due(tx, packet_id, assessment.first_value).await?;
    if assessment.gaps.is_empty() {
        return Ok(());
    }
    let rows: Vec<GapRow<'_>> = assessment.gaps.iter().map(|gap| row(packet_id, gap)).collect();
    tx.conn.execute(query(INSERT_GAPS).bind(json(&rows)?)).await?;
    Ok(())
}

/// Notes which gaps of a packet are open now, and whether it is complete. Gaps that it did not have at first are not counted.
pub(in crate::store) async fn update(
    tx: &mut Tx<'_>,
    packet_id: &str,
    assessment: &Assessment,
) -> Result<(), DatabaseError> {
    let open = assessment.gaps.iter().filter(|gap| gap.counts);
    let open: Vec<(String,)> =
        open.map(|gap| (format!("{} {}", clean(&*gap.section), clean(&*gap.gap)),)).collect();
    tx.conn.execute(query(FILL_GAPS).bind(json(&open)?).bind(packet_id).bind(tx.now)).await?;
    tx.conn.execute(query(COMPLETE).bind(packet_id).bind(tx.now).bind(assessment.complete)).await?;
    let Names { deal, customer } = &assessment.names;
    tx.conn.execute(query(RENAME).bind(packet_id).bind(deal).bind(customer.as_deref())).await?;
    first_values::note_due(tx, packet_id, assessment.first_value).await
}

fn row<'a>(packet_id: &'a str, gap: &'a RaisedGap) -> GapRow<'a> {
    let (section, id) = (clean(gap.section.as_str()), clean(gap.gap.as_str()));
    let field = gap.field.as_deref().map(clean);
    GapRow(packet_id, section, id, gap.addressee.as_str(), u8::from(gap.counts), gap.stage, field)
}
