//! A small ledger in memory for tests: real signatures, real disclosures, a real tree; fixed keys, salts and clock.

mod sample;
mod source;

pub(crate) use sample::Sample;

use crate::bundle::{LeafTree, Leaves};
use crate::envelope::{Prepared, Salt};
use crate::event::*;
use crate::finding::Finding;
use crate::rules::{Admission, admit};
use crate::state::{FeedKey, Memory, Position, Put as _, View as _, apply};
use crate::tlog::checkpoint::Checkpoint;
use crate::tlog::entry::{self, Entry};
use crate::tlog::nodes::TreeHead;
use crate::tlog::note::SignedNote;
use crate::tlog::tree::{MemoryTree, leaf_hash};
use crate::tlog::vkey::{KeyKind, VerifierKey};
use crate::value::*;
use ed25519_dalek::SigningKey;
use std::collections::BTreeMap;

/// The log's origin.
pub(crate) const ORIGIN: &str = "test.example/log";

pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

pub(crate) fn day(day: i64) -> Time {
    "2026-01-01T08:00:00Z".parse::<Time>().unwrap().plus(day * 86_400)
}

pub(crate) fn text(text: &str) -> Text {
    text.parse().unwrap()
}

/// A ledger whose parties are known by the number of their key; party 0 operates it.
pub(crate) struct TestLedger {
    pub(crate) id: LedgerId,
    pub(crate) vkey: VerifierKey,
    pub(crate) state: Memory,
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) events: Vec<Event>,
    disclosures: BTreeMap<EventId, Vec<String>>,
    pub(crate) tree: MemoryTree,
    /// The day on which the next event happens and is recorded.
    pub(crate) today: i64,
    salts: u64,
    /// Key numbers by key id.
    numbers: BTreeMap<KeyId, u8>,
    log_key: u8,
    /// The number of a witness's key that cosigns its checkpoints.
    pub(crate) witness: Option<u8>,
}

/// A witness with the key of this number.
pub(crate) fn witness(number: u8) -> VerifierKey {
    let name = format!("witness.example/{number}").parse().unwrap();
    VerifierKey::new(name, KeyKind::Cosignature, PublicKey::from(&key(number)))
}

impl TestLedger {
    /// A ledger with its two first entries.
    pub(crate) fn new() -> (Self, PartyId) {
        let log = key(200);
        let vkey = VerifierKey::new(ORIGIN.parse().unwrap(), KeyKind::Note, PublicKey::from(&log));
        let id = LedgerId::derive(ORIGIN, &vkey.to_string());
        let mut ledger = Self {
            id,
            vkey: vkey.clone(),
            state: Memory::default(),
            entries: Vec::new(),
            events: Vec::new(),
            disclosures: BTreeMap::new(),
            tree: MemoryTree::new(),
            today: 0,
            salts: 0,
            numbers: BTreeMap::new(),
            log_key: 200,
            witness: None,
        };
        let operator = ledger.party(0, "Operator");
        let body = Ledger { origin: text(ORIGIN), vkey: text(&vkey.to_string()), rotates: None };
        let draft = ledger.draft(operator, body);
        ledger.record_draft(draft, &[(Purpose::LogKey, 200)]);
        (ledger, operator)
    }

    /// A payload of a party for today, in the right feed.
    pub(crate) fn draft(&self, by: PartyId, body: impl Into<Body>) -> Payload {
        let body = body.into();
        let aud = (!body.kind().is_portable()).then_some(self.id);
        Payload::draft(Some(by), aud, When::At(day(self.today)), body)
    }

    fn number(&self, draft: &Payload) -> u8 {
        let kid = match &draft.body {
            Body::Party(party) => party.key.id(),
            _ => self.state.event(&draft.iss.unwrap().into()).unwrap().unwrap().kid,
        };
        self.numbers[&kid]
    }

