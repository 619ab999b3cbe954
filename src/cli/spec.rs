//! `spec`: the specifications that lots are checked by.

use super::context::Context;
use super::error::{Done, Failure};
use super::kept::Kept;
use super::output::{Rows, Tone};
use crate::policy::spec::{MAX_SPEC, Spec as Specification, built_in};
use clap::Subcommand;
use serde_json::json;
use std::fmt::Write as _;

/// List, show and check the specifications that `oretrail verify --spec` checks by.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail spec list")]
pub(crate) struct Spec {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(List),
    Show(Show),
    Check(Check),
}

/// List the specifications built in.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail spec list")]
struct List {}

/// Print a specification as its file has it, to read, or to copy and change.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail spec show magnet-n42sh > mine.toml")]
struct Show {
    /// The specification: an id of `oretrail spec list`, or a file
    #[arg(value_name = "ID|FILE")]
    spec: String,
}

/// Check a specification file, and say what is in it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail spec check mine.toml")]
struct Check {
    /// The file
    #[arg(value_name = "FILE")]
    file: String,
}

impl Spec {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        match self.action {
            Action::List(_) => list(context)?,
            Action::Show(verb) => {
                let (text, spec) = text_of(&verb.spec)?;
                if context.output.is_json() {
                    context.output.json(&spec.file)?;
                } else {
                    context.output.text(&text)?;
                }
            }
            Action::Check(verb) => check(context, &text_of(&verb.file)?.1)?,
        }
        Ok(Done::Ok)
    }
}

/// The specification of an id or a file.
pub(crate) fn read_spec(named: &str) -> Result<Specification, Failure> {
    text_of(named).map(|(_, spec)| spec)
}

fn text_of(named: &str) -> Result<(String, Specification), Failure> {
    let kept = Kept { what: "specification", verb: "spec", built_in: built_in(), most_bytes: MAX_SPEC, near: 5 };
    let text = kept.text(named)?;
    let spec = Specification::parse(&text)
        .map_err(|error| kept.wrong(named, &error, error.hint().map(|hint| hint.to_string())))?;
    Ok((text, spec))
}

fn list(context: &mut Context) -> Result<(), Failure> {
    let specs: Vec<Specification> = built_in().iter().map(|(id, _)| read_spec(id)).collect::<Result<_, _>>()?;
    if context.output.is_json() {
        let one = |spec: &Specification| {
            let file = &spec.file;
            json!({ "id": file.id, "blake3": spec.blake3, "title": file.title, "source": file.source })
        };
        return context.output.json(&specs.iter().map(one).collect::<Vec<_>>());
    }
    let mut table = Rows::new(&["id", "title", "source"]);
    for spec in &specs {
        let file = &spec.file;
        table.push(vec![file.id.to_string(), file.title.to_string(), file.source.to_string()]);
    }
    context.output.table(&table, "there are no specifications")
}

fn check(context: &mut Context, spec: &Specification) -> Result<(), Failure> {
    if context.output.is_json() {
        return context.output.json(&json!({ "spec": spec.reference(), "valid": true }));
    }
    let file = &spec.file;
    let mut text = format!("{}\n  {}\n  blake3 {}\n", Tone::Bold.paint(&file.id), file.title, spec.blake3);
    let forms: Vec<&str> = file.forms.iter().map(|form| form.as_str()).collect();
    let elements: Vec<&str> = file.elements.iter().map(|element| element.as_str()).collect();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "  source: {}", file.source);
    let _ = writeln!(text, "  about lots of form {} that list {}", forms.join(" or "), elements.join(", "));
    let _ = writeln!(text, "  decision rule {}: {}", file.decision_rule, file.decision_rule.words());
    for limit in &file.limits {
        let methods: Vec<&str> = limit.methods.iter().map(|method| method.as_str()).collect();
        let by = if methods.is_empty() { String::new() } else { format!(", by {}", methods.join(" or ")) };
        let source = limit.source.as_ref().map_or_else(String::new, |source| format!(" ({source})"));
        let _ = writeln!(text, "  {}{by}{source}", limit.words());
    }
    context.output.text(&text)
}
