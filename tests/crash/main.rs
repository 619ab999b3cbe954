//! Failing calls, killed processes, damaged indexes, several processes: what was acknowledged stays, whole.
#![cfg(test)]

mod faults;
mod machine;
