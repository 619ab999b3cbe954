//! Auditors who sign a completeness statement, beside the log or in its place.
//!
//! Whoever replayed a log up to a size knows its leaves as well as its operator does. An auditor's line under the statement
//! has the auditor's party id as its key name and an Ed25519 key of that party (signed-note type 0x01). It counts where the
//! verifier's trust file names the party as an auditor of that ledger, and either gives the key or the evidence shows it
//! in force: never because the bundle says so.
//!
//! Not in scope: what the statement says ([`super::statement`]), whether its leaves are all there ([`super::ledger`]).

use super::statement::Statement;
use crate::envelope::json::{self, JsonError, Numbers, Rules};
use crate::event::Kind;
use crate::finding::{Code, Finding};
use crate::rules::trust::Trust;
use crate::state::{Find, KeyRecord, ViewError};
use crate::tlog::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::tlog::note::{NoteError, SignedNote};
use crate::tlog::vkey::{KeyKind, KeyName, VerifierKey};
use crate::value::{LedgerId, PartyId, PublicKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The version of a statement file: 0.
pub const STATED_VERSION: u8 = 0;

/// The largest statement file, in bytes: two notes of the greatest length, escaped.
pub const MAX_STATED: usize = 4 << 20;

/// A completeness statement as an auditor hands it over, with the checkpoint that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatedFile {
    /// The version of the form: 0.
    pub v: u8,
    /// The checkpoint, as the log signed it.
    pub checkpoint: String,
    /// The signed note of the statement.
    pub statement: String,
}

/// Why bytes are no statement file.
#[derive(Debug, thiserror::Error)]
pub enum StatedError {
    /// Not the JSON that was expected.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Another version.
    #[error("expected version {STATED_VERSION}, found {0}")]
    Version(u8),
    /// A checkpoint that is none.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A note that is none.
    #[error("statement: {0}")]
    Note(#[from] NoteError),
    /// A statement that is none.
    #[error(transparent)]
    Statement(#[from] super::statement::StatementError),
    /// A statement about another state than the checkpoint.
    #[error(
        "expected a statement about the checkpoint, of size {checkpoint}, found one for size {statement} or another root"
    )]
    Apart {
        /// Size of the checkpoint.
        checkpoint: u64,
        /// Size of the statement.
        statement: u64,
    },
}

/// A statement file as read: its parts belong together; nothing is known of any signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The checkpoint.
    pub checkpoint: SignedCheckpoint,
    /// The signed note.
    pub note: SignedNote,
    /// What it says.
    pub statement: Statement,
}

impl StatedFile {
    /// Reads a statement file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Stated, StatedError> {
        let rules = Rules { depth: 1, numbers: Numbers::Exact, null: false, space: true };
        let file: Self = json::from_slice(bytes, &rules)?;
        if file.v != STATED_VERSION {
            return Err(StatedError::Version(file.v));
        }
        let checkpoint = SignedCheckpoint::parse(file.checkpoint.as_bytes())?;
        let note = SignedNote::parse(file.statement.as_bytes())?;
        let statement: Statement = note.unverified_text().parse()?;
        let head = checkpoint.unverified().head();
        if head != statement.log {
            return Err(StatedError::Apart { checkpoint: head.size, statement: statement.log.size });
        }
        Ok(Stated { checkpoint, note, statement })
    }
}

/// The key by which a party signs completeness statements; `None` never, as an id is a key name.
#[must_use]
pub fn auditor_key(party: PartyId, public: PublicKey) -> Option<VerifierKey> {
    let name: KeyName = party.to_string().parse().ok()?;
    Some(VerifierKey::new(name, KeyKind::Note, public))
}

/// The parties that a note says have signed it.
pub(super) fn named_in(note: &SignedNote) -> BTreeSet<PartyId> {
    note.signatures().iter().filter_map(|line| line.name.as_str().parse().ok()).collect()
}

/// Which of those who signed a statement are auditors of the ledger for this verifier, and what is wrong with their lines.
pub(super) fn trusted(
    note: &SignedNote,
    ledger: &LedgerId,
    trust: &Trust,
    state: &dyn Find,
) -> Result<(Vec<PartyId>, Vec<Finding>), ViewError> {
    let (mut signed, mut findings) = (Vec::new(), Vec::new());
    for party in named_in(note).into_iter().filter(|party| trust.is_auditor_of(party, ledger)) {
        let mut keys = trust.auditor_keys(&party);
        let in_force = |record: &KeyRecord| record.party == party && may_state(record);
        keys.extend(state.keys()?.into_iter().filter(|(_, record)| in_force(record)).map(|(_, record)| record.public));
        let checked = keys.into_iter().filter(|key| !trust.is_bad_key(&key.id())).filter_map(|key| {
            let key = auditor_key(party, key)?;
            Some(note.check_signature(&key))
        });
        let checked: Vec<Result<(), NoteError>> = checked.collect();
        if checked.iter().any(Result::is_ok) {
            signed.push(party);
        } else if let Some(error) = checked.into_iter().filter_map(Result::err).find(is_forged) {
            let expected = format!("a completeness statement signed by auditor {party}");
            findings.push(Finding::new(Code::BadCheckpoint, expected, error).on(party.into()));
        }
    }
    Ok((signed, findings))
}

/// A key that may sign whatever its party may, or was given to sign summaries.
fn may_state(record: &KeyRecord) -> bool {
    record.revoked.is_none() && record.scope.as_ref().is_none_or(|scope| scope.kinds.contains(&Kind::Summary))
}

const fn is_forged(error: &NoteError) -> bool {
    matches!(error, NoteError::Invalid { .. })
}
