//! Reading a bundle: bytes that have the form of one, with a manifest that can be read. Nothing is believed yet.

use super::given::Given;
use super::manifest::Manifest;
use super::wire::{BundleFile, EntryFile, ReadError};
use crate::envelope::{Disclosure, Jws, Signed, Typ, open};
use crate::event::{Event, Kind};
use crate::value::Blake3;
use rayon::prelude::*;
use std::io::Read;

/// A bundle as read; its evidence has not been verified and is not to be believed.
#[derive(Debug, Clone)]
pub struct UnverifiedBundle {
    pub(super) file: BundleFile,
    pub(super) given: Given,
}

impl UnverifiedBundle {
    /// Reads a file strictly: closed members, nothing repeated or out of order, a manifest of this version.
    ///
    /// # Errors
    /// The first rule of the format that the bytes break, with line and column, or JSON pointer.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        Self::read_from(bytes)
    }

    /// As [`Self::read`], from wherever the bytes come; they are not held.
    ///
    /// # Errors
    /// As [`Self::read`]; the reader's.
    pub fn read_from(source: impl Read + Send) -> Result<Self, ReadError> {
        let mut source = Hashing::new(source);
        let file = BundleFile::read(&mut source)?;
        let (manifest, _) = Manifest::parse(&file.manifest)
            .map_err(|error| ReadError::shape("/manifest", "a manifest of this format", error))?;
        let given = Given::ByExporter { manifest: Box::new(manifest), blake3: source.blake3() };
        Ok(Self { file, given })
    }

    /// The events of the file with the disclosures passed on, for showing what it mentions; what cannot be read is left out.
    ///
    /// Nothing is established about them, not even who signed.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        let entries: Vec<&EntryFile> = self.file.ledgers.iter().flat_map(|ledger| &ledger.entries).collect();
        entries.par_iter().filter_map(|entry| read_event(&entry.jwt, &entry.disclosures)).collect()
    }

    /// The registrations of parties as they were signed, with the disclosures passed on.
    #[must_use]
    pub fn signed_registrations(&self) -> Vec<Signed> {
        let entries = self.file.ledgers.iter().flat_map(|ledger| &ledger.entries);
        let read = entries.filter_map(|entry| {
            let shown: Result<Vec<Disclosure>, _> =
                entry.disclosures.iter().map(|text| Disclosure::parse(text)).collect();
            Signed::read(&entry.jwt, shown.ok()?).ok()
        });
        read.filter(|signed| signed.event.payload.kind() == Kind::Party).collect()
    }

    /// The registrations of parties among [`Self::events`].
    #[must_use]
    pub fn registrations(&self) -> Vec<Event> {
        let mut events = self.events();
        events.retain(|event| event.payload.kind() == Kind::Party);
        events
    }
}

/// Hashes what is read through it.
struct Hashing<R> {
    source: R,
    hasher: blake3::Hasher,
}

impl<R: Read> Hashing<R> {
    fn new(source: R) -> Self {
        Self { source, hasher: blake3::Hasher::new() }
    }

    fn blake3(&self) -> Blake3 {
        Blake3(*self.hasher.finalize().as_bytes())
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

fn read_event(jwt: &str, disclosures: &[String]) -> Option<Event> {
    let jws = Jws::parse(jwt, Typ::Event).ok()?;
    let shown: Option<Vec<Disclosure>> = disclosures.iter().map(|text| Disclosure::parse(text).ok()).collect();
    open(&jws, &shown.unwrap_or_default()).or_else(|_| open(&jws, &[])).ok()
}
