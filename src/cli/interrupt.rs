//! Ctrl-C while a batch is recorded: nothing of it or all of it, and the program says which.
//!
//! Until the commit begins nothing was written, so the program ends at once. From then on it goes on to the end, and says
//! afterwards that it was asked too late. The two cannot be mixed up: one atomic step decides.

use super::error::{Failure, Kind};
use super::output;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const PLANNING: u8 = 0;
const STOPPED: u8 = 1;
const COMMITTING: u8 = 2;
const ASKED_TOO_LATE: u8 = 3;

/// What the user is told when the batch is dropped.
const NOTHING: &str = "interrupted: nothing of the batch was recorded";

/// Watches for Ctrl-C.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt(Arc<AtomicU8>);

impl Interrupt {
    /// Begins to watch. Where the system does not let us, Ctrl-C ends the program as usual, and opening the ledger again
    /// decides what became of the batch.
    pub(crate) fn watch() -> Self {
        let phase = Arc::new(AtomicU8::new(PLANNING));
        let seen = Arc::clone(&phase);
        let _ = ctrlc::set_handler(move || {
            let swap = |from, to| seen.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok();
            if swap(PLANNING, STOPPED) {
                output::end(NOTHING, super::error::exit_code(Kind::Usage));
            }
            swap(COMMITTING, ASKED_TOO_LATE);
        });
        Self(phase)
    }

    /// Enters the commit, after which there is no way back.
    pub(crate) fn begin_commit(&self) -> Result<(), Failure> {
        let swapped = self.0.compare_exchange(PLANNING, COMMITTING, Ordering::SeqCst, Ordering::SeqCst);
        swapped.map(drop).map_err(|_| Failure::usage(NOTHING))
    }

    /// Whether somebody asked to stop after the commit had begun.
    pub(crate) fn came_too_late(&self) -> bool {
        self.0.load(Ordering::SeqCst) == ASKED_TOO_LATE
    }
}
