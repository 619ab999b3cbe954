//! The `oretrail` command-line program.

fn main() {}
