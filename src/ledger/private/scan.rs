//! Reading private values: one by its offset, or all in order. Needs no lock.
//!
//! A record that cannot be read is damage and not the end of the file, if a sound record follows: the next one is searched
//! for byte by byte. Where none follows, the rest is the torn end of an append, or an append that is going on.

use super::met::{Noticed, Part, Stretch};
use super::{MAX_RECORD, PrivateError, Record, is_in_text};
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
    noticed: Noticed,
}

impl DisclosureReader {
    /// Reads those of the ledger with this layout; it need not have any.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>, layout: &Layout) -> Self {
        let path = layout.disclosures();
        let noticed = Noticed::new(path.clone());
        Self { disk, path, last: Mutex::new(None), noticed }
    }

    /// What was met that cannot be read.
    #[must_use]
    pub const fn noticed(&self) -> &Noticed {
        &self.noticed
    }

    /// Notes that something at an offset cannot be read.
    pub fn notice(&self, offset: u64) {
        self.noticed.add(offset);
    }

    /// The record that begins at an offset.
    ///
    /// # Errors
    /// No whole and sound record begins there; the disk's.
    pub fn read(&self, offset: u64) -> Result<Record, PrivateError> {
        self.at(offset, |scan| scan.record(decode))
    }

    /// As [`Self::read`], neither compared with its checksum nor taken apart: for decoding on another processor.
    ///
    /// # Errors
    /// No whole record begins there; the disk's.
    pub fn read_raw(&self, offset: u64) -> Result<RawRecord, PrivateError> {
        self.at(offset, |scan| scan.record(|bytes| Some(RawRecord { offset, bytes: bytes.to_vec() })))
    }

    /// What is taken at an offset; what was read ahead of an append and does not read well is read again.
    fn at<T>(&self, offset: u64, take: impl Fn(&mut Scan) -> Result<T, PrivateError>) -> Result<T, PrivateError> {
        let known = self.last.lock().unwrap_or_else(PoisonError::into_inner).take();
        let keep = |scan: Scan| *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(scan);
        if let Some(mut scan) = known.filter(|scan| scan.offset == offset)
            && let Ok(taken) = take(&mut scan)
        {
            keep(scan);
            return Ok(taken);
        }
        let mut scan = Scan { step: FIRST, ..self.scan(offset)? };
        let taken = take(&mut scan)?;
        keep(scan);
        Ok(taken)
    }

    /// The disclosures of a raw record, if it is one of this event; what was read ahead of an append and does not read well
    /// is read again.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn decode(&self, event: &EventId, raw: &RawRecord) -> Result<Vec<String>, PrivateError> {
        let record = decode(&raw.bytes).map_or_else(|| self.read(raw.offset), Ok)?;
        Ok(if record.event == *event { record.disclosures } else { Vec::new() })
    }

    /// The events of the records up to an offset, of which it is known that they are sound but for these stretches.
    ///
    /// # Errors
    /// The file is not what it was; the disk's.
    pub fn events_until<'d>(
        &self,
        end: u64,
        damaged: &'d [Stretch],
    ) -> Result<impl Iterator<Item = Result<EventId, PrivateError>> + use<'d>, PrivateError> {
        let mut scan = self.scan(0)?;
        let mut damaged = damaged.iter().peekable();
        Ok(std::iter::from_fn(move || {
            while let Some(stretch) = damaged.next_if(|stretch| stretch.offset == scan.offset) {
                scan.pass(usize::try_from(stretch.length).unwrap_or(usize::MAX));
            }
            if scan.offset >= end {
                return None;
            }
            let found = scan.record(|bytes| Some(EventId(*bytes.get(4..)?.first_chunk()?)));
            if found.is_err() {
                scan.offset = end;
            }
            Some(found)
        }))
    }

    /// The parts from an offset on, each record with its event; ends after the first error. The records are compared with
    /// their checksums. Damage is noticed.
    ///
    /// # Errors
    /// The disk's.
    pub fn scan_events(
        &self,
        offset: u64,
    ) -> Result<impl Iterator<Item = Result<Part<EventId>, PrivateError>>, PrivateError> {
        let (mut scan, noticed) = (self.scan(offset)?, self.noticed.clone());
        Ok(std::iter::from_fn(move || {
            let part = scan.next_part(|bytes| sound(bytes).map(|(event, _)| event));
            if let Some(Ok(Part::Damaged(stretch))) = &part {
                noticed.add(stretch.offset);
            }
            part
        }))
    }

    /// The parts from an offset on; ends after the first error.
    ///
    /// # Errors
    /// The disk's.
    pub fn scan(&self, offset: u64) -> Result<Scan, PrivateError> {
        let mut file = match self.disk.open(&self.path) {
            Ok(file) => Some(file),
            Err(error) if error.is_absent() => None,
            Err(error) => return Err(error.into()),
        };
        let end = file.as_mut().map_or(Ok(0), |file| file.length())?;
        Ok(Scan { file, path: self.path.clone(), offset, end, buffer: Vec::new(), read: 0, step: CHUNK })
    }

    /// All records of an event, found by a scan; those that cannot be read are passed over.
    ///
    /// # Errors
    /// The disk's.
    pub fn find(&self, event: &EventId) -> Result<Vec<Record>, PrivateError> {
        let mut found = Vec::new();
        for part in self.scan(0)? {
            match part? {
                Part::Record { held, .. } if held.event == *event => found.push(held),
                Part::Record { .. } | Part::Damaged(_) | Part::Torn(_) => {}
            }
        }
        Ok(found)
    }

    /// Tells of every 32 bytes in a stretch that may be the id of an event, wherever they begin.
    ///
    /// # Errors
    /// The disk's.
    pub fn each_id_in(&self, stretch: Stretch, told: &mut dyn FnMut(EventId)) -> Result<(), PrivateError> {
        let mut scan = self.scan(stretch.offset)?;
        scan.end = scan.end.min(stretch.end());
        loop {
            scan.fill(32)?;
            let ahead = scan.ahead();
            let known = ahead.len();
            ahead.windows(32).filter_map(|bytes| bytes.first_chunk()).for_each(|id| told(EventId(*id)));
            if known < 32 {
                return Ok(());
            }
            scan.pass(known - 31);
        }
    }

    /// Where to read from in order to read all from an offset on: there, if that is where a sound record begins or the file
    /// ends; from the beginning otherwise.
    ///
    /// # Errors
    /// The disk's.
    pub fn start(&self, offset: u64) -> Result<u64, PrivateError> {
        let mut scan = self.scan(offset)?;
        Ok(if scan.end == offset || scan.here(sound)?.is_some() { offset } else { 0 })
    }

    /// Where the last sound record ends; those before an offset, where a record begins, are not read.
    pub(super) fn sound_length(&self, from: u64) -> Result<u64, PrivateError> {
        let mut end = from;
        for part in self.scan_events(from)? {
            if let Part::Record { at, .. } = part? {
                end = at.end();
            }
        }
        Ok(end)
    }
}

