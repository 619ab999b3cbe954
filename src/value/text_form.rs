//! One macro: serde and schema implementations of a type that has a text form.

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
                    let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                    text.parse().map_err(serde::de::Error::custom)
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
