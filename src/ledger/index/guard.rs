//! sled 0.34 panics where a file fails under it. What it was asked then ends with an error, as everything that fails does.

use super::{IndexError, unusable};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread is caught and told as an error of the index; a panic hook needs not report it.
#[must_use]
pub fn is_guarded() -> bool {
    IS_GUARDED.get()
}

/// Asks sled for something.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, sled::Error>) -> Result<T, IndexError> {
    let before = IS_GUARDED.replace(true);
    // Whatever state sled is left in, its answers are checked, and it is built anew where they do not hold.
    let outcome = catch_unwind(AssertUnwindSafe(work));
    IS_GUARDED.set(before);
    match outcome {
        Ok(answer) => answer.map_err(unusable),
        Err(_) => Err(IndexError::Unusable("its database failed at one of its files".to_owned())),
    }
}

/// A database whose end is guarded too: it writes once more when it is dropped.
pub(super) struct Database(Option<sled::Db>);

impl Database {
    pub(super) fn open(config: &sled::Config) -> Result<Self, IndexError> {
        guarded(|| config.open()).map(|db| Self(Some(db)))
    }

    pub(super) fn ask<T>(&self, work: impl FnOnce(&sled::Db) -> Result<T, sled::Error>) -> Result<T, IndexError> {
        let Some(db) = &self.0 else { return Err(unusable("its database is closed")) };
        guarded(|| work(db))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let db = self.0.take();
        // What is not written then is found out when the index is next opened.
        drop(guarded(|| {
            drop(db);
            Ok(())
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_below_is_an_error_above() {
        assert!(!is_guarded());
        let failed = guarded::<()>(|| {
            assert!(is_guarded());
            panic!("as sled does");
        });
        assert!(matches!(failed, Err(IndexError::Unusable(_))));
        assert!(!is_guarded());
        assert_eq!(guarded(|| Ok(7)), Ok(7));
    }
}
