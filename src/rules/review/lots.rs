//! What is known of one lot: masses, composition, assays; compact, since a ledger has as many lots as events.
//!
//! A lot has a record of fixed size; what there are several of lies in lists that all lots share.

use super::compact::{Elements, Milligrams};
use super::shares::{Ppb, Share, Totals, find, rank, ratio_ppb, shares, totals};
use crate::event::{
    AnalyteValue, Assay, AssayStatus, Form, LeafStatus, Leaves as _, Lot as Made, OutputRole, Quantity,
};
use crate::state::numbers::{Column, EventNo, Lists, LotNo, NONE, Places};
use crate::value::{Basis, Element, Mass};
use std::ops::Deref;

/// A run of shares in the list of all.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    at: u32,
    count: u32,
}

impl Run {
    fn of(self, all: &[Share]) -> &[Share] {
        let (at, count) = (usize::try_from(self.at).unwrap_or(usize::MAX), usize::try_from(self.count).unwrap_or(0));
        all.get(at..at.saturating_add(count)).unwrap_or_default()
    }

    /// Adds shares to the list of all.
    fn put(all: &mut Vec<Share>, shares: &[Share]) -> Self {
        let number = |count: usize| u32::try_from(count).unwrap_or(NONE);
        let run = Self { at: number(all.len()), count: number(shares.len()) };
        all.extend_from_slice(shares);
        run
    }
}

/// An assay of a lot.
#[derive(Debug, Clone)]
pub(super) struct AssayFact {
    pub(super) event: EventNo,
    pub(super) by: EventNo,
    shares: Run,
    /// The next assay of the lot.
    next: u32,
    pub(super) status: AssayStatus,
    pub(super) superseded: bool,
    /// Whether its values are used: decided when the facts are settled.
    pub(super) counts: bool,
    /// Whether it may have results that are not shown, or that cannot be resolved without values that are not.
    pub(super) hidden: bool,
}

/// The record of a lot.
#[derive(Debug, Clone)]
pub(super) struct LotFact {
    /// Net dry mass as made, where shown.
    made: Option<Milligrams>,
    /// Net dry mass as last received.
    received: Option<Milligrams>,
    pub(super) maker: EventNo,
    elements: Elements,
    /// Elements of a derived composition that rest on values that are not shown.
    pub(super) derived_hidden: Elements,
    /// Expanded uncertainty of the mass, in parts of it.
    pub(super) weighing: Option<Ppb>,
    /// Composition by the maker's book, or derived from the inputs of a step that keeps it.
    stated: Run,
    totals: Totals,
    first_assay: u32,
    last_assay: u32,
    /// Parties that took it over.
    receivers: u32,
    pub(super) form: Form,
    pub(super) role: OutputRole,
    /// Whether a composition may be withheld.
    pub(super) maybe_withheld: bool,
    /// Whether its mass is withheld, or a receiver's later weighing may be.
    pub(super) mass_hidden: bool,
    /// Whether its composition is that of the inputs of the step that made it.
    pub(super) derived: bool,
    /// Whether somebody other than the maker assayed it, or the lot it is a part of.
    pub(super) assayed_by_other: bool,
}

impl LotFact {
    fn new(maker: EventNo, lot: &Made) -> Self {
        let mut fact = Self {
            made: None,
            received: None,
            maker,
            elements: lot.elements.iter().copied().collect(),
            derived_hidden: Elements::default(),
            weighing: None,
            stated: Run::default(),
            totals: [None, None],
            first_assay: NONE,
            last_assay: NONE,
            receivers: NONE,
            form: lot.form,
            role: lot.role,
            maybe_withheld: lot.leaf_status("composition") == Some(LeafStatus::WithheldOrAbsent),
            mass_hidden: lot.quantity.is_none(),
            derived: false,
            assayed_by_other: false,
        };
        lot.quantity.iter().for_each(|quantity| fact.set_quantity(quantity));
        fact
    }

    pub(super) fn set_quantity(&mut self, quantity: &Quantity) {
        self.made = Some(quantity.net_dry.into());
        self.mass_hidden = false;
        self.weighing = quantity.uncertainty.map(|u| Ppb::new(ratio_ppb(u.mg(), quantity.net_dry.mg())));
    }

    /// A correction puts a mass that is not shown.
    pub(super) fn hide_quantity(&mut self) {
        (self.made, self.weighing, self.mass_hidden) = (None, None, true);
    }

    /// A correction puts a composition that is not shown.
    pub(super) fn hide_composition(&mut self) {
        (self.stated, self.totals, self.maybe_withheld) = (Run::default(), [None, None], true);
    }

    /// A receiver weighed it.
    pub(super) fn receive(&mut self, weighed: Mass) {
        (self.received, self.mass_hidden) = (Some(weighed.into()), false);
    }

