//! Parties and facilities in words, for `show`, `party show` and `facility show`.

use super::archive::Archive;
use super::context::Context;
use super::error::{Done, Failure};
use super::event_json;
use super::format::counted;
use super::names::{Naming, spaced};
use super::output::Tone;
use super::show::{Lines, place};
use super::show_things::facility_words;
use crate::event::{Accredit, AccreditAction, Body, Scope};
use crate::state::{FacilityRecord, KeyRecord, LotStatus};
use crate::value::{EventId, FacilityId, KeyId, LotId, PartyId, Time};
use serde_json::{Value, json};

/// A party: registration, keys, accreditations, facilities.
pub(crate) fn party(context: &mut Context, archive: &Archive, id: PartyId) -> Result<Done, Failure> {
    let stored = archive.event(&id.into())?;
    let payload = event_json::payload(&archive.corrected(&id.into())?)?;
    let state = archive.find();
    let mut keys: Vec<_> = state.keys()?.into_iter().filter(|(_, key)| key.party == id).collect();
    keys.sort_by_key(|(_, key)| key.revoked.is_some());
    let facilities: Vec<_> = state.facilities()?.into_iter().filter(|(_, record)| record.operator == id).collect();
    let recovery = state.party(&id)?.and_then(|record| record.recovery);
    let accreditations = accreditations(archive, &id.into())?;
    if context.output.is_json() {
        let revoked = |key: &KeyRecord| key.revoked.as_ref().map(|revoked| revoked.reason);
        let key = |(kid, key): &(KeyId, KeyRecord)| json!({ "kid": kid, "scope": key.scope, "revoked": revoked(key) });
        context.output.json(&json!({
            "id": id, "party": payload.get("body"), "keys": keys.iter().map(key).collect::<Vec<_>>(),
            "recovery": recovery, "facilities": facilities.iter().map(|(id, _)| id).collect::<Vec<_>>(),
            "accreditations": accreditations.iter().map(|(id, _)| id).collect::<Vec<_>>(),
        }))?;
        return Ok(Done::Ok);
    }
    let mut lines = Lines::new(format!("party {} {}", Tone::Bold.paint(archive.party_name(&id)?), Tone::Dim.paint(id)));
    members(&payload, &["name", "key", "recovery", "_sd"], &mut lines);
    lines.add("registered", format_args!("{}, entry {}", stored.recorded_at, stored.index));
    for (kid, key) in keys {
        lines.add("key", key_words(archive, kid, &key)?);
    }
    lines.add("recovery", recovery.map_or_else(|| "no key".to_owned(), |recovery| format!("key {recovery}")));
    tell_accreditations(archive, &accreditations, &mut lines)?;
    for (facility, record) in facilities {
        let replaced = if record.superseded.is_some() { ", replaced" } else { "" };
        lines.add("facility", format_args!("{}{replaced}", facility_words(archive, &facility)?));
    }
    context.output.text(&lines.text)?;
    Ok(Done::Ok)
}

/// A key with what it may sign, and whether it still does.
fn key_words(archive: &Archive, kid: KeyId, key: &KeyRecord) -> Result<String, Failure> {
    let scope = key.scope.as_ref().map_or_else(|| Ok("everything".to_owned()), |scope| scope_words(archive, scope))?;
    let revoked = key.revoked.as_ref().map(|one| format!(", revoked ({}) {}", one.reason, one.recorded_at));
    Ok(format!("{kid} signs {scope}{}", revoked.unwrap_or_default()))
}

fn scope_words(archive: &Archive, scope: &Scope) -> Result<String, Failure> {
    let mut words = scope.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
    let codes: Result<Vec<String>, _> = scope.facilities.iter().map(|id| archive.facility_code(id)).collect();
    let codes = codes?;
    if !codes.is_empty() {
        words.push_str(&format!("; at {}", codes.join(", ")));
    }
    if scope.valid_from.is_some() || scope.valid_to.is_some() {
        words.push_str(&format!(";{}", between(scope.valid_from, scope.valid_to)));
    }
    Ok(words)
}

fn between(from: Option<Time>, to: Option<Time>) -> String {
    let end = |word: &str, time: Option<Time>| time.map_or_else(String::new, |time| format!(" {word} {time}"));
    end("from", from) + &end("to", to)
}

