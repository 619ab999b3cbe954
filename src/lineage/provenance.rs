//! Provenance: how much of each element of a lot came through which lot and step upstream of it.
//!
//! Attribution runs backward from the subject, element by element, in one pass against the order of the steps: what a lot
//! contributed is shared over the inputs of the step that made it in proportion to what each held of the element, by
//! largest remainder, so that every share is a whole number of milligrams and the sums are exact. A part that rounds to
//! 0 mg stays in the result. Where contents are withheld or were not analysed, shares are intervals that hold the exact
//! result whatever the hidden values are.
//!
//! What came out of a step above what went in, beyond uncertainty, has no source: it counts as an input of its own, a
//! *gain*, and what is attributed to it is of unknown origin. Values that are not shown may hide one; then its share is an
//! interval from 0. Where nothing that went in holds an element that came out, all of it is a gain.
//!
//! Scrap that goes into a step again keeps its source; what came that way is told apart ([`Pass`]), so that a loop inside
//! one company is neither taken for primary nor for recycled material.
//!
//! Worked example: 100 mg of Nd in the subject, made from two lots that held 300 mg and 600 mg: 33 mg and 67 mg (33⅓ and
//! 66⅔, the missing milligram goes to the larger remainder). Where the first lot's content is withheld and its mass is
//! 900 mg: 0 to 60 mg and 40 to 100 mg.
//!
//! Does not establish that stated contents are true, nor where a step took place (`policy::trail`).

mod flows;
mod share;

#[cfg(test)]
mod tests;

pub use flows::{Flows, Passage, Weights};

use crate::value::Element;

/// A mass of an element in milligrams, known to lie between two bounds, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interval {
    /// The least that it can be.
    pub least: u64,
    /// The most that it can be; `u64::MAX` where nothing bounds it.
    pub most: u64,
}

impl Interval {
    /// A mass of which nothing is known.
    pub const UNKNOWN: Self = Self { least: 0, most: u64::MAX };

    /// A mass that is known exactly.
    #[must_use]
    pub const fn exact(mg: u64) -> Self {
        Self { least: mg, most: mg }
    }

    /// Whether it is known exactly.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        self.least == self.most
    }

    /// The sum of two masses.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { least: self.least.saturating_add(other.least), most: self.most.saturating_add(other.most) }
    }

    /// Whether every mass that the other can be is one that this can be.
    #[must_use]
    pub const fn contains(&self, other: &Self) -> bool {
        self.least <= other.least && other.most <= self.most
    }
}

/// Whether material came from its source straight, or through scrap that went into a step again; of several on one way
/// the last in this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pass {
    /// Through no scrap.
    Straight,
    /// Through scrap that its maker, or somebody related, used again.
    Loop,
    /// Through scrap that somebody else used.
    Recycled,
}

/// Where attribution ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// At a lot that entered at a step without inputs, or whose making is not at hand.
    Lot(usize),
    /// At a step out of which more came than went in.
    Gain {
        /// The step.
        step: usize,
        /// Whether the values shown say so; otherwise values that are not shown leave room for it.
        shown: bool,
    },
    /// At a step where it was asked to end ([`Flows::last`]).
    Step(usize),
}

/// One source of an element of the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// Where.
    pub source: Source,
    /// Which way it came from there.
    pub pass: Pass,
    /// How much of the subject's.
    pub mass: Interval,
}

/// Where one element of the subject came through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    /// The element.
    pub element: Element,
    /// How much of it the subject holds; `most` is `u64::MAX` where nothing bounds it.
    pub total: Interval,
    /// By number of the lot: how much of the subject's came through it. `None` where the element cannot have come through
    /// it by what is stated in clear; `Some(0 mg)` is "less than 1 mg" or unknown, and stays in the set.
    pub lots: Vec<Option<Interval>>,
    /// By number of the step, likewise.
    pub steps: Vec<Option<Interval>>,
    /// Where it comes from, each source and way once; where all is known, the masses sum to `total`.
    pub origins: Vec<Origin>,
}

/// Attributions of all elements of a lot, in the order of [`Element`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provenance {
    /// One for each element that the subject holds or may hold.
    pub elements: Vec<Attribution>,
}

impl Provenance {
    /// The attribution of an element; `None` where the subject does not list it.
    #[must_use]
    pub fn element(&self, element: Element) -> Option<&Attribution> {
        self.elements.iter().find(|attribution| attribution.element == element)
    }
}
