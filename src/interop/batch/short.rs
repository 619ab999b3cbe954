//! Short forms that need no knowledge of anything but the step itself.

use crate::event::{Kind, Outcome, OutputRole};
use crate::value::{Analyte, AnalyteKind, Basis, Element};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What an output of a step says beside the lot it describes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct OutputName {
    /// Its local name.
    pub name: Option<String>,
    /// Whether it is what is left of the lot that is split.
    pub rest: bool,
}

/// A short form that cannot be written out: JSON pointer and problem.
pub(super) type ShortError = (String, String);

/// Writes out the short forms of a body, and takes the names of its outputs out of it.
pub(super) fn write_out(kind: Kind, body: &mut Map<String, Value>) -> Result<Vec<OutputName>, ShortError> {
    match kind {
        Kind::Transform | Kind::Blend => heads(body, "inputs"),
        Kind::Dispatch | Kind::Retire => heads(body, "lots"),
        Kind::Split => {
            if let Some(input) = body.get_mut("input") {
                head(input);
            }
        }
        Kind::Receive => {
            heads(body, "lots");
            received(body)?;
        }
        Kind::Assay => composition(body, "results", "")?,
        _ => {}
    }
    match body.get_mut("outputs") {
        Some(Value::Array(outputs)) => outputs.iter_mut().enumerate().map(|(n, lot)| output(n, lot)).collect(),
        _ => Ok(Vec::new()),
    }
}

/// `"x"` is `[{ lot = "x" }]`, and so is each text of a list.
fn heads(body: &mut Map<String, Value>, list: &str) {
    let Some(heads) = body.get_mut(list) else { return };
    if heads.is_string() {
        *heads = Value::Array(vec![heads.take()]);
    }
    if let Value::Array(heads) = heads {
        heads.iter_mut().for_each(head);
    }
}

fn head(value: &mut Value) {
    if value.is_string() {
        *value = json!({ "lot": value.take() });
    }
}

fn received(body: &mut Map<String, Value>) -> Result<(), ShortError> {
    let Some(Value::Array(lines)) = body.get_mut("lots") else { return Ok(()) };
    for line in lines.iter_mut().filter_map(Value::as_object_mut) {
        line.entry("outcome").or_insert_with(|| Outcome::Accepted.as_str().into());
        quantity(line);
    }
    Ok(())
}

fn output(number: usize, value: &mut Value) -> Result<OutputName, ShortError> {
    let pointer = format!("/outputs/{number}");
    let Value::Object(lot) = value else { return Ok(OutputName::default()) };
    let name = match lot.remove("name") {
        Some(Value::String(name)) => Some(name),
        Some(_) => return Err((format!("{pointer}/name"), "expected a name in quotes".to_owned())),
        None => None,
    };
    let rest = match lot.remove("rest") {
        Some(Value::Bool(rest)) => rest,
        Some(_) => return Err((format!("{pointer}/rest"), "expected `true` or `false`".to_owned())),
        None => false,
    };
    label(&pointer, lot, name.as_deref())?;
    lot.entry("role").or_insert_with(|| OutputRole::Product.as_str().into());
    quantity(lot);
    composition(lot, "composition", &pointer)?;
    if let (None, Some(lines)) = (lot.get("elements"), lot.get("composition")) {
        let elements = elements_of(lines);
        lot.insert("elements".to_owned(), elements);
    }
    Ok(OutputName { name, rest })
}

/// `label` is `labels` of one; a lot without either is labelled with its name.
fn label(pointer: &str, lot: &mut Map<String, Value>, name: Option<&str>) -> Result<(), ShortError> {
    let label = lot.remove("label");
    if label.is_some() && lot.contains_key("labels") {
        return Err((format!("{pointer}/label"), "expected either `label` or `labels`, found both".to_owned()));
    }
    if let Some(label) = label.or_else(|| name.map(Value::from)) {
        lot.entry("labels").or_insert_with(|| Value::Array(vec![label]));
    }
    Ok(())
}

/// A text is the net dry mass.
fn quantity(object: &mut Map<String, Value>) {
    if let Some(quantity) = object.get_mut("quantity").filter(|value| value.is_string()) {
        *quantity = json!({ "net_dry": quantity.take() });
    }
}

/// A table from analyte to reading becomes the list of lines.
fn composition(object: &mut Map<String, Value>, member: &str, pointer: &str) -> Result<(), ShortError> {
    let Some(Value::Object(table)) = object.get_mut(member) else { return Ok(()) };
    let lines = std::mem::take(table).into_iter().map(|(analyte, reading)| {
        line(&analyte, reading).map_err(|problem| {
            let analyte = analyte.replace('~', "~0").replace('/', "~1");
            (format!("{pointer}/{member}/{analyte}"), problem)
        })
    });
    let lines = Value::Array(lines.collect::<Result<_, _>>()?);
    object.insert(member.to_owned(), lines);
    Ok(())
}

