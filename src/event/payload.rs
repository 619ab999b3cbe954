//! The payload: what every event has around its body.

use super::kind::Kind;
use super::leaves::{Leaves, Place, SdDigest, leaves};
use super::material::{BusinessReference, Document};
use super::{Body, ShapeError};
use crate::value::closed_enum::closed_enum;
use crate::value::{Blake3, EventId, Jwk, KeyId, LedgerId, PartyId, Signature, Text, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The format version of events; it fixes the cryptographic suite and the constants of admission.
pub const FORMAT_VERSION: u8 = 1;

/// The greatest number of an event in its feed: 2⁵³ − 1.
pub const MAX_SEQ: u64 = (1 << 53) - 1;

/// The most cosignatures of one event.
pub(super) const MAX_COSIGNATURES: usize = 8;

/// The most ids that one event can declare void.
pub(super) const MAX_VOIDS: usize = 16;

closed_enum!(
    /// What a further signature in `cosig` is for.
    Purpose, "a cosignature purpose", {
        NewKey = "new-key", "the key that is added or takes over";
        LogKey = "log-key", "the key of the log that is bound";
        OldOperator = "old-operator", "the former operator of a facility that is sold";
        SecondApprover = "second-approver", "a second person's approval";
    }
);

closed_enum!(
    /// The digest algorithm of disclosures.
    SdAlgorithm, "a digest algorithm", {
        Sha256 = "sha-256", "SHA-256";
    }
);

/// A further signature over the body (message: `oretrail.cosig/1`, purpose and BLAKE3 of the body's JSON text, each LF-ended).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cosignature {
    /// What it is for.
    pub purpose: Purpose,
    /// The key.
    pub key: Jwk,
    /// The Ed25519 signature.
    pub sig: Signature,
}

/// When something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum When {
    /// At a moment.
    At(Time),
    /// Over a period of continuous operation.
    Period {
        /// First moment.
        from: Time,
        /// Last moment.
        to: Time,
    },
}

impl When {
    /// The first moment.
    #[must_use]
    pub const fn start(self) -> Time {
        match self {
            Self::At(at) => at,
            Self::Period { from, .. } => from,
        }
    }

    /// The last moment.
    #[must_use]
    pub const fn end(self) -> Time {
        match self {
            Self::At(at) => at,
            Self::Period { to, .. } => to,
        }
    }
}

/// The payload of an event. Parsing puts no disclosures in place; see `envelope::open`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// Issuer; absent in the party's own registration.
    pub iss: Option<PartyId>,
    /// The ledger it is written for; absent in portable events.
    pub aud: Option<LedgerId>,
    /// Number in the feed of issuer, key and ledger, from 0.
    pub seq: u64,
    /// The previous event of that feed.
    pub prev: Option<EventId>,
    /// When it happened.
    pub when: When,
    /// The kind's own members.
    pub body: Body,
    /// Further signatures.
    pub cosig: Vec<Cosignature>,
    /// Own events signed earlier at this `seq` and refused elsewhere.
    pub voids: Vec<EventId>,
    /// Attached documents; withholdable as one group.
    pub docs: Option<Vec<Document>>,
    /// Purchase orders, contracts, work orders; withholdable as one group.
    pub refs: Option<Vec<BusinessReference>>,
    /// A remark.
    pub remark: Option<Text>,
    /// Digests of the payload's leaves that are not shown.
    pub hidden: Vec<SdDigest>,
    /// BLAKE3 of the JSON text of the body as parsed, where there are cosignatures to check over it.
    pub body_digest: Option<Blake3>,
}

leaves!(Payload { docs: optional, refs: optional, remark: optional });

/// An event: a payload under an id and a key. That its signature was checked is for `envelope` to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// BLAKE3 of the JWS signing input.
    pub id: EventId,
    /// The key named in the header.
    pub kid: KeyId,
    /// What it says.
    pub payload: Payload,
}

impl Event {
    /// The issuer; a party's own registration issues itself.
    #[must_use]
    pub fn issuer(&self) -> PartyId {
        self.payload.iss.unwrap_or(self.id.into())
    }
}

