//! What review would find on events that are not recorded yet.
//!
//! The lineages of what they name are read, they are replayed behind them, and reviewed as by a verifier who has all of it
//! at hand, now. Whom to trust is nobody's question yet: what depends on it is left out, and so is what only time or a
//! witness can tell.

use super::closure::{Closure, Pool as _, close};
use super::source::{Loader, Source};
use super::write::WriteError;
use crate::event::{Event, Kind, Target};
use crate::finding::{Code, Finding};
use crate::rules::review::VOUCHING;
use crate::rules::trust::Trust;
use crate::state::{Position, ViewError};
use crate::tlog::entry::{EntryRef, text_of};
use crate::value::{DigestSet, EventId, LotId, Time};
use crate::verify::judge::Asked;
use crate::verify::reviewed::History;
use crate::verify::subset::{Scope, Subset, Verdicts};
use std::collections::BTreeSet;

/// An event as it would be recorded.
pub struct Foreseen<'a> {
    /// The index that its entry would have.
    pub index: u64,
    /// The entry's bytes.
    pub entry: &'a [u8],
    /// The disclosures that would be kept, base64url.
    pub disclosures: Vec<String>,
    /// The event.
    pub event: &'a Event,
}

/// An entry with its index and disclosures.
type Item = (u64, Vec<u8>, Vec<String>);

/// Reviews events that would be recorded next, in their order; gives what review finds on them.
///
/// # Errors
/// The ledger could not be read.
pub fn foresee<S: Source>(source: &S, planned: &[Foreseen<'_>], as_of: Time) -> Result<Vec<Finding>, WriteError> {
    let mut loader = Loader::new(source);
    let mut seeds = vec![loader.at(0)?, loader.at(1)?];
    let (mut lots, mut own) = (DigestSet::<LotId>::default(), DigestSet::<EventId>::default());
    for one in planned {
        seeds.push(one.event.issuer().into());
        for reference in one.event.payload.body.references() {
            match reference.target {
                Target::Lot(lot) => drop(lots.insert(lot)),
                Target::Party(id) => seeds.push(id.into()),
                Target::Facility(id) => seeds.push(id.into()),
                Target::Event(id) => seeds.push(id),
                Target::Ledger(_) => {}
            }
        }
        own.insert(one.event.id);
        let outputs = 0..u8::try_from(one.event.payload.body.outputs().len()).unwrap_or(u8::MAX);
        lots.extend(outputs.map(|output| LotId::new(one.event.id, output)));
    }
    let mut closure = close(&mut loader, lots.iter().copied(), seeds.iter().copied(), &BTreeSet::new())?;
    // What an import took over came from parties whose registrations only the other ledger's evidence would bring along.
    let importing = importing(&mut loader, &closure)?;
    if !importing.is_empty() {
        closure = close(&mut loader, lots.iter().copied(), seeds.into_iter().chain(importing), &BTreeSet::new())?;
    }
    let recorded = loader.take(closure.events.keys().copied());
    let mut items: Vec<Item> = Vec::with_capacity(recorded.len() + planned.len());
    for (index, loaded) in recorded {
        items.push((index, text_of(loaded.prev, loaded.recorded_at, &loaded.jwt), loaded.disclosures));
    }
    items.extend(planned.iter().map(|one| (one.index, one.entry.to_vec(), one.disclosures.clone())));
    lots.extend(closure.lots);
    let subset = Subset::read(source.ledger(), &items, |(index, entry, shown), bytes| {
        bytes.extend_from_slice(entry);
        (*index, EntryRef::parse(entry).map_or("", |entry| entry.jwt), shown)
    });
    Ok(review(subset, lots, &own, as_of)?)
}

/// The parties that imports of a closure name.
fn importing<S: Source>(loader: &mut Loader<'_, S>, closure: &Closure) -> Result<Vec<EventId>, WriteError> {
    let mut parties = Vec::new();
    for id in closure.events.keys() {
        let import = loader.event(id)?.filter(|event| event.payload.kind() == Kind::Import);
        let named = import.into_iter().flat_map(|event| event.payload.body.references());
        parties.extend(named.filter_map(|reference| match reference.target {
            Target::Party(party) => Some(EventId::from(party)),
            _ => None,
        }));
    }
    Ok(parties)
}

fn review(
    subset: Subset<'_>,
    lots: DigestSet<LotId>,
    own: &DigestSet<EventId>,
    as_of: Time,
) -> Result<Vec<Finding>, ViewError> {
    let scope = Scope { lots, holes: BTreeSet::new(), is_complete: true };
    // Their signatures were verified when they were recorded, or planned.
    let verdicts = Verdicts::all_good(&subset);
    let replayed = subset.replay(&scope, &verdicts)?;
    let ledger = subset.ledger();
    let events: Vec<(Position, Event)> = subset
        .into_events()
        .map(|(index, recorded_at, event)| (Position { ledger, index, recorded_at }, *event))
        .collect();
    let history = History {
        view: &replayed.view,
        events: events.iter().map(|(at, event)| (*at, event)).collect(),
        breached: BTreeSet::new(),
        cosigned: u64::MAX,
        is_complete: true,
    };
    let trust = Trust::nobody();
    let asked = Asked { trust: &trust, as_of, recipient: None };
    let facts = history.settle(&asked)?;
    let mut found = history.review(&facts, &asked, own)?.findings;
    found.retain(|finding| !VOUCHING.contains(&finding.code) && finding.code != Code::OpenDispatch);
    Ok(found)
}
