//! The effective custody model (ISO 22095:2020) of the subject of a trail.
//!
//! It is the weakest model claimed on any path to the lot, capped by what happened on the way, and never upgraded:
//!
//! | what happened | at most |
//! |---|---|
//! | material of several origins came together, whatever was said of it | segregated |
//! | material of different status was mixed | controlled blending |
//! | the same in a circuit, so that the proportion is known on average only | mass balance |
//!
//! An *origin* is the mine, or the event by which other material entered. Inputs are *mixed* where they hold an element in
//! common: an alloy of metals that share none mixes nothing. *Status* is what the question makes it ([`effective_for`]);
//! where none is asked, it is the characteristic that lots are claimed for, inherited by what is made from them, and in a
//! circuit also where and how the feed entered ([`effective`]). A *circuit* is a transform with a lot of form `in-process`
//! among its inputs or outputs.
//!
//! A lot for which nobody claims a model is not weaker for it: its custody is what the ledger shows.
//!
//! Not in scope: credit accounts, which version 1 does not keep; what a model permits to be claimed (the packs).

use super::trail::{Trail, TrailLot, TrailStep};
use super::upstream::{Upstream, parents};
use crate::event::{CustodyModel, Form, Kind, SourceKind, Stage};
use crate::finding::Reason;
use crate::value::{Country, Element, EventId, FacilityId};
use std::collections::{BTreeMap, BTreeSet};

/// How many reasons are given at most; the first ones, in the order of the steps.
const MOST_REASONS: usize = 32;

/// How many different statuses a lot is known by at most: what holds more has been mixed already.
const MOST_STATUSES: usize = 64;

/// The effective custody model of a lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// The model: no stronger one is possible.
    pub model: CustodyModel,
    /// The claims and events that make it no stronger than that.
    pub why: Vec<Reason>,
    /// Why it may be weaker still: what came before is not known.
    pub open: Vec<Reason>,
}

/// The model where nothing in particular is asked.
#[must_use]
pub fn effective(trail: &Trail) -> Effective {
    let claimed = classes(trail, |lot, _| lot.custody_model.map(|_| lot.characteristic.clone()), None);
    let entered = classes(trail, |_, maker| maker.map(feed).filter(|feed| feed.is_some()), None);
    let both: Vec<(u32, u32)> = claimed.iter().copied().zip(entered).collect();
    decide(trail, &claimed, &both)
}

/// The model for a question that gives each lot a status: lots of one status may be pooled.
///
/// `status` has an entry for each lot of the trail; a lot without one has the status of those without.
#[must_use]
pub fn effective_for<T: Ord + Copy>(trail: &Trail, status: &[T]) -> Effective {
    decide(trail, status, status)
}

/// How and where material entered, by a step that lets it enter.
fn feed(step: &TrailStep) -> Option<(SourceKind, Option<Country>)> {
    let kind = step.source?;
    let before = step.prior.iter().find(|prior| prior.stage == Stage::Mined).map(|prior| prior.country);
    Some((kind, if kind == SourceKind::Mined { step.country } else { before }))
}

/// Classes of lots: a lot has what `own` says, else all that its maker's inputs have, else `none`.
fn classes<T: Ord + Clone>(
    trail: &Trail,
    own: impl Fn(&TrailLot, Option<&TrailStep>) -> Option<T>,
    none: T,
) -> Vec<u32> {
    let mut sets: Vec<BTreeSet<T>> = Vec::new();
    let mut known: BTreeMap<BTreeSet<T>, u32> = BTreeMap::new();
    let mut intern = |set: BTreeSet<T>, sets: &mut Vec<BTreeSet<T>>| {
        let next = u32::try_from(sets.len()).unwrap_or(u32::MAX);
        *known.entry(set).or_insert_with_key(|set| {
            sets.push(set.clone());
            next
        })
    };
    let nothing = intern(BTreeSet::from([none]), &mut sets);
    let mut class = vec![nothing; trail.lots.len()];
    let mut put = |number: usize, maker: Option<&TrailStep>, class: &mut Vec<u32>| {
        let Some(lot) = trail.lots.get(number) else { return };
        let found = match own(lot, maker) {
            Some(own) => intern(BTreeSet::from([own]), &mut sets),
            None => {
                let inputs = maker.into_iter().flat_map(parents).filter_map(|input| class.get(input).copied());
                let mut inputs: Vec<u32> = inputs.collect();
                inputs.sort_unstable();
                inputs.dedup();
                match inputs.as_slice() {
                    [] => nothing,
                    [only] => *only,
                    several => {
                        let sets_of = several.iter().filter_map(|class| sets.get(usize::try_from(*class).ok()?));
                        let all: BTreeSet<T> = sets_of.flatten().cloned().collect();
                        intern(all.into_iter().take(MOST_STATUSES).collect(), &mut sets)
                    }
                }
            }
        };
        if let Some(class) = class.get_mut(number) {
            *class = found;
        }
    };
    for (number, lot) in trail.lots.iter().enumerate() {
        if lot.made_by.is_none() {
            put(number, None, &mut class);
        }
    }
    for (number, step) in trail.steps.iter().enumerate() {
        for output in &step.outputs {
            if trail.lots.get(*output).is_some_and(|lot| lot.made_by == Some(number)) {
                put(*output, Some(step), &mut class);
            }
        }
    }
    class
}