/// Why a text is no payload.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// Not the JSON that was expected; `path` is a JSON pointer.
    #[error("at `{path}`: {problem}")]
    Json {
        /// Where, as a JSON pointer.
        path: String,
        /// What was expected and found.
        problem: String,
    },
    /// Another format version.
    #[error("expected format version {FORMAT_VERSION}, found {0}")]
    Version(u64),
    /// Members that do not fit together.
    #[error("in the body, {0}")]
    Shape(#[from] ShapeError),
    /// Envelope members that do not fit together.
    #[error("{0}")]
    Envelope(&'static str),
    /// A leaf that is not in its disclosure.
    #[error("leaf `{leaf}` of `{object}` is in clear; withholdable values occur only as disclosures")]
    LeafInClear {
        /// The object.
        object: String,
        /// The leaf.
        leaf: &'static str,
    },
    /// An object whose digests cannot be those of its leaves.
    #[error("the object `{object}` has {found} digests, expected {least} to {most}")]
    DigestCount {
        /// The object.
        object: String,
        /// How many it has.
        found: usize,
        /// How many leaves it must have.
        least: usize,
        /// How many leaves it may have.
        most: usize,
    },
    /// Digests in an `_sd` array that are not sorted or occur twice.
    #[error("the `_sd` digests of `{0}` are not in ascending order without repetition")]
    Unsorted(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    v: u64,
    kind: Kind,
    iss: Option<PartyId>,
    aud: Option<LedgerId>,
    seq: u64,
    prev: Option<EventId>,
    at: Option<Time>,
    from: Option<Time>,
    to: Option<Time>,
    #[serde(borrow)]
    body: &'a RawValue,
    #[serde(default, deserialize_with = "super::leaves::present")]
    cosig: Vec<Cosignature>,
    #[serde(default, deserialize_with = "super::leaves::present")]
    voids: Vec<EventId>,
    #[serde(rename = "_sd_alg")]
    _sd_alg: SdAlgorithm,
    #[serde(rename = "_sd", default, deserialize_with = "super::leaves::present")]
    hidden: Vec<SdDigest>,
}

#[derive(Serialize)]
struct WireOut<'a> {
    v: u8,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<PartyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<LedgerId>,
    seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    prev: Option<EventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Time>,
    body: &'a RawValue,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    cosig: &'a [Cosignature],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    voids: &'a [EventId],
    #[serde(rename = "_sd_alg")]
    sd_alg: SdAlgorithm,
    #[serde(rename = "_sd", skip_serializing_if = "<[_]>::is_empty")]
    hidden: &'a [SdDigest],
}

/// The JSON pointer of a place that `serde_path_to_error` found, below `prefix`.
fn pointer(prefix: &str, path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment as S;
    path.iter().fold(prefix.to_owned(), |mut pointer, segment| {
        pointer.push('/');
        match segment {
            S::Seq { index } => pointer.push_str(&index.to_string()),
            S::Map { key } => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
            S::Enum { variant } => pointer.push_str(variant),
            S::Unknown => pointer.push('?'),
        }
        pointer
    })
}

/// Reads a JSON text; only where that fails, once more with an eye on the path, which costs as much again as reading.
pub(super) fn read<'de, T: Deserialize<'de>>(
    json: &'de str,
) -> Result<T, serde_path_to_error::Error<serde_json::Error>> {
    serde_json::from_str(json)
        .or_else(|_| serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(json)))
}

