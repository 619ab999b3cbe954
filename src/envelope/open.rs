//! From a JWS and disclosures to a typed event: what reading an event means, for everybody.

use super::disclosure::Disclosure;
use super::jws::{Jws, JwsError};
use crate::event::{Event, LeafError, Leaves, Payload, PayloadError, Place, SdDigest};
use crate::value::{DigestMap, DigestSet};

/// Why an event cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not a JWS of ours, or its payload no strict JSON.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// A payload that is no event.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// A digest that stands for two values.
    #[error("digest {digest} occurs twice, the second time in `{place}`")]
    RepeatedDigest {
        /// The digest.
        digest: SdDigest,
        /// The object with the second one.
        place: Place,
    },
    /// A disclosure that belongs to no digest of the event: forged, foreign, or of another event.
    #[error("the disclosure of `{name}` matches no digest of the event (its own is {digest})")]
    Unmatched {
        /// The name of the leaf.
        name: String,
        /// The digest of the disclosure.
        digest: SdDigest,
    },
    /// A disclosure that was given twice.
    #[error("the disclosure of `{0}` is given twice")]
    Repeated(String),
    /// A disclosure that is not in the table of the object it belongs to, or of another type.
    #[error("in `{place}`, {error}")]
    Leaf {
        /// The object.
        place: Place,
        /// What is wrong.
        error: LeafError,
    },
}

/// Reads an event and puts the disclosures in place, each where its digest is.
///
/// Shown leaves are set; the digests of the others are left in `hidden`.
///
/// Does not establish who signed: that is [`Jws::verify`] or the keyring, with a key from a registration.
pub fn open(jws: &Jws<'_>, disclosures: &[Disclosure]) -> Result<Event, OpenError> {
    put_in_place(Payload::parse(jws.payload()?)?, jws, disclosures)
}

/// As [`open`], of bytes that were opened before: they were found to be strict JSON then, and are not looked through again.
///
/// # Errors
/// As [`open`].
pub fn open_again(jws: &Jws<'_>, disclosures: &[Disclosure]) -> Result<Event, OpenError> {
    put_in_place(Payload::parse(jws.known_payload()?)?, jws, disclosures)
}

fn put_in_place(mut payload: Payload, jws: &Jws<'_>, disclosures: &[Disclosure]) -> Result<Event, OpenError> {
    let mut unused = by_digest(disclosures)?;
    let mut seen = DigestSet::default();
    let mut result = Ok(());
    payload.visit_leaves(&mut |place, object| {
        if result.is_ok() {
            result = disclose(place, object, &mut unused, &mut seen);
        }
    });
    result?;
    if let Some((digest, disclosure)) = unused.into_iter().min_by_key(|(digest, _)| *digest) {
        return Err(OpenError::Unmatched { name: disclosure.name().to_owned(), digest });
    }
    // Once more, as leaves that were withheld until now may not fit together.
    payload.body.check_shape().map_err(PayloadError::from)?;
    Ok(Event { id: jws.event_id(), kid: jws.kid(), payload })
}

fn by_digest(disclosures: &[Disclosure]) -> Result<DigestMap<SdDigest, &Disclosure>, OpenError> {
    let mut by_digest = DigestMap::with_capacity_and_hasher(disclosures.len(), Default::default());
    for disclosure in disclosures {
        if by_digest.insert(disclosure.digest(), disclosure).is_some() {
            return Err(OpenError::Repeated(disclosure.name().to_owned()));
        }
    }
    Ok(by_digest)
}

/// Sets the leaves of one object and leaves the digests without disclosure in `hidden`.
fn disclose(
    place: Place,
    object: &mut dyn Leaves,
    unused: &mut DigestMap<SdDigest, &Disclosure>,
    seen: &mut DigestSet<SdDigest>,
) -> Result<(), OpenError> {
    for digest in std::mem::take(object.hidden_mut()) {
        if !seen.insert(digest) {
            return Err(OpenError::RepeatedDigest { digest, place });
        }
        match unused.remove(&digest) {
            Some(shown) => {
                object.set_leaf(shown.name(), shown.value()).map_err(|error| OpenError::Leaf { place, error })?
            }
            None => object.hidden_mut().push(digest),
        }
    }
    Ok(())
}
