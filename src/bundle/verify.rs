//! From a bundle as read to a report, and by move to a bundle whose integrity holds.
//!
//! Trust, the moment of judgement and the recipient are arguments. Who is not in the trust file is not trusted, whatever
//! the bundle says of itself.

use super::check::Checked;
use super::checks::{checks, ledger_reports};
use super::manifest::Manifest;
use super::read::UnverifiedBundle;
use crate::event::Event;
use crate::finding::{Code, Finding, Severity};
use crate::lineage::{Graph, Lineage, Step, upstream};
use crate::rules::accreditation::Accreditations;
use crate::state::{Memory, Position, View, ViewError};
use crate::value::{EventId, LedgerId};
use crate::verify::accredited::check_step;
use crate::verify::judge::{Asked, subject_of, unanswered, withheld};
use crate::verify::questions::answer_all;
use crate::verify::report::{BundleReport, Completeness, Integrity, REPORT_VERSION, Report, Status};
use std::collections::BTreeMap;
use std::convert::Infallible;

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
    ///
    /// # Errors
    /// State could not be read, which memory never is.
    pub fn verify(self, asked: &Asked<'_>) -> Result<Verification, ViewError> {
        let mut checked = Checked::of(&self)?;
        let lineage = upstream(&checked, checked.manifest.subject).unwrap_or_else(|never| match never {});
        let accreditations = checked.accreditations()?;
        let ledgers = ledger_reports(&checked, asked, &accreditations)?;
        let mut report = blank(&checked, asked, &lineage)?;
        let mut findings = std::mem::take(&mut checked.findings);
        findings.extend(ledgers.findings);
        findings.extend(checked.review(asked, &lineage, &accreditations)?);
        report.ledgers = ledgers.reports;
        findings.iter().cloned().for_each(|finding| report.sort_in(finding));
        report.verdicts = answer_all(&report);
        report.checks = checks(&checked, asked, &report);
        checked.findings = findings;
        let holds = report.integrity.findings.iter().all(|finding| finding.severity() != Severity::Breach);
        Ok(Verification { report, bundle: holds.then_some(VerifiedBundle { checked, lineage }) })
    }
}

fn blank(checked: &Checked, asked: &Asked<'_>, lineage: &Lineage) -> Result<Report, ViewError> {
    let manifest = &checked.manifest;
    let views: Vec<&dyn View> = checked.ledgers.iter().map(|(_, replayed)| &replayed.view as &dyn View).collect();
    let mut undecided = checked.undecided.clone();
    undecided.dedup();
    Ok(Report {
        v: REPORT_VERSION,
        as_of: asked.as_of,
        subject: subject_of(&views, manifest.subject)?,
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
            unanswered: unanswered(&views, lineage)?,
            findings: Vec::new(),
        },
        status: Status::default(),
        verdicts: Vec::new(),
        checks: Vec::new(),
    })
}

impl Checked {
    pub(super) fn view(&self, ledger: &LedgerId) -> Option<&Memory> {
        self.ledgers.iter().find(|(seen, _)| seen.ledger == *ledger).map(|(_, replayed)| &replayed.view)
    }

    fn accreditations(&self) -> Result<Accreditations, ViewError> {
        let mut all = Accreditations::default();
        let mut events: Vec<_> = self.events.values().collect();
        events.sort_by_key(|(ledger, index, _)| (*ledger, *index));
        for (ledger, index, event) in events {
            let Some(view) = self.view(ledger) else { continue };
            let Some(record) = view.event(&event.id)?.filter(|record| record.applied) else { continue };
            all.observe(event, &Position { ledger: *ledger, index: *index, recorded_at: record.recorded_at });
        }
        Ok(all)
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