    /// Signs, admits and appends; what admission found.
    pub(crate) fn try_record_draft(
        &mut self,
        mut draft: Payload,
        cosigners: &[(Purpose, u8)],
    ) -> (EventId, Vec<Finding>) {
        let number = self.number(&draft);
        let kid = PublicKey::from(&key(number)).id();
        if let Some(iss) = draft.iss
            && let Some(feed) = self.state.feed(&FeedKey { iss, kid, aud: draft.aud }).unwrap()
        {
            (draft.seq, draft.prev) = (feed.seq + 1, Some(feed.last));
        }
        let salts = &mut self.salts;
        let mut salt = || {
            *salts += 1;
            let mut salt: Salt = [0; 16];
            salt[8..].copy_from_slice(&salts.to_be_bytes());
            Ok(salt)
        };
        let mut prepared = Prepared::new(draft, &mut salt).unwrap();
        for (purpose, number) in cosigners {
            prepared.cosign(*purpose, &key(*number)).unwrap();
        }
        let signed = prepared.sign(&key(number)).unwrap();
        let disclosures = signed.disclosures.iter().map(|disclosure| disclosure.as_str().to_owned()).collect();
        self.append(signed.event, &signed.jws, disclosures)
    }

    fn append(&mut self, event: Event, jwt: &str, disclosures: Vec<String>) -> (EventId, Vec<Finding>) {
        let recorded_at = day(self.today);
        let index = self.entries.len() as u64;
        let at = Position { ledger: self.id, index, recorded_at };
        let signed_by = |public: &PublicKey| public.id() == event.kid;
        let admission = Admission { view: &self.state, at, after: None, event: &event, signed_by: &signed_by };
        let findings = admit(&admission).unwrap();
        let delta = apply(&self.state, &at, &event, !findings.iter().any(Finding::blocks)).unwrap();
        self.state.put(&delta);
        let prev = self.entries.last().map_or(entry::first_prev(self.id), |bytes| entry::link(bytes));
        let bytes = Entry { prev, recorded_at, jwt: jwt.to_owned() }.format().unwrap();
        self.tree.append(leaf_hash(&bytes));
        self.entries.push(bytes);
        self.disclosures.insert(event.id, disclosures);
        let id = event.id;
        self.events.push(event);
        (id, findings)
    }

    /// Records what must be admitted without breach.
    pub(crate) fn record_draft(&mut self, draft: Payload, cosigners: &[(Purpose, u8)]) -> EventId {
        let (id, findings) = self.try_record_draft(draft, cosigners);
        let breaches: Vec<String> =
            findings.iter().filter(|finding| finding.is_refusal()).map(ToString::to_string).collect();
        assert!(breaches.is_empty(), "{breaches:#?}");
        id
    }

    pub(crate) fn record(&mut self, by: PartyId, body: impl Into<Body>) -> EventId {
        let draft = self.draft(by, body);
        self.record_draft(draft, &[])
    }

    pub(crate) fn party(&mut self, number: u8, name: &str) -> PartyId {
        let jwk = Jwk::from(PublicKey::from(&key(number)));
        self.numbers.insert(jwk.id(), number);
        let party = Party {
            name: text(name),
            country: "US".parse().unwrap(),
            address: None,
            roles: vec![Role::Mine],
            lei: None,
            gln: None,
            cage: None,
            uei: None,
            registry: None,
            key: jwk,
            recovery: None,
            contact: Some(text("desk@example.test")),
            hidden: Vec::new(),
        };
        let draft = Payload::draft(None, None, When::At(day(self.today)), party.into());
        self.record_draft(draft, &[]).into()
    }

    /// A plant in the desert of California, for every process.
    pub(crate) fn facility(&mut self, operator: PartyId, code: &str) -> FacilityId {
        let facility = Facility {
            code: text(code),
            name: text(code),
            site: Some(text("Common site")),
            facility_type: FacilityType::Plant,
            country: "US".parse().unwrap(),
            geometry: Geometry::Circle {
                point: "35.48,-115.53".parse().unwrap(),
                radius: RadiusM::new(2_000).unwrap(),
            },
            gln: None,
            processes: Process::ALL.to_vec(),
            capacity: Vec::new(),
            valid_from: None,
            valid_to: None,
            supersedes: None,
        };
        self.record(operator, facility).into()
    }

    /// A grant by an authority, for good.
    pub(crate) fn grant(&mut self, by: PartyId, scheme: Scheme, subject: Subject) -> EventId {
        let body = Accredit {
            action: AccreditAction::Grant,
            scheme: Some(scheme),
            subject,
            grant: None,
            scope: None,
            valid_from: day(-1_000),
            valid_to: None,
            certificate: Some(text("C-1")),
            hidden: Vec::new(),
        };
        self.record(by, body)
    }