fn line(analyte: &str, reading: Value) -> Result<Value, String> {
    let (analyte, basis) = match analyte.split_once('/') {
        None => (analyte, Basis::Absolute),
        Some((analyte, "TREO")) => (analyte, Basis::ReoOverTreo),
        Some((analyte, "TREM")) => (analyte, Basis::ReOverTrem),
        Some((_, other)) => {
            return Err(format!("expected a share of `TREO` or `TREM`, as in `Nd2O3/TREO`, found one of `{other}`"));
        }
    };
    let mut line = match reading {
        Value::Object(line) => line,
        Value::String(text) => {
            let (value, uncertainty) = text.split_once('±').map_or((&*text, None), |(v, u)| (v, Some(u)));
            let mut line = Map::from_iter([("value".to_owned(), Value::from(value.trim()))]);
            line.extend(uncertainty.map(|u| ("uncertainty".to_owned(), Value::from(u.trim()))));
            line
        }
        _ => return Err("expected a reading in quotes, such as \"0.55\", \"<0.0001\" or \"0.55 ± 0.01\"".to_owned()),
    };
    line.insert("analyte".to_owned(), analyte.into());
    line.insert("basis".to_owned(), basis.as_str().into());
    Ok(Value::Object(line))
}

/// The elements that the lines found: those of elements, oxides and the groups NdPr, NdPr oxide and SEG+, each of a
/// measured value that is not zero.
fn elements_of(lines: &Value) -> Value {
    let mut elements: BTreeSet<Element> = BTreeSet::new();
    for line in lines.as_array().into_iter().flatten() {
        let text = |member| line.get(member).and_then(Value::as_str);
        let Some(analyte) = text("analyte").and_then(|name| name.parse::<Analyte>().ok()) else { continue };
        let total = matches!(analyte, Analyte::Treo | Analyte::Trem | Analyte::Lreo | Analyte::Hreo);
        let found =
            text("value").is_some_and(|value| !value.starts_with('<') && value.contains(|c| ('1'..='9').contains(&c)));
        if found && !total && analyte.kind() != AnalyteKind::Other {
            elements.extend(analyte.elements());
        }
    }
    elements.into_iter().map(Element::symbol).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(kind: Kind, body: Value) -> (Value, Vec<OutputName>) {
        let Value::Object(mut body) = body else { panic!("not an object") };
        let names = write_out(kind, &mut body).unwrap();
        (Value::Object(body), names)
    }

    #[test]
    fn an_output_is_written_out() {
        let (body, names) = written(
            Kind::Transform,
            json!({ "inputs": ["a", { "lot": "b", "after": "c" }], "outputs": [{
                "name": "x", "form": "oxide", "quantity": "12.5",
                "composition": { "TREO": "0.99 ± 0.005", "Nd2O3/TREO": "0.75", "Th": "<0.0001", "Pr6O11": "0.2" }
            }] }),
        );
        let line = |analyte, value, basis| json!({ "analyte": analyte, "value": value, "basis": basis });
        let mut treo = line("TREO", "0.99", "absolute");
        treo["uncertainty"] = "0.005".into();
        assert_eq!(
            body,
            json!({ "inputs": [{ "lot": "a" }, { "lot": "b", "after": "c" }], "outputs": [{
                "form": "oxide", "role": "product", "labels": ["x"], "quantity": { "net_dry": "12.5" },
                "elements": ["Pr", "Nd"],
                "composition": [
                    line("Nd2O3", "0.75", "REO/TREO"), line("Pr6O11", "0.2", "absolute"), treo,
                    line("Th", "<0.0001", "absolute"),
                ],
            }] })
        );
        assert_eq!(names, [OutputName { name: Some("x".to_owned()), rest: false }]);
    }

    #[test]
    fn long_forms_stay_as_they_are() {
        let body = json!({ "inputs": [{ "lot": "b" }], "outputs": [{
            "role": "scrap", "labels": ["l"], "quantity": { "net_dry": "1", "pieces": 4 }, "elements": [],
            "composition": [{ "analyte": "Nd", "value": "0.1", "basis": "absolute" }],
        }] });
        assert_eq!(written(Kind::Transform, body.clone()).0, body);
    }

    #[test]
    fn a_received_lot_is_accepted_unless_said_otherwise() {
        let (body, _) = written(Kind::Receive, json!({ "lots": ["a", { "lot": "b", "outcome": "rejected" }] }));
        assert_eq!(
            body,
            json!({ "lots": [{ "lot": "a", "outcome": "accepted" }, { "lot": "b", "outcome": "rejected" }] })
        );
    }

    #[test]
    fn what_cannot_be_written_out_is_named() {
        for (output, pointer) in [
            (json!({ "label": "a", "labels": ["b"] }), "/outputs/0/label"),
            (json!({ "name": 1 }), "/outputs/0/name"),
            (json!({ "rest": "yes" }), "/outputs/0/rest"),
            (json!({ "composition": { "Nd2O3/REO": "0.5" } }), "/outputs/0/composition/Nd2O3~1REO"),
            (json!({ "composition": { "Nd": 1 } }), "/outputs/0/composition/Nd"),
        ] {
            let Value::Object(mut body) = json!({ "outputs": [output] }) else { unreachable!() };
            assert_eq!(write_out(Kind::Split, &mut body).unwrap_err().0, pointer);
        }
    }
}
