//! `man`: manual pages, for those who package the program.

use super::context::Context;
use super::error::{Done, Failure};
use std::path::PathBuf;

/// Write manual pages, one for each verb.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail man ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// Folder for the pages; made where it is missing
    folder: PathBuf,
}

impl Man {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let cannot = |error: std::io::Error| {
            Failure::usage(format_args!("cannot write manual pages to {}: {error}", self.folder.display()))
        };
        std::fs::create_dir_all(&self.folder).map_err(cannot)?;
        clap_mangen::generate_to(super::command(), &self.folder).map_err(cannot)?;
        context.output.remark(&format!("manual pages written to {}", self.folder.display()));
        Ok(Done::Ok)
    }
}
