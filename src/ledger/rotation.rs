//! The rotation of a log key: which `ledger` event binds the key in force, and which one replaces it.
//!
//! The chain begins with entry 1; each further `ledger` event of the operator that names the last one in `rotates` continues
//! it. One recorded at index i ends its batch: the checkpoint of size i + 1 is signed by the key so far and by the new one,
//! those above by the new one. `oretrail.toml` follows once that checkpoint is durable; where a crash came between, the
//! next opening makes up for it, as the entry is the record.
//!
//! In scope: finding the chain's end. Not in scope: checking checkpoints of others against it (`bundle`, `audit`).

use super::LogError;
use super::append::Planned;
use super::read::Reader;
use super::state_store::{StateError, event_of};
use crate::envelope::{Jws, Typ, open};
use crate::event::{Body, Event, Kind, Ledger};
use crate::state::Find;
use crate::tlog::entry::EntryRef;
use crate::tlog::vkey::VerifierKey;
use crate::value::{EventId, PartyId};

/// What binds the log key in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// The last `ledger` event of the chain.
    pub event: EventId,
    /// Who operates the ledger, and alone may rotate its key.
    pub operator: PartyId,
}

/// The end of the chain of `ledger` events; nothing for a ledger that has not begun.
///
/// # Errors
/// State or an entry could not be read.
pub fn binding(reader: &Reader, find: &dyn Find) -> Result<Option<Binding>, StateError> {
    if reader.size() < 2 {
        return Ok(None);
    }
    let Some(first) = event_of(&reader.entry(1)?) else { return Ok(None) };
    let Some(record) = find.event(&first)? else { return Ok(None) };
    let mut last = Binding { event: first, operator: record.iss };
    let mut seen = record.index;
    loop {
        let mut next = None;
        for id in find.named_by(&last.event)? {
            let Some(record) = find.event(&id)? else { continue };
            let follows = record.kind == Kind::Ledger && record.iss == last.operator && record.applied;
            if follows && record.index > seen && next.is_none_or(|(index, _)| record.index < index) {
                next = Some((record.index, id));
            }
        }
        let Some((index, event)) = next else { return Ok(Some(last)) };
        (seen, last.event) = (index, event);
    }
}

/// The log key that a planned batch rotates to, if it rotates.
///
/// # Errors
/// The rotation is not the last event of the batch: then no checkpoint of the size after it would be signed.
pub(super) fn rotation_in(planned: &[Planned], binding: &Binding) -> Result<Option<VerifierKey>, LogError> {
    let at = planned.iter().position(|planned| rotates(planned.event(), binding).is_some());
    match at {
        Some(at) if at + 1 < planned.len() => Err(LogError::Rotation { after: planned.len() - at - 1 }),
        Some(at) => Ok(planned.get(at).and_then(|planned| rotates(planned.event(), binding)).and_then(vkey)),
        None => Ok(None),
    }
}

/// Whether any event may rotate a log key; whether it does, [`rotation_in`] asks.
pub(super) fn may_rotate(planned: &[Planned]) -> bool {
    planned.iter().any(|planned| matches!(&planned.event().payload.body, Body::Ledger(body) if body.rotates.is_some()))
}

fn rotates<'a>(event: &'a Event, binding: &Binding) -> Option<&'a Ledger> {
    match &event.payload.body {
        Body::Ledger(body) if body.rotates == Some(binding.event) && event.issuer() == binding.operator => Some(body),
        _ => None,
    }
}

fn vkey(body: &Ledger) -> Option<VerifierKey> {
    body.vkey.as_str().parse().ok()
}

/// The key that the last entry rotated to, where it ends the chain.
///
/// # Errors
/// State or an entry could not be read.
pub(super) fn just_rotated_to(reader: &Reader, find: &dyn Find) -> Result<Option<VerifierKey>, StateError> {
    let Some(last) = reader.size().checked_sub(1).filter(|last| *last > 1) else { return Ok(None) };
    let entry = reader.entry(last)?;
    let event = EntryRef::parse(&entry).ok().and_then(|entry| open(&Jws::parse(entry.jwt, Typ::Event).ok()?, &[]).ok());
    let Some(event) = event else { return Ok(None) };
    let Body::Ledger(body) = &event.payload.body else { return Ok(None) };
    let ends = binding(reader, find)?.is_some_and(|binding| binding.event == event.id);
    Ok(if ends { vkey(body) } else { None })
}
