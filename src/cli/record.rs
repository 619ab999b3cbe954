//! `record`: a batch from a file, all or nothing.

use super::context::Context;
use super::error::{Done, Failure};
use super::recorder::{self, Job};
use crate::interop::batch::{BatchReader, Format};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Record a batch of steps from a file (TOML, or JSON Lines), all of them or none.
///
/// Steps name what earlier steps made by names that are local to the file, and what is recorded already by labels, names
/// or beginnings of ids. `oretrail schema batch` describes the notation.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail record --file january.toml --dry-run
  produce-steps | oretrail record --file -")]
pub(crate) struct Record {
    /// The file; `-` for stdin
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
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
        let source = self.open()?;
        let mut reader = BatchReader::new(self.format(), source)?;
        let header = reader.header().clone();
        let interrupted = interruption();
        let mut steps = reader.by_ref().map(|step| step.map_err(Failure::from));
        let job = Job {
            header,
            steps: &mut steps,
            documents: &[],
            dry_run: self.dry_run,
            allow_clock_leap: self.allow_clock_leap,
            interrupted: Some(&interrupted),
        };
        recorder::run(context, job)?;
        Ok(Done::Ok)
    }

    fn open(&self) -> Result<Box<dyn BufRead>, Failure> {
        if self.file.as_os_str() == "-" {
            return Ok(Box::new(BufReader::new(std::io::stdin())));
        }
        let cannot = |error| Failure::usage(format_args!("cannot open {}: {error}", self.file.display()));
        Ok(Box::new(BufReader::new(File::open(&self.file).map_err(cannot)?)))
    }

    fn format(&self) -> Format {
        let is_toml = self.file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
        match self.format {
            Some(FormatName::Toml) => Format::Toml,
            None if is_toml => Format::Toml,
            _ => Format::JsonLines,
        }
    }
}

/// A flag that Ctrl-C sets; without one, where the system does not let us, Ctrl-C ends the program, and opening the ledger
/// again decides what became of the batch.
fn interruption() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    let _ = ctrlc::set_handler(move || set.store(true, Ordering::Relaxed));
    flag
}
