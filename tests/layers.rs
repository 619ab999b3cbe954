//! The architecture as a test: which module may use which, and what the pure layers must not touch.
//!
//! Reads the source text. Test code (what is under `#[cfg(test)]`) is free.

#[cfg(test)]
mod source;

use source::{SourceFile, files};
use std::collections::BTreeSet;

/// The layers from the bottom up; within a layer, a module may use those to its left.
const LAYERS: &[&[&str]] = &[
    &["value"],
    &["event", "finding"],
    &["envelope", "keyring", "tlog"],
    &["state", "lineage"],
    &["rules", "policy"],
    &["verify", "bundle"],
    &["ledger", "keys"],
    &["report", "interop", "server", "cli"],
];

/// Layers below this one are pure.
const FIRST_IMPURE: usize = 6;

/// What a pure module must not name: files, environment, clock, processes, network, random source, output.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::process",
    "std::net",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "std::thread::sleep",
    "SystemTime",
    "Instant::now",
    "getrandom",
    "OsRng",
    "print!",
    "println!",
    "eprint!",
    "eprintln!",
    "async ",
];

/// Layer and position of a module.
fn place(module: &str) -> Option<(usize, usize)> {
    LAYERS.iter().enumerate().find_map(|(layer, row)| Some((layer, row.iter().position(|name| *name == module)?)))
}

fn allowed(from: &str, to: &str) -> bool {
    match (place(from), place(to)) {
        (Some((from_layer, from_at)), Some((to_layer, to_at))) => {
            to_layer < from_layer || (to_layer == from_layer && to_at <= from_at)
        }
        _ => false,
    }
}

#[test]
fn every_top_level_module_has_a_place_in_the_layer_table() {
    let found: BTreeSet<String> =
        files().iter().filter(|file| !file.is_test()).filter_map(SourceFile::module).collect();
    let homeless: Vec<&String> = found.iter().filter(|module| place(module).is_none()).collect();
    assert!(homeless.is_empty(), "not in the layer table: {homeless:?}");
    assert!(found.len() >= 10, "the test does not see the sources");
}

#[test]
fn no_module_uses_one_above_it_or_to_its_right() {
    let mut wrong = Vec::new();
    for file in files() {
        let Some(module) = file.module() else { continue };
        for (line, used) in file.uses() {
            // `crate::Name` at the root of the library would hide a module; lib.rs has none.
            if !allowed(&module, &used) {
                wrong.push(format!("{}:{line}: `{module}` uses `{used}`", file.path()));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that the layer table does not allow:\n{}", wrong.join("\n"));
}

#[test]
fn pure_layers_touch_no_file_clock_environment_or_output() {
    let mut wrong = Vec::new();
    for file in files() {
        let is_pure = file.module().and_then(|module| place(&module)).is_some_and(|(layer, _)| layer < FIRST_IMPURE);
        if !is_pure {
            continue;
        }
        for (line, text) in file.production() {
            wrong.extend(
                IMPURE
                    .iter()
                    .filter(|word| text.contains(**word))
                    .map(|word| format!("{}:{line}: `{}`", file.path(), word.trim())),
            );
        }
    }
    assert!(wrong.is_empty(), "in a pure layer:\n{}", wrong.join("\n"));
}

#[test]
fn the_test_itself_sees_arrows() {
    assert!(allowed("envelope", "event") && allowed("tlog", "envelope") && allowed("cli", "value"));
    assert!(!allowed("event", "envelope") && !allowed("envelope", "tlog") && !allowed("bundle", "ledger"));
    let text = "use crate::{value::Time, tlog};\n// crate::ledger\nfn f() { crate::state::x(); super::super::cli::y() }\n\
                #[cfg(test)]\nmod tests {\n    use crate::keys;\n}\nuse crate::rules;\n";
    let file = SourceFile::new("src/verify/deep.rs", text);
    let used: Vec<String> = file.uses().into_iter().map(|(_, used)| used).collect();
    assert_eq!(used, ["value", "tlog", "state", "cli", "rules"]);
}
