//! The entry: one leaf of the tree, as text.
//!
//! Layout (`schemas/FORMAT.md`), every line ending in LF:
//!
//! ```text
//! oretrail.entry/1
//! <prev: BLAKE3 of the previous entry's bytes, or the ledger id for entry 0>
//! <recorded at: RFC 3339 UTC seconds>
//! <issuer-signed JWT, compact form>
//! ```
//!
//! In scope: the syntax, the length, the link. Not in scope: whether `prev` is the previous entry's link and whether the
//! times rise (`ledger` and `verify`, which see the neighbours), and what the JWT says (`envelope`).

use crate::value::digest::HexError;
use crate::value::time::TimeError;
use crate::value::{Blake3, LedgerId, Time};
use std::io::Write as _;

/// The most bytes an entry may have: the largest length that a C2SP entry bundle can state (`uint16`).
pub const MAX_ENTRY: usize = 65_535;

/// How many bytes an entry has beside its JWT: three lines, of 16, 64 and 20 characters, and the ends of four.
pub const AROUND_JWT: usize = 104;

/// The first line of an entry of version 1.
pub const ENTRY_HEADER: &str = "oretrail.entry/1";

/// Why bytes are no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// No bytes at all; zero-length leaves are invalid in a ledger.
    #[error("expected an entry, found zero bytes")]
    Empty,
    /// More bytes than [`MAX_ENTRY`].
    #[error("expected an entry of at most {MAX_ENTRY} bytes, found {0}")]
    TooLong(usize),
    /// Bytes that are not ASCII.
    #[error("expected ASCII text, found byte 0x{byte:02x} at offset {offset}")]
    NotAscii {
        /// The first byte above 0x7f.
        byte: u8,
        /// Where it is, from 0.
        offset: usize,
    },
    /// Not four lines, each ending in LF.
    #[error("expected 4 lines each ending in LF, found {found}")]
    Lines {
        /// How many lines end in LF, or that the last one does not.
        found: String,
    },
    /// Another first line.
    #[error("expected `{ENTRY_HEADER}` on line 1, found `{0}`")]
    Header(String),
    /// The second line is no digest.
    #[error("{0} on line 2 of an entry")]
    Prev(#[from] HexError),
    /// The third line is no time.
    #[error("{0} on line 3 of an entry")]
    Time(#[from] TimeError),
    /// The fourth line is no compact JWS.
    #[error("expected three base64url parts joined by dots on line 4 of an entry, found `{0}`")]
    Jwt(String),
}

/// The link of an entry: the BLAKE3 of its bytes, which the next entry holds as `prev`.
#[must_use]
pub fn link(entry: &[u8]) -> Blake3 {
    Blake3::of(entry)
}

/// What `prev` is in entry 0: the ledger id.
#[must_use]
pub fn first_prev(ledger: LedgerId) -> Blake3 {
    Blake3(ledger.0)
}

/// An entry borrowed from the bytes it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryRef<'a> {
    /// Link of the previous entry, or the ledger id.
    pub prev: Blake3,
    /// When the operator recorded it, by the operator's word.
    pub recorded_at: Time,
    /// The issuer-signed JWT, verbatim.
    pub jwt: &'a str,
    /// All bytes of the entry, verbatim.
    pub bytes: &'a [u8],
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

fn is_compact_jws(text: &str) -> bool {
    let base64url = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    let mut parts = 0;
    for part in text.split('.') {
        parts += 1;
        // Without an early end: so the compiler compares many bytes at a time.
        if part.is_empty() || !part.bytes().fold(true, |all, c| all & base64url(c)) {
            return false;
        }
    }
    parts == 3
}

/// The ASCII text of an entry, if its length and alphabet are those of one.
fn ascii(bytes: &[u8]) -> Result<&str, EntryError> {
    match bytes.len() {
        0 => return Err(EntryError::Empty),
        length if length > MAX_ENTRY => return Err(EntryError::TooLong(length)),
        _ => {}
    }
    if bytes.is_ascii() {
        return std::str::from_utf8(bytes).map_err(|e| EntryError::NotAscii { byte: 0, offset: e.valid_up_to() });
    }
    let first = bytes.iter().enumerate().find(|(_, b)| !b.is_ascii());
    let (offset, byte) = first.map_or((0, 0), |(offset, byte)| (offset, *byte));
    Err(EntryError::NotAscii { byte, offset })
}

impl<'a> EntryRef<'a> {
    /// Reads an entry; every accepted input has exactly one meaning and one spelling.
    ///
    /// Does not establish that `prev` is the link of the entry before it, nor that the JWT is signed by anybody.
    ///
    /// # Errors
    /// The first rule of the layout that the bytes break.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EntryError> {
        let text = ascii(bytes)?;
        let unended = || EntryError::Lines { found: "a last line without LF".to_owned() };
        let body = text.strip_suffix('\n').ok_or_else(unended)?;
        let mut lines = body.split('\n');
        let (Some(header), Some(prev), Some(time), Some(jwt), None) =
            (lines.next(), lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(EntryError::Lines { found: body.split('\n').count().to_string() });
        };
        if header != ENTRY_HEADER {
            return Err(EntryError::Header(short(header)));
        }
        let (prev, recorded_at) = (prev.parse()?, time.parse()?);
        if !is_compact_jws(jwt) {
            return Err(EntryError::Jwt(short(jwt)));
        }
        Ok(Self { prev, recorded_at, jwt, bytes })
    }

    /// The link of this entry.
    #[must_use]
    pub fn link(&self) -> Blake3 {
        link(self.bytes)
    }

    /// An owned copy of the members.
    #[must_use]
    pub fn to_entry(&self) -> Entry {
        Entry { prev: self.prev, recorded_at: self.recorded_at, jwt: self.jwt.to_owned() }
    }
}

