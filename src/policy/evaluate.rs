//! Judging a lot by policy packs, over its trail.
//!
//! The delivery date chooses the range; each bucket of the range is judged element by element (`bucket`); custody model,
//! completeness and integrity are rules of their own. Contradicted beats unproven beats the rest, and nothing is confirmed
//! that is not shown. An exception that applies makes the lot EXEMPT, whatever the rules come to; a lot of no family of the
//! pack is NOT APPLICABLE; a date outside every range leaves it UNPROVEN.
//!
//! The cost is linear in steps × (elements × buckets): a trail is surveyed once for all packs, and each rule looks at each
//! step a fixed number of times.
//!
//! Does not establish that a statement is true, nor that a rule applies to a purchase: the pack's notice says so.

use crate::event::Verdict;
use crate::finding::Reason;
use crate::policy::exception::SignedException;
use crate::policy::pack::{Bucket, Duty, Family, HkMo, Pack, Passes, Range, Rule, Scope, Settings};
use crate::policy::summary::SummarySeen;
use crate::policy::trail::{PlaceLevel, TimeLevel, Trail};
use crate::value::{Country, Date, Element, Text};
use answer::{Failing, NextAnswer, PolicyAnswer, RuleAnswer, VerdictBasis};
use bucket::BucketRule;
use passes::LastPass;
use std::collections::{BTreeMap, BTreeSet};
use survey::{Gap, Survey};

pub mod answer;
mod bucket;
mod content;
mod entry;
mod exempt;
mod foundations;
mod passes;
mod recycled;
mod share;
mod survey;
mod unlisted;
mod words;

/// A pack to judge by, with all that the verifier adds to it.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The pack.
    pub pack: &'a Pack,
    /// Its parameters.
    pub settings: &'a Settings,
    /// When the lot is to be delivered.
    pub delivery: Option<Date>,
    /// Signed facts about the purchase.
    pub exceptions: &'a [SignedException],
    /// Auditors' summaries that count.
    pub summaries: &'a [SummarySeen],
}

/// Judges the subject of a trail by each pack.
#[must_use]
pub fn evaluate(trail: &Trail, asks: &[Ask<'_>]) -> Vec<PolicyAnswer> {
    let asked = asks.iter().flat_map(|ask| Element::ALL.iter().filter(|element| may_count(ask, **element)));
    let survey = Survey::of(trail, &asked.copied().collect());
    asks.iter().map(|ask| judge(&survey, ask)).collect()
}

/// Whether a pack may ask about an element, whatever the lot is.
fn may_count(ask: &Ask<'_>, element: Element) -> bool {
    let file = &ask.pack.file;
    let of_scope = match ask.settings.elements {
        Scope::NamedOnly => false,
        Scope::AllRareEarths => element.is_rare_earth(),
        Scope::AllElements => true,
    };
    of_scope
        || file.families.iter().any(|family| family.named().contains(&element))
        || file.recycled.iter().any(|recycled| recycled.elements.contains(&element))
}

/// What a rule asks of the evidence for a place.
struct AskedEvidence {
    place: PlaceLevel,
    time: TimeLevel,
    prior: Option<PlaceLevel>,
}

/// A lot being judged by one range of one pack.
struct Judge<'a> {
    survey: &'a Survey<'a>,
    ask: &'a Ask<'a>,
    pack: &'a Pack,
    settings: &'a Settings,
    range: &'a Range,
    families: Vec<&'a Family>,
    elements: Vec<Element>,
    /// Those that count though the lot does not list them: it may hold them, or the family names them.
    unlisted: Vec<Element>,
    /// By number of the step: whether all named elements of a family came through it.
    together: Vec<bool>,
}

/// A range judged.
struct Judged {
    verdict: Verdict,
    basis: VerdictBasis,
    rules: Vec<RuleAnswer>,
    exceptions: Vec<answer::ExceptionAnswer>,
    why: Vec<Reason>,
    needed: Vec<String>,
    notes: Vec<Reason>,
}

