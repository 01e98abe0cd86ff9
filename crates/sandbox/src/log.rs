//! Every request a platform has seen.

use jiff::Timestamp;

use super::call::{Call, Verdict};
use super::clock::machine_now;

/// One request and how it ended.
#[derive(Debug, Clone)]
pub struct LoggedCall {
    /// Upper-case method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Decoded query.
    pub query: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// The status that was answered; `None` if the connection was dropped.
    pub status: Option<u16>,
    /// Whose fault it was.
    pub verdict: Verdict,
    /// When it was decided, by the machine's clock.
    pub at: Timestamp,
}

impl LoggedCall {
    /// `GET /crm/…`, for assertions that name a call.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// True if a part of the path is exactly this id.
    pub fn names(&self, id: &str) -> bool {
        self.path.split('/').any(|part| part == id)
    }
}

/// A place in the log; see [`Log::mark`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark(usize);

/// Every request, in the order in which it was decided.
#[derive(Debug, Clone, Default)]
pub struct Log {
    calls: Vec<LoggedCall>,
}

impl Log {
    /// Every request so far.
    pub fn calls(&self) -> &[LoggedCall] {
        &self.calls
    }

    /// Here, for [`Log::calls_since`].
    pub fn mark(&self) -> Mark {
        Mark(self.calls.len())
    }

    /// What came after the mark.
    pub fn calls_since(&self, mark: Mark) -> &[LoggedCall] {
        self.calls.get(mark.0..).unwrap_or_default()
    }

    /// How many requests matched, refused ones included.
    pub fn count(&self, pattern: &str) -> usize {
        let pattern = Pattern::new(pattern);
        self.calls.iter().filter(|call| pattern.matches(&call.method, &call.path)).count()
    }

    /// Requests that a correct client never sends, each as one line for a failing test to show.
    /// An object that is not there and a switched fault are not the caller's doing and are not listed.
    pub fn problems(&self) -> Vec<String> {
        let wrong = |call: &LoggedCall| match &call.verdict {
            Verdict::Wrong(why) => {
                Some(format!("{} → {}: {why}", call.line(), call.status.unwrap_or_default()))
            }
            Verdict::Fine | Verdict::Absent | Verdict::Switched => None,
        };
        self.calls.iter().filter_map(wrong).collect()
    }

    /// Forgets every request but those that are problems, for tests that go on for long. Marks mean nothing then.
    pub fn forget(&mut self) {
        self.calls.retain(|call| matches!(call.verdict, Verdict::Wrong(_)));
        self.calls.shrink_to_fit();
    }

    pub(super) fn record(&mut self, call: &Call, status: Option<u16>, verdict: Verdict) {
        self.calls.push(LoggedCall {
            method: call.method.clone(),
            path: call.path.clone(),
            query: call.query.clone(),
            body: call.body.clone(),
            status,
            verdict,
            at: machine_now(),
        });
    }
}

/// Names requests: `POST /crm/objects/*/tasks`. A `*` stands for one part of the path, or as the last
/// part for the rest of it; `*` alone stands for every request.
#[derive(Debug, Clone)]
pub struct Pattern {
    method: Option<String>,
    parts: Vec<String>,
}

impl Pattern {
    /// Reads a pattern.
    pub fn new(text: &str) -> Self {
        let (method, path) = text.split_once(' ').unwrap_or(("*", text));
        let parts = path.split('/').filter(|part| !part.is_empty()).map(ToOwned::to_owned).collect();
        Self { method: (method != "*").then(|| method.to_owned()), parts }
    }

    /// Whether a request is meant.
    pub fn matches(&self, method: &str, path: &str) -> bool {
        if self.method.as_ref().is_some_and(|wanted| wanted != method) {
            return false;
        }
        let mut actual = path.split('/').filter(|part| !part.is_empty());
        for (index, wanted) in self.parts.iter().enumerate() {
            let last = index + 1 == self.parts.len();
            match actual.next() {
                Some(_) if last && wanted == "*" => return true,
                Some(part) if wanted == "*" || wanted == part => {}
                _ => return false,
            }
        }
        actual.next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_a_method_and_a_path() {
        let tasks = Pattern::new("POST /crm/objects/*/tasks");
        assert!(tasks.matches("POST", "/crm/objects/2026-03/tasks"));
        assert!(!tasks.matches("GET", "/crm/objects/2026-03/tasks"));
        assert!(!tasks.matches("POST", "/crm/objects/2026-03/tasks/batch/read"));
        assert!(!tasks.matches("POST", "/crm/objects/2026-03"));
    }

    #[test]
    fn a_last_star_takes_the_rest_and_a_lone_star_everything() {
        assert!(Pattern::new("GET /crm/*").matches("GET", "/crm/owners/2026-03/7"));
        assert!(!Pattern::new("GET /crm/*").matches("GET", "/oauth/2026-03/token"));
        assert!(Pattern::new("*").matches("POST", "/api/chat.postMessage"));
    }
}
