//! The file: its members, and reading them strictly.

mod stream;

use crate::envelope::json::{Numbers, Rules, Stream, StreamError};
use crate::tlog::tree::{Node, NodeMap};
use crate::value::{Blake3, EventId, LedgerId, Sha256, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::io::Read;

/// The version of the bundle format.
pub const BUNDLE_VERSION: u8 = 1;

/// The largest bundle in bytes: 1 GiB.
pub const MAX_BUNDLE_BYTES: usize = 1 << 30;

/// The most ledgers of a bundle.
pub const MAX_LEDGERS: usize = 64;

/// The most checkpoints of one ledger in a bundle.
pub const MAX_CHECKPOINTS: usize = 64;

/// Brackets open at once: object, ledgers, ledger, entries, entry, disclosures, and room for two more.
const RULES: Rules = Rules { depth: 8, numbers: Numbers::Exact, null: false, space: true };

/// A lineage bundle as a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "oretrail lineage bundle")]
pub struct BundleFile {
    /// The format version, 1.
    pub v: u8,
    /// The manifest: a compact JWS of typ `oretrail-manifest+jws` by the exporter.
    pub manifest: String,
    /// The evidence, by ledger, in ascending order of ledger id.
    pub ledgers: Vec<LedgerFile>,
    /// Attached documents passed on, in ascending order of their digests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<DocumentFile>,
}

/// The evidence from one ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerFile {
    /// The ledger. Its origin and its log keys follow from its `ledger` events, of which entry 1 is the first.
    pub ledger: LedgerId,
    /// Signed checkpoints with all their signature lines, in ascending order of size; the last is the one judged at.
    pub checkpoints: Vec<String>,
    /// Entries, in ascending order of index.
    pub entries: Vec<EntryFile>,
    /// The least set of tree nodes that proves the entries below all checkpoints: level, index, hash, ascending.
    pub nodes: Vec<NodeFile>,
    /// The completeness statement about the last checkpoint, where somebody signed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<StatementFile>,
    /// Statements about earlier checkpoints, in ascending order of size, each with the leaves that no later one is shown with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<StatementFile>,
}

/// An entry and the disclosures passed on with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryFile {
    /// Its index in the ledger.
    pub index: u64,
    /// When it was recorded.
    pub recorded_at: Time,
    /// The link: BLAKE3 of the entry before it, or the ledger id.
    pub prev: Blake3,
    /// The issuer-signed JWT, verbatim.
    pub jwt: String,
    /// Disclosures, base64url, in ascending order of the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disclosures: Vec<String>,
    /// Sum of all that is passed on of it, 16 hexadecimal digits: says which entry of a changed file is another one. Nothing
    /// rests on it.
    pub sum: String,
}

/// A tree node: level, index, hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NodeFile(pub u8, pub u64, pub Sha256);

/// A completeness statement with the leaves that are needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementFile {
    /// The signed note.
    pub note: String,
    /// Needed leaves: index and text, in ascending order of index.
    pub leaves: Vec<LeafFile>,
    /// The least set of nodes that proves the leaves below the statement's root, ascending.
    pub nodes: Vec<NodeFile>,
}

/// A leaf of a completeness statement: index, text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeafFile(pub u64, pub String);

/// An attached document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentFile {
    /// BLAKE3 of its bytes, as an event of the bundle names it.
    pub blake3: Blake3,
    /// Its bytes, base64 (RFC 4648 section 4).
    pub base64: String,
}

/// Why bytes are no bundle.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not the JSON that was expected, larger than [`MAX_BUNDLE_BYTES`], or not to be read at all.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// Another version.
    #[error("expected bundle version {BUNDLE_VERSION}, found {0}")]
    Version(u8),
    /// Members that do not fit together.
    #[error("at {pointer}: expected {expected}, found {found}")]
    Shape {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What was expected.
        expected: &'static str,
        /// What was found.
        found: String,
    },
}

impl ReadError {
    pub(super) fn shape(pointer: impl Into<String>, expected: &'static str, found: impl ToString) -> Self {
        Self::Shape { pointer: pointer.into(), expected, found: found.to_string() }
    }
}

/// Fails at the first element that is not above the one before it.
fn rising<T: PartialOrd>(
    pointer: &str,
    expected: &'static str,
    items: impl Iterator<Item = T>,
) -> Result<(), ReadError> {
    let mut before: Option<T> = None;
    for (number, item) in items.enumerate() {
        if before.as_ref().is_some_and(|before| *before >= item) {
            return Err(ReadError::shape(format!("{pointer}/{number}"), expected, "one repeated or out of order"));
        }
        before = Some(item);
    }
    Ok(())
}

/// The id that the event of a JWT would have; nothing is known of the JWT yet.
fn event_of(jwt: &str) -> EventId {
    EventId::of_signing_input(jwt.rsplit_once('.').map_or(jwt, |(input, _)| input).as_bytes())
}

