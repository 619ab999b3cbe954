//! The report: one value that says what was found, rendered as text, JSON or HTML elsewhere.
//!
//! It has four axes, never merged: *integrity* (signatures, links, tree), *completeness* (holes, withheld, undecided,
//! unanswered), *status* (corrected, revoked, tainted, and every other rule that an event breaks), *verdicts* (answers to
//! questions). What was not checked is listed with the reason. Format version 0.

use crate::event::{DocumentKind, Form, Verdict};
use crate::finding::{Code, Family, Finding, Reason, Severity};
use crate::policy::evaluate::answer::PolicyAnswer;
use crate::policy::spec::SpecAnswer;
use crate::value::closed_enum::closed_enum;
use crate::value::{Blake3, EventId, FacilityId, LedgerId, LotId, PartyId, Sha256, Text, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// The version of the report's form.
pub const REPORT_VERSION: u8 = 0;

closed_enum!(
    /// Where the subject is.
    Condition, "a condition of a lot", {
        Held = "held", "with its holder";
        InTransit = "in-transit", "under way to its consignee";
        Spent = "spent", "used up, split, retired or divided";
        Elsewhere = "elsewhere", "accepted in another ledger";
        Unknown = "unknown", "not known from the evidence";
    }
);

closed_enum!(
    /// A question asked of the evidence.
    Question, "a question", {
        Integrity = "integrity", "Is the evidence what was signed and recorded?";
        Completeness = "completeness", "Is nothing left out that could change the answer?";
        Custody = "custody", "Was the lot, and all it was made from, held and handed on without break or contradiction?";
        Accredited = "accredited", "Does somebody trusted vouch for the identity and site of every step?";
    }
);

/// The lot asked about, as the evidence leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectReport {
    /// The lot.
    pub lot: LotId,
    /// Where it is.
    pub condition: Condition,
    /// What it consists of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// Who holds it; in transit, still the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<PartyId>,
    /// Who owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<PartyId>,
    /// Where it is, or left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<FacilityId>,
    /// The custody event that last moved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<EventId>,
    /// To whom it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consignee: Option<PartyId>,
}

/// A ledger that the evidence comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerReport {
    /// The ledger.
    pub ledger: LedgerId,
    /// The origin of its checkpoints.
    pub origin: String,
    /// Who operates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<PartyId>,
    /// Size judged at.
    pub size: u64,
    /// Root at that size.
    pub root: Sha256,
    /// How many of its entries are at hand.
    pub entries: u64,
    /// When the last entry at hand was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_until: Option<Time>,
    /// Whether the verifier trusts the ledger.
    pub trusted: bool,
    /// Whether all entries were read, or a completeness statement covers those that matter.
    pub complete: bool,
    /// The size up to which statements cover everything that matters, where that is below `size`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered_at: Option<u64>,
    /// Whether the log's key signed that statement.
    #[serde(default)]
    pub stated_by_log: bool,
    /// Auditors of the trust file who signed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stated_by: Vec<PartyId>,
}

/// A document that events at hand name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentReport {
    /// BLAKE3 of its bytes.
    pub blake3: Blake3,
    /// What it is.
    pub kind: DocumentKind,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Text>,
    /// Media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<Text>,
    /// Size in bytes, as stated.
    pub bytes: u64,
    /// The events that name it.
    pub events: Vec<EventId>,
    /// Whether its bytes are at hand, and have the digests stated.
    pub present: bool,
}

/// The bundle that was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BundleReport {
    /// BLAKE3 of the file.
    pub blake3: Blake3,
    /// Who exported it.
    pub by: PartyId,
    /// For whom.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<PartyId>,
    /// When, by the exporter's word.
    pub created: Time,
}

/// First axis: is the evidence what was signed and recorded?
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Integrity {
    /// Entries read.
    pub entries: u64,
    /// Signatures of events that verified.
    pub signatures: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// Values of an object of an event that are not at hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withheld {
    /// The event.
    pub event: EventId,
    /// The object, as a JSON pointer into the payload; empty for the payload.
    pub object: String,
    /// How many of its values are withheld.
    pub count: u64,
    /// Their names as far as they are known: those that every such object has.
    pub leaves: Vec<String>,
}

/// Second axis: is anything left out?
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Completeness {
    /// Events declared to be left out.
    pub holes: Vec<EventId>,
    /// Values not at hand.
    pub withheld: Vec<Withheld>,
    /// What would have been found if nothing were missing.
    pub undecided: Vec<Finding>,
    /// Dispatches of the lineage that nobody answered.
    pub unanswered: Vec<EventId>,
    /// What is missing, or nobody vouches for.
    pub findings: Vec<Finding>,
}

