//! The events at hand, by id: found at once, and gone through in one order whatever the ids are.

use crate::event::Event;
use crate::value::{DigestMap, EventId, LedgerId, Time};

/// An event at hand, with where it is recorded.
#[derive(Debug, Clone)]
pub(super) struct AtHand {
    pub(super) ledger: LedgerId,
    pub(super) index: u64,
    pub(super) recorded_at: Time,
    pub(super) event: Box<Event>,
}

/// Events, each once.
#[derive(Debug, Clone, Default)]
pub(super) struct EventsAtHand {
    /// In the order of ids, once [`Self::sort`] was called.
    events: Vec<AtHand>,
    places: DigestMap<EventId, usize>,
}

impl EventsAtHand {
    /// Adds an event; of one that several ledgers recorded, the last one counts.
    pub(super) fn add(&mut self, at_hand: AtHand) {
        let place = *self.places.entry(at_hand.event.id).or_insert(self.events.len());
        match self.events.get_mut(place) {
            Some(known) => *known = at_hand,
            None => self.events.push(at_hand),
        }
    }

    /// Puts the events in the order of their ids.
    pub(super) fn sort(&mut self) {
        self.events.sort_unstable_by_key(|one| one.event.id);
        self.places = self.events.iter().enumerate().map(|(place, one)| (one.event.id, place)).collect();
    }

    pub(super) fn get(&self, id: &EventId) -> Option<&AtHand> {
        self.events.get(*self.places.get(id)?)
    }

    pub(super) fn event(&self, id: &EventId) -> Option<&Event> {
        self.get(id).map(|one| &*one.event)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().map(|one| &*one.event)
    }

    pub(super) fn into_events(self) -> impl Iterator<Item = Event> {
        self.events.into_iter().map(|one| *one.event)
    }
}
