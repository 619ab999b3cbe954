//! `init`: creates a ledger with its first two entries, the operator's registration and the binding of the log key.

use super::clock::patience;
use super::context::Context;
use super::error::{Done, Failure, Kind};
use super::key::create_key;
use super::output::Tone;
use super::party::PartyOptions;
use super::recorder::open_keys;
use super::recording::{Body, Period, Recording};
use crate::event::{self, Purpose};
use crate::finding::Finding;
use crate::interop::batch::{Context as Names, NoNames, Resolver, Step};
use crate::keys::{Cost, KeyEntry, KeyError, KeyRole, KeysAtHand, NewKey};
use crate::ledger::disk::{RealDisk, read_whole};
use crate::ledger::identity::{Identity, MAX_IDENTITY};
use crate::ledger::read::Reader;
use crate::ledger::{Batch, Draft, LogError, Plan, Tail, Writer};
use crate::state::Memory;
use crate::tlog::vkey::{KeyKind, KeyName, VerifierKey};
use crate::value::{LedgerId, PartyId, Text, Time};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Create a ledger: its folder, its log key, and the registration of its operator.
///
/// Keys that do not exist yet are made.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  oretrail init ./ledger --origin custody.example/log \\
      --operator 'Neutral Registry Ltd' --country IE")]
pub(crate) struct Init {
    /// Folder of the new ledger; by default `--ledger`, or else the current folder
    folder: Option<PathBuf>,
    /// Name of the log, a domain and path of the operator's own; it cannot be changed later
    #[arg(long, value_name = "ORIGIN")]
    origin: KeyName,
    /// Legal name of the operator
    #[arg(long, value_name = "NAME")]
    operator: String,
    /// The key that signs the log's checkpoints
    #[arg(long, value_name = "KEY", allow_hyphen_values = true, default_value = "log")]
    log_key: String,
    /// The operator's key, which signs its registration
    #[arg(long, value_name = "KEY", allow_hyphen_values = true, default_value = "operator")]
    key: String,
    /// Leave keys that are made unencrypted: whoever can read the files can then sign with them
    #[arg(long)]
    no_passphrase: bool,
    #[command(flatten)]
    party: PartyOptions,
}

impl Init {
    pub(crate) fn run(mut self, context: &mut Context) -> Result<Done, Failure> {
        let folder =
            self.folder.clone().or_else(|| context.global.ledger_given()).unwrap_or_else(|| PathBuf::from("."));
        let begun = is_begun(&folder)?;
        let now = context.now()?;
        let operator = self.key(context, &self.key, KeyRole::Party, now)?;
        let log = self.key(context, &self.log_key, KeyRole::Log, now)?;
        self.party.add_role("ledger-operator");
        let vkey = VerifierKey::new(self.origin.clone(), KeyKind::Note, log.info.key.x);
        let step = self.registration(context, &operator)?;
        let (disk, keys_folder) = (RealDisk, context.keys_folder()?);
        let mut keys = open_keys(context, &disk, &keys_folder)?;
        let begun = begun.then(|| go_on(&folder, &vkey, &keys)).transpose()?;
        let plan = first_entries(&step, &vkey, &log, now, &mut keys)?;
        let mut writer = match begun {
            Some(writer) => writer,
            None => Writer::create(Arc::new(RealDisk), &folder, vkey.clone(), &mut patience())?,
        };
        writer.commit(&plan, &[], &mut keys)?;
        drop(keys);
        let party = operator_of(&plan)?;
        context.set_key_party(&operator, party)?;
        let ledger = writer.identity().ledger();
        if context.output.is_json() {
            let json = json!({
                "folder": folder, "ledger": ledger, "origin": self.origin.as_str(), "vkey": vkey.to_string(),
                "operator": party, "operator_key": operator.name, "log_key": log.name,
            });
            context.output.json(&json)?;
            return Ok(Done::Ok);
        }
        let text = [
            format!("ledger {} in {}", Tone::Dim.paint(ledger), folder.display()),
            format!("operator {} {}", Tone::Bold.paint(&self.operator), Tone::Dim.paint(party)),
            format!("log key, for those who verify: {vkey}"),
        ];
        context.output.text(&text.join("\n"))?;
        context.output.hint("register parties with `oretrail party register`, sites with `oretrail facility register`");
        Ok(Done::Ok)
    }

