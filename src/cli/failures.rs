//! How the errors of the library become failures of the program: which kind each is, and what to do about it.

use super::error::{Failure, Kind};
use crate::envelope::{DraftError, JwsError, MAX_JWS_BYTES, SignError, SignEventError};
use crate::event::Purpose;
use crate::interop::batch::{BatchError, Problem};
use crate::interop::play::PlayError;
use crate::keys::KeyError;
use crate::keys::memory::MemoryError;
use crate::ledger::SnapshotError;
use crate::ledger::content::ContentError;
use crate::ledger::disk::DiskError;
use crate::ledger::index::IndexError;
use crate::ledger::log::AppendError;
use crate::ledger::parts::PartsError;
use crate::ledger::private::PrivateError;
use crate::ledger::publish::PublishError;
use crate::ledger::state_store::StateError;
use crate::ledger::writer::OpenError;
use crate::ledger::{AnyError, LogError, PlanError};
use crate::state::ViewError;
use crate::value::KeyId;
use std::error::Error;
use std::io::ErrorKind;

impl From<DiskError> for Failure {
    fn from(error: DiskError) -> Self {
        let hint = match error.cause.kind() {
            ErrorKind::NotFound => Some("check the path"),
            ErrorKind::PermissionDenied => Some("check who may read and write there"),
            ErrorKind::ReadOnlyFilesystem => Some("the folder is on a read-only file system; choose another one"),
            ErrorKind::FileTooLarge if error.doing == "read" => Some("check that it is the file that was meant"),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Some("free some space and try again; what was acknowledged before is safe")
            }
            _ => None,
        };
        let failure = Self::usage(&error);
        hint.into_iter().fold(failure, Failure::hint)
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        let hint = error.hint();
        match error {
            KeyError::Disk(error) => error.into(),
            KeyError::Memory(error) => (*error).into(),
            error => hint.into_iter().fold(Self::usage(error), Failure::hint),
        }
    }
}

impl From<MemoryError> for Failure {
    fn from(error: MemoryError) -> Self {
        let hint = error.hint();
        let kind = match &error {
            MemoryError::Disk(_) | MemoryError::Busy { .. } | MemoryError::UnknownKey { .. } => Kind::Usage,
            MemoryError::Latched => Kind::Internal,
            _ => Kind::Broken,
        };
        match error {
            MemoryError::Disk(error) => error.into(),
            error => hint.into_iter().fold(Self::new(kind, error), Failure::hint),
        }
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        let message = error.to_string();
        match error {
            LogError::Disk(error) => error.into(),
            LogError::NoLedger(_) => Self::usage(message)
                .hint("name a ledger with `--ledger DIR` or ORETRAIL_LEDGER, or make one with `oretrail init`"),
            LogError::NoIdentity(_) => Self::new(Kind::Broken, message).hint(
                "put the file of a copy back, or write it again from entry 1, the `ledger` event; section 22.2 of FORMAT.md says how",
            ),
            LogError::NoCheckpoint(_) => Self::new(Kind::Broken, message).hint(
                "where the log's key and its signing memory are, the next event that is recorded writes it again; else put that of a copy back",
            ),
            LogError::LedgerExists(_) => Self::usage(message).hint("choose another folder"),
            LogError::Busy { .. } => Self::usage(message).hint("wait for the other process and try again"),
            LogError::Behind { .. } | LogError::Fork { .. } => Self::new(Kind::Broken, message).hint(
                "this looks like a ledger restored from a backup, or a copy; use the newest one, which holds what was signed",
            ),
            LogError::Step { step, cause } => from_any(cause, &format!("cannot {step}: ")),
            LogError::Latched(_) => Self::new(Kind::Internal, message),
            LogError::Rotation { .. } => Self::usage(message).hint("record what follows it as a batch of its own"),
            LogError::Batch { .. } => Self::usage(message).hint("divide the file into several batches"),
            LogError::Entry { .. } | LogError::Range { .. } => Self::usage(message),
            LogError::Identity { .. } | LogError::Checkpoint { .. } | LogError::Corrupt { .. } | LogError::Proof(_) => {
                Self::new(Kind::Broken, message).hint("`oretrail audit` says what else is damaged")
            }
        }
    }
}

