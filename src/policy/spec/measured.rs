//! What an assay says of a limit's analyte or property, on the limit's basis.

use super::{Limit, Property, Unit};
use crate::event::{self, AnalyteValue, Reading};
use crate::policy::trail::TrailAssay;
use crate::rules::data::root_sum_square;
use crate::value::{Analyte, Basis, Decimal6, decimal};

/// A measured value in counts of the assay's unit; between two bounds where it is below a limit of quantification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Measured {
    pub(super) least: u128,
    pub(super) most: u128,
    /// Expanded uncertainty, k = 2, where stated.
    pub(super) uncertainty: Option<u128>,
    /// Whether it was converted from another basis.
    pub(super) converted: bool,
}

/// What is found in an assay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// A value.
    Value(Measured),
    /// A value that cannot be compared, and why.
    Other(String),
    /// The results may be withheld.
    Withheld,
    /// Nothing.
    Nothing,
}

/// One whole, in counts.
const ONE: u128 = 1_000_000_000;

impl Measured {
    const fn exact(value: u128, uncertainty: Option<u128>) -> Self {
        Self { least: value, most: value, uncertainty, converted: false }
    }

    /// As text in a unit.
    pub(super) fn text(&self, unit: Unit) -> String {
        let value =
            if self.least == self.most { number(self.most, unit) } else { format!("<{}", number(self.most, unit)) };
        format!("{value} {}", shown_unit(unit))
    }

    /// Its uncertainty as text in a unit.
    pub(super) fn uncertainty_text(&self, unit: Unit) -> Option<String> {
        self.uncertainty.map(|uncertainty| format!("{} {}", number(rounded_up(uncertainty), unit), shown_unit(unit)))
    }

    /// Whether two values differ by more than their uncertainties together; `None` where one states none.
    pub(super) fn disagrees(&self, other: &Self) -> Option<bool> {
        let allowed = root_sum_square(self.uncertainty?, other.uncertainty?);
        let apart = self.least.saturating_sub(other.most).max(other.least.saturating_sub(self.most));
        Some(apart > allowed)
    }
}

/// An uncertainty as it is shown: what was computed has two significant digits (GUM, JCGM 100:2008 section 7.2.6), rounded
/// up; what a certificate states in up to three stays.
fn rounded_up(uncertainty: u128) -> u128 {
    let digits = uncertainty.checked_ilog10().unwrap_or(0);
    let unit = |kept: u32| 10_u128.pow((digits + 1).saturating_sub(kept));
    if uncertainty.is_multiple_of(unit(3)) { uncertainty } else { uncertainty.next_multiple_of(unit(2)) }
}

/// The unit in which a value is shown: properties in that of assays.
const fn shown_unit(unit: Unit) -> Unit {
    match unit {
        Unit::KiloGauss => Unit::Tesla,
        Unit::KiloOersted => Unit::KiloAmperePerMetre,
        Unit::MegaGaussOersted => Unit::KiloJoulePerCubicMetre,
        Unit::KilogramPerCubicMetre => Unit::GramPerCubicCentimetre,
        other => other,
    }
}

fn number(count: u128, unit: Unit) -> String {
    let scale = match unit {
        Unit::Fraction => 9,
        Unit::Percent => 7,
        Unit::Ppm => 3,
        _ => Decimal6::SCALE,
    };
    decimal::format(u64::try_from(count).unwrap_or(u64::MAX), scale)
}

/// What an assay says of a limit.
pub(super) fn find(limit: &Limit, assay: &TrailAssay) -> Found {
    match (limit.analyte, limit.basis, limit.property) {
        (Some(analyte), Some(basis), _) => match &assay.results {
            Some(lines) => of_analyte(lines, analyte, basis),
            None if assay.magnetic.is_some() => Found::Nothing,
            None => Found::Withheld,
        },
        (_, _, Some(property)) => match &assay.magnetic {
            Some(magnetic) => of_property(magnetic, property, limit.temperature),
            None if assay.results.is_some() => Found::Nothing,
            None => Found::Withheld,
        },
        _ => Found::Nothing,
    }
}

fn of_property(magnetic: &event::Magnetic, property: Property, temperature: Option<Decimal6>) -> Found {
    if temperature.is_some() && magnetic.temperature != temperature {
        let at = magnetic.temperature.map_or_else(|| "an unstated temperature".to_owned(), |t| format!("{t} °C"));
        return Found::Other(format!("measured at {at}"));
    }
    let value = |measured: event::Measured| {
        let uncertainty = measured.uncertainty.map(|u| u128::from(u.get()));
        Measured::exact(u128::from(measured.value.get()), uncertainty)
    };
    let found = match property {
        Property::Br => Some(value(magnetic.br)),
        Property::Hcb => magnetic.hcb.map(value),
        Property::Hcj => Some(value(magnetic.hcj)),
        Property::Bhmax => Some(value(magnetic.bhmax)),
        Property::Density => magnetic.density.map(|density| Measured::exact(u128::from(density.get()), None)),
    };
    found.map_or(Found::Nothing, Found::Value)
}

fn of_analyte(lines: &[AnalyteValue], analyte: Analyte, basis: Basis) -> Found {
    if let Some(found) = on(lines, analyte, basis) {
        return Found::Value(found);
    }
    let others = Basis::ALL.iter().copied().filter(|other| *other != basis);
    let mut stated = others.filter_map(|other| Some((other, on(lines, analyte, other)?))).peekable();
    let Some((other, _)) = stated.peek().copied() else { return Found::Nothing };
    match stated.find_map(|(from, value)| convert(lines, value, from, basis)) {
        Some(found) => Found::Value(found),
        None => Found::Other(format!("stated as {other}, and no total by which to compare it as {basis}")),
    }
}

