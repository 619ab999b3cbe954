//! Hand-made trails for tests: a story told step by step, with every place accredited unless it says otherwise.

use super::trail::*;
use crate::event::*;
use crate::lineage::provenance::{Flows, Interval, Pass, Passage, Weights};
use crate::value::*;

/// A lineage being told; lots and steps are named by their numbers.
pub(crate) struct Story {
    pub(crate) lots: Vec<TrailLot>,
    pub(crate) steps: Vec<TrailStep>,
    /// How well the places of the steps to come are evidenced.
    pub(crate) level: PlaceLevel,
}

pub(crate) fn id(text: &str) -> EventId {
    EventId::of_signing_input(text.as_bytes())
}

/// The party at work in a country.
pub(crate) fn party(country: &str) -> PartyId {
    id(&format!("party {country}")).into()
}

/// The facility of a country.
pub(crate) fn site(country: &str) -> FacilityId {
    id(&format!("site {country}")).into()
}

pub(crate) fn moment(day: usize) -> Time {
    "2026-01-01T00:00:00Z".parse::<Time>().unwrap().plus(i64::try_from(day).unwrap() * 86_400)
}

fn evidence(level: PlaceLevel, country: &str) -> PlaceEvidence {
    let needed = match level {
        PlaceLevel::Accredited => Vec::new(),
        _ => vec![format!("an accreditation of the site in {country} by an authority you trust")],
    };
    PlaceEvidence { level, why: Vec::new(), needed, against: Vec::new() }
}

impl Story {
    pub(crate) fn new() -> Self {
        Self { lots: Vec::new(), steps: Vec::new(), level: PlaceLevel::Accredited }
    }

    /// A step at the site of a country; its number.
    pub(crate) fn step(
        &mut self,
        kind: Kind,
        country: &str,
        processes: &[Process],
        inputs: &[usize],
        outputs: &[usize],
    ) -> usize {
        let number = self.steps.len();
        self.steps.push(TrailStep {
            event: id(&format!("step {number}")),
            ledger: LedgerId::derive("o", "v"),
            kind,
            by: party(country),
            facility: Some(site(country)),
            country: Some(country.parse().unwrap()),
            when: When::At(moment(number)),
            recorded_at: moment(number),
            processes: processes.to_vec(),
            inputs: inputs.to_vec(),
            outputs: outputs.to_vec(),
            source: None,
            prior: Vec::new(),
            place: evidence(self.level, country),
            prior_level: PlaceLevel::Declared,
            time: TimeLevel::Pinned,
            findings: Vec::new(),
        });
        number
    }

    /// A lot that the next step makes, holding milligrams of elements.
    pub(crate) fn lot(&mut self, form: Form, amounts: &[(&str, u64)]) -> usize {
        let number = self.lots.len();
        let amount = |(element, mg): &(&str, u64)| Amount {
            element: element.parse().unwrap(),
            least: *mg,
            most: Some(*mg),
            absent: false,
        };
        let mut amounts: Vec<Amount> = amounts.iter().map(amount).collect();
        amounts.sort_by_key(|amount| amount.element);
        self.lots.push(TrailLot {
            id: LotId::new(id(&format!("step {}", self.steps.len())), u8::try_from(number % 32).unwrap()),
            label: Some(format!("L{number}")),
            form,
            role: OutputRole::Product,
            elements: amounts.iter().map(|amount| amount.element).collect(),
            net: None,
            amounts,
            composition: None,
            custody_model: None,
            characteristic: None,
            made_by: Some(self.steps.len()),
            assays: Vec::new(),
        });
        number
    }

    /// Material enters; its lot.
    pub(crate) fn source(&mut self, kind: SourceKind, country: &str, form: Form, amounts: &[(&str, u64)]) -> usize {
        let lot = self.lot(form, amounts);
        let processes: &[Process] = if kind == SourceKind::Mined { &[Process::Mine] } else { &[] };
        let step = self.step(Kind::Source, country, processes, &[], &[lot]);
        self.steps[step].source = Some(kind);
        if kind != SourceKind::Mined {
            self.steps[step].place.level = self.level.min(PlaceLevel::Documented);
        }
        lot
    }

    pub(crate) fn mine(&mut self, country: &str, form: Form, amounts: &[(&str, u64)]) -> usize {
        self.source(SourceKind::Mined, country, form, amounts)
    }

