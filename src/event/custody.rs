//! Custody events: they advance the head of the lots they name.

use super::kind::Kind;
use super::leaves::{Place, SdDigest, leaves};
use super::logistics::{Customs, ExportLicence, Leg};
use super::material::{Head, Lot, Package, PriorStep, Quantity, visit_items};
use super::process::{Form, LossKind, Process, SourceKind};
use super::reference::{Reference, References, Target};
use super::shape::{Shape, ShapeError, check_heads, check_outputs};
use super::{BodyKind, Leaves};
use crate::value::closed_enum::closed_enum;
use crate::value::{Blake3, Element, EventId, FacilityId, LedgerId, LotId, MassDiff, PartyId, Sha256, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

fn visit_heads(heads: &[Head], lot: &'static str, after: &'static str, visit: &mut dyn FnMut(Reference)) {
    for head in heads {
        visit(Reference::subject(lot, Target::Lot(head.lot)));
        if head.after != head.lot.event {
            visit(Reference::subject(after, Target::Event(head.after)));
        }
    }
}

fn visit_owners(outputs: &[Lot], visit: &mut dyn FnMut(Reference)) {
    for owner in outputs.iter().filter_map(|lot| lot.owner) {
        visit(Reference::mention("outputs[].owner", Target::Party(owner)));
    }
}

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
    #[serde(rename = "_sd", default, skip_serializing_if = "Vec::is_empty")]
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
    #[serde(rename = "_sd", default, skip_serializing_if = "Vec::is_empty")]
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
    /// Why lots are dispatched.
    DispatchReason, "a dispatch reason", {
        Sale = "sale", "sold to the consignee";
        Toll = "toll", "for processing on the sender's or an owner's account";
        Storage = "storage", "to storage or transport in the sender's or an owner's name";
        Return = "return", "back to where it came from";
        Sample = "sample", "as a sample";
        Transfer = "transfer", "within one company";
    }
);

/// Lots leave for a named party and a named ledger; custody is in transit until answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dispatch {
    /// Lots sent.
    pub lots: Vec<Head>,
    /// From where.
    pub from: FacilityId,
    /// The consignee, who alone may answer.
    pub to: PartyId,
    /// To which of the consignee's facilities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_facility: Option<FacilityId>,
    /// The ledger in which the consignee answers.
    pub to_ledger: LedgerId,
    /// Why.
    pub reason: DispatchReason,
    /// The `receive` whose returned part goes home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<EventId>,
    /// Common id of the events of one shipment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment: Option<Text>,
    /// Legs of the journey.
    #[serde(default, skip_serializing)]
    pub legs: Option<Vec<Leg>>,
    /// Containers and seals.
    #[serde(default, skip_serializing)]
    pub packages: Option<Vec<Package>>,
    /// Customs declaration.
    #[serde(default, skip_serializing)]
    pub customs: Option<Customs>,
    /// Export licence.
    #[serde(default, skip_serializing)]
    pub licence: Option<ExportLicence>,
    /// Digests of leaves that are not shown.
    #[serde(rename = "_sd", default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<SdDigest>,
}

leaves!(Dispatch { legs: optional, packages: optional, customs: optional, licence: optional });

impl BodyKind for Dispatch {
    const KIND: Kind = Kind::Dispatch;

    fn visit_leaves(&mut self, visit: &mut dyn FnMut(Place, &mut dyn Leaves)) {
        visit(Place::Body, self);
    }
}

impl References for Dispatch {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        visit_heads(&self.lots, "lots[].lot", "lots[].after", visit);
        visit(Reference::mention("from", Target::Facility(self.from)));
        visit(Reference::mention("to", Target::Party(self.to)));
        if let Some(facility) = self.to_facility {
            visit(Reference::mention("to_facility", Target::Facility(facility)));
        }
        visit(Reference::mention("to_ledger", Target::Ledger(self.to_ledger)));
        if let Some(receive) = self.returns {
            visit(Reference::subject("returns", Target::Event(receive)));
        }
    }
}

