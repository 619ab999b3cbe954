//! The records that state consists of.

use super::content::Content;
use crate::event::{Facility, Form, Kind, OutputRole, RevocationReason, Scope, When};
use crate::value::{
    Country, Element, EventId, FacilityId, KeyId, LedgerId, LotId, Mass, PartyId, PublicKey, Sha256, Text, Time,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Members of event types leave out what is absent, which binary formats cannot; inside records they are JSON text.
mod as_json {
    use serde::de::{DeserializeOwned, Error as _};
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::to_string(value).map_err(S::Error::custom)?.serialize(serializer)
    }

    pub(super) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        let text = String::deserialize(deserializer)?;
        serde_json::from_str(&text).map_err(D::Error::custom)
    }
}

/// As [`as_json`], of a value that several records share.
mod as_shared_json {
    use serde::de::DeserializeOwned;
    use serde::{Deserializer, Serialize, Serializer};
    use std::sync::Arc;

    pub(super) fn serialize<T: Serialize, S: Serializer>(value: &Arc<T>, serializer: S) -> Result<S::Ok, S::Error> {
        super::as_json::serialize(&**value, serializer)
    }

    pub(super) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<T>, D::Error> {
        super::as_json::deserialize(deserializer).map(Arc::new)
    }
}

/// An event that is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRecord {
    /// Index of its entry.
    pub index: u64,
    /// When the ledger recorded it.
    pub recorded_at: Time,
    /// What it is.
    pub kind: Kind,
    /// By whom.
    pub iss: PartyId,
    /// With which key.
    pub kid: KeyId,
    /// Whether it is written for any ledger.
    pub portable: bool,
    /// The event before it in its feed.
    pub prev: Option<EventId>,
    /// When it happened.
    pub when: When,
    /// Where it happened.
    pub facility: Option<FacilityId>,
    /// The lots it moved.
    pub inputs: Vec<LotId>,
    /// How many lots it created.
    pub outputs: u8,
    /// Whether it was applied; a refused event that is recorded nevertheless is not.
    pub applied: bool,
    /// The correction that withdrew it.
    pub withdrawn_by: Option<EventId>,
    /// The key that a `party` or `key` event introduces, scopes or revokes.
    pub key: Option<KeyId>,
}

/// A registered party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyRecord {
    /// Legal name.
    pub name: Text,
    /// Country of registration.
    pub country: Country,
    /// Thumbprint of the recovery key in force.
    pub recovery: Option<KeyId>,
    /// The registration or the last key event that stands.
    pub key_head: EventId,
}

/// Why and from when a key no longer signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The key event.
    pub by: EventId,
    /// When it was recorded.
    pub recorded_at: Time,
    /// Why.
    pub reason: RevocationReason,
    /// Since when it is thought to have been in other hands.
    pub compromised_since: Option<Time>,
}

/// A key of a party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Whose.
    pub party: PartyId,
    /// The key.
    pub public: PublicKey,
    /// What it may sign; everything where absent (the registration key).
    #[serde(with = "as_json")]
    pub scope: Option<Scope>,
    /// The event that introduced it.
    pub by: EventId,
    /// Scopes it had before, each with the event that changed it, so that a recovery can take changes back.
    #[serde(with = "as_json")]
    pub before: Vec<(EventId, Option<Scope>)>,
    /// Why and from when it no longer signs.
    pub revoked: Option<Revocation>,
}

/// A registered facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacilityRecord {
    /// Who operates it.
    pub operator: PartyId,
    /// Its registration.
    #[serde(with = "as_shared_json")]
    pub facility: Arc<Facility>,
    /// When the registration was recorded.
    pub recorded_at: Time,
    /// The registration that replaced it, and when that one takes effect.
    pub superseded: Option<(FacilityId, Time)>,
}

/// One feed: what one key signed for one ledger, or for any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FeedKey {
    /// Issuer.
    pub iss: PartyId,
    /// Key.
    pub kid: KeyId,
    /// The ledger; none for the portable feed.
    pub aud: Option<LedgerId>,
}

/// How far a feed has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedRecord {
    /// Number of the last event.
    pub seq: u64,
    /// The last event.
    pub last: EventId,
}

/// What may be done with a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LotStatus {
    /// With its holder.
    Held,
    /// Under way; only the consignee may answer.
    InTransit,
    /// Used up, split, retired or divided by a receipt: its head is spent.
    Spent,
    /// Accepted in another ledger, which is now its own.
    Elsewhere(LedgerId),
}

/// A lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotRecord {
    /// Who holds it; in transit, still the sender.
    pub holder: PartyId,
    /// Who owns it.
    pub owner: PartyId,
    /// Where it is; in transit, where it left; not known of a lot taken over from another ledger.
    pub facility: Option<FacilityId>,
    /// The custody event that last moved it.
    pub head: EventId,
    /// The head before, to go back to where the head is withdrawn.
    pub previous: Option<EventId>,
    /// What may be done with it.
    pub status: LotStatus,
    /// What it consists of.
    pub form: Form,
    /// What it was to the operation that made it.
    pub role: OutputRole,
    /// Tracked elements present.
    pub elements: Vec<Element>,
    /// Net dry mass of the books, where known.
    pub net_dry: Option<Mass>,
    /// Number of pieces, where known.
    pub pieces: Option<u64>,
    /// Mass of one piece, where known.
    pub unit_mass: Option<Mass>,
    /// Masses of elements, where the composition is known.
    pub contents: Vec<Content>,
}

/// A dispatch that is recorded or taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DispatchRecord {
    /// Sender.
    pub from: PartyId,
    /// Consignee.
    pub to: PartyId,
    /// Ledger of the answer.
    pub to_ledger: LedgerId,
    /// Lots sent.
    pub lots: Vec<LotId>,
    /// Lots answered so far, each with its answer.
    pub answered: Vec<(LotId, EventId)>,
    /// The `retire` that closed the books on it.
    pub given_up: Option<EventId>,
    /// The ledger it is recorded in.
    pub home: LedgerId,
    /// Whether acceptance passes the sender's title to the consignee (a sale).
    pub passes_title: bool,
}

/// The last pin of another ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinRecord {
    /// Size pinned.
    pub size: u64,
    /// Root at that size.
    pub root: Sha256,
    /// The import.
    pub by: EventId,
}

/// One record to put; a later one of the same key replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// An event.
    Event(EventId, EventRecord),
    /// A party.
    Party(PartyId, PartyRecord),
    /// A key.
    Key(KeyId, KeyRecord),
    /// A facility.
    Facility(FacilityId, Box<FacilityRecord>),
    /// A feed.
    Feed(FeedKey, FeedRecord),
    /// The event with a number in a portable feed.
    FeedAt(FeedKey, u64, EventId),
    /// A lot.
    Lot(LotId, Box<LotRecord>),
    /// A label of a lot.
    Label(Text, LotId),
    /// A dispatch.
    Dispatch(EventId, Box<DispatchRecord>),
    /// A pin.
    Pin(LedgerId, PinRecord),
    /// An event id declared void, and by which event.
    Void(EventId, EventId),
    /// An event is named in a subject position by another one, at this index; adds to a list in order of recording.
    NamedBy(EventId, u64, EventId),
}
