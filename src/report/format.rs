//! Values as people read them: masses with units and thousands separators, short ids with labels.

use crate::value::{Mass, MassDiff};

/// A number with thousands separators: `1234567.5` as `1,234,567.5`.
#[must_use]
pub fn thousands(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::with_capacity(number.len() + number.len() / 3);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction {
        Some(fraction) => format!("{sign}{grouped}.{fraction}"),
        None => format!("{sign}{grouped}"),
    }
}

/// A mass in kg.
#[must_use]
pub fn mass(mass: Mass) -> String {
    format!("{} kg", thousands(&mass.to_string()))
}

/// A difference of masses in kg, with its sign.
#[must_use]
pub fn mass_diff(diff: MassDiff) -> String {
    let sign = if diff.mg() > 0 { "+" } else { "" };
    format!("{sign}{} kg", thousands(&diff.to_string()))
}

/// A count with thousands separators.
#[must_use]
pub fn count(number: impl std::fmt::Display) -> String {
    thousands(&number.to_string())
}

/// A count with its noun: `1 note`, `2 notes`; `many` is the plural.
#[must_use]
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        for (plain, grouped) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("-1234567.5", "-1,234,567.5"),
            ("43061.76", "43,061.76"),
            ("0.000001", "0.000001"),
        ] {
            assert_eq!(thousands(plain), grouped);
        }
        assert_eq!(mass("6443.28".parse().unwrap()), "6,443.28 kg");
        assert_eq!(mass_diff("0.5".parse().unwrap()), "+0.5 kg");
        assert_eq!(count(1_000_000), "1,000,000");
        assert_eq!(counted(1, "breach", "breaches"), "1 breach");
        assert_eq!(counted(0, "breach", "breaches"), "0 breaches");
    }
}
