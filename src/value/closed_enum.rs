//! One macro: a closed list of names, each with one text form.
//!
//! A name outside the list is an error that shows the nearest names. In binary form (index records, which can be
//! rebuilt) a name is its position in the list, so the order of a list may change with any release.

/// A text that is not in a closed list of names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found `{found}`{}", suggestion(.nearest, .all))]
pub struct NameError {
    /// What kind of name was expected.
    pub expected: &'static str,
    /// The text found, shortened.
    pub found: String,
    /// The names most like it, best first; empty where nothing is near.
    pub nearest: Vec<&'static str>,
    /// All names, where nothing is near and they are few.
    pub all: Vec<&'static str>,
}

impl NameError {
    /// How many names are suggested at most.
    pub const MOST_NEAREST: usize = 3;

    /// How many names are listed at most where none is near.
    pub const MOST_LISTED: usize = 16;

    /// Reports `found`, suggesting those `names` (text form, meaning in words) that it resembles.
    #[must_use]
    pub fn new(expected: &'static str, found: &str, names: impl Iterator<Item = (&'static str, &'static str)>) -> Self {
        let found: String = found.chars().take(40).collect();
        let typed = found.trim().to_lowercase();
        let names: Vec<(&'static str, &'static str)> = names.collect();
        let nearness = |(name, words): &(&'static str, &'static str)| near(&typed, name, words);
        let mut near: Vec<(usize, &'static str)> = names.iter().filter_map(nearness).collect();
        near.sort_by_key(|(distance, _)| *distance);
        if near.iter().any(|(distance, _)| *distance == 0) {
            near.retain(|(distance, _)| *distance == 0);
        }
        let nearest: Vec<&'static str> = near.into_iter().take(Self::MOST_NEAREST).map(|(_, name)| name).collect();
        let is_listed = nearest.is_empty() && names.len() <= Self::MOST_LISTED;
        let all = names.into_iter().filter(|_| is_listed).map(|(name, _)| name).collect();
        Self { expected, found, nearest, all }
    }
}

/// The edit distance from lower-case `typed` to a name or to its meaning, if small for that length.
fn near(typed: &str, name: &'static str, words: &str) -> Option<(usize, &'static str)> {
    let distance = |to: &str| {
        let allowed = (to.chars().count() / 3).clamp(1, 4);
        let distance = strsim::damerau_levenshtein(typed, &to.to_lowercase());
        (distance <= allowed && distance < to.chars().count()).then_some(distance)
    };
    let best = [distance(name), distance(words)].into_iter().flatten().min()?;
    Some((best, name))
}

fn suggestion(nearest: &[&'static str], all: &[&'static str]) -> String {
    let quoted = |names: &[&'static str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<String>>();
    match quoted(nearest).split_last() {
        None if all.is_empty() => String::new(),
        None => format!(" (one of {})", quoted(all).join(", ")),
        Some((only, [])) => format!(" (did you mean {only}?)"),
        Some((last, rest)) => format!(" (did you mean {} or {last}?)", rest.join(", ")),
    }
}

/// Defines a field-less enum whose names form a closed list.
///
/// `closed_enum!(/// docs  Type, "what is expected", { Variant = "text", "meaning in words"; … })` gives the type `ALL`,
/// `as_str`, `words`, `Display`, `FromStr`, serde (text, or one byte in binary formats) and `JsonSchema` (an `enum`).
macro_rules! closed_enum {
    ($(#[$meta:meta])* $name:ident, $expected:literal, { $($variant:ident = $text:literal, $words:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name {
            $(
                #[doc = concat!("`", $text, "`: ", $words, ".")]
                $variant
            ),+
        }

        impl $name {
            /// Every value, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The text form.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The meaning in words, for people.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(Self::$variant => $words),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::value::NameError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let names = || Self::ALL.iter().map(|v| (v.as_str(), v.words()));
                let found = Self::ALL.iter().find(|v| v.as_str() == text);
                found.copied().ok_or_else(|| $crate::value::NameError::new($expected, text, names()))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.serialize_str(self.as_str())
                } else {
                    serializer.serialize_u8(*self as u8)
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    deserializer.deserialize_str($crate::value::text_form::Parsed::new())
                } else {
                    let position = <u8 as serde::Deserialize>::deserialize(deserializer)?;
                    let found = Self::ALL.get(usize::from(position)).copied();
                    found.ok_or_else(|| serde::de::Error::custom(concat!("out of range for ", stringify!($name))))
                }
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": [$($text),+], "description": $expected })
            }
        }
    };
}

pub(crate) use closed_enum;

#[cfg(test)]
mod tests {
    closed_enum!(
        /// Colours.
        Colour, "a colour such as `red`", { Red = "red", "like blood"; DeepBlue = "deep-blue", "like the sea"; }
    );

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        let message = |text: &str| text.parse::<Colour>().unwrap_err().to_string();
        assert_eq!(message("Red"), "expected a colour such as `red`, found `Red` (did you mean `red`?)");
        assert_eq!(
            message("deepblue"),
            "expected a colour such as `red`, found `deepblue` (did you mean `deep-blue`?)"
        );
        assert_eq!(
            message("like the see"),
            "expected a colour such as `red`, found `like the see` (did you mean `deep-blue`?)"
        );
        assert_eq!(message(""), "expected a colour such as `red`, found `` (one of `red`, `deep-blue`)");
    }

    #[test]
    fn text_and_binary_forms_agree() {
        assert_eq!(serde_json::to_string(Colour::ALL).unwrap(), r#"["red","deep-blue"]"#);
        assert_eq!(serde_json::from_str::<Colour>(r#""deep-blue""#).unwrap(), Colour::DeepBlue);
        let config = bincode::config::standard();
        let bytes = bincode::serde::encode_to_vec(Colour::DeepBlue, config).unwrap();
        assert_eq!(bytes, [1]);
        assert_eq!(bincode::serde::decode_from_slice::<Colour, _>(&bytes, config).unwrap().0, Colour::DeepBlue);
        assert!(bincode::serde::decode_from_slice::<Colour, _>(&[2], config).is_err());
    }
}
