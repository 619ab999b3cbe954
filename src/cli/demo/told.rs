//! What is said of a scenario that was played.

use super::answers::Answers;
use super::stage::{Files, PlayedScenario, Stage};
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::format::count;
use crate::cli::output::Tone;
use crate::event::{Body, Event, Kind};
use crate::finding::{Code, Finding};
use crate::ledger::Planned;
use crate::value::PartyId;
use crate::verify::report::Report;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;

/// A path as a shell takes it.
pub(super) fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// What came of the verification of a scenario.
#[derive(Serialize)]
pub(super) struct Verified<'a> {
    #[serde(flatten)]
    pub(super) files: &'a Files,
    pub(super) report: &'a Report,
    #[serde(flatten)]
    pub(super) answers: &'a Answers,
}

/// A scenario that was played, as JSON.
#[derive(Serialize)]
struct Told<'a> {
    title: Option<&'a str>,
    case: Option<&'a str>,
    folder: &'a Path,
    recorded: usize,
    refused: Vec<Refused<'a>>,
    #[serde(flatten)]
    verified: Option<&'a Verified<'a>>,
}

/// A step that was refused, as the scenario expects.
#[derive(Serialize)]
struct Refused<'a> {
    step: u64,
    name: Option<&'a str>,
    kind: Kind,
    code: Code,
    findings: &'a [Finding],
}

impl PlayedScenario {
    /// Says what was played, refusals included; as JSON also what came of the verification.
    pub(super) fn tell(
        &self,
        context: &mut Context,
        stage: &Stage,
        verified: Option<&Verified<'_>>,
    ) -> Result<(), Failure> {
        if context.output.is_json() {
            return context.output.json(&self.told(stage, verified));
        }
        let title = self.header.title.clone().unwrap_or_else(|| "A scenario".to_owned());
        let mut lines = vec![Tone::Bold.paint(title)];
        lines.extend(self.header.description.as_deref().map(|text| text.trim().to_owned()));
        lines.push(String::new());
        let (parties, countries) = self.cast();
        let first = self.events.first().map_or(self.end, |planned| planned.at.recorded_at);
        lines.push(format!(
            "Recorded {} events by {} parties in {} countries, {} to {} (simulated times and keys),",
            count(self.events.len()),
            count(parties),
            count(countries),
            first.date(),
            self.end.date(),
        ));
        lines.push(format!("in {}", stage.folder.display()));
        for step in &self.steps {
            if let Some(code) = step.refused {
                let name = step.name.clone().unwrap_or_else(|| format!("step {}", step.step));
                let found = step.findings.iter().find(|finding| finding.code == code);
                let why = found.map(|finding| format!(": expected {}, found {}", finding.expected, finding.found));
                lines.push(format!("  refused as expected: {name} ({}) {code}{}", step.kind, why.unwrap_or_default()));
            }
        }
        context.output.text(&(lines.join("\n") + "\n\n"))
    }

    fn told<'a>(&'a self, stage: &'a Stage, verified: Option<&'a Verified<'a>>) -> Told<'a> {
        let refused = self.steps.iter().filter_map(|step| {
            let code = step.refused?;
            let name = step.name.as_deref();
            Some(Refused { step: step.step, name, kind: step.kind, code, findings: &step.findings })
        });
        Told {
            title: self.header.title.as_deref(),
            case: self.header.case.as_deref(),
            folder: &stage.folder,
            recorded: self.events.len(),
            refused: refused.collect(),
            verified,
        }
    }

    /// How many parties issued events, and in how many countries material was handled.
    fn cast(&self) -> (usize, usize) {
        let parties: BTreeSet<PartyId> = self.all().map(Event::issuer).collect();
        let countries: BTreeSet<_> = self
            .all()
            .filter_map(|event| match &event.payload.body {
                Body::Facility(facility) => Some(facility.country),
                _ => None,
            })
            .collect();
        (parties.len(), countries.len())
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().map(Planned::event)
    }
}
