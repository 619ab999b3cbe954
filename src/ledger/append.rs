//! Appending events: drafts are signed, admitted over the state so far, and committed as one batch.
//!
//! [`Batch`] plans: it gives each draft its place in its feed, signs it, and asks the rule book; nothing is written, so a
//! plan that is dropped (a refusal, a dry run) leaves no trace and its signatures never leave the process. [`super::Writer::commit`]
//! writes: private values and documents, entries, signing memory, checkpoint, in the order that `log` describes; then the
//! index is brought up to date.
//!
//! In scope: order and atomicity. Not in scope: keys and their memory ([`Signers`]), the rules themselves (`rules`).

mod cosigned;

use super::Draft;
use super::draft::is_portable;
use super::error::AnyError;
use super::signers::Signers;
use crate::envelope::{Jws, Prepared, Signed, Typ};
use crate::event::{Body, Event, Kind, Purpose};
use crate::finding::Finding;
use crate::rules::{Admission, admit};
use crate::state::{Delta, FeedKey, FeedRecord, Find, Overlay, Position, Put, View, ViewError, apply};
use crate::tlog::entry::{self, Entry, EntryError};
use crate::value::{Blake3, EventId, KeyId, LedgerId, PublicKey, Time};
use std::collections::BTreeMap;

/// A clock behind the last entry by up to this many seconds uses the last entry's time.
pub const CLOCK_LAG: i64 = 300;

/// A clock ahead of the last entry by more than this many seconds (400 days) needs consent.
pub const CLOCK_LEAP: i64 = 400 * 86_400;

/// Why a draft cannot be planned. A broken rule is no error but a finding of [`Planned`].
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// State could not be read.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The event cannot be signed.
    #[error(transparent)]
    Sign(#[from] crate::envelope::SignEventError),
    /// A key cannot be used, or its memory contradicts the ledger.
    #[error("{0}")]
    Key(AnyError),
    /// A key that must cosign is not at hand, or cannot be used.
    #[error("cannot cosign as `{purpose}` with key {kid}: {cause}")]
    Cosigner {
        /// What for.
        purpose: Purpose,
        /// The key.
        kid: KeyId,
        /// Why not.
        cause: AnyError,
    },
    /// A draft that its own key did not seal.
    #[error("expected a draft sealed by key {0}, found one that was changed since")]
    Seal(KeyId),
    /// No key at hand may sign this.
    #[error("expected a key of party {party} on this machine that may sign a `{kind}`, found none")]
    NoKey {
        /// The issuer.
        party: String,
        /// The kind.
        kind: Kind,
    },
    /// The event does not fit an entry.
    #[error("the `{kind}` event does not fit an entry: {cause}")]
    Entry {
        /// The kind.
        kind: Kind,
        /// How large it is, and how large it may be.
        cause: EntryError,
    },
    /// The clock is behind the ledger.
    #[error("expected a clock not more than {CLOCK_LAG} seconds behind the last entry ({last}), found {now}")]
    ClockBehind {
        /// The last entry's time.
        last: Time,
        /// The clock's.
        now: Time,
    },
    /// The clock is far ahead of the ledger.
    #[error("expected a clock at most 400 days ahead of the last entry ({last}), found {now}")]
    ClockAhead {
        /// The last entry's time.
        last: Time,
        /// The clock's.
        now: Time,
    },
}

/// A draft signed and judged, not recorded.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Where and when it would be recorded.
    pub at: Position,
    /// The event, its signed bytes and its disclosures.
    pub signed: Signed,
    /// The entry that would be appended.
    pub entry: Vec<u8>,
    /// What admission found.
    pub findings: Vec<Finding>,
    /// Records it puts.
    pub delta: Delta,
}

impl Planned {
    /// The event.
    #[must_use]
    pub const fn event(&self) -> &Event {
        &self.signed.event
    }

    /// Whether a rule refuses it.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.findings.iter().any(Finding::is_refusal)
    }
}

/// Where a ledger ends: what a batch continues.
#[derive(Debug, Clone, Copy)]
pub struct Tail {
    /// The ledger.
    pub ledger: LedgerId,
    /// Number of entries.
    pub size: u64,
    /// BLAKE3 of the last entry; the ledger id where there is none.
    pub link: Blake3,
    /// When the last entry was recorded.
    pub time: Option<Time>,
}

impl Tail {
    /// The tail of a ledger without entries.
    #[must_use]
    pub fn of_new(ledger: LedgerId) -> Self {
        Self { ledger, size: 0, link: entry::first_prev(ledger), time: None }
    }
}

