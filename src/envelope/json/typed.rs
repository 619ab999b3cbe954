//! From a checked text to a typed value, with a pointer to whatever does not fit.

use super::{JsonError, JsonErrorKind, Rules, checked, position};
use serde::de::DeserializeOwned;

/// Checks a JSON text and reads it as `T`; an error says where, as a JSON pointer too.
pub fn from_slice<T: DeserializeOwned>(text: &[u8], rules: &Rules) -> Result<T, JsonError> {
    let text = checked(text, rules)?;
    // The quick reader first: keeping track of the path costs as much again as reading.
    serde_json::from_str(text).or_else(|_| with_path(text.as_bytes()))
}

/// As [`from_slice`], for text.
pub fn from_str<T: DeserializeOwned>(text: &str, rules: &Rules) -> Result<T, JsonError> {
    from_slice(text.as_bytes(), rules)
}

fn with_path<T: DeserializeOwned>(text: &[u8]) -> Result<T, JsonError> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer_of(error.path());
        let error = error.into_inner();
        let (line, column) = position(text, offset_of(text, error.line(), error.column()));
        let message = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let kind = JsonErrorKind::Shape(message.strip_suffix(&place).unwrap_or(&message).to_owned());
        JsonError { kind, line, column, pointer }
    })
}

/// The byte offset of serde_json's line and column (which counts bytes, and names the last byte read).
fn offset_of(text: &[u8], line: usize, column: usize) -> usize {
    let lines = text.split(|b| *b == b'\n').take(line.saturating_sub(1));
    lines.map(|l| l.len() + 1).sum::<usize>() + column.saturating_sub(1)
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let segment = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    };
    path.iter().map(segment).collect()
}
