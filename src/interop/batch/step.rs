//! One step of a batch.

use super::error::{At, BatchError, Problem};
use crate::event::{BusinessReference, Document, DocumentKind, Kind, When};
use crate::finding::Code;
use crate::value::{Date, Text, Time};
use schemars::JsonSchema;
use serde::de::{Error as _, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A document as a step gives it, for the schema.
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes input that is read as JSON")]
enum DocumentSchema {
    /// By its digests.
    Digests(Document),
    /// As a file.
    File(DocumentFile),
}

/// A document as a file: size and digests are those of its bytes, which are stored with the batch.
#[derive(schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes input that is read as JSON")]
struct DocumentFile {
    /// The file, a path from the folder of the batch file.
    file: String,
    /// What it is; `other` where absent.
    kind: Option<DocumentKind>,
    /// Who issued it, in words.
    issuer: Option<Text>,
    /// Who issued it, where it is a registered party.
    issuer_party: Option<String>,
    /// Its number.
    number: Option<Text>,
    /// Its date.
    date: Option<Date>,
    /// Media type (RFC 6838).
    media_type: Option<Text>,
}

/// Where the parts of a step are in its file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Line of its beginning, counted from 1; 0 for a step that is not of a file.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// JSON pointer, line and column of what is in it; empty for JSON Lines.
    pub marks: Vec<(String, usize, usize)>,
    /// The scenario whose file it is in, where that is not the file at hand but one that it is based on.
    pub scenario: Option<String>,
    /// Where members are that a scenario built on this file put in the place of others, first the first.
    pub changes: Vec<Place>,
}

/// The members of a step beside those of its event's body; no kind has a body member of one of these names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Members {
    /// What the event is.
    pub kind: Kind,
    /// Name of the event in this file; a step with one output names its lot too.
    #[serde(default, rename = "as")]
    pub name: Option<String>,
    /// Who states it; not in the registration of a party.
    #[serde(default)]
    pub by: Option<String>,
    /// Which of the issuer's keys signs, where it has several.
    #[serde(default)]
    pub signed_with: Option<String>,
    /// When it happened: a time, or `{ from, to }`; the time of recording where absent.
    #[serde(default, deserialize_with = "when")]
    #[schemars(with = "Option<WhenSchema>")]
    pub when: Option<When>,
    /// When the ledger records it, in a simulated file; an hour after it happened where absent.
    #[serde(default)]
    pub recorded_at: Option<Time>,
    /// Attached documents: by their digests, or as files to be read and stored.
    #[serde(default)]
    #[schemars(with = "Option<Vec<DocumentSchema>>")]
    pub docs: Option<Value>,
    /// Purchase orders, contracts, work orders.
    #[serde(default)]
    pub refs: Option<Vec<BusinessReference>>,
    /// A remark.
    #[serde(default)]
    pub remark: Option<Text>,
    /// The code of the finding for which this step must be refused.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub expect_refused: Option<Code>,
    /// The codes of the findings, not refusals, that this step must have.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub expect: Vec<Code>,
    /// In a simulated file: a step at whose place in its feed this one is signed as well, as with a copy of the key.
    #[serde(default)]
    pub twin_of: Option<String>,
    /// In a scenario based on another: the step of that one in whose stead this one is; its name too, without `as`.
    #[serde(default)]
    pub instead_of: Option<String>,
    /// In a scenario based on another: the step of that one before which this one is.
    #[serde(default)]
    pub before: Option<String>,
    /// In a scenario based on another: the step of that one after which this one is.
    #[serde(default)]
    pub after: Option<String>,
}

/// The names of [`Members`].
pub const MEMBERS: [&str; 15] = [
    "kind",
    "as",
    "by",
    "signed_with",
    "when",
    "recorded_at",
    "docs",
    "refs",
    "remark",
    "expect_refused",
    "expect",
    "twin_of",
    "instead_of",
    "before",
    "after",
];

