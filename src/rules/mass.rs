//! How much of what. Admission: exact sums, pieces, quantities and compositions that contradict themselves, and gains of
//! an element that no measurement error explains.
//!
//! Only values that are shown, and only measured ones or limits of quantification, can contradict. What is withheld or
//! not analysed refuses nothing here; review says that it could not be checked. The constants of this file belong to
//! format version 1.
//!
//! Not in scope: tolerances of assays, yields, and gains below the gross limit (`review`).
//!
//! Worked example: 19,991.532 kg wet at a moisture of 0.282 are 14,353.919976 kg dry; 14,353.920 kg are stated, which
//! differs by 24 mg where the rounding of the moisture alone explains 10 kg.

use super::Admission;
use super::data::{Operation, WHOLE, pick_up_ppb};
use crate::event::{
    AnalyteValue, Body, Head, LeafStatus, Leaves as _, Lot, Quantity, Reading, Receive, Split, Transform,
};
use crate::finding::{Code, Finding};
use crate::state::{LotRecord, ViewError, contents};
use crate::value::{Analyte, AnalyteKind, Basis, Element, Fraction, LotId, Mass};
use std::collections::BTreeSet;
use std::fmt::Display;

/// More than 5/4 of the measured input of an element is a gross gain.
const GROSS_GAIN: (u128, u128) = (5, 4);

/// What the fractions of one basis may exceed the whole by, in parts per billion: 0.1 %, the rounding of a dozen lines.
const SUM_TOLERANCE_PPB: u64 = 1_000_000;

pub(super) fn check_admission(a: &Admission<'_>, out: &mut Vec<Finding>) -> Result<(), ViewError> {
    let mut mass = MassCheck { a, out };
    let body = &a.event.payload.body;
    for (id, lot) in body.output_ids(a.event.id).zip(body.outputs()) {
        mass.lot(id, lot);
    }
    match body {
        Body::Split(split) => mass.split(split),
        Body::Blend(blend) => {
            let inputs = mass.inputs(&blend.inputs)?;
            mass.no_new_pieces(&inputs, &blend.outputs);
            mass.no_gross_total("a blend", &inputs, &blend.outputs);
            mass.no_gross_gain(Operation::of(&[]), &inputs, &blend.outputs);
            Ok(())
        }
        Body::Transform(transform) => mass.transform(transform),
        Body::Receive(receive) => {
            mass.receipt(receive);
            Ok(())
        }
        _ => Ok(()),
    }
}

struct MassCheck<'a, 'b> {
    a: &'a Admission<'a>,
    out: &'b mut Vec<Finding>,
}

impl MassCheck<'_, '_> {
    fn push(&mut self, code: Code, lot: LotId, expected: impl Display, found: impl Display) {
        self.out.push(self.a.finding(code, expected, found).of_lot(lot));
    }

    /// The inputs as booked; `None` for one that is not known, which `custody` has said.
    fn inputs(&self, heads: &[Head]) -> Result<Vec<Option<LotRecord>>, ViewError> {
        heads.iter().map(|head| self.a.view.lot(&head.lot)).collect()
    }

    fn lot(&mut self, id: LotId, lot: &Lot) {
        if let Some(quantity) = &lot.quantity {
            self.quantity(id, quantity);
        }
        if let Some(lines) = &lot.composition {
            self.composition(id, &lot.elements, lines);
        }
    }

    fn quantity(&mut self, id: LotId, quantity: &Quantity) {
        let problems = [weighed(quantity), dried(quantity)].into_iter().flatten();
        for (expected, found) in problems {
            self.push(Code::Quantity, id, expected, found);
        }
        if let (Some(pieces), Some(unit)) = (quantity.pieces, quantity.unit_mass)
            && u128::from(pieces) * u128::from(unit.mg()) != u128::from(quantity.net_dry.mg())
        {
            let total = kg(u128::from(pieces) * u128::from(unit.mg()));
            let expected = format!("{pieces} pieces of {unit} kg, {total} kg");
            self.push(Code::PiecesSum, id, expected, format_args!("net dry {} kg", quantity.net_dry));
        }
    }

