//! From a bundle as read to a report, and by move to a bundle whose integrity holds.
//!
//! Trust, the moment of judgement and the recipient are arguments. Who is not in the trust file is not trusted, whatever
//! the bundle says of itself.

use super::check::Checked;
use super::checks::{checks, ledger_reports, withheld};
use super::manifest::Manifest;
use super::read::UnverifiedBundle;
use crate::event::Event;
use crate::finding::{Code, Finding, Severity};
use crate::lineage::{Graph, Lineage, Step, upstream};
use crate::rules::accreditation::Accreditations;
use crate::rules::trust::Trust;
use crate::state::{LotStatus, Memory, Position, View as _, ViewError};
use crate::value::{EventId, LedgerId, LotId, PartyId, Time};
use crate::verify::accredited::check_step;
use crate::verify::questions::answer_all;
use crate::verify::report::{
    BundleReport, Completeness, Condition, Integrity, REPORT_VERSION, Report, Status, SubjectReport,
};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// What a bundle is verified for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Whom the verifier trusts.
    pub trust: &'a Trust,
    /// The moment of judgement.
    pub as_of: Time,
    /// Who is to take delivery: the lot's head must be a dispatch to that party.
    pub recipient: Option<PartyId>,
}

/// What came of verifying a bundle.
#[derive(Debug)]
pub struct Verification {
    /// What was found, and the answers.
    pub report: Report,
    /// The bundle, where its integrity holds.
    pub bundle: Option<VerifiedBundle>,
}

/// A bundle whose signatures, links, trees, manifest and membership hold.
///
/// That says nothing yet about what its events say: the report does.
#[derive(Debug)]
pub struct VerifiedBundle {
    checked: Checked,
    lineage: Lineage,
}

impl VerifiedBundle {
    /// What the exporter put its name to.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.checked.manifest
    }

    /// The lineage of the subject.
    #[must_use]
    pub const fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// An event, with the disclosures passed on in place.
    #[must_use]
    pub fn event(&self, id: &EventId) -> Option<&Event> {
        self.checked.events.get(id).map(|(_, _, event)| event)
    }

    /// All events, in the order of ids.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.checked.events.values().map(|(_, _, event)| event)
    }

    /// Where an event is recorded.
    #[must_use]
    pub fn position(&self, id: &EventId) -> Option<Position> {
        let (ledger, index, _) = *self.checked.events.get(id).map(|(ledger, index, _)| (ledger, index, ())).as_ref()?;
        let recorded_at = self.view(ledger)?.event(id).ok()??.recorded_at;
        Some(Position { ledger: *ledger, index: *index, recorded_at })
    }

    /// State of a ledger after the entries at hand.
    #[must_use]
    pub fn view(&self, ledger: &LedgerId) -> Option<&Memory> {
        self.checked.view(ledger)
    }

    /// The ledgers that the evidence comes from.
    pub fn ledgers(&self) -> impl Iterator<Item = LedgerId> {
        self.checked.ledgers.iter().map(|(seen, _)| seen.ledger)
    }
}

impl UnverifiedBundle {
    /// Verifies the bundle: its file, its evidence, and the four questions.
    ///
    /// Does not establish that what trusted parties stated is true, and nothing about what the report lists as not
    /// checked.
    #[must_use]
    pub fn verify(self, asked: &Asked<'_>) -> Verification {
        let mut checked = Checked::of(&self);
        let lineage = upstream(&checked, checked.manifest.subject).unwrap_or_else(|never| match never {});
        let accreditations = checked.accreditations();
        let ledgers = ledger_reports(&checked, asked, &accreditations);
        let mut report = blank(&checked, asked, &lineage);
        let mut findings = std::mem::take(&mut checked.findings);
        findings.extend(ledgers.findings);
        // State in memory is always read; see `Checked::enter`.
        findings.extend(checked.review(asked, &lineage, &accreditations).unwrap_or_default());
        report.ledgers = ledgers.reports;
        findings.iter().cloned().for_each(|finding| report.sort_in(finding));
        report.verdicts = answer_all(&report);
        report.checks = checks(&checked, asked, &report);
        checked.findings = findings;
        let holds = report.integrity.findings.iter().all(|finding| finding.severity() != Severity::Breach);
        Verification { report, bundle: holds.then_some(VerifiedBundle { checked, lineage }) }
    }
}

fn blank(checked: &Checked, asked: &Asked<'_>, lineage: &Lineage) -> Report {
    let manifest = &checked.manifest;
    let mut undecided = checked.undecided.clone();
    undecided.dedup();
    Report {
        v: REPORT_VERSION,
        as_of: asked.as_of,
        subject: checked.subject(manifest.subject),
        recipient: asked.recipient,
        bundle: Some(BundleReport {
            blake3: checked.blake3,
            by: manifest.by,
            recipient: manifest.recipient,
            created: manifest.created,
        }),
        ledgers: Vec::new(),
        lineage: lineage.events.clone(),
        integrity: Integrity {
            entries: checked.ledgers.iter().map(|(seen, _)| seen.entries).sum(),
            signatures: checked.ledgers.iter().map(|(_, replayed)| replayed.signatures).sum(),
            findings: Vec::new(),
        },
        completeness: Completeness {
            holes: manifest.holes.clone(),
            withheld: withheld(checked.events.values().map(|(_, _, event)| event)),
            undecided,
            unanswered: checked.unanswered(lineage),
            findings: Vec::new(),
        },
        status: Status::default(),
        verdicts: Vec::new(),
        checks: Vec::new(),
    }
}

