//! `split`: one lot becomes several.

use super::context::Context;
use super::error::{Done, Failure};
use super::notations::OUTPUT;
use super::recorder;
use super::recording::{Body, Period, Recording};
use super::transform::loss;
use crate::event::Kind;

/// Split a lot into parts; their masses and a stated difference sum exactly.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  oretrail split mrec-26-001 \\
      --part 'name=mrec-c1 mass=14353.92' --part 'name=mrec-c2 rest'")]
pub(crate) struct Split {
    /// The lot: its label or the beginning of its id
    lot: String,
    /// A part, as 'name=L mass=KG', 'name=L pieces=N', or 'name=L rest' for what is left; may be repeated
    #[arg(long, required = true, value_name = "PART")]
    part: Vec<String>,
    /// What the parts lack of the whole, as spill=0.5
    #[arg(long, value_name = "KIND=KG")]
    difference: Option<String>,
    /// The facility; by default where the lot is
    #[arg(long, value_name = "FACILITY")]
    facility: Option<String>,
    #[command(flatten)]
    recording: Recording,
}

impl Split {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let body = Body::new()
            .with("input", Some(self.lot))
            .list("outputs", OUTPUT.read_all(&self.part)?)
            .with("difference", self.difference.as_deref().map(loss))
            .with("facility", self.facility);
        let steps = self.recording.step(context, Kind::Split, &Period::default(), body)?;
        recorder::record(context, &self.recording, steps)
    }
}
