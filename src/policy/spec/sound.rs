//! What the form alone does not say of a specification: units and bases that fit, limits that something can meet.

use super::{Limit, SpecFile, Unit};
use crate::value::{Analyte, AnalyteKind, Basis, Element};
use std::fmt::Display;

/// What is wrong, and where.
pub(super) struct Problem {
    pub(super) path: Vec<String>,
    pub(super) problem: String,
    pub(super) hint: &'static str,
}

type Sound = Result<(), Problem>;

fn problem(path: &[&dyn Display], problem: impl Display, hint: &'static str) -> Problem {
    Problem { path: path.iter().map(ToString::to_string).collect(), problem: problem.to_string(), hint }
}

const REPEATED: &str = "say each thing once";

/// Checks a specification as read.
pub(super) fn check(file: &SpecFile) -> Sound {
    if file.version != 0 {
        let found = format!("expected version 0, found {}", file.version);
        return Err(problem(&[&"version"], found, "another version needs another release of the program"));
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    if let Some(found) = file.id.as_str().chars().find(|c| !is_plain(*c)) {
        let text = format!("expected an id of letters, digits, dots and dashes, found `{found}` in it");
        return Err(problem(&[&"id"], text, "the title may hold any text"));
    }
    each_once("forms", &file.forms)?;
    each_once("elements", &file.elements)?;
    if file.limits.is_empty() {
        let text = "expected at least one of `limits`, found none";
        return Err(problem(&[&"limits"], text, "a specification without limits would be met by everything"));
    }
    for (number, limit) in file.limits.iter().enumerate() {
        of_something(number, limit)?;
        bounds(number, limit)?;
        if file.limits.iter().take(number).any(|other| is_same(limit, other)) {
            let text = format!("expected one limit for {}, found another", subject(limit));
            return Err(problem(&[&"limits", &number], text, "write `least` and `most` in one of them"));
        }
    }
    together(&file.limits)
}

fn each_once<T: PartialEq + Display>(name: &'static str, list: &[T]) -> Sound {
    if list.is_empty() {
        let text = format!("expected at least one of `{name}`, found none");
        return Err(problem(&[&name], text, "a specification says which lots it is about"));
    }
    for (number, item) in list.iter().enumerate() {
        if list.iter().take(number).any(|other| other == item) {
            return Err(problem(&[&name, &number], format!("expected `{item}` once, found it again"), REPEATED));
        }
    }
    Ok(())
}

/// What a limit is for, as far as it makes it another one.
fn is_same(a: &Limit, b: &Limit) -> bool {
    (a.analyte, a.basis, a.property, a.temperature) == (b.analyte, b.basis, b.property, b.temperature)
}

fn subject(limit: &Limit) -> String {
    match (limit.analyte, limit.basis, limit.property) {
        (Some(analyte), Some(basis), _) => format!("{analyte} {basis}"),
        (_, _, Some(property)) => property.to_string(),
        _ => "the same thing".to_owned(),
    }
}

/// Exactly one of analyte and property, with a basis and unit that fit.
fn of_something(number: usize, limit: &Limit) -> Sound {
    let at = |member: &'static str, text: String, hint| Err(problem(&[&"limits", &number, &member], text, hint));
    match (limit.analyte, limit.property) {
        (Some(analyte), None) => {
            let Some(basis) = limit.basis else {
                let text = format!("expected a `basis` for {analyte}, found none");
                return at(
                    "basis",
                    text,
                    "99.5 % of the rare-earth oxides (REO/TREO) is not 99.5 % of the material (absolute)",
                );
            };
            if !is_possible(analyte, basis) {
                let text = format!("expected a basis on which {analyte} can be stated, found `{basis}`");
                return at("basis", text, "REO/TREO is for rare-earth oxides, RE/TREM for rare-earth metals");
            }
            if !limit.unit.is_of_fractions() {
                let text = format!("expected a unit of mass fractions, found `{}`", limit.unit);
                return at("unit", text, "analytes have `fraction`, `%` or `ppm`");
            }
            if limit.temperature.is_some() {
                let text = "expected a temperature for properties only, found one for an analyte".to_owned();
                return at("temperature", text, "leave it out");
            }
        }
        (None, Some(property)) => {
            if let Some(basis) = limit.basis {
                let text = format!("expected no basis for {property}, found `{basis}`");
                return at("basis", text, "leave it out: a property is no fraction");
            }
            if !limit.unit.is_of(property) {
                let units: Vec<&str> =
                    Unit::ALL.iter().filter(|unit| unit.is_of(property)).map(|unit| unit.as_str()).collect();
                let text = format!("expected {} for {property}, found `{}`", units.join(" or "), limit.unit);
                return at("unit", text, "1 kG = 0.1 T, 1 kOe = 79.5775 kA/m, 1 MGOe = 7.95775 kJ/m3");
            }
        }
        (found, _) => {
            let found = if found.is_some() { "both" } else { "neither" };
            let text = format!("expected exactly one of `analyte` and `property`, found {found}");
            return Err(problem(&[&"limits", &number], text, "write a limit for each"));
        }
    }
    Ok(())
}

/// Whether a fraction of an analyte can refer to the total of a basis.
fn is_possible(analyte: Analyte, basis: Basis) -> bool {
    let Some(total) = basis.relative_to() else { return true };
    let is_member = |analyte: &Analyte| total.members().contains(analyte);
    analyte != total
        && (is_member(&analyte) || (!analyte.members().is_empty() && analyte.members().iter().all(is_member)))
}

/// At least one bound, in order, and no more than the whole.
fn bounds(number: usize, limit: &Limit) -> Sound {
    let (least, most) = (limit.least.map(|v| limit.unit.exact(v)), limit.most.map(|v| limit.unit.exact(v)));
    let (Some(lower), Some(upper)) = (limit.least, limit.most) else {
        if least.or(most).is_none() {
            let text = format!("expected `least` or `most` for {}, found neither", subject(limit));
            return Err(problem(&[&"limits", &number], text, "a limit without bound is met by everything"));
        }
        return whole(number, limit);
    };
    if lower > upper {
        let text = format!("expected `least` of at most {upper}, found {lower}");
        return Err(problem(&[&"limits", &number, &"least"], text, "nothing can meet both"));
    }
    whole(number, limit)
}

fn whole(number: usize, limit: &Limit) -> Sound {
    for (member, value) in [("least", limit.least), ("most", limit.most)] {
        let Some(value) = value.filter(|_| limit.unit.is_of_fractions()) else { continue };
        if limit.unit.exact(value).ceil() > ONE {
            let text = format!("expected at most the whole, found {value} {}", limit.unit);
            return Err(problem(&[&"limits", &number, &member], text, "is the unit right?"));
        }
    }
    Ok(())
}

/// One whole in the counts of assays.
const ONE: u128 = 1_000_000_000;

/// Limits that nothing can meet together.
fn together(limits: &[Limit]) -> Sound {
    for (number, limit) in limits.iter().enumerate() {
        for group in limits.iter().filter(|group| group.basis == limit.basis) {
            let (Some(analyte), Some(of)) = (limit.analyte, group.analyte) else { continue };
            let (Some(least), Some(most)) = (limit.least, group.most) else { continue };
            if of.members().contains(&analyte) && limit.unit.exact(least).exceeds(group.unit.exact(most)) {
                let text = format!("expected at most {most} {}, as {of} has, found {least} {}", group.unit, limit.unit);
                return Err(problem(&[&"limits", &number, &"least"], text, "a part cannot be more than the sum"));
            }
        }
    }
    for basis in Basis::ALL {
        let mut sum = 0;
        let mut seen: Vec<Element> = Vec::new();
        for (number, limit) in limits.iter().enumerate().filter(|(_, limit)| limit.basis == Some(*basis)) {
            let (Some(analyte), Some(least)) = (limit.analyte, limit.least) else { continue };
            // Groups overlap their members, and an oxide its element.
            let is_counted =
                analyte.kind() != AnalyteKind::Group && analyte.element().is_none_or(|e| !seen.contains(&e));
            if !is_counted {
                continue;
            }
            seen.extend(analyte.element());
            sum += limit.unit.exact(least).ceil();
            if sum > ONE {
                let text = format!("expected limits of at most the whole together, found more {basis} with {analyte}");
                return Err(problem(&[&"limits", &number, &"least"], text, "nothing can meet all of them"));
            }
        }
    }
    Ok(())
}
