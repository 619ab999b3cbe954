//! What the documents promise: a ledger can be read with common tools, and what this crate is built from is licensed and known.
#![cfg(test)]

mod script;
mod world;

use oretrail::tlog::entry_bundle::push_entry;
use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../README.md");

#[test]
fn the_example_ledger_is_read_with_common_tools_as_the_format_says() {
    if !script::has_tools() {
        return;
    }
    let world = world::world();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("pending")).unwrap();
    let mut bundle = Vec::new();
    world.entries.iter().for_each(|one| push_entry(&mut bundle, &one.entry).unwrap());
    let run = |bundle: &[u8]| {
        std::fs::write(folder.path().join("pending/0"), bundle).unwrap();
        std::fs::write(folder.path().join("checkpoint"), world.checkpoint(world.entries.len()).to_string()).unwrap();
        script::run(folder.path())
    };
    let output = run(&bundle);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let by_operator = world.entries.iter().filter(|one| one.signed.jws.starts_with(&world.entries[0].signed.jws[..80]));
    assert_eq!(said.matches("signed by the operator: ").count(), by_operator.count(), "{said}");
    assert!(said.contains("the root is that of the checkpoint"), "{said}");
    assert!(said.ends_with("the checkpoint is signed by the log key\n"), "{said}");
    // The script notices a change, too: another letter in a signature that the operator made.
    let at = 2 + world.entries[0].entry.len() - 10;
    bundle[at] = if bundle[at] == b'A' { b'B' } else { b'A' };
    assert!(!run(&bundle).status.success());
}

/// Licences that ask for no more than notice.
const ALLOWED: [&str; 11] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether an SPDX expression of alternatives, joined by AND, can be met.
fn is_allowed(licence: &str) -> bool {
    let alternatives = |part: &str| {
        let part = part.replace(['(', ')'], "").replace('/', " OR ");
        part.split(" OR ").any(|one| ALLOWED.contains(&one.trim()))
    };
    licence.split(" AND ").all(alternatives)
}

#[test]
fn every_dependency_has_an_allowed_licence() {
    assert!(is_allowed("(MIT OR GPL-3.0) AND Unicode-3.0") && !is_allowed("MIT AND GPL-3.0") && !is_allowed("GPL-3.0"));
    let version = Command::new(option_env!("RUSTC").unwrap_or("rustc")).arg("-vV").output().unwrap().stdout;
    let version = String::from_utf8(version).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--format-version", "1", "--filter-platform", host])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let licence = |package: &serde_json::Value| package["license"].as_str().unwrap_or("none").to_owned();
    let wrong: Vec<String> = packages
        .iter()
        .filter(|package| !is_allowed(&licence(package)))
        .map(|package| format!("{}: {}", package["name"], licence(package)))
        .collect();
    assert!(packages.len() > 100 && wrong.is_empty(), "{wrong:?}");
}

/// Crates with an advisory that no release of theirs mends.
const ADVISED: [(&str, &str); 9] = [
    ("bincode", "RUSTSEC-2025-0141"),
    ("fxhash", "RUSTSEC-2025-0057"),
    ("instant", "RUSTSEC-2024-0384"),
    ("paste", "RUSTSEC-2024-0436"),
    ("derivative", "RUSTSEC-2024-0388"),
    ("proc-macro-error", "RUSTSEC-2024-0370"),
    ("atty", "RUSTSEC-2024-0375"),
    ("backoff", "RUSTSEC-2025-0012"),
    ("rsa", "RUSTSEC-2023-0071"),
];

fn is_used(name: &str) -> bool {
    include_str!("../Cargo.lock").contains(&format!("name = \"{name}\"\n"))
}

#[test]
fn crates_with_advisories_or_without_maintainers_are_named_in_the_readme() {
    let review = README.split("## Dependencies").nth(1).unwrap().split("\n## ").next().unwrap();
    for (name, advisory) in ADVISED.into_iter().filter(|(name, _)| is_used(name)) {
        assert!(review.contains(&format!("`{name}`")) && review.contains(advisory), "{advisory} on `{name}`");
    }
    // Without an advisory, and old all the same.
    for name in ["sled", "fs2"].into_iter().filter(|name| is_used(name)) {
        assert!(review.contains(&format!("`{name}`")), "`{name}` is used and not named");
    }
    let named = ADVISED.iter().filter(|(name, _)| is_used(name)).count();
    assert_eq!(review.matches("](https://rustsec.org/advisories/").count(), named, "an advisory on what is not used");
}

#[test]
fn crates_that_the_readme_says_are_of_tests_only_are_in_no_program() {
    let tree = |edges: &str| {
        let output = Command::new(env!("CARGO"))
            .args(["tree", "--offline", "--all-features", "--prefix", "none", "--edges", edges])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let has = |tree: &str, name: &str| tree.lines().any(|line| line.split(' ').next() == Some(name));
    let (all, program) = (tree("normal,build,dev"), tree("normal,build"));
    for name in ["rsa", "rexpect", "jsonwebtoken"] {
        assert!(has(&all, name) && !has(&program, name), "{name}");
    }
    assert!(has(&program, "sled") && has(&program, "ed25519-dalek"));
}