/// Whether a key made a signature.
type Verify<'a> = dyn Fn(&Jws<'_>, &PublicKey) -> bool + 'a;

/// Events planned together; recorded all or not at all.
pub struct Batch<'a> {
    view: Overlay<&'a dyn Find>,
    tail: Tail,
    feeds: BTreeMap<FeedKey, FeedRecord>,
    planned: Vec<Planned>,
    allow_leap: bool,
}

impl<'a> Batch<'a> {
    /// A batch after `tail`, over the state there.
    #[must_use]
    pub fn new(base: &'a dyn Find, tail: Tail) -> Self {
        Self { view: Overlay::new(base), tail, feeds: BTreeMap::new(), planned: Vec::new(), allow_leap: false }
    }

    /// Accepts a clock more than 400 days ahead of the last entry.
    #[must_use]
    pub fn allowing_leap(mut self, allow: bool) -> Self {
        self.allow_leap = allow;
        self
    }

    /// State after what was planned so far.
    #[must_use]
    pub fn view(&self) -> &dyn View {
        &self.view
    }

    /// What was planned so far.
    #[must_use]
    pub fn planned(&self) -> &[Planned] {
        &self.planned
    }

    /// Plans one draft, recorded at `now`. A refused one is returned and does not become part of the batch.
    pub fn add(&mut self, draft: Draft, now: Time, signers: &mut dyn Signers) -> Result<Planned, PlanError> {
        self.time_of_recording(now)?;
        let (signed, public) = self.sign(draft, signers)?;
        // Verified when it was signed; once is enough.
        self.add_verified(signed, now, &|_, key| *key == public)
    }

    /// Plans an event that was signed elsewhere, with the disclosures that came with it.
    pub fn add_signed(&mut self, signed: Signed, now: Time) -> Result<Planned, PlanError> {
        self.add_verified(signed, now, &|jws, key| jws.verify(key))
    }

    fn add_verified(&mut self, signed: Signed, now: Time, verify: &Verify<'_>) -> Result<Planned, PlanError> {
        let recorded_at = self.time_of_recording(now)?;
        let entry = self.entry_of(&signed, recorded_at)?;
        let planned = self.judge(signed, entry, recorded_at, verify)?;
        if !planned.is_refused() {
            self.take(&planned);
        }
        Ok(planned)
    }

    fn entry_of(&self, signed: &Signed, recorded_at: Time) -> Result<Vec<u8>, PlanError> {
        let kind = signed.event.payload.kind();
        let entry = Entry { prev: self.tail.link, recorded_at, jwt: signed.jws.clone() };
        entry.format().map_err(|cause| PlanError::Entry { kind, cause })
    }

    fn time_of_recording(&self, now: Time) -> Result<Time, PlanError> {
        let Some(last) = self.tail.time else { return Ok(now) };
        if now < last.plus(-CLOCK_LAG) {
            return Err(PlanError::ClockBehind { last, now });
        }
        if now > last.plus(CLOCK_LEAP) && !self.allow_leap {
            return Err(PlanError::ClockAhead { last, now });
        }
        Ok(now.max(last))
    }

    fn sign(&self, draft: Draft, signers: &mut dyn Signers) -> Result<(Signed, PublicKey), PlanError> {
        let kid = self.choose_key(&draft, signers)?;
        let (cosigners, twin) = (draft.cosigners.clone(), draft.twin_of);
        let mut prepared = self.prepare(draft, signers)?;
        for (purpose, kid) in cosigners {
            let key = signers.key(&kid).map_err(|cause| PlanError::Cosigner { purpose, kid, cause })?;
            prepared.cosign(purpose, &key)?;
        }
        self.sign_prepared(prepared, kid, twin, signers)
    }

    /// Takes the leaves of a draft out.
    fn prepare(&self, draft: Draft, signers: &mut dyn Signers) -> Result<Prepared, PlanError> {
        let portable = is_portable(&draft, &self.view)?;
        let payload = draft.into_payload(self.tail.ledger, portable);
        Ok(Prepared::new(payload, &mut || signers.salt())?)
    }

