//! Strict JSON read piece by piece: of a text of any length, only the piece at hand is in memory.
//!
//! The reader takes apart the outer objects and arrays and hands on what is in them as *pieces*: whole values, each checked
//! and read as a typed value like any other text. So a long list can be read on all processors, a batch at a time, and every
//! error still says line, column and pointer in the whole text.
//!
//! In scope: the same rules as for a text at once. Not in scope: which members an object must have (its reader).

mod batch;
mod extent;

use super::{JsonError, JsonErrorKind, Rules, from_slice, scan};
pub use batch::Batch;
use batch::Place;
use extent::Extent;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;

/// Bytes that are read at once, and how many a batch of elements has, or one element more.
const CHUNK: usize = 1 << 20;

/// The longest piece: a value that is read as a whole.
pub const MAX_PIECE: usize = 1 << 27;

/// Why a text could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// Not the JSON that was expected.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It could not be read.
    #[error("cannot read it: {0}")]
    Read(#[from] std::io::Error),
    /// It goes on beyond the limit.
    #[error("expected at most {0} bytes, found more")]
    Long(u64),
}

/// An open object or array.
enum Frame {
    Object { names: Vec<String> },
    Array { index: usize },
}

/// A JSON text that is being read.
pub struct Stream<R> {
    source: R,
    rules: Rules,
    /// How many bytes may still come.
    left: u64,
    most: u64,
    is_read: bool,
    /// What was read and not taken yet; `at` is where reading stands in it.
    text: Vec<u8>,
    at: usize,
    /// Where the first byte of `text` is in the whole text.
    base: Place,
    stack: Vec<Frame>,
    /// Whether what was passed is still needed, as elements are being gathered.
    gathers: bool,
    /// How many bytes are read at once.
    chunk: usize,
    /// How many bytes a piece may have.
    longest: usize,
}

impl<R: Read> Stream<R> {
    /// A text of at most so many bytes, of which nothing is read yet.
    pub fn new(source: R, rules: &Rules, most: u64) -> Self {
        let (rules, text, stack) = (*rules, Vec::new(), Vec::new());
        let (base, is_read, gathers) = (Place::START, false, false);
        Self {
            source,
            rules,
            left: most,
            most,
            is_read,
            text,
            at: 0,
            base,
            stack,
            gathers,
            chunk: CHUNK,
            longest: MAX_PIECE,
        }
    }

    /// Enters an object.
    ///
    /// # Errors
    /// Something else comes.
    pub fn begin_object(&mut self) -> Result<(), StreamError> {
        if self.next_byte()? != Some(b'{') {
            return Err(self.other_than::<BTreeMap<String, IgnoredAny>>());
        }
        self.open(Frame::Object { names: Vec::new() })
    }

    /// The name of the next member of the object, whose value comes next; `None` at its end, which leaves it.
    ///
    /// # Errors
    /// Something else comes, or a name that was there before.
    pub fn member(&mut self) -> Result<Option<String>, StreamError> {
        let is_first = matches!(self.stack.last(), Some(Frame::Object { names }) if names.is_empty());
        match self.next_byte()? {
            Some(b'}') => {
                self.close();
                return Ok(None);
            }
            _ if is_first => {}
            Some(b',') => self.at += 1,
            _ => return Err(self.unexpected("`,` or `}`")),
        }
        match self.next_byte()? {
            Some(b'"') => {}
            Some(b']') if is_first => return Err(self.unexpected("a member name or `}`")),
            _ => return Err(self.unexpected("a member name in double quotes")),
        }
        let start = self.place();
        let name: String = self.piece_as("")?;
        let before = self.pointer(1);
        if let Some(Frame::Object { names }) = self.stack.last_mut() {
            if names.contains(&name) {
                let kind = JsonErrorKind::Duplicate(scan::short(&name));
                return Err(JsonError { kind, line: start.line, column: start.column, pointer: before }.into());
            }
            names.push(name.clone());
        }
        if self.next_byte()? != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        Ok(Some(name))
    }