impl Checked {
    pub(super) fn view(&self, ledger: &LedgerId) -> Option<&Memory> {
        self.ledgers.iter().find(|(seen, _)| seen.ledger == *ledger).map(|(_, replayed)| &replayed.view)
    }

    fn accreditations(&self) -> Accreditations {
        let mut all = Accreditations::default();
        let mut events: Vec<_> = self.events.values().collect();
        events.sort_by_key(|(ledger, index, _)| (*ledger, *index));
        for (ledger, index, event) in events {
            let record = self.view(ledger).and_then(|view| view.event(&event.id).ok().flatten());
            let Some(record) = record.filter(|record| record.applied) else { continue };
            all.observe(event, &Position { ledger: *ledger, index: *index, recorded_at: record.recorded_at });
        }
        all
    }

    /// Review of the finished history, as far as the lineage goes.
    fn review(
        &self,
        asked: &Asked<'_>,
        lineage: &Lineage,
        accreditations: &Accreditations,
    ) -> Result<Vec<Finding>, ViewError> {
        let mut found = Vec::new();
        for id in &lineage.events {
            let Some((ledger, _, event)) = self.events.get(id) else { continue };
            let Some(view) = self.view(ledger) else { continue };
            found.extend(check_step(event, accreditations, asked.trust, view, asked.as_of)?);
            if asked.trust.is_bad_event(id) || asked.trust.is_bad_key(&event.kid) {
                let finding =
                    Finding::new(Code::KeyCompromised, "an event and key not known bad", "one in the trust file");
                found.push(finding.on(*id));
            }
        }
        Ok(found)
    }

    /// The subject as the last ledger that knows it leaves it.
    fn subject(&self, lot: LotId) -> SubjectReport {
        let known = self.ledgers.iter().filter_map(|(_, replayed)| {
            let record = replayed.view.lot(&lot).ok().flatten()?;
            let dispatch = replayed.view.dispatch(&record.head).ok().flatten();
            Some((record, dispatch))
        });
        let found = known.max_by_key(|(record, _)| !matches!(record.status, LotStatus::Elsewhere(_)));
        let Some((record, dispatch)) = found else {
            let condition = Condition::Unknown;
            let (form, holder, owner, facility, head, consignee) = (None, None, None, None, None, None);
            return SubjectReport { lot, condition, form, holder, owner, facility, head, consignee };
        };
        let condition = match record.status {
            LotStatus::Held => Condition::Held,
            LotStatus::InTransit => Condition::InTransit,
            LotStatus::Spent => Condition::Spent,
            LotStatus::Elsewhere(_) => Condition::Elsewhere,
        };
        let consignee = dispatch.filter(|_| condition == Condition::InTransit).map(|dispatch| dispatch.to);
        SubjectReport {
            lot,
            condition,
            form: Some(record.form),
            holder: Some(record.holder),
            owner: Some(record.owner),
            facility: record.facility,
            head: Some(record.head),
            consignee,
        }
    }

    /// Dispatches of the lineage with lots of it that nobody answered.
    fn unanswered(&self, lineage: &Lineage) -> Vec<EventId> {
        let is_open = |id: &&EventId| {
            let dispatches = self.ledgers.iter().filter_map(|(_, replayed)| replayed.view.dispatch(id).ok().flatten());
            let mut open = dispatches.map(|dispatch| {
                let answered = |lot: &LotId| dispatch.answered.iter().any(|(answered, _)| answered == lot);
                dispatch.lots.iter().any(|lot| lineage.lots.contains_key(lot) && !answered(lot))
            });
            open.next().unwrap_or(false)
        };
        lineage.events.iter().filter(is_open).copied().collect()
    }
}

impl Graph for Checked {
    type Error = Infallible;

    fn step(&self, event: &EventId) -> Result<Option<Step>, Infallible> {
        Ok(self.events.get(event).map(|(_, index, event)| Step::of(*index, event)))
    }

    fn naming(&self, event: &EventId) -> Result<Vec<EventId>, Infallible> {
        Ok(self.moved_by.get(event).cloned().unwrap_or_default())
    }
}

/// Which custody events name lots of which event.
pub(super) fn moved_by<'a>(events: impl Iterator<Item = &'a Event>) -> BTreeMap<EventId, Vec<EventId>> {
    let mut moved: BTreeMap<EventId, Vec<EventId>> = BTreeMap::new();
    for event in events {
        for head in event.payload.body.heads() {
            moved.entry(head.lot.event).or_default().push(event.id);
        }
    }
    moved
}
