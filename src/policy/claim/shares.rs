//! Claims about how much came from where: `origin`, `recycled-content`.
//!
//! What entered is sorted by what it is to the claim, and the share is bounded by intervals:
//! - *good*: counts for the claim, at the level asked for;
//! - *bad*: counts against it, by what is declared;
//! - the rest is open: evidenced too weakly, or of unknown origin.
//!
//! Worked example: of 100 mg between 60 and 70 mg are good, between 5 and 10 mg bad. The least share is
//! 60/(60 + 40) = 0.6; the greatest is 1 − 5/100 = 0.95. A claim of 0.6 is confirmed, one of 0.96 contradicted, one of 0.9
//! unproven. Where every origin is good, the share is the whole, whatever is withheld: what values that are not shown may hide
//! above what went into a step is no origin of its own.

use super::{against_place, too_weak};
use crate::event::{RecycledKind, SourceKind, Stage};
use crate::finding::{Family, Finding, Reason, Severity};
use crate::lineage::provenance::{Attribution, Interval, Pass, Source};
use crate::policy::trail::{PlaceLevel, Trail, TrailStep};
use crate::policy::upstream::Upstream;
use crate::policy::weigh::{Decision, MOST_REASONS, Weighed, because};
use crate::value::decimal;
use crate::value::{Country, Element, EventId, Fraction};
use std::collections::BTreeMap;

/// Decides claims about shares on one trail.
pub(super) struct Shares<'a> {
    pub(super) trail: &'a Trail,
    pub(super) upstream: &'a Upstream,
    pub(super) level: PlaceLevel,
}

/// One whole in parts per billion.
const WHOLE: u128 = 1_000_000_000;

/// What a step that let material enter is to a claim.
enum Side {
    Good(String),
    Bad(String),
    Open(String),
}

/// An origin with what it is to a claim.
enum Sided<'t> {
    Step(&'t TrailStep, Side),
    /// Events, what is known of it, and what would make it known.
    Unknown(Vec<EventId>, String, String),
}

/// Sums of intervals, and whether anything is in them at all.
#[derive(Default, Clone, Copy)]
struct Sum {
    least: u128,
    most: u128,
    any: bool,
}

impl Sum {
    fn add(&mut self, part: Interval) {
        self.least += u128::from(part.least);
        self.most += u128::from(part.most);
        self.any = true;
    }

    /// The least share of this in a whole of which the rest is `others`, as numerator and denominator.
    fn least_share(self, others: Self, total: Self) -> (u128, u128) {
        let own = self.least.max(total.least.saturating_sub(others.most)).min(total.most);
        let rest = others.most.min(total.most.saturating_sub(own));
        (own, own + rest)
    }
}

impl Sum {
    fn and(self, other: Self) -> Self {
        Self { least: self.least + other.least, most: self.most + other.most, any: self.any || other.any }
    }
}

