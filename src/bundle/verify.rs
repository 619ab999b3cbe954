//! From a bundle as read to a report, and by move to a bundle whose integrity holds.
//!
//! Trust, the moment of judgement and the recipient are arguments. Who is not in the trust file is not trusted, whatever
//! the bundle says of itself.

use super::at_hand::AtHand;
use super::check::Checked;
use super::checks::{checks, ledger_report};
use super::given::Given;
use super::ledger::LedgerSeen;
use super::manifest::Manifest;
use super::read::UnverifiedBundle;
use super::wire::DocumentFile;
use crate::event::Event;
use crate::finding::{Code, Finding, Severity};
use crate::lineage::{Graph, Lineage, Step, upstream};
use crate::policy::trail::Trail;
use crate::rules::review::{Settled, VOUCHING};
use crate::rules::trust::Trust;
use crate::state::{Memory, Position, View, ViewError};
use crate::tlog::checkpoint::VerifiedCheckpoint;
use crate::tlog::nodes::TreeHead;
use crate::value::{DigestSet, EventId, LedgerId, LotId, Time};
use crate::verify::judge::{Asked, LogJudged, check_log, subject_of, unanswered};
use crate::verify::questions::answer_all;
use crate::verify::report::{BundleReport, Completeness, Integrity, REPORT_VERSION, Report, Status};
use crate::verify::reviewed::{History, Reviewed};
use crate::verify::subset::Replayed;
use crate::verify::trail::{Evidence, LedgerEvidence, trail, vouching};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// What came of verifying a bundle.
#[derive(Debug)]
pub struct Verification {
    /// What was found, and the answers.
    pub report: Report,
    /// The bundle, where its integrity holds.
    pub bundle: Option<VerifiedBundle>,
    /// What could be read of a bundle whose integrity does not hold.
    doubtful: Vec<Event>,
}

/// A bundle whose signatures, links, trees, manifest and membership hold.
///
/// That says nothing yet about what its events say: the report does.
#[derive(Debug)]
pub struct VerifiedBundle {
    checked: Checked,
    lineage: Lineage,
    /// By ledger, in order: up to which size it is cosigned, and what review settled.
    settled: Vec<(u64, Settled)>,
    trust: Trust,
    as_of: Time,
    documents: Vec<DocumentFile>,
}

impl Verification {
    /// The events of the file, for showing what the report mentions: where integrity does not hold, nothing is established
    /// about them.
    pub fn mentioned(&self) -> impl Iterator<Item = &Event> {
        self.bundle.iter().flat_map(VerifiedBundle::events).chain(&self.doubtful)
    }

    /// The trail of the subject, for the trust and moment it was verified with; `None` where integrity does not hold, for
    /// then nothing that the events say counts.
    ///
    /// # Errors
    /// State could not be read, which memory never is.
    pub fn trail(&self) -> Result<Option<Trail>, ViewError> {
        self.bundle.as_ref().map(|bundle| trail(&bundle.evidence(&self.report))).transpose()
    }
}

impl VerifiedBundle {
    /// What the exporter put its name to; nothing where the evidence was gathered from a ledger.
    #[must_use]
    pub const fn manifest(&self) -> Option<&Manifest> {
        self.checked.given.manifest()
    }

    /// The lot.
    #[must_use]
    pub const fn subject(&self) -> LotId {
        self.checked.given.subject()
    }

    /// The lineage of the subject.
    #[must_use]
    pub const fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// An event, with the disclosures passed on in place.
    #[must_use]
    pub fn event(&self, id: &EventId) -> Option<&Event> {
        self.checked.events.event(id)
    }