fn json_error(prefix: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> PayloadError {
    PayloadError::Json { path: pointer(prefix, error.path()), problem: error.inner().to_string() }
}

impl Payload {
    /// A payload as its issuer drafts it: no feed position, no cosignatures.
    #[must_use]
    pub fn draft(iss: Option<PartyId>, aud: Option<LedgerId>, when: When, body: Body) -> Self {
        Self {
            iss,
            aud,
            seq: 0,
            prev: None,
            when,
            body,
            cosig: Vec::new(),
            voids: Vec::new(),
            docs: None,
            refs: None,
            remark: None,
            hidden: Vec::new(),
            body_digest: None,
        }
    }

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.body.kind()
    }

    /// Parses the JSON text of a signed payload, strictly: closed members, no leaf in clear, sorted digests, shape.
    ///
    /// Depth, number range and `null` are for `envelope::json` to refuse first.
    pub fn parse(json: &str) -> Result<Self, PayloadError> {
        let wire: Wire<'_> = read(json).map_err(|error| json_error("", &error))?;
        if wire.v != u64::from(FORMAT_VERSION) {
            return Err(PayloadError::Version(wire.v));
        }
        let when = match (wire.at, wire.from, wire.to) {
            (Some(at), None, None) => When::At(at),
            (None, Some(from), Some(to)) if from <= to => When::Period { from, to },
            _ => return Err(PayloadError::Envelope("expected either `at`, or `from` and a `to` not before it")),
        };
        let body = Body::parse(wire.kind, wire.body.get()).map_err(|error| json_error("/body", &error))?;
        let mut payload = Self::draft(wire.iss, wire.aud, when, body);
        payload.body_digest = (!wire.cosig.is_empty()).then(|| Blake3::of(wire.body.get().as_bytes()));
        (payload.seq, payload.prev) = (wire.seq, wire.prev);
        (payload.cosig, payload.voids, payload.hidden) = (wire.cosig, wire.voids, wire.hidden);
        payload.check_envelope()?;
        payload.check_leaves()?;
        payload.body.check_shape()?;
        Ok(payload)
    }

    /// The JSON text that is signed: leaves must have been taken out, cosignatures made.
    pub fn to_json(&self, body: &str) -> Result<String, serde_json::Error> {
        let (at, from, to) = match self.when {
            When::At(at) => (Some(at), None, None),
            When::Period { from, to } => (None, Some(from), Some(to)),
        };
        serde_json::to_string(&WireOut {
            v: FORMAT_VERSION,
            kind: self.kind(),
            iss: self.iss,
            aud: self.aud,
            seq: self.seq,
            prev: self.prev,
            at,
            from,
            to,
            body: serde_json::from_str(body)?,
            cosig: &self.cosig,
            voids: &self.voids,
            sd_alg: SdAlgorithm::Sha256,
            hidden: &self.hidden,
        })
    }

    /// The JSON text of the body in that of a payload: what cosignatures cover.
    ///
    /// # Errors
    /// Not a JSON object with a `body`.
    pub fn body_text(json: &str) -> Result<&str, serde_json::Error> {
        #[derive(Deserialize)]
        struct BodyOf<'a> {
            #[serde(borrow)]
            body: &'a RawValue,
        }
        Ok(serde_json::from_str::<BodyOf<'_>>(json)?.body.get())
    }

    /// Visits every object with withholdable leaves, the payload first.
    pub fn visit_leaves(&mut self, visit: &mut dyn FnMut(Place, &mut dyn Leaves)) {
        visit(Place::Payload, self);
        self.body.visit_leaves(visit);
    }

    fn check_envelope(&self) -> Result<(), PayloadError> {
        let kind = self.kind();
        let broken = |problem| Err(PayloadError::Envelope(problem));
        if (kind == Kind::Party) != self.iss.is_none() {
            return broken("expected `iss` in every event but a party's own registration");
        }
        if kind == Kind::Party && (self.seq != 0 || self.prev.is_some()) {
            return broken("expected a party's registration to be number 0 of its feed");
        }
        if (self.seq == 0) != self.prev.is_none() {
            return broken("expected `prev` in every event of a feed but number 0");
        }
        if self.seq > MAX_SEQ {
            return broken("expected `seq` below 2^53");
        }
        let portable = self.aud.is_none();
        if kind != Kind::Correct && portable != kind.is_portable() {
            return broken("expected `aud` in custody events and statements, and none in portable kinds");
        }
        if self.cosig.len() > MAX_COSIGNATURES || self.voids.len() > MAX_VOIDS {
            return broken("expected at most 8 `cosig` and 16 `voids`");
        }
        Ok(())
    }

    fn check_leaves(&mut self) -> Result<(), PayloadError> {
        let mut problem = None;
        self.visit_leaves(&mut |place, object| {
            let shown = object.table().iter().find(|leaf| object.is_shown(leaf.name));
            let least = object.table().iter().filter(|leaf| leaf.required).count();
            let (found, most) = (object.hidden().len(), object.table().len());
            if let Some(leaf) = shown {
                problem.get_or_insert(PayloadError::LeafInClear { object: place.to_string(), leaf: leaf.name });
            } else if !(least..=most).contains(&found) {
                let object = place.to_string();
                problem.get_or_insert(PayloadError::DigestCount { object, found, least, most });
            } else if !object.hidden().is_sorted_by(|a, b| a < b) {
                problem.get_or_insert(PayloadError::Unsorted(place.to_string()));
            }
        });
        problem.map_or(Ok(()), Err)
    }
}
