//! `dispatch`: lots leave for a named party.

use super::choice::one_of;
use super::context::Context;
use super::error::{Done, Failure};
use super::notations::{CUSTOMS, DISPATCH_LEG, LICENCE, PACKAGE};
use super::recorder;
use super::recording::{Body, Period, Recording, Steps};
use crate::event::{DispatchReason, Kind, MAX_HEADS};
use serde_json::{Value, json};

/// Hand lots over to another party; they are in transit until that party receives or rejects them.
///
/// With `--mass` or `--pieces` only a part of the lot is sent: it is split off first.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  oretrail dispatch ndpr-oxide --mass 500 --to 'Mersey Alloys Ltd' \\
      --leg 'mode=sea from=MYKUA to=GBLIV carrier=\"Strait Lines\"'")]
pub(crate) struct Dispatch {
    /// The lots: labels or the beginnings of their ids
    #[arg(required = true)]
    lot: Vec<String>,
    /// The party that is to receive them
    #[arg(long, value_name = "PARTY")]
    to: String,
    /// Why they are sent
    #[arg(long, default_value = "sale", value_parser = one_of!(DispatchReason))]
    reason: String,
    /// Send only this mass of the lot, in kg
    #[arg(long, value_name = "KG", conflicts_with = "pieces")]
    mass: Option<String>,
    /// Send only so many pieces of the lot
    #[arg(long, value_name = "NUMBER")]
    pieces: Option<u64>,
    /// Label of the part that is sent
    #[arg(long, value_name = "LABEL")]
    part_label: Option<String>,
    /// Label of the part that stays
    #[arg(long, value_name = "LABEL")]
    rest_label: Option<String>,
    /// The facility they leave from; by default where the first lot is
    #[arg(long, value_name = "FACILITY")]
    facility: Option<String>,
    /// The receiver's facility they go to
    #[arg(long, value_name = "FACILITY")]
    to_facility: Option<String>,
    /// The ledger in which the receiver answers; by default this one
    #[arg(long, value_name = "LEDGER")]
    to_ledger: Option<String>,
    /// The receipt whose returned part goes home
    #[arg(long, value_name = "EVENT")]
    returns: Option<String>,
    /// Common number of the events of one shipment
    #[arg(long, value_name = "TEXT")]
    shipment: Option<String>,
    /// A leg of the journey, as 'mode=sea from=MYKUA to=GBLIV carrier=C'; may be repeated
    #[arg(long, value_name = "LEG")]
    leg: Vec<String>,
    /// A container or package, as 'kind=container number=MSKU1234565 seals=S1,S2'; may be repeated
    #[arg(long, value_name = "PACKAGE")]
    package: Vec<String>,
    /// The customs declaration, as 'code=2846.90 jurisdiction=US declaration=…'
    #[arg(long, value_name = "CUSTOMS")]
    customs: Option<String>,
    /// The export licence, as 'number=N country=MY expires=2027-01-31'
    #[arg(long, value_name = "LICENCE")]
    licence: Option<String>,
    #[command(flatten)]
    recording: Recording,
}

impl Dispatch {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let common = self.common()?;
        let shipment = self.shipment(context)?;
        let mut steps = Steps::default();
        for lots in self.lots()?.chunks(MAX_HEADS) {
            let body = common.clone().list("lots", lots.to_vec()).with("shipment", shipment.clone());
            let one = self.recording.step(context, Kind::Dispatch, &Period::default(), body)?;
            steps.steps.extend(one.steps);
            steps.documents = one.documents;
        }
        recorder::record(context, &self.recording, steps)
    }

    /// What all events of the shipment say.
    fn common(&self) -> Result<Body, Failure> {
        let one = |notation: &super::pairs::Notation, text: &Option<String>| {
            text.as_ref().map(|text| notation.read(text).map(Value::Object)).transpose()
        };
        Ok(Body::new()
            .with("to", Some(self.to.clone()))
            .with("reason", Some(self.reason.clone()))
            .with("from", self.facility.clone())
            .with("to_facility", self.to_facility.clone())
            .with("to_ledger", self.to_ledger.clone())
            .with("returns", self.returns.clone())
            .list("legs", DISPATCH_LEG.read_all(&self.leg)?)
            .list("packages", PACKAGE.read_all(&self.package)?)
            .with("customs", one(&CUSTOMS, &self.customs)?)
            .with("licence", one(&LICENCE, &self.licence)?))
    }

    fn lots(&self) -> Result<Vec<Value>, Failure> {
        let part = match (&self.mass, self.pieces) {
            (Some(mass), _) => ("mass", Value::from(mass.clone())),
            (None, Some(pieces)) => ("pieces", Value::from(pieces)),
            (None, None) => return Ok(self.lot.iter().map(|lot| Value::from(lot.clone())).collect()),
        };
        let [lot] = self.lot.as_slice() else {
            return Err(Failure::usage(format_args!(
                "expected one lot with `--mass` or `--pieces`, found {}",
                self.lot.len()
            ))
            .hint("dispatch each part by itself, or split the lots first with `oretrail split`"));
        };
        let line = Body::new()
            .with("lot", Some(lot.clone()))
            .with(part.0, Some(part.1))
            .with("name", self.part_label.clone())
            .with("rest", self.rest_label.clone());
        Ok(vec![line.into()])
    }

    /// The number of the shipment; made up where several events need a common one.
    fn shipment(&self, context: &Context) -> Result<Option<Value>, Failure> {
        match &self.shipment {
            Some(shipment) => Ok(Some(json!(shipment))),
            None if self.lot.len() > MAX_HEADS => {
                let now = context.now()?;
                Ok(Some(json!(format!("{} lots to {}, {now}", self.lot.len(), self.to))))
            }
            None => Ok(None),
        }
    }
}