/// An entry that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Link of the previous entry, or the ledger id ([`first_prev`]).
    pub prev: Blake3,
    /// When the operator records it; never earlier than the entry before it.
    pub recorded_at: Time,
    /// The issuer-signed JWT in compact form.
    pub jwt: String,
}

impl Entry {
    /// The bytes of the entry.
    ///
    /// # Errors
    /// What [`EntryRef::parse`] refuses is refused here: a JWT of another shape, or more than [`MAX_ENTRY`] bytes.
    pub fn format(&self) -> Result<Vec<u8>, EntryError> {
        format(self.prev, self.recorded_at, &self.jwt)
    }
}

/// As [`Entry::format`], of members that lie elsewhere.
///
/// # Errors
/// As [`Entry::format`].
pub fn format(prev: Blake3, recorded_at: Time, jwt: &str) -> Result<Vec<u8>, EntryError> {
    let bytes = text_of(prev, recorded_at, jwt);
    if bytes.len() > MAX_ENTRY {
        return Err(EntryError::TooLong(bytes.len()));
    }
    // The other members have one spelling each, which is the one that was written.
    if !is_compact_jws(jwt) {
        return Err(EntryError::Jwt(short(jwt)));
    }
    Ok(bytes)
}

/// The bytes of an entry of these members; whether they are one, [`EntryRef::parse`] says.
#[must_use]
pub fn text_of(prev: Blake3, recorded_at: Time, jwt: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_text(&mut bytes, prev, recorded_at, jwt);
    bytes
}

