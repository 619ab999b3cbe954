//! `accredit`: vouches for a party, a facility or a lot, and suspends, reinstates or withdraws that.

use super::archive::Archive;
use super::choice::one_of;
use super::context::Context;
use super::error::{Done, Failure};
use super::recorder;
use super::recording::{Body, Period, Recording};
use crate::event::{self, AccreditAction, Form, Kind, Method, Process, Scheme};
use crate::value::Time;
use clap::ArgGroup;
use serde_json::Value;

/// Vouch for a party, a facility or a lot; or suspend, reinstate or withdraw what was granted.
#[derive(Debug, clap::Args)]
#[command(
    group = ArgGroup::new("subject").args(["party", "facility", "lot"]),
    group = ArgGroup::new("action").required(true).args(["scheme", "suspend", "reinstate", "withdraw"]),
    after_help = "\
Examples:
  oretrail accredit --scheme site-location --facility PIT \\
      --processes mine,crush --certificate C-77 \\
      --valid-from 2026-01-01T00:00:00Z --valid-to 2028-12-31T23:59:59Z
  oretrail accredit --suspend 3fa2b1c9 --valid-from 2026-06-01T00:00:00Z"
)]
pub(crate) struct Accredit {
    /// Grant under this scheme
    #[arg(long, value_parser = one_of!(Scheme))]
    scheme: Option<String>,
    /// Suspend this grant
    #[arg(long, value_name = "EVENT")]
    suspend: Option<String>,
    /// End the suspension of this grant
    #[arg(long, value_name = "EVENT")]
    reinstate: Option<String>,
    /// End this grant
    #[arg(long, value_name = "EVENT")]
    withdraw: Option<String>,
    /// The party it is about
    #[arg(long, value_name = "PARTY")]
    party: Option<String>,
    /// The facility it is about
    #[arg(long, value_name = "FACILITY")]
    facility: Option<String>,
    /// The lot it is about
    #[arg(long, value_name = "LOT")]
    lot: Option<String>,
    /// From when it is in force or the action takes effect
    #[arg(long, value_name = "TIME")]
    valid_from: Time,
    /// Until when the grant is in force
    #[arg(long, value_name = "TIME", requires = "scheme")]
    valid_to: Option<Time>,
    /// Processes it is limited to
    #[arg(long, value_delimiter = ',', value_name = "PROCESS", requires = "scheme", value_parser = one_of!(Process), hide_possible_values = true)]
    processes: Vec<String>,
    /// Test methods it is limited to
    #[arg(long, value_delimiter = ',', value_name = "METHOD", requires = "scheme", value_parser = one_of!(Method), hide_possible_values = true)]
    methods: Vec<String>,
    /// Material forms it is limited to
    #[arg(long, value_delimiter = ',', value_name = "FORM", requires = "scheme", value_parser = one_of!(Form), hide_possible_values = true)]
    matrices: Vec<String>,
    /// Analytes it is limited to
    #[arg(long, value_delimiter = ',', value_name = "ANALYTE", requires = "scheme")]
    analytes: Vec<String>,
    /// Certificate number
    #[arg(long, value_name = "TEXT")]
    certificate: Option<String>,
    #[command(flatten)]
    recording: Recording,
}

impl Accredit {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let (action, grant) = self.action();
        let subject = self.subject(context, grant.as_deref())?;
        let scope = Body::new()
            .list("processes", self.processes.clone())
            .list("methods", self.methods.clone())
            .list("matrices", self.matrices.clone())
            .list("analytes", self.analytes.clone());
        let scope: Value = scope.into();
        let limited = scope.as_object().is_some_and(|scope| !scope.is_empty());
        let body = Body::new()
            .with("action", Some(action.as_str()))
            .with("scheme", self.scheme.clone())
            .with("subject", Some(subject))
            .with("grant", grant)
            .with("scope", limited.then_some(scope))
            .with("valid_from", Some(self.valid_from.to_string()))
            .with("valid_to", self.valid_to.map(|time| time.to_string()))
            .with("certificate", self.certificate.clone());
        let steps = self.recording.step(context, Kind::Accredit, &Period::default(), body)?;
        recorder::record(context, &self.recording, steps)
    }

    /// Whom or what it is about; what ends or suspends a grant is about the same.
    fn subject(&self, context: &Context, grant: Option<&str>) -> Result<Value, Failure> {
        let given = Body::new()
            .with("party", self.party.clone())
            .with("facility", self.facility.clone())
            .with("lot", self.lot.clone());
        let given: Value = given.into();
        match grant {
            _ if given.as_object().is_some_and(|given| !given.is_empty()) => Ok(given),
            None => Err(Failure::usage("expected what is vouched for, found no `--party`, `--facility` or `--lot`")),
            Some(grant) => {
                let archive = Archive::open(context)?;
                let granted = archive.event(&archive.event_id(grant)?)?;
                match &granted.event.payload.body {
                    event::Body::Accredit(granted) => Ok(serde_json::to_value(granted.subject)?),
                    other => Err(Failure::usage(format_args!("expected an accreditation, found a `{}`", other.kind()))),
                }
            }
        }
    }

    fn action(&self) -> (AccreditAction, Option<String>) {
        let given = [
            (AccreditAction::Suspend, &self.suspend),
            (AccreditAction::Reinstate, &self.reinstate),
            (AccreditAction::Withdraw, &self.withdraw),
        ];
        let other = given.into_iter().find_map(|(action, grant)| grant.clone().map(|grant| (action, Some(grant))));
        other.unwrap_or((AccreditAction::Grant, None))
    }
}
