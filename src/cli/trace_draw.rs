//! A lineage as JSON, for Graphviz and for Mermaid; as a tree, reports draw it.

use super::format::{count, mass};
use crate::event::Form;
use crate::lineage::{Direction, Lineage};
use crate::value::{LotId, Mass};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is drawn of a lot.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) id: LotId,
    pub(crate) label: Option<String>,
    pub(crate) form: Option<Form>,
    pub(crate) mass: Option<Mass>,
    pub(crate) pieces: Option<u64>,
    pub(crate) made_by: String,
    pub(crate) by: String,
    pub(crate) place: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) date: String,
}

impl Node {
    /// A lot whose creating event is not at hand.
    pub(crate) fn missing(id: LotId) -> Self {
        let (made_by, by, date) = (String::new(), String::new(), String::new());
        Self { id, label: None, form: None, mass: None, pieces: None, made_by, by, place: None, country: None, date }
    }

    fn name(&self) -> String {
        self.label.clone().unwrap_or_else(|| self.id.short())
    }

    /// Mass, pieces and form.
    fn matter(&self) -> String {
        let mass = self.mass.map(mass);
        let pieces = self.pieces.map(|pieces| format!("{} pieces", count(pieces)));
        let form = self.form.map(|form| form.to_string());
        [mass, pieces, form].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Facility and country.
    fn place(&self) -> String {
        [self.place.as_deref(), self.country.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// Lots with their links, and the events of the lineage in order.
pub(crate) fn json(lineage: &Lineage, nodes: &BTreeMap<LotId, Node>) -> Value {
    let lots: Vec<Value> = lineage
        .lots
        .iter()
        .map(|(id, lot)| {
            let node = nodes.get(id);
            json!({
                "id": id,
                "label": node.and_then(|node| node.label.clone()),
                "form": node.and_then(|node| node.form),
                "net_dry": node.and_then(|node| node.mass),
                "pieces": node.and_then(|node| node.pieces),
                "made_by": node.map(|node| node.made_by.clone()),
                "party": node.map(|node| node.by.clone()),
                "facility": node.and_then(|node| node.place.clone()),
                "country": node.and_then(|node| node.country.clone()),
                "date": node.map(|node| node.date.clone()),
                "missing": lot.missing,
                "moves": lot.moves,
                "next": lot.next,
            })
        })
        .collect();
    let direction = match lineage.direction {
        Direction::Upstream => "upstream",
        Direction::Downstream => "downstream",
    };
    json!({ "subject": lineage.subject, "direction": direction, "lots": lots, "events": lineage.events })
}

/// A name that both graph languages take: the id's digits and output.
fn handle(id: &LotId) -> String {
    format!("l{}_{}", id.event, id.output)
}

/// Links in the direction in which material flows.
fn flows(lineage: &Lineage) -> impl Iterator<Item = (LotId, LotId)> + '_ {
    lineage.lots.iter().flat_map(|(id, lot)| {
        lot.next.iter().map(|next| match lineage.direction {
            Direction::Upstream => (*next, *id),
            Direction::Downstream => (*id, *next),
        })
    })
}

fn caption(node: &Node) -> Vec<String> {
    let lines = [node.name(), node.matter(), format!("{} {}", node.made_by, node.place()).trim().to_owned()];
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

/// For Graphviz.
pub(crate) fn dot(lineage: &Lineage, nodes: &BTreeMap<LotId, Node>) -> String {
    let mut text = String::from("digraph lineage {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n");
    for (id, node) in nodes {
        let escape = |line: String| line.replace('\\', "\\\\").replace('"', "\\\"");
        let label = caption(node).into_iter().map(escape).collect::<Vec<_>>().join("\\n");
        text.push_str(&format!("  {} [label=\"{label}\"];\n", handle(id)));
    }
    for (from, to) in flows(lineage) {
        text.push_str(&format!("  {} -> {};\n", handle(&from), handle(&to)));
    }
    text + "}\n"
}

/// For Mermaid.
pub(crate) fn mermaid(lineage: &Lineage, nodes: &BTreeMap<LotId, Node>) -> String {
    let mut text = String::from("flowchart LR\n");
    for (id, node) in nodes {
        let escape =
            |line: String| line.replace('&', "#amp;").replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;");
        let label = caption(node).into_iter().map(escape).collect::<Vec<_>>().join("<br/>");
        text.push_str(&format!("  {}[\"{label}\"]\n", handle(id)));
    }
    for (from, to) in flows(lineage) {
        text.push_str(&format!("  {} --> {}\n", handle(&from), handle(&to)));
    }
    text
}
