//! Applying one event to state.

use super::record::{EventRecord, FeedKey, FeedRecord, Record};
use super::view::{View, ViewError};
use super::{custody, identity};
use crate::event::{Body, Event};
use crate::value::{LedgerId, Time};

/// Records to put, in order.
pub type Delta = Vec<Record>;

/// Where and when an event is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The ledger.
    pub ledger: LedgerId,
    /// Index of the entry.
    pub index: u64,
    /// Time of recording.
    pub recorded_at: Time,
}

/// The records that an event puts.
///
/// `admitted` says whether admission let it through; an event that is recorded although `chain` or `custody` refuse it
/// moves nothing, but what it names is still found from there: it is one half of the proof.
pub fn apply(view: &dyn View, at: &Position, event: &Event, admitted: bool) -> Result<Delta, ViewError> {
    let mut delta = vec![Record::Event(event.id, event_record(at, event, admitted))];
    let mut subjects = Vec::new();
    event.payload.body.visit_references(&mut |reference| {
        subjects.extend(reference.target.event().filter(|_| reference.is_subject));
    });
    subjects.sort_unstable();
    subjects.dedup();
    delta.extend(subjects.into_iter().map(|target| Record::NamedBy(target, at.index, event.id)));
    if !admitted {
        return Ok(delta);
    }
    put_feed(view, event, &mut delta)?;
    delta.extend(event.payload.voids.iter().map(|void| Record::Void(*void, event.id)));
    match &event.payload.body {
        Body::Party(_) | Body::Key(_) | Body::Facility(_) => identity::apply(view, at, event, &mut delta)?,
        _ => custody::apply(view, at, event, &mut delta)?,
    }
    Ok(delta)
}

fn event_record(at: &Position, event: &Event, admitted: bool) -> EventRecord {
    let payload = &event.payload;
    EventRecord {
        index: at.index,
        recorded_at: at.recorded_at,
        kind: payload.kind(),
        iss: event.issuer(),
        kid: event.kid,
        portable: payload.aud.is_none(),
        prev: payload.prev,
        when: payload.when,
        facility: payload.body.facility(),
        inputs: payload.body.heads().iter().map(|head| head.lot).collect(),
        outputs: u8::try_from(payload.body.outputs().len()).unwrap_or(u8::MAX),
        applied: admitted,
        withdrawn_by: None,
        key: match &payload.body {
            Body::Party(party) => Some(party.key.id()),
            Body::Key(key) => key.key.map(|key| key.id()).or(key.kid),
            _ => None,
        },
    }
}

/// A feed never goes back: a late event of the portable feed leaves it where it is.
fn put_feed(view: &dyn View, event: &Event, delta: &mut Delta) -> Result<(), ViewError> {
    let key = FeedKey { iss: event.issuer(), kid: event.kid, aud: event.payload.aud };
    let seq = event.payload.seq;
    if key.aud.is_none() {
        delta.push(Record::FeedAt(key, seq, event.id));
    }
    if view.feed(&key)?.is_none_or(|feed| feed.seq < seq) {
        delta.push(Record::Feed(key, FeedRecord { seq, last: event.id }));
    }
    Ok(())
}
