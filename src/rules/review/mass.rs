//! Review of masses: sums, gains, means, yields, weighings, and what could not be checked.

use super::balance::{Balance, Flow};
use super::settled::LineageGain;
use super::steps::StepKind;
use crate::event::OutputRole;
use crate::finding::{Code, Finding};
use crate::rules::data::{RECEIPT_PPB, WEIGHING_PPB, WHOLE, YieldBand, is_unsorted};
use crate::rules::mass::kg;
use crate::value::{Element, EventId, LotId, Mass};

/// What is wrong with, or not known of, the masses of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    Closed { most: u128, out: u128 },
    Gain(Flow),
    NotAnalysed(Element),
    Unlisted { element: Element, out: u128 },
    Mean { element: Element, lot: LotId, expected: u128, found: u128, tolerance: u128 },
    Weighed { lot: LotId, before: Mass, after: Mass },
    Withheld { lot: LotId },
}

impl Problem {
    pub(super) const fn code(&self) -> Code {
        match self {
            Self::Closed { .. } => Code::ClosedSum,
            Self::Gain(_) => Code::ElementGain,
            Self::NotAnalysed(_) => Code::NotAnalysed,
            Self::Unlisted { .. } => Code::UnlistedElement,
            Self::Mean { .. } => Code::BlendMean,
            Self::Weighed { .. } => Code::ReceiptDifference,
            Self::Withheld { .. } => Code::MassWithheld,
        }
    }

    pub(super) fn finding(&self, event: EventId) -> Finding {
        let say = |expected: String, found: String| Finding::new(self.code(), expected, found).on(event);
        match *self {
            Self::Closed { most, out } => say(format!("at most {} kg coming out", kg(most)), format!("{} kg", kg(out))),
            Self::Gain(flow) => {
                let (most, tolerance) = (kg(flow.input.mg), kg(flow.tolerance() + flow.pick_up));
                let expected = format!("at most the {most} kg of {} that went in, within {tolerance} kg", flow.element);
                say(expected, format!("{} kg coming out", kg(flow.output.mg)))
            }
            Self::NotAnalysed(element) => {
                let expected = format!("every input that may hold {element} analysed for it");
                say(expected, "one that is not".to_owned())
            }
            Self::Unlisted { element, out } => {
                let expected = format!("{element} only where an input holds it");
                say(expected, format!("{} kg of it coming out", kg(out)))
            }
            Self::Mean { element, lot, expected, found, tolerance } => {
                let mean =
                    format!("{} kg of {element}, the mean of the inputs, within {} kg", kg(expected), kg(tolerance));
                say(mean, format!("{} kg", kg(found))).of_lot(lot)
            }
            Self::Weighed { lot, before, after } => {
                let expected = format!("{before} kg net dry, as sent, within 0.5 %");
                say(expected, format!("{after} kg as received")).of_lot(lot)
            }
            Self::Withheld { lot } => {
                let expected = "the mass and composition of every lot of the step".to_owned();
                say(expected, "a value that is withheld".to_owned()).of_lot(lot)
            }
        }
    }
}

/// Everything that the masses of a step give cause to say, yields apart.
pub(super) fn problems(balance: &Balance<'_>) -> Vec<Problem> {
    let step = balance.step;
    let mut found = Vec::new();
    if step.kind == StepKind::Source || step.inputs.is_empty() {
        return found;
    }
    if let StepKind::Receipt { weighed, .. } = step.kind {
        found.extend(receipt(balance, weighed));
    } else {
        found.extend(closed(balance));
        found.extend(withheld(balance));
    }
    for element in balance.elements() {
        let flow = balance.least_out(&balance.flow(element));
        found.extend(element_problem(balance, flow));
        if step.kind == StepKind::Blend {
            found.extend(mean(balance, flow));
        }
    }
    found
}

fn closed(balance: &Balance<'_>) -> Option<Problem> {
    let step = balance.step;
    let is_closed = match step.kind {
        StepKind::Transform => balance.operation().is_closed(),
        StepKind::Blend => true,
        _ => false,
    };
    let masses: Option<Vec<Mass>> = balance.inputs().map(|(_, net)| net).collect();
    let went_in = Mass::sum_mg(masses.filter(|_| is_closed && balance.is_whole())?);
    let out = Mass::sum_mg(balance.outputs().filter_map(|(_, net)| net));
    let most = went_in + went_in * u128::from(WEIGHING_PPB) / u128::from(WHOLE);
    (out > most).then_some(Problem::Closed { most, out })
}

