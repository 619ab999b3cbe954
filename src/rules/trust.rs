//! Whom a verifier trusts for what: the trust file (`trust.toml` or JSON, version 0).
//!
//! Trust is an argument, never a property of what is verified: nothing in a bundle or ledger adds to it. Every list may
//! be left out; without a file nobody is trusted ([`Trust::nobody`]), and nothing that needs trust is confirmed.
//!
//! In scope: the file's form, and look-ups in it. Not in scope: whether an accreditation by a trusted authority covers a
//! step (`accreditation`), whether a checkpoint or a witness's cosignature is valid (`tlog`).
//!
//! ```toml
//! version = 0
//! greatest_checkpoint_age_days = 30
//!
//! [[ledgers]]
//! id = "6f1b…"                     # 64 hex digits
//! vkey = "log.example+1a2b3c4d+…"  # without it, the key comes from the ledger event of an operator of trusted identity
//!
//! [[groups]]                       # members are related: they do not vouch for each other
//! name = "Example Holding"
//! parties = ["0a1b…", "2c3d…"]
//!
//! [[authorities]]
//! party = "4e5f…"
//! schemes = ["site-location", "party-identity"]
//! countries = ["US", "MY"]         # anywhere where absent
//!
//! [bad]
//! events = ["90ab…"]
//! ```

use crate::event::{Method, Process, Scheme};
use crate::tlog::policy::Policy;
use crate::tlog::vkey::VerifierKey;
use crate::value::{Analyte, Country, Date, EventId, FacilityId, KeyId, LedgerId, PartyId, PublicKey, Sha256, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

mod read;

pub use read::TrustError;

/// The largest trust file, in bytes.
pub const MAX_TRUST: usize = 16 << 20;

/// The version of the file: 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrustVersion;

/// A ledger whose log key is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustedLedger {
    /// The ledger.
    pub id: LedgerId,
    /// Its log key (C2SP signed-note vkey); through the trusted identity of its operator where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vkey: Option<Text>,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
}

/// A state of a ledger that the verifier has seen before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnownCheckpoint {
    /// The ledger.
    pub ledger: LedgerId,
    /// Its size then.
    pub size: u64,
    /// Its root then.
    pub root: Sha256,
}

/// Related parties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// A name for people.
    pub name: Text,
    /// Its members.
    pub parties: Vec<PartyId>,
}

/// A party whose accreditations count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// The party.
    pub party: PartyId,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// What it may vouch for.
    pub schemes: Vec<Scheme>,
    /// In which countries; anywhere where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<Country>,
    /// For which processes; any where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<Process>,
    /// A key event that its key chain must hold, so that a bundle cannot leave out a revocation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least_key_head: Option<EventId>,
}

/// A laboratory that is trusted without an accreditation on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Laboratory {
    /// The party.
    pub party: PartyId,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// For which methods; any where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<Method>,
    /// For which analytes; any where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub analytes: Vec<Analyte>,
}

/// A party whose summaries and completeness statements count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Auditor {
    /// The party.
    pub party: PartyId,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// For which ledgers its completeness statements count; for any where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ledgers: Vec<LedgerId>,
    /// Its public keys, beside those registered in the evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<PublicKey>,
}

/// A party whose word on the facts of its own purchases counts: exception files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Buyer {
    /// The party.
    pub party: PartyId,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Its public keys, beside those registered in the evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<PublicKey>,
}

/// Ids known bad: what they name counts for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bad {
    /// Events, and so the parties and facilities they register.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventId>,
    /// Keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyId>,
    /// Ledgers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ledgers: Vec<LedgerId>,
}

impl Bad {
    fn is_empty(&self) -> bool {
        self.events.is_empty() && self.keys.is_empty() && self.ledgers.is_empty()
    }
}

/// The end of life of a format version's cryptographic suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuiteEnd {
    /// The format version.
    pub version: u8,
    /// The last day on which its signatures count without an older pin.
    pub ends: Date,
}

/// A trust file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// The version of the file.
    pub version: TrustVersion,
    /// The greatest age of a checkpoint, in days before the moment of judgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greatest_checkpoint_age_days: Option<u32>,
    /// Witnesses and their quorum, as a C2SP tlog-policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witnesses: Option<String>,
    /// Ledgers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ledgers: Vec<TrustedLedger>,
    /// Checkpoints seen before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checkpoints: Vec<KnownCheckpoint>,
    /// Groups of related parties.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// Authorities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorities: Vec<Authority>,
    /// Laboratories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub laboratories: Vec<Laboratory>,
    /// Auditors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub auditors: Vec<Auditor>,
    /// Buyers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buyers: Vec<Buyer>,
    /// Ids known bad.
    #[serde(default, skip_serializing_if = "Bad::is_empty")]
    pub bad: Bad,
    /// Ends of life.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suites: Vec<SuiteEnd>,
}

