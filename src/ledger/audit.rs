//! Audit: the whole ledger replayed from its files, and everything that is derived compared with what follows from them.
//!
//! Every entry is parsed, linked, opened with the disclosures kept for it, its signature verified, admitted and applied; the
//! root is recomputed and compared with the signed one; every hash tile on disk is compared with the one that follows;
//! review runs over the finished history; the index is compared with the replay. Files are read twice and never held: a
//! part is read and its signatures verified while the one before is entered. Of each code the first findings are given and
//! all are counted, so that a long ledger with one fault in every event can be audited.
//!
//! Does not establish that what is recorded is true, nor that the checkpoint is the one others were shown: see the checks
//! listed as not done.

mod found;
mod pass;
mod tiles;
mod values;

use super::disk::Disk;
use super::kept::Kept;
use super::private::DisclosureReader;
use super::read::Reader;
use super::state_store::{Progress, StateError, StateStore, check_root};
use crate::bundle::{LeafTree, Leaves};
use crate::finding::{Code, Family, Finding, Severity};
use crate::rules::trust::Trust;
use crate::state::{Find as _, Memory, View as _, ViewError};
use crate::value::{LedgerId, Sha256, Time};
use crate::verify::report::Check;
use found::Found;
use pass::{OnEvent, Pass};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub use found::MOST_OF_A_CODE;

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
    /// What was found, in the order of entries: of each code the first [`MOST_OF_A_CODE`].
    pub findings: Vec<Finding>,
    /// How many findings there are of each code, those not given above included.
    pub counts: Vec<CodeCount>,
    /// What was checked, and what was not.
    pub checks: Vec<Check>,
}

/// How often a code was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeCount {
    /// The code.
    pub code: Code,
    /// How often.
    pub count: u64,
}

impl AuditReport {
    /// Whether a rule is broken.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.count(Severity::Breach) > 0
    }

    /// Whether the log was replayed without a fault up to its checkpoint: every entry an event that was rightly admitted, all
    /// of them linked and in the signed tree. What review finds is about what the events say, and does not matter here.
    #[must_use]
    pub fn is_replayed(&self) -> bool {
        let is_fault =
            |code: Code| code.is_refusal() || (code.family(), code.severity()) == (Family::Chain, Severity::Breach);
        !self.counts.iter().any(|of| is_fault(of.code))
    }

    /// How many findings of a severity there are, those that are only counted included.
    #[must_use]
    pub fn count(&self, severity: Severity) -> u64 {
        self.counts.iter().filter(|of| of.code.severity() == severity).map(|of| of.count).sum()
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
    audit_with(disk, reader, values, auditing, &mut |_| {}, progress)
}

/// As [`audit`]; gives the leaves of the completeness statement as well, made from the entries replayed. They are worth
/// signing where [`AuditReport::is_replayed`] holds.
///
/// # Errors
/// As [`audit`].
pub fn audit_with_leaves(
    disk: &Arc<dyn Disk>,
    reader: &Reader,
    values: &DisclosureReader,
    auditing: &Auditing<'_>,
    progress: &mut Progress<'_>,
) -> Result<(AuditReport, LeafTree), StateError> {
    let mut leaves = Leaves::default();
    let report = audit_with(disk, reader, values, auditing, &mut |event| leaves.add(event), progress)?;
    Ok((report, leaves.into_tree()))
}

