//! Passphrases: where they come from, and that they do not linger.

use super::KeyError;
use crate::ledger::disk::{Disk, read_whole};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A passphrase; its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// The longest passphrase in bytes.
    pub const MAX_BYTES: usize = 1024;

    /// Takes a passphrase as it is: of 1 to 1,024 bytes.
    pub fn new(text: String) -> Result<Self, KeyError> {
        let text = Zeroizing::new(text);
        match text.len() {
            0 => Err(KeyError::PassphraseForm("none")),
            1..=Self::MAX_BYTES => Ok(Self(text)),
            _ => Err(KeyError::PassphraseForm("more")),
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// What a passphrase is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// To encrypt a new key; a prompt has it typed twice.
    New,
    /// To open an existing key.
    Existing,
}

/// Asks a person for the passphrase of a key file.
pub type Prompt<'a> = dyn Fn(&Path, Ask) -> std::io::Result<String> + 'a;

/// Where the passphrase of a key comes from.
pub enum PassphraseSource<'a> {
    /// From nowhere: new keys are not encrypted, encrypted ones cannot be opened.
    None,
    /// Given beforehand, as by an environment variable.
    Given(Passphrase),
    /// The first line of a file that only its owner may read.
    File(PathBuf),
    /// A person is asked, and only if there is need.
    Prompt(&'a Prompt<'a>),
}

impl PassphraseSource<'_> {
    /// The passphrase for a key file; `None` where there is no source.
    pub(super) fn get(&self, disk: &dyn Disk, key: &Path, ask: Ask) -> Result<Option<Passphrase>, KeyError> {
        match self {
            Self::None => Ok(None),
            Self::Given(passphrase) => Ok(Some(passphrase.clone())),
            Self::File(path) => first_line(disk, path).map(Some),
            Self::Prompt(prompt) => {
                let typed = prompt(key, ask).map_err(|cause| KeyError::Prompt { path: key.to_owned(), cause })?;
                Passphrase::new(typed).map(Some)
            }
        }
    }
}

impl std::fmt::Debug for PassphraseSource<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Given(_) => "Given(…)",
            Self::File(_) => "File(…)",
            Self::Prompt(_) => "Prompt(…)",
        })
    }
}

fn first_line(disk: &dyn Disk, path: &Path) -> Result<Passphrase, KeyError> {
    refuse_open_to_others(disk, path)?;
    let bytes = Zeroizing::new(read_whole(disk, path, 64 * 1024)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| KeyError::PassphraseForm("other bytes"))?;
    Passphrase::new(text.lines().next().unwrap_or_default().to_owned())
}

/// Refuses a secret file that other users of the machine can read or write.
pub(super) fn refuse_open_to_others(disk: &dyn Disk, path: &Path) -> Result<(), KeyError> {
    match disk.metadata(path)? {
        Some(metadata) if metadata.open_to_others => Err(KeyError::OpenToOthers(path.to_owned())),
        _ => Ok(()),
    }
}
