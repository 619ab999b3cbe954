//! The part of a bundle that comes from one ledger: its keys, checkpoints, tree, and completeness statement.

use super::auditor::{named_in, trusted};
use super::check::naming;
use super::closure::{Closure, Held};
use super::manifest::Manifest;
use super::statement::{Covered, Leaf, Statement, StatementError};
use super::wire::{EntryFile, LeafFile, LedgerFile, StatementFile, node_map};
use crate::event::{Body, Event};
use crate::finding::{Code, Finding};
use crate::rules::trust::Trust;
use crate::state::{Find, ViewError};
use crate::tlog::checkpoint::{SignedCheckpoint, VerifiedCheckpoint};
use crate::tlog::entry::text_of;
use crate::tlog::nodes::check_nodes;
use crate::tlog::note::{NoteError, SignedNote};
use crate::tlog::vkey::VerifierKey;
use crate::value::{DigestSet, EventId, LedgerId, PartyId, Sha256, Time};
use crate::verify::subset::Subset;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// A completeness statement for the last checkpoint, by the log's key or by parties.
#[derive(Debug, Clone)]
pub(super) struct StatementSeen {
    pub(super) statement: Statement,
    pub(super) note: SignedNote,
    /// Whether the log's key signed it.
    pub(super) by_log: bool,
    /// Auditors of the trust file who signed it.
    pub(super) auditors: Vec<PartyId>,
    /// Leaves shown, by what they cover.
    pub(super) leaves: BTreeMap<Covered, Leaf>,
    /// Whether everything that needs a leaf has one, and nothing that one lists is missing or declared to be.
    pub(super) covers_all: bool,
}

/// What is known of a ledger from a bundle.
#[derive(Debug, Clone)]
pub(super) struct LedgerSeen {
    pub(super) ledger: LedgerId,
    /// Entries 0 and 1: the operator's registration and the ledger's own event.
    pub(super) genesis: Vec<EventId>,
    pub(super) operator: Option<PartyId>,
    pub(super) origin: String,
    /// Checkpoints that the log's key signed, ascending.
    pub(super) checkpoints: Vec<VerifiedCheckpoint>,
    pub(super) entries: u64,
    /// When the last entry at hand was recorded.
    pub(super) last_recorded: Option<Time>,
    pub(super) statement: Option<StatementSeen>,
}

impl LedgerSeen {
    /// Asks which auditors of the trust file signed the statement; one that neither they nor the log signed covers nothing.
    pub(super) fn ask_for_auditors(&mut self, trust: &Trust, state: &dyn Find) -> Result<Vec<Finding>, ViewError> {
        let Some(seen) = &mut self.statement else { return Ok(Vec::new()) };
        let (auditors, mut findings) = trusted(&seen.note, &self.ledger, trust, state)?;
        if !seen.by_log && auditors.is_empty() {
            seen.covers_all = false;
            let parties: Vec<String> = named_in(&seen.note).iter().map(ToString::to_string).collect();
            let expected = "a completeness statement by the log's key, or by an auditor whom the trust file names";
            let found = format!("one by party {}, which is neither", parties.join(", "));
            findings.push(Finding::new(Code::BundleIncomplete, expected, found));
        }
        seen.auditors = auditors;
        let place = format!("ledger {}", self.ledger);
        Ok(findings.into_iter().map(|finding| finding.at(&place)).collect())
    }

    /// Whether somebody who may say so vouches that nothing that matters is left out.
    pub(super) fn is_complete(&self) -> bool {
        self.statement.as_ref().is_some_and(|seen| seen.covers_all && (seen.by_log || !seen.auditors.is_empty()))
    }
}

/// A ledger's part, checked by itself.
pub(super) struct LedgerChecked {
    pub(super) seen: LedgerSeen,
    pub(super) subset: Subset,
    pub(super) findings: Vec<Finding>,
}

impl LedgerChecked {
    pub(super) fn of(file: &LedgerFile, manifest: &Manifest) -> Self {
        let subset = Subset::read(file.ledger, &file.entries, |entry| (entry.index, text(entry), &entry.disclosures));
        let mut checked = Self { seen: seen(file, &subset), subset, findings: Vec::new() };
        checked.findings = checked.subset.check_entries();
        checked.check_checkpoints(file, manifest);
        checked.check_statement(file, manifest);
        checked
    }

    fn find(&mut self, code: Code, expected: impl std::fmt::Display, found: impl std::fmt::Display) {
        let place = format!("ledger {}", self.seen.ledger);
        self.findings.push(Finding::new(code, expected, found).at(place));
    }

