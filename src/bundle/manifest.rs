//! The manifest: what the exporter put its name to.
//!
//! A compact JWS of typ `oretrail-manifest+jws` under the fixed header, by a key of the exporter that is in force. It binds
//! the subject, the recipient, the checkpoints and holes, and by count and RFC 6962 root every entry, disclosure, tree
//! node and statement leaf of the file, in the file's order. So it is exact: whoever passes on less, exports anew.
//!
//! | root | leaf of one element |
//! |---|---|
//! | `entries` | `<ledger> <index> <recorded_at> <prev> <SHA-256 of the JWT, all its bytes>` |
//! | `disclosures` | `<SHA-256 of the JWT> <disclosure>` |
//! | `nodes` | `<ledger> <tree> <level> <index> <hash>`, tree `log`, then `leaves` |
//! | `leaves` | `<ledger> <index> <text>` |
//! | `documents` | `<BLAKE3>` |
//!
//! Not in scope: whose key signed, and whether what the roots bind is true.

use super::wire::{BundleFile, EntryFile, LedgerFile, NodeFile};
use crate::envelope::json::{self, Rules};
use crate::envelope::{Jws, JwsError, SignError, Typ, sign_jws};
use crate::tlog::tree::{leaf_hash, leaf_hash_of, root_of_many};
use crate::value::{EventId, LedgerId, LotId, PartyId, Sha256, Time};
use ed25519_dalek::SigningKey;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most holes a manifest can declare; they must fit a JWS.
pub const MAX_HOLES: usize = 256;

/// A count and an RFC 6962 root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// How many.
    pub count: u64,
    /// Root over them, in the order of the file.
    pub root: Sha256,
}

/// A checkpoint as the manifest names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManifestCheckpoint {
    /// The ledger.
    pub ledger: LedgerId,
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: Sha256,
    /// SHA-256 of the signed note, all signature lines included.
    pub note: Sha256,
}

/// A completeness statement as the manifest names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManifestStatement {
    /// The ledger.
    pub ledger: LedgerId,
    /// SHA-256 of the signed note, all signature lines included.
    pub note: Sha256,
}

/// What a manifest says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The format version of the bundle, 1.
    pub v: u8,
    /// The exporter.
    pub by: PartyId,
    /// The recipient, where the bundle is made for one.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<PartyId>,
    /// When it was exported.
    pub created: Time,
    /// The lot whose lineage this is.
    pub subject: LotId,
    /// All checkpoints of the file, in its order.
    pub checkpoints: Vec<ManifestCheckpoint>,
    /// All completeness statements of the file, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<ManifestStatement>,
    /// Events of the lineage left out, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holes: Vec<EventId>,
    /// Entries.
    pub entries: Counted,
    /// Disclosures.
    pub disclosures: Counted,
    /// Tree nodes of logs and statements.
    pub nodes: Counted,
    /// Leaves of statements.
    pub leaves: Counted,
    /// Documents.
    pub documents: Counted,
}

/// Why a text is no manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not a JWS of ours.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// Another version.
    #[error("expected a manifest of version 1, found {0}")]
    Version(u8),
    /// Holes out of order, repeated or too many.
    #[error("expected at most {MAX_HOLES} holes in ascending order, each once")]
    Holes,
}

/// Counts and hashes texts.
fn count<T: Send>(items: impl Iterator<Item = T>, text: impl Fn(T) -> String + Sync) -> Counted {
    let items: Vec<T> = items.collect();
    of_leaves(items.into_par_iter().map(|item| leaf_hash(text(item).as_bytes())).collect())
}

fn of_leaves(leaves: Vec<Sha256>) -> Counted {
    Counted { count: u64::try_from(leaves.len()).unwrap_or(u64::MAX), root: root_of_many(&leaves) }
}

/// What stands for an entry and for each of its disclosures; a disclosure is bound to the JWT it comes with.
fn entry_hashes(ledger: LedgerId, entry: &EntryFile) -> (Sha256, Vec<Sha256>) {
    let jwt = Sha256::of(entry.jwt.as_bytes()).to_string();
    let text = format!("{ledger} {} {} {} {jwt}", entry.index, entry.recorded_at, entry.prev);
    let disclosed = |disclosure: &String| leaf_hash_of(&[jwt.as_bytes(), b" ", disclosure.as_bytes()]);
    (leaf_hash(text.as_bytes()), entry.disclosures.iter().map(disclosed).collect())
}

/// The sum of an entry and its disclosures: the first eight bytes of the digest of what stands for them.
fn sum_of((entry, disclosures): &(Sha256, Vec<Sha256>)) -> String {
    let sum = Sha256::of_all(std::iter::once(entry).chain(disclosures).map(|hash| &hash.0[..]));
    hex::encode(sum.0.first_chunk::<8>().unwrap_or(&[0; 8]))
}

