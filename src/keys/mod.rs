//! Layer 6: private keys on disk and what they have signed.
//!
//! A key folder holds, per key, `<name>.pem` (PKCS#8, readable by `openssl pkey`) and `<name>.pub` (a JSON description
//! without secrets), and once for all of them the signing memory ([`memory`]), which is what keeps a key from signing two
//! histories. One key, one machine: gates, offices and hardware tokens each get a key of their own.
//!
//! In scope: formats, file modes, passphrases once they are known, what was signed last. Not in scope: asking a person
//! for a passphrase and finding the folder (`cli`), what a key is allowed to sign (`rules::chain`).

pub mod memory;
mod passphrase;
mod pem;
mod signers;
mod store;

pub use passphrase::{Ask, Passphrase, PassphraseSource};
pub use pem::Cost;
pub use signers::{KeysAtHand, Randomness};
pub use store::{KeyEntry, KeyInfo, KeyRole, KeyStore, NewKey, Seed, fresh_seed};

use crate::ledger::disk::DiskError;
use std::path::PathBuf;

/// Why a key cannot be made, found or opened.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A name that cannot be a file name everywhere.
    #[error(
        "expected a key name of 1 to 64 lower-case letters, digits, `.`, `_` or `-` beginning with a letter or digit, found `{0}`"
    )]
    Name(String),
    /// The name is taken.
    #[error("there is a key `{name}` in {} already; keys are never overwritten", folder.display())]
    Exists {
        /// The name.
        name: String,
        /// The key folder.
        folder: PathBuf,
    },
    /// The name is that of a key that was not finished, or whose key file was moved away.
    #[error("expected no key `{name}` in {}, found its description without its key file", folder.display())]
    Unfinished {
        /// The name.
        name: String,
        /// The key folder.
        folder: PathBuf,
    },
    /// No key of this name or id.
    #[error("expected the name of a key in {}, or the beginning of its id, found `{wanted}`", folder.display())]
    Unknown {
        /// What was looked for.
        wanted: String,
        /// The key folder.
        folder: PathBuf,
    },
    /// More than one key begins so.
    #[error("`{wanted}` is the beginning of several key ids: {}", candidates.join(", "))]
    Ambiguous {
        /// What was looked for.
        wanted: String,
        /// The keys it could be, as `name (id)`.
        candidates: Vec<String>,
    },
    /// Group or others have access to a secret file.
    #[error("{} is open to other users of this machine", .0.display())]
    OpenToOthers(PathBuf),
    /// The file is no key file.
    #[error("expected an Ed25519 private key in PKCS#8 PEM form in {}, found {found}", path.display())]
    NotAKey {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// The description beside the key does not fit it.
    #[error("expected the description of a key in {}, found {found}", path.display())]
    Description {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// The key is encrypted and no passphrase was given.
    #[error("{} is encrypted and no passphrase was given", .0.display())]
    PassphraseMissing(PathBuf),
    /// The passphrase does not open the key.
    #[error("the passphrase given does not open {}", .0.display())]
    PassphraseWrong(PathBuf),
    /// A passphrase that cannot be used.
    #[error("expected a passphrase of 1 to 1,024 bytes of text, found {0}")]
    PassphraseForm(&'static str),
    /// Asking for the passphrase failed.
    #[error("cannot ask for the passphrase of {path}: {cause}", path = path.display())]
    Prompt {
        /// The key file it was for.
        path: PathBuf,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
    /// Somebody else changes the folder right now.
    #[error("the key folder is in use: {} is held by {holder}", path.display())]
    Busy {
        /// The lock file.
        path: PathBuf,
        /// Who holds it, as far as known.
        holder: String,
    },
    /// The new key could not be entered into the signing memory.
    #[error(transparent)]
    Memory(Box<memory::MemoryError>),
    /// The system gave no random bytes.
    #[error("no random bytes from the system: {0}")]
    NoRandomness(getrandom::Error),
    /// The key could not be encoded or encrypted.
    #[error("cannot encode the key: {0}")]
    Encode(pkcs8::Error),
}

impl From<memory::MemoryError> for KeyError {
    fn from(error: memory::MemoryError) -> Self {
        Self::Memory(Box::new(error))
    }
}

impl KeyError {
    /// What the user can do about it, where something can be said.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::OpenToOthers(path) => Some(format!("chmod 600 {}", path.display())),
            Self::PassphraseMissing(_) => Some(
                "set ORETRAIL_PASSPHRASE, name a file with the passphrase, or run at a terminal to be asked".to_owned(),
            ),
            Self::PassphraseWrong(_) => {
                Some("try again; nobody can recover a passphrase, a recovery key replaces the key".to_owned())
            }
            Self::Exists { .. } => Some("choose another name".to_owned()),
            Self::Unfinished { name, .. } => Some(format!(
                "choose another name; or remove {name}.pub, if an interrupted `key new` or `init` left it (and not you, \
                 by moving {name}.pem away)"
            )),
            Self::Unknown { .. } => Some("`oretrail key list` shows the keys of the folder".to_owned()),
            Self::Memory(error) => error.hint().map(str::to_owned),
            Self::Ambiguous { .. } => Some("give more characters, or the name".to_owned()),
            _ => None,
        }
    }
}