fn audit_with(
    disk: &Arc<dyn Disk>,
    reader: &Reader,
    values: &DisclosureReader,
    auditing: &Auditing<'_>,
    on_event: &mut OnEvent<'_>,
    progress: &mut Progress<'_>,
) -> Result<AuditReport, StateError> {
    let kept = Kept::scan(values, 0)?;
    let mut found = Found::default();
    let mut pass = Pass { disk, reader, kept: &kept, progress };
    let first = pass.replay(auditing.as_of, on_event, &mut found)?;
    if let Err(error) = check_root(reader, &first.frontier) {
        found.add(Finding::new(Code::NotInTree, "entries that lead to the signed root", error));
    }
    pass.review(first.facts, (&first.memory, &first.seen), auditing, &mut found)?;
    first.differing.into_iter().for_each(|finding| found.add(finding));
    let orphans = kept.orphans(&first.memory)?;
    let damaged = values::damaged(&kept, &first.memory, auditing.index)?;
    let index = match auditing.index {
        Some(index) => compare_index(index, &first.memory, !damaged.is_empty(), &mut found)?,
        None => Err("there is none, or another process has it"),
    };
    damaged.into_iter().for_each(|finding| found.add(finding));
    let counts = found.counts();
    let mut report = AuditReport {
        v: AUDIT_VERSION,
        ledger: reader.identity().ledger(),
        origin: reader.identity().origin().to_owned(),
        size: reader.size(),
        root: first.frontier.root(),
        applied: first.applied,
        disclosed: first.disclosed,
        recorded_until: first.recorded_until,
        findings: found.into_shown(),
        counts,
        checks: Vec::new(),
    };
    report.checks = checks(&report, auditing, first.tiles, orphans, index);
    Ok(report)
}

/// How many records of the index were compared with the replay, or why they were not.
type Compared = Result<u64, &'static str>;

/// Compares what the index holds with the replay. One made when values were at hand that are damaged now is not the worse for
/// it.
fn compare_index(
    index: &StateStore,
    memory: &Memory,
    is_damaged: bool,
    found: &mut Found,
) -> Result<Compared, StateError> {
    let find = index.find();
    let (mut compared, mut differing) = (0, Vec::new());
    let mut compare = |what: &str, same: bool, count: usize| {
        compared += count as u64;
        if !same {
            let expected = format!("the {what} of the index to be those of the entries");
            differing.push(Finding::new(Code::NotInTree, expected, "others").at("index"));
        }
    };
    let mut lots = Alike::default();
    find.each_lot(&mut |id, lot| lots.add(memory.lot(&id)?.as_ref() == Some(&lot)))?;
    compare("lots", lots.are_all(memory.lot_count()), lots.count);
    let mut dispatches = Alike::default();
    find.each_dispatch(&mut |id, dispatch| dispatches.add(memory.dispatch(&id)?.as_ref() == Some(&dispatch)))?;
    compare("dispatches", dispatches.are_all(memory.dispatch_count()), dispatches.count);
    let parties = memory.parties()?;
    compare("parties", find.parties()? == parties, parties.len());
    let keys = memory.keys()?;
    compare("keys", find.keys()? == keys, keys.len());
    let facilities = memory.facilities()?;
    compare("facilities", find.facilities()? == facilities, facilities.len());
    if is_damaged && !differing.is_empty() {
        return Ok(Err("it was made of values that are damaged now; `oretrail audit --rebuild` makes it anew"));
    }
    differing.into_iter().for_each(|finding| found.add(finding));
    Ok(Ok(compared))
}

/// Records compared one by one: what there is most of is never held twice.
#[derive(Default)]
struct Alike {
    count: usize,
    alike: usize,
}

impl Alike {
    fn add(&mut self, is_alike: bool) -> Result<(), ViewError> {
        self.count += 1;
        self.alike += usize::from(is_alike);
        Ok(())
    }

    /// Whether they are all of so many, and each alike.
    fn are_all(&self, known: usize) -> bool {
        self.alike == self.count && self.count == known
    }
}

fn checks(report: &AuditReport, auditing: &Auditing<'_>, tiles: u64, orphans: u64, index: Compared) -> Vec<Check> {
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
            Ok(count) => check("index", true, format!("{count} records compared with the replay")),
            Err(reason) => check("index", false, reason.to_owned()),
        },
        check(
            "same history shown to others",
            false,
            "compare the checkpoint with one that somebody else holds".to_owned(),
        ),
    ]
}
