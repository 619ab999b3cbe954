//! Judgements on a lot: an auditor's `summary`, a buyer's `decision`. Format version 0 until the code that judges them exists.

use super::kind::Kind;
use super::leaves::{Place, SdDigest, leaves};
use super::reference::{Reference, References, Target};
use super::shape::{Shape, ShapeError};
use super::{BodyKind, Leaves};
use crate::value::closed_enum::closed_enum;
use crate::value::{Blake3, Date, LotId, PartyId, Sha256, Text, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

closed_enum!(
    /// The answer to a question about a lot.
    Verdict, "a verdict", {
        Confirmed = "CONFIRMED", "shown by evidence at the level asked for";
        Contradicted = "CONTRADICTED", "evidence shows the opposite";
        Unproven = "UNPROVEN", "neither shown nor refuted";
        Exempt = "EXEMPT", "an exception applies";
        NotApplicable = "NOT APPLICABLE", "the question does not apply";
    }
);

impl Verdict {
    /// Several verdicts as one: contradicted beats unproven beats not applicable beats the rest; none where there is none.
    pub fn worst(verdicts: impl IntoIterator<Item = Self>) -> Option<Self> {
        verdicts.into_iter().max_by_key(|verdict| verdict.weight())
    }

    /// How much it weighs among others.
    #[must_use]
    pub const fn weight(self) -> u8 {
        match self {
            Self::Contradicted => 4,
            Self::Unproven => 3,
            Self::NotApplicable => 2,
            Self::Exempt => 1,
            Self::Confirmed => 0,
        }
    }
}

/// A policy pack, by id and content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyRef {
    /// Id of the pack.
    pub id: Text,
    /// BLAKE3 of its file.
    pub blake3: Blake3,
}

/// One rule and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleVerdict {
    /// The rule, as its pack names it.
    pub rule: Text,
    /// What came of it.
    pub verdict: Verdict,
}

/// An auditor's signed summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// The lot.
    pub lot: LotId,
    /// The policy judged by.
    pub policy: PolicyRef,
    /// Delivery date judged for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Date>,
    /// Rules settled.
    pub verdicts: Vec<RuleVerdict>,
    /// Checks done, in words of the report.
    pub checks: Vec<Text>,
    /// Number of leaves below `upstream_root`.
    pub upstream_count: u64,
    /// RFC 6962 root over the sorted ids of the custody events upstream of the lot and the statements on them.
    pub upstream_root: Sha256,
    /// The person responsible.
    #[serde(default, skip_serializing)]
    pub person: Option<Text>,
    /// Digests of leaves that are not shown.
    #[serde(
        rename = "_sd",
        default,
        deserialize_with = "super::leaves::present",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub hidden: Vec<SdDigest>,
}

leaves!(Summary { person: optional });

impl BodyKind for Summary {
    const KIND: Kind = Kind::Summary;

    fn visit_leaves(&mut self, visit: &mut dyn FnMut(Place, &mut dyn Leaves)) {
        visit(Place::Body, self);
    }
}

impl References for Summary {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        visit(Reference::subject("lot", Target::Lot(self.lot)));
    }
}

impl Shape for Summary {
    fn check_shape(&self) -> Result<(), ShapeError> {
        ShapeError::count("verdicts", self.verdicts.len(), 1, 128)?;
        ShapeError::count("checks", self.checks.len(), 1, 128)
    }
}

closed_enum!(
    /// What a buyer decides.
    Decided, "a decision", {
        Accept = "accept", "takes delivery";
        Reject = "reject", "refuses delivery";
        Hold = "hold", "waits for evidence";
    }
);

/// A policy that a decision stands on, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JudgedPolicy {
    /// The pack.
    pub policy: PolicyRef,
    /// The computed verdict.
    pub verdict: Verdict,
    /// Parameters that the verifier gave, as `name=value`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Text>,
}

/// An exception that applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppliedException {
    /// Id of the pack that has it.
    pub policy: Text,
    /// Its kind, as the pack names it.
    pub kind: Text,
    /// BLAKE3 of the exception file; absent where the lineage alone shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blake3: Option<Blake3>,
}

/// A buyer's decision on a lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The lot.
    pub lot: LotId,
    /// What was decided.
    pub decided: Decided,
    /// The computed verdict decided upon, of all that was asked.
    pub verdict: Verdict,
    /// The moment of judgement: what was recorded later was not known.
    pub as_of: Time,
    /// Policies judged by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<JudgedPolicy>,
    /// Delivery date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Date>,
    /// BLAKE3 of the bundle verified.
    pub bundle: Blake3,
    /// BLAKE3 of the trust file.
    pub trust: Blake3,
    /// The second approver, who cosigns with purpose `second-approver`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_approver: Option<PartyId>,
    /// Contract number.
    #[serde(default, skip_serializing)]
    pub contract: Option<Text>,
    /// Clause of the contract, with its edition.
    #[serde(default, skip_serializing)]
    pub clause: Option<Text>,
    /// Exceptions that applied.
    #[serde(default, skip_serializing)]
    pub exceptions: Option<Vec<AppliedException>>,
    /// Reason.
    #[serde(default, skip_serializing)]
    pub reason: Option<Text>,
    /// The person who decided.
    #[serde(default, skip_serializing)]
    pub person: Option<Text>,
    /// Digests of leaves that are not shown.
    #[serde(
        rename = "_sd",
        default,
        deserialize_with = "super::leaves::present",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub hidden: Vec<SdDigest>,
}

leaves!(Decision { contract: optional, clause: optional, exceptions: optional, reason: optional, person: optional });

impl BodyKind for Decision {
    const KIND: Kind = Kind::Decision;

    fn visit_leaves(&mut self, visit: &mut dyn FnMut(Place, &mut dyn Leaves)) {
        visit(Place::Body, self);
    }
}

impl References for Decision {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        visit(Reference::subject("lot", Target::Lot(self.lot)));
        if let Some(approver) = self.second_approver {
            visit(Reference::mention("second_approver", Target::Party(approver)));
        }
    }
}

impl Shape for Decision {
    fn check_shape(&self) -> Result<(), ShapeError> {
        ShapeError::count("policies", self.policies.len(), 0, 16)?;
        for judged in &self.policies {
            ShapeError::count("parameters", judged.parameters.len(), 0, 16)?;
        }
        self.exceptions.as_ref().map_or(Ok(()), |all| ShapeError::count("exceptions", all.len(), 1, 16))
    }
}
