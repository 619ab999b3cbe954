//! `publish`: a folder that any static web server can serve as a C2SP log.

use super::archive::Shelf;
use super::context::Context;
use super::error::{Done, Failure};
use super::format::counted;
use crate::ledger::disk::RealDisk;
use crate::ledger::publish::publish;
use serde_json::json;
use std::path::PathBuf;

/// Write what a static web server can serve as a C2SP tlog-tiles log: checkpoint, entries, hash tiles.
///
/// Private values, documents and suppliers' bundles are not among it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail publish ./public/log")]
pub(crate) struct Publish {
    /// The folder; it may hold an earlier publication of the same log
    folder: PathBuf,
}

impl Publish {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let shelf = Shelf::open(context, &context.ledger_folder()?)?;
        let done = publish(&shelf.reader, &RealDisk, &self.folder)?;
        if context.output.is_json() {
            context.output.json(&json!({ "size": done.size, "written": done.written, "kept": done.kept }))?;
        } else {
            context.output.text(&format!(
                "published {} in {}: {} written, {} there already",
                counted(usize::try_from(done.size).unwrap_or(usize::MAX), "entry", "entries"),
                self.folder.display(),
                counted(done.written, "tile", "tiles"),
                done.kept
            ))?;
        }
        Ok(Done::Ok)
    }
}
