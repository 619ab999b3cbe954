//! Ids replaced by what people call things, in what is printed for people.

use super::archive::Archive;
use super::error::Failure;
use crate::event::{Event, Target};
use crate::value::EventId;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Names of ids, `name (short id)`.
#[derive(Debug, Default)]
pub(crate) struct Naming(BTreeMap<String, String>);

impl Naming {
    /// The names of everything an event refers to.
    pub(crate) fn of(archive: &Archive, event: &Event) -> Result<Self, Failure> {
        let mut names = Self::default();
        names.add(archive, &Target::Party(event.issuer()))?;
        for reference in event.payload.body.references() {
            names.add(archive, &reference.target)?;
        }
        Ok(names)
    }

    fn add(&mut self, archive: &Archive, target: &Target) -> Result<(), Failure> {
        let (id, name) = match target {
            Target::Party(id) => (id.to_string(), format!("{} ({})", archive.party_name(id)?, id.short())),
            Target::Facility(id) => (id.to_string(), format!("{} ({})", archive.facility_code(id)?, id.short())),
            Target::Lot(id) => (id.to_string(), named(archive.lot_name(*id)?, &id.short())),
            Target::Event(id) => (id.to_string(), event_words(archive, id)?),
            Target::Ledger(id) if *id == archive.snapshot.reader().identity().ledger() => {
                (id.to_string(), format!("this ledger ({})", id.short()))
            }
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
const TELLING: [&str; 3] = ["lot", "kind", "mode"];

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
        words.extend(rest.map(|(name, value)| format!("{} {}", spaced(name), self.line(value))));
        words.join(", ")
    }
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
fn event_words(archive: &Archive, id: &EventId) -> Result<String, Failure> {
    let record = archive.find().event(id)?;
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
        assert_eq!(line(json!({ "mass": "2.037", "kind": "off-gas" })), "off-gas, mass 2.037");
        assert_eq!(line(json!(["Nd", "Pr"])), "Nd, Pr");
    }
}
