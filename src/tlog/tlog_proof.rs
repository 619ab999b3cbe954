//! C2SP tlog-proof files (`.tlog-proof`): one entry's index, audit path and checkpoint, to be checked offline.
//!
//! In scope: the file and what it proves about a leaf hash. Not in scope: computing the leaf hash from an entry
//! ([`leaf_hash`](super::tree::leaf_hash)), witnesses ([`Policy::assess`](super::policy::Policy::assess) on what
//! [`TlogProof::verify`] gives), many entries at once (`nodes`, `bundle`).

use super::checkpoint::{
    CheckpointError, SignedCheckpoint, VerifiedCheckpoint, format_hash, parse_decimal, parse_hash,
};
use super::note::MAX_NOTE;
use super::proof::{ProofError, check_inclusion};
use super::vkey::VerifierKey;
use crate::value::Sha256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// The first line of a proof file.
pub const PROOF_HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The most hashes of an audit path: one a level of a tree of less than 2⁶⁴ leaves.
pub const MAX_PATH: usize = 64;

/// The most bytes of a proof file: a note and as much again for the lines before it.
pub const MAX_PROOF: usize = 2 * MAX_NOTE;

/// Why a file is no proof, or proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// More bytes than [`MAX_PROOF`].
    #[error("expected a proof of at most {MAX_PROOF} bytes, found {0}")]
    TooLong(usize),
    /// No blank line between the proof's own lines and the checkpoint, or not UTF-8.
    #[error("expected UTF-8 lines, a blank line and a checkpoint")]
    Shape,
    /// A line that is not what its place calls for.
    #[error("expected {expected} on line {line} of a proof, found `{found}`")]
    Line {
        /// What should be there.
        expected: &'static str,
        /// Which line, from 1.
        line: usize,
        /// What is there, shortened; empty for no line.
        found: String,
    },
    /// More hashes than [`MAX_PATH`].
    #[error("expected at most {MAX_PATH} hashes, found {0}")]
    Path(usize),
    /// The checkpoint is none, or not the log's.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The audit path does not lead to the checkpoint's root.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// A proof file that has not been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    extra: Option<Vec<u8>>,
    index: u64,
    path: Vec<Sha256>,
    checkpoint: SignedCheckpoint,
}

/// The lines before the checkpoint, read one by one.
struct Lines<'a> {
    lines: std::iter::Peekable<std::str::Split<'a, char>>,
    taken: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { lines: text.split('\n').peekable(), taken: 0 }
    }

    /// Takes the next line through `read`, or says what was expected.
    fn take<T>(&mut self, expected: &'static str, read: impl Fn(&'a str) -> Option<T>) -> Result<T, TlogProofError> {
        let line = self.lines.next().unwrap_or_default();
        self.taken += 1;
        let error = || TlogProofError::Line { expected, line: self.taken, found: line.chars().take(80).collect() };
        read(line).ok_or_else(error)
    }

    fn next_starts_with(&mut self, start: &str) -> bool {
        self.lines.peek().is_some_and(|line| line.starts_with(start))
    }

    fn has_more(&mut self) -> bool {
        self.lines.peek().is_some()
    }
}

fn parse_extra(line: &str) -> Option<Vec<u8>> {
    STANDARD.decode(line.strip_prefix("extra ")?).ok().filter(|extra| !extra.is_empty())
}

impl TlogProof {
    /// Puts a proof together.
    ///
    /// # Errors
    /// The path is longer than any, or the file would be longer than [`MAX_PROOF`].
    pub fn new(
        index: u64,
        path: Vec<Sha256>,
        checkpoint: SignedCheckpoint,
        extra: Option<Vec<u8>>,
    ) -> Result<Self, TlogProofError> {
        let proof = Self { extra: extra.filter(|extra| !extra.is_empty()), index, path, checkpoint };
        Self::parse(proof.to_string().as_bytes())
    }

