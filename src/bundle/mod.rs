//! Layer 5: the lineage bundle, one JSON file (`*.lineage.json`) from which anybody can verify where a lot comes from.
//!
//! # The file
//!
//! One JSON object in UTF-8, at most 1 GiB, at most 8 brackets deep, without `null`, fractions or repeated members; white
//! space between tokens is allowed, and none is written. Members ([`BundleFile`]): `v` (1), `manifest`, `ledgers`,
//! `documents`. Every list is in ascending order and holds nothing twice: ledgers by id, checkpoints by size, entries by
//! index, disclosures by text, nodes by level and index, leaves by index, documents by digest.
//!
//! - A **ledger** gives the signed `checkpoints` with all their signature lines; `entries`; `nodes`, the one minimal set
//!   that proves the entries under all checkpoints ([`crate::tlog::nodes`]); and the completeness `statement`. Entries 0
//!   and 1 are always there: from them follow the ledger id, its origin, and with later `ledger` events its log keys.
//! - An **entry** is given by its members: `index`, `recorded_at`, `prev` and `jwt` make the bytes of the log entry
//!   ([`crate::tlog::entry`]); `disclosures` are those passed on. Portable events are entries of the ledger they are
//!   recorded in, like all others.
//! - The **statement** is specified in [`Statement`], the **manifest** in [`Manifest`].
//!
//! # What belongs
//!
//! The events of a bundle are determined by its subject, and a reader works them out again: the lots of the lineage, all
//! that created, moved or was said of them, the registrations this rests on with their key chains and accreditations, and
//! what these refer to. An event of the lineage that is neither there nor a declared hole is a finding, and so is an event
//! that does not belong; portable events and corrections may be there beyond need.
//!
//! # Verbs
//!
//! [`write`](write()) and [`UnverifiedBundle::read`]; [`gather`](gather()) gives the same evidence of a lot of a ledger at
//! hand, to be judged at once, without an exporter or a key; [`foresee`](foresee()) says what review would find on events
//! that are not recorded yet; [`UnverifiedBundle::verify`] gives a report, and by move a
//! [`VerifiedBundle`] where the integrity holds. What is written has been read back and checked.
//!
//! Not in scope: reading a ledger's files (`ledger` implements [`Source`]), signing the statement (whoever has the whole
//! log), rendering (`report`).

mod at_hand;
mod auditor;
mod check;
mod checks;
mod claims;
mod closure;
mod cut;
mod documents;
mod foreign;
mod foresee;
mod gather;
mod given;
mod imports;
mod leaf_tree;
mod leaves;
mod ledger;
pub mod manifest;
mod policies;
mod read;
mod source;
pub mod statement;
mod verify;
mod wire;
mod withhold;
mod write;

pub use crate::verify::judge::Asked;
pub use auditor::{MAX_STATED, STATED_VERSION, Stated, StatedError, StatedFile, auditor_key};
pub use claims::ClaimsAsked;
pub use documents::{MAX_DOCUMENT_BYTES, ReadDocument};
pub use foresee::{Foreseen, foresee};
pub use gather::{Gather, Vouched, gather};
pub use leaf_tree::{LeafTree, Leaves, ProveLeaves, no_leaf};
pub use manifest::{Counted, Manifest, ManifestCheckpoint, ManifestError, ManifestStatement, Roots, SignManifestError};
pub use policies::{PoliciesAsked, PolicyError};
pub use read::UnverifiedBundle;
pub use source::{Source, Stored};
pub use statement::{Covered, Leaf, Seal, Statement, StatementError, covered, covered_by, spoken_of};
pub use verify::{Verification, VerifiedBundle};
pub use wire::{
    BUNDLE_VERSION, BundleFile, DocumentFile, EntryFile, LeafFile, LedgerFile, MAX_BUNDLE_BYTES, NodeFile, ReadError,
    StatementFile, WriteJsonError,
};
pub use withhold::{GROUPS, Withhold, WithholdError};
pub use write::{Export, WriteError, write};

#[cfg(test)]
mod tests;
