//! The trail of a lot from verified evidence: lots, steps, levels of evidence, and how much came through which.
//!
//! One way for all evidence: a bundle, of one ledger or several, and a whole ledger, which is verified as the bundle of the
//! lot. Values are those known at the moment of judgement, with corrections in place; what is withheld is not guessed.
//! It is computed when asked for, never by plain verification.
//!
//! In scope: what policies, claims and specifications are decided on ([`Trail`]). Nothing in it is a verdict: a trail that
//! is not sound or not complete ([`Trail::is_sound`], [`Trail::is_complete`]) can bear out no confirmation, whatever its
//! steps say. Of evidence whose integrity does not hold there is no trail at all (`bundle`).

mod lots;
mod numbers;
mod pins;
mod steps;

use super::report::Report;
use super::reviewed::{History, Reviewed};
use super::union_view::UnionView;
use crate::event::{Body, Event};
use crate::finding::{Code, Family, Reach, Severity};
use crate::lineage::Lineage;
use crate::lineage::provenance::{Interval, Provenance};
use crate::policy::trail::Trail;
use crate::rules::evidence_level::Levels;
use crate::rules::review::{Facts, ReviewContext, Settled, VOUCHING, review};
use crate::rules::trust::Trust;
use crate::state::{Position, View, ViewError};
use crate::tlog::nodes::TreeHead;
use crate::value::{DigestMap, DigestSet, Element, EventId, LedgerId, LotId, PartyId, Time};
use std::collections::BTreeSet;

/// What is at hand of one ledger.
pub struct LedgerEvidence<'a> {
    /// The ledger.
    pub ledger: LedgerId,
    /// Who operates it.
    pub operator: Option<PartyId>,
    /// Its verified checkpoints.
    pub heads: Vec<TreeHead>,
    /// Its events, with the state after the last.
    pub history: History<'a>,
    /// What review settled of it.
    pub settled: &'a Settled,
}

/// Verified evidence about a lot.
pub struct Evidence<'a> {
    /// What verification found.
    pub report: &'a Report,
    /// The lineage of the subject, upstream.
    pub lineage: &'a Lineage,
    /// The ledgers it comes from.
    pub ledgers: Vec<LedgerEvidence<'a>>,
    /// Whom the verifier trusts.
    pub trust: &'a Trust,
    /// The moment of judgement.
    pub as_of: Time,
}

/// Computes the trail.
///
/// # Errors
/// State could not be read.
pub fn trail(evidence: &Evidence<'_>) -> Result<Trail, ViewError> {
    let view = UnionView(evidence.ledgers.iter().map(|ledger| -> &dyn View { ledger.history.view }).collect());
    match evidence.ledgers.as_slice() {
        [one] => build(evidence, one.settled, &view),
        _ => build(evidence, &evidence.merged(&view)?, &view),
    }
}

/// What review finds of who is vouched for, by what all ledgers record together: an accreditation is portable, and counts for
/// a step wherever it is recorded. Found where nothing that matters is missing in any of them, else undecided.
///
/// # Errors
/// State could not be read.
pub fn vouching(evidence: &Evidence<'_>, matters: &DigestSet<EventId>) -> Result<Reviewed, ViewError> {
    let view = UnionView(evidence.ledgers.iter().map(|ledger| -> &dyn View { ledger.history.view }).collect());
    let settled = evidence.merged(&view)?;
    let context =
        ReviewContext { facts: &settled, view: &view, trust: evidence.trust, as_of: evidence.as_of, cosigned: 0 };
    let is_complete = evidence.ledgers.iter().all(|ledger| ledger.history.is_complete);
    let (mut seen, mut reviewed) = (BTreeSet::new(), Reviewed::default());
    for (_, event) in evidence.ledgers.iter().flat_map(|ledger| &ledger.history.events) {
        if !matters.contains(&event.id) || !seen.insert(event.id) {
            continue;
        }
        for finding in review(event, &context)?.into_iter().filter(|finding| VOUCHING.contains(&finding.code)) {
            let is_decided = is_complete || finding.code.reach() == Reach::Local;
            if is_decided { reviewed.findings.push(finding) } else { reviewed.undecided.push(finding) }
        }
    }
    Ok(reviewed)
}

fn build(evidence: &Evidence<'_>, settled: &Settled, view: &UnionView<'_>) -> Result<Trail, ViewError> {
    let (trust, as_of) = (evidence.trust, evidence.as_of);
    let context = ReviewContext { facts: settled, view, trust, as_of, cosigned: 0 };
    let levels = Levels { accreditations: settled.accreditations(), view, trust, as_of };
    let mut events: DigestMap<EventId, (Position, &Event)> = DigestMap::default();
    for (at, event) in evidence.ledgers.iter().flat_map(|ledger| &ledger.history.events) {
        events.entry(event.id).or_insert((*at, *event));
    }
    let mut builder = Builder {
        evidence,
        context,
        levels,
        events,
        numbers: DigestMap::default(),
        lots: Vec::new(),
        steps: Vec::new(),
    };
    builder.add_lots()?;
    builder.add_steps()?;
    builder.add_assays()?;
    Ok(builder.finish())
}