fn judge(survey: &Survey<'_>, ask: &Ask<'_>) -> PolicyAnswer {
    let file = &ask.pack.file;
    let families: Vec<&Family> = file.families.iter().filter(|family| belongs(survey.trail, family)).collect();
    let mut answer = PolicyAnswer {
        policy: ask.pack.reference(),
        title: file.title.to_string(),
        verdict: Verdict::NotApplicable,
        basis: VerdictBasis::Lineage,
        delivery: ask.delivery,
        range: None,
        families: families.iter().map(|family| family.id.to_string()).collect(),
        elements: Vec::new(),
        unlisted: Vec::new(),
        parameters: ask.settings.in_force.clone(),
        why: Vec::new(),
        rules: Vec::new(),
        exceptions: Vec::new(),
        needed: Vec::new(),
        notes: Vec::new(),
        next: None,
        notices: ask.pack.notices(),
    };
    if families.is_empty() {
        answer.why = said(not_of_any_family(survey.trail, ask.pack));
        return answer;
    }
    let Some(range) = ask.pack.range(ask.delivery) else {
        answer.verdict = Verdict::Unproven;
        answer.why = said(match ask.delivery {
            Some(delivery) => format!("no range of the pack holds a delivery on {delivery}"),
            None => "the pack asks for a delivery date, and none is given".to_owned(),
        });
        return answer;
    };
    let now = Judge::new(survey, ask, range, families.clone());
    answer.elements.clone_from(&now.elements);
    answer.unlisted.clone_from(&now.unlisted);
    answer.range = Some(range.id.to_string());
    let judged = now.judge();
    answer.next = ask.delivery.and_then(|delivery| ask.pack.next_range(delivery)).and_then(|next| {
        let later = Judge::new(survey, ask, next, families).judge();
        let from = next.from?;
        (later.verdict.weight() > judged.verdict.weight()).then(|| NextAnswer {
            range: next.id.to_string(),
            from,
            verdict: later.verdict,
            rules: later
                .rules
                .iter()
                .filter(|rule| rule.verdict != Verdict::Confirmed)
                .map(|rule| rule.rule.clone())
                .collect(),
            why: later.why.into_iter().take(3).collect(),
        })
    });
    (answer.verdict, answer.basis, answer.rules, answer.exceptions) =
        (judged.verdict, judged.basis, judged.rules, judged.exceptions);
    (answer.why, answer.needed, answer.notes) = (judged.why, judged.needed, judged.notes);
    answer
}

/// One reason without event.
fn said(text: impl Into<String>) -> Vec<Reason> {
    vec![Reason { text: text.into(), code: None, events: Vec::new() }]
}

/// The reasons of the rules that come to a verdict, and what would prove them where it is open: of all that fails what lies
/// nearest to the lot first.
fn nearest_first(rules: &[RuleAnswer], verdict: Verdict) -> (Vec<Reason>, Vec<String>) {
    let of_verdict = || rules.iter().filter(|rule| rule.verdict == verdict);
    if verdict == Verdict::Confirmed {
        return (of_verdict().flat_map(|rule| rule.why.clone()).collect(), Vec::new());
    }
    let mut failing: Vec<(&Failing, &Reason)> =
        of_verdict().flat_map(|rule| rule.failing.iter().zip(&rule.why)).collect();
    failing.sort_by_key(|(one, _)| (one.verdict != verdict, one.steps_back));
    let others = of_verdict().flat_map(|rule| rule.why.iter().skip(rule.failing.len()));
    let why = failing.iter().map(|(_, reason)| *reason).chain(others).cloned().collect();
    let mut needed: Vec<String> = Vec::new();
    if verdict == Verdict::Unproven {
        let general = of_verdict().flat_map(|rule| &rule.needed);
        needed.extend(failing.iter().flat_map(|(one, _)| &one.needed).chain(general).cloned());
        let mut seen = BTreeSet::new();
        needed.retain(|one| seen.insert(one.clone()));
    }
    (why, needed)
}

/// Several verdicts as one.
fn combine(verdicts: impl IntoIterator<Item = Verdict>) -> Option<Verdict> {
    Verdict::worst(verdicts)
}

fn belongs(trail: &Trail, family: &Family) -> bool {
    trail.subject().is_some_and(|lot| {
        family.forms.contains(&lot.form) && family.elements.iter().all(|element| lot.elements.contains(element))
    })
}

