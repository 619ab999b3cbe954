//! The program as its users run it: each test has a folder, keys and a clock of its own, and an empty environment.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod at_hand;
mod auditors;
mod batch;
mod changed_files;
#[path = "../changes/mod.rs"]
mod changes;
mod claims;
mod cosigning;
mod custody;
mod decisions;
mod documents;
mod evidence;
mod federation;
mod help;
mod keys;
mod limits;
mod lost;
mod parts;
mod passphrases;
mod policies;
mod policy_bad_input;
mod policy_claims;
mod provenance;
mod reading;
mod reference;
mod refused;
mod retention;
mod rotation;
#[path = "../script/mod.rs"]
mod script;
#[cfg(unix)]
mod shapes;
#[cfg(unix)]
mod terminal;
mod trouble;
mod values;
mod walk;
mod words;
mod world;
