//! One writer at a time: waiting for a lock file, briefly, by the caller's patience.

use super::disk::{Disk, LockGuard, TryLock};
use super::error::LogError;
use std::path::Path;

/// Takes the lock, asking `wait` between attempts: it pauses and says whether to try again.
///
/// # Errors
/// [`LogError::Busy`], naming the file and its holder, once `wait` says no.
pub fn acquire(disk: &dyn Disk, path: &Path, wait: &mut dyn FnMut() -> bool) -> Result<LockGuard, LogError> {
    let us = format!("process {}\n", std::process::id());
    loop {
        match disk.try_lock(path, &us)? {
            TryLock::Held(guard) => return Ok(guard),
            TryLock::Busy { holder } if !wait() => {
                let holder = holder.trim();
                let holder = if holder.is_empty() { "a process that has not said which" } else { holder };
                return Err(LogError::Busy { path: path.to_owned(), holder: holder.to_owned() });
            }
            TryLock::Busy { .. } => {}
        }
    }
}
