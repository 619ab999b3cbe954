//! What verification says about the ledgers, and about what it did and did not check.

use super::check::Checked;
use super::ledger::{LedgerSeen, StatementSeen};
use crate::rules::accreditation::Accreditations;
use crate::state::{Memory, ViewError};
use crate::tlog::checkpoint::VerifiedCheckpoint;
use crate::tlog::nodes::TreeHead;
use crate::tlog::tree::EMPTY_ROOT;
use crate::value::PartyId;
use crate::verify::judge::{self, Asked, LogSeen};
use crate::verify::report::{Check, LedgerReport, Report};
use std::collections::BTreeSet;

/// What is said about a ledger.
pub(super) fn ledger_report(
    seen: &LedgerSeen,
    asked: &Asked<'_>,
    accreditations: &Accreditations,
    view: &Memory,
) -> Result<LedgerReport, ViewError> {
    let head = seen.checkpoints.last().map(VerifiedCheckpoint::head);
    let head = head.unwrap_or(TreeHead { size: 0, root: EMPTY_ROOT });
    let auditors: BTreeSet<PartyId> = seen.statements.iter().flat_map(|stated| stated.auditors.clone()).collect();
    Ok(LedgerReport {
        ledger: seen.ledger,
        origin: seen.origin.clone(),
        operator: seen.operator,
        size: head.size,
        root: head.root,
        entries: seen.entries,
        recorded_until: seen.last_recorded,
        trusted: is_trusted(seen, asked, accreditations, view)?,
        complete: seen.is_complete(),
        covered_at: seen.covered_at.filter(|size| *size < head.size),
        stated_by_log: seen.statements.iter().any(|statement| statement.by_log),
        stated_by: auditors.into_iter().collect(),
    })
}

/// As [`judge::is_trusted`]; a ledger without a checkpoint by its own key, or without genesis, is not.
fn is_trusted(
    seen: &LedgerSeen,
    asked: &Asked<'_>,
    accreditations: &Accreditations,
    view: &Memory,
) -> Result<bool, ViewError> {
    let (Some(checkpoint), Some(operator)) = (seen.checkpoints.last(), seen.operator) else { return Ok(false) };
    let Some(recorded_until) = seen.last_recorded else { return Ok(false) };
    let log = LogSeen { ledger: seen.ledger, key: checkpoint.key(), operator, recorded_until };
    judge::is_trusted(&log, asked, accreditations, view)
}

fn check(name: &str, done: bool, note: impl Into<String>) -> Check {
    Check { name: name.to_owned(), done, note: note.into() }
}

/// A number of things, as one says it.
pub(super) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Whether somebody says of each ledger what names what, or the verifier read it.
fn completeness(checked: &Checked) -> Check {
    let (mut stated, mut own) = (0, 0);
    for (seen, _) in &checked.ledgers {
        if seen.statements.iter().any(StatementSeen::is_own) {
            own += 1;
        } else if seen.statements.iter().any(StatementSeen::is_vouched_for) {
            stated += 1;
        }
    }
    let total = checked.ledgers.len();
    let mut note = format!("{stated} of {}", counted(total, "ledger has one", "ledgers have one"));
    if own > 0 {
        note.push_str("; every entry of the ledger at hand was read in place of one");
    }
    check("completeness statement", stated + own == total && total > 0, note)
}

/// What was checked, and what was not and why.
pub(super) fn checks(checked: &Checked, asked: &Asked<'_>, report: &Report) -> Vec<Check> {
    let total = checked.ledgers.len();
    let entries = report.integrity.entries;
    let withheld = report.completeness.withheld.len();
    let present = report.documents.iter().filter(|document| document.present).count();
    let named = counted(report.documents.len(), "document named is", "documents named are");
    let documents = format!("{present} of {named} at hand");
    let ledgers = counted(total, "ledger", "ledgers");
    let objects = counted(withheld, "object", "objects");
    vec![
        match checked.given.manifest() {
            Some(_) => check("manifest", true, "the file holds exactly what its exporter signed"),
            None => check("manifest", false, "there is none: the evidence was gathered from the ledger at hand"),
        },
        check(
            "signatures",
            true,
            format!("{} of {entries} events verify under the key they name", report.integrity.signatures),
        ),
        check("tree", true, format!("{entries} entries against the signed checkpoints of {ledgers}")),
        completeness(checked),
        check(
            "lineage",
            true,
            format!(
                "{}, none missing or foreign unless a finding says so",
                counted(report.lineage.len(), "event", "events")
            ),
        ),
        check("admission", true, "every event at hand, by the rules that applied when it was recorded"),
        check(
            "accreditations",
            !asked.trust.vouches_for_nothing(),
            match asked.trust.vouches_for_nothing() {
                true => "the trust file names no authority",
                false => "identity and site of every step of the lineage",
            },
        ),
        check("review", true, "places, masses, times, evidence and standing of what the lineage rests on"),
        check(
            "capacity and shared places",
            false,
            "what else went through a plant, or stands beside it, is not at hand",
        ),
        check("gaps in feeds", false, "a bundle holds only some of the events of a feed"),
        check("the whole log", false, "only entries of the lineage were checked; `oretrail audit` replays a ledger"),
        check(
            "witnesses",
            asked.trust.witnesses.is_some(),
            match asked.trust.witnesses {
                Some(_) => "cosignatures of checkpoints by the witnesses of the trust file",
                None => "the trust file names none: recording times are the word of the ledgers' operators",
            },
        ),
        check("withheld values", withheld == 0, format!("{objects} with values that are not at hand")),
        check("documents", present == report.documents.len(), documents),
        check("what documents say", false, "documents are compared with their digests only; nobody has read them"),
    ]
}