/// A facility: registration, accreditations, lots there.
pub(crate) fn facility(context: &mut Context, archive: &Archive, id: FacilityId) -> Result<Done, Failure> {
    let stored = archive.event(&id.into())?;
    let payload = event_json::payload(&archive.corrected(&id.into())?)?;
    let missing = || Failure::usage(format_args!("expected a facility of this ledger, found {id}"));
    let record = archive.find().facility(&id)?.ok_or_else(missing)?;
    let (accreditations, lots) = (accreditations(archive, &id.into())?, lots_at(archive, id)?);
    if context.output.is_json() {
        let mut json = facility_json(&id, &record);
        if let Some(members) = json.as_object_mut() {
            members.insert("lots".to_owned(), serde_json::to_value(&lots)?);
            let ids: Vec<EventId> = accreditations.iter().map(|(id, _)| *id).collect();
            members.insert("accreditations".to_owned(), serde_json::to_value(ids)?);
        }
        context.output.json(&json)?;
        return Ok(Done::Ok);
    }
    let title = Tone::Bold.paint(&record.facility.code);
    let mut lines = Lines::new(format!("facility {title} {}", Tone::Dim.paint(id)));
    members(&payload, &["code", "geometry", "supersedes"], &mut lines);
    lines.add("where", place(&record.facility.geometry));
    lines.add("operator", archive.party_name(&record.operator)?);
    lines.add("registered", format_args!("{}, entry {}", stored.recorded_at, stored.index));
    if let Some(old) = record.facility.supersedes {
        lines.add("replaces", format_args!("{} {}", archive.facility_code(&old)?, Tone::Dim.paint(old.short())));
    }
    if let Some((by, from)) = record.superseded {
        let code = archive.facility_code(&by)?;
        lines.add("replaced", format_args!("by {code} {} from {from}", Tone::Dim.paint(by.short())));
    }
    tell_accreditations(archive, &accreditations, &mut lines)?;
    if !lots.is_empty() {
        lines.add("lots", counted(lots.len(), "lot is here", "lots are here"));
    }
    context.output.text(&lines.text)?;
    Ok(Done::Ok)
}

/// A facility as JSON.
pub(crate) fn facility_json(id: &FacilityId, record: &FacilityRecord) -> Value {
    json!({
        "id": id, "operator": record.operator, "facility": *record.facility,
        "recorded_at": record.recorded_at, "superseded": record.superseded,
    })
}

/// The lots held at a facility.
fn lots_at(archive: &Archive, id: FacilityId) -> Result<Vec<LotId>, Failure> {
    let mut found = Vec::new();
    archive.find().each_lot(&mut |lot, record| {
        if record.facility == Some(id) && record.status == LotStatus::Held {
            found.push(lot);
        }
        Ok(())
    })?;
    archive.in_order(found.into_iter())
}

/// What authorities said of a party or facility, in the order recorded.
fn accreditations(archive: &Archive, id: &EventId) -> Result<Vec<(EventId, Accredit)>, Failure> {
    let mut found = Vec::new();
    for by in archive.find().named_by(id)? {
        if let Body::Accredit(body) = archive.corrected(&by)?.payload.body {
            found.push((by, *body));
        }
    }
    Ok(found)
}

fn tell_accreditations(archive: &Archive, all: &[(EventId, Accredit)], lines: &mut Lines) -> Result<(), Failure> {
    let state = archive.find();
    for (id, body) in all {
        let Some(record) = state.event(id)? else { continue };
        let by = format!("by {} {}", archive.party_name(&record.iss)?, Tone::Dim.paint(id.short()));
        let withdrawn = if record.withdrawn_by.is_some() { ", withdrawn" } else { "" };
        let scope = serde_json::to_value(&body.scope)?;
        let scope = Some(Naming::default().line(&scope)).filter(|scope| !scope.is_empty());
        let scope = scope.map_or_else(String::new, |scope| format!(" ({scope})"));
        let what = match (body.action, body.scheme, body.grant) {
            (AccreditAction::Grant, Some(scheme), _) => format!("{scheme}{scope}"),
            (action, _, Some(grant)) => format!("{action} of {}", grant.short()),
            (action, ..) => action.to_string(),
        };
        let time = between(Some(body.valid_from), body.valid_to);
        lines.add("accredited", format_args!("{what} {by},{time}{withdrawn}"));
    }
    Ok(())
}

/// The members of a body, one line each.
fn members(payload: &Value, without: &[&str], lines: &mut Lines) {
    let naming = Naming::default();
    for (name, value) in payload.get("body").and_then(Value::as_object).into_iter().flatten() {
        if without.contains(&name.as_str()) {
            continue;
        }
        match value {
            Value::Array(items) if items.iter().any(Value::is_object) => {
                items.iter().for_each(|item| lines.add(&spaced(name), naming.line(item)));
            }
            other => lines.add(&spaced(name), naming.member(name, other)),
        }
    }
}
