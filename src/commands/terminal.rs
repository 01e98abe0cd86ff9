//! How packet, task and digest look in a terminal, and where logs go.

use std::io::IsTerminal as _;

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry, fmt};

use super::layout::{self, Page, WIDTH};
use crate::config::LogConfig;
use crate::crm::{TaskBlock, TaskDraft};
use crate::delivery::slack;
use crate::delivery::task;
use handoff_core::messages;
use handoff_core::packet::{DeliveryPlan, Packet};
use handoff_core::record::DealRecord;

/// Structured logs on standard error, as the configuration wants them. `RUST_LOG` is not read: what a
/// service logs is decided in one place.
pub(super) fn log_to_stderr(config: &LogConfig) {
    let ours = Targets::new().with_target(env!("CARGO_CRATE_NAME"), config.level);
    let filter = ours.with_default(config.level.min(Level::WARN));
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = if config.json {
        lines.json().boxed()
    } else {
        lines.with_ansi(std::io::stderr().is_terminal()).boxed()
    };
    // A second call (a test that runs two services) keeps the first logger.
    let _ = Registry::default().with(lines.with_filter(filter)).try_init();
}

/// How wide text may be: what `COLUMNS` says, else what the terminal on standard output has. Unknown where the
/// output goes into a file or a pipe.
pub(super) fn screen() -> Option<usize> {
    let set = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let has = || terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
    set.or_else(has).filter(|columns| *columns > 0)
}

/// Packet, task and digest: side by side where `screen` columns are enough for it, else one below the other.
/// `task` is where the task is, once it is there.
pub(super) fn render(
    packet: &Packet,
    record: &DealRecord,
    plan: &DeliveryPlan,
    task: Option<String>,
    screen: Option<usize>,
) -> String {
    let draft = task::draft(packet, record, &plan.task);
    let (width, beside) = layout::columns(3, screen.unwrap_or(WIDTH));
    let pages = [
        self::packet(packet, width),
        self::task(&draft, plan.task.known_assignee(), width),
        digest(packet, record, plan, Some(task.unwrap_or_default()), Some(width)),
    ];
    if beside { layout::side_by_side(&pages, width) } else { pages.join("\n") }
}

/// The packet, every entry with the field it came from.
pub(super) fn packet(packet: &Packet, width: usize) -> String {
    let mut page = Page::new(width);
    page.heading(&format!("Packet {}", packet.packet_id));
    for outlined in packet.outline() {
        page.line(outlined.kind.mark(), &outlined.to_string());
    }
    page.into_text()
}

/// The task, as it would be created.
pub(super) fn task(draft: &TaskDraft, assignee: Option<&str>, width: usize) -> String {
    let mut page = Page::new(width);
    page.heading("Task on the deal");
    page.line("", &draft.subject);
    let assignee = assignee.map_or("assigned to no user".to_owned(), |user| format!("for user {user}"));
    let due = draft.due.strftime("%-d %b %Y %H:%M UTC");
    page.line("", &format!("{assignee}, due {due}"));
    for block in &draft.body {
        match block {
            TaskBlock::Heading(text) => page.line("\n", text),
            TaskBlock::Paragraph(text) => page.line("  ", text),
            TaskBlock::List(items) => items.iter().for_each(|item| page.line("  • ", item)),
            TaskBlock::Links(links) => {
                for (name, url) in links {
                    page.line("  • ", &messages::packet::link(name, url));
                }
            }
        }
    }
    page.into_text()
}

/// The digest, as it would look in Slack.
pub(super) fn digest(
    packet: &Packet,
    record: &DealRecord,
    plan: &DeliveryPlan,
    task: Option<String>,
    screen: Option<usize>,
) -> String {
    let links = slack::Links { deal: packet.deal.url.clone(), task, ..slack::Links::default() };
    let message = slack::digest(packet, record, &plan.digest, &links, &slack::Mentions::default());
    let mut page = Page::new(screen.unwrap_or(WIDTH).min(WIDTH));
    page.heading(&format!("Digest in Slack channel {}", plan.digest.channel));
    page.line("", &message.to_string());
    page.into_text()
}
