//! C2SP checkpoints: a log's signed tree head, a note of exactly three lines: origin, size, base64 of the root.
//!
//! Extension lines are refused: monitors cannot audit them, and no version of this format has any. The key name in the
//! log's signature line is the origin, as C2SP tlog-policy demands.
//!
//! In scope: the three lines and the log's own signature. Not in scope: witnesses (`cosignature`), whether two
//! checkpoints are consistent (`proof`), which key belongs to a log at a size (`ledger` events, `verify`).

use super::nodes::TreeHead;
use super::note::{NoteError, NoteSignature, SignedNote};
use super::vkey::{DynSigner, VerifierKey};
use crate::value::Sha256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::str::FromStr;

/// The largest size of a tree: 2⁶³ − 1, the limit of the Go implementation.
pub const MAX_SIZE: u64 = i64::MAX.unsigned_abs();

/// Why bytes are no checkpoint, or a checkpoint is not the log's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note, or not signed as asked for.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Not three lines.
    #[error("expected 3 lines (origin, size, root) without extension lines, found {0}")]
    Lines(usize),
    /// An empty origin, or one with a control character.
    #[error("expected an origin on line 1 of a checkpoint, found `{0}`")]
    Origin(String),
    /// The second line is no size.
    #[error("expected a decimal size up to {MAX_SIZE} without leading zeros on line 2 of a checkpoint, found `{0}`")]
    Size(String),
    /// The third line is no hash.
    #[error("expected base64 of 32 bytes on line 3 of a checkpoint, found `{0}`")]
    Root(String),
    /// The key asked for belongs to another log.
    #[error("expected a checkpoint of `{expected}`, found origin `{found}`")]
    OtherLog {
        /// The name of the key asked for.
        expected: String,
        /// The origin found.
        found: String,
    },
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

/// A decimal number in its one spelling.
pub(super) fn parse_decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A SHA-256 digest in standard base64, as notes and proofs hold it.
pub(super) fn parse_hash(text: &str) -> Option<Sha256> {
    STANDARD.decode(text).ok()?.try_into().ok().map(Sha256)
}

/// The standard base64 of a digest.
pub(super) fn format_hash(hash: &Sha256) -> String {
    STANDARD.encode(hash.0)
}

/// A tree head under the name of its log; text form: the three lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Checkpoint {
    origin: String,
    head: TreeHead,
}

impl Checkpoint {
    /// States the tree head of the log named `origin`.
    ///
    /// # Errors
    /// The origin is empty or has control characters, or the size is above [`MAX_SIZE`].
    pub fn new(origin: &str, size: u64, root: Sha256) -> Result<Self, CheckpointError> {
        if origin.is_empty() || origin.contains(|c: char| c < ' ') {
            return Err(CheckpointError::Origin(short(origin)));
        }
        if size > MAX_SIZE {
            return Err(CheckpointError::Size(size.to_string()));
        }
        Ok(Self { origin: origin.to_owned(), head: TreeHead { size, root } })
    }

    /// The log's name.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.head.size
    }

    /// The root at that size.
    #[must_use]
    pub const fn root(&self) -> &Sha256 {
        &self.head.root
    }

    /// Size and root.
    #[must_use]
    pub const fn head(&self) -> TreeHead {
        self.head
    }

    /// Signs the checkpoint with the log's key, whose name must be the origin.
    ///
    /// Does not ask whether another checkpoint was signed before: the signing memory does.
    ///
    /// # Errors
    /// The key is another log's, or of another type, or the signer does not hold its private half.
    pub fn sign(&self, key: &VerifierKey, signer: &DynSigner<'_>) -> Result<VerifiedCheckpoint, CheckpointError> {
        self.is_of(key)?;
        let note = SignedNote::sign(&self.to_string(), key, signer)?;
        SignedCheckpoint::parse(note.to_string().as_bytes())?.verify(key)
    }

    fn is_of(&self, key: &VerifierKey) -> Result<(), CheckpointError> {
        if self.origin == key.name().as_str() {
            return Ok(());
        }
        Err(CheckpointError::OtherLog { expected: key.name().to_string(), found: short(&self.origin) })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.head.size, format_hash(&self.head.root))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(NoteError::TextEnd)?.split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Lines(text.matches('\n').count()));
        };
        let size = parse_decimal(size).ok_or_else(|| CheckpointError::Size(short(size)))?;
        let root = parse_hash(root).ok_or_else(|| CheckpointError::Root(short(root)))?;
        Self::new(origin, size, root)
    }
}

