//! Serde and schema implementations of a type that has a text form: one macro, and the visitor that parses the text.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// Parses a string where it lies: a member of a signed text is read without a copy of its own.
pub(crate) struct Parsed<T>(PhantomData<T>);

impl<T> Parsed<T> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: FromStr<Err: fmt::Display>> serde::de::Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// Implements `Serialize`, `Deserialize` and `JsonSchema` for a type with `Display`, `FromStr` and a compact binary twin.
///
/// `text_form!(Type, "SchemaName", "regex", "description", Binary, to_binary, from_binary)`
macro_rules! text_form {
    ($type:ty, $name:literal, $pattern:expr, $doc:literal, $binary:ty, $to:expr, $from:expr) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    let to: fn(&Self) -> $binary = $to;
                    serde::Serialize::serialize(&to(self), serializer)
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    deserializer.deserialize_str($crate::value::text_form::Parsed::new())
                } else {
                    let from: fn($binary) -> Option<Self> = $from;
                    from(<$binary as serde::Deserialize>::deserialize(deserializer)?)
                        .ok_or_else(|| serde::de::Error::custom(concat!("out of range for ", $name)))
                }
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern, "description": $doc })
            }
        }
    };
}

pub(crate) use text_form;
