//! Layer 4: the one rule book, in two passes.
//!
//! [`admit`] decides whether an event may be recorded: it reads the event with the disclosures at hand, the state before
//! it, the time of recording, and constants of the format version. *Review* runs over finished history with all evidence
//! and never changes what was admitted. A broken rule is a [`Finding`]; `Err` only says that state could not be read.
//!
//! Not in scope: what findings mean for a question about a lot (`verify`, `policy`).

pub mod accreditation;
mod chain;
mod corrections;
mod custody;
pub mod data;
pub mod evidence_level;
#[cfg(test)]
pub(crate) mod fixture;
mod keys;
mod mass;
mod place;
pub mod review;
pub mod trust;

use crate::event::Event;
use crate::finding::{Code, Finding};
use crate::state::{Position, View, ViewError};
use crate::value::{PublicKey, Time};

/// An event may be dated this many seconds after its recording: clocks differ.
pub const CLOCK_TOLERANCE: i64 = 300;

/// All that admission reads.
pub struct Admission<'a> {
    /// State before the event.
    pub view: &'a dyn View,
    /// Where and when it is to be recorded.
    pub at: Position,
    /// When the entry before it was recorded.
    pub after: Option<Time>,
    /// The event, with the disclosures at hand in place.
    pub event: &'a Event,
    /// Whether the event's signature is this key's; the verdict is always `verify_strict`'s.
    pub signed_by: &'a dyn Fn(&PublicKey) -> bool,
}

/// Findings of admission; the event may be recorded where none is a refusal.
///
/// Does not establish that what the event says is true, nor that it is plausible: that is for review.
pub fn admit(admission: &Admission<'_>) -> Result<Vec<Finding>, ViewError> {
    let mut findings = Vec::new();
    chain::check_admission(admission, &mut findings)?;
    if findings.iter().any(Finding::is_refusal) {
        // What is not the issuer's word has no meaning to judge.
        return Ok(findings);
    }
    custody::check_admission(admission, &mut findings)?;
    place::check_admission(admission, &mut findings)?;
    mass::check_admission(admission, &mut findings)?;
    Ok(findings)
}

impl Admission<'_> {
    /// A finding on this event.
    fn finding(&self, code: Code, expected: impl std::fmt::Display, found: impl std::fmt::Display) -> Finding {
        Finding::new(code, expected, found).on(self.event.id)
    }
}
