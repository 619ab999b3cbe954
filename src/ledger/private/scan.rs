//! Reading private values: one by its offset, or all in order. Needs no lock.

use super::{MAX_RECORD, PrivateError, Record};
use crate::ledger::disk::{Disk, DiskFile, read_full_at};
use crate::ledger::layout::Layout;
use crate::value::{Blake3, EventId};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// How many bytes are read at once, at most.
const CHUNK: usize = 256 << 10;

/// How many bytes are read first where one record is asked for; twice as many each time it goes on from there.
const FIRST: usize = 4 << 10;

/// Bytes of a record around its body: length and checksum.
const FRAME: usize = 4 + 32;

/// The private values for reading.
pub struct DisclosureReader {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    /// Behind the record read last, for the one that follows it.
    last: Mutex<Option<Scan>>,
}

impl DisclosureReader {
    /// Reads those of the ledger with this layout; it need not have any.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>, layout: &Layout) -> Self {
        Self { disk, path: layout.disclosures(), last: Mutex::new(None) }
    }

    /// The record that begins at an offset.
    ///
    /// # Errors
    /// No whole and sound record begins there; the disk's.
    pub fn read(&self, offset: u64) -> Result<Record, PrivateError> {
        let known = self.last.lock().unwrap_or_else(PoisonError::into_inner).take();
        let keep = |scan: Scan| *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(scan);
        // What was read ahead may have been torn then: what does not read well is read again.
        if let Some(mut scan) = known.filter(|scan| scan.offset == offset)
            && let Some(Ok((_, record))) = scan.next()
        {
            keep(scan);
            return Ok(record);
        }
        let torn = || PrivateError::Torn { path: self.path.clone(), offset, found: 0 };
        let mut scan = Scan { step: FIRST, ..self.scan(offset)? };
        let record = scan.next().ok_or_else(torn)?.map(|(_, record)| record)?;
        keep(scan);
        Ok(record)
    }

    /// As [`Self::read`], neither compared with its checksum nor taken apart: for decoding on another processor.
    ///
    /// # Errors
    /// No whole record begins there; the disk's.
    pub fn read_raw(&self, offset: u64) -> Result<RawRecord, PrivateError> {
        let known = self.last.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut scan = match known.filter(|scan| scan.offset == offset) {
            Some(scan) => scan,
            None => Scan { step: FIRST, ..self.scan(offset)? },
        };
        let torn = || PrivateError::Torn { path: self.path.clone(), offset, found: 0 };
        let whole = scan.next_whole()?.ok_or_else(torn)?;
        let bytes = scan.ahead().get(..whole).unwrap_or_default().to_vec();
        scan.pass(whole);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(scan);
        Ok(RawRecord { offset, bytes })
    }

    /// The disclosures of a raw record, if it is one of this event; what was read ahead of an append and does not read well is read again.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn decode(&self, event: &EventId, raw: &RawRecord) -> Result<Vec<String>, PrivateError> {
        let record = decode(&raw.bytes).map_or_else(|| self.read(raw.offset), Ok)?;
        Ok(if record.event == *event { record.disclosures } else { Vec::new() })
    }

    /// The events of the records up to an offset, of which it is known that they are sound.
    ///
    /// # Errors
    /// The file is not what it was; the disk's.
    pub fn events_until(&self, end: u64) -> Result<impl Iterator<Item = Result<EventId, PrivateError>>, PrivateError> {
        let mut scan = self.scan(0)?;
        let event = |bytes: &[u8]| Some(EventId(*bytes.get(4..)?.first_chunk()?));
        Ok(std::iter::from_fn(move || {
            let found = if scan.offset < end { Scan::take(&mut scan, event).transpose()? } else { return None };
            if found.is_err() {
                scan.offset = end;
            }
            Some(found.map(|(_, _, event)| event))
        }))
    }

    /// The events of the records from an offset on, each with where its record begins and how long it is; ends after the
    /// first error. The records are compared with their checksums.
    ///
    /// # Errors
    /// The disk's.
    pub fn scan_events(
        &self,
        offset: u64,
    ) -> Result<impl Iterator<Item = Result<(u64, u64, EventId), PrivateError>>, PrivateError> {
        let mut scan = self.scan(offset)?;
        Ok(std::iter::from_fn(move || {
            scan.file.as_ref()?;
            let found = scan.event().transpose();
            if matches!(found, Some(Err(_))) {
                scan.file = None;
            }
            found
        }))
    }

    /// The records from an offset on, each with where it begins; ends after the first error.
    ///
    /// An append that is going on shows as [`PrivateError::Torn`] at the end.
    ///
    /// # Errors
    /// The disk's.
    pub fn scan(&self, offset: u64) -> Result<Scan, PrivateError> {
        let file = match self.disk.open(&self.path) {
            Ok(file) => Some(file),
            Err(error) if error.is_absent() => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Scan { file, path: self.path.clone(), offset, buffer: Vec::new(), read: 0, step: CHUNK })
    }

    /// All records of an event, found by a scan.
    ///
    /// # Errors
    /// Damage, wherever in the file; the disk's. A torn end is not an error.
    pub fn find(&self, event: &EventId) -> Result<Vec<Record>, PrivateError> {
        let mut found = Vec::new();
        for record in self.scan(0)? {
            match record {
                Ok((_, record)) if record.event == *event => found.push(record),
                Ok(_) | Err(PrivateError::Torn { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Where the sound records from an offset on end.
    pub(super) fn sound_length(&self, from: u64) -> Result<u64, PrivateError> {
        let mut scan = self.scan(from)?;
        for record in scan.by_ref() {
            match record {
                Ok(_) => {}
                Err(PrivateError::Torn { offset, .. } | PrivateError::Damaged { offset, .. }) => return Ok(offset),
                Err(error) => return Err(error),
            }
        }
        Ok(if scan.file.is_some() { scan.offset } else { 0 })
    }
}

/// The records of the file in order, with where each begins.
pub struct Scan {
    /// Gone at the end, after an error, and where there is no file.
    file: Option<Box<dyn DiskFile>>,
    path: PathBuf,
    /// Where the next record begins.
    offset: u64,
    /// Bytes read ahead; those from `read` on begin at `offset`.
    buffer: Vec<u8>,
    read: usize,
    /// How many bytes are read next.
    step: usize,
}

impl Scan {
    fn ahead(&self) -> &[u8] {
        self.buffer.get(self.read..).unwrap_or_default()
    }

    /// Reads until `wanted` bytes are ahead, or the file ends.
    fn fill(&mut self, wanted: usize) -> Result<(), PrivateError> {
        let Some(file) = self.file.as_mut().filter(|_| self.buffer.len() - self.read < wanted) else { return Ok(()) };
        self.buffer.drain(..self.read);
        self.read = 0;
        let known = self.buffer.len();
        self.buffer.resize(wanted.max(self.step), 0);
        self.step = (self.step * 2).min(CHUNK);
        let rest = self.buffer.get_mut(known..).unwrap_or_default();
        let count = read_full_at(&mut **file, self.offset + known as u64, rest)?;
        self.buffer.truncate(known + count);
        Ok(())
    }

    fn damaged(&self, problem: &str) -> PrivateError {
        PrivateError::Damaged { path: self.path.clone(), offset: self.offset, problem: problem.to_owned() }
    }

    fn torn(&self) -> PrivateError {
        PrivateError::Torn { path: self.path.clone(), offset: self.offset, found: self.ahead().len() as u64 }
    }

    /// The length of the record that begins here, all of which is ahead then.
    fn next_whole(&mut self) -> Result<Option<usize>, PrivateError> {
        self.fill(4)?;
        if self.ahead().is_empty() {
            return Ok(None);
        }
        let length = *self.ahead().first_chunk::<4>().ok_or_else(|| self.torn())?;
        let length = u32::from_be_bytes(length);
        if !(33..=MAX_RECORD).contains(&length) {
            return Err(self.damaged(&format!("expected a length of 33 to {MAX_RECORD}, found {length}")));
        }
        let whole = FRAME + usize::try_from(length).unwrap_or_default();
        self.fill(whole)?;
        if self.ahead().len() < whole { Err(self.torn()) } else { Ok(Some(whole)) }
    }

    fn pass(&mut self, whole: usize) {
        self.read += whole;
        self.offset += whole as u64;
    }

    fn take<T>(&mut self, decode: impl Fn(&[u8]) -> Option<T>) -> Result<Option<(u64, usize, T)>, PrivateError> {
        let Some(whole) = self.next_whole()? else { return Ok(None) };
        let bytes = self.ahead().get(..whole).unwrap_or_default();
        let found = decode(bytes).ok_or_else(|| self.damaged("expected its checksum at its end, found another"))?;
        let at = self.offset;
        self.pass(whole);
        Ok(Some((at, whole, found)))
    }

    fn record(&mut self) -> Result<Option<(u64, Record)>, PrivateError> {
        Ok(self.take(decode)?.map(|(at, _, record)| (at, record)))
    }

    fn event(&mut self) -> Result<Option<(u64, u64, EventId)>, PrivateError> {
        let found = self.take(|bytes| sound(bytes).map(|(event, _)| event))?;
        Ok(found.map(|(at, whole, event)| (at, whole as u64, event)))
    }
}

/// A record as it lies in the file; nothing is known yet of its checksum.
pub struct RawRecord {
    offset: u64,
    bytes: Vec<u8>,
}

/// Event and text of a whole record; `None` where its checksum or form is wrong.
fn sound(bytes: &[u8]) -> Option<(EventId, &str)> {
    let (rest, sum) = bytes.split_last_chunk::<32>()?;
    let (event, text) = rest.get(4..)?.split_first_chunk::<32>()?;
    let text = std::str::from_utf8(text).ok().filter(|_| Blake3::of(rest).0 == *sum)?;
    Some((EventId(*event), text))
}

/// Reads a whole record; `None` where its checksum or form is wrong.
fn decode(bytes: &[u8]) -> Option<Record> {
    let (event, text) = sound(bytes)?;
    Some(Record { event, disclosures: text.split('~').map(str::to_owned).collect() })
}

impl Iterator for Scan {
    type Item = Result<(u64, Record), PrivateError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.file.as_ref()?;
        let record = self.record().transpose();
        if matches!(record, Some(Err(_))) {
            self.file = None;
        }
        record
    }
}
