//! Judging a verified bundle by policies: whose signed word on a purchase counts, which auditors' summaries stand, and the
//! answers in the report.
//!
//! Not in scope: what a policy asks (`policy`).

use super::verify::{Verification, VerifiedBundle};
use crate::event::{AccreditAction, Body, CorrectAction, Event, Kind, RevocationReason, Target, Verdict};
use crate::finding::{Code, Reason};
use crate::lineage::upstream;
use crate::policy::evaluate::answer::{PolicyAnswer, VerdictBasis};
use crate::policy::evaluate::{Ask, evaluate};
use crate::policy::exception::{Exception, ExceptionError, SignedException};
use crate::policy::pack::{Pack, Settings};
use crate::policy::summary::{SummarySeen, upstream_root};
use crate::rules::trust::Trust;
use crate::state::{View, ViewError};
use crate::value::{Blake3, Date, EventId, KeyId, LotId, PartyId, PublicKey};
use crate::verify::report::Report;
use std::collections::BTreeSet;

/// What a lot is judged by.
#[derive(Debug, Clone, Copy)]
pub struct PoliciesAsked<'a> {
    /// Packs with their parameters.
    pub packs: &'a [(Pack, Settings)],
    /// When the lot is to be delivered.
    pub delivery: Option<Date>,
    /// Texts of exception files.
    pub exceptions: &'a [String],
}

/// Why policies could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// State could not be read.
    #[error(transparent)]
    View(#[from] ViewError),
    /// An exception file is none.
    #[error("exception file {number}: {error}")]
    Exception {
        /// Which, from 1.
        number: usize,
        /// Why.
        error: ExceptionError,
    },
}

impl Verification {
    /// Judges the subject by policies, and puts the answers into the report.
    ///
    /// # Errors
    /// An exception file is none, or its signature does not verify. State could not be read, which memory never is.
    pub fn judge(&mut self, asked: &PoliciesAsked<'_>) -> Result<(), PolicyError> {
        let trail = self.trail()?;
        let (Some(bundle), Some(trail)) = (&self.bundle, trail) else {
            self.report.policies =
                asked.packs.iter().map(|(pack, settings)| broken(pack, settings, asked.delivery)).collect();
            return Ok(());
        };
        let exceptions = bundle.exceptions(asked, &self.report)?;
        let summaries = bundle.summaries(&self.report)?;
        let ask = |(pack, settings)| Ask {
            pack,
            settings,
            delivery: asked.delivery,
            exceptions: &exceptions,
            summaries: &summaries,
        };
        let asks: Vec<Ask<'_>> = asked.packs.iter().map(|(pack, settings)| ask((pack, settings))).collect();
        self.report.policies = evaluate(&trail, &asks);
        Ok(())
    }
}

/// The answer where the evidence is not what was signed and recorded.
fn broken(pack: &Pack, settings: &Settings, delivery: Option<Date>) -> PolicyAnswer {
    let text = "the integrity of the evidence does not hold, so nothing that it says counts".to_owned();
    PolicyAnswer {
        policy: pack.reference(),
        title: pack.file.title.to_string(),
        verdict: Verdict::Unproven,
        basis: VerdictBasis::Lineage,
        delivery,
        range: pack.range(delivery).map(|range| range.id.to_string()),
        families: Vec::new(),
        elements: Vec::new(),
        unlisted: Vec::new(),
        parameters: settings.in_force.clone(),
        why: vec![Reason { text, code: None, events: Vec::new() }],
        rules: Vec::new(),
        exceptions: Vec::new(),
        needed: vec!["a lineage file as its exporter signed it".to_owned()],
        notes: Vec::new(),
        next: None,
        notices: pack.notices(),
    }
}