impl From<PrivateError> for Failure {
    fn from(error: PrivateError) -> Self {
        match error {
            PrivateError::Disk(error) => error.into(),
            PrivateError::Cut(error) => (*error).into(),
            PrivateError::Unfit(_) => Self::usage(error),
            error => Self::new(Kind::Broken, error).hint("`oretrail audit` says what else is damaged"),
        }
    }
}

impl From<PartsError> for Failure {
    fn from(error: PartsError) -> Self {
        match error {
            PartsError::Disk(error) => error.into(),
            PartsError::View(error) => error.into(),
            PartsError::Source(_) => Self::usage(error),
            error @ PartsError::Damaged { .. } => Self::new(Kind::Broken, error)
                .hint("it says how far long batch files are recorded; once you know that of yours, move it away"),
            error @ PartsError::Json(_) => Self::new(Kind::Internal, error),
        }
    }
}

impl From<ContentError> for Failure {
    fn from(error: ContentError) -> Self {
        match error {
            ContentError::Disk(error) => error.into(),
            error @ ContentError::Damaged { .. } => Self::new(Kind::Broken, error),
            error => Self::usage(error),
        }
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Log(error) => error.into(),
            StateError::Private(error) => error.into(),
            StateError::View(error) => error.into(),
            StateError::Index(error) => error.into(),
            error @ StateError::Root { .. } => {
                Self::new(Kind::Broken, error).hint("`oretrail audit` says which entry is damaged")
            }
        }
    }
}

impl From<IndexError> for Failure {
    fn from(error: IndexError) -> Self {
        let kind = if error == IndexError::Busy { Kind::Usage } else { Kind::Internal };
        Self::new(kind, error).hint("`oretrail audit --rebuild` builds the index anew from the entries")
    }
}

impl From<ViewError> for Failure {
    fn from(error: ViewError) -> Self {
        Self::new(Kind::Internal, format_args!("cannot read the state of the ledger: {error}"))
            .hint("`oretrail audit --rebuild` builds the index anew from the entries")
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Log(error) => error.into(),
            OpenError::Private(error) => error.into(),
            OpenError::State(error) => error.into(),
        }
    }
}

impl From<AppendError> for Failure {
    fn from(error: AppendError) -> Self {
        let mut failure = Self::from(error.cause);
        failure.message = format!("{}; {}", failure.message, error.outcome);
        failure
    }
}

impl From<SnapshotError> for Failure {
    fn from(error: SnapshotError) -> Self {
        match error {
            SnapshotError::Log(error) => error.into(),
            SnapshotError::Private(error) => error.into(),
            SnapshotError::State(error) => error.into(),
            SnapshotError::View(error) => error.into(),
            SnapshotError::Statement(error) => Self::new(Kind::Internal, error),
            error @ SnapshotError::Entry { .. } => {
                Self::new(Kind::Broken, error).hint("`oretrail audit` says what is damaged")
            }
        }
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Log(error) => error.into(),
            PublishError::Disk(error) => error.into(),
            error => Self::usage(error).hint("publish each log into a folder of its own"),
        }
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        let message = error.to_string();
        match error {
            PlanError::View(error) => error.into(),
            PlanError::Sign(error) => from_signing(error),
            PlanError::Press { .. } => Self::usage(message),
            PlanError::Key(cause) => from_any(cause, ""),
            PlanError::Cosigner { purpose, kid, cause } => from_cosigner(purpose, kid, cause),
            PlanError::Seal(_) => Self::new(Kind::Broken, message)
                .hint("write the draft anew with `--prepare FILE`, and look at what is sent back"),
            PlanError::NoKey { .. } => Self::usage(message)
                .hint("`oretrail key list` shows the keys at hand, `--keys DIR` names another folder")
                .hint("name a key with `--key KEY`, or let a key sign this with `oretrail key add`"),
            PlanError::Entry { .. } => Self::new(Kind::Refused, message).hint(
                "use fewer lots or shorter texts an event: `oretrail split` and several dispatches divide a shipment",
            ),
            PlanError::ClockBehind { .. } => Self::usage(message).hint("set the clock of this machine"),
            PlanError::ClockAhead { .. } => {
                Self::usage(message).hint("set the clock of this machine, or say `--allow-clock-leap` if it is right")
            }
        }
    }
}