fn decide<S: Ord + Copy, F: Ord + Copy>(trail: &Trail, status: &[S], feed: &[F]) -> Effective {
    let upstream = Upstream::of(trail, trail.subject);
    let mut found = Found::default();
    for lot in upstream.lots().filter_map(|number| trail.lots.get(number)) {
        if let Some(model) = lot.custody_model {
            let events = vec![lot.id.event];
            found.cap(model, || Reason { text: claimed(lot, model), code: None, events });
        }
        if lot.made_by.is_none() {
            let text = format!("what made lot {} is not known", lot.id);
            found.open.push(Reason { text, code: None, events: vec![lot.id.event] });
        }
    }
    for step in upstream.steps().filter_map(|number| trail.steps.get(number)) {
        found.entered(step);
        found.merged(trail, step, status, feed);
    }
    found.finish(trail)
}

fn claimed(lot: &TrailLot, model: CustodyModel) -> String {
    match &lot.characteristic {
        Some(characteristic) => format!("lot {} is claimed {model} for {characteristic}", lot.id),
        None => format!("lot {} is claimed {model}", lot.id),
    }
}

/// Where material came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Mine(FacilityId),
    Entry(EventId),
}

#[derive(Default)]
struct Found {
    caps: BTreeMap<CustodyModel, Vec<Reason>>,
    origins: BTreeMap<Origin, EventId>,
    open: Vec<Reason>,
}

impl Found {
    fn cap(&mut self, model: CustodyModel, why: impl FnOnce() -> Reason) {
        let reasons = self.caps.entry(model).or_default();
        if reasons.len() < MOST_REASONS {
            reasons.push(why());
        }
    }

    fn entered(&mut self, step: &TrailStep) {
        let Some(kind) = step.source else { return };
        let origin = match step.facility {
            Some(facility) if kind == SourceKind::Mined => Origin::Mine(facility),
            _ => Origin::Entry(step.event),
        };
        self.origins.entry(origin).or_insert(step.event);
        if matches!(kind, SourceKind::OpeningStock | SourceKind::Purchased | SourceKind::Returned) {
            let text = format!("what entered as {kind} may have been mixed before");
            self.open.push(Reason { text, code: None, events: vec![step.event] });
        }
    }

    fn merged<S: Ord + Copy, F: Ord + Copy>(&mut self, trail: &Trail, step: &TrailStep, status: &[S], feed: &[F]) {
        if !matches!(step.kind, Kind::Transform | Kind::Blend) || step.inputs.len() < 2 {
            return;
        }
        if is_circuit(trail, step) {
            if let Some(element) = mixed(trail, step, feed) {
                self.cap(CustodyModel::MassBalance, || {
                    let text =
                        format!("{element} of different status was fed to a circuit: shares are known on average only");
                    Reason { text, code: None, events: vec![step.event] }
                });
            }
        } else if let Some(element) = mixed(trail, step, status) {
            self.cap(CustodyModel::ControlledBlending, || {
                let text = format!("{element} of different status was mixed");
                Reason { text, code: None, events: vec![step.event] }
            });
        }
    }

    fn finish(mut self, trail: &Trail) -> Effective {
        if self.origins.len() > 1 {
            let text = format!("material of {} origins came together", self.origins.len());
            let events = self.origins.values().copied().take(MOST_REASONS).collect();
            self.cap(CustodyModel::Segregated, || Reason { text, code: None, events });
        }
        let (model, why) = self.caps.pop_last().unwrap_or_else(|| {
            let text = "the material of one origin was kept apart all the way".to_owned();
            let events = self.origins.values().copied().collect();
            (CustodyModel::IdentityPreserved, vec![Reason { text, code: None, events }])
        });
        if !trail.is_complete {
            let text = "something of the lineage is missing".to_owned();
            self.open.push(Reason { text, code: None, events: Vec::new() });
        }
        self.open.truncate(MOST_REASONS);
        Effective { model, why, open: self.open }
    }
}

fn is_circuit(trail: &Trail, step: &TrailStep) -> bool {
    let is_in_process = |number: &usize| trail.lots.get(*number).is_some_and(|lot| lot.form == Form::InProcess);
    step.inputs.iter().chain(&step.outputs).any(is_in_process)
}

