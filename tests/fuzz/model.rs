//! Random parties move random lots: append, replay and a naive model agree, and a bundle of any lot says of its events what
//! the whole ledger says of them.

use super::targets::model::{LOG, ORIGIN, Played, key, play, vkey};
use oretrail::bundle::{
    Asked, Export, LeafTree, Leaves, ProveLeaves, Source, Stored, UnverifiedBundle, Withhold, write,
};
use oretrail::finding::{Code, Family, Finding, Reach};
use oretrail::rules::review::{Facts, ReviewContext, review};
use oretrail::rules::trust::Trust;
use oretrail::state::{Memory, Put as _};
use oretrail::tlog::checkpoint::Checkpoint;
use oretrail::tlog::note::SignedNote;
use oretrail::tlog::tree::{MemoryTree, leaf_hash, root_of};
use oretrail::value::{EventId, LedgerId, LotId, Time};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::RngSeed;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

/// What was recorded, as a bundle is written from it.
struct Recorded<'a> {
    played: &'a Played,
    tree: MemoryTree,
    indexes: BTreeMap<EventId, usize>,
}

impl<'a> Recorded<'a> {
    fn new(played: &'a Played) -> Self {
        let mut tree = MemoryTree::new();
        played.recorded.iter().for_each(|one| tree.append(leaf_hash(&one.entry)));
        let indexes = played.recorded.iter().enumerate().map(|(index, one)| (one.event().id, index)).collect();
        Self { played, tree, indexes }
    }

    fn statement(&self) -> (LeafTree, SignedNote) {
        let mut leaves = Leaves::default();
        self.played.recorded.iter().for_each(|one| leaves.add(one.event()));
        let tree = leaves.into_tree();
        let head = oretrail::tlog::nodes::TreeHead { size: self.size(), root: self.root() };
        let note = tree.sign(self.played.ledger, head, &vkey(), &key(LOG)).unwrap();
        (tree, note)
    }

    fn size(&self) -> u64 {
        self.played.recorded.len() as u64
    }

    fn root(&self) -> oretrail::value::Sha256 {
        root_of(self.played.recorded.iter().map(|one| leaf_hash(&one.entry)))
    }

    /// Whether an event made one of these lots, or moved or used up none but these. What was made of one of them together
    /// with others cannot be weighed without those.
    fn concerns(&self, event: &EventId, lots: &BTreeSet<LotId>) -> bool {
        let body = &self.played.recorded[self.indexes[event]].event().payload.body;
        body.output_ids(*event).any(|lot| lots.contains(&lot))
            || body.heads().iter().all(|head| lots.contains(&head.lot))
    }

    /// Whether an event made, moved or used up none but these lots: a bundle has no assay of others, by which the ledger
    /// weighs a step too.
    fn is_of(&self, event: &EventId, lots: &BTreeSet<LotId>) -> bool {
        let body = &self.played.recorded[self.indexes[event]].event().payload.body;
        let mut all = body.output_ids(*event).chain(body.heads().into_owned().into_iter().map(|head| head.lot));
        all.all(|lot| lots.contains(&lot))
    }

    fn bundle(&self, subject: LotId, statement: Option<(&dyn ProveLeaves, &SignedNote)>) -> String {
        let export = Export {
            subject,
            by: self.played.parties[0],
            recipient: None,
            created: "2026-06-01T00:00:00Z".parse().unwrap(),
            withhold: &Withhold::default(),
            foreign: &[],
            since: Vec::new(),
            holes: BTreeSet::new(),
            statement,
            documents: None,
        };
        write(self, &export, &key(1)).unwrap()
    }
}

