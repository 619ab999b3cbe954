//! `import`: other ledgers are pinned, and their hand-offs taken over.

use super::handoff::Outcome;
use super::kind::Kind;
use super::leaves::Place;
use super::process::Form;
use super::reference::{Reference, References, Target};
use super::shape::{Shape, ShapeError};
use super::{BodyKind, Leaves};
use crate::value::closed_enum::closed_enum;
use crate::value::{Blake3, Element, EventId, LedgerId, LotId, PartyId, Sha256};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
