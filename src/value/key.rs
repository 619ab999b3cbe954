//! Ed25519 public keys and signatures (RFC 8032) in their text forms.
//!
//! In scope: which 32 bytes are an acceptable key, the JWK `{crv,kty,x}` (RFC 8037), checking one signature. Not in
//! scope: whose key it is and whether it may sign (`rules::chain`); checking many signatures fast (`keyring`, with the
//! same verdict).

use super::KeyId;
use super::id::{Base64Error, parse_base64};
use super::text_form::text_form;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::VerifyingKey;
use std::fmt;
use std::str::FromStr;

/// Why 32 bytes are no acceptable public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// Not 32 bytes in strict base64url.
    #[error(transparent)]
    Base64(#[from] Base64Error),
    /// No point of the curve.
    #[error("expected an Ed25519 public key, found 32 bytes that are no point of the curve")]
    NotAPoint,
    /// A point in another than its one canonical encoding (RFC 8032 section 5.1.3).
    #[error("expected an Ed25519 public key in canonical form, found another encoding of the point")]
    NotCanonical,
    /// A point of small order: such keys can have signatures that fit almost any message.
    #[error("expected a strong Ed25519 public key, found a weak one (a point of small order)")]
    Weak,
}

/// An Ed25519 public key: canonically encoded and not of small order; text form: base64url without padding.
///
/// A point with a component of small order is accepted, as `verify_strict` accepts it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Takes the 32 bytes of RFC 8032.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, PublicKeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| PublicKeyError::NotAPoint)?;
        if key.is_weak() {
            return Err(PublicKeyError::Weak);
        }
        if key.to_edwards().compress().as_bytes() != bytes {
            return Err(PublicKeyError::NotCanonical);
        }
        Ok(Self(key))
    }

    /// The 32 bytes of RFC 8032.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The key's id: its RFC 7638 thumbprint.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId::of_public_key(self.as_bytes())
    }

    /// Whether the signature is this key's over the message, by `verify_strict`.
    ///
    /// Does not establish whose key this is, nor that it was allowed to sign.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &Signature) -> bool {
        self.0.verify_strict(message, &ed25519_dalek::Signature::from_bytes(&signature.0)).is_ok()
    }

    /// The key as a point of the curve.
    #[must_use]
    pub const fn as_verifying_key(&self) -> &VerifyingKey {
        &self.0
    }
}

impl From<&ed25519_dalek::SigningKey> for PublicKey {
    /// The public half: a multiple of the base point by a clamped scalar, hence canonical and not of small order.
    fn from(key: &ed25519_dalek::SigningKey) -> Self {
        Self(key.verifying_key())
    }
}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&URL_SAFE_NO_PAD.encode(self.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_bytes(&parse_base64(text)?)
    }
}

text_form!(
    PublicKey,
    "PublicKey",
    "^[A-Za-z0-9_-]{43}$",
    "Ed25519 public key (RFC 8032), base64url without padding",
    [u8; 32],
    |v| *v.as_bytes(),
    |b| Self::from_bytes(&b).ok()
);

/// An Ed25519 public key as a JSON Web Key: exactly the members `crv`, `kty` and `x` (RFC 8037 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jwk {
    /// The curve.
    pub crv: Curve,
    /// The key type.
    pub kty: KeyType,
    /// The public key.
    pub x: PublicKey,
}

impl Jwk {
    /// The key's id: the thumbprint of this JWK (RFC 7638).
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.x.id()
    }
}

impl From<PublicKey> for Jwk {
    fn from(x: PublicKey) -> Self {
        Self { crv: Curve::Ed25519, kty: KeyType::Okp, x }
    }
}

/// The one curve of format version 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub enum Curve {
    /// Ed25519.
    Ed25519,
}

/// The one key type of format version 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub enum KeyType {
    /// Octet key pair.
    #[serde(rename = "OKP")]
    Okp,
}

/// An Ed25519 signature, 64 bytes; text form: base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature(pub [u8; 64]);

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}

impl FromStr for Signature {
    type Err = Base64Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_base64(text).map(Self)
    }
}

text_form!(
    Signature,
    "Signature",
    "^[A-Za-z0-9_-]{86}$",
    "Ed25519 signature (RFC 8032), base64url without padding",
    ([u8; 32], [u8; 32]),
    |v| halves(&v.0),
    |(r, s)| Some(Self(join(&r, &s)))
);

fn halves(bytes: &[u8; 64]) -> ([u8; 32], [u8; 32]) {
    let signature = ed25519_dalek::Signature::from_bytes(bytes);
    (*signature.r_bytes(), *signature.s_bytes())
}

fn join(r: &[u8; 32], s: &[u8; 32]) -> [u8; 64] {
    ed25519_dalek::Signature::from_components(*r, *s).to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::EIGHT_TORSION;
    use ed25519_dalek::{Signer as _, SigningKey};

    #[test]
    fn jwk_of_rfc_8037() {
        // RFC 8037 appendix A.2, and A.3 for the thumbprint.
        let text = r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let jwk: Jwk = serde_json::from_str(text).unwrap();
        assert_eq!(jwk.id().to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(serde_json::to_string(&jwk).unwrap(), text);
        for (from, to) in [("Ed25519", "X25519"), ("OKP", "EC"), (r#""x""#, r#""d":"","x""#), ("Ro", "Rp")] {
            assert!(serde_json::from_str::<Jwk>(&text.replace(from, to)).is_err(), "{to}");
        }
    }

    #[test]
    fn points_of_small_order_are_refused_in_every_encoding() {
        for point in EIGHT_TORSION {
            let mut bytes = point.compress().to_bytes();
            assert_eq!(PublicKey::from_bytes(&bytes), Err(PublicKeyError::Weak));
            bytes[31] ^= 0x80;
            assert!(PublicKey::from_bytes(&bytes).is_err());
        }
    }

    #[test]
    fn encodings_beyond_the_field_are_refused() {
        // p = 2^255 - 19: y = 3 names a point, and p + 3 names it again.
        let mut plain = [0; 32];
        plain[0] = 3;
        assert!(PublicKey::from_bytes(&plain).is_ok());
        let mut again = [0xFF; 32];
        (again[0], again[31]) = (0xF0, 0x7F);
        assert_eq!(PublicKey::from_bytes(&again), Err(PublicKeyError::NotCanonical));
        plain[0] = 2;
        assert_eq!(PublicKey::from_bytes(&plain), Err(PublicKeyError::NotAPoint));
    }

    #[test]
    fn signatures_are_checked_strictly() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let public = PublicKey::from(&key);
        assert_eq!(PublicKey::from_bytes(public.as_bytes()), Ok(public));
        let signature = Signature(key.sign(b"ore").to_bytes());
        assert!(public.verify(b"ore", &signature));
        assert!(!public.verify(b"oar", &signature));
        assert_eq!(signature.to_string().parse(), Ok(signature));
        let config = bincode::config::standard();
        let bytes = bincode::serde::encode_to_vec(signature, config).unwrap();
        assert_eq!(bincode::serde::decode_from_slice(&bytes, config).unwrap(), (signature, 64));
    }
}
