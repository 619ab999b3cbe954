//! The fuzz targets without a fuzzer: over their seeds, and the model of custody over random operations.
#![cfg(test)]

mod model;
#[path = "../samples/mod.rs"]
mod samples;
mod seeds;
#[path = "../../fuzz/src/lib.rs"]
mod targets;
#[path = "../world/mod.rs"]
mod world;
