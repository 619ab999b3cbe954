//! Layer 7: exchange with people and other programs: the batch format, playing a batch or scenario, and
//! comparing what a scenario expects.
//!
//! Not in scope: what an event says and signs ([`crate::event`], [`crate::envelope`]), how it is recorded
//! ([`crate::ledger`]), command lines.

pub mod answers;
pub mod batch;
pub mod play;
pub mod scenarios;
pub mod schema;
