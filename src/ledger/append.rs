//! Appending events: drafts are signed, admitted over the state so far, and committed as one batch.
//!
//! [`Batch`] plans: it gives each draft its place in its feed and asks the rule book; what is not refused is signed behind it, in
//! bulk (`press`), and linked. Nothing is written, so a plan that is dropped (a refusal, a dry run) leaves no trace and its
//! signatures never leave the process. [`super::Writer::commit`] writes: private values and documents, entries, signing memory,
//! checkpoint, in the order that `log` describes; then the index is brought up to date.
//!
//! In scope: order and atomicity. Not in scope: keys and their memory ([`Signers`]), the rules themselves (`rules`).

mod cosigned;
mod error;
mod foreign;

pub use error::PlanError;
pub use foreign::{Checked, SignedAhead};

use super::Draft;
use super::draft::is_portable;
use super::press::{self, Press, Sheet, Spoilt};
use super::signers::Signers;
use crate::envelope::{Prepared, Signed, Unsigned};
use crate::event::{Body, Event};
use crate::finding::Finding;
use crate::rules::{Admission, admit};
use crate::state::{Delta, FeedKey, FeedRecord, Find, Overlay, Position, Put, View, apply};
use crate::tlog::entry::{self, AROUND_JWT, EntryError, MAX_ENTRY};
use crate::value::{Blake3, EventId, KeyId, LedgerId, PublicKey, Time};
use ed25519_dalek::SigningKey;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A clock behind the last entry by up to this many seconds uses the last entry's time.
pub const CLOCK_LAG: i64 = 300;

/// A clock ahead of the last entry by more than this many seconds (400 days) needs consent.
pub const CLOCK_LEAP: i64 = 400 * 86_400;

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

/// What admission says of one more event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The event's id, also where it is refused.
    pub event: EventId,
    /// What was found.
    pub findings: Vec<Finding>,
}

impl Judgement {
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

/// Events planned together; recorded all or not at all.
pub struct Batch<'a> {
    view: Overlay<&'a dyn Find>,
    /// Where the ledger ends after what was planned; its link is that of the last event that is signed.
    tail: Tail,
    first: u64,
    feeds: BTreeMap<FeedKey, FeedRecord>,
    press: Press,
    planned: Vec<Planned>,
    allow_leap: bool,
}

impl<'a> Batch<'a> {
    /// A batch after `tail`, over the state there.
    #[must_use]
    pub fn new(base: &'a dyn Find, tail: Tail) -> Self {
        let (view, first, press) = (Overlay::new(base), tail.size, Press::default());
        Self { view, tail, first, feeds: BTreeMap::new(), press, planned: Vec::new(), allow_leap: false }
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

    /// How many events were planned so far.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.tail.size - self.first
    }

    /// What was planned so far and is signed: all of it after [`Self::sign_all`].
    #[must_use]
    pub fn planned(&self) -> &[Planned] {
        &self.planned
    }

    /// Plans one draft, recorded at `now`. A refused one does not become part of the batch.
    pub fn add(&mut self, draft: Draft, now: Time, signers: &mut dyn Signers) -> Result<Judgement, PlanError> {
        self.time_of_recording(now)?;
        if draft.twin_of.is_some() {
            self.sign_all()?;
        }
        let (unsigned, key) = self.address(draft, signers)?;
        self.add_unsigned(unsigned, key, now)
    }

    fn add_unsigned(&mut self, unsigned: Unsigned, key: Arc<SigningKey>, now: Time) -> Result<Judgement, PlanError> {
        let recorded_at = self.time_of_recording(now)?;
        let public = PublicKey::from(&*key);
        check_length(unsigned.event(), unsigned.jws_length())?;
        // Signed and verified with this key before anything is written.
        let (at, findings, delta) = self.judge(unsigned.event(), recorded_at, &|key| *key == public)?;
        let judgement = Judgement { event: unsigned.event().id, findings: findings.clone() };
        if !judgement.is_refused() {
            self.take(&at, unsigned.event(), &delta);
            self.press(press::Judged { at, event: Sheet::Own(unsigned, key), findings, delta })?;
        }
        Ok(judgement)
    }

