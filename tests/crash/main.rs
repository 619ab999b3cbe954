//! Failing calls, killed processes, damaged indexes, several processes: what was acknowledged stays, whole.
#![cfg(test)]

mod faults;
mod index;
mod kills;
mod machine;
mod outside;
mod parts;
mod processes;
#[path = "../cli/world.rs"]
#[allow(dead_code, reason = "made for another test program")]
mod world;
