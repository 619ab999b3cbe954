//! Cosignatures: a further key agrees to the body of an event, for a stated purpose.
//!
//! The message is `oretrail.cosig/1\n<purpose>\n<BLAKE3 of the JSON text of the body, hex>\n`. It covers the body and not
//! the feed position, so that a second party can sign before the issuer does; what would make it reusable elsewhere
//! (parties, keys, lots) is in the body.
//!
//! Not in scope: which purposes a kind needs, and from whom (`rules::chain`).

use super::jws::SignError;
use crate::value::{Blake3, PublicKey, Signature};
use ed25519_dalek::{Signer as _, SigningKey};
use std::fmt::Display;

/// The bytes that a cosignature signs, for the BLAKE3 of the JSON text of the body.
#[must_use]
pub fn message(purpose: &impl Display, body: &Blake3) -> Vec<u8> {
    format!("oretrail.cosig/1\n{purpose}\n{body}\n").into_bytes()
}

/// Signs the JSON text of a body for a purpose; the result has been verified.
pub fn sign(key: &SigningKey, purpose: &impl Display, body_json: &str) -> Result<Signature, SignError> {
    let message = message(purpose, &Blake3::of(body_json.as_bytes()));
    let signature = Signature(key.sign(&message).to_bytes());
    let public = PublicKey::from(key);
    if public.verify(&message, &signature) { Ok(signature) } else { Err(SignError::SelfCheck(public.id())) }
}

/// Whether `key` signed the body for the purpose. Does not establish whose key it is.
#[must_use]
pub fn verify(key: &PublicKey, purpose: &impl Display, body: &Blake3, signature: &Signature) -> bool {
    key.verify(&message(purpose, body), signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cosignature_is_for_one_purpose_and_one_body() {
        let key = SigningKey::from_bytes(&[3; 32]);
        let public = PublicKey::from(&key);
        let body = Blake3::of(b"{}");
        let signature = sign(&key, &"new-key", "{}").unwrap();
        assert!(verify(&public, &"new-key", &body, &signature));
        assert!(!verify(&public, &"log-key", &body, &signature));
        assert!(!verify(&public, &"new-key", &Blake3::of(b"{ }"), &signature));
        let text = String::from_utf8(message(&"new-key", &body)).unwrap();
        assert_eq!(text, format!("oretrail.cosig/1\nnew-key\n{body}\n"));
    }
}
