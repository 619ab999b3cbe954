//! What judging a lot by a policy comes to, as a value.

use crate::event::{PolicyRef, Process, Verdict};
use crate::finding::{Code, Reason};
use crate::policy::pack::{ExceptionKind, ParameterName};
use crate::value::closed_enum::closed_enum;
use crate::value::{Blake3, Country, Date, Element, EventId, FacilityId, Fraction, LotId, PartyId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

closed_enum!(
    /// What a verdict rests on.
    VerdictBasis, "a basis of a verdict", {
        Lineage = "lineage", "the recorded steps with their evidence";
        Documents = "documents", "recorded steps, and third parties' documents on steps before the material entered a ledger";
        Summary = "summary", "a trusted auditor's signed summary";
        Exception = "exception", "an exception";
    }
);

closed_enum!(
    /// What a share is a share of an element of.
    ShareOf, "a kind of share", {
        Forbidden = "forbidden", "came through a forbidden country";
        Unproven = "unproven", "came a way that is not proven";
        Recycled = "recycled", "was recovered from waste of the kind asked for";
    }
);

/// How much of an element, by mass, as an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareAnswer {
    /// The element.
    pub element: Element,
    /// What about it.
    pub what: ShareOf,
    /// At least this share.
    pub least: Fraction,
    /// At most this share.
    pub most: Fraction,
}

/// A step, or a lot of unknown origin, that fails a rule or leaves it open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Failing {
    /// CONTRADICTED or UNPROVEN.
    pub verdict: Verdict,
    /// The event.
    pub event: EventId,
    /// Lots of the lineage that it made; of unknown origin, that lot.
    pub lots: Vec<LotId>,
    /// Elements that came through it.
    pub elements: Vec<Element>,
    /// What was done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<Process>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<FacilityId>,
    /// In which country, as declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// How many steps before the lot, on the shortest path; 0 is the step that made it.
    pub steps_back: u32,
    /// In a sentence.
    pub text: String,
    /// The code of the finding, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// What would prove it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needed: Vec<String>,
}

/// The answer to one rule of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleAnswer {
    /// The rule: a bucket of the pack, `custody-model`, `complete`, `integrity` or `recycled`.
    pub rule: String,
    /// The answer.
    pub verdict: Verdict,
    /// What it rests on.
    pub basis: VerdictBasis,
    /// Why.
    pub why: Vec<Reason>,
    /// Every step that fails or leaves it open, shortest path from the lot first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<Failing>,
    /// Shares, where a limit was tested or material is not covered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<ShareAnswer>,
    /// What would prove it, beside what failing steps need.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needed: Vec<String>,
}

/// An exception that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionAnswer {
    /// The kind.
    pub kind: ExceptionKind,
    /// Where the rule says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// Whether it applies.
    pub applies: bool,
    /// Why, or why not.
    pub why: Vec<Reason>,
    /// Who signed for the facts of the purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PartyId>,
    /// BLAKE3 of the signed file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blake3: Option<Blake3>,
}

/// What the same lot would come to in the range after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NextAnswer {
    /// The range.
    pub range: String,
    /// Its first day.
    pub from: Date,
    /// The verdict then.
    pub verdict: Verdict,
    /// The rules that are not met then.
    pub rules: Vec<String>,
    /// The first reasons.
    pub why: Vec<Reason>,
}

/// A lot judged by a policy pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyAnswer {
    /// The pack.
    pub policy: PolicyRef,
    /// Its title.
    pub title: String,
    /// The answer.
    pub verdict: Verdict,
    /// What it rests on.
    pub basis: VerdictBasis,
    /// Delivery date judged for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Date>,
    /// The range that the delivery date chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// Families that the lot belongs to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub families: Vec<String>,
    /// Elements that counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elements: Vec<Element>,
    /// Elements that counted as well: the lot neither lists them nor says that it holds none, and what it was made from may
    /// have brought them in, or the policy names them. What is not shown of them is unproven.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unlisted: Vec<Element>,
    /// Parameters in force.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<ParameterName, String>,
    /// Why, in short.
    pub why: Vec<Reason>,
    /// The rules, each with its answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleAnswer>,
    /// Exceptions looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<ExceptionAnswer>,
    /// What would prove it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needed: Vec<String>,
    /// What is worth knowing and decides nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Reason>,
    /// The range after, where the lot would fail in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextAnswer>,
    /// That the pack is no legal advice, and what else it says of itself.
    pub notices: Vec<String>,
}
