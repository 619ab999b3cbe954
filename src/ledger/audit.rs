//! Audit: the whole ledger replayed from its files, and everything that is derived compared with what follows from them.
//!
//! Every entry is parsed, linked, opened with the disclosures kept for it, its signature verified, admitted and applied; the
//! root is recomputed and compared with the signed one; every hash tile on disk is compared with the one that follows;
//! review runs over the finished history; the index is compared with the replay. Files are read twice and never held.
//!
//! Does not establish that what is recorded is true, nor that the checkpoint is the one others were shown: see the checks
//! listed as not done.

use super::disk::Disk;
use super::edge;
use super::error::LogError;
use super::files::Files;
use super::private::{DisclosureReader, PrivateError};
use super::read::Reader;
use super::state_store::{Kept, Progress, StateError, StateStore, check_root, event_of};
use crate::event::Event;
use crate::finding::{Code, Finding, Severity};
use crate::rules::review::{Facts, ReviewContext, review};
use crate::rules::trust::Trust;
use crate::state::{Find as _, Memory};
use crate::tlog::tile::Tile;
use crate::tlog::tree::Frontier;
use crate::value::{LedgerId, Sha256, Time};
use crate::verify::replay::{Raw, Replay};
use crate::verify::report::Check;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The version of the audit report's form.
pub const AUDIT_VERSION: u8 = 0;

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditReport {
    /// Format version.
    pub v: u8,
    /// The ledger.
    pub ledger: LedgerId,
    /// Its origin.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree, as signed and as recomputed.
    pub root: Sha256,
    /// Entries that hold an event which was applied.
    pub applied: u64,
    /// Events whose private values are kept here.
    pub disclosed: u64,
    /// When the last entry was recorded.
    pub recorded_until: Option<Time>,
    /// Everything found, in the order of entries.
    pub findings: Vec<Finding>,
    /// What was checked, and what was not.
    pub checks: Vec<Check>,
}

impl AuditReport {
    /// Whether a rule is broken.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity() == Severity::Breach)
    }
}

/// What an audit is told besides the ledger.
pub struct Auditing<'a> {
    /// Whom the auditor trusts.
    pub trust: &'a Trust,
    /// The moment of judgement.
    pub as_of: Time,
    /// State to compare with the replay, where there is an index.
    pub index: Option<&'a StateStore>,
}

/// Audits a ledger at the reader's checkpoint.
///
/// # Errors
/// The files cannot be read. Damage that shows in what they say is a finding.
pub fn audit(
    disk: &Arc<dyn Disk>,
    reader: &Reader,
    values: &DisclosureReader,
    auditing: &Auditing<'_>,
    progress: &mut Progress<'_>,
) -> Result<AuditReport, StateError> {
    let kept = Kept::scan(values, 0)?;
    let total = reader.size();
    let mut pass = Pass { reader, kept: &kept, total: total * 2, progress };
    let first = pass.replay()?;
    let mut report = AuditReport {
        v: AUDIT_VERSION,
        ledger: reader.identity().ledger(),
        origin: reader.identity().origin().to_owned(),
        size: total,
        root: first.frontier.root(),
        applied: first.applied,
        disclosed: first.disclosed,
        recorded_until: first.recorded_until,
        findings: first.findings,
        checks: Vec::new(),
    };
    if let Err(error) = check_root(reader, &first.frontier) {
        report.findings.push(Finding::new(Code::NotInTree, "entries that lead to the signed root", error));
    }
    report.findings.extend(pass.review(first.facts, &first.memory, auditing)?);
    let tiles = check_tiles(disk, reader, &mut report.findings)?;
    let orphans = kept.orphans(&first.memory);
    let index = auditing.index.map(|index| compare_index(index, &first.memory, &mut report.findings)).transpose()?;
    report.checks = checks(&report, auditing, tiles, orphans, index);
    Ok(report)
}

/// The two runs over the entries.
struct Pass<'a, 'p> {
    reader: &'a Reader,
    kept: &'a Kept<'a>,
    total: u64,
    progress: &'a mut Progress<'p>,
}

/// What the first run gives.
struct First {
    memory: Memory,
    frontier: Frontier,
    facts: Facts,
    findings: Vec<Finding>,
    applied: u64,
    disclosed: u64,
    recorded_until: Option<Time>,
}

