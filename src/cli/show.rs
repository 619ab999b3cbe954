//! `show`: one event, lot, party or facility, in words and as signed.

use super::archive::Archive;
use super::context::Context;
use super::corrected::changes;
use super::error::{Done, Failure};
use super::event_json;
use super::names::{Naming, spaced};
use super::output::Tone;
use super::recorded::lot_words;
use super::{show_file, show_registered, show_things};
use crate::event::{Event, When};
use crate::interop::batch::Wanted;
use crate::ledger::snapshot::Recorded;
use crate::value::Geometry;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Show one event, lot, party or facility; or check a file with a signed event, such as a decision.
///
/// Of a file, the signatures are verified with keys that the trust file, a lineage file, the ledger at hand or the key folder
/// holds, and files named with `--against` are compared with the digests in it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail show ndpr-oxide
  oretrail show 3fa2b1c9 --signed
  oretrail show decision.sd-jwt --against magnets.lineage.json \\
      --against trust.toml

Exit codes, of a file: 0 signed by a key of its issuer, 1 something does not fit, 3 the key is not at hand.")]
pub(crate) struct Show {
    /// A lot's label, a party's name, a facility's code, or the beginning of an id; or a file with a signed event
    id: String,
    /// Print the event as it was signed: the SD-JWT with its disclosures
    #[arg(long)]
    signed: bool,
    /// Of a file: another file to compare with the digests in it, which may hold the keys as well; may be repeated
    #[arg(long, value_name = "FILE", conflicts_with = "signed")]
    against: Vec<PathBuf>,
}

/// What a text may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Meaning {
    wanted: Wanted,
    id: String,
    words: String,
}

impl Show {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let file = Path::new(&self.id);
        if file.is_file() && !self.signed {
            return show_file::show(context, file, &self.against);
        }
        if let Some(other) = self.against.first() {
            return Err(Failure::usage(format_args!(
                "expected a file to compare with {}, found `{}`",
                other.display(),
                self.id
            )));
        }
        let archive = Archive::open(context)?;
        let meaning = one_meaning(&archive, &self.id)?;
        if self.signed {
            return signed(context, &archive, &meaning);
        }
        let unknown = |_| Failure::usage(format_args!("expected an id, found `{}`", meaning.id));
        match meaning.wanted {
            Wanted::Lot => {
                let id = meaning.id.parse().map_err(|_| unknown(()))?;
                show_things::lot(context, &archive, id)
            }
            Wanted::Party => show_registered::party(context, &archive, meaning.id.parse().map_err(|_| unknown(()))?),
            Wanted::Facility => {
                show_registered::facility(context, &archive, meaning.id.parse().map_err(|_| unknown(()))?)
            }
            _ => event(context, &archive, &archive.event(&meaning.id.parse().map_err(|_| unknown(()))?)?),
        }
    }
}

/// `party show`.
pub(crate) fn show_party(context: &mut Context, text: &str) -> Result<Done, Failure> {
    let archive = Archive::open(context)?;
    let id = archive.party(text)?;
    show_registered::party(context, &archive, id)
}

/// `facility show`.
pub(crate) fn show_facility(context: &mut Context, text: &str) -> Result<Done, Failure> {
    let archive = Archive::open(context)?;
    let id = archive.facility(text)?;
    show_registered::facility(context, &archive, id)
}

/// All that a text may mean; an event that registers a party or facility counts as that.
fn meanings(archive: &Archive, text: &str) -> Result<Vec<Meaning>, Failure> {
    let mut found: Vec<Meaning> = Vec::new();
    let is_lot_id = text.contains('.') || !archive.find().lots_labelled(text)?.is_empty();
    for wanted in [Wanted::Party, Wanted::Facility, Wanted::Lot, Wanted::Event] {
        if wanted == Wanted::Lot && !is_lot_id {
            continue;
        }
        for (id, words) in archive.candidates(wanted, text)? {
            let exists = !words.is_empty() || is_there(archive, wanted, &id)?;
            if exists && found.iter().all(|known| known.id != id) {
                found.push(Meaning { wanted, id, words });
            }
        }
    }
    Ok(found)
}

