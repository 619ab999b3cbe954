//! Steps in the life of material, packed into lists that all steps share.

use super::compact::Milligrams;
use crate::event::Process;
use crate::state::numbers::{Column, EventNo, LotNo, NONE, Places};
use crate::value::Mass;

/// What a step does with material.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepKind {
    /// Lots come from nothing.
    Source,
    /// Inputs become outputs by processes.
    Transform,
    /// One lot becomes several of the same composition.
    Split,
    /// Several become one.
    Blend,
    /// One lot is weighed anew by its receiver.
    Receipt {
        /// The receiver's net dry mass.
        weighed: Option<Mass>,
        /// Whether the receiver may have weighed and does not show it.
        hidden: bool,
    },
    /// A receiver accepts one part of a lot and returns another.
    Division,
}

/// One step in the life of material: lots in, lots out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) event: EventNo,
    pub(super) kind: StepKind,
    pub(super) facility: EventNo,
    /// The calendar year in which it ended.
    pub(super) year: u16,
    pub(super) processes: &'a [Process],
    pub(super) inputs: &'a [LotNo],
    pub(super) outputs: &'a [LotNo],
    /// The mass before the receiver weighed anew, once the facts are settled.
    pub(super) before: Option<Before>,
}

/// The mass of a lot before its receiver weighed it anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Before {
    pub(super) mass: Mass,
    /// Whether it may not be the last one weighed.
    pub(super) hidden: bool,
}

/// A step whose lots and processes lie in the lists of all.
#[derive(Debug, Clone)]
struct Packed {
    event: EventNo,
    facility: EventNo,
    /// Where its inputs begin, which its outputs follow.
    lots: u32,
    /// Where its processes begin; of a receipt, where its masses lie.
    rest: u32,
    year: u16,
    processes: u16,
    inputs: u16,
    outputs: u16,
    tag: Tag,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
    Source,
    Transform,
    Split,
    Blend,
    Receipt,
    Division,
}

/// The masses of a receipt.
#[derive(Debug, Clone, Default)]
struct Masses {
    weighed: Option<Milligrams>,
    before: Option<Milligrams>,
    hidden: bool,
    before_hidden: bool,
}

/// Every step, in the order recorded.
#[derive(Debug, Clone, Default)]
pub(super) struct Steps {
    steps: Column<Packed>,
    masses: Column<Masses>,
    lots: Vec<LotNo>,
    processes: Vec<Process>,
    /// By event, its first step.
    first: Places,
}

impl Steps {
    pub(super) fn count(&self) -> u32 {
        self.steps.len()
    }

    /// Adds a step; those of one event come one behind the other.
    pub(super) fn push(&mut self, step: &Step<'_>) {
        let short = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
        let long = |count: usize| u32::try_from(count).unwrap_or(NONE);
        let (tag, rest) = match step.kind {
            StepKind::Source => (Tag::Source, long(self.processes.len())),
            StepKind::Transform => (Tag::Transform, long(self.processes.len())),
            StepKind::Split => (Tag::Split, long(self.processes.len())),
            StepKind::Blend => (Tag::Blend, long(self.processes.len())),
            StepKind::Division => (Tag::Division, long(self.processes.len())),
            StepKind::Receipt { weighed, hidden } => {
                self.masses.push(Masses { weighed: weighed.map(Into::into), hidden, ..Masses::default() });
                (Tag::Receipt, self.masses.len() - 1)
            }
        };
        if self.first.get(step.event.0).is_none() {
            self.first.set(step.event.0, self.steps.len());
        }
        self.steps.push(Packed {
            event: step.event,
            facility: step.facility,
            lots: long(self.lots.len()),
            rest,
            year: step.year,
            processes: short(step.processes.len()),
            inputs: short(step.inputs.len()),
            outputs: short(step.outputs.len()),
            tag,
        });
        self.lots.extend_from_slice(step.inputs);
        self.lots.extend_from_slice(step.outputs);
        self.processes.extend_from_slice(step.processes);
    }

    pub(super) fn get(&self, number: u32) -> Option<Step<'_>> {
        let packed = self.steps.get(number)?;
        let masses = self.masses.get(packed.rest).filter(|_| packed.tag == Tag::Receipt);
        let kind = match packed.tag {
            Tag::Source => StepKind::Source,
            Tag::Transform => StepKind::Transform,
            Tag::Split => StepKind::Split,
            Tag::Blend => StepKind::Blend,
            Tag::Division => StepKind::Division,
            Tag::Receipt => {
                let Masses { weighed, hidden, .. } = masses?;
                StepKind::Receipt { weighed: weighed.and_then(Milligrams::mass), hidden: *hidden }
            }
        };
        let before = masses.and_then(|masses| {
            let mass = masses.before.and_then(Milligrams::mass)?;
            Some(Before { mass, hidden: masses.before_hidden })
        });
        let (inputs, outputs) = (usize::from(packed.inputs), usize::from(packed.outputs));
        Some(Step {
            event: packed.event,
            kind,
            facility: packed.facility,
            year: packed.year,
            processes: run(&self.processes, packed.rest, 0, usize::from(packed.processes)),
            inputs: run(&self.lots, packed.lots, 0, inputs),
            outputs: run(&self.lots, packed.lots, inputs, outputs),
            before,
        })
    }

    /// The numbers of the steps of an event, from the first to before the last.
    pub(super) fn of(&self, event: EventNo) -> std::ops::Range<u32> {
        let first = self.first.get(event.0).unwrap_or(0);
        let is_own = |number: u32| self.steps.get(number).is_some_and(|step| step.event == event);
        let mut end = first;
        while self.first.get(event.0).is_some() && is_own(end) {
            end += 1;
        }
        first..end
    }

    /// An event is withdrawn: its steps move nothing, and are nobody's.
    pub(super) fn undo(&mut self, event: EventNo) {
        for number in self.of(event) {
            if let Some(step) = self.steps.get_mut(number) {
                (step.inputs, step.outputs) = (0, 0);
            }
        }
        self.first.set(event.0, NONE);
    }

    /// Puts what a receiver weighed, or that it is not shown.
    pub(super) fn set_weighed(&mut self, number: u32, weighed: Option<Mass>, hidden: bool) {
        if let Some(masses) = self.masses_mut(number) {
            (masses.weighed, masses.hidden) = (weighed.map(Into::into), hidden);
        }
    }

    pub(super) fn set_before(&mut self, number: u32, before: Before) {
        if let Some(masses) = self.masses_mut(number) {
            (masses.before, masses.before_hidden) = (Some(before.mass.into()), before.hidden);
        }
    }

    fn masses_mut(&mut self, number: u32) -> Option<&mut Masses> {
        let step = self.steps.get(number).filter(|step| step.tag == Tag::Receipt)?;
        self.masses.get_mut(step.rest)
    }
}

fn run<T>(all: &[T], at: u32, skip: usize, count: usize) -> &[T] {
    let from = usize::try_from(at).unwrap_or(usize::MAX).saturating_add(skip);
    all.get(from..from.saturating_add(count)).unwrap_or_default()
}
