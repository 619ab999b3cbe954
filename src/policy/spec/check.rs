//! Checking the lots of a lineage by a specification, at every hand-off.
//!
//! A lot is checked where it was dispatched or received on the way to the subject, and the subject in any case, if the
//! specification applies to it: it has one of the forms, lists all of the elements, and, where a limit is on the basis of the
//! rare earths, no other rare earth is known to outweigh one of them. What counts for a lot is what was found in it, or in what it was split from or filled over from
//! without change; assays that are superseded or provisional do not count, and where an umpire spoke, only the umpire.
//!
//! A limit is CONFIRMED where every assay that counts, by a laboratory accredited for it, meets it by the decision rule;
//! CONTRADICTED where all of them, or the maker's own, miss it; UNPROVEN otherwise, so where accredited laboratories say
//! one thing and the other, or where only others speak. Magnetic properties that cannot occur together contradict.

use super::answer::{LimitAnswer, SpecAnswer, SpecLot, Value};
use super::measured::{Found, Measured, find};
use super::{DecisionRule, Limit, Spec};
use crate::event::{AssayStatus, Kind, Process, Verdict};
use crate::finding::{Code, Reason};
use crate::policy::trail::{Amount, Trail, TrailAssay, TrailLot};
use crate::policy::upstream::{Upstream, parents};
use crate::policy::weigh::{Decision, Weighed, because, reason};
use crate::rules::data::Operation;
use crate::value::{Basis, EventId, PartyId};
use std::collections::BTreeMap;

/// How many assays on a lot are looked at: anybody may record them.
const MOST_ASSAYS: usize = 64;

/// Checks every hand-off of the lineage.
#[must_use]
pub fn check(spec: &Spec, trail: &Trail) -> SpecAnswer {
    let hand_offs = hand_offs(trail);
    let applies = hand_offs.keys().copied().filter(|lot| applies_to(spec, trail, *lot));
    let lots: Vec<SpecLot> =
        applies.filter_map(|lot| one_lot(spec, trail, lot, hand_offs.get(&lot).cloned().unwrap_or_default())).collect();
    let foundations = if lots.is_empty() {
        Decision::not_applicable("no lot that was handed on has the form and elements that the specification is about")
    } else {
        Weighed::of(trail).decide(Vec::new)
    };
    let answer = SpecAnswer::undecided(spec, foundations);
    let verdicts = lots.iter().map(|lot| lot.verdict).chain([answer.verdict]);
    SpecAnswer { verdict: Verdict::worst(verdicts).unwrap_or(answer.verdict), lots, ..answer }
}

/// Whether the subject alone meets the specification.
#[must_use]
pub fn check_subject(spec: &Spec, trail: &Trail) -> Decision {
    let found = one_lot(spec, trail, trail.subject, Vec::new()).filter(|_| applies_to(spec, trail, trail.subject));
    let Some(found) = found else {
        return Decision::not_applicable("the lot has not the form and elements that the specification is about");
    };
    let mut weighed = Weighed::of(trail);
    for limit in found.limits.iter() {
        match limit.verdict {
            Verdict::Contradicted => weighed.against.extend(limit.why.iter().cloned()),
            Verdict::Confirmed => {}
            _ => weighed.open.extend(limit.why.iter().cloned()),
        }
        weighed.needed.extend(limit.needed.iter().cloned());
    }
    weighed.against.extend(found.remarks.into_iter().filter(|one| one.code == Some(Code::ImpossibleMagnet)));
    weighed.decide(|| found.limits.into_iter().flat_map(|limit| limit.why).collect())
}