fn nodes_rise(pointer: &str, nodes: &[NodeFile]) -> Result<(), ReadError> {
    rising(pointer, "nodes in ascending order, each once", nodes.iter().map(|node| (node.0, node.1)))?;
    match nodes.iter().position(|node| node.0 >= 64) {
        Some(at) => Err(ReadError::shape(format!("{pointer}/{at}/0"), "a level below 64", "a higher one")),
        None => Ok(()),
    }
}

/// The nodes as a map.
pub(super) fn node_map(nodes: &[NodeFile]) -> NodeMap {
    nodes.iter().map(|NodeFile(level, index, hash)| (Node::new(*level, *index), *hash)).collect()
}

/// A map as nodes, ascending.
pub(super) fn node_list(nodes: &NodeMap) -> Vec<NodeFile> {
    nodes.iter().map(|(node, hash)| NodeFile(node.level, node.index, *hash)).collect()
}

impl BundleFile {
    /// Parses a bundle strictly; its members are in order and none is repeated.
    ///
    /// Establishes nothing about signatures, hashes or what belongs to what.
    ///
    /// # Errors
    /// The first rule of the format that the bytes break, with line and column, or JSON pointer.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReadError> {
        Self::read(bytes)
    }

    /// As [`Self::parse`], from wherever the bytes come: beside what was read, a few megabytes at a time are in memory.
    ///
    /// # Errors
    /// As [`Self::parse`]; the reader's; more than [`MAX_BUNDLE_BYTES`].
    pub fn read(source: impl Read + Send) -> Result<Self, ReadError> {
        let file = stream::bundle(&mut Stream::new(source, &RULES, MAX_BUNDLE_BYTES as u64))?;
        file.check()?;
        Ok(file)
    }

    /// The file's text, in one line.
    ///
    /// # Errors
    /// A member that cannot be written, or members that [`Self::parse`] would refuse.
    pub fn to_json(&self) -> Result<String, WriteJsonError> {
        self.check()?;
        let mut text = serde_json::to_string(self)?;
        text.push('\n');
        Ok(text)
    }

    fn check(&self) -> Result<(), ReadError> {
        if self.v != BUNDLE_VERSION {
            return Err(ReadError::Version(self.v));
        }
        if self.ledgers.is_empty() || self.ledgers.len() > MAX_LEDGERS {
            return Err(ReadError::shape("/ledgers", "1 to 64 ledgers", self.ledgers.len()));
        }
        let ascending = "ledgers in ascending order of id, each once";
        rising("/ledgers", ascending, self.ledgers.iter().map(|ledger| ledger.ledger))?;
        for (number, ledger) in self.ledgers.iter().enumerate() {
            ledger.check(&format!("/ledgers/{number}"))?;
        }
        let ascending = "documents in ascending order of digest, each once";
        rising("/documents", ascending, self.documents.iter().map(|document| document.blake3))
    }
}

impl LedgerFile {
    fn check(&self, pointer: &str) -> Result<(), ReadError> {
        if self.checkpoints.is_empty() || self.checkpoints.len() > MAX_CHECKPOINTS {
            let found = self.checkpoints.len();
            return Err(ReadError::shape(format!("{pointer}/checkpoints"), "1 to 64 checkpoints", found));
        }
        let entries = format!("{pointer}/entries");
        for (number, (before, entry)) in self.entries.iter().zip(self.entries.iter().skip(1)).enumerate() {
            if before.index >= entry.index {
                let found = format!("event {} repeated or out of order", event_of(&entry.jwt));
                let expected = "entries in ascending order of index, each once";
                return Err(ReadError::shape(format!("{entries}/{}", number + 1), expected, found));
            }
        }
        for (number, entry) in self.entries.iter().enumerate() {
            let ascending = "disclosures in ascending order, each once";
            rising(&format!("{entries}/{number}/disclosures"), ascending, entry.disclosures.iter())?;
        }
        nodes_rise(&format!("{pointer}/nodes"), &self.nodes)?;
        if self.earlier.len() >= MAX_CHECKPOINTS {
            let found = self.earlier.len();
            return Err(ReadError::shape(format!("{pointer}/earlier"), "fewer statements than checkpoints", found));
        }
        if let Some(statement) = &self.statement {
            statement.check(&format!("{pointer}/statement"))?;
        }
        let mut earlier = self.earlier.iter().enumerate();
        earlier.try_for_each(|(number, statement)| statement.check(&format!("{pointer}/earlier/{number}")))
    }

    /// All statements, in ascending order of size.
    pub fn statements(&self) -> impl Iterator<Item = &StatementFile> {
        self.earlier.iter().chain(&self.statement)
    }
}

impl StatementFile {
    fn check(&self, pointer: &str) -> Result<(), ReadError> {
        let ascending = "leaves in ascending order of index, each once";
        rising(&format!("{pointer}/leaves"), ascending, self.leaves.iter().map(|leaf| leaf.0))?;
        nodes_rise(&format!("{pointer}/nodes"), &self.nodes)
    }
}

/// Why a bundle cannot be written as JSON.
#[derive(Debug, thiserror::Error)]
pub enum WriteJsonError {
    /// A member that cannot be written.
    #[error("cannot write the bundle as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A reader would refuse it.
    #[error("refused to write what a reader would refuse: {0}")]
    Refused(#[from] ReadError),
}
