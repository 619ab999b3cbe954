//! `private/disclosures`: the salted values that are kept off the log, appended as framed records.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | length of what follows up to the checksum, big-endian |
//! | 32 | id of the event |
//! | any | its disclosures, each as signed over, joined by `~` |
//! | 32 | BLAKE3 of all of the above |
//!
//! A record is durable before the entry it belongs to is committed, so records of events that were never recorded
//! (*orphans*) are normal. The same event may have several records. Never published.
//!
//! In scope: bytes, their integrity, the torn end of an interrupted append. Not in scope: whether a disclosure matches a
//! digest of its event (`envelope`), and offsets by event id (`records`, or a [scan](DisclosureReader::scan)).
//!
//! What is damaged stays where it is: the records behind it are found by the next sound one, and only a torn end, with no
//! sound record behind it and of no recorded event, is put to `discarded/`.

mod met;
mod offsets;
mod scan;

pub use met::{Noticed, Part, Stretch};
pub use offsets::Offsets;
pub use scan::{DisclosureReader, RawRecord, Scan};

use super::disk::{Access, Disk, DiskError, DiskFile, append_all, create_dirs, parent};
use super::error::LogError;
use super::files::Files;
use super::layout::Layout;
use super::log::cut_file;
use crate::value::{Blake3, EventId};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most bytes of a record between its length and its checksum. An entry of 65,535 bytes has room for some 1,400
/// digests; 16 MiB leaves 12 kB for each value.
pub const MAX_RECORD: u32 = 16 << 20;

/// Why private values could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The file ends within a record: an append was interrupted, or is going on just now.
    #[error("expected a whole record at offset {offset} of {}, found {found} bytes", path.display())]
    Torn {
        /// The file.
        path: PathBuf,
        /// Where the record begins.
        offset: u64,
        /// How many bytes there are from there on.
        found: u64,
    },
    /// A record is not what was written.
    #[error("the record at offset {offset} of {} is damaged: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the record begins.
        offset: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// A record that may not be written.
    #[error("expected disclosures of 1 to {MAX_RECORD} bytes in all, each in base64url, found {0}")]
    Unfit(String),
    /// An earlier append failed half-way.
    #[error("expected writable private values, found them read-only since an append failed; open them anew to go on")]
    Latched,
    /// What lay past the last whole record could not be put aside.
    #[error(transparent)]
    Cut(Box<LogError>),
}

/// The disclosures of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<T = String> {
    /// The event.
    pub event: EventId,
    /// Its disclosures, base64url as signed over.
    pub disclosures: Vec<T>,
}

impl<T: AsRef<str>> Record<T> {
    /// How many bytes the record takes in the file.
    #[must_use]
    pub fn length(&self) -> u64 {
        (4 + 32 + self.text_length() + 32) as u64
    }

    fn text_length(&self) -> usize {
        let text: usize = self.disclosures.iter().map(|text| text.as_ref().len()).sum();
        text + self.disclosures.len().saturating_sub(1)
    }

    /// The bytes of the record in the file.
    ///
    /// # Errors
    /// No disclosures, an empty one or one that is not base64url, more than [`MAX_RECORD`] bytes.
    pub fn encode(&self) -> Result<Vec<u8>, PrivateError> {
        let mut bytes = Vec::new();
        self.encode_to(&mut bytes)?;
        Ok(bytes)
    }

    /// Adds the bytes of the record to others.
    fn encode_to(&self, bytes: &mut Vec<u8>) -> Result<(), PrivateError> {
        let mut texts = self.disclosures.iter().map(AsRef::as_ref);
        if let Some(unfit) = texts.clone().find(|text| !is_base64url(text)) {
            return Err(PrivateError::Unfit(format!("`{}`", unfit.chars().take(40).collect::<String>())));
        }
        let first = texts.next().ok_or_else(|| PrivateError::Unfit("none".to_owned()))?;
        let text = self.text_length();
        let length = u32::try_from(text + 32).ok().filter(|length| *length <= MAX_RECORD);
        let length = length.ok_or_else(|| PrivateError::Unfit(format!("{text} bytes")))?;
        let start = bytes.len();
        bytes.extend(length.to_be_bytes());
        bytes.extend(self.event.0);
        bytes.extend(first.as_bytes());
        for text in texts {
            bytes.push(b'~');
            bytes.extend(text.as_bytes());
        }
        let sum = Blake3::of(bytes.get(start..).unwrap_or_default());
        bytes.extend(sum.0);
        Ok(())
    }
}

/// The bytes of some records, one after the other, and how long each is.
struct Encoded {
    bytes: Vec<u8>,
    lengths: Vec<u64>,
}

impl Encoded {
    fn of<T: AsRef<str>>(records: &[Record<T>]) -> Result<Self, PrivateError> {
        let lengths: Vec<u64> = records.iter().map(Record::length).collect();
        let mut bytes = Vec::with_capacity(usize::try_from(lengths.iter().sum::<u64>()).unwrap_or_default());
        records.iter().try_for_each(|record| record.encode_to(&mut bytes))?;
        Ok(Self { bytes, lengths })
    }
}

/// How many records are encoded by one processor at a time, and written with one call.
const AT_ONCE: usize = 2_048;

