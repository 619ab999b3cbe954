//! Reference positions: where in a body other things are named.
//!
//! A *subject* position names something whose standing the event may change (a spent head, a corrected event, an
//! accredited facility): the completeness statement of a ledger covers these. A *mention* only points at something (the
//! facility where work was done, the consignee).

use crate::value::{EventId, FacilityId, LedgerId, LotId, PartyId};

/// What a reference position names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// An event.
    Event(EventId),
    /// A party.
    Party(PartyId),
    /// A facility.
    Facility(FacilityId),
    /// A lot.
    Lot(LotId),
    /// A ledger.
    Ledger(LedgerId),
}

impl Target {
    /// The event that created what is named; ledgers are not created by an event of their own name.
    #[must_use]
    pub fn event(&self) -> Option<EventId> {
        match self {
            Self::Event(id) => Some(*id),
            Self::Party(id) => Some((*id).into()),
            Self::Facility(id) => Some((*id).into()),
            Self::Lot(id) => Some(id.event),
            Self::Ledger(_) => None,
        }
    }
}

/// One reference of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// Member path below the body, `[]` for a list's elements.
    pub position: &'static str,
    /// What is named.
    pub target: Target,
    /// Whether the completeness statement covers the position.
    pub is_subject: bool,
}

impl Reference {
    /// A reference that may change the standing of what it names.
    #[must_use]
    pub const fn subject(position: &'static str, target: Target) -> Self {
        Self { position, target, is_subject: true }
    }

    /// A reference that only points.
    #[must_use]
    pub const fn mention(position: &'static str, target: Target) -> Self {
        Self { position, target, is_subject: false }
    }
}

/// A body that names other things.
pub trait References {
    /// Visits every reference in document order.
    fn visit_references(&self, visit: &mut dyn FnMut(Reference));
}
