//! The JWS around an event or a manifest: compact serialization (RFC 7515 section 7.1) under a fixed header.
//!
//! The protected header is, byte for byte, `{"alg":"EdDSA","kid":"<thumbprint>","typ":"<typ>"}`: there is nothing in it
//! to negotiate, and no key in it to trust. So it is compared, not interpreted.
//!
//! In scope: form, key id, bytes that were signed. Not in scope: whose key the thumbprint names (registrations), what
//! the payload says ([`crate::event`]), checking many signatures ([`crate::keyring`]).

use super::json::{self, JsonError, Rules};
use crate::value::{EventId, KeyId, PublicKey, Sha256, Signature};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use std::borrow::Cow;

/// The longest JWS in bytes: what a log entry can hold (C2SP tlog-tiles, entry bundles have 16-bit lengths).
pub const MAX_JWS_BYTES: usize = 65_535;

/// What a JWS is, its `typ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typ {
    /// An event.
    Event,
    /// The manifest of a bundle.
    Manifest,
    /// A draft that is to be cosigned elsewhere.
    Draft,
    /// An exception from a policy.
    Exception,
}

impl Typ {
    /// The value of the `typ` header parameter.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "oretrail-event+sd-jwt",
            Self::Manifest => "oretrail-manifest+jws",
            Self::Draft => "oretrail-draft+jws",
            Self::Exception => "oretrail-exception+jws",
        }
    }

    /// The JSON text of the protected header.
    #[must_use]
    pub fn header(self, kid: &KeyId) -> String {
        format!(r#"{HEAD}{kid}","typ":"{}"}}"#, self.as_str())
    }
}

/// What comes before the key id in a header.
const HEAD: &str = r#"{"alg":"EdDSA","kid":""#;

/// Room for a header of any type: the longest has 98 bytes.
const HEADER_ROOM: usize = 128;

/// Why a text is no JWS of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Longer than [`MAX_JWS_BYTES`].
    #[error("expected a JWS of at most {MAX_JWS_BYTES} bytes, found {0}")]
    Long(usize),
    /// Not three parts.
    #[error("expected `header.payload.signature`, found {0} parts")]
    Parts(usize),
    /// A part that is not strict base64url, or a signature that is not 64 bytes.
    #[error("expected strict base64url without padding in the {part} of a JWS, found `{found}`")]
    Base64 {
        /// Which part.
        part: &'static str,
        /// Its beginning.
        found: String,
    },
    /// Another header than the fixed one.
    #[error("expected the header `{expected}`, found `{found}`")]
    Header {
        /// The header, with `…` for the key id.
        expected: String,
        /// The header found.
        found: String,
    },
    /// A payload that is not strict JSON.
    #[error("in the payload: {0}")]
    Payload(#[from] JsonError),
}

/// A JWS of the right form, borrowed from its text; nothing is known of its signature yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jws<'a> {
    text: &'a str,
    signing_input: &'a str,
    payload: Vec<u8>,
    kid: KeyId,
    signature: Signature,
    id: Option<EventId>,
}

impl<'a> Jws<'a> {
    /// Takes a compact JWS apart. There is one spelling: a text that differs in any byte is another JWS or none.
    pub fn parse(text: &'a str, typ: Typ) -> Result<Self, JwsError> {
        if text.len() > MAX_JWS_BYTES {
            return Err(JwsError::Long(text.len()));
        }
        let (signing_input, signature) = proof(text)?;
        let parts = || JwsError::Parts(text.split('.').count());
        let (header, payload) = signing_input.split_once('.').ok_or_else(parts)?;
        if payload.contains('.') {
            return Err(parts());
        }
        let kid = read_header(header, typ)?;
        let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| not_base64("payload", payload))?;
        Ok(Self { text, signing_input, payload, kid, signature, id: None })
    }

    /// The whole text.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    /// The bytes that are signed: `header.payload`.
    #[must_use]
    pub const fn signing_input(&self) -> &'a [u8] {
        self.signing_input.as_bytes()
    }

    /// The thumbprint of the key that is said to have signed.
    #[must_use]
    pub const fn kid(&self) -> KeyId {
        self.kid
    }

    /// The signature.
    #[must_use]
    pub const fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The id of the event: BLAKE3 of the signing input, so that another signature makes no second id.
    #[must_use]
    pub fn event_id(&self) -> EventId {
        self.id.unwrap_or_else(|| EventId::of_signing_input(self.signing_input()))
    }

    /// With the id that was worked out from the same text before, so that it need not be once more.
    #[must_use]
    pub(crate) fn with_id(self, id: EventId) -> Self {
        Self { id: Some(id), ..self }
    }

    /// SHA-256 of the whole text, signature included.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        Sha256::of(self.text.as_bytes())
    }

    /// The payload as strict JSON text.
    pub fn payload(&self) -> Result<&str, JwsError> {
        Ok(json::checked(&self.payload, &Rules::SIGNED)?)
    }

    /// The payload of a JWS whose bytes were found to be strict JSON before.
    pub(super) fn known_payload(&self) -> Result<&str, JwsError> {
        match std::str::from_utf8(&self.payload) {
            Ok(text) => Ok(text),
            Err(_) => self.payload(),
        }
    }

    /// Whether the signature is that of `key` over the signing input, and `key` the one the header names.
    ///
    /// Does not establish whose key that is, nor anything about the payload.
    #[must_use]
    pub fn verify(&self, key: &PublicKey) -> bool {
        key.id() == self.kid && key.verify(self.signing_input(), &self.signature)
    }
}