    /// The net dry mass as made.
    pub(super) fn made(&self) -> Option<Mass> {
        self.made.and_then(Milligrams::mass)
    }

    /// The net dry mass of the books: the last receiver's, else the maker's.
    pub(super) fn booked(&self) -> Option<Mass> {
        self.received.or(self.made).and_then(Milligrams::mass)
    }

    /// The same, where no value that is not shown may take its place.
    pub(super) fn shown(&self) -> Option<Mass> {
        self.booked().filter(|_| !self.mass_hidden)
    }

    pub(super) fn lists(&self, element: Element) -> bool {
        self.elements.contains(element)
    }
}

/// A lot with its lists.
#[derive(Clone, Copy)]
pub(super) struct Lot<'a> {
    fact: &'a LotFact,
    all: &'a Lots,
}

impl Deref for Lot<'_> {
    type Target = LotFact;

    fn deref(&self) -> &LotFact {
        self.fact
    }
}

impl<'a> Lot<'a> {
    pub(super) fn stated(self) -> &'a [Share] {
        self.fact.stated.of(&self.all.shares)
    }

    /// In the order recorded.
    pub(super) fn assays(self) -> impl Iterator<Item = &'a AssayFact> + Clone {
        let assays = &self.all.assays;
        std::iter::successors(assays.get(self.fact.first_assay), move |assay| assays.get(assay.next))
    }

    /// Those whose values are used.
    pub(super) fn counting(self) -> impl Iterator<Item = &'a AssayFact> + Clone {
        self.assays().filter(|assay| assay.counts && !assay.superseded)
    }

    pub(super) fn shares(self, assay: &AssayFact) -> &'a [Share] {
        assay.shares.of(&self.all.shares)
    }

    /// The best value for an element: umpire before final before the maker's book before provisional, later before earlier.
    pub(super) fn share(self, element: Element) -> Option<Share> {
        let assayed = self.counting().filter_map(|a| Some((rank(Some(a.status)), find(self.shares(a), element)?)));
        let stated = find(self.stated(), element).map(|share| (rank(None), share));
        stated.into_iter().chain(assayed).max_by_key(|(rank, _)| *rank).map(|(_, share)| share)
    }

    /// Whether an assay that counts says something of an element.
    pub(super) fn is_assayed(self, element: Element) -> bool {
        self.counting().any(|assay| find(self.shares(assay), element).is_some())
    }

    /// Whether anything is known of the composition.
    pub(super) fn is_analysed(self) -> bool {
        !self.stated().is_empty() || self.counting().next().is_some()
    }
}

/// Everything known of lots.
#[derive(Debug, Clone, Default)]
pub(super) struct Lots {
    places: Places,
    facts: Column<LotFact>,
    shares: Vec<Share>,
    assays: Column<AssayFact>,
    receivers: Lists,
}

/// An assay that is recorded.
pub(super) struct NewAssay<'a> {
    pub(super) event: EventNo,
    pub(super) by: EventNo,
    /// The one that it says it supersedes.
    pub(super) old: Option<EventNo>,
    pub(super) assay: &'a Assay,
}

/// The lot of an assay, for whoever decides whether the assay counts.
pub(super) struct Assayed {
    pub(super) form: Form,
    /// Its maker and those who took it over.
    pub(super) parties: Vec<EventNo>,
}

impl Lots {
    pub(super) fn insert(&mut self, lot: LotNo, maker: EventNo, made: &Made) {
        self.places.set(lot.0, self.facts.len());
        self.facts.push(LotFact::new(maker, made));
        made.composition.iter().for_each(|lines| self.set_composition(lot, lines));
    }

