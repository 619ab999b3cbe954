//! What a composition or an assay says: shares of elements in the dry mass of a lot.

use crate::event::{AnalyteValue, AssayStatus, Reading};
use crate::state::contents_of;
use crate::value::{Analyte, Basis, Decimal6, Element, Fraction, Mass};
use std::num::NonZeroU32;

/// One whole, in the unit of [`Share::of_net`].
pub(super) const FINE: u64 = 1_000_000_000_000_000;

/// The share of an element in the dry mass of a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    /// In 10⁻¹⁵ of the net dry mass: measured, or the most that a limit of quantification allows.
    pub(super) of_net: u64,
    /// Expanded uncertainty (k = 2) in parts of the value.
    pub(super) uncertainty: Option<Ppb>,
    pub(super) element: Element,
    pub(super) measured: bool,
    /// Whether an assay says so, not the maker's book.
    pub(super) assayed: bool,
}

impl Share {
    /// Milligrams of the element in a lot of this net dry mass, rounded down.
    pub(super) fn mg(&self, net: Mass) -> u128 {
        u128::from(net.mg()) * u128::from(self.of_net) / u128::from(FINE)
    }
}

/// Parts per billion; absent or not, it takes four bytes. The greatest number counts as the one below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ppb(NonZeroU32);

impl Ppb {
    pub(super) const fn new(ppb: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(ppb))
    }

    pub(super) const fn get(self) -> u32 {
        self.0.get() - 1
    }
}

/// The totals that fractions on a relative basis refer to.
pub(super) type Totals = [Option<Ppb>; 2];

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

pub(super) fn totals(lines: &[AnalyteValue]) -> Totals {
    TOTALS.map(|total| {
        let line = lines.iter().find(|line| line.analyte == total && line.basis == Basis::Absolute)?;
        match line.value {
            Reading::Value(value) => Some(Ppb::new(value.ppb())),
            Reading::BelowLoq(_) => None,
        }
    })
}

/// The shares that lines resolve; a total that an assay does not state is taken from the lot's composition.
pub(super) fn shares(lines: &[AnalyteValue], known: &Totals, assayed: bool) -> Vec<Share> {
    let mut lines = lines.to_vec();
    let stated = totals(&lines);
    for (number, total) in TOTALS.into_iter().enumerate() {
        let known = known.get(number).copied().flatten().and_then(|known| Fraction::new(known.get()));
        if let (None, Some(value)) = (stated.get(number).copied().flatten(), known) {
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
            uncertainty: line.and_then(relative_uncertainty).map(Ppb::new),
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
