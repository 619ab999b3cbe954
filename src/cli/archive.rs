//! A ledger open for reading: state, events with their private values, and what people call things.

use super::context::Context;
use super::corrected::corrected;
use super::error::{Failure, Kind};
use super::export::open_snapshot;
use super::names::{Called, facility_code, party_name};
use super::recording::Recording;
use crate::event::{Event, Lot};
use crate::interop::batch::{FindNames, LookupError, Names as _, Wanted};
use crate::ledger::disk::{Disk, RealDisk};
use crate::ledger::private::DisclosureReader;
use crate::ledger::read::Reader;
use crate::ledger::snapshot::{Recorded, Snapshot, recorded};
use crate::ledger::state_store::StateStore;
use crate::state::Find;
use crate::value::{EventId, FacilityId, LedgerId, LotId, PartyId};
use std::path::Path;
use std::sync::Arc;

/// Entries and private values of a ledger whose state somebody else has open.
pub(crate) struct Shelf {
    pub(crate) reader: Reader,
    pub(crate) values: DisclosureReader,
}

impl Shelf {
    /// The ledger in a folder, at its latest checkpoint.
    pub(crate) fn open(context: &Context, folder: &Path) -> Result<Self, Failure> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let reader = Reader::open(Arc::clone(&disk), folder)?;
        let values = DisclosureReader::new(disk, reader.layout());
        context.watch(values.noticed());
        Ok(Self { reader, values })
    }

    /// An event with the values that are kept of it.
    pub(crate) fn event(&self, state: &StateStore, id: &EventId) -> Result<Option<Recorded>, Failure> {
        Ok(recorded(&self.reader, &self.values, state, id)?)
    }

    /// The lot as the event that created it describes it.
    pub(crate) fn lot(&self, state: &StateStore, id: LotId) -> Result<Option<Lot>, Failure> {
        Ok(self.event(state, &id.event)?.and_then(|recorded| described(&recorded.event, id)))
    }
}

/// The lot as its event describes it.
pub(crate) fn described(event: &Event, id: LotId) -> Option<Lot> {
    event.payload.body.outputs().get(usize::from(id.output)).cloned()
}

/// All that a text may mean, as full ids with words.
fn candidates(state: &dyn Find, wanted: Wanted, text: &str) -> Result<Vec<(String, String)>, Failure> {
    let full = match wanted {
        Wanted::Lot => text.parse::<LotId>().is_ok(),
        _ => text.parse::<EventId>().is_ok(),
    };
    if full {
        return Ok(vec![(text.to_owned(), String::new())]);
    }
    let names = FindNames { state, describe: None };
    let found = names.find(wanted, text).map_err(|LookupError(problem)| Failure::new(Kind::Internal, problem))?;
    Ok(found.into_iter().map(|candidate| (candidate.id, candidate.words)).collect())
}

/// How many names are suggested at most.
const MOST_ALIKE: usize = 3;

/// Names of parties or facilities of which a text is a part, whatever its case.
fn alike(state: &dyn Find, wanted: Wanted, text: &str) -> Result<Vec<String>, Failure> {
    let mut names: Vec<String> = match wanted {
        Wanted::Party => state.parties()?.into_iter().map(|(_, party)| party.name.to_string()).collect(),
        Wanted::Facility => {
            let in_force = state.facilities()?.into_iter().filter(|(_, record)| record.superseded.is_none());
            in_force.map(|(_, record)| record.facility.code.to_string()).collect()
        }
        _ => Vec::new(),
    };
    let typed = text.to_lowercase();
    names.retain(|name| !typed.is_empty() && name.to_lowercase().contains(&typed));
    names.truncate(MOST_ALIKE);
    Ok(names)
}

/// The one id that a text means.
pub(crate) fn resolve<T: std::str::FromStr>(state: &dyn Find, wanted: Wanted, text: &str) -> Result<T, Failure> {
    let candidates = candidates(state, wanted, text)?;
    let failure = match candidates.as_slice() {
        [(id, _)] => match id.parse() {
            Ok(id) => return Ok(id),
            Err(_) => Failure::new(Kind::Internal, format_args!("expected a full id, found `{id}`")),
        },
        [] => {
            let failure = Failure::usage(format_args!("expected {wanted}, found `{text}`, which names none"))
                .hint("give a label or name, or at least 6 digits of an id");
            let alike = alike(state, wanted, text)?;
            alike.iter().fold(failure, |failure, name| failure.hint(format_args!("there is `{name}`")))
        }
        several => {
            let message = format!("expected {wanted}, found `{text}`, which may mean {}", several.len());
            several
                .iter()
                .fold(Failure::usage(message), |failure, (id, words)| failure.hint(format_args!("{id} is a {words}")))
        }
    };
    Err(failure)
}

/// A ledger open for reading.
pub(crate) struct Archive {
    pub(crate) snapshot: Snapshot,
}

