//! What the form alone does not say of a pack: names that must exist, ranges, limits, conditions of exceptions.

use super::settings::Settings;
use super::{Bucket, Duty, ExceptionKind, ExceptionRule, PackFile, Range};
use crate::event::Process;
use crate::value::Text;
use std::fmt::Display;

/// What is wrong, and where.
pub(super) struct Problem {
    pub(super) path: Vec<String>,
    pub(super) problem: String,
    pub(super) hint: Option<&'static str>,
}

type Checked = Result<(), Problem>;

fn problem(path: &[&dyn Display], problem: impl Display, hint: &'static str) -> Problem {
    let path = path.iter().map(ToString::to_string).collect();
    Problem { path, problem: problem.to_string(), hint: Some(hint) }
}

/// Checks a pack as read.
pub(super) fn check(pack: &PackFile) -> Checked {
    if pack.version != 0 {
        let found = format!("expected version 0, found {}", pack.version);
        return Err(problem(&[&"version"], found, "another version needs another release of the program"));
    }
    parameters(pack)?;
    families(pack)?;
    buckets(pack)?;
    evidence(pack)?;
    duty(pack)?;
    order(&pack.ranges)?;
    pack.ranges.iter().enumerate().try_for_each(|(number, range)| one_range(pack, number, range))
}

fn parameters(pack: &PackFile) -> Checked {
    for (name, value) in &pack.parameters {
        Settings::default().set(*name, value).map_err(|error| {
            problem(
                &[&"parameters", name],
                format!("`{name}`: {error}"),
                "the value counts where the verifier sets none",
            )
        })?;
    }
    Ok(())
}

/// The position of the second of two equal names.
fn repeated<'a>(names: impl Iterator<Item = &'a Text>) -> Option<(usize, &'a Text)> {
    let mut seen = std::collections::BTreeSet::new();
    names.enumerate().find(|(_, name)| !seen.insert(*name))
}

fn families(pack: &PackFile) -> Checked {
    if pack.families.is_empty() {
        return Err(problem(
            &[&"families"],
            "expected at least one family, found none",
            "say which lots the pack is about",
        ));
    }
    if let Some((number, id)) = repeated(pack.families.iter().map(|family| &family.id)) {
        return Err(problem(&[&"families", &number, &"id"], format!("family `{id}` is there twice"), "name each once"));
    }
    for (number, family) in pack.families.iter().enumerate() {
        for (member, is_empty) in [("forms", family.forms.is_empty()), ("elements", family.elements.is_empty())] {
            if is_empty {
                let found = format!("expected at least one of `{member}`, found none");
                return Err(problem(
                    &[&"families", &number, &member],
                    found,
                    "a family is recognised by form and elements",
                ));
            }
        }
    }
    Ok(())
}

fn buckets(pack: &PackFile) -> Checked {
    if let Some((number, name)) = repeated(pack.buckets.iter().map(|bucket| &bucket.name)) {
        return Err(problem(
            &[&"buckets", &number, &"name"],
            format!("bucket `{name}` is there twice"),
            "name each once",
        ));
    }
    for (number, bucket) in pack.buckets.iter().enumerate() {
        if !Process::ALL.iter().any(|process| bucket.holds(*process)) {
            let found = format!("expected bucket `{}` to hold a process, found none", bucket.name);
            return Err(problem(&[&"buckets", &number], found, "list `stages` or `processes`"));
        }
        let earlier = || pack.buckets.iter().take(number);
        let common =
            |other: &Bucket| Process::ALL.iter().find(|one| bucket.holds(**one) && other.holds(**one)).copied();
        if let Some((other, process)) = earlier().find_map(|other| Some((other, common(other)?))) {
            let found = format!("`{process}` is in bucket `{}` and in bucket `{}`", other.name, bucket.name);
            return Err(problem(
                &[&"buckets", &number],
                found,
                "a process belongs to one bucket; `except` takes it out",
            ));
        }
    }
    Ok(())
}

