//! Strict JSON: what serde_json lets through and signed data must not contain.
//!
//! In scope: nesting depth, duplicate members at any depth, byte order mark, invalid UTF-8, lone surrogates, trailing
//! data, numbers that are not exact; every error says line, column and JSON pointer. Not in scope: which members there
//! are and what they mean (the typed structs, all of which refuse unknown members).
//!
//! The scan needs no recursion and keeps one frame per open bracket, so a text nested 10,000 deep costs what its first
//! few brackets cost. [`check`] establishes nothing about the meaning of the text.
//!
//! ```
//! use oretrail::envelope::json::{self, Rules};
//! let error = json::check(br#"{"body":{"lots":[1,{"a":1,"\u0061":2}]}}"#, &Rules::SIGNED).unwrap_err();
//! assert_eq!(error.to_string(), "duplicate member `a` at line 1 column 27, in /body/lots/1");
//! ```

mod scan;
mod stream;
mod typed;

pub use stream::{Batch, MAX_PIECE, Stream, StreamError};
pub use typed::{from_slice, from_str};

/// Limits on a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How many brackets may be open at once.
    pub depth: usize,
    /// Which numbers may occur.
    pub numbers: Numbers,
    /// Whether `null` may occur.
    pub null: bool,
    /// Whether white space may occur between tokens.
    pub space: bool,
}

/// Which numbers may occur in a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// Integers of at most [`MAX_INTEGER`] in magnitude; no fraction, no exponent, no `-0`.
    Exact,
    /// Whatever RFC 8259 allows.
    Any,
}

/// The greatest integer that every JSON implementation keeps exactly: 2⁵³ − 1 (RFC 8259 section 6, RFC 7493 section 2.2).
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

impl Rules {
    /// For signed payloads and disclosed values: 16 brackets, exact numbers, and no `null` (what is absent is left out,
    /// so that it has one spelling).
    pub const SIGNED: Self = Self { depth: 16, numbers: Numbers::Exact, null: false, space: true };
    /// For the values of disclosures: as signed, and without white space between tokens.
    pub const DISCLOSED: Self = Self { space: false, ..Self::SIGNED };
    /// For files that carry signed data and their like: 32 brackets, exact numbers.
    pub const FILE: Self = Self { depth: 32, numbers: Numbers::Exact, null: true, space: true };
}

/// What is wrong with a JSON text, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at line {line} column {column}{}", Within(pointer))]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// JSON pointer (RFC 6901) of the innermost value that had begun; empty for the whole text.
    pub pointer: String,
}

/// `, in <pointer>`, or nothing for the whole text.
struct Within<'a>(&'a str);

impl std::fmt::Display for Within<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ", in {}", self.0) }
    }
}

/// Kinds of faults of a JSON text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonErrorKind {
    /// Bytes that are not UTF-8.
    #[error("expected UTF-8, found other bytes")]
    Utf8,
    /// A byte order mark.
    #[error("expected JSON without a byte order mark, found U+FEFF")]
    ByteOrderMark,
    /// Too many open brackets.
    #[error("expected at most {0} levels of nesting, found more")]
    Depth(usize),
    /// A member name that the object already has.
    #[error("duplicate member `{0}`")]
    Duplicate(String),
    /// A fraction, exponent, `-0` or too great an integer.
    #[error("expected an integer of at most 2^53-1 in magnitude, found `{0}`")]
    Number(String),
    /// A `null` where none may occur.
    #[error("expected a value or no member at all, found `null`")]
    Null,
    /// Anything else that is not JSON.
    #[error("expected {expected}, found {found}")]
    Syntax {
        /// What could have come here.
        expected: &'static str,
        /// What came.
        found: String,
    },
    /// Well-formed JSON of another shape than the type that is read.
    #[error("{0}")]
    Shape(String),
}

/// Checks a whole JSON text against the rules of this module.
pub fn check(text: &[u8], rules: &Rules) -> Result<(), JsonError> {
    checked(text, rules).map(|_| ())
}

/// As [`check`], and hands the text on as UTF-8.
pub fn checked<'a>(text: &'a [u8], rules: &Rules) -> Result<&'a str, JsonError> {
    scan::scan(text, rules).map_err(|fault| {
        let (line, column) = position(text, fault.offset);
        JsonError { kind: fault.kind, line, column, pointer: fault.pointer }
    })
}

/// Line and column, both from 1, of a byte offset; bytes that continue a character are not counted.
fn position(text: &[u8], offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = count(before, |byte| byte == b'\n') + 1;
    let last = if line == 1 { None } else { before.iter().rposition(|b| *b == b'\n') };
    let start = last.map_or(0, |p| p + 1);
    let column = count(before.get(start..).unwrap_or_default(), |byte| byte & 0xC0 != 0x80) + 1;
    (line, column)
}

/// How many bytes are such. Few enough are counted at a time for the count to fit a byte, so that many are looked at at once.
fn count(bytes: &[u8], is_such: impl Fn(u8) -> bool) -> usize {
    let parts = bytes.chunks(usize::from(u8::MAX));
    parts.map(|part| usize::from(part.iter().map(|byte| u8::from(is_such(*byte))).sum::<u8>())).sum()
}

#[cfg(test)]
mod tests;
