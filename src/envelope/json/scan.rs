//! The scanner: one pass over the bytes, a frame per open bracket.

use super::{JsonErrorKind, MAX_INTEGER, Numbers, Rules};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;

/// A fault with its byte offset.
pub(super) struct Fault {
    pub(super) kind: JsonErrorKind,
    pub(super) offset: usize,
    pub(super) pointer: String,
}

/// An open object or array.
enum Frame<'a> {
    Object { names: Names<'a>, current: Cow<'a, str> },
    Array { index: usize },
}

/// The member names of an object seen so far: few are compared one by one, many are hashed.
struct Names<'a> {
    /// Where the few begin among those of all open objects.
    few: usize,
    #[expect(clippy::box_collection, reason = "nearly no object has so many, and frames are small that way")]
    many: Option<Box<HashSet<Cow<'a, str>>>>,
}

impl<'a> Names<'a> {
    const FEW: usize = 16;

    /// Adds a name; false if it was there. `open` are the few of all open objects, this one's last.
    fn insert(&mut self, name: Cow<'a, str>, open: &mut Vec<Cow<'a, str>>) -> bool {
        let few = open.get(self.few..).unwrap_or_default();
        if few.contains(&name) {
            return false;
        }
        if few.len() < Self::FEW {
            open.push(name);
            return true;
        }
        self.many.get_or_insert_default().insert(name)
    }
}

/// Room made at first: more brackets and names than most texts have open at once.
const USUAL_DEPTH: usize = 8;
const USUAL_NAMES: usize = 32;

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Value,
    ValueOrEnd,
    NameOrEnd,
    Name,
    CommaOrEnd,
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    rules: Rules,
    stack: Vec<Frame<'a>>,
    /// The first names of all open objects.
    names: Vec<Cow<'a, str>>,
}

/// Checks a text; the caller turns the offset of a fault into line and column.
pub(super) fn scan<'a>(bytes: &'a [u8], rules: &Rules) -> Result<&'a str, Fault> {
    let fault = |kind, offset| Fault { kind, offset, pointer: String::new() };
    let text = std::str::from_utf8(bytes).map_err(|e| fault(JsonErrorKind::Utf8, e.valid_up_to()))?;
    if text.starts_with('\u{FEFF}') {
        return Err(fault(JsonErrorKind::ByteOrderMark, 0));
    }
    let (stack, names) = (Vec::with_capacity(rules.depth.min(USUAL_DEPTH)), Vec::with_capacity(USUAL_NAMES));
    let mut scanner = Scanner { text, at: 0, rules: *rules, stack, names };
    match scanner.run() {
        Ok(()) => Ok(text),
        Err((kind, offset)) => Err(Fault { kind, offset, pointer: scanner.pointer() }),
    }
}

/// A kind of fault and its offset, before the pointer is known.
type Step<T> = Result<T, (JsonErrorKind, usize)>;

