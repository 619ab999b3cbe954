//! What a body leaves out and state can tell: heads, places, and what parts have of their whole.

use super::error::Problem;
use super::short::OutputName;
use crate::event::{Kind, Loss, Lot};
use crate::state::{LotRecord, View, ViewError};
use crate::value::{EventId, LedgerId, LotId, Mass, MassDiff, PartyId};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A body whose references are ids, being completed.
pub(super) struct Completion<'a> {
    pub ledger: LedgerId,
    pub by: Option<PartyId>,
    pub view: &'a dyn View,
    pub describe: &'a dyn Fn(LotId) -> Result<Option<Lot>, Problem>,
    pub outputs: &'a [OutputName],
}

type Body = Map<String, Value>;
type Fault = (String, Problem);

impl Completion<'_> {
    /// Completes a body.
    pub(super) fn complete(&self, kind: Kind, body: &mut Body) -> Result<(), Fault> {
        match kind {
            Kind::Transform | Kind::Blend => {
                let first = self.heads(body, "inputs")?;
                put(body, "facility", first.and_then(|lot| lot.facility));
            }
            Kind::Split => {
                let input = body.get_mut("input").and_then(Value::as_object_mut);
                let first = input.map(|head| self.head(head)).transpose()?.flatten();
                put(body, "facility", first.as_ref().and_then(|lot| lot.facility));
                self.split(body, first.as_ref())?;
            }
            Kind::Dispatch => {
                let first = self.heads(body, "lots")?;
                put(body, "from", first.and_then(|lot| lot.facility));
                put(body, "to_ledger", Some(self.ledger));
            }
            Kind::Retire => {
                let first = self.heads(body, "lots")?;
                put(body, "facility", first.and_then(|lot| lot.facility));
            }
            Kind::Receive => self.receive(body)?,
            Kind::Key => {
                let party = self.by.map(|by| self.view.party(&by)).transpose().map_err(lookup)?.flatten();
                put(body, "prev_key", party.map(|party| party.key_head));
            }
            _ => {}
        }
        Ok(())
    }

    /// Completes heads; the record of the first lot.
    fn heads(&self, body: &mut Body, list: &str) -> Result<Option<LotRecord>, Fault> {
        let heads = body.get_mut(list).and_then(Value::as_array_mut);
        let mut first = None;
        for head in heads.into_iter().flatten().filter_map(Value::as_object_mut) {
            let lot = self.head(head)?;
            first = first.or(lot);
        }
        Ok(first)
    }

    /// Completes a head; for a lot that is not known its creating event, so that admission says what is wrong.
    fn head(&self, head: &mut Body) -> Result<Option<LotRecord>, Fault> {
        let Some(id) = id_in::<LotId>(head, "lot") else { return Ok(None) };
        let lot = self.view.lot(&id).map_err(lookup)?;
        put(head, "after", Some(lot.as_ref().map_or(id.event, |lot| lot.head)));
        Ok(lot)
    }

    /// The dispatch that a lot is under way by; of one that was answered already, that one, so that admission says so.
    fn brought_by(&self, id: &LotId, lot: &LotRecord) -> Result<EventId, Fault> {
        for id in [Some(lot.head), lot.previous].into_iter().flatten() {
            if self.view.dispatch(&id).map_err(lookup)?.is_some() {
                return Ok(id);
            }
        }
        let last = self.view.event(&lot.head).map_err(lookup)?.map_or("event", |event| event.kind.as_str());
        let problem = format!(
            "expected a lot that is under way, found lot {id}, which nobody dispatched: its last step is the `{last}` {}",
            lot.head
        );
        Err(("/lots/0".to_owned(), Problem::Member(problem)))
    }

    fn receive(&self, body: &mut Body) -> Result<(), Fault> {
        if !body.contains_key("dispatch") {
            let first = body.get("lots").and_then(|lots| lots.get(0)).and_then(Value::as_object);
            let lot = first.and_then(|line| id_in::<LotId>(line, "lot"));
            if let Some(id) = lot {
                let record = self.view.lot(&id).map_err(lookup)?.ok_or_else(|| unknown_here(id))?;
                put(body, "dispatch", Some(self.brought_by(&id, &record)?));
            }
        }
        let Some(dispatch) = id_in::<EventId>(body, "dispatch") else { return Ok(()) };
        if !body.contains_key("lots") {
            let record = self.view.dispatch(&dispatch).map_err(lookup)?;
            let line = |lot: &LotId| json!({ "lot": lot.to_string(), "outcome": "accepted" });
            let lines = record.map_or_else(Vec::new, |record| record.lots.iter().map(line).collect());
            body.insert("lots".to_owned(), Value::Array(lines));
        }
        let parents = self.answer(body, dispatch);
        let Some(Value::Array(outputs)) = body.get_mut("outputs") else { return Ok(()) };
        for (number, output) in outputs.iter_mut().enumerate() {
            let parent = parents.get(&number).map(|id| (self.describe)(*id)).transpose();
            let parent = parent.map_err(|problem| (format!("/outputs/{number}"), problem))?.flatten();
            inherit(output, parent.as_ref());
        }
        Ok(())
    }

    /// Completes the lines of a receipt; of which lot each output is a part.
    fn answer(&self, body: &mut Body, dispatch: EventId) -> BTreeMap<usize, LotId> {
        let mut parents = BTreeMap::new();
        let lines = body.get_mut("lots").and_then(Value::as_array_mut);
        for line in lines.into_iter().flatten().filter_map(Value::as_object_mut) {
            put(line, "after", Some(dispatch));
            let lot = id_in::<LotId>(line, "lot");
            for member in ["accepted", "returned"] {
                let number = line.get(member).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
                parents.extend(number.zip(lot));
            }
        }
        parents
    }

    /// Parts have form, elements and composition of the whole; one may be the rest.
    fn split(&self, body: &mut Body, whole: Option<&LotRecord>) -> Result<(), Fault> {
        let input = body.get("input").and_then(Value::as_object).and_then(|head| id_in::<LotId>(head, "lot"));
        let described =
            input.map(|id| (self.describe)(id)).transpose().map_err(|problem| ("/input".to_owned(), problem))?;
        let difference = body.get("difference").cloned();
        let Some(Value::Array(outputs)) = body.get_mut("outputs") else { return Ok(()) };
        for output in outputs.iter_mut() {
            inherit(output, described.as_ref().and_then(Option::as_ref));
            pieces(output, whole);
        }
        let Some(rest) = self.outputs.iter().position(|output| output.rest) else { return Ok(()) };
        let pointer = format!("/outputs/{rest}/rest");
        let fault = |problem: &str| (pointer.clone(), Problem::Member(problem.to_owned()));
        let quantity = whole
            .and_then(|whole| remainder(outputs, rest, whole, difference))
            .ok_or_else(|| fault("expected known masses of the lot and of its other parts, which sum to no more"))?;
        match outputs.get_mut(rest).and_then(Value::as_object_mut) {
            Some(output) if !output.contains_key("quantity") => drop(output.insert("quantity".to_owned(), quantity)),
            _ => return Err(fault("expected either `quantity` or `rest`, found both")),
        }
        Ok(())
    }
}

