//! What an account, a deal and a win are called: in the database, in the log and on the command line.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use super::CrmKind;

/// One portal or org, written `hubspot:48210077`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountKey {
    pub crm: CrmKind,
    /// Portal id, or the 18-character organisation id.
    pub account: String,
}

impl fmt::Display for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [self.crm.as_str(), ":", &self.account] {
            f.write_str(part)?;
        }
        Ok(())
    }
}

impl FromStr for AccountKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (crm, account) = text.split_once(':').ok_or(())?;
        Ok(Self { crm: crm.parse()?, account: account.to_owned() })
    }
}

/// One deal in one account, written `hubspot:48210077:301000000417`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DealKey {
    /// Where the deal lives.
    pub account: AccountKey,
    /// The CRM's own id of the deal.
    pub deal: String,
}

impl fmt::Display for DealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.account.fmt(f)?;
        f.write_str(":")?;
        f.write_str(&self.deal)
    }
}

impl FromStr for DealKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (account, deal) = text.rsplit_once(':').ok_or(())?;
        Ok(Self { account: account.parse()?, deal: deal.to_owned() })
    }
}

/// One time a deal was won. A deal that is reopened and won again has two.
/// Written `hubspot:48210077:301000000417@2026-11-20T15:04:05Z`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WinKey {
    /// The deal, under the id the CRM returned (which differs from the id asked for after a merge).
    pub deal: DealKey,
    /// When the deal entered a won stage from outside the won stages.
    pub won_at: Timestamp,
}

impl fmt::Display for WinKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.deal, self.won_at)
    }
}
