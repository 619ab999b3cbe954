//! Registered identifiers of firms, sites, ports and containers, with the checks their issuers define.
//!
//! A checked identifier is well-formed: it may still be unissued, lapsed or another firm's. Nothing here looks it up.
//! All are upper-case ASCII of fixed length, without spaces or separators, so each has one spelling.

use super::country::Country;
use super::text_form::text_form;
use std::fmt;
use std::str::FromStr;

/// Why a text is no identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Wrong number of characters.
    #[error("expected {what} of {expected} characters, found {found} in `{text}`{}", separator_hint(.text))]
    Length {
        /// The kind of identifier.
        what: &'static str,
        /// How many characters it has.
        expected: usize,
        /// How many there are.
        found: usize,
        /// The text, shortened.
        text: String,
    },
    /// A character that cannot stand where it does.
    #[error("expected {expected} at position {position} of {what}, found `{found}`{}", case_hint(*.found))]
    Character {
        /// The kind of identifier.
        what: &'static str,
        /// What can stand there.
        expected: &'static str,
        /// The offending character.
        found: char,
        /// Its position, counted from 1.
        position: usize,
    },
    /// A check digit that does not follow from the rest.
    #[error("expected check {digits} {expected} at the end of {what}, found {found}",
        digits = if .expected.len() == 1 { "digit" } else { "digits" })]
    Check {
        /// The kind of identifier.
        what: &'static str,
        /// The check digits that follow from the rest.
        expected: String,
        /// Those found.
        found: String,
    },
    /// The country part is no country.
    #[error("expected {what} to begin with an ISO 3166-1 country code, found `{found}`")]
    Country {
        /// The kind of identifier.
        what: &'static str,
        /// The two letters found.
        found: String,
    },
    /// Nine digits in a row, which could be read as a DUNS or tax number.
    #[error("expected {what} without nine digits in a row, found `{found}`")]
    NineDigits {
        /// The kind of identifier.
        what: &'static str,
        /// The text found.
        found: String,
    },
}

fn separator_hint(text: &str) -> &'static str {
    if text.contains([' ', '-', '.', '/']) { " (write it without spaces or separators)" } else { "" }
}

fn case_hint(found: char) -> &'static str {
    if found.is_ascii_lowercase() { " (write capitals)" } else { "" }
}

