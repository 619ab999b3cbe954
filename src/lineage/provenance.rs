//! Provenance: how much of each element of a lot came through which lot and step upstream of it.
//!
//! Attribution runs backward from the subject, element by element, in one pass against the order of the steps: what a lot
//! contributed is shared over the inputs of the step that made it in proportion to what each held of the element, by
//! largest remainder, so that every share is a whole number of milligrams and the sums are exact. A part that rounds to
//! 0 mg stays in the result. Where contents are withheld or were not analysed, shares are intervals that hold the exact
//! result whatever the hidden values are.
//!
//! Does not establish that stated contents are true, nor where a step took place (`policy::trail`).

use crate::value::Element;

/// A mass of an element in milligrams, known to lie between two bounds, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interval {
    /// The least that it can be.
    pub least: u64,
    /// The most that it can be.
    pub most: u64,
}

impl Interval {
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
