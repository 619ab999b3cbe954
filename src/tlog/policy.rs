//! C2SP tlog-policy: which logs are known, which witnesses, and which of them together are enough.
//!
//! In scope: the file, and whether a checkpoint meets it. Not in scope: what a procurement policy asks of a lot
//! (`crate::policy`), fetching anything from the URLs, which are kept as opaque bytes.
//!
//! A file whose last line lacks its LF is refused: a cut `quorum all-of-them` could name another, smaller group.

use super::checkpoint::{CheckpointError, SignedCheckpoint, VerifiedCheckpoint};
use super::cosignature::{Cosignature, CosignatureError, check_cosignatures};
use super::vkey::{KeyKind, VerifierKey, VkeyError};
use crate::value::PublicKey;
use std::collections::{BTreeMap, BTreeSet};

/// The most bytes of a policy file; it bounds every count in it.
pub const MAX_POLICY: usize = 1 << 20;

/// Why a policy file is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} on line {line} of the policy")]
pub struct PolicyError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: PolicyProblem,
}

/// What is wrong with a line of a policy file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyProblem {
    /// More bytes than [`MAX_POLICY`].
    #[error("expected a file of at most {MAX_POLICY} bytes, found {0}")]
    TooLong(usize),
    /// An octet that is neither tab, LF, nor one of 0x20–0x7e and 0x80–0xff.
    #[error("expected no control character but tab and LF, found 0x{0:02x}")]
    Octet(u8),
    /// The last line does not end in LF.
    #[error("expected every line to end in LF, found an unended one")]
    Unended,
    /// Not a line of one of the four forms.
    #[error(
        "expected `log VKEY [URL]`, `witness NAME VKEY [URL]`, `group NAME all|any|K NAME…` or `quorum NAME`, found `{0}`"
    )]
    Shape(String),
    /// A key that is none.
    #[error(transparent)]
    Vkey(#[from] VkeyError),
    /// A key of the wrong type for its use.
    #[error("expected a {expected}, found a key of type 0x{found:02x}")]
    Kind {
        /// What the line is for.
        expected: &'static str,
        /// The key's type byte.
        found: u8,
    },
    /// A log or witness with the same public key as another.
    #[error("expected each public key once, found that of `{0}` again")]
    DuplicateKey(String),
    /// A name that is taken or reserved.
    #[error("expected a new name, found `{0}`")]
    Taken(String),
    /// A name that no earlier line defines.
    #[error("expected a name defined on an earlier line, found `{0}`")]
    Unknown(String),
    /// A name that is a member of a group already.
    #[error("expected each name as a member of one group only, found `{0}` again")]
    Member(String),
    /// A threshold below 1 or above the number of members.
    #[error("expected `all`, `any` or a number from 1 to {members} without leading zeros, found `{found}`")]
    Threshold {
        /// How many members the group has.
        members: usize,
        /// What was found.
        found: String,
    },
    /// A second quorum line.
    #[error("expected one quorum line, found another")]
    SecondQuorum,
    /// No quorum line.
    #[error("expected a quorum line, found none up to the end")]
    NoQuorum,
}

/// What a name of the policy stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Definition {
    Witness(VerifierKey),
    /// At least `threshold` of the members, which are places of earlier definitions.
    Group {
        threshold: usize,
        members: Vec<usize>,
    },
}

/// A known set of logs and witnesses, and the rule which witnesses are enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    definitions: Vec<Definition>,
    /// The place of the definition that must be met; `None`: no cosignature is needed.
    quorum: Option<usize>,
}

/// What a policy found on a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// Whether the quorum has cosigned.
    pub met: bool,
    /// The verified cosignatures of known witnesses.
    pub cosignatures: Vec<Cosignature>,
}

/// Whitespace of the format is space and tab only.
fn words(line: &[u8]) -> Vec<&[u8]> {
    line.split(|c| matches!(c, b' ' | b'\t')).filter(|word| !word.is_empty()).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(80).collect()
}

/// The state of reading a policy line by line.
#[derive(Default)]
struct Reader {
    logs: Vec<VerifierKey>,
    log_keys: BTreeSet<PublicKey>,
    witness_keys: BTreeSet<PublicKey>,
    definitions: Vec<Definition>,
    names: BTreeMap<Vec<u8>, usize>,
    members: BTreeSet<usize>,
    quorum: Option<Option<usize>>,
}

fn vkey(word: &[u8], kind: KeyKind, expected: &'static str) -> Result<VerifierKey, PolicyProblem> {
    let unreadable = || VkeyError::Shape(text(word));
    let key: VerifierKey = std::str::from_utf8(word).map_err(|_| unreadable())?.parse()?;
    if key.kind() != kind {
        return Err(PolicyProblem::Kind { expected, found: key.kind().byte() });
    }
    Ok(key)
}

