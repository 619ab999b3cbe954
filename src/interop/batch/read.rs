//! Reading batch files: TOML as a whole, JSON Lines as a stream.

use super::error::{At, BatchError, Problem};
use super::header::Header;
use super::step::{Place, Step, pointer};
use super::toml_values::Lines;
use super::variant::{Change, File};
use crate::envelope::json::{self, Rules};
use crate::value::Blake3;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::io::{BufRead, Read as _};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The most bytes of a batch in JSON Lines, which is read as a stream: 1 GiB.
pub const MAX_BATCH_BYTES: u64 = 1 << 30;
/// The most bytes of a batch in TOML, which is held in memory: 16 MiB.
pub const MAX_TOML_BYTES: u64 = 16 << 20;
/// The most bytes of one line of JSON Lines: 1 MiB, many times what an entry can hold.
pub const MAX_LINE_BYTES: u64 = 1 << 20;

/// JSON of a step: exact numbers, no `null`, and the nesting that the deepest body needs.
const RULES: Rules = Rules { depth: 24, null: false, ..Rules::FILE };

/// The two spellings of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// TOML with one `[[step]]` each.
    Toml,
    /// JSON Lines (one object a line), with an optional header as the first line.
    JsonLines,
}

/// A batch file that is being read; gives its steps in order.
#[derive(Debug)]
pub struct BatchReader<R> {
    header: Header,
    steps: Steps<R>,
}

#[derive(Debug)]
enum Steps<R> {
    Held(Held),
    Stream(JsonLines<R>),
}

/// The steps of a text that was read as a whole, each with the offset where it begins.
#[derive(Debug)]
struct Held {
    text: Vec<u8>,
    steps: std::vec::IntoIter<(usize, Step)>,
    /// What lies before the step that was given last.
    behind: blake3::Hasher,
}

impl Held {
    fn next_step(&mut self) -> Option<Step> {
        let next = self.steps.next();
        let to = next.as_ref().map_or(self.text.len(), |(offset, _)| *offset);
        let from = usize::try_from(self.behind.count()).unwrap_or(usize::MAX);
        self.behind.update(self.text.get(from..to).unwrap_or_default());
        next.map(|(_, step)| step)
    }
}

impl<R: BufRead> BatchReader<R> {
    /// Reads the header (and, of TOML, everything).
    pub fn new(format: Format, mut source: R) -> Result<Self, BatchError> {
        match format {
            Format::Toml => {
                let mut text = Vec::new();
                let read = source.by_ref().take(MAX_TOML_BYTES + 1).read_to_end(&mut text);
                read.map_err(|error| file_error(Problem::Read(error.to_string())))?;
                if u64::try_from(text.len()).is_ok_and(|found| found > MAX_TOML_BYTES) {
                    return Err(file_error(Problem::Limit { what: "a TOML batch", most: MAX_TOML_BYTES }));
                }
                let text = String::from_utf8(text).map_err(|error| not_utf8(&error))?;
                let file = read_toml(&text)?.by_itself()?;
                let lines = Lines::new(&text);
                let steps: Vec<(usize, Step)> = file
                    .steps
                    .into_iter()
                    .map(|step| (lines.offset(step.place.line, step.place.column), step))
                    .collect();
                let (steps, behind) = (steps.into_iter(), blake3::Hasher::new());
                let held = Held { text: text.into_bytes(), steps, behind };
                Ok(Self { header: file.header, steps: Steps::Held(held) })
            }
            Format::JsonLines => {
                let (header, lines) = JsonLines::new(source)?;
                Ok(Self { header, steps: Steps::Stream(lines) })
            }
        }
    }

    /// What the file says about itself; the default header where JSON Lines have none.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// How many bytes of the file lie before the step that was given last (all, where none is left), and their digest.
    ///
    /// Of JSON Lines, they end with the line before it; of TOML, before its `[[step]]`.
    #[must_use]
    pub fn behind(&self) -> (u64, Blake3) {
        let behind = match &self.steps {
            Steps::Held(held) => &held.behind,
            Steps::Stream(lines) => &lines.behind,
        };
        (behind.count(), Blake3(*behind.finalize().as_bytes()))
    }
}

impl<R: BufRead> Iterator for BatchReader<R> {
    type Item = Result<Step, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.steps {
            Steps::Held(held) => held.next_step().map(Ok),
            Steps::Stream(lines) => lines.next_step(),
        }
    }
}

fn file_error(problem: Problem) -> BatchError {
    BatchError::new(At::default(), problem)
}

