//! TOML values as JSON values, with the place of each.

use super::error::{At, BatchError, Problem};
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// How deep a step may be nested.
const DEPTH: usize = 24;

/// Line starts of a text.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

type Marks = Vec<(String, usize, usize)>;

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// Line and column, in characters from 1, of a byte offset.
    pub(super) fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or_default();
        (line, before.chars().count() + 1)
    }

    /// The byte offset of a line and column; see [`Self::position`].
    pub(super) fn offset(&self, line: usize, column: usize) -> usize {
        let start = line.checked_sub(1).and_then(|before| self.starts.get(before)).copied().unwrap_or(self.text.len());
        let within = self.text.get(start..).and_then(|line| line.char_indices().nth(column.saturating_sub(1)));
        within.map_or(self.text.len(), |(offset, _)| start + offset)
    }

    /// A table as an object; notes where each of its values is.
    pub(super) fn table(&self, table: &DeTable<'_>, marks: &mut Marks) -> Result<Map<String, Value>, BatchError> {
        self.object(table, "", 1, marks)
    }

    // The nesting is bounded twice: by `DEPTH`, and before that by the parser's own limit of 80.
    fn object(
        &self,
        table: &DeTable<'_>,
        pointer: &str,
        depth: usize,
        marks: &mut Marks,
    ) -> Result<Map<String, Value>, BatchError> {
        let member = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
            let name: &std::borrow::Cow<'_, str> = name.get_ref();
            let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
            Ok((name.to_string(), self.value(value, pointer, depth, marks)?))
        };
        table.iter().map(member).collect()
    }

    fn value(
        &self,
        value: &Spanned<DeValue<'_>>,
        pointer: String,
        depth: usize,
        marks: &mut Marks,
    ) -> Result<Value, BatchError> {
        let (line, column) = self.position(value.span().start);
        let fail = |problem: String| {
            let at = At { line, column, pointer: pointer.clone(), ..At::default() };
            Err(BatchError::new(at, Problem::Syntax(problem)))
        };
        marks.push((pointer.clone(), line, column));
        if depth > DEPTH {
            return fail(format!("expected at most {DEPTH} levels of nesting, found more"));
        }
        Ok(match value.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Datetime(time) => Value::String(time.to_string()),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Integer(number) => match u64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) if number <= crate::envelope::json::MAX_INTEGER => Value::from(number),
                _ => return fail(format!("expected an integer from 0 to 2^53-1, found `{}`", number.as_str())),
            },
            DeValue::Float(number) => {
                let found = number.as_str();
                return fail(format!(
                    "expected no floating-point number, found `{found}`; write quantities in quotes, such as \"12.5\""
                ));
            }
            DeValue::Array(items) => {
                let item = |(number, item)| self.value(item, format!("{pointer}/{number}"), depth + 1, marks);
                Value::Array(items.iter().enumerate().map(item).collect::<Result<_, _>>()?)
            }
            DeValue::Table(table) => Value::Object(self.object(table, &pointer, depth + 1, marks)?),
        })
    }
}