/// What is signed of a compact JWS, and the signature; header and payload are not looked at.
pub(super) fn proof(text: &str) -> Result<(&str, Signature), JwsError> {
    let parts = || JwsError::Parts(text.split('.').count());
    let (signing_input, signature) = text.rsplit_once('.').ok_or_else(parts)?;
    let signature = signature.parse().map_err(|_| not_base64("signature", signature))?;
    Ok((signing_input, signature))
}

/// The key id of a header that is otherwise the fixed one.
fn read_header(header: &str, typ: Typ) -> Result<KeyId, JwsError> {
    let mut room = [0; HEADER_ROOM];
    let bytes = match URL_SAFE_NO_PAD.decode_slice(header, &mut room) {
        Ok(length) => Cow::Borrowed(room.get(..length).unwrap_or_default()),
        Err(_) => Cow::Owned(URL_SAFE_NO_PAD.decode(header).map_err(|_| not_base64("header", header))?),
    };
    let inner = std::str::from_utf8(&bytes).ok().and_then(|text| text.strip_prefix(HEAD)?.strip_suffix(r#""}"#));
    let kid = inner.and_then(|inner| inner.strip_suffix(typ.as_str())?.strip_suffix(r#"","typ":""#));
    kid.and_then(|kid| kid.parse().ok()).ok_or_else(|| JwsError::Header {
        expected: format!(r#"{HEAD}…","typ":"{}"}}"#, typ.as_str()),
        found: String::from_utf8_lossy(&bytes).chars().take(160).collect(),
    })
}

fn not_base64(part: &'static str, found: &str) -> JwsError {
    JwsError::Base64 { part, found: found.chars().take(40).collect() }
}

/// Why something was not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// A reader would refuse the result.
    #[error("refused to sign: {0}")]
    Refused(#[from] JwsError),
    /// The signature just made does not verify: the key, the machine or its memory is at fault.
    #[error("the signature just made by key {0} does not verify; nothing was written")]
    SelfCheck(KeyId),
}

/// What is signed of a payload: `header.payload`. Nothing is known yet of whether a reader would take it.
pub(super) fn signing_input(typ: Typ, kid: &KeyId, payload: &str) -> String {
    let header = typ.header(kid);
    let mut text = String::with_capacity((header.len() + payload.len()) * 4 / 3 + SIGNATURE_PART + 4);
    URL_SAFE_NO_PAD.encode_string(header, &mut text);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut text);
    text
}

/// How many bytes a signature adds to what is signed: a dot and 64 bytes in base64url.
pub(super) const SIGNATURE_PART: usize = 87;

/// Signs what [`signing_input`] gave: the whole JWS, not read back yet.
pub(super) fn with_signature(mut input: String, key: &SigningKey) -> String {
    let signature = Signature(key.sign(input.as_bytes()).to_bytes());
    input.push('.');
    URL_SAFE_NO_PAD.encode_string(signature.0, &mut input);
    input
}

/// Signs a payload; the result has been read back and verified as any reader would.
pub fn sign_jws(typ: Typ, key: &SigningKey, payload: &str) -> Result<String, SignError> {
    let public = PublicKey::from(key);
    let kid = public.id();
    let text = with_signature(signing_input(typ, &kid, payload), key);
    let jws = Jws::parse(&text, typ)?;
    jws.payload()?;
    if !jws.verify(&public) {
        return Err(SignError::SelfCheck(kid));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    #[test]
    fn header_is_the_fixed_template() {
        let text = sign_jws(Typ::Event, &key(), r#"{"v":1}"#).unwrap();
        let jws = Jws::parse(&text, Typ::Event).unwrap();
        let header = URL_SAFE_NO_PAD.decode(text.split('.').next().unwrap()).unwrap();
        let kid = PublicKey::from(&key()).id();
        let expected = format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"oretrail-event+sd-jwt"}}"#);
        assert_eq!(String::from_utf8(header).unwrap(), expected);
        assert_eq!(jws.kid(), kid);
        assert_eq!(jws.payload().unwrap(), r#"{"v":1}"#);
        assert!(jws.verify(&PublicKey::from(&key())));
        assert!(!jws.verify(&PublicKey::from(&SigningKey::from_bytes(&[8; 32]))));
        assert!(matches!(Jws::parse(&text, Typ::Manifest), Err(JwsError::Header { .. })));
    }

    #[test]
    fn another_signature_makes_no_second_id() {
        let text = sign_jws(Typ::Event, &key(), "{}").unwrap();
        let (input, _) = text.rsplit_once('.').unwrap();
        let other = format!("{input}.{}", Signature([1; 64]));
        let (a, b) = (Jws::parse(&text, Typ::Event).unwrap(), Jws::parse(&other, Typ::Event).unwrap());
        assert_eq!(a.event_id(), b.event_id());
        assert_ne!(a.sha256(), b.sha256());
        assert!(!b.verify(&PublicKey::from(&key())));
    }

    #[test]
    fn other_headers_are_refused_even_if_they_mean_the_same() {
        let kid = PublicKey::from(&key()).id();
        let template = Typ::Event.header(&kid);
        let changed = [
            template.replace(':', ": "),
            template.replace("EdDSA", "Ed25519"),
            template.replace("EdDSA", "none"),
            template.replace('}', r#","jwk":{}}"#),
            template.replace(&kid.to_string(), &kid.short()),
            template.replace("EdDSA", "\\u0045dDSA"),
            String::new(),
        ];
        for header in changed {
            let text = format!("{}.e30.{}", URL_SAFE_NO_PAD.encode(&header), Signature([0; 64]));
            assert!(matches!(Jws::parse(&text, Typ::Event), Err(JwsError::Header { .. })), "{header}");
        }
    }

    #[test]
    fn other_base64_spellings_are_refused() {
        let text = sign_jws(Typ::Event, &key(), r#"{"v":10}"#).unwrap();
        let parts: Vec<&str> = text.split('.').collect();
        for bad in [
            format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
            format!("{}.{}.{}==", parts[0], parts[1], parts[2]),
            format!("{}.{}", parts[0], parts[1]),
            format!("{text}.x"),
            format!(".{text}"),
            format!("{text}\n"),
            "x".repeat(MAX_JWS_BYTES + 1),
            String::new(),
        ] {
            assert!(Jws::parse(&bad, Typ::Event).is_err());
        }
        for payload in [format!("{}=", parts[1]), "e31".to_owned(), "e30\n".to_owned()] {
            let bad = format!("{}.{payload}.{}", parts[0], parts[2]);
            assert!(matches!(Jws::parse(&bad, Typ::Event), Err(JwsError::Base64 { .. })), "{payload}");
        }
    }

    #[test]
    fn what_no_reader_takes_is_not_signed() {
        for bad in ["", "{", r#"{"a":1,"a":2}"#, "[1.5]", "{}{}", "[null]"] {
            assert!(
                matches!(sign_jws(Typ::Event, &key(), bad), Err(SignError::Refused(JwsError::Payload(_)))),
                "{bad}"
            );
        }
        let long = format!("\"{}\"", "x".repeat(50_000));
        assert!(matches!(sign_jws(Typ::Event, &key(), &long), Err(SignError::Refused(JwsError::Long(_)))));
    }

    proptest! {
        #[test]
        fn every_changed_character_is_noticed(position in 0_usize..400, to in "[A-Za-z0-9_.=-]") {
            let text = sign_jws(Typ::Event, &key(), r#"{"v":1,"kind":"split","seq":4711}"#).unwrap();
            let position = position % text.len();
            let mut changed = text.clone();
            changed.replace_range(position..=position, &to);
            prop_assume!(changed != text);
            let verified = Jws::parse(&changed, Typ::Event).is_ok_and(|jws| jws.verify(&PublicKey::from(&key())));
            prop_assert!(!verified);
        }
    }
}
