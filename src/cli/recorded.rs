//! What a recording verb says: the events, the lots they made, and what was found about them.

use super::archive::Shelf;
use super::context::Context;
use super::error::Failure;
use super::format::{count, mass};
use super::output::Tone;
use super::recorder::lots_made;
use crate::event::Lot;
use crate::finding::{Finding, Severity};
use crate::ledger::state_store::StateStore;
use crate::ledger::{Committed, Plan, Planned, Writer};
use crate::value::{EventId, LotId};
use serde_json::{Value, json};

/// More events than this are counted, not listed.
const MOST_LISTED: usize = 40;

/// Says what was recorded, or would be.
pub(crate) fn say(
    context: &mut Context,
    plan: &Plan,
    committed: Option<&Committed>,
    writer: &Writer,
) -> Result<(), Failure> {
    let events = plan.events();
    if context.output.is_json() {
        let size = committed.map(|committed| committed.checkpoint.head().size);
        return context.output.json(&json!({
            "recorded": committed.is_some(),
            "ledger": writer.identity().ledger(),
            "size": size,
            "events": events.iter().map(as_json).collect::<Vec<_>>(),
        }));
    }
    let mut text = String::new();
    if events.len() <= MOST_LISTED {
        events.iter().for_each(|planned| describe(planned, &mut text));
    } else {
        let found = events.iter().flat_map(|planned| &planned.findings);
        found.for_each(|finding| text.push_str(&format!("  {}\n", line(finding))));
    }
    context.output.text(&text)?;
    let number = if events.len() == 1 { "1 event".to_owned() } else { format!("{} events", count(events.len())) };
    let remark = match committed {
        Some(committed) => {
            format!("recorded {number}; the ledger has {} entries", count(committed.checkpoint.head().size))
        }
        None => format!("dry run: {number} would be recorded; nothing was written"),
    };
    context.output.remark(&remark);
    Ok(())
}

fn describe(planned: &Planned, text: &mut String) {
    let event = planned.event();
    let kind = event.payload.kind();
    let id = Tone::Dim.paint(event.id.short());
    text.push_str(&format!("{:>7}  {:<10} {id}\n", planned.at.index, Tone::Bold.paint(kind)));
    for (id, lot) in lots_made(planned) {
        text.push_str(&format!("         made {}\n", lot_words(id, lot)));
    }
    for finding in &planned.findings {
        text.push_str(&format!("         {}\n", line(finding)));
    }
}

/// A lot as one line: label, id, mass, pieces, form, elements.
pub(crate) fn lot_words(id: LotId, lot: &Lot) -> String {
    let mut words = Vec::new();
    words.extend(lot.label().map(|label| Tone::Bold.paint(label)));
    words.push(Tone::Dim.paint(id.short()));
    if let Some(quantity) = &lot.quantity {
        words.push(mass(quantity.net_dry));
        words.extend(quantity.pieces.map(|pieces| format!("in {} pieces", count(pieces))));
    }
    words.push(lot.form.to_string());
    let elements: Vec<&str> = lot.elements.iter().map(|element| element.symbol()).collect();
    if !elements.is_empty() {
        words.push(format!("({})", elements.join(", ")));
    }
    words.join(" ")
}

/// A finding as one line.
pub(crate) fn line(finding: &Finding) -> String {
    let severity = finding.severity();
    let tone = match severity {
        Severity::Note => Tone::Dim,
        Severity::Warning => Tone::Doubtful,
        Severity::Breach => Tone::Bad,
    };
    format!("{} {finding}", tone.paint(format_args!("{severity}:")))
}

fn as_json(planned: &Planned) -> Value {
    let event = planned.event();
    let lots = lots_made(planned).map(|(id, lot)| {
        json!({ "id": id, "labels": lot.labels, "form": lot.form, "role": lot.role, "quantity": lot.quantity })
    });
    json!({
        "index": planned.at.index,
        "recorded_at": planned.at.recorded_at,
        "id": event.id,
        "kind": event.payload.kind(),
        "by": event.issuer(),
        "lots": lots.collect::<Vec<_>>(),
        "findings": planned.findings,
    })
}

/// An earlier event in one line, for a refusal that names it.
pub(crate) fn earlier(shelf: &Shelf, state: &StateStore, id: &EventId) -> Result<String, Failure> {
    let Some(stored) = shelf.event(state, id)? else { return Ok(format!("event {id}")) };
    let issuer = stored.event.issuer();
    let by = state.find().party(&issuer)?.map_or_else(|| issuer.short(), |party| party.name.to_string());
    let (kind, short) = (stored.event.payload.kind(), id.short());
    Ok(format!("entry {}, {kind} {short} by {by}, recorded {}", stored.index, stored.recorded_at))
}
