//! Layer 6: the ledger on disk. All file effects of the log live here.
//!
//! The entries are the record; hash tiles and the index follow from them. `schemas/FORMAT.md` has the layout.

pub mod disk;
mod draft;
pub mod index;
pub mod records;

pub use draft::Draft;