/// Whether a full id names something of this sort here.
fn is_there(archive: &Archive, wanted: Wanted, id: &str) -> Result<bool, Failure> {
    let state = archive.find();
    Ok(match wanted {
        Wanted::Party => id.parse().ok().map(|id| state.party(&id)).transpose()?.flatten().is_some(),
        Wanted::Facility => id.parse().ok().map(|id| state.facility(&id)).transpose()?.flatten().is_some(),
        Wanted::Lot => id.parse().ok().map(|id| state.lot(&id)).transpose()?.flatten().is_some(),
        _ => id.parse().ok().map(|id| state.event(&id)).transpose()?.flatten().is_some(),
    })
}

fn one_meaning(archive: &Archive, text: &str) -> Result<Meaning, Failure> {
    let mut found = meanings(archive, text)?;
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (None, _) => Err(Failure::usage(format_args!(
            "expected an event, lot, party or facility, found `{text}`, which names none"
        ))
        .hint("give a label, name or code, at least 6 digits of an id, or a file that is there")),
        (Some(last), false) => {
            let message = format!("expected one thing, found `{text}`, which may mean {}", found.len() + 1);
            let all = found.iter().chain([&last]);
            Err(all.fold(Failure::usage(message), |failure, one| {
                failure.hint(format_args!("{} is a {}", one.id, one.words))
            }))
        }
    }
}

/// The SD-JWT: the signed part and the disclosures, each ending in `~` (RFC 9901 section 4).
fn signed(context: &mut Context, archive: &Archive, meaning: &Meaning) -> Result<Done, Failure> {
    let id = meaning.id.split('.').next().unwrap_or_default();
    let id = id.parse().map_err(|_| Failure::usage(format_args!("expected an id, found `{}`", meaning.id)))?;
    let stored = archive.event(&id)?;
    if context.output.is_json() {
        context.output.json(&json!({ "jwt": stored.jwt, "disclosures": stored.disclosures }))?;
        return Ok(Done::Ok);
    }
    let mut text = format!("{}~", stored.jwt);
    stored.disclosures.iter().for_each(|one| text.push_str(&format!("{one}~")));
    context.output.text(&text)?;
    Ok(Done::Ok)
}

/// When something happened, in words.
pub(crate) fn when(when: When) -> String {
    match when {
        When::At(at) => at.to_string(),
        When::Period { from, to } => format!("{from} to {to}"),
    }
}

/// A place in words.
pub(crate) fn place(geometry: &Geometry) -> String {
    match geometry {
        Geometry::Circle { point, radius } => format!("{point} ± {} m", super::format::count(radius.metres())),
        Geometry::Polygon(polygon) => format!("{} corners", polygon.points().len()),
    }
}

fn event(context: &mut Context, archive: &Archive, stored: &Recorded) -> Result<Done, Failure> {
    let event = &stored.event;
    let payload = event_json::payload(event)?;
    if context.output.is_json() {
        let withheld: Vec<Value> = event_json::withheld(event)
            .into_iter()
            .map(|(object, values)| json!({ "object": object, "values": values }))
            .collect();
        context.output.json(&json!({
            "id": event.id, "kid": event.kid, "index": stored.index, "recorded_at": stored.recorded_at,
            "by": event.issuer(), "payload": payload, "withheld": withheld,
        }))?;
        return Ok(Done::Ok);
    }
    let mut lines = Lines::new(format!("{} {}", Tone::Bold.paint(event.payload.kind()), Tone::Dim.paint(event.id)));
    head(archive, stored, &mut lines)?;
    body(event, &payload, &Naming::of(archive, event)?, &mut lines);
    standing(archive, stored, &mut lines)?;
    context.output.text(&lines.text)?;
    Ok(Done::Ok)
}

/// Text of aligned names and values.
pub(crate) struct Lines {
    pub(crate) text: String,
    indent: usize,
}

impl Lines {
    pub(crate) fn new(title: String) -> Self {
        Self { text: title + "\n", indent: 2 }
    }

    /// Lines without a title, set in by so many characters.
    pub(crate) const fn indented(indent: usize) -> Self {
        Self { text: String::new(), indent }
    }

    pub(crate) fn add(&mut self, name: &str, value: impl std::fmt::Display) {
        self.text.push_str(&format!("{:indent$}{name:<12} {value}\n", "", indent = self.indent));
    }
}

