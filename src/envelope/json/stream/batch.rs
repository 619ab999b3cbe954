//! Elements that were gathered, and where they are in the whole text.

use super::super::{JsonError, JsonErrorKind, Rules, from_slice, position};
use super::StreamError;
use rayon::prelude::*;
use serde::de::DeserializeOwned;
use std::ops::Range;

/// Line and column of a byte, from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Place {
    pub(super) const START: Self = Self { line: 1, column: 1 };

    /// The place of what stands at a line and column of a text that begins here.
    const fn within(self, line: usize, column: usize) -> Self {
        match line {
            1 => Self { line: self.line, column: self.column + column - 1 },
            _ => Self { line: self.line + line - 1, column },
        }
    }

    /// The place of a byte of a text that begins here.
    pub(super) fn of(self, text: &[u8], offset: usize) -> Self {
        let (line, column) = position(text, offset);
        self.within(line, column)
    }

    /// A fault found in a piece that begins here.
    pub(super) fn fault(self, error: JsonError, before: &str, rules: &Rules) -> JsonError {
        let Self { line, column } = self.within(error.line, error.column);
        let kind = match error.kind {
            JsonErrorKind::Depth(_) => JsonErrorKind::Depth(rules.depth),
            JsonErrorKind::Syntax { expected: "the end of the text", found } => {
                JsonErrorKind::Syntax { expected: "`,` or the end of the list or object", found }
            }
            kind => kind,
        };
        JsonError { kind, line, column, pointer: format!("{before}{}", error.pointer) }
    }
}

/// Elements of an array that follow each other, as text.
pub struct Batch {
    pub(super) text: Vec<u8>,
    pub(super) elements: Vec<Range<usize>>,
    pub(super) base: Place,
    /// The pointer of the array, and the number of the first element.
    pub(super) pointer: String,
    pub(super) first: usize,
    pub(super) rules: Rules,
    pub(super) depth: usize,
    /// How the list ended, where it did after these.
    pub(super) ended: Option<Result<(), StreamError>>,
}

impl Batch {
    /// Checks and reads the elements, on all processors.
    ///
    /// # Errors
    /// What is wrong with the first that is not as it should be.
    pub fn read<T: DeserializeOwned + Send>(&self) -> Result<Vec<T>, JsonError> {
        let rules = Rules { depth: self.rules.depth.saturating_sub(self.depth), ..self.rules };
        let read = |(number, range): (usize, &Range<usize>)| {
            let text = self.text.get(range.clone()).unwrap_or_default();
            from_slice(text, &rules).map_err(|error| {
                let pointer = format!("{}/{}", self.pointer, self.first + number);
                self.base.of(&self.text, range.start).fault(error, &pointer, &self.rules)
            })
        };
        self.elements.par_iter().enumerate().map(read).collect::<Vec<_>>().into_iter().collect()
    }
}