impl<'a> Scanner<'a> {
    fn run(&mut self) -> Step<()> {
        let mut next = Next::Value;
        loop {
            self.skip_space();
            next = self.step(next)?;
            if self.stack.is_empty() {
                break;
            }
        }
        self.skip_space();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("the end of the text")),
        }
    }

    /// Takes one token and says what may follow it.
    fn step(&mut self, next: Next) -> Step<Next> {
        let end = matches!(self.peek(), Some(b'}' | b']'));
        match next {
            Next::ValueOrEnd if end => self.close(b']', "a value or `]`"),
            Next::NameOrEnd if end => self.close(b'}', "a member name or `}`"),
            Next::Value | Next::ValueOrEnd => self.value(),
            Next::Name | Next::NameOrEnd => self.name(),
            Next::CommaOrEnd => self.comma_or_end(),
        }
    }

    fn value(&mut self) -> Step<Next> {
        match self.peek() {
            Some(b'{') => {
                let names = Names { few: self.names.len(), many: None };
                self.open(Frame::Object { names, current: Cow::Borrowed("") }, Next::NameOrEnd)
            }
            Some(b'[') => self.open(Frame::Array { index: 0 }, Next::ValueOrEnd),
            Some(b'"') => self.string().map(|_| Next::CommaOrEnd),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') if !self.rules.null && self.rest().starts_with("null") => Err((JsonErrorKind::Null, self.at)),
            Some(b'n') => self.word("null"),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn open(&mut self, frame: Frame<'a>, next: Next) -> Step<Next> {
        if self.stack.len() >= self.rules.depth {
            return Err((JsonErrorKind::Depth(self.rules.depth), self.at));
        }
        self.stack.push(frame);
        self.at += 1;
        Ok(next)
    }

    fn close(&mut self, bracket: u8, expected: &'static str) -> Step<Next> {
        if self.peek() != Some(bracket) {
            return Err(self.unexpected(expected));
        }
        self.at += 1;
        if let Some(Frame::Object { names, .. }) = self.stack.pop() {
            self.names.truncate(names.few);
        }
        Ok(Next::CommaOrEnd)
    }

    fn comma_or_end(&mut self) -> Step<Next> {
        let comma = self.peek() == Some(b',');
        match self.stack.last_mut() {
            Some(Frame::Array { index }) if comma => {
                *index += 1;
                self.at += 1;
                Ok(Next::Value)
            }
            Some(Frame::Object { .. }) if comma => {
                self.at += 1;
                Ok(Next::Name)
            }
            Some(Frame::Array { .. }) => self.close(b']', "`,` or `]`"),
            _ => self.close(b'}', "`,` or `}`"),
        }
    }

    fn name(&mut self) -> Step<Next> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a member name in double quotes"));
        }
        let name = self.string()?;
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        if let Some(Frame::Object { names, current }) = self.stack.last_mut() {
            if !names.insert(name.clone(), &mut self.names) {
                current.to_mut().clear();
                return Err((JsonErrorKind::Duplicate(short(&name)), start));
            }
            *current = name;
        }
        Ok(Next::Value)
    }

    /// A string in quotes, decoded; borrowed where it has no escape.
    fn string(&mut self) -> Step<Cow<'a, str>> {
        self.at += 1;
        let start = self.at;
        let mut decoded: Option<String> = None;
        loop {
            let run = self.at;
            self.at += plain_bytes(self.text.as_bytes().get(run..).unwrap_or_default());
            if let Some(decoded) = &mut decoded {
                decoded.push_str(self.slice(run));
            }
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    let so_far = self.slice(start);
                    let c = self.escape()?;
                    decoded.get_or_insert_with(|| so_far.to_owned()).push(c);
                }
                _ => return Err(self.unexpected("`\"` at the end of a string")),
            }
        }
        let raw = self.slice(start);
        self.at += 1;
        Ok(decoded.map_or(Cow::Borrowed(raw), Cow::Owned))
    }

    /// One escape sequence, RFC 8259 section 7; the backslash is next.
    fn escape(&mut self) -> Step<char> {
        let start = self.at;
        self.at += 1;
        let simple = match self.peek() {
            Some(b @ (b'"' | b'\\' | b'/')) => char::from(b),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start),
            _ => return Err(self.unexpected("an escape such as `\\n` or `\\u00e9`")),
        };
        self.at += 1;
        Ok(simple)
    }

    /// `\uXXXX`, or a pair of them for a character beyond the basic plane; lone surrogates are refused.
    fn unicode(&mut self, start: usize) -> Step<char> {
        let lone = |found: u32| syntax("a pair of surrogates", format!("a lone one, U+{found:04X}"));
        let high = self.hex4()?;
        if let Some(c) = char::from_u32(high) {
            return Ok(c);
        }
        if high >= 0xDC00 || !self.rest().starts_with("\\u") {
            return Err((lone(high), start));
        }
        self.at += 1;
        let low = self.hex4()?;
        if !(0xDC00..0xE000).contains(&low) {
            return Err((lone(high), start));
        }
        let c = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
        char::from_u32(c).ok_or_else(|| (lone(high), start))
    }

    /// `u` and four hex digits.
    fn hex4(&mut self) -> Step<u32> {
        let digits = self.rest().get(1..5).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let value = digits.and_then(|d| u32::from_str_radix(d, 16).ok());
        let value = value.ok_or_else(|| self.unexpected("`u` and four hex digits"))?;
        self.at += 5;
        Ok(value)
    }

    fn number(&mut self) -> Step<Next> {
        let start = self.at;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        let text = self.slice(start);
        let fine = match self.rules.numbers {
            Numbers::Exact => is_exact(text),
            Numbers::Any => serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(),
        };
        if fine { Ok(Next::CommaOrEnd) } else { Err((JsonErrorKind::Number(short(text)), start)) }
    }

    fn word(&mut self, word: &'static str) -> Step<Next> {
        if !self.rest().starts_with(word) {
            return Err(self.unexpected("a value"));
        }
        self.at += word.len();
        Ok(Next::CommaOrEnd)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The text from `start` to here; both lie on character boundaries, as scanning stops at ASCII bytes only.
    fn slice(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        // Where none may occur it is left, and found unexpected.
        while self.rules.space && matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn unexpected(&self, expected: &'static str) -> (JsonErrorKind, usize) {
        (syntax(expected, named(self.rest().chars().next())), self.at)
    }

    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for frame in &self.stack {
            match frame {
                Frame::Object { current, .. } => push_name(&mut pointer, current),
                Frame::Array { index } => push_index(&mut pointer, *index),
            }
        }
        pointer
    }
}