fn withheld(balance: &Balance<'_>) -> Option<Problem> {
    let step = balance.step;
    let lots = balance.facts.known(step.inputs).chain(balance.facts.known(step.outputs));
    let mut hidden = lots.filter(|(_, lot)| lot.booked().is_none() || (lot.maybe_withheld && !lot.is_analysed()));
    let (lot, _) = hidden.next()?;
    balance.facts.numbers.lot_id(lot).map(|lot| Problem::Withheld { lot })
}

fn element_problem(balance: &Balance<'_>, flow: Flow) -> Option<Problem> {
    let (element, out) = (flow.element, flow.output.mg);
    if out <= flow.pick_up || balance.operation().adds(element) {
        return None;
    }
    match flow.gain() {
        Some(gain) => (gain > flow.tolerance()).then_some(Problem::Gain(flow)),
        None if !balance.is_whole() || matches!(balance.step.kind, StepKind::Receipt { .. }) => None,
        None if flow.input.listed || balance.inputs().any(|(lot, _)| is_unsorted(lot.form)) => {
            Some(Problem::NotAnalysed(element))
        }
        None => Some(Problem::Unlisted { element, out }),
    }
}

/// The composition that a blend's maker states against the mean of the inputs.
fn mean(balance: &Balance<'_>, flow: Flow) -> Option<Problem> {
    let lot = balance.facts.numbers.lot_id(*balance.step.outputs.first()?)?;
    let (fact, net) = balance.outputs().next()?;
    let share = fact.share(flow.element).filter(|share| share.measured && !share.assayed)?;
    if flow.input.open || !flow.input.measured {
        return None;
    }
    let masses: Option<Vec<Mass>> = balance.inputs().map(|(_, net)| net).collect();
    let went_in = Mass::sum_mg(masses?).max(1);
    let expected = flow.input.mg.saturating_mul(u128::from(net?.mg())) / went_in;
    let found = share.mg(net?);
    let tolerance = flow.tolerance();
    let is_off = found.abs_diff(expected) > tolerance && flow.input.analysed;
    is_off.then_some(Problem::Mean { element: flow.element, lot, expected, found, tolerance })
}

fn receipt(balance: &Balance<'_>, weighed: Option<Mass>) -> Option<Problem> {
    let (before, after) = (balance.before?, weighed?);
    let lot = balance.facts.numbers.lot_id(*balance.step.inputs.first()?)?;
    let difference = u128::from(before.mg().abs_diff(after.mg())) * u128::from(WHOLE);
    let is_off = difference > u128::from(before.mg()) * u128::from(RECEIPT_PPB);
    is_off.then_some(Problem::Weighed { lot, before, after })
}

/// A gain along the lineage.
pub(super) fn lineage_finding(gain: &LineageGain, event: EventId) -> Finding {
    let (element, allowed) = (gain.element, kg(gain.allowed));
    let expected = format!("gains of {element} along the lineage of at most {allowed} kg, what chance allows");
    Finding::new(Code::LineageGain, expected, format!("{} kg", kg(gain.mg))).on(event)
}

/// The yield of target elements against the band of the operation.
///
/// The yield is what products hold of what went in and did not stay in the circuit. Nothing is said where an input, a
/// product or a heel is not analysed.
pub(super) fn check_yields(balance: &Balance<'_>, targets: &[Element], event: EventId, out: &mut Vec<Finding>) {
    let Some(band) = balance.operation().band() else { return };
    for element in targets {
        if let Some((share, tolerance)) = yield_ppb(balance, *element)
            && (share + tolerance < u128::from(band.least_ppb) || share > u128::from(band.most_ppb) + tolerance)
        {
            let expected = format!("a yield of {element} {}", words(band));
            out.push(Finding::new(Code::YieldBand, expected, percent(share)).on(event));
        }
    }
}

/// The yield and its tolerance in parts per billion.
fn yield_ppb(balance: &Balance<'_>, element: Element) -> Option<(u128, u128)> {
    let flow = balance.flow(element);
    let role = |role| balance.side(element, balance.outputs().filter(move |(lot, _)| lot.role == role));
    let (product, heel) = (role(OutputRole::Product), role(OutputRole::Heel));
    let is_known = flow.input.measured && !flow.input.open && product.measured && !product.open && !heel.open;
    let base = flow.input.mg.checked_sub(heel.mg).filter(|base| is_known && *base > 0)?;
    let ppb = |mg: u128| mg.saturating_mul(u128::from(WHOLE)) / base;
    product.analysed.then(|| (ppb(product.mg), ppb(flow.tolerance())))
}

fn words(band: YieldBand) -> String {
    format!("from {} to {}", percent(band.least_ppb.into()), percent(band.most_ppb.into()))
}

/// Parts per billion as a percentage with two decimals.
fn percent(ppb: u128) -> String {
    let hundredths = ppb / 100_000;
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}
