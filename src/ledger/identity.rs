//! `oretrail.toml`: which ledger a folder holds, so that it can be told before anything else in it is read.
//!
//! ```toml
//! format = 1
//! origin = "mine.example/log"
//! ledger = "…64 hex digits…"
//! vkeys = ["mine.example/log+…"]
//! ```
//!
//! `vkeys` are the log keys in the order of their `ledger` events; the first one and the origin give the ledger id, the last
//! one signs. In scope: syntax and that rule. Not in scope: whether the recorded `ledger` events say the same (`verify`).

use crate::tlog::checkpoint::{CheckpointError, SignedCheckpoint, VerifiedCheckpoint};
use crate::tlog::vkey::VerifierKey;
use crate::value::LedgerId;
use serde::{Deserialize, Serialize};

/// The format version that this program reads and writes.
pub const FORMAT: u32 = 1;

/// The largest `oretrail.toml` that is read, in bytes.
pub const MAX_IDENTITY: u64 = 65_536;

/// Why a text is no ledger identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Not TOML of the expected members.
    #[error("{0}")]
    Syntax(String),
    /// Another format version.
    #[error("expected format {FORMAT}, found {0}; a newer program may read it")]
    Format(u32),
    /// No key at all, or twice the same.
    #[error("expected one or more different log keys in `vkeys`, found {0}")]
    Keys(String),
    /// A member that is no log key.
    #[error("expected a verifier key named `{origin}` in `vkeys`, found `{found}`")]
    Key {
        /// The origin, which must be the key's name.
        origin: String,
        /// The key found.
        found: String,
    },
    /// The ledger id does not follow from origin and first key.
    #[error("expected ledger id {expected} (by origin and first key), found {found}")]
    Ledger {
        /// The id that follows.
        expected: LedgerId,
        /// The id stated.
        found: LedgerId,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    format: u32,
    origin: String,
    ledger: LedgerId,
    vkeys: Vec<String>,
}

/// Which ledger this is: its origin, its id and the keys that may sign its checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    ledger: LedgerId,
    vkeys: Vec<VerifierKey>,
}

impl Identity {
    /// The identity of a new ledger: the key's name is the origin.
    #[must_use]
    pub fn new(first: VerifierKey) -> Self {
        Self { ledger: LedgerId::derive(first.name().as_str(), &first.to_string()), vkeys: vec![first] }
    }

