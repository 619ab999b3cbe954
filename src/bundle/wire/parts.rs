//! The file read with its entries apart, on all processors: they are nearly all of it.

use super::{BundleFile, DocumentFile, EntryFile, LedgerFile, NodeFile, StatementFile};
use crate::value::LedgerId;
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BundleText<'a> {
    v: u8,
    manifest: String,
    #[serde(borrow)]
    ledgers: Vec<LedgerText<'a>>,
    #[serde(default)]
    documents: Vec<DocumentFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LedgerText<'a> {
    ledger: LedgerId,
    checkpoints: Vec<String>,
    #[serde(borrow)]
    entries: Vec<&'a RawValue>,
    nodes: Vec<NodeFile>,
    #[serde(default)]
    statement: Option<StatementFile>,
    #[serde(default)]
    earlier: Vec<StatementFile>,
}

/// Reads a text that was found to be strict JSON; `None` where it is no bundle, which who reads it whole can say why.
pub(super) fn read(text: &[u8]) -> Option<BundleFile> {
    let BundleText { v, manifest, ledgers, documents } = serde_json::from_slice(text).ok()?;
    let ledgers = ledgers.into_iter().map(ledger).collect::<Option<_>>()?;
    Some(BundleFile { v, manifest, ledgers, documents })
}

fn ledger(text: LedgerText<'_>) -> Option<LedgerFile> {
    let LedgerText { ledger, checkpoints, entries, nodes, statement, earlier } = text;
    let read = |entry: &&RawValue| serde_json::from_str::<EntryFile>(entry.get()).ok();
    let entries = entries.par_iter().map(read).collect::<Option<_>>()?;
    Some(LedgerFile { ledger, checkpoints, entries, nodes, statement, earlier })
}
