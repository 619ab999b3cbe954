//! oretrail: a chain-of-custody ledger for rare earths, from the mine to the magnet lot and back.
//!
//! Signed custody events are kept in an append-only, hash-linked log (a C2SP `tlog-tiles` tree); a verifier walks the
//! lineage of a lot and says, with evidence, what about its places and its origin is confirmed, contradicted or
//! unproven. `schemas/FORMAT.md` is the normative description of every byte that is signed, stored or passed on.
//!
//! The modules form layers; a module uses only those above it in this list, or to its left in its own line:
//!
//! | layer | modules |
//! |---|---|
//! | L0 | [`value`] |
//! | L1 | [`event`], [`finding`] |
//! | L2 | [`envelope`], [`keyring`], [`tlog`] |
//! | L3 | [`state`], [`lineage`] |
//! | L4 | [`rules`], [`policy`] |
//! | L5 | [`verify`], [`bundle`] |
//! | L6 | [`ledger`], [`keys`] |
//! | L7 | [`interop`], [`cli`] |
//!
//! L0 to L5 are pure: no file, clock, random source, environment or printing.

pub mod bundle;
pub mod cli;
pub mod envelope;
pub mod event;
pub mod finding;
pub mod interop;
pub mod keyring;
pub mod keys;
pub mod ledger;
pub mod lineage;
pub mod policy;
pub mod report;
pub mod rules;
pub mod state;
pub mod tlog;
pub mod value;
pub mod verify;

#[cfg(test)]
pub(crate) mod testing;