fn not_utf8(error: &std::string::FromUtf8Error) -> BatchError {
    let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
    let line = valid.iter().filter(|b| **b == b'\n').count() + 1;
    BatchError::new(At { line, ..At::default() }, Problem::Syntax("expected UTF-8, found other bytes".to_owned()))
}

/// Reads a TOML batch.
pub(super) fn read_toml(text: &str) -> Result<File, BatchError> {
    let lines = Lines::new(text);
    let mut table = DeTable::parse(text).map_err(|error| {
        let (line, column) = lines.position(error.span().map_or(0, |span| span.start));
        BatchError::new(At { line, column, ..At::default() }, Problem::Syntax(error.message().to_owned()))
    })?;
    let (steps, changes) = (table.get_mut().remove("step"), table.get_mut().remove("change"));
    let mut place = Place { line: 1, column: 1, ..Place::default() };
    let header = lines.table(table.get_ref(), &mut place.marks)?;
    let header = header_from(header, &place)?;
    let steps = tables(&lines, steps, "step", "steps")?.into_iter().zip(1..);
    let steps = steps.map(|((place, map), number)| Step::from_map(number, place, map)).collect::<Result<_, _>>()?;
    let changes = tables(&lines, changes, "change", "changes")?.into_iter();
    let changes = changes.map(|(place, members)| Change { place, members }).collect();
    let file = File { header, steps, changes, place };
    file.check()?;
    Ok(file)
}

type Tables = Vec<(Place, Map<String, Value>)>;

/// The tables of `[[name]]`, each with its place.
fn tables(
    lines: &Lines<'_>,
    value: Option<Spanned<DeValue<'_>>>,
    name: &'static str,
    words: &str,
) -> Result<Tables, BatchError> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let fail = |at: usize, step, problem: String| {
        let (line, column) = lines.position(at);
        Err(BatchError::new(At { step, line, column, ..At::default() }, Problem::Member(problem)))
    };
    let DeValue::Array(items) = value.get_ref() else {
        let problem = format!("expected {words} as `[[{name}]]`, found a single `{name}`");
        return fail(value.span().start, None, problem);
    };
    let mut read = Vec::with_capacity(items.len());
    for (number, item) in (1..).zip(items) {
        let step = (name == "step").then_some(number);
        let (line, column) = lines.position(item.span().start);
        let mut place = Place { line, column, ..Place::default() };
        let DeValue::Table(table) = item.get_ref() else {
            return fail(item.span().start, step, format!("expected a {name} as a table"));
        };
        let map = lines.table(table, &mut place.marks).map_err(|mut error| {
            let name = table.get("as").and_then(|name| name.get_ref().as_str());
            (error.at.step, error.at.name) = (step, name.map(str::to_owned));
            error
        })?;
        read.push((place, map));
    }
    Ok(read)
}

fn header_from(map: Map<String, Value>, place: &Place) -> Result<Header, BatchError> {
    from_map(map).map_err(|(pointer, problem)| {
        let mark = place.marks.iter().find(|(mark, ..)| *mark == pointer);
        let (line, column) = mark.map_or((place.line, place.column), |(_, line, column)| (*line, *column));
        BatchError::new(At { line, column, pointer, ..At::default() }, Problem::Member(problem))
    })
}

fn from_map<T: DeserializeOwned>(map: Map<String, Value>) -> Result<T, (String, String)> {
    serde_path_to_error::deserialize(Value::Object(map))
        .map_err(|error| (pointer(error.path()), error.inner().to_string()))
}

/// Steps as JSON Lines.
#[derive(Debug)]
struct JsonLines<R> {
    source: R,
    line: usize,
    read: u64,
    steps: u64,
    first: Option<Map<String, Value>>,
    ended: bool,
    /// The last line that was read.
    text: Vec<u8>,
    /// The lines before that one.
    behind: blake3::Hasher,
}

impl<R: BufRead> JsonLines<R> {
    /// Reads the first line, which is the header where it has a member `oretrail`.
    fn new(source: R) -> Result<(Header, Self), BatchError> {
        let mut lines = Self {
            source,
            line: 0,
            read: 0,
            steps: 0,
            first: None,
            ended: false,
            text: Vec::new(),
            behind: blake3::Hasher::new(),
        };
        let Some(first) = lines.next_map()? else { return Ok((Header::default(), lines)) };
        if first.contains_key("oretrail") {
            let place = Place { line: lines.line, column: 1, ..Place::default() };
            let header = header_from(first, &place)?;
            let file = File { header, steps: Vec::new(), changes: Vec::new(), place };
            file.check()?;
            return Ok((file.by_itself()?.header, lines));
        }
        lines.first = Some(first);
        Ok((Header::default(), lines))
    }

