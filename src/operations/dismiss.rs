//! Says that a flag of a packet was wrong.

use super::{OperationError, Operations};
use crate::store::StoredPacket;
use handoff_core::text::clean::one_line;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// What became of a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dismissed {
    Yes,
    /// It was dismissed before, and has another reason now.
    Again,
    /// It counts again.
    TakenBack,
}

impl Operations {
    /// Dismisses a gap for a reason; without one, takes the dismissal back.
    ///
    /// # Errors
    ///
    /// The packet has no such gap, or there is nothing to take back.
    pub async fn dismiss(
        &self,
        stored: &StoredPacket,
        section: &str,
        gap: &str,
        reason: Option<&str>,
    ) -> Result<Dismissed, OperationError> {
        let packet = &stored.packet_id;
        let is_known = stored.dismissals.iter().any(|one| one.gap == gap && one.section == section);
        if reason.is_none() && !is_known {
            let text = format!("{gap} of {section} was not dismissed: nothing to take back");
            return Err(OperationError::Refused(text));
        }
        if !self.store.dismiss(packet, section, gap, reason).await? {
            let text = format!("{packet} has no {gap} of {section}, or was deleted just now");
            return Err(OperationError::NotFound(text));
        }
        Ok(match reason {
            None => Dismissed::TakenBack,
            Some(_) if is_known => Dismissed::Again,
            Some(_) => Dismissed::Yes,
        })
    }
}

/// One line that says something and can be read.
///
/// # Errors
///
/// It is empty or too long.
pub fn clean_reason(reason: &str) -> Result<String, OperationError> {
    let reason = one_line(reason);
    let length = reason.chars().count();
    if reason.is_empty() {
        let text = "the reason is empty: say in a few words why the flag was wrong";
        return Err(OperationError::Refused(text.to_owned()));
    }
    if length > LONGEST_REASON {
        let text = format!("the reason has {length} characters: {LONGEST_REASON} are the most");
        return Err(OperationError::Refused(text));
    }
    Ok(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_readable_line() {
        let reason =
            clean_reason(" It's <b>there</b> &amp; said:\r\n\tsee \u{202e}notes\u{1b}[31m ").unwrap();
        assert_eq!(reason, "It's <b>there</b> &amp; said: see notes[31m");
        assert_eq!(clean_reason(&"ü".repeat(500)).unwrap().chars().count(), 500);
        for wrong in ["", " \n ", "\u{202e}\u{200b}", &"x".repeat(501)] {
            assert!(clean_reason(wrong).is_err(), "{wrong:?}");
        }
    }
}