impl VerifiedBundle {
    /// The exception files, each with the standing of who signed it.
    pub(super) fn exceptions(
        &self,
        asked: &PoliciesAsked<'_>,
        report: &Report,
    ) -> Result<Vec<SignedException>, PolicyError> {
        let mut exceptions = Vec::new();
        for (number, text) in (1..).zip(asked.exceptions) {
            let read = self.exception(text, report)?;
            exceptions.push(read.map_err(|error| PolicyError::Exception { number, error })?);
        }
        Ok(exceptions)
    }

    /// An exception file with the standing of who signed it.
    fn exception(&self, text: &str, report: &Report) -> Result<Result<SignedException, ExceptionError>, ViewError> {
        let text = text.trim();
        let (exception, kid) = match Exception::parse(text) {
            Ok(parsed) => parsed,
            Err(error) => return Ok(Err(error)),
        };
        let key = self.buyers_key(&exception.by, &kid)?;
        let standing = match &key {
            Some(key) => match Exception::verify(text, key) {
                Ok(()) => standing(&exception, &kid, report, self.trust()),
                Err(error) => return Ok(Err(error)),
            },
            None => Err(format!("no key {kid} of party {} is known that may sign for its purchases", exception.by)),
        };
        Ok(Ok(SignedException { exception, blake3: Blake3::of(text.as_bytes()), standing }))
    }

    /// The key of a party by which it may sign for its purchases: one that the trust file gives, or one registered in the
    /// evidence that may sign decisions and is not revoked.
    fn buyers_key(&self, party: &PartyId, kid: &KeyId) -> Result<Option<PublicKey>, ViewError> {
        let given = self.trust().buyers.iter().filter(|buyer| buyer.party == *party).flat_map(|buyer| &buyer.keys);
        if let Some(key) = given.copied().find(|key| key.id() == *kid) {
            return Ok(Some(key));
        }
        let mut found = None;
        for ledger in self.ledgers() {
            let Some(record) = self.view(&ledger).map(|view| view.key(kid)).transpose()?.flatten() else { continue };
            let may = record.scope.as_ref().is_none_or(|scope| scope.kinds.contains(&Kind::Decision));
            if record.revoked.is_some() {
                return Ok(None);
            }
            if record.party == *party && may {
                found = Some(record.public);
            }
        }
        Ok(found)
    }

    /// Summaries that count: of an auditor of the trust file, standing, on the lot or on what it came from by splits and
    /// hand-offs alone, and covering all that is shown.
    pub(super) fn summaries(&self, report: &Report) -> Result<Vec<SummarySeen>, ViewError> {
        let lots = self.same_material();
        let mut seen = Vec::new();
        for event in self.events() {
            let Body::Summary(summary) = &event.payload.body else { continue };
            let is_trusted = self.trust().is_auditor(&event.issuer()) && !self.trust().is_bad_key(&event.kid);
            if !is_trusted || !lots.contains(&summary.lot) || !self.stands(event, report)? {
                continue;
            }
            if self.is_overtaken(event, report) {
                continue;
            }
            if upstream_root(&self.upstream_ids(summary.lot)) != (summary.upstream_root, summary.upstream_count) {
                continue;
            }
            seen.push(SummarySeen {
                event: event.id,
                by: event.issuer(),
                policy: summary.policy.clone(),
                delivery: summary.delivery,
                settles: summary.verdicts.iter().map(|one| (one.rule.clone(), one.verdict)).collect(),
            });
        }
        Ok(seen)
    }

    /// The subject, and the lots that it is a part of: by splits, hand-offs and partial receipts alone.
    fn same_material(&self) -> BTreeSet<LotId> {
        let mut lots = BTreeSet::new();
        let mut at = Some(self.lineage().subject);
        while let Some(lot) = at.filter(|lot| lots.insert(*lot)) {
            let maker = self.event(&lot.event).map(|event| event.payload.kind());
            let is_part = matches!(maker, Some(Kind::Split | Kind::Receive));
            let parents = self.lineage().lots.get(&lot).filter(|_| is_part);
            at = parents.and_then(|lot| lot.next.first().copied());
        }
        lots
    }