/// Whether a byte occurs in the text of a record: base64url, and what joins disclosures.
const fn is_in_text(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~')
}

fn is_base64url(text: &str) -> bool {
    // Without an early end: so the compiler compares many bytes at a time.
    !text.is_empty() && text.bytes().fold(true, |all, byte| all & (byte != b'~') & is_in_text(&byte))
}

/// Records that were put into the file.
#[must_use = "they are durable when the file is"]
pub struct Stored {
    /// Where each begins.
    pub offsets: Vec<u64>,
    /// The file, where there are any; it is yet to be made durable.
    pub file: Option<Box<dyn DiskFile>>,
}

/// The private values open for appending. Callers hold the writer's lock.
pub struct Disclosures {
    disk: Arc<dyn Disk>,
    layout: Layout,
    length: u64,
    latched: bool,
    /// Whether the file's name is known to be durable.
    named: bool,
}

impl Disclosures {
    /// Opens them, cutting off the torn end that an interrupted append left; says where that is kept.
    ///
    /// The records from offset `sound` on are read; what lies before is taken to be sound. If no record begins there and the
    /// file does not end there either, all are read. An end that begins with the id of a recorded event is no torn one, since
    /// a record is whole before its entry is: it stays. What `reader` notices is damaged.
    ///
    /// # Errors
    /// The disk's.
    pub fn open(
        disk: Arc<dyn Disk>,
        layout: Layout,
        reader: &DisclosureReader,
        sound: u64,
        is_recorded: &dyn Fn(&EventId) -> bool,
    ) -> Result<(Self, Option<PathBuf>), PrivateError> {
        let found = disk.metadata(&layout.disclosures())?.map_or(0, |found| found.len);
        let mut length = if found == sound { sound } else { reader.sound_length(reader.start(sound)?)? };
        if length < sound {
            reader.notice(length);
        }
        let mut is_damage = false;
        let first_id = Stretch { offset: length.saturating_add(4), length: 32 };
        reader.each_id_in(first_id, &mut |id| is_damage |= is_recorded(&id))?;
        if is_damage {
            reader.notice(length);
            length = found;
        }
        let cut = cut_tail(&disk, &layout, length)?;
        Ok((Self { disk, layout, length, latched: false, named: false }, cut))
    }

    /// How many bytes there are, up to the end of the last record: the `sound` of a later opening.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Appends records, which are not durable yet.
    ///
    /// # Errors
    /// A record that does not fit (nothing is written); the disk's (the values are then read-only until opened anew).
    pub fn append<T: AsRef<str> + Sync>(&mut self, records: &[Record<T>]) -> Result<Stored, PrivateError> {
        if self.latched {
            return Err(PrivateError::Latched);
        }
        let encoded: Vec<Result<Encoded, PrivateError>> = records.par_chunks(AT_ONCE).map(Encoded::of).collect();
        let encoded: Vec<Encoded> = encoded.into_iter().collect::<Result<_, _>>()?;
        let mut end = self.length;
        let mut offsets = Vec::with_capacity(records.len());
        for length in encoded.iter().flat_map(|encoded| &encoded.lengths) {
            offsets.push(end);
            end += length;
        }
        if encoded.is_empty() {
            return Ok(Stored { offsets, file: None });
        }
        self.latched = true;
        let mut file = self.open_at_end()?;
        encoded.iter().try_for_each(|encoded| append_all(&mut *file, &encoded.bytes))?;
        self.latched = false;
        self.length = end;
        Ok(Stored { offsets, file: Some(file) })
    }

    /// The file, found to end where it ended before.
    fn open_at_end(&mut self) -> Result<Box<dyn DiskFile>, PrivateError> {
        let path = self.layout.disclosures();
        let mut file = open_or_create(&*self.disk, &path)?;
        if !self.named {
            // Also of a file that was there: whoever made it may have been stopped before its name was durable.
            self.disk.sync_dir(parent(&path))?;
            self.named = true;
        }
        let found = file.length()?;
        if found != self.length {
            let problem = format!("expected the file to end here, found {found} bytes");
            return Err(PrivateError::Damaged { path, offset: self.length, problem });
        }
        Ok(file)
    }
}

fn open_or_create(disk: &dyn Disk, path: &Path) -> Result<Box<dyn DiskFile>, DiskError> {
    match disk.open_append(path) {
        Err(error) if error.is_absent() => {
            create_dirs(disk, parent(path))?;
            disk.create_new(path, Access::OwnerOnly)
        }
        other => other,
    }
}

/// Puts what lies past the sound records into `discarded/`.
fn cut_tail(disk: &Arc<dyn Disk>, layout: &Layout, length: u64) -> Result<Option<PathBuf>, PrivateError> {
    let path = layout.disclosures();
    if disk.metadata(&path)?.is_none_or(|found| found.len <= length) {
        return Ok(None);
    }
    let folder = layout.discarded_folder();
    let name = |rest: &[u8]| folder.join(format!("disclosures-past-{length}-{}", Blake3::of(rest).short()));
    let files = Files::new(Arc::clone(disk), layout.root());
    cut_file(&files, &path, length, &name).map_err(|error| match error {
        LogError::Disk(error) => PrivateError::Disk(error),
        other => PrivateError::Cut(Box::new(other)),
    })
}

#[cfg(test)]
mod tests;
