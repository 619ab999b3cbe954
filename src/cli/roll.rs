//! `roll`: closes a period of continuous plant.

use super::context::Context;
use super::error::{Done, Failure};
use super::notations::OUTPUT;
use super::recorder;
use super::recording::{Body, Period, Recording};
use super::transform::loss;
use crate::event::{Form, Kind, LossKind, OutputRole};
use crate::value::Mass;
use serde_json::{Map, Value, json};

/// Close a period of continuous plant: the last heel and what was charged become what was drawn and the next heel.
///
/// A circuit, bath or silo holds an in-process lot, its heel. With `--book KG`, the heel that the books expect, the
/// difference to the one measured is recorded as a stocktake difference.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  oretrail roll --process separate --heel sx-heel-26-01 \\
      --charge mrec-c1,mrec-c2 \\
      --from 2026-02-01T00:00:00Z --to 2026-02-28T23:59:59Z \\
      --drawn 'name=ndpr-26-02 form=oxide mass=6443.28 elements=Nd,Pr' \\
      --next 'name=sx-heel-26-02 mass=1180 elements=La,Ce,Nd,Pr' --book 1195")]
pub(crate) struct Roll {
    /// What was done, in order
    #[arg(long, required = true, value_name = "PROCESS", value_delimiter = ',')]
    process: Vec<String>,
    /// The last heel; none in the first period
    #[arg(long, value_name = "LOT")]
    heel: Option<String>,
    /// Lots that were charged
    #[arg(long, value_name = "LOT", value_delimiter = ',')]
    charge: Vec<String>,
    /// A lot that was drawn, as 'name=L form=F mass=KG elements=Nd,Pr'; may be repeated
    #[arg(long, value_name = "LOT")]
    drawn: Vec<String>,
    /// The next heel, as 'name=L mass=KG elements=Nd,Pr'; none in the last period
    #[arg(long, value_name = "LOT")]
    next: Option<String>,
    /// Mass of the next heel by the books, in kg
    #[arg(long, value_name = "KG", requires = "next")]
    book: Option<Mass>,
    /// The facility; by default where the heel is
    #[arg(long, value_name = "FACILITY")]
    facility: Option<String>,
    /// Elements whose yield the operation is run for
    #[arg(long, value_name = "ELEMENT", value_delimiter = ',')]
    target: Vec<String>,
    /// A loss, as off-gas=2.037 or, by difference, solution; may be repeated
    #[arg(long, value_name = "KIND[=KG]")]
    loss: Vec<String>,
    /// Why more of an element comes out than measurably went in
    #[arg(long, value_name = "TEXT")]
    gain_reason: Option<String>,
    #[command(flatten)]
    period: Period,
    #[command(flatten)]
    recording: Recording,
}

impl Roll {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let next = self.next.as_deref().map(heel).transpose()?;
        let mut losses: Vec<Value> = self.loss.iter().map(|text| loss(text)).collect();
        if let (Some(book), Some(next)) = (self.book, &next) {
            losses.extend(stocktake(book, next)?);
        }
        let mut outputs = OUTPUT.read_all(&self.drawn)?;
        outputs.extend(next.map(Value::Object));
        let body = Body::new()
            .list("processes", self.process)
            .list("inputs", self.heel.into_iter().chain(self.charge))
            .list("outputs", outputs)
            .with("facility", self.facility)
            .list("targets", self.target)
            .list("losses", losses)
            .with("gain_reason", self.gain_reason);
        let steps = self.recording.step(context, Kind::Transform, &self.period, body)?;
        recorder::record(context, &self.recording, steps)
    }
}

/// The next heel, an in-process lot.
fn heel(text: &str) -> Result<Map<String, Value>, Failure> {
    let mut next = OUTPUT.read(text)?;
    next.entry("form").or_insert(Form::InProcess.as_str().into());
    next.entry("role").or_insert(OutputRole::Heel.as_str().into());
    Ok(next)
}

/// What the books have more than was measured, or with a minus less; nothing where they agree.
fn stocktake(book: Mass, next: &Map<String, Value>) -> Result<Option<Value>, Failure> {
    let text = next.get("quantity").and_then(|quantity| quantity.get("net_dry")).and_then(Value::as_str);
    let text = text.ok_or_else(|| Failure::usage("expected `mass=` of the next heel beside `--book`, found none"))?;
    let measured: Mass =
        text.parse().map_err(|error| Failure::usage(format_args!("mass of the next heel: {error}")))?;
    let difference = book.minus(measured);
    Ok((difference.mg() != 0).then(|| json!({ "kind": LossKind::Stocktake, "mass": difference })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stocktake_difference_has_a_sign() {
        let next = heel("mass=1180.5").unwrap();
        assert_eq!((&next["form"], &next["role"]), (&json!("in-process"), &json!("heel")));
        let of = |book: &str| stocktake(book.parse().unwrap(), &next).unwrap();
        assert_eq!(of("1195"), Some(json!({ "kind": "stocktake", "mass": "14.5" })));
        assert_eq!(of("1180"), Some(json!({ "kind": "stocktake", "mass": "-0.5" })));
        assert_eq!(of("1180.500"), None);
    }
}
