//! `handoff answers`: what people answered in Slack, and how far each answer is on its way to the CRM.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use serde_json::Value;

use super::{ConfigArg, Problem, open_store};
use crate::clock::Clock;
use crate::operations::answer_text;
use crate::store::StoredAnswer;
use handoff_core::source::duration;

#[derive(Debug, Args)]
pub struct AnswersArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// How far back, such as 12h or 30d; without it as long as packets are kept
    #[arg(long, value_name = "TIME", value_parser = |text: &str| duration(text).ok_or("write 36h or 7d, at most 30d"))]
    since: Option<Duration>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &AnswersArgs) -> Result<(), Problem> {
    let store = open_store(&args.config.config).await?;
    let since = args.since.and_then(|span| Clock::machine().now().checked_sub(span).ok());
    let answers = store.answers_since(since.unwrap_or(Timestamp::UNIX_EPOCH)).await?;
    if args.json {
        let answers: Vec<Value> = answers.iter().map(StoredAnswer::document).collect();
        println!("{}", serde_json::to_string_pretty(&answers)?);
        return Ok(());
    }
    for answer in &answers {
        println!("{}  {}", answer.answer.by.at.strftime("%Y-%m-%d %H:%M:%SZ"), answer.packet_id);
        print(answer);
    }
    Ok(())
}

/// One answer below the line that names its packet.
pub(super) fn print(stored: &StoredAnswer) {
    let StoredAnswer { answer, state, detail, .. } = stored;
    let target = answer
        .target
        .as_ref()
        .map_or_else(|| "not in the CRM".to_owned(), |to| format!("{}: {to}", state.as_str()));
    let detail = detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
    println!("  {}: {} ({}), {target}{detail}", answer.topic, answer.by.name, answer.by.user);
    for line in answer_text(&answer.given).lines() {
        println!("    {line}");
    }
}
