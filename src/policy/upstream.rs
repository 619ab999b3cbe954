//! What lies upstream of one lot of a trail: its ancestors and the steps on the way.
//!
//! One pass against the order of the steps, so that a diamond costs what its edges do. Lots that merely travelled with an
//! ancestor are not among them.

use super::trail::{Trail, TrailStep};
use crate::event::Kind;

/// Lots and steps upstream of a lot, itself among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    lots: Vec<bool>,
    steps: Vec<bool>,
}

impl Upstream {
    /// Of the lot with this number.
    #[must_use]
    pub fn of(trail: &Trail, lot: usize) -> Self {
        let mut found = Self { lots: vec![false; trail.lots.len()], steps: vec![false; trail.steps.len()] };
        if let Some(own) = found.lots.get_mut(lot) {
            *own = true;
        }
        for (number, step) in trail.steps.iter().enumerate().rev() {
            if !step.outputs.iter().any(|output| found.has_lot(*output)) {
                continue;
            }
            if let Some(seen) = found.steps.get_mut(number) {
                *seen = true;
            }
            if found.makes_some(trail, number, step) {
                for parent in parents(step) {
                    if let Some(seen) = found.lots.get_mut(parent) {
                        *seen = true;
                    }
                }
            }
        }
        found
    }

    /// Whether a lot is upstream.
    #[must_use]
    pub fn has_lot(&self, lot: usize) -> bool {
        self.lots.get(lot).copied().unwrap_or(false)
    }

    /// Whether a step is upstream.
    #[must_use]
    pub fn has_step(&self, step: usize) -> bool {
        self.steps.get(step).copied().unwrap_or(false)
    }

    /// Numbers of the lots upstream.
    pub fn lots(&self) -> impl DoubleEndedIterator<Item = usize> {
        self.lots.iter().enumerate().filter(|(_, seen)| **seen).map(|(number, _)| number)
    }

    /// Numbers of the steps upstream, in their order.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = usize> {
        self.steps.iter().enumerate().filter(|(_, seen)| **seen).map(|(number, _)| number)
    }

    /// Whether a step made, and did not merely move, a lot upstream.
    fn makes_some(&self, trail: &Trail, number: usize, step: &TrailStep) -> bool {
        let made = |lot: &usize| trail.lots.get(*lot).is_some_and(|lot| lot.made_by == Some(number));
        step.outputs.iter().any(|output| self.has_lot(*output) && made(output))
    }
}

/// The lots that a step made its outputs from: what passed through it unchanged is not among them.
pub fn parents(step: &TrailStep) -> impl Iterator<Item = usize> {
    let passes = matches!(step.kind, Kind::Dispatch | Kind::Receive);
    step.inputs.iter().copied().filter(move |input| !passes || !step.outputs.contains(input))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Story;
    use super::*;
    use crate::event::{Form, Process};

    #[test]
    fn what_travels_along_is_not_upstream() {
        let mut story = Story::new();
        let ore = story.mine("US", Form::Ore, &[("Nd", 100)]);
        let other = story.mine("CN", Form::Ore, &[("Nd", 100)]);
        let shipped = story.dispatch(&[ore, other]);
        let oxide = story.process("MY", &[Process::Separate], &[ore], Form::Oxide, &[("Nd", 90)]);
        let trail = story.trail(oxide);
        let upstream = Upstream::of(&trail, oxide);
        assert_eq!(upstream.lots().collect::<Vec<_>>(), [ore, oxide]);
        assert!(upstream.has_step(shipped) && upstream.steps().count() == 3);
        assert!(!Upstream::of(&trail, 99).has_lot(0));
    }

    #[test]
    fn a_deep_diamond_is_walked_once() {
        let mut story = Story::new();
        let mut lot = story.mine("US", Form::Oxide, &[("Nd", 1 << 20)]);
        for _ in 0..60 {
            let (left, right) = story.halve(lot);
            lot = story.blend(&[left, right]);
        }
        let trail = story.trail(lot);
        assert_eq!(Upstream::of(&trail, lot).lots().count(), 181);
    }
}