impl Shares<'_> {
    /// The share of the element that was mined in the countries.
    pub(super) fn origin(&self, element: Element, countries: &[Country], min_share: Fraction) -> Decision {
        let Some(attribution) = self.trail.provenance.element(element) else { return lists_no(element) };
        let is_allowed = |country: &Country| countries.contains(country);
        self.judge(&[attribution], min_share, &|step, _| {
            if step.source == Some(SourceKind::Mined) {
                let text = format!("mined in {}", named_code(step.country));
                return match step.country {
                    Some(country) if is_allowed(&country) => Side::Good(text),
                    Some(_) => Side::Bad(text),
                    None => Side::Open(text),
                };
            }
            let kind = step.source.map_or("unknown", SourceKind::as_str);
            let is_about = |elements: &[Element]| elements.is_empty() || elements.contains(&element);
            let mines = step.prior.iter().filter(|prior| prior.stage == Stage::Mined && is_about(&prior.elements));
            let mut mines = mines.map(|prior| prior.country).peekable();
            let said = mines.peek().is_some();
            if said && mines.all(|country| !is_allowed(&country)) {
                Side::Bad(format!("{kind}, and said to be mined elsewhere"))
            } else {
                Side::Open(format!("{kind}: where it was mined is not on record"))
            }
        })
    }

    /// The share that entered as recycled material of a kind.
    pub(super) fn recycled(&self, element: Option<Element>, kind: RecycledKind, min_share: Fraction) -> Decision {
        let all = &self.trail.provenance.elements;
        let attributions: Vec<&Attribution> =
            all.iter().filter(|one| element.is_none_or(|element| one.element == element)).collect();
        match element {
            Some(element) if attributions.is_empty() => return lists_no(element),
            _ if attributions.is_empty() => return Decision::not_applicable("the lot lists no tracked element"),
            _ => {}
        }
        let counts = |source: SourceKind| match source {
            SourceKind::PostConsumer => kind != RecycledKind::PreConsumer,
            SourceKind::PreConsumer => kind != RecycledKind::PostConsumer,
            _ => false,
        };
        self.judge(&attributions, min_share, &|step, pass| match step.source {
            Some(source) if counts(source) => Side::Good(format!("entered as {source}")),
            // Scrap of one company that another used is pre-consumer material, wherever it was mined.
            Some(SourceKind::Mined) if pass == Pass::Recycled && kind != RecycledKind::PostConsumer => {
                Side::Good("came back as another's production scrap".to_owned())
            }
            Some(source @ (SourceKind::Mined | SourceKind::PostConsumer | SourceKind::PreConsumer)) => {
                Side::Bad(format!("entered as {source}"))
            }
            Some(source) => Side::Open(format!("entered as {source}: what it was before is not on record")),
            None => Side::Open("entered in an unknown way".to_owned()),
        })
    }

    fn judge(
        &self,
        attributions: &[&Attribution],
        min_share: Fraction,
        side: &dyn Fn(&TrailStep, Pass) -> Side,
    ) -> Decision {
        let mut weighed = Weighed::of(self.trail);
        self.gains(&mut weighed, attributions);
        let base = (weighed.open.len(), weighed.needed.len());
        let (mut good, mut bad, mut open) = (Sum::default(), Sum::default(), Sum::default());
        let (mut for_it, mut against) = (Vec::new(), Weighed::default());
        let mut is_one_kind = true;
        for (origin, parts) in origins(attributions) {
            let mass = mass(&parts);
            let sided = self.side(&origin, side);
            is_one_kind &= self.is_good(&sided) || matches!(origin.0, Source::Gain { shown: false, .. });
            let into = match sided {
                Sided::Step(step, Side::Bad(text)) => {
                    push(&mut against, because(format!("{mass} {text}"), [step.event]));
                    &mut bad
                }
                Sided::Step(step, Side::Good(text)) if !step.place.against.is_empty() => {
                    against_place(&mut against, step);
                    push(&mut against, because(format!("{mass} {text}"), [step.event]));
                    &mut bad
                }
                Sided::Step(step, Side::Good(text)) if step.place.level < self.level => {
                    too_weak(&mut weighed, step, self.level, &format!("{mass} {text}"));
                    &mut open
                }
                Sided::Step(step, Side::Good(text)) => {
                    for_it.push(because(format!("{mass} {text}"), [step.event]));
                    &mut good
                }
                Sided::Step(step, Side::Open(text)) => {
                    let needed = format!("records of the steps before event {}, from the mine on", step.event);
                    leave_open(&mut weighed, because(format!("{mass} {text}"), [step.event]), needed);
                    &mut open
                }
                Sided::Unknown(events, text, needed) => {
                    leave_open(&mut weighed, because(format!("{mass} {text}"), events), needed);
                    &mut open
                }
            };
            parts.into_iter().for_each(|part| into.add(part));
        }
        let total = total(attributions);
        let claimed = u128::from(min_share.ppb());
        let (least_good, whole) = good.least_share(bad.and(open), total);
        let is_all = min_share == Fraction::ONE;
        let (least_bad, whole_bad) = bad.least_share(good.and(open), total);
        let is_whole = good.any && is_one_kind;
        let shown = match is_whole {
            true => format!("every origin of {} counts; {min_share} is claimed", names(attributions)),
            false => format!(
                "at least {} of {} is shown, {min_share} is claimed",
                percent(least_good, whole),
                names(attributions)
            ),
        };
        let refuted = (is_all && bad.any) || least_bad * WHOLE > whole_bad * (WHOLE - claimed);
        if refuted {
            let most = whole_bad.saturating_sub(least_bad);
            let text = format!(
                "at most {} of {} can be, {min_share} is claimed",
                percent(most, whole_bad),
                names(attributions)
            );
            against.against.insert(0, because(text, []));
            return against.decide(Vec::new);
        }
        let is_reached =
            is_whole || whole > 0 && least_good * WHOLE >= claimed * whole && !(is_all && (bad.any || open.any));
        if is_reached {
            // What is open does not matter where the rest suffices; what is missing altogether does.
            weighed.open.truncate(base.0);
            weighed.needed.truncate(base.1);
        } else {
            weighed.open.insert(base.0, because(shown.clone(), []));
        }
        weighed.decide(|| {
            let mut why = vec![because(shown, [])];
            why.extend(for_it.into_iter().take(MOST_REASONS));
            why
        })
    }

    /// Whether an origin counts for the claim, at a place that holds and is evidenced as asked.
    fn is_good(&self, sided: &Sided<'_>) -> bool {
        let Sided::Step(step, Side::Good(_)) = sided else { return false };
        step.place.against.is_empty() && step.place.level >= self.level
    }

    /// What an origin is to the claim: by the step at which it entered, or of unknown origin.
    fn side<'t>(&'t self, origin: &(Source, Pass), side: &dyn Fn(&TrailStep, Pass) -> Side) -> Sided<'t> {
        let (source, pass) = origin;
        match source {
            Source::Lot(number) => {
                let lot = self.trail.lots.get(*number);
                let maker = lot.and_then(|lot| lot.made_by).and_then(|step| self.trail.steps.get(step));
                match (lot, maker) {
                    (_, Some(step)) if step.source.is_some() => Sided::Step(step, side(step, *pass)),
                    (Some(lot), _) => {
                        let text = format!("came through lot {}, whose making is not known", lot.id);
                        Sided::Unknown(vec![lot.id.event], text, format!("the event that made lot {}", lot.id))
                    }
                    _ => Sided::Unknown(Vec::new(), "is of unknown origin".to_owned(), "the whole lineage".to_owned()),
                }
            }
            Source::Gain { step, shown } => {
                let events = self.trail.steps.get(*step).map(|step| step.event).into_iter().collect();
                let (text, needed) = if *shown {
                    ("came out of a step above what went in", "what else went into the step, as recorded inputs")
                } else {
                    ("may have come out of a step above what went in", "the values that are withheld or not analysed")
                };
                Sided::Unknown(events, text.to_owned(), needed.to_owned())
            }
            Source::Step(step) => {
                let events = self.trail.steps.get(*step).map(|step| step.event).into_iter().collect();
                Sided::Unknown(events, "is not followed further".to_owned(), "the whole lineage".to_owned())
            }
        }
    }

    /// Steps out of which more came than went in: where that came from is open, whatever the shares of the rest.
    fn gains(&self, weighed: &mut Weighed, attributions: &[&Attribution]) {
        for number in self.upstream.steps() {
            let Some(step) = self.trail.steps.get(number) else { continue };
            let is_gain = |one: &&Finding| one.code.family() == Family::Mass && one.severity() == Severity::Breach;
            if attributions.iter().any(|one| one.steps.get(number).is_some_and(Option::is_some)) {
                weighed.leave_open(step.findings.iter().filter(is_gain));
            }
        }
    }
}