    fn entry_of(&self, signed: &Signed, recorded_at: Time) -> Result<Vec<u8>, PlanError> {
        let kind = signed.event.payload.kind();
        entry::format(self.tail.link, recorded_at, &signed.jws).map_err(|cause| PlanError::Entry { kind, cause })
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

    /// Gives a draft its place in its feed, and so its id.
    fn address(&self, draft: Draft, signers: &mut dyn Signers) -> Result<(Unsigned, Arc<SigningKey>), PlanError> {
        let kid = self.choose_key(&draft, signers)?;
        let (cosigners, twin) = (draft.cosigners.clone(), draft.twin_of);
        let mut prepared = self.prepare(draft, signers)?;
        for (purpose, kid) in cosigners {
            let key = signers.key(&kid).map_err(|cause| PlanError::Cosigner { purpose, kid, cause })?;
            prepared.cosign(purpose, &key)?;
        }
        self.address_prepared(prepared, kid, twin, signers)
    }

    /// Takes the leaves of a draft out.
    fn prepare(&self, draft: Draft, signers: &mut dyn Signers) -> Result<Prepared, PlanError> {
        let portable = is_portable(&draft, &self.view)?;
        let payload = draft.into_payload(self.tail.ledger, portable);
        Ok(Prepared::new(payload, &mut || signers.salt())?)
    }

    /// Gives what was prepared its place in the feed, and so its id.
    fn address_prepared(
        &self,
        mut prepared: Prepared,
        kid: KeyId,
        twin: Option<EventId>,
        signers: &mut dyn Signers,
    ) -> Result<(Unsigned, Arc<SigningKey>), PlanError> {
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
        Ok((prepared.address(&PublicKey::from(&*key))?, key))
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
        event: &Event,
        recorded_at: Time,
        signed_by: &dyn Fn(&PublicKey) -> bool,
    ) -> Result<(Position, Vec<Finding>, Delta), PlanError> {
        let at = Position { ledger: self.tail.ledger, index: self.tail.size, recorded_at };
        let findings = admit(&Admission { view: &self.view, at, after: self.tail.time, event, signed_by })?;
        let delta =
            if findings.iter().any(Finding::is_refusal) { Delta::new() } else { apply(&self.view, &at, event, true)? };
        Ok((at, findings, delta))
    }

    fn take(&mut self, at: &Position, event: &Event, delta: &Delta) {
        self.view.put(delta);
        let feed = FeedKey { iss: event.issuer(), kid: event.kid, aud: event.payload.aud };
        self.feeds.insert(feed, FeedRecord { seq: event.payload.seq, last: event.id });
        self.tail.size += 1;
        self.tail.time = Some(at.recorded_at);
    }

    fn press(&mut self, judged: press::Judged<Sheet>) -> Result<(), PlanError> {
        if let Some(signed) = self.press.push(judged) {
            self.link(signed)?;
        }
        while let Some(signed) = self.press.done() {
            self.link_all(signed)?;
        }
        Ok(())
    }

    /// Waits until everything that was planned is signed.
    pub fn sign_all(&mut self) -> Result<(), PlanError> {
        while let Some(signed) = self.press.rest() {
            self.link_all(signed)?;
        }
        Ok(())
    }

    fn link_all(&mut self, signed: Result<Vec<press::Judged<Signed>>, Box<Spoilt>>) -> Result<(), PlanError> {
        let signed = signed.map_err(|spoilt| PlanError::Press {
            number: spoilt.at.index.saturating_sub(self.first) + 1,
            cause: spoilt.cause,
        })?;
        signed.into_iter().try_for_each(|one| self.link(one))
    }

    /// Puts a signed event into an entry, with the link of the one before.
    fn link(&mut self, signed: press::Judged<Signed>) -> Result<(), PlanError> {
        let press::Judged { at, event: signed, findings, delta } = signed;
        let entry = self.entry_of(&signed, at.recorded_at)?;
        self.tail.link = entry::link(&entry);
        self.planned.push(Planned { at, signed, entry, findings, delta });
        Ok(())
    }

    /// What is to be committed, all of it signed.
    pub fn finish(mut self) -> Result<Plan, PlanError> {
        self.sign_all()?;
        Ok(Plan { tail: self.tail, feeds: self.feeds, planned: self.planned })
    }
}

/// Whether an event fits an entry.
fn check_length(event: &Event, jws: usize) -> Result<(), PlanError> {
    let found = jws.saturating_add(AROUND_JWT);
    if found > MAX_ENTRY {
        return Err(PlanError::Entry { kind: event.payload.kind(), cause: EntryError::TooLong(found) });
    }
    Ok(())
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