fn unknown_here(id: LotId) -> Fault {
    let problem = format!(
        "expected a lot that is under way, found lot {id}, which this ledger does not know; what another ledger sent is taken \
         over with `oretrail import`"
    );
    ("/lots/0".to_owned(), Problem::Member(problem))
}

fn lookup(error: ViewError) -> Fault {
    (String::new(), Problem::Lookup(error.0))
}

fn put(object: &mut Body, member: &str, id: Option<impl ToString>) {
    if let (false, Some(id)) = (object.contains_key(member), id) {
        object.insert(member.to_owned(), Value::String(id.to_string()));
    }
}

fn id_in<T: std::str::FromStr>(object: &Body, member: &str) -> Option<T> {
    object.get(member)?.as_str()?.parse().ok()
}

/// Gives an output what it does not state itself.
fn inherit(output: &mut Value, whole: Option<&Lot>) {
    let (Value::Object(output), Some(whole)) = (output, whole) else { return };
    let mut give = |member: &str, value: Option<Value>| {
        if let (false, Some(value)) = (output.contains_key(member), value) {
            output.insert(member.to_owned(), value);
        }
    };
    give("form", serde_json::to_value(whole.form).ok());
    give("elements", serde_json::to_value(&whole.elements).ok());
    give("composition", whole.composition.as_ref().and_then(|lines| serde_json::to_value(lines).ok()));
}

/// The mass of pieces, where the mass of one is known.
fn pieces(output: &mut Value, whole: Option<&LotRecord>) {
    let Some(Value::Object(quantity)) = output.get_mut("quantity") else { return };
    let pieces = quantity.get("pieces").and_then(Value::as_u64);
    let Some((pieces, unit)) = pieces.zip(whole.and_then(|whole| whole.unit_mass)) else { return };
    let net_dry = pieces.checked_mul(unit.mg()).and_then(Mass::new);
    put(quantity, "unit_mass", Some(unit));
    put(quantity, "net_dry", net_dry);
}

/// What the other parts and the difference leave of a lot.
fn remainder(outputs: &[Value], rest: usize, whole: &LotRecord, difference: Option<Value>) -> Option<Value> {
    let difference: Option<Loss> = difference.map(serde_json::from_value).transpose().ok()?;
    let lost = difference.and_then(|loss| loss.mass).map_or(0, MassDiff::mg);
    let (mut mass, mut pieces) = (i64::try_from(whole.net_dry?.mg()).ok()?.checked_sub(lost)?, whole.pieces);
    for (_, other) in outputs.iter().enumerate().filter(|(number, _)| *number != rest) {
        let quantity = other.get("quantity")?.as_object()?;
        mass = mass.checked_sub(i64::try_from(id_in::<Mass>(quantity, "net_dry")?.mg()).ok()?)?;
        pieces = pieces.zip(quantity.get("pieces").and_then(Value::as_u64)).and_then(|(all, n)| all.checked_sub(n));
    }
    let mass = Mass::new(u64::try_from(mass).ok()?)?;
    let mut quantity = Map::from_iter([("net_dry".to_owned(), Value::String(mass.to_string()))]);
    if let Some(pieces) = pieces {
        quantity.insert("pieces".to_owned(), pieces.into());
        put(&mut quantity, "unit_mass", whole.unit_mass);
    }
    Some(Value::Object(quantity))
}
