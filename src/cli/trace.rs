//! `trace`: what a lot was made from, or what was made from it.

use super::archive::Archive;
use super::context::Context;
use super::error::{Done, Failure};
use super::trace_draw::{self, Node};
use crate::event::{Body, Kind, Process};
use crate::interop::batch::Wanted;
use crate::lineage::trace::{Limits, rows};
use crate::lineage::{Direction, Graph, Lineage, Step, walk};
use crate::report::names::Names;
use crate::report::tree;
use crate::value::{EventId, LotId};
use std::collections::{BTreeMap, BTreeSet};

/// Trace a lot upstream to its origins, or downstream to what was made from it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail trace magnets-26-07
  oretrail trace mrec-26-001 --down --format dot | dot -Tsvg > lineage.svg")]
pub(crate) struct Trace {
    /// The lot: its label or the beginning of its id
    lot: String,
    /// Downstream, to what was made from it
    #[arg(long)]
    down: bool,
    /// How to write it
    #[arg(long, default_value = "tree")]
    format: Format,
    /// The deepest level that is drawn as a tree
    #[arg(long, value_name = "LEVELS", default_value_t = 1_000)]
    depth: usize,
}

/// How a lineage is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A tree for people
    Tree,
    /// Lots and events with their links
    Json,
    /// Graphviz
    Dot,
    /// Mermaid flowchart
    Mermaid,
}

impl Trace {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let archive = Archive::open(context)?;
        let subject = archive.lot_id(&self.lot)?;
        if archive.find().lot(&subject)?.is_none() {
            return Err(Failure::usage(format_args!(
                "expected {}, found `{}`, which names none",
                Wanted::Lot,
                self.lot
            )));
        }
        let direction = if self.down { Direction::Downstream } else { Direction::Upstream };
        let lineage = walk(&Entries(&archive), subject, direction)?;
        let format = if context.output.is_json() { Format::Json } else { self.format };
        if format == Format::Tree {
            let rows = rows(&lineage, Limits { depth: self.depth, ..Limits::default() });
            context.output.text(&tree::text(&rows, &names(&archive, &lineage)?))?;
            return Ok(Done::Ok);
        }
        let nodes = nodes(&archive, &lineage)?;
        match format {
            Format::Dot => context.output.text(&trace_draw::dot(&lineage, &nodes))?,
            Format::Mermaid => context.output.text(&trace_draw::mermaid(&lineage, &nodes))?,
            Format::Json | Format::Tree => context.output.json(&trace_draw::json(&lineage, &nodes))?,
        }
        Ok(Done::Ok)
    }
}

/// The ledger as a graph: steps from state, and from the event itself where state does not say which lot a part is of.
struct Entries<'a>(&'a Archive);

impl Graph for Entries<'_> {
    type Error = Failure;

    fn step(&self, event: &EventId) -> Result<Option<Step>, Failure> {
        let Some(record) = self.0.find().event(event)? else { return Ok(None) };
        if record.kind == Kind::Receive && record.outputs > 0 {
            return Ok(Some(Step::of(record.index, &self.0.event(event)?.event)));
        }
        Ok(Some(Step::from(&record)))
    }

    fn naming(&self, event: &EventId) -> Result<Vec<EventId>, Failure> {
        Ok(self.0.find().named_by(event)?)
    }
}

/// What the parties, places, lots and events of a lineage are called.
fn names(archive: &Archive, lineage: &Lineage) -> Result<Names, Failure> {
    let mut names = Names::default();
    let mut registrations = BTreeSet::new();
    for id in &lineage.events {
        let event = archive.corrected(id)?;
        registrations.insert(EventId::from(event.issuer()));
        registrations.extend(event.payload.body.facility().map(EventId::from));
        names.add(&event);
    }
    for id in registrations {
        names.add(&archive.corrected(&id)?);
    }
    Ok(names)
}

/// What is drawn of each lot.
fn nodes(archive: &Archive, lineage: &Lineage) -> Result<BTreeMap<LotId, Node>, Failure> {
    let mut nodes = BTreeMap::new();
    for id in archive.in_order(lineage.lots.keys().copied())? {
        let is_missing = lineage.lots.get(&id).is_none_or(|lot| lot.missing);
        nodes.insert(id, if is_missing { Node::missing(id) } else { node(archive, id)? });
    }
    Ok(nodes)
}

fn node(archive: &Archive, id: LotId) -> Result<Node, Failure> {
    let event = archive.corrected(&id.event)?;
    let body = &event.payload.body;
    let lot = body.outputs().get(usize::from(id.output));
    let facility = body.facility().map(|facility| archive.find().facility(&facility)).transpose()?.flatten();
    Ok(Node {
        id,
        label: lot.and_then(|lot| lot.label().map(ToString::to_string)),
        form: lot.map(|lot| lot.form),
        mass: lot.and_then(crate::event::Lot::net_dry),
        pieces: lot.and_then(|lot| lot.quantity.as_ref()).and_then(|quantity| quantity.pieces),
        made_by: made_by(body),
        by: archive.party_name(&event.issuer())?,
        place: facility.as_ref().map(|record| record.facility.code.to_string()),
        country: facility.map(|record| record.facility.country.to_string()),
        date: event.payload.when.end().date().to_string(),
    })
}

/// What was done to make a lot.
fn made_by(body: &Body) -> String {
    match body {
        Body::Transform(transform) => {
            transform.processes.iter().copied().map(Process::as_str).collect::<Vec<_>>().join(", ")
        }
        Body::Source(source) => source.source.to_string(),
        Body::Receive(_) => "partial receipt".to_owned(),
        other => other.kind().to_string(),
    }
}
