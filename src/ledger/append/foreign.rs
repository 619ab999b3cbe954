//! Events that were signed elsewhere: their signatures are checked in bulk before they are planned.
//!
//! Which key an event must be signed with is for admission to say. Nearly always it is the key that the state knows by the
//! event's `kid`, or the one that a registration brings; so that one is tried beforehand, on all processors and by tables.
//! Where admission asks for another key, as for one that an event of the same chunk brought, it is checked then. Either
//! way the verdict is that of `verify_strict`.

use super::{Batch, Judgement, PlanError, check_length};
use crate::envelope::{Jws, JwsError, Signed, Typ};
use crate::event::Body;
use crate::keyring::Item;
use crate::ledger::press::{self, Sheet};
use crate::state::ViewError;
use crate::value::{PublicKey, Time};
use rayon::prelude::*;

/// An event signed elsewhere, with what is known of its signature.
#[derive(Debug)]
pub struct Checked {
    signed: Signed,
    /// Whether it is this key's.
    verdict: Option<(PublicKey, bool)>,
    malformed: Option<JwsError>,
}

impl Checked {
    /// The event.
    #[must_use]
    pub const fn signed(&self) -> &Signed {
        &self.signed
    }

    /// Whether the signature is this key's: the verdict of `verify_strict`.
    fn is_by(&self, key: &PublicKey) -> bool {
        match self.verdict {
            Some((tried, verdict)) if tried == *key => verdict,
            _ => Jws::parse(&self.signed.jws, Typ::Event).is_ok_and(|jws| jws.verify(key)),
        }
    }
}

impl Batch<'_> {
    /// Checks the signatures of events that were signed elsewhere, by the keys that are known now; plans none of them.
    ///
    /// # Errors
    /// State could not be read.
    pub fn check_signed(&self, signed: Vec<Signed>) -> Result<Vec<Checked>, PlanError> {
        let keys: Vec<Option<PublicKey>> =
            signed.iter().map(|one| self.likely_key(one)).collect::<Result<_, ViewError>>()?;
        let parsed: Vec<Result<Jws<'_>, JwsError>> =
            signed.par_iter().with_min_len(64).map(|one| Jws::parse(&one.jws, Typ::Event)).collect();
        let known = keys.iter().zip(&parsed).filter_map(|(key, jws)| Some((key.as_ref()?, jws.as_ref().ok()?)));
        let items: Vec<Item<'_>> =
            known.map(|(key, jws)| Item { key, message: jws.signing_input(), signature: jws.signature() }).collect();
        let mut verdicts = self.press.keyring().verify_many(&items).into_iter();
        let judged: Vec<_> = keys
            .iter()
            .zip(parsed)
            .map(|(key, jws)| {
                let verdict = key.filter(|_| jws.is_ok()).and_then(|key| Some((key, verdicts.next()?)));
                (verdict, jws.err())
            })
            .collect();
        let checked = |(signed, (verdict, malformed))| Checked { signed, verdict, malformed };
        Ok(signed.into_iter().zip(judged).map(checked).collect())
    }

    /// The key that an event is signed with if all is well.
    fn likely_key(&self, signed: &Signed) -> Result<Option<PublicKey>, ViewError> {
        match &signed.event.payload.body {
            Body::Party(party) => Ok(Some(party.key.x)),
            _ => Ok(self.view().key(&signed.event.kid)?.map(|key| key.public)),
        }
    }

    /// Plans an event that was signed elsewhere, with the disclosures that came with it.
    ///
    /// # Errors
    /// What was given as a signed event is none, or does not fit an entry; the clock; state could not be read.
    pub fn add_signed(&mut self, mut checked: Checked, now: Time) -> Result<Judgement, PlanError> {
        let recorded_at = self.time_of_recording(now)?;
        check_length(&checked.signed.event, checked.signed.jws.len())?;
        if let Some(malformed) = checked.malformed.take() {
            return Err(PlanError::Key(Box::new(malformed)));
        }
        let (at, findings, delta) = self.judge(&checked.signed.event, recorded_at, &|key| checked.is_by(key))?;
        let judgement = Judgement { event: checked.signed.event.id, findings: findings.clone() };
        if !judgement.is_refused() {
            self.take(&at, &checked.signed.event, &delta);
            self.press(press::Judged { at, event: Sheet::Foreign(checked.signed), findings, delta })?;
        }
        Ok(judgement)
    }
}