/// The subject, and every lot upstream that was dispatched or received, with those events.
fn hand_offs(trail: &Trail) -> BTreeMap<usize, Vec<EventId>> {
    let upstream = Upstream::of(trail, trail.subject);
    let mut found = BTreeMap::from([(trail.subject, Vec::new())]);
    for step in upstream.steps().filter_map(|number| trail.steps.get(number)) {
        if !matches!(step.kind, Kind::Dispatch | Kind::Receive) {
            continue;
        }
        let mut lots: Vec<usize> = step.inputs.iter().chain(&step.outputs).copied().collect();
        lots.sort_unstable();
        lots.dedup();
        for lot in lots.into_iter().filter(|lot| upstream.has_lot(*lot)) {
            found.entry(lot).or_default().push(step.event);
        }
    }
    found
}

fn applies_to(spec: &Spec, trail: &Trail, lot: usize) -> bool {
    let Some(lot) = trail.lots.get(lot) else { return false };
    let file = &spec.file;
    let amount = |element| lot.amounts.iter().find(|amount: &&Amount| amount.element == element);
    let is_outweighed = |by: &Amount| {
        let most = |element| amount(element).and_then(|own| own.most);
        let own = file.elements.iter().filter(|own| own.is_rare_earth());
        own.into_iter().any(|own| most(*own).is_some_and(|most| by.least > most))
    };
    let mut others =
        lot.amounts.iter().filter(|one| one.element.is_rare_earth() && !file.elements.contains(&one.element));
    // A purity among the rare earths is said of what they mainly are; a total is said of any mixture.
    let is_of_purity = file.limits.iter().any(|limit| limit.basis.is_some_and(|basis| basis != Basis::Absolute));
    file.forms.contains(&lot.form)
        && file.elements.iter().all(|element| lot.elements.contains(element))
        && !(is_of_purity && others.any(is_outweighed))
}

fn one_lot(spec: &Spec, trail: &Trail, lot: usize, hand_offs: Vec<EventId>) -> Option<SpecLot> {
    let id = trail.lots.get(lot)?.id;
    let mut remarks = Vec::new();
    let limits: Vec<LimitAnswer> = spec.file.limits.iter().map(|limit| one_limit(spec, limit, trail, lot)).collect();
    let mut verdict = Verdict::worst(limits.iter().map(|limit| limit.verdict)).unwrap_or(Verdict::Unproven);
    for assay in assays(trail, lot, true).chain(assays(trail, lot, false)) {
        let told = [Code::CertificateIncomplete, Code::AssaysDisagree, Code::ImpossibleMagnet];
        for finding in assay.findings.iter().filter(|finding| told.contains(&finding.code)) {
            let remark = reason(finding);
            if !remarks.contains(&remark) {
                remarks.push(remark);
            }
            if finding.code == Code::ImpossibleMagnet && spec.file.limits.iter().any(|limit| limit.property.is_some()) {
                verdict = Verdict::Contradicted;
            }
        }
    }
    Some(SpecLot { lot: id, hand_offs, verdict, limits, remarks })
}

/// Assays that stand, of the lot and of what it was parted from without a change that concerns the limit.
fn assays(trail: &Trail, lot: usize, of_composition: bool) -> impl Iterator<Item = &TrailAssay> {
    let mut lots: Vec<&TrailLot> = Vec::new();
    let mut at = trail.lots.get(lot);
    // Each turn goes to an earlier step, so that the number of steps bounds them.
    while let Some(lot) = at {
        lots.push(lot);
        let maker = lot.made_by.and_then(|step| trail.steps.get(step));
        let only = |step| {
            let mut parents = parents(step);
            parents.next().filter(|_| parents.next().is_none())
        };
        at = maker
            .filter(|step| match step.kind {
                Kind::Split | Kind::Receive => true,
                Kind::Transform if of_composition => Operation::of(&step.processes).keeps_composition(),
                Kind::Transform => {
                    step.processes.iter().all(|p| matches!(p, Process::Pack | Process::Redrum | Process::Move))
                }
                _ => false,
            })
            .and_then(only)
            .and_then(|parent| trail.lots.get(parent));
        if lots.len() > trail.steps.len() {
            break;
        }
    }
    let all = lots.into_iter().flat_map(|lot| &lot.assays);
    all.filter(|assay| !assay.superseded && assay.status != AssayStatus::Provisional).take(MOST_ASSAYS)
}

