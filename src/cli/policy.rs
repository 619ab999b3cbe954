//! `policy`: the packs that lots are judged by.

use super::context::Context;
use super::error::{Done, Failure};
use super::output::{Rows, Tone};
use super::policy_exception;
use crate::ledger::disk::{RealDisk, read_whole};
use crate::policy::pack::{MAX_PACK, Pack, PackError, built_in, find_built_in};
use clap::Subcommand;
use serde_json::json;
use std::path::Path;

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
    let path = Path::new(named);
    if !path.is_file() {
        if let Some((id, text)) = built_in().iter().find(|(id, _)| *id == named)
            && let Some(pack) = find_built_in(id)
        {
            return Ok(((*text).to_owned(), pack.map_err(|error| wrong(id, &error))?));
        }
        return Err(unknown(named));
    }
    let bytes = read_whole(&RealDisk, path, MAX_PACK as u64)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        Failure::usage(format_args!("{named}: expected text in UTF-8, found something else: {}", error.utf8_error()))
    })?;
    let pack = Pack::parse(&text).map_err(|error| wrong(named, &error))?;
    Ok((text, pack))
}

fn wrong(named: &str, error: &PackError) -> Failure {
    let failure = Failure::usage(format_args!("{named}: {error}"));
    let failure = error.hint().into_iter().fold(failure, Failure::hint);
    failure.hint("`oretrail schema policy` describes the policy pack")
}

fn unknown(named: &str) -> Failure {
    let near = built_in().iter().map(|(id, _)| (strsim::damerau_levenshtein(id, named), *id)).min();
    let near = near.filter(|(distance, _)| *distance <= 8);
    let near = near.map_or_else(String::new, |(_, id)| format!(" (did you mean `{id}`?)"));
    Failure::usage(format_args!("expected the id of a policy pack or a file, found `{named}`{near}"))
        .hint("`oretrail policy list` lists the packs built in")
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