/// The value on a basis as stated, a group as the sum of its members where it is not stated itself.
fn on(lines: &[AnalyteValue], analyte: Analyte, basis: Basis) -> Option<Measured> {
    let stated = |analyte: Analyte| lines.iter().find(|line| line.analyte == analyte && line.basis == basis).map(read);
    stated(analyte).or_else(|| {
        let members = analyte.members();
        let values: Vec<Measured> = members.iter().filter_map(|member| stated(*member)).collect();
        (!members.is_empty() && values.len() == members.len()).then(|| sum(&values))
    })
}

fn read(line: &AnalyteValue) -> Measured {
    // Restated for k = 2.
    let k = line.k.map_or(2_000_000, |k| u128::from(k.get()).max(1));
    let uncertainty = line.uncertainty.map(|u| u128::from(u.ppb()) * 2_000_000 / k);
    match line.value {
        Reading::Value(value) => Measured::exact(value.ppb().into(), uncertainty),
        Reading::BelowLoq(limit) => Measured { least: 0, ..Measured::exact(limit.ppb().into(), Some(0)) },
    }
}

fn sum(values: &[Measured]) -> Measured {
    let uncertainty = values.iter().map(|value| value.uncertainty).try_fold(0, |all, u| Some(root_sum_square(all, u?)));
    Measured {
        least: values.iter().map(|value| value.least).sum(),
        most: values.iter().map(|value| value.most).sum(),
        uncertainty,
        converted: false,
    }
}

/// From one basis to another by the total that the same assay states; between `absolute` and a relative basis only.
fn convert(lines: &[AnalyteValue], value: Measured, from: Basis, to: Basis) -> Option<Measured> {
    let total = match (from.relative_to(), to.relative_to()) {
        (Some(total), None) | (None, Some(total)) => on(lines, total, Basis::Absolute)?,
        _ => return None,
    };
    let is_shown = total.least == total.most && total.most > 0;
    let (total, of_total) = (total.most, total.uncertainty);
    let scale = |count: u128| if to == Basis::Absolute { count * total / ONE } else { count * ONE / total.max(1) };
    let uncertainty = value.uncertainty.zip(of_total).map(|(own, of_total)| {
        // Relative uncertainties add as squares; that of the total scales with the value.
        root_sum_square(scale(own), scale(value.most) * of_total / total.max(1))
    });
    is_shown.then(|| Measured { least: scale(value.least), most: scale(value.most), uncertainty, converted: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fixture::lines;

    fn value(text: &str, analyte: Analyte, basis: Basis) -> Found {
        of_analyte(&lines(text), analyte, basis)
    }

    #[test]
    fn a_share_of_the_oxides_is_not_one_of_the_material() {
        let text = "TREO 0.99 ~0.004, Dy2O3 0.995 REO/TREO ~0.001";
        let Found::Value(relative) = value(text, Analyte::Dy2O3, Basis::ReoOverTreo) else { panic!() };
        assert_eq!((relative.most, relative.converted), (995_000_000, false));
        let Found::Value(absolute) = value(text, Analyte::Dy2O3, Basis::Absolute) else { panic!() };
        assert_eq!((absolute.most, absolute.converted), (985_050_000, true));
        // √((0.001 · 0.99)² + (0.98505 · 0.004/0.99)²)
        assert_eq!(absolute.uncertainty, Some(4_101_280));
        assert_eq!(
            [4_743_416, 410_000, 411_000, 4_110, 0, 7].map(rounded_up),
            [4_800_000, 410_000, 411_000, 4_110, 0, 7]
        );
        let found = value("Dy2O3 0.995 REO/TREO", Analyte::Dy2O3, Basis::Absolute);
        assert!(matches!(found, Found::Other(why) if why.contains("stated as REO/TREO")));
        let Found::Value(back) = value("TREO 0.99, Dy2O3 0.98505", Analyte::Dy2O3, Basis::ReoOverTreo) else {
            panic!()
        };
        assert_eq!((back.most, back.uncertainty), (995_000_000, None));
    }

    #[test]
    fn a_group_is_the_sum_of_its_members_where_all_are_stated() {
        let text = "Nd2O3 0.75 REO/TREO ~0.003, Pr6O11 0.249 REO/TREO ~0.004";
        let Found::Value(sum) = value(text, Analyte::NdPrO, Basis::ReoOverTreo) else { panic!() };
        assert_eq!((sum.most, sum.uncertainty), (999_000_000, Some(5_000_000)));
        assert_eq!(value("Nd2O3 0.75 REO/TREO", Analyte::NdPrO, Basis::ReoOverTreo), Found::Nothing);
    }

    #[test]
    fn a_limit_of_quantification_bounds_a_value() {
        let Found::Value(below) = value("C <0.0001", Analyte::C, Basis::Absolute) else { panic!() };
        assert_eq!((below.least, below.most), (0, 100_000));
        assert_eq!(below.text(Unit::Percent), "<0.01 %");
    }

    #[test]
    fn disagreement_needs_two_uncertainties() {
        let one = Measured::exact(100, Some(3));
        assert_eq!(one.disagrees(&Measured::exact(106, Some(4))), Some(true));
        assert_eq!(one.disagrees(&Measured::exact(105, Some(4))), Some(false));
        assert_eq!(one.disagrees(&Measured::exact(500, None)), None);
    }
}