    /// Reads the value that comes next.
    ///
    /// # Errors
    /// It is none, or of another shape.
    pub fn value<T: DeserializeOwned>(&mut self) -> Result<T, StreamError> {
        self.next_byte()?;
        let pointer = self.pointer(0);
        let value = self.piece_as(&pointer)?;
        self.let_go();
        Ok(value)
    }

    /// Enters an array, the value that comes next.
    ///
    /// # Errors
    /// Something else comes.
    pub fn begin_array(&mut self) -> Result<(), StreamError> {
        if self.next_byte()? != Some(b'[') {
            return Err(self.other_than::<Vec<IgnoredAny>>());
        }
        self.open(Frame::Array { index: 0 })
    }

    /// Whether the array has another element, which comes next; at its end it is left.
    ///
    /// # Errors
    /// Something else comes.
    pub fn element(&mut self) -> Result<bool, StreamError> {
        let next = self.next_byte()?;
        let Some(Frame::Array { index }) = self.stack.last_mut() else { return Ok(false) };
        match next {
            Some(b'}') if *index == 0 => return Err(self.unexpected("a value or `]`")),
            Some(b']') => {
                self.close();
                return Ok(false);
            }
            _ if *index == 0 => {}
            Some(b',') => self.at += 1,
            _ => return Err(self.unexpected("`,` or `]`")),
        }
        *index += 1;
        self.next_byte()?;
        Ok(true)
    }

    /// The next elements of the array that was entered, which is left at its end.
    pub fn elements(&mut self) -> Batch {
        self.let_go();
        let first = match self.stack.last() {
            Some(Frame::Array { index }) => *index,
            _ => 0,
        };
        let (pointer, depth) = (self.pointer(1), self.stack.len());
        let mut elements = Vec::new();
        let ended = loop {
            match self.element_text() {
                Ok(Some(range)) => elements.push(range),
                ended => break Some(ended.map(drop)),
            }
            if self.at >= self.chunk {
                break None;
            }
            self.gathers = true;
        };
        self.gathers = false;
        let (base, rules) = (self.base, self.rules);
        Batch { text: self.take(), elements, base, pointer, first, rules, depth, ended }
    }

    fn element_text(&mut self) -> Result<Option<Range<usize>>, StreamError> {
        if self.element()? { self.piece().map(Some) } else { Ok(None) }
    }

    /// Reads a whole list.
    ///
    /// # Errors
    /// It is none, or an element is not as it should be.
    pub fn list<T: DeserializeOwned + Send>(&mut self) -> Result<Vec<T>, StreamError>
    where
        R: Send,
    {
        self.begin_array()?;
        let mut all = Vec::new();
        let mut batch = self.elements();
        loop {
            if let Some(ended) = batch.ended.take() {
                all.extend(batch.read()?);
                return ended.map(|()| all);
            }
            let (read, next) = rayon::join(|| batch.read::<T>(), || self.elements());
            all.extend(read?);
            batch = next;
        }
    }

    /// The end of the text.
    ///
    /// # Errors
    /// Something else comes.
    pub fn end(&mut self) -> Result<(), StreamError> {
        match self.next_byte()? {
            None => Ok(()),
            Some(_) => Err(self.unexpected("the end of the text")),
        }
    }

    /// A fault of the object or array that is open, where reading stands.
    pub fn wrong(&self, problem: impl Into<String>) -> StreamError {
        let Place { line, column } = self.place();
        let kind = JsonErrorKind::Shape(problem.into());
        JsonError { kind, line, column, pointer: self.pointer(0) }.into()
    }

    fn open(&mut self, frame: Frame) -> Result<(), StreamError> {
        if self.stack.len() >= self.rules.depth {
            return Err(self.fault(JsonErrorKind::Depth(self.rules.depth)));
        }
        self.stack.push(frame);
        self.at += 1;
        Ok(())
    }

    fn close(&mut self) {
        self.stack.pop();
        self.at += 1;
    }