/// Origins of several elements by source and way, each with the masses of the elements.
fn origins(attributions: &[&Attribution]) -> Vec<((Source, Pass), Vec<Interval>)> {
    let mut found: BTreeMap<(Source, Pass), Vec<Interval>> = BTreeMap::new();
    for origin in attributions.iter().flat_map(|one| &one.origins) {
        found.entry((origin.source, origin.pass)).or_default().push(origin.mass);
    }
    found.into_iter().collect()
}

fn leave_open(weighed: &mut Weighed, reason: Reason, needed: String) {
    if weighed.open.len() < MOST_REASONS {
        weighed.open.push(reason);
        weighed.needed.push(needed);
    }
}

fn named_code(country: Option<Country>) -> String {
    country.map_or_else(|| "an unknown country".to_owned(), |country| country.to_string())
}

fn push(weighed: &mut Weighed, reason: Reason) {
    if weighed.against.len() < MOST_REASONS {
        weighed.against.push(reason);
    }
}

fn lists_no(element: Element) -> Decision {
    Decision::not_applicable(format!("the lot lists no {element}"))
}

fn total(attributions: &[&Attribution]) -> Sum {
    let mut total = Sum::default();
    attributions.iter().for_each(|one| total.add(one.total));
    total
}

fn names(attributions: &[&Attribution]) -> String {
    match attributions {
        [one] => format!("the {}", one.element),
        several => format!("all {} tracked elements", several.len()),
    }
}

fn mass(parts: &[Interval]) -> String {
    let kg = |mg: u128| decimal::format(u64::try_from(mg).unwrap_or(u64::MAX), 6);
    let least = parts.iter().map(|part| u128::from(part.least)).sum();
    let most: u128 = parts.iter().map(|part| u128::from(part.most)).sum();
    let is_bounded = parts.iter().all(|part| part.most < u64::MAX);
    match (least, most) {
        (0, 0) => "less than 1 mg".to_owned(),
        (least, most) if least == most => format!("{} kg", kg(least)),
        (least, most) if is_bounded => format!("{} to {} kg", kg(least), kg(most)),
        (least, _) => format!("{} kg or more", kg(least)),
    }
}

/// A share in percent with up to four decimals, rounded down.
fn percent(part: u128, whole: u128) -> String {
    let millionths = (part * 1_000_000).checked_div(whole).unwrap_or(0);
    format!("{} %", decimal::format(u64::try_from(millionths).unwrap_or(u64::MAX), 4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(least: u64, most: u64) -> Sum {
        Sum { least: least.into(), most: most.into(), any: true }
    }

    #[test]
    fn the_worked_example_holds() {
        let (good, bad, total) = (sum(60, 70), sum(5, 10), sum(100, 100));
        let open = sum(20, 35);
        assert_eq!(good.least_share(bad.and(open), total), (60, 100));
        assert_eq!(bad.least_share(good.and(open), total), (5, 100));
    }

    proptest! {
        #[test]
        fn the_least_share_is_below_every_possible_one(
            own in (0u64..1000, 0u64..1000), rest in (0u64..1000, 0u64..1000), slack in (0u64..200, 0u64..200)
        ) {
            // Exact values somewhere inside each interval.
            let (a, b) = (own.0, rest.0);
            let own = sum(a.saturating_sub(own.1), a + own.1);
            let rest = sum(b.saturating_sub(rest.1), b + rest.1);
            let total = sum((a + b).saturating_sub(slack.0), a + b + slack.1);
            let (num, den) = own.least_share(rest, total);
            prop_assert!(num * u128::from(a + b) <= u128::from(a) * den || a + b == 0);
        }
    }
}