/// A trail in the making.
struct Builder<'a> {
    evidence: &'a Evidence<'a>,
    context: ReviewContext<'a>,
    levels: Levels<'a>,
    /// Every event at hand, with a place where it is recorded.
    events: DigestMap<EventId, (Position, &'a Event)>,
    numbers: DigestMap<LotId, usize>,
    lots: Vec<crate::policy::trail::TrailLot>,
    steps: Vec<crate::policy::trail::TrailStep>,
}

impl Builder<'_> {
    fn settled(&self) -> &Settled {
        self.context.facts
    }

    fn number(&self, lot: &LotId) -> Option<usize> {
        self.numbers.get(lot).copied()
    }

    fn finish(self) -> Trail {
        // Where the subject is not at hand, its number is that of no lot.
        let subject = self.number(&self.evidence.lineage.subject).unwrap_or(self.lots.len());
        let flows = self.flows(subject);
        let provenance = if subject < self.lots.len() { flows.attribute_all() } else { Provenance::default() };
        let (is_complete, is_sound) = (self.is_complete(), self.is_sound());
        Trail { subject, lots: self.lots, steps: self.steps, provenance, flows, is_complete, is_sound }
    }

    /// Somebody vouches that nothing is left out, nothing of the lineage is, and all of it was known in time.
    fn is_complete(&self) -> bool {
        let (report, lineage) = (self.evidence.report, self.evidence.lineage);
        let of_lineage: BTreeSet<EventId> = lineage.event_set();
        let missing = [Code::BundleHole, Code::BundleIncomplete, Code::OmittedReference];
        let undecided = report.completeness.undecided.iter().filter_map(|finding| finding.event);
        !report.ledgers.is_empty()
            && report.ledgers.iter().all(|ledger| ledger.complete)
            && report.findings().all(|finding| !missing.contains(&finding.code))
            && lineage.missing().next().is_none()
            && !lineage.events.is_empty()
            && undecided.into_iter().all(|event| !of_lineage.contains(&event))
            && self.steps.iter().all(|step| step.recorded_at <= self.evidence.as_of)
    }

    /// The ledgers are trusted, and no rule of the chain, of custody or of the bundle is broken; no step is signed by a key
    /// that may be in other hands.
    fn is_sound(&self) -> bool {
        let report = self.evidence.report;
        let breaks = |finding: &crate::finding::Finding| {
            finding.severity() == Severity::Breach
                && matches!(finding.code.family(), Family::Chain | Family::Custody | Family::Bundle)
        };
        let of_lineage: BTreeSet<EventId> = self.evidence.lineage.event_set();
        let doubtful = |finding: &crate::finding::Finding| {
            finding.code == Code::UntrustedLedger
                || (finding.code == Code::KeyCompromised && finding.event.is_none_or(|id| of_lineage.contains(&id)))
        };
        !report.ledgers.is_empty()
            && report.ledgers.iter().all(|ledger| ledger.trusted)
            && !report.findings().any(|finding| breaks(finding) || doubtful(finding))
    }
}

/// Class of an event, its place in the lineage, when it was recorded, its index.
type Order = (u8, usize, Time, u64);

impl Evidence<'_> {
    /// Facts of several ledgers as one: lots that changed ledgers, and assays on them, are not known to one alone.
    ///
    /// Custody events of the lineage come in its order; the indexes of two ledgers say nothing of each other.
    fn merged(&self, view: &UnionView<'_>) -> Result<Settled, ViewError> {
        let rank: DigestMap<EventId, usize> = self.lineage.events.iter().copied().zip(0..).collect();
        let mut facts = Facts::default();
        let mut all: Vec<(Order, Position, &Event)> = Vec::new();
        let mut seen = BTreeSet::new();
        for ledger in &self.ledgers {
            ledger.history.breached.iter().for_each(|id| facts.mark_breached(*id));
            for (at, event) in &ledger.history.events {
                let applied = ledger.history.view.event(&event.id)?.is_some_and(|record| record.applied);
                if !applied || at.recorded_at > self.as_of && is_statement(event) || !seen.insert(event.id) {
                    continue;
                }
                let place = rank.get(&event.id).copied().unwrap_or(usize::MAX);
                let class = match &event.payload.body {
                    body if body.kind().is_custody() => 1,
                    Body::Assay(_) => 2,
                    Body::Correct(_) => 3,
                    _ => 0,
                };
                let place = if class == 1 { place } else { 0 };
                all.push(((class, place, at.recorded_at, at.index), *at, *event));
            }
        }
        all.sort_by_key(|(key, ..)| *key);
        all.iter().for_each(|(_, at, event)| facts.observe(event, at));
        facts.settle(view, self.trust, self.as_of)
    }
}

/// Whether what the event says counts from its recording on only: later, it was not known.
#[must_use]
pub fn is_statement(event: &Event) -> bool {
    matches!(event.payload.body, Body::Assay(_) | Body::Correct(_))
}

/// What a lot that is not described anywhere may hold.
fn held_of(settled: &Settled, lot: &crate::policy::trail::TrailLot, element: Element) -> Option<Interval> {
    if settled.knows(&lot.id) {
        return settled.held(&lot.id, element).map(|held| held.mass);
    }
    lot.elements.contains(&element).then_some(Interval::UNKNOWN)
}

#[cfg(test)]
mod tests;
