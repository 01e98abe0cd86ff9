//! One click plays the story.

use crate::browser::{Scenario, Window};
use crate::scenarios;
use crate::webdriver::WebDriverResult;

pub fn trials() -> Vec<Scenario> {
    let mut trials: Vec<Scenario> = scenarios![one_click_plays_it_to_its_end_and_again];
    let over_a_socket =
        Scenario { name: "story::one_click_plays_it_over_a_socket", transport: "socket", ..trials[0] };
    trials.push(over_a_socket);
    trials
}

async fn one_click_plays_it_to_its_end_and_again(window: &Window) -> WebDriverResult<()> {
    for time in 1..=2 {
        window.clicks("#play").await?;
        // What the person sees on the way: the questions, and the refusal at its input.
        window.reads("dialog.modal .error", "n/a").await?;
        window.loses("dialog.modal").await?;
        window.reads("#play", "Play again").await?;
        assert_eq!(window.count("#story li[data-done]").await?, 5);
        let messages = ".messages > div > article";
        assert_eq!(window.count(messages).await?, time, "a win has one digest");
        let digest = window.text(&format!("{messages}:nth-last-of-type(1)")).await?;
        assert!(digest.contains("Complete.") && digest.contains("(edited)"), "{digest}");
        assert!(digest.contains("Tom Lindqvist in Slack"), "{digest}");
        window.reads(".thread:last-of-type", "Complete, less than two minutes after the win").await?;
        assert_eq!(
            window.value("[name='field.handoff_promises']").await?,
            "Reminders in Polish and Turkish at go-live."
        );
        let task = window.text("#task .task:first-of-type").await?;
        assert!(task.contains("Completed") && task.contains("Lena Osei"), "{task}");
    }
    Ok(())
}
