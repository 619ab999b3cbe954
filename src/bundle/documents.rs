//! Attached documents in a bundle: which are passed on, and whether each is the one that an event names.
//!
//! An event holds a document by two digests, its length and what it is. A bundle may bring the bytes; they are optional, and
//! the report says of each document named whether it is at hand. A document whose bytes are not those of both digests and of
//! that length is not the one that the event names. An event whose `docs` are withheld names none.
//!
//! Not in scope: what a document says. Nobody has read it.

use super::check::Checked;
use super::foreign::event_of;
use super::wire::{BundleFile, DocumentFile};
use super::write::WriteError;
use crate::event::{Document, Event};
use crate::finding::{Code, Finding};
use crate::value::{Blake3, EventId, Sha256};
use crate::verify::report::DocumentReport;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::{BTreeMap, BTreeSet};

/// The largest document that is attached or passed on: 16 MiB.
pub const MAX_DOCUMENT_BYTES: usize = 16 << 20;

/// Reads a document by its BLAKE3, where it is kept.
pub type ReadDocument<'a> = dyn Fn(&Blake3) -> Result<Option<Vec<u8>>, String> + 'a;

fn named(event: &Event) -> impl Iterator<Item = &Document> {
    event.payload.docs.iter().flatten()
}

impl DocumentFile {
    /// A document as a bundle holds it.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self { blake3: Blake3::of(bytes), base64: STANDARD.encode(bytes) }
    }

    /// Its bytes; `None` where they are not those of its digest, or more than a document may have.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let bytes = STANDARD.decode(&self.base64).ok().filter(|bytes| bytes.len() <= MAX_DOCUMENT_BYTES)?;
        (Blake3::of(&bytes) == self.blake3).then_some(bytes)
    }
}

/// Every document that events of a bundle name, with the events; those at hand compared with what the events say.
pub(super) fn check(checked: &Checked, documents: &[DocumentFile]) -> (Vec<DocumentReport>, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut at_hand: BTreeMap<Blake3, (u64, Sha256)> = BTreeMap::new();
    for (number, document) in documents.iter().enumerate() {
        match document.bytes() {
            Some(bytes) => drop(at_hand.insert(document.blake3, (bytes.len() as u64, Sha256::of(&bytes)))),
            None => {
                let expected = format!("at most {MAX_DOCUMENT_BYTES} bytes with BLAKE3 {}", document.blake3);
                findings.push(
                    Finding::new(Code::BundleManifest, expected, "others").at(format_args!("/documents/{number}")),
                );
            }
        }
    }
    let mut reports: BTreeMap<Blake3, DocumentReport> = BTreeMap::new();
    for event in checked.events.iter() {
        for document in named(event) {
            let present = at_hand.get(&document.blake3);
            findings.extend(present.and_then(|found| differs(event.id, document, found)));
            let report = reports.entry(document.blake3).or_insert_with(|| report_of(document, present.is_some()));
            report.events.push(event.id);
        }
    }
    let unknown = documents.iter().enumerate().filter(|(_, document)| !reports.contains_key(&document.blake3));
    findings.extend(unknown.map(|(number, document)| {
        let expected = "a document that an event at hand names";
        Finding::new(Code::BundleForeign, expected, document.blake3).at(format_args!("/documents/{number}"))
    }));
    (reports.into_values().collect(), findings)
}

fn report_of(document: &Document, present: bool) -> DocumentReport {
    let Document { blake3, kind, number, media_type, bytes, .. } = document;
    DocumentReport {
        blake3: *blake3,
        kind: *kind,
        number: number.clone(),
        media_type: media_type.clone(),
        bytes: *bytes,
        events: Vec::new(),
        present,
    }
}

/// The bytes have the BLAKE3 that the event gives; the other digest and the length must be theirs too.
fn differs(event: EventId, document: &Document, (length, sha256): &(u64, Sha256)) -> Option<Finding> {
    if (document.bytes, document.sha256) == (*length, *sha256) {
        return None;
    }
    let expected = format!("document {} of {} bytes with SHA-256 {}", document.blake3, document.bytes, document.sha256);
    let found = format!("{length} bytes with SHA-256 {sha256}");
    Some(Finding::new(Code::BundleForeign, expected, found).on(event))
}

/// The documents that the events of a file name and that somebody keeps, in ascending order of digest; not those that are not
/// what every one of these events says.
pub(super) fn passed_on(
    file: &BundleFile,
    read: &ReadDocument<'_>,
    imported: &[BundleFile],
) -> Result<Vec<DocumentFile>, WriteError> {
    let mut wanted: BTreeMap<Blake3, BTreeSet<(u64, Sha256)>> = BTreeMap::new();
    for entry in file.ledgers.iter().flat_map(|ledger| &ledger.entries) {
        // An event that cannot be read names none.
        for document in event_of(entry).iter().flat_map(named) {
            wanted.entry(document.blake3).or_default().insert((document.bytes, document.sha256));
        }
    }
    let brought: BTreeMap<Blake3, &DocumentFile> =
        imported.iter().flat_map(|file| &file.documents).map(|document| (document.blake3, document)).collect();
    let mut documents = Vec::new();
    for (digest, stated) in wanted {
        let kept = read(&digest).map_err(WriteError::Source)?.map(|bytes| DocumentFile::of(&bytes));
        let found = kept.or_else(|| brought.get(&digest).map(|document| (*document).clone()));
        let is_stated = |document: &DocumentFile| {
            let is = |bytes: Vec<u8>| stated.iter().all(|one| *one == (bytes.len() as u64, Sha256::of(&bytes)));
            document.bytes().is_some_and(is)
        };
        documents.extend(found.filter(is_stated));
    }
    Ok(documents)
}
