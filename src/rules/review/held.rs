//! What lots hold of an element, for attribution: the best value, and how far values that are not shown may change it.
//!
//! The best value is that of review (umpire before final before the maker's book before provisional, later before
//! earlier), on the book mass. It is *hidden* where a value that is not shown may take its place: a composition or results
//! that may be withheld and would count for more, a mass, a receiver's weighing, a correction without its value, or an
//! input of the step whose composition it has. A lot holds no more of an element than it weighs. Elements are listed in
//! clear: what a lot does not list it does not hold, unless a value at hand says otherwise.

use super::Settled;
use super::lots::Lot;
use super::shares::{FINE, Share, find, rank};
use super::steps::{Step, StepKind};
use crate::event::{Event, Process};
use crate::lineage::provenance::{Interval, Weights};
use crate::rules::data::is_unsorted;
use crate::state::numbers::LotNo;
use crate::value::{Element, EventId, LotId, Mass};
use std::borrow::Cow;

/// The greatest limit of quantification below which an element counts as absent, in the unit of [`Share::of_net`]: 0.1 %.
/// A greater one leaves room for what a magnet is alloyed with.
const GREATEST_LOQ: u64 = FINE / 1_000;

/// Whether what a lot holds of an element is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Openness {
    /// Measured, or bounded by a limit of quantification.
    Known,
    /// Nobody analysed the lot for it.
    NotAnalysed,
    /// A value that is not shown decides.
    Hidden,
}

/// What a lot holds of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// In milligrams; the most is `u64::MAX` where nothing bounds it.
    pub mass: Interval,
    /// Whether it is known.
    pub openness: Openness,
}

impl Settled {
    /// What a lot holds of an element at its book mass; `None` where it holds none by what is stated in clear and shown,
    /// or where the lot is not known here.
    #[must_use]
    pub fn held(&self, lot: &LotId, element: Element) -> Option<Held> {
        let lot = self.facts.lot(lot)?;
        lot.held(element, lot.shown())
    }

    /// Whether a lot does not list an element and the value that counts says that it holds none: zero, or less than a limit
    /// of quantification of at most 0.1 %. What is only derived from inputs says nothing.
    #[must_use]
    pub fn is_said_absent(&self, lot: &LotId, element: Element) -> bool {
        self.facts.lot(lot).is_some_and(|lot| lot.is_said_absent(element))
    }

    /// Whether the event that made a lot was taken in.
    #[must_use]
    pub fn knows(&self, lot: &LotId) -> bool {
        self.facts.lot(lot).is_some()
    }

    /// The net dry mass of a lot by the books; `None` where it is not shown.
    #[must_use]
    pub fn book_mass(&self, lot: &LotId) -> Option<Mass> {
        self.facts.lot(lot)?.shown()
    }

