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
        $crate::store::statements::Statement { sqlite: $sql, postgres: $sql }
    };
    ([$($piece:tt),+]) => {
        $crate::store::statements::Statement {
            sqlite: concat!($(piece!(sqlite $piece)),+),
            postgres: concat!($(piece!(postgres $piece)),+),
        }
    };
    ({ sqlite: $sqlite:literal, postgres: $postgres:literal }) => {
        $crate::store::statements::Statement { sqlite: $sqlite, postgres: $postgres }
    };
    ({ sqlite: $sql:literal }) => {
        $crate::store::statements::Statement { sqlite: $sql, postgres: "" }
    };
    ({ postgres: $sql:literal }) => {
        $crate::store::statements::Statement { sqlite: "", postgres: $sql }
    };
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
    // The elements of the JSON array of texts bound as $4, in the column `value`.
    (sqlite each_text) => {
        "json_each($4)"
    };
    (postgres each_text) => {
        "json_array_elements_text(CAST($4 AS json))"
    };
    ($engine:ident $text:literal) => {
        $text
    };
}

/// Every statement of the store as name, SQLite's text and PostgreSQL's, so that a test can prepare them.
#[doc(hidden)]
pub fn every_statement() -> Vec<(&'static str, &'static str, &'static str)> {
    use super::{
        assessments, backlog, backup, copy, deals, deliveries, dismissals, health, inbox, installation, link,
        migrate, open, outbox, packets, pauses, postgres, purge, restored, settle, sqlite, stats, wake, wins,
    };

    let every = [
        assessments::STATEMENTS,
        backlog::STATEMENTS,
        backup::STATEMENTS,
        copy::STATEMENTS,
        deals::STATEMENTS,
        deliveries::STATEMENTS,
        dismissals::STATEMENTS,
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
        restored::STATEMENTS,
        settle::STATEMENTS,
        sqlite::STATEMENTS,
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
