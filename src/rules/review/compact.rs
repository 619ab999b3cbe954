//! Values as the records of lots and steps keep them, in as few bytes as they need.

use crate::value::{Element, Mass};
use std::num::NonZeroU64;

/// A mass; absent or not, it takes eight bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Milligrams(NonZeroU64);

impl From<Mass> for Milligrams {
    fn from(mass: Mass) -> Self {
        Self(NonZeroU64::MIN.saturating_add(mass.mg()))
    }
}

impl Milligrams {
    pub(super) fn mass(self) -> Option<Mass> {
        Mass::new(self.0.get() - 1)
    }
}

/// A set of elements.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Elements(u32);

const _: () = assert!(Element::ALL.len() <= 32, "one bit for each element");

impl Elements {
    pub(super) fn contains(self, element: Element) -> bool {
        self.0 & (1 << element as u8) != 0
    }

    pub(super) fn insert(&mut self, element: Element) {
        self.0 |= 1 << element as u8;
    }
}

impl FromIterator<Element> for Elements {
    fn from_iter<I: IntoIterator<Item = Element>>(elements: I) -> Self {
        let mut set = Self::default();
        elements.into_iter().for_each(|element| set.insert(element));
        set
    }
}
