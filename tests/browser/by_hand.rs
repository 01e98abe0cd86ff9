//! A person plays by hand: wins a deal, answers in Slack, edits the deal, opens it again.

use crate::browser::{Scenario, Window};
use crate::scenarios;
use crate::webdriver::{ENTER, ESCAPE, WebDriverResult};

pub fn trials() -> Vec<Scenario> {
    scenarios![
        a_win_is_asked_about_answered_and_completed,
        a_deal_of_salesforce_is_won_and_reopened,
        those_who_may_not_answer_are_told,
        what_is_typed_stays_when_something_changes,
        the_keyboard_is_enough,
    ]
}

const ANSWER: &str = ".messages button[value=answer]";
const PROMISE: &str = "SSO before 1 March, and two training days in Malmö.";

/// The half empty deal is won; the page shows it at first.
async fn wins(window: &Window) -> WebDriverResult<()> {
    window.clicks("button[value=won]").await?;
    window.reads(".messages article", "Pinebrook Clinics").await?;
    Ok(())
}

async fn a_win_is_asked_about_answered_and_completed(window: &Window) -> WebDriverResult<()> {
    wins(window).await?;
    window.reads("#deal .stage", "Closed won").await?;
    window.reads("#task .task", "What did we promise them").await?;

    window.clicks(ANSWER).await?;
    window.fills("dialog [name='gap.promises']", "n/a").await?;
    window.clicks("dialog footer .primary").await?;
    window.reads("dialog [id='gap.promises.notes'] .error", "\"n/a\"").await?;
    window.sees("dialog [name='gap.promises'][aria-invalid=true]:focus").await?;

    window.fills("dialog [name='gap.promises']", PROMISE).await?;
    window.clicks("dialog footer .primary").await?;
    window.loses("dialog.modal").await?;
    window.reads(".messages article", "two training days").await?;
    window.reads(".messages .edited", "(edited)").await?;
    window.reads("#task .task", "two training days").await?;

    // The rest is filled where it belongs: in the CRM.
    window
        .fills("[name='field.handoff_why_now']", "Four no-shows a day cost 2,300 EUR a week since May.")
        .await?;
    window.clicks("[name='field.handoff_risks'][value=thin_team]").await?;
    window.clicks(".new-person summary").await?;
    window.fills("[name='new.first']", "Dario").await?;
    window.fills("[name='new.last']", "Veit").await?;
    window.chooses("[name='new.role']", "Technical evaluator").await?;
    window.clicks("#deal .actions button").await?;
    window.reads(".messages article", "Dario Veit (evaluator) · likely blocker not known yet").await?;
    Ok(())
}

async fn a_deal_of_salesforce_is_won_and_reopened(window: &Window) -> WebDriverResult<()> {
    window.clicks("#shelf a[href*='0065e00001FjeLlAAJ']").await?;
    window.clicks("button[value=won]").await?;
    window.reads(".messages article", "Fjellvik Seafoods").await?;
    window.reads("#task .task", "Fjellvik Seafoods").await?;
    window.clicks("button[value=open]").await?;
    window.reads("#deal .stage", "Contract out").await?;
    Ok(())
}

async fn those_who_may_not_answer_are_told(window: &Window) -> WebDriverResult<()> {
    wins(window).await?;
    window.chooses("#as", "U012AB3CD").await?;
    window.sees("html:has(#as option[value=U012AB3CD][selected])").await?;
    window.clicks(ANSWER).await?;
    window.reads(".only-you", "Only Tom Lindqvist and revops@seller.example can answer this.").await?;
    window.loses("dialog.modal").await
}

async fn what_is_typed_stays_when_something_changes(window: &Window) -> WebDriverResult<()> {
    window.fills("[name='field.handoff_promises']", PROMISE).await?;
    // The page is told of every change, and draws the deal again.
    wins(window).await?;
    window.reads("#deal .stage", "Closed won").await?;
    let value = "return document.querySelector('[name=\"field.handoff_promises\"]').value;";
    let value: String = window.driver.execute(value, serde_json::json!([])).await?;
    assert_eq!(value, PROMISE);
    Ok(())
}

async fn the_keyboard_is_enough(window: &Window) -> WebDriverResult<()> {
    window.types("button[value=won]", ENTER).await?;
    window.types(ANSWER, ENTER).await?;
    window.sees("dialog.modal :focus[name^='gap.']").await?;
    window.types("dialog.modal :focus", ESCAPE).await?;
    window.loses("dialog.modal").await?;
    // The focus is back where it was.
    window.sees(&format!("{ANSWER}:focus")).await
}
