//! Why Slack does not do what a call asks for.

use serde_json::json;

use crate::call::{Answer, Verdict};

/// Why a call is refused, in Slack's words.
pub(super) struct Refused {
    pub(super) code: &'static str,
    pub(super) verdict: Verdict,
    pub(super) messages: Vec<String>,
    /// The scope that would have been needed.
    pub(super) needed: Option<&'static str>,
}

impl Refused {
    /// A correct client never sends this.
    pub(super) fn wrong(code: &'static str, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { code, verdict: Verdict::Wrong(format!("{code}: {why}")), messages: vec![why], needed: None }
    }

    /// The call was right, but what it names is not there, or closed.
    pub(super) fn absent(code: &'static str) -> Self {
        Self { code, verdict: Verdict::Absent, messages: Vec::new(), needed: None }
    }

    /// The app was not granted what the call needs.
    pub(super) fn missing(scope: &'static str) -> Self {
        Self { code: "missing_scope", verdict: Verdict::Switched, messages: Vec::new(), needed: Some(scope) }
    }

    pub(super) fn answer(self) -> Answer {
        let mut body = json!({"ok": false, "error": self.code});
        if let Some(body) = body.as_object_mut()
            && !self.messages.is_empty()
        {
            let messages: Vec<String> = self.messages.iter().map(|why| format!("[ERROR] {why}")).collect();
            body.insert("response_metadata".to_owned(), json!({"messages": messages}));
        }
        if let Some(body) = body.as_object_mut()
            && let Some(needed) = self.needed
        {
            body.insert("needed".to_owned(), json!(needed));
        }
        Answer::json(200, &body).because(self.verdict)
    }
}
