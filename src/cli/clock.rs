//! The only reader of the clock.

use super::error::{Failure, Kind};
use crate::value::Time;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now, to the second; `fixed` stands in for the clock where it is given.
pub(crate) fn now(fixed: Option<Time>) -> Result<Time, Failure> {
    if let Some(time) = fixed {
        return Ok(time);
    }
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|d| i64::try_from(d.as_secs()).ok());
    seconds.and_then(Time::from_unix).ok_or_else(|| {
        Failure::new(Kind::Usage, "expected a clock between the years 1970 and 9999, found another time")
            .hint("set the clock of this machine")
    })
}
