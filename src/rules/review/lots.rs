//! What is known of one lot: masses, composition, assays; compact, since a ledger has as many lots as events.

use crate::event::{
    AnalyteValue, Assay, AssayStatus, Form, LeafStatus, Leaves as _, Lot, OutputRole, Quantity, Reading,
};
use crate::state::contents_of;
use crate::value::{Analyte, Basis, Decimal6, Element, EventId, Fraction, Mass, PartyId};

/// One whole, in the unit of [`Share::of_net`].
pub(super) const FINE: u64 = 1_000_000_000_000_000;

/// The share of an element in the dry mass of a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) element: Element,
    /// In 10⁻¹⁵ of the net dry mass: measured, or the most that a limit of quantification allows.
    pub(super) of_net: u64,
    pub(super) measured: bool,
    /// Expanded uncertainty (k = 2) in parts per billion of the value.
    pub(super) uncertainty_ppb: Option<u32>,
    /// Whether an assay says so, not the maker's book.
    pub(super) assayed: bool,
}

impl Share {
    /// Milligrams of the element in a lot of this net dry mass, rounded down.
    pub(super) fn mg(&self, net: Mass) -> u128 {
        u128::from(net.mg()) * u128::from(self.of_net) / u128::from(FINE)
    }
}

/// The totals that fractions on a relative basis refer to.
type Totals = [Option<Fraction>; 2];

#[derive(Debug, Clone)]
pub(super) struct AssayFact {
    pub(super) event: EventId,
    pub(super) by: PartyId,
    pub(super) status: AssayStatus,
    pub(super) shares: Vec<Share>,
    pub(super) superseded: bool,
    /// Whether its values are used: decided when the facts are settled.
    pub(super) counts: bool,
    /// Whether it may have results that are not shown, or that cannot be resolved without values that are not.
    pub(super) hidden: bool,
}

#[derive(Debug, Clone)]
pub(super) struct LotFact {
    pub(super) maker: PartyId,
    pub(super) form: Form,
    pub(super) role: OutputRole,
    pub(super) elements: Vec<Element>,
    /// Net dry mass as made, where shown.
    pub(super) made: Option<Mass>,
    /// Net dry mass as last received.
    pub(super) received: Option<Mass>,
    /// Expanded uncertainty of the mass, in parts per billion.
    pub(super) weighing_ppb: Option<u32>,
    /// Composition by the maker's book, or derived from the inputs of a step that keeps it.
    pub(super) stated: Vec<Share>,
    totals: Totals,
    /// Whether a composition may be withheld.
    pub(super) maybe_withheld: bool,
    /// Whether its mass is withheld, or a receiver's later weighing may be.
    pub(super) mass_hidden: bool,
    /// Whether its composition is that of the inputs of the step that made it.
    pub(super) derived: bool,
    /// Elements of a derived composition that rest on values that are not shown.
    pub(super) derived_hidden: Vec<Element>,
    pub(super) assays: Vec<AssayFact>,
    /// Parties that took it over.
    pub(super) receivers: Vec<PartyId>,
    /// Whether somebody other than the maker assayed it, or the lot it is a part of.
    pub(super) assayed_by_other: bool,
    /// The last correction of its quantity or composition.
    pub(super) corrected_by: Option<EventId>,
}

impl LotFact {
    pub(super) fn new(maker: PartyId, lot: &Lot) -> Self {
        let mut fact = Self {
            maker,
            form: lot.form,
            role: lot.role,
            elements: lot.elements.clone(),
            made: None,
            received: None,
            weighing_ppb: None,
            stated: Vec::new(),
            totals: [None, None],
            maybe_withheld: lot.leaf_status("composition") == Some(LeafStatus::WithheldOrAbsent),
            mass_hidden: lot.quantity.is_none(),
            derived: false,
            derived_hidden: Vec::new(),
            assays: Vec::new(),
            receivers: Vec::new(),
            assayed_by_other: false,
            corrected_by: None,
        };
        if let Some(quantity) = &lot.quantity {
            fact.set_quantity(quantity);
        }
        if let Some(lines) = &lot.composition {
            fact.set_composition(lines);
        }
        fact
    }

    pub(super) fn set_quantity(&mut self, quantity: &Quantity) {
        self.made = Some(quantity.net_dry);
        self.mass_hidden = false;
        self.weighing_ppb = quantity.uncertainty.map(|u| ratio_ppb(u.mg(), quantity.net_dry.mg()));
    }

    pub(super) fn set_composition(&mut self, lines: &[AnalyteValue]) {
        self.totals = totals(lines);
        self.stated = shares(lines, &self.totals, false);
        self.maybe_withheld = false;
    }

    /// A correction puts a mass that is not shown.
    pub(super) fn hide_quantity(&mut self) {
        (self.made, self.weighing_ppb, self.mass_hidden) = (None, None, true);
    }

    /// A correction puts a composition that is not shown.
    pub(super) fn hide_composition(&mut self) {
        self.stated.clear();
        (self.totals, self.maybe_withheld) = ([None, None], true);
    }

    /// A correction puts results that are not shown.
    pub(super) fn hide_results(&mut self, event: EventId) {
        if let Some(assay) = self.assays.iter_mut().find(|assay| assay.event == event) {
            assay.shares.clear();
            assay.hidden = true;
        }
    }

