//! The README's session is what the program prints, and its examples run.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use assert_cmd::Command;
use std::path::Path;

/// The lines of the fenced block of a language.
fn block<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}");
    let lines = text.lines().skip_while(|line| **line != fence).skip(1);
    lines.take_while(|line| *line != "```").collect()
}

/// A command of the session with the output that is shown; `…` stands for any number of lines.
struct Shown<'a> {
    arguments: Vec<String>,
    lines: Vec<&'a str>,
}

fn session(readme: &str) -> Vec<Shown<'_>> {
    let mut session: Vec<Shown<'_>> = Vec::new();
    for line in block(readme, "console") {
        match line.strip_prefix("$ oretrail ") {
            Some(command) => {
                let arguments = command.split_whitespace().map(str::to_owned).collect();
                session.push(Shown { arguments, lines: Vec::new() });
            }
            None => session.last_mut().unwrap().lines.push(line),
        }
    }
    session
}

fn run(folder: &Path, arguments: &[String]) -> String {
    let mut command = Command::cargo_bin("oretrail").unwrap();
    let output = command.env_clear().current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.code().is_some_and(|code| code != 70), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_session_of_the_readme_is_what_the_program_prints() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let session = session(&readme);
    assert!(session.len() >= 3);
    for shown in session {
        let printed = run(folder.path(), &shown.arguments);
        let mut rest = printed.lines();
        let mut elided = false;
        for line in shown.lines {
            if line == "…" {
                elided = true;
                continue;
            }
            let found = if elided { rest.find(|printed| *printed == line) } else { rest.next() };
            assert_eq!(found, Some(line), "`oretrail {}` prints\n{printed}", shown.arguments.join(" "));
            elided = false;
        }
        assert!(elided || rest.next().is_none(), "`oretrail {}` prints more", shown.arguments.join(" "));
    }
}

#[test]
fn the_commands_that_the_demo_prints_work_as_printed() {
    let folder = tempfile::tempdir().unwrap();
    let printed = run(folder.path(), &["demo".to_owned(), "--dir".to_owned(), "demo".to_owned()]);
    let commands: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("  oretrail ")).collect();
    assert_eq!(commands.len(), 7, "{printed}");
    let judged = commands.last().unwrap();
    assert!(judged.starts_with("verify ") && judged.ends_with(" --policy us-dfars-252.225-7052 --delivery 2027-01-01"));
    for command in commands {
        let mut arguments: Vec<String> = Vec::new();
        for (number, part) in command.split('\'').enumerate() {
            match number % 2 {
                1 => arguments.push(part.to_owned()),
                _ => arguments.extend(part.split_whitespace().map(str::to_owned)),
            }
        }
        arguments.extend(["--now".to_owned(), "2026-09-01T00:00:00Z".to_owned()]);
        let output =
            Command::cargo_bin("oretrail").unwrap().env_clear().current_dir(folder.path()).args(&arguments).output();
        let output = output.unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "oretrail {command}\n{out}\n{err}");
        assert!(!out.trim().is_empty(), "oretrail {command}");
    }
}

#[test]
fn the_two_commands_of_the_readme_are_the_ones_that_are_tested() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let commands = block(&readme, "sh");
    assert!(commands[0].starts_with("cargo run --release -- demo "));
    assert!(commands[1].starts_with("cargo test "));
}

#[path = "../examples/record.rs"]
mod record;
#[path = "../examples/verify.rs"]
#[expect(dead_code, reason = "its `main` reads the arguments of a process")]
mod verify;

#[test]
fn the_example_that_records_runs() {
    record::main().unwrap();
}

#[test]
fn the_example_that_verifies_runs() {
    let file = std::fs::read("schemas/example.lineage.json").unwrap();
    let trust = oretrail::rules::trust::Trust::nobody();
    let text = verify::verify(&file, &trust, "2027-01-01T00:00:00Z".parse().unwrap()).unwrap();
    assert!(text.starts_with("CONFIRMED"), "{text}");
    assert!(text.contains("UNPROVEN"), "nobody is trusted: {text}");
    assert!(text.contains("events upstream of lot"), "{text}");
}
