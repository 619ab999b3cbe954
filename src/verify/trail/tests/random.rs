//! Random histories: no milligram appears or vanishes, and what is withheld stays within the intervals.

use super::super::{Evidence, LedgerEvidence, trail};
use crate::event::*;
use crate::lineage::provenance::{Attribution, Interval, Source};
use crate::lineage::{ViewGraph, upstream};
use crate::policy::trail::Trail;
use crate::rules::fixture::{World, assay, dispatch, lot, overlay, quantity, receive, transform};
use crate::rules::trust::Trust;
use crate::state::Position;
use crate::value::*;
use crate::verify::judge::Asked;
use crate::verify::report::{Completeness, Condition, Integrity, Report, Status, SubjectReport};
use crate::verify::reviewed::History;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::{BTreeMap, BTreeSet};

/// A reproducible choice of small numbers.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn is(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

struct Story {
    world: World,
    dice: Dice,
    parties: Vec<(PartyId, FacilityId)>,
    /// Lots at hand: the lot, its holder, its mass in mg and its Nd in ppm.
    held: Vec<(LotId, usize, u64, u64)>,
    /// Whether everything is measured.
    measured: bool,
}

fn kg(mg: u64) -> String {
    Mass::new(mg).unwrap().to_string()
}

impl Story {
    fn new(seed: u64, measured: bool) -> Self {
        let mut world = World::new();
        let one = world.party(1);
        let two = world.party(2);
        let parties =
            vec![(one, world.facility(one, "US", "35.48,-115.53")), (two, world.facility(two, "EE", "59.36,28.15"))];
        Self { world, dice: Dice(seed), parties, held: Vec::new(), measured }
    }

    /// A lot of neodymium and iron; now and then not analysed, or analysed in part.
    fn lot(&mut self, mg: u64, ppm: u64) -> Lot {
        let nd = Fraction::new(u32::try_from(ppm * 1_000).unwrap()).unwrap();
        let odd = if self.measured { 9 } else { self.dice.below(10) };
        let mut made = match odd {
            0 => Lot { composition: None, ..lot(Form::Oxide, &kg(mg), &format!("Nd {nd}, Fe 0.1")) },
            1 => lot(Form::Oxide, &kg(mg), &format!("Nd <{nd}, Fe 0.1")),
            2 => Lot { composition: None, elements: Vec::new(), ..lot(Form::Ore, &kg(mg), "") },
            _ => lot(Form::Oxide, &kg(mg), &format!("Nd {nd}, Fe 0.1")),
        };
        made.role = if self.dice.is(20) { OutputRole::Scrap } else { OutputRole::Product };
        made
    }

    fn take(&mut self) -> (LotId, usize, u64, u64) {
        let at = usize::try_from(self.dice.below(self.held.len() as u64)).unwrap();
        self.held.swap_remove(at)
    }

    fn head(&self, lot: LotId) -> Head {
        self.world.head(lot.event, lot.output)
    }

    fn record(&mut self, by: usize, body: impl Into<Body>) -> EventId {
        self.world.day += 1;
        self.world.try_record(self.parties[by].0, body).0
    }

    fn source(&mut self) {
        let (by, mg, ppm) = (usize::from(self.dice.is(50)), 1 + self.dice.below(5_000), self.dice.below(400_000));
        let outputs = vec![self.lot(mg, ppm)];
        let facility = self.parties[by].1;
        let source =
            crate::event::Source { facility, source: SourceKind::Mined, outputs, prior: Vec::new(), dispatch: None };
        let event = self.record(by, source);
        self.held.push((LotId::new(event, 0), by, mg, ppm));
    }

    /// Several lots of one party become several; now and then more comes out than went in.
    fn transform(&mut self) {
        let first = self.take();
        let by = first.1;
        let mut inputs = vec![first];
        while self.dice.is(60) && self.held.iter().any(|lot| lot.1 == by) && inputs.len() < 5 {
            let at = self.held.iter().position(|lot| lot.1 == by).unwrap();
            inputs.push(self.held.swap_remove(at));
        }
        let all: u64 = inputs.iter().map(|lot| lot.2).sum();
        let nd: u64 = inputs.iter().map(|lot| lot.2 * lot.3 / 1_000_000).sum();
        let count = 1 + self.dice.below(3);
        let mut outputs = Vec::new();
        let mut made = Vec::new();
        for _ in 0..count {
            let mg = (all / count).max(1);
            let gain = if self.dice.is(15) { 150 } else { 50 + self.dice.below(51) };
            let ppm = (nd * 1_000_000 / (mg * count).max(1) * gain / 100).min(900_000);
            outputs.push(self.lot(mg, ppm));
            made.push((mg, ppm));
        }
        let heads = inputs.iter().map(|lot| self.head(lot.0)).collect();
        let processes = if self.dice.is(80) { [Process::Melt] } else { [Process::Test] };
        let body = transform(self.parties[by].1, &processes, heads, outputs);
        let event = self.record(by, body);
        self.held.extend((0u8..).zip(made).map(|(at, (mg, ppm))| (LotId::new(event, at), by, mg, ppm)));
    }