/// Adds the member that is being read, if any, to a JSON pointer.
pub(super) fn push_name(pointer: &mut String, name: &str) {
    if !name.is_empty() {
        pointer.push('/');
        pointer.push_str(&short(name).replace('~', "~0").replace('/', "~1"));
    }
}

/// Adds the number of an element to a JSON pointer.
pub(super) fn push_index(pointer: &mut String, index: usize) {
    // Writing to a string cannot fail.
    let _ = write!(pointer, "/{index}");
}

/// What was found, in a message; nothing at the end of the text.
pub(super) fn named(found: Option<char>) -> String {
    match found {
        None => "the end of the text".to_owned(),
        Some(c) if c.is_control() => format!("U+{:04X}", u32::from(c)),
        Some(c) => format!("`{c}`"),
    }
}

/// How many bytes at the beginning stand for themselves in a string. Eight are looked at at a time.
pub(super) fn plain_bytes(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let special = special_in(*word);
        if special != 0 {
            return number * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let is_plain = |byte: &&u8| !matches!(**byte, b'"' | b'\\' | 0..0x20);
    words.len() * 8 + rest.iter().take_while(is_plain).count()
}

/// The high bits of a quote, a backslash or a control character, and perhaps of bytes behind the first of them.
///
/// A byte less one borrows from the next where it is zero: so the first bit set is right, and those behind it need not be.
fn special_in(word: [u8; 8]) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let word = u64::from_le_bytes(word);
    let less = |word: u64, than: u64| word.wrapping_sub(ONES * than) & !word;
    let quote = word ^ (ONES * 0x22);
    let backslash = word ^ (ONES * 0x5c);
    (less(word, 0x20) | less(quote, 1) | less(backslash, 1)) & HIGH
}

fn syntax(expected: &'static str, found: String) -> JsonErrorKind {
    JsonErrorKind::Syntax { expected, found }
}

/// The first characters of a text, for a message.
pub(super) fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Whether the text is `0`, or an integer without leading zeros of at most 2⁵³ − 1 in magnitude.
fn is_exact(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && (!digits.starts_with('0') || text == "0");
    plain && digits.parse::<u64>().is_ok_and(|n| n <= MAX_INTEGER)
}
