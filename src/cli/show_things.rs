//! Lots, parties and facilities in words, for `show`.

use super::archive::Archive;
use super::context::Context;
use super::error::{Done, Failure};
use super::event_json;
use super::format::{count, mass};
use super::output::Tone;
use super::show::{Lines, place, when};
use crate::event::Kind;
use crate::state::{LotRecord, LotStatus};
use crate::value::{Element, FacilityId, LotId, PartyId};
use serde_json::{Value, json};

/// What may be done with a lot, in words.
pub(crate) fn status(archive: &Archive, record: &LotRecord) -> Result<String, Failure> {
    Ok(match record.status {
        LotStatus::Held => "held".to_owned(),
        LotStatus::InTransit => match archive.find().dispatch(&record.head)? {
            Some(dispatch) => format!("in transit to {}", archive.party_name(&dispatch.to)?),
            None => "in transit".to_owned(),
        },
        LotStatus::Spent => "used up".to_owned(),
        LotStatus::Elsewhere(ledger) => format!("in ledger {}", ledger.short()),
    })
}

/// The status as a word for programs.
pub(crate) const fn status_word(status: LotStatus) -> &'static str {
    match status {
        LotStatus::Held => "held",
        LotStatus::InTransit => "in-transit",
        LotStatus::Spent => "spent",
        LotStatus::Elsewhere(_) => "elsewhere",
    }
}

/// A lot's state as JSON.
pub(crate) fn lot_json(archive: &Archive, id: LotId, record: &LotRecord) -> Result<Value, Failure> {
    let described = archive.lot(id)?;
    let dispatch = archive.find().dispatch(&record.head)?.filter(|_| record.status == LotStatus::InTransit);
    Ok(json!({
        "id": id,
        "labels": described.and_then(|lot| lot.labels),
        "form": record.form, "role": record.role, "elements": record.elements,
        "net_dry": record.net_dry, "pieces": record.pieces,
        "status": status_word(record.status),
        "holder": record.holder, "owner": record.owner, "facility": record.facility,
        "to": dispatch.map(|dispatch| dispatch.to),
        "head": record.head,
    }))
}

/// A lot: what it is, where it is, where it came from and went.
pub(crate) fn lot(context: &mut Context, archive: &Archive, id: LotId) -> Result<Done, Failure> {
    let missing = || Failure::usage(format_args!("expected a lot of this ledger, found {id}"));
    let record = archive.find().lot(&id)?.ok_or_else(missing)?;
    if context.output.is_json() {
        let creation = event_json::event(&archive.event(&id.event)?.event)?;
        let pointer = format!("/payload/body/outputs/{}", id.output);
        let mut json = lot_json(archive, id, &record)?;
        if let (Some(json), Some(described)) = (json.as_object_mut(), creation.pointer(&pointer)) {
            json.insert("described".to_owned(), described.clone());
        }
        context.output.json(&json)?;
        return Ok(Done::Ok);
    }
    let label = archive.lot(id)?.and_then(|lot| lot.label().map(|label| format!("{} ", Tone::Bold.paint(label))));
    let mut lines = Lines::new(format!("lot {}{}", label.unwrap_or_default(), Tone::Dim.paint(id)));
    what_it_is(archive, id, &record, &mut lines)?;
    lines.add("status", status(archive, &record)?);
    lines.add("holder", archive.party_name(&record.holder)?);
    lines.add("owner", archive.party_name(&record.owner)?);
    if let Some(facility) = record.facility {
        lines.add("where", facility_words(archive, &facility)?);
    }
    history(archive, id, &mut lines)?;
    context.output.text(&lines.text)?;
    Ok(Done::Ok)
}

fn what_it_is(archive: &Archive, id: LotId, record: &LotRecord, lines: &mut Lines) -> Result<(), Failure> {
    let described = archive.lot(id)?;
    lines.add("form", format_args!("{} ({}), {}", record.form, record.form.words(), record.role));
    if let Some(net_dry) = record.net_dry {
        lines.add("mass", format_args!("{} net dry", mass(net_dry)));
    }
    if let Some(pieces) = record.pieces {
        let each = record.unit_mass.map_or_else(String::new, |unit| format!(" of {}", mass(unit)));
        lines.add("pieces", format_args!("{}{each}", count(pieces)));
    }
    let elements: Vec<&str> = record.elements.iter().copied().map(Element::symbol).collect();
    if !elements.is_empty() {
        lines.add("elements", elements.join(", "));
    }
    let Some(described) = described else { return Ok(()) };
    let labels: Vec<String> = described.labels.iter().flatten().map(ToString::to_string).collect();
    if labels.len() > 1 {
        lines.add("labels", labels.join(", "));
    }
    for line in described.composition.iter().flatten() {
        let uncertainty = line.uncertainty.map_or_else(String::new, |u| format!(" ± {u}"));
        lines.add("contains", format_args!("{} {}{uncertainty} ({})", line.analyte, line.value, line.basis));
    }
    for package in described.packages.iter().flatten() {
        let number = package.number.as_ref().map_or_else(String::new, |number| format!(" {number}"));
        let seals: Vec<String> = package.seals.iter().map(ToString::to_string).collect();
        let seals = if seals.is_empty() { String::new() } else { format!(", seals {}", seals.join(", ")) };
        lines.add("package", format_args!("{}{number}{seals}", package.kind));
    }
    Ok(())
}

