//! Disclosures (RFC 9901 section 4.2): a withholdable value with its salt, beside the JWS that holds its digest.
//!
//! Decoded, a disclosure is the JSON text `["<salt>","<name>",<value>]` without white space between tokens; the salt is 16
//! random bytes in base64url, so that no value can be guessed from its digest. Other spellings that RFC 9901 allows are
//! refused: ours has one. The digest is SHA-256 over the base64url text, not over what it decodes to.
//!
//! In scope: the form of one disclosure, and the compact form `<jws>~<disclosure>~…~`. Not in scope: which digest it
//! belongs to and whether the value is of the leaf's type (`open`).

use super::json::{self, JsonError, Rules};
use crate::event::SdDigest;
use crate::value::Sha256;
use crate::value::id::parse_base64;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::ops::Range;

/// The longest disclosure in bytes of base64url text.
pub const MAX_DISCLOSURE_BYTES: usize = 65_535;

/// The most disclosures that may come with one event.
pub const MAX_DISCLOSURES: usize = 4096;

/// Random bytes of a salt (RFC 9901 section 9.3 asks for at least 128 bits).
pub type Salt = [u8; 16];

/// Why a text is no disclosure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DisclosureError {
    /// Longer than [`MAX_DISCLOSURE_BYTES`].
    #[error("expected a disclosure of at most {MAX_DISCLOSURE_BYTES} bytes, found {0}")]
    Long(usize),
    /// More than [`MAX_DISCLOSURES`].
    #[error("expected at most {MAX_DISCLOSURES} disclosures with an event, found {0}")]
    Many(usize),
    /// Not strict base64url.
    #[error("expected a disclosure in strict base64url without padding, found `{0}`")]
    Base64(String),
    /// Decoded, not the array of three in its one form.
    #[error("expected a disclosure `[\"<22 characters of salt>\",\"<name>\",<value>]`, found `{0}`")]
    Form(String),
    /// The value is not strict JSON.
    #[error("in the value of disclosure `{name}`: {error}")]
    Value {
        /// The name of the leaf.
        name: String,
        /// What is wrong.
        error: JsonError,
    },
    /// No `~` at the end of the compact form, as with a key-binding JWT, which is not used.
    #[error("expected `<jws>~<disclosure>~…~`, found no `~` at the end")]
    Unended,
}

/// A disclosure of the right form; nothing is known of where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure {
    encoded: String,
    /// What it decodes to, and where name and value are in it.
    decoded: String,
    name: Range<usize>,
    value: Range<usize>,
}

impl Disclosure {
    /// Makes the disclosure of a leaf from its JSON text, under a fresh salt.
    pub fn new(salt: &Salt, name: &str, value: &str) -> Result<Self, DisclosureError> {
        let salt = URL_SAFE_NO_PAD.encode(salt);
        let encoded = URL_SAFE_NO_PAD.encode(format!(r#"["{salt}","{name}",{value}]"#));
        Self::parse(&encoded)
    }

    /// Takes a disclosure apart.
    pub fn parse(encoded: &str) -> Result<Self, DisclosureError> {
        if encoded.len() > MAX_DISCLOSURE_BYTES {
            return Err(DisclosureError::Long(encoded.len()));
        }
        let not_base64 = || DisclosureError::Base64(encoded.chars().take(40).collect());
        let decoded = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| not_base64())?;
        let form = |decoded: &[u8]| DisclosureError::Form(String::from_utf8_lossy(decoded).chars().take(80).collect());
        let decoded = String::from_utf8(decoded).map_err(|error| form(error.as_bytes()))?;
        let (name, value) = split(&decoded).ok_or_else(|| form(decoded.as_bytes()))?;
        json::check(value.as_bytes(), &Rules::DISCLOSED)
            .map_err(|error| DisclosureError::Value { name: name.to_owned(), error })?;
        // The value ends before the last bracket, and the name before the quote and the comma that come before the value.
        let end = decoded.len() - 1;
        let start = end - value.len();
        let (name, value) = (start - 2 - name.len()..start - 2, start..end);
        Ok(Self { encoded: encoded.to_owned(), decoded, name, value })
    }

    /// The base64url text, as it is passed on.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.encoded
    }

    /// The digest that stands for it in `_sd`.
    #[must_use]
    pub fn digest(&self) -> SdDigest {
        SdDigest(Sha256::of(self.encoded.as_bytes()).0)
    }

    /// The name of the leaf.
    #[must_use]
    pub fn name(&self) -> &str {
        self.decoded.get(self.name.clone()).unwrap_or_default()
    }

    /// The JSON text of the value.
    #[must_use]
    pub fn value(&self) -> &str {
        self.decoded.get(self.value.clone()).unwrap_or_default()
    }
}