fn head(archive: &Archive, stored: &Recorded, lines: &mut Lines) -> Result<(), Failure> {
    let event = &stored.event;
    lines.add("by", archive.party_name(&event.issuer())?);
    lines.add("when", when(event.payload.when));
    lines.add("recorded", format_args!("{}, entry {}", stored.recorded_at, stored.index));
    lines.add("key", event.kid);
    Ok(())
}

/// What an event says: its body, the lots it makes, documents, references and remark.
pub(crate) fn body(event: &Event, payload: &Value, naming: &Naming, lines: &mut Lines) {
    for (name, value) in ordered(payload.get("body")) {
        match value {
            Value::Array(items) if items.iter().any(Value::is_object) => {
                items.iter().for_each(|item| lines.add(&spaced(name), naming.line(item)));
            }
            other => lines.add(&spaced(name), naming.member(name, other)),
        }
    }
    for (id, lot) in event.payload.body.output_ids(event.id).zip(event.payload.body.outputs()) {
        lines.add(&format!("made {}", id.output), lot_words(id, lot));
    }
    for member in ["docs", "refs"] {
        for item in payload.get(member).and_then(Value::as_array).into_iter().flatten() {
            lines.add(member, naming.line(item));
        }
    }
    if let Some(remark) = &event.payload.remark {
        lines.add("remark", remark);
    }
    for (object, values) in event_json::withheld(event) {
        let values = super::format::counted(values, "value", "values");
        lines.add("withheld", format_args!("not known here: {values} of `{object}`"));
    }
}

/// All that an event says, lots it would make included; for those who are to sign it.
pub(crate) fn all_members(payload: &Value, naming: &Naming, lines: &mut Lines) {
    let members = payload.get("body").and_then(Value::as_object).into_iter().flatten();
    let further = ["docs", "refs", "remark"];
    let beside = further.into_iter().filter_map(|name| payload.get(name).map(|value| (name, value)));
    for (name, value) in members.map(|(name, value)| (name.as_str(), value)).chain(beside).filter(|(n, _)| *n != "_sd")
    {
        match value {
            Value::Array(items) => items.iter().for_each(|item| lines.add(&spaced(name), naming.line(item))),
            other => lines.add(&spaced(name), naming.member(name, other)),
        }
    }
}

/// Members that are read first, in this order; the others follow by name.
const FIRST: [&str; 12] =
    ["lot", "lots", "facility", "from", "to", "source", "processes", "input", "inputs", "dispatch", "action", "target"];

/// The members of a body in the order in which they are read, without those that are told otherwise.
fn ordered(body: Option<&Value>) -> Vec<(&String, &Value)> {
    let told = |name: &str| name == "_sd" || name == "outputs";
    let members = body.and_then(Value::as_object).into_iter().flatten();
    let mut members: Vec<(&String, &Value)> = members.filter(|(name, _)| !told(name)).collect();
    members.sort_by_key(|(name, _)| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()));
    members
}

/// Whether it stands: refused, withdrawn, corrected.
fn standing(archive: &Archive, stored: &Recorded, lines: &mut Lines) -> Result<(), Failure> {
    use crate::event::Kind;
    let state = archive.find();
    let record = state.event(&stored.event.id)?;
    if let Some(record) = &record {
        if !record.applied {
            lines.add("standing", Tone::Bad.paint("refused; recorded all the same, moves nothing"));
        }
        if let Some(by) = record.withdrawn_by {
            lines.add("standing", Tone::Doubtful.paint(format_args!("withdrawn by {}", by.short())));
        }
    }
    for id in state.named_by(&stored.event.id)? {
        if let Some(later) = state.event(&id)? {
            let by = archive.party_name(&later.iss)?;
            let words = format!("{} {} by {by}, {}", later.kind, id.short(), when(later.when));
            let withdraws = record.as_ref().is_some_and(|record| record.withdrawn_by == Some(id));
            if later.kind != Kind::Correct || withdraws {
                lines.add("named by", Tone::Dim.paint(words));
                continue;
            }
            let changes = changes(&archive.event(&id)?.event, &|value| Naming::default().line(value));
            let changes = if changes.is_empty() { changes } else { format!(": {changes}") };
            lines.add("corrected", Tone::Doubtful.paint(format_args!("by {words}{changes}")));
        }
    }
    Ok(())
}