/// An assay with what it says of a limit.
struct Read<'a> {
    assay: &'a TrailAssay,
    value: Measured,
    meets: Option<bool>,
}

fn one_limit(spec: &Spec, limit: &Limit, trail: &Trail, lot: usize) -> LimitAnswer {
    let mut read: Vec<Read<'_>> = Vec::new();
    let mut weighed = Weighed::default();
    for assay in assays(trail, lot, limit.analyte.is_some()) {
        if !limit.methods.is_empty() && !limit.methods.contains(&assay.method) {
            continue;
        }
        match find(limit, assay) {
            Found::Value(value) => {
                read.push(Read { assay, value, meets: meets(spec.file.decision_rule, limit, &value) })
            }
            Found::Other(why) => weighed.open.push(because(format!("{}: {why}", limit.words()), [assay.event])),
            Found::Withheld => weighed.open.push(because("results are withheld", [assay.event])),
            Found::Nothing => {}
        }
    }
    // What cannot be compared or is withheld matters only where nothing else can.
    let aside = std::mem::take(&mut weighed.open);
    let has_umpire = read.iter().any(|one| one.assay.status == AssayStatus::Umpire && one.assay.accredited);
    let counts = |one: &&Read<'_>| !has_umpire || one.assay.status == AssayStatus::Umpire;
    let accredited: Vec<&Read<'_>> = read.iter().filter(counts).filter(|one| one.assay.accredited).collect();
    let maker =
        trail.lots.get(lot).and_then(|lot| lot.made_by).and_then(|step| trail.steps.get(step)).map(|step| step.by);
    judge(limit, &accredited, &mut weighed);
    own_word(limit, &read, maker, has_umpire, &mut weighed);
    if accredited.is_empty() && weighed.against.is_empty() {
        unproven(limit, trail, lot, &read, aside, &mut weighed);
    }
    disagreements(limit, &read, &mut weighed);
    let Decision { verdict, why, needed } =
        weighed.decide(|| accredited.iter().map(|one| told(limit, one, "meets")).collect());
    LimitAnswer { limit: limit.words(), verdict, values: values(limit, &read), why, needed }
}