fn new_key(known: &mut BTreeSet<PublicKey>, key: &VerifierKey) -> Result<(), PolicyProblem> {
    if known.insert(*key.public_key()) { Ok(()) } else { Err(PolicyProblem::DuplicateKey(key.name().to_string())) }
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), PolicyProblem> {
        if let Some(octet) = line.iter().find(|c| **c != b'\t' && (**c < b' ' || **c == 0x7f)) {
            return Err(PolicyProblem::Octet(*octet));
        }
        match words(line).as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", key] | [b"log", key, _] => self.log(key),
            [b"witness", name, key] | [b"witness", name, key, _] => self.witness(name, key),
            [b"group", name, threshold, members @ ..] if !members.is_empty() => self.group(name, threshold, members),
            [b"quorum", name] => self.quorum(name),
            _ => Err(PolicyProblem::Shape(text(line))),
        }
    }

    fn log(&mut self, word: &[u8]) -> Result<(), PolicyProblem> {
        let key = vkey(word, KeyKind::Note, "log key (type 0x01)")?;
        new_key(&mut self.log_keys, &key)?;
        self.logs.push(key);
        Ok(())
    }

    fn witness(&mut self, name: &[u8], word: &[u8]) -> Result<(), PolicyProblem> {
        let key = vkey(word, KeyKind::Cosignature, "witness key (type 0x04)")?;
        new_key(&mut self.witness_keys, &key)?;
        self.define(name, Definition::Witness(key))
    }

    fn group(&mut self, name: &[u8], threshold: &[u8], members: &[&[u8]]) -> Result<(), PolicyProblem> {
        let wrong = || PolicyProblem::Threshold { members: members.len(), found: text(threshold) };
        let threshold = match threshold {
            b"all" => members.len(),
            b"any" => 1,
            digits => (1..=members.len()).find(|k| k.to_string().as_bytes() == digits).ok_or_else(wrong)?,
        };
        let places = members.iter().map(|member| self.member(member)).collect::<Result<_, _>>()?;
        self.define(name, Definition::Group { threshold, members: places })
    }

    fn member(&mut self, name: &[u8]) -> Result<usize, PolicyProblem> {
        let place = self.place(name)?;
        if self.members.insert(place) { Ok(place) } else { Err(PolicyProblem::Member(text(name))) }
    }

    fn place(&self, name: &[u8]) -> Result<usize, PolicyProblem> {
        self.names.get(name).copied().ok_or_else(|| PolicyProblem::Unknown(text(name)))
    }

    fn define(&mut self, name: &[u8], definition: Definition) -> Result<(), PolicyProblem> {
        if name == b"none" || self.names.contains_key(name) {
            return Err(PolicyProblem::Taken(text(name)));
        }
        self.names.insert(name.to_vec(), self.definitions.len());
        self.definitions.push(definition);
        Ok(())
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), PolicyProblem> {
        if self.quorum.is_some() {
            return Err(PolicyProblem::SecondQuorum);
        }
        self.quorum = Some(if name == b"none" { None } else { Some(self.place(name)?) });
        Ok(())
    }
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// The first line that breaks a rule of C2SP tlog-policy, or that has a key of a type not supported here.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        let at = |line| move |problem| PolicyError { line, problem };
        if bytes.len() > MAX_POLICY {
            return Err(at(1)(PolicyProblem::TooLong(bytes.len())));
        }
        let lines: Vec<&[u8]> = bytes.split(|c| *c == b'\n').collect();
        let Some((last, lines)) = lines.split_last() else { return Err(at(1)(PolicyProblem::NoQuorum)) };
        let end = lines.len() + 1;
        let mut reader = Reader::default();
        for (number, line) in lines.iter().enumerate() {
            reader.line(line).map_err(at(number + 1))?;
        }
        if !last.is_empty() {
            return Err(at(end)(PolicyProblem::Unended));
        }
        let quorum = reader.quorum.ok_or_else(|| at(end)(PolicyProblem::NoQuorum))?;
        Ok(Self { logs: reader.logs, definitions: reader.definitions, quorum })
    }

    /// The keys of the known logs; may be none, where the log is known from elsewhere.
    #[must_use]
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// The keys of the known witnesses.
    pub fn witnesses(&self) -> impl Iterator<Item = &VerifierKey> {
        self.definitions.iter().filter_map(|definition| match definition {
            Definition::Witness(key) => Some(key),
            Definition::Group { .. } => None,
        })
    }

    /// Whether these witnesses are enough; each counts once, others do not count.
    #[must_use]
    pub fn is_met_by(&self, cosigned: &BTreeSet<VerifierKey>) -> bool {
        // Members stand before their group, so one pass decides all.
        let mut met: Vec<bool> = Vec::with_capacity(self.definitions.len());
        for definition in &self.definitions {
            let now = match definition {
                Definition::Witness(key) => cosigned.contains(key),
                Definition::Group { threshold, members } => {
                    members.iter().filter(|member| met.get(**member) == Some(&true)).count() >= *threshold
                }
            };
            met.push(now);
        }
        self.quorum.is_none_or(|place| met.get(place) == Some(&true))
    }

    /// Turns a checkpoint into a verified one, if one of the known logs signed it.
    ///
    /// Does not ask for the quorum: see [`Policy::assess`].
    ///
    /// # Errors
    /// What the last key under the checkpoint's origin said, or that no known log has that origin.
    pub fn verify_log(&self, checkpoint: &SignedCheckpoint) -> Result<VerifiedCheckpoint, CheckpointError> {
        let origin = checkpoint.unverified().origin();
        let found = origin.chars().take(80).collect();
        let mut verdict = Err(CheckpointError::OtherLog { expected: "a log of the policy".to_owned(), found });
        for key in self.logs.iter().filter(|key| key.name().as_str() == origin) {
            verdict = checkpoint.clone().verify(key);
            if verdict.is_ok() {
                break;
            }
        }
        verdict
    }

    /// Checks the cosignatures of the known witnesses and whether they are enough.
    ///
    /// Does not establish when the witnesses signed to be soon enough; the times are in the answer.
    ///
    /// # Errors
    /// A cosignature of a known witness does not verify.
    pub fn assess(&self, checkpoint: &VerifiedCheckpoint) -> Result<Assessment, CosignatureError> {
        let cosignatures = check_cosignatures(checkpoint, self.witnesses())?;
        let cosigned = cosignatures.iter().map(|cosignature| cosignature.key.clone()).collect();
        Ok(Assessment { met: self.is_met_by(&cosigned), cosignatures })
    }
}

#[cfg(test)]
mod tests;
