//! C2SP signed notes: a text and the signatures under it, each line `— <key name> <base64(key hash || signature)>`.
//!
//! In scope: the form, and Ed25519 signatures over the text (type 0x01). Not in scope: what the text says
//! (`checkpoint`), signatures that cover more than the text (`cosignature`), which key to ask for (the caller).
//!
//! Lines of unknown keys are kept as they are, so that a note can be passed on with signatures of a kind not yet known
//! here, ML-DSA among them. All base64 is strict: a note that was read prints back byte for byte.

use super::vkey::{DynSigner, KeyKind, KeyName, VerifierKey};
use crate::value::Signature;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// The most bytes of a note: the limit of the Go implementation, so that no note is written that it would not read.
pub const MAX_NOTE: usize = 1_000_000;

/// The most signature lines of a note, as in the Go implementation; C2SP asks for at least 16.
pub const MAX_SIGNATURES: usize = 100;

/// Why bytes are no signed note, or a signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// More bytes than [`MAX_NOTE`].
    #[error("expected a note of at most {MAX_NOTE} bytes, found {0}")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("expected UTF-8 text, found other bytes at offset {0}")]
    Utf8(usize),
    /// A control character other than LF.
    #[error("expected no control character but LF, found U+{found:04X} at offset {offset}")]
    Control {
        /// The character's code.
        found: u32,
        /// Its offset in bytes.
        offset: usize,
    },
    /// The text does not end in LF.
    #[error("expected a note text that ends in LF")]
    TextEnd,
    /// No blank line before the signatures, or none of them, or the last one does not end in LF.
    #[error("expected a text, a blank line and signature lines, each ending in LF")]
    Shape,
    /// A line among the signatures that is none.
    #[error(
        "expected `— <key name> <base64>` with at least one byte of signature, found `{found}` as signature line {line}"
    )]
    Line {
        /// Which of the signature lines, from 1.
        line: usize,
        /// The line, shortened.
        found: String,
    },
    /// More signature lines than [`MAX_SIGNATURES`].
    #[error("expected at most {MAX_SIGNATURES} signature lines, found {0}")]
    TooMany(usize),
    /// No line of the key asked for.
    #[error("expected a signature of `{name}` (key hash {hash:08x}), found none among {lines} signature lines")]
    Unsigned {
        /// The key's name.
        name: String,
        /// The key's hash.
        hash: u32,
        /// How many signature lines there are.
        lines: usize,
    },
    /// A line of a known key that does not verify.
    #[error("expected a valid signature of `{name}` (key hash {hash:08x}), found one that does not verify")]
    Invalid {
        /// The key's name.
        name: String,
        /// The key's hash.
        hash: u32,
    },
    /// A key that signs something else.
    #[error("expected a key of type 0x{expected:02x}, found `{name}` of type 0x{found:02x}")]
    Kind {
        /// The type byte that is needed.
        expected: u8,
        /// The type byte of the key.
        found: u8,
        /// The key's name.
        name: String,
    },
    /// The signer failed, or holds another key than the one named.
    #[error("expected a signature by the private half of `{0}`, found none or another key's")]
    Signer(String),
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoteSignature {
    /// The name of the key that is said to have signed.
    pub name: KeyName,
    /// The short hash of that key.
    pub hash: u32,
    /// The signature in the form of the key's type; never empty.
    pub signature: Vec<u8>,
}

impl NoteSignature {
    /// Whether the line says that it is this key's.
    #[must_use]
    pub fn is_by(&self, key: &VerifierKey) -> bool {
        self.hash == key.hash() && self.name == *key.name()
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, base64) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = STANDARD.decode(base64).ok()?;
        let (hash, signature) = bytes.split_first_chunk::<4>()?;
        if signature.is_empty() {
            return None;
        }
        Some(Self { name: name.parse().ok()?, hash: u32::from_be_bytes(*hash), signature: signature.to_vec() })
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.hash.to_be_bytes().as_slice(), &self.signature].concat();
        write!(f, "— {} {}", self.name, STANDARD.encode(bytes))
    }
}

/// A note whose signatures have not been verified; its text is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// Length, encoding and alphabet of a whole note or of its text.
fn plain(bytes: &[u8]) -> Result<&str, NoteError> {
    if bytes.len() > MAX_NOTE {
        return Err(NoteError::TooLong(bytes.len()));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| NoteError::Utf8(e.valid_up_to()))?;
    match text.char_indices().find(|(_, c)| *c < ' ' && *c != '\n') {
        Some((offset, c)) => Err(NoteError::Control { found: c.into(), offset }),
        None => Ok(text),
    }
}

