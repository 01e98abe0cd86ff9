//! How packet, task and digest look in a terminal, and where logs go.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::LogConfig;
use crate::crm::{DealRecord, TaskBlock, TaskDraft};
use crate::delivery::slack::{self, Message};
use crate::delivery::{Orders, task};
use crate::packet::Packet;

/// Width that text is wrapped to.
const WIDTH: usize = 100;

/// Structured logs on standard error, as the configuration wants them. `RUST_LOG` is not read: what a
/// service logs is decided in one place.
pub(super) fn log_to_stderr(config: &LogConfig) {
    let filter = EnvFilter::try_new(&config.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let ansi = std::io::stderr().is_terminal();
    // A second call (a test that runs two services) keeps the first logger.
    let _ = if config.json { builder.json().try_init() } else { builder.with_ansi(ansi).try_init() };
}

/// Packet, task and digest, one below the other. `task` is where the task is, once it is there.
pub(super) fn story(packet: &Packet, record: &DealRecord, orders: &Orders, task: Option<String>) -> String {
    let draft = task::draft(packet, record, &orders.task);
    let links = slack::Links { deal: packet.deal.url.clone(), task };
    let digest = slack::digest(packet, record, &links, None);
    let (packet, task) = (self::packet(packet), self::task(&draft));
    format!("{packet}\n{task}\n{}", self::digest(&orders.digest.channel, &digest))
}

/// The packet, every entry with the field it came from.
pub(super) fn packet(packet: &Packet) -> String {
    let mut out = String::new();
    heading(&mut out, &format!("Packet {}", packet.packet_id));
    for outlined in packet.outline() {
        line(&mut out, outlined.mark, &outlined.text);
    }
    out
}

/// The task, as it would be created.
pub(super) fn task(draft: &TaskDraft) -> String {
    let mut out = String::new();
    heading(&mut out, "Task on the deal");
    line(&mut out, "", &draft.subject);
    let assignee = draft.assignee.as_deref().unwrap_or("nobody");
    let due = draft.due.strftime("%d %b %Y %H:%M UTC");
    line(&mut out, "", &format!("for user {assignee}, due {due}"));
    for block in &draft.body {
        match block {
            TaskBlock::Heading(text) => line(&mut out, "\n", text),
            TaskBlock::Paragraph(text) => line(&mut out, "  ", text),
            TaskBlock::List(items) => items.iter().for_each(|item| line(&mut out, "  • ", item)),
        }
    }
    out
}

pub(super) fn heading(out: &mut String, text: &str) {
    let rule = "─".repeat(WIDTH.saturating_sub(text.chars().count() + 4));
    let _ = writeln!(out, "── {text} {rule}");
}

/// One line, wrapped at words; what follows the first line is indented as far as the text began. Control
/// characters never reach the terminal.
pub(super) fn line(out: &mut String, prefix: &str, text: &str) {
    let indent = " ".repeat(prefix.trim_start_matches('\n').chars().count());
    let width = WIDTH - indent.len();
    let mut start = prefix;
    for paragraph in text.lines() {
        let mut row = String::new();
        for word in paragraph.split(' ') {
            let word: String = word.chars().filter(|c| !c.is_control()).collect();
            if !row.is_empty() && row.chars().count() + 1 + word.chars().count() > width {
                let _ = writeln!(out, "{start}{row}");
                start = &indent;
                row.clear();
            }
            if !row.is_empty() {
                row.push(' ');
            }
            row.push_str(&word);
        }
        let _ = writeln!(out, "{start}{row}");
        start = &indent;
    }
}

/// The digest, as it would look in Slack.
pub(super) fn digest(channel: &str, message: &Message) -> String {
    let mut out = String::new();
    heading(&mut out, &format!("Digest in Slack channel {channel}"));
    line(&mut out, "", &message.to_string());
    out
}