/// The parts of the file in order.
pub struct Scan {
    /// Gone after an error, and where there is no file.
    file: Option<Box<dyn DiskFile>>,
    path: PathBuf,
    /// Where the next part begins.
    offset: u64,
    /// Where the file ended when it was opened.
    end: u64,
    /// Bytes read ahead; those from `read` on begin at `offset`.
    buffer: Vec<u8>,
    read: usize,
    /// How many bytes are read next.
    step: usize,
}

/// What a length in the file leads to.
enum Frame {
    /// A record of so many bytes, all of which are ahead.
    Whole(usize),
    /// No record has this length.
    Unfit(u32),
    /// The file ends before.
    Torn,
}

impl Scan {
    fn ahead(&self) -> &[u8] {
        self.buffer.get(self.read..).unwrap_or_default()
    }

    /// Reads until `wanted` bytes are ahead, or the file ends.
    fn fill(&mut self, wanted: usize) -> Result<(), PrivateError> {
        let left = usize::try_from(self.end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let (wanted, known) = (wanted.min(left), self.ahead().len());
        let Some(file) = self.file.as_mut().filter(|_| known < wanted) else { return Ok(()) };
        self.buffer.drain(..self.read.min(self.buffer.len()));
        self.read = 0;
        // Twice what is known at least: however small the steps of a search are, no byte is moved over and over.
        self.buffer.resize(wanted.max(self.step).max(known * 2).min(left), 0);
        self.step = (self.step * 2).min(CHUNK);
        let rest = self.buffer.get_mut(known..).unwrap_or_default();
        let (asked, count) = (rest.len(), read_full_at(&mut **file, self.offset + known as u64, rest)?);
        self.buffer.truncate(known + count);
        if count < asked {
            self.end = self.offset + self.buffer.len() as u64;
        }
        Ok(())
    }

    fn frame(&mut self) -> Result<Frame, PrivateError> {
        self.fill(4)?;
        let Some(length) = self.ahead().first_chunk::<4>().copied().map(u32::from_be_bytes) else {
            return Ok(Frame::Torn);
        };
        if !(33..=MAX_RECORD).contains(&length) {
            return Ok(Frame::Unfit(length));
        }
        let whole = FRAME + usize::try_from(length).unwrap_or_default();
        self.fill(whole)?;
        Ok(if self.ahead().len() < whole { Frame::Torn } else { Frame::Whole(whole) })
    }

    /// The length of the record that begins here, and what is made of it; the scan stays before it.
    fn here<'s, T>(&'s mut self, decode: impl Fn(&'s [u8]) -> Option<T>) -> Result<Option<(usize, T)>, PrivateError> {
        let Frame::Whole(whole) = self.frame()? else { return Ok(None) };
        Ok(self.ahead().get(..whole).and_then(decode).map(|held| (whole, held)))
    }

    /// What is made of the record that must begin here; the scan goes on behind it.
    fn record<T>(&mut self, decode: impl Fn(&[u8]) -> Option<T>) -> Result<T, PrivateError> {
        let problem = match self.frame()? {
            Frame::Whole(whole) => match self.ahead().get(..whole).and_then(decode) {
                Some(held) => {
                    self.pass(whole);
                    return Ok(held);
                }
                None => "expected its checksum at its end, found another".to_owned(),
            },
            Frame::Unfit(length) => format!("expected a length of 33 to {MAX_RECORD}, found {length}"),
            Frame::Torn => {
                let found = self.end.saturating_sub(self.offset);
                return Err(PrivateError::Torn { path: self.path.clone(), offset: self.offset, found });
            }
        };
        Err(PrivateError::Damaged { path: self.path.clone(), offset: self.offset, problem })
    }

    fn pass(&mut self, bytes: usize) {
        self.read = self.read.saturating_add(bytes);
        self.offset = self.offset.saturating_add(bytes as u64);
    }

    /// The next part; `None` at the end of the file.
    ///
    /// The search takes time in proportion to the stretch, whatever that holds: a length of at most [`MAX_RECORD`] begins with
    /// a byte that no text has, so a record's text lies within one run of bytes of text, and begins at most 36 bytes behind
    /// the byte before that run. A run thus belongs to at most 36 places where a record may begin. What is not text from end to
    /// end is not hashed.
    fn part<T>(&mut self, decode: impl Fn(&[u8]) -> Option<T>) -> Result<Option<Part<T>>, PrivateError> {
        let offset = self.offset;
        if offset >= self.end {
            return Ok(None);
        }
        if let Some((whole, held)) = self.here(decode)? {
            self.pass(whole);
            return Ok(Some(Part::Record { at: Stretch { offset, length: whole as u64 }, held }));
        }
        loop {
            self.pass(1);
            let stretch = Stretch { offset, length: self.offset - offset };
            if self.offset >= self.end {
                return Ok(Some(Part::Torn(stretch)));
            }
            if self.here(sound)?.is_some() {
                return Ok(Some(Part::Damaged(stretch)));
            }
        }
    }

    fn next_part<T>(&mut self, decode: impl Fn(&[u8]) -> Option<T>) -> Option<Result<Part<T>, PrivateError>> {
        self.file.as_ref()?;
        let part = self.part(decode).transpose();
        if matches!(part, Some(Err(_))) {
            self.file = None;
        }
        part
    }
}

/// A record as it lies in the file; nothing is known yet of its checksum.
pub struct RawRecord {
    offset: u64,
    bytes: Vec<u8>,
}

/// Event and text of a whole record; `None` where its checksum or form is wrong.
fn sound(bytes: &[u8]) -> Option<(EventId, &str)> {
    sound_by(bytes, Blake3::of)
}

/// As [`sound`], by this hash.
pub(super) fn sound_by(bytes: &[u8], hash: impl FnOnce(&[u8]) -> Blake3) -> Option<(EventId, &str)> {
    let (rest, sum) = bytes.split_last_chunk::<32>()?;
    let (event, text) = rest.get(4..)?.split_first_chunk::<32>()?;
    // Text is looked at first, up to the first byte that is none: a search asks this at every place.
    let is_sound = text.iter().all(is_in_text) && hash(rest).0 == *sum;
    if is_sound { Some((EventId(*event), std::str::from_utf8(text).ok()?)) } else { None }
}

/// Reads a whole record; `None` where its checksum or form is wrong.
fn decode(bytes: &[u8]) -> Option<Record> {
    let (event, text) = sound(bytes)?;
    Some(Record { event, disclosures: text.split('~').map(str::to_owned).collect() })
}

impl Iterator for Scan {
    type Item = Result<Part<Record>, PrivateError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_part(decode)
    }
}
