//! The one way a file of the store names its SQL, for SQLite and PostgreSQL at once.

/// One command in the SQL of each engine. Almost always that is the same text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement {
    /// For SQLite; empty if only PostgreSQL needs it.
    pub sqlite: &'static str,
    /// For PostgreSQL; empty if only SQLite needs it.
    pub postgres: &'static str,
}

/// Declares constants of SQL. The list of them is what the test prepares against real databases, so no
/// statement can be forgotten there. A statement is one text, or texts with the pieces below between them,
/// or a text for each engine that needs it.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:tt;)*) => {
        $($(#[$doc])* const $name: $crate::store::statements::Statement = statement!($sql);)*
        pub(super) const STATEMENTS: &[(&str, $crate::store::statements::Statement)] =
            &[$((stringify!($name), $name)),*];
    };
}

macro_rules! statement {
    ($sql:literal) => {
        $crate::store::statements::Statement { sqlite: numbered!($sql), postgres: $sql }
    };
    ([$($piece:tt),+]) => {
        $crate::store::statements::Statement {
            sqlite: numbered!(concat!($(piece!(sqlite $piece)),+)),
            postgres: concat!($(piece!(postgres $piece)),+),
        }
    };
    ({ sqlite: $sqlite:literal, postgres: $postgres:literal }) => {
        $crate::store::statements::Statement { sqlite: numbered!($sqlite), postgres: $postgres }
    };
    ({ sqlite: $sql:literal }) => {
        $crate::store::statements::Statement { sqlite: numbered!($sql), postgres: "" }
    };
    ({ postgres: $sql:literal }) => {
        $crate::store::statements::Statement { sqlite: "", postgres: $sql }
    };
}

/// A text with `?1` for every `$1`, at compile time. To SQLite `$1` is a name, and it numbers names as they come:
/// <https://www.sqlite.org/lang_expr.html#varparam>.
macro_rules! numbered {
    ($sql:expr) => {{
        const BYTES: [u8; $sql.len()] = $crate::store::statements::numbered($sql);
        match std::str::from_utf8(&BYTES) {
            Ok(sql) => sql,
            Err(_) => panic!("ASCII in place of ASCII is UTF-8"),
        }
    }};
}

/// See the macro of this name.
pub(super) const fn numbered<const LENGTH: usize>(sql: &str) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    let mut at = 0;
    while at < LENGTH {
        bytes[at] = sql.as_bytes()[at];
        if at > 0 && bytes[at].is_ascii_digit() && bytes[at - 1] == b'$' {
            bytes[at - 1] = b'?';
        }
        at += 1;
    }
    bytes
}

/// The only places where a command differs between the engines.
macro_rules! piece {
    // The elements of the JSON array bound as $1, each of them an array in the column `value`.
    (sqlite each_row) => {
        "json_each($1)"
    };
    (postgres each_row) => {
        "json_array_elements(CAST($1 AS json))"
    };
    // Deals that are announced: one, or the JSON array of any number of them.
    (sqlite announced) => {
        "VALUES ($2, $3, 'ready', 1, 0, $1, 0, $1)"
    };
    (postgres announced) => {
        "SELECT e.deal, e.account, 'ready', 1, 0, $1, 0, $1 \
            FROM json_to_recordset(CAST($2 AS json)) e (deal text, account text)"
    };
    // Rows that another transaction holds are somebody else's. On SQLite there is no other transaction.
    (sqlite skip_locked) => {
        ""
    };
    (postgres skip_locked) => {
        "FOR UPDATE OF d SKIP LOCKED"
    };
    // What another transaction may have changed since it was read. On SQLite there is no other transaction.
    (sqlite returning_want) => {
        ""
    };
    (postgres returning_want) => {
        "RETURNING deal, want"
    };
    ($engine:ident $text:literal) => {
        $text
    };
}

/// Every statement of the store as name, SQLite's text and PostgreSQL's, so that a test can prepare them.
#[doc(hidden)]
pub fn every_statement() -> Vec<(&'static str, &'static str, &'static str)> {
    use super::{
        assessments, backlog, backup, copy, deals, deliveries, dismissals, due, health, inbox, installation,
        link, migrate, open, outbox, packets, pauses, postgres, purge, recording, restored, settle, stats,
        wake, wins,
    };

    let every = [
        assessments::STATEMENTS,
        backlog::STATEMENTS,
        backup::STATEMENTS,
        copy::STATEMENTS,
        deals::STATEMENTS,
        deliveries::STATEMENTS,
        dismissals::STATEMENTS,
        due::STATEMENTS,
        health::STATEMENTS,
        inbox::STATEMENTS,
        installation::STATEMENTS,
        link::STATEMENTS,
        migrate::STATEMENTS,
        open::STATEMENTS,
        outbox::STATEMENTS,
        packets::STATEMENTS,
        pauses::STATEMENTS,
        postgres::STATEMENTS,
        purge::STATEMENTS,
        recording::STATEMENTS,
        restored::STATEMENTS,
        settle::STATEMENTS,
        stats::STATEMENTS,
        wake::STATEMENTS,
        wins::STATEMENTS,
    ];
    every.concat().into_iter().map(|(name, sql)| (name, sql.sqlite, sql.postgres)).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_file_that_declares_statements_is_listed_above() {
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store")).unwrap();
        let mut declaring: Vec<String> = files
            .map(|file| file.unwrap().path())
            .filter(|path| path.is_file())
            .filter(|path| std::fs::read_to_string(path).unwrap().contains("\nstatements! {"))
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        declaring.sort_unstable();
        let mut listed: Vec<String> = include_str!("statements.rs")
            .lines()
            .filter_map(|line| line.trim().strip_suffix("::STATEMENTS,"))
            .map(ToOwned::to_owned)
            .collect();
        listed.sort_unstable();
        assert_eq!(declaring, listed);
    }
}