fn judge(limit: &Limit, accredited: &[&Read<'_>], weighed: &mut Weighed) {
    let missing: Vec<&&Read<'_>> = accredited.iter().filter(|one| one.meets == Some(false)).collect();
    if !missing.is_empty() && missing.len() == accredited.len() {
        weighed.against.extend(missing.iter().map(|one| told(limit, one, "misses")));
    } else if !missing.is_empty() {
        weighed.open.extend(accredited.iter().map(|one| {
            let does = if one.meets == Some(false) { "misses" } else { "does not miss" };
            told(limit, one, does)
        }));
        weighed.needed.push("an umpire's assay, since accredited laboratories do not agree".to_owned());
    } else {
        let open = accredited.iter().filter(|one| one.meets.is_none());
        weighed.open.extend(open.map(|one| told(limit, one, "neither meets nor misses, within its uncertainty,")));
    }
}

/// A maker's own result that misses the limit counts against it, unless an umpire spoke.
fn own_word(limit: &Limit, read: &[Read<'_>], maker: Option<PartyId>, has_umpire: bool, weighed: &mut Weighed) {
    let own = read.iter().filter(|one| Some(one.assay.by) == maker && !one.assay.accredited && !has_umpire);
    weighed
        .against
        .extend(own.filter(|one| one.meets == Some(false)).map(|one| told(limit, one, "misses, by its maker's word,")));
}

fn unproven(limit: &Limit, trail: &Trail, lot: usize, read: &[Read<'_>], aside: Vec<Reason>, weighed: &mut Weighed) {
    let words = limit.words();
    for one in read {
        weighed.open.push(because(
            format!("{words}: {} is not by an accredited laboratory", one.value.text(limit.unit)),
            [one.assay.event],
        ));
        weighed.needed.extend(one.assay.needed.iter().cloned());
    }
    if read.is_empty() {
        weighed.open.extend(aside);
        weighed.open.push(because(format!("{words}: no assay shows it"), []));
    }
    let id = trail.lots.get(lot).map_or_else(String::new, |lot| format!(" of lot {}", lot.id));
    weighed.needed.push(format!("an assay{id} by an accredited laboratory that states {}", wanted(limit)));
}

fn wanted(limit: &Limit) -> String {
    let methods: Vec<&str> = limit.methods.iter().map(|method| method.as_str()).collect();
    let by = if methods.is_empty() { String::new() } else { format!(", by {}", methods.join(" or ")) };
    match (limit.analyte, limit.basis, limit.property) {
        (Some(analyte), Some(basis), _) => format!("{analyte} as {basis}{by}"),
        (_, _, Some(property)) => format!("{}{by}", property.words()),
        _ => String::new(),
    }
}

/// Two values that differ by more than their uncertainties, side by side; it changes no verdict by itself.
fn disagreements(limit: &Limit, read: &[Read<'_>], weighed: &mut Weighed) {
    for (number, one) in read.iter().enumerate() {
        let others = read.iter().take(number).filter(|other| other.assay.by != one.assay.by);
        for other in others.filter(|other| one.value.disagrees(&other.value) == Some(true)) {
            let (a, b) = (shown(limit, other), shown(limit, one));
            let text = format!("{}: {a} and {b} differ by more than their uncertainties", limit.words());
            let reason = because(text, [other.assay.event, one.assay.event]);
            // Beside whatever decides; alone it leaves nothing open that an accredited laboratory settled.
            if !weighed.against.is_empty() {
                weighed.against.push(reason);
            } else if !weighed.open.is_empty() {
                weighed.open.push(reason);
            }
        }
    }
}

fn shown(limit: &Limit, one: &Read<'_>) -> String {
    let uncertainty = one.value.uncertainty_text(limit.unit).map(|u| format!(" ± {u}")).unwrap_or_default();
    format!("{}{uncertainty} by party {}", one.value.text(limit.unit), one.assay.by)
}

fn told(limit: &Limit, one: &Read<'_>, does: &str) -> Reason {
    because(format!("{} {does} {}", shown(limit, one), limit.words()), [one.assay.event])
}

fn meets(rule: DecisionRule, limit: &Limit, value: &Measured) -> Option<bool> {
    let (least, most) = (limit.least.map(|v| limit.unit.exact(v)), limit.most.map(|v| limit.unit.exact(v)));
    let spread = match (rule, value.uncertainty) {
        (DecisionRule::Simple, _) => 0,
        (DecisionRule::GuardBand, Some(uncertainty)) => uncertainty,
        (DecisionRule::GuardBand, None) => return None,
    };
    let (low, high) = (value.least.saturating_sub(spread), value.most + spread);
    let inside = least.is_none_or(|least| least.is_reached_by(low)) && most.is_none_or(|most| most.is_kept_by(high));
    let outside =
        least.is_some_and(|least| !least.is_reached_by(high)) || most.is_some_and(|most| !most.is_kept_by(low));
    match (inside, outside) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

fn values(limit: &Limit, read: &[Read<'_>]) -> Vec<Value> {
    let value = |one: &Read<'_>| Value {
        assay: one.assay.event,
        by: one.assay.by,
        status: one.assay.status,
        method: one.assay.method,
        value: one.value.text(limit.unit),
        uncertainty: one.value.uncertainty_text(limit.unit),
        converted: one.value.converted,
        accredited: one.assay.accredited,
        meets: one.meets,
    };
    read.iter().map(value).collect()
}
