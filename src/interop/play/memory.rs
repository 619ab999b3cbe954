//! A recorder in memory: signs, admits and applies, and keeps no log.

use super::{RecordError, Recorded, Recorder, Seed, simulated_key};
use crate::envelope::{Jws, Prepared, Salt, Signed, Typ};
use crate::event::{Body, Event, Ledger, Purpose, When};
use crate::finding::Finding;
use crate::interop::batch::{Names, NoNames};
use crate::ledger::Draft;
use crate::rules::{Admission, admit};
use crate::state::{FeedKey, Memory, Position, Put as _, View, apply};
use crate::tlog::vkey::{KeyKind, VerifierKey};
use crate::value::{EventId, KeyId, LedgerId, PartyId, PublicKey, Text, Time};
use ed25519_dalek::SigningKey;
use std::collections::HashMap;

/// Events signed, admitted and applied in memory, by the rules of a ledger but without one: nothing is logged or kept.
///
/// For simulated files, examples and tests. Salts follow from the seed, so two runs give the same ids.
pub struct InMemory {
    seed: Seed,
    ledger: LedgerId,
    state: Memory,
    keys: HashMap<KeyId, SigningKey>,
    events: Vec<Signed>,
    salts: u64,
    last: Option<Time>,
}

impl InMemory {
    /// A recorder that has recorded nothing and has no ledger yet.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self {
            seed,
            ledger: LedgerId([0; 32]),
            state: Memory::default(),
            keys: HashMap::new(),
            events: Vec::new(),
            salts: 0,
            last: None,
        }
    }

    /// What was recorded, in order.
    #[must_use]
    pub fn events(&self) -> &[Signed] {
        &self.events
    }

    /// State after it.
    #[must_use]
    pub fn state(&self) -> &Memory {
        &self.state
    }

    /// The key that a draft asks for, or its issuer's registration key.
    fn key_id(&self, draft: &Draft) -> Result<KeyId, RecordError> {
        if let Some(kid) = draft.kid {
            return Ok(kid);
        }
        if let Body::Party(party) = &draft.body {
            return Ok(party.key.id());
        }
        let issuer = draft.by.ok_or("expected an issuer")?;
        let registration = self.state.event(&issuer.into())?;
        Ok(registration.and_then(|event| event.key).ok_or("expected a registered issuer")?)
    }

    fn key(&self, kid: &KeyId) -> Result<SigningKey, RecordError> {
        Ok(self.keys.get(kid).cloned().ok_or_else(|| format!("expected the private half of key {kid}, found none"))?)
    }

    fn sign(&mut self, draft: &Draft) -> Result<Signed, RecordError> {
        let kid = self.key_id(draft)?;
        let target = match &draft.body {
            Body::Correct(correct) => self.state.event(&correct.target)?,
            _ => None,
        };
        let portable = draft.body.kind().is_portable() || target.is_some_and(|target| target.portable);
        let aud = (!portable).then_some(self.ledger);
        let mut payload = crate::event::Payload::draft(draft.by, aud, draft.when, draft.body.clone());
        (payload.docs, payload.refs) = (draft.docs.clone(), draft.refs.clone());
        payload.remark.clone_from(&draft.remark);
        payload.voids.clone_from(&draft.voids);
        let iss = draft.by.unwrap_or(PartyId([0; 32]));
        if let Some(feed) = self.state.feed(&FeedKey { iss, kid, aud })? {
            (payload.seq, payload.prev) = (feed.seq + 1, Some(feed.last));
        }
        let mut salts = self.salts;
        let seed = self.seed;
        let mut salt = || -> Result<Salt, String> {
            salts += 1;
            let digest = blake3::keyed_hash(&seed, &salts.to_be_bytes());
            let mut salt = Salt::default();
            salt.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
            Ok(salt)
        };
        let mut prepared = Prepared::new(payload, &mut salt)?;
        for (purpose, kid) in &draft.cosigners {
            prepared.cosign(*purpose, &self.key(kid)?)?;
        }
        let signed = prepared.sign(&self.key(&kid)?)?;
        self.salts = salts;
        Ok(signed)
    }

    /// Admits a signed event, and applies it unless that refuses it.
    fn admit(&mut self, signed: Signed, at: Option<Time>) -> Result<Recorded, RecordError> {
        let jws = Jws::parse(&signed.jws, Typ::Event)?;
        let event: Event = signed.event.clone();
        let end = event.payload.when.end();
        let recorded_at = at.unwrap_or_else(|| self.last.map_or(end, |last| last.max(end)));
        let position = Position { ledger: self.ledger, index: u64::try_from(self.events.len())?, recorded_at };
        let signed_by = |key: &PublicKey| jws.verify(key);
        let admission =
            Admission { view: &self.state, at: position, after: self.last, event: &event, signed_by: &signed_by };
        let findings = admit(&admission)?;
        if !findings.iter().any(Finding::is_refusal) {
            let delta = apply(&self.state, &position, &event, true)?;
            self.state.put(&delta);
            self.last = Some(recorded_at);
            self.events.push(signed);
        }
        Ok(Recorded { event: event.id, findings })
    }

    fn must(&mut self, draft: &Draft, at: Time) -> Result<EventId, RecordError> {
        let recorded = self.record(draft, Some(at))?;
        match recorded.findings.into_iter().find(Finding::is_refusal) {
            Some(refusal) => Err(refusal.to_string().into()),
            None => Ok(recorded.event),
        }
    }
}

impl Recorder for InMemory {
    fn ledger(&self) -> LedgerId {
        self.ledger
    }

    fn view(&self) -> &dyn View {
        &self.state
    }

    fn names(&self) -> &dyn Names {
        &NoNames
    }

    fn hold(&mut self, _: &str, key: SigningKey) -> Result<(), RecordError> {
        self.keys.insert(PublicKey::from(&key).id(), key);
        Ok(())
    }

    fn create(&mut self, operator: &Draft, origin: &Text, at: Time) -> Result<EventId, RecordError> {
        let log_key = simulated_key(&self.seed, "log key");
        let public = PublicKey::from(&log_key);
        let vkey: Text = VerifierKey::new(origin.as_str().parse()?, KeyKind::Note, public).to_string().parse()?;
        self.hold("log key", log_key)?;
        self.ledger = LedgerId::derive(origin.as_str(), vkey.as_str());
        let party = self.must(operator, at)?;
        let body = Ledger { origin: origin.clone(), vkey, rotates: None };
        let mut draft = Draft::new(Some(party.into()), When::At(at), body);
        draft.cosigners.push((Purpose::LogKey, public.id()));
        self.must(&draft, at)?;
        Ok(party)
    }

    fn record(&mut self, draft: &Draft, at: Option<Time>) -> Result<Recorded, RecordError> {
        let signed = self.sign(draft)?;
        self.admit(signed, at)
    }
}