/// Name and value of a decoded disclosure. What is between name and last bracket is checked to be one JSON value.
fn split(decoded: &str) -> Option<(&str, &str)> {
    let inner = decoded.strip_prefix("[\"")?.strip_suffix(']')?;
    let (salt, rest) = inner.split_once("\",\"")?;
    parse_base64::<16>(salt).ok()?;
    let (name, value) = rest.split_once("\",")?;
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    plain.then_some((name, value))
}

/// An event with its disclosures in compact form: `<jws>~<disclosure>~…~` (RFC 9901 section 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compact<'a> {
    /// The issuer-signed JWT.
    pub jws: &'a str,
    /// The disclosures, in the order given.
    pub disclosures: Vec<Disclosure>,
}

impl<'a> Compact<'a> {
    /// Takes the compact form apart; the JWS is not looked at.
    pub fn parse(text: &'a str) -> Result<Self, DisclosureError> {
        let inner = text.strip_suffix('~').ok_or(DisclosureError::Unended)?;
        let count = inner.bytes().filter(|b| *b == b'~').count();
        if count > MAX_DISCLOSURES {
            return Err(DisclosureError::Many(count));
        }
        let mut parts = inner.split('~');
        let jws = parts.next().unwrap_or_default();
        let disclosures = parts.map(Disclosure::parse).collect::<Result<_, _>>()?;
        Ok(Self { jws, disclosures })
    }
}

impl std::fmt::Display for Compact<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}~", self.jws)?;
        self.disclosures.iter().try_for_each(|disclosure| write!(f, "{}~", disclosure.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    #[test]
    fn digest_is_over_the_encoded_text() {
        // RFC 9901 section 4.2.3 gives this text and digest; its disclosure has white space, which ours do not.
        let encoded = "WyI2cU1RdlJMNWhhaiIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0";
        let digest = SdDigest(Sha256::of(encoded.as_bytes()).0);
        assert_eq!(digest.to_string(), "uutlBuYeMDyjLLTpf6Jxi7yNkEF35jdyWMn9U7b_RYY");
        assert!(matches!(Disclosure::parse(encoded), Err(DisclosureError::Form(_))));
    }

    #[test]
    fn a_disclosure_has_one_form() {
        let good = Disclosure::new(&[7; 16], "quantity", r#"{"net_dry":"1500"}"#).unwrap();
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(good.as_str()).unwrap()).unwrap();
        assert_eq!(text, r#"["BwcHBwcHBwcHBwcHBwcHBw","quantity",{"net_dry":"1500"}]"#);
        assert_eq!((good.name(), good.value()), ("quantity", r#"{"net_dry":"1500"}"#));
        assert_eq!(Disclosure::parse(good.as_str()), Ok(good.clone()));
        for bad in [
            text.replace(",{", ", {"),
            text.replace(r#"":""#, r#"": ""#),
            format!(" {text}"),
            format!("{text}\n"),
            text.replace("Bw\"", "B\""),
            text.replace("Bw\"", "Bx\""),
            text.replace("quantity", "Quantity"),
            text.replace("quantity", "quanti\\u0074y"),
            text.replace("quantity", ""),
            text.replace(r#""quantity","#, ""),
            text.replace("}]", "},1]"),
            text.replace("}]", r#","net_dry":"1"}]"#),
            text.replace("\"1500\"", "1.5"),
            text.replace("\"1500\"", "null"),
            String::from("[]"),
            format!("[{}", "[".repeat(10_000)),
        ] {
            assert!(Disclosure::parse(&encode(&bad)).is_err(), "{bad}");
        }
        assert!(matches!(Disclosure::parse(&format!("{}=", good.as_str())), Err(DisclosureError::Base64(_))));
        assert!(matches!(Disclosure::parse(&"A".repeat(65_536)), Err(DisclosureError::Long(65_536))));
    }

    #[test]
    fn compact_form_ends_in_a_tilde() {
        let a = Disclosure::new(&[1; 16], "labels", r#"["L-1"]"#).unwrap();
        let b = Disclosure::new(&[2; 16], "remark", r#""~""#).unwrap();
        let text = format!("h.p.s~{}~{}~", a.as_str(), b.as_str());
        let compact = Compact::parse(&text).unwrap();
        assert_eq!(compact, Compact { jws: "h.p.s", disclosures: vec![a, b] });
        assert_eq!(compact.to_string(), text);
        assert_eq!(Compact::parse("h.p.s~").unwrap().disclosures, []);
        assert_eq!(Compact::parse("h.p.s"), Err(DisclosureError::Unended));
        assert!(Compact::parse(&format!("{text}kb.j.wt")).is_err());
        assert!(Compact::parse("h.p.s~~").is_err());
        assert_eq!(Compact::parse(&"~".repeat(10_000)), Err(DisclosureError::Many(9_999)));
    }

    proptest! {
        #[test]
        fn any_text_can_be_disclosed(salt in any::<Salt>(), text in ".{0,40}") {
            let value = serde_json::to_string(&text).unwrap();
            let disclosure = Disclosure::new(&salt, "remark", &value).unwrap();
            prop_assert_eq!(disclosure.value(), value);
        }
    }
}