    /// The log's name.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.vkeys.first().map_or("", |key| key.name().as_str())
    }

    /// The ledger's id.
    #[must_use]
    pub const fn ledger(&self) -> LedgerId {
        self.ledger
    }

    /// The log keys, oldest first.
    #[must_use]
    pub fn vkeys(&self) -> &[VerifierKey] {
        &self.vkeys
    }

    /// With a further log key, as at a rotation.
    ///
    /// # Errors
    /// The key is named otherwise than the origin, or is there already.
    pub fn with_key(&self, key: VerifierKey) -> Result<Self, IdentityError> {
        let mut vkeys = self.vkeys.clone();
        vkeys.push(key);
        Self::checked(self.origin(), self.ledger, vkeys)
    }

    fn checked(origin: &str, ledger: LedgerId, vkeys: Vec<VerifierKey>) -> Result<Self, IdentityError> {
        if let Some(other) = vkeys.iter().find(|key| key.name().as_str() != origin) {
            return Err(IdentityError::Key { origin: origin.to_owned(), found: other.to_string() });
        }
        let Some(first) = vkeys.first() else { return Err(IdentityError::Keys("none".to_owned())) };
        if let Some(twice) =
            (1..vkeys.len()).find_map(|i| vkeys.get(i).filter(|key| vkeys.iter().take(i).any(|k| k == *key)))
        {
            return Err(IdentityError::Keys(format!("`{twice}` twice")));
        }
        let expected = LedgerId::derive(origin, &first.to_string());
        if expected != ledger {
            return Err(IdentityError::Ledger { expected, found: ledger });
        }
        Ok(Self { ledger, vkeys })
    }

    /// Reads `oretrail.toml`.
    ///
    /// # Errors
    /// Unknown members, another format, keys that are none, an id that does not follow from them.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let raw: Raw =
            toml::from_str(text).map_err(|error| IdentityError::Syntax(error.to_string().trim().to_owned()))?;
        if raw.format != FORMAT {
            return Err(IdentityError::Format(raw.format));
        }
        let key = |text: &String| {
            text.parse()
                .map_err(|_| IdentityError::Key { origin: raw.origin.clone(), found: text.chars().take(80).collect() })
        };
        let vkeys = raw.vkeys.iter().map(key).collect::<Result<_, _>>()?;
        Self::checked(&raw.origin, raw.ledger, vkeys)
    }

    /// The text of `oretrail.toml`.
    ///
    /// # Errors
    /// TOML cannot hold the text; it can hold every identity that [`Identity::parse`] accepts.
    pub fn format(&self) -> Result<String, IdentityError> {
        let vkeys = self.vkeys.iter().map(ToString::to_string).collect();
        let raw = Raw { format: FORMAT, origin: self.origin().to_owned(), ledger: self.ledger, vkeys };
        toml::to_string(&raw).map_err(|error| IdentityError::Syntax(error.to_string()))
    }

    /// Turns a checkpoint into a verified one, if one of the ledger's keys signed it.
    ///
    /// Does not establish that this key was the one in charge at that size: `verify` does, by the `ledger` events.
    ///
    /// # Errors
    /// No key of the ledger signed it; the error is that for the newest key.
    pub fn verify(&self, checkpoint: &SignedCheckpoint) -> Result<VerifiedCheckpoint, CheckpointError> {
        let no_key = CheckpointError::Origin(String::new());
        let mut first_error = None;
        for key in self.vkeys.iter().rev() {
            match checkpoint.clone().verify(key) {
                Ok(verified) => return Ok(verified),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or(no_key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::vkey::KeyKind;
    use crate::value::PublicKey;

    fn key(name: &str, seed: u8) -> VerifierKey {
        let signing = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
        VerifierKey::new(name.parse().unwrap(), KeyKind::Note, PublicKey::from(&signing))
    }

    #[test]
    fn identity_reads_back_also_after_a_rotation() {
        let first = Identity::new(key("mine.example/log", 1));
        let rotated = first.with_key(key("mine.example/log", 2)).unwrap();
        for identity in [&first, &rotated] {
            assert_eq!(Identity::parse(&identity.format().unwrap()).as_ref(), Ok(identity));
        }
        assert_eq!(rotated.ledger(), first.ledger());
    }

    #[test]
    fn foreign_members_versions_keys_and_ids_are_refused() {
        let text = Identity::new(key("mine.example/log", 1)).format().unwrap();
        let other = key("other.example", 1).to_string();
        let other_id = "ledger = \"".to_owned() + &"0".repeat(64) + "\"";
        let id = text.lines().find(|line| line.starts_with("ledger")).unwrap();
        let cases = [
            (text.clone() + "extra = 1\n", "unknown field"),
            (text.replace("format = 1", "format = 2"), "expected format 1, found 2"),
            (text.replace(&key("mine.example/log", 1).to_string(), &other), "expected a verifier key named"),
            (text.replace("vkeys = [", "vkeys = [\"x\", "), "expected a verifier key named"),
            (
                text.lines().filter(|l| !l.starts_with("vkeys")).collect::<Vec<_>>().join("\n") + "\nvkeys = []",
                "found none",
            ),
            (text.replace(id, &other_id), "expected ledger id"),
        ];
        for (text, part) in cases {
            let error = Identity::parse(&text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        let identity = Identity::new(key("mine.example/log", 1));
        assert!(identity.with_key(key("mine.example/log", 1)).unwrap_err().to_string().contains("twice"));
        assert!(identity.with_key(key("other.example", 2)).is_err());
    }
}