    /// Whether a statement was known in time, is applied and not withdrawn, and nothing is found against it or its key.
    fn stands(&self, event: &Event, report: &Report) -> Result<bool, ViewError> {
        let Some(at) = self.position(&event.id).filter(|at| at.recorded_at <= report.as_of) else { return Ok(false) };
        let record = self.view(&at.ledger).map(|view| view.event(&event.id)).transpose()?.flatten();
        let is_recorded = record.is_some_and(|record| record.applied && record.withdrawn_by.is_none());
        let against = |finding: &crate::finding::Finding| {
            finding.event == Some(event.id)
                && (finding.code == Code::KeyCompromised || finding.severity() == crate::finding::Severity::Breach)
        };
        Ok(is_recorded && !self.trust().is_bad_event(&event.id) && !report.findings().any(against))
    }

    /// Whether after a summary something shown was taken back that its auditor may have relied on. Whatever it is, the auditor
    /// did not know of it.
    fn is_overtaken(&self, summary: &Event, report: &Report) -> bool {
        let Some(at) = self.position(&summary.id) else { return true };
        let is_later = |event: &Event| {
            self.position(&event.id).is_some_and(|later| {
                let is_after = if later.ledger == at.ledger {
                    later.index > at.index
                } else {
                    later.recorded_at >= at.recorded_at
                };
                is_after && later.recorded_at <= report.as_of
            })
        };
        self.events().any(|event| self.takes_back(event) && is_later(event))
    }

    /// Whether an event suspends or ends an accreditation, withdraws a statement, or takes a key's word back.
    fn takes_back(&self, event: &Event) -> bool {
        match &event.payload.body {
            Body::Accredit(accredit) => {
                matches!(accredit.action, AccreditAction::Suspend | AccreditAction::Withdraw)
            }
            Body::Key(key) => key.recovery.is_some() || key.reason == Some(RevocationReason::Compromised),
            Body::Correct(correct) => {
                let target = self.event(&correct.target).map(|target| target.payload.kind());
                correct.action == CorrectAction::Withdraw && target != Some(Kind::Summary)
            }
            _ => false,
        }
    }

    /// Ids of the custody events upstream of a lot, its own later moves apart, and of the statements on them and their lots:
    /// what an auditor's summary is bound to.
    #[must_use]
    pub fn upstream_ids(&self, lot: LotId) -> BTreeSet<EventId> {
        let lineage = upstream(self.checked(), lot).unwrap_or_else(|never| match never {});
        let mut ids = BTreeSet::new();
        for (id, one) in &lineage.lots {
            ids.insert(id.event);
            if *id != lot {
                ids.extend(&one.moves);
            }
        }
        let is_about = |event: &Event| {
            event.payload.body.references().iter().any(|reference| match reference.target {
                Target::Event(id) => reference.is_subject && ids.contains(&id),
                Target::Lot(id) => reference.is_subject && lineage.lots.contains_key(&id),
                _ => false,
            })
        };
        let kinds = [Kind::Assay, Kind::Claim, Kind::Title, Kind::Attach, Kind::Correct];
        let statements = self.events().filter(|event| kinds.contains(&event.payload.kind()) && is_about(event));
        let statements: Vec<EventId> = statements.map(|event| event.id).collect();
        ids.extend(statements);
        ids
    }
}

fn standing(exception: &Exception, kid: &KeyId, report: &Report, trust: &Trust) -> Result<(), String> {
    let by = exception.by;
    if trust.is_bad_party(&by) || trust.is_bad_key(kid) {
        return Err(format!("party {by} or its key is known bad"));
    }
    if exception.at > report.as_of {
        return Err(format!("the file was signed at {}, after the moment of judgement", exception.at));
    }
    let is_buyer = trust.buyers.iter().any(|buyer| buyer.party == by) || report.recipient == Some(by);
    if is_buyer {
        Ok(())
    } else {
        Err(format!("party {by} is neither a buyer of the trust file nor the recipient asked for"))
    }
}
