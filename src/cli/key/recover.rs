//! `key recover`: a `key` event signed by the offline recovery key.

use super::events::body;
use super::public::PublicHalf;
use crate::cli::choice::one_of;
use crate::cli::context::Context;
use crate::cli::error::{Done, Failure};
use crate::cli::recorder;
use crate::cli::recording::{Body, Period, Recording};
use crate::event::{KeyAction, Kind, RevocationReason};
use crate::value::Time;
use serde_json::Value;

/// Replace or revoke a key with the recovery key, when the key is lost or in other hands.
///
/// With `--after`, the key events recorded after that one are taken back; custody already applied stays.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail key recover --recovery mine-recovery \\
      --rotate mine-gate --new mine-gate-2
  oretrail key recover --recovery mine-recovery \\
      --revoke mine-gate --reason compromised \\
      --compromised-since 2026-05-01T00:00:00Z --after 3fa2b1c9")]
#[group(id = "what", required = true, multiple = false, args = ["rotate", "revoke"])]
pub(crate) struct Recover {
    /// The recovery key: its name or the beginning of its id
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    recovery: String,
    /// The key that is replaced by `--new`
    #[arg(long, value_name = "KEY", allow_hyphen_values = true, requires = "new")]
    rotate: Option<String>,
    /// The new key
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    new: Option<String>,
    /// The key that is ended
    #[arg(long, value_name = "KEY", allow_hyphen_values = true, requires = "reason")]
    revoke: Option<String>,
    /// Why it is ended
    #[arg(long, value_parser = one_of!(RevocationReason))]
    reason: Option<String>,
    /// Since when it is thought to be in other hands
    #[arg(long, value_name = "TIME")]
    compromised_since: Option<Time>,
    /// The next recovery key
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    next_recovery: Option<String>,
    /// The last key event that stands; by default the last one recorded
    #[arg(long, value_name = "EVENT")]
    after: Option<String>,
    #[command(flatten)]
    recording: Recording,
}

impl Recover {
    pub(crate) fn run(mut self, context: &mut Context) -> Result<Done, Failure> {
        let recovery = context.find_key(&self.recovery)?;
        let next = self.next_recovery.as_ref().map(|next| context.find_key(next)).transpose()?;
        let new = self.new.as_ref().map(|new| PublicHalf::find(context, new)).transpose()?;
        let with: Value = Body::new()
            .with("key", Some(serde_json::to_value(recovery.info.key)?))
            .with("replace", next.map(|next| next.info.kid.to_string()))
            .into();
        let action = if self.rotate.is_some() { KeyAction::Rotate } else { KeyAction::Revoke };
        let target = self.rotate.as_ref().or(self.revoke.as_ref()).map(|key| context.key_id(key));
        let body = body(action)
            .with("kid", target)
            .with("key", new.as_ref().filter(|_| self.rotate.is_some()).map(PublicHalf::jwk).transpose()?)
            .with("reason", self.reason.clone().filter(|_| self.revoke.is_some()))
            .with("compromised_since", self.compromised_since.map(|time| time.to_string()))
            .with("prev_key", self.after.clone())
            .with("recovery", Some(with));
        let by = match (&self.recording.by, &new) {
            (None, _) => recovery.info.party.map(|party| party.to_string()),
            (by, _) => by.clone(),
        };
        self.recording.by = by;
        self.recording.key = Some(self.recovery.clone());
        let steps = self.recording.step(context, Kind::Key, &Period::default(), body)?;
        recorder::record_for_key(context, &self.recording, steps, new.as_ref().and_then(|new| new.at_hand.as_ref()))
    }
}
