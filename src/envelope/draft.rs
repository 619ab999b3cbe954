//! The draft file: an event on its way to somebody who is to cosign it on another machine, and back.
//!
//! ```json
//! {"oretrail":"draft/1","jwt":"…","disclosures":["…"],"cosig":[{"purpose":"new-key","key":{…},"sig":"…"}]}
//! ```
//!
//! `jwt` is a JWS of typ `oretrail-draft+jws` by the key that will sign the event; its payload is that of the event
//! without place in a feed and without cosignatures, which stand in `cosig`. All disclosures come with it, so that a
//! cosigner sees every value that the body binds. The seal is what keeps the issuer from signing something else than it
//! drafted when the file comes back; its typ keeps it from being an event.
//!
//! A draft is *sealed*, cosigned any number of times, and becomes a [`Prepared`] event again. In scope: form, seal, that
//! cosignatures are over this body. Not in scope: which are needed, and whose (`rules`).

use super::cosig;
use super::disclosure::{Disclosure, DisclosureError};
use super::json::{self, JsonError, Rules};
use super::jws::{Jws, JwsError, Typ, sign_jws};
use super::open::{OpenError, open};
use super::sign::{Prepared, SignEventError};
use crate::event::{Cosignature, Event, Payload, Purpose};
use crate::value::{Blake3, KeyId, PublicKey};
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

/// The first member of a draft file.
pub const DRAFT_FORMAT: &str = "draft/1";

/// The largest draft file that is read, in bytes.
pub const MAX_DRAFT: u64 = 16 << 20;

/// Why bytes are no draft.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// Not the JSON that was expected.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// Another format.
    #[error("expected a file of format `{DRAFT_FORMAT}`, found `{0}`")]
    Format(String),
    /// Not a sealed draft.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// A payload that is no event, or disclosures that are not its own.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Not a disclosure.
    #[error(transparent)]
    Disclosure(#[from] DisclosureError),
    /// Values are kept back: a cosigner would sign what it cannot see.
    #[error("expected every value of the draft, found {0} withheld")]
    Withheld(usize),
    /// A payload that has a place in a feed or cosignatures already.
    #[error("expected a draft without place in a feed and without `cosig`, found one that has them")]
    Placed,
    /// A cosignature over another body.
    #[error("the `{purpose}` cosignature of key {key} is over another body")]
    Cosignature {
        /// Its purpose.
        purpose: Purpose,
        /// The key it names.
        key: KeyId,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    oretrail: String,
    jwt: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    disclosures: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cosig: Vec<Cosignature>,
}

/// A draft under the seal of the key that will sign it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedDraft {
    jwt: String,
    disclosures: Vec<Disclosure>,
    cosig: Vec<Cosignature>,
    event: Event,
    body: String,
}

impl SealedDraft {
    /// Seals what was prepared, with the cosignatures it has.
    ///
    /// # Errors
    /// The draft cannot be signed, or a reader would refuse it.
    pub fn seal(prepared: &Prepared, key: &SigningKey) -> Result<Self, SignEventError> {
        let jwt = sign_jws(Typ::Draft, key, &prepared.text()?)?;
        let event = read(&jwt, prepared.disclosures())?.0;
        let (disclosures, cosig) = (prepared.disclosures().to_vec(), prepared.cosignatures().to_vec());
        Ok(Self { jwt, disclosures, cosig, event, body: prepared.body().to_owned() })
    }

    /// Reads a draft file.
    ///
    /// Establishes that it says one thing, that all of it is shown, and that each cosignature is over its body; does not
    /// establish who sealed it ([`Self::is_sealed_by`]) or that the cosigners are the right ones.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, DraftError> {
        let file: File = json::from_slice(bytes, &Rules::FILE)?;
        if file.oretrail != DRAFT_FORMAT {
            return Err(DraftError::Format(file.oretrail.chars().take(80).collect()));
        }
        let disclosures: Vec<Disclosure> =
            file.disclosures.iter().map(|text| Disclosure::parse(text)).collect::<Result<_, _>>()?;
        let (event, body) = read(&file.jwt, &disclosures)?;
        let payload = &event.payload;
        if payload.seq > 0 || payload.prev.is_some() || !payload.cosig.is_empty() {
            return Err(DraftError::Placed);
        }
        let mut hidden = 0;
        payload.clone().visit_leaves(&mut |_, object| hidden += object.hidden().len());
        if hidden > 0 {
            return Err(DraftError::Withheld(hidden));
        }
        let digest = Blake3::of(body.as_bytes());
        if let Some(wrong) = file.cosig.iter().find(|one| !cosig::verify(&one.key.x, &one.purpose, &digest, &one.sig)) {
            return Err(DraftError::Cosignature { purpose: wrong.purpose, key: wrong.key.id() });
        }
        Ok(Self { jwt: file.jwt, disclosures, cosig: file.cosig, event, body })
    }

    /// The text of the file.
    ///
    /// # Errors
    /// It cannot be written as JSON, which it always can.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let disclosures = self.disclosures.iter().map(|one| one.as_str().to_owned()).collect();
        let (oretrail, jwt, cosig) = (DRAFT_FORMAT.to_owned(), self.jwt.clone(), self.cosig.clone());
        Ok(serde_json::to_string_pretty(&File { oretrail, jwt, disclosures, cosig })? + "\n")
    }

    /// What the event will say, every value in place. Its id is that of the draft, not of an event.
    #[must_use]
    pub const fn event(&self) -> &Event {
        &self.event
    }

    /// The digest of the body, which every cosignature covers.
    #[must_use]
    pub fn digest(&self) -> Blake3 {
        Blake3::of(self.body.as_bytes())
    }

    /// Cosignatures so far; each is over the body.
    #[must_use]
    pub fn cosignatures(&self) -> &[Cosignature] {
        &self.cosig
    }

    /// Whether this key sealed the draft.
    #[must_use]
    pub fn is_sealed_by(&self, key: &PublicKey) -> bool {
        Jws::parse(&self.jwt, Typ::Draft).is_ok_and(|jws| jws.verify(key))
    }

    /// Adds a cosignature; one of the same purpose and key is replaced.
    ///
    /// # Errors
    /// The signature just made does not verify.
    pub fn cosign(&mut self, purpose: Purpose, key: &SigningKey) -> Result<(), SignEventError> {
        let sig = cosig::sign(key, &purpose, &self.body)?;
        let key = PublicKey::from(key).into();
        self.cosig.retain(|one| (one.purpose, one.key) != (purpose, key));
        self.cosig.push(Cosignature { purpose, key, sig });
        Ok(())
    }

    /// The event as prepared, with the cosignatures, to be signed.
    ///
    /// # Errors
    /// A cosignature is over another body.
    pub fn into_prepared(self) -> Result<Prepared, SignEventError> {
        let jws = Jws::parse(&self.jwt, Typ::Draft).map_err(OpenError::from)?;
        let text = jws.payload().map_err(OpenError::from)?;
        let mut prepared = Prepared::again(text, self.disclosures, self.event.payload)?;
        self.cosig.into_iter().try_for_each(|one| prepared.add(one))?;
        Ok(prepared)
    }
}

