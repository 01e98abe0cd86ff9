//! A strict little part of SOQL: one root object with dotted lookups and one level of child rows, filters
//! joined by AND, ORDER BY and LIMIT. Everything else is refused like a syntax error.
//!
//! <https://developer.salesforce.com/docs/platform/salesforce-soql-sosl/guide/sforce-api-calls-soql-select.html>

mod parse;
mod resolve;
mod run;
mod token;

use serde_json::Value;

use super::permissions::PermittedView;
use super::refusal::refusal;
use crate::call::{Answer, Verdict};

/// Runs a query and returns its rows.
pub(super) fn run(view: PermittedView<'_>, soql: &str) -> Result<Vec<Value>, Answer> {
    let rows = parse::parse(soql)
        .and_then(|query| resolve::resolve(view, &query))
        .map(|plan| run::rows(view, &plan, None));
    rows.map_err(|complaint| complaint.into_answer(soql))
}

/// What is wrong with a query.
#[derive(Debug)]
struct Complaint {
    code: &'static str,
    message: String,
    /// The character it is about, counted from 1.
    column: usize,
    verdict: Verdict,
}

impl Complaint {
    fn new(code: &'static str, column: usize, message: &str) -> Self {
        let verdict = Verdict::Wrong(format!("{code}: {message}"));
        Self { code, message: message.to_owned(), column, verdict }
    }

    fn because(self, verdict: Verdict) -> Self {
        Self { verdict, ..self }
    }

    /// With the place in the query drawn above the message, as Salesforce does.
    fn into_answer(self, soql: &str) -> Answer {
        let start = self.column.saturating_sub(32);
        let excerpt: String = soql.chars().skip(start).take(60).collect();
        let caret = " ".repeat(self.column.saturating_sub(start + 1));
        let message =
            format!("\n{excerpt}\n{caret}^\nERROR at Row:1:Column:{}\n{}", self.column, self.message);
        refusal(400, self.code, &message, self.verdict)
    }
}

/// A query as written.
#[derive(Debug)]
struct Query {
    fields: Vec<Path>,
    children: Vec<Query>,
    from: Path,
    conditions: Vec<Condition>,
    order: Vec<Order>,
    limit: Option<usize>,
}

/// Names joined by dots.
#[derive(Debug)]
struct Path {
    text: String,
    column: usize,
}

#[derive(Debug)]
struct Condition {
    path: Path,
    operator: Operator,
    values: Vec<Literal>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Is,
    IsNot,
    Less,
    AtMost,
    More,
    AtLeast,
    In,
    NotIn,
}

/// A value of a condition, quoted or bare.
#[derive(Debug)]
enum Literal {
    Quoted(String),
    Bare(String),
}

#[derive(Debug)]
struct Order {
    path: Path,
    descending: bool,
    nulls_last: bool,
}
