//! Which wins are wanted, and where a page of them begins.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

use super::DealRow;
use crate::store::engine::{Query, Statement, query};
use handoff_core::packet::Names;

/// No name and no key is as long, in characters. A pattern of more than 50,000 bytes is an error of SQLite's:
/// <https://www.sqlite.org/limits.html#max_like_pattern_length>.
const LONGEST_PATTERN: usize = 1000;

/// Which wins are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WinFilter {
    /// One of [`WinFilter::STATES`]: the state of the deal or of a delivery; `open` is every state but `done`.
    pub state: Option<String>,
    /// An account by its key (`hubspot:48210077`) or its id.
    pub account: Option<String>,
    /// A deal by its id (of a Salesforce one, the first 15 characters are enough) or key, a packet by its id, or a part of
    /// the deal's or the customer's name.
    pub about: Option<String>,
}

impl WinFilter {
    pub const STATES: [&str; 8] =
        ["open", "waiting", "retrying", "leased", "unknown", "held", "dead", "done"];

    fn text(&self) -> &str {
        self.about.as_deref().unwrap_or_default().trim()
    }

    /// Whether work in these states is wanted, of which at least one is not done.
    pub(super) fn wants(&self, states: &[&str]) -> bool {
        self.state.as_deref().is_none_or(|state| state == "open" || states.contains(&state))
    }

    pub(super) fn wants_done(&self) -> bool {
        self.state.as_deref().is_none_or(|state| state == "done")
    }

    pub(super) fn wants_deal(&self, deal: &DealRow) -> bool {
        let (account, id) = deal.deal.rsplit_once(':').unwrap_or_default();
        let text = self.text();
        let is_meant = text.is_empty()
            || text == deal.deal
            || text == id
            || (id.len() == 18 && Some(text) == id.get(..15));
        let of_account =
            |wanted: &str| account == wanted || account.split_once(':').unwrap_or_default().1 == wanted;
        is_meant && self.account.as_deref().is_none_or(of_account) && self.wants(&[deal.state.as_str()])
    }

    /// Binds what `is_wanted` asks for.
    pub(super) fn bind(&self, sql: Statement) -> Query<'static> {
        let text = self.text();
        let like = |text: &str| {
            let text: String = text.chars().take(LONGEST_PATTERN).collect();
            text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
        };
        let account = self.account.as_deref().unwrap_or_default();
        // A key stands at the beginning of a deal's, an id in its middle.
        let of_account = match account {
            "" => String::new(),
            key if key.contains(':') => format!("{}:%", like(key)),
            id => format!("%:{}:%", like(id)),
        };
        let start_of_id = if text.chars().count() == 15 { format!(":{text}") } else { String::new() };
        let named = format!("%{}%", like(&Names::fold(text)));
        let query = query(sql).bind(named).bind(text.to_owned()).bind(format!(":{text}"));
        query.bind(start_of_id).bind(of_account)
    }
}

/// A place in the list of wins: whatever stands behind it comes after the win with these values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WinCursor {
    pub(super) rank: Rank,
    /// Later ones first.
    pub(super) at: Reverse<i64>,
    pub(super) id: Reverse<String>,
}

/// The order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    StuckDeal,
    StuckPacket,
    OpenDeal,
    OpenPacket,
    Done,
}

impl Rank {
    const ALL: [Self; 5] = [Self::StuckDeal, Self::StuckPacket, Self::OpenDeal, Self::OpenPacket, Self::Done];
}

impl fmt::Display for WinCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.rank as u8, self.at.0, self.id.0)
    }
}

impl FromStr for WinCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '.');
        let mut part = || parts.next().ok_or(());
        let rank: usize = part()?.parse().map_err(drop)?;
        let at = part()?.parse().map_err(drop)?;
        Ok(Self { rank: *Rank::ALL.get(rank).ok_or(())?, at: Reverse(at), id: Reverse(part()?.to_owned()) })
    }
}
