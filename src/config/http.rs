//! `[http]`: what webhooks may take of us before they are proved.

use super::HttpConfig;
use handoff_core::source::{Block, Problems};

/// Reads the block; what it leaves out keeps its default.
pub(super) fn read(section: Option<Block<'_>>, problems: &mut Problems) -> HttpConfig {
    let default = HttpConfig::default();
    let Some(mut section) = section else { return default };
    let connections = section.take("max_connections").integer(8, 1_000_000, problems);
    let body_memory_mib = section.take("body_memory_mib").integer(16, 65_536, problems);
    let mut time = |name: &str, default| section.take(name).duration(problems).unwrap_or(default);
    let http = HttpConfig {
        max_connections: connections
            .and_then(|most| usize::try_from(most).ok())
            .unwrap_or(default.max_connections),
        idle_timeout: time("idle_timeout", default.idle_timeout),
        body_timeout: time("body_timeout", default.body_timeout),
        body_memory_mib: body_memory_mib.unwrap_or(default.body_memory_mib),
        answer_within: time("answer_within", default.answer_within),
    };
    section.finish(problems);
    http
}
