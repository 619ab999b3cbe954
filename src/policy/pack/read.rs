//! Reading a pack: TOML, strictly, with line and column of what is wrong.

use super::check::{Problem, check};
use super::{MAX_PACK, Pack, PackFile};
use crate::policy::located::{locate, position};
use crate::value::Blake3;

/// Why a file is no policy pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
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
    /// Larger than [`MAX_PACK`].
    #[error("expected a policy pack of at most {MAX_PACK} bytes, found {0}")]
    TooLarge(usize),
}

impl PackError {
    /// What to do about it.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Form { hint, .. } => *hint,
            Self::TooLarge(_) => None,
        }
    }
}

impl Pack {
    /// Reads a pack.
    ///
    /// # Errors
    /// Not that form, an unknown member or name, ranges that overlap or leave days without rule, limits that nothing can
    /// meet or that everything meets, conditions that do not belong to an exception.
    pub fn parse(text: &str) -> Result<Self, PackError> {
        if text.len() > MAX_PACK {
            return Err(PackError::TooLarge(text.len()));
        }
        let file: PackFile = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            form(text, start, error.message().trim_end().to_owned(), None)
        })?;
        check(&file).map_err(|Problem { path, problem, hint }| form(text, locate(text, &path), problem, hint))?;
        Ok(Self { file, blake3: Blake3::of(text.as_bytes()) })
    }
}

fn form(text: &str, byte: usize, problem: String, hint: Option<&'static str>) -> PackError {
    let (line, column) = position(text, byte);
    PackError::Form { line, column, problem, hint }
}
