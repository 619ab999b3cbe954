//! `source`: material enters the ledger.

use super::archive::facility_or_only;
use super::choice::one_of;
use super::context::Context;
use super::error::{Done, Failure};
use super::notations::{OUTPUT, PRIOR};
use super::recorder;
use super::recording::{Body, Period, Recording};
use crate::event::{Kind, SourceKind};

/// Record material that enters the ledger at a facility: mined, bought, found in stock or returned.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  oretrail source mined --facility PIT \\
      --output 'name=ore-26-01 form=ore mass=1200000 TREO=0.06'")]
pub(crate) struct Source {
    /// How it came here
    #[arg(value_name = "KIND", value_parser = one_of!(SourceKind))]
    source: String,
    /// The facility: its code, name or the beginning of its id; by default the only one of the party
    #[arg(long, value_name = "FACILITY")]
    facility: Option<String>,
    /// A lot created, as 'name=L form=F mass=KG elements=Nd,Pr'; may be repeated
    #[arg(long, required = true, value_name = "LOT")]
    output: Vec<String>,
    /// What is known of a step before, as 'stage=mined country=AU supplier="…"'; may be repeated
    #[arg(long, value_name = "STEP")]
    prior: Vec<String>,
    /// The unanswered dispatch that brought it
    #[arg(long, value_name = "EVENT")]
    dispatch: Option<String>,
    #[command(flatten)]
    period: Period,
    #[command(flatten)]
    recording: Recording,
}

impl Source {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let facility = facility_or_only(context, &self.recording, self.facility)?;
        let body = Body::new()
            .with("source", Some(self.source))
            .with("facility", Some(facility))
            .list("outputs", OUTPUT.read_all(&self.output)?)
            .list("prior", PRIOR.read_all(&self.prior)?)
            .with("dispatch", self.dispatch);
        let steps = self.recording.step(context, Kind::Source, &self.period, body)?;
        recorder::record(context, &self.recording, steps)
    }
}
