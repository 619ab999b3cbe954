//! Custody events at one place: `source`, `transform`, `split`, `blend`, `retire`.

use super::kind::Kind;
use super::leaves::{Place, SdDigest, leaves};
use super::material::{Head, Lot, PriorStep, visit_heads, visit_items, visit_owners};
use super::process::{LossKind, Process, SourceKind};
use super::reference::{Reference, References, Target};
use super::shape::{Shape, ShapeError, check_heads, check_outputs};
use super::{BodyKind, Leaves};
use crate::value::closed_enum::closed_enum;
use crate::value::{Element, EventId, FacilityId, MassDiff, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Material enters the ledger at a facility of its operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Where.
    pub facility: FacilityId,
    /// How it came here.
    pub source: SourceKind,
    /// Lots created.
    pub outputs: Vec<Lot>,
    /// What is known of the steps before; none for `mined`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prior: Vec<PriorStep>,
    /// The dispatch that brought it and was never answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispatch: Option<EventId>,
}

impl BodyKind for Source {
    const KIND: Kind = Kind::Source;

    fn visit_leaves(&mut self, visit: &mut dyn FnMut(Place, &mut dyn Leaves)) {
        visit_items("outputs", &mut self.outputs, visit);
        visit_items("prior", &mut self.prior, visit);
    }
}

impl References for Source {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        visit(Reference::mention("facility", Target::Facility(self.facility)));
        visit_owners(&self.outputs, visit);
        if let Some(dispatch) = self.dispatch {
            visit(Reference::subject("dispatch", Target::Event(dispatch)));
        }
    }
}

impl Shape for Source {
    fn check_shape(&self) -> Result<(), ShapeError> {
        check_outputs(&self.outputs, 1)?;
        ShapeError::count("prior", self.prior.len(), 0, 64)?;
        if self.source == SourceKind::Mined && !self.prior.is_empty() {
            return Err(ShapeError::new("prior", "not allowed with `source` = `mined`: nothing comes before the mine"));
        }
        Ok(())
    }
}

/// Mass that no output accounts for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    /// Where it went.
    pub kind: LossKind,
    /// How much, in kg; by difference where absent. A minus is a gain found at a stocktake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mass: Option<MassDiff>,
}

/// Input lots, wholly consumed, become output lots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transform {
    /// Where.
    pub facility: FacilityId,
    /// What was done, in order.
    pub processes: Vec<Process>,
    /// Lots consumed.
    pub inputs: Vec<Head>,
    /// Lots created.
    pub outputs: Vec<Lot>,
    /// Elements whose yield the operation is run for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Element>,
    /// Why more of an element comes out than measurably went in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain_reason: Option<Text>,
    /// Losses.
    #[serde(default, skip_serializing)]
    pub losses: Option<Vec<Loss>>,
    /// Batch, heat or campaign number.
    #[serde(default, skip_serializing)]
    pub batch: Option<Text>,
    /// Digests of leaves that are not shown.
    #[serde(
        rename = "_sd",
        default,
        deserialize_with = "super::leaves::present",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub hidden: Vec<SdDigest>,
}

leaves!(Transform { losses: optional, batch: optional });

impl BodyKind for Transform {
    const KIND: Kind = Kind::Transform;

    fn visit_leaves(&mut self, visit: &mut dyn FnMut(Place, &mut dyn Leaves)) {
        visit(Place::Body, self);
        visit_items("outputs", &mut self.outputs, visit);
    }
}

impl References for Transform {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        visit(Reference::mention("facility", Target::Facility(self.facility)));
        visit_heads(&self.inputs, "inputs[].lot", "inputs[].after", visit);
        visit_owners(&self.outputs, visit);
    }
}

impl Shape for Transform {
    fn check_shape(&self) -> Result<(), ShapeError> {
        ShapeError::count("processes", self.processes.len(), 1, 8)?;
        check_heads("inputs", &self.inputs)?;
        check_outputs(&self.outputs, 1)?;
        ShapeError::count("targets", self.targets.len(), 0, Element::ALL.len())
    }
}

/// One lot becomes several; their masses and the difference sum exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Where.
    pub facility: FacilityId,
    /// The lot consumed.
    pub input: Head,
    /// Lots created.
    pub outputs: Vec<Lot>,
    /// What the parts lack (or, with a minus, exceed) of the whole.
    #[serde(default, skip_serializing)]
    pub difference: Option<Loss>,
    /// Digests of leaves that are not shown.
    #[serde(
        rename = "_sd",
        default,
        deserialize_with = "super::leaves::present",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub hidden: Vec<SdDigest>,
}

