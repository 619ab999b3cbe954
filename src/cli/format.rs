//! Values as people read them.

pub(crate) use crate::report::format::{count, counted, mass, mass_diff};