/// The event that a sealed payload says, and the JSON text of its body.
fn read(jwt: &str, disclosures: &[Disclosure]) -> Result<(Event, String), OpenError> {
    let jws = Jws::parse(jwt, Typ::Draft)?;
    let event = open(&jws, disclosures)?;
    let text = jws.payload()?;
    let body = Payload::body_text(text).unwrap_or_default().to_owned();
    Ok((event, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Body, KeyAction, KeyEvent, Kind, Scope, When};
    use crate::value::{EventId, Time};

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_bytes(&[byte; 32])
    }

    fn sealed() -> SealedDraft {
        let scope = Scope { kinds: vec![Kind::Source], facilities: Vec::new(), valid_from: None, valid_to: None };
        let body = KeyEvent {
            action: KeyAction::Add,
            prev_key: EventId([1; 32]),
            key: Some(PublicKey::from(&key(2)).into()),
            kid: None,
            scope: Some(scope),
            reason: None,
            compromised_since: None,
            recovery: None,
        };
        let mut draft = Payload::draft(Some(EventId([1; 32]).into()), None, When::At(Time::MIN), Body::from(body));
        draft.remark = Some("for the gate".parse().unwrap());
        let prepared = Prepared::new(draft, &mut || Ok([9; 16])).unwrap();
        SealedDraft::seal(&prepared, &key(1)).unwrap()
    }

    #[test]
    fn a_draft_reads_back_and_becomes_the_event_that_was_sealed() {
        let mut draft = sealed();
        draft.cosign(Purpose::NewKey, &key(2)).unwrap();
        let read = SealedDraft::parse(draft.to_json().unwrap().as_bytes()).unwrap();
        assert_eq!(read, draft);
        assert!(read.is_sealed_by(&PublicKey::from(&key(1))) && !read.is_sealed_by(&PublicKey::from(&key(2))));
        let mut prepared = read.into_prepared().unwrap();
        prepared.place(7, Some(EventId([3; 32])));
        let signed = prepared.sign(&key(1)).unwrap();
        assert_eq!((signed.event.payload.seq, signed.event.payload.cosig.len()), (7, 1));
        assert_eq!(signed.event.payload.remark.unwrap().as_str(), "for the gate");
    }

    #[test]
    fn a_draft_is_no_event_and_an_event_no_draft() {
        let draft = sealed();
        assert!(Jws::parse(&draft.jwt, Typ::Event).is_err());
        let signed = draft.clone().into_prepared().unwrap().sign(&key(1)).unwrap();
        let file = draft.to_json().unwrap().replace(&draft.jwt, &signed.jws);
        let refused = SealedDraft::parse(file.as_bytes()).unwrap_err().to_string();
        assert!(refused.contains("expected the header") && refused.contains("oretrail-draft+jws"), "{refused}");
    }

    #[test]
    fn a_cosignature_over_another_body_and_a_value_kept_back_are_refused() {
        let mut draft = sealed();
        draft.cosign(Purpose::NewKey, &key(2)).unwrap();
        let mut other = draft.clone();
        other.cosig[0].purpose = Purpose::SecondApprover;
        let refused = SealedDraft::parse(other.to_json().unwrap().as_bytes());
        assert!(matches!(refused, Err(DraftError::Cosignature { .. })));
        let mut kept_back = draft.clone();
        kept_back.disclosures.clear();
        let refused = SealedDraft::parse(kept_back.to_json().unwrap().as_bytes());
        assert!(matches!(refused, Err(DraftError::Withheld(1))));
        let text = draft.to_json().unwrap();
        for (from, to) in [("draft/1", "draft/2"), ("\"jwt\"", "\"jwx\""), ("oretrail\"", "oretrail\":1,\"oretrail\"")]
        {
            assert!(SealedDraft::parse(text.replace(from, to).as_bytes()).is_err(), "{to}");
        }
    }
}
