//! The file read as a stream: its lists a batch at a time, on all processors, while the next batch is read.
//!
//! The members of the two outer objects are said once more here, beside their types, which cannot read lists of any length.

use super::{BundleFile, LedgerFile};
use crate::envelope::json::{Stream, StreamError};
use std::io::Read;

const BUNDLE: [&str; 4] = ["v", "manifest", "ledgers", "documents"];
const LEDGER: [&str; 6] = ["ledger", "checkpoints", "entries", "nodes", "statement", "earlier"];

/// Reads a whole bundle; whether its lists are in order is for the caller to check.
pub(super) fn bundle<R: Read + Send>(stream: &mut Stream<R>) -> Result<BundleFile, StreamError> {
    let (mut v, mut manifest, mut ledgers, mut documents) = (None, None, None, Vec::new());
    stream.begin_object()?;
    while let Some(name) = stream.member()? {
        match name.as_str() {
            "v" => v = Some(stream.value()?),
            "manifest" => manifest = Some(stream.value()?),
            "ledgers" => ledgers = Some(all_ledgers(stream)?),
            "documents" => documents = stream.list()?,
            _ => return Err(unknown(stream, &name, &BUNDLE)),
        }
    }
    stream.end()?;
    Ok(BundleFile {
        v: needed(stream, "v", v)?,
        manifest: needed(stream, "manifest", manifest)?,
        ledgers: needed(stream, "ledgers", ledgers)?,
        documents,
    })
}

fn all_ledgers<R: Read + Send>(stream: &mut Stream<R>) -> Result<Vec<LedgerFile>, StreamError> {
    let mut ledgers = Vec::new();
    stream.begin_array()?;
    while stream.element()? {
        ledgers.push(one_ledger(stream)?);
    }
    Ok(ledgers)
}

fn one_ledger<R: Read + Send>(stream: &mut Stream<R>) -> Result<LedgerFile, StreamError> {
    let (mut ledger, mut checkpoints, mut entries, mut nodes) = (None, None, None, None);
    let (mut statement, mut earlier) = (None, Vec::new());
    stream.begin_object()?;
    while let Some(name) = stream.member()? {
        match name.as_str() {
            "ledger" => ledger = Some(stream.value()?),
            "checkpoints" => checkpoints = Some(stream.list()?),
            "entries" => entries = Some(stream.list()?),
            "nodes" => nodes = Some(stream.list()?),
            "statement" => statement = Some(stream.value()?),
            "earlier" => earlier = stream.list()?,
            _ => return Err(unknown(stream, &name, &LEDGER)),
        }
    }
    Ok(LedgerFile {
        ledger: needed(stream, "ledger", ledger)?,
        checkpoints: needed(stream, "checkpoints", checkpoints)?,
        entries: needed(stream, "entries", entries)?,
        nodes: needed(stream, "nodes", nodes)?,
        statement,
        earlier,
    })
}

fn unknown<R: Read>(stream: &Stream<R>, name: &str, known: &[&str]) -> StreamError {
    let name: String = name.chars().take(60).collect();
    stream.wrong(format!("unknown field `{name}`, expected one of `{}`", known.join("`, `")))
}

/// A member that must be there.
fn needed<R: Read, T>(stream: &Stream<R>, name: &str, found: Option<T>) -> Result<T, StreamError> {
    found.ok_or_else(|| stream.wrong(format!("missing field `{name}`")))
}