    /// Parts without a composition of their own, most of the time.
    fn split(&mut self) {
        let (id, by, mg, ppm) = self.take();
        let left = 1 + self.dice.below(mg);
        let masses: Vec<u64> = [left, mg - left].into_iter().filter(|mg| *mg > 0).collect();
        let part = |mg: &u64| Lot { composition: None, ..lot(Form::Oxide, &kg(*mg), "Nd 0.1, Fe 0.1") };
        let outputs: Vec<Lot> = masses.iter().map(part).collect();
        let (facility, input) = (self.parties[by].1, self.head(id));
        let event = self.record(by, Split { facility, input, outputs, difference: None, hidden: Vec::new() });
        self.held.extend((0u8..).zip(masses).map(|(at, mg)| (LotId::new(event, at), by, mg, ppm)));
    }

    fn blend(&mut self) {
        let (first, by, mg, ppm) = self.take();
        let Some(at) = self.held.iter().position(|lot| lot.1 == by) else { return };
        let second = self.held.swap_remove(at);
        let both = mg + second.2;
        let mean = (mg * ppm + second.2 * second.3) / both;
        let outputs = vec![Lot { composition: None, ..lot(Form::Oxide, &kg(both), "Nd 0.1, Fe 0.1") }];
        let inputs = vec![self.head(first), self.head(second.0)];
        let event = self.record(by, Blend { facility: self.parties[by].1, inputs, outputs });
        self.held.push((LotId::new(event, 0), by, both, mean));
    }

    /// A hand-off; the receiver weighs anew half of the time.
    fn hand_over(&mut self) {
        let (id, by, mg, ppm) = self.take();
        let (from, to) = (self.parties[by], self.parties[1 - by]);
        let heads = [self.head(id)];
        let sent = self.record(by, dispatch(self.world.ledger, &heads, from.1, to.0));
        let mut body = receive(sent, &[self.head(id)], to.1);
        let mut weighed = mg;
        if self.dice.is(50) {
            weighed = (mg * (80 + self.dice.below(60)) / 100).max(1);
            body.lots[0].quantity = Some(quantity(&kg(weighed)));
        }
        self.record(1 - by, body);
        self.held.push((id, 1 - by, weighed, ppm));
    }

    /// An assay or a correction of a lot at hand.
    fn state(&mut self) {
        let (id, by, mg, ppm) = self.take();
        let nd = Fraction::new(u32::try_from(self.dice.below(500_000) * 1_000).unwrap()).unwrap();
        let is_own = self.world.recorded.iter().any(|(event, _)| {
            event.id == id.event && event.issuer() == self.parties[by].0 && !event.payload.body.outputs().is_empty()
        });
        let lists = self.world.recorded.iter().find(|(event, _)| event.id == id.event).is_some_and(|(event, _)| {
            event.payload.body.outputs()[usize::from(id.output)].elements.contains(&Element::Nd)
        });
        match self.dice.below(4) {
            // What a lot does not list in clear it does not hold, whatever is withheld.
            _ if !lists => {}
            0 if is_own => {
                let (object, value) = (format!("/body/outputs/{}", id.output), quantity(&kg(mg + 1)));
                self.record(by, overlay(id.event, &object, "quantity", value));
            }
            status => {
                let status = AssayStatus::ALL[usize::try_from(status).unwrap() % AssayStatus::ALL.len()];
                self.record(by, assay(id, status, &format!("Nd {nd}")));
            }
        }
        self.held.push((id, by, mg, ppm));
    }

    /// A history, and its last lot.
    fn tell(mut self, steps: usize) -> (World, LotId) {
        (0..3).for_each(|_| self.source());
        for _ in 0..steps {
            match self.dice.below(10) {
                _ if self.held.is_empty() => self.source(),
                0..=1 => self.source(),
                2..=4 => self.transform(),
                5 => self.split(),
                6 => self.blend(),
                7..=8 => self.hand_over(),
                _ => self.state(),
            }
        }
        if self.held.is_empty() {
            self.source();
        }
        let last = *self.held.last().unwrap();
        (self.world, last.0)
    }
}

/// The events with some values withheld.
fn withheld(world: &World, dice: &mut Dice, percent: u64) -> Vec<(Position, Event)> {
    let hide = |(event, at): &(Event, Position)| {
        let mut event = event.clone();
        event.payload.visit_leaves(&mut |_, object| {
            for (name, json) in object.take_leaves().unwrap() {
                if dice.is(percent) {
                    object.hidden_mut().push(SdDigest([7; 32]));
                } else {
                    object.set_leaf(name, &json).unwrap();
                }
            }
        });
        (*at, event)
    };
    world.recorded.iter().map(hide).collect()
}

