//! Dispatching part of a lot: a split first, then the dispatch of the part.

use super::error::{BatchError, Problem};
use super::step::{Members, Step};
use crate::event::Kind;
use serde_json::{Map, Value, json};

/// The steps that a step stands for: for a dispatch that takes a `mass` or a number of `pieces` of a lot, a split of each
/// such lot and the dispatch of the parts; for any other step itself.
///
/// A line `{ lot, mass | pieces, name?, rest? }` makes a part (called `name`) and what is left (called `rest`); without
/// these, a lot called `ore-1` becomes `ore-1/part` and `ore-1/rest`.
pub fn expand(mut step: Step) -> Result<Vec<Step>, BatchError> {
    let mut steps = Vec::new();
    if step.kind() == Kind::Dispatch
        && let Some(Value::Array(mut lines)) = step.body.remove("lots")
    {
        for (number, line) in lines.iter_mut().enumerate() {
            if let Some(split) = split(&step, number, line)? {
                steps.push(split);
            }
        }
        step.body.insert("lots".to_owned(), Value::Array(lines));
    }
    steps.push(step);
    Ok(steps)
}

/// Whether a text is (the beginning of) an id rather than a name.
fn is_id(text: &str) -> bool {
    let digits = text.split_once('.').map_or(text, |(digits, _)| digits);
    digits.len() >= 6 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// The split that a line needs; the line then names the part.
fn split(step: &Step, number: usize, line: &mut Value) -> Result<Option<Step>, BatchError> {
    let Value::Object(members) = line else { return Ok(None) };
    let quantity = match (members.remove("mass"), members.remove("pieces")) {
        (None, None) => return Ok(None),
        (Some(mass), None) => json!({ "net_dry": mass }),
        (None, Some(pieces)) => json!({ "pieces": pieces }),
        (Some(_), Some(_)) => {
            let problem = "expected either `mass` or `pieces`, found both".to_owned();
            return Err(step.error(format!("/lots/{number}"), Problem::Member(problem)));
        }
    };
    let whole = members.get("lot").and_then(Value::as_str).filter(|text| !is_id(text)).map(str::to_owned);
    let name = |member: &str, suffix: &str, members: &mut Map<String, Value>| match (members.remove(member), &whole) {
        (Some(Value::String(name)), _) => name,
        (_, Some(whole)) => format!("{whole}/{suffix}"),
        (_, None) => format!("step {} {member} {}", step.number, number + 1),
    };
    let (part, rest) = (name("name", "part", members), name("rest", "rest", members));
    // A lot that is named by its id leaves nothing to derive labels from.
    let mut outputs = [json!({ "name": part, "quantity": quantity }), json!({ "name": rest, "rest": true })];
    for output in outputs.iter_mut().filter_map(Value::as_object_mut) {
        if output.get("name").and_then(Value::as_str).is_some_and(|name| name.starts_with("step ")) {
            output.insert("labels".to_owned(), Value::Array(Vec::new()));
        }
    }
    let mut body = Map::from_iter([("outputs".to_owned(), Value::from_iter(outputs))]);
    body.insert("input".to_owned(), Value::Object(std::mem::take(members)));
    if let Some(from) = step.body.get("from") {
        body.insert("facility".to_owned(), from.clone());
    }
    *line = Value::String(part);
    let outer = step.members.clone();
    let members = Members {
        kind: Kind::Split,
        name: None,
        docs: None,
        refs: None,
        remark: None,
        expect_refused: None,
        expect: Vec::new(),
        twin_of: None,
        ..outer
    };
    Ok(Some(Step { number: step.number, place: step.place.clone(), members, body }))
}
