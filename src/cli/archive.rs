//! A ledger open for reading: state, events with their private values, and what people call things.

use super::clock::patience;
use super::context::Context;
use super::error::{Failure, Kind};
use crate::envelope::{Disclosure, Jws, Typ, open};
use crate::event::{Event, Lot};
use crate::interop::batch::{FindNames, LookupError, Names as _, Wanted};
use crate::ledger::disk::{Disk, RealDisk};
use crate::ledger::private::DisclosureReader;
use crate::ledger::read::Reader;
use crate::ledger::state_store::{StateStore, read_all};
use crate::state::Find;
use crate::tlog::entry::EntryRef;
use crate::value::{EventId, FacilityId, LotId, PartyId, Time};
use std::path::Path;
use std::sync::Arc;

/// An event as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) index: u64,
    pub(crate) recorded_at: Time,
    pub(crate) jws: String,
    pub(crate) disclosures: Vec<String>,
    pub(crate) event: Event,
}

/// Entries and private values of a ledger.
pub(crate) struct Shelf {
    pub(crate) reader: Reader,
    values: DisclosureReader,
}

impl Shelf {
    /// A snapshot of the ledger in a folder.
    pub(crate) fn open(folder: &Path) -> Result<Self, Failure> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let reader = Reader::open(Arc::clone(&disk), folder)?;
        let values = DisclosureReader::new(disk, reader.layout());
        Ok(Self { reader, values })
    }

    /// An event with the values that are kept of it.
    pub(crate) fn event(&self, state: &StateStore, id: &EventId) -> Result<Option<Stored>, Failure> {
        let Some(record) = state.find().event(id)? else { return Ok(None) };
        let bytes = self.reader.entry(record.index)?;
        let broken = |problem: String| {
            Failure::new(Kind::Broken, format_args!("entry {} cannot be read: {problem}", record.index))
                .hint("`oretrail audit` says what is damaged")
        };
        let entry = EntryRef::parse(&bytes).map_err(|error| broken(error.to_string()))?;
        let jws = Jws::parse(entry.jwt, Typ::Event).map_err(|error| broken(error.to_string()))?;
        let disclosures = read_all(&self.values, &state.value_offsets(id)?)?;
        let parsed: Result<Vec<Disclosure>, _> = disclosures.iter().map(|text| Disclosure::parse(text)).collect();
        let shown = parsed.map_err(|error| broken(error.to_string()))?;
        let event = open(&jws, &shown).map_err(|error| broken(error.to_string()))?;
        if event.id != *id {
            return Err(broken(format!("expected event {id}, found {}", event.id)));
        }
        let (index, recorded_at, jws) = (record.index, entry.recorded_at, entry.jwt.to_owned());
        Ok(Some(Stored { index, recorded_at, jws, disclosures, event }))
    }

    /// The lot as the event that created it describes it.
    pub(crate) fn lot(&self, state: &StateStore, id: LotId) -> Result<Option<Lot>, Failure> {
        let stored = self.event(state, &id.event)?;
        Ok(stored.and_then(|stored| stored.event.payload.body.outputs().get(usize::from(id.output)).cloned()))
    }
}

/// A ledger open for reading.
pub(crate) struct Archive {
    pub(crate) shelf: Shelf,
    pub(crate) state: StateStore,
}

impl Archive {
    /// Opens the ledger of the context.
    pub(crate) fn open(context: &Context) -> Result<Self, Failure> {
        let shelf = Shelf::open(&context.ledger_folder()?)?;
        let mut progress = context.output.progress("reading entries");
        let state =
            StateStore::open(&shelf.reader, &shelf.values, &mut patience(), &mut |done, all| progress.at(done, all))?;
        progress.finish();
        Ok(Self { shelf, state })
    }

    /// The state.
    pub(crate) fn find(&self) -> Box<dyn Find + '_> {
        self.state.find()
    }

    /// An event that must be there.
    pub(crate) fn event(&self, id: &EventId) -> Result<Stored, Failure> {
        let missing = || Failure::new(Kind::Undecided, format_args!("expected event {id} in this ledger, found none"));
        self.shelf.event(&self.state, id)?.ok_or_else(missing)
    }

    /// The lot as described; nothing where it was created elsewhere.
    pub(crate) fn lot(&self, id: LotId) -> Result<Option<Lot>, Failure> {
        self.shelf.lot(&self.state, id)
    }

    /// A lot's first label, or else its short id.
    pub(crate) fn lot_name(&self, id: LotId) -> Result<String, Failure> {
        let label = self.lot(id)?.and_then(|lot| lot.label().map(ToString::to_string));
        Ok(label.unwrap_or_else(|| id.short()))
    }

    /// A party's name, or else its short id.
    pub(crate) fn party_name(&self, id: &PartyId) -> Result<String, Failure> {
        Ok(self.find().party(id)?.map_or_else(|| id.short(), |party| party.name.to_string()))
    }

    /// A facility's code, or else its short id.
    pub(crate) fn facility_code(&self, id: &FacilityId) -> Result<String, Failure> {
        Ok(self.find().facility(id)?.map_or_else(|| id.short(), |record| record.facility.code.to_string()))
    }

    /// All that a text may mean, as full ids with words.
    pub(crate) fn candidates(&self, wanted: Wanted, text: &str) -> Result<Vec<(String, String)>, Failure> {
        let full = match wanted {
            Wanted::Lot => text.parse::<LotId>().is_ok(),
            _ => text.parse::<EventId>().is_ok(),
        };
        if full {
            return Ok(vec![(text.to_owned(), String::new())]);
        }
        let state = self.find();
        let names = FindNames { state: &*state, describe: None };
        let found = names.find(wanted, text).map_err(|LookupError(problem)| Failure::new(Kind::Internal, problem))?;
        Ok(found.into_iter().map(|candidate| (candidate.id, candidate.words)).collect())
    }

    /// The one id that a text means.
    fn resolve<T: std::str::FromStr>(&self, wanted: Wanted, text: &str) -> Result<T, Failure> {
        let candidates = self.candidates(wanted, text)?;
        let failure = match candidates.as_slice() {
            [(id, _)] => match id.parse() {
                Ok(id) => return Ok(id),
                Err(_) => Failure::new(Kind::Internal, format_args!("expected a full id, found `{id}`")),
            },
            [] => Failure::usage(format_args!("expected {wanted}, found `{text}`, which names none"))
                .hint("give a label or name, or at least 6 digits of an id"),
            several => {
                let message = format!("expected {wanted}, found `{text}`, which may mean {}", several.len());
                several.iter().fold(Failure::usage(message), |failure, (id, words)| {
                    failure.hint(format_args!("{id} is a {words}"))
                })
            }
        };
        Err(failure)
    }

    /// The party that a text means.
    pub(crate) fn party(&self, text: &str) -> Result<PartyId, Failure> {
        self.resolve(Wanted::Party, text)
    }

    /// The facility that a text means.
    pub(crate) fn facility(&self, text: &str) -> Result<FacilityId, Failure> {
        self.resolve(Wanted::Facility, text)
    }

    /// The lot that a text means.
    pub(crate) fn lot_id(&self, text: &str) -> Result<LotId, Failure> {
        self.resolve(Wanted::Lot, text)
    }
}