impl From<BatchError> for Failure {
    fn from(mut error: BatchError) -> Self {
        // A step that is not of a file is the command itself; its number says nothing.
        if error.at.line == 0 {
            error.at.step = None;
        }
        let hint = error.hint();
        if let Problem::Ambiguous { wanted, text, candidates } = &error.problem {
            let place = error.at.to_string();
            let place = if place.is_empty() { place } else { format!("{place}: ") };
            let message = format!("{place}expected {wanted}, found `{text}`, which may mean {}", candidates.len());
            let failure = candidates
                .iter()
                .fold(Self::usage(message), |failure, one| failure.hint(format_args!("{} is a {}", one.id, one.words)));
            return failure.hint("write more of the id, or its full length");
        }
        let kind = if matches!(error.problem, Problem::Lookup(_)) { Kind::Internal } else { Kind::Usage };
        hint.into_iter().fold(Self::new(kind, error), Failure::hint)
    }
}

impl From<PlayError> for Failure {
    fn from(error: PlayError) -> Self {
        match error {
            PlayError::Batch(error) => error.into(),
            PlayError::Recorder { at, error } => {
                let place = if at.is_empty() || at == "step 1" { String::new() } else { format!("{at}: ") };
                from_any(error, &place)
            }
            error => Self::new(Kind::Refused, error),
        }
    }
}

/// An event that was not signed; one that is too long is refused like one that breaks another rule.
fn from_signing(error: SignEventError) -> Failure {
    let SignEventError::Sign(SignError::Refused(JwsError::Long(found))) = error else {
        return Failure::usage(error);
    };
    let message = format!("expected an event of at most {MAX_JWS_BYTES} bytes, found one of {found}");
    Failure::new(Kind::Refused, message).hint(
        "divide it into events with fewer lots or shorter texts: `oretrail split` and several `oretrail dispatch` with one \
         `--shipment` divide a shipment",
    )
}

/// A key that must cosign is elsewhere, or cannot be used.
fn from_cosigner(purpose: Purpose, kid: KeyId, cause: AnyError) -> Failure {
    if matches!(cause.downcast_ref(), Some(KeyError::Unknown { .. })) {
        let message = format!("expected key {kid} on this machine, which must cosign as `{purpose}`, found none");
        return Failure::usage(message)
            .hint("write a draft with `--prepare FILE`, let its holder sign it with `oretrail cosign FILE`")
            .hint("what comes back is recorded with `oretrail record --cosigned FILE`");
    }
    from_any(cause, &format!("cannot cosign as `{purpose}`: "))
}

impl From<DraftError> for Failure {
    fn from(error: DraftError) -> Self {
        Self::new(Kind::Broken, format_args!("not a draft to be cosigned: {error}"))
            .hint("ask for the file again, or write it anew with `--prepare FILE`")
    }
}

/// The failure behind an error that lost its type on the way.
pub(crate) fn from_any(error: Box<dyn Error + Send + Sync>, place: &str) -> Failure {
    let error = match error.downcast::<PlanError>() {
        Ok(error) => return placed(place, (*error).into()),
        Err(error) => error,
    };
    let error = match error.downcast::<KeyError>() {
        Ok(error) => return placed(place, (*error).into()),
        Err(error) => error,
    };
    let error = match error.downcast::<MemoryError>() {
        Ok(error) => return placed(place, (*error).into()),
        Err(error) => error,
    };
    let error = match error.downcast::<ContentError>() {
        Ok(error) => return placed(place, (*error).into()),
        Err(error) => error,
    };
    let error = match error.downcast::<PrivateError>() {
        Ok(error) => return placed(place, (*error).into()),
        Err(error) => error,
    };
    let error = match error.downcast::<DiskError>() {
        Ok(error) => return placed(place, (*error).into()),
        Err(error) => error,
    };
    match error.downcast::<Failure>() {
        Ok(failure) => *failure,
        Err(error) => placed(place, Failure::new(Kind::Internal, error)),
    }
}

fn placed(place: &str, mut failure: Failure) -> Failure {
    failure.message = format!("{place}{}", failure.message);
    failure
}