/// The first element that two inputs of different class hold in common.
fn mixed<T: Ord + Copy>(trail: &Trail, step: &TrailStep, class: &[T]) -> Option<Element> {
    let mut seen: BTreeMap<Element, Option<T>> = BTreeMap::new();
    for input in &step.inputs {
        let own = class.get(*input).copied();
        for element in trail.lots.get(*input).into_iter().flat_map(|lot| &lot.elements) {
            if *seen.entry(*element).or_insert(own) != own {
                return Some(*element);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Story;
    use super::*;
    use crate::event::Process;
    use CustodyModel as M;

    const NOTHING: &[(&str, u64)] = &[("Nd", 100)];

    fn two_mines(a: &str, b: &str) -> (Story, usize, usize) {
        let mut story = Story::new();
        let (first, second) = (story.mine(a, Form::Oxide, NOTHING), story.mine(b, Form::Oxide, NOTHING));
        (story, first, second)
    }

    #[test]
    fn one_mine_is_identity_preserved_and_two_are_segregated_at_most() {
        let mut story = Story::new();
        let lot = story.mine("US", Form::Oxide, NOTHING);
        let (left, right) = story.halve(lot);
        let again = story.blend(&[left, right]);
        assert_eq!(effective(&story.trail(again)).model, M::IdentityPreserved);
        let (mut story, first, second) = two_mines("US", "AU");
        let blend = story.blend(&[first, second]);
        story.claim_model(blend, M::IdentityPreserved, "mine of origin");
        let found = effective(&story.trail(blend));
        assert_eq!(found.model, M::Segregated);
        assert_eq!(found.why[0].events.len(), 2, "both entries are named: {found:?}");
        assert!(found.open.is_empty());
    }

    #[test]
    fn a_weaker_claim_upstream_is_inherited_and_never_upgraded() {
        let mut story = Story::new();
        let lot = story.mine("US", Form::Oxide, NOTHING);
        story.claim_model(lot, M::MassBalance, "mined in the US");
        let metal = story.process("GB", &[Process::Reduce], &[lot], Form::Metal, &[("Nd", 95)]);
        story.claim_model(metal, M::Segregated, "mined in the US");
        let found = effective(&story.trail(metal));
        assert_eq!(found.model, M::MassBalance);
        assert!(found.why[0].text.contains("claimed mass-balance for mined in the US"), "{found:?}");
    }

    #[test]
    fn mixed_status_is_controlled_blending_but_an_alloy_mixes_nothing() {
        let (mut story, first, second) = two_mines("US", "AU");
        story.claim_model(first, M::Segregated, "conflict-free");
        let blend = story.blend(&[first, second]);
        let found = effective(&story.trail(blend));
        assert_eq!(found.model, M::ControlledBlending);
        assert_eq!(found.why[0].events, [super::super::fixture::id("step 2")]);
        let mut story = Story::new();
        let nd = story.mine("US", Form::Metal, NOTHING);
        story.claim_model(nd, M::Segregated, "conflict-free");
        let iron = story.mine("US", Form::Iron, &[("Fe", 200)]);
        let flake = story.process("EE", &[Process::Melt], &[nd, iron], Form::AlloyFlake, &[("Nd", 99), ("Fe", 199)]);
        assert_eq!(effective(&story.trail(flake)).model, M::Segregated);
    }

    #[test]
    fn status_is_inherited_by_what_is_made() {
        let (mut story, first, second) = two_mines("US", "AU");
        story.claim_model(first, M::Segregated, "conflict-free");
        let a = story.process("MY", &[Process::Separate], &[first], Form::Oxide, &[("Nd", 90)]);
        let b = story.process("MY", &[Process::Separate], &[second], Form::Oxide, &[("Nd", 90)]);
        let blend = story.blend(&[a, b]);
        assert_eq!(effective(&story.trail(blend)).model, M::ControlledBlending);
    }

    #[test]
    fn a_circuit_of_mixed_feed_is_mass_balance_and_one_of_like_feed_is_not() {
        for (second, expected) in [("CN", M::MassBalance), ("US", M::IdentityPreserved)] {
            let (mut story, first, other) = two_mines("US", second);
            let (_, heel) = story.period("MY", &[first], 60, 40);
            let (drawn, _) = story.period("MY", &[heel, other], 90, 50);
            assert_eq!(effective(&story.trail(drawn)).model, expected, "{second}");
        }
    }

    #[test]
    fn a_question_may_bring_its_own_status() {
        let (mut story, first, other) = two_mines("US", "AU");
        let (_, heel) = story.period("MY", &[first], 60, 40);
        let (drawn, _) = story.period("MY", &[heel, other], 90, 50);
        let trail = story.trail(drawn);
        assert_eq!(effective(&trail).model, M::MassBalance);
        assert_eq!(effective_for(&trail, &vec![true; trail.lots.len()]).model, M::Segregated);
        let mut status = vec![true; trail.lots.len()];
        status[other] = false;
        assert_eq!(effective_for(&trail, &status).model, M::MassBalance);
    }

    #[test]
    fn what_is_not_known_may_be_weaker() {
        let mut story = Story::new();
        let lot = story.source(SourceKind::Purchased, "US", Form::Oxide, NOTHING);
        let trail = story.trail(lot);
        assert_eq!(effective(&trail).open.len(), 1);
        let missing = Trail { is_complete: false, ..trail };
        assert_eq!(effective(&missing).open.len(), 2);
    }
}
