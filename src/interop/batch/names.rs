//! Names: what people call things, and how they become ids.

use super::error::Candidate;
use crate::event::Lot;
use crate::state::{Find, ViewError};
use crate::value::closed_enum::closed_enum;
use crate::value::{EventId, FacilityId, KeyId, LotId, PartyId};
use std::collections::HashMap;

closed_enum!(
    /// What a reference position wants.
    Wanted, "what is wanted", {
        Event = "an event", "an event";
        Party = "a party", "a party";
        Facility = "a facility", "a facility";
        Lot = "a lot", "a lot";
        Ledger = "a ledger", "a ledger";
        Key = "a key", "a key";
    }
);

/// Names could not be looked up: a fault of the store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LookupError(pub String);

/// Looks up what is recorded already, by what people call it.
///
/// Contract: `find` gives *all* things of the wanted sort that `text` may mean, each once, with full ids: those whose
/// label, name or code it is; only where there are none, those whose id begins with it (at least six digits of a hex id
/// or key id). What is not there is an empty list, never an error. It need not know what the running batch has recorded.
pub trait Names {
    /// All that a text may mean.
    fn find(&self, wanted: Wanted, text: &str) -> Result<Vec<Candidate>, LookupError>;
    /// The lot as the event that created it describes it, with the leaves that are known.
    fn lot(&self, id: LotId) -> Result<Option<Lot>, LookupError>;
}

/// Names of an empty ledger.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNames;

impl Names for NoNames {
    fn find(&self, _: Wanted, _: &str) -> Result<Vec<Candidate>, LookupError> {
        Ok(Vec::new())
    }

    fn lot(&self, _: LotId) -> Result<Option<Lot>, LookupError> {
        Ok(None)
    }
}

impl From<ViewError> for LookupError {
    fn from(error: ViewError) -> Self {
        Self(error.0)
    }
}

/// Names of what a ledger's state holds.
pub struct FindNames<'a> {
    /// The state.
    pub state: &'a dyn Find,
    /// How a lot is described; nothing is known where absent.
    pub describe: Option<&'a dyn Fn(LotId) -> Result<Option<Lot>, LookupError>>,
}

/// The least digits of a prefix.
const LEAST_PREFIX: usize = 6;
/// The most candidates worth listing.
const MOST_CANDIDATES: usize = 16;

impl Names for FindNames<'_> {
    fn find(&self, wanted: Wanted, text: &str) -> Result<Vec<Candidate>, LookupError> {
        let called = match wanted {
            Wanted::Party => self.parties(|_, name| name == text)?,
            Wanted::Facility => self.facilities(|_, names| names.contains(&text))?,
            Wanted::Lot => self.lots(&self.state.lots_labelled(text)?)?,
            Wanted::Event | Wanted::Ledger | Wanted::Key => Vec::new(),
        };
        if !called.is_empty() || text.len() < LEAST_PREFIX {
            return Ok(called);
        }
        match wanted {
            Wanted::Party => self.parties(|id, _| id.to_string().starts_with(text)),
            Wanted::Facility => self.facilities(|id, _| id.to_string().starts_with(text)),
            Wanted::Lot => self.lots_with_prefix(text),
            Wanted::Event => self.events_with_prefix(text),
            Wanted::Key => self.keys_with_prefix(text),
            Wanted::Ledger => Ok(Vec::new()),
        }
    }

    fn lot(&self, id: LotId) -> Result<Option<Lot>, LookupError> {
        self.describe.map_or(Ok(None), |describe| describe(id))
    }
}

