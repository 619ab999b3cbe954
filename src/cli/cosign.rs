//! `cosign`: a further signature on a draft that somebody else will record.
//!
//! The draft says all that is signed; it is shown before it is signed, and nothing is signed without a word of consent.

use super::archive::Archive;
use super::context::Context;
use super::error::{Done, Failure, Kind};
use super::event_json;
use super::export::write_file;
use super::names::Naming;
use super::output::Tone;
use super::passphrase::at_terminal;
use super::recorder::open_keys;
use super::show;
use crate::envelope::{MAX_DRAFT, SealedDraft};
use crate::event::{Body, Event, Purpose};
use crate::keys::{KeyEntry, KeyRole};
use crate::ledger::disk::{RealDisk, read_whole};
use crate::ledger::{Planned, Signers as _};
use crate::tlog::vkey::VerifierKey;
use crate::value::{KeyId, PartyId};
use serde_json::json;
use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};

/// Sign a draft that another party will record: shows in words what is signed, and asks.
///
/// Somebody writes a draft with `--prepare FILE` of a recording verb; whoever must agree to it (the former operator of a
/// facility, the holder of a new key, a second approver) signs it here, on any machine, without the ledger; the first one
/// records what comes back with `oretrail record --cosigned FILE`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail cosign sale.draft.json --key mine-gate
  oretrail cosign sale.draft.json --key mine-gate --yes -o sale.cosigned.json")]
pub(crate) struct Cosign {
    /// The draft
    draft: PathBuf,
    /// The key to sign with: its name or the beginning of its id; by default the only one that fits
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    key: Option<String>,
    /// What the signature is for, where the draft itself does not say it
    #[arg(long, value_parser = super::choice::one_of!(Purpose))]
    purpose: Option<String>,
    /// The file to write; by default the draft itself
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Sign without being asked
    #[arg(long)]
    yes: bool,
}

/// Reads a draft file.
pub(crate) fn read_draft(path: &Path) -> Result<SealedDraft, Failure> {
    let bytes = read_whole(&RealDisk, path, MAX_DRAFT)?;
    let named = |mut failure: Failure| {
        failure.message = format!("{}: {}", path.display(), failure.message);
        failure
    };
    SealedDraft::parse(&bytes).map_err(|error| named(error.into()))
}

/// Writes what was sealed and says who is to sign it.
pub(crate) fn write_draft(
    context: &mut Context,
    path: &Path,
    sealed: &[(SealedDraft, Planned)],
) -> Result<(), Failure> {
    let [(draft, planned)] = sealed else {
        return Err(Failure::usage(format_args!("expected one event to prepare, found {}", sealed.len()))
            .hint("prepare each event that needs a further signature by itself; record the others as usual"));
    };
    write_file(path, draft.to_json()?.as_bytes())?;
    let purpose = purpose_of(&draft.event().payload.body);
    if context.output.is_json() {
        return context.output.json(&json!({
            "recorded": false, "prepared": path, "kind": draft.event().payload.kind(), "purpose": purpose,
            "body_blake3": draft.digest(), "cosigned": draft.cosignatures().len(), "findings": planned.findings,
        }));
    }
    let kind = draft.event().payload.kind();
    context.output.text(&format!("wrote {}: a `{kind}` event to be cosigned, nothing was recorded", path.display()))?;
    let words = purpose.map_or_else(String::new, |purpose| format!(" as `{purpose}`"));
    context.output.hint(&format!("its cosigner signs it{words} with `oretrail cosign {}`", path.display()));
    context.output.hint("what comes back is recorded with `oretrail record --cosigned FILE`");
    Ok(())
}

