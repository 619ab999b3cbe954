//! A sample of a ledger.

use super::{TestLedger, lot};
use crate::event::*;
use crate::value::*;

/// A lineage with a bit of everything: hand-offs, an assay, accreditations, lots moved along, siblings, a correction.
pub(crate) struct Sample {
    pub(crate) ledger: TestLedger,
    pub(crate) authority: PartyId,
    pub(crate) mine: PartyId,
    pub(crate) plant: PartyId,
    pub(crate) buyer: PartyId,
    pub(crate) works: FacilityId,
    /// The lot from the mine, and one shipped with it that is used otherwise.
    pub(crate) ore: LotId,
    pub(crate) other: LotId,
    /// The lot that is dispatched to the buyer.
    pub(crate) subject: LotId,
    pub(crate) assay: EventId,
    pub(crate) transform: EventId,
    pub(crate) sale: EventId,
}

impl Sample {
    pub(crate) fn new() -> Self {
        let (mut ledger, operator) = TestLedger::new();
        let authority = ledger.party(1, "Authority");
        let (mine, plant) = (ledger.party(2, "Mine"), ledger.party(3, "Plant"));
        let (buyer, laboratory) = (ledger.party(4, "Buyer"), ledger.party(5, "Laboratory"));
        let (pit, works) = (ledger.facility(mine, "PIT"), ledger.facility(plant, "WORKS"));
        for party in [operator, authority, mine, plant, buyer, laboratory] {
            ledger.grant(authority, Scheme::PartyIdentity, Subject::Party(party));
        }
        for facility in [pit, works] {
            ledger.grant(authority, Scheme::SiteLocation, Subject::Facility(facility));
        }
        ledger.today = 1;
        let (ore, other) = (ledger.source(mine, pit, "1000"), ledger.source(mine, pit, "500"));
        ledger.today = 2;
        let shipped = ledger.dispatch(mine, pit, &[ore, other], plant);
        ledger.today = 9;
        ledger.receive(plant, works, shipped, &[ore, other]);
        let assay = ledger.assay(laboratory, ore);
        ledger.today = 12;
        let outputs = vec![lot(Form::Concentrate, "600"), lot(Form::Concentrate, "400")];
        let transform = ledger.transform(plant, works, &[ore], outputs);
        let (subject, sibling) = (LotId::new(transform, 0), LotId::new(transform, 1));
        ledger.dispatch(plant, works, &[sibling], mine);
        ledger.transform(plant, works, &[other], vec![lot(Form::Concentrate, "500")]);
        ledger.today = 14;
        let correction = Correct {
            target: transform,
            action: CorrectAction::Overlay,
            reason: CorrectReason::ClericalError,
            found_by: Finder::Issuer,
            changes: vec![Change {
                object: "/body".to_owned(),
                leaf: "batch".to_owned(),
                value: Some("B-2".into()),
                hidden: Vec::new(),
            }],
            at: None,
        };
        ledger.record(plant, correction);
        let sale = ledger.dispatch(plant, works, &[subject], buyer);
        Self { ledger, authority, mine, plant, buyer, works, ore, other, subject, assay, transform, sale }
    }
}
