//! Key names and verifier keys (*vkeys*) of C2SP signed notes: `<name>+<key hash>+<base64(type || public key)>`.
//!
//! In scope: Ed25519 keys that sign notes (type 0x01) and Ed25519 keys that cosign checkpoints (0x04). Not in scope:
//! ECDSA, RFC 6962 and ML-DSA-44 keys, which are refused by type; which key is trusted (trust file, policy).

use crate::value::key::PublicKeyError;
use crate::value::text_form::text_form;
use crate::value::{PublicKey, Sha256, Signature};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::str::FromStr;

/// Makes Ed25519 signatures: a signing key, or whatever holds one out of reach (an HSM, an agent).
pub type DynSigner<'a> = dyn ed25519_dalek::Signer<ed25519_dalek::Signature> + 'a;

/// Why a text is no key name or vkey.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VkeyError {
    /// The name breaks the rule of C2SP signed-note.
    #[error("expected a key name without spaces, control characters and `+`, found `{0}`")]
    Name(String),
    /// Not three parts of the right form.
    #[error("expected `<name>+<8 lower-case hex digits>+<base64>`, found `{0}`")]
    Shape(String),
    /// A signature type that is not supported.
    #[error("expected a key of type 0x01 (Ed25519) or 0x04 (Ed25519 cosignature), found type 0x{0:02x}")]
    Kind(u8),
    /// The key material is not as long as a key.
    #[error("expected 32 bytes of public key, found {0}")]
    Length(usize),
    /// The public key is no acceptable one.
    #[error(transparent)]
    Key(#[from] PublicKeyError),
    /// The stated key hash is not that of name, type and key.
    #[error("expected key hash {expected:08x} for this name and key, found {found:08x}")]
    Hash {
        /// The hash that follows from name, type and key.
        expected: u32,
        /// The hash that is stated.
        found: u32,
    },
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The name of a key: not empty, no Unicode space, no ASCII control character, no `+`; for a log, its origin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for KeyName {
    type Err = VkeyError;

    fn from_str(text: &str) -> Result<Self, VkeyError> {
        let bad = |c: char| c.is_whitespace() || c < ' ' || c == '+';
        if text.is_empty() || text.contains(bad) {
            return Err(VkeyError::Name(short(text)));
        }
        Ok(Self(text.to_owned()))
    }
}

/// What a key signs (the signature type of C2SP signed-note).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// The text of a note: type 0x01.
    Note,
    /// A checkpoint with the time it was seen (C2SP tlog-cosignature v1): type 0x04.
    Cosignature,
}

impl KeyKind {
    /// The assigned type byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Note => 0x01,
            Self::Cosignature => 0x04,
        }
    }

    fn from_byte(byte: u8) -> Result<Self, VkeyError> {
        match byte {
            0x01 => Ok(Self::Note),
            0x04 => Ok(Self::Cosignature),
            other => Err(VkeyError::Kind(other)),
        }
    }
}

/// The short hash that names a key beside its name: the first 4 bytes of SHA-256 over name, LF, type and key.
///
/// An identifier, not a commitment: collisions are easy to make and end in a failed verification.
#[must_use]
pub fn key_hash(name: &KeyName, kind: KeyKind, key: &PublicKey) -> u32 {
    let digest = Sha256::of_parts(&[name.as_str().as_bytes(), b"\n", &[kind.byte()], key.as_bytes()]);
    let [a, b, c, d, ..] = digest.0;
    u32::from_be_bytes([a, b, c, d])
}

/// A public key with the name it signs under and what it signs; text form: the vkey.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifierKey {
    name: KeyName,
    kind: KeyKind,
    key: PublicKey,
    hash: u32,
}

impl VerifierKey {
    /// Names a public key.
    #[must_use]
    pub fn new(name: KeyName, kind: KeyKind, key: PublicKey) -> Self {
        let hash = key_hash(&name, kind, &key);
        Self { name, kind, key, hash }
    }

    /// The name it signs under.
    #[must_use]
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// What it signs.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The public key.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// Its short hash ([`key_hash`]).
    #[must_use]
    pub const fn hash(&self) -> u32 {
        self.hash
    }

