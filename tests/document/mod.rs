//! What generates the tables and examples of FORMAT.md.

pub mod examples;
pub mod tables;