/// Adds the bytes of an entry of these members, as [`text_of`].
pub fn write_text(bytes: &mut Vec<u8>, prev: Blake3, recorded_at: Time, jwt: &str) {
    bytes.reserve(AROUND_JWT + jwt.len());
    // Writing to memory cannot fail.
    let _ = writeln!(bytes, "{ENTRY_HEADER}\n{prev}\n{recorded_at}");
    bytes.extend_from_slice(jwt.as_bytes());
    bytes.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Entry {
        Entry {
            prev: Blake3([0xab; 32]),
            recorded_at: Time::from_unix(1_793_692_800).unwrap(),
            jwt: "e30.e30.AA".into(),
        }
    }

    #[test]
    fn entry_has_the_documented_text() {
        let prev = "ab".repeat(32);
        let expected = format!("oretrail.entry/1\n{prev}\n2026-11-03T08:00:00Z\ne30.e30.AA\n");
        let bytes = sample().format().unwrap();
        assert_eq!(std::str::from_utf8(&bytes).unwrap(), expected);
        assert_eq!(bytes.len(), AROUND_JWT + sample().jwt.len());
        let read = EntryRef::parse(&bytes).unwrap();
        assert_eq!(read.to_entry(), sample());
        assert_eq!(read.link(), Blake3::of(&bytes));
        assert_eq!(first_prev(LedgerId([3; 32])), Blake3([3; 32]));
    }

    #[test]
    fn every_other_spelling_is_refused() {
        let good = String::from_utf8(sample().format().unwrap()).unwrap();
        let bad = [
            good.trim_end().to_owned(),
            format!("{good}\n"),
            good.replace('\n', "\r\n"),
            good.replace("entry/1", "entry/2"),
            good.replace("ab", "AB"),
            good.replace("08:00:00Z", "08:00:00+00:00"),
            good.replace("e30.e30.AA", "e30.e30"),
            good.replace("e30.e30.AA", "e30.e30.AA~"),
            good.replace("e30.e30.AA", "e30.e30."),
            good.replace("e30.e30.AA", "e30.é.AA"),
            format!(" {good}"),
        ];
        for text in bad {
            assert!(EntryRef::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert_eq!(EntryRef::parse(b""), Err(EntryError::Empty));
    }

    #[test]
    fn longest_entry_is_written_and_one_byte_more_is_not() {
        let mut entry = sample();
        let room = MAX_ENTRY - entry.format().unwrap().len();
        entry.jwt.push_str(&"A".repeat(room));
        assert_eq!(entry.format().unwrap().len(), MAX_ENTRY);
        entry.jwt.push('A');
        assert_eq!(entry.format(), Err(EntryError::TooLong(MAX_ENTRY + 1)));
    }

    #[test]
    fn errors_say_what_was_expected_and_found() {
        let text = "oretrail.entry/1\nzz\n2026-11-03T08:00:00Z\na.b.c\n";
        assert_eq!(
            EntryRef::parse(text.as_bytes()).unwrap_err().to_string(),
            "expected 64 lower-case hex digits, found `z` at position 1 on line 2 of an entry"
        );
        assert_eq!(EntryRef::parse(b"a\nb\n").unwrap_err().to_string(), "expected 4 lines each ending in LF, found 2");
    }

    proptest! {
        #[test]
        fn whatever_is_read_prints_back(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(entry) = EntryRef::parse(&bytes) {
                prop_assert_eq!(entry.to_entry().format().unwrap(), bytes);
            }
        }

        #[test]
        fn what_is_written_is_what_would_be_read(
            prev in any::<[u8; 32]>(),
            time in (-2_208_988_800..=253_402_207_200_i64).prop_map(|seconds| Time::from_unix(seconds).unwrap()),
            jwt in r"[A-Za-z0-9_.\-]{0,12}|[a-z]{1,3}\.[a-z]{1,3}\.[a-z\n~é=]{1,2}",
        ) {
            let bytes = text_of(Blake3(prev), time, &jwt);
            let written = format(Blake3(prev), time, &jwt);
            match EntryRef::parse(&bytes) {
                Ok(entry) => {
                    prop_assert_eq!((entry.prev, entry.recorded_at, entry.jwt), (Blake3(prev), time, jwt.as_str()));
                    prop_assert_eq!(written, Ok(bytes.clone()));
                }
                Err(_) => prop_assert!(written.is_err()),
            }
        }

        #[test]
        fn changed_entry_reads_as_itself_or_not_at_all(at in 0usize..110, byte in any::<u8>()) {
            let mut bytes = sample().format().unwrap();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(entry) = EntryRef::parse(&bytes) {
                prop_assert_eq!(entry.to_entry().format().unwrap(), bytes);
            }
        }
    }
}
