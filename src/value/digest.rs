//! Digests: BLAKE3 for identity and documents, SHA-256 for the Merkle tree, disclosures and documents.

use sha2::Digest as _;
use std::fmt;
use std::str::FromStr;

/// Why a text is no digest or id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HexError {
    /// Wrong number of characters.
    #[error("expected 64 lower-case hex digits, found {0} characters")]
    Length(usize),
    /// A character that is not a lower-case hex digit.
    #[error("expected 64 lower-case hex digits, found `{found}` at position {position}")]
    Digit {
        /// The offending character.
        found: char,
        /// Its position, counted from 1.
        position: usize,
    },
}

/// Parses 64 lower-case hex digits; upper case is refused, so that a digest has one spelling.
pub(crate) fn parse_hex32(text: &str) -> Result<[u8; 32], HexError> {
    let is_digit = |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
    // Without an early end: so the compiler compares many bytes at a time.
    if !text.bytes().fold(true, |all, c| all & is_digit(c)) {
        let mut digits = text.chars().enumerate();
        if let Some((position, found)) = digits.find(|(_, c)| !u8::try_from(*c).is_ok_and(is_digit)) {
            return Err(HexError::Digit { found, position: position + 1 });
        }
    }
    let digits: &[u8; 64] = text.as_bytes().try_into().map_err(|_| HexError::Length(text.chars().count()))?;
    // Nothing but digits is left, so there is no branch, which digits and letters in no order would mislead.
    let value = |digit: u8| (digit & 0x0f) + 9 * (digit >> 6);
    let mut bytes = [0; 32];
    for (byte, [high, low]) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        *byte = value(*high) << 4 | value(*low);
    }
    Ok(bytes)
}

/// Defines a 32-byte newtype whose text form is 64 lower-case hex digits.
macro_rules! hex32 {
    ($(#[$meta:meta])* $name:ident, $schema:literal, $doc:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut buffer = [0; 64];
                // 32 bytes always fit 64 digits; the error arm cannot be reached and prints nothing.
                hex::encode_to_slice(self.0, &mut buffer).map_err(|_| fmt::Error)?;
                f.pad(std::str::from_utf8(&buffer).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self)
            }
        }

        impl FromStr for $name {
            type Err = $crate::value::digest::HexError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::value::digest::parse_hex32(text).map(Self)
            }
        }

        impl $name {
            /// The bytes of the digest.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// The first 10 hex digits, for people; never stored.
            #[must_use]
            pub fn short(&self) -> String {
                let mut text = self.to_string();
                text.truncate(10);
                text
            }
        }

        $crate::value::text_form::text_form!($name, $schema, "^[0-9a-f]{64}$", $doc, [u8; 32], |v| v.0, |b| Some(Self(b)));
    };
}

pub(crate) use hex32;

hex32!(
    /// A BLAKE3 digest (256 bits).
    Blake3,
    "Blake3",
    "BLAKE3-256 digest, 64 lower-case hex digits"
);
hex32!(
    /// A SHA-256 digest (FIPS 180-4).
    Sha256,
    "Sha256",
    "SHA-256 digest, 64 lower-case hex digits"
);

impl Blake3 {
    /// Hashes a byte string.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// Hashes the concatenation of several byte strings.
    #[must_use]
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(part);
        }
        Self(*hasher.finalize().as_bytes())
    }
}

impl Sha256 {
    /// Hashes a byte string.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Hashes the concatenation of several byte strings.
    #[must_use]
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        Self::of_all(parts.iter().copied())
    }

    /// As [`Self::of_parts`], of byte strings as they come.
    pub fn of_all<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut hasher = sha2::Sha256::new();
        parts.for_each(|part| hasher.update(part));
        Self(hasher.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_digests_of_abc() {
        assert_eq!(Sha256::of(b"abc").to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(Blake3::of(b"abc").to_string(), "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85");
        assert_eq!(Sha256::of_parts(&[b"a", b"bc"]), Sha256::of(b"abc"));
        assert_eq!(Blake3::of_parts(&[b"a", b"bc"]), Blake3::of(b"abc"));
    }

    #[test]
    fn upper_case_and_wrong_length_are_refused() {
        let good = Sha256::of(b"x").to_string();
        assert_eq!(good.parse::<Sha256>(), Ok(Sha256::of(b"x")));
        let upper = good.to_uppercase();
        assert!(matches!(upper.parse::<Sha256>(), Err(HexError::Digit { .. })));
        assert_eq!("ab".parse::<Blake3>(), Err(HexError::Length(2)));
        assert_eq!(
            "ébcd".parse::<Blake3>().unwrap_err().to_string(),
            "expected 64 lower-case hex digits, found `é` at position 1"
        );
    }

    proptest! {
        #[test]
        fn digits_are_read_as_the_hex_crate_reads_them(bytes in any::<[u8; 32]>(), at in 0_usize..64, to in "[ -~]") {
            let text = hex::encode(bytes);
            prop_assert_eq!(parse_hex32(&text), Ok(bytes));
            let mut changed = text;
            changed.replace_range(at..=at, &to);
            let is_lower = changed.bytes().all(|c| !c.is_ascii_uppercase());
            let expected = hex::decode(&changed).ok().filter(|_| is_lower);
            prop_assert_eq!(parse_hex32(&changed).ok().map(|bytes| bytes.to_vec()), expected);
        }
    }
}
