//! Layer 7: the command line, one file per verb.
//!
//! A verb is a `clap` struct with a `run(self, &mut Context)`; it reads through `ledger`, records through one path
//! shared with batch files, and hands what it found to `output`, the only module that prints. stdout is the result,
//! stderr is progress, errors and `hint:` lines. `error` alone decides what an error is called and which exit code
//! it has. `clock` alone reads the clock, `random` alone asks the system for random bytes.
//!
//! | exit | meaning |
//! |---|---|
//! | 0 | done; all that was asked is confirmed or exempt |
//! | 1 | something is contradicted or broken |
//! | 2 | usage: the command cannot be carried out as it was given |
//! | 3 | could not decide: unproven, not applicable, evidence missing |
//! | 4 | refused by a rule; nothing was written |
//! | 70 | internal error |

mod accredit;
mod archive;
mod assay;
mod attach;
mod attested;
mod audit;
mod batch_file;
mod blend;
mod choice;
mod claim;
mod claims;
mod clock;
mod completions;
mod context;
mod correct;
mod corrected;
mod cosign;
mod decide;
mod decide_alone;
mod demo;
mod dispatch;
mod error;
mod event_json;
mod explain;
mod export;
mod facility;
mod failures;
mod format;
mod gathered;
mod import;
mod init;
mod interrupt;
mod kept;
mod key;
mod lots;
mod man;
mod names;
mod notations;
mod output;
mod pairs;
mod party;
mod passphrase;
mod policies;
mod policy;
mod policy_exception;
mod progress;
mod provenance;
mod publish;
mod random;
mod receive;
mod record;
mod recorded;
mod recorder;
mod recording;
mod retire;
mod roll;
mod schema;
mod show;
mod show_file;
mod show_registered;
mod show_things;
mod source;
mod spec;
mod split;
mod steps_in_parts;
mod summary;
mod title;
mod trace;
mod trace_draw;
mod transform;
mod verify;

use clap::{CommandFactory as _, Parser, Subcommand};
use context::{Context, Global};
use error::{Done, Failure};
use std::ffi::OsString;
use std::process::ExitCode;

/// A chain-of-custody ledger for rare earths, from the mine to the magnet lot, and a verifier for it.
#[derive(Debug, Parser)]
#[command(
    name = "oretrail",
    version,
    propagate_version = false,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = EXITS
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

const EXITS: &str = "\
Exit codes:
  0   done; all that was asked is confirmed or exempt
  1   something is contradicted or broken
  2   usage: the command cannot be carried out as it was given
  3   could not decide: unproven, not applicable, evidence missing
  4   refused by a rule; nothing was written
  70  internal error

Example:
  oretrail demo";

#[derive(Debug, Subcommand)]
enum Verb {
    Demo(demo::Demo),
    Init(init::Init),
    Key(key::Key),
    Party(party::Party),
    Facility(facility::Facility),
    Accredit(accredit::Accredit),
    Source(source::Source),
    Transform(transform::Transform),
    Roll(roll::Roll),
    Split(split::Split),
    Blend(blend::Blend),
    Dispatch(dispatch::Dispatch),
    Receive(receive::Receive),
    Retire(retire::Retire),
    Assay(assay::Assay),
    Claim(claim::Claim),
    Title(title::Title),
    Attach(attach::Attach),
    Correct(correct::Correct),
    Cosign(cosign::Cosign),
    Record(record::Record),
    Import(import::Import),
    Lots(lots::Lots),
    Show(show::Show),
    Trace(trace::Trace),
    Provenance(provenance::Provenance),
    Export(export::Export),
    Verify(verify::Verify),
    Policy(policy::Policy),
    Spec(spec::Spec),
    Summary(summary::Summarise),
    Decide(decide::Decide),
    Audit(audit::Audit),
    Publish(publish::Publish),
    Explain(explain::Explain),
    Schema(schema::Schema),
    Completions(completions::Completions),
    #[command(hide = true)]
    Man(man::Man),
}