impl Members {
    /// The member that says where in the base of its scenario a step belongs, and the step that it names.
    pub(super) fn mark(&self) -> Option<(&'static str, &str)> {
        self.marks().next()
    }

    fn marks(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let marks = [("instead_of", &self.instead_of), ("before", &self.before), ("after", &self.after)];
        marks.into_iter().filter_map(|(mark, name)| name.as_deref().map(|name| (mark, name)))
    }

    /// These members where they are given, otherwise the old ones.
    fn over(self, old: Self, given: &BTreeSet<String>) -> Self {
        fn pick<T>(is_given: bool, new: T, old: T) -> T {
            if is_given { new } else { old }
        }
        let has = |member: &str| given.contains(member);
        Self {
            by: pick(has("by"), self.by, old.by),
            signed_with: pick(has("signed_with"), self.signed_with, old.signed_with),
            when: pick(has("when"), self.when, old.when),
            recorded_at: pick(has("recorded_at"), self.recorded_at, old.recorded_at),
            docs: pick(has("docs"), self.docs, old.docs),
            refs: pick(has("refs"), self.refs, old.refs),
            remark: pick(has("remark"), self.remark, old.remark),
            expect_refused: pick(has("expect_refused"), self.expect_refused, old.expect_refused),
            expect: pick(has("expect"), self.expect, old.expect),
            twin_of: pick(has("twin_of"), self.twin_of, old.twin_of),
            before: self.before,
            after: self.after,
            ..old
        }
    }
}

/// A moment or a period, as its schema says.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum WhenSchema {
    /// A moment.
    At(Time),
    /// A period.
    Period(Period),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Period {
    /// First moment.
    from: Time,
    /// Last moment.
    to: Time,
}

fn when<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<When>, D::Error> {
    struct Reader;
    impl<'de> Visitor<'de> for Reader {
        type Value = When;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a UTC time such as `2026-11-03T08:00:00Z`, or `{ from, to }` with two of them")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<When, E> {
            text.parse().map(When::At).map_err(E::custom)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<When, A::Error> {
            let Period { from, to } = Period::deserialize(MapAccessDeserializer::new(map))?;
            if to < from {
                return Err(A::Error::custom(format_args!("expected `to` not before {from}, found {to}")));
            }
            Ok(When::Period { from, to })
        }
    }
    deserializer.deserialize_any(Reader).map(Some)
}

/// One step: an event in clear, with names where the event has ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its number in the file, counted from 1.
    pub number: u64,
    /// Where it is.
    pub place: Place,
    /// What surrounds the body.
    pub members: Members,
    /// The body, in the notation of this format.
    pub body: Map<String, Value>,
}

impl Step {
    /// Reads a step from its members, as a file or a command line gives them.
    pub fn from_map(number: u64, place: Place, map: Map<String, Value>) -> Result<Self, BatchError> {
        let (own, body): (Map<_, _>, Map<_, _>) =
            map.into_iter().partition(|(name, _)| MEMBERS.contains(&name.as_str()));
        let name = own.get("as").and_then(Value::as_str).map(str::to_owned);
        let members = serde_path_to_error::deserialize(Value::Object(own)).map_err(|error| {
            let pointer = pointer(error.path());
            let at = place.at(Some(number), name, None, pointer);
            BatchError::new(at, Problem::Member(error.inner().to_string()))
        })?;
        let step = Self { number, place, members, body };
        let second = step.members.marks().nth(1).map(|(mark, _)| format!("/{mark}"));
        if let Some(pointer) = second {
            let problem = "expected one of `instead_of`, `before` and `after`, found several".to_owned();
            return Err(step.error(pointer, Problem::Member(problem)));
        }
        Ok(step)
    }

