//! Layer 7: what was found, as people read it. Reports are values of lower layers; here they become lines of text.
//!
//! Text carries ANSI styles, which whoever prints it strips where there is no terminal.
//!
//! | file | what |
//! |---|---|
//! | [`claims`] | answers to claims and specifications |
//! | [`mod@format`] | masses, counts |
//! | [`names`] | what people call parties, places, lots and events |
//! | [`provenance`] | where the elements of a lot come from |
//! | [`policy`] | answers to policies |
//! | [`tree`] | the lineage of a lot, as a tree with places, masses and dates |
//! | [`verdict`] | a verification report |

pub mod claims;
pub mod format;
pub mod names;
pub mod policy;
pub mod provenance;
pub mod style;
pub mod tree;
pub mod verdict;
