//! The command reference, `tests/cli/commands.md`, is the program's own help.
//!
//! `ORETRAIL_BLESS=1 cargo test` rewrites it.

use std::fmt::Write as _;

/// The help of a command and of all below it, in the order of the help.
fn write_help(command: &clap::Command, path: &str, text: &mut String) {
    let mut command = command.clone().disable_help_subcommand(true).term_width(100);
    let path = format!("{path} {}", command.get_name()).trim().to_owned();
    command = command.bin_name(&path);
    let level = "#".repeat((path.split(' ').count() + 1).min(4));
    // Global options are the same everywhere and stand with the program itself.
    let options: Vec<clap::Id> =
        command.get_arguments().filter(|option| option.is_global_set()).map(|o| o.get_id().clone()).collect();
    if path.contains(' ') {
        for option in options {
            command = command.mut_arg(option, |option| option.hide(true));
        }
    }
    let help = command.render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    write!(text, "{level} {path}\n\n```text\n{}\n```\n\n", lines.join("\n").trim()).unwrap();
    let inner: Vec<clap::Command> = command.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned().collect();
    for verb in &inner {
        write_help(verb, &path, text);
    }
}

#[test]
fn the_command_reference_is_the_programs_own_help() {
    let mut text = String::from("# Commands\n\nWritten from the program's own help; a test keeps it so.\n\n");
    write_help(&oretrail::cli::command(), "", &mut text);
    let text = text.trim_end().to_owned() + "\n";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/commands.md");
    if std::env::var_os("ORETRAIL_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = found.lines().zip(text.lines()).position(|(found, wanted)| found != wanted);
    assert!(
        found == text,
        "tests/cli/commands.md has drifted from line {differs:?}; `ORETRAIL_BLESS=1 cargo test` rewrites it"
    );
}
