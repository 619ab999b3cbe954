//! Lots in words, for `show`.

use super::archive::{self as archived, Archive};
use super::context::Context;
use super::error::{Done, Failure};
use super::event_json;
use super::format::{count, mass as kg};
use super::output::Tone;
use super::show::{Lines, when};
use crate::event::{Kind, Lot};
use crate::state::{LotRecord, LotStatus};
use crate::value::{Element, FacilityId, LotId, Mass};
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
        let creation = event_json::event(&archive.corrected(&id.event)?)?;
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
    let words = Some(record.form.words()).filter(|words| *words != record.form.as_str());
    let words = words.map_or_else(String::new, |words| format!(" ({words})"));
    lines.add("form", format_args!("{}{words}, {}", record.form, record.role));
    lines.add("mass", record.net_dry.map_or_else(|| "withheld".to_owned(), |mass| format!("{} net dry", kg(mass))));
    if let Some(corrected) = corrected_mass(archive, id, described.as_ref())? {
        lines.add("corrected", format_args!("to {} net dry; sums go by the mass recorded", kg(corrected)));
    }
    if let Some(pieces) = record.pieces {
        let each = record.unit_mass.map_or_else(String::new, |unit| format!(" of {}", kg(unit)));
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

/// The net dry mass of the event that made the lot, where it was corrected.
fn corrected_mass(archive: &Archive, id: LotId, described: Option<&Lot>) -> Result<Option<Mass>, Failure> {
    let Some(now) = described.and_then(Lot::net_dry) else { return Ok(None) };
    let recorded = archived::described(&archive.event(&id.event)?.event, id).as_ref().and_then(Lot::net_dry);
    Ok(Some(now).filter(|now| Some(*now) != recorded))
}

/// The events that made and moved a lot, and the statements about it.
fn history(archive: &Archive, id: LotId, lines: &mut Lines) -> Result<(), Failure> {
    let state = archive.find();
    let mut events = vec![id.event];
    events.extend(state.named_by(&id.event)?);
    let mut title = "history";
    for event in events {
        let Some(record) = state.event(&event)? else { continue };
        let is_about = event == id.event || record.inputs.contains(&id) || !record.kind.is_custody();
        let is_told = record.kind.is_custody() || record.kind == Kind::Correct;
        if is_about && (is_told || names(archive, &event, id)?) {
            let facility = record.facility.map(|facility| archive.facility_code(&facility)).transpose()?;
            let at = facility.map_or_else(String::new, |code| format!(" at {code}"));
            let by = archive.party_name(&record.iss)?;
            let kind = record.kind;
            let id = Tone::Dim.paint(event.short());
            lines.add(std::mem::take(&mut title), format_args!("{}  {kind} {id} by {by}{at}", when(record.when)));
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
