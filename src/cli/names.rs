//! Ids replaced by what people call things, in what is printed for people.

use super::error::Failure;
use super::format::{mass, mass_diff};
use crate::event::{Event, Lot, Target};
use crate::state::Find;
use crate::value::{EventId, FacilityId, LedgerId, LotId, Mass, MassDiff, PartyId};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What knows what things are called: a ledger, or one with a plan on top.
pub(crate) trait Called {
    /// The state.
    fn state(&self) -> Box<dyn Find + '_>;
    /// The ledger.
    fn ledger(&self) -> LedgerId;
    /// A lot as it is described; nothing where that is not known.
    fn lot(&self, id: LotId) -> Result<Option<Lot>, Failure>;
}

/// A party's name, or else its short id.
pub(crate) fn party_name(state: &dyn Find, id: &PartyId) -> Result<String, Failure> {
    Ok(state.party(id)?.map_or_else(|| id.short(), |party| party.name.to_string()))
}

/// A facility's code, or else its short id.
pub(crate) fn facility_code(state: &dyn Find, id: &FacilityId) -> Result<String, Failure> {
    Ok(state.facility(id)?.map_or_else(|| id.short(), |record| record.facility.code.to_string()))
}

/// A lot's first label, or else its short id.
pub(crate) fn lot_name(lot: Option<Lot>, id: LotId) -> String {
    lot.and_then(|lot| lot.label().map(ToString::to_string)).unwrap_or_else(|| id.short())
}

/// Names of ids, `name (short id)`.
#[derive(Debug, Default)]
pub(crate) struct Naming(BTreeMap<String, String>);

impl Naming {
    /// The names of everything an event refers to.
    pub(crate) fn of(called: &dyn Called, event: &Event) -> Result<Self, Failure> {
        let mut names = Self::default();
        names.add(called, &Target::Party(event.issuer()))?;
        for reference in event.payload.body.references() {
            names.add(called, &reference.target)?;
        }
        Ok(names)
    }

    fn add(&mut self, called: &dyn Called, target: &Target) -> Result<(), Failure> {
        let state = called.state();
        let (id, name) = match target {
            Target::Party(id) => (id.to_string(), named(party_name(&*state, id)?, &id.short())),
            Target::Facility(id) => (id.to_string(), named(facility_code(&*state, id)?, &id.short())),
            Target::Lot(id) => (id.to_string(), named(lot_name(called.lot(*id)?, *id), &id.short())),
            Target::Event(id) => (id.to_string(), event_words(&*state, id)?),
            Target::Ledger(id) if *id == called.ledger() => (id.to_string(), format!("this ledger ({})", id.short())),
            Target::Ledger(id) => (id.to_string(), format!("ledger {}", id.short())),
        };
        self.0.entry(id).or_insert(name);
        Ok(())
    }

    /// What a text stands for; the text itself where it is no id.
    pub(crate) fn words<'a>(&'a self, text: &'a str) -> &'a str {
        self.0.get(text).map_or(text, String::as_str)
    }

    /// A value in one line, or nothing for an empty one.
    pub(crate) fn line(&self, value: &Value) -> String {
        match value {
            Value::String(text) => self.words(text).to_owned(),
            Value::Array(items) => items.iter().map(|item| self.line(item)).collect::<Vec<_>>().join(", "),
            Value::Object(members) => self.object(members),
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }
}

/// Members whose names say less than their values; they come first.
const TELLING: [&str; 5] = ["lot", "kind", "mode", "process", "analyte"];

/// Members that are masses in kg.
const MASSES: [&str; 7] = ["mass", "gross", "tare", "net", "net_wet", "net_dry", "unit_mass"];

impl Naming {
    /// An object in one line; of a head, the event after which it is meant only where it is not the lot's creation.
    fn object(&self, members: &Map<String, Value>) -> String {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let first = TELLING.into_iter().find_map(|name| Some((name, text(name)?)));
        let created = text("lot").and_then(|lot| lot.split('.').next());
        let said: Vec<&str> = first.iter().map(|(name, _)| *name).chain(created.map(|_| "after")).collect();
        let mut words: Vec<String> = first.iter().map(|(_, value)| self.words(value).to_owned()).collect();
        words.extend(
            text("after")
                .filter(|after| created.is_some() && Some(*after) != created)
                .map(|after| format!("after {}", self.words(after))),
        );
        let rest = members.iter().filter(|(name, _)| !said.contains(&name.as_str()) && *name != "_sd");
        words.extend(rest.map(|(name, value)| format!("{} {}", spaced(name), self.member(name, value))));
        words.join(", ")
    }

    /// A member's value in one line: a mass with its unit.
    pub(crate) fn member(&self, name: &str, value: &Value) -> String {
        let text = value.as_str().filter(|_| MASSES.contains(&name));
        text.and_then(kilograms).unwrap_or_else(|| self.line(value))
    }
}

/// A mass, or a difference of masses, as people read it.
fn kilograms(text: &str) -> Option<String> {
    let positive = text.parse::<Mass>().ok().map(mass);
    positive.or_else(|| text.parse::<MassDiff>().ok().map(mass_diff))
}

/// A member's name as words.
pub(crate) fn spaced(member: &str) -> String {
    member.replace('_', " ")
}

/// A name with its id, once where the two are the same.
fn named(name: String, short: &str) -> String {
    if name == short { name } else { format!("{name} ({short})") }
}

/// An event as `kind short-id`.
fn event_words(state: &dyn Find, id: &EventId) -> Result<String, Failure> {
    let record = state.event(id)?;
    Ok(record.map_or_else(|| id.short(), |record| format!("{} {}", record.kind, id.short())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn heads_and_kinds_come_first_and_creation_is_not_repeated() {
        let naming = Naming::default();
        let line = |value: Value| naming.line(&value);
        assert_eq!(line(json!({ "lot": "e1.0", "after": "e1" })), "e1.0");
        assert_eq!(line(json!({ "lot": "e1.0", "after": "e2" })), "e1.0, after e2");
        assert_eq!(line(json!({ "mass": "2.037", "kind": "off-gas" })), "off-gas, mass 2.037 kg");
        assert_eq!(line(json!({ "kind": "stocktake", "mass": "-1500" })), "stocktake, mass -1,500 kg");
        assert_eq!(line(json!({ "process": "mine", "mass": "1200000" })), "mine, mass 1,200,000 kg");
        assert_eq!(line(json!(["Nd", "Pr"])), "Nd, Pr");
    }
}
