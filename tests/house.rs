//! Rules of the house that are not lints: sizes of files, no tests left out, nothing unfinished.

#[cfg(test)]
mod source;

use source::files;
use std::path::Path;

/// The most lines a file has apart from its tests.
const MOST_LINES: usize = 400;

fn found(problem: impl Fn(usize, &str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in files() {
        let hits = file.text().lines().enumerate().filter(|(at, line)| problem(at + 1, line));
        found.extend(hits.map(|(at, line)| format!("{}:{}: {}", file.path(), at + 1, line.trim())));
    }
    found
}

#[test]
fn files_without_their_tests_have_at_most_400_lines() {
    let long: Vec<String> = files()
        .iter()
        .map(|file| (file.path().to_owned(), file.lines().len()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(path, lines)| format!("{path}: {lines}"))
        .collect();
    assert!(long.is_empty(), "longer than {MOST_LINES} lines:\n{}", long.join("\n"));
}

#[test]
fn no_test_is_ignored_and_nothing_is_left_to_do() {
    // Put together here, so that this file does not find itself.
    let words = [["#[", "ignore"].concat(), ["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X "].concat()];
    let mut left = found(|_, line| words.iter().any(|word| line.contains(word.as_str())));
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for entry in std::fs::read_dir(tests).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let lines = text.lines().filter(|line| words.iter().any(|word| line.contains(word.as_str())));
        left.extend(lines.map(|line| format!("{}: {line}", path.display())));
    }
    assert!(left.is_empty(), "{}", left.join("\n"));
}

#[test]
fn no_panic_is_written_outside_tests() {
    let words = [".unwrap()", ".expect(", "panic!(", "unreachable!(", "todo!(", "unimplemented!(", "debug_assert"];
    let mut wrong = Vec::new();
    for file in files() {
        for (line, text) in file.production() {
            if words.iter().any(|word| text.contains(word)) {
                wrong.push(format!("{}:{line}: {}", file.path(), text.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lints_are_switched_off_only_with_a_reason() {
    let files = files();
    let mut wrong = Vec::new();
    for file in &files {
        let lines = file.lines();
        for (at, (line, text)) in lines.iter().enumerate() {
            let is_attribute = text.trim_start().starts_with("#[") || text.trim_start().starts_with("#![");
            if is_attribute && (text.contains("allow(") || text.contains("expect(")) {
                let attribute: String = lines[at..].iter().take(8).map(|(_, text)| *text).collect();
                let end = attribute.find(")]").unwrap_or(attribute.len());
                if !attribute[..end].contains("reason = ") {
                    wrong.push(format!("{}:{line}: {}", file.path(), text.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_begins_with_its_contract() {
    let bare: Vec<String> = files()
        .iter()
        .filter(|file| !file.text().starts_with("//!") && !file.is_test())
        .map(|file| file.path().to_owned())
        .collect();
    assert!(bare.is_empty(), "no `//!` at the beginning of: {bare:?}");
}

#[test]
fn nothing_names_a_path_of_a_machine() {
    let words = [["/wo", "rk/"].concat(), ["/ro", "ot/"].concat()];
    let wrong = found(|_, line| words.iter().any(|word| line.contains(word.as_str())));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
