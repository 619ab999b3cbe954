//! `retire`: lots leave the ledger.

use super::choice::one_of;
use super::context::Context;
use super::error::{Done, Failure};
use super::recorder;
use super::recording::{Body, Period, Recording};
use crate::event::{Kind, RetireReason};

/// Record that lots leave the ledger, or close the books on a dispatch that nobody answered.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail retire magnets-26-07 --reason built-in --product 'actuator 4711'
  oretrail retire --reason unanswered --dispatch 3fa2b1c9")]
pub(crate) struct Retire {
    /// The lots: labels or the beginnings of their ids; none for `unanswered`
    lot: Vec<String>,
    /// Why
    #[arg(long, value_parser = one_of!(RetireReason))]
    reason: String,
    /// The product they were built into, or who bought them
    #[arg(long, value_name = "TEXT")]
    product: Option<String>,
    /// The facility where they were last; by default where the first lot is
    #[arg(long, value_name = "FACILITY")]
    facility: Option<String>,
    /// The dispatch that is given up
    #[arg(long, value_name = "EVENT")]
    dispatch: Option<String>,
    #[command(flatten)]
    recording: Recording,
}

impl Retire {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let body = Body::new()
            .list("lots", self.lot)
            .with("reason", Some(self.reason))
            .with("product", self.product)
            .with("facility", self.facility)
            .with("dispatch", self.dispatch);
        let steps = self.recording.step(context, Kind::Retire, &Period::default(), body)?;
        recorder::record(context, &self.recording, steps)
    }
}
