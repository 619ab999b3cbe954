//! The only reader of the clock, and how long to wait for others.

use super::error::{Failure, Kind};
use crate::value::Time;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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

/// How often another process's lock is asked for, and how long to pause between.
const ATTEMPTS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(50);

/// The patience for a lock that another process holds: about five seconds.
pub(crate) fn patience() -> impl FnMut() -> bool {
    let mut left = ATTEMPTS;
    move || {
        left = left.saturating_sub(1);
        if left > 0 {
            std::thread::sleep(PAUSE);
        }
        left > 0
    }
}
