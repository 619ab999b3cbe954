//! Decimal strings, the only form in which quantities occur in signed data.
//!
//! Grammar: `(0|[1-9][0-9]*)(\.[0-9]{1,n})?`, with a leading minus only where a type says so. No exponent, no sign plus,
//! no separators. A value is held as an integer count of 10⁻ⁿ, so arithmetic is exact.

/// Why a text is no decimal of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// A character that does not belong into a decimal.
    #[error("expected a decimal number such as `12.5`, found `{found}`{}", hint(.found))]
    Syntax {
        /// The text found, shortened.
        found: String,
    },
    /// More decimals than the unit has.
    #[error("expected at most {most} decimals, found {found} in `{text}`")]
    Decimals {
        /// How many are allowed.
        most: u32,
        /// How many there are.
        found: usize,
        /// The text.
        text: String,
    },
    /// Larger than the type holds.
    #[error("expected at most {most}, found `{found}`")]
    TooLarge {
        /// The largest value, as text.
        most: String,
        /// The text found, shortened.
        found: String,
    },
}

fn hint(found: &str) -> &'static str {
    match found {
        f if f.contains(',') => " (write thousands without separators and decimals with a point)",
        f if f.starts_with('-') => " (a minus is allowed only in differences and coordinates)",
        f if f.starts_with('+') => " (write no plus sign)",
        f if f.contains(['e', 'E']) && f.chars().any(|c| c.is_ascii_digit()) => {
            " (write the number out, without exponent)"
        }
        f if f.starts_with('0') && f.len() > 1 => " (write no leading zeros)",
        _ => "",
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Parses an unsigned decimal into a count of 10⁻ˢᶜᵃˡᵉ, at most `most`.
pub fn parse(text: &str, scale: u32, most: u64) -> Result<u64, DecimalError> {
    let syntax = || DecimalError::Syntax { found: shorten(text) };
    let (whole, part) = text.split_once('.').map_or((text, None), |(w, p)| (w, Some(p)));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || (whole.len() > 1 && whole.starts_with('0')) || !part.is_none_or(digits) {
        return Err(syntax());
    }
    let part = part.unwrap_or("");
    let missing = usize::try_from(scale).unwrap_or(usize::MAX).checked_sub(part.len());
    let missing = missing.and_then(|m| u32::try_from(m).ok()).ok_or_else(|| DecimalError::Decimals {
        most: scale,
        found: part.len(),
        text: shorten(text),
    })?;
    let value =
        whole.bytes().chain(part.bytes()).try_fold(0u64, |n, b| n.checked_mul(10)?.checked_add(u64::from(b - b'0')));
    value
        .and_then(|n| n.checked_mul(10u64.checked_pow(missing)?))
        .filter(|n| *n <= most)
        .ok_or_else(|| DecimalError::TooLarge { most: format(most, scale), found: shorten(text) })
}

/// Parses a decimal that may carry a minus; its absolute value is at most `most`. `-0` is refused.
pub fn parse_signed(text: &str, scale: u32, most: u64) -> Result<i64, DecimalError> {
    let (negative, magnitude) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let value = parse(magnitude, scale, most.min(i64::MAX.unsigned_abs()))?;
    let value = i64::try_from(value).unwrap_or(i64::MAX);
    match (negative, value) {
        (true, 0) => Err(DecimalError::Syntax { found: shorten(text) }),
        (true, n) => Ok(-n),
        (false, n) => Ok(n),
    }
}

/// The shortest text of a count of 10⁻ˢᶜᵃˡᵉ: no trailing zeros, no trailing point.
#[must_use]
pub fn format(value: u64, scale: u32) -> String {
    let unit = 10u64.saturating_pow(scale);
    let (whole, part) = (value / unit, value % unit);
    if part == 0 {
        return whole.to_string();
    }
    let width = usize::try_from(scale).unwrap_or(0);
    let text = format!("{whole}.{part:0width$}");
    text.trim_end_matches('0').to_owned()
}

/// As [`format()`], with a minus where the value is negative.
#[must_use]
pub fn format_signed(value: i64, scale: u32) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}", format(value.unsigned_abs(), scale))
}

/// Defines a newtype over an unsigned count of 10⁻ˢᶜᵃˡᵉ.
macro_rules! decimal {
    ($(#[$meta:meta])* $name:ident($int:ty), scale $scale:literal, most $most:expr, $schema:literal, $doc:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name($int);

        impl $name {
            /// The largest value.
            pub const MAX: Self = Self($most);
            /// Decimals of the text form.
            pub const SCALE: u32 = $scale;

            /// From a count of the smallest unit; `None` above [`Self::MAX`].
            #[must_use]
            pub const fn new(count: $int) -> Option<Self> {
                if count <= $most { Some(Self(count)) } else { None }
            }

            /// The count of the smallest unit.
            #[must_use]
            pub const fn get(self) -> $int {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&$crate::value::decimal::format(u64::from(self.0), $scale))
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::value::decimal::DecimalError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let count = $crate::value::decimal::parse(text, $scale, u64::from(Self::MAX.0))?;
                Ok(Self(<$int>::try_from(count).unwrap_or($most)))
            }
        }

        $crate::value::text_form::text_form!(
            $name,
            $schema,
            concat!("^(0|[1-9][0-9]*)(\\.[0-9]{1,", $scale, "})?$"),
            $doc,
            $int,
            |v| v.0,
            Self::new
        );
    };
}

pub(crate) use decimal;

decimal!(
    /// A number with up to six decimals in a unit that its context names (tesla, kA/m, kJ/m³, g/cm³, °C, ppm …).
    Decimal6(u64), scale 6, most 9_007_199_254_740_991, "Decimal6",
    "decimal number with up to 6 decimals, as a string"
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_a_decimal_is_refused_with_a_hint() {
        for bad in ["", ".", "1.", ".5", "1e9", "NaN", "inf", "-1", "+1", "1,5", "1 5", "01", "0x1", "٣", "1.2.3"] {
            assert!(matches!(parse(bad, 6, u64::MAX), Err(DecimalError::Syntax { .. })), "{bad}");
        }
        let error = parse("1,200.5", 6, u64::MAX).unwrap_err().to_string();
        assert!(error.contains("without separators"), "{error}");
        let error = parse("1.1234567", 6, u64::MAX).unwrap_err().to_string();
        assert_eq!(error, "expected at most 6 decimals, found 7 in `1.1234567`");
        let error = parse("2", 6, 1_500_000).unwrap_err().to_string();
        assert_eq!(error, "expected at most 1.5, found `2`");
        assert!(matches!(parse("99999999999999999999999", 6, u64::MAX), Err(DecimalError::TooLarge { .. })));
    }

    #[test]
    fn a_minus_is_for_signed_values_only_and_never_zero() {
        assert_eq!(parse_signed("-1.5", 6, u64::MAX), Ok(-1_500_000));
        assert!(parse_signed("-0", 6, u64::MAX).is_err());
        assert!(parse_signed("--1", 6, u64::MAX).is_err());
    }

    proptest! {
        #[test]
        fn text_and_count_agree(count in 0u64..=u64::MAX, scale in 0u32..=9) {
            prop_assert_eq!(parse(&format(count, scale), scale, u64::MAX), Ok(count));
        }

        #[test]
        fn no_input_panics(text in ".{0,40}", scale in 0u32..=9) {
            let _ = parse(&text, scale, u64::MAX);
            let _ = parse_signed(&text, scale, u64::MAX);
        }
    }
}
