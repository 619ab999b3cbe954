//! A decision where no ledger is at hand: signed as the next event of the portable feed of a key, written to a file alone.

use super::attested::Auditor;
use super::context::Context;
use super::error::Failure;
use super::event_json;
use super::recorder::open_keys;
use super::recording::{Body, Recording};
use super::verify::party_of;
use crate::bundle::VerifiedBundle;
use crate::envelope::Signed;
use crate::event::{Decision, Event, Purpose};
use crate::ledger::disk::RealDisk;
use serde_json::{Value, json};
use std::path::Path;

/// Signs a decision without a ledger, unless it is a dry run; names are those of the lineage file.
pub(super) fn sign(
    context: &Context,
    recording: &Recording,
    body: Body,
    approver: Option<&str>,
    bundle: Option<&VerifiedBundle>,
) -> Result<Option<Signed>, Failure> {
    if recording.prepare.is_some() {
        return Err(Failure::usage("expected a ledger for `--prepare`, found none")
            .hint("without a ledger, the second approver's key must be in the key folder"));
    }
    let known: Vec<&Event> = bundle.into_iter().flat_map(VerifiedBundle::events).collect();
    let party = |text: &str, role| party_of(known.iter().copied(), text, role);
    let by = party(&recording.stating_party(context)?, "buyer")?;
    let signer = Auditor::find(context, None, Some(by), recording.key.as_deref())?;
    let approver = approver.map(|text| party(text, "second approver")).transpose()?;
    let cosigner = approver.map(|party| Auditor::find(context, None, Some(party), None)).transpose()?;
    let body = body.with("second_approver", approver.map(|party| party.to_string()));
    let body: Decision = serde_json::from_value(Value::from(body))
        .map_err(|error| Failure::usage(format_args!("the decision: {error}")))?;
    let draft = recording.draft(by, context.now()?, body.into())?;
    if recording.dry_run {
        return Ok(None);
    }
    let cosigners: Vec<_> = cosigner.iter().map(|key| (Purpose::SecondApprover, key.kid)).collect();
    let (disk, folder) = (RealDisk, context.keys_folder()?);
    let mut keys = open_keys(context, &disk, &folder)?;
    let signed = keys.sign_portable(draft, &signer.kid, &cosigners);
    signed.map(Some).map_err(|error| super::failures::from_any(error, ""))
}

/// Says what was signed and written, or that nothing was.
pub(super) fn say(context: &mut Context, done: Option<(&Signed, &Path)>) -> Result<(), Failure> {
    if context.output.is_json() {
        let event = done.map(|(signed, _)| event_json::event(&signed.event)).transpose()?;
        let file = done.map(|(_, file)| file);
        return context.output.json(&json!({ "recorded": false, "file": file, "event": event }));
    }
    let Some((signed, file)) = done else {
        return context.output.text("nothing was signed");
    };
    let (id, file) = (signed.event.id.short(), file.display());
    context.output.text(&format!("signed decision {id}; wrote {file}; recorded in no ledger"))?;
    context.output.hint(&format!("`oretrail record --signed {file}` records it in a ledger"));
    Ok(())
}
