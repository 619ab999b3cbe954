//! What a bundle bears out by itself: everything but whom to believe.
//!
//! Checked: the manifest, where an exporter signed one, binds exactly what is in the file; each ledger begins with its genesis, its checkpoints are
//! signed by its log key, and every entry has its place under them; the completeness statement is the log's and lists
//! nothing that is missing; the events are those of the lineage, no fewer and no more; every event passes admission.
//!
//! Not established: that the ledger and its operator are to be trusted, that what was stated is true ([`crate::verify`]).

use super::at_hand::{AtHand, EventsAtHand};
use super::auditor::named_in;
use super::closure::{Closure, Held, close};
use super::documents;
use super::given::Given;
use super::leaves::LeavesChecked;
use super::ledger::{LedgerChecked, LedgerSeen};
use super::manifest::{Manifest, Roots};
use super::read::UnverifiedBundle;
use super::statement::{Covered, covered_by};
use super::verify::moved_by;
use super::wire::EntryFile;
use crate::envelope::{Jws, Typ};
use crate::event::{Event, Kind};
use crate::finding::{Code, Finding};
use crate::rules::trust::Trust;
use crate::state::{KeyRecord, Position, View as _, ViewError};
use crate::value::{DigestMap, EventId, LedgerId};
use crate::verify::judge::withheld;
use crate::verify::report::{DocumentReport, Withheld};
use crate::verify::subset::{Replayed, Scope, Verdicts};
use std::collections::{BTreeMap, BTreeSet};

/// What was found in a bundle, before anybody is trusted.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    pub(super) given: Given,
    /// All events at hand.
    pub(super) events: EventsAtHand,
    /// Their values that are not at hand.
    pub(super) withheld: BTreeMap<EventId, Vec<Withheld>>,
    /// What each ledger recorded, in order; portable events may be in several.
    pub(super) positions: BTreeMap<LedgerId, Vec<(Position, EventId)>>,
    pub(super) closure: Closure,
    /// The exporter, the recipient, auditors who signed a statement: some ledger of the bundle must cover their registrations.
    seeds: Vec<EventId>,
    pub(super) ledgers: Vec<(LedgerSeen, Replayed)>,
    /// Every document that an event at hand names.
    pub(super) documents: Vec<DocumentReport>,
    pub(super) findings: Vec<Finding>,
    pub(super) undecided: Vec<Finding>,
    /// Custody events by the events whose lots they name.
    pub(super) moved_by: BTreeMap<EventId, Vec<EventId>>,
}

