//! The evidence on a lot of a ledger at hand, to be judged at once: without a file, an exporter or a key.
//!
//! It is what a bundle of the lot holds, and is verified by the same code. Nobody binds it by a manifest, for the verifier
//! took it from the ledger itself; the checkpoint is the log's, as ever. That nothing is left out follows from the statement
//! that the log's key signed, or from the leaves that the verifier made of all entries up to the checkpoint.
//!
//! Not in scope: reading the entries and comparing their root with the checkpoint's, which whoever makes the leaves does
//! ([`crate::ledger::statement_leaves`]).

use super::auditor::named_in;
use super::cut::Cut;
use super::given::Given;
use super::leaf_tree::{LeafTree, ProveLeaves};
use super::read::UnverifiedBundle;
use super::source::Source;
use super::statement::Statement;
use super::wire::BundleFile;
use super::withhold::Withhold;
use super::write::WriteError;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::note::SignedNote;
use crate::value::{LotId, Time};
use std::collections::BTreeSet;

/// What bears out that nothing is left out.
#[derive(Clone, Copy)]
pub enum Vouched<'a> {
    /// The leaves, and the statement that somebody signed over them.
    Signed(&'a dyn ProveLeaves, &'a SignedNote),
    /// The leaves of all entries up to the checkpoint, made by the verifier.
    Read(&'a LeafTree),
}

/// What is to be gathered.
#[derive(Clone, Copy)]
pub struct Gather<'a> {
    /// The lot.
    pub subject: LotId,
    /// When the last entry of the ledger was recorded.
    pub until: Time,
    /// Bundles of other ledgers that were imported.
    pub foreign: &'a [BundleFile],
    /// What bears out that nothing is left out.
    pub vouched: Vouched<'a>,
}

/// Gathers the evidence on a lot from a ledger that the verifier has all of. Nothing of it is believed yet.
///
/// # Errors
/// The ledger cannot be read, or lacks what is needed.
pub fn gather<S: Source>(source: &S, wanted: &Gather<'_>) -> Result<UnverifiedBundle, WriteError> {
    let (leaves, text, auditors): (&dyn ProveLeaves, String, _) = match wanted.vouched {
        Vouched::Signed(leaves, note) => (leaves, note.to_string(), named_in(note)),
        Vouched::Read(tree) => (tree, own_statement(source, tree)?.to_string(), BTreeSet::new()),
    };
    let cut = Cut {
        subject: wanted.subject,
        parties: Vec::new(),
        auditors,
        withhold: &Withhold::default(),
        foreign: wanted.foreign,
        since: &[],
        holes: &BTreeSet::new(),
        statement: Some((leaves, &text)),
        documents: None,
    };
    let file = cut.of(source)?;
    let given = Given::ByLedger { ledger: source.ledger(), subject: wanted.subject, until: wanted.until };
    Ok(UnverifiedBundle { file, given })
}

fn own_statement<S: Source>(source: &S, tree: &LeafTree) -> Result<Statement, WriteError> {
    let checkpoint = SignedCheckpoint::parse(source.checkpoint().as_bytes())?;
    Ok(tree.statement(source.ledger(), checkpoint.unverified().head()))
}
