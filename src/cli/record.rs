//! `record`: a batch from a file, all or nothing.

use super::context::Context;
use super::cosign;
use super::error::{Done, Failure};
use super::interrupt::Interrupt;
use super::recorder::{self, Job};
use super::recording::read_document;
use crate::envelope::{Compact, SealedDraft, Signed};
use crate::interop::batch::{BatchReader, Format, Header, Step};
use crate::ledger::Blob;
use crate::ledger::disk::{RealDisk, read_whole};
use serde_json::Value;
use std::cell::RefCell;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Record a batch of steps from a file (TOML, or JSON Lines), all of them or none.
///
/// Steps name what earlier steps made by names that are local to the file, and what is recorded already by labels, names
/// or beginnings of ids. `oretrail schema batch` describes the notation.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail record --file january.toml --dry-run
  oretrail record --cosigned sale.draft.json
  produce-steps | oretrail record --file -")]
pub(crate) struct Record {
    /// The file; `-` for stdin
    #[arg(long, value_name = "FILE", required_unless_present_any = ["cosigned", "signed"])]
    file: Option<PathBuf>,
    /// A draft that came back from `oretrail cosign`, in place of a batch
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "format", "prepare", "signed"])]
    cosigned: Option<PathBuf>,
    /// Events that were signed elsewhere, each a line as `oretrail show --signed` prints it, in place of a batch
    ///
    /// So a party that is registered in one ledger is registered, with the same id, in another.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "format", "prepare"])]
    signed: Option<PathBuf>,
    /// Record nothing: write the only step as a draft to this file, to be signed on another machine with `oretrail cosign`
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    prepare: Option<PathBuf>,
    /// How it is written; by default by its ending, JSON Lines from stdin
    #[arg(long, value_name = "FORMAT")]
    format: Option<FormatName>,
    /// Show what would be recorded and every finding; write nothing
    #[arg(long)]
    dry_run: bool,
    /// Accept a clock more than 400 days ahead of the last entry
    #[arg(long)]
    allow_clock_leap: bool,
}

/// How a batch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FormatName {
    /// TOML with one `[[step]]` each
    Toml,
    /// One JSON object a line
    Jsonl,
}

impl Record {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        if let Some(path) = &self.cosigned {
            let sealed = Some(cosign::read_draft(path)?);
            return self.record_ready(context, Vec::new(), sealed);
        }
        if let Some(path) = &self.signed {
            return self.record_ready(context, read_signed(path)?, None);
        }
        let interrupt = Interrupt::watch();
        let (source, read) = self.open()?;
        let mut reader = BatchReader::new(self.format(), source)?;
        let header = reader.header().clone();
        let all = self.length();
        let so_far = || (read.load(Ordering::Relaxed), all.unwrap_or_default());
        let known: Option<&dyn Fn() -> (u64, u64)> = if all.is_some() { Some(&so_far) } else { None };
        let documents = RefCell::new(Vec::new());
        let mut steps = reader.by_ref().map(|step| self.with_documents(step.map_err(Failure::from)?, &documents));
        let job = Job {
            header,
            steps: &mut steps,
            signed: Vec::new(),
            sealed: None,
            prepare: self.prepare.as_deref(),
            memory_lost: false,
            documents: &documents,
            dry_run: self.dry_run,
            allow_clock_leap: self.allow_clock_leap,
            read: known,
            interrupt: Some(&interrupt),
        };
        recorder::run(context, job)?;
        Ok(Done::Ok)
    }

    /// Records what was signed elsewhere, or a draft that came back.
    fn record_ready(
        &self,
        context: &mut Context,
        signed: Vec<Signed>,
        sealed: Option<SealedDraft>,
    ) -> Result<Done, Failure> {
        let job = Job {
            header: Header::default(),
            steps: &mut std::iter::empty(),
            signed,
            sealed,
            prepare: None,
            memory_lost: false,
            documents: &RefCell::default(),
            dry_run: self.dry_run,
            allow_clock_leap: self.allow_clock_leap,
            read: None,
            interrupt: None,
        };
        recorder::run(context, job)?;
        Ok(Done::Ok)
    }

    /// A step whose documents are given as files, read and described; the files are stored with the batch.
    fn with_documents(&self, mut step: Step, stored: &RefCell<Vec<Blob>>) -> Result<Step, Failure> {
        let folder = self.path().parent().unwrap_or(Path::new(""));
        for document in step.members.docs.iter_mut().filter_map(Value::as_array_mut).flatten() {
            let Some(members) = document.as_object().cloned() else { continue };
            if let Some((described, file)) = read_document(members, folder)? {
                *document = described;
                stored.borrow_mut().push(file);
            }
        }
        Ok(step)
    }

    fn path(&self) -> &Path {
        self.file.as_deref().unwrap_or(Path::new("-"))
    }

    /// The source, and how many bytes of it were read.
    fn open(&self) -> Result<(Box<dyn BufRead>, Arc<AtomicU64>), Failure> {
        let read = Arc::new(AtomicU64::new(0));
        let source: Box<dyn Read> = if self.is_stdin() {
            Box::new(std::io::stdin())
        } else {
            let cannot = |error| Failure::usage(format_args!("cannot open {}: {error}", self.path().display()));
            Box::new(File::open(self.path()).map_err(cannot)?)
        };
        Ok((Box::new(BufReader::new(Counted { source, read: Arc::clone(&read) })), read))
    }

    fn is_stdin(&self) -> bool {
        self.path().as_os_str() == "-"
    }

    /// The length of a file that is read as a stream; TOML is read as a whole first.
    fn length(&self) -> Option<u64> {
        let is_stream = !self.is_stdin() && self.format() == Format::JsonLines;
        is_stream.then(|| std::fs::metadata(self.path()).ok()).flatten().map(|found| found.len())
    }

    fn format(&self) -> Format {
        let is_toml = self.path().extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
        match self.format {
            Some(FormatName::Toml) => Format::Toml,
            None if is_toml => Format::Toml,
            _ => Format::JsonLines,
        }
    }
}

/// The largest file of signed events that is read, in bytes.
const MAX_SIGNED: u64 = 16 << 20;

/// Reads signed events, one SD-JWT a line.
fn read_signed(path: &Path) -> Result<Vec<Signed>, Failure> {
    let bytes = read_whole(&RealDisk, path, MAX_SIGNED)?;
    let text = String::from_utf8(bytes)
        .map_err(|error| Failure::usage(format_args!("{}: {}", path.display(), error.utf8_error())))?;
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            read_one(line).map_err(|problem| {
                Failure::usage(format_args!("{}, line {number}: {problem}", path.display()))
                    .hint("each line is a signed event with its disclosures, as `oretrail show ID --signed` prints it")
            })
        })
        .collect()
}

fn read_one(line: &str) -> Result<Signed, String> {
    let compact = Compact::parse(line.trim()).map_err(|error| error.to_string())?;
    Signed::read(compact.jws, compact.disclosures).map_err(|error| error.to_string())
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
