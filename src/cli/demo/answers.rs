//! What a scenario expects of the buyer's verification, compared with what came of it.

use super::stage::PlayedScenario;
use crate::bundle::Verification;
use crate::cli::context::Context;
use crate::cli::error::{Done, Failure, Kind};
use crate::cli::output::Tone;
use crate::finding::{Code, Severity};
use crate::interop::answers::{Compared, compare};
use crate::report::names::Names;
use serde::Serialize;
use std::collections::BTreeSet;

/// The expectations of a scenario, with what came of them.
#[derive(Serialize)]
pub(super) struct Answers {
    #[serde(rename = "answers")]
    compared: Vec<Compared>,
    /// Breaches and warnings that were not expected, and expected ones that were not found.
    findings: Vec<String>,
    /// Whether all came out as expected; absent where the scenario expects nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_expected: Option<bool>,
}

impl Answers {
    /// Asks what the scenario asks.
    pub(super) fn of(played: &PlayedScenario, verification: &Verification) -> Result<Self, Failure> {
        let header = &played.header;
        let expects = !header.expect_verdict.is_empty() || !header.expect_found.is_empty();
        let trail = verification.trail()?;
        let named = |name: &str| played.names.get(name).copied();
        let compared = header.expect_verdict.iter().map(|asked| match &trail {
            Some(trail) => compare(asked, trail, &named).map_err(Failure::usage),
            None => Err(Failure::new(Kind::Broken, "expected a lineage whose integrity holds")),
        });
        let compared: Vec<Compared> = compared.collect::<Result<_, _>>()?;
        let findings = if expects { differing(&header.expect_found, verification) } else { Vec::new() };
        let as_expected = expects.then(|| findings.is_empty() && compared.iter().all(Compared::is_as_expected));
        Ok(Self { compared, findings, as_expected })
    }

    /// Prints them.
    pub(super) fn tell(&self, context: &mut Context, names: &Names) -> Result<(), Failure> {
        if self.as_expected.is_none() {
            return Ok(());
        }
        let mut lines = vec![format!("\n{}", Tone::Bold.paint("What the buyer asks:"))];
        for one in &self.compared {
            let verdict = Tone::from(one.found).paint(format_args!("{:<14}", one.found.as_str()));
            lines.push(format!("{verdict} {}", one.question));
            lines.extend(one.why.as_ref().map(|why| format!("{:15}because {}", "", names.readable(why))));
            if one.found != one.expected {
                lines.push(Tone::Bad.paint(format_args!("{:15}not as expected: {}", "", one.expected)));
            }
            let lacking = one.lacking.iter().map(|text| format!("{:15}not as expected: no reason names `{text}`", ""));
            lines.extend(lacking.map(|line| Tone::Bad.paint(line)));
        }
        lines.extend(self.findings.iter().map(|line| Tone::Bad.paint(line)));
        let off = self.compared.iter().filter(|one| !one.is_as_expected()).count() + self.findings.len();
        let count = self.compared.len();
        lines.push(match off {
            0 => format!("All {count} answers are as the scenario expects."),
            _ => format!("{off} of {count} answers and the findings are not as the scenario expects."),
        });
        context.output.text(&(lines.join("\n") + "\n"))
    }

    /// How the demo ends: well where everything is as the scenario expects, else as the verification does.
    pub(super) fn done(&self, verified: Done) -> Done {
        match self.as_expected {
            None => verified,
            Some(true) => Done::Ok,
            Some(false) => Done::Broken,
        }
    }
}

/// Breaches and warnings of the report against those that are expected.
fn differing(expected: &[Code], verification: &Verification) -> Vec<String> {
    let loud = verification.report.findings().filter(|finding| finding.severity() > Severity::Note);
    let found: BTreeSet<Code> = loud.map(|finding| finding.code).collect();
    let expected: BTreeSet<Code> = expected.iter().copied().collect();
    let more = found.difference(&expected).map(|code| format!("not as expected: finding {code}"));
    let less = expected.difference(&found).map(|code| format!("not as expected: no finding {code}"));
    more.chain(less).collect()
}
