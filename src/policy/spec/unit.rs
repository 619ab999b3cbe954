//! Units of limits, and what they are in the units of assays, as exact ratios.
//!
//! Assays state mass fractions (here in 10⁻⁹), Br in T, HcB and HcJ in kA/m, BHmax in kJ/m³, density in g/cm³ (here in
//! 10⁻⁶ of these). 1 kG = 0.1 T, 1 kOe = 79.5775 kA/m, 1 MGOe = 7.95775 kJ/m³.

use super::Property;
use crate::value::Decimal6;
use crate::value::closed_enum::closed_enum;

closed_enum!(
    /// A unit of a limit.
    Unit, "a unit such as `%` or `kA/m`", {
        Fraction = "fraction", "kg/kg";
        Percent = "%", "percent by mass";
        Ppm = "ppm", "parts per million by mass";
        Tesla = "T", "tesla";
        KiloGauss = "kG", "kilogauss";
        KiloAmperePerMetre = "kA/m", "kiloampere per metre";
        KiloOersted = "kOe", "kilooersted";
        KiloJoulePerCubicMetre = "kJ/m3", "kilojoule per cubic metre";
        MegaGaussOersted = "MGOe", "megagauss-oersted";
        GramPerCubicCentimetre = "g/cm3", "gram per cubic centimetre";
        KilogramPerCubicMetre = "kg/m3", "kilogram per cubic metre";
    }
);

/// A limit in the unit of assays: an exact fraction of counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exact {
    num: u128,
    den: u128,
}

impl Exact {
    /// Whether a count is at least this.
    pub(super) const fn is_reached_by(self, count: u128) -> bool {
        count.saturating_mul(self.den) >= self.num
    }

    /// Whether a count is at most this.
    pub(super) const fn is_kept_by(self, count: u128) -> bool {
        count.saturating_mul(self.den) <= self.num
    }

    /// Whether this is more than another.
    pub(super) const fn exceeds(self, other: Self) -> bool {
        self.num.saturating_mul(other.den) > other.num.saturating_mul(self.den)
    }

    /// Rounded up to a whole count.
    pub(super) const fn ceil(self) -> u128 {
        self.num.div_ceil(self.den)
    }
}

impl Unit {
    /// Counts of an assay's unit in 10⁻⁶ of this one, as numerator and denominator.
    const fn ratio(self) -> (u128, u128) {
        match self {
            Self::Fraction => (1000, 1),
            Self::Percent => (10, 1),
            Self::Ppm => (1, 1000),
            Self::KiloGauss => (1, 10),
            Self::KiloOersted => (795_775, 10_000),
            Self::MegaGaussOersted => (795_775, 100_000),
            Self::KilogramPerCubicMetre => (1, 1000),
            Self::Tesla | Self::KiloAmperePerMetre | Self::KiloJoulePerCubicMetre | Self::GramPerCubicCentimetre => {
                (1, 1)
            }
        }
    }

    /// A value of this unit in counts of the assay's.
    pub(super) fn exact(self, value: Decimal6) -> Exact {
        let (num, den) = self.ratio();
        Exact { num: u128::from(value.get()).saturating_mul(num), den }
    }

    /// Whether it is a unit of mass fractions.
    #[must_use]
    pub const fn is_of_fractions(self) -> bool {
        matches!(self, Self::Fraction | Self::Percent | Self::Ppm)
    }

    /// Whether it is a unit of the property.
    #[must_use]
    pub const fn is_of(self, property: Property) -> bool {
        match property {
            Property::Br => matches!(self, Self::Tesla | Self::KiloGauss),
            Property::Hcb | Property::Hcj => matches!(self, Self::KiloAmperePerMetre | Self::KiloOersted),
            Property::Bhmax => matches!(self, Self::KiloJoulePerCubicMetre | Self::MegaGaussOersted),
            Property::Density => matches!(self, Self::GramPerCubicCentimetre | Self::KilogramPerCubicMetre),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_convert_exactly() {
        let exact = |unit: Unit, text: &str| unit.exact(text.parse().unwrap());
        // 42 MGOe = 334.2255 kJ/m³; 20 kOe = 1591.55 kA/m; 13.2 kG = 1.32 T.
        assert!(exact(Unit::MegaGaussOersted, "42").is_reached_by(334_225_500));
        assert!(!exact(Unit::MegaGaussOersted, "42").is_reached_by(334_225_499));
        assert!(exact(Unit::KiloOersted, "20").is_kept_by(1_591_550_000));
        assert!(!exact(Unit::KiloOersted, "20").is_kept_by(1_591_550_001));
        assert_eq!(exact(Unit::KiloGauss, "13.2").ceil(), 1_320_000);
        assert_eq!(exact(Unit::Percent, "99.5").ceil(), 995_000_000);
        assert_eq!(exact(Unit::Ppm, "500").ceil(), exact(Unit::Fraction, "0.0005").ceil());
        assert!(exact(Unit::Percent, "1").exceeds(exact(Unit::Ppm, "9999.9")));
    }

    #[test]
    fn every_unit_is_of_fractions_or_of_one_property_at_least() {
        for unit in Unit::ALL {
            let of_properties = Property::ALL.iter().filter(|property| unit.is_of(**property)).count();
            assert_eq!(unit.is_of_fractions(), of_properties == 0, "{unit}");
        }
    }
}
