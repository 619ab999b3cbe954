//! `receive`: the named receiver answers a dispatch.

use super::archive::facility_or_only;
use super::context::Context;
use super::error::{Done, Failure};
use super::notations::RECEIVED;
use super::recorder;
use super::recording::{Body, Period, Recording};
use crate::event::{Kind, Outcome};
use serde_json::{Map, Value, json};

/// Answer a dispatch: accept lots, reject them, or accept a part.
///
/// Lots named without more are accepted. `--lot` says more of one lot: own weights, or an outcome. With `accepted=KG
/// returned=KG` a part is accepted, and the other part goes home by a dispatch for return.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail receive mrec-c1 mrec-c2
  oretrail receive --dispatch 3fa2b1c9 --facility GEBENG
  oretrail receive --facility GEBENG --lot 'lot=mrec-c1 mass=14350.1' \\
      --reject mrec-c2 --reason 'seal broken'
  oretrail receive --facility GEBENG \\
      --lot 'lot=mrec-c3 accepted=14000 returned=353.92 reason=\"two wet bags\"'")]
pub(crate) struct Receive {
    /// Lots that are accepted: labels or the beginnings of their ids
    accepted: Vec<String>,
    /// The facility where the goods are now; by default the only one of the party
    #[arg(long, value_name = "FACILITY")]
    facility: Option<String>,
    /// The dispatch; by default the one that brought the first lot
    #[arg(long, value_name = "EVENT")]
    dispatch: Option<String>,
    /// A lot with weights or an outcome, as 'lot=L mass=KG' or 'lot=L accepted=KG returned=KG'; may be repeated
    #[arg(long, value_name = "LOT")]
    lot: Vec<String>,
    /// A lot that is rejected; may be repeated
    #[arg(long, value_name = "LOT", requires = "reason")]
    reject: Vec<String>,
    /// Why lots are rejected
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The sender's facility where the goods were taken over
    #[arg(long, value_name = "FACILITY")]
    taken_over_at: Option<String>,
    #[command(flatten)]
    recording: Recording,
}

impl Receive {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        if self.dispatch.is_none() && self.accepted.is_empty() && self.lot.is_empty() && self.reject.is_empty() {
            return Err(Failure::usage("expected lots or `--dispatch EVENT`, found neither")
                .hint("`oretrail lots --open` shows what is under way"));
        }
        let (lines, outputs) = self.lines()?;
        let facility = facility_or_only(context, &self.recording, self.facility)?;
        let body = Body::new()
            .with("facility", Some(facility))
            .with("dispatch", self.dispatch)
            .with("taken_over_at", self.taken_over_at)
            .list("lots", lines)
            .list("outputs", outputs);
        let steps = self.recording.step(context, Kind::Receive, &Period::default(), body)?;
        recorder::record(context, &self.recording, steps)
    }

    /// The lines of the receipt, and the lots that partial acceptance makes.
    fn lines(&self) -> Result<(Vec<Value>, Vec<Value>), Failure> {
        let mut lines: Vec<Value> = self.accepted.iter().map(|lot| json!({ "lot": lot })).collect();
        let mut outputs = Vec::new();
        for text in &self.lot {
            lines.push(line(text, RECEIVED.read(text)?, &mut outputs)?);
        }
        let rejected = Outcome::Rejected.as_str();
        let reject = |lot| json!({ "lot": lot, "outcome": rejected, "reason": self.reason });
        lines.extend(self.reject.iter().map(reject));
        Ok((lines, outputs))
    }
}

/// A line; masses of a part accepted and a part returned become lots.
fn line(text: &str, mut line: Map<String, Value>, outputs: &mut Vec<Value>) -> Result<Value, Failure> {
    let parts = [("accepted", "accepted_label"), ("returned", "returned_label")];
    let given = parts.iter().filter(|(part, _)| line.contains_key(*part)).count();
    if given == 1 {
        return Err(Failure::usage(format_args!("in `{text}`: expected both `accepted=` and `returned=`, found one")));
    }
    for (part, label) in parts {
        let label = line.remove(label);
        let Some(mass) = line.remove(part) else { continue };
        line.insert(part.to_owned(), outputs.len().into());
        line.insert("outcome".to_owned(), Outcome::Partial.as_str().into());
        outputs.push(Body::new().with("quantity", Some(mass)).with("label", label).into());
    }
    Ok(Value::Object(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_acceptance_makes_two_lots() {
        let text = "lot=a accepted=300 returned=200 accepted-label=a-1 reason=wet";
        let mut outputs = Vec::new();
        let line = line(text, RECEIVED.read(text).unwrap(), &mut outputs).unwrap();
        let expected = json!({ "lot": "a", "outcome": "partial", "accepted": 0, "returned": 1, "reason": "wet" });
        assert_eq!(line, expected);
        assert_eq!(outputs, [json!({ "quantity": "300", "label": "a-1" }), json!({ "quantity": "200" })]);
    }

    #[test]
    fn half_a_partial_acceptance_is_refused() {
        let text = "lot=a accepted=300";
        assert!(line(text, RECEIVED.read(text).unwrap(), &mut Vec::new()).is_err());
    }
}