impl SignedNote {
    /// Reads a signed note.
    ///
    /// Does not establish that any of its signatures is valid: see [`SignedNote::verify`].
    ///
    /// # Errors
    /// The first rule of C2SP signed-note that the bytes break.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        let whole = plain(bytes)?;
        let (text, lines) = whole.rsplit_once("\n\n").ok_or(NoteError::Shape)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Shape)?;
        let count = lines.split('\n').count();
        if count > MAX_SIGNATURES {
            return Err(NoteError::TooMany(count));
        }
        let line = |(at, line): (usize, &str)| {
            let error = || NoteError::Line { line: at + 1, found: line.chars().take(80).collect() };
            NoteSignature::parse(line).ok_or_else(error)
        };
        let signatures = lines.split('\n').enumerate().map(line).collect::<Result<_, _>>()?;
        Ok(Self { text: format!("{text}\n"), signatures })
    }

    /// Signs a text with a key of type 0x01.
    ///
    /// # Errors
    /// The text is not one of a note, the key is of another type, or the signer does not hold its private half.
    pub fn sign(text: &str, key: &VerifierKey, signer: &DynSigner<'_>) -> Result<Self, NoteError> {
        plain(text.as_bytes())?;
        if !text.ends_with('\n') {
            return Err(NoteError::TextEnd);
        }
        let mut note = Self { text: text.to_owned(), signatures: Vec::new() };
        note.add_signature(key, signer)?;
        Ok(note)
    }

    /// Signs the text with one more key of type 0x01.
    ///
    /// # Errors
    /// The key is of another type, the signer does not hold its private half, or the note would pass its limits.
    pub fn add_signature(&mut self, key: &VerifierKey, signer: &DynSigner<'_>) -> Result<(), NoteError> {
        is_kind(key, KeyKind::Note)?;
        let failed = || NoteError::Signer(key.name().to_string());
        let signature = key.sign(self.text.as_bytes(), signer).ok_or_else(failed)?;
        self.add_line(NoteSignature { name: key.name().clone(), hash: key.hash(), signature: signature.0.to_vec() })
    }

    /// Adds a signature line at the end, in place of an earlier line of the same name and key hash.
    ///
    /// # Errors
    /// The note would pass its limits.
    pub fn add_line(&mut self, line: NoteSignature) -> Result<(), NoteError> {
        let mut next = self.clone();
        next.signatures.retain(|old| (old.hash, &old.name) != (line.hash, &line.name));
        next.signatures.push(line);
        *self = Self::parse(next.to_string().as_bytes())?;
        Ok(())
    }

    /// The text, final LF included, on nobody's word.
    #[must_use]
    pub fn unverified_text(&self) -> &str {
        &self.text
    }

    /// The signature lines in their order.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Checks that the key signed the text: at least one line is its own, and every such line verifies.
    ///
    /// Does not establish that the key is the right one to ask for.
    ///
    /// # Errors
    /// The key is not of type 0x01, did not sign, or a line of its name and hash does not verify.
    pub fn check_signature(&self, key: &VerifierKey) -> Result<(), NoteError> {
        is_kind(key, KeyKind::Note)?;
        let (name, hash) = (key.name().to_string(), key.hash());
        let mut own = self.signatures.iter().filter(|line| line.is_by(key)).peekable();
        if own.peek().is_none() {
            return Err(NoteError::Unsigned { name, hash, lines: self.signatures.len() });
        }
        let valid = |line: &NoteSignature| {
            let bytes = line.signature.as_slice().try_into().ok();
            bytes.is_some_and(|bytes| key.public_key().verify(self.text.as_bytes(), &Signature(bytes)))
        };
        if own.all(valid) { Ok(()) } else { Err(NoteError::Invalid { name, hash }) }
    }

    /// Turns the note into a verified one, if the key signed it.
    ///
    /// # Errors
    /// As [`SignedNote::check_signature`].
    pub fn verify(self, key: &VerifierKey) -> Result<VerifiedNote, NoteError> {
        self.check_signature(key)?;
        Ok(VerifiedNote { note: self, key: key.clone() })
    }
}

pub(super) fn is_kind(key: &VerifierKey, expected: KeyKind) -> Result<(), NoteError> {
    if key.kind() == expected {
        return Ok(());
    }
    let name = key.name().to_string();
    Err(NoteError::Kind { expected: expected.byte(), found: key.kind().byte(), name })
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// A note that a given key has signed; nothing is said of its other signature lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedNote {
    note: SignedNote,
    key: VerifierKey,
}

impl VerifiedNote {
    /// The signed text, final LF included.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.note.text
    }

    /// The key that signed it.
    #[must_use]
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The note with all its lines, to be stored or passed on.
    #[must_use]
    pub const fn note(&self) -> &SignedNote {
        &self.note
    }
}

#[cfg(test)]
mod tests;