    pub(super) fn get(&self, lot: LotNo) -> Option<Lot<'_>> {
        let fact = self.facts.get(self.places.get(lot.0)?)?;
        Some(Lot { fact, all: self })
    }

    pub(super) fn get_mut(&mut self, lot: LotNo) -> Option<&mut LotFact> {
        self.facts.get_mut(self.places.get(lot.0)?)
    }

    pub(super) fn set_composition(&mut self, lot: LotNo, lines: &[AnalyteValue]) {
        let totals = totals(lines);
        let stated = Run::put(&mut self.shares, &shares(lines, &totals, false));
        if let Some(fact) = self.get_mut(lot) {
            (fact.totals, fact.stated, fact.maybe_withheld) = (totals, stated, false);
        }
    }

    /// The composition of a lot is that of what it was made of.
    pub(super) fn derive(&mut self, lot: LotNo, stated: &[Share], hidden: Elements) {
        let stated = Run::put(&mut self.shares, stated);
        if let Some(fact) = self.get_mut(lot) {
            (fact.stated, fact.derived, fact.derived_hidden) = (stated, true, hidden);
        }
    }

    pub(super) fn add_receiver(&mut self, lot: LotNo, party: EventNo) {
        let Some(fact) = self.places.get(lot.0).and_then(|place| self.facts.get_mut(place)) else { return };
        fact.receivers = self.receivers.add(fact.receivers, party.0);
    }

    pub(super) fn add_assay(&mut self, lot: LotNo, new: NewAssay<'_>) {
        let NewAssay { event, by, old, assay } = new;
        let Some(known) = self.get(lot) else { return };
        let shares = assay.results.as_ref().map_or_else(Vec::new, |lines| shares(lines, &known.totals, true));
        let unresolved = |line: &AnalyteValue| {
            line.basis != Basis::Absolute && line.analyte.element().is_some_and(|e| find(&shares, e).is_none())
        };
        let withheld = assay.leaf_status("results") == Some(LeafStatus::WithheldOrAbsent);
        let hidden = withheld || (known.maybe_withheld && assay.results.iter().flatten().any(unresolved));
        // A lot may have as many assays as a log has events: they are looked through only where one is named.
        if let Some(old) = old
            && let Some(known) = self.assay_mut(lot, |other| other.event == old && other.by == by)
        {
            known.superseded = true;
        }
        let shares = Run::put(&mut self.shares, &shares);
        let (status, next) = (assay.status, NONE);
        self.append(lot, AssayFact { event, by, shares, next, status, superseded: false, counts: false, hidden });
        if let Some(fact) = self.get_mut(lot) {
            fact.assayed_by_other |= by != fact.maker;
        }
    }

    fn append(&mut self, lot: LotNo, assay: AssayFact) {
        let number = self.assays.len();
        self.assays.push(assay);
        let Some(fact) = self.places.get(lot.0).and_then(|place| self.facts.get_mut(place)) else { return };
        match self.assays.get_mut(std::mem::replace(&mut fact.last_assay, number)) {
            Some(last) => last.next = number,
            None => fact.first_assay = number,
        }
    }

    pub(super) fn set_results(&mut self, lot: LotNo, assay: EventNo, lines: &[AnalyteValue]) {
        let Some(known) = self.get(lot) else { return };
        let run = shares(lines, &known.totals, true);
        let run = Run::put(&mut self.shares, &run);
        if let Some(fact) = self.assay_mut(lot, |other| other.event == assay) {
            (fact.shares, fact.hidden) = (run, false);
        }
    }

    /// A correction puts results that are not shown.
    pub(super) fn hide_results(&mut self, lot: LotNo, assay: EventNo) {
        if let Some(fact) = self.assay_mut(lot, |other| other.event == assay) {
            (fact.shares, fact.hidden) = (Run::default(), true);
        }
    }

    /// An assay is withdrawn: the one before it is followed by the one behind it.
    pub(super) fn remove_assay(&mut self, lot: LotNo, assay: EventNo) {
        let Some(known) = self.get(lot) else { return };
        let (mut before, mut number) = (NONE, known.first_assay);
        let next = loop {
            match self.assays.get(number) {
                Some(fact) if fact.event == assay => break fact.next,
                Some(fact) => (before, number) = (number, fact.next),
                None => return,
            }
        };
        if let Some(fact) = self.assays.get_mut(before) {
            fact.next = next;
        }
        let Some(fact) = self.get_mut(lot) else { return };
        if before == NONE {
            fact.first_assay = next;
        }
        if next == NONE {
            fact.last_assay = before;
        }
    }

    fn assay_mut(&mut self, lot: LotNo, is_meant: impl Fn(&AssayFact) -> bool) -> Option<&mut AssayFact> {
        let mut number = self.get(lot)?.first_assay;
        loop {
            let assay = self.assays.get(number)?;
            if is_meant(assay) {
                return self.assays.get_mut(number);
            }
            number = assay.next;
        }
    }

    /// Has every assay looked at, lot by lot.
    pub(super) fn judge<E>(
        &mut self,
        mut judge: impl FnMut(&Assayed, &mut AssayFact) -> Result<(), E>,
    ) -> Result<(), E> {
        for place in 0..self.facts.len() {
            let Some(fact) = self.facts.get(place).filter(|fact| fact.first_assay != NONE) else { continue };
            let mut parties: Vec<EventNo> = self.receivers.backwards(fact.receivers).map(EventNo).collect();
            parties.push(fact.maker);
            parties.sort_unstable();
            parties.dedup();
            let lot = Assayed { form: fact.form, parties };
            let mut next = fact.first_assay;
            while let Some(assay) = self.assays.get_mut(next) {
                judge(&lot, assay)?;
                next = assay.next;
            }
        }
        Ok(())
    }
}
