//! From a draft to a signed event: leaves out, digests in, cosignatures, signature, and the result read back.
//!
//! One step a type, so that many events can be signed in bulk and none leaves unread: [`Prepared`] has its leaves out,
//! [`Unsigned`] has an id, [`Made`] has a signature and was read back, [`Signed`] was verified. An id does not depend on the
//! signature, so the next event of a feed can follow an unsigned one.

use super::cosig;
use super::disclosure::{Disclosure, DisclosureError, Salt};
use super::jws::{self, Jws, JwsError, MAX_JWS_BYTES, SIGNATURE_PART, SignError, Typ, signing_input, with_signature};
use super::open::{OpenError, open};
use crate::event::{Cosignature, Event, Leaves, Payload, Place, Purpose};
use crate::value::{Blake3, EventId, KeyId, PublicKey, Signature};
use ed25519_dalek::SigningKey;

/// A signed event with everything that its issuer knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The issuer-signed JWT, to be recorded.
    pub jws: String,
    /// The disclosures, in document order; kept off the log.
    pub disclosures: Vec<Disclosure>,
    /// The event with its leaves, as [`open`] reads it from the two.
    pub event: Event,
}

impl Signed {
    /// A signed event as it came from elsewhere; nothing is established about its signature.
    ///
    /// # Errors
    /// As of [`open`].
    pub fn read(jws: &str, disclosures: Vec<Disclosure>) -> Result<Self, OpenError> {
        let event = open(&Jws::parse(jws, Typ::Event)?, &disclosures)?;
        Ok(Self { jws: jws.to_owned(), disclosures, event })
    }

    /// The bytes that are signed, and the signature; nothing is established about it.
    ///
    /// # Errors
    /// A text that [`Self::read`] would refuse for its form.
    pub fn proof(&self) -> Result<(&[u8], Signature), JwsError> {
        jws::proof(&self.jws).map(|(signing_input, signature)| (signing_input.as_bytes(), signature))
    }

    /// The event with its values, as RFC 9901 writes it for who may see all of them, in one line.
    #[must_use]
    pub fn sd_jwt(&self) -> String {
        let disclosures: String = self.disclosures.iter().map(|one| format!("{}~", one.as_str())).collect();
        format!("{}~{disclosures}\n", self.jws)
    }
}

/// Why an event was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignEventError {
    /// The draft still holds digests of leaves: it is not a draft.
    #[error("expected a draft with its leaves in clear, found digests in `{0}`")]
    NotADraft(Place),
    /// A leaf that every such object has is not there.
    #[error("expected `{leaf}` in `{object}`, found none")]
    Missing {
        /// The object.
        object: Place,
        /// The leaf.
        leaf: &'static str,
    },
    /// No random bytes for a salt.
    #[error("no random bytes for a salt: {0}")]
    NoRandomness(String),
    /// A member that cannot be written as JSON.
    #[error("cannot write the event as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A leaf that cannot be a disclosure.
    #[error(transparent)]
    Disclosure(#[from] DisclosureError),
    /// A cosignature that is not one over this body.
    #[error("the `{purpose}` cosignature of key {key} does not verify for this body")]
    Cosignature {
        /// Its purpose.
        purpose: Purpose,
        /// The key it names.
        key: KeyId,
    },
    /// The signature could not be made.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A reader would refuse the event.
    #[error("refused to sign what a reader would refuse: {0}")]
    Unreadable(#[from] OpenError),
    /// Read back, the event says something else than the draft.
    #[error("the event read back differs from its draft; nothing was written")]
    Differs,
}

/// An event with its leaves taken out, before its signature: what a cosigner sees.
#[derive(Debug, Clone)]
pub struct Prepared {
    draft: Payload,
    stripped: Payload,
    body: String,
    disclosures: Vec<Disclosure>,
}

impl Prepared {
    /// Takes the leaves of a draft out, each under a fresh salt.
    ///
    /// A salt must be 16 random bytes, never used before: it is what keeps a withheld value from being guessed.
    pub fn new(draft: Payload, salt: &mut dyn FnMut() -> Result<Salt, String>) -> Result<Self, SignEventError> {
        let mut stripped = draft.clone();
        let mut disclosures = Vec::new();
        let mut result = Ok(());
        stripped.visit_leaves(&mut |place, object| {
            if result.is_ok() {
                result = strip(place, object, salt, &mut disclosures);
            }
        });
        result?;
        let body = stripped.body.to_json()?;
        Ok(Self { draft, stripped, body, disclosures })
    }

    /// What was prepared before: the payload with its leaves out as JSON text, and all its disclosures.
    pub(super) fn again(text: &str, disclosures: Vec<Disclosure>, draft: Payload) -> Result<Self, SignEventError> {
        let stripped = Payload::parse(text).map_err(OpenError::from)?;
        let body = Payload::body_text(text)?.to_owned();
        Ok(Self { draft, stripped, body, disclosures })
    }

    /// The JSON text of the payload as it stands: leaves out, no cosignatures yet.
    pub(super) fn text(&self) -> Result<String, SignEventError> {
        let bare = Payload { cosig: Vec::new(), ..self.stripped.clone() };
        Ok(bare.to_json(&self.body)?)
    }

    /// The disclosures.
    pub(super) fn disclosures(&self) -> &[Disclosure] {
        &self.disclosures
    }

    /// Cosignatures added so far.
    #[must_use]
    pub fn cosignatures(&self) -> &[Cosignature] {
        &self.stripped.cosig
    }

    /// The payload with its leaves in clear.
    #[must_use]
    pub const fn draft(&self) -> &Payload {
        &self.draft
    }

    /// Gives it its place in a feed.
    pub fn place(&mut self, seq: u64, prev: Option<EventId>) {
        for payload in [&mut self.draft, &mut self.stripped] {
            (payload.seq, payload.prev) = (seq, prev);
        }
    }

    /// The JSON text of the body, which cosignatures cover.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Adds a cosignature by a key at hand.
    pub fn cosign(&mut self, purpose: Purpose, key: &SigningKey) -> Result<(), SignEventError> {
        let sig = cosig::sign(key, &purpose, &self.body)?;
        self.add(Cosignature { purpose, key: PublicKey::from(key).into(), sig })
    }

    /// Adds a cosignature made elsewhere, over [`Self::body`].
    pub fn add(&mut self, cosignature: Cosignature) -> Result<(), SignEventError> {
        let Cosignature { purpose, key, sig } = cosignature;
        if !cosig::verify(&key.x, &purpose, &Blake3::of(self.body.as_bytes()), &sig) {
            return Err(SignEventError::Cosignature { purpose, key: key.id() });
        }
        self.stripped.cosig.push(cosignature);
        Ok(())
    }

    /// Signs; the result has been opened again, compared with the draft, and verified.
    pub fn sign(self, key: &SigningKey) -> Result<Signed, SignEventError> {
        self.address(&PublicKey::from(key))?.sign_and_verify(key)
    }

    /// Fixes what a key will sign, and so the id.
    pub fn address(self, key: &PublicKey) -> Result<Unsigned, SignEventError> {
        let kid = key.id();
        let input = signing_input(Typ::Event, &kid, &self.stripped.to_json(&self.body)?);
        let length = input.len() + SIGNATURE_PART;
        if length > MAX_JWS_BYTES {
            return Err(SignError::Refused(JwsError::Long(length)).into());
        }
        let mut payload = self.draft;
        payload.cosig = self.stripped.cosig;
        payload.body_digest = (!payload.cosig.is_empty()).then(|| Blake3::of(self.body.as_bytes()));
        let event = Event { id: EventId::of_signing_input(input.as_bytes()), kid, payload };
        Ok(Unsigned { input, disclosures: self.disclosures, event })
    }
}

/// An event that lacks its signature alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    input: String,
    disclosures: Vec<Disclosure>,
    event: Event,
}

