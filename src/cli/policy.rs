//! `policy`: the packs that lots are judged by.

use super::context::Context;
use super::error::{Done, Failure};
use super::kept::Kept;
use super::output::{Rows, Tone};
use super::policy_exception;
use crate::policy::pack::{MAX_PACK, Pack, built_in};
use clap::Subcommand;
use serde_json::json;

/// List, show and check the policy packs that `oretrail verify --policy` judges by.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail policy list")]
pub(crate) struct Policy {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(List),
    Show(Show),
    Check(Check),
    Exception(policy_exception::Make),
}

/// List the packs built in.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail policy list")]
struct List {}

/// Print a pack as its file has it, to read, or to copy and change.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail policy show us-dfars-252.225-7052 > mine.toml")]
struct Show {
    /// The pack: an id of `oretrail policy list`, or a file
    #[arg(value_name = "ID|FILE")]
    pack: String,
}

/// Check a pack file, and say what is in it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail policy check mine.toml")]
struct Check {
    /// The file
    #[arg(value_name = "FILE")]
    file: String,
}

impl Policy {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        match self.action {
            Action::List(_) => list(context)?,
            Action::Show(verb) => {
                let (text, pack) = text_of(&verb.pack)?;
                if context.output.is_json() {
                    context.output.json(&pack.file)?;
                } else {
                    context.output.text(&text)?;
                }
            }
            Action::Check(verb) => check(context, &text_of(&verb.file)?.1)?,
            Action::Exception(verb) => return verb.run(context),
        }
        Ok(Done::Ok)
    }
}

/// The pack of an id or a file.
pub(crate) fn read_pack(named: &str) -> Result<Pack, Failure> {
    text_of(named).map(|(_, pack)| pack)
}

fn text_of(named: &str) -> Result<(String, Pack), Failure> {
    let kept = Kept { what: "policy pack", verb: "policy", built_in: built_in(), most_bytes: MAX_PACK, near: 8 };
    let text = kept.text(named)?;
    let pack =
        Pack::parse(&text).map_err(|error| kept.wrong(named, &error, error.hint().map(|hint| hint.to_string())))?;
    Ok((text, pack))
}

fn list(context: &mut Context) -> Result<(), Failure> {
    let packs: Vec<Pack> = built_in().iter().map(|(id, _)| read_pack(id)).collect::<Result<_, _>>()?;
    if context.output.is_json() {
        let one = |pack: &Pack| {
            let file = &pack.file;
            json!({ "id": file.id, "blake3": pack.blake3, "title": file.title, "duty": file.duty, "source": file.source })
        };
        return context.output.json(&packs.iter().map(one).collect::<Vec<_>>());
    }
    let mut table = Rows::new(&["id", "duty", "delivery", "title"]);
    for pack in &packs {
        let file = &pack.file;
        table.push(vec![file.id.to_string(), file.duty.to_string(), days(pack), file.title.to_string()]);
    }
    context.output.table(&table, "there are no packs")
}

/// The first day of each range.
fn days(pack: &Pack) -> String {
    let from: Vec<String> = pack
        .file
        .ranges
        .iter()
        .map(|range| range.from.map_or_else(|| "any".to_owned(), |from| from.to_string()))
        .collect();
    format!("from {}", from.join(", "))
}

fn check(context: &mut Context, pack: &Pack) -> Result<(), Failure> {
    if context.output.is_json() {
        return context.output.json(&json!({ "policy": pack.reference(), "valid": true }));
    }
    let file = &pack.file;
    let mut text = format!("{}\n  {}\n  blake3 {}\n", Tone::Bold.paint(&file.id), file.title, pack.blake3);
    for family in &file.families {
        text.push_str(&format!("  about {} ({})\n", family.title, family.id));
    }
    for range in &file.ranges {
        let from = range.from.map_or_else(String::new, |from| format!(" from {from}"));
        let until = range.until.map_or_else(String::new, |until| format!(" until {until}"));
        let asks = |rule: &&crate::policy::pack::Rule| rule.note.is_none();
        let rules: Vec<&str> = range.rules.iter().filter(asks).map(|rule| rule.bucket.as_str()).collect();
        let exceptions: Vec<&str> = range.exceptions.iter().map(|rule| rule.kind.as_str()).collect();
        text.push_str(&format!("  {}{from}{until}: {}\n", range.id, listed(&rules)));
        text.push_str(&format!("    exceptions: {}\n", listed(&exceptions)));
    }
    for (name, value) in &file.parameters {
        let value = if value.is_empty() { "not stated" } else { value };
        text.push_str(&format!("  parameter {name}: {value} ({})\n", name.words()));
    }
    context.output.text(&text)
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
