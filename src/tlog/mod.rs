//! The ledger's tree as C2SP specifies transparency logs: entries, Merkle hashes and proofs, signed tree heads.
//!
//! | file | what | specification |
//! |---|---|---|
//! | [`entry`] | the text of a leaf, with the BLAKE3 link inside it | `schemas/FORMAT.md` |
//! | [`tree`] | leaf and node hashes, coordinates, the growing edge | RFC 6962 section 2.1 |
//! | [`proof`] | inclusion of a leaf, consistency of two sizes | RFC 6962 sections 2.1.1, 2.1.2 |
//! | [`nodes`] | one minimal node set for many leaves and sizes | `schemas/FORMAT.md` |
//! | [`tile`], [`entry_bundle`] | how hashes and entries are cut into files | C2SP tlog-tiles |
//! | [`vkey`], [`note`] | named keys, signed texts | C2SP signed-note |
//! | [`checkpoint`] | the log's signed tree head | C2SP tlog-checkpoint |
//!
//! Pure: bytes and hashes in, bytes and verdicts out. Whoever stores them is `ledger`; whoever passes them on is
//! `bundle`.

pub mod checkpoint;
pub mod entry;
pub mod entry_bundle;
pub mod nodes;
pub mod note;
pub mod proof;
pub mod tile;
pub mod tree;
pub mod vkey;
