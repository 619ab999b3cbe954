//! The script of the format that reads a ledger with common tools.
#![cfg(test)]

use std::path::Path;
use std::process::{Command, Output};

/// Whether the tools that the script asks for are on this machine; says so where one is not.
pub fn has_tools() -> bool {
    let has = |tool: &&str| {
        let found = Command::new("sh").args(["-c", &format!("command -v {tool}")]).output();
        found.is_ok_and(|output| output.status.success())
    };
    let missing = ["jq", "xxd", "base64", "sha256sum", "openssl", "awk"].into_iter().find(|tool| !has(tool));
    if let Some(missing) = missing {
        println!("skipped: no `{missing}` on this machine");
    }
    missing.is_none()
}

/// Runs it, as the format prints it, in the folder of a ledger.
pub fn run(folder: &Path) -> Output {
    let format = include_str!("../../schemas/FORMAT.md");
    let section = format.split("### 22.4").nth(1).unwrap();
    let script = section.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let _ = std::fs::remove_dir_all(folder.join("read"));
    Command::new("sh").arg("-c").arg(script).current_dir(folder).output().unwrap()
}
