//! Writing a bundle: what belongs to the lineage of a lot, and nothing else.

use super::auditor::named_in;
use super::check::Checked;
use super::cut::Cut;
use super::documents::ReadDocument;
use super::leaf_tree::ProveLeaves;
use super::manifest::{Manifest, ManifestCheckpoint, ManifestStatement, Roots, SignManifestError};
use super::read::UnverifiedBundle;
use super::source::Source;
use super::statement::StatementError;
use super::wire::{BUNDLE_VERSION, BundleFile, ReadError, WriteJsonError};
use super::withhold::Withhold;
use crate::finding::{Code, Family, Finding};
use crate::rules::trust::Trust;
use crate::state::ViewError;
use crate::tlog::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::tlog::note::SignedNote;
use crate::value::{EventId, LotId, PartyId, Sha256, Time};
use ed25519_dalek::SigningKey;
use std::collections::BTreeSet;

/// What is to be exported, by whom, for whom.
#[derive(Clone)]
pub struct Export<'a> {
    /// The lot.
    pub subject: LotId,
    /// The exporter, registered in the ledger.
    pub by: PartyId,
    /// The recipient, where the bundle is made for one; registered in the ledger.
    pub recipient: Option<PartyId>,
    /// When it is exported.
    pub created: Time,
    /// Leaves kept back.
    pub withhold: &'a Withhold,
    /// Bundles of other ledgers that were imported; what belongs to the lineage is passed on.
    pub foreign: &'a [BundleFile],
    /// Earlier checkpoints of the ledger, which the recipient has pinned, to be proven consistent.
    pub since: Vec<SignedCheckpoint>,
    /// Events left out and declared to be.
    pub holes: BTreeSet<EventId>,
    /// The leaves of the ledger at the checkpoint, and the signed statement over them.
    pub statement: Option<(&'a dyn ProveLeaves, &'a SignedNote)>,
    /// Where attached documents are read from, where they are to be passed on.
    pub documents: Option<&'a ReadDocument<'a>>,
}

/// Why a bundle was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The ledger could not be read.
    #[error("cannot read the ledger: {0}")]
    Source(String),
    /// The ledger has no event or entry that is needed.
    #[error("expected {0} in the ledger, found none")]
    Absent(String),
    /// An entry that is none, or disclosures that are none.
    #[error("entry {index}: {problem}")]
    Entry {
        /// Its index.
        index: u64,
        /// What is wrong.
        problem: String,
    },
    /// The checkpoint is none.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The completeness statement is none.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The statement does not cover something, or its leaves cannot be proven.
    #[error("{0}")]
    Uncovered(String),
    /// A tree cannot be proven from.
    #[error("cannot prove the entries: {0}")]
    Tree(String),
    /// An imported bundle cannot be passed on.
    #[error("cannot pass on evidence of another ledger: {0}")]
    Imported(String),
    /// The manifest could not be signed.
    #[error(transparent)]
    Manifest(#[from] SignManifestError),
    /// The file cannot be written.
    #[error(transparent)]
    Json(#[from] WriteJsonError),
    /// A reader would refuse the file.
    #[error("refused to write what a reader would refuse: {0}")]
    Unreadable(#[from] ReadError),
    /// State could not be read while checking the file.
    #[error(transparent)]
    State(#[from] ViewError),
    /// A reader would find the file wrong.
    #[error("refused to write what a reader would find wrong: {0}")]
    Wrong(Box<Finding>),
}

/// Writes the bundle of a lot, signed by the exporter; the result has been read and checked as any reader would.
///
/// Breaches that the ledger recorded are passed on as the evidence they are; what is refused is a file that is not what it
/// says.
///
/// # Errors
/// Why there is no bundle.
pub fn write<S: Source>(source: &S, export: &Export<'_>, key: &SigningKey) -> Result<String, WriteError> {
    let note = export.statement.map(|(_, note)| note.to_string());
    let statement = export.statement.zip(note.as_deref()).map(|((leaves, _), note)| (leaves, note));
    let cut = Cut {
        subject: export.subject,
        parties: std::iter::once(export.by).chain(export.recipient).collect(),
        auditors: export.statement.iter().flat_map(|(_, note)| named_in(note)).collect(),
        withhold: export.withhold,
        foreign: export.foreign,
        since: &export.since,
        holes: &export.holes,
        statement,
        documents: export.documents,
    };
    let mut file = cut.of(source)?;
    file.manifest = manifest(&file, export)?.sign(key)?;
    let text = file.to_json()?;
    check_own(&text)?;
    Ok(text)
}

fn manifest(file: &BundleFile, export: &Export<'_>) -> Result<Manifest, WriteError> {
    let mut checkpoints = Vec::new();
    let mut statements = Vec::new();
    for ledger in &file.ledgers {
        for note in &ledger.checkpoints {
            let head = SignedCheckpoint::parse(note.as_bytes())?.unverified().head();
            let note = Sha256::of(note.as_bytes());
            checkpoints.push(ManifestCheckpoint { ledger: ledger.ledger, size: head.size, root: head.root, note });
        }
        statements.extend(
            ledger.statements().map(|statement| ManifestStatement {
                ledger: ledger.ledger,
                note: Sha256::of(statement.note.as_bytes()),
            }),
        );
    }
    let Roots { entries, disclosures, nodes, leaves, documents } = Roots::of(file);
    let (by, recipient, created, subject) = (export.by, export.recipient, export.created, export.subject);
    let holes = export.holes.iter().copied().collect();
    let v = BUNDLE_VERSION;
    Ok(Manifest {
        v,
        by,
        recipient,
        created,
        subject,
        checkpoints,
        statements,
        holes,
        entries,
        disclosures,
        nodes,
        leaves,
        documents,
    })
}

/// Reads the file back; what a reader would hold against the file, rather than against what is recorded, is an error.
fn check_own(text: &str) -> Result<(), WriteError> {
    let checked = Checked::of(&UnverifiedBundle::read(text.as_bytes())?, &Trust::nobody())?;
    let of_file = |finding: &&Finding| match finding.code {
        Code::BundleHole | Code::BundleIncomplete => false,
        Code::NotInTree | Code::BadCheckpoint | Code::LinkBroken | Code::Malformed | Code::Disclosure => true,
        code => code.family() == Family::Bundle,
    };
    match checked.findings.iter().find(of_file) {
        Some(finding) => Err(WriteError::Wrong(Box::new(finding.clone()))),
        None => Ok(()),
    }
}
