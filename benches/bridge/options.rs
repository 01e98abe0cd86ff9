//! What to measure, from the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::rows::{self, Run};

/// How fast and how small the service is: see the head of benches/bridge/main.rs.
#[derive(Debug, Parser)]
#[command(name = "bridge")]
pub struct Options {
    /// Only these rows, separated by commas.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Shorter rounds, and fewer of them.
    #[arg(long)]
    quick: bool,
    /// Print the table as Markdown too.
    #[arg(long)]
    pub markdown: bool,
    /// Another build of the service.
    #[arg(long)]
    pub binary: Option<PathBuf>,
    /// Serve as one of the floors; the benchmark starts itself with this.
    #[arg(long, hide = true)]
    pub floor: Option<String>,
    /// Where that floor keeps its rows.
    #[arg(long, hide = true)]
    pub at: Option<String>,
    /// What `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    /// The rows that were asked for, or the name of one that does not exist.
    pub fn rows(&self) -> Result<Vec<(&'static str, Run)>, String> {
        let known = |name: &String| rows::ALL.iter().any(|(row, _)| row == name);
        if let Some(unknown) = self.only.iter().find(|name| !known(name)) {
            return Err(unknown.clone());
        }
        let wanted =
            |(row, _): &&(&str, Run)| self.only.is_empty() || self.only.iter().any(|name| name == row);
        Ok(rows::ALL.iter().filter(wanted).copied().collect())
    }

    /// How often each candidate has its turn.
    pub fn rounds(&self) -> usize {
        self.or_quick(9, 3)
    }

    /// How long one turn is meant to last.
    pub fn turn(&self) -> Duration {
        Duration::from_millis(self.or_quick(1500, 500))
    }

    /// One of two, depending on how much time there is.
    pub fn or_quick<T>(&self, usual: T, quick: T) -> T {
        if self.quick { quick } else { usual }
    }
}
