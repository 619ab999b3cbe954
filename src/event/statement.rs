//! Statements: they name lots or events and never move them. `claim`, `title`, `attach`, `correct`.

use super::claim::Statement;
use super::kind::Kind;
use super::leaves::{Place, SdDigest, leaves};
use super::material::visit_items;
use super::reference::{Reference, References, Target};
use super::shape::{Shape, ShapeError};
use super::{BodyKind, Leaves};
use crate::value::closed_enum::closed_enum;
use crate::value::{EventId, LotId, PartyId, Text, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most countries that a claim lists; there are fewer.
const MAX_COUNTRIES: usize = 256;

/// Makes a testable statement about a lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The lot.
    pub lot: LotId,
    /// The statement.
    pub claim: Statement,
}

impl BodyKind for Claim {
    const KIND: Kind = Kind::Claim;

    fn visit_leaves(&mut self, _: &mut dyn FnMut(Place, &mut dyn Leaves)) {}
}

impl References for Claim {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        visit(Reference::subject("lot", Target::Lot(self.lot)));
        if let Statement::Facility { facility, .. } = &self.claim {
            visit(Reference::mention("claim.facility", Target::Facility(*facility)));
        }
    }
}

impl Shape for Claim {
    fn check_shape(&self) -> Result<(), ShapeError> {
        let given =
            |stage: &Option<_>, process: &Option<_>| usize::from(stage.is_some()) + usize::from(process.is_some());
        let countries = match &self.claim {
            Statement::Origin { countries, .. } => countries,
            Statement::ProcessedIn { stage, process, countries } => {
                ShapeError::count("claim.stage, claim.process", given(stage, process), 1, 1)?;
                countries
            }
            Statement::NotProcessedIn { stage, process, countries } => {
                ShapeError::count("claim.stage, claim.process", given(stage, process), 0, 1)?;
                countries
            }
            _ => return Ok(()),
        };
        ShapeError::count("claim.countries", countries.len(), 1, MAX_COUNTRIES)
    }
}

/// States who owns lots, apart from who holds them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// The lots.
    pub lots: Vec<LotId>,
    /// The new owner.
    pub owner: PartyId,
    /// Price and currency, in words.
    #[serde(default, skip_serializing)]
    pub price: Option<Text>,
    /// Digests of leaves that are not shown.
    #[serde(
        rename = "_sd",
        default,
        deserialize_with = "super::leaves::present",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub hidden: Vec<SdDigest>,
}

leaves!(Title { price: optional });

impl BodyKind for Title {
    const KIND: Kind = Kind::Title;

    fn visit_leaves(&mut self, visit: &mut dyn FnMut(Place, &mut dyn Leaves)) {
        visit(Place::Body, self);
    }
}

impl References for Title {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        for lot in &self.lots {
            visit(Reference::subject("lots[]", Target::Lot(*lot)));
        }
        visit(Reference::mention("owner", Target::Party(self.owner)));
    }
}

impl Shape for Title {
    fn check_shape(&self) -> Result<(), ShapeError> {
        ShapeError::count("lots", self.lots.len(), 1, super::MAX_HEADS)
    }
}

/// What documents are added to: exactly one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum AttachTarget {
    /// An event.
    Event(EventId),
    /// A lot.
    Lot(LotId),
}

/// Adds documents (the payload's `docs`) to an event or lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attach {
    /// To what.
    pub to: AttachTarget,
}

impl BodyKind for Attach {
    const KIND: Kind = Kind::Attach;

    fn visit_leaves(&mut self, _: &mut dyn FnMut(Place, &mut dyn Leaves)) {}
}

impl References for Attach {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        visit(match self.to {
            AttachTarget::Event(id) => Reference::subject("to.event", Target::Event(id)),
            AttachTarget::Lot(id) => Reference::subject("to.lot", Target::Lot(id)),
        });
    }
}

impl Shape for Attach {}

closed_enum!(
    /// What a correction does.
    CorrectAction, "a correction action", {
        Overlay = "overlay", "puts other values over the recorded ones";
        Withdraw = "withdraw", "withdraws the event";
    }
);

closed_enum!(
    /// Why something is corrected.
    CorrectReason, "a correction reason", {
        ClericalError = "clerical-error", "mistyped or transposed";
        Remeasured = "remeasured", "weighed or measured anew";
        Reassayed = "reassayed", "another assay replaces the first";
        InstrumentFault = "instrument-fault", "the instrument or method was at fault";
        DidNotOccur = "did-not-occur", "the event did not occur";
        Document = "document", "late or missing document";
    }
);

closed_enum!(
    /// Who found what is corrected.
    Finder, "a finder", {
        Issuer = "issuer", "the issuer itself";
        Counterparty = "counterparty", "the other party of a hand-off";
        Laboratory = "laboratory", "a laboratory";
        Auditor = "auditor", "an auditor";
        Authority = "authority", "an authority";
    }
);

/// One value put over a recorded leaf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The object, as a JSON pointer into the payload: empty for the payload, `/body`, or `/body/outputs/0`.
    pub object: String,
    /// The leaf of that object.
    pub leaf: String,
    /// The new value; of the leaf's own type.
    #[serde(default, skip_serializing)]
    pub value: Option<serde_json::Value>,
    /// Digests of leaves that are not shown.
    #[serde(
        rename = "_sd",
        default,
        deserialize_with = "super::leaves::present",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub hidden: Vec<SdDigest>,
}

leaves!(Change { value: required });

/// Overlays values of an event of the same issuer, or withdraws it; history stays visible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Correct {
    /// The event.
    pub target: EventId,
    /// What is done.
    pub action: CorrectAction,
    /// Why.
    pub reason: CorrectReason,
    /// Who found it.
    pub found_by: Finder,
    /// New values (overlay).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// When the event really happened (overlay of `at`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
}

impl BodyKind for Correct {
    const KIND: Kind = Kind::Correct;

    fn visit_leaves(&mut self, visit: &mut dyn FnMut(Place, &mut dyn Leaves)) {
        visit_items("changes", &mut self.changes, visit);
    }
}

impl References for Correct {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        visit(Reference::subject("target", Target::Event(self.target)));
    }
}

impl Shape for Correct {
    fn check_shape(&self) -> Result<(), ShapeError> {
        let overlay = self.action == CorrectAction::Overlay;
        let changes = !self.changes.is_empty() || self.at.is_some();
        ShapeError::presence("action", self.action.as_str(), "changes", changes, overlay)?;
        ShapeError::count("changes", self.changes.len(), 0, 128)
    }
}
