//! Files read from their beginning on.

use super::{Disk, DiskFile, DiskResult, open_limited};
use std::path::Path;

/// A file that is read from its beginning on, a part at a time.
pub struct Sequential {
    file: Box<dyn DiskFile>,
    at: u64,
}

/// Opens a file of at most `limit` bytes, to be read from its beginning on.
///
/// # Errors
/// The system's, `NotFound` included; one of kind `FileTooLarge`.
pub fn read_sequentially(disk: &dyn Disk, path: &Path, limit: u64) -> DiskResult<Sequential> {
    Ok(Sequential { file: open_limited(disk, path, limit)?.0, at: 0 })
}

impl std::io::Read for Sequential {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read_at(self.at, buffer).map_err(std::io::Error::other)?;
        self.at += count as u64;
        Ok(count)
    }
}
