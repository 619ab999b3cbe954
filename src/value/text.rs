//! Free text in signed data: NFC, no control characters, no bidirectional overrides.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use unicode_normalization::is_nfc;

/// Why a text cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space, or nothing at all.
    #[error("expected some text, found none")]
    Empty,
    /// Longer than [`Text::MAX_BYTES`].
    #[error("expected at most 1,024 bytes of text, found {0}")]
    Long(usize),
    /// A control, bidirectional-control or other invisible character.
    #[error("expected text without control or bidirectional characters, found U+{code:04X} at character {position}")]
    Control {
        /// The code point.
        code: u32,
        /// Its position, counted from 1.
        position: usize,
    },
    /// Not in Unicode normalization form C.
    #[error("expected text in Unicode normalization form C (NFC), found another spelling of `{0}`")]
    NotNfc(String),
}

/// Text in NFC without control, bidirectional-control or line-separator characters, 1 to 1,024 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<str>);

impl Text {
    /// The longest text, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 1024;

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Brings a person's typing into form: trims and normalizes, then checks as the parser does.
    pub fn from_typed(typed: &str) -> Result<Self, TextError> {
        use unicode_normalization::UnicodeNormalization as _;
        typed.trim().nfc().collect::<String>().parse()
    }
}

/// Characters that change how neighbouring text is displayed, or that are not displayed at all.
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' // bidi controls, UAX #9
            | '\u{2028}' | '\u{2029}' // line and paragraph separators
            | '\u{200B}' | '\u{2060}' | '\u{FEFF}' // zero-width
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}') // annotations and tags
}

impl FromStr for Text {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > Self::MAX_BYTES {
            return Err(TextError::Long(text.len()));
        }
        if text.trim().is_empty() {
            return Err(TextError::Empty);
        }
        if let Some((position, c)) = text.chars().enumerate().find(|(_, c)| is_deceptive(*c)) {
            return Err(TextError::Control { code: u32::from(c), position: position + 1 });
        }
        if !is_nfc(text) {
            return Err(TextError::NotNfc(text.chars().take(40).collect()));
        }
        Ok(Self(text.into()))
    }
}

impl std::borrow::Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl serde::Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(super::text_form::Parsed::new())
    }
}

impl schemars::JsonSchema for Text {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string", "minLength": 1, "maxLength": 1024,
            "description": "text in Unicode NFC without control or bidirectional characters, at most 1,024 bytes"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deceptive_text_is_refused() {
        assert_eq!("a\u{202E}b".parse::<Text>(), Err(TextError::Control { code: 0x202E, position: 2 }));
        assert_eq!("a\nb".parse::<Text>(), Err(TextError::Control { code: 10, position: 2 }));
        assert!(matches!("e\u{301}".parse::<Text>(), Err(TextError::NotNfc(_))));
        assert_eq!("  ".parse::<Text>(), Err(TextError::Empty));
        assert_eq!("x".repeat(1025).parse::<Text>(), Err(TextError::Long(1025)));
    }

    #[test]
    fn typed_text_is_normalized() {
        assert_eq!(Text::from_typed(" Sillame\u{301} ").unwrap().as_str(), "Sillamé");
        assert!(Text::from_typed("a\tb").is_err());
    }
}
