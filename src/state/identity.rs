//! What registrations and key events put: parties, keys, facilities.

use super::fold::{Delta, Position};
use super::record::{FacilityRecord, KeyRecord, PartyRecord, Record, Revocation};
use super::view::{View, ViewError};
use crate::event::{Body, Event, Facility, KeyAction, KeyEvent, Kind, Party, RevocationReason};
use crate::value::{EventId, KeyId, PartyId};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) fn apply(view: &dyn View, at: &Position, event: &Event, delta: &mut Delta) -> Result<(), ViewError> {
    match &event.payload.body {
        Body::Party(party) => put_party(event.id, party, delta),
        Body::Key(key) => return put_key_event(view, at, event, key, delta),
        Body::Facility(facility) => return put_facility(view, at, event, facility, delta),
        _ => {}
    }
    Ok(())
}

fn put_party(id: EventId, party: &Party, delta: &mut Delta) {
    let record =
        PartyRecord { name: party.name.clone(), country: party.country, recovery: party.recovery, key_head: id };
    delta.push(Record::Party(id.into(), record));
    let key =
        KeyRecord { party: id.into(), public: party.key.x, scope: None, by: id, before: Vec::new(), revoked: None };
    delta.push(Record::Key(party.key.id(), key));
}

fn put_facility(
    view: &dyn View,
    at: &Position,
    event: &Event,
    facility: &Facility,
    delta: &mut Delta,
) -> Result<(), ViewError> {
    let record = FacilityRecord {
        operator: event.issuer(),
        facility: Arc::new(facility.clone()),
        recorded_at: at.recorded_at,
        superseded: None,
    };
    delta.push(Record::Facility(event.id.into(), Box::new(record)));
    let Some(old_id) = facility.supersedes else { return Ok(()) };
    if let Some(mut old) = view.facility(&old_id)? {
        let from = facility.valid_from.unwrap_or(event.payload.when.start());
        old.superseded = Some((event.id.into(), from));
        delta.push(Record::Facility(old_id, Box::new(old)));
    }
    Ok(())
}

fn put_key_event(
    view: &dyn View,
    at: &Position,
    event: &Event,
    body: &KeyEvent,
    delta: &mut Delta,
) -> Result<(), ViewError> {
    let party_id = event.issuer();
    let Some(mut party) = view.party(&party_id)? else { return Ok(()) };
    let voided = match &body.recovery {
        Some(_) => take_back_since(view, at, event, body, delta)?,
        None => BTreeSet::new(),
    };
    party.key_head = event.id;
    if let Some(next) = body.recovery.as_ref().and_then(|recovery| recovery.replace) {
        party.recovery = Some(next);
    }
    delta.push(Record::Party(party_id, party));
    let replaced = match body.kid {
        Some(kid) => key_after(view, delta, &kid)?.map(|key| (kid, key)),
        None => None,
    };
    if let Some(new) = body.key {
        let scope = match (&body.scope, &replaced) {
            (Some(scope), _) => Some(scope.clone()),
            (None, Some((_, old))) => old.scope.clone(),
            (None, None) => None,
        };
        let record =
            KeyRecord { party: party_id, public: new.x, scope, by: event.id, before: Vec::new(), revoked: None };
        delta.push(Record::Key(new.id(), record));
    }
    if let Some((kid, mut key)) = replaced {
        change_key(at, event, body, &mut key);
        if !voided.contains(&key.by) {
            delta.push(Record::Key(kid, key));
        }
    }
    Ok(())
}

/// A key as it stands after what this delta has put so far.
fn key_after(view: &dyn View, delta: &Delta, kid: &KeyId) -> Result<Option<KeyRecord>, ViewError> {
    let put = delta.iter().rev().find_map(|record| match record {
        Record::Key(id, key) if id == kid => Some(key.clone()),
        _ => None,
    });
    put.map_or_else(|| view.key(kid), |key| Ok(Some(key)))
}

fn change_key(at: &Position, event: &Event, body: &KeyEvent, key: &mut KeyRecord) {
    let revocation = |reason| Revocation {
        by: event.id,
        recorded_at: at.recorded_at,
        reason,
        compromised_since: body.compromised_since,
    };
    match body.action {
        KeyAction::Add => {}
        KeyAction::Scope => {
            let old = std::mem::replace(&mut key.scope, body.scope.clone());
            key.before.push((event.id, old));
        }
        KeyAction::Rotate => key.revoked = Some(revocation(RevocationReason::Superseded)),
        KeyAction::Revoke => key.revoked = Some(revocation(body.reason.unwrap_or(RevocationReason::Retired))),
    }
}

/// Takes back what ordinary key events after `prev_key` did; returns those events.
fn take_back_since(
    view: &dyn View,
    at: &Position,
    event: &Event,
    body: &KeyEvent,
    delta: &mut Delta,
) -> Result<BTreeSet<EventId>, ViewError> {
    let later = later_key_events(view, &event.issuer(), body.prev_key)?;
    let mut touched: BTreeSet<KeyId> = BTreeSet::new();
    for id in &later {
        touched.extend(view.event(id)?.and_then(|record| record.key));
    }
    for kid in touched {
        let Some(mut key) = view.key(&kid)? else { continue };
        if later.contains(&key.by) {
            let reason = RevocationReason::Compromised;
            let compromised_since = body.compromised_since;
            key.revoked = Some(Revocation { by: event.id, recorded_at: at.recorded_at, reason, compromised_since });
        } else {
            if key.revoked.as_ref().is_some_and(|revoked| later.contains(&revoked.by)) {
                key.revoked = None;
            }
            while let Some((_, scope)) = key.before.pop_if(|(by, _)| later.contains(by)) {
                key.scope = scope;
            }
        }
        delta.push(Record::Key(kid, key));
    }
    Ok(later)
}

/// The applied key events of a party that follow `from` in its chain.
fn later_key_events(view: &dyn View, party: &PartyId, from: EventId) -> Result<BTreeSet<EventId>, ViewError> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        for next in view.named_by(&id)? {
            let record = view.event(&next)?;
            let follows = record.is_some_and(|r| r.kind == Kind::Key && r.applied && r.iss == *party);
            if follows && found.insert(next) {
                open.push(next);
            }
        }
    }
    Ok(found)
}
