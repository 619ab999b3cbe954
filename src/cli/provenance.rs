//! `provenance`: where the elements of a lot come from, and what they came through.

use super::context::Context;
use super::error::{Done, Failure, Kind};
use super::verify::{evidence, read_trust};
use crate::bundle::Asked;
use crate::policy::provenance::ProvenanceReport;
use crate::report::names::Names;
use crate::report::provenance;
use crate::rules::trust::Trust;
use crate::value::{Date, Element};
use std::path::PathBuf;

/// Say where each element of a lot comes from, through which stages, countries and sites, and how well that is evidenced
///
/// By element: origins with their shares, stages, and the four buckets of the section 857 disclosure (mined, refined to
/// oxide, made into metal and alloy, sintered or bonded and magnetized). Where values are withheld, masses are ranges.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail provenance magnets-26-07 --trust trust.toml
  oretrail provenance magnets.lineage.json --trust trust.toml \\
      --element Nd --element Dy --json

Exit codes: 0 the evidence is sound and complete, 1 its integrity does not hold, 3 it is not sound or not complete.")]
pub(crate) struct Provenance {
    /// The lineage file; or a lot of a ledger, by label or the beginning of its id
    subject: String,
    /// Whom to trust: ledgers, authorities, laboratories (`oretrail schema trust`)
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// Judge with the knowledge of this day, as 2026-11-03; by default now
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
    /// Only these elements; by default all that the lot lists
    #[arg(long, value_name = "ELEMENT", value_delimiter = ',')]
    element: Vec<Element>,
}

impl Provenance {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let as_of = self.as_of.map_or_else(|| context.now(), |date| Ok(date.end()))?;
        let trust = self.trust.as_deref().map_or_else(|| Ok(Trust::nobody()), read_trust)?;
        let bundle = evidence(context, &self.subject)?;
        let verification = bundle.verify(&Asked { trust: &trust, as_of, recipient: None })?;
        let names: Names = verification.mentioned().collect();
        let trail = verification.trail()?.ok_or_else(|| {
            Failure::new(Kind::Broken, "the integrity of the evidence does not hold, so that nothing in it counts")
                .hint(format_args!("`oretrail verify {}` says what is wrong", self.subject))
        })?;
        let report = ProvenanceReport::of(&trail, as_of, &self.element).ok_or_else(|| {
            Failure::new(Kind::Undecided, "the event that made the lot is not at hand, so that its origin is not known")
        })?;
        if context.output.is_json() {
            context.output.json(&report)?;
        } else {
            let width = context.output.width();
            context.output.text(&provenance::text(&report, &names, width))?;
        }
        if self.trust.is_none() {
            context.output.hint("nobody is trusted without a trust file: say whom with `--trust FILE`");
        }
        Ok(if report.sound && report.complete { Done::Ok } else { Done::Undecided })
    }
}
