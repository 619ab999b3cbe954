//! What verification asks of evidence, wherever it comes from: a bundle, or a whole ledger.

use super::report::{Condition, SubjectReport, Withheld};
use crate::event::{Event, LeafDef, LeafStatus, Leaves, Scheme, Subject};
use crate::finding::{Code, Finding};
use crate::lineage::Lineage;
use crate::rules::accreditation::{Accreditations, Question};
use crate::rules::trust::Trust;
use crate::state::{LotStatus, View, ViewError};
use crate::tlog::checkpoint::VerifiedCheckpoint;
use crate::tlog::vkey::VerifierKey;
use crate::value::{EventId, LedgerId, LotId, PartyId, Time};

/// What evidence is verified for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Whom the verifier trusts.
    pub trust: &'a Trust,
    /// The moment of judgement.
    pub as_of: Time,
    /// Who is to take delivery: the lot's head must be a dispatch to that party.
    pub recipient: Option<PartyId>,
}

/// A ledger as its evidence shows it, to be judged by the trust file.
#[derive(Debug, Clone, Copy)]
pub struct LogSeen<'a> {
    /// The ledger.
    pub ledger: LedgerId,
    /// The key that signed the checkpoint judged at.
    pub key: &'a VerifierKey,
    /// Who operates it.
    pub operator: PartyId,
    /// When its last entry at hand was recorded.
    pub recorded_until: Time,
}

/// Whether the trust file names the ledger, with the key that signed, or without key and the operator's identity is
/// vouched for by somebody trusted when its last entry was recorded.
///
/// # Errors
/// State could not be read.
pub fn is_trusted(
    log: &LogSeen<'_>,
    asked: &Asked<'_>,
    accreditations: &Accreditations,
    view: &dyn View,
) -> Result<bool, ViewError> {
    let Some(entry) = asked.trust.ledger(&log.ledger) else { return Ok(false) };
    if let Some(vkey) = &entry.vkey {
        return Ok(vkey.as_str() == log.key.to_string());
    }
    let question = Question {
        subject: Subject::Party(log.operator),
        scheme: Scheme::PartyIdentity,
        country: view.party(&log.operator)?.map(|party| party.country),
        processes: &[],
        method: None,
        matrix: None,
        analytes: &[],
        from: log.recorded_until,
        to: log.recorded_until,
    };
    Ok(accreditations.standing(&question, asked.trust, view, asked.as_of)?.is_accredited())
}

/// What came of [`check_log`].
#[derive(Debug, Default)]
pub struct LogJudged {
    /// Findings, none of which names the ledger.
    pub findings: Vec<Finding>,
    /// Entries below this index are covered by a checkpoint that enough witnesses of the trust file cosigned.
    pub cosigned: u64,
}

/// What the trust file has against the checkpoints of a ledger, or misses in them: another root than one seen before,
/// an end before one seen before, too few witnesses, too old. `shown` is when they were shown, by the word of who did; a witness's time goes before it.
///
/// Does not establish that the checkpoints extend those seen before at other sizes.
#[must_use]
pub fn check_log(ledger: LedgerId, checkpoints: &[VerifiedCheckpoint], shown: Time, asked: &Asked<'_>) -> LogJudged {
    let trust = asked.trust;
    let (mut found, mut cosigned) = (Vec::new(), 0);
    for known in trust.checkpoints.iter().filter(|known| known.ledger == ledger) {
        let heads = checkpoints.iter().map(VerifiedCheckpoint::head);
        for head in heads.filter(|head| head.size == known.size && head.root != known.root) {
            let expected = format!("root {} at size {}, as seen before", known.root, known.size);
            found.push(Finding::new(Code::BadCheckpoint, expected, format_args!("root {}", head.root)));
        }
    }
    let Some(last) = checkpoints.last() else { return LogJudged { findings: found, cosigned } };
    let seen = trust.checkpoints.iter().filter(|known| known.ledger == ledger).map(|known| known.size).max();
    if let Some(size) = seen.filter(|size| *size > last.head().size) {
        // What was recorded since, such as a recall, is kept from us.
        let expected = format!("a checkpoint of at least size {size}, as seen before");
        found.push(Finding::new(Code::UntrustedLedger, expected, format_args!("one of size {}", last.head().size)));
    }
    let mut seen_at = shown;
    match trust.witness_policy().map(|policy| policy.assess(last)) {
        Some(Ok(assessment)) => {
            if assessment.met {
                cosigned = last.head().size;
            } else {
                let found_count = format!("{} known ones", assessment.cosignatures.len());
                let expected = "a checkpoint cosigned by the witnesses that the trust file asks for";
                found.push(Finding::new(Code::DeclaredOnly, expected, found_count));
            }
            seen_at = assessment.cosignatures.iter().map(|cosignature| cosignature.time).max().unwrap_or(shown);
        }
        Some(Err(error)) => found.push(Finding::new(Code::BadCheckpoint, "cosignatures that verify", error)),
        None => {}
    }
    if let Some(days) = trust.greatest_checkpoint_age_days
        && asked.as_of.since(seen_at) > i64::from(days) * 86_400
    {
        let expected = format!("a checkpoint not older than {days} days at {}", asked.as_of);
        found.push(Finding::new(Code::UntrustedLedger, expected, format_args!("one of {seen_at}")));
    }
    LogJudged { findings: found, cosigned }
}

