//! Ctrl-C while a batch is recorded: nothing of it or all of it, and the program says which.
//!
//! Until a commit begins nothing of it was written, so the program ends at once. From then on it goes on to the end of the
//! commit, and says so. The two cannot be mixed up: one atomic step decides. A batch in several parts is, between two of
//! them, as before its first one, save that it stands elsewhere.

use super::error::{Failure, Kind};
use super::output;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

const PLANNING: u8 = 0;
const STOPPED: u8 = 1;
const COMMITTING: u8 = 2;
const ASKED_TOO_LATE: u8 = 3;

/// What is recorded when the program ends now, and how to go on.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) message: String,
    pub(crate) hint: String,
}

/// Watches for Ctrl-C.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt(Arc<Watched>);

#[derive(Debug)]
struct Watched {
    phase: AtomicU8,
    standing: Mutex<Option<Standing>>,
}

impl Watched {
    fn swap(&self, from: u8, to: u8) -> bool {
        self.phase.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// What the user is told when the rest of the batch is dropped.
    fn interrupted(&self) -> Failure {
        match &*self.standing.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Failure::usage("interrupted: nothing of the batch was recorded"),
            Some(Standing { message, hint }) => Failure::usage(format_args!("interrupted: {message}")).hint(hint),
        }
    }
}

impl Interrupt {
    /// Begins to watch. Where the system does not let us, Ctrl-C ends the program as usual, and opening the ledger again
    /// decides what became of the batch.
    pub(crate) fn watch() -> Self {
        let watched = Arc::new(Watched { phase: AtomicU8::new(PLANNING), standing: Mutex::new(None) });
        let seen = Arc::clone(&watched);
        let _ = ctrlc::set_handler(move || {
            if seen.swap(PLANNING, STOPPED) {
                let Failure { message, hints, .. } = seen.interrupted();
                output::end(&message, &hints, super::error::exit_code(Kind::Usage));
            }
            if seen.swap(COMMITTING, ASKED_TOO_LATE) {
                output::tell("interrupted: the commit has begun and is being finished");
            }
        });
        Self(watched)
    }

    /// Enters a commit, from which there is no way back.
    pub(crate) fn begin_commit(&self) -> Result<(), Failure> {
        if self.0.swap(PLANNING, COMMITTING) { Ok(()) } else { Err(self.0.interrupted()) }
    }

    /// Says what is recorded when the program ends from now on.
    pub(crate) fn stands(&self, standing: Standing) {
        *self.0.standing.lock().unwrap_or_else(PoisonError::into_inner) = Some(standing);
    }

    /// Leaves a commit for the next part of the batch, unless somebody asked to stop.
    pub(crate) fn go_on(&self) -> Result<(), Failure> {
        if self.0.swap(COMMITTING, PLANNING) { Ok(()) } else { Err(self.0.interrupted()) }
    }

    /// Whether somebody asked to stop after the commit had begun.
    pub(crate) fn came_too_late(&self) -> bool {
        self.0.phase.load(Ordering::SeqCst) == ASKED_TOO_LATE
    }
}
