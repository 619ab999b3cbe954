//! The packs that come with the program.

use super::{Pack, PackError};

/// Ids and texts, in alphabetical order.
const FILES: &[(&str, &str)] = &[
    ("eu-crma-recycled-content", include_str!("../packs/eu-crma-recycled-content.toml")),
    ("us-10usc4872", include_str!("../packs/us-10usc4872.toml")),
    ("us-dfars-252.225-7052", include_str!("../packs/us-dfars-252.225-7052.toml")),
    ("us-s857-disclosure", include_str!("../packs/us-s857-disclosure.toml")),
];

/// Ids and texts of the packs built in, in alphabetical order.
#[must_use]
pub const fn built_in() -> &'static [(&'static str, &'static str)] {
    FILES
}

/// The pack built in under an id; `None` for an unknown id.
///
/// # Errors
/// None for any pack built in, which a test shows.
pub fn find_built_in(id: &str) -> Option<Result<Pack, PackError>> {
    FILES.iter().find(|(known, _)| *known == id).map(|(_, text)| Pack::parse(text))
}
