//! Answers in words.

use super::answer::Failing;
use crate::finding::Reason;
use crate::value::{Fraction, Mass, decimal};
use std::fmt::Display;

/// How many lots of one step are named.
const MOST_LOTS: usize = 3;

/// Things as people list them: `CN, IR and RU`.
pub(super) fn listed(things: impl Iterator<Item = impl Display>) -> String {
    let texts: Vec<String> = things.map(|thing| thing.to_string()).collect();
    match texts.split_last() {
        None => "none".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// A share as percent.
pub(super) fn percent(share: Fraction) -> String {
    format!("{} %", decimal::format(u64::from(share.ppb()), Fraction::SCALE - 2))
}

/// Milligrams as kilograms.
pub(super) fn kilograms(mg: u64) -> String {
    decimal::format(mg, Mass::SCALE)
}

/// A number of things: `1 step`, `2 steps`.
pub(super) fn counted(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// What fails, as a reason.
pub(super) fn reason(failing: &Failing) -> Reason {
    let elements = listed(failing.elements.iter());
    let site = failing.facility.map_or_else(String::new, |id| format!(", at facility {id}"));
    let far = match failing.steps_back {
        0 => "by the step that made the lot".to_owned(),
        1 => "1 step before the lot".to_owned(),
        u32::MAX => "before the lot".to_owned(),
        back => format!("{back} steps before the lot"),
    };
    let lots: Vec<String> = failing.lots.iter().take(MOST_LOTS).map(ToString::to_string).collect();
    let more = failing.lots.len().saturating_sub(MOST_LOTS);
    let made = match (lots.is_empty(), more) {
        (true, _) => String::new(),
        (_, 0) => format!(", lot {}", listed(lots.iter())),
        (_, more) => format!(", lot {} and {more} more", lots.join(", ")),
    };
    let text = format!("{elements}: {}{site}, {far}{made}", failing.text);
    Reason { text, code: failing.code, events: vec![failing.event] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_write_them() {
        assert_eq!(listed(["CN", "IR", "RU"].iter()), "CN, IR and RU");
        assert_eq!(percent("0.15".parse().unwrap()), "15 %");
        assert_eq!(percent("0.123456789".parse().unwrap()), "12.3456789 %");
        assert_eq!((counted(1, "step"), counted(2, "step")), ("1 step".to_owned(), "2 steps".to_owned()));
    }
}
