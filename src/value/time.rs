//! Points in time and calendar dates, each with exactly one spelling.
//!
//! Time is UTC with whole seconds, `2026-11-03T08:00:00Z` (RFC 3339); leap seconds, fractions and other offsets are
//! refused. jiff does the calendar arithmetic; its types do not leave this file.

use super::text_form::text_form;
use jiff::civil;
use std::fmt;
use std::io::Write as _;
use std::str::FromStr;

/// Why a text is no time or date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found `{found}`{why}")]
pub struct TimeError {
    expected: &'static str,
    found: String,
    why: String,
}

impl TimeError {
    fn new(expected: &'static str, found: &str) -> Self {
        let why = no_such_moment(found.as_bytes()).map_or_else(String::new, |why| format!(" ({why})"));
        Self { expected, found: found.chars().take(40).collect(), why }
    }
}

/// Two digits at `at`, as a number.
fn two(bytes: &[u8], at: usize) -> Option<i8> {
    match bytes.get(at..at + 2)? {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => i8::try_from((a - b'0') * 10 + (b - b'0')).ok(),
        _ => None,
    }
}

fn date_of(bytes: &[u8]) -> Option<civil::Date> {
    let year = i16::from(two(bytes, 0)?) * 100 + i16::from(two(bytes, 2)?);
    let dashes = bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-');
    if !dashes || year < 1900 {
        return None;
    }
    civil::Date::new(year, two(bytes, 5)?, two(bytes, 8)?).ok()
}

/// Which part of a well-formed date or time the calendar or the clock does not have.
fn no_such_moment(bytes: &[u8]) -> Option<String> {
    let year = i16::from(two(bytes, 0)?) * 100 + i16::from(two(bytes, 2)?);
    let (month, day) = (two(bytes, 5)?, two(bytes, 8)?);
    if year < 1900 {
        return Some("years begin with 1900".to_owned());
    }
    let Ok(first) = civil::Date::new(year, month, 1) else {
        return Some(format!("there is no month {month}"));
    };
    let days = first.days_in_month();
    if !(1..=days).contains(&day) {
        return Some(format!("the days of month {month} of {year} are 1 to {days}"));
    }
    let clock = (two(bytes, 11)?, two(bytes, 14)?, two(bytes, 17)?);
    let fits = (0..24).contains(&clock.0) && (0..60).contains(&clock.1) && (0..60).contains(&clock.2);
    (!fits).then(|| "a day ends at 23:59:59".to_owned())
}

/// Seconds since 1970-01-01T00:00:00Z, between the years 1900 and 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

const EXPECTED_TIME: &str = "a UTC time such as `2026-11-03T08:00:00Z`";
const EXPECTED_DATE: &str = "a date such as `2026-11-03`";

impl Time {
    /// 1900-01-01T00:00:00Z.
    pub const MIN: Self = Self(-2_208_988_800);
    /// 9999-12-30T22:00:00Z, the last second that the calendar library holds for every offset, rounded down to an hour.
    pub const MAX: Self = Self(253_402_207_200);

