//! The recorder over a ledger: a batch is planned, and its caller commits the plan or drops it.

use super::{RecordError, Recorder};
use crate::envelope::{SealedDraft, Signed};
use crate::event::{Ledger, Purpose, When};
use crate::finding::Finding;
use crate::interop::batch::Names;
use crate::ledger::{Batch, Draft, Judgement, Plan, PlanError, Planned, SignedAhead, Signers};
use crate::state::View;
use crate::tlog::vkey::VerifierKey;
use crate::value::{EventId, LedgerId, PublicKey, Text, Time};
use ed25519_dalek::SigningKey;
use std::ops::ControlFlow;

/// Plans a batch on a ledger: events are signed and admitted; [`Self::finish`] gives the plan to commit.
///
/// Keys are those of the signers: one that a simulated file makes must be among them ([`super::key_names`]).
pub struct Planning<'a> {
    batch: Batch<'a>,
    ledger: LedgerId,
    names: &'a dyn Names,
    signers: &'a mut dyn Signers,
    log_key: Option<VerifierKey>,
    now: Time,
    sealing: bool,
    sealed: Vec<(SealedDraft, Planned)>,
}

impl<'a> Planning<'a> {
    /// A plan on top of a batch (as a rule an empty one) of a ledger; `now` is the time of recording where a file has none.
    #[must_use]
    pub fn new(
        batch: Batch<'a>,
        ledger: LedgerId,
        names: &'a dyn Names,
        signers: &'a mut dyn Signers,
        now: Time,
    ) -> Self {
        Self { batch, ledger, names, signers, log_key: None, now, sealing: false, sealed: Vec::new() }
    }

    /// Seals drafts for cosigners instead of planning events.
    #[must_use]
    pub fn sealing(mut self, sealing: bool) -> Self {
        self.sealing = sealing;
        self
    }

    /// Plans events that were signed elsewhere, each with its judgement; those that are recorded already are passed over.
    /// Ends with the first that is refused.
    ///
    /// # Errors
    /// As of [`Batch::add_signed`].
    pub fn record_signed(&mut self, signed: Vec<Signed>) -> Result<Vec<(usize, Judgement)>, RecordError> {
        let ahead = SignedAhead::of(self.batch.view(), signed)?;
        let (mut judged, mut number) = (Vec::new(), 0);
        ahead.each(&mut |checked| {
            number += 1;
            let event = &checked.signed().event;
            if event.payload.aud.is_none() && self.batch.view().event(&event.id)?.is_some() {
                return Ok::<_, RecordError>(ControlFlow::Continue(()));
            }
            let judgement = self.batch.add_signed(checked, self.now)?;
            let is_refused = judgement.is_refused();
            judged.push((number, judgement));
            Ok(if is_refused { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(judged)
    }

    /// Plans a draft that came back cosigned.
    ///
    /// # Errors
    /// As of [`Batch::add_sealed`].
    pub fn record_sealed(&mut self, sealed: SealedDraft) -> Result<Judgement, RecordError> {
        Ok(self.batch.add_sealed(sealed, self.now, self.signers)?)
    }

    /// Names the log key of a ledger that has no entry yet, so that the plan can begin it.
    #[must_use]
    pub fn of_new_ledger(mut self, log_key: VerifierKey) -> Self {
        self.log_key = Some(log_key);
        self
    }

    /// The plan, to be committed by the ledger's writer; and what was sealed, each with the event as it would be recorded.
    ///
    /// # Errors
    /// An event could not be signed.
    pub fn parts(self) -> Result<(Plan, Vec<(SealedDraft, Planned)>), PlanError> {
        Ok((self.batch.finish()?, self.sealed))
    }

    /// The plan, to be committed by the ledger's writer.
    ///
    /// # Errors
    /// As of [`Self::parts`].
    pub fn finish(self) -> Result<Plan, PlanError> {
        Ok(self.parts()?.0)
    }
}

impl Recorder for Planning<'_> {
    fn ledger(&self) -> LedgerId {
        self.ledger
    }

    fn view(&self) -> &dyn View {
        self.batch.view()
    }

    fn names(&self) -> &dyn Names {
        self.names
    }

    fn hold(&mut self, name: &str, key: SigningKey) -> Result<(), RecordError> {
        let kid = PublicKey::from(&key).id();
        if self.signers.keys().contains(&kid) {
            return Ok(());
        }
        Err(format!("expected the simulated key `{name}` ({kid}) among the keys at hand, found none").into())
    }

    fn create(&mut self, operator: &Draft, origin: &Text, at: Time) -> Result<EventId, RecordError> {
        let log_key = self.log_key.clone().ok_or("expected a ledger without entries, found one that has some")?;
        begin(&mut self.batch, self.signers, operator, &log_key, origin, at).map(|[party, _]| party)
    }

    fn record(&mut self, draft: &Draft, at: Option<Time>) -> Result<Judgement, RecordError> {
        let at = at.unwrap_or(self.now);
        if self.sealing {
            let (sealed, planned) = self.batch.seal(draft.clone(), at, self.signers)?;
            let judgement = Judgement { event: planned.event().id, findings: planned.findings.clone() };
            self.sealed.push((sealed, planned));
            return Ok(judgement);
        }
        Ok(self.batch.add(draft.clone(), at, self.signers)?)
    }
}

/// Plans the two entries that every ledger begins with.
pub(super) fn begin(
    batch: &mut Batch<'_>,
    signers: &mut dyn Signers,
    operator: &Draft,
    log_key: &VerifierKey,
    origin: &Text,
    at: Time,
) -> Result<[EventId; 2], RecordError> {
    if log_key.name().as_str() != origin.as_str() {
        return Err(format!("expected a log key named `{origin}`, found `{}`", log_key.name()).into());
    }
    let party = unrefused(batch.add(operator.clone(), at, signers)?)?;
    let body = Ledger { origin: origin.clone(), vkey: log_key.to_string().parse()?, rotates: None };
    let mut draft = Draft::new(Some(party.into()), When::At(at), body);
    draft.cosigners.push((Purpose::LogKey, log_key.public_key().id()));
    let ledger = unrefused(batch.add(draft, at, signers)?)?;
    Ok([party, ledger])
}

fn unrefused(judged: Judgement) -> Result<EventId, RecordError> {
    match judged.findings.iter().find(|finding| finding.is_refusal()) {
        Some(refusal) => Err(Finding::to_string(refusal).into()),
        None => Ok(judged.event),
    }
}
