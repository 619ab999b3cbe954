//! Layer 4: what a lineage means for a question about the lot: claims, specifications, procurement policies.
//!
//! Everything here is decided from a [`trail::Trail`], the lineage with its evidence, and from arguments: packs, dates,
//! parameters, exceptions. Unknown is never a pass: a question is CONFIRMED only where every fact it needs is shown at the
//! level asked for, CONTRADICTED where a shown fact speaks against it at whatever level, and UNPROVEN otherwise.
//!
//! Not in scope: how evidence is verified (`verify`, `bundle`), what a breach is (`rules`), rendering (`report`).

pub mod claim;
pub mod custody_model;
pub mod evaluate;
pub mod exception;
#[cfg(test)]
pub(crate) mod fixture;
pub mod located;
pub mod origin;
pub mod pack;
pub mod provenance;
pub mod spec;
pub mod summary;
pub mod trail;
pub mod upstream;
pub mod weigh;
