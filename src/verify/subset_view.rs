//! State as admission sees it when only some entries are at hand; see [`super::subset`].

use super::subset::Scope;
use crate::event::{Event, Kind, Target};
use crate::state::{
    DispatchRecord, EventRecord, FacilityRecord, FeedKey, FeedRecord, KeyRecord, LotRecord, Memory, PartyRecord,
    PinRecord, View, ViewError,
};
use crate::value::{EventId, FacilityId, KeyId, LedgerId, LotId, PartyId};

/// State before one event: what is at hand, plus what cannot be asked of entries that are not.
pub(super) struct SubsetView<'a> {
    view: &'a Memory,
    event: &'a Event,
    /// Events that are taken to be recorded: heads of other lots, and declared holes.
    assumed: Vec<EventId>,
}

impl<'a> SubsetView<'a> {
    pub(super) fn new(view: &'a Memory, scope: &Scope, event: &'a Event) -> Self {
        let is_assumed = |position: &str, id: &EventId| {
            position.ends_with(".after") || (scope.holes.contains(id) && event.payload.kind() != Kind::Correct)
        };
        let mut assumed = Vec::new();
        event.payload.body.visit_references(&mut |reference| match reference.target {
            Target::Event(id) if is_assumed(reference.position, &id) => assumed.push(id),
            _ => {}
        });
        Self { view, event, assumed }
    }

    fn feed_before(&self, key: &FeedKey) -> Option<FeedRecord> {
        let payload = &self.event.payload;
        let own = FeedKey { iss: self.event.issuer(), kid: self.event.kid, aud: payload.aud };
        let seq = payload.seq.checked_sub(1)?;
        Some(FeedRecord { seq, last: payload.prev? }).filter(|_| *key == own)
    }
}

impl View for SubsetView<'_> {
    fn event(&self, id: &EventId) -> Result<Option<EventRecord>, ViewError> {
        let found = self.view.event(id)?;
        if found.is_some() || !self.assumed.contains(id) {
            return Ok(found);
        }
        // Only whether it is recorded is asked of such an event; the issuer's registration stands in for it.
        self.view.event(&self.event.issuer().into())
    }

    fn party(&self, id: &PartyId) -> Result<Option<PartyRecord>, ViewError> {
        self.view.party(id)
    }

    fn key(&self, id: &KeyId) -> Result<Option<KeyRecord>, ViewError> {
        self.view.key(id)
    }

    fn facility(&self, id: &FacilityId) -> Result<Option<FacilityRecord>, ViewError> {
        self.view.facility(id)
    }

    fn feed(&self, key: &FeedKey) -> Result<Option<FeedRecord>, ViewError> {
        let known = self.view.feed(key)?;
        let before = self.feed_before(key);
        Ok(match (known, before) {
            (Some(known), Some(before)) if known.seq < before.seq => Some(before),
            (None, before) => before,
            (known, _) => known,
        })
    }

    fn feed_at(&self, key: &FeedKey, seq: u64) -> Result<Option<EventId>, ViewError> {
        self.view.feed_at(key, seq)
    }

    fn lot(&self, id: &LotId) -> Result<Option<LotRecord>, ViewError> {
        self.view.lot(id)
    }

    fn dispatch(&self, id: &EventId) -> Result<Option<DispatchRecord>, ViewError> {
        self.view.dispatch(id)
    }

    fn pin(&self, id: &LedgerId) -> Result<Option<PinRecord>, ViewError> {
        self.view.pin(id)
    }

    fn voided(&self, id: &EventId) -> Result<Option<EventId>, ViewError> {
        self.view.voided(id)
    }

    fn named_by(&self, id: &EventId) -> Result<Vec<EventId>, ViewError> {
        self.view.named_by(id)
    }
}
