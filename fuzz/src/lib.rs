//! What each fuzz target does with its bytes: read them, and say what must hold where they are accepted. A panic is a finding.
//!
//! The crate's own tests run the same functions over `fuzz/seeds`.

pub mod model;
mod reading;

pub use model::agreement;
pub use reading::{batch, bundle, checkpoint, disclosure, entry, envelope, event, policy, tlog_proof, trust};

/// A target: its name, and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// The targets by name, as the tests call them.
pub const TARGETS: [Target; 11] = [
    ("event", event),
    ("envelope", envelope),
    ("disclosure", disclosure),
    ("entry", entry),
    ("checkpoint", checkpoint),
    ("tlog_proof", tlog_proof),
    ("bundle", bundle),
    ("policy", policy),
    ("trust", trust),
    ("batch", batch),
    ("agreement", agreement),
];