impl Cosign {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let mut draft = read_draft(&self.draft)?;
        let purpose = self.purpose(&draft)?;
        let entry = self.entry(context, &draft, purpose)?;
        let output = self.output.clone().unwrap_or_else(|| self.draft.clone());
        let words = words(context, &draft, purpose, &entry)?;
        if !context.output.is_json() {
            context.output.text(&words)?;
        }
        self.agree(context)?;
        let (disk, folder) = (RealDisk, context.keys_folder()?);
        let mut keys = open_keys(context, &disk, &folder)?;
        let key = keys.key(&entry.info.kid).map_err(|cause| super::failures::from_any(cause, ""))?;
        draft.cosign(purpose, &key).map_err(|error| Failure::new(Kind::Internal, error))?;
        write_file(&output, draft.to_json()?.as_bytes())?;
        if context.output.is_json() {
            context.output.json(&json!({
                "file": output, "purpose": purpose, "kid": entry.info.kid, "body_blake3": draft.digest(),
                "event": event_json::payload(draft.event())?,
            }))?;
        } else {
            context.output.text(&format!("\nsigned; wrote {}", output.display()))?;
        }
        context
            .output
            .hint("send it back to whoever wrote the draft: it is recorded with `oretrail record --cosigned FILE`");
        Ok(Done::Ok)
    }

    /// What the signature is for: what the draft needs, or what was asked for.
    fn purpose(&self, draft: &SealedDraft) -> Result<Purpose, Failure> {
        let asked = self.purpose.as_deref().and_then(|text| text.parse::<Purpose>().ok());
        asked.or(purpose_of(&draft.event().payload.body)).ok_or_else(|| {
            Failure::usage("expected `--purpose`, as this event needs no further signature, found none")
                .hint("`--purpose second-approver` adds a second person's approval")
        })
    }

    /// The key to sign with.
    fn entry(&self, context: &Context, draft: &SealedDraft, purpose: Purpose) -> Result<KeyEntry, Failure> {
        let needed = needed_key(&draft.event().payload.body, purpose);
        if let Some(name) = &self.key {
            let entry = context.find_key(name)?;
            let wrong = needed.filter(|kid| *kid != entry.info.kid);
            return wrong.map_or(Ok(entry), |kid| {
                Err(Failure::usage(format_args!("expected key {kid} to cosign as `{purpose}`, found `{name}`"))
                    .hint("the draft names the key that must sign it"))
            });
        }
        let keys = context.list_keys()?;
        let fits = |entry: &&KeyEntry| match needed {
            Some(kid) => entry.info.kid == kid,
            None => entry.info.role == KeyRole::Party && entry.info.kid != draft.event().kid,
        };
        match keys.iter().filter(fits).collect::<Vec<_>>().as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(Failure::usage(format_args!("expected a key that may cosign as `{purpose}`, found none"))
                .hint(needed.map_or_else(|| "name one with `--key KEY`".to_owned(), |kid| format!("it is key {kid}")))),
            several => Err(Failure::usage(format_args!("expected `--key`, found none and {} keys", several.len()))
                .hint("say which one signs with `--key KEY`")),
        }
    }

    /// Goes on only with consent.
    fn agree(&self, context: &mut Context) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        let refused = || Failure::usage("expected consent to sign this, found none; nothing was signed");
        if !at_terminal() {
            return Err(refused().hint("say `--yes` once you have read it, or run it at a terminal to be asked"));
        }
        context.output.remark("");
        let _ = write!(std::io::stderr(), "Sign this? Type `yes`: ");
        let mut answer = String::new();
        let _ = std::io::stdin().lock().read_line(&mut answer);
        if answer.trim() == "yes" { Ok(()) } else { Err(refused()) }
    }
}

/// What further signature a body needs.
fn purpose_of(body: &Body) -> Option<Purpose> {
    match body {
        Body::Key(key) => key.key.map(|_| Purpose::NewKey),
        Body::Ledger(_) => Some(Purpose::LogKey),
        Body::Facility(facility) => facility.supersedes.map(|_| Purpose::OldOperator),
        Body::Decision(decision) => decision.second_approver.map(|_| Purpose::SecondApprover),
        _ => None,
    }
}

/// The key that must sign, where the body names it.
fn needed_key(body: &Body, purpose: Purpose) -> Option<KeyId> {
    match (body, purpose) {
        (Body::Key(key), Purpose::NewKey) => key.key.map(|key| key.id()),
        (Body::Ledger(ledger), Purpose::LogKey) => {
            ledger.vkey.as_str().parse::<VerifierKey>().ok().map(|vkey| vkey.public_key().id())
        }
        _ => None,
    }
}

/// All that is signed, in words; names are those of the ledger, where it is at hand.
fn words(context: &Context, draft: &SealedDraft, purpose: Purpose, key: &KeyEntry) -> Result<String, Failure> {
    let event: &Event = draft.event();
    let archive = context.ledger_folder().ok().and_then(|_| Archive::open(context).ok());
    let naming = match &archive {
        Some(archive) => Naming::of(archive, event)?,
        None => Naming::default(),
    };
    let payload = event_json::payload(event)?;
    let mut lines = show::Lines::new(format!(
        "{} as {}, with key {} ({})",
        Tone::Bold.paint("You are about to sign"),
        Tone::Bold.paint(purpose),
        key.name,
        key.info.kid.short()
    ));
    lines.add("event", Tone::Bold.paint(event.payload.kind()));
    let issuer: PartyId = event.issuer();
    lines.add("by", naming.words(&issuer.to_string()));
    lines.add("sealed with", format_args!("key {}", event.kid));
    lines.add("when", show::when(event.payload.when));
    show::all_members(&payload, &naming, &mut lines);
    lines.add("signs", format_args!("the event's body, BLAKE3 {}", draft.digest()));
    if archive.is_none() {
        lines.add("names", "the ledger is not at hand: ids are shown as they are signed");
    }
    Ok(lines.text)
}