    /// Reads a proof file.
    ///
    /// Does not establish that it proves anything: see [`TlogProof::verify`].
    ///
    /// # Errors
    /// The first rule of C2SP tlog-proof that the bytes break.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlogProofError> {
        if bytes.len() > MAX_PROOF {
            return Err(TlogProofError::TooLong(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| TlogProofError::Shape)?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(TlogProofError::Shape)?;
        let mut lines = Lines::new(head);
        lines.take("`c2sp.org/tlog-proof@v1`", |line| (line == PROOF_HEADER).then_some(()))?;
        let extra = if lines.next_starts_with("extra") {
            Some(lines.take("`extra` and base64 of at least one byte", parse_extra)?)
        } else {
            None
        };
        let index = lines.take("`index` and a decimal number", |line| parse_decimal(line.strip_prefix("index ")?))?;
        let mut path = Vec::new();
        while lines.has_more() {
            if path.len() == MAX_PATH {
                return Err(TlogProofError::Path(MAX_PATH + 1));
            }
            path.push(lines.take("base64 of 32 bytes", parse_hash)?);
        }
        Ok(Self { extra, index, path, checkpoint: SignedCheckpoint::parse(checkpoint.as_bytes())? })
    }

    /// The index of the entry it is about.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The audit path, the leaf's sibling first.
    #[must_use]
    pub fn path(&self) -> &[Sha256] {
        &self.path
    }

    /// Data for the application, signed by nobody.
    #[must_use]
    pub fn unverified_extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// The checkpoint, not verified.
    #[must_use]
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Gives the checkpoint, if the log's key signed it and the leaf with this hash is in its tree at the index.
    ///
    /// Does not establish that anybody but the log saw that tree: ask a policy about the checkpoint's cosignatures. Says
    /// nothing about the extra data.
    ///
    /// # Errors
    /// The checkpoint is not the log's, or the path does not lead to its root.
    pub fn verify(self, leaf: &Sha256, key: &VerifierKey) -> Result<VerifiedCheckpoint, TlogProofError> {
        let checkpoint = self.checkpoint.verify(key)?;
        let head = checkpoint.head();
        check_inclusion(leaf, self.index, head.size, &head.root, &self.path)?;
        Ok(checkpoint)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{PROOF_HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", format_hash(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::super::checkpoint::tests::{ORIGIN, signed};
    use super::super::proof::prove_inclusion;
    use super::super::tree::tests::{leaf, tree};
    use super::super::vkey::KeyKind;
    use super::super::vkey::tests::pair;
    use super::*;
    use proptest::prelude::*;

    fn proof(index: u64, size: u64) -> TlogProof {
        let checkpoint = SignedCheckpoint::parse(signed(size).to_string().as_bytes()).unwrap();
        let path = prove_inclusion(&tree(size), index, size).unwrap();
        TlogProof::new(index, path, checkpoint, None).unwrap()
    }

    #[test]
    fn proof_reads_back_and_verifies_for_every_leaf() {
        let key = signed(1).key().clone();
        for size in 1..=9 {
            for index in 0..size {
                let text = proof(index, size).to_string();
                let read = TlogProof::parse(text.as_bytes()).unwrap();
                assert_eq!(read.to_string(), text);
                assert_eq!(read.clone().verify(&leaf(index), &key), Ok(signed(size)));
                assert!(read.verify(&leaf(index + 1), &key).is_err());
            }
        }
    }

    #[test]
    fn file_has_the_lines_of_the_specification() {
        let with_extra = TlogProof { extra: Some(b"age".to_vec()), ..proof(2, 3) };
        let root = format_hash(&signed(3).head().root);
        let sibling = format_hash(proof(2, 3).path().first().unwrap());
        let start = format!("{PROOF_HEADER}\nextra YWdl\nindex 2\n{sibling}\n\n{ORIGIN}\n3\n{root}\n\n— {ORIGIN} ");
        assert!(with_extra.to_string().starts_with(&start));
        let read = TlogProof::parse(with_extra.to_string().as_bytes()).unwrap();
        assert_eq!(read.unverified_extra(), Some(b"age".as_slice()));
    }

    #[test]
    fn proof_under_another_key_or_index_proves_nothing() {
        let (other, _) = pair(ORIGIN, KeyKind::Note, 2);
        assert!(matches!(proof(2, 5).verify(&leaf(2), &other), Err(TlogProofError::Checkpoint(_))));
        let moved = TlogProof { index: 3, ..proof(2, 5) };
        assert!(matches!(moved.verify(&leaf(2), signed(5).key()), Err(TlogProofError::Proof(_))));
    }

    #[test]
    fn malformed_files_are_refused_with_the_line() {
        let good = TlogProof { extra: Some(b"age".to_vec()), ..proof(2, 4) }.to_string();
        let path = format_hash(&leaf(3));
        let cases = [
            (good.replace("@v1", "@v2"), "expected `c2sp.org/tlog-proof@v1` on line 1"),
            (good.replace("YWdl", ""), "expected `extra` and base64 of at least one byte on line 2"),
            (good.replace("YWdl", "YWd"), "expected `extra` and base64"),
            (
                good.replace("extra YWdl\n", "extra YWdl\nextra YWdl\n"),
                "expected `index` and a decimal number on line 3",
            ),
            (good.replace("index 2", "index 02"), "expected `index` and a decimal number on line 3"),
            (good.replace("index 2", "index  2"), "expected `index`"),
            (good.replace("index 2", "index 18446744073709551616"), "expected `index`"),
            (good.replace("index 2\n", ""), "expected `index`"),
            (good.replace(&path, &format!("{path} ")), "expected base64 of 32 bytes on line 4"),
            (good.replace(&path, &[path.as_str(); 70].join("\n")), "expected at most 64 hashes"),
            (good.replace("\n\n", "\n"), "expected UTF-8 lines, a blank line"),
            (good.replacen("\n\n", "\n\n\n", 1), "expected"),
            (good.trim_end().to_owned(), "expected a text, a blank line and signature lines"),
            (
                good.replace("\n4\n", "\n4\nx\n"),
                "expected 3 lines (origin, size, root) without extension lines, found 4",
            ),
        ];
        for (text, start) in cases {
            let error = TlogProof::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(start), "{error}");
        }
        let only = TlogProof::parse(format!("{PROOF_HEADER}\n\n").as_bytes()).unwrap_err();
        assert_eq!(only.to_string(), "expected `index` and a decimal number on line 2 of a proof, found ``");
    }

    #[test]
    fn no_changed_byte_verifies_as_the_same_proof() {
        let text = proof(2, 5).to_string();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let verdict = TlogProof::parse(&bytes).and_then(|proof| proof.verify(&leaf(2), signed(5).key()));
            assert!(verdict.is_err(), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_prints_back(head in "(c2sp.org/tlog-proof@v1\n)?(extra [A-Za=]{0,8}\n)?(index [0-9]{1,3}\n)?([A-Z]{42}A=\n){0,3}\n?", noise in ".{0,20}") {
            for text in [format!("{head}\n{}", signed(3)), format!("{head}{noise}")] {
                if let Ok(proof) = TlogProof::parse(text.as_bytes()) {
                    prop_assert_eq!(proof.to_string(), text);
                }
            }
        }
    }
}