fn trail_of(world: &World, events: &[(Position, Event)], subject: LotId) -> Trail {
    let trust = Trust::nobody();
    let lineage = upstream(&ViewGraph(&world.state), subject).unwrap();
    let history = History {
        view: &world.state,
        events: events.iter().map(|(at, event)| (*at, event)).collect(),
        breached: BTreeSet::new(),
        cosigned: 0,
        is_complete: true,
    };
    let asked = Asked { trust: &trust, as_of: Time::MAX, recipient: None };
    let settled = history.settle(&asked).unwrap();
    let report = blank(subject);
    let (operator, heads) = (None, Vec::new());
    let ledger = LedgerEvidence { ledger: world.ledger, operator, heads, history, settled: &settled };
    let evidence =
        Evidence { report: &report, lineage: &lineage, ledgers: vec![ledger], trust: &trust, as_of: Time::MAX };
    trail(&evidence).unwrap()
}

fn blank(lot: LotId) -> Report {
    let (form, holder, owner, facility, head, consignee) = (None, None, None, None, None, None);
    let condition = Condition::Held;
    let subject = SubjectReport { lot, condition, form, holder, owner, facility, head, consignee };
    Report {
        v: 0,
        as_of: Time::MAX,
        subject,
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

/// Masses by source, whatever way they came.
fn by_source(attribution: &Attribution) -> BTreeMap<(usize, bool), Interval> {
    let mut found: BTreeMap<(usize, bool), Interval> = BTreeMap::new();
    for origin in &attribution.origins {
        let key = match origin.source {
            Source::Lot(lot) => (lot, true),
            Source::Gain { step, .. } | Source::Step(step) => (step, false),
        };
        let slot = found.entry(key).or_default();
        *slot = slot.plus(origin.mass);
    }
    found
}

/// What is known exactly is kept to the milligram.
fn check_conservation(attribution: &Attribution) -> Result<(), TestCaseError> {
    let least: u64 = attribution.origins.iter().map(|origin| origin.mass.least).sum();
    let most: u64 = attribution.origins.iter().map(|origin| origin.mass.most).sum();
    let exact = attribution.origins.iter().all(|origin| origin.mass.is_exact());
    prop_assert!(exact, "{attribution:?}");
    prop_assert_eq!((least, most), (attribution.total.least, attribution.total.most));
    Ok(())
}

fn check_containment(known: &Trail, shown: &Trail) -> Result<(), TestCaseError> {
    for exact in &known.provenance.elements {
        let Some(hidden) = shown.provenance.element(exact.element) else {
            return Err(TestCaseError::fail(format!("{} is lost", exact.element)));
        };
        prop_assert!(hidden.total.contains(&exact.total));
        let lots = exact.lots.iter().zip(&hidden.lots).map(|pair| ("lot", pair));
        let steps = exact.steps.iter().zip(&hidden.steps).map(|pair| ("step", pair));
        for (number, (what, (exact_mass, hidden_mass))) in lots.enumerate().chain(steps.enumerate()) {
            let Some(exact_mass) = exact_mass else { continue };
            let holds = hidden_mass.is_some_and(|hidden| hidden.contains(exact_mass));
            prop_assert!(holds, "{} {what} {number}: {exact_mass:?} in {hidden_mass:?}", exact.element);
        }
        let bounds = by_source(hidden);
        for (source, mass) in by_source(exact) {
            let bound = bounds.get(&source);
            let holds = bound.is_some_and(|bound| bound.contains(&mass));
            prop_assert!(holds || mass == Interval::default(), "{source:?}: {mass:?} in {bound:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, rng_seed: RngSeed::Fixed(23), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_milligram_appears_or_vanishes(seed: u64, steps in 1usize..60) {
        let (world, subject) = Story::new(seed, true).tell(steps);
        let events = withheld(&world, &mut Dice(seed), 0);
        let trail = trail_of(&world, &events, subject);
        prop_assert!(!trail.provenance.elements.is_empty());
        for attribution in &trail.provenance.elements {
            check_conservation(attribution)?;
        }
    }

    #[test]
    fn whatever_is_withheld_the_intervals_hold_the_exact_result(
        seed: u64, steps in 1usize..60, percent in 1u64..100, measured: bool,
    ) {
        let (world, subject) = Story::new(seed, measured).tell(steps);
        let known = trail_of(&world, &withheld(&world, &mut Dice(seed), 0), subject);
        let shown = trail_of(&world, &withheld(&world, &mut Dice(seed), percent), subject);
        check_containment(&known, &shown)?;
    }
}
