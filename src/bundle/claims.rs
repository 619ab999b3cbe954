//! Deciding claims and specifications on a verified bundle: those that the verifier asks about, and those that parties have
//! recorded about the lot and what it was made from.
//!
//! A recorded claim is decided on the trail of its own lot, by the same code as a question. It counts for the overall
//! verdict only where it is contradicted and its issuer made, held or moved the lot: what a supplier says falsely is a
//! fact about the supplier, what a stranger says is not.

use super::policies::{PoliciesAsked, PolicyError};
use super::verify::{Verification, VerifiedBundle};
use crate::event::{Body, Statement, Verdict};
use crate::lineage::upstream;
use crate::policy::claim::{How, NotAtHand, decide, text};
use crate::policy::evaluate::{Ask, evaluate};
use crate::policy::exception::SignedException;
use crate::policy::pack::{Pack, Settings, find_built_in};
use crate::policy::spec::{self, Spec, SpecAnswer, check};
use crate::policy::summary::SummarySeen;
use crate::policy::trail::{PlaceLevel, Trail};
use crate::policy::weigh::{Decision, because};
use crate::state::{View as _, ViewError};
use crate::value::{Blake3, Date, EventId, LotId, PartyId};
use crate::verify::report::{Check, ClaimAnswer};
use std::collections::{BTreeMap, BTreeSet};

/// On how many lots upstream recorded claims are decided: each needs a trail of its own.
const MOST_LOTS: usize = 16;

/// How many recorded claims are decided.
const MOST_CLAIMS: usize = 256;

/// What is asked about a lot.
#[derive(Debug, Clone, Copy)]
pub struct ClaimsAsked<'a> {
    /// Claims.
    pub claims: &'a [Statement],
    /// Specifications.
    pub specs: &'a [Spec],
    /// Policies asked about: packs at hand beside those built in, each with its parameters, and exceptions that count for
    /// the lot itself.
    pub policies: PoliciesAsked<'a>,
    /// The least level at which a place confirms a claim.
    pub evidence: PlaceLevel,
}

/// A claim on record.
struct Recorded {
    lot: LotId,
    event: EventId,
    by: PartyId,
    claim: Statement,
}

impl Verification {
    /// Decides what is asked and what is on record, and puts the answers into the report.
    ///
    /// # Errors
    /// As of [`Verification::judge`].
    pub fn answer(&mut self, asked: &ClaimsAsked<'_>) -> Result<(), PolicyError> {
        let Some(bundle) = &self.bundle else {
            self.report.claims =
                asked.claims.iter().map(|claim| asked_for(claim, self.report.subject.lot, broken())).collect();
            self.report.specs = asked.specs.iter().map(|spec| SpecAnswer::undecided(spec, broken())).collect();
            return Ok(());
        };
        let (recorded, left_out) = bundle.recorded_claims(self.report.as_of)?;
        if recorded.is_empty() && asked.claims.is_empty() && asked.specs.is_empty() {
            return Ok(());
        }
        let subject = self.report.subject.lot;
        let exceptions = bundle.exceptions(&asked.policies, &self.report)?;
        let with = Deciding { asked, subject, exceptions, summaries: bundle.summaries(&self.report)? };
        let mut trails: BTreeMap<LotId, Trail> = BTreeMap::new();
        for lot in recorded.iter().map(|one| one.lot).chain([subject]) {
            if let std::collections::btree_map::Entry::Vacant(free) = trails.entry(lot) {
                free.insert(bundle.trail_of(&self.report, lot)?);
            }
        }
        let Some(own) = trails.get(&subject) else { return Ok(()) };
        let mut claims: Vec<ClaimAnswer> =
            asked.claims.iter().map(|claim| asked_for(claim, subject, with.decide(claim, own))).collect();
        claims.extend(own_model(own, subject, &with));
        for one in &recorded {
            let Some(trail) = trails.get(&one.lot) else { continue };
            claims.push(of_record(one, trail, &with));
        }
        self.report.specs = asked.specs.iter().map(|spec| check::check(spec, own)).collect();
        self.report.claims = claims;
        if left_out > 0 {
            let note = format!(
                "{left_out} more on record; {MOST_CLAIMS} on the lot and {MOST_LOTS} lots upstream are decided"
            );
            self.report.checks.push(Check { name: "recorded claims".to_owned(), done: false, note });
        }
        Ok(())
    }
}

fn broken() -> Decision {
    let why = vec![because("the integrity of the evidence does not hold, so nothing that it says counts", [])];
    Decision { verdict: Verdict::Unproven, why, needed: vec!["a lineage file as its exporter signed it".to_owned()] }
}

fn asked_for(claim: &Statement, lot: LotId, decision: Decision) -> ClaimAnswer {
    let Decision { verdict, why, needed } = decision;
    ClaimAnswer { claim: text::format(claim), lot, event: None, by: None, counts: true, verdict, why, needed }
}

fn of_record(one: &Recorded, trail: &Trail, with: &Deciding<'_>) -> ClaimAnswer {
    let handled = trail.steps.iter().any(|step| {
        let is_it = |lot: &usize| trail.lots.get(*lot).is_some_and(|lot| lot.id == one.lot);
        step.by == one.by && step.outputs.iter().any(is_it)
    });
    let Decision { verdict, why, needed } = with.decide(&one.claim, trail);
    let counts = handled && verdict == Verdict::Contradicted;
    let claim = text::format(&one.claim);
    ClaimAnswer { claim, lot: one.lot, event: Some(one.event), by: Some(one.by), counts, verdict, why, needed }
}

