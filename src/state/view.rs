//! How rules read state.

use super::fold::Delta;
use super::record::{
    DispatchRecord, EventRecord, FacilityRecord, FeedKey, FeedRecord, KeyRecord, LotRecord, PartyRecord, PinRecord,
    Record,
};
use crate::value::{EventId, FacilityId, KeyId, LedgerId, LotId, PartyId};

/// State could not be read: a fault of the store, never a statement about an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ViewError(pub String);

/// Read access to the state of one ledger.
///
/// Contract: `Ok(None)` means that there is no such thing at this state; an error means that it is not known. Two reads
/// of one view agree, and a view does not change while it is borrowed.
pub trait View {
    /// A recorded event.
    fn event(&self, id: &EventId) -> Result<Option<EventRecord>, ViewError>;
    /// A party.
    fn party(&self, id: &PartyId) -> Result<Option<PartyRecord>, ViewError>;
    /// A key of any party.
    fn key(&self, id: &KeyId) -> Result<Option<KeyRecord>, ViewError>;
    /// A facility.
    fn facility(&self, id: &FacilityId) -> Result<Option<FacilityRecord>, ViewError>;
    /// How far a feed has come.
    fn feed(&self, key: &FeedKey) -> Result<Option<FeedRecord>, ViewError>;
    /// The event with this number in a portable feed; the feeds of a ledger have no gaps and need no such record.
    fn feed_at(&self, key: &FeedKey, seq: u64) -> Result<Option<EventId>, ViewError>;
    /// A lot.
    fn lot(&self, id: &LotId) -> Result<Option<LotRecord>, ViewError>;
    /// A dispatch, recorded here or taken over.
    fn dispatch(&self, id: &EventId) -> Result<Option<DispatchRecord>, ViewError>;
    /// The last consistent pin of another ledger.
    fn pin(&self, id: &LedgerId) -> Result<Option<PinRecord>, ViewError>;
    /// The event that declared this id void.
    fn voided(&self, id: &EventId) -> Result<Option<EventId>, ViewError>;
    /// Events that name this one in a subject position, in the order recorded.
    fn named_by(&self, id: &EventId) -> Result<Vec<EventId>, ViewError>;
}

/// State that can be added to.
pub trait Put {
    /// Puts the records of one event, in order.
    fn put(&mut self, delta: &[Record]);

    /// As [`Self::put`], for who has no other use of the records; gives back those that the state did not take in.
    fn take(&mut self, delta: Delta) -> Delta {
        self.put(&delta);
        delta
    }
}

/// Finding things by what people call them, and listing them. Rules never use it: names are no identity.
pub trait Find: View {
    /// Lots with this label, in the order of ids.
    fn lots_labelled(&self, label: &str) -> Result<Vec<LotId>, ViewError>;
    /// Events whose id begins with these lower-case hex digits, at most `most`, in the order of ids.
    fn events_with_prefix(&self, digits: &str, most: usize) -> Result<Vec<EventId>, ViewError>;
    /// Every party, in the order of ids.
    fn parties(&self) -> Result<Vec<(PartyId, PartyRecord)>, ViewError>;
    /// Every key, in the order of ids.
    fn keys(&self) -> Result<Vec<(KeyId, KeyRecord)>, ViewError>;
    /// Every facility, in the order of ids.
    fn facilities(&self) -> Result<Vec<(FacilityId, FacilityRecord)>, ViewError>;
    /// Hands over every lot, in the order of ids.
    fn each_lot(&self, took: &mut Took<'_, LotId, LotRecord>) -> Result<(), ViewError>;
    /// Hands over every dispatch, in the order of ids.
    fn each_dispatch(&self, took: &mut Took<'_, EventId, DispatchRecord>) -> Result<(), ViewError>;

    /// Every lot, in the order of ids.
    fn lots(&self) -> Result<Vec<(LotId, LotRecord)>, ViewError> {
        let mut found = Vec::new();
        self.each_lot(&mut |id, lot| {
            found.push((id, lot));
            Ok(())
        })?;
        Ok(found)
    }

    /// Every dispatch, in the order of ids.
    fn dispatches(&self) -> Result<Vec<(EventId, DispatchRecord)>, ViewError> {
        let mut found = Vec::new();
        self.each_dispatch(&mut |id, dispatch| {
            found.push((id, dispatch));
            Ok(())
        })?;
        Ok(found)
    }
}

/// Is told records one by one; an error ends the telling.
pub type Took<'a, K, V> = dyn FnMut(K, V) -> Result<(), ViewError> + 'a;

impl<V: View + ?Sized> View for &V {
    fn event(&self, id: &EventId) -> Result<Option<EventRecord>, ViewError> {
        (**self).event(id)
    }

    fn party(&self, id: &PartyId) -> Result<Option<PartyRecord>, ViewError> {
        (**self).party(id)
    }

    fn key(&self, id: &KeyId) -> Result<Option<KeyRecord>, ViewError> {
        (**self).key(id)
    }

    fn facility(&self, id: &FacilityId) -> Result<Option<FacilityRecord>, ViewError> {
        (**self).facility(id)
    }

    fn feed(&self, key: &FeedKey) -> Result<Option<FeedRecord>, ViewError> {
        (**self).feed(key)
    }

    fn feed_at(&self, key: &FeedKey, seq: u64) -> Result<Option<EventId>, ViewError> {
        (**self).feed_at(key, seq)
    }

    fn lot(&self, id: &LotId) -> Result<Option<LotRecord>, ViewError> {
        (**self).lot(id)
    }

    fn dispatch(&self, id: &EventId) -> Result<Option<DispatchRecord>, ViewError> {
        (**self).dispatch(id)
    }

    fn pin(&self, id: &LedgerId) -> Result<Option<PinRecord>, ViewError> {
        (**self).pin(id)
    }

    fn voided(&self, id: &EventId) -> Result<Option<EventId>, ViewError> {
        (**self).voided(id)
    }

    fn named_by(&self, id: &EventId) -> Result<Vec<EventId>, ViewError> {
        (**self).named_by(id)
    }
}

impl<V: Find + ?Sized> Find for &V {
    fn lots_labelled(&self, label: &str) -> Result<Vec<LotId>, ViewError> {
        (**self).lots_labelled(label)
    }

    fn events_with_prefix(&self, digits: &str, most: usize) -> Result<Vec<EventId>, ViewError> {
        (**self).events_with_prefix(digits, most)
    }

    fn parties(&self) -> Result<Vec<(PartyId, PartyRecord)>, ViewError> {
        (**self).parties()
    }

    fn keys(&self) -> Result<Vec<(KeyId, KeyRecord)>, ViewError> {
        (**self).keys()
    }

    fn facilities(&self) -> Result<Vec<(FacilityId, FacilityRecord)>, ViewError> {
        (**self).facilities()
    }

    fn each_lot(&self, took: &mut Took<'_, LotId, LotRecord>) -> Result<(), ViewError> {
        (**self).each_lot(took)
    }

    fn each_dispatch(&self, took: &mut Took<'_, EventId, DispatchRecord>) -> Result<(), ViewError> {
        (**self).each_dispatch(took)
    }
}
