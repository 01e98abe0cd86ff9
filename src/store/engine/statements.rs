//! The one way a file of the store names its SQL, for SQLite and PostgreSQL at once.

/// One command in the SQL of each engine. Almost always that is the same text.
#[derive(Debug, Clone, Copy)]
pub struct Statement {
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
        $($(#[$doc])* const $name: $crate::store::engine::statements::Statement = statement!($sql);)*
        pub(in crate::store) const STATEMENTS: &[(&str, $crate::store::engine::statements::Statement)] =
            &[$((stringify!($name), $name)),*];
    };
}

macro_rules! statement {
    ($sql:literal) => {
        $crate::store::engine::statements::Statement { sqlite: numbered!($sql), postgres: $sql }
    };
    ([$($piece:tt),+]) => {
        $crate::store::engine::statements::Statement {
            sqlite: numbered!(concat!($(piece!(sqlite $piece)),+)),
            postgres: concat!($(piece!(postgres $piece)),+),
        }
    };
    ({ $(sqlite: $sqlite:literal)? $(,)? $(postgres: $postgres:literal)? }) => {
        $crate::store::engine::statements::Statement {
            sqlite: numbered!(concat!($($sqlite)?)),
            postgres: concat!($($postgres)?),
        }
    };
}

/// A text with `?1` for every `$1`, at compile time. To SQLite `$1` is a name, and it numbers names as they come:
/// <https://www.sqlite.org/lang_expr.html#varparam>.
macro_rules! numbered {
    ($sql:expr) => {{
        const BYTES: [u8; $sql.len()] = $crate::store::engine::statements::numbered($sql);
        match std::str::from_utf8(&BYTES) {
            Ok(sql) => sql,
            Err(_) => panic!("ASCII in place of ASCII is UTF-8"),
        }
    }};
}

/// See the macro of this name.
pub const fn numbered<const LENGTH: usize>(sql: &str) -> [u8; LENGTH] {
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
        "VALUES ($2, $3, 'ready', 1, 0, $1, 0, $1, $4)"
    };
    (postgres announced) => {
        "SELECT e.deal, e.account, 'ready', 1, 0, $1, 0, $1, e.look \
            FROM json_to_recordset(CAST($2 AS json)) e (deal text, account text, look bigint)"
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
    // Whether a packet `p` is wanted in a list: by a part of a name ($1, a pattern), a text ($2) that is an id or, behind
    // a colon ($3), ends or ($4) all but ends a deal's key; and by its account ($5, a pattern). The same on both.
    ($engine:ident is_wanted) => {
        "($2 = '' OR p.name LIKE $1 ESCAPE '!' OR p.customer LIKE $1 ESCAPE '!' OR p.deal = $2 OR p.packet_id = $2 \
            OR substr(p.deal, length(p.deal) - length($3) + 1) = $3 \
            OR ($4 <> '' AND substr(p.deal, length(p.deal) - length($4) - 2, length($4)) = $4)) \
        AND ($5 = '' OR p.deal LIKE $5 ESCAPE '!')"
    };
    ($engine:ident $text:literal) => {
        $text
    };
}

/// The statements of each module.
macro_rules! every_module {
    ($($($module:ident)::+,)*) => { [$($crate::store::$($module::)+STATEMENTS),*] };
}

/// Every statement of the store as name, SQLite's text and PostgreSQL's, so that a test can prepare them.
#[doc(hidden)]
pub fn every_statement() -> Vec<(&'static str, &'static str, &'static str)> {
    let every = every_module! {
        packets::answers, packets::assessments, maintenance::backlog, maintenance::backup, maintenance::copy, clicks, deals,
        outbox::deliveries, outbox::edits, packets::dismissals, claim, packets::first_values,
        packets::follows, maintenance::health, inbox,
        engine::writer_connection, engine::migrate, engine::open, outbox, packets, pauses, engine::postgres,
        maintenance::purge, inbox::recording, packets::revisions, packets::writes, maintenance::restored, roll_ups, outbox::settle, outbox::stuck, maintenance::stats,
        engine::notifier, wins,
    };
    every.concat().into_iter().map(|(name, sql)| (name, sql.sqlite, sql.postgres)).collect()
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    fn files_under(folder: &Path) -> Vec<PathBuf> {
        let found = std::fs::read_dir(folder).unwrap().map(|found| found.unwrap().path());
        found.flat_map(|path| if path.is_dir() { files_under(&path) } else { vec![path] }).collect()
    }

    #[test]
    fn every_file_that_declares_statements_is_listed_above() {
        let store = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store"));
        let mut declaring: Vec<String> = files_under(store)
            .into_iter()
            .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
            .filter(|path| std::fs::read_to_string(path).unwrap().contains("\nstatements! {"))
            .map(|path| {
                let module = path.strip_prefix(store).unwrap().with_extension("");
                module.to_str().unwrap().trim_end_matches("/mod").replace('/', "::")
            })
            .collect();
        declaring.sort_unstable();
        let listed = include_str!("statements.rs").split("every_module! {").nth(1).unwrap();
        let listed = listed.split('}').next().unwrap().split(',').map(|module| module.trim().to_owned());
        let mut listed: Vec<String> = listed.filter(|module| !module.is_empty()).collect();
        listed.sort_unstable();
        assert_eq!(declaring, listed);
    }
}
