//! What can be wrong with a batch, and where.

use super::Wanted;
use crate::event::Kind;
use std::fmt;

/// Where in a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct At {
    /// The scenario whose file it is, where the file at hand is based on it.
    pub scenario: Option<String>,
    /// Number of the step, counted from 1; none for the file and its header.
    pub step: Option<u64>,
    /// Local name of the step.
    pub name: Option<String>,
    /// Kind of the step, where that much is known.
    pub kind: Option<Kind>,
    /// Line, counted from 1; 0 for a step that is not of a file.
    pub line: usize,
    /// Column in characters, counted from 1; 0 where only the line is known.
    pub column: usize,
    /// JSON pointer (RFC 6901) into the step; empty for the whole step.
    pub pointer: String,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.scenario.as_ref().map(|name| format!("scenario `{name}`")));
        match (self.step, &self.name) {
            (Some(step), Some(name)) => parts.push(format!("step {step} (`{name}`)")),
            (Some(step), None) => parts.push(format!("step {step}")),
            (None, _) => {}
        }
        match (self.line, self.column) {
            (0, _) => {}
            (line, 0) => parts.push(format!("line {line}")),
            (line, column) => parts.push(format!("line {line} column {column}")),
        }
        if !self.pointer.is_empty() {
            parts.push(self.pointer.clone());
        }
        f.write_str(&parts.join(", "))
    }
}

/// One thing that a text may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its full id.
    pub id: String,
    /// What it is, for people.
    pub words: String,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The file cannot be read.
    #[error("{0}")]
    Read(String),
    /// Not the TOML or JSON that was expected.
    #[error("{0}")]
    Syntax(String),
    /// More than a stated limit.
    #[error("expected {what} of at most {most} bytes, found more")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// How many bytes it may have.
        most: u64,
    },
    /// A member of the wrong type or value, or members that do not fit together.
    #[error("{0}")]
    Member(String),
    /// A member that must be there.
    #[error("expected `{member}`, found none")]
    Missing {
        /// The member.
        member: &'static str,
        /// How to cure it.
        hint: &'static str,
    },
    /// A text that names nothing.
    #[error("expected {wanted}, found `{text}`, which names none{}", nearest(.near))]
    Unknown {
        /// What was expected.
        wanted: Wanted,
        /// The text.
        text: String,
        /// Names in this file that resemble it.
        near: Vec<String>,
    },
    /// A text that names several things.
    #[error("expected {wanted}, found `{text}`, which may mean {}", listed(.candidates))]
    Ambiguous {
        /// What was expected.
        wanted: Wanted,
        /// The text.
        text: String,
        /// All that it may mean.
        candidates: Vec<Candidate>,
    },
    /// A name that no step of the scenario has that a file is based on.
    #[error("expected the name of a step of `{base}`, found `{text}`, which names none{}", nearest(.near))]
    NoStep {
        /// The text.
        text: String,
        /// The scenario.
        base: String,
        /// Names of its steps that resemble it.
        near: Vec<String>,
    },
    /// A local name given twice.
    #[error("expected each name once, found `{0}` again")]
    Repeated(String),
    /// Names or state could not be looked up: a fault of the store.
    #[error("{0}")]
    Lookup(String),
}

fn nearest(near: &[String]) -> String {
    let quoted: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    if quoted.is_empty() { String::new() } else { format!(" (did you mean {}?)", quoted.join(" or ")) }
}

fn listed(candidates: &[Candidate]) -> String {
    let words: Vec<String> = candidates.iter().map(|c| format!("{} ({})", c.id, c.words)).collect();
    words.join(" or ")
}

/// A batch that cannot be read or resolved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", prefix(.at))]
pub struct BatchError {
    /// Where.
    pub at: Box<At>,
    /// What.
    pub problem: Problem,
}

fn prefix(at: &At) -> String {
    let place = at.to_string();
    if place.is_empty() { place } else { format!("{place}: ") }
}

impl BatchError {
    /// A problem at a place.
    #[must_use]
    pub fn new(at: At, problem: Problem) -> Self {
        Self { at: Box::new(at), problem }
    }

    /// The same in the file of a scenario that another is based on.
    pub(super) fn of(mut self, scenario: &str) -> Self {
        self.at.scenario = Some(scenario.to_owned());
        self
    }

    /// What to do about it, where something general can be said.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match &self.problem {
            Problem::Missing { hint, .. } => Some((*hint).to_owned()),
            Problem::Ambiguous { .. } => Some("write more of the id, or its full length".to_owned()),
            Problem::Unknown { wanted, .. } => Some(format!(
                "name {wanted} by a name given earlier in the file, by a label, or by the first 6 or more digits of an id of this ledger"
            )),
            Problem::Repeated(_) => Some("names of steps and lots are local to the file; choose another".to_owned()),
            Problem::Limit { what: "a TOML batch", .. } => {
                Some("write JSON Lines instead, one step a line; it is read as a stream".to_owned())
            }
            Problem::Limit { what: "a batch", .. } => Some("divide it into several files".to_owned()),
            _ => None,
        }
    }
}
