//! `key`: key files of this machine, and the events that add, scope, rotate and revoke keys of a party.

mod events;
mod files;
mod public;
mod recover;

pub(crate) use files::create as create_key;

use super::context::Context;
use super::error::{Done, Failure};
use clap::Subcommand;

/// Make and list keys; add, scope, rotate, revoke and recover keys of a party.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail key new mine-gate")]
pub(crate) struct Key {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    New(files::New),
    List(files::List),
    Show(files::Show),
    Add(events::Add),
    Scope(events::Rescope),
    Rotate(events::Rotate),
    Revoke(events::Revoke),
    Recover(recover::Recover),
}

impl Key {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        match self.action {
            Action::New(verb) => verb.run(context),
            Action::List(verb) => verb.run(context),
            Action::Show(verb) => verb.run(context),
            Action::Add(verb) => verb.run(context),
            Action::Scope(verb) => verb.run(context),
            Action::Rotate(verb) => verb.run(context),
            Action::Revoke(verb) => verb.run(context),
            Action::Recover(verb) => verb.run(context),
        }
    }
}
