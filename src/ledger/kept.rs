//! The private values that are kept for events, as a replay or a reader comes to them.
//!
//! In scope: which records an event has, those that cannot be read passed over. Not in scope: the file (`private`), what the
//! values are of (`envelope`).

use super::private::{DisclosureReader, Offsets, Part, PrivateError, RawRecord, Stretch};
use super::state_store::StateError;
use crate::state::{Memory, View as _};
use crate::value::EventId;
use std::collections::BTreeSet;

/// Where the private values of events lie, for those that a replay comes to.
pub(super) struct Kept<'a> {
    pub(super) offsets: Offsets,
    pub(super) values: &'a DisclosureReader,
    /// Where the last sound record ends.
    pub(super) end: u64,
    /// What lies between sound records and is none.
    pub(super) damaged: Vec<Stretch>,
    /// What lies behind the last sound record.
    pub(super) tail: Option<Stretch>,
}

impl<'a> Kept<'a> {
    /// Notes the records from an offset on. An append that is going on is none of ours.
    pub(super) fn scan(values: &'a DisclosureReader, from: u64) -> Result<Self, PrivateError> {
        Self::scan_with(values, from, &mut |_, _| {})
    }

    /// As [`Self::scan`]; tells of each record.
    pub(super) fn scan_with(
        values: &'a DisclosureReader,
        from: u64,
        note: &mut dyn FnMut(&EventId, u64),
    ) -> Result<Self, PrivateError> {
        let mut kept = Self { offsets: Offsets::default(), values, end: from, damaged: Vec::new(), tail: None };
        for part in values.scan_events(from)? {
            match part? {
                Part::Record { at, held: event } => {
                    kept.end = at.end();
                    kept.offsets.add(&event, at.offset);
                    note(&event, at.offset);
                }
                Part::Damaged(stretch) => kept.damaged.push(stretch),
                Part::Torn(stretch) => kept.tail = Some(stretch),
            }
        }
        Ok(kept)
    }

    /// How many events that have records are not recorded.
    pub(super) fn orphans(&self, memory: &Memory) -> Result<u64, StateError> {
        let mut orphans = BTreeSet::new();
        for event in self.values.events_until(self.end, &self.damaged)? {
            let event = event?;
            if memory.event(&event)?.is_none() {
                orphans.insert(event);
            }
        }
        Ok(orphans.len() as u64)
    }

    /// The disclosures kept for an event.
    ///
    /// # Errors
    /// Damage; the disk's.
    pub(super) fn disclosures(&self, id: &EventId) -> Result<Vec<String>, PrivateError> {
        read_all(self.values, id, &self.offsets.of(id))
    }

    /// The records kept for an event, for [`Self::decode`] on another processor.
    ///
    /// # Errors
    /// Damage; the disk's.
    pub(super) fn raw(&self, id: &EventId) -> Result<Vec<RawRecord>, PrivateError> {
        self.offsets.of(id).into_iter().map(|offset| self.values.read_raw(offset)).collect()
    }

    /// As [`Self::disclosures`], of records that were read.
    ///
    /// # Errors
    /// Damage; the disk's.
    pub(super) fn decode(&self, id: &EventId, raw: &[RawRecord]) -> Result<Vec<String>, PrivateError> {
        each_once(raw.iter().map(|raw| self.values.decode(id, raw)))
    }
}

/// The disclosures of an event in the records at some offsets, each once; records of other events are passed over. What
/// cannot be read is noticed, and is not known here.
pub(super) fn read_all(values: &DisclosureReader, id: &EventId, offsets: &[u64]) -> Result<Vec<String>, PrivateError> {
    let read = |offset: &u64| match values.read(*offset) {
        Ok(record) => Ok(if record.event == *id { record.disclosures } else { Vec::new() }),
        Err(PrivateError::Damaged { .. } | PrivateError::Torn { .. }) => {
            values.notice(*offset);
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    };
    each_once(offsets.iter().map(read))
}

fn each_once(records: impl Iterator<Item = Result<Vec<String>, PrivateError>>) -> Result<Vec<String>, PrivateError> {
    let mut found: Vec<String> = Vec::new();
    for disclosures in records {
        let disclosures = disclosures?;
        if found.is_empty() {
            found.reserve(disclosures.len());
        }
        for disclosure in disclosures {
            if !found.contains(&disclosure) {
                found.push(disclosure);
            }
        }
    }
    Ok(found)
}