    /// All events, in the order of ids.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.checked.events.iter()
    }

    /// The documents passed on, each of which is what an event says it is.
    #[must_use]
    pub fn documents(&self) -> &[DocumentFile] {
        &self.documents
    }

    /// Where an event is recorded.
    #[must_use]
    pub fn position(&self, id: &EventId) -> Option<Position> {
        let AtHand { ledger, index, recorded_at, .. } = *self.checked.events.get(id)?;
        Some(Position { ledger, index, recorded_at })
    }

    pub(super) fn evidence<'a>(&'a self, report: &'a Report) -> Evidence<'a> {
        let ledgers = self.checked.evidence(&self.settled);
        Evidence { report, lineage: &self.lineage, ledgers, trust: &self.trust, as_of: self.as_of }
    }

    pub(super) const fn trust(&self) -> &Trust {
        &self.trust
    }

    pub(super) const fn checked(&self) -> &Checked {
        &self.checked
    }

    /// State of a ledger after the entries at hand.
    #[must_use]
    pub fn view(&self, ledger: &LedgerId) -> Option<&Memory> {
        self.checked.view(ledger)
    }

    /// The heads of a ledger that its checkpoints in the bundle prove, ascending.
    #[must_use]
    pub fn heads(&self, ledger: &LedgerId) -> Vec<TreeHead> {
        let seen = self.checked.ledgers.iter().map(|(seen, _)| seen).find(|seen| seen.ledger == *ledger);
        seen.into_iter().flat_map(|seen| seen.checkpoints.iter().map(VerifiedCheckpoint::head)).collect()
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
        let mut checked = Checked::of(&self, asked.trust)?;
        // The texts of its entries are as large as all that is known from them: they go.
        let documents = {
            let Self { file, .. } = self;
            file.documents
        };
        let mut findings = std::mem::take(&mut checked.findings);
        let (lineage, ledgers) = rayon::join(
            || upstream(&checked, checked.given.subject()).unwrap_or_else(|never| match never {}),
            || checked.settled(asked),
        );
        let matters = checked.matters();
        let mut report = blank(&checked, asked, &lineage)?;
        let mut settled = Vec::new();
        for LedgerSettled { seen, replayed, judged, history, facts } in ledgers? {
            let place = format!("ledger {}", seen.ledger);
            findings.extend(judged.findings.into_iter().map(|finding| finding.at(&place)));
            let ledger = ledger_report(seen, asked, facts.accreditations(), &replayed.view)?;
            if !ledger.trusted {
                let expected =
                    "a ledger of the trust file, with the key named there or an operator of trusted identity";
                findings.push(Finding::new(Code::UntrustedLedger, expected, seen.ledger).at(&place));
            }
            report.ledgers.push(ledger);
            let reviewed = history.review(&facts, asked, &matters)?;
            findings.extend(reviewed.findings);
            report.completeness.undecided.extend(reviewed.undecided);
            settled.push((judged.cosigned, facts));
        }
        if checked.ledgers.len() > 1 {
            let together = checked.vouched(&report, &lineage, &settled, asked, &matters)?;
            findings.retain(|finding| !VOUCHING.contains(&finding.code));
            findings.extend(together.findings);
            report.completeness.undecided.retain(|finding| !VOUCHING.contains(&finding.code));
            report.completeness.undecided.extend(together.undecided);
        }
        findings.extend(checked.known_bad(asked, &lineage));
        report.sort_in(findings.iter().cloned());
        report.verdicts = answer_all(&report, &matters, asked.trust);
        report.checks = checks(&checked, asked, &report);
        checked.findings = findings;
        let holds = report.integrity.findings.iter().all(|finding| finding.severity() != Severity::Breach);
        let (trust, as_of) = (asked.trust.clone(), asked.as_of);
        let (mut bundle, mut doubtful) = (None, Vec::new());
        if holds {
            bundle = Some(VerifiedBundle { checked, lineage, settled, trust, as_of, documents });
        } else {
            doubtful.extend(checked.events.into_events());
        }
        Ok(Verification { report, bundle, doubtful })
    }
}

/// What is settled about a ledger before its events are reviewed.
struct LedgerSettled<'a> {
    seen: &'a LedgerSeen,
    replayed: &'a Replayed,
    judged: LogJudged,
    history: History<'a>,
    facts: Settled,
}

fn blank(checked: &Checked, asked: &Asked<'_>, lineage: &Lineage) -> Result<Report, ViewError> {
    let views: Vec<&dyn View> = checked.ledgers.iter().map(|(_, replayed)| &replayed.view as &dyn View).collect();
    let mut undecided = checked.undecided.clone();
    undecided.dedup();
    Ok(Report {
        v: REPORT_VERSION,
        as_of: asked.as_of,
        subject: subject_of(&views, checked.given.subject())?,
        recipient: asked.recipient,
        bundle: bundle_report(&checked.given),
        ledgers: Vec::new(),
        lineage: lineage.events.clone(),
        integrity: Integrity {
            entries: checked.ledgers.iter().map(|(seen, _)| seen.entries).sum(),
            signatures: checked.ledgers.iter().map(|(_, replayed)| replayed.signatures).sum(),
            findings: Vec::new(),
        },
        completeness: Completeness {
            holes: checked.given.holes().to_vec(),
            withheld: checked.withheld.values().flatten().cloned().collect(),
            undecided,
            unanswered: unanswered(&views, lineage)?,
            findings: Vec::new(),
        },
        status: Status::default(),
        verdicts: Vec::new(),
        claims: Vec::new(),
        specs: Vec::new(),
        policies: Vec::new(),
        documents: checked.documents.clone(),
        checks: Vec::new(),
    })
}