/// The name of a thing that must be among those of the pack.
fn known<'a>(
    path: &[&dyn Display],
    what: &str,
    name: &Text,
    mut among: impl Iterator<Item = &'a Text> + Clone,
) -> Checked {
    if among.clone().any(|known| known == name) {
        return Ok(());
    }
    let allowed = (name.as_str().chars().count() / 3).clamp(1, 4);
    let near = among.find(|known| strsim::damerau_levenshtein(known.as_str(), name.as_str()) <= allowed);
    let near = near.map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
    Err(problem(
        path,
        format!("expected a {what} of this pack, found `{name}`{near}"),
        "define it, or write its name as defined",
    ))
}

fn evidence(pack: &PackFile) -> Checked {
    for (number, line) in pack.evidence.iter().enumerate() {
        if line.elements.is_empty() {
            let found = "expected at least one of `elements`, found none";
            return Err(problem(&[&"evidence", &number, &"elements"], found, "`all` stands for every element"));
        }
        for (at, name) in line.buckets.iter().enumerate() {
            let names = pack.buckets.iter().map(|bucket| &bucket.name);
            known(&[&"evidence", &number, &"buckets", &at], "bucket", name, names)?;
        }
        if line.prior == Some(crate::policy::trail::PlaceLevel::Declared) {
            let found = "expected a level above `declared` in `prior`, found `declared`";
            return Err(problem(
                &[&"evidence", &number, &"prior"],
                found,
                "stages before a ledger never pass on the holder's word",
            ));
        }
    }
    Ok(())
}

fn duty(pack: &PackFile) -> Checked {
    if pack.duty == Duty::RecycledContent && pack.recycled.is_none() {
        return Err(problem(
            &[&"duty"],
            "expected a table `recycled` with this duty, found none",
            "say which recycled material counts",
        ));
    }
    if pack.duty != Duty::RecycledContent && pack.recycled.is_some() {
        let found = format!("expected no table `recycled` with duty `{}`, found one", pack.duty);
        return Err(problem(&[&"recycled"], found, "write duty = \"recycled-content\""));
    }
    if pack.ranges.is_empty() {
        return Err(problem(
            &[&"ranges"],
            "expected at least one range, found none",
            "a range without dates holds for every day",
        ));
    }
    Ok(())
}

/// Ranges are in order, do not overlap, and leave no days between them unless that is said.
fn order(ranges: &[Range]) -> Checked {
    if let Some((number, id)) = repeated(ranges.iter().map(|range| &range.id)) {
        return Err(problem(&[&"ranges", &number, &"id"], format!("range `{id}` is there twice"), "name each once"));
    }
    for (number, range) in ranges.iter().enumerate() {
        if let (Some(from), Some(until)) = (range.from, range.until)
            && until < from
        {
            let found = format!("expected a last day on or after {from}, found {until}");
            return Err(problem(&[&"ranges", &number, &"until"], found, "`until` is the last day of the range"));
        }
    }
    for (number, (before, range)) in ranges.iter().zip(ranges.iter().skip(1)).enumerate() {
        let at: [&dyn Display; 3] = [&"ranges", &(number + 1), &"from"];
        let (Some(until), Some(from)) = (before.until, range.from) else {
            let found =
                format!("ranges `{}` and `{}` overlap: one has no last or the other no first day", before.id, range.id);
            return Err(problem(&at[..2], found, "ranges are in order of their days"));
        };
        let days = from.start().since(until.start()) / 86_400;
        if days < 1 {
            let found = format!("ranges `{}` (until {until}) and `{}` (from {from}) overlap", before.id, range.id);
            return Err(problem(&at, found, "a day belongs to one range; ranges are in order of their days"));
        }
        if (days > 1) != range.gap_before {
            let (found, hint) = if days > 1 {
                (
                    format!("no range holds the days between {until} and {from}"),
                    "if that is meant, write gap_before = true",
                )
            } else {
                (format!("expected days without rule before {from}, found none"), "leave `gap_before` out")
            };
            return Err(problem(&at, found, hint));
        }
    }
    Ok(())
}

