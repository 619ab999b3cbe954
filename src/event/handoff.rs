//! Custody events of a hand-off: `dispatch` and its answer, `receive`.

use super::kind::Kind;
use super::leaves::{Place, SdDigest, leaves};
use super::logistics::{Customs, ExportLicence, Leg};
use super::material::{Head, Lot, Package, Quantity, visit_heads, visit_items, visit_owners};
use super::reference::{Reference, References, Target};
use super::shape::{Shape, ShapeError, check_heads, check_outputs};
use super::{BodyKind, Leaves};
use crate::value::closed_enum::closed_enum;
use crate::value::{EventId, FacilityId, LedgerId, LotId, PartyId, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    #[serde(
        rename = "_sd",
        default,
        deserialize_with = "super::leaves::present",
        skip_serializing_if = "Vec::is_empty"
    )]
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
    #[serde(
        rename = "_sd",
        default,
        deserialize_with = "super::leaves::present",
        skip_serializing_if = "Vec::is_empty"
    )]
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