    /// Gives what was prepared its place in the feed, and signs it.
    fn sign_prepared(
        &self,
        mut prepared: Prepared,
        kid: KeyId,
        twin: Option<EventId>,
        signers: &mut dyn Signers,
    ) -> Result<(Signed, PublicKey), PlanError> {
        let payload = prepared.draft();
        if let Some(twin) = twin {
            let (seq, prev) = self.place_of(twin)?;
            prepared.place(seq, prev);
        } else if let Some(iss) = payload.iss {
            let feed = FeedKey { iss, kid, aud: payload.aud };
            let last = self.last_of_feed(&feed, signers)?;
            prepared.place(last.as_ref().map_or(0, |last| last.seq + 1), last.map(|last| last.last));
        }
        let key = signers.key(&kid).map_err(PlanError::Key)?;
        Ok((prepared.sign(&key)?, PublicKey::from(&*key)))
    }

    /// The place in its feed of an event of this batch.
    fn place_of(&self, event: EventId) -> Result<(u64, Option<EventId>), PlanError> {
        let planned = self.planned.iter().rev().find(|planned| planned.event().id == event);
        let payload = planned.map(|planned| &planned.event().payload);
        let missing = || PlanError::Key(format!("expected event {event} in the same batch, found none").into());
        payload.map(|payload| (payload.seq, payload.prev)).ok_or_else(missing)
    }

    /// The key a draft names, or the first of the issuer's keys at hand that the rules let sign it.
    fn choose_key(&self, draft: &Draft, signers: &dyn Signers) -> Result<KeyId, PlanError> {
        if let Some(kid) = draft.kid {
            return Ok(kid);
        }
        let kind = draft.body.kind();
        for kid in signers.keys() {
            let Some(key) = self.view.key(&kid)? else { continue };
            let may = key.scope.as_ref().is_none_or(|scope| scope.kinds.contains(&kind));
            if Some(key.party) == draft.by && key.revoked.is_none() && may {
                return Ok(kid);
            }
        }
        if let Body::Party(party) = &draft.body {
            return Ok(party.key.id());
        }
        Err(PlanError::NoKey { party: draft.by.map_or_else(String::new, |party| party.to_string()), kind })
    }

    fn last_of_feed(&self, feed: &FeedKey, signers: &dyn Signers) -> Result<Option<FeedRecord>, PlanError> {
        if let Some(last) = self.feeds.get(feed) {
            return Ok(Some(last.clone()));
        }
        let recorded = self.view.feed(feed)?;
        signers.next_after(feed, recorded.as_ref()).map_err(PlanError::Key)
    }

    fn judge(
        &self,
        signed: Signed,
        entry: Vec<u8>,
        recorded_at: Time,
        verify: &Verify<'_>,
    ) -> Result<Planned, PlanError> {
        let at = Position { ledger: self.tail.ledger, index: self.tail.size, recorded_at };
        let jws = Jws::parse(&signed.jws, Typ::Event).map_err(|error| PlanError::Key(Box::new(error)))?;
        let event = &signed.event;
        let signed_by = |key: &PublicKey| verify(&jws, key);
        let admission = Admission { view: &self.view, at, after: self.tail.time, event, signed_by: &signed_by };
        let findings = admit(&admission)?;
        let delta =
            if findings.iter().any(Finding::is_refusal) { Delta::new() } else { apply(&self.view, &at, event, true)? };
        Ok(Planned { at, signed, entry, findings, delta })
    }

    fn take(&mut self, planned: &Planned) {
        self.view.put(&planned.delta);
        let payload = &planned.event().payload;
        let feed = FeedKey { iss: planned.event().issuer(), kid: planned.event().kid, aud: payload.aud };
        self.feeds.insert(feed, FeedRecord { seq: payload.seq, last: planned.event().id });
        self.tail.size += 1;
        self.tail.link = entry::link(&planned.entry);
        self.tail.time = Some(planned.at.recorded_at);
        self.planned.push(planned.clone());
    }

    /// What is to be committed.
    #[must_use]
    pub fn finish(self) -> Plan {
        Plan { tail: self.tail, feeds: self.feeds, planned: self.planned }
    }
}

/// A finished batch.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where the ledger ends after it.
    pub(super) tail: Tail,
    /// How far it takes each feed.
    pub(super) feeds: BTreeMap<FeedKey, FeedRecord>,
    /// Its events, in order.
    pub(super) planned: Vec<Planned>,
}

impl Plan {
    /// Its events, in order.
    #[must_use]
    pub fn events(&self) -> &[Planned] {
        &self.planned
    }

    /// Their ids, in order.
    pub fn ids(&self) -> impl Iterator<Item = EventId> + '_ {
        self.planned.iter().map(|planned| planned.event().id)
    }
}
