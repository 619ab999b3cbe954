//! The steps of a batch file, in parts of at most so many events.

use super::error::Failure;
use super::recording::read_document;
use crate::interop::batch::{self, At, BatchError, BatchReader, Format, Header, Problem, Step};
use crate::ledger::Blob;
use crate::value::Blake3;
use serde_json::Value;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where a batch comes from.
pub(crate) struct Source {
    /// The file, unless it is stdin.
    pub(crate) file: Option<PathBuf>,
    pub(crate) format: Format,
}

/// How far a source was read.
#[derive(Clone)]
pub(crate) struct ReadSoFar {
    read: Arc<AtomicU64>,
    all: Option<u64>,
}

impl ReadSoFar {
    /// How many bytes of how many; nothing where the length is not known, or all was read before the first step.
    pub(crate) fn so_far(&self) -> Option<(u64, u64)> {
        self.all.map(|all| (self.read.load(Ordering::Relaxed), all))
    }
}

/// The steps of a file.
pub(crate) struct StepsInParts {
    reader: BatchReader<Box<dyn BufRead>>,
    /// The file, where it can be read more than once.
    path: Option<PathBuf>,
    /// The folder from which the documents of steps are named.
    folder: PathBuf,
    read: ReadSoFar,
    /// A step that was read and belongs to the next part; it may stand for several.
    held: Option<Vec<Step>>,
    last_step: u64,
    documents: Vec<Blob>,
}

impl StepsInParts {
    pub(crate) fn new(source: Source) -> Result<Self, Failure> {
        let Source { file, format } = source;
        let count = Arc::new(AtomicU64::new(0));
        let (stream, metadata): (Box<dyn Read>, _) = match &file {
            None => (Box::new(std::io::stdin()), None),
            Some(path) => {
                let cannot = |error| Failure::usage(format_args!("cannot open {}: {error}", path.display()));
                let file = File::open(path).map_err(cannot)?;
                let metadata = file.metadata().ok().filter(std::fs::Metadata::is_file);
                (Box::new(file), metadata)
            }
        };
        let counted = Counted { source: stream, read: Arc::clone(&count) };
        // TOML is read as a whole first.
        let all = metadata.as_ref().filter(|_| format == Format::JsonLines).map(std::fs::Metadata::len);
        // Of a file recorded in parts some would be recorded before the limit is met.
        if all.is_some_and(|length| length > batch::MAX_BATCH_BYTES) {
            let limit = Problem::Limit { what: "a batch", most: batch::MAX_BATCH_BYTES };
            return Err(BatchError::new(At::default(), limit).into());
        }
        let folder = file.as_deref().and_then(Path::parent).unwrap_or(Path::new("")).to_owned();
        Ok(Self {
            reader: BatchReader::new(format, Box::new(BufReader::new(counted)) as Box<dyn BufRead>)?,
            path: file.filter(|_| metadata.is_some()),
            folder,
            read: ReadSoFar { read: count, all },
            held: None,
            last_step: 0,
            documents: Vec::new(),
        })
    }

    /// The file, where it can be read more than once.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    pub(crate) fn header(&self) -> &Header {
        self.reader.header()
    }

    pub(crate) fn read(&self) -> ReadSoFar {
        self.read.clone()
    }

    /// Number of the last step that was given.
    pub(crate) const fn last_step(&self) -> u64 {
        self.last_step
    }

    /// The file up to the end of the last step that was given; known once a part has ended.
    pub(crate) fn behind(&self) -> (u64, Blake3) {
        self.reader.behind()
    }

    /// Documents of the steps given since this was last asked.
    pub(crate) fn take_documents(&mut self) -> Vec<Blob> {
        std::mem::take(&mut self.documents)
    }

    /// Whether a step is left.
    pub(crate) fn has_more(&mut self) -> Result<bool, Failure> {
        let next = self.take().transpose()?;
        self.held = next;
        Ok(self.held.is_some())
    }

    /// The next step with what it stands for.
    fn take(&mut self) -> Option<Result<Vec<Step>, Failure>> {
        if let Some(held) = self.held.take() {
            return Some(Ok(held));
        }
        Some(self.reader.next()?.and_then(batch::expand).map_err(Failure::from))
    }

    /// The next step if its number is not above this.
    pub(crate) fn next_until(&mut self, number: u64) -> Option<Result<Vec<Step>, Failure>> {
        let next = match self.take()? {
            Ok(next) => next,
            Err(error) => return Some(Err(error)),
        };
        match next.first().map(|step| step.number) {
            Some(found) if found <= number => {
                self.last_step = found;
                Some(Ok(next))
            }
            _ => {
                self.held = Some(next);
                None
            }
        }
    }

    /// Steps of at most so many events, none of them divided.
    pub(crate) fn part(&mut self, most: u64) -> Part<'_> {
        Part { steps: self, left: most, is_begun: false, ready: VecDeque::new() }
    }

    /// A step whose documents are given as files, read and described; the files are stored with the part.
    fn with_documents(&mut self, mut step: Step) -> Result<Step, Failure> {
        for document in step.members.docs.iter_mut().filter_map(Value::as_array_mut).flatten() {
            let Some(members) = document.as_object().cloned() else { continue };
            if let Some((described, file)) = read_document(members, &self.folder)? {
                *document = described;
                self.documents.push(file);
            }
        }
        Ok(step)
    }
}

/// The steps of one part.
pub(crate) struct Part<'a> {
    steps: &'a mut StepsInParts,
    left: u64,
    is_begun: bool,
    ready: VecDeque<Step>,
}

impl Iterator for Part<'_> {
    type Item = Result<Step, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.is_empty() {
            let next = match self.steps.take()? {
                Ok(next) => next,
                Err(error) => return Some(Err(error)),
            };
            let events = next.len() as u64;
            if events > self.left && self.is_begun {
                self.steps.held = Some(next);
                return None;
            }
            (self.left, self.is_begun) = (self.left.saturating_sub(events), true);
            self.ready = next.into();
        }
        let step = self.ready.pop_front()?;
        self.steps.last_step = step.number;
        Some(self.steps.with_documents(step))
    }
}

/// A source that counts what is read.
struct Counted {
    source: Box<dyn Read>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
