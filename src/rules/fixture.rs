//! A small world for tests of rules: events without signatures, admitted and applied as they are told.

use super::{Admission, admit};
use crate::event::*;
use crate::finding::{Code, Finding};
use crate::state::{Memory, Position, Put as _, apply};
use crate::value::*;
use ed25519_dalek::SigningKey;
use std::collections::BTreeMap;

pub(crate) fn time(day: i64) -> Time {
    "2026-01-01T00:00:00Z".parse::<Time>().unwrap().plus(day * 86_400)
}

pub(crate) fn text(text: &str) -> Text {
    text.parse().unwrap()
}

/// `Nd2O3 0.1 REO/TREO, TREO 0.6` (basis absolute where not stated; `<` for a limit; `~u` for an uncertainty).
pub(crate) fn lines(text: &str) -> Vec<AnalyteValue> {
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let uncertainty = words.iter().find_map(|word| word.strip_prefix('~'));
        let basis = words.iter().find_map(|word| word.parse().ok());
        AnalyteValue {
            analyte: words[0].parse().unwrap(),
            value: words[1].parse().unwrap(),
            basis: basis.unwrap_or(Basis::Absolute),
            uncertainty: uncertainty.map(|u| u.parse().unwrap()),
            k: None,
        }
    };
    text.split(',').filter(|part| !part.trim().is_empty()).map(line).collect()
}

/// A lot whose elements are those of its composition.
pub(crate) fn lot(form: Form, kg: &str, composition: &str) -> Lot {
    let lines = lines(composition);
    let mut elements: Vec<Element> = lines.iter().filter_map(|line| line.analyte.element()).collect();
    elements.sort_unstable();
    elements.dedup();
    Lot {
        role: OutputRole::Product,
        form,
        elements,
        owner: None,
        custody_model: None,
        characteristic: None,
        quantity: Some(quantity(kg)),
        composition: (!lines.is_empty()).then_some(lines),
        labels: None,
        packages: None,
        hidden: Vec::new(),
    }
}

pub(crate) fn pieces(lot: Lot, pieces: u64, unit: &str) -> Lot {
    let quantity = lot.quantity.map(|q| Quantity { pieces: Some(pieces), unit_mass: Some(unit.parse().unwrap()), ..q });
    Lot { quantity, ..lot }
}

pub(crate) fn quantity(kg: &str) -> Quantity {
    Quantity {
        net_dry: kg.parse().unwrap(),
        gross: None,
        tare: None,
        net_wet: None,
        moisture: None,
        uncertainty: None,
        pieces: None,
        unit_mass: None,
    }
}

pub(crate) fn transform(
    facility: FacilityId,
    processes: &[Process],
    inputs: Vec<Head>,
    outputs: Vec<Lot>,
) -> Transform {
    Transform {
        facility,
        processes: processes.to_vec(),
        inputs,
        outputs,
        targets: Vec::new(),
        gain_reason: None,
        losses: None,
        batch: None,
        hidden: Vec::new(),
    }
}

pub(crate) fn split(facility: FacilityId, input: Head, outputs: Vec<Lot>, difference: Option<&str>) -> Split {
    let loss = |kg: &str| Loss { kind: LossKind::Weighing, mass: Some(kg.parse().unwrap()) };
    Split { facility, input, outputs, difference: difference.map(loss), hidden: Vec::new() }
}

/// One ledger with its state and everything recorded.
pub(crate) struct World {
    pub(crate) state: Memory,
    pub(crate) ledger: LedgerId,
    pub(crate) recorded: Vec<(Event, Position)>,
    feeds: BTreeMap<(PartyId, bool), (u64, EventId)>,
    keys: BTreeMap<PartyId, KeyId>,
    /// Events with a refusal that moved something all the same.
    pub(crate) breached: Vec<EventId>,
    /// Day of recording of the next event.
    pub(crate) day: i64,
}

impl World {
    pub(crate) fn new() -> Self {
        let ledger = LedgerId::derive("o", "v");
        let (state, recorded) = (Memory::default(), Vec::new());
        Self { state, ledger, recorded, feeds: BTreeMap::new(), keys: BTreeMap::new(), breached: Vec::new(), day: 0 }
    }

    /// Admits and applies an event on the present day; its findings.
    pub(crate) fn try_record(&mut self, by: PartyId, body: impl Into<Body>) -> (EventId, Vec<Finding>) {
        let body = body.into();
        let portable = body.kind().is_portable();
        self.try_record_as(by, body, portable)
    }

    /// Records a correction of a portable event.
    pub(crate) fn record_portable(&mut self, by: PartyId, body: impl Into<Body>) -> EventId {
        let (id, findings) = self.try_record_as(by, body.into(), true);
        assert!(findings.is_empty(), "{}", findings[0]);
        id
    }

    fn try_record_as(&mut self, by: PartyId, body: Body, portable: bool) -> (EventId, Vec<Finding>) {
        let aud = (!portable).then_some(self.ledger);
        let mut payload = Payload::draft(Some(by), aud, When::At(time(self.day)), body);
        if let Some((seq, last)) = self.feeds.get(&(by, portable)) {
            (payload.seq, payload.prev) = (seq + 1, Some(*last));
        }
        let kid = self.keys[&by];
        self.push(kid, payload)
    }

