//! Events that were signed elsewhere: their signatures are checked in bulk, while those before them are planned.
//!
//! Which key an event must be signed with is for admission to say. Nearly always it is the key that the state knows by the
//! event's `kid`, or one that an event before it brings; so that one is tried beforehand, on all processors and by tables.
//! Where admission asks for another key it is checked then. Either way the verdict is that of `verify_strict`.

use super::{Batch, Judgement, PlanError, check_length};
use crate::envelope::{JwsError, Signed};
use crate::keyring::{Item, Keyring};
use crate::ledger::in_order::InOrder;
use crate::ledger::press::{self, Sheet};
use crate::state::{View, ViewError};
use crate::value::{DigestMap, KeyId, PublicKey, Signature, Time};
use crate::verify::replay::keys_in;
use std::ops::ControlFlow;
use std::sync::Arc;

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
            _ if key.id() != self.signed.event.kid => false,
            _ => self.signed.proof().is_ok_and(|(message, signature)| key.verify(message, &signature)),
        }
    }
}

/// Checks events that were signed elsewhere, ahead of the batch that plans them.
///
/// A key id is the digest of its key, so a key that fits the id is the key meant, whoever brought it.
pub struct SignedAhead {
    keyring: Arc<Keyring>,
    keys: Arc<DigestMap<KeyId, PublicKey>>,
    signed: Vec<Signed>,
}

impl SignedAhead {
    /// Of events in their order; knows the keys of the state by which they say they are signed, and those they bring.
    ///
    /// # Errors
    /// State could not be read.
    pub fn of(view: &dyn View, signed: Vec<Signed>) -> Result<Self, ViewError> {
        let mut keys: DigestMap<KeyId, PublicKey> = signed.iter().flat_map(|one| keys_in(&one.event)).collect();
        for kid in signed.iter().map(|one| one.event.kid) {
            if !keys.contains_key(&kid)
                && let Some(record) = view.key(&kid)?
            {
                keys.insert(kid, record.public);
            }
        }
        Ok(Self { keyring: Arc::default(), keys: Arc::new(keys), signed })
    }

    /// Gives the events in their order, each with what is known of its signature, while those behind it are checked; ends
    /// where it is told to.
    ///
    /// # Errors
    /// As of the one who takes them.
    pub fn each<E>(self, took: &mut dyn FnMut(Checked) -> Result<ControlFlow<()>, E>) -> Result<(), E> {
        let mut rest = self.signed.into_iter();
        let mut ahead = InOrder::default();
        loop {
            while ahead.len() < CHUNKS_AHEAD && rest.len() > 0 {
                let chunk: Vec<Signed> = rest.by_ref().take(CHUNK).collect();
                let (keyring, keys) = (Arc::clone(&self.keyring), Arc::clone(&self.keys));
                ahead.give(move || check(chunk, &keyring, &keys));
            }
            let Some(chunk) = ahead.next() else { return Ok(()) };
            for checked in chunk {
                if took(checked)?.is_break() {
                    return Ok(());
                }
            }
        }
    }
}

/// How many events are checked by one processor at a time.
const CHUNK: usize = 256;

/// How many chunks are given to the processors before the first of them is taken.
const CHUNKS_AHEAD: usize = 32;

fn check(signed: Vec<Signed>, keyring: &Keyring, keys: &DigestMap<KeyId, PublicKey>) -> Vec<Checked> {
    let proofs: Vec<Result<(&[u8], Signature), JwsError>> = signed.iter().map(Signed::proof).collect();
    let tried = |(one, proof): (&Signed, &Result<_, _>)| keys.get(&one.event.kid).filter(|_| proof.is_ok()).copied();
    let tried: Vec<Option<PublicKey>> = signed.iter().zip(&proofs).map(tried).collect();
    let known = tried.iter().zip(&proofs).filter_map(|(key, proof)| Some((key.as_ref()?, proof.as_ref().ok()?)));
    let items: Vec<Item<'_>> = known.map(|(key, (message, signature))| Item { key, message, signature }).collect();
    let mut verdicts = keyring.verify_many(&items).into_iter();
    let malformed: Vec<Option<JwsError>> = proofs.into_iter().map(Result::err).collect();
    let checked = |((signed, tried), malformed): ((_, Option<PublicKey>), _)| {
        let verdict = tried.and_then(|key| Some((key, verdicts.next()?)));
        Checked { signed, verdict, malformed }
    };
    signed.into_iter().zip(tried).zip(malformed).map(checked).collect()
}

impl Batch<'_> {
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