    fn next_step(&mut self) -> Option<Result<Step, BatchError>> {
        if self.ended {
            return None;
        }
        let map = match self.first.take().map_or_else(|| self.next_map(), |first| Ok(Some(first))) {
            Ok(Some(map)) => map,
            Ok(None) => {
                self.ended = true;
                return None;
            }
            Err(error) => {
                self.ended = true;
                return Some(Err(error));
            }
        };
        self.steps += 1;
        let place = Place { line: self.line, column: 1, ..Place::default() };
        Some(Step::from_map(self.steps, place, map))
    }

    /// The next line that is not blank, as an object.
    fn next_map(&mut self) -> Result<Option<Map<String, Value>>, BatchError> {
        loop {
            self.behind.update(&self.text);
            self.text.clear();
            self.line += 1;
            let at = At { line: self.line, ..At::default() };
            let problem = |problem| BatchError::new(at.clone(), problem);
            let read = self.source.by_ref().take(MAX_LINE_BYTES + 1).read_until(b'\n', &mut self.text);
            let read = u64::try_from(read.map_err(|e| problem(Problem::Read(e.to_string())))?).unwrap_or(u64::MAX);
            if read == 0 {
                return Ok(None);
            }
            self.read = self.read.saturating_add(read);
            if read > MAX_LINE_BYTES {
                return Err(problem(Problem::Limit { what: "a line", most: MAX_LINE_BYTES }));
            }
            if self.read > MAX_BATCH_BYTES {
                return Err(problem(Problem::Limit { what: "a batch", most: MAX_BATCH_BYTES }));
            }
            if !self.text.trim_ascii().is_empty() {
                return json::from_slice(&self.text, &RULES).map(Some).map_err(|error| {
                    let at = At { line: self.line, column: error.column, pointer: error.pointer, ..At::default() };
                    BatchError::new(at, Problem::Syntax(error.kind.to_string()))
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toml(text: &str) -> Result<(Header, Vec<Step>), BatchError> {
        let reader = BatchReader::new(Format::Toml, text.as_bytes())?;
        let header = reader.header().clone();
        Ok((header, reader.collect::<Result<_, _>>()?))
    }

    fn lines(text: &str) -> Result<Vec<Step>, BatchError> {
        BatchReader::new(Format::JsonLines, text.as_bytes())?.collect()
    }

    const STEP: &str =
        r#"{"kind":"retire","as":"r","by":"mine","when":"2026-01-01T00:00:00Z","lots":["x"],"reason":"lost"}"#;

    #[test]
    fn toml_and_json_lines_give_the_same_step() {
        let text = "oretrail = \"batch/1\"\ntitle = \"T\"\n[[step]]\nkind = \"retire\"\nas = \"r\"\nby = \"mine\"\n\
                    when = 2026-01-01T00:00:00Z\nlots = [\"x\"]\nreason = \"lost\"\n";
        let (header, steps) = toml(text).unwrap();
        assert_eq!(header.title.as_deref(), Some("T"));
        let other = lines(&format!("{{\"oretrail\":\"batch/1\"}}\n\n{STEP}\n")).unwrap();
        assert_eq!((&steps[0].members, &steps[0].body), (&other[0].members, &other[0].body));
        assert_eq!(other[0].place.line, 3);
        assert_eq!(lines(STEP).unwrap().len(), 1);
        assert_eq!(lines("").unwrap(), []);
    }

    /// Lines of blanks without end.
    struct Blanks(Vec<u8>, usize);

    impl std::io::Read for Blanks {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            unreachable!("it is read by its buffer")
        }
    }

    impl BufRead for Blanks {
        fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
            Ok(&self.0[self.1..])
        }

        fn consume(&mut self, count: usize) {
            self.1 = (self.1 + count) % self.0.len();
        }
    }

    #[test]
    fn a_source_without_end_is_read_up_to_the_limit_and_never_held() {
        let mut line = vec![b' '; 1 << 20];
        line[(1 << 20) - 1] = b'\n';
        let (_, mut lines) = JsonLines::new(STEP.as_bytes().chain(&b"\n"[..]).chain(Blanks(line, 0))).unwrap();
        assert!(lines.next_step().unwrap().is_ok());
        let error = lines.next_step().unwrap().unwrap_err();
        assert_eq!(error.problem, Problem::Limit { what: "a batch", most: MAX_BATCH_BYTES });
        assert_eq!((error.at.line, lines.next_step()), (1 + (1 << 10), None));
        assert!(lines.text.capacity() <= 4 << 20);
    }

    #[test]
    fn what_is_wrong_is_said_with_line_and_column() {
        for (text, expected) in [
            ("oretrail = \"batch/1\"\nx = [", "line 2 column 6"),
            ("oretrail = \"batch/2\"", "line 1 column 12, /oretrail: expected `batch/1`, found `batch/2`"),
            ("title = \"x\"", "line 1 column 1: missing field `oretrail`"),
            ("oretrail = \"batch/1\"\noretrail = \"batch/1\"", "line 2 column 1: duplicate key"),
            ("oretrail = \"batch/1\"\nstep = 1", "line 2 column 8: expected steps"),
            ("oretrail = \"batch/1\"\nnope = 1", "line 2 column 8, /nope: unknown field `nope`"),
            (
                "oretrail = \"batch/1\"\n[[step]]\nkind = \"splt\"",
                "step 1, line 3 column 8, /kind: expected an event kind",
            ),
            (
                "oretrail = \"batch/1\"\n[[step]]\nkind = \"split\"\nas = \"s\"\nm = 0.5",
                "step 1 (`s`), line 5 column 5, /m: expected no floating-point number, found `0.5`",
            ),
            (
                "oretrail = \"batch/1\"\n[[step]]\nkind = \"split\"\nwhen = { from = 2026-01-02T00:00:00Z, to = 2026-01-01T00:00:00Z }",
                "line 4 column 8, /when: expected `to` not before",
            ),
        ] {
            let error = toml(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        for (text, expected) in [
            (format!("{STEP}\n{{\"kind\":\"split\",\"kind\":1}}"), "line 2 column 17: duplicate member `kind`"),
            (format!("{STEP}\n[]"), "line 2 column 1: invalid type: sequence"),
            (format!("{STEP}\n{{\"kind\":1.5}}"), "line 2 column 9, /kind: expected an integer"),
            ("{\"kind\":\"split\",\"when\":\"now\"}".to_owned(), "step 1, line 1 column 1, /when: expected a UTC time"),
            (format!("{{\"a\":{}", "[".repeat(10_000)), "levels of nesting"),
            (" ".repeat(2 << 20), "line 1: expected a line of at most 1048576 bytes"),
        ] {
            let error = lines(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn deep_toml_and_other_bytes_are_refused() {
        let deep = format!("oretrail = \"batch/1\"\n[[step]]\na = {}", "[".repeat(10_000));
        assert!(toml(&deep).is_err());
        let deep = format!("oretrail = \"batch/1\"\n[[step]]\na = {}{}", "[".repeat(40), "]".repeat(40));
        assert!(toml(&deep).unwrap_err().to_string().contains("levels of nesting"));
        let error = BatchReader::new(Format::Toml, &b"a = 1\n\xff"[..]).unwrap_err();
        assert_eq!(error.to_string(), "line 2: expected UTF-8, found other bytes");
        let error = BatchReader::new(Format::JsonLines, &b"\xff"[..]).unwrap_err();
        assert!(error.to_string().contains("expected UTF-8"));
    }

    #[test]
    fn what_lies_behind_ends_where_the_step_begins() {
        let other = STEP.replace("\"r\"", "\"s\"");
        for header in ["", "{\"oretrail\":\"batch/1\"}\n\n"] {
            let text = format!("{header}{STEP}\n\n{other}\n \n");
            let mut reader = BatchReader::new(Format::JsonLines, text.as_bytes()).unwrap();
            for (steps, end) in [(1, header.len()), (2, header.len() + STEP.len() + 2), (2, text.len())] {
                assert_eq!(
                    reader.by_ref().next().map(|step| step.unwrap().number),
                    (end < text.len()).then_some(steps)
                );
                assert_eq!(reader.behind(), (end as u64, Blake3::of(&text.as_bytes()[..end])));
            }
        }
    }

    #[test]
    fn what_lies_behind_in_toml_ends_where_the_step_begins() {
        let step = "kind = \"retire\"\nby = \"µ\"\n";
        let tables = format!("oretrail = \"batch/1\"\n[[step]]\n{step}[step.quantity]\nx = 1\n[[step]]\n{step}\n");
        let inline =
            "oretrail = \"batch/1\"\nstep = [ { kind = \"retire\", by = \"µ\" }, { kind = \"retire\" } ]\n".to_owned();
        for (text, mark) in [(&tables, "[[step]]"), (&inline, "{ kind")] {
            let mut reader = BatchReader::new(Format::Toml, text.as_bytes()).unwrap();
            for end in [text.find(mark).unwrap(), text.rfind(mark).unwrap(), text.len()] {
                assert_eq!(reader.by_ref().next().is_some(), end < text.len());
                assert_eq!(reader.behind(), (end as u64, Blake3::of(&text.as_bytes()[..end])), "{mark}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}") {
            let _ = toml(&text);
            let _ = lines(&text);
        }
    }
}