    fn push(&mut self, kid: KeyId, payload: Payload) -> (EventId, Vec<Finding>) {
        // Entries 0 and 1 have a fixed kind, which is of no interest here.
        let index = self.recorded.len() as u64 + 2;
        let event = Event { id: EventId::of_signing_input(&index.to_be_bytes()), kid, payload };
        let at = Position { ledger: self.ledger, index, recorded_at: time(self.day) };
        let admission = Admission { view: &self.state, at, after: None, event: &event, signed_by: &|_| true };
        let findings = admit(&admission).unwrap();
        let applied = !findings.iter().any(Finding::blocks);
        let delta = apply(&self.state, &at, &event, applied).unwrap();
        self.state.put(&delta);
        if applied {
            let key = (event.issuer(), event.payload.aud.is_none());
            self.feeds.insert(key, (event.payload.seq, event.id));
        }
        let id = event.id;
        if applied && findings.iter().any(Finding::is_refusal) {
            self.breached.push(id);
        }
        self.recorded.push((event, at));
        (id, findings)
    }

    /// Records what must be admitted without finding.
    pub(crate) fn record(&mut self, by: PartyId, body: impl Into<Body>) -> EventId {
        let (id, findings) = self.try_record(by, body);
        let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{findings:#?}");
        id
    }

    /// The codes with which an event is recorded.
    pub(crate) fn codes(&mut self, by: PartyId, body: impl Into<Body>) -> Vec<Code> {
        self.try_record(by, body).1.iter().map(|finding| finding.code).collect()
    }

    pub(crate) fn party(&mut self, number: u8) -> PartyId {
        let key = SigningKey::from_bytes(&[number; 32]).verifying_key();
        let jwk = Jwk::from(PublicKey::from_bytes(key.as_bytes()).unwrap());
        let party = Party {
            name: text("Example"),
            country: "US".parse().unwrap(),
            address: Some(text("1 Example Road")),
            roles: vec![Role::Mine],
            lei: None,
            gln: None,
            cage: None,
            uei: None,
            registry: None,
            key: jwk,
            recovery: None,
            contact: None,
            hidden: Vec::new(),
        };
        let payload = Payload::draft(None, None, When::At(time(self.day)), party.into());
        let (id, findings) = self.push(jwk.id(), payload);
        assert!(findings.is_empty());
        self.keys.insert(id.into(), jwk.id());
        id.into()
    }

    /// A facility around a point, for every process.
    pub(crate) fn facility(&mut self, operator: PartyId, country: &str, point: &str) -> FacilityId {
        let facility = facility(country, point);
        self.record(operator, facility).into()
    }

    pub(crate) fn source(&mut self, by: PartyId, at: FacilityId, outputs: Vec<Lot>) -> EventId {
        let source = Source { facility: at, source: SourceKind::Mined, outputs, prior: Vec::new(), dispatch: None };
        self.record(by, source)
    }

    /// A dispatch for sale and its receipt, a day apart; the receipt.
    pub(crate) fn hand_over(
        &mut self,
        lots: &[Head],
        from: (PartyId, FacilityId),
        to: (PartyId, FacilityId),
    ) -> EventId {
        let sent = self.record(from.0, dispatch(self.ledger, lots, from.1, to.0));
        self.day += 1;
        self.record(to.0, receive(sent, lots, to.1))
    }

    /// The head of an output of an event, or of a lot that moved since.
    pub(crate) fn head(&self, event: EventId, output: u8) -> Head {
        use crate::state::View as _;
        let lot = LotId::new(event, output);
        Head { lot, after: self.state.lot(&lot).unwrap().unwrap().head }
    }
}

pub(crate) fn facility(country: &str, point: &str) -> Facility {
    Facility {
        code: text("P1"),
        name: text("Plant"),
        site: None,
        facility_type: FacilityType::Plant,
        country: country.parse().unwrap(),
        geometry: Geometry::Circle { point: point.parse().unwrap(), radius: RadiusM::new(2_000).unwrap() },
        gln: None,
        processes: Process::ALL.to_vec(),
        capacity: Vec::new(),
        valid_from: None,
        valid_to: None,
        supersedes: None,
    }
}

pub(crate) fn dispatch(ledger: LedgerId, lots: &[Head], from: FacilityId, to: PartyId) -> Dispatch {
    Dispatch {
        lots: lots.to_vec(),
        from,
        to,
        to_facility: None,
        to_ledger: ledger,
        reason: DispatchReason::Sale,
        returns: None,
        shipment: None,
        legs: None,
        packages: None,
        customs: None,
        licence: None,
        hidden: Vec::new(),
    }
}

pub(crate) fn receive(dispatch: EventId, lots: &[Head], facility: FacilityId) -> Receive {
    let line = |head: &Head| ReceivedLot {
        lot: head.lot,
        after: dispatch,
        outcome: Outcome::Accepted,
        reason: None,
        accepted: None,
        returned: None,
        quantity: None,
        packages: None,
        hidden: Vec::new(),
    };
    Receive { dispatch, facility, taken_over_at: None, lots: lots.iter().map(line).collect(), outputs: Vec::new() }
}

pub(crate) fn assay(lot: LotId, status: AssayStatus, results: &str) -> Assay {
    Assay {
        lot,
        status,
        method: Method::IcpOes,
        facility: None,
        sampled: None,
        received: None,
        performed: None,
        issued: None,
        supersedes: None,
        sample: None,
        results: Some(lines(results)),
        magnetic: None,
        report: None,
        hidden: Vec::new(),
    }
}

pub(crate) fn overlay(target: EventId, object: &str, leaf: &str, value: impl serde::Serialize) -> Correct {
    let value = Some(serde_json::to_value(value).unwrap());
    let change = Change { object: object.to_owned(), leaf: leaf.to_owned(), value, hidden: Vec::new() };
    Correct {
        target,
        action: CorrectAction::Overlay,
        reason: CorrectReason::Remeasured,
        found_by: Finder::Issuer,
        changes: vec![change],
        at: None,
    }
}