leaves!(Split { difference: optional });

impl BodyKind for Split {
    const KIND: Kind = Kind::Split;

    fn visit_leaves(&mut self, visit: &mut dyn FnMut(Place, &mut dyn Leaves)) {
        visit(Place::Body, self);
        visit_items("outputs", &mut self.outputs, visit);
    }
}

impl References for Split {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        visit(Reference::mention("facility", Target::Facility(self.facility)));
        visit_heads(std::slice::from_ref(&self.input), "input.lot", "input.after", visit);
        visit_owners(&self.outputs, visit);
    }
}

impl Shape for Split {
    fn check_shape(&self) -> Result<(), ShapeError> {
        check_outputs(&self.outputs, 1)?;
        match &self.difference {
            Some(Loss { mass: None, .. }) => Err(ShapeError::new("difference.mass", "required in a split")),
            _ => Ok(()),
        }
    }
}

/// Several lots become one, whose composition is the mass-weighted mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Blend {
    /// Where.
    pub facility: FacilityId,
    /// Lots consumed.
    pub inputs: Vec<Head>,
    /// The lot created: exactly one.
    pub outputs: Vec<Lot>,
}

impl BodyKind for Blend {
    const KIND: Kind = Kind::Blend;

    fn visit_leaves(&mut self, visit: &mut dyn FnMut(Place, &mut dyn Leaves)) {
        visit_items("outputs", &mut self.outputs, visit);
    }
}

impl References for Blend {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        visit(Reference::mention("facility", Target::Facility(self.facility)));
        visit_heads(&self.inputs, "inputs[].lot", "inputs[].after", visit);
        visit_owners(&self.outputs, visit);
    }
}

impl Shape for Blend {
    fn check_shape(&self) -> Result<(), ShapeError> {
        check_heads("inputs", &self.inputs)?;
        ShapeError::count("outputs", self.outputs.len(), 1, 1)?;
        check_outputs(&self.outputs, 1)
    }
}

closed_enum!(
    /// Why lots leave the ledger.
    RetireReason, "a retirement reason", {
        BuiltIn = "built-in", "built into a product that is sold on";
        Destroyed = "destroyed", "destroyed or disposed of";
        Lost = "lost", "lost or stolen";
        SoldOutside = "sold-outside", "sold to somebody who does not record";
        Unanswered = "unanswered", "closes the books on a dispatch that nobody answered; the head is not spent";
    }
);

/// Lots leave the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retire {
    /// The lots; none for `unanswered`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<Head>,
    /// Why.
    pub reason: RetireReason,
    /// Where they were last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<FacilityId>,
    /// The dispatch given up (`unanswered`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispatch: Option<EventId>,
    /// The product they were built into, or who bought them.
    #[serde(default, skip_serializing)]
    pub product: Option<Text>,
    /// Digests of leaves that are not shown.
    #[serde(
        rename = "_sd",
        default,
        deserialize_with = "super::leaves::present",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub hidden: Vec<SdDigest>,
}

leaves!(Retire { product: optional });

impl BodyKind for Retire {
    const KIND: Kind = Kind::Retire;

    fn visit_leaves(&mut self, visit: &mut dyn FnMut(Place, &mut dyn Leaves)) {
        visit(Place::Body, self);
    }
}

impl References for Retire {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        visit_heads(&self.lots, "lots[].lot", "lots[].after", visit);
        if let Some(facility) = self.facility {
            visit(Reference::mention("facility", Target::Facility(facility)));
        }
        if let Some(dispatch) = self.dispatch {
            visit(Reference::subject("dispatch", Target::Event(dispatch)));
        }
    }
}

impl Shape for Retire {
    fn check_shape(&self) -> Result<(), ShapeError> {
        let unanswered = self.reason == RetireReason::Unanswered;
        ShapeError::presence("reason", self.reason.as_str(), "dispatch", self.dispatch.is_some(), unanswered)?;
        ShapeError::presence("reason", self.reason.as_str(), "lots", !self.lots.is_empty(), !unanswered)?;
        if unanswered { Ok(()) } else { check_heads("lots", &self.lots) }
    }
}