impl Archive {
    /// Opens the ledger of the context.
    pub(crate) fn open(context: &Context) -> Result<Self, Failure> {
        Ok(Self { snapshot: open_snapshot(context)? })
    }

    /// The state.
    pub(crate) fn find(&self) -> Box<dyn Find + '_> {
        self.snapshot.find()
    }

    /// An event that must be there.
    pub(crate) fn event(&self, id: &EventId) -> Result<Recorded, Failure> {
        let missing = || Failure::new(Kind::Undecided, format_args!("expected event {id} in this ledger, found none"));
        self.snapshot.event(id)?.ok_or_else(missing)
    }

    /// An event that must be there, with what was corrected since.
    pub(crate) fn corrected(&self, id: &EventId) -> Result<Event, Failure> {
        corrected(&*self.find(), self.ledger(), &|by| self.event(by), self.event(id)?.event)
    }

    /// The lot as described, with what was corrected since; nothing where it was created elsewhere.
    pub(crate) fn lot(&self, id: LotId) -> Result<Option<Lot>, Failure> {
        if self.find().event(&id.event)?.is_none() {
            return Ok(None);
        }
        Ok(described(&self.corrected(&id.event)?, id))
    }

    /// Lots in the order in which they were recorded, those of other ledgers first: read in it, each part of the log is read
    /// once.
    pub(crate) fn in_order(&self, lots: impl Iterator<Item = LotId>) -> Result<Vec<LotId>, Failure> {
        let state = self.find();
        let mut found = Vec::new();
        for lot in lots {
            found.push((state.event(&lot.event)?.map(|record| record.index), lot));
        }
        found.sort_unstable();
        Ok(found.into_iter().map(|(_, lot)| lot).collect())
    }

    /// A party's name, or else its short id.
    pub(crate) fn party_name(&self, id: &PartyId) -> Result<String, Failure> {
        party_name(&*self.find(), id)
    }

    /// A facility's code, or else its short id.
    pub(crate) fn facility_code(&self, id: &FacilityId) -> Result<String, Failure> {
        facility_code(&*self.find(), id)
    }

    /// All that a text may mean, as full ids with words.
    pub(crate) fn candidates(&self, wanted: Wanted, text: &str) -> Result<Vec<(String, String)>, Failure> {
        candidates(&*self.find(), wanted, text)
    }

    /// The one id that a text means.
    fn resolve<T: std::str::FromStr>(&self, wanted: Wanted, text: &str) -> Result<T, Failure> {
        resolve(&*self.find(), wanted, text)
    }

    /// The party that a text means.
    pub(crate) fn party(&self, text: &str) -> Result<PartyId, Failure> {
        self.resolve(Wanted::Party, text)
    }

    /// The event that a text means.
    pub(crate) fn event_id(&self, text: &str) -> Result<EventId, Failure> {
        self.resolve(Wanted::Event, text)
    }

    /// The facility that a text means.
    pub(crate) fn facility(&self, text: &str) -> Result<FacilityId, Failure> {
        self.resolve(Wanted::Facility, text)
    }

    /// The lot that a text means.
    pub(crate) fn lot_id(&self, text: &str) -> Result<LotId, Failure> {
        self.resolve(Wanted::Lot, text)
    }

    /// The only facility that a party operates.
    fn only_facility(&self, party: PartyId) -> Result<FacilityId, Failure> {
        let mut own = self.find().facilities()?;
        own.retain(|(_, record)| record.operator == party && record.superseded.is_none());
        match own.as_slice() {
            [(id, _)] => Ok(*id),
            [] => Err(Failure::usage("expected a facility of the party, found none")
                .hint("register one with `oretrail facility register`")),
            several => {
                let codes: Vec<&str> = several.iter().map(|(_, record)| record.facility.code.as_str()).collect();
                Err(Failure::usage(format_args!(
                    "expected `--facility`, found none and {} to choose from",
                    codes.len()
                ))
                .hint(format_args!("it is one of {}", codes.join(", "))))
            }
        }
    }
}

impl Called for Archive {
    fn state(&self) -> Box<dyn Find + '_> {
        self.find()
    }

    fn ledger(&self) -> LedgerId {
        self.snapshot.reader().identity().ledger()
    }

    fn lot(&self, id: LotId) -> Result<Option<Lot>, Failure> {
        self.lot(id)
    }
}

/// The facility as given, or else the only one of the party that states the event.
pub(crate) fn facility_or_only(
    context: &Context,
    recording: &Recording,
    given: Option<String>,
) -> Result<String, Failure> {
    if let Some(facility) = given {
        return Ok(facility);
    }
    let by = recording.stating_party(context)?;
    let archive = Archive::open(context)?;
    let party = archive.party(&by)?;
    Ok(archive.only_facility(party)?.to_string())
}
