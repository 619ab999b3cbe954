//! The part of a bundle that comes from one ledger: its keys, checkpoints, tree, and completeness statement.

use super::auditor::{named_in, trusted};
use super::given::Given;
use super::manifest::Manifest;
use super::statement::{Covered, Leaf, Statement, StatementError};
use super::wire::{EntryFile, LeafFile, LedgerFile, StatementFile, node_map};
use crate::event::{Body, Event};
use crate::finding::{Code, Finding};
use crate::rules::trust::Trust;
use crate::state::{Find, ViewError};
use crate::tlog::checkpoint::{SignedCheckpoint, VerifiedCheckpoint};
use crate::tlog::entry::write_text;
use crate::tlog::nodes::check_nodes;
use crate::tlog::note::{NoteError, SignedNote};
use crate::tlog::vkey::VerifierKey;
use crate::value::{EventId, LedgerId, PartyId, Sha256, Time};
use crate::verify::subset::{Read, Subset};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// A completeness statement for the last checkpoint, by the log's key or by parties.
#[derive(Debug, Clone)]
pub(super) struct StatementSeen {
    pub(super) statement: Statement,
    /// As signed; absent where the verifier made the leaves itself, from all entries of a ledger at hand.
    pub(super) note: Option<SignedNote>,
    /// Whether the log's key signed it.
    pub(super) by_log: bool,
    /// Auditors of the trust file who signed it.
    pub(super) auditors: Vec<PartyId>,
    /// Leaves shown, by what they cover.
    pub(super) leaves: BTreeMap<Covered, Leaf>,
}

impl StatementSeen {
    /// Whether somebody signed it who may, for this verifier.
    pub(super) fn is_vouched_for(&self) -> bool {
        self.by_log || !self.auditors.is_empty() || self.is_own()
    }

    /// Whether the verifier needs nobody's word for it.
    pub(super) const fn is_own(&self) -> bool {
        self.note.is_none()
    }
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
    /// Completeness statements, in ascending order of size; the last is about the last checkpoint.
    pub(super) statements: Vec<StatementSeen>,
    /// Whether everything that needs a leaf has one, and nothing that one lists is missing or declared to be.
    pub(super) covers_all: bool,
    /// The least size of the statements that are needed for that.
    pub(super) covered_at: Option<u64>,
}

impl LedgerSeen {
    /// Asks which auditors of the trust file signed the statement; one that neither they nor the log signed covers nothing.
    pub(super) fn ask_for_auditors(&mut self, trust: &Trust, state: &dyn Find) -> Result<Vec<Finding>, ViewError> {
        let mut findings = Vec::new();
        for seen in &mut self.statements {
            let Some(note) = &seen.note else { continue };
            let (auditors, wrong) = trusted(note, &self.ledger, trust, state)?;
            seen.auditors = auditors;
            findings.extend(wrong);
            if !seen.is_vouched_for() {
                let parties: Vec<String> = named_in(note).iter().map(ToString::to_string).collect();
                let expected = "a completeness statement by the log's key, or by an auditor whom the trust file names";
                let found = format!("one by party {}, which is neither", parties.join(", "));
                findings.push(Finding::new(Code::BundleIncomplete, expected, found));
            }
        }
        let place = format!("ledger {}", self.ledger);
        Ok(findings.into_iter().map(|finding| finding.at(&place)).collect())
    }

    /// Whether somebody who may say so vouches that nothing that matters is left out.
    pub(super) fn is_complete(&self) -> bool {
        self.covers_all && self.is_vouched_for()
    }

    /// Whether there is a statement, and for each somebody who may make it.
    pub(super) fn is_vouched_for(&self) -> bool {
        !self.statements.is_empty() && self.statements.iter().all(StatementSeen::is_vouched_for)
    }
}

/// A ledger's part, checked by itself.
pub(super) struct LedgerChecked<'f> {
    pub(super) seen: LedgerSeen,
    pub(super) subset: Subset<'f>,
    pub(super) findings: Vec<Finding>,
}

impl<'f> LedgerChecked<'f> {
    pub(super) fn of(file: &'f LedgerFile, given: &Given) -> Self {
        let subset = Subset::read(file.ledger, &file.entries, entry);
        let mut checked = Self { seen: seen(file, &subset), subset, findings: Vec::new() };
        checked.findings = checked.subset.check_entries();
        if let Some(manifest) = given.manifest() {
            checked.check_named(file, manifest);
        }
        checked.check_checkpoints(file);
        checked.check_statement(file, given.is_all_of(file.ledger));
        checked
    }

    fn find(&mut self, code: Code, expected: impl std::fmt::Display, found: impl std::fmt::Display) {
        let place = format!("ledger {}", self.seen.ledger);
        self.findings.push(Finding::new(code, expected, found).at(place));
    }

    /// The checkpoints and statements are those that the manifest names.
    fn check_named(&mut self, file: &LedgerFile, manifest: &Manifest) {
        let named: Vec<_> = manifest.checkpoints.iter().filter(|named| named.ledger == file.ledger).collect();
        if named.len() != file.checkpoints.len() {
            self.find(Code::BundleManifest, format_args!("{} checkpoints", named.len()), file.checkpoints.len());
        }
        for (number, text) in file.checkpoints.iter().enumerate() {
            let Ok(signed) = SignedCheckpoint::parse(text.as_bytes()) else { continue };
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
        }
        let named = manifest.statements.iter().filter(|named| named.ledger == file.ledger).map(|named| named.note);
        if !named.eq(file.statements().map(|statement| Sha256::of(statement.note.as_bytes()))) {
            self.find(Code::BundleManifest, "the completeness statement that the manifest names", "another or none");
        }
    }