impl Shape for Dispatch {
    fn check_shape(&self) -> Result<(), ShapeError> {
        check_heads("lots", &self.lots)
    }
}

closed_enum!(
    /// How the receiver answers for a lot.
    Outcome, "a receipt outcome", {
        Accepted = "accepted", "taken over";
        Rejected = "rejected", "refused: it stays the sender's";
        Partial = "partial", "part taken over, part goes home";
    }
);

/// One lot of a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivedLot {
    /// The lot.
    pub lot: LotId,
    /// Its head: the dispatch.
    pub after: EventId,
    /// How it is answered.
    pub outcome: Outcome,
    /// Why it is not wholly accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// Partial: number of the output that is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<u8>,
    /// Partial: number of the output that goes home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<u8>,
    /// The receiver's own weights.
    #[serde(default, skip_serializing)]
    pub quantity: Option<Quantity>,
    /// Packages and seals as found.
    #[serde(default, skip_serializing)]
    pub packages: Option<Vec<Package>>,
    /// Digests of leaves that are not shown.
    #[serde(rename = "_sd", default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<SdDigest>,
}

leaves!(ReceivedLot { quantity: optional, packages: optional });

/// The named receiver answers a dispatch, each lot once and for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receive {
    /// The dispatch answered.
    pub dispatch: EventId,
    /// Where the goods are now: a facility of the receiver.
    pub facility: FacilityId,
    /// The sender's facility where the receiver (or its carrier) took the goods over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_over_at: Option<FacilityId>,
    /// The lots answered.
    pub lots: Vec<ReceivedLot>,
    /// Children of partially accepted lots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Lot>,
}

impl BodyKind for Receive {
    const KIND: Kind = Kind::Receive;

    fn visit_leaves(&mut self, visit: &mut dyn FnMut(Place, &mut dyn Leaves)) {
        visit_items("lots", &mut self.lots, visit);
        visit_items("outputs", &mut self.outputs, visit);
    }
}

impl References for Receive {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        visit(Reference::subject("dispatch", Target::Event(self.dispatch)));
        visit(Reference::mention("facility", Target::Facility(self.facility)));
        if let Some(facility) = self.taken_over_at {
            visit(Reference::mention("taken_over_at", Target::Facility(facility)));
        }
        for line in &self.lots {
            visit(Reference::subject("lots[].lot", Target::Lot(line.lot)));
            if line.after != self.dispatch {
                visit(Reference::subject("lots[].after", Target::Event(line.after)));
            }
        }
        visit_owners(&self.outputs, visit);
    }
}

impl Receive {
    /// The heads the receipt names.
    #[must_use]
    pub fn heads(&self) -> Vec<Head> {
        self.lots.iter().map(|line| Head { lot: line.lot, after: line.after }).collect()
    }

    fn check_line(&self, number: usize, line: &ReceivedLot, used: &mut [bool]) -> Result<(), ShapeError> {
        let member = |name: &str| format!("lots[{number}].{name}");
        let partial = line.outcome == Outcome::Partial;
        let present =
            |name, have, wanted| ShapeError::presence("outcome", line.outcome.as_str(), &member(name), have, wanted);
        present("accepted", line.accepted.is_some(), partial)?;
        present("returned", line.returned.is_some(), partial)?;
        for (name, output) in [("accepted", line.accepted), ("returned", line.returned)] {
            let Some(output) = output else { continue };
            match used.get_mut(usize::from(output)) {
                Some(taken) if !*taken => *taken = true,
                Some(_) => return Err(ShapeError::new(member(name), format_args!("output {output} is named twice"))),
                None => return Err(ShapeError::new(member(name), format_args!("there is no output {output}"))),
            }
        }
        Ok(())
    }
}

