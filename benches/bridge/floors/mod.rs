//! The least that a server has to do, each of them a process beside the client, as the service is.

mod bare;
mod bare_postgres;
mod body;
mod commit_each;
mod parse;
mod queue;
mod server;
mod sqlite;
mod verify;

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// What a floor does with a request before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Floor {
    /// Reads the JSON.
    Parse,
    /// And checks the v3 signature.
    Verify,
    /// And stores every event under its key in SQLite; requests that come together share a commit.
    Bare,
    /// The same with a commit of its own for every request.
    CommitEach,
    /// The same in PostgreSQL, with a few writers that take what is there.
    BarePostgres,
}

impl Floor {
    fn name(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Verify => "verify",
            Self::Bare => "bare",
            Self::CommitEach => "commit-each",
            Self::BarePostgres => "bare-postgres",
        }
    }

    /// Starts it; its rows are `at` a path or a URL.
    pub fn start(self, at: &str) -> Running {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--floor", self.name(), "--at", at]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().parse().unwrap_or_else(|_| panic!("{self:?} did not start: {line}"));
        Running { child, address }
    }
}

/// Killed when it is dropped.
pub struct Running {
    child: Child,
    pub address: SocketAddr,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Is a floor until somebody kills it.
pub fn serve(name: &str, at: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        match name {
            "parse" => parse::serve().await,
            "verify" => verify::serve().await,
            "bare" => bare::serve(at).await,
            "commit-each" => commit_each::serve(at).await,
            "bare-postgres" => bare_postgres::serve(at).await,
            _ => panic!("there is no floor {name}"),
        }
    });
}
