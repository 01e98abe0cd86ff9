//! What a webhook says about a deal, once its sender is proved.

use jiff::Timestamp;

use super::DealKey;

/// Why a deal is worth re-reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// The deal's stage changed.
    StageChanged,
    /// The deal was created, perhaps directly in a won stage.
    Created,
    /// Deals were merged into this one.
    Merged,
    /// A workflow, an Outbound Message or an operator requested a look at the deal, without saying why.
    Requested,
    /// The catch-up sweep found it.
    Swept,
    /// Something that its open packet is made of has changed.
    Changed,
}

impl EventKind {
    /// The name used in the store, in logs and in `handoff events`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StageChanged => "stage_changed",
            Self::Created => "created",
            Self::Merged => "merged",
            Self::Requested => "poked",
            Self::Swept => "swept",
            Self::Changed => "changed",
        }
    }
}

/// One thing a verified webhook says, reduced to what is needed to re-read the deal.
/// Everything it claims beyond the id is a hint and is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The deal to look at.
    pub deal: DealKey,
    pub kind: EventKind,
    /// Same key, same event: a redelivery changes nothing.
    pub dedupe_key: String,
    /// The provider's own id of the event, for `handoff events`.
    pub provider_id: String,
    /// When the CRM says it happened.
    pub occurred_at: Option<Timestamp>,
    /// How the sender was proved, in the words of [`crate::crm::Verification`].
    pub verification: String,
}

impl Event {
    /// In the dedupe key of a workflow's event, behind the deal.
    pub const POKE: &str = ":poke:";

    /// Whether it is a workflow's request, which has no id that its sender vouches for: one that waits speaks for all
    /// that follow until the deal is looked at.
    pub fn is_poke(&self) -> bool {
        self.dedupe_key.contains(Self::POKE)
    }

    /// Whether it asks for no more than a look at an open packet.
    pub fn is_look(&self) -> bool {
        self.kind == EventKind::Changed
    }
}