impl Unsigned {
    /// The event as a reader of its disclosures will see it; [`Self::sign`] makes sure of that.
    #[must_use]
    pub const fn event(&self) -> &Event {
        &self.event
    }

    /// How many bytes its JWS will have.
    #[must_use]
    pub const fn jws_length(&self) -> usize {
        self.input.len() + SIGNATURE_PART
    }

    /// Signs; the result has been opened again, compared with the event, and verified.
    pub fn sign_and_verify(self, key: &SigningKey) -> Result<Signed, SignEventError> {
        let made = self.sign(key)?;
        let is_valid = PublicKey::from(key).verify(made.message(), made.signature());
        made.verified(is_valid)
    }

    /// Signs; the result has been opened again and compared with the event, and its signature not verified yet.
    pub fn sign(self, key: &SigningKey) -> Result<Made, SignEventError> {
        let message = self.input.len();
        let jws = with_signature(self.input, key);
        let parsed = Jws::parse(&jws, Typ::Event).map_err(SignError::from)?;
        if open(&parsed, &self.disclosures)? != self.event {
            return Err(SignEventError::Differs);
        }
        let signature = *parsed.signature();
        Ok(Made { message, signature, signed: Signed { jws, disclosures: self.disclosures, event: self.event } })
    }
}

/// A signed event whose signature is still to be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// How many bytes of the JWS are signed.
    message: usize,
    signature: Signature,
    signed: Signed,
}

impl Made {
    /// The bytes that are signed.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        self.signed.jws.as_bytes().get(..self.message).unwrap_or_default()
    }

    /// The signature over them.
    #[must_use]
    pub const fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The key that is said to have signed.
    #[must_use]
    pub const fn kid(&self) -> KeyId {
        self.signed.event.kid
    }

    /// Lets the event out if its signature is that of its key: `is_valid` is the verdict of `verify_strict` on
    /// [`Self::message`] and [`Self::signature`].
    pub fn verified(self, is_valid: bool) -> Result<Signed, SignEventError> {
        if is_valid { Ok(self.signed) } else { Err(SignError::SelfCheck(self.signed.event.kid).into()) }
    }
}

/// Signs a draft that needs no cosignature.
pub fn sign(
    draft: Payload,
    key: &SigningKey,
    salt: &mut dyn FnMut() -> Result<Salt, String>,
) -> Result<Signed, SignEventError> {
    Prepared::new(draft, salt)?.sign(key)
}

fn strip(
    place: Place,
    object: &mut dyn Leaves,
    salt: &mut dyn FnMut() -> Result<Salt, String>,
    disclosures: &mut Vec<Disclosure>,
) -> Result<(), SignEventError> {
    if !object.hidden().is_empty() {
        return Err(SignEventError::NotADraft(place));
    }
    if let Some(leaf) = object.table().iter().find(|leaf| leaf.required && !object.is_shown(leaf.name)) {
        return Err(SignEventError::Missing { object: place, leaf: leaf.name });
    }
    let mut digests = Vec::new();
    for (name, value) in object.take_leaves()? {
        let salt = salt().map_err(SignEventError::NoRandomness)?;
        let disclosure = Disclosure::new(&salt, name, &value)?;
        digests.push(disclosure.digest());
        disclosures.push(disclosure);
    }
    // Sorted, so that their order says nothing about which leaf is which (RFC 9901 section 4.2.4.1).
    digests.sort_unstable();
    *object.hidden_mut() = digests;
    Ok(())
}
