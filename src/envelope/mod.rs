//! Layer 2: the envelope, what goes around a statement so that its bytes can be trusted.
//!
//! An event is the issuer-signed JWT of an SD-JWT (RFC 9901): a JWS under a fixed header, whose payload is strict JSON,
//! and disclosures that travel beside it. The verb pair is *sign* and *open*; whatever signs reads its own result back
//! as any reader would.
//!
//! Not in scope: what the payload means ([`crate::event`]), which key may sign what (`rules::chain`), checking many
//! signatures at once ([`crate::keyring`]).

pub mod cosig;
pub mod disclosure;
mod draft;
pub mod json;
pub mod jws;
mod open;
mod sign;

pub use disclosure::{Compact, Disclosure, DisclosureError, MAX_DISCLOSURES, Salt};
pub use draft::{DRAFT_FORMAT, DraftError, MAX_DRAFT, SealedDraft};
pub use jws::{Jws, JwsError, MAX_JWS_BYTES, SignError, Typ, sign_jws};
pub use open::{OpenError, open, open_again};
pub use sign::{Made, Prepared, SignEventError, Signed, Unsigned, sign};

#[cfg(test)]
mod tests;
