//! One week of handoffs, as it is summed up for a team.

use jiff::civil::Date;

use super::SectionName;

/// What one week brought, and what is open at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Week {
    pub wins: u64,
    /// Of these, complete when they were made.
    pub complete_at_close: u64,
    pub complete_now: u64,
    /// Half of those that were completed later took no longer, in minutes.
    pub median_minutes: Option<i64>,
    /// Gaps that are open for more than five business days, by section.
    pub open: Vec<(SectionName, u64)>,
    /// The same by seller, of those with five deals and more; most first.
    pub sellers: Vec<(String, u64)>,
    /// The same of every other seller.
    pub other_sellers: u64,
    /// Answers that the CRM refused.
    pub refused: u64,
    /// Deals whose first value is due in the week that begins.
    pub due: Vec<(String, Date)>,
    /// First values that were reached.
    pub reached: u64,
    /// First values that were not.
    pub missed: u64,
    /// Rules that were called wrong, and how often each was right, in percent; the least precise first.
    pub rules: Vec<(String, u64)>,
}

impl Week {
    /// Whether there is nothing to say: how precise rules are is no news by itself.
    pub fn is_empty(&self) -> bool {
        *self == Self { rules: self.rules.clone(), ..Self::default() }
    }
}
