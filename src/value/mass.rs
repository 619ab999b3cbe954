//! Masses: kilograms with up to six decimals in text, whole milligrams inside.

use super::decimal::{self, DecimalError, decimal};
use super::text_form::text_form;
use std::fmt;
use std::str::FromStr;

decimal!(
    /// A mass in whole milligrams; text in kg with up to 6 decimals.
    ///
    /// The largest is 2⁵³ − 1 mg, about 9 million tonnes, so that every sum of 2⁶⁴ of them fits `u128`.
    Mass(u64), scale 6, most 9_007_199_254_740_991, "Mass",
    "mass in kg, as a decimal string with up to 6 decimals"
);

impl Mass {
    /// No mass.
    pub const ZERO: Self = Self(0);

    /// The mass in milligrams.
    #[must_use]
    pub const fn mg(self) -> u64 {
        self.0
    }

    /// Sum of masses in milligrams; cannot overflow for any number of masses that fits memory.
    pub fn sum_mg(masses: impl IntoIterator<Item = Self>) -> u128 {
        masses.into_iter().map(|m| u128::from(m.0)).sum()
    }

    /// Difference `self − other`.
    #[must_use]
    pub fn minus(self, other: Self) -> MassDiff {
        // Both are below 2⁵³, so the difference fits.
        MassDiff(i64::try_from(self.0).unwrap_or(i64::MAX) - i64::try_from(other.0).unwrap_or(i64::MAX))
    }
}

/// A difference of masses in whole milligrams; text in kg with up to 6 decimals and a minus where negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MassDiff(i64);

impl MassDiff {
    /// The difference in milligrams.
    #[must_use]
    pub const fn mg(self) -> i64 {
        self.0
    }

    /// From milligrams; `None` beyond what a [`Mass`] holds.
    #[must_use]
    pub const fn from_mg(mg: i64) -> Option<Self> {
        if mg.unsigned_abs() <= Mass::MAX.0 { Some(Self(mg)) } else { None }
    }
}

impl fmt::Display for MassDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&decimal::format_signed(self.0, Mass::SCALE))
    }
}

impl FromStr for MassDiff {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        decimal::parse_signed(text, Mass::SCALE, Mass::MAX.0).map(Self)
    }
}

text_form!(
    MassDiff,
    "MassDiff",
    "^-?(0|[1-9][0-9]*)(\\.[0-9]{1,6})?$",
    "difference of masses in kg, as a decimal string with up to 6 decimals",
    i64,
    |v| v.0,
    Self::from_mg
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kilograms_become_milligrams() {
        assert_eq!("392.5".parse::<Mass>().unwrap().mg(), 392_500_000);
        assert_eq!("0.000001".parse::<Mass>().unwrap().mg(), 1);
        assert_eq!(
            "9007199254.740992".parse::<Mass>().unwrap_err().to_string(),
            "expected at most 9007199254.740991, found `9007199254.740992`"
        );
    }

    #[test]
    fn differences_keep_their_sign() {
        let (small, large): (Mass, Mass) = ("1".parse().unwrap(), "3.25".parse().unwrap());
        assert_eq!(small.minus(large).to_string(), "-2.25");
        assert_eq!("-2.25".parse::<MassDiff>(), Ok(small.minus(large)));
        assert_eq!(Mass::sum_mg([Mass::MAX, Mass::MAX]), 2 * u128::from(Mass::MAX.mg()));
    }
}
