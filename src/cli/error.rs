//! What a verb comes to, and the one place that gives errors their prefix and exit code.

use super::output::Output;
use std::fmt::Display;
use std::process::ExitCode;

/// How a verb that could be carried out ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// Done; whatever was asked is confirmed or exempt.
    Ok,
    /// Something is contradicted or broken.
    Broken,
    /// Something asked could not be decided.
    Undecided,
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The command cannot be carried out as it was given: arguments, files, keys, folders.
    Usage,
    /// What was read is broken: a ledger or file that is not what was signed.
    Broken,
    /// Evidence that is needed is missing.
    Undecided,
    /// A rule refused an append.
    Refused,
    /// A fault of the program or of the machine.
    Internal,
    /// Nobody reads the output any more, which is no error.
    Pipe,
}

/// Why a verb could not be carried out: a cause, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    pub(crate) hints: Vec<String>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Display) -> Self {
        Self { kind, message: message.to_string(), hints: Vec::new() }
    }

    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Kind::Usage, message)
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Display) -> Self {
        self.hints.push(hint.to_string());
        self
    }
}

/// The prefix and exit code of each kind of failure.
const fn describe(kind: Kind) -> (&'static str, u8) {
    match kind {
        Kind::Broken => ("broken", 1),
        Kind::Usage => ("error", 2),
        Kind::Undecided => ("undecided", 3),
        Kind::Refused => ("refused", 4),
        Kind::Internal => ("internal error", 70),
        Kind::Pipe => ("", 0),
    }
}

/// The exit code of a kind of failure.
pub(crate) const fn exit_code(kind: Kind) -> u8 {
    describe(kind).1
}

/// Prints what is left to say and gives the exit code.
pub(crate) fn conclude(output: &mut Output, result: Result<Done, Failure>) -> ExitCode {
    let flushed = output.flush();
    match result.and_then(|done| flushed.map(|()| done)) {
        Ok(Done::Ok) => ExitCode::SUCCESS,
        Ok(Done::Broken) => ExitCode::from(describe(Kind::Broken).1),
        Ok(Done::Undecided) => ExitCode::from(describe(Kind::Undecided).1),
        Err(failure) => {
            let (prefix, code) = describe(failure.kind);
            if failure.kind != Kind::Pipe {
                output.failure(prefix, &failure.message, &failure.hints);
            }
            ExitCode::from(code)
        }
    }
}

impl From<std::io::Error> for Failure {
    /// A failure to print; failures of files say more and are mapped where they happen.
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::new(Kind::Pipe, error),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::usage(format_args!("cannot print: {error}")).hint("free some space where the output goes")
            }
            _ => Self::new(Kind::Internal, format_args!("cannot print: {error}")),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::new(Kind::Internal, format_args!("cannot write JSON: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_the_help() {
        assert_ne!(Done::Broken, Done::Undecided);
        for kind in [Kind::Broken, Kind::Usage, Kind::Undecided, Kind::Refused, Kind::Internal] {
            let line = format!("  {:<3} ", describe(kind).1);
            assert!(super::super::EXITS.contains(&line), "{line}");
        }
    }
}
