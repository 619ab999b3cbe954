//! `correct`: overlays values of an own event, or withdraws it.

use super::choice::one_of;
use super::context::Context;
use super::error::{Done, Failure};
use super::recorder;
use super::recording::{Body, Period, Recording};
use crate::event::{CorrectAction, CorrectReason, Finder, Kind};
use crate::value::Time;
use serde_json::{Value, json};

/// Correct an event of one's own: put other values over the recorded ones, or withdraw it. History stays visible.
///
/// `--set` takes the JSON pointer of a value in the event, as `oretrail show --signed` prints it, and the new value as
/// JSON (or as plain text).
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail correct 3fa2b1c9 --reason clerical-error \\
      --set '/body/outputs/0/labels=[\"MREC-26-002\"]'
  oretrail correct 3fa2b1c9 --reason did-not-occur --withdraw")]
#[group(id = "what", required = true, multiple = true, args = ["withdraw", "set", "set_at"])]
pub(crate) struct Correct {
    /// The event: the beginning of its id
    event: String,
    /// Why
    #[arg(long, value_parser = one_of!(CorrectReason))]
    reason: String,
    /// Who found it
    #[arg(long, default_value = "issuer", value_parser = one_of!(Finder))]
    found_by: String,
    /// Withdraw the event
    #[arg(long, conflicts_with_all = ["set", "set_at"])]
    withdraw: bool,
    /// A new value, as POINTER=JSON; may be repeated
    #[arg(long, value_name = "POINTER=JSON")]
    set: Vec<String>,
    /// When the event really happened
    #[arg(long, value_name = "TIME")]
    set_at: Option<Time>,
    #[command(flatten)]
    recording: Recording,
}

impl Correct {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let action = if self.withdraw { CorrectAction::Withdraw } else { CorrectAction::Overlay };
        let changes = self.set.iter().map(|text| change(text)).collect::<Result<Vec<_>, _>>()?;
        let body = Body::new()
            .with("target", Some(self.event))
            .with("action", Some(action.as_str()))
            .with("reason", Some(self.reason))
            .with("found_by", Some(self.found_by))
            .list("changes", changes)
            .with("at", self.set_at.map(|at| at.to_string()));
        let steps = self.recording.step(context, Kind::Correct, &Period::default(), body)?;
        recorder::record(context, &self.recording, steps)
    }
}

/// One change: the last segment of the pointer is the leaf, what comes before is its object.
fn change(text: &str) -> Result<Value, Failure> {
    let expected = || {
        Failure::usage(format_args!("expected a change such as `/body/outputs/0/labels=[\"L-2\"]`, found `{text}`"))
            .hint("`oretrail show EVENT --json` prints the event with its values")
    };
    let (pointer, value) = text.split_once('=').ok_or_else(expected)?;
    let (object, leaf) = pointer.rsplit_once('/').filter(|(_, leaf)| !leaf.is_empty()).ok_or_else(expected)?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok(json!({ "object": object, "leaf": leaf, "value": value }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_pointer_and_a_value() {
        let read = |text: &str| change(text).unwrap();
        assert_eq!(
            read("/body/outputs/0/labels=[\"x\"]"),
            json!({ "object": "/body/outputs/0", "leaf": "labels", "value": ["x"] })
        );
        assert_eq!(read("/remark=a = b"), json!({ "object": "", "leaf": "remark", "value": "a = b" }));
        assert!(change("remark").is_err() && change("/body/=1").is_err());
    }
}
