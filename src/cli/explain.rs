//! `explain`: what a finding code means.

use super::context::Context;
use super::error::{Done, Failure};
use super::output::{Rows, Tone};
use crate::finding::{Code, Pass, Severity};
use serde_json::json;

/// Explain a finding code: what it means, what usually causes it, what to do about it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail explain custody.stale-head")]
pub(crate) struct Explain {
    /// The code, as a report prints it
    #[arg(required_unless_present = "list")]
    code: Option<Code>,
    /// List all codes
    #[arg(long, conflicts_with = "code")]
    list: bool,
}

impl Explain {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        match self.code {
            Some(code) => explain(context, code)?,
            None => list(context)?,
        }
        Ok(Done::Ok)
    }
}

fn as_json(code: Code) -> serde_json::Value {
    json!({
        "code": code,
        "family": code.family(),
        "severity": code.severity(),
        "pass": code.pass(),
        "reach": code.reach(),
        "refuses": code.is_refusal(),
        "meaning": code.meaning(),
        "cause": code.cause(),
        "cure": code.cure(),
    })
}

fn explain(context: &mut Context, code: Code) -> Result<(), Failure> {
    if context.output.is_json() {
        return context.output.json(&as_json(code));
    }
    let refuses = if code.is_refusal() { ", and refuses an append" } else { "" };
    let words = [
        ("family", format!("{}: {}", code.family(), code.family().words())),
        ("severity", format!("{}: {}{refuses}", code.severity(), code.severity().words())),
        ("decided", format!("at {}: {}", code.pass(), code.pass().words())),
        ("reach", format!("{}: {}", code.reach(), code.reach().words())),
        ("cause", code.cause().to_owned()),
        ("cure", code.cure().to_owned()),
    ];
    let mut text = format!("{}\n  {}\n\n", Tone::Bold.paint(code), code.meaning());
    for (name, value) in words {
        text.push_str(&format!("{name:<10}{value}\n"));
    }
    context.output.text(&text)
}

fn list(context: &mut Context) -> Result<(), Failure> {
    if context.output.is_json() {
        return context.output.json(&Code::ALL.iter().map(|code| as_json(*code)).collect::<Vec<_>>());
    }
    let mut table = Rows::new(&["code", "severity", "decided at", "meaning"]);
    for code in Code::ALL {
        let pass = match (code.severity(), code.pass()) {
            (Severity::Breach, Pass::Admission) => "admission (refuses)".to_owned(),
            (_, pass) => pass.to_string(),
        };
        table.push(vec![code.to_string(), code.severity().to_string(), pass, code.meaning().to_owned()]);
    }
    context.output.table(&table, "there are no codes")
}
