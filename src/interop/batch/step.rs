//! One step of a batch, and the header of the file.

use super::error::{At, BatchError, Problem};
use crate::event::{BusinessReference, Document, Kind, When};
use crate::finding::Code;
use crate::value::{Text, Time};
use schemars::JsonSchema;
use serde::de::{Error as _, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// The value of `oretrail` in a header.
pub const FORMAT: &str = "batch/1";

/// What a batch file says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Format and version: `batch/1`.
    #[serde(deserialize_with = "format")]
    pub oretrail: String,
    /// Title.
    #[serde(default)]
    pub title: Option<String>,
    /// What it tells, for people.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether it carries its own clock and makes its own keys. Such a file is played into a new ledger only.
    #[serde(default)]
    pub simulated: bool,
    /// The ledger that a simulated file creates.
    #[serde(default)]
    pub ledger: Option<NewLedger>,
    /// Local name of the lot that the file is about.
    #[serde(default)]
    pub subject: Option<String>,
    /// Local name of the party the subject was dispatched to.
    #[serde(default)]
    pub recipient: Option<String>,
}

/// The ledger that a simulated file creates.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLedger {
    /// Origin of the log (C2SP tlog-checkpoint).
    pub origin: Text,
    /// Local name of its operator: the party that the first step registers.
    pub operator: String,
}

fn format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let found = String::deserialize(deserializer)?;
    if found == FORMAT {
        return Ok(found);
    }
    Err(D::Error::custom(format_args!("expected `{FORMAT}`, found `{found}`")))
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
    /// Attached documents.
    #[serde(default)]
    #[schemars(with = "Option<Vec<Document>>")]
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
}

/// The names of [`Members`].
pub const MEMBERS: [&str; 11] =
    ["kind", "as", "by", "signed_with", "when", "recorded_at", "docs", "refs", "remark", "expect_refused", "expect"];

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
        Ok(Self { number, place, members, body })
    }

    /// The kind of the event.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.members.kind
    }

    /// The local name that the step gives an output.
    pub(super) fn output_name(&self, number: usize) -> Option<&str> {
        self.body.get("outputs")?.get(number)?.get("name")?.as_str()
    }

    /// A problem at a JSON pointer into this step.
    #[must_use]
    pub fn error(&self, pointer: impl Into<String>, problem: Problem) -> BatchError {
        let (name, kind) = (self.members.name.clone(), Some(self.kind()));
        BatchError::new(self.place.at(Some(self.number), name, kind, pointer.into()), problem)
    }
}

impl Place {
    /// Line and column of the innermost marked value that holds what `pointer` names.
    fn at(&self, step: Option<u64>, name: Option<String>, kind: Option<Kind>, pointer: String) -> At {
        let holds =
            |mark: &str| pointer.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let inner = self.marks.iter().filter(|(mark, ..)| holds(mark)).max_by_key(|(mark, ..)| mark.len());
        let (line, column) = inner.map_or((self.line, self.column), |(_, line, column)| (*line, *column));
        At { step, name, kind, line, column, pointer }
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