    /// The key of this name, made where there is none.
    fn key(&self, context: &mut Context, name: &str, role: KeyRole, now: Time) -> Result<KeyEntry, Failure> {
        match context.store()?.find(name) {
            Ok(entry) => Ok(entry),
            Err(KeyError::Unknown { .. }) => {
                let new = NewKey { name, role, created: now, comment: None, cost: Cost::default() };
                let entry = create_key(context, &new, self.no_passphrase)?;
                context.output.remark(&format!("made key {name} in {}", entry.path.display()));
                Ok(entry)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn registration(&self, context: &Context, key: &KeyEntry) -> Result<Step, Failure> {
        let body: Body = self.party.body(context, &self.operator, serde_json::to_value(key.info.key)?)?;
        let recording = Recording::with_key(&key.name);
        let steps = recording.step_by(context, event::Kind::Party, &Period::default(), body)?;
        let none = || Failure::new(Kind::Internal, "expected one step, found none");
        steps.steps.into_iter().next().ok_or_else(none)
    }
}

fn refuse_ledger(folder: &Path, found: &str) -> Failure {
    Failure::usage(format_args!("expected no ledger in {}, found {found}", folder.display()))
        .hint("choose another folder")
}

/// Whether an interrupted `init` left a ledger without entries here.
fn is_begun(folder: &Path) -> Result<bool, Failure> {
    match Reader::open(Arc::new(RealDisk), folder) {
        Ok(reader) if reader.size() == 0 => Ok(true),
        Err(LogError::NoLedger(_)) => Ok(false),
        // Its entries may be there already, and even their checkpoint remembered.
        Err(LogError::NoCheckpoint(_)) => Ok(true),
        Err(error @ (LogError::NoIdentity(_) | LogError::Disk(_))) => Err(error.into()),
        Ok(_) | Err(_) => Err(refuse_ledger(folder, "one")),
    }
}

/// Opens what an interrupted `init` left, for its first entries.
fn go_on(folder: &Path, vkey: &VerifierKey, keys: &KeysAtHand<'_>) -> Result<Writer, Failure> {
    // Before it is opened: whoever has not this key must not put aside what the other one may have signed.
    let identity = read_whole(&RealDisk, &folder.join("oretrail.toml"), MAX_IDENTITY)?;
    let identity = std::str::from_utf8(&identity).ok().and_then(|text| Identity::parse(text).ok());
    if identity.is_none_or(|identity| identity.vkeys() != std::slice::from_ref(vkey)) {
        return Err(refuse_ledger(folder, "one without a checkpoint, of another origin or log key"));
    }
    let writer = Writer::open(Arc::new(RealDisk), folder, keys, &mut patience(), &mut |_, _| {})?;
    if writer.tail().size > 0 {
        return Err(refuse_ledger(folder, "one: an interrupted `init`, which is finished now"));
    }
    Ok(writer)
}

/// Plans the operator's registration and the binding of the log key.
fn first_entries(
    step: &Step,
    vkey: &VerifierKey,
    log: &KeyEntry,
    now: Time,
    keys: &mut KeysAtHand<'_>,
) -> Result<Plan, Failure> {
    let origin: Text =
        vkey.name().as_str().parse().map_err(|error| Failure::usage(format_args!("--origin: {error}")))?;
    let text: Text = vkey.to_string().parse().map_err(|error| Failure::usage(format_args!("--origin: {error}")))?;
    let ledger = LedgerId::derive(origin.as_str(), text.as_str());
    let empty = Memory::default();
    let names = Names { ledger, names: &NoNames, view: &empty, now: Some(now) };
    let registration = Resolver::default().resolve(step, &names)?;
    let when = registration.when;
    let mut batch = Batch::new(&empty, Tail::of_new(ledger));
    let planned = batch.add(registration, now, keys)?;
    refuse(&planned.findings)?;
    let operator = planned.event.into();
    let mut draft = Draft::new(Some(operator), when, event::Ledger { origin, vkey: text, rotates: None });
    draft.cosigners = vec![(Purpose::LogKey, log.info.kid)];
    refuse(&batch.add(draft, now, keys)?.findings)?;
    Ok(batch.finish()?)
}

fn refuse(findings: &[Finding]) -> Result<(), Failure> {
    match findings.iter().find(|finding| finding.is_refusal()) {
        Some(finding) => Err(Failure::new(Kind::Refused, finding).hint(finding.code.cure())),
        None => Ok(()),
    }
}

fn operator_of(plan: &Plan) -> Result<PartyId, Failure> {
    let first = plan.events().first().map(|planned| planned.event().issuer());
    first.ok_or_else(|| Failure::new(Kind::Internal, "expected the operator's registration, found none"))
}