impl Trust {
    /// The trust of somebody who has no trust file: nobody is trusted for anything.
    #[must_use]
    pub fn nobody() -> Self {
        Self::default()
    }

    /// Whether nobody is trusted to vouch for anything.
    #[must_use]
    pub fn vouches_for_nothing(&self) -> bool {
        self.authorities.is_empty() && self.laboratories.is_empty()
    }

    /// The entry of a ledger that is not known bad.
    #[must_use]
    pub fn ledger(&self, id: &LedgerId) -> Option<&TrustedLedger> {
        self.ledgers.iter().find(|ledger| ledger.id == *id && !self.bad.ledgers.contains(id))
    }

    /// Whether two parties are one, or of one group. A party without group is related to nobody else.
    #[must_use]
    pub fn are_related(&self, a: &PartyId, b: &PartyId) -> bool {
        a == b || self.groups.iter().any(|group| group.parties.contains(a) && group.parties.contains(b))
    }

    /// The name of the group of a party.
    #[must_use]
    pub fn group(&self, party: &PartyId) -> Option<&Text> {
        self.groups.iter().find(|group| group.parties.contains(party)).map(|group| &group.name)
    }

    /// The entry by which a party may vouch under a scheme, in a country, for a process.
    ///
    /// What is not known (`None`) is covered only by an entry without limit.
    #[must_use]
    pub fn authority(
        &self,
        party: &PartyId,
        scheme: Scheme,
        country: Option<Country>,
        process: Option<Process>,
    ) -> Option<&Authority> {
        let covers = |entry: &&Authority| {
            entry.party == *party
                && entry.schemes.contains(&scheme)
                && (entry.countries.is_empty() || country.is_some_and(|c| entry.countries.contains(&c)))
                && process.is_none_or(|p| entry.processes.is_empty() || entry.processes.contains(&p))
        };
        self.authorities.iter().find(covers).filter(|_| !self.is_bad_party(party))
    }

    /// The entry by which a laboratory is trusted for a method and all of these analytes.
    #[must_use]
    pub fn laboratory(&self, party: &PartyId, method: Method, analytes: &[Analyte]) -> Option<&Laboratory> {
        let covers = |entry: &&Laboratory| {
            entry.party == *party
                && (entry.methods.is_empty() || entry.methods.contains(&method))
                && (entry.analytes.is_empty() || analytes.iter().all(|analyte| entry.analytes.contains(analyte)))
        };
        self.laboratories.iter().find(covers).filter(|_| !self.is_bad_party(party))
    }

    /// Whether an auditor's word counts.
    #[must_use]
    pub fn is_auditor(&self, party: &PartyId) -> bool {
        self.auditors.iter().any(|auditor| auditor.party == *party) && !self.is_bad_party(party)
    }

    /// Whether an auditor's completeness statements for a ledger count.
    #[must_use]
    pub fn is_auditor_of(&self, party: &PartyId, ledger: &LedgerId) -> bool {
        let covers = |auditor: &Auditor| auditor.ledgers.is_empty() || auditor.ledgers.contains(ledger);
        self.auditors.iter().any(|auditor| auditor.party == *party && covers(auditor)) && !self.is_bad_party(party)
    }

    /// The keys that the file gives for an auditor.
    #[must_use]
    pub fn auditor_keys(&self, party: &PartyId) -> Vec<PublicKey> {
        self.auditors
            .iter()
            .filter(|auditor| auditor.party == *party)
            .flat_map(|auditor| &auditor.keys)
            .copied()
            .collect()
    }

    /// Whether an event is known bad.
    #[must_use]
    pub fn is_bad_event(&self, id: &EventId) -> bool {
        self.bad.events.contains(id)
    }

    /// Whether a party is known bad.
    #[must_use]
    pub fn is_bad_party(&self, id: &PartyId) -> bool {
        self.is_bad_event(&(*id).into())
    }

    /// Whether a facility is known bad.
    #[must_use]
    pub fn is_bad_facility(&self, id: &FacilityId) -> bool {
        self.is_bad_event(&(*id).into())
    }

    /// Whether a key is known bad.
    #[must_use]
    pub fn is_bad_key(&self, id: &KeyId) -> bool {
        self.bad.keys.contains(id)
    }

    /// The last day of a format version's suite.
    #[must_use]
    pub fn suite_ends(&self, version: u8) -> Option<Date> {
        self.suites.iter().find(|suite| suite.version == version).map(|suite| suite.ends)
    }

    /// The witness policy; the parser has checked that it is one.
    #[must_use]
    pub fn witness_policy(&self) -> Option<Policy> {
        Policy::parse(self.witnesses.as_ref()?.as_bytes()).ok()
    }
}

#[cfg(test)]
mod tests;