impl FindNames<'_> {
    fn parties(&self, is_meant: impl Fn(PartyId, &str) -> bool) -> Result<Vec<Candidate>, LookupError> {
        let parties = self.state.parties()?;
        let meant = parties.iter().filter(|(id, party)| is_meant(*id, party.name.as_str()));
        Ok(meant.map(|(id, party)| candidate(id, format_args!("party {}", party.name))).collect())
    }

    fn facilities(&self, is_meant: impl Fn(FacilityId, &[&str]) -> bool) -> Result<Vec<Candidate>, LookupError> {
        let facilities = self.state.facilities()?;
        let meant = facilities.iter().filter(|(id, record)| {
            // One that was replaced has lost its code and name to the next; it is still there under its id.
            let names = [record.facility.code.as_str(), record.facility.name.as_str()];
            is_meant(*id, if record.superseded.is_none() { &names } else { &[] })
        });
        let words = |facility: &crate::event::Facility| format!("facility {}, {}", facility.code, facility.name);
        Ok(meant.map(|(id, record)| candidate(id, words(&record.facility))).collect())
    }

    fn lots(&self, ids: &[LotId]) -> Result<Vec<Candidate>, LookupError> {
        let mut found = Vec::new();
        for id in ids {
            if let Some(lot) = self.state.lot(id)? {
                let mass = lot.net_dry.map_or(String::new(), |mass| format!(" of {mass} kg"));
                found.push(candidate(id, format_args!("lot of {}{mass}", lot.form)));
            }
        }
        Ok(found)
    }

    /// `<digits>` or `<digits>.<output>`; without an output every lot of the event is meant.
    fn lots_with_prefix(&self, text: &str) -> Result<Vec<Candidate>, LookupError> {
        let (digits, output) = text.split_once('.').map_or((text, None), |(digits, output)| (digits, Some(output)));
        let mut ids = Vec::new();
        for event in self.events(digits)? {
            let outputs = self.state.event(&event)?.map_or(0, |record| record.outputs);
            ids.extend(
                (0..outputs).filter(|n| output.is_none_or(|o| o == n.to_string())).map(|n| LotId::new(event, n)),
            );
        }
        self.lots(&ids)
    }

    fn events(&self, digits: &str) -> Result<Vec<EventId>, LookupError> {
        let is_hex = digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if digits.len() < LEAST_PREFIX || !is_hex {
            return Ok(Vec::new());
        }
        Ok(self.state.events_with_prefix(digits, MOST_CANDIDATES)?)
    }

    fn events_with_prefix(&self, digits: &str) -> Result<Vec<Candidate>, LookupError> {
        let mut found = Vec::new();
        for id in self.events(digits)? {
            let kind = self.state.event(&id)?.map_or("", |record| record.kind.as_str());
            found.push(candidate(id, format_args!("{kind} event")));
        }
        Ok(found)
    }

    fn keys_with_prefix(&self, text: &str) -> Result<Vec<Candidate>, LookupError> {
        let keys = self.state.keys()?;
        let meant = keys.iter().filter(|(id, _)| id.to_string().starts_with(text));
        Ok(meant.map(|(id, key)| candidate(id, format_args!("key of party {}", key.party.short()))).collect())
    }
}

fn candidate(id: impl ToString, words: impl ToString) -> Candidate {
    Candidate { id: id.to_string(), words: words.to_string() }
}

/// What a name of a file stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Event(EventId),
    Party(PartyId),
    Facility(FacilityId),
    Lot(LotId),
    Key(KeyId),
}

impl Named {
    pub(super) const fn sort(self) -> Wanted {
        match self {
            Self::Event(_) => Wanted::Event,
            Self::Party(_) => Wanted::Party,
            Self::Facility(_) => Wanted::Facility,
            Self::Lot(_) => Wanted::Lot,
            Self::Key(_) => Wanted::Key,
        }
    }

    pub(super) fn id(self) -> String {
        match self {
            Self::Event(id) => id.to_string(),
            Self::Party(id) => id.to_string(),
            Self::Facility(id) => id.to_string(),
            Self::Lot(id) => id.to_string(),
            Self::Key(id) => id.to_string(),
        }
    }
}

/// Names that the steps of a file gave so far. Each takes about 100 bytes.
#[derive(Debug, Default)]
pub(super) struct LocalNames {
    /// Names given for this purpose: each stands for one thing of a sort.
    given: HashMap<Wanted, HashMap<Box<str>, Named>>,
    /// What things are called otherwise: may stand for several.
    called: HashMap<Wanted, HashMap<String, Vec<Named>>>,
}

impl LocalNames {
    /// Whether a name is given already.
    pub(super) fn is_given(&self, wanted: Wanted, name: &str) -> bool {
        self.given(wanted, name).is_some()
    }

    /// Gives a name.
    pub(super) fn give(&mut self, name: &str, id: Named) {
        self.given.entry(id.sort()).or_default().insert(name.into(), id);
    }

    /// Notes what a thing is called.
    pub(super) fn call(&mut self, name: &str, id: Named) {
        let ids = self.called.entry(id.sort()).or_default().entry(name.to_owned()).or_default();
        if !ids.contains(&id) {
            ids.push(id);
        }
    }

    /// Forgets what things are called otherwise.
    pub(super) fn forget_called(&mut self) {
        self.called.clear();
    }

    /// What a given name stands for.
    pub(super) fn given(&self, wanted: Wanted, text: &str) -> Option<Named> {
        self.given.get(&wanted)?.get(text).copied()
    }

    /// Everything in this file that is called so.
    pub(super) fn called(&self, wanted: Wanted, text: &str) -> &[Named] {
        self.called.get(&wanted).and_then(|called| called.get(text)).map_or(&[], Vec::as_slice)
    }

    /// Names that resemble a text, best first.
    pub(super) fn near(&self, wanted: Wanted, text: &str) -> Vec<String> {
        let given = self.given.get(&wanted).into_iter().flat_map(HashMap::keys).map(|name| &**name);
        let called = self.called.get(&wanted).into_iter().flat_map(HashMap::keys).map(String::as_str);
        near(given.chain(called), text)
    }
}

/// Those of some names that resemble a text, best first.
pub(super) fn near<'a>(names: impl Iterator<Item = &'a str>, text: &str) -> Vec<String> {
    let mut near: Vec<(usize, &str)> = names
        .map(|name| (strsim::damerau_levenshtein(name, text), name))
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).max(1))
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}