    /// Checkpoints: of this log, by its key at their size, as the manifest names them, over one tree with all entries.
    fn check_checkpoints(&mut self, file: &LedgerFile, manifest: &Manifest) {
        if self.seen.genesis.len() != 2 {
            self.find(
                Code::Genesis,
                "entries 0 and 1: the operator's registration and the ledger's own event",
                "others",
            );
        }
        let keys = log_keys(&self.subset, file.ledger);
        let named: Vec<_> = manifest.checkpoints.iter().filter(|named| named.ledger == file.ledger).collect();
        if named.len() != file.checkpoints.len() {
            self.find(Code::BundleManifest, format_args!("{} checkpoints", named.len()), file.checkpoints.len());
        }
        let mut heads = Vec::new();
        for (number, text) in file.checkpoints.iter().enumerate() {
            let signed = match SignedCheckpoint::parse(text.as_bytes()) {
                Ok(signed) => signed,
                Err(error) => {
                    self.find(Code::BadCheckpoint, "a checkpoint", error);
                    continue;
                }
            };
            let head = signed.unverified().head();
            let is_named = named.get(number).is_some_and(|named| {
                (named.size, named.root, named.note) == (head.size, head.root, Sha256::of(text.as_bytes()))
            });
            if !is_named {
                self.find(
                    Code::BundleManifest,
                    "the checkpoint that the manifest names",
                    format_args!("size {}", head.size),
                );
            }
            heads.push(head);
            match verify_checkpoint(signed, &keys) {
                Ok(verified) => self.seen.checkpoints.push(verified),
                Err(problem) => {
                    self.find(Code::BadCheckpoint, "a checkpoint signed by the log's key at its size", problem)
                }
            }
        }
        if !heads.is_sorted_by(|a, b| a.size < b.size) {
            self.find(Code::BadCheckpoint, "checkpoints in ascending order of size", "others");
        }
        self.findings.extend(self.subset.check_tree(&heads, &node_map(&file.nodes)));
    }

    /// The statement: about the last checkpoint, by the log's key, as the manifest names it, with leaves that it proves.
    fn check_statement(&mut self, file: &LedgerFile, manifest: &Manifest) {
        let named: Vec<_> = manifest.statements.iter().filter(|named| named.ledger == file.ledger).collect();
        let found: Vec<Sha256> = file.statement.iter().map(|s| Sha256::of(s.note.as_bytes())).collect();
        if !named.iter().map(|named| &named.note).eq(found.iter()) {
            self.find(Code::BundleManifest, "the completeness statement that the manifest names", "another or none");
        }
        let Some(statement) = &file.statement else {
            return self.find(Code::BundleIncomplete, "a completeness statement", "none");
        };
        match read_statement(statement, file.ledger, self.seen.checkpoints.last()) {
            Ok(seen) => self.seen.statement = Some(seen),
            Err((code, problem)) => {
                let expected = "a completeness statement for the last checkpoint, by the log's key or an auditor's";
                self.find(code, expected, problem);
            }
        }
    }

    /// Every needed leaf is there, none else is, and what the leaves list is what is at hand.
    ///
    /// `seeds` are events in full of which a ledger need not have a leaf, as another may have it; with them, whether the
    /// bundle is of this ledger alone.
    pub(super) fn check_leaves(
        &mut self,
        closure: &Closure,
        holes: &BTreeSet<EventId>,
        seeds: &[EventId],
        is_only: bool,
    ) -> Vec<Finding> {
        let Some(seen) = &mut self.seen.statement else { return Vec::new() };
        let place = format!("ledger {}", self.seen.ledger);
        let here: DigestSet<EventId> = self.subset.events().map(|(_, event)| event.id).collect();
        let below = |(index, _): &(u64, &Event)| *index < seen.statement.log.size;
        let naming = naming(self.subset.events().filter(below).map(|(_, event)| event));
        let needed: BTreeSet<Covered> = if is_only {
            closure.covered().into_iter().filter(|id| here.contains(&id.event) || naming.contains_key(id)).collect()
        } else {
            let mut held = Held::default();
            self.subset.events().for_each(|(_, event)| held.add(event));
            let has = |id: &EventId| seen.leaves.contains_key(&Covered::from(*id));
            closure.within(&mut held, seeds.iter().copied().filter(has))
        };
        let mut found = Vec::new();
        let mut is_covered = holes.is_empty();
        for id in &needed {
            let Some(leaf) = seen.leaves.get(id) else {
                is_covered = false;
                let expected = format!("a leaf of the completeness statement for {id}");
                found.push(Finding::new(Code::BundleIncomplete, expected, "none").on(id.event).at(&place));
                continue;
            };
            for missing in leaf.named_by.iter().filter(|by| !here.contains(by) && !holes.contains(by)) {
                is_covered = false;
                let expected = format!("the event that the completeness statement says names {id}");
                found.push(
                    Finding::new(Code::OmittedReference, expected, "neither it nor a declared hole").on(*missing),
                );
            }
            let listed: HashSet<&EventId> = leaf.named_by.iter().collect();
            let shown = naming.get(id).into_iter().flatten();
            for unlisted in shown.filter(|by| !listed.contains(by)) {
                is_covered = false;
                let expected = format!("a completeness statement that lists every event that names {id}");
                found.push(Finding::new(Code::BadCheckpoint, expected, "one that leaves out an event").on(*unlisted));
            }
        }
        for id in seen.leaves.keys().filter(|id| !needed.contains(id)) {
            let finding = Finding::new(Code::BundleForeign, "leaves of what belongs to the lineage", id);
            found.push(finding.at(&place));
        }
        seen.covers_all = is_covered;
        found
    }
}

