//! Hand-made trails for tests: a story told step by step, with every place accredited unless it says otherwise.

use super::trail::*;
use crate::event::*;
use crate::lineage::provenance::{Attribution, Interval, Provenance};
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
        let amount =
            |(element, mg): &(&str, u64)| Amount { element: element.parse().unwrap(), least: *mg, most: Some(*mg) };
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
        let provenance = attribute(&self.lots, &self.steps, subject);
        Trail { subject, lots: self.lots, steps: self.steps, provenance, is_complete: true, is_sound: true }
    }
}

/// Exact shares where they come out even; what does not goes to the last input.
fn attribute(lots: &[TrailLot], steps: &[TrailStep], subject: usize) -> Provenance {
    let held = |lot: usize, element: Element| {
        lots[lot].amounts.iter().find(|amount| amount.element == element).map_or(0, |amount| amount.least)
    };
    let of = |amount: &Amount| {
        let element = amount.element;
        let (mut of_lots, mut of_steps) = (vec![None; lots.len()], vec![None; steps.len()]);
        of_lots[subject] = Some(amount.least);
        for (number, step) in steps.iter().enumerate().rev() {
            let through: Vec<u64> = step.outputs.iter().filter_map(|output| of_lots[*output]).collect();
            if through.is_empty() {
                continue;
            }
            of_steps[number] = Some(through.iter().sum::<u64>());
            let makes = step.outputs.iter().any(|output| lots[*output].made_by == Some(number));
            let inputs: Vec<usize> = step.inputs.iter().copied().filter(|i| makes && held(*i, element) > 0).collect();
            let all: u64 = inputs.iter().map(|input| held(*input, element)).sum();
            let mut left = through.iter().sum::<u64>();
            for (at, input) in inputs.iter().enumerate() {
                let part =
                    u128::from(through.iter().sum::<u64>()) * u128::from(held(*input, element)) / u128::from(all);
                let part = if at + 1 == inputs.len() { left } else { u64::try_from(part).unwrap() };
                left -= part;
                of_lots[*input] = Some(of_lots[*input].unwrap_or(0) + part);
            }
        }
        let intervals = |all: Vec<Option<u64>>| all.into_iter().map(|mg| mg.map(Interval::exact)).collect();
        let total = Interval::exact(amount.least);
        Attribution { element, total, lots: intervals(of_lots), steps: intervals(of_steps) }
    };
    Provenance { elements: lots[subject].amounts.iter().map(of).collect() }
}
