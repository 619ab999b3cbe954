//! How much of an element goes into a step and comes out, and how far the two may differ.
//!
//! *In* is the most that the inputs hold: measured values and limits of quantification, on the book mass (the last
//! receiver's). *Out* is the least that the outputs hold: measured values only. So out above in, beyond the tolerance,
//! contradicts whatever else is not known.
//!
//! **Tolerance.** Each lot counts with the smaller of the cap for analyte and stage and what is stated: the expanded
//! uncertainties (k = 2) of fraction and mass, 0.1 % for the mass where none is stated; nothing stated for the fraction
//! means the cap. Within a side they add up, since parts of one lot share one measurement; the two sides are independent
//! and combine by root of squares. A few milligrams are added for rounding.

use super::facts::Facts;
use super::lots::Lot;
use super::shares::Share;
use super::steps::{Step, StepKind};
use crate::rules::data::{Operation, WEIGHING_PPB, WHOLE, pick_up_ppb};
use crate::value::{Element, Mass};
use std::collections::BTreeSet;

/// One side of a step for one element, in milligrams.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Side {
    pub(super) mg: u128,
    pub(super) tolerance: u128,
    /// Whether a lot was analysed for the element.
    pub(super) analysed: bool,
    /// Whether a lot lists the element.
    pub(super) listed: bool,
    /// Whether a lot that lists the element is not analysed for it, or its mass is not known.
    pub(super) open: bool,
    /// Whether all of it is measured, nothing only bounded.
    pub(super) measured: bool,
}

/// Both sides of a step for one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flow {
    pub(super) element: Element,
    pub(super) input: Side,
    pub(super) output: Side,
    /// What tools and crucibles may have left in the outputs.
    pub(super) pick_up: u128,
}

impl Flow {
    /// What comes out above what went in; `None` where that is not known.
    pub(super) fn gain(&self) -> Option<u128> {
        let known = self.input.analysed && !self.input.open;
        known.then(|| self.output.mg.saturating_sub(self.input.mg.saturating_add(self.pick_up)))
    }

    /// How far in and out may differ without contradiction.
    pub(super) fn tolerance(&self) -> u128 {
        let square = |side: Side| side.tolerance.saturating_mul(side.tolerance);
        square(self.input).saturating_add(square(self.output)).isqrt() + 4
    }
}

/// A step with what it needs to be balanced.
pub(super) struct Balance<'a> {
    pub(super) facts: &'a Facts,
    pub(super) step: Step<'a>,
    /// The mass before a receiver weighed anew.
    pub(super) before: Option<Mass>,
}

impl<'a> Balance<'a> {
    pub(super) fn operation(&self) -> Operation<'a> {
        Operation::of(self.step.processes)
    }

    pub(super) fn inputs(&self) -> impl Iterator<Item = (Lot<'a>, Option<Mass>)> {
        let before = self.before.filter(|_| matches!(self.step.kind, StepKind::Receipt { .. }));
        self.facts.known(self.step.inputs).map(move |(_, lot)| (lot, before.or(lot.booked())))
    }

    pub(super) fn outputs(&self) -> impl Iterator<Item = (Lot<'a>, Option<Mass>)> {
        let weighed = match self.step.kind {
            StepKind::Receipt { weighed, .. } => Some(weighed),
            _ => None,
        };
        self.facts.known(self.step.outputs).map(move |(_, lot)| (lot, weighed.unwrap_or(lot.made())))
    }

    /// Every input is known here; in a part of a history some may not be.
    pub(super) fn is_whole(&self) -> bool {
        self.inputs().count() == self.step.inputs.len()
    }

    /// Every element that an output holds or that an input is analysed for.
    pub(super) fn elements(&self) -> BTreeSet<Element> {
        let lots = self.inputs().chain(self.outputs());
        lots.flat_map(|(lot, _)| analysed_elements(lot)).collect()
    }

    pub(super) fn flow(&self, element: Element) -> Flow {
        let made: u128 = self.outputs().filter_map(|(_, net)| net).map(|net| u128::from(net.mg())).sum();
        let mut input = self.side(element, self.inputs());
        input.open |= !self.is_whole();
        let pick_up = if self.step.processes.is_empty() { 0 } else { pick_up_ppb(element) };
        Flow {
            element,
            input,
            output: self.side(element, self.outputs()),
            pick_up: made * u128::from(pick_up) / u128::from(WHOLE),
        }
    }

    /// One lot's element as a side of its own.
    pub(super) fn side(&self, element: Element, lots: impl Iterator<Item = (Lot<'a>, Option<Mass>)>) -> Side {
        let cap = self.operation().cap_ppb(element);
        let mut side = Side { measured: true, ..Side::default() };
        for (lot, net) in lots {
            side.listed |= lot.lists(element);
            match (lot.share(element), net) {
                (Some(share), Some(net)) => {
                    side.analysed = true;
                    side.measured &= share.measured;
                    let mg = share.mg(net);
                    side.mg += mg;
                    if share.measured {
                        side.tolerance += mg * u128::from(tolerance_ppb(&lot, &share, cap)) / u128::from(WHOLE);
                    }
                }
                (None, _) if !lot.lists(element) => {}
                _ => side.open = true,
            }
        }
        side
    }

    /// As [`Self::side`] of the outputs, with bounds left out: the least that comes out.
    pub(super) fn least_out(&self, flow: &Flow) -> Flow {
        let measured = self.outputs().filter(|(lot, _)| lot.share(flow.element).is_some_and(|share| share.measured));
        let mut output = self.side(flow.element, measured);
        (output.listed, output.open) = (flow.output.listed, flow.output.open);
        Flow { output, ..*flow }
    }
}

fn tolerance_ppb(lot: &Lot<'_>, share: &Share, cap: u64) -> u64 {
    let weighing = lot.weighing.map_or(WEIGHING_PPB, |ppb| u64::from(ppb.get()));
    share.uncertainty.map_or(cap, |stated| cap.min(u64::from(stated.get()) + weighing))
}

fn analysed_elements(lot: Lot<'_>) -> impl Iterator<Item = Element> {
    let assayed = lot.assays().filter(|assay| assay.counts).flat_map(move |assay| lot.shares(assay));
    lot.stated().iter().chain(assayed).map(|share| share.element)
}