    /// The event with all corrections in place.
    #[must_use]
    pub fn corrected<'e>(&self, event: &'e Event) -> Cow<'e, Event> {
        self.facts.overlays.corrected(event)
    }

    /// Processes and years in which a step brought its facility over the capacity registered for them.
    pub fn overruns(&self, event: &EventId) -> impl Iterator<Item = (Process, u16)> {
        self.overruns_of(event).iter().map(|overrun| (overrun.process, overrun.year))
    }

    /// Whether another assay of the same hand supersedes this one.
    #[must_use]
    pub fn is_superseded(&self, lot: &LotId, assay: &EventId) -> bool {
        let number = self.facts.numbers.find_event(assay);
        let mut assays = self.facts.lot(lot).into_iter().flat_map(Lot::assays);
        assays.any(|fact| Some(fact.event) == number && fact.superseded)
    }

    /// What went into a step of an event held of an element, and what came out above it. `line` is the number of the lot
    /// among those answered, for a receipt. `None` where the event made no such step, or no lot that came out holds any.
    #[must_use]
    pub fn weights(&self, event: &EventId, line: usize, element: Element) -> Option<Weights> {
        let number = self.facts.steps.of(self.facts.numbers.find_event(event)?).nth(line)?;
        let step = &self.facts.steps.get(number)?;
        let outputs = self.outputs(step, element);
        let open = self.facts.known(step.outputs).any(|(_, lot)| is_unsorted(lot.form));
        if outputs.iter().all(Option::is_none) && !open {
            return None;
        }
        let inputs = self.inputs(step, element);
        let gain = self.gain(number, step, element, &inputs, &outputs);
        let inputs = inputs.into_iter().map(|input| Some(input??.mass)).collect();
        Some(Weights { inputs, gain })
    }

    /// By input: `None` where the lot is not known, then whether it holds the element.
    fn inputs(&self, step: &Step<'_>, element: Element) -> Vec<Option<Option<Held>>> {
        let before = step.before.filter(|before| !before.hidden).map(|before| before.mass);
        let held = |id: &LotNo| {
            let lot = self.facts.lots.get(*id)?;
            Some(match step.kind {
                StepKind::Receipt { .. } => lot.held(element, before),
                _ => lot.held(element, lot.shown()),
            })
        };
        let mut all: Vec<Option<Option<Held>>> = step.inputs.iter().map(held).collect();
        if all.iter().all(|held| matches!(held, Some(None))) {
            // What is dug up or taken back holds more elements than anybody lists.
            for (slot, id) in all.iter_mut().zip(step.inputs) {
                let lot = self.facts.lots.get(*id).filter(|lot| is_unsorted(lot.form));
                let open = |lot: Lot<'_>| Held { mass: up_to(lot.booked()), openness: Openness::NotAnalysed };
                *slot = Some(lot.map(open));
            }
        }
        all
    }

    fn outputs(&self, step: &Step<'_>, element: Element) -> Vec<Option<Held>> {
        let held = |(_, lot): (LotNo, Lot<'_>)| match step.kind {
            StepKind::Receipt { weighed: Some(weighed), .. } => lot.held(element, Some(weighed)),
            StepKind::Receipt { hidden: true, .. } => lot.held(element, None),
            StepKind::Receipt { .. } => lot.held(element, lot.shown()),
            _ => lot.held(element, lot.made()),
        };
        self.facts.known(step.outputs).map(held).collect()
    }

    /// What came out above what went in, beyond uncertainty, as review finds it; or what hidden values leave room for.
    fn gain(
        &self,
        number: u32,
        step: &Step<'_>,
        element: Element,
        inputs: &[Option<Option<Held>>],
        outputs: &[Option<Held>],
    ) -> Option<(Interval, bool)> {
        if step.kind == StepKind::Source {
            return None;
        }
        if inputs.iter().any(Option::is_none) {
            return Some((Interval::UNKNOWN, false));
        }
        let held_in = || inputs.iter().flatten().flatten();
        let held_out = || outputs.iter().flatten();
        if held_in().any(|held| held.openness == Openness::NotAnalysed) {
            return None;
        }
        let most_in = held_in().map(|held| held.mass).fold(Interval::default(), Interval::plus);
        let out = held_out().map(|held| held.mass).fold(Interval::default(), Interval::plus);
        let room = out.most.saturating_sub(most_in.least);
        if room == 0 {
            return None;
        }
        // The balance of review counts what a lot derives of an element that it does not list.
        let lots = step.inputs.iter().filter_map(|id| self.facts.lots.get(*id));
        let obscured =
            lots.filter(|lot| lot.derived && !lot.lists(element)).any(|lot| lot.derived_hidden.contains(element));
        if obscured || held_in().chain(held_out()).any(|held| held.openness == Openness::Hidden) {
            return Some((Interval { least: 0, most: if out.most == u64::MAX { u64::MAX } else { room } }, false));
        }
        let balance = self.balance(number)?;
        let least = out.least.saturating_sub(most_in.most);
        let is_gain = if balance.operation().adds(element) {
            least > 0
        } else {
            let flow = balance.least_out(&balance.flow(element));
            flow.gain().is_some_and(|gain| gain > flow.tolerance())
        };
        (is_gain && least > 0).then_some((Interval { least, most: room }, true))
    }

    /// Whether what the outputs of a step derive from its inputs rests on hidden values.
    pub(super) fn rests_on_hidden(&self, step: &Step<'_>, element: Element) -> bool {
        let lots: Vec<Lot<'_>> = step.inputs.iter().filter_map(|id| self.facts.lots.get(*id)).collect();
        let is_hidden = |lot: Lot<'_>, net: Option<Mass>| {
            lot.held(element, net).is_some_and(|held| held.openness == Openness::Hidden)
        };
        match lots.as_slice() {
            // The composition of one lot is that of its parts, whatever it weighs.
            [one] => is_hidden(*one, Some(Mass::MAX)),
            several => {
                several.iter().any(|lot| is_hidden(*lot, lot.shown())) || several.iter().any(|lot| lot.mass_hidden)
            }
        }
    }
}

fn up_to(net: Option<Mass>) -> Interval {
    Interval { least: 0, most: net.map_or(u64::MAX, Mass::mg) }
}