    /// Signs with the private half and verifies at once, so that no signature leaves that every verifier would refuse;
    /// `None` if the signer fails or holds another key.
    pub(super) fn sign(&self, message: &[u8], signer: &DynSigner<'_>) -> Option<Signature> {
        let signature = Signature(signer.try_sign(message).ok()?.to_bytes());
        self.key.verify(message, &signature).then_some(signature)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let material = [&[self.kind.byte()], self.key.as_bytes().as_slice()].concat();
        f.pad(&format!("{}+{:08x}+{}", self.name, self.hash, STANDARD.encode(material)))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

/// Eight lower-case hex digits.
fn parse_hash(text: &str) -> Option<u32> {
    let digits = text.len() == 8 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
    digits.then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

impl FromStr for VerifierKey {
    type Err = VkeyError;

    fn from_str(text: &str) -> Result<Self, VkeyError> {
        let shape = || VkeyError::Shape(short(text));
        let (name, rest) = text.split_once('+').ok_or_else(shape)?;
        let (hash, base64) = rest.split_once('+').ok_or_else(shape)?;
        let name = name.parse()?;
        let found = parse_hash(hash).ok_or_else(shape)?;
        let material = STANDARD.decode(base64).map_err(|_| shape())?;
        let (kind, key) = material.split_first().ok_or_else(shape)?;
        let kind = KeyKind::from_byte(*kind)?;
        let bytes = key.try_into().map_err(|_| VkeyError::Length(key.len()))?;
        let parsed = Self::new(name, kind, PublicKey::from_bytes(bytes)?);
        if parsed.hash != found {
            return Err(VkeyError::Hash { expected: parsed.hash, found });
        }
        Ok(parsed)
    }
}

text_form!(
    VerifierKey,
    "VerifierKey",
    "^[^\\s+]+\\+[0-9a-f]{8}\\+[A-Za-z0-9+/]{44}$",
    "C2SP verifier key: `<name>+<key hash>+<base64 of type and Ed25519 public key>`",
    String,
    |v| v.to_string(),
    |text| text.parse().ok()
);

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use ed25519_dalek::SigningKey;
    use proptest::prelude::*;

    /// A deterministic key pair of the tests.
    pub(crate) fn pair(name: &str, kind: KeyKind, seed: u8) -> (VerifierKey, SigningKey) {
        let signing = SigningKey::from_bytes(&[seed; 32]);
        (VerifierKey::new(name.parse().unwrap(), kind, PublicKey::from(&signing)), signing)
    }

    /// The example of C2SP signed-note.
    pub(crate) const SPEC_VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    #[test]
    fn vkey_of_the_specification_reads_and_prints() {
        let key: VerifierKey = SPEC_VKEY.parse().unwrap();
        assert_eq!((key.name().as_str(), key.kind(), key.hash()), ("example.com/foo", KeyKind::Note, 0x530d_903a));
        assert_eq!(key.to_string(), SPEC_VKEY);
        let json = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<VerifierKey>(&json).unwrap(), key);
    }

    #[test]
    fn oracle_reads_our_vkeys() {
        use signed_note::Verifier as _;
        let (key, _) = pair("oretrail.example/log", KeyKind::Note, 7);
        let theirs = signed_note::StandardVerifier::new(&key.to_string()).unwrap();
        assert_eq!((theirs.name(), theirs.key_id()), (key.name().as_str(), key.hash()));
    }

    #[test]
    fn same_key_has_another_hash_for_another_use() {
        let (note, _) = pair("a", KeyKind::Note, 7);
        let (cosigner, _) = pair("a", KeyKind::Cosignature, 7);
        assert_ne!(note.hash(), cosigner.hash());
        assert_eq!(cosigner.to_string().parse(), Ok(cosigner));
    }

    #[test]
    fn malformed_vkeys_are_refused_with_the_reason() {
        let weak = STANDARD.encode([&[1u8, 1][..], &[0; 31]].concat());
        let ml_dsa = STANDARD.encode([6u8; 33]);
        let cases = [
            (SPEC_VKEY.replace("530d903a", "530D903A"), "expected `<name>+<8 lower-case hex digits>+<base64>`"),
            (SPEC_VKEY.replace("530d903a", "530d903b"), "expected key hash 530d903a"),
            (SPEC_VKEY.replace("example.com/foo", "example.com/ foo"), "expected a key name"),
            (SPEC_VKEY.replace("example.com/foo", ""), "expected a key name"),
            (SPEC_VKEY.replace("3U2k", "3U2l="), "expected `<name>"),
            ("example.com/foo+530d903a".to_owned(), "expected `<name>"),
            (format!("a+00000000+{ml_dsa}"), "expected a key of type 0x01"),
            (format!("a+00000000+{}", STANDARD.encode([1u8; 32])), "expected 32 bytes of public key, found 31"),
            (format!("a+00000000+{weak}"), "expected a strong Ed25519 public key"),
        ];
        for (text, start) in cases {
            let error = text.parse::<VerifierKey>().unwrap_err().to_string();
            assert!(error.starts_with(start), "{text}: {error}");
        }
        for bad in ["", "a b", "a\u{a0}b", "a\u{3000}b", "a+b", "a\nb", "a\u{1}b"] {
            assert!(bad.parse::<KeyName>().is_err(), "{}", bad.escape_debug());
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_prints_back(text in "[ab+/=0-9]{0,12}\\+[0-9a-f]{7,9}\\+[A-Za-z0-9+/=]{40,48}|.{0,60}") {
            if let Ok(key) = text.parse::<VerifierKey>() {
                prop_assert_eq!(key.to_string(), text);
            }
        }
    }
}
