//! How much of each tracked element a lot contains, from its quantity and composition.

use crate::event::{AnalyteValue, Lot, Reading};
use crate::value::{Analyte, Basis, Element, Mass};
use serde::{Deserialize, Serialize};

/// The mass of one element in a lot, dry basis, in milligrams (rounded down).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The element.
    pub element: Element,
    /// Milligrams: measured, or the most that a limit of quantification allows.
    pub mg: u64,
    /// Whether it was measured; otherwise `mg` is an upper bound.
    pub measured: bool,
}

/// One whole in parts per billion.
const WHOLE: u128 = 1_000_000_000;

/// The contents of a lot whose quantity and composition are known; empty where either is not.
///
/// An element counts as analysed where a line names it or its oxide; a group alone (`TREO`, `NdPr`) does not resolve it.
/// Of several lines for one element the first counts.
#[must_use]
pub fn contents(lot: &Lot) -> Vec<Content> {
    let (Some(net_dry), Some(lines)) = (lot.net_dry(), &lot.composition) else { return Vec::new() };
    contents_of(net_dry, lines)
}

/// As [`contents`], for a mass and the lines of a composition or assay.
#[must_use]
pub fn contents_of(net_dry: Mass, lines: &[AnalyteValue]) -> Vec<Content> {
    let mut found: Vec<Content> = Vec::new();
    for line in lines {
        let Some(content) = content_of_line(net_dry, line, lines) else { continue };
        if found.iter().all(|other| other.element != content.element) {
            found.push(content);
        }
    }
    found.sort_by_key(|content| content.element);
    found
}

fn content_of_line(net_dry: Mass, line: &AnalyteValue, lines: &[AnalyteValue]) -> Option<Content> {
    let stoichiometry = line.analyte.stoichiometry()?;
    let (fraction, measured) = match line.value {
        Reading::Value(fraction) => (fraction, true),
        Reading::BelowLoq(limit) => (limit, false),
    };
    // At most 10⁹ × 10⁹ × 2⁵³ × 10⁹ < 2¹⁴³ would overflow, so the total is applied after one division by 10⁹.
    let compound = u128::from(net_dry.mg()) * u128::from(fraction.ppb()) / WHOLE;
    let compound = match line.basis {
        Basis::Absolute => compound,
        Basis::ReoOverTreo => compound * u128::from(total(Analyte::Treo, lines)?) / WHOLE,
        Basis::ReOverTrem => compound * u128::from(total(Analyte::Trem, lines)?) / WHOLE,
    };
    let mg = stoichiometry.milligrams(u64::try_from(compound).ok()?);
    Some(Content { element: stoichiometry.element, mg, measured })
}

/// The absolute fraction of a total (TREO, TREM) among the lines, in parts per billion.
fn total(of: Analyte, lines: &[AnalyteValue]) -> Option<u32> {
    let line = lines.iter().find(|line| line.analyte == of && line.basis == Basis::Absolute)?;
    match line.value {
        Reading::Value(fraction) => Some(fraction.ppb()),
        Reading::BelowLoq(_) => None,
    }
}

/// Contents after the book mass changed from `old` to `new`, in proportion.
#[must_use]
pub fn scale(contents: &[Content], old: Mass, new: Mass) -> Vec<Content> {
    let factor = |mg: u64| {
        let scaled = u128::from(mg) * u128::from(new.mg()) / u128::from(old.mg().max(1));
        u64::try_from(scaled).unwrap_or(u64::MAX)
    };
    contents.iter().map(|content| Content { mg: factor(content.mg), ..*content }).collect()
}