/// The lot as states leave it; of several ledgers, as the one in which it lives.
///
/// # Errors
/// State could not be read.
pub fn subject_of(views: &[&dyn View], lot: LotId) -> Result<SubjectReport, ViewError> {
    let mut found = None;
    for view in views {
        let Some(record) = view.lot(&lot)? else { continue };
        let dispatch = view.dispatch(&record.head)?;
        let is_elsewhere = matches!(record.status, LotStatus::Elsewhere(_));
        if found.is_none() || !is_elsewhere {
            found = Some((record, dispatch));
        }
    }
    let Some((record, dispatch)) = found else {
        let (form, holder, owner, facility, head, consignee) = (None, None, None, None, None, None);
        return Ok(SubjectReport {
            lot,
            condition: Condition::Unknown,
            form,
            holder,
            owner,
            facility,
            head,
            consignee,
        });
    };
    let condition = match record.status {
        LotStatus::Held => Condition::Held,
        LotStatus::InTransit => Condition::InTransit,
        LotStatus::Spent => Condition::Spent,
        LotStatus::Elsewhere(_) => Condition::Elsewhere,
    };
    Ok(SubjectReport {
        lot,
        condition,
        form: Some(record.form),
        holder: Some(record.holder),
        owner: Some(record.owner),
        facility: record.facility,
        head: Some(record.head),
        consignee: dispatch.filter(|_| condition == Condition::InTransit).map(|dispatch| dispatch.to),
    })
}

/// Dispatches of the lineage with lots of it that nobody answered.
///
/// # Errors
/// State could not be read.
pub fn unanswered(views: &[&dyn View], lineage: &Lineage) -> Result<Vec<EventId>, ViewError> {
    let mut open = Vec::new();
    for id in &lineage.events {
        for view in views {
            let Some(dispatch) = view.dispatch(id)? else { continue };
            let answered = |lot: &LotId| dispatch.answered.iter().any(|(answered, _)| answered == lot);
            if dispatch.lots.iter().any(|lot| lineage.lots.contains_key(lot) && !answered(lot)) {
                open.push(*id);
            }
            break;
        }
    }
    Ok(open)
}

/// Objects of an event with values that are not at hand; leaves are visited, none is changed.
#[must_use]
pub fn withheld(event: &mut Event) -> Vec<Withheld> {
    let (id, mut all) = (event.id, Vec::new());
    event.payload.visit_leaves(&mut |place, object| {
        let count = u64::try_from(object.hidden().len()).unwrap_or(u64::MAX);
        if count > 0 {
            all.push(Withheld { event: id, object: place.to_string(), count, leaves: certain(object) });
        }
    });
    all
}

/// The leaves that every such object has and this one does not show.
fn certain(object: &dyn Leaves) -> Vec<String> {
    let is_certain = |leaf: &&LeafDef| object.leaf_status(leaf.name) == Some(LeafStatus::Withheld);
    object.table().iter().filter(is_certain).map(|leaf| leaf.name.to_owned()).collect()
}
