//! `completions`: shell completions.

use super::context::Context;
use super::error::{Done, Failure};
use clap_complete::Shell;

/// Print a completion script for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail completions bash \\
      > ~/.local/share/bash-completion/completions/oretrail")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::command(), "oretrail", &mut script);
        context.output.raw(&script)?;
        Ok(Done::Ok)
    }
}
