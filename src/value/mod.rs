//! Layer 0: the values that occur in signed data, each with one text form.
//!
//! Every type here is parsed strictly from text and prints back to canonical text. Serde uses the text form in
//! human-readable formats (JSON, TOML) and a compact binary form elsewhere (index records).
//!
//! In scope: syntax, ranges, exact integer arithmetic. Not in scope: whether a party, lot or facility exists
//! (`state`), and whether a value is plausible (`rules`).

pub mod analyte;
pub mod basis;
pub(crate) mod closed_enum;
pub mod country;
pub mod decimal;
pub mod digest;
mod digest_map;
pub mod element;
pub mod fraction;
mod geometry_form;
pub mod id;
pub mod identifier;
pub mod key;
pub mod mass;
pub mod place;
pub mod polygon;
pub mod text;
pub(crate) mod text_form;
pub mod time;

pub use analyte::{Analyte, AnalyteKind, Stoichiometry};
pub use basis::Basis;
pub use closed_enum::NameError;
pub use country::{BOUNDARIES_ATTRIBUTION, Country, countries_at, near_countries};
pub use decimal::Decimal6;
pub use digest::{Blake3, Sha256};
pub use digest_map::{DigestMap, DigestSet};
pub use element::Element;
pub use fraction::Fraction;
pub use geometry_form::GeometryError;
pub use id::{EventId, FacilityId, KeyId, LedgerId, LotId, PartyId};
pub use identifier::{Cage, ContainerNumber, Gln, IdentifierError, Lei, Locode, Uei};
pub use key::{Jwk, PublicKey, Signature};
pub use mass::{Mass, MassDiff};
pub use place::{Geometry, Latitude, Longitude, Point, RadiusM, distance_m, fastest_travel_seconds};
pub use polygon::Polygon;
pub use text::{Text, is_deceptive};
pub use time::{Date, Time};