    /// Checkpoints: of this log, by its key at their size, over one tree with all entries.
    fn check_checkpoints(&mut self, file: &LedgerFile) {
        if self.seen.genesis.len() != 2 {
            self.find(
                Code::Genesis,
                "entries 0 and 1: the operator's registration and the ledger's own event",
                "others",
            );
        }
        let keys = log_keys(&self.subset, file.ledger);
        let mut heads = Vec::new();
        for text in &file.checkpoints {
            let signed = match SignedCheckpoint::parse(text.as_bytes()) {
                Ok(signed) => signed,
                Err(error) => {
                    self.find(Code::BadCheckpoint, "a checkpoint", error);
                    continue;
                }
            };
            heads.push(signed.unverified().head());
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

    /// The statements: about checkpoints shown, one of them the last, with leaves that they prove; of a ledger at hand, the
    /// last may be the verifier's own.
    fn check_statement(&mut self, file: &LedgerFile, is_at_hand: bool) {
        if file.statement.is_none() {
            self.find(Code::BundleIncomplete, "a completeness statement", "none");
        }
        let (last, earlier) = match self.seen.checkpoints.split_last() {
            Some((last, earlier)) => (Some(last.clone()), earlier.to_vec()),
            None => (None, Vec::new()),
        };
        let mut before = 0;
        for statement in &file.earlier {
            match read_statement(statement, file.ledger, &earlier, false) {
                Ok(seen) if seen.statement.log.size > before => {
                    before = seen.statement.log.size;
                    self.seen.statements.push(seen);
                }
                Ok(_) => self.find(Code::BadCheckpoint, "statements in ascending order of size, each once", "others"),
                Err((code, problem)) => {
                    let expected =
                        "a completeness statement for an earlier checkpoint, by the log's key or an auditor's";
                    self.find(code, expected, problem);
                }
            }
        }
        let Some(statement) = &file.statement else { return };
        match read_statement(statement, file.ledger, last.as_slice(), is_at_hand) {
            Ok(seen) => self.seen.statements.push(seen),
            Err((code, problem)) => {
                let expected = "a completeness statement for the last checkpoint, by the log's key or an auditor's";
                self.find(code, expected, problem);
            }
        }
    }
}

/// Writes the bytes of an entry; members that make no entry give bytes that are none, which is found when they are read.
fn entry<'f>(file: &'f EntryFile, bytes: &mut Vec<u8>) -> Read<'f> {
    write_text(bytes, file.prev, file.recorded_at, &file.jwt);
    (file.index, &file.jwt, &file.disclosures)
}

fn seen(file: &LedgerFile, subset: &Subset<'_>) -> LedgerSeen {
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
        statements: Vec::new(),
        covers_all: false,
        covered_at: None,
    }
}

/// The log's keys, each with the index of the `ledger` event from which it signs.
fn log_keys(subset: &Subset<'_>, id: LedgerId) -> Vec<(u64, VerifierKey)> {
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
    checkpoints: &[VerifiedCheckpoint],
    may_be_own: bool,
) -> Result<StatementSeen, (Code, String)> {
    let bad = |problem: &dyn std::fmt::Display| (Code::BadCheckpoint, problem.to_string());
    if checkpoints.is_empty() {
        return Err(bad(&"no checkpoint that is the log's"));
    }
    let own: Option<Statement> = if may_be_own { file.note.parse().ok() } else { None };
    let (note, statement) = match own {
        Some(own) => (None, own),
        None => {
            let note = SignedNote::parse(file.note.as_bytes()).map_err(|error| bad(&error))?;
            let statement = note.unverified_text().parse().map_err(|error| bad(&error))?;
            (Some(note), statement)
        }
    };
    let about = checkpoints.iter().find(|checkpoint| checkpoint.head() == statement.log);
    let Some(checkpoint) = about.filter(|_| statement.ledger == ledger) else {
        return Err(bad(&format_args!("one for size {} of ledger {}", statement.log.size, statement.ledger)));
    };
    let by_log = match note.as_ref().map(|note| (note.check_signature(checkpoint.key()), note)) {
        Some((Ok(()), _)) => true,
        None => false,
        Some((Err(NoteError::Unsigned { .. }), note)) if !named_in(note).is_empty() => false,
        Some((Err(error), _)) => return Err(bad(&error)),
    };
    let read = |leaf: &LeafFile| leaf.1.parse().map(|parsed: Leaf| (leaf.0, parsed.hash(), parsed));
    let read: Vec<Result<(u64, Sha256, Leaf), StatementError>> = file.leaves.par_iter().map(read).collect();
    let (mut hashes, mut leaves) = (Vec::with_capacity(read.len()), Vec::with_capacity(read.len()));
    for leaf in read {
        let (index, hash, parsed) = leaf.map_err(|error| bad(&error))?;
        hashes.push((index, hash));
        leaves.push((parsed.id, parsed));
    }
    // Maps are made of sorted lists at once.
    leaves.sort_by_key(|(id, _)| *id);
    if let Some([(id, _), _]) = leaves.array_windows().find(|[(one, _), (next, _)]| one == next) {
        return Err(bad(&format_args!("two leaves of {id}")));
    }
    let (hashes, leaves) = (hashes.into_iter().collect(), leaves.into_iter().collect());
    check_nodes(&[statement.leaves], &hashes, &node_map(&file.nodes)).map_err(|e| (Code::NotInTree, e.to_string()))?;
    Ok(StatementSeen { statement, note, by_log, auditors: Vec::new(), leaves })
}