fn not_of_any_family(trail: &Trail, pack: &Pack) -> String {
    let found = trail.subject().map_or_else(
        || "an unknown lot".to_owned(),
        |lot| format!("a lot of form `{}` with {}", lot.form, words::listed(lot.elements.iter())),
    );
    let of = |family: &Family| {
        let forms = family.forms.iter().map(|form| form.as_str()).collect::<Vec<_>>().join("/");
        format!("{} ({forms} with {})", family.title, words::listed(family.elements.iter()))
    };
    let expected: Vec<String> = pack.file.families.iter().map(of).collect();
    format!("the policy is about {}; this is {found}", expected.join(", "))
}

impl<'a> Judge<'a> {
    fn new(survey: &'a Survey<'a>, ask: &'a Ask<'a>, range: &'a Range, families: Vec<&'a Family>) -> Self {
        let (pack, settings) = (ask.pack, ask.settings);
        let (elements, unlisted) = elements(survey, &families, settings.elements);
        let together = together(survey.trail, &families);
        Self { survey, ask, pack, settings, range, families, elements, unlisted, together }
    }

    fn judge(&self) -> Judged {
        let (mut rules, notes) = match self.pack.file.duty {
            Duty::RecycledContent => (vec![self.recycled_content()], Vec::new()),
            Duty::Prohibition | Duty::Disclosure => self.bucket_rules(),
        };
        rules.extend([self.custody_model(), self.complete(), self.integrity()]);
        self.settle_by_summaries(&mut rules);
        let exceptions = self.exceptions();
        let applies = exceptions.iter().find(|exception| exception.applies);
        if let Some(exception) = applies {
            let (why, basis) = (exception.why.clone(), VerdictBasis::Exception);
            return Judged { verdict: Verdict::Exempt, basis, rules, exceptions, why, needed: Vec::new(), notes };
        }
        if let Some(why) = self.out_of_scope() {
            let (verdict, basis, needed) = (Verdict::NotApplicable, VerdictBasis::Lineage, Vec::new());
            return Judged { verdict, basis, rules: Vec::new(), exceptions, why, needed, notes };
        }
        let verdict = combine(rules.iter().map(|rule| rule.verdict)).unwrap_or(Verdict::Unproven);
        let basis = rules.iter().map(|rule| rule.basis).max().unwrap_or(VerdictBasis::Lineage);
        let (why, needed) = nearest_first(&rules, verdict);
        Judged { verdict, basis, rules, exceptions, why, needed, notes }
    }

    /// The rules of the range, and what those say that are notes only.
    fn bucket_rules(&self) -> (Vec<RuleAnswer>, Vec<Reason>) {
        let last = self.last_passes();
        let (mut answers, mut notes) = (Vec::new(), Vec::new());
        for rule in &self.range.rules {
            let for_family =
                rule.families.is_empty() || self.families.iter().any(|family| rule.families.contains(&family.id));
            let Some(bucket) = self.pack.bucket(&rule.bucket).filter(|_| for_family) else { continue };
            let answer = BucketRule::new(self, rule, bucket).answer(&last);
            match &rule.note {
                None => answers.push(answer),
                Some(note) => {
                    notes.extend(answer.failing.iter().filter(|one| one.verdict == Verdict::Contradicted).map(|one| {
                        let reason = words::reason(one);
                        Reason { text: format!("{}: {note}", reason.text), ..reason }
                    }))
                }
            }
        }
        (answers, notes)
    }

    fn last_passes(&self) -> BTreeMap<Element, LastPass> {
        if self.range.rules.iter().all(|rule| rule.passes != Some(Passes::Last)) {
            return BTreeMap::new();
        }
        let buckets: Vec<&Bucket> = self.range.rules.iter().filter_map(|rule| self.pack.bucket(&rule.bucket)).collect();
        let survey = self.survey;
        let of = |element: &Element| Some((*element, LastPass::of(survey, survey.attribution(*element)?, &buckets)));
        self.elements.iter().chain(&self.unlisted).filter_map(of).collect()
    }

    fn forbidden(&self, rule: &Rule) -> BTreeSet<Country> {
        let mut forbidden: BTreeSet<Country> = self.range.forbidden(rule).iter().copied().collect();
        let has_china = forbidden.iter().any(|country| country.code() == "CN");
        if self.settings.hk_mo == HkMo::AsCn && has_china {
            forbidden.extend(["HK", "MO"].iter().filter_map(|code| code.parse::<Country>().ok()));
        }
        forbidden
    }

