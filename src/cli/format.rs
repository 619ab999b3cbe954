//! Values as people read them.

#[allow(unused_imports, reason = "one list for all verbs")]
pub(crate) use crate::report::format::{count, mass, mass_diff, thousands};