/// The bytes of an entry; members that make no entry give bytes that are none, which is found when they are read.
fn text(entry: &EntryFile) -> Vec<u8> {
    text_of(entry.prev, entry.recorded_at, &entry.jwt)
}

fn seen(file: &LedgerFile, subset: &Subset) -> LedgerSeen {
    let first: Vec<&Event> = subset.events().take_while(|(index, _)| *index < 2).map(|(_, event)| event).collect();
    let origin = match first.get(1).map(|event| &event.payload.body) {
        Some(Body::Ledger(ledger)) => ledger.origin.to_string(),
        _ => String::new(),
    };
    LedgerSeen {
        ledger: file.ledger,
        genesis: first.iter().map(|event| event.id).collect(),
        operator: first.first().map(|event| event.issuer()),
        origin,
        checkpoints: Vec::new(),
        entries: u64::try_from(file.entries.len()).unwrap_or(u64::MAX),
        last_recorded: file.entries.last().map(|entry| entry.recorded_at),
        statement: None,
    }
}

/// The log's keys, each with the index of the `ledger` event from which it signs.
fn log_keys(subset: &Subset, id: LedgerId) -> Vec<(u64, VerifierKey)> {
    let mut keys = Vec::new();
    let mut last = None;
    let mut operator = None;
    for (index, event) in subset.events() {
        let Body::Ledger(ledger) = &event.payload.body else { continue };
        let Ok(key) = ledger.vkey.as_str().parse::<VerifierKey>() else { continue };
        let follows = match index {
            1 => ledger.rotates.is_none() && LedgerId::derive(ledger.origin.as_str(), ledger.vkey.as_str()) == id,
            _ => ledger.rotates.is_some() && ledger.rotates == last && operator == Some(event.issuer()),
        };
        if follows {
            keys.push((index, key));
            last = Some(event.id);
            operator = Some(event.issuer());
        }
    }
    keys
}

/// A rotation recorded at index i: checkpoints above i are the new key's, that of size i + 1 is signed by both.
fn verify_checkpoint(signed: SignedCheckpoint, keys: &[(u64, VerifierKey)]) -> Result<VerifiedCheckpoint, String> {
    let size = signed.unverified().size();
    let mut in_force = keys.iter().rev().skip_while(|(index, _)| *index >= size);
    let (index, key) = in_force.next().ok_or("a size at which the log has no key")?;
    let verified = signed.verify(key).map_err(|error| error.to_string())?;
    if let Some((_, before)) = in_force.next().filter(|_| index + 1 == size) {
        verified.check_also_signed_by(before).map_err(|error| error.to_string())?;
    }
    Ok(verified)
}

fn read_statement(
    file: &StatementFile,
    ledger: LedgerId,
    last: Option<&VerifiedCheckpoint>,
) -> Result<StatementSeen, (Code, String)> {
    let bad = |problem: &dyn std::fmt::Display| (Code::BadCheckpoint, problem.to_string());
    let last = last.ok_or_else(|| bad(&"no checkpoint that is the log's"))?;
    let note = SignedNote::parse(file.note.as_bytes()).map_err(|error| bad(&error))?;
    let statement: Statement = note.unverified_text().parse().map_err(|error| bad(&error))?;
    if statement.ledger != ledger || statement.log != last.head() {
        return Err(bad(&format_args!("one for size {} of ledger {}", statement.log.size, statement.ledger)));
    }
    let by_log = match note.check_signature(last.key()) {
        Ok(()) => true,
        Err(NoteError::Unsigned { .. }) if !named_in(&note).is_empty() => false,
        Err(error) => return Err(bad(&error)),
    };
    let mut leaves = BTreeMap::new();
    let mut hashes = BTreeMap::new();
    let read = |leaf: &LeafFile| leaf.1.parse().map(|parsed: Leaf| (leaf.0, parsed.hash(), parsed));
    let read: Vec<Result<(u64, Sha256, Leaf), StatementError>> = file.leaves.par_iter().map(read).collect();
    for leaf in read {
        let (index, hash, parsed) = leaf.map_err(|error| bad(&error))?;
        hashes.insert(index, hash);
        let id = parsed.id;
        if leaves.insert(id, parsed).is_some() {
            return Err(bad(&format_args!("two leaves of {id}")));
        }
    }
    check_nodes(&[statement.leaves], &hashes, &node_map(&file.nodes)).map_err(|e| (Code::NotInTree, e.to_string()))?;
    Ok(StatementSeen { statement, note, by_log, auditors: Vec::new(), leaves, covers_all: false })
}
