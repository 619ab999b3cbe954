//! The only reader of the system's random source, apart from the making of keys (`keys`).

use super::error::{Failure, Kind};

/// Fills a buffer with random bytes.
pub(crate) fn fill(buffer: &mut [u8]) -> Result<(), Failure> {
    getrandom::fill(buffer)
        .map_err(|error| Failure::new(Kind::Internal, format_args!("no random bytes from the system: {error}")))
}