impl Checked {
    /// Checks a bundle; whom to trust matters only for who may state completeness.
    pub(super) fn of(bundle: &UnverifiedBundle, trust: &Trust) -> Result<Self, ViewError> {
        let given = bundle.given.clone();
        let read = |file| LedgerChecked::of(file, &given);
        let (mut findings, ledgers): (Vec<Finding>, Vec<LedgerChecked<'_>>) =
            rayon::join(|| check_roots(bundle), || bundle.file.ledgers.iter().map(read).collect());
        findings.extend(ledgers.iter().flat_map(|ledger| ledger.findings.clone()));
        let is_only = ledgers.len() == 1;
        let holes: BTreeSet<EventId> = given.holes().iter().copied().collect();
        // While signatures are verified, all that needs no verdict on them; the replay takes them to be good.
        let ahead = || {
            let mut held = Held::default();
            ledgers.iter().flat_map(|ledger| ledger.subset.events()).for_each(|(_, event)| held.add(event));
            let seeds = seeds_of(&held, &ledgers, &given);
            let closure = closure_of(&mut held, &ledgers, &given, &seeds, &holes);
            let found = check_belonging(&held, &closure, &holes);
            let replayed: Result<Vec<Ahead>, ViewError> =
                ledgers.iter().map(|ledger| Ahead::of(ledger, &closure, &holes, &seeds, is_only)).collect();
            (seeds, closure, found, replayed)
        };
        let signatures = || ledgers.iter().map(|ledger| ledger.subset.verify_signatures()).collect();
        let ((seeds, closure, found, ahead), verdicts): (_, Vec<Verdicts>) = rayon::join(ahead, signatures);
        findings.extend(found);
        let mut checked = Self {
            given,
            events: EventsAtHand::default(),
            withheld: BTreeMap::new(),
            positions: BTreeMap::new(),
            closure,
            seeds,
            ledgers: Vec::new(),
            documents: Vec::new(),
            findings,
            undecided: Vec::new(),
            moved_by: BTreeMap::new(),
        };
        for ((ledger, ahead), verdicts) in ledgers.into_iter().zip(ahead?).zip(verdicts) {
            checked.enter(ledger, ahead, &verdicts, trust)?;
        }
        checked.events.sort();
        checked.check_seeds();
        let imports = checked.check_imports();
        checked.findings.extend(imports);
        checked.moved_by = moved_by(checked.events.iter());
        checked.check_signer(bundle)?;
        let (documents, wrong) = documents::check(&checked, &bundle.file.documents);
        checked.documents = documents;
        checked.findings.extend(wrong);
        Ok(checked)
    }

    /// Takes in what was found of a ledger ahead of the verdicts on its signatures, or replays it by them.
    fn enter(
        &mut self,
        mut ledger: LedgerChecked<'_>,
        ahead: Ahead,
        verdicts: &Verdicts,
        trust: &Trust,
    ) -> Result<(), ViewError> {
        let Ahead { leaves, mut scope, mut replayed } = ahead;
        ledger.seen.cover(&leaves);
        self.findings.extend(leaves.found);
        if !verdicts.are_good(&ledger.subset) {
            replayed = ledger.subset.replay(&scope, verdicts)?;
        }
        replayed.signatures = verdicts.good();
        self.findings.extend(ledger.seen.ask_for_auditors(trust, &replayed.view)?);
        if ledger.seen.is_complete() != scope.is_complete {
            // Whether an auditor's key is in force is known only now.
            scope.is_complete = ledger.seen.is_complete();
            replayed = ledger.subset.replay(&scope, verdicts)?;
        }
        self.findings.extend(replayed.findings.iter().cloned());
        self.undecided.extend(replayed.undecided.iter().cloned());
        let id = ledger.seen.ledger;
        let mut positions = Vec::new();
        for (index, recorded_at, mut event) in ledger.subset.into_events() {
            // Of an event that several ledgers recorded, the last one at hand counts.
            let withheld = withheld(&mut event);
            self.withheld.remove(&event.id);
            if !withheld.is_empty() {
                self.withheld.insert(event.id, withheld);
            }
            positions.push((Position { ledger: id, index, recorded_at }, event.id));
            self.events.add(AtHand { ledger: id, index, recorded_at, event });
        }
        self.positions.insert(id, positions);
        self.ledgers.push((ledger.seen, replayed));
        Ok(())
    }

    /// In a bundle of several ledgers, one of them covers each of the seeds.
    fn check_seeds(&mut self) {
        for id in self.seeds.clone() {
            let statements = || self.ledgers.iter().flat_map(|(seen, _)| &seen.statements);
            let is_covered = statements().any(|stated| stated.leaves.contains_key(&Covered::from(id)));
            if statements().next().is_some() && self.ledgers.len() > 1 && !is_covered {
                let expected = format!("a leaf of a completeness statement for {id}");
                self.findings.push(Finding::new(Code::BundleIncomplete, expected, "none").on(id));
                self.ledgers.iter_mut().for_each(|(seen, _)| seen.covers_all = false);
            }
        }
    }

    /// The manifest is signed by a key of the exporter that is in force at the end of the evidence.
    fn check_signer(&mut self, bundle: &UnverifiedBundle) -> Result<(), ViewError> {
        let Some(by) = self.given.manifest().map(|manifest| manifest.by) else { return Ok(()) };
        let mut is_signed = false;
        if let Ok((_, jws)) = Manifest::parse(&bundle.file.manifest) {
            for (_, replayed) in &self.ledgers {
                let key = replayed.view.key(&jws.kid())?;
                let holds = |key: KeyRecord| key.party == by && key.revoked.is_none() && jws.verify(&key.public);
                is_signed |= key.is_some_and(holds);
            }
        }
        if !is_signed {
            let expected = format!("a manifest signed by a key in force of its exporter, party {by}");
            self.findings.push(Finding::new(Code::BundleManifest, expected, "one that is not").on(by.into()));
        }
        Ok(())
    }
}

/// What is found of a ledger's part if all its signatures are good.
struct Ahead {
    leaves: LeavesChecked,
    scope: Scope,
    replayed: Replayed,
}

impl Ahead {
    /// Compares the statements with the events at hand, and replays the ledger.
    fn of(
        ledger: &LedgerChecked<'_>,
        closure: &Closure,
        holes: &BTreeSet<EventId>,
        seeds: &[EventId],
        is_only: bool,
    ) -> Result<Self, ViewError> {
        let leaves = ledger.check_leaves(closure, holes, seeds, is_only);
        let is_complete = ledger.seen.is_complete_by(&leaves);
        let scope = Scope { lots: closure.lots.clone(), holes: holes.clone(), is_complete };
        let replayed = ledger.subset.replay(&scope, &Verdicts::all_good(&ledger.subset))?;
        Ok(Self { leaves, scope, replayed })
    }
}

/// An entry that is not what its sum says, named by its event where it still has one.
fn changed_entry(ledger: LedgerId, entry: &EntryFile) -> Finding {
    let expected = "the entry, with all disclosures passed on, that was summed up";
    let finding = Finding::new(Code::BundleManifest, expected, "another one");
    let finding = finding.at(format_args!("entry {} of ledger {ledger}", entry.index));
    match Jws::parse(&entry.jwt, Typ::Event) {
        Ok(jws) => finding.on(jws.event_id()),
        Err(_) => finding,
    }
}

fn check_roots(bundle: &UnverifiedBundle) -> Vec<Finding> {
    let Some(manifest) = bundle.given.manifest() else { return Vec::new() };
    let (found, changed) = Roots::and_changed(&bundle.file);
    let stated = manifest.roots();
    let pairs = [
        ("entries", stated.entries, found.entries),
        ("disclosures", stated.disclosures, found.disclosures),
        ("nodes", stated.nodes, found.nodes),
        ("leaves", stated.leaves, found.leaves),
        ("documents", stated.documents, found.documents),
    ];
    let differs = pairs.into_iter().filter(|(_, stated, found)| stated != found);
    let differs = differs.map(|(what, stated, found)| {
        let expected = format!("{} {what} with root {}", stated.count, stated.root);
        Finding::new(Code::BundleManifest, expected, format_args!("{} with root {}", found.count, found.root))
    });
    differs.chain(changed.into_iter().map(|(ledger, entry)| changed_entry(ledger, entry))).collect()
}

/// The exporter, the recipient, and of those whom statements name as signers the ones whose registration is there.
fn seeds_of(held: &Held<'_>, ledgers: &[LedgerChecked<'_>], given: &Given) -> Vec<EventId> {
    let notes = ledgers.iter().flat_map(|ledger| &ledger.seen.statements).filter_map(|seen| seen.note.as_ref());
    let auditors: BTreeSet<EventId> = notes.flat_map(named_in).map(EventId::from).collect();
    let auditors = auditors.into_iter().filter(|id| held.get(id).is_some());
    given.parties().map(EventId::from).chain(auditors).collect()
}

