//! What of a ledger belongs in a bundle of a lot, with the proofs that it needs; not yet bound by anybody's word.

use super::closure::{Joined, Pool as _, close};
use super::documents::{ReadDocument, passed_on};
use super::foreign::Foreign;
use super::leaf_tree::ProveLeaves;
use super::source::{Loaded, Loader, Source};
use super::statement::Leaf;
use super::wire::{BUNDLE_VERSION, BundleFile, EntryFile, LeafFile, LedgerFile, StatementFile, node_list};
use super::withhold::Withhold;
use super::write::WriteError;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::nodes::prove_nodes;
use crate::value::{EventId, LotId, PartyId};
use std::collections::{BTreeMap, BTreeSet};

/// What is to be cut out of a ledger.
pub(super) struct Cut<'a> {
    /// The lot.
    pub(super) subject: LotId,
    /// Parties whose registrations belong to it, whatever their part in the lineage.
    pub(super) parties: Vec<PartyId>,
    /// Those who signed the statement: their registrations belong to it where they are registered.
    pub(super) auditors: BTreeSet<PartyId>,
    /// Leaves kept back.
    pub(super) withhold: &'a Withhold,
    /// Bundles of other ledgers that were imported.
    pub(super) foreign: &'a [BundleFile],
    /// Earlier checkpoints to be proven consistent.
    pub(super) since: &'a [SignedCheckpoint],
    /// Events left out.
    pub(super) holes: &'a BTreeSet<EventId>,
    /// The leaves of the ledger at the checkpoint, and the text of the statement over them.
    pub(super) statement: Option<(&'a dyn ProveLeaves, &'a str)>,
    /// Where attached documents are read from, where they are to be passed on.
    pub(super) documents: Option<&'a ReadDocument<'a>>,
}

impl Cut<'_> {
    /// Cuts it out of its source; the manifest is left empty.
    pub(super) fn of<S: Source>(&self, source: &S) -> Result<BundleFile, WriteError> {
        let mut loader = Loader::new(source);
        let foreign = Foreign::of(self.foreign, source.ledger())?;
        let parties = self.parties(&mut loader, &foreign)?;
        let mut seeds = vec![loader.at(0)?, loader.at(1)?];
        seeds.extend(foreign.genesis().chain(parties.iter().copied()));
        let mut pool = Joined { own: &mut loader, foreign: foreign.held() };
        let closure = close(&mut pool, [self.subject], seeds.iter().copied(), self.holes)?;
        let absent = closure.absent.iter().find(|id| !self.holes.contains(*id));
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
        let mut ledgers = foreign.cut(&closure, &parties, self.withhold)?;
        ledgers.push(self.own(source, &entries, leaves)?);
        ledgers.sort_by_key(|ledger| ledger.ledger);
        let mut file = BundleFile { v: BUNDLE_VERSION, manifest: String::new(), ledgers, documents: Vec::new() };
        file.sum_up();
        if let Some(read) = self.documents {
            file.documents = passed_on(&file, read, self.foreign)?;
        }
        Ok(file)
    }

    /// The part of the ledger itself.
    fn own<S: Source>(
        &self,
        source: &S,
        entries: &BTreeMap<u64, Loaded>,
        leaves: Vec<Leaf>,
    ) -> Result<LedgerFile, WriteError> {
        let checkpoint = SignedCheckpoint::parse(source.checkpoint().as_bytes())?;
        let size = checkpoint.unverified().size();
        let indexes: BTreeSet<u64> = entries.keys().copied().collect();
        let earlier = self.since.iter().filter(|earlier| earlier.unverified().size() < size);
        let checkpoints: BTreeMap<u64, String> =
            earlier.chain([&checkpoint]).map(|note| (note.unverified().size(), note.to_string())).collect();
        let sizes: Vec<u64> = checkpoints.keys().copied().collect();
        let nodes =
            prove_nodes(source.hashes(), &sizes, &indexes).map_err(|error| WriteError::Tree(error.to_string()))?;
        Ok(LedgerFile {
            ledger: source.ledger(),
            checkpoints: checkpoints.into_values().collect(),
            entries: entries.values().map(|loaded| entry_file(loaded, self.withhold)).collect::<Result<_, _>>()?,
            nodes: node_list(&nodes),
            statement: self.statement.map(|statement| statement_file(statement, leaves)).transpose()?,
            earlier: Vec::new(),
        })
    }

    /// The registrations that belong to it besides those of the lineage.
    fn parties<S: Source>(&self, loader: &mut Loader<'_, S>, foreign: &Foreign) -> Result<Vec<EventId>, WriteError> {
        let auditors: BTreeSet<PartyId> = self.auditors.iter().copied().chain(foreign.stated_by()?).collect();
        let mut parties: Vec<EventId> = self.parties.iter().copied().map(EventId::from).collect();
        for id in auditors.into_iter().map(EventId::from) {
            if loader.event(&id)?.is_some() || foreign.held().get(&id).is_some() {
                parties.push(id);
            }
        }
        Ok(parties)
    }
}

fn entry_file(loaded: &Loaded, withhold: &Withhold) -> Result<EntryFile, WriteError> {
    let wrong = |problem: String| WriteError::Entry { index: loaded.index, problem };
    Ok(EntryFile {
        index: loaded.index,
        recorded_at: loaded.recorded_at,
        prev: loaded.prev,
        jwt: loaded.jwt.clone(),
        disclosures: withhold.pass_on(&loaded.event, &loaded.disclosures).map_err(|error| wrong(error.to_string()))?,
        sum: String::new(),
    })
}

fn statement_file((tree, note): (&dyn ProveLeaves, &str), leaves: Vec<Leaf>) -> Result<StatementFile, WriteError> {
    let (places, nodes) = tree.prove_leaves(&leaves).map_err(WriteError::Uncovered)?;
    let mut leaves: Vec<LeafFile> =
        places.into_iter().zip(leaves).map(|(place, leaf)| LeafFile(place, leaf.to_string())).collect();
    leaves.sort_unstable_by_key(|leaf| leaf.0);
    Ok(StatementFile { note: note.to_string(), leaves, nodes: node_list(&nodes) })
}