    /// The value that comes next, which is not what was expected, as an error.
    fn other_than<T: DeserializeOwned>(&mut self) -> StreamError {
        let pointer = self.pointer(0);
        match self.piece_as::<T>(&pointer) {
            Ok(_) => self.unexpected("another value"),
            Err(error) => error,
        }
    }

    fn piece_as<T: DeserializeOwned>(&mut self, pointer: &str) -> Result<T, StreamError> {
        let range = self.piece()?;
        let text = self.text.get(range.clone()).unwrap_or_default();
        let rules = Rules { depth: self.rules.depth.saturating_sub(self.stack.len()), ..self.rules };
        let place = || self.base.of(&self.text, range.start);
        from_slice(text, &rules).map_err(|error| place().fault(error, pointer, &self.rules).into())
    }

    /// The next byte that is no white space; `None` at the end of the text.
    fn next_byte(&mut self) -> Result<Option<u8>, StreamError> {
        loop {
            match self.text.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') if self.rules.space => self.at += 1,
                Some(byte) => return Ok(Some(*byte)),
                None if self.is_read => return Ok(None),
                None if self.gathers && self.at > self.longest => return Err(self.wrong("expected less white space")),
                None => {
                    if !self.gathers {
                        self.let_go();
                    }
                    self.fill()?;
                }
            }
        }
    }

    /// Takes the value that comes next, of which only the extent is found out.
    fn piece(&mut self) -> Result<Range<usize>, StreamError> {
        let start = self.at;
        let mut extent = Extent::default();
        loop {
            self.at += extent.go_on(self.text.get(self.at..).unwrap_or_default());
            if extent.is_whole || self.is_read {
                return if start < self.at { Ok(start..self.at) } else { Err(self.unexpected("a value")) };
            }
            if self.at - start > self.longest {
                self.at = start;
                return Err(
                    self.wrong(format!("expected a value of at most {} bytes, found a longer one", self.longest))
                );
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> Result<(), StreamError> {
        let is_first = self.text.is_empty() && self.left == self.most;
        let most = self.left.saturating_add(1).min(self.chunk as u64);
        let found = self.source.by_ref().take(most).read_to_end(&mut self.text)? as u64;
        self.is_read = found < most;
        self.left = self.left.checked_sub(found).ok_or(StreamError::Long(self.most))?;
        if is_first && self.text.starts_with("\u{FEFF}".as_bytes()) {
            return Err(self.fault(JsonErrorKind::ByteOrderMark));
        }
        Ok(())
    }

    /// Lets go of what was passed.
    fn let_go(&mut self) {
        drop(self.take());
    }

    /// Takes out what was passed.
    fn take(&mut self) -> Vec<u8> {
        self.base = self.place();
        let rest = self.text.split_off(self.at);
        self.at = 0;
        std::mem::replace(&mut self.text, rest)
    }

    fn place(&self) -> Place {
        self.base.of(&self.text, self.at)
    }

    fn fault(&self, kind: JsonErrorKind) -> StreamError {
        let Place { line, column } = self.place();
        JsonError { kind, line, column, pointer: self.pointer(0) }.into()
    }

    fn unexpected(&self, expected: &'static str) -> StreamError {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let found = match rest.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next()) {
            None if !rest.is_empty() => return self.fault(JsonErrorKind::Utf8),
            found => scan::named(found),
        };
        self.fault(JsonErrorKind::Syntax { expected, found })
    }

    /// The pointer of what is being read; `outer` leaves out so many of the innermost parts.
    fn pointer(&self, outer: usize) -> String {
        let open = self.stack.len().saturating_sub(outer);
        let mut pointer = String::new();
        for frame in self.stack.iter().take(open) {
            match frame {
                Frame::Object { names } => scan::push_name(&mut pointer, names.last().map_or("", String::as_str)),
                Frame::Array { index } => scan::push_index(&mut pointer, index.saturating_sub(1)),
            }
        }
        pointer
    }
}

#[cfg(test)]
mod tests;
