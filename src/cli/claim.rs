//! `claim`: a testable statement about a lot.

use super::context::Context;
use super::error::{Done, Failure};
use super::notations::CLAIM;
use super::recorder;
use super::recording::{Body, Period, Recording};
use crate::event::Kind;
use serde_json::Value;

/// Make a testable statement about a lot; `oretrail verify` says whether the evidence bears it out.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Types and their keys:
  origin            element=Nd countries=US,AU min-share=1
  processed-in      stage=separated countries=MY     (or process=sinter)
  not-processed-in  countries=CN,RU,IR,KP            (also with stage= or process=)
  facility          facility=GEBENG process=separate
  recycled-content  kind=post-consumer min-share=0.3 element=Nd
  custody-model     at-least=segregated
  accredited-chain
  spec              spec=NAME digest=BLAKE3
  complies          policy=ID digest=BLAKE3 delivery=2026-12-31

Example:
  oretrail claim magnets-26-07 origin element=Nd countries=US min-share=1")]
pub(crate) struct Claim {
    /// The lot: its label or the beginning of its id
    lot: String,
    /// The type of the statement, see below
    #[arg(value_name = "TYPE")]
    statement: String,
    /// What it says, as key=value words
    #[arg(value_name = "KEY=VALUE")]
    words: Vec<String>,
    #[command(flatten)]
    recording: Recording,
}

impl Claim {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let quoted: Vec<String> = self.words.iter().map(|word| format!("\"{word}\"")).collect();
        let members = if quoted.is_empty() { serde_json::Map::new() } else { CLAIM.read(&quoted.join(" "))? };
        let claim: Value = Body::new().with("type", Some(self.statement)).all(members).into();
        let body = Body::new().with("lot", Some(self.lot)).with("claim", Some(claim));
        let steps = self.recording.step(context, Kind::Claim, &Period::default(), body)?;
        recorder::record(context, &self.recording, steps)
    }
}