/// A checkpoint whose signatures have not been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: SignedNote,
}

impl SignedCheckpoint {
    /// Reads a signed checkpoint.
    ///
    /// Does not establish that any of its signatures is valid: see [`SignedCheckpoint::verify`].
    ///
    /// # Errors
    /// Not a signed note, or its text is not three lines as specified.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = SignedNote::parse(bytes)?;
        Ok(Self { checkpoint: note.unverified_text().parse()?, note })
    }

    /// What it says, on nobody's word.
    #[must_use]
    pub const fn unverified(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note with all its lines.
    #[must_use]
    pub const fn note(&self) -> &SignedNote {
        &self.note
    }

    /// Turns the checkpoint into a verified one, if it is that of the key's log and signed by the key.
    ///
    /// Does not establish that the log showed everybody the same tree (witnesses do), nor that it is the latest.
    ///
    /// # Errors
    /// The origin is not the key's name, or the key did not sign.
    pub fn verify(self, key: &VerifierKey) -> Result<VerifiedCheckpoint, CheckpointError> {
        self.checkpoint.is_of(key)?;
        self.note.check_signature(key)?;
        Ok(VerifiedCheckpoint { signed: self, key: key.clone() })
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

/// A checkpoint that a given key of its log has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedCheckpoint {
    signed: SignedCheckpoint,
    key: VerifierKey,
}

impl VerifiedCheckpoint {
    /// What the log stated.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.signed.checkpoint
    }

    /// Size and root.
    #[must_use]
    pub const fn head(&self) -> TreeHead {
        self.signed.checkpoint.head
    }

    /// The log's key that signed it.
    #[must_use]
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The note with all its lines, to be stored or passed on.
    #[must_use]
    pub const fn note(&self) -> &SignedNote {
        &self.signed.note
    }

    /// The checkpoint as it is passed on, to be verified again by who receives it.
    #[must_use]
    pub const fn signed(&self) -> &SignedCheckpoint {
        &self.signed
    }

    /// Checks that a second key of the log signed it as well, as at the rotation of a log key.
    ///
    /// # Errors
    /// The key is another log's or did not sign.
    pub fn check_also_signed_by(&self, key: &VerifierKey) -> Result<(), CheckpointError> {
        self.checkpoint().is_of(key)?;
        Ok(self.signed.note.check_signature(key)?)
    }

    /// Signs it with a second key of the log.
    ///
    /// # Errors
    /// As [`Checkpoint::sign`].
    pub fn sign_also(mut self, key: &VerifierKey, signer: &DynSigner<'_>) -> Result<Self, CheckpointError> {
        self.checkpoint().is_of(key)?;
        self.signed.note.add_signature(key, signer)?;
        Ok(self)
    }

    /// Adds a signature line as it is, in place of an earlier line of the same name and key hash.
    ///
    /// Does not establish that the line's signature is valid.
    ///
    /// # Errors
    /// The line is said to be by the key that this checkpoint was verified with, or the note would pass its limits.
    pub fn add_line(&mut self, line: NoteSignature) -> Result<(), NoteError> {
        if line.is_by(&self.key) {
            return Err(NoteError::Invalid { name: line.name.to_string(), hash: line.hash });
        }
        self.signed.note.add_line(line)
    }
}

