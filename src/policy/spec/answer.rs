//! What checking a lineage by a specification comes to, as a value.

use super::{DecisionRule, Spec};
use crate::event::{AssayStatus, Method, Verdict};
use crate::finding::Reason;
use crate::policy::weigh::Decision;
use crate::value::{Blake3, EventId, LotId, PartyId, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A specification, by id and content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpecRef {
    /// Its id.
    pub id: Text,
    /// BLAKE3 of its file.
    pub blake3: Blake3,
}

/// What one assay says of a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// The assay.
    pub assay: EventId,
    /// Who made it.
    pub by: PartyId,
    /// Its standing.
    pub status: AssayStatus,
    /// The method.
    pub method: Method,
    /// The value with its unit, on the basis of the limit.
    pub value: String,
    /// Its expanded uncertainty (k = 2), where stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertainty: Option<String>,
    /// Whether it was converted to the basis of the limit by a total of the same assay.
    pub converted: bool,
    /// Whether the laboratory is accredited for it by somebody trusted.
    pub accredited: bool,
    /// Whether it meets the limit by the decision rule; absent where that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meets: Option<bool>,
}

/// The answer to one limit for one lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitAnswer {
    /// The limit, in words.
    pub limit: String,
    /// The answer.
    pub verdict: Verdict,
    /// Every value at hand, side by side.
    pub values: Vec<Value>,
    /// Why.
    pub why: Vec<Reason>,
    /// What would prove it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needed: Vec<String>,
}

/// The answer for one lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpecLot {
    /// The lot.
    pub lot: LotId,
    /// Dispatches and receipts of it; none for a lot that was not handed on.
    pub hand_offs: Vec<EventId>,
    /// The answer.
    pub verdict: Verdict,
    /// Limit by limit.
    pub limits: Vec<LimitAnswer>,
    /// What review found on the assays: certificates with members missing, values that disagree or cannot be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Reason>,
}

/// The answer to a specification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpecAnswer {
    /// The specification.
    pub spec: SpecRef,
    /// Its title.
    pub title: String,
    /// Where it comes from.
    pub source: String,
    /// How values were held against limits.
    pub decision_rule: DecisionRule,
    /// The answer.
    pub verdict: Verdict,
    /// The lots it applies to, in the order they were made.
    pub lots: Vec<SpecLot>,
    /// Why, apart from the lots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<Reason>,
    /// What would prove it, apart from the lots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needed: Vec<String>,
}

impl SpecAnswer {
    /// The answer where no lot can be looked at.
    #[must_use]
    pub fn undecided(spec: &Spec, decision: Decision) -> Self {
        let Decision { verdict, why, needed } = decision;
        Self {
            spec: spec.reference(),
            title: spec.file.title.to_string(),
            source: spec.file.source.to_string(),
            decision_rule: spec.file.decision_rule,
            verdict,
            lots: Vec::new(),
            why,
            needed,
        }
    }
}