    /// This step with other members in the place of those that it has; its kind and name stay.
    pub(super) fn changed(&self, place: Place, mut map: Map<String, Value>) -> Result<Self, BatchError> {
        let given: BTreeSet<String> = map.keys().cloned().collect();
        map.insert("kind".to_owned(), self.kind().as_str().into());
        let new = Self::from_map(self.number, place, map).map_err(|mut error| {
            error.at.name.clone_from(&self.members.name);
            error
        })?;
        let mut changed = self.clone();
        changed.members = new.members.over(changed.members, &given);
        changed.body.extend(new.body);
        changed.place.changes.push(new.place);
        Ok(changed)
    }

    /// Moves every time and date of the step back.
    pub(super) fn move_back(&mut self, days: u32) {
        let back = |time: Time| time.plus(-86_400 * i64::from(days));
        let members = &mut self.members;
        members.when = members.when.map(|when| match when {
            When::At(at) => When::At(back(at)),
            When::Period { from, to } => When::Period { from: back(from), to: back(to) },
        });
        members.recorded_at = members.recorded_at.map(back);
        self.body.values_mut().for_each(|value| move_back(value, &back));
    }

    /// The kind of the event.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.members.kind
    }

    /// What is wrong with a step that belongs somewhere among the steps of another scenario, where it is not read as part
    /// of one that builds on it.
    #[must_use]
    pub fn misplaced(&self) -> Option<BatchError> {
        let (mark, _) = self.members.mark()?;
        let problem = format!("expected `{mark}` in scenarios that build on another only");
        Some(self.error(format!("/{mark}"), Problem::Member(problem)))
    }

    /// The local name that the step gives an output.
    pub(super) fn output_name(&self, number: usize) -> Option<&str> {
        self.body.get("outputs")?.get(number)?.get("name")?.as_str()
    }

    /// Whether the step gives a name, to its event or to what that makes.
    #[must_use]
    pub fn gives_names(&self) -> bool {
        let outputs = self.body.get("outputs").and_then(Value::as_array).map_or(0, Vec::len);
        self.members.name.is_some() || (0..outputs).any(|number| self.output_name(number).is_some())
    }

    /// A problem at a JSON pointer into this step.
    #[must_use]
    pub fn error(&self, pointer: impl Into<String>, problem: Problem) -> BatchError {
        let (name, kind) = (self.members.name.clone(), Some(self.kind()));
        BatchError::new(self.place.at(Some(self.number), name, kind, pointer.into()), problem)
    }
}

// The recursion follows the nesting, which reading bounds.
fn move_back(value: &mut Value, back: &dyn Fn(Time) -> Time) {
    match value {
        Value::String(text) => {
            if let Ok(time) = text.parse::<Time>() {
                *text = back(time).to_string();
            } else if let Ok(date) = text.parse::<Date>() {
                *text = back(date.end()).date().to_string();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| move_back(item, back)),
        Value::Object(members) => members.values_mut().for_each(|member| move_back(member, back)),
        _ => {}
    }
}

impl Place {
    /// Line and column of the innermost marked value that holds what `pointer` names.
    pub(super) fn at(&self, step: Option<u64>, name: Option<String>, kind: Option<Kind>, pointer: String) -> At {
        let changed = self.changes.iter().rev().find_map(|place| place.mark(&pointer).map(|at| (place, at)));
        let (place, (line, column)) =
            changed.unwrap_or_else(|| (self, self.mark(&pointer).unwrap_or((self.line, self.column))));
        At { scenario: place.scenario.clone(), step, name, kind, line, column, pointer }
    }

    fn mark(&self, pointer: &str) -> Option<(usize, usize)> {
        let holds =
            |mark: &str| pointer.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let inner = self.marks.iter().filter(|(mark, ..)| holds(mark)).max_by_key(|(mark, ..)| mark.len());
        inner.map(|(_, line, column)| (*line, *column))
    }
}

/// The JSON pointer of a place that `serde_path_to_error` found.
pub(super) fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment as S;
    let segment = |segment: &S| match segment {
        S::Seq { index } => format!("/{index}"),
        S::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        S::Enum { variant } => format!("/{variant}"),
        S::Unknown => String::new(),
    };
    path.iter().map(segment).collect()
}
