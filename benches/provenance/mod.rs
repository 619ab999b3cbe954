//! Provenance of a lot with many ancestors and origins, through the same code as verification, without signatures.
//!
//! Sources enter one after the other; each is blended or melted into what is already there, with steps of one lot between
//! them, so that a twentieth of the ancestors are origins. Three elements are in every lot; then six and twelve.

use crate::measured;
use oretrail::event::*;
use oretrail::lineage::{ViewGraph, upstream};
use oretrail::rules::trust::Trust;
use oretrail::state::{Memory, Position, Put as _, apply};
use oretrail::value::*;
use oretrail::verify::judge::Asked;
use oretrail::verify::report::{Completeness, Condition, Integrity, Report, Status, SubjectReport};
use oretrail::verify::reviewed::History;
use oretrail::verify::trail::{Evidence, LedgerEvidence, trail};
use std::collections::BTreeSet;

/// One origin for so many ancestors.
const PER_ORIGIN: usize = 20;

/// What a lot holds, as far as its list of elements goes.
const CONTENT: [(Element, &str); 12] = [
    (Element::Nd, "0.25"),
    (Element::Dy, "0.01"),
    (Element::Fe, "0.65"),
    (Element::Pr, "0.02"),
    (Element::Tb, "0.01"),
    (Element::B, "0.01"),
    (Element::Co, "0.01"),
    (Element::Cu, "0.01"),
    (Element::Al, "0.005"),
    (Element::Ga, "0.005"),
    (Element::Nb, "0.003"),
    (Element::Zr, "0.003"),
];

struct Made {
    ledger: LedgerId,
    state: Memory,
    events: Vec<(Position, Event)>,
    party: PartyId,
    facility: FacilityId,
    /// How many elements every lot holds.
    elements: usize,
}

impl Made {
    fn record(&mut self, body: impl Into<Body>) -> EventId {
        let index = self.events.len() as u64 + 2;
        let at = Time::from_unix(1_770_000_000 + i64::try_from(index).unwrap()).unwrap();
        let payload = Payload::draft(Some(self.party), Some(self.ledger), When::At(at), body.into());
        let event = Event { id: EventId::of_signing_input(&index.to_be_bytes()), kid: KeyId([1; 32]), payload };
        let position = Position { ledger: self.ledger, index, recorded_at: at };
        let delta = apply(&self.state, &position, &event, true).unwrap();
        self.state.put(&delta);
        let id = event.id;
        self.events.push((position, event));
        id
    }

    fn source(&mut self, kg: u64) -> LotId {
        let outputs = vec![lot(kg, self.elements)];
        let (facility, source, prior, dispatch) = (self.facility, SourceKind::Mined, Vec::new(), None);
        LotId::new(self.record(Source { facility, source, outputs, prior, dispatch }), 0)
    }

    fn melt(&mut self, inputs: &[LotId], kg: u64) -> LotId {
        let inputs = inputs.iter().map(|lot| Head { lot: *lot, after: lot.event }).collect();
        let (facility, processes, outputs) = (self.facility, vec![Process::Melt], vec![lot(kg, self.elements)]);
        let (targets, gain_reason, losses, batch, hidden) = (Vec::new(), None, None, None, Vec::new());
        let body = Transform { facility, processes, inputs, outputs, targets, gain_reason, losses, batch, hidden };
        LotId::new(self.record(body), 0)
    }
}

fn lot(kg: u64, elements: usize) -> Lot {
    let content = &CONTENT[..elements];
    let line = |(element, value): &(Element, &str)| AnalyteValue {
        analyte: element.as_str().parse().unwrap(),
        value: value.parse().unwrap(),
        basis: Basis::Absolute,
        uncertainty: None,
        k: None,
    };
    let net_dry = Mass::new(kg * 1_000_000).unwrap();
    let (gross, tare, net_wet, moisture, uncertainty) = (None, None, None, None, None);
    let (pieces, unit_mass) = (None, None);
    Lot {
        role: OutputRole::Product,
        form: Form::Oxide,
        elements: content.iter().map(|(element, _)| *element).collect(),
        owner: None,
        custody_model: None,
        characteristic: None,
        quantity: Some(Quantity { net_dry, gross, tare, net_wet, moisture, uncertainty, pieces, unit_mass }),
        composition: Some(content.iter().map(line).collect()),
        labels: None,
        packages: None,
        hidden: Vec::new(),
    }
}

/// A history with so many events upstream of its last lot.
fn made(count: usize, elements: usize) -> (Made, LotId) {
    let ledger = LedgerId::derive("bench.example/log", "v");
    let (party, facility) = (PartyId::from(EventId([1; 32])), FacilityId::from(EventId([2; 32])));
    let mut made = Made { ledger, state: Memory::default(), events: Vec::new(), party, facility, elements };
    let mut kg = 1_000;
    let mut last = made.source(kg);
    while made.events.len() + PER_ORIGIN <= count {
        let next = made.source(1);
        kg += 1;
        last = made.melt(&[last, next], kg);
        for _ in 0..PER_ORIGIN - 2 {
            last = made.melt(&[last], kg);
        }
    }
    (made, last)
}

fn blank(lot: LotId) -> Report {
    let (form, holder, owner, facility, head, consignee) = (None, None, None, None, None, None);
    let condition = Condition::Held;
    Report {
        v: 0,
        as_of: Time::MAX,
        subject: SubjectReport { lot, condition, form, holder, owner, facility, head, consignee },
        recipient: None,
        bundle: None,
        ledgers: Vec::new(),
        lineage: Vec::new(),
        integrity: Integrity::default(),
        completeness: Completeness::default(),
        status: Status::default(),
        verdicts: Vec::new(),
        policies: Vec::new(),
        claims: Vec::new(),
        specs: Vec::new(),
        documents: Vec::new(),
        checks: Vec::new(),
    }
}

/// Settling, the trail with everything on it, and the attribution alone: on a quarter of the events at a time with three
/// elements, then on a quarter with more.
pub fn measure(count: usize) {
    (1..=4).for_each(|part| measure_one(count * part / 4, 3));
    [6, 12].into_iter().for_each(|elements| measure_one(count / 4, elements));
}

fn measure_one(size: usize, elements: usize) {
    let (made, subject) = made(size, elements);
    let trust = Trust::nobody();
    let asked = Asked { trust: &trust, as_of: Time::MAX, recipient: None };
    let lineage = upstream(&ViewGraph(&made.state), subject).unwrap();
    let history = || History {
        view: &made.state,
        events: made.events.iter().map(|(at, event)| (*at, event)).collect(),
        breached: BTreeSet::new(),
        cosigned: 0,
        is_complete: true,
    };
    println!("{} events, {elements} elements in every lot", made.events.len());
    let settled = measured("  settle (part of any verification)", size, || history().settle(&asked).unwrap());
    let report = blank(subject);
    let (operator, heads) = (None, Vec::new());
    let ledger = LedgerEvidence { ledger: made.ledger, operator, heads, history: history(), settled: &settled };
    let (lineage, ledgers, as_of) = (&lineage, vec![ledger], Time::MAX);
    let evidence = Evidence { report: &report, lineage, ledgers, trust: &trust, as_of };
    let trail = measured("  trail with provenance", size, || trail(&evidence).unwrap());
    let again = measured("  provenance alone", size, || trail.flows.attribute_all());
    let origins = again.elements.iter().map(|element| element.origins.len()).max().unwrap();
    println!("  {origins} origins");
    assert!(again == trail.provenance && again.elements.len() == elements && origins >= size / PER_ORIGIN - 1);
}
