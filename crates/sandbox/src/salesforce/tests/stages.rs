use super::*;

async fn history(trial: &Trial) -> Vec<String> {
    let soql = format!(
        "SELECT StageName, CreatedDate FROM OpportunityHistory WHERE OpportunityId = '{DEAL}' ORDER BY CreatedDate, Id"
    );
    let rows = trial.rows(&soql).await;
    rows.iter()
        .map(|row| format!("{} {}", row["CreatedDate"].as_str().unwrap(), row["StageName"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_win_a_reopening_and_another_win_leave_rows_and_two_notifications() {
    let trial = Trial::new();
    let mut sent = Vec::new();
    for step in ["win", "edit", "move on", "reopen", "win"] {
        trial.advance(60);
        let more = trial.salesforce.change(|state| match step {
            "edit" => state.changes(DEAL, &[("Amount", "99000"), ("NextStep", "call")]),
            "move on" => {
                state.org_mut(ORG).unwrap().add_stage("Delivered", true, true);
                state.move_to_stage(DEAL, "Delivered")
            }
            "reopen" => state.reopens(DEAL),
            _ => state.closes(DEAL),
        });
        sent.extend(more.unwrap());
    }
    assert_eq!(sent.len(), 2);
    assert_ne!(sent[0].id, sent[1].id);
    assert_eq!(
        history(&trial).await,
        [
            "2026-11-20T08:00:00.000+0000 Negotiation/Review",
            "2026-11-20T08:01:00.000+0000 Closed Won",
            "2026-11-20T08:02:00.000+0000 Closed Won",
            "2026-11-20T08:03:00.000+0000 Delivered",
            "2026-11-20T08:04:00.000+0000 Negotiation/Review",
            "2026-11-20T08:05:00.000+0000 Closed Won",
        ]
    );
    let rows = trial
        .rows(&format!(
            "SELECT IsWon, IsClosed, LastStageChangeDate, CloseDate FROM Opportunity WHERE Id = '{DEAL}'"
        ))
        .await;
    assert_eq!((&rows[0]["IsWon"], &rows[0]["IsClosed"]), (&json!(true), &json!(true)));
    assert_eq!(rows[0]["LastStageChangeDate"], "2026-11-20T08:05:00.000+0000");
}

#[test]
fn an_edit_that_nobody_tracks_leaves_no_row() {
    let trial = Trial::new();
    let rows = |trial: &Trial| trial.see(|org| org.records(Object::History).count());
    let before = rows(&trial);
    trial.salesforce.change(|state| state.changes(DEAL, &[("NextStep", "call")])).unwrap();
    assert_eq!(rows(&trial), before);
}

#[test]
fn one_that_is_created_as_won_is_announced() {
    let trial = Trial::new();
    let created = trial.salesforce.change(|state| {
        let won =
            state.creates(ORG, "006Hn00001QwErVIAV", &[("Name", "Web order"), ("StageName", "Closed Won")]);
        let open =
            state.creates(ORG, "006Hn00001QwErWIAV", &[("Name", "Lead"), ("StageName", "Prospecting")]);
        (won.unwrap().len(), open.unwrap().len())
    });
    assert_eq!(created, (1, 0));
}

#[test]
fn what_is_lost_is_closed_and_not_won() {
    let trial = Trial::new();
    assert_eq!(trial.salesforce.move_to_stage(DEAL, "Closed Lost").unwrap(), []);
    assert!(!trial.see(|org| org.is_won(DEAL)));
}

#[test]
fn what_is_not_there_cannot_be_moved() {
    let trial = Trial::new();
    let moved = trial.salesforce.closes("006Hn00001QwErVIAV");
    assert_eq!(moved.unwrap_err().to_string(), "no opportunity 006Hn00001QwErVIAV in the sandbox");
    assert!(trial.salesforce.move_to_stage(DEAL, "Won").is_err());
    trial.change(|org| org.delete(Object::Opportunity, DEAL));
    assert!(trial.salesforce.closes(DEAL).is_err());
}
