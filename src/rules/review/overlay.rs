//! Corrections: which values lie over recorded ones, and events with those values in place.
//!
//! A correction of a correction changes the value that the first one puts; the last one recorded wins.

use crate::event::{Correct, CorrectAction, Event, When};
use crate::value::{DigestMap, EventId};
use std::borrow::Cow;

/// One value over a recorded leaf.
#[derive(Debug, Clone)]
struct Overlaid {
    object: String,
    leaf: String,
    value: serde_json::Value,
}

/// Where a change of a correction goes in the end: event, object, leaf.
type Root = (EventId, String, String);

/// Every overlay recorded so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Overlays {
    values: DigestMap<EventId, Vec<Overlaid>>,
    roots: DigestMap<EventId, Vec<Root>>,
    when: DigestMap<EventId, When>,
    last: DigestMap<EventId, EventId>,
}

/// A value that a correction has just put.
pub(super) struct Put<'a> {
    pub(super) event: EventId,
    pub(super) object: &'a str,
    pub(super) leaf: &'a str,
    /// The value; `None` where the correction does not show it.
    pub(super) value: Option<&'a serde_json::Value>,
}

impl Overlays {
    /// Takes in a correction, and tells of each value it puts, shown or not.
    pub(super) fn observe(&mut self, by: EventId, body: &Correct, tell: &mut dyn FnMut(Put<'_>)) {
        if body.action != CorrectAction::Overlay {
            return;
        }
        if let Some(at) = body.at {
            self.when.insert(body.target, When::At(at));
            self.last.insert(body.target, by);
        }
        let mut roots = Vec::new();
        for change in &body.changes {
            let root = self.root(body.target, &change.object, &change.leaf);
            if let Some(value) = &change.value {
                self.put(by, &root, value);
            }
            tell(Put { event: root.0, object: &root.1, leaf: &root.2, value: change.value.as_ref() });
            roots.push(root);
        }
        self.roots.insert(by, roots);
    }

    /// A change of the `value` of a correction's change is a change of what that one is about.
    fn root(&self, target: EventId, object: &str, leaf: &str) -> Root {
        let number = object.strip_prefix("/body/changes/").and_then(|number| number.parse::<usize>().ok());
        let earlier = number.and_then(|number| self.roots.get(&target)?.get(number));
        match earlier.filter(|_| leaf == "value") {
            Some(root) => root.clone(),
            None => (target, object.to_owned(), leaf.to_owned()),
        }
    }

    fn put(&mut self, by: EventId, root: &Root, value: &serde_json::Value) {
        let (event, object, leaf) = root;
        self.last.insert(*event, by);
        let values = self.values.entry(*event).or_default();
        let overlaid = Overlaid { object: object.clone(), leaf: leaf.clone(), value: value.clone() };
        match values.iter_mut().find(|old| old.object == *object && old.leaf == *leaf) {
            Some(old) => *old = overlaid,
            None => values.push(overlaid),
        }
    }

    /// When an event happened by its last correction.
    pub(super) fn when(&self, event: &EventId) -> Option<When> {
        self.when.get(event).copied()
    }

    /// The last correction of an event.
    pub(super) fn last(&self, event: &EventId) -> Option<EventId> {
        self.last.get(event).copied()
    }

    /// The event with all corrections in place.
    pub(super) fn corrected<'e>(&self, event: &'e Event) -> Cow<'e, Event> {
        let (values, when) = (self.values.get(&event.id), self.when(&event.id));
        if values.is_none() && when.is_none() {
            return Cow::Borrowed(event);
        }
        let mut changed = event.clone();
        changed.payload.when = when.unwrap_or(event.payload.when);
        changed.payload.visit_leaves(&mut |place, object| {
            let here = place.to_string();
            for overlaid in values.into_iter().flatten().filter(|overlaid| overlaid.object == here) {
                replace(object, overlaid);
            }
        });
        Cow::Owned(changed)
    }
}

/// Puts a value over a leaf; a value that is not of the leaf's type changes nothing.
fn replace(object: &mut dyn crate::event::Leaves, overlaid: &Overlaid) {
    let Ok(taken) = object.take_leaves() else { return };
    let is_put = object.set_leaf(&overlaid.leaf, &overlaid.value.to_string()).is_ok();
    for (name, json) in taken {
        if !(is_put && name == overlaid.leaf) {
            // What was taken out a moment ago goes back in.
            let _ = object.set_leaf(name, &json);
        }
    }
}