/// What may stand at a position.
type Allowed = (&'static str, fn(u8) -> bool);

const DIGIT: Allowed = ("a digit", |b| b.is_ascii_digit());
const LETTER: Allowed = ("a capital letter", |b| b.is_ascii_uppercase());
const ALPHANUMERIC: Allowed = ("a digit or capital letter", |b| b.is_ascii_digit() || b.is_ascii_uppercase());
const NO_I_NO_O: Allowed =
    ("a digit or capital letter other than I and O", |b| (ALPHANUMERIC.1)(b) && !matches!(b, b'I' | b'O'));
const CAGE_FIRST: Allowed = ("a digit or capital letter other than O", |b| (ALPHANUMERIC.1)(b) && b != b'O');
const UEI_FIRST: Allowed = ("a capital letter or digit other than I, O and 0", |b| (NO_I_NO_O.1)(b) && b != b'0');
const LOCATION: Allowed =
    ("a capital letter or a digit from 2 to 9", |b| b.is_ascii_uppercase() || matches!(b, b'2'..=b'9'));
const CATEGORY: Allowed = ("U, J or Z", |b| matches!(b, b'U' | b'J' | b'Z'));

/// Reads exactly `N` characters, each allowed at its position.
fn read<const N: usize>(text: &str, what: &'static str, pattern: [Allowed; N]) -> Result<[u8; N], IdentifierError> {
    let found = text.chars().count();
    if found != N {
        return Err(IdentifierError::Length { what, expected: N, found, text: text.chars().take(40).collect() });
    }
    for (index, (c, (expected, allowed))) in text.chars().zip(pattern).enumerate() {
        if !u8::try_from(c).is_ok_and(allowed) {
            return Err(IdentifierError::Character { what, expected, found: c, position: index + 1 });
        }
    }
    // All characters are ASCII by now, so bytes and characters agree in number.
    let length = || IdentifierError::Length { what, expected: N, found: text.len(), text: text.to_owned() };
    text.as_bytes().try_into().map_err(|_| length())
}

/// Defines an identifier of fixed length, held as ASCII bytes; `$check` sees them after the characters passed.
macro_rules! identifier {
    (
        $(#[$meta:meta])* $name:ident[$len:literal], $schema:literal, $what:literal, $regex:literal, $doc:literal,
        $pattern:expr, $check:expr
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// The identifier as text.
            #[must_use]
            pub const fn as_str(&self) -> &str {
                // ASCII by construction; the other arm cannot be reached.
                match std::str::from_utf8(&self.0) {
                    Ok(text) => text,
                    Err(_) => "",
                }
            }
        }

        impl FromStr for $name {
            type Err = IdentifierError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let bytes = read::<$len>(text, $what, $pattern)?;
                let check: fn(&'static str, &[u8; $len]) -> Result<(), IdentifierError> = $check;
                check($what, &bytes)?;
                Ok(Self(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self)
            }
        }

        text_form!($name, $schema, $regex, $doc, [u8; $len], |v| v.0, |bytes| {
            std::str::from_utf8(&bytes).ok()?.parse().ok()
        });
    };
}

/// `pattern` at every position.
const fn all<const N: usize>(pattern: Allowed) -> [Allowed; N] {
    [pattern; N]
}

/// Compares computed check digits with those at the end of an identifier.
fn expect_check(what: &'static str, expected: String, found: &[u8]) -> Result<(), IdentifierError> {
    if expected.as_bytes() == found {
        return Ok(());
    }
    Err(IdentifierError::Check { what, expected, found: String::from_utf8_lossy(found).into_owned() })
}

identifier!(
    /// A Legal Entity Identifier, 20 characters, check digits by MOD 97-10 (ISO 17442-1:2020).
    Lei[20], "Lei", "an LEI", "^[0-9A-Z]{18}[0-9]{2}$", "Legal Entity Identifier (ISO 17442), with valid check digits",
    {
        let mut pattern: [Allowed; 20] = all(ALPHANUMERIC);
        let [.., tens, ones] = &mut pattern;
        (*tens, *ones) = (DIGIT, DIGIT);
        pattern
    },
    |what, bytes| {
        let [.., tens, ones] = bytes;
        let text = std::str::from_utf8(bytes).unwrap_or("");
        match lei::parse(text) {
            Ok(_) => Ok(()),
            Err(lei::LEIError::IncorrectCheckDigits { expected, .. }) => {
                expect_check(what, String::from_utf8_lossy(&expected).into_owned(), &[*tens, *ones])
            }
            // `read` has let only well-formed text through, so this arm is for errors a later version of lei may add.
            Err(_) => Err(IdentifierError::Length { what, expected: 20, found: text.len(), text: text.to_owned() }),
        }
    }
);

/// The GS1 modulo-10 check digit over the digits before it (GS1 General Specifications 7.9.1).
fn gs1_check_digit(body: &[u8]) -> u32 {
    let weighted = body.iter().rev().zip([3, 1].into_iter().cycle());
    let sum: u32 = weighted.map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight).sum();
    (10 - sum % 10) % 10
}

identifier!(
    /// A GS1 Global Location Number, 13 digits, the last a modulo-10 check digit (GS1 General Specifications 7.9.1).
    Gln[13], "Gln", "a GLN", "^[0-9]{13}$", "GS1 Global Location Number, with a valid check digit",
    all(DIGIT),
    |what, bytes| {
        let [body @ .., found] = bytes;
        expect_check(what, gs1_check_digit(body).to_string(), &[*found])
    }
);

identifier!(
    /// A Commercial and Government Entity code, US CAGE or NATO NCAGE, 5 characters.
    ///
    /// I and O are not used; a leading I is let through, since NATO gives it to international organizations. There is no
    /// check digit. Which first or last letter belongs to which nation is not checked.
    Cage[5], "Cage", "a CAGE code", "^[0-9A-NP-Z][0-9A-HJ-NP-Z]{4}$",
    "Commercial and Government Entity code (CAGE or NCAGE)",
    [CAGE_FIRST, NO_I_NO_O, NO_I_NO_O, NO_I_NO_O, NO_I_NO_O],
    |_, _| Ok(())
);

identifier!(
    /// A Unique Entity Identifier of the US System for Award Management (SAM), 12 characters.
    ///
    /// I, O and a leading 0 are not used, nor nine digits in a row. The issuer does not publish how its check character
    /// is computed, so that is not checked.
    Uei[12], "Uei", "a UEI", "^[1-9A-HJ-NP-Z][0-9A-HJ-NP-Z]{11}$", "US Unique Entity Identifier (SAM)",
    {
        let mut pattern: [Allowed; 12] = all(NO_I_NO_O);
        let [first, ..] = &mut pattern;
        *first = UEI_FIRST;
        pattern
    },
    |what, bytes| {
        if bytes.windows(9).any(|nine| nine.iter().all(u8::is_ascii_digit)) {
            return Err(IdentifierError::NineDigits { what, found: String::from_utf8_lossy(bytes).into_owned() });
        }
        Ok(())
    }
);

identifier!(
    /// A UN/LOCODE: country code and three characters for the port or place (UNECE Recommendation 16), `MYKUA`.
    Locode[5], "Locode", "a UN/LOCODE", "^[A-Z]{2}[A-Z2-9]{3}$", "UN/LOCODE, country code and place code without space",
    [LETTER, LETTER, LOCATION, LOCATION, LOCATION],
    |what, [first, second, ..]| {
        let code = String::from_utf8_lossy(&[*first, *second]).into_owned();
        code.parse::<Country>().map(|_| ()).map_err(|_| IdentifierError::Country { what, found: code })
    }
);

impl Locode {
    /// The country of the port or place.
    #[must_use]
    pub fn country(&self) -> Option<Country> {
        self.as_str().get(..2)?.parse().ok()
    }
}

/// The check digit of a container number: values 10 to 38 without multiples of 11 for A to Z, times 2ⁱ, mod 11, mod 10.
fn container_check_digit(body: &[u8]) -> u32 {
    let value = |b: u8| match b {
        b'A'..=b'Z' => {
            let n = u32::from(b - b'A');
            // A = 10, B = 12 … K = 21, L = 23 … U = 32, V = 34: the multiples of 11 are skipped.
            n + 10 + n.div_ceil(10)
        }
        digit => u32::from(digit.wrapping_sub(b'0')),
    };
    let sum: u32 = body.iter().zip(0u32..).map(|(b, position)| value(*b) << position.min(16)).sum();
    sum % 11 % 10
}

identifier!(
    /// A freight container number: owner code, category U, J or Z, six digits, check digit (ISO 6346:2022).
    ContainerNumber[11], "ContainerNumber", "a container number", "^[A-Z]{3}[UJZ][0-9]{7}$",
    "freight container number (ISO 6346), with a valid check digit",
    [LETTER, LETTER, LETTER, CATEGORY, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT],
    |what, bytes| {
        let [body @ .., found] = bytes;
        expect_check(what, container_check_digit(body).to_string(), &[*found])
    }
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message<T: FromStr<Err = IdentifierError>>(text: &str) -> String {
        text.parse::<T>().err().map(|e| e.to_string()).unwrap_or_default()
    }

    #[test]
    fn leis_are_checked_by_mod_97_10() {
        for good in [
            "506700GE1G29325QX363",
            "HWUPKR0MPOU8FGXBT394",
            "5493001KJTIIGC8Y1R12",
            "529900T8BM49AURSDO55",
            "9999EXAMPLEMINE00182",
            "9999EXAMPLESEPX00269",
            "9999EXAMPLEMETL00396",
            "9999EXAMPLEALOY00495",
            "9999EXAMPLEMAGN00564",
            "9999EXAMPLELABX00631",
        ] {
            assert_eq!(good.parse::<Lei>().unwrap().as_str(), good);
        }
        assert_eq!(message::<Lei>("9999EXAMPLEMINE00183"), "expected check digits 82 at the end of an LEI, found 83");
        assert_eq!(message::<Lei>("9999EXAMPLE"), "expected an LEI of 20 characters, found 11 in `9999EXAMPLE`");
        assert_eq!(
            message::<Lei>("9999exampleMINE00182"),
            "expected a digit or capital letter at position 5 of an LEI, found `e` (write capitals)"
        );
        assert!(message::<Lei>("9999-EXAMPLEMINE00182").ends_with("(write it without spaces or separators)"));
        assert!(message::<Lei>("9999EXAMPLEMINE001AB").contains("expected a digit at position 19"));
    }

    #[test]
    fn glns_are_checked_by_modulo_10() {
        for good in ["9520123456788", "0614141000012", "4012345000016", "5901234123457"] {
            assert!(good.parse::<Gln>().is_ok(), "{good}");
        }
        for end in ["11", "28", "35", "42", "59", "66"] {
            assert!(format!("95200000000{end}").parse::<Gln>().is_ok(), "{end}");
        }
        assert_eq!(message::<Gln>("9520123456789"), "expected check digit 8 at the end of a GLN, found 9");
        assert!(message::<Gln>("952012345678X").contains("expected a digit at position 13"));
        assert!(message::<Gln>("٩520123456788").contains("position 1"));
    }

    #[test]
    fn cage_codes_have_no_o_and_an_i_only_in_front() {
        for good in ["1ABC2", "U1234", "K9087", "0001Y", "I9001"] {
            assert!(good.parse::<Cage>().is_ok(), "{good}");
        }
        assert!(message::<Cage>("1A0O2").contains("other than I and O at position 4 of a CAGE code, found `O`"));
        assert!(message::<Cage>("1I234").contains("position 2"));
        assert!(message::<Cage>("1abc2").contains("write capitals"));
    }

    #[test]
    fn ueis_do_not_look_like_other_numbers() {
        assert!("Z9EXAMPLE1A2".parse::<Uei>().is_ok());
        assert!(message::<Uei>("09EXAMPLE1A2").contains("position 1"));
        assert!(message::<Uei>("A123456789BC").contains("without nine digits in a row"));
        assert!(message::<Uei>("A12345678OBC").contains("found `O`"));
    }

    #[test]
    fn locodes_begin_with_a_country() {
        assert_eq!("MYKUA".parse::<Locode>().unwrap().country(), "MY".parse().ok());
        assert_eq!(
            message::<Locode>("ZZABC"),
            "expected a UN/LOCODE to begin with an ISO 3166-1 country code, found `ZZ`"
        );
        assert!(message::<Locode>("MY KUA").contains("without spaces"));
        assert!(message::<Locode>("MYKU1").contains("digit from 2 to 9"));
    }

    #[test]
    fn container_numbers_are_checked() {
        for good in ["CSQU3054383", "MSCU6639870", "TOLU4734787", "APZU4812090"] {
            assert_eq!(message::<ContainerNumber>(good), "");
        }
        assert_eq!(
            message::<ContainerNumber>("CSQU3054384"),
            "expected check digit 3 at the end of a container number, found 4"
        );
        assert!(message::<ContainerNumber>("CSQX3054383").contains("expected U, J or Z at position 4"));
    }

    #[test]
    fn binary_forms_are_checked_too() {
        let config = bincode::config::standard();
        let lei: Lei = "9999EXAMPLEMINE00182".parse().unwrap();
        let mut bytes = bincode::serde::encode_to_vec(lei, config).unwrap();
        assert_eq!(bincode::serde::decode_from_slice::<Lei, _>(&bytes, config).unwrap().0, lei);
        *bytes.last_mut().unwrap() = b'3';
        assert!(bincode::serde::decode_from_slice::<Lei, _>(&bytes, config).is_err());
    }

    proptest! {
        #[test]
        fn a_changed_digit_of_a_gln_is_noticed(body in "[0-9]{12}", position in 0usize..12, by in 1u8..10) {
            let good = format!("{body}{}", gs1_check_digit(body.as_bytes()));
            prop_assert!(good.parse::<Gln>().is_ok());
            let mut bytes = good.into_bytes();
            bytes[position] = b'0' + (bytes[position] - b'0' + by) % 10;
            prop_assert!(String::from_utf8(bytes).unwrap().parse::<Gln>().is_err());
        }

        #[test]
        fn no_input_panics(text in ".{0,24}", ascii in "[0-9A-Z]{5,20}") {
            for input in [text, ascii] {
                let _ = (message::<Lei>(&input), message::<Gln>(&input), message::<Cage>(&input));
                let _ = (message::<Uei>(&input), message::<Locode>(&input), message::<ContainerNumber>(&input));
            }
        }
    }
}
