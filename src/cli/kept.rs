//! Files that people name by the id of one that comes with the program, or by a path: policy packs, specifications.

use super::error::Failure;
use crate::ledger::disk::{RealDisk, read_whole};
use std::path::Path;

/// The text of a file of at most so many bytes.
pub(crate) fn read_text(path: &Path, most_bytes: u64) -> Result<String, Failure> {
    String::from_utf8(read_whole(&RealDisk, path, most_bytes)?).map_err(|error| {
        let (path, error) = (path.display(), error.utf8_error());
        Failure::usage(format_args!("{path}: expected text in UTF-8, found something else: {error}"))
    })
}

/// A kind of such files.
pub(crate) struct Kept<'a> {
    /// What one of them is: `policy pack`.
    pub(crate) what: &'static str,
    /// The verb that lists them.
    pub(crate) verb: &'static str,
    /// Those that come with the program: id and text.
    pub(crate) built_in: &'a [(&'static str, &'static str)],
    /// The largest file that is read, in bytes.
    pub(crate) most_bytes: usize,
    /// From how many edits on a name is not like another.
    pub(crate) near: usize,
}

impl Kept<'_> {
    /// The text of a file, or of the one with this id.
    pub(crate) fn text(&self, named: &str) -> Result<String, Failure> {
        let path = Path::new(named);
        if !path.is_file() {
            let found = self.built_in.iter().find(|(id, _)| *id == named);
            return found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| self.unknown(named));
        }
        read_text(path, self.most_bytes as u64)
    }

    /// A file that cannot be what it is given as.
    pub(crate) fn wrong(&self, named: &str, error: &dyn std::fmt::Display, hint: Option<String>) -> Failure {
        let failure = hint.into_iter().fold(Failure::usage(format_args!("{named}: {error}")), Failure::hint);
        failure.hint(format_args!("`oretrail schema {}` describes the {}", self.verb, self.what))
    }

    fn unknown(&self, named: &str) -> Failure {
        let near = self.built_in.iter().map(|(id, _)| (strsim::damerau_levenshtein(id, named), *id)).min();
        let near = near.filter(|(distance, _)| *distance <= self.near);
        let near = near.map_or_else(String::new, |(_, id)| format!(" (did you mean `{id}`?)"));
        Failure::usage(format_args!("expected the id of a {} or a file, found `{named}`{near}", self.what))
            .hint(format_args!("`oretrail {} list` lists those built in", self.verb))
    }
}
