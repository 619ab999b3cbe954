//! Layer 6: the ledger on disk. All file effects of the log live here.
//!
//! The entries are the record; hash tiles and the index follow from them. `schemas/FORMAT.md` has the layout.
//!
//! | file | what |
//! |---|---|
//! | [`disk`] | every file effect behind one trait; the real disk and one that forgets and fails |
//! | [`layout`], [`identity`] | where the files lie; `oretrail.toml` |
//! | [`log`] | commits, opening, recovery |
//! | [`rotation`] | the log's keys, one after the other |
//! | [`private`], [`content`] | what is kept beside the log: salted values; documents and suppliers' bundles |
//! | [`parts`] | which files of steps were recorded in several commits, and how far |
//! | [`lines`] | files of records, one a line |
//! | [`completeness`] | the completeness statement and its leaves, kept beside the log |
//! | [`read`] | snapshots without a lock: entries, proofs |
//! | [`publish`] | a folder that a static web server can serve as a C2SP log |
//!
//! Not in scope: what entries say and whether they may be appended (`rules`, `state`), keys and the signing memory
//! (`keys`).

pub mod append;
pub mod audit;
pub mod completeness;
pub mod content;
pub mod disk;
mod draft;
mod edge;
pub mod error;
mod files;
pub mod identity;
mod in_order;
pub mod index;
mod kept;
pub mod layout;
pub mod lineage_source;
pub mod lines;
pub mod lock;
pub mod log;
pub mod parts;
mod press;
pub mod private;
pub mod publish;
pub mod read;
pub mod records;
pub mod rotation;
pub mod signers;
pub mod snapshot;
pub mod state_store;
#[cfg(test)]
mod testing;
pub mod writer;

pub use append::{Batch, Checked, Judgement, Plan, PlanError, Planned, SignedAhead, Tail};
pub use draft::Draft;
pub use error::{AnyError, LogError};
pub use files::Block;
pub use lineage_source::{LineageSource, Stated, stated_leaves, statement_leaves};
pub use log::RecoveryView;
pub use signers::Signers;
pub use snapshot::{Kept, Recorded, Snapshot, SnapshotError};
pub use writer::{Appended, Blob, Committed, Writer};