impl Shape for Receive {
    fn check_shape(&self) -> Result<(), ShapeError> {
        check_heads("lots", &self.heads())?;
        check_outputs(&self.outputs, 0)?;
        let mut used = vec![false; self.outputs.len()];
        for (number, line) in self.lots.iter().enumerate() {
            self.check_line(number, line, &mut used)?;
        }
        match used.iter().position(|taken| !taken) {
            Some(spare) => {
                Err(ShapeError::new(format_args!("outputs[{spare}]"), "belongs to no partially accepted lot"))
            }
            None => Ok(()),
        }
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
    #[serde(rename = "_sd", default, skip_serializing_if = "Vec::is_empty")]
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

/// A pinned state of another ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The ledger.
    pub ledger: LedgerId,
    /// Its size.
    pub size: u64,
    /// Its root at that size.
    pub root: Sha256,
    /// Whether it extends what was pinned before; where not, the pin is kept as evidence and makes nothing receivable.
    pub consistent: bool,
}

closed_enum!(
    /// What was taken over from another ledger.
    TakenKind, "a taken-over event", {
        Dispatch = "dispatch", "a dispatch to a party of this ledger";
        Receive = "receive", "the answer to a dispatch of this ledger";
    }
);

/// One lot of a taken-over hand-off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TakenLot {
    /// The lot.
    pub lot: LotId,
    /// What it consists of.
    pub form: Form,
    /// Tracked elements present.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elements: Vec<Element>,
    /// How it was answered (`receive`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// A dispatch or answer of another ledger, repeated in clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// What it is.
    pub kind: TakenKind,
    /// Its id.
    pub event: EventId,
    /// The ledger that recorded it; one of the pins.
    pub ledger: LedgerId,
    /// Its index there, below the pinned size.
    pub index: u64,
    /// Sender of the goods.
    pub from: PartyId,
    /// Receiver of the goods.
    pub to: PartyId,
    /// The ledger in which the answer is given.
    pub to_ledger: LedgerId,
    /// The dispatch answered (`receive`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispatch: Option<EventId>,
    /// The lots.
    pub lots: Vec<TakenLot>,
}

/// Pins other ledgers and takes over their hand-offs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// Ledgers pinned.
    pub ledgers: Vec<Pin>,
    /// Hand-offs taken over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<Taken>,
    /// BLAKE3 of the lineage bundle that bears it out.
    pub bundle: Blake3,
}

impl BodyKind for Import {
    const KIND: Kind = Kind::Import;

    fn visit_leaves(&mut self, _: &mut dyn FnMut(Place, &mut dyn Leaves)) {}
}

impl References for Import {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        for pin in &self.ledgers {
            visit(Reference::mention("ledgers[].ledger", Target::Ledger(pin.ledger)));
        }
        for taken in &self.taken {
            visit(Reference::subject("taken[].event", Target::Event(taken.event)));
            visit(Reference::mention("taken[].from", Target::Party(taken.from)));
            visit(Reference::mention("taken[].to", Target::Party(taken.to)));
            if let Some(dispatch) = taken.dispatch {
                visit(Reference::subject("taken[].dispatch", Target::Event(dispatch)));
            }
            for lot in &taken.lots {
                visit(Reference::subject("taken[].lots[].lot", Target::Lot(lot.lot)));
            }
        }
    }
}

impl Shape for Import {
    fn check_shape(&self) -> Result<(), ShapeError> {
        ShapeError::count("ledgers", self.ledgers.len(), 1, 64)?;
        ShapeError::count("taken", self.taken.len(), 0, super::MAX_HEADS)?;
        for (number, taken) in self.taken.iter().enumerate() {
            let answer = taken.kind == TakenKind::Receive;
            let kind = taken.kind.as_str();
            ShapeError::presence("kind", kind, "dispatch", taken.dispatch.is_some(), answer)?;
            ShapeError::count("lots", taken.lots.len(), 1, super::MAX_HEADS)?;
            for lot in &taken.lots {
                ShapeError::presence("kind", kind, "outcome", lot.outcome.is_some(), answer)?;
            }
            let pin = self.ledgers.iter().find(|pin| pin.ledger == taken.ledger);
            if pin.is_none_or(|pin| taken.index >= pin.size) {
                let member = format!("taken[{number}].index");
                return Err(ShapeError::new(member, "expected an index below the size pinned for its ledger"));
            }
        }
        Ok(())
    }
}
