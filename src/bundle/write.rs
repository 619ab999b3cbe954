//! Writing a bundle: what belongs to the lineage of a lot, and nothing else.

use super::auditor::named_in;
use super::check::Checked;
use super::closure::{Joined, Pool as _, close};
use super::documents::{ReadDocument, passed_on};
use super::foreign::Foreign;
use super::leaf_tree::ProveLeaves;
use super::manifest::{Manifest, ManifestCheckpoint, ManifestStatement, Roots, SignManifestError};
use super::read::UnverifiedBundle;
use super::source::{Loaded, Loader, Source};
use super::statement::{Leaf, Statement, StatementError};
use super::wire::{
    BUNDLE_VERSION, BundleFile, EntryFile, LeafFile, LedgerFile, ReadError, StatementFile, WriteJsonError, node_list,
};
use super::withhold::Withhold;
use crate::finding::{Code, Family, Finding};
use crate::rules::trust::Trust;
use crate::state::ViewError;
use crate::tlog::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::tlog::nodes::prove_nodes;
use crate::tlog::note::SignedNote;
use crate::value::{EventId, LotId, PartyId, Sha256, Time};
use ed25519_dalek::SigningKey;
use std::collections::{BTreeMap, BTreeSet};

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
    let mut loader = Loader::new(source);
    let foreign = Foreign::of(export.foreign, source.ledger())?;
    let parties = parties(&mut loader, &foreign, export)?;
    let mut seeds = vec![loader.at(0)?, loader.at(1)?];
    seeds.extend(foreign.genesis().chain(parties.iter().copied()));
    let mut pool = Joined { own: &mut loader, foreign: foreign.held() };
    let closure = close(&mut pool, [export.subject], seeds.iter().copied(), &export.holes)?;
    let absent = closure.absent.iter().find(|id| !export.holes.contains(*id));
    let unknown = seeds.iter().find(|id| !closure.events.contains_key(*id));
    if let Some(id) = absent.or(unknown) {
        return Err(WriteError::Absent(format!("event {id}")));
    }
    let needed = {
        let mut held = loader.held(&closure);
        if foreign.is_empty() { held.needed(&closure) } else { closure.within(&mut held, parties.iter().copied()) }
    };
    let leaves = loader.leaves(needed)?;
    let entries = loader.take(closure.events.keys().copied());
    let checkpoint = SignedCheckpoint::parse(source.checkpoint().as_bytes())?;
    let size = checkpoint.unverified().size();
    let indexes: BTreeSet<u64> = entries.keys().copied().collect();
    let earlier = export.since.iter().filter(|earlier| earlier.unverified().size() < size);
    let checkpoints: BTreeMap<u64, String> =
        earlier.chain([&checkpoint]).map(|note| (note.unverified().size(), note.to_string())).collect();
    let sizes: Vec<u64> = checkpoints.keys().copied().collect();
    let nodes = prove_nodes(source.hashes(), &sizes, &indexes).map_err(|error| WriteError::Tree(error.to_string()))?;
    let ledger = LedgerFile {
        ledger: source.ledger(),
        checkpoints: checkpoints.into_values().collect(),
        entries: entries.values().map(|loaded| entry_file(loaded, export.withhold)).collect::<Result<_, _>>()?,
        nodes: node_list(&nodes),
        statement: export.statement.map(|statement| statement_file(statement, leaves)).transpose()?,
        earlier: Vec::new(),
    };
    let mut ledgers = foreign.cut(&closure, &parties, export.withhold)?;
    ledgers.push(ledger);
    ledgers.sort_by_key(|ledger| ledger.ledger);
    let mut file = BundleFile { v: BUNDLE_VERSION, manifest: String::new(), ledgers, documents: Vec::new() };
    if let Some(read) = export.documents {
        file.documents = passed_on(&file, read, export.foreign)?;
    }
    file.manifest = manifest(&file, export)?.sign(key)?;
    let text = file.to_json()?;
    check_own(&text)?;
    Ok(text)
}

/// The exporter and the recipient; of those who signed a statement, the ones that are registered.
fn parties<S: Source>(
    loader: &mut Loader<'_, S>,
    foreign: &Foreign,
    export: &Export<'_>,
) -> Result<Vec<EventId>, WriteError> {
    let mut auditors: BTreeSet<PartyId> = export.statement.iter().flat_map(|(_, note)| named_in(note)).collect();
    auditors.extend(foreign.stated_by()?);
    let mut parties: Vec<EventId> = vec![export.by.into()];
    parties.extend(export.recipient.map(EventId::from));
    for id in auditors.into_iter().map(EventId::from) {
        if loader.event(&id)?.is_some() || foreign.held().get(&id).is_some() {
            parties.push(id);
        }
    }
    Ok(parties)
}

fn entry_file(loaded: &Loaded, withhold: &Withhold) -> Result<EntryFile, WriteError> {
    let wrong = |problem: String| WriteError::Entry { index: loaded.index, problem };
    Ok(EntryFile {
        index: loaded.index,
        recorded_at: loaded.recorded_at,
        prev: loaded.prev,
        jwt: loaded.jwt.clone(),
        disclosures: withhold.pass_on(&loaded.event, &loaded.disclosures).map_err(|error| wrong(error.to_string()))?,
    })
}

fn statement_file(
    (tree, note): (&dyn ProveLeaves, &SignedNote),
    leaves: Vec<Leaf>,
) -> Result<StatementFile, WriteError> {
    let _: Statement = note.unverified_text().parse()?;
    let (places, nodes) = tree.prove_leaves(&leaves).map_err(WriteError::Uncovered)?;
    let mut leaves: Vec<LeafFile> =
        places.into_iter().zip(leaves).map(|(place, leaf)| LeafFile(place, leaf.to_string())).collect();
    leaves.sort_unstable_by_key(|leaf| leaf.0);
    Ok(StatementFile { note: note.to_string(), leaves, nodes: node_list(&nodes) })
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