/// Third axis: how do the events stand?
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Corrected, revoked, tainted; every rule of custody, place, mass, time and evidence that an event breaks.
    pub findings: Vec<Finding>,
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The question.
    pub question: Question,
    /// The answer.
    pub verdict: Verdict,
    /// Why.
    pub why: Vec<Reason>,
    /// What would prove it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needed: Vec<String>,
}

/// The answer to a claim about the lot, or about one that it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimAnswer {
    /// The claim in its one-line form.
    pub claim: String,
    /// The lot that it is about.
    pub lot: LotId,
    /// The event that makes it; absent where the verifier asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// Who makes it; absent where the verifier asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PartyId>,
    /// Whether it counts for the overall verdict: what the verifier asks does; of what is on record, what is contradicted
    /// and was claimed by somebody who made, held or moved the lot.
    pub counts: bool,
    /// The answer.
    pub verdict: Verdict,
    /// Why.
    pub why: Vec<Reason>,
    /// What would prove it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needed: Vec<String>,
}

/// One check, done or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What it is about.
    pub name: String,
    /// Whether it was done.
    pub done: bool,
    /// How far, or why not.
    pub note: String,
}

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The version of this form.
    pub v: u8,
    /// The moment of judgement: later knowledge does not count.
    pub as_of: Time,
    /// The lot.
    pub subject: SubjectReport,
    /// The recipient asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<PartyId>,
    /// The bundle, where one was verified; absent where the evidence was gathered from a ledger at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<BundleReport>,
    /// The ledgers that the evidence comes from.
    pub ledgers: Vec<LedgerReport>,
    /// Events that made or moved the lot and what it was made from, each after those it builds on.
    pub lineage: Vec<EventId>,
    /// First axis.
    pub integrity: Integrity,
    /// Second axis.
    pub completeness: Completeness,
    /// Third axis.
    pub status: Status,
    /// Fourth axis.
    pub verdicts: Vec<Answer>,
    /// Fourth axis: claims, those asked about first, then those on record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimAnswer>,
    /// Fourth axis: specifications asked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub specs: Vec<SpecAnswer>,
    /// Fourth axis, where policies were asked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<PolicyAnswer>,
    /// Documents that events at hand name, in ascending order of their digests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<DocumentReport>,
    /// What was checked and what was not.
    pub checks: Vec<Check>,
}

/// Several verdicts as one: contradicted beats unproven beats not applicable beats the rest.
#[must_use]
pub fn combine(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    Verdict::worst(verdicts).unwrap_or(Verdict::Unproven)
}

impl Report {
    /// All answers as one verdict; unproven where nothing was asked.
    ///
    /// Where a policy was asked about, it says which places must be evidenced how well: that somebody vouches for every
    /// step is then no question of its own.
    #[must_use]
    pub fn overall(&self) -> Verdict {
        let is_asked = |answer: &&Answer| self.policies.is_empty() || answer.question != Question::Accredited;
        let answers = self.verdicts.iter().filter(is_asked).map(|answer| answer.verdict);
        let claims = self.claims.iter().filter(|claim| claim.counts).map(|claim| claim.verdict);
        let specs = self.specs.iter().map(|spec| spec.verdict);
        let policies = self.policies.iter().map(|answer| answer.verdict);
        combine(answers.chain(policies).chain(claims).chain(specs))
    }

    /// Every finding of the first three axes; what is undecided is not among them.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.integrity.findings.iter().chain(&self.completeness.findings).chain(&self.status.findings)
    }

    /// Whether no rule is found broken on any axis.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings().all(|finding| finding.severity() != Severity::Breach)
    }

    /// Puts findings on the axes they belong to, each once.
    pub fn sort_in(&mut self, findings: impl IntoIterator<Item = Finding>) {
        let mut seen: HashSet<Finding> = self.findings().cloned().collect();
        for finding in findings {
            if seen.insert(finding.clone()) {
                self.axis(finding.code).push(finding);
            }
        }
    }

    fn axis(&mut self, code: Code) -> &mut Vec<Finding> {
        match (code, code.family()) {
            (Code::BundleHole | Code::BundleIncomplete | Code::OmittedReference | Code::UntrustedLedger, _) => {
                &mut self.completeness.findings
            }
            (_, Family::Chain | Family::Bundle) => &mut self.integrity.findings,
            _ => &mut self.status.findings,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradicted_beats_unproven_beats_the_rest() {
        use Verdict as V;
        assert_eq!(combine([V::Confirmed, V::Unproven, V::Contradicted]), V::Contradicted);
        assert_eq!(combine([V::Confirmed, V::Unproven, V::Exempt]), V::Unproven);
        assert_eq!(combine([V::Confirmed, V::NotApplicable]), V::NotApplicable);
        assert_eq!(combine([V::Confirmed, V::Exempt]), V::Exempt);
        assert_eq!(combine([V::Confirmed, V::Confirmed]), V::Confirmed);
        assert_eq!(combine([]), V::Unproven);
    }
}