impl Verb {
    fn run(self, context: &mut Context) -> Result<Done, Failure> {
        match self {
            Self::Demo(verb) => verb.run(context),
            Self::Init(verb) => verb.run(context),
            Self::Key(verb) => verb.run(context),
            Self::Party(verb) => verb.run(context),
            Self::Facility(verb) => verb.run(context),
            Self::Accredit(verb) => verb.run(context),
            Self::Source(verb) => verb.run(context),
            Self::Transform(verb) => verb.run(context),
            Self::Roll(verb) => verb.run(context),
            Self::Split(verb) => verb.run(context),
            Self::Blend(verb) => verb.run(context),
            Self::Dispatch(verb) => verb.run(context),
            Self::Receive(verb) => verb.run(context),
            Self::Retire(verb) => verb.run(context),
            Self::Assay(verb) => verb.run(context),
            Self::Claim(verb) => verb.run(context),
            Self::Title(verb) => verb.run(context),
            Self::Attach(verb) => verb.run(context),
            Self::Correct(verb) => verb.run(context),
            Self::Cosign(verb) => verb.run(context),
            Self::Record(verb) => verb.run(context),
            Self::Import(verb) => verb.run(context),
            Self::Lots(verb) => verb.run(context),
            Self::Show(verb) => verb.run(context),
            Self::Trace(verb) => verb.run(context),
            Self::Provenance(verb) => verb.run(context),
            Self::Export(verb) => verb.run(context),
            Self::Verify(verb) => verb.run(context),
            Self::Policy(verb) => verb.run(context),
            Self::Spec(verb) => verb.run(context),
            Self::Summary(verb) => verb.run(context),
            Self::Decide(verb) => verb.run(context),
            Self::Audit(verb) => verb.run(context),
            Self::Publish(verb) => verb.run(context),
            Self::Explain(verb) => verb.run(context),
            Self::Schema(verb) => verb.run(context),
            Self::Completions(verb) => verb.run(context),
            Self::Man(verb) => verb.run(context),
        }
    }
}

/// The whole command tree, for completions, man pages and the reference.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the program on the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !crate::ledger::index::is_guarded() {
            usual(panic);
        }
    }));
    let ran = std::panic::catch_unwind(|| run(std::env::args_os()));
    ran.unwrap_or_else(|_| ExitCode::from(error::exit_code(error::Kind::Internal)))
}

fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return output::clap_error(&error),
    };
    let mut context = Context::new(cli.global);
    let result = cli.verb.run(&mut context);
    context.tell_noticed();
    error::conclude(&mut context.output, result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(command: &clap::Command, path: &str, visit: &mut dyn FnMut(&str, &clap::Command)) {
        let path = format!("{path} {}", command.get_name()).trim().to_owned();
        visit(&path, command);
        for inner in command.get_subcommands() {
            each(inner, &path, visit);
        }
    }

    #[test]
    fn the_command_tree_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn every_verb_has_a_sentence_and_an_example_in_its_help() {
        each(&command(), "", &mut |path, verb| {
            let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(about.contains(' '), "{path} has no description");
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example"), "{path} has no example in its help");
            let name = path.strip_prefix("oretrail").unwrap_or(path);
            assert!(help.contains(&format!("oretrail{name}")) || name.is_empty(), "{path}: {help}");
        });
    }

    /// What is longer would be broken where somebody's terminal ends, and could not be copied from there.
    #[test]
    fn examples_fit_a_line_of_80() {
        each(&command(), "", &mut |path, verb| {
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples = help.split_once("Example").unwrap_or_default().1;
            for line in examples.lines().filter(|line| line.starts_with(' ')) {
                assert!(line.chars().count() <= 80, "{path}: {line}");
            }
        });
    }

    #[test]
    fn every_option_is_described() {
        each(&command(), "", &mut |path, verb| {
            for option in verb.get_arguments() {
                assert!(option.get_help().is_some(), "{path}: {} has no description", option.get_id());
            }
        });
    }
}
