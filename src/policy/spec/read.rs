//! Reading a specification: TOML, strictly, with line and column of what is wrong.

use super::sound::{Problem, check};
use super::{MAX_SPEC, Spec, SpecFile};
use crate::policy::located::{locate, position};
use crate::value::Blake3;

/// Why a file is no specification.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// Not the form that was expected, or not one that makes sense.
    #[error("line {line}, column {column}: {problem}")]
    Form {
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What was expected and found.
        problem: String,
        /// What to do about it.
        hint: Option<&'static str>,
    },
    /// Larger than [`MAX_SPEC`].
    #[error("expected a specification of at most {MAX_SPEC} bytes, found {0}")]
    TooLarge(usize),
}

impl SpecError {
    /// What to do about it.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Form { hint, .. } => *hint,
            Self::TooLarge(_) => None,
        }
    }
}

impl Spec {
    /// Reads a specification.
    ///
    /// # Errors
    /// Not that form, an unknown member or name, a unit or basis that does not fit, limits that nothing can meet.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        if text.len() > MAX_SPEC {
            return Err(SpecError::TooLarge(text.len()));
        }
        let form = |byte: usize, problem: String, hint: Option<&'static str>| {
            let (line, column) = position(text, byte);
            SpecError::Form { line, column, problem, hint }
        };
        let file: SpecFile = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            form(start, error.message().trim_end().to_owned(), hint(error.message()))
        })?;
        check(&file).map_err(|Problem { path, problem, hint }| form(locate(text, &path), problem, Some(hint)))?;
        Ok(Self { file, blake3: Blake3::of(text.as_bytes()) })
    }
}

/// What may help where the form is not that of the types.
fn hint(message: &str) -> Option<&'static str> {
    message
        .contains("expected a string")
        .then_some("write numbers as decimal strings, such as \"99.5\": there are no floating-point numbers here")
}
