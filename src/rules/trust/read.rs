//! Reading a trust file: TOML or JSON, strictly, with line and column.

use super::{BTreeSet, MAX_TRUST, Policy, Trust, TrustVersion, VerifierKey};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt::Display;

/// Why a file is no trust file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Not the form that was expected.
    #[error("line {line}, column {column}: {problem}")]
    Form {
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What was expected and found.
        problem: String,
    },
    /// Larger than [`MAX_TRUST`].
    #[error("expected a trust file of at most {MAX_TRUST} bytes, found {0}")]
    TooLarge(usize),
}

impl Trust {
    /// Reads a trust file; JSON where it begins with a brace, TOML otherwise.
    ///
    /// # Errors
    /// Not that form, an unknown member, another version, a key or witness policy that is none, an id that is named
    /// twice where that leaves open which entry counts.
    pub fn parse(text: &str) -> Result<Self, TrustError> {
        if text.len() > MAX_TRUST {
            return Err(TrustError::TooLarge(text.len()));
        }
        let trust = if text.trim_start().starts_with('{') { from_json(text)? } else { from_toml(text)? };
        trust.check(text)?;
        Ok(trust)
    }

    /// The file as TOML.
    ///
    /// # Errors
    /// None for any value of this type that a test has found; serialization is fallible by its signature.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    fn check(&self, text: &str) -> Result<(), TrustError> {
        let mut seen = BTreeSet::new();
        for ledger in &self.ledgers {
            if !seen.insert(ledger.id) {
                return Err(at(text, &ledger.id, format_args!("ledger {} is named twice", ledger.id)));
            }
            let Some(vkey) = &ledger.vkey else { continue };
            if let Err(error) = vkey.as_str().parse::<VerifierKey>() {
                return Err(at(text, vkey, format_args!("`vkey`: {error}")));
            }
        }
        let mut seen = BTreeSet::new();
        for party in self.groups.iter().flat_map(|group| &group.parties) {
            if !seen.insert(party) {
                return Err(at(text, party, format_args!("party {party} is in two groups")));
            }
        }
        if let Some(authority) = self.authorities.iter().find(|authority| authority.schemes.is_empty()) {
            return Err(at(text, &authority.party, "expected at least one of `schemes`, found none"));
        }
        let policy = self.witnesses.as_ref().map(|policy| Policy::parse(policy.as_bytes()));
        if let Some(Err(error)) = policy {
            return Err(at(text, &"witnesses", format_args!("`witnesses`: {error}")));
        }
        Ok(())
    }
}

/// A problem at the last place where a text occurs in the file.
fn at(text: &str, what: &dyn Display, problem: impl Display) -> TrustError {
    let (line, column) = position(text, text.rfind(&what.to_string()).unwrap_or(0));
    TrustError::Form { line, column, problem: problem.to_string() }
}

/// Line and column of a byte, each from 1.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
    (line, column)
}

fn from_toml(text: &str) -> Result<Trust, TrustError> {
    toml::from_str(text).map_err(|error| {
        let (line, column) = position(text, error.span().map_or(0, |span| span.start));
        TrustError::Form { line, column, problem: error.message().trim_end().to_owned() }
    })
}

fn from_json(text: &str) -> Result<Trust, TrustError> {
    serde_json::from_str(text).map_err(|error| {
        let all = error.to_string();
        let problem = all.split_once(" at line ").map_or(all.as_str(), |(problem, _)| problem).to_owned();
        TrustError::Form { line: error.line(), column: error.column(), problem }
    })
}

impl Serialize for TrustVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(0)
    }
}

impl<'de> Deserialize<'de> for TrustVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            0 => Ok(Self),
            other => Err(serde::de::Error::custom(format_args!("expected version 0, found {other}"))),
        }
    }
}

impl JsonSchema for TrustVersion {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TrustVersion".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "const": 0, "description": "version of the trust file" })
    }
}
