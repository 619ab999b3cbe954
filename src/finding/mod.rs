//! Layer 1: findings. A broken rule is data: a code from one closed table, the event, what was expected and what was found.
//!
//! In scope: the table of codes with their flags and explanations, and the value that reports one case. Not in scope:
//! deciding whether a rule is broken (`rules`), and what a set of findings means for a question (`verify`, `policy`).

mod code;
mod define;
mod table;

pub use code::{Code, Family, Pass, Reach, Severity};

use crate::value::{EventId, LotId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display};

/// Why an answer is what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// In a sentence.
    pub text: String,
    /// The code of the finding, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Events that bear it out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventId>,
}

/// One case of a rule that is broken, or of something worth saying.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Which rule.
    pub code: Code,
    /// The event it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// The lot it is about, where one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<LotId>,
    /// Where in the event, file or log, for people: a JSON pointer, an entry's index, a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// Other events that bear it out, for example the earlier of two that spend one head.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<EventId>,
}

impl Finding {
    /// A finding without event; see [`Self::on`], [`Self::of_lot`], [`Self::at`], [`Self::with`].
    pub fn new(code: Code, expected: impl Display, found: impl Display) -> Self {
        Self {
            code,
            event: None,
            lot: None,
            place: None,
            expected: expected.to_string(),
            found: found.to_string(),
            related: Vec::new(),
        }
    }

    /// Names the event it is about.
    #[must_use]
    pub fn on(mut self, event: EventId) -> Self {
        self.event = Some(event);
        self
    }

    /// Names the lot it is about.
    #[must_use]
    pub fn of_lot(mut self, lot: LotId) -> Self {
        self.lot = Some(lot);
        self
    }

    /// Says where in the event, file or log.
    #[must_use]
    pub fn at(mut self, place: impl Display) -> Self {
        self.place = Some(place.to_string());
        self
    }

    /// Adds an event that bears it out.
    #[must_use]
    pub fn with(mut self, related: EventId) -> Self {
        self.related.push(related);
        self
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// Whether it refuses an append: a breach that admission decides.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        self.code.is_refusal()
    }

    /// Whether a recorded event with this finding is kept from being applied: a refusal of `chain` or `custody`.
    ///
    /// A misfit disclosure does not block: who holds what must not depend on a value that can be withheld.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.code.is_refusal()
            && self.code != Code::Disclosure
            && matches!(self.code.family(), Family::Chain | Family::Custody)
    }
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.code, self.expected, self.found)?;
        if let Some(place) = &self.place {
            write!(f, " (at {place})")?;
        }
        Ok(())
    }
}