    fn composition(&mut self, id: LotId, elements: &[Element], lines: &[AnalyteValue]) {
        for basis in Basis::ALL {
            let sum = sum_of_basis(*basis, lines);
            if sum > WHOLE + SUM_TOLERANCE_PPB {
                let found = format!("{} ({basis})", fraction(sum));
                self.push(Code::Composition, id, "fractions that sum to at most 1", found);
            }
        }
        for (group, whole, parts) in group_sums(lines) {
            if parts > whole + SUM_TOLERANCE_PPB {
                let expected = format!("members of {group} that sum to at most {}", fraction(whole));
                self.push(Code::Composition, id, expected, fraction(parts));
            }
        }
        let measured = lines.iter().filter(|line| matches!(line.value, Reading::Value(v) if v != Fraction::ZERO));
        let named: BTreeSet<Element> = measured.filter_map(|line| line.analyte.element()).collect();
        for element in named.into_iter().filter(|element| !elements.contains(element)) {
            self.push(Code::Composition, id, "every element of the composition in `elements`", element);
        }
    }

    fn split(&mut self, split: &Split) -> Result<(), ViewError> {
        let inputs = self.inputs(std::slice::from_ref(&split.input))?;
        if let [Some(input)] = inputs.as_slice() {
            self.split_sum(split, input);
        }
        self.no_gross_gain(Operation::of(&[]), &inputs, &split.outputs);
        Ok(())
    }

    fn split_sum(&mut self, split: &Split, input: &LotRecord) {
        let difference = match (split.leaf_status("difference"), &split.difference) {
            (_, Some(loss)) => loss.mass.map(|mass| i128::from(mass.mg())),
            (Some(LeafStatus::Absent), None) => Some(0),
            _ => None,
        };
        let parts: Option<Vec<Mass>> = split.outputs.iter().map(Lot::net_dry).collect();
        let lot = split.input.lot;
        let (Some(whole), Some(parts), Some(difference)) = (input.net_dry, parts, difference) else { return };
        // At most 32 parts below 2⁵³ each.
        let sum = i128::try_from(Mass::sum_mg(parts)).unwrap_or(i128::MAX);
        if sum + difference != i128::from(whole.mg()) {
            let expected = format!("parts and difference that sum to {whole} kg");
            let found = format!("parts of {} kg and a difference of {} kg", signed_kg(sum), signed_kg(difference));
            self.push(Code::SplitSum, lot, expected, found);
        }
        let pieces: Option<Vec<u64>> = split.outputs.iter().map(pieces_of).collect();
        let (Some(before), Some(after)) = (input.pieces, pieces) else { return };
        let after: u128 = after.into_iter().map(u128::from).sum();
        let wrong = if difference > 0 { after > u128::from(before) } else { after != u128::from(before) };
        if wrong {
            let most = if difference > 0 { "at most " } else { "" };
            self.push(Code::PiecesSum, lot, format_args!("{most}{before} pieces"), format_args!("{after} pieces"));
        }
    }

    fn transform(&mut self, transform: &Transform) -> Result<(), ViewError> {
        let inputs = self.inputs(&transform.inputs)?;
        let operation = Operation::of(&transform.processes);
        if operation.keeps_pieces() {
            self.no_new_pieces(&inputs, &transform.outputs);
        }
        if operation.is_closed() && transform.gain_reason.is_none() {
            let names: Vec<&str> = transform.processes.iter().map(|process| process.as_str()).collect();
            self.no_gross_total(&format!("`{}`", names.join("`, `")), &inputs, &transform.outputs);
        }
        if transform.gain_reason.is_none() {
            self.no_gross_gain(operation, &inputs, &transform.outputs);
        }
        Ok(())
    }

    /// No more pieces come out than went in, where all are counted.
    fn no_new_pieces(&mut self, inputs: &[Option<LotRecord>], outputs: &[Lot]) {
        let before: Option<Vec<u64>> = inputs.iter().map(|lot| lot.as_ref()?.pieces).collect();
        let after: Option<Vec<u64>> = outputs.iter().map(pieces_of).collect();
        let (Some(before), Some(after)) = (before, after) else { return };
        let total = |pieces: Vec<u64>| -> u128 { pieces.into_iter().map(u128::from).sum() };
        let (before, after) = (total(before), total(after));
        if after > before {
            let expected = format!("at most {before} pieces");
            self.out.push(self.a.finding(Code::PiecesSum, expected, format_args!("{after} pieces")));
        }
    }