    pub(crate) fn source(&mut self, by: PartyId, facility: FacilityId, kg: &str) -> LotId {
        let body = crate::event::Source {
            facility,
            source: SourceKind::Mined,
            outputs: vec![lot(Form::Ore, kg)],
            prior: Vec::new(),
            dispatch: None,
        };
        LotId::new(self.record(by, body), 0)
    }

    pub(crate) fn head(&self, lot: LotId) -> Head {
        Head { lot, after: self.state.lot(&lot).unwrap().unwrap().head }
    }

    pub(crate) fn transform(
        &mut self,
        by: PartyId,
        facility: FacilityId,
        inputs: &[LotId],
        outputs: Vec<Lot>,
    ) -> EventId {
        let body = Transform {
            facility,
            processes: vec![Process::Beneficiate],
            inputs: inputs.iter().map(|lot| self.head(*lot)).collect(),
            outputs,
            targets: Vec::new(),
            gain_reason: None,
            losses: Some(vec![Loss { kind: LossKind::Difference, mass: None }]),
            batch: Some(text("B-1")),
            hidden: Vec::new(),
        };
        self.record(by, body)
    }

    pub(crate) fn dispatch(&mut self, by: PartyId, from: FacilityId, lots: &[LotId], to: PartyId) -> EventId {
        let body = self.dispatch_body(from, lots, to);
        self.record(by, body)
    }

    pub(crate) fn dispatch_body(&self, from: FacilityId, lots: &[LotId], to: PartyId) -> Dispatch {
        Dispatch {
            lots: lots.iter().map(|lot| self.head(*lot)).collect(),
            from,
            to,
            to_facility: None,
            to_ledger: self.id,
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

    pub(crate) fn receive(&mut self, by: PartyId, facility: FacilityId, dispatch: EventId, lots: &[LotId]) -> EventId {
        let line = |lot: &LotId| ReceivedLot {
            lot: *lot,
            after: dispatch,
            outcome: Outcome::Accepted,
            reason: None,
            accepted: None,
            returned: None,
            quantity: None,
            packages: None,
            hidden: Vec::new(),
        };
        let lots = lots.iter().map(line).collect();
        let body = Receive { dispatch, facility, taken_over_at: None, lots, outputs: Vec::new() };
        self.record(by, body)
    }

    /// An assay of a lot's Nd content.
    pub(crate) fn assay(&mut self, by: PartyId, lot: LotId) -> EventId {
        let results = self
            .events
            .iter()
            .find(|event| event.id == lot.event)
            .map(|event| event.payload.body.outputs()[usize::from(lot.output)].composition.clone().unwrap());
        let body = Assay {
            lot,
            status: AssayStatus::Final,
            method: Method::IcpMs,
            facility: None,
            sampled: None,
            received: None,
            performed: None,
            issued: None,
            supersedes: None,
            sample: None,
            results,
            magnetic: None,
            report: None,
            hidden: Vec::new(),
        };
        self.record(by, body)
    }

    pub(crate) fn head_of_log(&self) -> TreeHead {
        TreeHead { size: self.tree.size(), root: self.tree.root() }
    }

    /// The leaves of the completeness statement and the statement signed by the log.
    pub(crate) fn statement(&self) -> (LeafTree, SignedNote) {
        let mut leaves = Leaves::default();
        self.events.iter().for_each(|event| leaves.add(event));
        let tree = leaves.into_tree();
        let note = tree.sign(self.id, self.head_of_log(), &self.vkey, &key(self.log_key)).unwrap();
        (tree, note)
    }
}

/// A lot of some neodymium with everything that can be withheld.
pub(crate) fn lot(form: Form, kg: &str) -> Lot {
    let line = AnalyteValue {
        analyte: "Nd2O3".parse().unwrap(),
        value: "0.05".parse().unwrap(),
        basis: Basis::Absolute,
        uncertainty: None,
        k: None,
    };
    Lot {
        role: OutputRole::Product,
        form,
        elements: vec!["Nd".parse().unwrap()],
        owner: None,
        custody_model: None,
        characteristic: None,
        quantity: Some(Quantity {
            net_dry: kg.parse().unwrap(),
            gross: None,
            tare: None,
            net_wet: None,
            moisture: None,
            uncertainty: None,
            pieces: None,
            unit_mass: None,
        }),
        composition: Some(vec![line]),
        labels: Some(vec![text("L-1")]),
        packages: None,
        hidden: Vec::new(),
    }
}
