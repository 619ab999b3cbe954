//! One rule on one bucket: which steps the elements of the lot came through there, and what is known of each.
//!
//! A step declared in a forbidden country, or where its place is refuted, contradicts at whatever level. A step elsewhere
//! passes at the level asked for and not below. Where nothing says how an element came to be, the rule stays open.

use super::answer::{Failing, RuleAnswer, ShareAnswer, ShareOf, VerdictBasis};
use super::passes::LastPass;
use super::share::{Share, share_of};
use super::survey::enters;
use super::words::{counted, kilograms, listed, percent};
use super::{Judge, combine};
use crate::event::Verdict;
use crate::finding::Reason;
use crate::lineage::provenance::{Attribution, Origin, Source};
use crate::policy::pack::{Bucket, Passes, Rule};
use crate::policy::trail::TrailStep;
use crate::value::{Country, Element, Fraction};
use outcome::{Outcome, open, refuted};
use std::collections::{BTreeMap, BTreeSet};

mod outcome;

/// Where something was found: a step, or a lot whose making is not at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum At {
    Step(usize),
    Lot(usize),
}

/// A rule being judged.
pub(super) struct BucketRule<'j, 'a> {
    judge: &'j Judge<'a>,
    rule: &'a Rule,
    bucket: &'a Bucket,
    forbidden: BTreeSet<Country>,
    /// Steps that the rule may ask about.
    steps: Vec<usize>,
    failing: BTreeMap<At, Failing>,
    confirmed: BTreeMap<Country, BTreeSet<usize>>,
    documents: bool,
    shares: Vec<ShareAnswer>,
    why: Vec<Reason>,
    verdicts: Vec<Verdict>,
}

