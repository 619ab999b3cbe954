//! The recorder over a ledger: a batch is planned, and its caller commits the plan or drops it.

use super::{RecordError, Recorded, Recorder};
use crate::envelope::{SealedDraft, Signed};
use crate::event::{Ledger, Purpose, When};
use crate::finding::Finding;
use crate::interop::batch::Names;
use crate::ledger::{Batch, Draft, Plan, Planned, Signers};
use crate::state::View;
use crate::tlog::vkey::VerifierKey;
use crate::value::{EventId, LedgerId, PublicKey, Text, Time};
use ed25519_dalek::SigningKey;

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

    /// Plans an event that was signed elsewhere; one that is recorded already is passed over.
    ///
    /// # Errors
    /// As of [`Batch::add_signed`].
    pub fn record_signed(&mut self, signed: Signed) -> Result<Option<Recorded>, RecordError> {
        if signed.event.payload.aud.is_none() && self.batch.view().event(&signed.event.id)?.is_some() {
            return Ok(None);
        }
        let planned = self.batch.add_signed(signed, self.now)?;
        Ok(Some(Recorded { event: planned.event().id, findings: planned.findings }))
    }

    /// Plans a draft that came back cosigned.
    ///
    /// # Errors
    /// As of [`Batch::add_sealed`].
    pub fn record_sealed(&mut self, sealed: SealedDraft) -> Result<Recorded, RecordError> {
        let planned = self.batch.add_sealed(sealed, self.now, self.signers)?;
        Ok(Recorded { event: planned.event().id, findings: planned.findings })
    }

    /// Names the log key of a ledger that has no entry yet, so that the plan can begin it.
    #[must_use]
    pub fn of_new_ledger(mut self, log_key: VerifierKey) -> Self {
        self.log_key = Some(log_key);
        self
    }

    /// What was planned so far.
    #[must_use]
    pub fn planned(&self) -> &[Planned] {
        self.batch.planned()
    }

    /// The plan, to be committed by the ledger's writer; and what was sealed, each with the event as it would be recorded.
    #[must_use]
    pub fn parts(self) -> (Plan, Vec<(SealedDraft, Planned)>) {
        (self.batch.finish(), self.sealed)
    }

    /// The plan, to be committed by the ledger's writer.
    #[must_use]
    pub fn finish(self) -> Plan {
        self.parts().0
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
        begin(&mut self.batch, self.signers, operator, &log_key, origin, at).map(|[party, _]| party.event().id)
    }

    fn record(&mut self, draft: &Draft, at: Option<Time>) -> Result<Recorded, RecordError> {
        if self.sealing {
            let (sealed, planned) = self.batch.seal(draft.clone(), at.unwrap_or(self.now), self.signers)?;
            let recorded = Recorded { event: planned.event().id, findings: planned.findings.clone() };
            self.sealed.push((sealed, planned));
            return Ok(recorded);
        }
        let planned = self.batch.add(draft.clone(), at.unwrap_or(self.now), self.signers)?;
        Ok(Recorded { event: planned.event().id, findings: planned.findings })
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
) -> Result<[Planned; 2], RecordError> {
    if log_key.name().as_str() != origin.as_str() {
        return Err(format!("expected a log key named `{origin}`, found `{}`", log_key.name()).into());
    }
    let party = unrefused(batch.add(operator.clone(), at, signers)?)?;
    let body = Ledger { origin: origin.clone(), vkey: log_key.to_string().parse()?, rotates: None };
    let mut draft = Draft::new(Some(party.event().issuer()), When::At(at), body);
    draft.cosigners.push((Purpose::LogKey, log_key.public_key().id()));
    let ledger = unrefused(batch.add(draft, at, signers)?)?;
    Ok([party, ledger])
}

fn unrefused(planned: Planned) -> Result<Planned, RecordError> {
    match planned.findings.iter().find(|finding| finding.is_refusal()) {
        Some(refusal) => Err(Finding::to_string(refusal).into()),
        None => Ok(planned),
    }
}