impl Source for Recorded<'_> {
    type Error = Infallible;
    type Hashes = MemoryTree;

    fn ledger(&self) -> LedgerId {
        self.played.ledger
    }

    fn checkpoint(&self) -> String {
        let checkpoint = Checkpoint::new(ORIGIN, self.size(), self.root()).unwrap();
        checkpoint.sign(&vkey(), &key(LOG)).unwrap().to_string()
    }

    fn hashes(&self) -> &MemoryTree {
        &self.tree
    }

    fn entry_at(&self, index: u64) -> Result<Option<Stored>, Infallible> {
        let stored = |one: &oretrail::ledger::Planned| Stored {
            index,
            entry: one.entry.clone(),
            disclosures: one.signed.disclosures.iter().map(|one| one.as_str().to_owned()).collect(),
        };
        Ok(self.played.recorded.get(usize::try_from(index).unwrap()).map(stored))
    }

    fn entry_of(&self, event: &EventId) -> Result<Option<Stored>, Infallible> {
        self.indexes.get(event).map_or(Ok(None), |index| self.entry_at(*index as u64))
    }

    fn naming(&self, event: &EventId) -> Result<Vec<EventId>, Infallible> {
        let names = |one: &&oretrail::ledger::Planned| {
            let references = one.event().payload.body.references();
            references.iter().any(|one| one.is_subject && one.target.event() == Some(*event))
        };
        Ok(self.played.recorded.iter().filter(names).map(|one| one.event().id).collect())
    }
}

fn as_of() -> Time {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

type Found = BTreeSet<(Code, EventId, Option<LotId>)>;

fn on_events<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Found {
    findings.into_iter().filter_map(|finding| Some((finding.code, finding.event?, finding.lot))).collect()
}

/// The lot and all that went into it, found by going through everything again and again.
fn lineage(played: &Played, subject: LotId) -> BTreeSet<LotId> {
    let mut lots = BTreeSet::from([subject]);
    loop {
        let made = |one: &&oretrail::ledger::Planned| {
            let event = one.event();
            event.payload.body.output_ids(event.id).any(|lot| lots.contains(&lot))
        };
        let parents = played.recorded.iter().filter(made).flat_map(|one| one.event().payload.body.heads().into_owned());
        let more: Vec<LotId> = parents.map(|head| head.lot).filter(|lot| !lots.contains(lot)).collect();
        if more.is_empty() {
            return lots;
        }
        lots.extend(more);
    }
}

/// What admission and review find over the whole ledger.
fn of_the_ledger(played: &Played) -> Found {
    let (mut state, mut facts, trust) = (Memory::default(), Facts::default(), Trust::nobody());
    for one in &played.recorded {
        state.put(&one.delta);
        facts.observe(one.event(), &one.at);
    }
    let settled = facts.settle(&state, &trust, as_of()).unwrap();
    let ctx = ReviewContext { facts: &settled, view: &state, trust: &trust, as_of: as_of(), cosigned: 0 };
    let mut found = on_events(played.recorded.iter().flat_map(|one| &one.findings));
    for one in &played.recorded {
        found.extend(on_events(&review(one.event(), &ctx).unwrap()));
    }
    found
}

/// A bundle of a lot finds on each of its events what the ledger finds, as far as that is decided.
///
/// What happened to a lot that only travelled along with one of the lineage is no part of the bundle; nor is what is found
/// on an event of other lots, which is there because another event names it.
fn check_bundle(recorded: &Recorded<'_>, subject: LotId, whole: &Found, complete: bool) {
    let (tree, note) = recorded.statement();
    let text = recorded.bundle(subject, complete.then_some((&tree as &dyn ProveLeaves, &note)));
    let trust = Trust::nobody();
    let asked = Asked { trust: &trust, as_of: as_of(), recipient: None };
    let verification = UnverifiedBundle::read(text.as_bytes()).unwrap().verify(&asked).unwrap();
    let report = verification.report;
    assert!(report.integrity.findings.is_empty(), "{:?}", report.integrity.findings);
    let shown: BTreeSet<EventId> =
        UnverifiedBundle::read(text.as_bytes()).unwrap().events().iter().map(|event| event.id).collect();
    assert!(shown.contains(&subject.event));
    let (decided, open) = (on_events(report.findings()), on_events(&report.completeness.undecided));
    let is_local = |code: Code| code.reach() == Reach::Local && code.family() != Family::Bundle;
    let lots = lineage(recorded.played, subject);
    // A step of other lots too is weighed with what its event states of them; the ledger has their assays.
    let is_weighed_apart = |code: Code, event: &EventId| code.family() == Family::Mass && !recorded.is_of(event, &lots);
    let is_any_apart = whole.iter().chain(&decided).any(|(code, event, _)| is_weighed_apart(*code, event));
    let is_apart =
        |code: Code, event: &EventId| is_weighed_apart(code, event) || (code == Code::TaintedUpstream && is_any_apart);
    for found @ (code, event, lot) in whole.iter().filter(|(_, event, _)| shown.contains(event)) {
        let concerns = match lot {
            Some(lot) => lots.contains(lot),
            None => recorded.concerns(event, &lots),
        };
        if !concerns || is_apart(*code, event) {
            continue;
        }
        let known = decided.contains(found);
        let left_open = !complete && !is_local(*code) && open.iter().any(|one| (one.0, one.1) == (*code, *event));
        assert!(known || left_open, "{code} on {event} of the ledger is not in the bundle, complete: {complete}");
    }
    for found @ (code, event, _) in decided.iter().filter(|(code, event, _)| is_local(*code) && !is_apart(*code, event))
    {
        assert!(whole.contains(found), "{code} on {event} is in the bundle only, complete: {complete}");
    }
    if complete {
        assert!(open.is_empty(), "{open:?}");
    }
}

/// What a run came to.
#[derive(Debug, Default)]
struct Counts {
    recorded: usize,
    refused: usize,
    /// How often something is found, by family.
    found: BTreeMap<Family, usize>,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.recorded += other.recorded;
        self.refused += other.refused;
        other.found.into_iter().for_each(|(family, count)| *self.found.entry(family).or_default() += count);
    }
}

