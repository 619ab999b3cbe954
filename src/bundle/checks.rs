//! What verification says about the ledgers, about what is withheld, and about what it did and did not check.

use super::check::Checked;
use super::ledger::LedgerSeen;
use super::verify::Asked;
use crate::event::{Event, LeafStatus, Scheme, Subject};
use crate::finding::{Code, Finding};
use crate::rules::accreditation::{Accreditations, Question};
use crate::state::{Memory, View as _};
use crate::tlog::nodes::TreeHead;
use crate::verify::report::{Check, LedgerReport, Report, Withheld};

/// What is said about the ledgers.
pub(super) struct LedgerReports {
    pub(super) reports: Vec<LedgerReport>,
    pub(super) findings: Vec<Finding>,
}

/// Judges each ledger by the trust file.
pub(super) fn ledger_reports(checked: &Checked, asked: &Asked<'_>, accreditations: &Accreditations) -> LedgerReports {
    let mut all = LedgerReports { reports: Vec::new(), findings: Vec::new() };
    for (seen, replayed) in &checked.ledgers {
        let place = format!("ledger {}", seen.ledger);
        let trusted = is_trusted(seen, asked, accreditations, &replayed.view);
        if !trusted {
            let expected = "a ledger of the trust file, with the key named there or an operator of trusted identity";
            all.findings.push(Finding::new(Code::UntrustedLedger, expected, seen.ledger).at(&place));
        }
        all.findings.extend(known_checkpoints(seen, asked).map(|finding| finding.at(&place)));
        let head = seen.heads.last().map(|(head, _)| *head);
        let head = head.unwrap_or(TreeHead { size: 0, root: crate::tlog::tree::EMPTY_ROOT });
        all.reports.push(LedgerReport {
            ledger: seen.ledger,
            origin: seen.origin.clone(),
            operator: seen.operator,
            size: head.size,
            root: head.root,
            entries: seen.entries,
            recorded_until: seen.last_recorded,
            trusted,
            complete: seen.statement.as_ref().is_some_and(|statement| statement.covers_all),
        });
    }
    all
}

/// Named in the trust file, with the key that signed the last checkpoint, or run by an operator of trusted identity.
fn is_trusted(seen: &LedgerSeen, asked: &Asked<'_>, accreditations: &Accreditations, view: &Memory) -> bool {
    let Some(entry) = asked.trust.ledger(&seen.ledger) else { return false };
    let Some((_, key)) = seen.heads.last() else { return false };
    if let Some(vkey) = &entry.vkey {
        return vkey.as_str() == key.to_string();
    }
    let (Some(operator), Some(at)) = (seen.operator, seen.last_recorded) else { return false };
    let country = view.party(&operator).ok().flatten().map(|party| party.country);
    let question = Question {
        subject: Subject::Party(operator),
        scheme: Scheme::PartyIdentity,
        country,
        processes: &[],
        method: None,
        matrix: None,
        analytes: &[],
        from: at,
        to: at,
    };
    let standing = accreditations.standing(&question, asked.trust, view, asked.as_of);
    standing.is_ok_and(|standing| standing.is_accredited())
}

/// Checkpoints that contradict one the verifier has seen before.
fn known_checkpoints<'a>(seen: &'a LedgerSeen, asked: &'a Asked<'_>) -> impl Iterator<Item = Finding> + 'a {
    let known = asked.trust.checkpoints.iter().filter(|known| known.ledger == seen.ledger);
    known.filter_map(|known| {
        let (head, _) = seen.heads.iter().find(|(head, _)| head.size == known.size && head.root != known.root)?;
        let expected = format!("root {} at size {}, as seen before", known.root, known.size);
        Some(Finding::new(Code::BadCheckpoint, expected, format_args!("root {}", head.root)))
    })
}

/// Objects of events with values that are not at hand.
pub(super) fn withheld<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<Withheld> {
    let mut all = Vec::new();
    for event in events {
        let mut payload = event.payload.clone();
        payload.visit_leaves(&mut |place, object| {
            let count = u64::try_from(object.hidden().len()).unwrap_or(u64::MAX);
            if count > 0 {
                let is_certain =
                    |leaf: &&crate::event::LeafDef| object.leaf_status(leaf.name) == Some(LeafStatus::Withheld);
                let leaves = object.table().iter().filter(is_certain).map(|leaf| leaf.name.to_owned()).collect();
                all.push(Withheld { event: event.id, object: place.to_string(), count, leaves });
            }
        });
    }
    all
}

fn check(name: &str, done: bool, note: impl Into<String>) -> Check {
    Check { name: name.to_owned(), done, note: note.into() }
}

/// What was checked, and what was not and why.
pub(super) fn checks(checked: &Checked, asked: &Asked<'_>, report: &Report) -> Vec<Check> {
    let stated = checked.ledgers.iter().filter(|(seen, _)| seen.statement.is_some()).count();
    let total = checked.ledgers.len();
    let entries = report.integrity.entries;
    let withheld = report.completeness.withheld.len();
    vec![
        check("manifest", true, "the file holds exactly what its exporter signed"),
        check(
            "signatures",
            true,
            format!("{} of {entries} events verify under the key they name", report.integrity.signatures),
        ),
        check("tree", true, format!("{entries} entries against the signed checkpoints of {total} ledgers")),
        check("completeness statement", stated == total && total > 0, format!("{stated} of {total} ledgers have one")),
        check(
            "lineage",
            true,
            format!("{} events, none missing or foreign unless a finding says so", report.lineage.len()),
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
        check("gaps in feeds", false, "a bundle holds only some of the events of a feed"),
        check("the whole log", false, "only entries of the lineage are at hand; `oretrail audit` replays a ledger"),
        check(
            "witnesses",
            false,
            "cosignatures of checkpoints are not judged here: recording times are the operator's word",
        ),
        check("withheld values", withheld == 0, format!("{withheld} objects with values that are not at hand")),
        check("attached documents", false, "documents are compared with their digests only; nobody has read them"),
    ]
}
