//! What people call things: names for ids, from events at hand. Nothing is decided by a name.

use super::format;
use crate::event::{Body, Event, Form, Lot, When};
use crate::value::{Country, DigestMap, EventId, FacilityId, LotId, PartyId, Time};

/// A facility as people know it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    name: String,
    country: Country,
}

/// What is said of a lot in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LotLine {
    label: Option<String>,
    form: Form,
    amount: Option<String>,
}

/// What is said of an event in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct EventLine {
    what: String,
    issuer: PartyId,
    facility: Option<FacilityId>,
    when: Time,
}

/// Names for ids.
#[derive(Debug, Clone, Default)]
pub struct Names {
    parties: DigestMap<PartyId, String>,
    places: DigestMap<FacilityId, Place>,
    lots: DigestMap<LotId, LotLine>,
    events: DigestMap<EventId, EventLine>,
}

impl<'a> FromIterator<&'a Event> for Names {
    fn from_iter<I: IntoIterator<Item = &'a Event>>(events: I) -> Self {
        let mut names = Self::default();
        events.into_iter().for_each(|event| names.add(event));
        names
    }
}

impl Names {
    /// Adds what an event names.
    pub fn add(&mut self, event: &Event) {
        let body = &event.payload.body;
        match body {
            Body::Party(party) => drop(self.parties.insert(event.id.into(), party.name.to_string())),
            Body::Facility(facility) => {
                let place = Place { name: facility.name.to_string(), country: facility.country };
                self.places.insert(event.id.into(), place);
            }
            _ => {}
        }
        for (id, lot) in body.output_ids(event.id).zip(body.outputs()) {
            self.lots.insert(id, lot_line(lot));
        }
        let line = EventLine {
            what: what(body),
            issuer: event.issuer(),
            facility: body.facility(),
            when: match event.payload.when {
                When::At(at) => at,
                When::Period { to, .. } => to,
            },
        };
        self.events.insert(event.id, line);
    }

    /// A party's name, or the beginning of its id.
    #[must_use]
    pub fn party(&self, id: &PartyId) -> String {
        self.parties.get(id).cloned().unwrap_or_else(|| format!("party {}", id.short()))
    }

    /// A facility's name and country, or the beginning of its id.
    #[must_use]
    pub fn facility(&self, id: &FacilityId) -> String {
        let known = self.places.get(id).map(|place| format!("{}, {}", place.name, place.country));
        known.unwrap_or_else(|| format!("facility {}", id.short()))
    }

    /// A lot's label and short id.
    #[must_use]
    pub fn lot(&self, id: &LotId) -> String {
        match self.lots.get(id).and_then(|lot| lot.label.as_ref()) {
            Some(label) => format!("{label} [{}]", id.short()),
            None => format!("lot {}", id.short()),
        }
    }

    /// A lot's label, what it consists of and how much, as far as known.
    #[must_use]
    pub fn lot_in_words(&self, id: &LotId) -> String {
        let Some(lot) = self.lots.get(id) else { return format!("lot {}", id.short()) };
        let label = lot.label.clone().unwrap_or_else(|| id.short());
        let amount = lot.amount.clone().unwrap_or_else(|| "mass withheld".to_owned());
        format!("{label} · {} · {amount}", lot.form)
    }

    /// What an event did, where, by whom, on which day.
    #[must_use]
    pub fn event(&self, id: &EventId) -> String {
        let Some(event) = self.events.get(id) else { return format!("event {}", id.short()) };
        let place = event.facility.map(|place| format!(" at {}", self.facility(&place))).unwrap_or_default();
        format!("{} by {}{place}, {} [{}]", event.what, self.party(&event.issuer), event.when.date(), id.short())
    }

    /// What made a lot: process, place and day.
    #[must_use]
    pub fn making(&self, id: &EventId) -> String {
        let Some(event) = self.events.get(id) else { return "its making is not at hand".to_owned() };
        let place = event.facility.map_or_else(|| self.party(&event.issuer), |place| self.facility(&place));
        format!("{} · {place} · {}", event.what, event.when.date())
    }
}

impl Names {
    /// A text with the full ids in it replaced by names; an id that is not known is shortened.
    #[must_use]
    pub fn readable(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
            let (before, from) = rest.split_at_checked(start).unwrap_or((rest, ""));
            let end = from.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(from.len());
            let (word, after) = from.split_at_checked(end).unwrap_or((from, ""));
            out.push_str(before);
            rest = after;
            match word.parse::<EventId>() {
                Ok(id) => rest = self.put_name(id, after, &mut out),
                Err(_) => out.push_str(word),
            }
        }
        out.push_str(rest);
        out
    }

    /// Puts the name of an id, or of the lot that an output number behind it makes; gives what is left of the text.
    fn put_name<'t>(&self, id: EventId, after: &'t str, out: &mut String) -> &'t str {
        let number = after.strip_prefix('.').map(|digits| {
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            digits.split_at_checked(end).unwrap_or((digits, ""))
        });
        if let Some((output, rest)) = number.and_then(|(digits, rest)| Some((digits.parse().ok()?, rest))) {
            out.push_str(&self.lot(&LotId::new(id, output)));
            return rest;
        }
        let place = self.places.get(&id.into()).map(|place| format!("{}, {}", place.name, place.country));
        let name = self.parties.get(&id.into()).cloned().or(place);
        out.push_str(&name.unwrap_or_else(|| id.short()));
        after
    }
}

fn lot_line(lot: &Lot) -> LotLine {
    let amount = lot.quantity.as_ref().map(|quantity| {
        let mass = format::mass(quantity.net_dry);
        match quantity.pieces {
            Some(pieces) => format!("{mass} ({} pieces)", format::count(pieces)),
            None => mass,
        }
    });
    LotLine { label: lot.label().map(ToString::to_string), form: lot.form, amount }
}

/// An event's kind, in the words of what was done.
fn what(body: &Body) -> String {
    match body {
        Body::Source(source) => source.source.to_string(),
        Body::Transform(transform) => {
            let processes: Vec<&str> = transform.processes.iter().map(|process| process.as_str()).collect();
            processes.join(", ")
        }
        Body::Accredit(accredit) => match accredit.scheme {
            Some(scheme) => format!("accreditation ({scheme})"),
            None => format!("accreditation ({})", accredit.action),
        },
        body => body.kind().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_a_text_become_names_or_are_shortened() {
        let (known, lot, unknown) = (EventId([1; 32]), LotId::new(EventId([2; 32]), 3), EventId([0xab; 32]));
        let mut names = Names::default();
        names.parties.insert(known.into(), "Mine & Co".to_owned());
        names.lots.insert(lot, LotLine { label: Some("ORE-1".to_owned()), form: Form::Ore, amount: None });
        let text = format!("lot {lot}, by party {known}; found {unknown}.");
        assert_eq!(
            names.readable(&text),
            format!("lot ORE-1 [{}], by party Mine & Co; found ababababab.", lot.short())
        );
        for plain in ["", "nothing here", "é 12.5 kg · ok", "abc.1"] {
            assert_eq!(names.readable(plain), plain);
        }
    }
}