impl fmt::Display for VerifiedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.signed.fmt(f)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::tree::tests::tree;
    use super::super::vkey::KeyKind;
    use super::super::vkey::tests::pair;
    use super::*;
    use proptest::prelude::*;

    pub(crate) const ORIGIN: &str = "oretrail.example/log";

    /// The checkpoint of the test tree at a size, signed by key 1 of [`ORIGIN`].
    pub(crate) fn signed(size: u64) -> VerifiedCheckpoint {
        let (key, signer) = pair(ORIGIN, KeyKind::Note, 1);
        Checkpoint::new(ORIGIN, size, tree(size).root()).unwrap().sign(&key, &signer).unwrap()
    }

    #[test]
    fn text_is_the_three_lines_of_the_specification() {
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let checkpoint: Checkpoint = text.parse().unwrap();
        assert_eq!((checkpoint.origin(), checkpoint.size()), ("example.com/behind-the-sofa", 20_852_163));
        assert_eq!(checkpoint.to_string(), text);
    }

    #[test]
    fn oracles_read_and_verify_our_checkpoint() {
        let ours = signed(5);
        let note = signed_note::Note::from_bytes(ours.to_string().as_bytes()).unwrap();
        let verifier = signed_note::StandardVerifier::new(&ours.key().to_string()).unwrap();
        note.verify(&signed_note::VerifierList::new(vec![Box::new(verifier)])).unwrap();
        let theirs = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
        assert_eq!((theirs.origin(), theirs.size(), theirs.hash().0), (ORIGIN, 5, ours.head().root.0));
        assert_eq!(theirs.to_bytes(), ours.checkpoint().to_string().into_bytes());
    }

    #[test]
    fn other_spellings_and_extension_lines_are_refused() {
        let good = signed(5).checkpoint().to_string();
        let root = format_hash(signed(5).checkpoint().root());
        let cases = [
            (format!("{good}extension\n"), "expected 3 lines (origin, size, root) without extension lines, found 4"),
            (format!("{good}\n"), "expected 3 lines"),
            (good.replace("\n5\n", "\n05\n"), "expected a decimal size"),
            (good.replace("\n5\n", "\n+5\n"), "expected a decimal size"),
            (good.replace("\n5\n", "\n9223372036854775808\n"), "expected a decimal size"),
            (good.replace("\n5\n", "\n18446744073709551616\n"), "expected a decimal size"),
            (good.replace(ORIGIN, ""), "expected an origin on line 1"),
            (good.replace(&root, &root[1..]), "expected base64 of 32 bytes on line 3"),
            (good.replace('=', ""), "expected base64 of 32 bytes on line 3"),
            (good.trim_end().to_owned(), "expected a note text that ends in LF"),
            ("\n".to_owned(), "expected 3 lines"),
        ];
        for (text, start) in cases {
            let error = text.parse::<Checkpoint>().unwrap_err().to_string();
            assert!(error.starts_with(start), "{error}");
        }
        assert!(Checkpoint::new("a\nb", 0, Sha256([0; 32])).is_err());
        assert!(Checkpoint::new("a", MAX_SIZE + 1, Sha256([0; 32])).is_err());
    }

    #[test]
    fn checkpoint_verifies_only_for_the_key_of_its_log() {
        let bytes = signed(5).to_string();
        let (other_log, other_signer) = pair("other.example", KeyKind::Note, 1);
        let read = || SignedCheckpoint::parse(bytes.as_bytes()).unwrap();
        assert!(matches!(read().verify(&other_log), Err(CheckpointError::OtherLog { .. })));
        let (other_key, _) = pair(ORIGIN, KeyKind::Note, 2);
        assert!(matches!(read().verify(&other_key), Err(CheckpointError::Note(NoteError::Unsigned { .. }))));
        assert!(matches!(
            signed(5).checkpoint().sign(&other_log, &other_signer),
            Err(CheckpointError::OtherLog { .. })
        ));
        assert_eq!(read().verify(signed(5).key()).unwrap(), signed(5));
    }

    #[test]
    fn second_key_signs_at_a_rotation() {
        let (new, signer) = pair(ORIGIN, KeyKind::Note, 2);
        assert!(signed(5).check_also_signed_by(&new).is_err());
        let both = signed(5).sign_also(&new, &signer).unwrap();
        both.check_also_signed_by(&new).unwrap();
        let read = SignedCheckpoint::parse(both.to_string().as_bytes()).unwrap();
        assert_eq!(read.verify(signed(5).key()).unwrap(), both);
    }

    proptest! {
        #[test]
        fn whatever_is_read_prints_back(text in "[a\n ]{0,3}\n[0-9]{0,3}\n[A-Z]{42}[AEIMQ]=\n{0,2}|[a0=\n]{0,60}") {
            if let Ok(checkpoint) = text.parse::<Checkpoint>() {
                prop_assert_eq!(checkpoint.to_string(), text);
            }
        }
    }
}
