//! `claim`: a testable statement about a lot.

use super::archive::Archive;
use super::claims::{built_in_policy, built_in_spec, wrong};
use super::context::Context;
use super::error::{Done, Failure};
use super::recorder;
use super::recording::{Body, Period, Recording};
use crate::event::Kind;
use crate::policy::claim::text::{Known, parse};
use crate::value::{Blake3, FacilityId};
use serde_json::json;

/// Make a testable statement about a lot; `oretrail verify` says whether the evidence bears it out.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Types of claims:
  origin ELEMENT COUNTRIES >= SHARE                 'origin Nd US,AU >= 0.9'
  processed-in STAGE-OR-PROCESS COUNTRIES           'processed-in separated MY'
  not-processed-in [STAGE-OR-PROCESS] COUNTRIES     'not-processed-in CN,RU,IR,KP'
  facility FACILITY [PROCESS]                       'facility GEBENG separate'
  recycled-content [ELEMENT] KIND >= SHARE          'recycled-content Nd post-consumer >= 0.25'
  custody-model >= MODEL                            'custody-model >= segregated'
  accredited-chain
  spec NAME [DIGEST]                                'spec magnet-n42sh'
  complies POLICY [DIGEST] DATE                     'complies us-10usc4872 2026-12-31'

Example:
  oretrail claim magnets-26-07 'origin Nd US >= 1'")]
pub(crate) struct Claim {
    /// The lot: its label or the beginning of its id
    lot: String,
    /// What is claimed, in one of the forms below
    #[arg(required = true, value_name = "CLAIM")]
    claim: Vec<String>,
    #[command(flatten)]
    recording: Recording,
}

impl Claim {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let text = self.claim.join(" ");
        let claim = parse(&text, &OfLedger(context)).map_err(|error| wrong(&text, &error))?;
        let body = Body::new().with("lot", Some(self.lot)).with("claim", Some(json!(claim)));
        let steps = self.recording.step(context, Kind::Claim, &Period::default(), body)?;
        recorder::record(context, &self.recording, steps)
    }
}

/// What the ledger and the program know by name.
struct OfLedger<'a>(&'a Context);

impl Known for OfLedger<'_> {
    fn facility(&self, text: &str) -> Result<FacilityId, String> {
        let found = Archive::open(self.0).and_then(|archive| archive.facility(text));
        found.map_err(|failure| {
            let message = failure.message;
            message
                .strip_prefix("expected ")
                .and_then(|rest| rest.split(", found").next())
                .unwrap_or(&message)
                .to_owned()
        })
    }

    fn spec(&self, name: &str) -> Option<Blake3> {
        built_in_spec(name)
    }

    fn policy(&self, id: &str) -> Option<Blake3> {
        built_in_policy(id)
    }
}
