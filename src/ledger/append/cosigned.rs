//! Drafts that are cosigned on another machine: sealed here, and planned when they come back.

use super::{Batch, Judgement, PlanError, Planned};
use crate::envelope::{Prepared, SealedDraft, Unsigned};
use crate::finding::Code;
use crate::ledger::Draft;
use crate::ledger::signers::Signers;
use crate::value::{PublicKey, Time};
use ed25519_dalek::SigningKey;

impl Batch<'_> {
    /// Seals a draft for those who must cosign it and whose keys are elsewhere; keys at hand cosign at once.
    ///
    /// The event is signed and judged as it would be, but for missing cosignatures, so that what cannot be recorded is not
    /// sent around; that signature is dropped, and the batch stays as it was.
    pub fn seal(
        &self,
        draft: Draft,
        now: Time,
        signers: &mut dyn Signers,
    ) -> Result<(SealedDraft, Planned), PlanError> {
        let recorded_at = self.time_of_recording(now)?;
        let kid = self.choose_key(&draft, signers)?;
        let cosigners = draft.cosigners.clone();
        let mut prepared = self.prepare(draft, signers)?;
        let at_hand = signers.keys();
        for (purpose, cosigner) in cosigners.into_iter().filter(|(_, kid)| at_hand.contains(kid)) {
            prepared.cosign(purpose, &*signers.key(&cosigner).map_err(PlanError::Key)?)?;
        }
        let key = signers.key(&kid).map_err(PlanError::Key)?;
        let sealed = SealedDraft::seal(&prepared, &key)?;
        let (unsigned, key) = self.address_prepared(prepared, kid, None, signers)?;
        let mut planned = self.alone(unsigned, &key, recorded_at)?;
        planned.findings.retain(|finding| finding.code != Code::Cosignature);
        Ok((sealed, planned))
    }

    /// What [`Self::add`] would make of a draft, refused or not, signed; the batch stays as it was.
    pub fn preview(&mut self, draft: Draft, now: Time, signers: &mut dyn Signers) -> Result<Planned, PlanError> {
        self.sign_all()?;
        let recorded_at = self.time_of_recording(now)?;
        let (unsigned, key) = self.address(draft, signers)?;
        self.alone(unsigned, &key, recorded_at)
    }

    /// Signs and judges what does not become part of the batch.
    fn alone(&self, unsigned: Unsigned, key: &SigningKey, recorded_at: Time) -> Result<Planned, PlanError> {
        let public = PublicKey::from(key);
        let (at, findings, delta) = self.judge(unsigned.event(), recorded_at, &|key| *key == public)?;
        let signed = unsigned.sign_and_verify(key)?;
        let entry = self.entry_of(&signed, recorded_at)?;
        Ok(Planned { at, signed, entry, findings, delta })
    }

    /// Plans a draft that came back; the key that sealed it signs the event.
    ///
    /// # Errors
    /// The key is not at hand, or did not seal the draft: it was changed on its way.
    pub fn add_sealed(
        &mut self,
        sealed: SealedDraft,
        now: Time,
        signers: &mut dyn Signers,
    ) -> Result<Judgement, PlanError> {
        self.time_of_recording(now)?;
        let kid = sealed.event().kid;
        let key = signers.key(&kid).map_err(PlanError::Key)?;
        if !sealed.is_sealed_by(&PublicKey::from(&*key)) {
            return Err(PlanError::Seal(kid));
        }
        let prepared: Prepared = sealed.into_prepared()?;
        let (unsigned, key) = self.address_prepared(prepared, kid, None, signers)?;
        self.add_unsigned(unsigned, key, now)
    }
}
