//! What a recording verb says: the events, the lots they made, and what was found about them.

use super::archive::{Shelf, described};
use super::context::Context;
use super::error::Failure;
use super::event_json;
use super::export::not_written;
use super::format::{count, mass};
use super::names::{Called, Naming};
use super::output::Tone;
use super::recorder::lots_made;
use super::show::{Lines, body, when};
use crate::bundle::{Foreseen, foresee};
use crate::event::Lot;
use crate::finding::{Finding, Severity};
use crate::ledger::state_store::StateStore;
use crate::ledger::{Committed, LineageSource, Plan, Planned, Writer};
use crate::state::Find;
use crate::value::{DigestMap, EventId, LedgerId, LotId, Time};
use serde_json::{Value, json};

/// More events than this are counted, not listed.
const MOST_LISTED: usize = 40;

/// Says what was recorded; or, of a dry run, all that would be: `shelf` is what the ledger holds so far.
pub(crate) fn say(
    context: &mut Context,
    plan: &Plan,
    committed: Option<&Committed>,
    writer: &Writer,
    shelf: Option<&Shelf>,
    now: Time,
) -> Result<(), Failure> {
    let events = plan.events();
    let planned = shelf.map(|shelf| WithPlan::new(plan, writer, shelf, now)).transpose()?;
    if context.output.is_json() {
        let size = committed.map(|committed| committed.checkpoint.head().size);
        return context.output.json(&json!({
            "recorded": committed.is_some(),
            "ledger": writer.identity().ledger(),
            "size": size,
            "events": events.iter().map(|one| as_json(one, planned.as_ref())).collect::<Result<Vec<_>, _>>()?,
        }));
    }
    let mut text = String::new();
    if events.len() <= MOST_LISTED {
        events.iter().try_for_each(|one| describe(one, planned.as_ref(), &mut text))?;
    } else {
        let found = events.iter().flat_map(|one| findings(one, planned.as_ref()));
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

/// A ledger with a plan on top of it.
struct WithPlan<'a> {
    plan: &'a Plan,
    writer: &'a Writer,
    shelf: &'a Shelf,
    /// What review would find, by event.
    foreseen: DigestMap<EventId, Vec<Finding>>,
}

impl<'a> WithPlan<'a> {
    fn new(plan: &'a Plan, writer: &'a Writer, shelf: &'a Shelf, now: Time) -> Result<Self, Failure> {
        let as_foreseen = |one: &'a Planned| Foreseen {
            index: one.at.index,
            entry: &one.entry,
            disclosures: one.signed.disclosures.iter().map(|one| one.as_str().to_owned()).collect(),
            event: one.event(),
        };
        let planned: Vec<Foreseen<'_>> = plan.events().iter().map(as_foreseen).collect();
        let source = LineageSource::over(&shelf.reader, &shelf.values, writer.state());
        let mut foreseen: DigestMap<EventId, Vec<Finding>> = DigestMap::default();
        for finding in foresee(&source, &planned, now).map_err(not_written)? {
            if let Some(event) = finding.event {
                foreseen.entry(event).or_default().push(finding);
            }
        }
        Ok(Self { plan, writer, shelf, foreseen })
    }
}

/// What is found on an event: by admission; and of one that is not recorded, by review.
fn findings<'a>(one: &'a Planned, planned: Option<&'a WithPlan<'_>>) -> impl Iterator<Item = &'a Finding> {
    one.findings.iter().chain(planned.and_then(|planned| planned.foreseen.get(&one.event().id)).into_iter().flatten())
}

impl Called for WithPlan<'_> {
    fn state(&self) -> Box<dyn Find + '_> {
        self.writer.state().find()
    }

    fn ledger(&self) -> LedgerId {
        self.writer.identity().ledger()
    }

    fn lot(&self, id: LotId) -> Result<Option<Lot>, Failure> {
        let planned = self.plan.events().iter().find(|planned| planned.event().id == id.event);
        planned.map_or_else(|| self.shelf.lot(self.writer.state(), id), |planned| Ok(described(planned.event(), id)))
    }
}

/// An event in words; what is not recorded yet, with all that it says.
fn describe(one: &Planned, planned: Option<&WithPlan<'_>>, text: &mut String) -> Result<(), Failure> {
    let event = one.event();
    let kind = event.payload.kind();
    let id = Tone::Dim.paint(event.id.short());
    text.push_str(&format!("{:>7}  {} {id}\n", one.at.index, Tone::Bold.paint(format_args!("{kind:<10}"))));
    if let Some(planned) = planned {
        let mut lines = Lines::indented(9);
        let naming = Naming::of(planned, event)?;
        lines.add("by", naming.words(&event.issuer().to_string()));
        lines.add("when", when(event.payload.when));
        body(event, &event_json::payload(event)?, &naming, &mut lines);
        text.push_str(&lines.text);
    } else {
        for (id, lot) in lots_made(one) {
            text.push_str(&format!("         made {}\n", lot_words(id, lot)));
        }
    }
    for finding in findings(one, planned) {
        text.push_str(&format!("         {}\n", line(finding)));
    }
    Ok(())
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

fn as_json(one: &Planned, planned: Option<&WithPlan<'_>>) -> Result<Value, Failure> {
    let event = one.event();
    let lots = lots_made(one).map(|(id, lot)| {
        json!({ "id": id, "labels": lot.labels, "form": lot.form, "role": lot.role, "quantity": lot.quantity })
    });
    let mut json = json!({
        "index": one.at.index,
        "recorded_at": one.at.recorded_at,
        "id": event.id,
        "kind": event.payload.kind(),
        "by": event.issuer(),
        "lots": lots.collect::<Vec<_>>(),
        "findings": findings(one, planned).collect::<Vec<_>>(),
    });
    if let Some(members) = json.as_object_mut().filter(|_| planned.is_some()) {
        members.insert("payload".to_owned(), event_json::payload(event)?);
    }
    Ok(json)
}

/// An earlier event in one line, for a refusal that names it.
pub(crate) fn earlier(shelf: &Shelf, state: &StateStore, id: &EventId) -> Result<String, Failure> {
    let Some(stored) = shelf.event(state, id)? else { return Ok(format!("event {id}")) };
    let issuer = stored.event.issuer();
    let by = state.find().party(&issuer)?.map_or_else(|| issuer.short(), |party| party.name.to_string());
    let (kind, short) = (stored.event.payload.kind(), id.short());
    Ok(format!("entry {}, {kind} {short} by {by}, recorded {}", stored.index, stored.recorded_at))
}