impl BundleFile {
    /// Sums up every entry, after which it must not change.
    pub fn sum_up(&mut self) {
        for ledger in &mut self.ledgers {
            let id = ledger.ledger;
            ledger.entries.par_iter_mut().for_each(|entry| entry.sum = sum_of(&entry_hashes(id, entry)));
        }
    }
}

fn node_text(ledger: LedgerId, tree: &str, node: &NodeFile) -> String {
    format!("{ledger} {tree} {} {} {}", node.0, node.1, node.2)
}

/// The nodes of a ledger's part with the tree that each is of.
fn nodes_of(file: &LedgerFile) -> impl Iterator<Item = (LedgerId, &'static str, &NodeFile)> {
    let of_leaves = file.statements().flat_map(|statement| &statement.nodes).map(|node| ("leaves", node));
    let of_log = file.nodes.iter().map(|node| ("log", node));
    of_log.chain(of_leaves).map(|(tree, node)| (file.ledger, tree, node))
}

/// The counts and roots of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roots {
    /// Entries.
    pub entries: Counted,
    /// Disclosures.
    pub disclosures: Counted,
    /// Nodes.
    pub nodes: Counted,
    /// Leaves.
    pub leaves: Counted,
    /// Documents.
    pub documents: Counted,
}

impl Roots {
    /// Computes them.
    #[must_use]
    pub fn of(file: &BundleFile) -> Self {
        Self::and_changed(file).0
    }

    /// Computes them; and which entries are not what their sums say, each with its ledger.
    pub(super) fn and_changed(file: &BundleFile) -> (Self, Vec<(LedgerId, &EntryFile)>) {
        let entries: Vec<_> =
            file.ledgers.iter().flat_map(|ledger| ledger.entries.iter().map(|entry| (ledger.ledger, entry))).collect();
        let hashed: Vec<(Sha256, Vec<Sha256>)> =
            entries.par_iter().map(|(ledger, entry)| entry_hashes(*ledger, entry)).collect();
        let is_summed: Vec<bool> =
            entries.par_iter().zip(&hashed).map(|((_, entry), hashes)| entry.sum == sum_of(hashes)).collect();
        let changed =
            entries.into_iter().zip(is_summed).filter(|(_, is_summed)| !is_summed).map(|(one, _)| one).collect();
        let (entries, disclosures): (Vec<Sha256>, Vec<Vec<Sha256>>) = hashed.into_iter().unzip();
        let leaves = file.ledgers.iter().flat_map(|ledger| {
            let leaves = ledger.statements().flat_map(|statement| &statement.leaves);
            leaves.map(|leaf| (ledger.ledger, leaf))
        });
        let roots = Self {
            entries: of_leaves(entries),
            disclosures: of_leaves(disclosures.into_iter().flatten().collect()),
            nodes: count(file.ledgers.iter().flat_map(nodes_of), |(ledger, tree, node)| node_text(ledger, tree, node)),
            leaves: count(leaves, |(ledger, leaf)| format!("{ledger} {} {}", leaf.0, leaf.1)),
            documents: count(file.documents.iter(), |document| document.blake3.to_string()),
        };
        (roots, changed)
    }
}

impl Manifest {
    /// Parses the text of a manifest.
    ///
    /// Does not establish who signed it.
    ///
    /// # Errors
    /// Not a JWS of this type, or its payload no manifest of this version.
    pub fn parse(text: &str) -> Result<(Self, Jws<'_>), ManifestError> {
        let jws = Jws::parse(text, Typ::Manifest)?;
        let manifest: Self = json::from_str(jws.payload()?, &Rules::SIGNED).map_err(JwsError::from)?;
        if manifest.v != super::wire::BUNDLE_VERSION {
            return Err(ManifestError::Version(manifest.v));
        }
        if manifest.holes.len() > MAX_HOLES || !manifest.holes.is_sorted_by(|a, b| a < b) {
            return Err(ManifestError::Holes);
        }
        Ok((manifest, jws))
    }

    /// Signs the manifest; the result has been read back.
    ///
    /// # Errors
    /// A reader would refuse it, or the signature does not verify.
    pub fn sign(&self, key: &SigningKey) -> Result<String, SignManifestError> {
        let text = sign_jws(Typ::Manifest, key, &serde_json::to_string(self)?)?;
        Self::parse(&text)?;
        Ok(text)
    }

    /// Counts and roots that it states.
    #[must_use]
    pub const fn roots(&self) -> Roots {
        let Self { entries, disclosures, nodes, leaves, documents, .. } = *self;
        Roots { entries, disclosures, nodes, leaves, documents }
    }
}

/// Why a manifest was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignManifestError {
    /// It cannot be written as JSON.
    #[error("cannot write the manifest as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A reader would refuse it.
    #[error("refused to sign what a reader would refuse: {0}")]
    Refused(#[from] ManifestError),
}