    fn no_gross_gain(&mut self, operation: Operation<'_>, inputs: &[Option<LotRecord>], outputs: &[Lot]) {
        let Some(inputs) = inputs.iter().map(Option::as_ref).collect::<Option<Vec<&LotRecord>>>() else { return };
        let made = Mass::sum_mg(outputs.iter().filter_map(Lot::net_dry));
        for element in Element::ALL.iter().filter(|element| !operation.adds(**element)) {
            let Some(most) = most_in(*element, &inputs) else { continue };
            let measured = outputs.iter().flat_map(contents).filter(|c| c.element == *element && c.measured);
            let out: u128 = measured.map(|content| u128::from(content.mg)).sum();
            let pick_up = made * u128::from(pick_up_ppb(*element)) / u128::from(WHOLE);
            if out.saturating_sub(pick_up) * GROSS_GAIN.1 > most * GROSS_GAIN.0 {
                let limit = most * GROSS_GAIN.0 / GROSS_GAIN.1 + pick_up;
                let expected = format!("at most {} kg of {element}, from {} kg measured going in", kg(limit), kg(most));
                self.out.push(self.a.finding(Code::GrossGain, expected, format_args!("{} kg coming out", kg(out))));
            }
        }
    }

    /// Where nothing is added, no more than 5/4 of what went in comes out, of all the masses that are shown. Less of an excess
    /// may be weighing or moisture, which review judges.
    fn no_gross_total(&mut self, what: &str, inputs: &[Option<LotRecord>], outputs: &[Lot]) {
        let masses: Option<Vec<Mass>> = inputs.iter().map(|lot| lot.as_ref()?.net_dry).collect();
        let Some(most) = masses.map(Mass::sum_mg) else { return };
        let out = Mass::sum_mg(outputs.iter().filter_map(Lot::net_dry));
        if out * GROSS_GAIN.1 > most * GROSS_GAIN.0 {
            let limit = kg(most * GROSS_GAIN.0 / GROSS_GAIN.1);
            let expected = format!("at most {limit} kg, from {} kg going in, as {what} adds nothing", kg(most));
            self.out.push(self.a.finding(Code::GrossGain, expected, format_args!("{} kg coming out", kg(out))));
        }
    }

    fn receipt(&mut self, receive: &Receive) {
        for line in &receive.lots {
            if let Some(quantity) = &line.quantity {
                self.quantity(line.lot, quantity);
            }
        }
    }
}

/// The most of an element that the inputs hold by measurement or limit of quantification, in milligrams, rounded up.
///
/// Not known where a lot that lists the element is not analysed for it, or where no lot is. A lot that neither lists
/// nor was analysed for it adds nothing.
fn most_in(element: Element, inputs: &[&LotRecord]) -> Option<u128> {
    let (mut total, mut analysed) = (0u128, false);
    for lot in inputs {
        match lot.contents.iter().find(|content| content.element == element) {
            // Contents are rounded down by less than a milligram for each of three divisions.
            Some(content) => (total, analysed) = (total + u128::from(content.mg) + 3, true),
            None if lot.elements.contains(&element) => return None,
            None => {}
        }
    }
    analysed.then_some(total)
}

fn pieces_of(lot: &Lot) -> Option<u64> {
    lot.quantity.as_ref()?.pieces
}

/// Gross less tare is the wet mass, or at least the dry one.
fn weighed(quantity: &Quantity) -> Option<(String, String)> {
    let dry = quantity.net_dry;
    if let Some(wet) = quantity.net_wet.filter(|wet| dry > *wet) {
        return Some((format!("a net dry mass of at most the wet {wet} kg"), format!("{dry} kg")));
    }
    let gross = quantity.gross?;
    let net = gross.mg().saturating_sub(quantity.tare.map_or(0, Mass::mg));
    let (Some(tare), Some(wet)) = (quantity.tare, quantity.net_wet) else {
        return (dry.mg() > net)
            .then(|| (format!("a net dry mass of at most {} kg", kg(net.into())), format!("{dry} kg")));
    };
    (wet.mg() != net).then(|| {
        (format!("gross {gross} kg less tare {tare} kg, {} kg", kg(net.into())), format!("a net wet mass of {wet} kg"))
    })
}