/// The events that made and moved a lot, and the statements about it.
fn history(archive: &Archive, id: LotId, lines: &mut Lines) -> Result<(), Failure> {
    let state = archive.find();
    let mut events = vec![id.event];
    events.extend(state.named_by(&id.event)?);
    for event in events {
        let Some(record) = state.event(&event)? else { continue };
        let is_about = event == id.event || record.inputs.contains(&id) || !record.kind.is_custody();
        if is_about && (record.kind.is_custody() || names(archive, &event, id)?) {
            let facility = record.facility.map(|facility| archive.facility_code(&facility)).transpose()?;
            let at = facility.map_or_else(String::new, |code| format!(" at {code}"));
            let by = archive.party_name(&record.iss)?;
            let kind = record.kind;
            lines.add("", format_args!("{}  {kind} {} by {by}{at}", when(record.when), Tone::Dim.paint(event.short())));
        }
    }
    Ok(())
}

/// Whether an event names a lot, and not only another one of the same origin.
fn names(archive: &Archive, event: &crate::value::EventId, id: LotId) -> Result<bool, Failure> {
    let references = archive.event(event)?.event.payload.body.references();
    Ok(references.iter().any(|reference| reference.target == crate::event::Target::Lot(id)))
}

/// A facility as `code, name, country`.
pub(crate) fn facility_words(archive: &Archive, id: &FacilityId) -> Result<String, Failure> {
    let record = archive.find().facility(id)?;
    Ok(record.map_or_else(
        || id.short(),
        |record| format!("{} ({}, {})", record.facility.code, record.facility.name, record.facility.country),
    ))
}

/// A party: registration, keys, facilities.
pub(crate) fn party(context: &mut Context, archive: &Archive, id: PartyId) -> Result<Done, Failure> {
    let stored = archive.event(&id.into())?;
    let payload = event_json::payload(&stored.event)?;
    let state = archive.find();
    let keys: Vec<_> = state.keys()?.into_iter().filter(|(_, key)| key.party == id).collect();
    let facilities: Vec<_> = state.facilities()?.into_iter().filter(|(_, record)| record.operator == id).collect();
    if context.output.is_json() {
        let keys: Vec<Value> = keys
            .iter()
            .map(|(kid, key)| json!({ "kid": kid, "scope": key.scope, "revoked": key.revoked.as_ref().map(|r| r.reason) }))
            .collect();
        let facilities: Vec<_> = facilities.iter().map(|(id, _)| id).collect();
        let registration = payload.get("body");
        context.output.json(&json!({ "id": id, "party": registration, "keys": keys, "facilities": facilities }))?;
        return Ok(Done::Ok);
    }
    let mut lines = Lines::new(format!("party {} {}", Tone::Bold.paint(archive.party_name(&id)?), Tone::Dim.paint(id)));
    members(&payload, &["name", "key", "recovery", "_sd"], &mut lines);
    lines.add("registered", format_args!("{}, entry {}", stored.recorded_at, stored.index));
    for (kid, key) in keys {
        let scope = key.scope.map_or_else(
            || "signs everything".to_owned(),
            |scope| format!("signs {}", scope.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")),
        );
        let revoked = key.revoked.map_or_else(String::new, |r| format!(", revoked ({}) {}", r.reason, r.recorded_at));
        lines.add("key", format_args!("{kid} {scope}{revoked}"));
    }
    for (facility, _) in facilities {
        lines.add("facility", facility_words(archive, &facility)?);
    }
    context.output.text(&lines.text)?;
    Ok(Done::Ok)
}

/// A facility: registration and accreditations.
pub(crate) fn facility(context: &mut Context, archive: &Archive, id: FacilityId) -> Result<Done, Failure> {
    let stored = archive.event(&id.into())?;
    let payload = event_json::payload(&stored.event)?;
    let state = archive.find();
    let missing = || Failure::usage(format_args!("expected a facility of this ledger, found {id}"));
    let record = state.facility(&id)?.ok_or_else(missing)?;
    if context.output.is_json() {
        context.output.json(&json!({
            "id": id, "operator": record.operator, "facility": *record.facility,
            "recorded_at": record.recorded_at, "superseded": record.superseded,
        }))?;
        return Ok(Done::Ok);
    }
    let title = Tone::Bold.paint(&record.facility.code);
    let mut lines = Lines::new(format!("facility {title} {}", Tone::Dim.paint(id)));
    members(&payload, &["code", "geometry", "supersedes"], &mut lines);
    lines.add("where", place(&record.facility.geometry));
    lines.add("operator", archive.party_name(&record.operator)?);
    lines.add("registered", format_args!("{}, entry {}", stored.recorded_at, stored.index));
    if let Some((by, from)) = record.superseded {
        lines.add("replaced", format_args!("by {} from {from}", by.short()));
    }
    for event in state.named_by(&id.into())? {
        let Some(record) = state.event(&event)?.filter(|record| record.kind == Kind::Accredit) else { continue };
        let by = archive.party_name(&record.iss)?;
        lines.add("accredited", format_args!("by {by}, {} {}", Tone::Dim.paint(event.short()), when(record.when)));
    }
    context.output.text(&lines.text)?;
    Ok(Done::Ok)
}

/// The members of a body, one line each.
fn members(payload: &Value, without: &[&str], lines: &mut Lines) {
    let naming = super::names::Naming::default();
    for (name, value) in payload.get("body").and_then(Value::as_object).into_iter().flatten() {
        if !without.contains(&name.as_str()) {
            lines.add(&super::names::spaced(name), naming.line(value));
        }
    }
}
