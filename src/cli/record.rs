//! `record`: a batch from a file, all or nothing.

use super::batch_file::{self, Ways};
use super::context::Context;
use super::cosign;
use super::error::{Done, Failure};
use super::interrupt::Interrupt;
use super::recorder::{self, Ready};
use super::steps_in_parts::Source;
use crate::envelope::{Compact, Signed};
use crate::interop::batch::Format;
use crate::ledger::disk::{RealDisk, read_whole};
use crate::ledger::log::MAX_BATCH;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Record a batch of steps from a file (TOML, or JSON Lines), all of them or none.
///
/// Steps name what earlier steps made by names that are local to the file, and what is recorded already by labels, names
/// or beginnings of ids. `oretrail schema batch` describes the notation.
///
/// A file of more than 100,000 events is recorded in parts, each wholly or not at all, and each as soon as it is planned.
/// Where that ends early (Ctrl-C, a refusal, a crash), `--resume` goes on after the last part that is recorded, provided
/// that the file begins as it did; what follows may have been corrected. With `--json`, each part is a result of its own.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail record --file january.toml --dry-run
  oretrail record --file year.jsonl
  oretrail record --file year.jsonl --resume
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
    /// Go on after what is recorded of the file
    #[arg(long, conflicts_with_all = ["cosigned", "signed", "prepare"])]
    resume: bool,
    /// The most events that are recorded at once; a longer file is recorded in parts
    #[arg(long, value_name = "N", default_value_t = MAX_BATCH as u64, conflicts_with_all = ["cosigned", "signed"],
        value_parser = clap::value_parser!(u64).range(1..=MAX_BATCH as u64))]
    commit_every: u64,
    /// Show what would be recorded and every finding; write nothing
    ///
    /// Review is that of a verifier who has all that is recorded so far; whom to trust is not asked.
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
            let ready = Ready { sealed: Some(cosign::read_draft(path)?), ..self.ready() };
            return recorder::record_ready(context, ready);
        }
        if let Some(path) = &self.signed {
            let ready = Ready { signed: read_signed(path)?, ..self.ready() };
            return recorder::record_ready(context, ready);
        }
        let interrupt = Interrupt::watch();
        let ways = Ways {
            commit_every: self.commit_every,
            resume: self.resume,
            dry_run: self.dry_run,
            allow_clock_leap: self.allow_clock_leap,
            prepare: self.prepare.as_deref(),
        };
        let file = self.file.clone().filter(|path| path.as_os_str() != "-");
        batch_file::record(context, Source { file, format: self.format() }, &ways, &interrupt)
    }

    fn ready(&self) -> Ready {
        Ready { dry_run: self.dry_run, allow_clock_leap: self.allow_clock_leap, ..Ready::default() }
    }

    fn format(&self) -> Format {
        let path = self.file.as_deref().unwrap_or(Path::new("-"));
        let is_toml = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
        match self.format {
            Some(FormatName::Toml) => Format::Toml,
            None if is_toml => Format::Toml,
            _ => Format::JsonLines,
        }
    }
}

/// The largest file of signed events that is read, in bytes: some 100,000 of them, as many as one commit takes.
const MAX_SIGNED: u64 = 256 << 20;

/// Reads signed events, one SD-JWT a line.
fn read_signed(path: &Path) -> Result<Vec<Signed>, Failure> {
    let bytes = read_whole(&RealDisk, path, MAX_SIGNED)?;
    let text = String::from_utf8(bytes)
        .map_err(|error| Failure::usage(format_args!("{}: {}", path.display(), error.utf8_error())))?;
    let lines: Vec<(usize, &str)> = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).collect();
    lines
        .into_par_iter()
        .with_min_len(64)
        .map(|(number, line)| {
            read_one(line).map_err(|problem| {
                Failure::usage(format_args!("{}, line {number}: {problem}", path.display()))
                    .hint("each line is a signed event with its disclosures, as `oretrail show ID --signed` prints it")
            })
        })
        .collect()
}

pub(super) fn read_one(line: &str) -> Result<Signed, String> {
    let compact = Compact::parse(line.trim()).map_err(|error| error.to_string())?;
    Signed::read(compact.jws, compact.disclosures).map_err(|error| error.to_string())
}
