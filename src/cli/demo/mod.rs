//! `demo`: plays a scenario from the first registration to the verified lineage file, with simulated times and keys.
//!
//! The steps go through the code that `record` uses; the file is written as `export` writes it and verified as `verify` does,
//! from the two files alone.

mod answers;
mod stage;
mod told;

use super::context::Context;
use super::error::{Done, Failure};
use super::output::Tone;
use crate::interop::batch::Header;
use crate::interop::scenarios::{SCENARIOS, named};
use crate::ledger::disk::{RealDisk, read_whole};
use serde_json::json;
use stage::Stage;
use std::path::{Path, PathBuf};

/// Play a scenario: record a lot's whole life, export it to one file, and verify that file as a stranger would
///
/// Times and keys are simulated: the scenario carries its own clock, and anybody can derive its keys. The trust file is
/// its own author's word. A built-in scenario says what the buyer's questions must come to; the demo ends with exit code 0
/// where they do, whatever the answers are. As JSON, refused steps, report and answers are one value.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  oretrail demo\n  oretrail demo --list\n  oretrail demo refusals --dir ./demo")]
pub(crate) struct Demo {
    /// A built-in scenario (see --list), or a scenario file
    #[arg(value_name = "NAME|FILE", default_value = "magnet")]
    scenario: String,
    /// The folder to play in, which must not exist yet; by default a fresh temporary one
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// List the built-in scenarios
    #[arg(long)]
    list: bool,
}

impl Demo {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        if self.list {
            return list(context);
        }
        let text = text_of(&self.scenario)?;
        let stage = Stage::new(self.dir.as_deref())?;
        let played = stage.play(context, &self.scenario, &text)?;
        if played.subject.is_none() {
            return played.tell(context, &stage, None).map(|()| Done::Ok);
        }
        let exported = stage.export(&played)?;
        stage.verify(context, &played, &exported)
    }
}

fn list(context: &mut Context) -> Result<Done, Failure> {
    let headers = SCENARIOS.iter().map(|one| one.read().map(|(header, _)| (one.name, header)));
    let headers: Vec<_> = headers.collect::<Result<_, _>>()?;
    if context.output.is_json() {
        let one = |(name, header): &(&str, Header)| json!({ "name": name, "case": header.case, "title": header.title });
        context.output.json(&headers.iter().map(one).collect::<Vec<_>>())?;
        return Ok(Done::Ok);
    }
    let widest = headers.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (name, header) in headers {
        let (case, title) = (header.case.unwrap_or_default(), header.title.unwrap_or_default());
        let name = Tone::Bold.paint(format_args!("{name:<widest$}"));
        text.push_str(&format!("{name}  {case:<2}  {title}\n"));
    }
    context.output.text(&text)?;
    Ok(Done::Ok)
}

/// The largest scenario file, in bytes.
const MAX_SCENARIO: u64 = 16 << 20;

/// The text of a built-in scenario, or of a file.
fn text_of(scenario: &str) -> Result<String, Failure> {
    if let Some(found) = named(scenario) {
        return Ok(found.text.to_owned());
    }
    let path = Path::new(scenario);
    if !path.is_file() {
        let names: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        return Err(Failure::usage(format_args!("expected a built-in scenario or a file, found `{scenario}`"))
            .hint(format_args!("built in are {}", names.join(", "))));
    }
    let bytes = read_whole(&RealDisk, path, MAX_SCENARIO)?;
    String::from_utf8(bytes).map_err(|error| Failure::usage(format_args!("{scenario}: {}", error.utf8_error())))
}