impl Pass<'_, '_> {
    /// Runs over the entries a block at a time, with their disclosures.
    fn each_block(
        &mut self,
        done: u64,
        run: &mut dyn FnMut(&[Raw<'_>]) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        for block in self.reader.blocks(0..self.reader.size()) {
            let block = block?;
            let mut disclosures = Vec::new();
            for (_, entry) in block.entries() {
                let shown = event_of(entry).map_or(Ok(Vec::new()), |id| self.kept.disclosures(&id));
                disclosures.push(shown.or_else(|error| match error {
                    // What is damaged is reported once, by the scan below, and not shown.
                    PrivateError::Damaged { .. } => Ok(Vec::new()),
                    error => Err(error),
                })?);
            }
            let entries = block.entries().zip(&disclosures);
            let raw: Vec<Raw<'_>> = entries.map(|((_, entry), disclosures)| Raw { entry, disclosures }).collect();
            run(&raw)?;
            let last = block.entries().last().map_or(0, |(index, _)| index + 1);
            (self.progress)(done + last, self.total);
        }
        Ok(())
    }

    fn replay(&mut self) -> Result<First, StateError> {
        let mut replay = Replay::new(self.reader.identity().ledger());
        let (mut facts, mut findings) = (Facts::default(), Vec::new());
        let (mut applied, mut disclosed) = (0, 0);
        self.each_block(0, &mut |raw| {
            disclosed += raw.iter().filter(|raw| !raw.disclosures.is_empty()).count() as u64;
            for entered in replay.push(raw)? {
                if let Some(event) = entered.event.filter(|_| !entered.findings.iter().any(Finding::blocks)) {
                    facts.observe(&event, &entered.at);
                    applied += 1;
                    if entered.findings.iter().any(Finding::is_refusal) {
                        facts.mark_breached(event.id);
                    }
                }
                findings.extend(entered.findings);
            }
            Ok(())
        })?;
        let (frontier, recorded_until) = (replay.frontier().clone(), replay.last_time());
        Ok(First { memory: replay.into_view(), frontier, facts, findings, applied, disclosed, recorded_until })
    }

    fn review(&mut self, facts: Facts, memory: &Memory, auditing: &Auditing<'_>) -> Result<Vec<Finding>, StateError> {
        let settled = facts.settle(memory, auditing.trust, auditing.as_of)?;
        let context =
            ReviewContext { facts: &settled, view: memory, trust: auditing.trust, as_of: auditing.as_of, cosigned: 0 };
        let mut findings = Vec::new();
        let half = self.reader.size();
        self.each_block(half, &mut |raw| {
            for event in raw.iter().filter_map(read_event) {
                findings.extend(review(&event, &context)?);
            }
            Ok(())
        })?;
        Ok(findings)
    }
}

/// The event of an entry that was read before; what could not be read then is passed over.
fn read_event(raw: &Raw<'_>) -> Option<Event> {
    use crate::envelope::{Disclosure, Jws, Typ, open};
    let entry = crate::tlog::entry::EntryRef::parse(raw.entry).ok()?;
    let jws = Jws::parse(entry.jwt, Typ::Event).ok()?;
    let shown: Option<Vec<Disclosure>> = raw.disclosures.iter().map(|text| Disclosure::parse(text).ok()).collect();
    shown.and_then(|shown| open(&jws, &shown).ok()).or_else(|| open(&jws, &[]).ok())
}

/// Compares every hash tile on disk with the one that follows from the entries; says how many there are.
fn check_tiles(disk: &Arc<dyn Disk>, reader: &Reader, findings: &mut Vec<Finding>) -> Result<u64, StateError> {
    let files = Files::new(Arc::clone(disk), reader.layout().root());
    let mut count = 0;
    let mut compare = |tile: Tile, bytes: Vec<u8>| {
        let path = files.layout.tile(&tile);
        let limit = bytes.len() as u64 + 1;
        match super::disk::read_if_present(&*files.disk, &path, limit) {
            Ok(Some(found)) if found == bytes => count += 1,
            Ok(Some(_)) | Err(_) => {
                let finding =
                    Finding::new(Code::NotInTree, "the hash tile that follows from the entries", "another one");
                findings.push(finding.at(path.display()));
            }
            // A tile that is missing is derived anew by the next writer.
            Ok(None) => {}
        }
        Ok::<(), LogError>(())
    };
    let edge = edge::recompute(&files, reader.size(), &mut compare)?;
    edge.upper_partials().into_iter().try_for_each(|(tile, bytes)| compare(tile, bytes))?;
    Ok(count)
}

/// Compares what the index holds with the replay; says how many records it compared.
fn compare_index(index: &StateStore, memory: &Memory, findings: &mut Vec<Finding>) -> Result<u64, StateError> {
    let find = index.find();
    let mut compared = 0;
    let mut compare = |what: &str, same: bool, count: usize| {
        compared += count as u64;
        if !same {
            let expected = format!("the {what} of the index to be those of the entries");
            findings.push(Finding::new(Code::NotInTree, expected, "others").at("index"));
        }
    };
    let lots = memory.lots()?;
    compare("lots", find.lots()? == lots, lots.len());
    let parties = memory.parties()?;
    compare("parties", find.parties()? == parties, parties.len());
    let keys = memory.keys()?;
    compare("keys", find.keys()? == keys, keys.len());
    let facilities = memory.facilities()?;
    compare("facilities", find.facilities()? == facilities, facilities.len());
    let dispatches = memory.dispatches()?;
    compare("dispatches", find.dispatches()? == dispatches, dispatches.len());
    Ok(compared)
}

fn checks(report: &AuditReport, auditing: &Auditing<'_>, tiles: u64, orphans: u64, index: Option<u64>) -> Vec<Check> {
    let check = |name: &str, done: bool, note: String| Check { name: name.to_owned(), done, note };
    let nobody = auditing.trust.vouches_for_nothing();
    vec![
        check("signatures, links, admission", true, format!("{} entries, {} applied", report.size, report.applied)),
        check("tree", true, format!("root recomputed from the entries; {tiles} hash tiles compared")),
        check(
            "disclosures",
            true,
            format!("{} events with private values; {orphans} records of none", report.disclosed),
        ),
        check("review", true, "mass, place, time, evidence and status over the finished history".to_owned()),
        check(
            "accreditations",
            !nobody,
            if nobody { "no trust file: nobody is trusted".to_owned() } else { "by the trust file".to_owned() },
        ),
        match index {
            Some(count) => check("index", true, format!("{count} records compared with the replay")),
            None => check("index", false, "there is none, or another process has it".to_owned()),
        },
        check(
            "same history shown to others",
            false,
            "compare the checkpoint with one that somebody else holds".to_owned(),
        ),
    ]
}
