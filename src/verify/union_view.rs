//! The states of several ledgers as one, for what is asked of all evidence together.

use crate::state::{
    DispatchRecord, EventRecord, FacilityRecord, FeedKey, FeedRecord, KeyRecord, LotRecord, PartyRecord, PinRecord,
    View, ViewError,
};
use crate::value::{EventId, FacilityId, KeyId, LedgerId, LotId, PartyId};

/// Several states; the first that knows a thing answers. A key that one of them knows to be revoked is revoked, an event that
/// one knows to be withdrawn is withdrawn.
pub(super) struct UnionView<'a>(pub(super) Vec<&'a dyn View>);

impl UnionView<'_> {
    fn all<T>(&self, ask: impl Fn(&dyn View) -> Result<Option<T>, ViewError>) -> Result<Vec<T>, ViewError> {
        let mut found = Vec::new();
        for view in &self.0 {
            found.extend(ask(*view)?);
        }
        Ok(found)
    }

    fn first<T>(
        &self,
        prefer: impl Fn(&T) -> bool,
        ask: impl Fn(&dyn View) -> Result<Option<T>, ViewError>,
    ) -> Result<Option<T>, ViewError> {
        let mut found = self.all(ask)?;
        let at = found.iter().position(prefer).unwrap_or(0);
        Ok((at < found.len()).then(|| found.swap_remove(at)))
    }
}

impl View for UnionView<'_> {
    fn event(&self, id: &EventId) -> Result<Option<EventRecord>, ViewError> {
        let withdrawn = self.first(|record: &EventRecord| record.withdrawn_by.is_some(), |view| view.event(id))?;
        match withdrawn {
            Some(record) if record.withdrawn_by.is_some() => Ok(Some(record)),
            _ => self.first(|record: &EventRecord| record.applied, |view| view.event(id)),
        }
    }

    fn party(&self, id: &PartyId) -> Result<Option<PartyRecord>, ViewError> {
        self.first(|_| true, |view| view.party(id))
    }

    fn key(&self, id: &KeyId) -> Result<Option<KeyRecord>, ViewError> {
        self.first(|record: &KeyRecord| record.revoked.is_some(), |view| view.key(id))
    }

    fn facility(&self, id: &FacilityId) -> Result<Option<FacilityRecord>, ViewError> {
        self.first(|record: &FacilityRecord| record.superseded.is_some(), |view| view.facility(id))
    }

    fn feed(&self, key: &FeedKey) -> Result<Option<FeedRecord>, ViewError> {
        self.first(|_| true, |view| view.feed(key))
    }

    fn feed_at(&self, key: &FeedKey, seq: u64) -> Result<Option<EventId>, ViewError> {
        self.first(|_| true, |view| view.feed_at(key, seq))
    }

    fn lot(&self, id: &LotId) -> Result<Option<LotRecord>, ViewError> {
        self.first(|_| true, |view| view.lot(id))
    }

    fn dispatch(&self, id: &EventId) -> Result<Option<DispatchRecord>, ViewError> {
        self.first(|_| true, |view| view.dispatch(id))
    }

    fn pin(&self, id: &LedgerId) -> Result<Option<PinRecord>, ViewError> {
        self.first(|_| true, |view| view.pin(id))
    }

    fn voided(&self, id: &EventId) -> Result<Option<EventId>, ViewError> {
        self.first(|_| true, |view| view.voided(id))
    }

    fn named_by(&self, id: &EventId) -> Result<Vec<EventId>, ViewError> {
        let lists = self.all(|view| view.named_by(id).map(Some))?;
        let mut found = Vec::new();
        for by in lists.into_iter().flatten() {
            if !found.contains(&by) {
                found.push(by);
            }
        }
        Ok(found)
    }
}
