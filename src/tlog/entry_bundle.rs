//! Entry bundles of C2SP tlog-tiles: up to 256 entries, each a big-endian `uint16` length and that many bytes.
//!
//! In scope: framing. Not in scope: what an entry says (`entry`), whether it has its place in the tree (`proof`), what
//! to do with a torn end (`ledger`).

use super::entry::MAX_ENTRY;

/// Why bytes are no entry bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The bytes end within an entry.
    #[error("expected {expected} more bytes of the entry at offset {offset}, found {found}")]
    Torn {
        /// Where the entry's length begins.
        offset: usize,
        /// How many bytes its length calls for.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// An entry of no bytes; those are invalid.
    #[error("expected an entry of 1 to {MAX_ENTRY} bytes at offset {offset}, found {found}")]
    Length {
        /// Where the entry's length begins.
        offset: usize,
        /// How many bytes it has.
        found: usize,
    },
    /// More or fewer entries than the bundle's width.
    #[error("expected {expected} entries in the bundle, found {found}")]
    Count {
        /// The width.
        expected: usize,
        /// How many entries there are; counting stops at one too many.
        found: usize,
    },
}

/// Appends an entry with its length to a bundle.
///
/// # Errors
/// The entry is empty or longer than [`MAX_ENTRY`]; nothing is appended.
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), BundleError> {
    match u16::try_from(entry.len()) {
        Ok(length) if length > 0 => {
            bundle.extend(length.to_be_bytes());
            bundle.extend(entry);
            Ok(())
        }
        _ => Err(BundleError::Length { offset: bundle.len(), found: entry.len() }),
    }
}

/// The entries of a bundle one after the other; ends after the first error.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    offset: usize,
    failed: bool,
}

impl<'a> Entries<'a> {
    /// Reads from the beginning of a bundle.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0, failed: false }
    }

    /// Where the last whole entry read so far ends: after a torn end, the length of what is sound.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    fn read(&self, rest: &'a [u8]) -> Result<&'a [u8], BundleError> {
        let offset = self.offset;
        let Some((length, body)) = rest.split_first_chunk::<2>() else {
            return Err(BundleError::Torn { offset, expected: 2, found: rest.len() });
        };
        let length = usize::from(u16::from_be_bytes(*length));
        if length == 0 {
            return Err(BundleError::Length { offset, found: 0 });
        }
        body.get(..length).ok_or(BundleError::Torn { offset, expected: length, found: body.len() })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<&'a [u8], BundleError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.bytes.get(self.offset..).filter(|rest| !rest.is_empty() && !self.failed)?;
        let entry = self.read(rest);
        match &entry {
            Ok(entry) => self.offset += 2 + entry.len(),
            Err(_) => self.failed = true,
        }
        Some(entry)
    }
}

/// Reads a bundle of exactly `width` entries with nothing behind them.
///
/// Does not establish that the entries are those of a tree.
///
/// # Errors
/// A torn or empty entry, or another number of them.
pub fn parse_bundle(bytes: &[u8], width: usize) -> Result<Vec<&[u8]>, BundleError> {
    let entries: Vec<&[u8]> = Entries::new(bytes).take(width.saturating_add(1)).collect::<Result<_, _>>()?;
    if entries.len() == width { Ok(entries) } else { Err(BundleError::Count { expected: width, found: entries.len() }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bundle(entries: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        entries.iter().for_each(|entry| push_entry(&mut bytes, entry).unwrap());
        bytes
    }

    #[test]
    fn framing_is_that_of_the_specification() {
        let bytes = bundle(&[b"ab", b"c"]);
        assert_eq!(bytes, b"\x00\x02ab\x00\x01c");
        assert_eq!(parse_bundle(&bytes, 2).unwrap(), [b"ab".as_slice(), b"c"]);
        assert_eq!(parse_bundle(&bytes, 1), Err(BundleError::Count { expected: 1, found: 2 }));
        assert_eq!(parse_bundle(&bytes, 3), Err(BundleError::Count { expected: 3, found: 2 }));
        assert_eq!(parse_bundle(b"", 0), Ok(vec![]));
    }

    #[test]
    fn longest_entry_fits_and_longer_or_empty_ones_do_not() {
        let long = vec![7; MAX_ENTRY];
        assert_eq!(parse_bundle(&bundle(&[&long]), 1).unwrap(), [long.as_slice()]);
        let mut bytes = vec![1];
        assert!(push_entry(&mut bytes, &vec![7; MAX_ENTRY + 1]).is_err());
        assert_eq!(push_entry(&mut bytes, b""), Err(BundleError::Length { offset: 1, found: 0 }));
        assert_eq!(bytes, [1]);
        assert_eq!(parse_bundle(b"\x00\x00", 1), Err(BundleError::Length { offset: 0, found: 0 }));
    }

    #[test]
    fn torn_end_is_found_where_it_begins() {
        let whole = bundle(&[b"first", b"second"]);
        for length in 8..whole.len() {
            let mut entries = Entries::new(&whole[..length]);
            assert_eq!(entries.next(), Some(Ok(b"first".as_slice())));
            assert!(matches!(entries.next(), Some(Err(BundleError::Torn { offset: 7, .. }))), "{length}");
            assert_eq!((entries.next(), entries.offset()), (None, 7));
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_frames_back(bytes in prop::collection::vec(0u8..4, 0..40), width in 0usize..12) {
            if let Ok(entries) = parse_bundle(&bytes, width) {
                prop_assert_eq!(bundle(&entries), bytes);
            }
        }
    }
}
