//! `transform`: input lots become output lots.

use super::context::Context;
use super::error::{Done, Failure};
use super::notations::OUTPUT;
use super::recorder;
use super::recording::{Body, Period, Recording};
use crate::event::Kind;
use serde_json::{Value, json};

/// Record a process: input lots are wholly used up and output lots are made.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  oretrail transform --process separate,calcine --target Nd,Pr \\
      --input mrec-c1 --input mrec-c2 \\
      --output 'name=ndpr form=oxide mass=6443.28 TREO=0.99 Nd2O3/TREO=0.75' \\
      --output 'name=la form=carbonate role=by-product mass=25000 elements=La'")]
pub(crate) struct Transform {
    /// What was done, in order: crush, separate, calcine, reduce, sinter, …
    #[arg(long, required = true, value_name = "PROCESS", value_delimiter = ',')]
    process: Vec<String>,
    /// A lot used up: its label or the beginning of its id; may be repeated
    #[arg(long, required = true, value_name = "LOT")]
    input: Vec<String>,
    /// A lot made, as 'name=L form=F mass=KG Nd2O3/TREO=0.75'; may be repeated
    #[arg(long, required = true, value_name = "LOT")]
    output: Vec<String>,
    /// The facility; by default where the first input is
    #[arg(long, value_name = "FACILITY")]
    facility: Option<String>,
    /// Elements whose yield the operation is run for
    #[arg(long, value_name = "ELEMENT", value_delimiter = ',')]
    target: Vec<String>,
    /// A loss, as off-gas=2.037 or, by difference, tailings; may be repeated
    #[arg(long, value_name = "KIND[=KG]")]
    loss: Vec<String>,
    /// Why more of an element comes out than measurably went in
    #[arg(long, value_name = "TEXT")]
    gain_reason: Option<String>,
    /// Batch, heat or campaign number
    #[arg(long, value_name = "TEXT")]
    batch: Option<String>,
    #[command(flatten)]
    period: Period,
    #[command(flatten)]
    recording: Recording,
}

impl Transform {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let body = Body::new()
            .list("processes", self.process)
            .list("inputs", self.input)
            .list("outputs", OUTPUT.read_all(&self.output)?)
            .with("facility", self.facility)
            .list("targets", self.target)
            .list("losses", self.loss.iter().map(|text| loss(text)))
            .with("gain_reason", self.gain_reason)
            .with("batch", self.batch);
        let steps = self.recording.step(context, Kind::Transform, &self.period, body)?;
        recorder::record(context, &self.recording, steps)
    }
}

/// A loss, `kind=mass` or `kind`.
pub(crate) fn loss(text: &str) -> Value {
    match text.split_once('=') {
        Some((kind, mass)) => json!({ "kind": kind, "mass": mass }),
        None => json!({ "kind": text }),
    }
}