    pub(super) fn add_assay(&mut self, event: EventId, by: PartyId, assay: &Assay) {
        if let Some(old) = assay.supersedes {
            let same_hand = |other: &&mut AssayFact| other.event == old && other.by == by;
            if let Some(old) = self.assays.iter_mut().find(same_hand) {
                old.superseded = true;
            }
        }
        let shares = assay.results.as_ref().map_or_else(Vec::new, |lines| shares(lines, &self.totals, true));
        let status = assay.status;
        let unresolved = |line: &AnalyteValue| {
            line.basis != Basis::Absolute && line.analyte.element().is_some_and(|e| find(&shares, e).is_none())
        };
        let withheld = assay.leaf_status("results") == Some(LeafStatus::WithheldOrAbsent);
        let hidden = withheld || (self.maybe_withheld && assay.results.iter().flatten().any(unresolved));
        self.assayed_by_other |= by != self.maker;
        self.assays.push(AssayFact { event, by, status, shares, superseded: false, counts: false, hidden });
    }

    pub(super) fn set_results(&mut self, event: EventId, lines: &[AnalyteValue]) {
        let totals = self.totals;
        if let Some(assay) = self.assays.iter_mut().find(|assay| assay.event == event) {
            assay.shares = shares(lines, &totals, true);
            assay.hidden = false;
        }
    }

    /// The net dry mass of the books: the last receiver's, else the maker's.
    pub(super) fn booked(&self) -> Option<Mass> {
        self.received.or(self.made)
    }

    /// The best value for an element: umpire before final before the maker's book before provisional, later before earlier.
    pub(super) fn share(&self, element: Element) -> Option<Share> {
        let assays = self.assays.iter().filter(|assay| assay.counts && !assay.superseded);
        let assayed = assays.filter_map(|assay| Some((rank(Some(assay.status)), find(&assay.shares, element)?)));
        let stated = find(&self.stated, element).map(|share| (rank(None), share));
        stated.into_iter().chain(assayed).max_by_key(|(rank, _)| *rank).map(|(_, share)| share)
    }

    pub(super) fn lists(&self, element: Element) -> bool {
        self.elements.contains(&element)
    }

    /// Whether an assay that counts says something of an element.
    pub(super) fn is_assayed(&self, element: Element) -> bool {
        let counting = self.assays.iter().filter(|assay| assay.counts && !assay.superseded);
        counting.into_iter().any(|assay| find(&assay.shares, element).is_some())
    }

    /// Whether anything is known of the composition.
    pub(super) fn is_analysed(&self) -> bool {
        !self.stated.is_empty() || self.assays.iter().any(|assay| assay.counts && !assay.superseded)
    }
}

pub(super) const fn rank(status: Option<AssayStatus>) -> u8 {
    match status {
        Some(AssayStatus::Umpire) => 3,
        Some(AssayStatus::Final) => 2,
        None => 1,
        Some(AssayStatus::Provisional) => 0,
    }
}

pub(super) fn find(shares: &[Share], element: Element) -> Option<Share> {
    shares.iter().find(|share| share.element == element).copied()
}

/// A part of a whole in parts per billion, at most four wholes.
pub(super) fn ratio_ppb(part: u64, whole: u64) -> u32 {
    let ratio = u128::from(part) * 1_000_000_000 / u128::from(whole.max(1));
    u32::try_from(ratio).unwrap_or(u32::MAX)
}

const TOTALS: [Analyte; 2] = [Analyte::Treo, Analyte::Trem];

fn totals(lines: &[AnalyteValue]) -> Totals {
    TOTALS.map(|total| {
        let line = lines.iter().find(|line| line.analyte == total && line.basis == Basis::Absolute)?;
        match line.value {
            Reading::Value(value) => Some(value),
            Reading::BelowLoq(_) => None,
        }
    })
}

/// The shares that lines resolve; a total that an assay does not state is taken from the lot's composition.
fn shares(lines: &[AnalyteValue], known: &Totals, assayed: bool) -> Vec<Share> {
    let mut lines = lines.to_vec();
    let stated = totals(&lines);
    for (number, total) in TOTALS.into_iter().enumerate() {
        if let (None, Some(value)) = (stated.get(number).copied().flatten(), known.get(number).copied().flatten()) {
            let (value, basis) = (Reading::Value(value), Basis::Absolute);
            lines.push(AnalyteValue { analyte: total, value, basis, uncertainty: None, k: None });
        }
    }
    let Some(fine) = Mass::new(FINE) else { return Vec::new() };
    let contents = contents_of(fine, &lines);
    let share = |content: crate::state::Content| {
        let line = lines.iter().find(|line| line.analyte.element() == Some(content.element));
        Share {
            element: content.element,
            of_net: content.mg,
            measured: content.measured,
            uncertainty_ppb: line.and_then(relative_uncertainty),
            assayed,
        }
    };
    contents.into_iter().map(share).collect()
}

/// The uncertainty of a line at k = 2, in parts per billion of its value.
fn relative_uncertainty(line: &AnalyteValue) -> Option<u32> {
    let (uncertainty, Reading::Value(value)) = (line.uncertainty?, line.value) else { return None };
    let k = line.k.map_or(2_000_000, Decimal6::get);
    if k == 0 {
        return None;
    }
    let at_two = u128::from(uncertainty.ppb()) * 2_000_000 / u128::from(k);
    Some(ratio_ppb(u64::try_from(at_two).unwrap_or(u64::MAX), value.ppb().into()))
}