impl Lot<'_> {
    /// What the lot holds at a net dry mass.
    pub(super) fn held(self, element: Element, net: Option<Mass>) -> Option<Held> {
        let share = self.own_share(element);
        if share.is_none() && !self.lists(element) {
            return None;
        }
        let Some(net) = net else { return Some(Held { mass: up_to(None), openness: Openness::Hidden }) };
        if self.is_hidden(element) {
            return Some(Held { mass: up_to(Some(net)), openness: Openness::Hidden });
        }
        let Some(share) = share else {
            return Some(Held { mass: up_to(Some(net)), openness: Openness::NotAnalysed });
        };
        let most = u64::try_from(share.mg(net)).unwrap_or(u64::MAX);
        let least = if share.measured { most } else { 0 };
        Some(Held { mass: Interval { least, most }, openness: Openness::Known })
    }

    fn is_said_absent(self, element: Element) -> bool {
        let none = |share: Share| share.of_net == 0 || (!share.measured && share.of_net <= GREATEST_LOQ);
        !self.lists(element) && !self.is_hidden(element) && self.own_share(element).is_some_and(none)
    }

    /// The best value for an element; none that is only derived of an element that the lot does not list.
    pub(super) fn own_share(self, element: Element) -> Option<Share> {
        let is_own = !self.derived || self.lists(element) || self.is_assayed(element);
        self.share(element).filter(|_| is_own)
    }

    /// Whether a composition or results that are not shown may take the place of the best value for an element.
    fn is_hidden(self, element: Element) -> bool {
        if self.derived && (self.derived_hidden.contains(element) || self.counting().any(|assay| assay.hidden)) {
            return true;
        }
        let book = find(self.stated(), element).map(|_| (rank(None), 0));
        let assays = || self.counting().zip(1..).map(|(assay, at)| (assay, (rank(Some(assay.status)), at)));
        let shown = assays().filter(|(assay, _)| find(self.shares(assay), element).is_some()).map(|(_, key)| key);
        let best = shown.chain(book).max();
        let hidden_book = self.maybe_withheld.then_some((rank(None), 0));
        let hidden = assays().filter(|(assay, _)| assay.hidden).map(|(_, key)| key).chain(hidden_book).max();
        hidden.is_some_and(|hidden| best.is_none_or(|best| hidden >= best))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{AssayStatus, Form};
    use crate::rules::fixture::{assay, lot};
    use crate::rules::review::lots::{Lots, NewAssay};
    use crate::state::numbers::EventNo;

    const LOT: LotNo = LotNo(0);
    const MAKER: EventNo = EventNo(1);

    fn magnet(dysprosium: &str, listed: &[Element]) -> Lots {
        let mut made = lot(Form::Magnet, "100", &format!("Nd 0.3{dysprosium}"));
        made.elements = [&[Element::Nd], listed].concat();
        let mut lots = Lots::default();
        lots.insert(LOT, MAKER, &made);
        lots
    }

    fn is_said_absent(lots: &Lots) -> bool {
        lots.get(LOT).unwrap().is_said_absent(Element::Dy)
    }

    /// As [`Settled::new`] does, where the assays count.
    fn count(lots: &mut Lots) {
        let judged: Result<(), ()> = lots.judge(|_, assay| {
            assay.counts = true;
            Ok(())
        });
        judged.unwrap();
    }

    #[test]
    fn a_lot_is_said_not_to_hold_what_a_value_rules_out() {
        for (dysprosium, expected) in
            [("", false), (", Dy <0.001", true), (", Dy <0.0010001", false), (", Dy 0", true), (", Dy 0.000001", false)]
        {
            assert_eq!(is_said_absent(&magnet(dysprosium, &[])), expected, "{dysprosium}");
        }
        assert!(!is_said_absent(&magnet(", Dy <0.001", &[Element::Dy])), "what is listed is there");
    }

    #[test]
    fn a_hidden_value_that_would_count_for_more_leaves_it_open() {
        let event = EventNo(2);
        let add = |lots: &mut Lots, results: &str| {
            let assay = &assay(LotId::new(EventId::of_signing_input(b"made"), 0), AssayStatus::Final, results);
            lots.add_assay(LOT, NewAssay { event, by: MAKER, old: None, assay });
        };
        let mut lots = magnet(", Dy <0.001", &[]);
        add(&mut lots, "Dy 0.01");
        assert!(is_said_absent(&lots), "the assay is not settled to count");
        count(&mut lots);
        assert!(!is_said_absent(&lots));
        lots.hide_results(LOT, event);
        assert!(!is_said_absent(&lots), "it may say that there is some");
        let mut lots = magnet("", &[]);
        lots.get_mut(LOT).unwrap().hide_composition();
        add(&mut lots, "Dy <0.0005");
        count(&mut lots);
        assert!(is_said_absent(&lots), "a final assay counts for more than the book");
    }
}