/// The custody model that the maker of the subject states with it is a claim as well.
fn own_model(trail: &Trail, subject: LotId, with: &Deciding<'_>) -> Option<ClaimAnswer> {
    let lot = trail.subject()?;
    let (at_least, maker) = (lot.custody_model?, trail.steps.get(lot.made_by?)?);
    let claim = Statement::CustodyModel { at_least };
    let one = Recorded { lot: subject, event: subject.event, by: maker.by, claim };
    Some(of_record(&one, trail, with))
}

/// What claims are decided with.
struct Deciding<'a> {
    asked: &'a ClaimsAsked<'a>,
    subject: LotId,
    exceptions: Vec<SignedException>,
    summaries: Vec<SummarySeen>,
}

impl Deciding<'_> {
    fn decide(&self, claim: &Statement, trail: &Trail) -> Decision {
        let how = How {
            evidence: self.asked.evidence,
            spec: &|id, digest, trail| Ok(check::check_subject(&self.spec(id, digest)?, trail)),
            policy: &|id, digest, delivery, trail| self.policy(id, digest, delivery, trail),
        };
        decide(claim, trail, &how)
    }

    fn spec(&self, id: &str, digest: &Blake3) -> Result<Spec, NotAtHand> {
        let given = self.asked.specs.iter().filter(|spec| spec.file.id.as_str() == id).cloned();
        let all: Vec<Spec> = given.chain(spec::find_built_in(id).and_then(Result::ok)).collect();
        let other = all.first().map(|spec| spec.blake3);
        all.into_iter().find(|spec| spec.blake3 == *digest).ok_or(NotAtHand(other))
    }

    /// A pack with its parameters: as given, or built in with its own.
    fn pack(&self, id: &str, digest: &Blake3) -> Result<(Pack, Settings), NotAtHand> {
        let given = self.asked.policies.packs.iter().filter(|(pack, _)| pack.file.id.as_str() == id).cloned();
        let built_in = find_built_in(id).and_then(Result::ok);
        let built_in = built_in.and_then(|pack| Some((Settings::of(&pack.file, &[]).ok()?, pack)));
        let all: Vec<(Pack, Settings)> = given.chain(built_in.map(|(settings, pack)| (pack, settings))).collect();
        let other = all.first().map(|(pack, _)| pack.blake3);
        all.into_iter().find(|(pack, _)| pack.blake3 == *digest).ok_or(NotAtHand(other))
    }

    fn policy(&self, id: &str, digest: &Blake3, delivery: Date, trail: &Trail) -> Result<Decision, NotAtHand> {
        let (pack, settings) = &self.pack(id, digest)?;
        // What is signed of the purchase, or of the lot, is about no other lot.
        let is_subject = trail.subject().is_some_and(|lot| lot.id == self.subject);
        let (exceptions, summaries) =
            if is_subject { (&self.exceptions[..], &self.summaries[..]) } else { (&[][..], &[][..]) };
        let ask = Ask { pack, settings, delivery: Some(delivery), exceptions, summaries };
        let answer = evaluate(trail, &[ask]).into_iter().next().ok_or(NotAtHand(None))?;
        let mut decision = Decision { verdict: answer.verdict, why: answer.why, needed: answer.needed };
        for rule in answer.rules.into_iter().filter(|rule| rule.verdict == answer.verdict) {
            decision.why.extend(rule.why);
            for failing in rule.failing {
                decision.why.push(because(failing.text, [failing.event]));
                decision.needed.extend(failing.needed);
            }
            decision.needed.extend(rule.needed);
        }
        if decision.why.is_empty() {
            decision.why.push(because(format!("every rule of {id} for a delivery on {delivery}"), []));
        }
        decision.needed.sort();
        decision.needed.dedup();
        if decision.verdict != Verdict::Unproven {
            decision.needed.clear();
        }
        let changed = settings.changed(&pack.file);
        if !changed.is_empty() {
            decision.why.insert(0, because(format!("judged with {}", changed.join(" ")), []));
        }
        Ok(decision)
    }
}

impl VerifiedBundle {
    /// Claims that stand on the lot and on what it was made from, the lot's own first; and how many are left out.
    fn recorded_claims(&self, as_of: crate::value::Time) -> Result<(Vec<Recorded>, usize), ViewError> {
        let subject = self.lineage().subject;
        let mut found = Vec::new();
        for event in self.events() {
            let Body::Claim(claim) = &event.payload.body else { continue };
            let of_lineage = claim.lot == subject || self.lineage().lots.contains_key(&claim.lot);
            let Some(at) = self.position(&event.id).filter(|at| of_lineage && at.recorded_at <= as_of) else {
                continue;
            };
            let record = self.view(&at.ledger).map(|view| view.event(&event.id)).transpose()?.flatten();
            if record.is_some_and(|record| record.applied && record.withdrawn_by.is_none()) {
                let (lot, event, by) = (claim.lot, event.id, event.issuer());
                found.push(Recorded { lot, event, by, claim: claim.claim.clone() });
            }
        }
        found.sort_by_key(|one| (one.lot != subject, one.lot, one.event));
        let all = found.len();
        let mut lots = BTreeSet::from([subject]);
        found.retain(|one| lots.contains(&one.lot) || (lots.len() <= MOST_LOTS && lots.insert(one.lot)));
        found.truncate(MOST_CLAIMS);
        let left_out = all - found.len();
        Ok((found, left_out))
    }

    fn trail_of(&self, report: &crate::verify::report::Report, lot: LotId) -> Result<Trail, ViewError> {
        if lot == self.lineage().subject {
            return crate::verify::trail::trail(&self.evidence(report));
        }
        let lineage = upstream(self.checked(), lot).unwrap_or_else(|never| match never {});
        let own = self.evidence(report);
        crate::verify::trail::trail(&crate::verify::trail::Evidence { lineage: &lineage, ..own })
    }
}