fn one_range(pack: &PackFile, number: usize, range: &Range) -> Checked {
    if let Some((at, name)) = repeated(range.rules.iter().map(|rule| &rule.bucket)) {
        let found = format!("bucket `{name}` has two rules in range `{}`", range.id);
        return Err(problem(&[&"ranges", &number, &"rules", &at, &"bucket"], found, "write one rule a bucket"));
    }
    let has_rules = pack.duty != Duty::RecycledContent;
    if range.rules.is_empty() == has_rules {
        let (expected, found) = if has_rules { ("at least one rule", "none") } else { ("no rule", "some") };
        let found = format!("expected {expected} in range `{}`, found {found}", range.id);
        return Err(problem(
            &[&"ranges", &number],
            found,
            "a recycled-content duty has the table `recycled`, others have rules",
        ));
    }
    for (at, rule) in range.rules.iter().enumerate() {
        known(
            &[&"ranges", &number, &"rules", &at, &"bucket"],
            "bucket",
            &rule.bucket,
            pack.buckets.iter().map(|b| &b.name),
        )?;
        for (place, family) in rule.families.iter().enumerate() {
            let path: [&dyn Display; 6] = [&"ranges", &number, &"rules", &at, &"families", &place];
            known(&path, "family", family, pack.families.iter().map(|family| &family.id))?;
        }
        let forbids = !range.forbidden(rule).is_empty();
        if forbids != (pack.duty == Duty::Prohibition) {
            let (expected, found) = if forbids { ("no", "some") } else { ("at least one", "none") };
            let found = format!("expected {expected} forbidden country for bucket `{}`, found {found}", rule.bucket);
            return Err(problem(
                &[&"ranges", &number, &"rules", &at],
                found,
                "a prohibition forbids countries, a disclosure none",
            ));
        }
    }
    range
        .exceptions
        .iter()
        .enumerate()
        .try_for_each(|(at, rule)| exception(pack, &[&"ranges", &number, &"exceptions", &at], rule))
}

/// Each condition with whether it is there, and the kind it belongs to.
fn conditions(rule: &ExceptionRule) -> [(&'static str, bool, ExceptionKind); 9] {
    use ExceptionKind as K;
    [
        ("covered_share_below", rule.covered_share_below.is_some(), K::Cots),
        ("tungsten_share_below", rule.tungsten_share_below.is_some(), K::Cots),
        ("no_mill_products", rule.no_mill_products, K::Cots),
        ("most_months", rule.most_months.is_some(), K::Nonavailability),
        ("most_amount", rule.most_amount.is_some(), K::Threshold),
        ("currency", rule.currency.is_some(), K::Threshold),
        ("countries", !rule.countries.is_empty(), K::Recycled),
        ("steps", !rule.steps.is_empty(), K::Recycled),
        ("place", rule.place.is_some(), K::Recycled),
    ]
}

fn exception(pack: &PackFile, path: &[&dyn Display; 4], rule: &ExceptionRule) -> Checked {
    let needed: &[&str] = match rule.kind {
        ExceptionKind::Threshold => &["most_amount", "currency"],
        ExceptionKind::Recycled => &["countries", "steps", "place"],
        _ => &[],
    };
    for (member, is_there, kind) in conditions(rule) {
        let at: [&dyn Display; 5] = [path[0], path[1], path[2], path[3], &member];
        if is_there && kind != rule.kind {
            let found = format!("`{member}` is a condition of `{kind}`, found it with `{}`", rule.kind);
            return Err(problem(&at, found, "FORMAT.md lists the conditions of each exception"));
        }
        if !is_there && needed.contains(&member) {
            let found = format!("expected `{member}` with exception `{}`, found none", rule.kind);
            return Err(problem(path, found, "FORMAT.md lists the conditions of each exception"));
        }
    }
    if rule.steps.iter().any(Vec::is_empty) {
        let at: [&dyn Display; 5] = [path[0], path[1], path[2], path[3], &"steps"];
        return Err(problem(
            &at,
            "expected processes in each list of `steps`, found an empty one",
            "every list asks for one of its processes",
        ));
    }
    for (number, family) in rule.families.iter().enumerate() {
        let at: [&dyn Display; 6] = [path[0], path[1], path[2], path[3], &"families", &number];
        known(&at, "family", family, pack.families.iter().map(|family| &family.id))?;
    }
    Ok(())
}
