//! Withholding: which members of an event are disclosures, and how they get in and out of their objects.
//!
//! A *withholdable leaf* is an `Option` field that is read from drafts but never serialized: in signed bytes it is
//! represented only by a digest in its object's `_sd` array (RFC 9901 section 4.2.4.1). A leaf found in clear in a signed
//! payload is refused by [`super::Payload`]'s parser.
//!
//! Not in scope: salts, digests and encodings, which `envelope` does.

use crate::value::id::{Base64Error, parse_base64};
use crate::value::text_form::text_form;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;
use std::str::FromStr;

/// SHA-256 of a disclosure as it occurs in `_sd`; text form: base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SdDigest(pub [u8; 32]);

impl fmt::Display for SdDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for SdDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SdDigest({self})")
    }
}

impl FromStr for SdDigest {
    type Err = Base64Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_base64(text).map(Self)
    }
}

text_form!(
    SdDigest,
    "SdDigest",
    "^[A-Za-z0-9_-]{43}$",
    "SHA-256 of a disclosure, base64url (RFC 9901)",
    [u8; 32],
    |v| v.0,
    |b| Some(Self(b))
);

/// Reads a list that must not be empty where it is present, so that "nothing" has one spelling: no member.
pub(super) fn present<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    let list = <Vec<T> as serde::Deserialize>::deserialize(deserializer)?;
    if list.is_empty() {
        return Err(serde::de::Error::custom(
            "expected at least one element, or no such member at all; found an empty list",
        ));
    }
    Ok(list)
}

/// One row of the closed table of withholdable leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeafDef {
    /// Member name, also the claim name of the disclosure.
    pub name: &'static str,
    /// Whether every event must have it: if it is not shown, it is withheld.
    pub required: bool,
}

/// How a leaf stands after the disclosures that came along were put in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeafStatus {
    /// Its value is known.
    Shown,
    /// It exists and its value is not known here.
    Withheld,
    /// Its object has digests left without disclosure, one of which may be it.
    WithheldOrAbsent,
    /// Its object has no digest left: it does not exist.
    Absent,
}

/// Why a disclosed value cannot be put in place.
#[derive(Debug, thiserror::Error)]
pub enum LeafError {
    /// The object has no such leaf.
    #[error("expected one of the leaves {expected}, found a disclosure named `{found}`")]
    Name {
        /// The leaves of this object.
        expected: String,
        /// The name found.
        found: String,
    },
    /// A second value for one leaf.
    #[error("leaf `{0}` is disclosed twice")]
    Twice(&'static str),
    /// The value is not of the leaf's type.
    #[error("leaf `{name}`: {source}")]
    Value {
        /// The leaf.
        name: &'static str,
        /// What is wrong.
        source: serde_json::Error,
    },
}

/// An object with withholdable leaves.
pub trait Leaves {
    /// The leaves this object may have, in the order of FORMAT.md.
    fn table(&self) -> &'static [LeafDef];
    /// Digests of leaves that are not shown (all of them in a signed payload as parsed).
    fn hidden(&self) -> &Vec<SdDigest>;
    /// As [`Self::hidden`], to put digests in and take them out.
    fn hidden_mut(&mut self) -> &mut Vec<SdDigest>;
    /// Sets a leaf from the JSON text of a disclosure.
    fn set_leaf(&mut self, name: &str, json: &str) -> Result<(), LeafError>;
    /// Takes all shown leaves out as (name, JSON text), in table order.
    fn take_leaves(&mut self) -> Result<Vec<(&'static str, String)>, serde_json::Error>;
    /// Whether the leaf's value is present.
    fn is_shown(&self, name: &str) -> bool;

    /// How a leaf stands; `None` for a name that is not in the table.
    fn leaf_status(&self, name: &str) -> Option<LeafStatus> {
        let leaf = self.table().iter().find(|leaf| leaf.name == name)?;
        Some(match (self.is_shown(name), leaf.required, self.hidden().is_empty()) {
            (true, ..) => LeafStatus::Shown,
            (false, true, _) => LeafStatus::Withheld,
            (false, false, false) => LeafStatus::WithheldOrAbsent,
            (false, false, true) => LeafStatus::Absent,
        })
    }
}

/// Where in a payload an object with leaves is; displays as the prefix of a JSON pointer (RFC 6901).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The payload itself (`docs`, `refs`, `remark`).
    Payload,
    /// The kind's own members.
    Body,
    /// An element of a list of the body.
    Item(&'static str, u16),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Payload => Ok(()),
            Self::Body => f.write_str("/body"),
            Self::Item(list, number) => write!(f, "/body/{list}/{number}"),
        }
    }
}

/// Whether a JSON text is a value of the member that `of` gives.
pub(crate) fn is_value<O, T: serde::de::DeserializeOwned>(
    _of: fn(&O) -> &Option<T>,
    json: &str,
) -> Result<(), serde_json::Error> {
    serde_json::from_str::<T>(json).map(drop)
}

/// Implements [`Leaves`] for a struct: `leaves!(Lot { quantity: required, labels: optional })`.
macro_rules! leaves {
    ($type:ty { $($field:ident: $need:ident),* $(,)? }) => {
        impl $type {
            /// The withholdable leaves of this object.
            pub const LEAVES: &'static [$crate::event::LeafDef] = &[
                $($crate::event::LeafDef { name: stringify!($field), required: leaves!(@ $need) }),*
            ];

            /// Whether a JSON text is a value of one of these leaves.
            ///
            /// # Errors
            /// There is no such leaf, or the value is not of its type.
            pub fn check_leaf(name: &str, json: &str) -> Result<(), $crate::event::LeafError> {
                match name {
                    $(stringify!($field) => $crate::event::leaves::is_value(|it: &Self| &it.$field, json)
                        .map_err(|source| $crate::event::LeafError::Value { name: stringify!($field), source }),)*
                    _ => Err($crate::event::LeafError::Name {
                        expected: [$(stringify!($field)),*].join(", "),
                        found: name.chars().take(64).collect(),
                    }),
                }
            }
        }

        impl $crate::event::Leaves for $type {
            fn table(&self) -> &'static [$crate::event::LeafDef] {
                Self::LEAVES
            }

            fn hidden(&self) -> &Vec<$crate::event::SdDigest> {
                &self.hidden
            }

            fn hidden_mut(&mut self) -> &mut Vec<$crate::event::SdDigest> {
                &mut self.hidden
            }

            fn set_leaf(&mut self, name: &str, json: &str) -> Result<(), $crate::event::LeafError> {
                match name {
                    $(stringify!($field) => {
                        if self.$field.is_some() {
                            return Err($crate::event::LeafError::Twice(stringify!($field)));
                        }
                        let value = serde_json::from_str(json)
                            .map_err(|source| $crate::event::LeafError::Value { name: stringify!($field), source })?;
                        self.$field = Some(value);
                        Ok(())
                    })*
                    _ => Err($crate::event::LeafError::Name {
                        expected: [$(stringify!($field)),*].join(", "),
                        found: name.chars().take(64).collect(),
                    }),
                }
            }

            fn take_leaves(&mut self) -> Result<Vec<(&'static str, String)>, serde_json::Error> {
                let mut taken = Vec::new();
                $(if let Some(value) = self.$field.take() {
                    taken.push((stringify!($field), serde_json::to_string(&value)?));
                })*
                Ok(taken)
            }

            fn is_shown(&self, name: &str) -> bool {
                match name {
                    $(stringify!($field) => self.$field.is_some(),)*
                    _ => false,
                }
            }
        }
    };
    (@ required) => { true };
    (@ optional) => { false };
}

pub(crate) use leaves;
