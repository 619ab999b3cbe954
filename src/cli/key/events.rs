//! `key add`, `key scope`, `key rotate`, `key revoke`: events signed by a key of the party.

use super::public::PublicHalf;
use crate::cli::archive::Archive;
use crate::cli::choice::one_of;
use crate::cli::context::Context;
use crate::cli::error::{Done, Failure, Kind as FailureKind};
use crate::cli::recorder;
use crate::cli::recording::{Body, Period, Recording, Steps};
use crate::event::{KeyAction, Kind, RevocationReason};
use crate::keys::{KeyEntry, KeyRole};
use crate::ledger::rotation::binding;
use crate::tlog::vkey::{KeyKind, VerifierKey};
use crate::value::{KeyId, Time};
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

/// Add a key to a party; it cosigns, and may sign what its scope lists.
///
/// A key of another machine is given by its description, the `.pub` file beside it there: write a draft with `--prepare`,
/// let that machine sign it with `oretrail cosign`, and record what comes back with `oretrail record --cosigned`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail key add control-room --by 'Sundown Carbonate LLC' \\
      --kinds source,transform --facilities PIT,MILL
  oretrail key add ./port-office.pub --kinds dispatch \\
      --prepare port-office.draft.json")]
pub(crate) struct Add {
    /// The new key: its name or the beginning of its id, or the `.pub` file of one on another machine
    new: String,
    #[command(flatten)]
    scope: ScopeOptions,
    #[command(flatten)]
    recording: Recording,
}

impl Add {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let new = PublicHalf::find(context, &self.new)?;
        let body = body(KeyAction::Add).with("key", Some(new.jwk()?)).with("scope", Some(self.scope.scope()));
        let steps = self.recording.step(context, Kind::Key, &Period::default(), body)?;
        recorder::record_for_key(context, &self.recording, steps, new.at_hand.as_ref())
    }
}

/// Change what an added key of a party may sign.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail key scope control-room --kinds source,transform,dispatch")]
pub(crate) struct Rescope {
    /// The key: its name or id
    #[arg(allow_hyphen_values = true)]
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

/// Replace a key of a party by a new one of the same scope, or the key of a log by a new one.
///
/// The log's key is rotated by an event of the ledger's operator; the checkpoint after it is signed by both keys, which
/// must be on this machine.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail key rotate mine-gate --new mine-gate-2
  oretrail key new log-2 --role log && oretrail key rotate log --new log-2")]
pub(crate) struct Rotate {
    /// The key that is replaced: its name or id
    #[arg(allow_hyphen_values = true)]
    old: String,
    /// The new key: its name or the beginning of its id, or the `.pub` file of one on another machine
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    new: String,
    /// The signing memory of the old key is lost; it signs this one event all the same
    #[arg(long)]
    memory_lost: bool,
    #[command(flatten)]
    recording: Recording,
}

impl Rotate {
    pub(crate) fn run(mut self, context: &mut Context) -> Result<Done, Failure> {
        let new = PublicHalf::find(context, &self.new)?;
        let log = context.find_key(&self.old).ok().filter(|old| old.info.role == KeyRole::Log);
        let is_log = log.is_some();
        let mut steps = if let Some(old) = log {
            log_rotation(context, &mut self.recording, &old, &new)?
        } else {
            let kid = context.key_id(&self.old);
            if self.memory_lost {
                context.find_key(&self.old)?;
                self.recording.key.get_or_insert_with(|| self.old.clone());
            }
            let body = body(KeyAction::Rotate).with("kid", Some(kid)).with("key", Some(new.jwk()?));
            self.recording.step(context, Kind::Key, &Period::default(), body)?
        };
        steps.memory_lost = self.memory_lost;
        recorder::record_for_key(context, &self.recording, steps, new.at_hand.as_ref().filter(|_| !is_log))
    }
}

/// The step that rotates the log's key to a new one, stated by the ledger's operator.
fn log_rotation(
    context: &Context,
    recording: &mut Recording,
    old: &KeyEntry,
    new: &PublicHalf,
) -> Result<Steps, Failure> {
    let archive = Archive::open(context)?;
    let reader = archive.snapshot.reader();
    check_rotation(reader.identity().vkeys(), old, new)?;
    let none = || Failure::usage("expected a ledger that has begun, found an empty one");
    let bound = binding(reader, &*archive.find())?.ok_or_else(none)?;
    let origin = reader.identity().origin().to_owned();
    let name = origin.parse().map_err(|error| Failure::new(FailureKind::Broken, error))?;
    let vkey = VerifierKey::new(name, KeyKind::Note, new.key.x);
    recording.by.get_or_insert_with(|| bound.operator.to_string());
    let body = Body::new()
        .with("origin", Some(origin))
        .with("vkey", Some(vkey.to_string()))
        .with("rotates", Some(bound.event.to_string()));
    recording.step(context, Kind::Ledger, &Period::default(), body)
}

/// Whether the old key is the one that signs this log, and the new one a log key that never did.
fn check_rotation(vkeys: &[VerifierKey], old: &KeyEntry, new: &PublicHalf) -> Result<(), Failure> {
    let ids: Vec<KeyId> = vkeys.iter().map(|vkey| vkey.public_key().id()).collect();
    if let Some(present) = ids.last().filter(|present| **present != old.info.kid) {
        return Err(Failure::usage(format_args!(
            "expected the present key of this log, {present}, found `{}`, {}",
            old.name, old.info.kid
        ))
        .hint("`oretrail key list` shows the keys at hand"));
    }
    let role = new.at_hand.as_ref().map_or(KeyRole::Log, |entry| entry.info.role);
    if role != KeyRole::Log || ids.contains(&new.key.id()) {
        let found = if role == KeyRole::Log { "one that signed it before" } else { "a key of another role" };
        return Err(Failure::usage(format_args!("expected a log key that never signed this log, found {found}"))
            .hint("make one with `oretrail key new NAME --role log`"));
    }
    Ok(())
}

/// End a key of a party.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail key revoke mine-gate --reason lost")]
pub(crate) struct Revoke {
    /// The key: its name or id
    #[arg(allow_hyphen_values = true)]
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