fn bundle_report(given: &Given) -> Option<BundleReport> {
    let Given::ByExporter { manifest, blake3 } = given else { return None };
    let Manifest { by, recipient, created, .. } = **manifest;
    Some(BundleReport { blake3: *blake3, by, recipient, created })
}

impl Checked {
    pub(super) fn view(&self, ledger: &LedgerId) -> Option<&Memory> {
        self.ledgers.iter().find(|(seen, _)| seen.ledger == *ledger).map(|(_, replayed)| &replayed.view)
    }

    /// Settles each ledger by itself.
    fn settled<'a>(&'a self, asked: &Asked<'_>) -> Result<Vec<LedgerSettled<'a>>, ViewError> {
        let settle = |(seen, replayed): &'a (LedgerSeen, Replayed)| {
            let judged = check_log(seen.ledger, &seen.checkpoints, self.given.shown(), asked);
            let history = self.history(seen, replayed, judged.cosigned);
            let facts = history.settle(asked)?;
            Ok(LedgerSettled { seen, replayed, judged, history, facts })
        };
        self.ledgers.iter().map(settle).collect()
    }

    /// What is at hand of each ledger, with what review settled of it.
    fn evidence<'a>(&'a self, settled: &'a [(u64, Settled)]) -> Vec<LedgerEvidence<'a>> {
        let ledger = |((seen, replayed), (cosigned, settled)): (&'a (LedgerSeen, Replayed), &'a (u64, Settled))| {
            LedgerEvidence {
                ledger: seen.ledger,
                operator: seen.operator,
                heads: seen.checkpoints.iter().map(VerifiedCheckpoint::head).collect(),
                history: self.history(seen, replayed, *cosigned),
                settled,
            }
        };
        self.ledgers.iter().zip(settled).map(ledger).collect()
    }

    /// Who is vouched for, by what all ledgers record together.
    fn vouched(
        &self,
        report: &Report,
        lineage: &Lineage,
        settled: &[(u64, Settled)],
        asked: &Asked<'_>,
        matters: &DigestSet<EventId>,
    ) -> Result<Reviewed, ViewError> {
        let (ledgers, trust, as_of) = (self.evidence(settled), asked.trust, asked.as_of);
        vouching(&Evidence { report, lineage, ledgers, trust, as_of }, matters)
    }

    /// The events that the lineage rests on.
    fn matters(&self) -> DigestSet<EventId> {
        self.closure.events.iter().filter(|(_, full)| **full).map(|(id, _)| *id).collect()
    }

    fn history<'a>(&'a self, seen: &LedgerSeen, replayed: &'a Replayed, cosigned: u64) -> History<'a> {
        let here = self.positions.get(&seen.ledger).into_iter().flatten();
        let events = here.filter_map(|(at, id)| Some((*at, self.events.event(id)?))).collect();
        let breaches = replayed.findings.iter().filter(|finding| finding.severity() == Severity::Breach);
        History {
            view: &replayed.view,
            events,
            breached: breaches.filter_map(|finding| finding.event).collect(),
            cosigned,
            is_complete: seen.is_complete(),
        }
    }

    /// Events of the lineage that the trust file says are bad, or signed by a bad key.
    fn known_bad(&self, asked: &Asked<'_>, lineage: &Lineage) -> Vec<Finding> {
        let events = lineage.events.iter().filter_map(|id| self.events.event(id));
        let bad = events.filter(|event| asked.trust.is_bad_event(&event.id) || asked.trust.is_bad_key(&event.kid));
        bad.map(|event| {
            let expected = "an event and a key that the trust file does not call bad";
            Finding::new(Code::KeyCompromised, expected, event.kid).on(event.id)
        })
        .collect()
    }
}

impl Graph for Checked {
    type Error = Infallible;

    fn step(&self, event: &EventId) -> Result<Option<Step>, Infallible> {
        Ok(self.events.get(event).map(|one| Step::of(one.index, &one.event)))
    }

    fn naming(&self, event: &EventId) -> Result<Vec<EventId>, Infallible> {
        Ok(self.moved_by.get(event).cloned().unwrap_or_default())
    }
}

/// Which custody events name lots of which event.
pub(super) fn moved_by<'a>(events: impl Iterator<Item = &'a Event>) -> BTreeMap<EventId, Vec<EventId>> {
    let mut moved: BTreeMap<EventId, Vec<EventId>> = BTreeMap::new();
    for event in events {
        for head in event.payload.body.heads().iter() {
            moved.entry(head.lot.event).or_default().push(event.id);
        }
    }
    moved
}
