//! Why a batch cannot be planned.

use super::CLOCK_LAG;
use crate::event::{Kind, Purpose};
use crate::ledger::error::AnyError;
use crate::state::ViewError;
use crate::tlog::entry::EntryError;
use crate::value::{KeyId, Time};

/// Why a draft cannot be planned. A broken rule is no error but a finding of `Planned`.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// State could not be read.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The event cannot be signed.
    #[error(transparent)]
    Sign(#[from] crate::envelope::SignEventError),
    /// An event was planned and could not be signed.
    #[error("event {number} of the batch: {cause}")]
    Press {
        /// Its number, counted from 1.
        number: u64,
        /// Why.
        cause: crate::envelope::SignEventError,
    },
    /// A key cannot be used, or its memory contradicts the ledger.
    #[error("{0}")]
    Key(AnyError),
    /// A key that must cosign is not at hand, or cannot be used.
    #[error("cannot cosign as `{purpose}` with key {kid}: {cause}")]
    Cosigner {
        /// What for.
        purpose: Purpose,
        /// The key.
        kid: KeyId,
        /// Why not.
        cause: AnyError,
    },
    /// A draft that its own key did not seal.
    #[error("expected a draft sealed by key {0}, found one that was changed since")]
    Seal(KeyId),
    /// No key at hand may sign this.
    #[error("expected a key of party {party} on this machine that may sign a `{kind}`, found none")]
    NoKey {
        /// The issuer.
        party: String,
        /// The kind.
        kind: Kind,
    },
    /// The event does not fit an entry.
    #[error("the `{kind}` event does not fit an entry: {cause}")]
    Entry {
        /// The kind.
        kind: Kind,
        /// How large it is, and how large it may be.
        cause: EntryError,
    },
    /// The clock is behind the ledger.
    #[error("expected a clock not more than {CLOCK_LAG} seconds behind the last entry ({last}), found {now}")]
    ClockBehind {
        /// The last entry's time.
        last: Time,
        /// The clock's.
        now: Time,
    },
    /// The clock is far ahead of the ledger.
    #[error("expected a clock at most 400 days ahead of the last entry ({last}), found {now}")]
    ClockAhead {
        /// The last entry's time.
        last: Time,
        /// The clock's.
        now: Time,
    },
}
