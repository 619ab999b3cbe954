//! The specifications that come with the program.

use super::{Spec, SpecError};

macro_rules! files {
    ($($id:literal),+ $(,)?) => { &[$(($id, include_str!(concat!("../specs/", $id, ".toml")))),+] };
}

/// Ids and texts, in alphabetical order.
const FILES: &[(&str, &str)] = files!(
    "dy-oxide-995",
    "magnet-astm-a1101",
    "magnet-n42sh",
    "magnet-refeb-320-160",
    "monazite-concentrate",
    "mrec",
    "nd-metal",
    "ndfeb-alloy",
    "ndpr-metal-995",
    "ndpr-oxide",
    "re-concentrate",
    "sm-oxide-995",
    "tb-oxide-999",
    "tb-oxide-9999",
);

/// Ids and texts of the specifications built in, in alphabetical order.
#[must_use]
pub const fn built_in() -> &'static [(&'static str, &'static str)] {
    FILES
}

/// The specification built in under an id; `None` for an unknown id.
///
/// # Errors
/// None for any that is built in, which a test shows.
#[must_use]
pub fn find_built_in(id: &str) -> Option<Result<Spec, SpecError>> {
    FILES.iter().find(|(known, _)| *known == id).map(|(_, text)| Spec::parse(text))
}