    /// From seconds since the Unix epoch; `None` outside 1900 to 9999.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Option<Self> {
        if seconds >= Self::MIN.0 && seconds <= Self::MAX.0 { Some(Self(seconds)) } else { None }
    }

    /// Seconds since the Unix epoch.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// This time moved by seconds, kept within the range.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds).clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Seconds from `earlier` to `self`.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// The UTC calendar day.
    #[must_use]
    pub fn date(self) -> Date {
        Date(self.civil().date())
    }

    fn civil(self) -> civil::DateTime {
        let epoch = civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
        epoch.saturating_add(jiff::SignedDuration::from_secs(self.0))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 20];
        // Years have four digits, so the text has 20 characters; the error arm cannot be reached and prints nothing.
        write!(&mut text[..], "{}Z", self.civil()).map_err(|_| fmt::Error)?;
        f.pad(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Time({self})")
    }
}

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text.as_bytes();
        let shape = bytes.len() == 20
            && bytes.get(10) == Some(&b'T')
            && bytes.get(13) == Some(&b':')
            && bytes.get(16) == Some(&b':')
            && bytes.get(19) == Some(&b'Z');
        let parse = || {
            let (h, m, s) = (two(bytes, 11)?, two(bytes, 14)?, two(bytes, 17)?);
            let clock = civil::Time::new(h, m, s, 0).ok()?;
            let days = i64::from((date_of(bytes)? - civil::Date::constant(1970, 1, 1)).get_days());
            let seconds = i64::from(clock.hour()) * 3600 + i64::from(clock.minute()) * 60 + i64::from(clock.second());
            Self::from_unix(days * 86_400 + seconds)
        };
        shape.then(parse).flatten().ok_or_else(|| TimeError::new(EXPECTED_TIME, text))
    }
}

text_form!(
    Time,
    "Time",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
    "time, RFC 3339, UTC, whole seconds",
    i64,
    |v| v.0,
    Self::from_unix
);

/// A calendar date, `2026-11-03` (ISO 8601), from the year 1900.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// The first second of the day, UTC.
    #[must_use]
    pub fn start(self) -> Time {
        let days = i64::from((self.0 - civil::Date::constant(1970, 1, 1)).get_days());
        Time(days * 86_400)
    }

    /// The last second of the day, UTC.
    #[must_use]
    pub fn end(self) -> Time {
        self.start().plus(86_399)
    }

    /// The calendar year.
    #[must_use]
    pub fn year(self) -> i16 {
        self.0.year()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_string())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Date({self})")
    }
}

impl FromStr for Date {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shaped = if text.len() == 10 { date_of(text.as_bytes()) } else { None };
        shaped.map(Self).ok_or_else(|| TimeError::new(EXPECTED_DATE, text))
    }
}

text_form!(
    Date,
    "Date",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "calendar date, ISO 8601",
    i64,
    |v| v.start().unix(),
    |seconds| Time::from_unix(seconds).map(Time::date)
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_one_spelling_is_read() {
        let time: Time = "2026-11-03T08:00:00Z".parse().unwrap();
        assert_eq!(time.unix(), 1_793_692_800);
        for bad in [
            "2026-11-03T08:00:00+00:00",
            "2026-11-03 08:00:00Z",
            "2026-11-03T08:00:00.0Z",
            "2026-11-03t08:00:00z",
            "2026-02-29T00:00:00Z",
            "2026-12-31T23:59:60Z",
            "2026-13-01T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "2026-1١-03T08:00:00Z",
        ] {
            assert!(bad.parse::<Time>().is_err(), "{bad}");
        }
        for (bad, why) in [
            ("2026-02-30T00:00:00Z", "(the days of month 2 of 2026 are 1 to 28)"),
            ("2026-13-01T00:00:00Z", "(there is no month 13)"),
            ("2026-12-31T24:00:00Z", "(a day ends at 23:59:59)"),
            ("1815-06-18T00:00:00Z", "(years begin with 1900)"),
        ] {
            assert!(bad.parse::<Time>().unwrap_err().to_string().ends_with(why), "{bad}");
        }
        assert!("2026-02-30".parse::<Date>().unwrap_err().to_string().ends_with("1 to 28)"));
        assert_eq!(
            "yesterday".parse::<Date>().unwrap_err().to_string(),
            "expected a date such as `2026-11-03`, found `yesterday`"
        );
    }

    proptest! {
        #[test]
        fn text_and_seconds_agree(seconds in Time::MIN.0..=Time::MAX.0) {
            let time = Time::from_unix(seconds).unwrap();
            prop_assert_eq!(time.to_string().parse(), Ok(time));
            prop_assert!(time.date().start() <= time && time <= time.date().end());
        }
    }
}