impl<'j, 'a> BucketRule<'j, 'a> {
    pub(super) fn new(judge: &'j Judge<'a>, rule: &'a Rule, bucket: &'a Bucket) -> Self {
        let forbidden = judge.forbidden(rule);
        let survey = &judge.survey;
        let holds = |step: &TrailStep| step.processes.iter().any(|process| bucket.holds(*process));
        let asked = |(number, step): (usize, &TrailStep)| {
            let here = (enters(step) || holds(step)) && survey.steps_back(number) != u32::MAX;
            (here && (!rule.together || judge.is_together(number))).then_some(number)
        };
        let steps = survey.trail.steps.iter().enumerate().filter_map(asked).collect();
        Self {
            judge,
            rule,
            bucket,
            forbidden,
            steps,
            failing: BTreeMap::new(),
            confirmed: BTreeMap::new(),
            documents: false,
            shares: Vec::new(),
            why: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    /// Judges all elements that count.
    pub(super) fn answer(mut self, last: &BTreeMap<Element, LastPass>) -> RuleAnswer {
        let judge = self.judge;
        for element in judge.elements.iter().chain(&judge.unlisted) {
            match judge.survey.attribution(*element) {
                Some(attribution) => self.element(attribution, last.get(element)),
                None => self.not_analysed(*element),
            }
        }
        self.conclude()
    }

    fn element(&mut self, attribution: &'a Attribution, last: Option<&LastPass>) {
        let counts = |step: usize| match (self.rule.passes, last) {
            (Some(Passes::Last), Some(last)) => last.counts(&self.bucket.name, step),
            _ => true,
        };
        let mut bad = BTreeSet::new();
        let mut open = BTreeSet::new();
        let mut gaps = BTreeSet::new();
        for number in self.steps.clone() {
            if attribution.steps.get(number).copied().flatten().is_none() || !counts(number) {
                continue;
            }
            let Some(step) = self.judge.survey.trail.steps.get(number) else { continue };
            let outcome = self.as_certain(self.outcome(number, step, attribution.element), attribution.element);
            match &outcome {
                Outcome::Untested => continue,
                Outcome::Fine { country, documents } => {
                    self.confirmed.entry(*country).or_default().insert(number);
                    self.documents |= *documents;
                    continue;
                }
                Outcome::Forbidden(_) | Outcome::Refuted(_) => {
                    bad.insert(number);
                }
                Outcome::Open { .. } => {
                    open.insert(number);
                }
            }
            self.fails(At::Step(number), attribution.element, outcome);
        }
        for gap in self.judge.gaps(attribution.element) {
            if let Some(outcome) = self.gap(gap, attribution.element, &counts) {
                let outcome = self.as_certain(outcome, attribution.element);
                gaps.insert(gap.source);
                let at = gap.step().map_or(At::Lot(gap.lot), At::Step);
                self.fails(at, attribution.element, outcome);
            }
        }
        self.weigh(attribution, &bad, &open, &gaps);
    }

    /// The policy names an element of which neither the lot nor anything before it says something.
    fn not_analysed(&mut self, element: Element) {
        let trail = self.judge.survey.trail;
        let made_by = trail.subject().and_then(|lot| lot.made_by);
        let at = made_by.map_or(At::Lot(trail.subject), At::Step);
        let text = "at a place that is not known: the lot does not list it, nor says that it holds none".to_owned();
        self.fails(at, element, open(text, vec![self.statement_of(element)]));
        self.verdicts.push(Verdict::Unproven);
    }

    /// Notes a step or lot under what fails; for several elements once.
    fn fails(&mut self, at: At, element: Element, outcome: Outcome<'a>) {
        let (verdict, country, code, text, needed) = match outcome {
            Outcome::Untested | Outcome::Fine { .. } => return,
            Outcome::Forbidden(country) => {
                let text = format!("in {country}; forbidden are {}", listed(self.forbidden.iter()));
                (Verdict::Contradicted, Some(country), None, text, Vec::new())
            }
            Outcome::Refuted(finding) => {
                (Verdict::Contradicted, None, Some(finding.code), refuted(finding), Vec::new())
            }
            Outcome::Open { text, needed } => (Verdict::Unproven, None, None, text, needed),
        };
        let place = self.judge.place(match at {
            At::Step(step) => Ok(step),
            At::Lot(lot) => Err(lot),
        });
        let Some(mut failing) = place else { return };
        (failing.verdict, failing.code, failing.text, failing.needed) = (verdict, code, text, needed);
        failing.country = country.or(failing.country);
        // What must be shown of a step for what the lot lists is shown for the rest as well.
        let is_listed = !self.judge.unlisted.contains(&element);
        match self.failing.get_mut(&at) {
            Some(known) if !is_listed && !known.elements.iter().all(|one| self.judge.unlisted.contains(one)) => {}
            Some(known) if known.verdict == verdict => {
                if !known.elements.contains(&element) {
                    known.elements.push(element);
                }
                for one in failing.needed {
                    if !known.needed.contains(&one) {
                        known.needed.push(one);
                    }
                }
            }
            Some(known) if known.verdict == Verdict::Contradicted => {}
            _ => {
                failing.elements = vec![element];
                self.failing.insert(at, failing);
            }
        }
    }

    /// Decides one element: nothing may have come through a forbidden country or an open way, beyond the limits.
    fn weigh(
        &mut self,
        attribution: &Attribution,
        bad: &BTreeSet<usize>,
        open: &BTreeSet<usize>,
        gaps: &BTreeSet<Source>,
    ) {
        let (forbidden, unproven) = (self.judge.settings.max_forbidden_share, self.judge.settings.max_unproven_share);
        let element = attribution.element;
        let flows = self.judge.survey.flows(element);
        if !bad.is_empty() {
            // What is declared in a forbidden country contradicts whatever its mass, unless a limit says how much may.
            let is_end = |step: usize| bad.contains(&step);
            let Share { least, most, .. } =
                share_of(flows, element, &is_end, &|origin| matches!(origin.source, Source::Step(_)));
            self.shares.push(ShareAnswer { element, what: ShareOf::Forbidden, least, most });
            self.verdicts.push(match forbidden {
                limit if limit == Fraction::ZERO || least > limit => Verdict::Contradicted,
                limit if most > limit => Verdict::Unproven,
                _ => Verdict::Confirmed,
            });
        }
        if !open.is_empty() || !gaps.is_empty() {
            let is_end = |step: usize| open.contains(&step);
            let is_it = |origin: &Origin| matches!(origin.source, Source::Step(_)) || gaps.contains(&origin.source);
            let Share { least, most, most_mg } = share_of(flows, element, &is_end, &is_it);
            self.shares.push(ShareAnswer { element, what: ShareOf::Unproven, least, most });
            let is_within = most <= unproven && unproven != Fraction::ZERO;
            self.verdicts.push(if is_within { Verdict::Confirmed } else { Verdict::Unproven });
            let most_mg = most_mg.min(attribution.total.most);
            let mass = if most_mg == u64::MAX { String::new() } else { format!(" ({} kg)", kilograms(most_mg)) };
            let allowed = if unproven == Fraction::ZERO { "none".to_owned() } else { percent(unproven) };
            let is_said = self.verdicts.iter().rev().skip(1).any(|verdict| *verdict != Verdict::Confirmed);
            if is_said && self.judge.unlisted.contains(&element) {
                return;
            }
            let text = format!(
                "up to {}{mass} of {element} is not proven to be {} as asked; {allowed} may be",
                percent(most),
                self.bucket.name
            );
            self.why.push(Reason { text, code: None, events: Vec::new() });
        }
    }

    fn conclude(mut self) -> RuleAnswer {
        let verdict = combine(self.verdicts.iter().copied()).unwrap_or(Verdict::Confirmed);
        let mut failing: Vec<Failing> = self.failing.into_values().collect();
        failing.sort_by_key(|one| (one.verdict != Verdict::Contradicted, one.steps_back));
        for one in &mut failing {
            one.text = format!("{} {}", self.bucket.name, one.text);
        }
        let mut why: Vec<Reason> = failing.iter().map(super::words::reason).collect();
        why.append(&mut self.why);
        if verdict == Verdict::Confirmed {
            let steps: BTreeSet<usize> = self.confirmed.values().flatten().copied().collect();
            let places: Vec<String> =
                self.confirmed.iter().map(|(country, steps)| format!("{country} ({})", steps.len())).collect();
            let text = if places.is_empty() {
                format!("nothing of the lot came through a step that counts as {}", self.bucket.name)
            } else {
                format!(
                    "{} in {}: {}, each evidenced as asked",
                    self.bucket.name,
                    places.join(", "),
                    counted(steps.len(), "step")
                )
            };
            why.insert(0, Reason { text, code: None, events: Vec::new() });
        }
        let basis = if self.documents { VerdictBasis::Documents } else { VerdictBasis::Lineage };
        RuleAnswer {
            rule: self.bucket.name.to_string(),
            verdict,
            basis,
            why,
            failing,
            shares: self.shares,
            needed: Vec::new(),
        }
    }
}
