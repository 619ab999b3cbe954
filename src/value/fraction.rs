//! Fractions from 0 to 1 in whole parts per billion (10⁻⁹).

use super::decimal::decimal;

decimal!(
    /// A mass fraction, share or probability between 0 and 1; text with up to 9 decimals, parts per billion inside.
    Fraction(u32), scale 9, most 1_000_000_000, "Fraction",
    "fraction from 0 to 1, as a decimal string with up to 9 decimals"
);

impl Fraction {
    /// The whole.
    pub const ONE: Self = Self(1_000_000_000);
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Parts per billion.
    #[must_use]
    pub const fn ppb(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_the_most() {
        assert_eq!("1".parse(), Ok(Fraction::ONE));
        assert_eq!("0.11775".parse::<Fraction>().unwrap().ppb(), 117_750_000);
        assert!("1.000000001".parse::<Fraction>().is_err());
        assert!("0.0000000001".parse::<Fraction>().is_err());
    }
}