/// The wet mass less moisture is the dry mass, within the rounding of the three values.
///
/// Each is taken as rounded to its last decimal that is not 0, masses to 1 g at most and moisture to 0.1 % at most: half
/// of the last digits, and 1 mg for the result's own rounding.
fn dried(quantity: &Quantity) -> Option<(String, String)> {
    let (wet, moisture) = (quantity.net_wet?, quantity.moisture?);
    let (wet_mg, dry_mg) = (u128::from(wet.mg()), u128::from(quantity.net_dry.mg()));
    let whole = u128::from(WHOLE);
    let expected = wet_mg * (whole - u128::from(moisture.ppb()));
    let twice_off = 2 * expected.abs_diff(dry_mg * whole);
    let rounding = last_digit(wet.mg(), 1_000) + last_digit(quantity.net_dry.mg(), 1_000) + 2;
    let tolerance = rounding * whole + wet_mg * last_digit(moisture.ppb().into(), 1_000_000);
    (twice_off > tolerance).then(|| {
        let expected = kg(expected / whole);
        (
            format!("{wet} kg wet less a moisture of {moisture}, {expected} kg"),
            format!("net dry {} kg", quantity.net_dry),
        )
    })
}

/// The largest power of ten that divides a stated value, up to `most`; zero is exact.
fn last_digit(value: u64, most: u64) -> u128 {
    let mut unit = 1;
    while value != 0 && unit < most && value.is_multiple_of(unit * 10) {
        unit *= 10;
    }
    u128::from(if value == 0 { 0 } else { unit })
}

/// The least that the measured lines of one basis sum to, in parts per billion, nothing counted twice.
///
/// Of several lines for one element the largest counts; a group counts only where no line names any of its elements; loss
/// on ignition, moisture, and what may be part of a stated compound (oxygen, carbon, silicon …) do not count.
fn sum_of_basis(basis: Basis, lines: &[AnalyteValue]) -> u64 {
    let measured: Vec<(Analyte, u64)> = lines
        .iter()
        .filter(|line| line.basis == basis)
        .filter_map(|line| match line.value {
            Reading::Value(value) => Some((line.analyte, u64::from(value.ppb()))),
            Reading::BelowLoq(_) => None,
        })
        .collect();
    let largest = |is: &dyn Fn(Analyte) -> bool| measured.iter().filter(|(a, _)| is(*a)).map(|(_, ppb)| *ppb).max();
    let mut covered: BTreeSet<Element> = BTreeSet::new();
    let mut sum = 0;
    for element in Element::ALL {
        if let Some(ppb) = largest(&|analyte| analyte.element() == Some(*element)) {
            covered.insert(*element);
            sum += ppb;
        }
    }
    let mut groups: Vec<_> = measured.iter().filter(|(analyte, _)| analyte.kind() == AnalyteKind::Group).collect();
    groups.sort_by_key(|(analyte, _)| analyte.members().len());
    for (group, ppb) in groups {
        if group.elements().all(|element| !covered.contains(&element)) {
            covered.extend(group.elements());
            sum += ppb;
        }
    }
    sum
}

/// Each measured group of a composition with the sum of its measured members on the same basis.
fn group_sums(lines: &[AnalyteValue]) -> impl Iterator<Item = (Analyte, u64, u64)> {
    let value = |line: &AnalyteValue| match line.value {
        Reading::Value(value) => Some(u64::from(value.ppb())),
        Reading::BelowLoq(_) => None,
    };
    lines.iter().filter(|line| line.analyte.kind() == AnalyteKind::Group).filter_map(move |group| {
        let members = lines.iter().filter(|line| line.basis == group.basis);
        let members = members.filter(|line| group.analyte.members().contains(&line.analyte));
        let mut seen = BTreeSet::new();
        let parts = members.filter(|line| seen.insert(line.analyte)).filter_map(value).sum();
        Some((group.analyte, value(group)?, parts))
    })
}

/// Milligrams as text in kg.
pub(super) fn kg(mg: u128) -> String {
    // Sums of a few hundred masses below 2⁵³ mg fit; more would print as the largest.
    crate::value::decimal::format(u64::try_from(mg).unwrap_or(u64::MAX), Mass::SCALE)
}

fn signed_kg(mg: i128) -> String {
    let sign = if mg < 0 { "-" } else { "" };
    format!("{sign}{}", kg(mg.unsigned_abs()))
}

/// Parts per billion as text, above 1 too.
fn fraction(ppb: u64) -> String {
    crate::value::decimal::format(ppb, Fraction::SCALE)
}

#[cfg(test)]
mod tests;
