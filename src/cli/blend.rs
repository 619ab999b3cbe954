//! `blend`: several lots become one.

use super::context::Context;
use super::error::{Done, Failure};
use super::notations::OUTPUT;
use super::recorder;
use super::recording::{Body, Period, Recording};
use crate::event::Kind;

/// Blend lots into one, whose composition is their mass-weighted mean.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  oretrail blend --input oxide-1 --input oxide-2 \\
      --output 'name=oxide-mix form=oxide mass=900 elements=Nd,Pr'")]
pub(crate) struct Blend {
    /// A lot used up: its label or the beginning of its id; may be repeated
    #[arg(long, required = true, value_name = "LOT")]
    input: Vec<String>,
    /// The lot made, as 'name=L form=F mass=KG elements=Nd,Pr'
    #[arg(long, value_name = "LOT")]
    output: String,
    /// The facility; by default where the first input is
    #[arg(long, value_name = "FACILITY")]
    facility: Option<String>,
    #[command(flatten)]
    period: Period,
    #[command(flatten)]
    recording: Recording,
}

impl Blend {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let body = Body::new()
            .list("inputs", self.input)
            .list("outputs", OUTPUT.read_all(std::slice::from_ref(&self.output))?)
            .with("facility", self.facility);
        let steps = self.recording.step(context, Kind::Blend, &self.period, body)?;
        recorder::record(context, &self.recording, steps)
    }
}
