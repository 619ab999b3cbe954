//! `attach`: documents that came later.

use super::context::Context;
use super::error::{Done, Failure};
use super::recorder;
use super::recording::{Body, Period, Recording};
use crate::event::Kind;

/// Attach documents to an event or a lot that is recorded already.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  oretrail attach --lot ndpr-oxide \\
      --doc 'file=cert.pdf kind=certificate-of-analysis number=R-2026-114'")]
#[group(id = "target", required = true, multiple = false, args = ["event", "lot"])]
pub(crate) struct Attach {
    /// The event: the beginning of its id
    #[arg(long, value_name = "EVENT")]
    event: Option<String>,
    /// The lot: its label or the beginning of its id
    #[arg(long, value_name = "LOT")]
    lot: Option<String>,
    #[command(flatten)]
    recording: Recording,
}

impl Attach {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let to: serde_json::Value = Body::new().with("event", self.event).with("lot", self.lot).into();
        let body = Body::new().with("to", Some(to));
        let steps = self.recording.step(context, Kind::Attach, &Period::default(), body)?;
        if steps.documents.is_empty() {
            return Err(Failure::usage("expected at least one `--doc`, found none"));
        }
        recorder::record(context, &self.recording, steps)
    }
}
