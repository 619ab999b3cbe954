//! `key add`, `key scope`, `key rotate`, `key revoke`: events signed by a key of the party.

use crate::cli::choice::one_of;
use crate::cli::context::Context;
use crate::cli::error::{Done, Failure};
use crate::cli::recorder;
use crate::cli::recording::{Body, Period, Recording};
use crate::event::{KeyAction, Kind, RevocationReason};
use crate::keys::KeyEntry;
use crate::value::Time;
use serde_json::Value;

/// What a key may sign.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ScopeOptions {
    /// Kinds of events it may sign: source, transform, dispatch, …
    #[arg(long, required = true, value_delimiter = ',', value_name = "KIND", value_parser = one_of!(Kind))]
    kinds: Vec<String>,
    /// Facilities it may sign for; any where none is named
    #[arg(long, value_delimiter = ',', value_name = "FACILITY")]
    facilities: Vec<String>,
    /// First moment of its validity, against the time of recording
    #[arg(long, value_name = "TIME")]
    valid_from: Option<Time>,
    /// Last moment of its validity
    #[arg(long, value_name = "TIME")]
    valid_to: Option<Time>,
}

impl ScopeOptions {
    fn scope(&self) -> Value {
        Body::new()
            .list("kinds", self.kinds.clone())
            .list("facilities", self.facilities.clone())
            .with("valid_from", self.valid_from.map(|time| time.to_string()))
            .with("valid_to", self.valid_to.map(|time| time.to_string()))
            .into()
    }
}

/// A `key` event of this action; the rest follows.
pub(super) fn body(action: KeyAction) -> Body {
    Body::new().with("action", Some(action.as_str()))
}

/// The public half of a key, as an event holds it.
pub(super) fn jwk(entry: &KeyEntry) -> Result<Value, Failure> {
    Ok(serde_json::to_value(entry.info.key)?)
}

/// Add a key of this machine to a party; it cosigns, and may sign what its scope lists.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  oretrail key add control-room --by 'Sundown Carbonate LLC' --kinds source,transform --facilities PIT,MILL")]
pub(crate) struct Add {
    /// The new key: its name or the beginning of its id
    new: String,
    #[command(flatten)]
    scope: ScopeOptions,
    #[command(flatten)]
    recording: Recording,
}

impl Add {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let new = context.find_key(&self.new)?;
        let body = body(KeyAction::Add).with("key", Some(jwk(&new)?)).with("scope", Some(self.scope.scope()));
        let steps = self.recording.step(context, Kind::Key, &Period::default(), body)?;
        recorder::record_for_key(context, &self.recording, steps, Some(&new))
    }
}

/// Change what an added key of a party may sign.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail key scope control-room --kinds source,transform,dispatch")]
pub(crate) struct Rescope {
    /// The key: its name or id
    target: String,
    #[command(flatten)]
    scope: ScopeOptions,
    #[command(flatten)]
    recording: Recording,
}

impl Rescope {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let kid = context.key_id(&self.target);
        let body = body(KeyAction::Scope).with("kid", Some(kid)).with("scope", Some(self.scope.scope()));
        let steps = self.recording.step(context, Kind::Key, &Period::default(), body)?;
        recorder::record(context, &self.recording, steps)
    }
}

/// Replace a key of a party by a new one of the same scope.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail key rotate mine-gate --new mine-gate-2")]
pub(crate) struct Rotate {
    /// The key that is replaced: its name or id
    old: String,
    /// The new key: its name or the beginning of its id
    #[arg(long, value_name = "KEY")]
    new: String,
    /// The signing memory of the old key is lost; it signs this one event all the same
    #[arg(long)]
    memory_lost: bool,
    #[command(flatten)]
    recording: Recording,
}

impl Rotate {
    pub(crate) fn run(mut self, context: &mut Context) -> Result<Done, Failure> {
        let new = context.find_key(&self.new)?;
        let kid = context.key_id(&self.old);
        if self.memory_lost {
            context.enter_key(&self.old)?;
            self.recording.key.get_or_insert_with(|| self.old.clone());
        }
        let body = body(KeyAction::Rotate).with("kid", Some(kid)).with("key", Some(jwk(&new)?));
        let steps = self.recording.step(context, Kind::Key, &Period::default(), body)?;
        recorder::record_for_key(context, &self.recording, steps, Some(&new))
    }
}

/// End a key of a party.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail key revoke mine-gate --reason lost")]
pub(crate) struct Revoke {
    /// The key: its name or id
    target: String,
    /// Why
    #[arg(long, value_parser = one_of!(RevocationReason))]
    reason: String,
    /// Since when it is thought to be in other hands
    #[arg(long, value_name = "TIME")]
    compromised_since: Option<Time>,
    #[command(flatten)]
    recording: Recording,
}

impl Revoke {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let kid = context.key_id(&self.target);
        let body = body(KeyAction::Revoke)
            .with("kid", Some(kid))
            .with("reason", Some(self.reason))
            .with("compromised_since", self.compromised_since.map(|time| time.to_string()));
        let steps = self.recording.step(context, Kind::Key, &Period::default(), body)?;
        recorder::record(context, &self.recording, steps)
    }
}
