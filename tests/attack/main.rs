//! Attacks on evidence: bytes changed at random, and changes made by somebody who knows what he does. Nothing changed is ever
//! confirmed.
//!
//! By default a part of all changes is tried, chosen by fixed numbers; with `ORETRAIL_THOROUGH` set, all of them.
#![cfg(test)]

mod attested;
mod auditors;
mod bytes;
#[path = "../changes/mod.rs"]
mod changes;
mod dag;
mod files;
mod forged;
mod kept;
#[path = "../crash/machine.rs"]
#[allow(dead_code, reason = "made for another test program")]
mod machine;
mod papers;
mod sizes;
#[path = "../world/mod.rs"]
mod world;
