//! State records as keys and values of the index, and the view that reads them back.
//!
//! A key is one letter and the binary name of the record; a value is the record in bincode, length-limited. Both may change
//! with any release: an index is rebuilt from the log. Integers in keys are big-endian, so that lists come back in order.
//!
//! Not in scope: where keys and values are kept and how they are guarded against damage (`index`).

use super::index::{IndexError, KeyValue, Pairs};
use crate::state::{
    DispatchRecord, EventRecord, FacilityRecord, FeedKey, FeedRecord, Find, KeyRecord, LotRecord, PartyRecord,
    PinRecord, Record, Took, View, ViewError,
};
use crate::value::{EventId, FacilityId, KeyId, LedgerId, LotId, PartyId};
use bincode::config::{Config, standard};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The most bytes of one record; nine bytes of bincode can otherwise ask for gigabytes.
const MAX_RECORD: usize = 1 << 20;

fn config() -> impl Config {
    standard().with_limit::<MAX_RECORD>()
}

fn key_of(letter: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![letter];
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

fn feed_key(letter: u8, feed: &FeedKey) -> Vec<u8> {
    let none = LedgerId([0; 32]);
    key_of(letter, &[&feed.iss.0, &feed.kid.0, &feed.aud.unwrap_or(none).0])
}

fn feed_at_key(feed: &FeedKey, seq: u64) -> Vec<u8> {
    let mut key = feed_key(b'q', feed);
    key.extend_from_slice(&seq.to_be_bytes());
    key
}

fn lot_key(id: &LotId) -> Vec<u8> {
    key_of(b'l', &[&id.event.0, &[id.output]])
}

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, IndexError> {
    bincode::serde::encode_to_vec(value, config()).map_err(|error| IndexError::Record(error.to_string()))
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ViewError> {
    match bincode::serde::decode_from_slice(bytes, config()) {
        Ok((value, used)) if used == bytes.len() => Ok(value),
        Ok((_, used)) => Err(ViewError(format!("an index record has {} stray bytes", bytes.len() - used))),
        Err(error) => Err(ViewError(format!("an index record cannot be read: {error}"))),
    }
}

/// The key and value under which a record is kept.
pub fn to_key_value(record: &Record) -> Result<(Vec<u8>, Vec<u8>), IndexError> {
    Ok(match record {
        Record::Event(id, record) => (key_of(b'e', &[&id.0]), encode(record)?),
        Record::Party(id, record) => (key_of(b'p', &[&id.0]), encode(record)?),
        Record::Key(id, record) => (key_of(b'k', &[&id.0]), encode(record)?),
        Record::Facility(id, record) => (key_of(b'f', &[&id.0]), encode(record)?),
        Record::Feed(feed, record) => (feed_key(b's', feed), encode(record)?),
        Record::FeedAt(feed, seq, id) => (feed_at_key(feed, *seq), id.0.to_vec()),
        Record::Lot(id, record) => (lot_key(id), encode(record)?),
        Record::Label(label, id) => {
            let mut key = label_prefix(label.as_str());
            key.extend_from_slice(&id.event.0);
            key.push(id.output);
            (key, Vec::new())
        }
        Record::Dispatch(id, record) => (key_of(b'd', &[&id.0]), encode(record)?),
        Record::Pin(id, record) => (key_of(b'i', &[&id.0]), encode(record)?),
        Record::Void(id, by) => (key_of(b'v', &[&id.0]), by.0.to_vec()),
        Record::NamedBy(id, index, by) => (key_of(b'n', &[&id.0, &index.to_be_bytes()]), by.0.to_vec()),
    })
}

/// Where a private value of an event lies.
#[must_use]
pub fn value_pair(id: &EventId, offset: u64) -> (Vec<u8>, Vec<u8>) {
    (key_of(b'o', &[&id.0, &offset.to_be_bytes()]), Vec::new())
}

/// Up to where the private values are sound and indexed.
#[must_use]
pub fn values_end_pair(end: u64) -> (Vec<u8>, Vec<u8>) {
    (vec![b'z'], end.to_be_bytes().to_vec())
}

fn number(bytes: &[u8]) -> Result<u64, ViewError> {
    let bytes = bytes.try_into().map_err(|_| ViewError("an index record is no number".to_owned()))?;
    Ok(u64::from_be_bytes(bytes))
}

/// State read from an index.
pub struct IndexView<'a> {
    store: &'a dyn KeyValue,
}

impl<'a> IndexView<'a> {
    /// A view of what the index holds.
    #[must_use]
    pub fn new(store: &'a dyn KeyValue) -> Self {
        Self { store }
    }

    /// Where the private values of an event lie.
    pub fn value_offsets(&self, id: &EventId) -> Result<Vec<u64>, ViewError> {
        self.each(&key_of(b'o', &[&id.0]), |offset, _| number(offset))
    }

    /// Tells of every record of private values that was indexed: its event, and where it lies.
    pub fn each_value(&self, took: &mut Took<'_, EventId, u64>) -> Result<(), ViewError> {
        self.tell(b"o", &mut |key, _| {
            let (id, offset) = key.split_at_checked(32).unwrap_or_default();
            took(event_id(id)?, number(offset)?)
        })
    }

    /// Up to where the private values are sound and indexed.
    pub fn values_end(&self) -> Result<u64, ViewError> {
        self.get(b"z")?.map_or(Ok(0), |bytes| number(&bytes))
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ViewError> {
        self.store.get(key).map_err(|error| ViewError(error.to_string()))
    }

    fn record<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, ViewError> {
        self.get(key)?.map(|bytes| decode(&bytes)).transpose()
    }

    fn id(&self, key: &[u8]) -> Result<Option<EventId>, ViewError> {
        self.get(key)?.map(|bytes| event_id(&bytes)).transpose()
    }

    /// What `read` makes of every record whose key begins with `prefix`, in the order of keys; `read` gets the rest of the
    /// key and the value. Reads a slice at a time.
    fn each<T>(&self, prefix: &[u8], read: impl Fn(&[u8], &[u8]) -> Result<T, ViewError>) -> Result<Vec<T>, ViewError> {
        let mut found = Vec::new();
        self.tell(prefix, &mut |key, value| {
            found.push(read(key, value)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// As [`Self::each`], one by one.
    fn tell(&self, prefix: &[u8], took: &mut TookPair<'_>) -> Result<(), ViewError> {
        let mut from: Option<Vec<u8>> = None;
        loop {
            let slice = self.scan(prefix, from.as_deref(), SLICE)?;
            for (key, value) in &slice {
                took(key.get(prefix.len()..).unwrap_or_default(), value)?;
            }
            match slice.into_iter().nth(SLICE - 1) {
                Some((key, _)) => from = Some(after(key)),
                None => return Ok(()),
            }
        }
    }

    fn scan(&self, prefix: &[u8], from: Option<&[u8]>, most: usize) -> Result<Pairs, ViewError> {
        self.store.scan(prefix, from, most).map_err(|error| ViewError(error.to_string()))
    }
}

impl Find for IndexView<'_> {
    fn lots_labelled(&self, label: &str) -> Result<Vec<LotId>, ViewError> {
        self.each(&label_prefix(label), |key, _| lot_id(key))
    }

    fn events_with_prefix(&self, digits: &str, most: usize) -> Result<Vec<EventId>, ViewError> {
        // Keys are bytes: whole pairs of digits are the prefix, an odd digit is where the scan begins.
        let (pairs, odd) = digits.split_at_checked(digits.len() / 2 * 2).unwrap_or_default();
        let Ok(bytes) = hex::decode(pairs) else { return Ok(Vec::new()) };
        let prefix = key_of(b'e', &[&bytes]);
        let from =
            odd.chars().next().and_then(|digit| digit.to_digit(16)).and_then(|digit| u8::try_from(digit << 4).ok());
        let from = from.map(|byte| [prefix.as_slice(), &[byte]].concat());
        let slice = self.scan(&prefix, from.as_deref(), most)?;
        let ids = slice.iter().map(|(key, _)| event_id(key.get(1..).unwrap_or_default()));
        let mut found: Vec<EventId> = ids.collect::<Result<_, _>>()?;
        found.retain(|id| id.to_string().starts_with(digits));
        Ok(found)
    }

    fn parties(&self) -> Result<Vec<(PartyId, PartyRecord)>, ViewError> {
        self.each(b"p", |key, value| Ok((event_id(key)?.into(), decode(value)?)))
    }

    fn keys(&self) -> Result<Vec<(KeyId, KeyRecord)>, ViewError> {
        self.each(b"k", |key, value| Ok((KeyId(event_id(key)?.0), decode(value)?)))
    }

    fn facilities(&self) -> Result<Vec<(FacilityId, FacilityRecord)>, ViewError> {
        self.each(b"f", |key, value| Ok((event_id(key)?.into(), decode(value)?)))
    }

    fn each_lot(&self, took: &mut Took<'_, LotId, LotRecord>) -> Result<(), ViewError> {
        self.tell(b"l", &mut |key, value| took(lot_id(key)?, decode(value)?))
    }

    fn each_dispatch(&self, took: &mut Took<'_, EventId, DispatchRecord>) -> Result<(), ViewError> {
        self.tell(b"d", &mut |key, value| took(event_id(key)?, decode(value)?))
    }
}

/// Is told the rest of a key, and the value.
type TookPair<'a> = dyn FnMut(&[u8], &[u8]) -> Result<(), ViewError> + 'a;

/// How many records one scan reads.
const SLICE: usize = 1024;

/// The first key after `key`.
fn after(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}

fn lot_id(bytes: &[u8]) -> Result<LotId, ViewError> {
    let (output, event) = bytes.split_last().ok_or_else(|| ViewError("an empty lot key".to_owned()))?;
    Ok(LotId::new(event_id(event)?, *output))
}

/// Labels have no control characters, so a zero ends one.
fn label_prefix(label: &str) -> Vec<u8> {
    key_of(b't', &[label.as_bytes(), &[0]])
}

fn event_id(bytes: &[u8]) -> Result<EventId, ViewError> {
    let id = bytes.try_into().map_err(|_| ViewError("an index record is no event id".to_owned()))?;
    Ok(EventId(id))
}

impl View for IndexView<'_> {
    fn event(&self, id: &EventId) -> Result<Option<EventRecord>, ViewError> {
        self.record(&key_of(b'e', &[&id.0]))
    }

    fn party(&self, id: &PartyId) -> Result<Option<PartyRecord>, ViewError> {
        self.record(&key_of(b'p', &[&id.0]))
    }

    fn key(&self, id: &KeyId) -> Result<Option<KeyRecord>, ViewError> {
        self.record(&key_of(b'k', &[&id.0]))
    }

    fn facility(&self, id: &FacilityId) -> Result<Option<FacilityRecord>, ViewError> {
        self.record(&key_of(b'f', &[&id.0]))
    }

    fn feed(&self, key: &FeedKey) -> Result<Option<FeedRecord>, ViewError> {
        self.record(&feed_key(b's', key))
    }

    fn feed_at(&self, key: &FeedKey, seq: u64) -> Result<Option<EventId>, ViewError> {
        self.id(&feed_at_key(key, seq))
    }

    fn lot(&self, id: &LotId) -> Result<Option<LotRecord>, ViewError> {
        self.record(&lot_key(id))
    }

    fn dispatch(&self, id: &EventId) -> Result<Option<DispatchRecord>, ViewError> {
        self.record(&key_of(b'd', &[&id.0]))
    }

    fn pin(&self, id: &LedgerId) -> Result<Option<PinRecord>, ViewError> {
        self.record(&key_of(b'i', &[&id.0]))
    }

    fn voided(&self, id: &EventId) -> Result<Option<EventId>, ViewError> {
        self.id(&key_of(b'v', &[&id.0]))
    }

    fn named_by(&self, id: &EventId) -> Result<Vec<EventId>, ViewError> {
        self.each(&key_of(b'n', &[&id.0]), |_, value| event_id(value))
    }
}