fn check(data: &[u8]) -> Counts {
    let played = play(data);
    let whole = of_the_ledger(&played);
    let recorded = Recorded::new(&played);
    for lot in played.lots.iter().rev().take(3) {
        for complete in [true, false] {
            check_bundle(&recorded, *lot, &whole, complete);
        }
    }
    let mut counts = Counts { recorded: played.recorded.len(), refused: played.refused, ..Counts::default() };
    whole.iter().for_each(|(code, ..)| *counts.found.entry(code.family()).or_default() += 1);
    counts
}

fn cases() -> u32 {
    if std::env::var_os("ORETRAIL_THOROUGH").is_some() { 4_000 } else { 40 }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        rng_seed: RngSeed::Fixed(2026),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn append_replay_model_and_bundles_agree(data in proptest::collection::vec(any::<u8>(), 70..336)) {
        check(&data);
    }
}

#[test]
fn the_model_sees_what_is_accepted_what_is_refused_and_what_is_found_in_every_family() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut counts = Counts::default();
    for _ in 0..30 {
        let data = proptest::collection::vec(any::<u8>(), 336).new_tree(&mut runner).unwrap().current();
        counts.add(check(&data));
    }
    // Seven entries of each run come before the first operation.
    assert!(counts.recorded > 30 * 17 && counts.refused > 200, "{counts:?}");
    for family in [Family::Custody, Family::Place, Family::Mass, Family::Time, Family::Evidence, Family::Status] {
        assert!(counts.found.get(&family).is_some_and(|count| *count >= 10), "{family}: {counts:?}");
    }
}

/// Two lots travelled together of which one had travelled before, and only the other is of the lineage.
#[test]
fn a_lot_that_travels_along_with_a_past_of_its_own_leaves_the_lineage_sound() {
    check(&TRAVELLED_ALONG);
}

const TRAVELLED_ALONG: [u8; 273] = [
    1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 228, 14, 13, 0, 0, 0, 2, 2, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 209, 2, 0, 0, 0, 0, 0, 0, 1, 72, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 13, 152, 0,
    0, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 3, 1, 8, 1, 1, 0, 98, 25, 8, 0, 0, 0, 0, 0, 136, 0, 0, 1, 28, 0, 0, 219, 1, 64,
    168, 33, 0, 2, 64, 0, 0, 17, 4, 0, 2, 214, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 211, 81, 8, 1, 0, 0, 2, 2, 0, 0,
    0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 209, 108, 0, 187, 0, 0, 0, 2, 12, 69, 13, 0, 0, 0, 2, 4, 0, 0,
    0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 27, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 184, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 177, 12, 0, 0, 0, 0, 0, 2, 96, 0, 0, 0, 0, 0, 2, 3, 0, 0, 0, 0, 0, 0, 72, 190, 1, 0, 0, 0,
    2, 0, 0, 6, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 20, 1, 57, 49, 1, 0, 18,
];
