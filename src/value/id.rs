//! Identity is content: every id is the BLAKE3 of signed bytes, or a key's thumbprint.
//!
//! A party, a facility and a lot are named by the event that created them, so their ids convert to [`EventId`].

use super::digest::{HexError, Sha256, hex32};
use super::text_form::text_form;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;
use std::str::FromStr;

hex32!(
    /// The BLAKE3 of an event's JWS signing input (`header.payload`).
    EventId,
    "EventId",
    "id of an event: BLAKE3 of its JWS signing input, 64 lower-case hex digits"
);
hex32!(
    /// The id of a party: its `party` event's id.
    PartyId,
    "PartyId",
    "id of a party: the id of its `party` event"
);
hex32!(
    /// The id of a facility: its `facility` event's id.
    FacilityId,
    "FacilityId",
    "id of a facility: the id of its `facility` event"
);
hex32!(
    /// The id of a ledger: BLAKE3 of `"oretrail.log/1\n<origin>\n<first vkey>\n"`.
    LedgerId,
    "LedgerId",
    "id of a ledger: BLAKE3 over its origin and first log key"
);

impl From<EventId> for PartyId {
    fn from(id: EventId) -> Self {
        Self(id.0)
    }
}

impl From<PartyId> for EventId {
    fn from(id: PartyId) -> Self {
        Self(id.0)
    }
}

impl From<EventId> for FacilityId {
    fn from(id: EventId) -> Self {
        Self(id.0)
    }
}

impl From<FacilityId> for EventId {
    fn from(id: FacilityId) -> Self {
        Self(id.0)
    }
}

impl EventId {
    /// The id of the event with this JWS signing input.
    #[must_use]
    pub fn of_signing_input(signing_input: &[u8]) -> Self {
        Self(*blake3::hash(signing_input).as_bytes())
    }
}

impl LedgerId {
    /// The ledger id that follows from an origin and the first log key in vkey form.
    #[must_use]
    pub fn derive(origin: &str, first_vkey: &str) -> Self {
        let text = format!("oretrail.log/1\n{origin}\n{first_vkey}\n");
        Self(*blake3::hash(text.as_bytes()).as_bytes())
    }
}

/// The most outputs an event can have; output numbers are below it.
pub const MAX_OUTPUTS: u8 = 32;

/// A lot: the output with this number (counted from 0) of the event that created it; text form `<event id>.<number>`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LotId {
    /// The event that created the lot.
    pub event: EventId,
    /// Which of its outputs, from 0.
    pub output: u8,
}

impl LotId {
    /// Names output `output` of `event`.
    #[must_use]
    pub const fn new(event: EventId, output: u8) -> Self {
        Self { event, output }
    }

    /// First digits and output number, for people; never stored.
    #[must_use]
    pub fn short(&self) -> String {
        format!("{}.{}", self.event.short(), self.output)
    }
}

impl fmt::Display for LotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.event, self.output)
    }
}

impl fmt::Debug for LotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LotId({self})")
    }
}

/// Why a text is no lot id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LotIdError {
    /// No dot, or something else than a number behind it.
    #[error("expected `<event id>.<output number>` with a number from 0 to 31 without leading zeros, found `{0}`")]
    Shape(String),
    /// The part before the dot is no event id.
    #[error("{0} before the dot of a lot id")]
    Event(#[from] HexError),
}

impl FromStr for LotId {
    type Err = LotIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shape = || LotIdError::Shape(text.chars().take(80).collect());
        let (event, number) = text.rsplit_once('.').ok_or_else(shape)?;
        let is_plain = number == "0" || number.starts_with(|c| matches!(c, '1'..='9'));
        let output: u8 = number.parse().map_err(|_| shape())?;
        if output >= MAX_OUTPUTS || !is_plain {
            return Err(shape());
        }
        Ok(Self { event: event.parse()?, output })
    }
}

text_form!(
    LotId,
    "LotId",
    "^[0-9a-f]{64}\\.([0-9]|[12][0-9]|3[01])$",
    "id of a lot: `<event id>.<output number>`, outputs counted from 0",
    ([u8; 32], u8),
    |v| (v.event.0, v.output),
    |(event, output)| (output < MAX_OUTPUTS).then_some(Self { event: EventId(event), output })
);

/// The RFC 7638 thumbprint of an Ed25519 JWK `{crv,kty,x}`; text form: base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 32]);

impl KeyId {
    /// The thumbprint of a raw Ed25519 public key (RFC 7638 section 3, RFC 8037 section 2).
    #[must_use]
    pub fn of_public_key(public: &[u8; 32]) -> Self {
        let x = URL_SAFE_NO_PAD.encode(public);
        let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        Self(Sha256::of(jwk.as_bytes()).0)
    }

    /// The first 10 characters, for people; never stored.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Why a text is no base64url string of the expected length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} bytes as strict base64url without padding, found `{found}`")]
pub struct Base64Error {
    /// How many bytes were expected.
    pub expected: usize,
    /// The text found, shortened.
    pub found: String,
}

/// Decodes strict base64url (RFC 4648 section 5, no padding, no stray bits) of exactly `N` bytes.
pub(crate) fn parse_base64<const N: usize>(text: &str) -> Result<[u8; N], Base64Error> {
    let mut bytes = [0; N];
    match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
        Ok(found) if found == N => Ok(bytes),
        _ => Err(Base64Error { expected: N, found: text.chars().take(96).collect() }),
    }
}

impl FromStr for KeyId {
    type Err = Base64Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_base64(text).map(Self)
    }
}

text_form!(
    KeyId,
    "KeyId",
    "^[A-Za-z0-9_-]{43}$",
    "RFC 7638 thumbprint of an Ed25519 key, base64url",
    [u8; 32],
    |v| v.0,
    |b| Some(Self(b))
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprint_of_the_rfc_8037_key() {
        // RFC 8037 appendix A.3.
        let x: [u8; 32] = parse_base64("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        assert_eq!(KeyId::of_public_key(&x).to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn stray_bits_and_padding_are_refused() {
        assert!("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k".parse::<KeyId>().is_ok());
        assert!("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4l".parse::<KeyId>().is_err());
        assert!("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k=".parse::<KeyId>().is_err());
    }

    #[test]
    fn lot_ids_have_one_spelling() {
        let event = EventId([7; 32]);
        let lot = LotId::new(event, 31);
        assert_eq!(lot.to_string().parse(), Ok(lot));
        for bad in ["", ".", ".1", "07.1"] {
            assert!(bad.parse::<LotId>().is_err(), "{bad}");
        }
        for number in ["32", "01", "+1", "", "-0", "300"] {
            assert!(format!("{event}.{number}").parse::<LotId>().is_err(), "{number}");
        }
    }

    #[test]
    fn ledger_id_follows_from_origin_and_key() {
        let id = LedgerId::derive("example.org/log", "example.org/log+00000000+AA==");
        let text = b"oretrail.log/1\nexample.org/log\nexample.org/log+00000000+AA==\n";
        assert_eq!(id.0, *blake3::hash(text).as_bytes());
    }

    #[test]
    fn binary_form_is_compact() {
        let config = bincode::config::standard();
        let lot = LotId::new(EventId([9; 32]), 3);
        let bytes = bincode::serde::encode_to_vec(lot, config).unwrap();
        assert_eq!(bytes.len(), 33);
        let (back, used): (LotId, usize) = bincode::serde::decode_from_slice(&bytes, config).unwrap();
        assert_eq!((back, used), (lot, 33));
    }
}