    /// A transform with one output; that lot.
    pub(crate) fn process(
        &mut self,
        country: &str,
        processes: &[Process],
        inputs: &[usize],
        form: Form,
        amounts: &[(&str, u64)],
    ) -> usize {
        let lot = self.lot(form, amounts);
        self.step(Kind::Transform, country, processes, inputs, &[lot]);
        lot
    }

    /// A period of a circuit: what was drawn and the heel.
    pub(crate) fn period(&mut self, country: &str, inputs: &[usize], drawn: u64, heel: u64) -> (usize, usize) {
        let (product, rest) = (self.lot(Form::Oxide, &[("Nd", drawn)]), self.lot(Form::InProcess, &[("Nd", heel)]));
        self.step(Kind::Transform, country, &[Process::Separate], inputs, &[product, rest]);
        (product, rest)
    }

    /// Two halves of a lot.
    pub(crate) fn halve(&mut self, lot: usize) -> (usize, usize) {
        let half = |amount: &Amount| (amount.element.symbol(), amount.least / 2);
        let halves: Vec<(&str, u64)> = self.lots[lot].amounts.iter().map(half).collect();
        let form = self.lots[lot].form;
        let (left, right) = (self.lot(form, &halves), self.lot(form, &halves));
        self.step(Kind::Split, "US", &[], &[lot], &[left, right]);
        (left, right)
    }

    /// All of several lots in one.
    pub(crate) fn blend(&mut self, inputs: &[usize]) -> usize {
        let mut sums: Vec<(&str, u64)> = Vec::new();
        for amount in inputs.iter().flat_map(|input| &self.lots[*input].amounts) {
            match sums.iter_mut().find(|(symbol, _)| *symbol == amount.element.symbol()) {
                Some((_, sum)) => *sum += amount.least,
                None => sums.push((amount.element.symbol(), amount.least)),
            }
        }
        let form = self.lots[inputs[0]].form;
        let lot = self.lot(form, &sums);
        self.step(Kind::Blend, "US", &[], inputs, &[lot]);
        lot
    }

    /// Lots leave together; the number of the step.
    pub(crate) fn dispatch(&mut self, lots: &[usize]) -> usize {
        self.step(Kind::Dispatch, "US", &[], lots, lots)
    }

    /// Claims a custody model for a lot.
    pub(crate) fn claim_model(&mut self, lot: usize, model: CustodyModel, characteristic: &str) {
        self.lots[lot].custody_model = Some(model);
        self.lots[lot].characteristic = Some(characteristic.to_owned());
    }

    /// The trail of a lot, complete and sound, with its provenance.
    pub(crate) fn trail(self, subject: usize) -> Trail {
        let flows = flows(&self.lots, &self.steps, subject);
        let provenance = flows.attribute_all();
        let (is_complete, is_sound) = (true, true);
        Trail { subject, lots: self.lots, steps: self.steps, provenance, flows, is_complete, is_sound }
    }
}

/// The lineage in numbers, as the amounts of the lots are.
fn flows(lots: &[TrailLot], steps: &[TrailStep], subject: usize) -> Flows {
    let held = |lot: usize, element: Element| {
        lots[lot].amounts.iter().find(|amount| amount.element == element).map(|amount| Interval::exact(amount.least))
    };
    let totals: Vec<(Element, Interval)> =
        lots[subject].amounts.iter().map(|amount| (amount.element, Interval::exact(amount.least))).collect();
    let mut flows = Flows { subject, lots: lots.len(), steps: steps.len(), totals, ..Flows::default() };
    flows.holds = lots.iter().map(|lot| lot.amounts.iter().map(|amount| amount.element).collect()).collect();
    for (number, step) in steps.iter().enumerate() {
        let made: Vec<usize> = step.outputs.iter().copied().filter(|lot| lots[*lot].made_by == Some(number)).collect();
        let moved = step.outputs.iter().filter(|lot| !made.contains(lot));
        let moves =
            moved.map(|lot| Passage { step: number, outputs: vec![*lot], inputs: vec![(*lot, Pass::Straight)] });
        flows.passages.extend(moves);
        if !made.is_empty() {
            let way = |lot: usize| if lots[lot].form == Form::Scrap { Pass::Recycled } else { Pass::Straight };
            let inputs: Vec<(usize, Pass)> = step.inputs.iter().map(|lot| (*lot, way(*lot))).collect();
            for (element, _) in &flows.totals {
                let inputs = step.inputs.iter().map(|lot| held(*lot, *element)).collect();
                flows.weights.insert((*element, flows.passages.len()), Weights { inputs, gain: None });
            }
            flows.passages.push(Passage { step: number, outputs: made, inputs });
        }
    }
    flows
}
