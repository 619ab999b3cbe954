//! The only module that prints: results to stdout, everything else to stderr.
//!
//! Colour appears on terminals only and yields to `NO_COLOR` and `--color`. When nobody reads stdout any more (`oretrail
//! lots | head`), the program ends quietly.

use super::error::Failure;
use super::progress::Progress;
pub(crate) use crate::report::style::Tone;
use crate::value::is_deceptive;
use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Where results, remarks and errors go.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    color: Color,
}

const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default().bold();

impl Output {
    pub(crate) fn new(json: bool, quiet: bool, color: Color) -> Self {
        let choice = match color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
        Self { json, quiet, color }
    }

    /// Whether the result is to be JSON.
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// How many characters fit in a line of the terminal; where there is none, any number.
    pub(crate) fn width(&self) -> usize {
        Table::new().width().map_or(usize::MAX, usize::from)
    }

    /// Prints a part of the result; a line feed is added where it lacks one.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        let mut out = anstream::stdout().lock();
        out.write_all(text.as_bytes())?;
        if !text.is_empty() && !text.ends_with('\n') {
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Prints bytes as they are, whatever they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(std::io::stdout().lock().write_all(bytes)?)
    }

    /// Prints the result as JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value)?;
        self.text(&text)
    }

    /// Prints a table; an empty one is replaced by a remark on stderr.
    pub(crate) fn table(&mut self, table: &Rows, empty: &str) -> Result<(), Failure> {
        if table.rows.is_empty() {
            self.remark(empty);
            return Ok(());
        }
        let text = table.render(self.colors_stdout());
        self.text(&text)
    }

    fn colors_stdout(&self) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never,
        }
    }

    /// A remark on stderr, unless quiet. What cannot be printed there has nowhere to go.
    pub(crate) fn remark(&mut self, text: &str) {
        if !self.quiet {
            let _ = writeln!(anstream::stderr(), "{text}");
        }
    }

    /// A hint on stderr, unless quiet.
    pub(crate) fn hint(&mut self, text: &str) {
        self.remark(&format!("{CYAN}hint:{CYAN:#} {text}"));
    }

    /// A warning on stderr, also when quiet.
    pub(crate) fn warning(&mut self, text: &str) {
        let _ = writeln!(anstream::stderr(), "{YELLOW}warning:{YELLOW:#} {}", plain(text));
    }

    /// An error with its hints on stderr, also when quiet.
    pub(crate) fn failure(&mut self, prefix: &str, message: &str, hints: &[String]) {
        let mut err = anstream::stderr().lock();
        let _ = writeln!(err, "{RED}{prefix}:{RED:#} {}", plain(message));
        for hint in hints {
            let _ = writeln!(err, "{CYAN}hint:{CYAN:#} {}", plain(hint));
        }
    }

    /// Progress of something countable, drawn on a terminal only.
    pub(crate) fn progress(&self, what: &'static str) -> Progress {
        Progress::new(what, !self.quiet && std::io::stderr().is_terminal())
    }

    /// Makes sure that everything has left the program.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(std::io::stdout().flush()?)
    }
}

/// What was found in somebody's file, or typed, must not change how a message is displayed: such characters are written as
/// their code points.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            c if is_deceptive(c) => out.push_str(&format!("U+{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// Says why the program ends right now, and ends it.
pub(crate) fn end(message: &str, hints: &[String], code: u8) -> ! {
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "\n{RED}error:{RED:#} {message}");
    for hint in hints {
        let _ = writeln!(err, "{CYAN}hint:{CYAN:#} {hint}");
    }
    std::process::exit(i32::from(code))
}

/// Tells the user something at once, from wherever.
pub(crate) fn tell(message: &str) {
    let _ = writeln!(anstream::stderr(), "\n{message}");
}

/// Prints what clap has to say (help, version, usage errors) and gives its exit code.
pub(crate) fn clap_error(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
}

/// A table for people: aligned columns, no borders.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    header: Vec<&'static str>,
    right: Vec<usize>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    /// A table with these column heads; one that begins with `>` is aligned to the right.
    pub(crate) fn new(header: &[&'static str]) -> Self {
        let right = header.iter().enumerate().filter(|(_, head)| head.starts_with('>')).map(|(at, _)| at).collect();
        let header = header.iter().map(|head| head.trim_start_matches('>')).collect();
        Self { header, right, rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    fn render(&self, colors: bool) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Disabled);
        if colors {
            table.enforce_styling()
        } else {
            table.force_no_tty()
        };
        if self.header.iter().any(|head| !head.is_empty()) {
            table.set_header(self.header.iter().map(|head| Cell::new(head).add_attribute(Attribute::Bold)));
        }
        for row in &self.rows {
            table.add_row(row);
        }
        for (at, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if self.right.contains(&at) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.trim_fmt() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_aligned_without_borders() {
        let mut table = Rows::new(&["lot", ">mass"]);
        table.push(vec!["a".to_owned(), "1.5 kg".to_owned()]);
        table.push(vec!["longer".to_owned(), "1,000 kg".to_owned()]);
        assert_eq!(table.render(false), "lot         mass\na         1.5 kg\nlonger  1,000 kg\n");
    }
}