    fn evidence(&self, element: Element, bucket: &Text) -> AskedEvidence {
        let fits = |line: &&crate::policy::pack::Evidence| {
            line.elements.iter().any(|set| set.holds(element))
                && (line.buckets.is_empty() || line.buckets.contains(bucket))
        };
        let line = self.pack.file.evidence.iter().find(fits);
        let floor = self.settings.evidence.unwrap_or(PlaceLevel::Declared);
        AskedEvidence {
            place: line.map_or(PlaceLevel::Accredited, |line| line.place).max(floor),
            time: line.and_then(|line| line.time).unwrap_or(TimeLevel::Declared),
            prior: line.and_then(|line| line.prior).map(|prior| prior.max(floor)),
        }
    }

    fn gaps(&self, element: Element) -> &[Gap] {
        self.survey.gaps(element)
    }

    fn is_together(&self, step: usize) -> bool {
        self.together.get(step).copied().unwrap_or(false)
    }

    fn has_all_named(&self, lot: usize) -> bool {
        let lot = self.survey.trail.lots.get(lot);
        lot.is_some_and(|lot| {
            self.families.iter().any(|family| family.named().iter().all(|e| lot.elements.contains(e)))
        })
    }

    /// A step, or a lot whose making is not at hand, to be filled in.
    fn place(&self, at: Result<usize, usize>) -> Option<Failing> {
        let trail = self.survey.trail;
        let lot_id = |lot: usize| trail.lots.get(lot).map(|lot| lot.id);
        let step = at.ok().and_then(|step| Some((step, trail.steps.get(step)?)));
        let lots: Vec<_> = match (step, at) {
            (Some((number, step)), _) => self.survey.made(number, step).filter_map(lot_id).collect(),
            (None, Err(lot) | Ok(lot)) => lot_id(lot).into_iter().collect(),
        };
        let of_lot = lots.first().map(|lot| lot.event);
        Some(Failing {
            verdict: Verdict::Unproven,
            event: step.map(|(_, step)| step.event).or(of_lot)?,
            lots,
            elements: Vec::new(),
            processes: step.map_or_else(Vec::new, |(_, step)| step.processes.clone()),
            facility: step.and_then(|(_, step)| step.facility),
            country: step.and_then(|(_, step)| step.country),
            steps_back: step.map_or(u32::MAX, |(number, _)| self.survey.steps_back(number)),
            text: String::new(),
            code: None,
            needed: Vec::new(),
        })
    }
}

/// The elements that count, in the order of the list of elements: those that the lot holds, and those that it does not list
/// but may hold, or that a family names and nothing says are absent.
fn elements(survey: &Survey<'_>, families: &[&Family], scope: Scope) -> (Vec<Element>, Vec<Element>) {
    let Some(lot) = survey.trail.subject() else { return (Vec::new(), Vec::new()) };
    let named: BTreeSet<Element> = families.iter().flat_map(|family| family.named()).copied().collect();
    let counts = |element: &Element| match scope {
        Scope::NamedOnly => named.contains(element),
        Scope::AllRareEarths => named.contains(element) || element.is_rare_earth(),
        Scope::AllElements => true,
    };
    let counting: Vec<Element> = Element::ALL.iter().copied().filter(counts).collect();
    let (held, others): (Vec<Element>, Vec<Element>) = counting.into_iter().partition(|e| unlisted::holds(lot, *e));
    let possible: BTreeSet<Element> = survey.unlisted().collect();
    let asked = |e: &Element| possible.contains(e) || (named.contains(e) && !unlisted::is_absent(lot, *e));
    (held, others.into_iter().filter(asked).collect())
}

fn together(trail: &Trail, families: &[&Family]) -> Vec<bool> {
    let through = |step: usize, element: &Element| {
        let attribution = trail.provenance.element(*element);
        attribution.is_some_and(|attribution| attribution.steps.get(step).copied().flatten().is_some())
    };
    let all = |step: usize| families.iter().any(|family| family.named().iter().all(|element| through(step, element)));
    (0..trail.steps.len()).map(all).collect()
}

#[cfg(test)]
mod tests;