fn closure_of(
    held: &mut Held<'_>,
    ledgers: &[LedgerChecked<'_>],
    given: &Given,
    seeds: &[EventId],
    holes: &BTreeSet<EventId>,
) -> Closure {
    let first = |ledger: &LedgerChecked<'_>| ledger.seen.genesis.clone();
    let seeds = ledgers.iter().flat_map(first).chain(seeds.iter().copied());
    close(held, [given.subject()], seeds.collect::<BTreeSet<EventId>>(), holes).unwrap_or_else(|never| match never {})
}

/// Events that are missing from the lineage, are declared to be, or do not belong to it.
fn check_belonging(held: &Held<'_>, closure: &Closure, holes: &BTreeSet<EventId>) -> Vec<Finding> {
    let mut found = Vec::new();
    for id in closure.absent.iter().filter(|id| !holes.contains(*id)) {
        let expected = "the event that created a lot of the lineage";
        found.push(Finding::new(Code::OmittedReference, expected, "neither it nor a declared hole").on(*id));
    }
    for id in holes {
        let finding = match held.get(id) {
            Some(_) => Finding::new(Code::BundleForeign, "an event left out, as declared", "the event"),
            None => Finding::new(Code::BundleHole, "every event of the lineage", "one declared to be left out"),
        };
        found.push(finding.on(*id));
    }
    let mut beside: Vec<&Event> = held.all().filter(|event| !closure.events.contains_key(&event.id)).collect();
    beside.sort_unstable_by_key(|event| event.id);
    for event in beside {
        let portable = event.payload.aud.is_none() || event.payload.kind() == Kind::Correct;
        if !portable && !holes.contains(&event.id) {
            let expected = "an event that belongs to the lineage of the subject";
            let finding = Finding::new(Code::BundleForeign, expected, format_args!("a `{}`", event.payload.kind()));
            found.push(finding.on(event.id));
        }
    }
    found
}

/// What the events at hand name in covered positions, to be compared with the leaves.
pub(super) fn naming<'a>(events: impl Iterator<Item = &'a Event>) -> DigestMap<Covered, Vec<EventId>> {
    let mut naming: DigestMap<Covered, Vec<EventId>> = DigestMap::default();
    for event in events {
        for id in covered_by(event) {
            naming.entry(id).or_default().push(event.id);
        }
    }
    for by in naming.values_mut() {
        by.sort_unstable();
        by.dedup();
    }
    naming
}
