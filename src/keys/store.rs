//! The key folder: creating, listing, finding and opening keys.

use super::KeyError;
use super::memory::SigningMemory;
use super::passphrase::{Ask, PassphraseSource, refuse_open_to_others};
use super::pem::{self, Cost, MAX_PEM_BYTES};
use crate::envelope::json::{self, Rules};
use crate::ledger::disk::{
    Access, Disk, LockGuard, TryLock, create_dirs, read_if_present, read_whole, replace_durably,
};
use crate::value::{Jwk, KeyId, PartyId, PublicKey, Text, Time};
use ed25519_dalek::SigningKey;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The secret half of a key: 32 random bytes.
pub type Seed = Zeroizing<[u8; 32]>;

/// Takes a seed from the system's random source.
pub fn fresh_seed() -> Result<Seed, KeyError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(KeyError::NoRandomness)?;
    Ok(seed)
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyRole {
    /// Signs a party's events.
    Party,
    /// Signs a log's checkpoints.
    Log,
    /// Signs key recoveries only, and is kept offline.
    Recovery,
}

/// The description of a key, `<name>.pub`: nothing secret, and nothing that a verifier would trust.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyInfo {
    /// The key's id.
    pub kid: KeyId,
    /// The public key.
    pub key: Jwk,
    /// What it is for.
    pub role: KeyRole,
    /// When it was made, by this machine's clock.
    pub created: Time,
    /// The party it signs for, once registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<PartyId>,
    /// Whatever helps to tell it from others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Text>,
}

/// A key of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyEntry {
    /// Its name.
    pub name: String,
    /// Its key file.
    pub path: PathBuf,
    /// Its description.
    pub info: KeyInfo,
    /// Whether the key file is encrypted.
    pub encrypted: bool,
}

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewKey<'a> {
    /// Its name in the folder.
    pub name: &'a str,
    /// What it is for.
    pub role: KeyRole,
    /// Now.
    pub created: Time,
    /// Whatever helps to tell it from others.
    pub comment: Option<Text>,
    /// How much work it shall be to try a passphrase.
    pub cost: Cost,
}

/// A folder of keys.
pub struct KeyStore<'d> {
    disk: &'d dyn Disk,
    folder: PathBuf,
}

impl<'d> KeyStore<'d> {
    /// Keys in a folder, which is created with the first key.
    #[must_use]
    pub fn new(disk: &'d dyn Disk, folder: &Path) -> Self {
        Self { disk, folder: folder.to_owned() }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes a key file and its description and enters the key into the signing memory, all durable; with a passphrase
    /// source, the file is encrypted. Never overwrites.
    ///
    /// # Errors
    /// Among others, the signing memory is in use, also by this process.
    pub fn create(
        &self,
        new: &NewKey<'_>,
        seed: &Seed,
        passphrase: &PassphraseSource<'_>,
    ) -> Result<KeyEntry, KeyError> {
        check_name(new.name)?;
        create_dirs(self.disk, &self.folder)?;
        let _lock = self.lock()?;
        let path = self.path(new.name, "pem");
        let exists = || KeyError::Exists { name: new.name.to_owned(), folder: self.folder.clone() };
        if self.disk.metadata(&path)?.is_some() {
            return Err(exists());
        }
        if self.disk.metadata(&self.path(new.name, "pub"))?.is_some() {
            return Err(KeyError::Unfinished { name: new.name.to_owned(), folder: self.folder.clone() });
        }
        let key = SigningKey::from_bytes(seed);
        let passphrase = passphrase.get(self.disk, &path, Ask::New)?;
        let text = pem::encode(&key, passphrase.as_ref(), new.cost)?;
        let public = PublicKey::from(&key);
        let info = KeyInfo {
            kid: public.id(),
            key: public.into(),
            role: new.role,
            created: new.created,
            party: None,
            comment: new.comment.clone(),
        };
        // The key file last: it is never found without its description and memory.
        self.write_info(new.name, &info)?;
        SigningMemory::open(self.disk, &self.folder, "a new key", &mut || false)?.enter(info.kid)?;
        replace_durably(self.disk, &path, text.as_bytes(), Access::OwnerOnly)?;
        Ok(KeyEntry { name: new.name.to_owned(), path, info, encrypted: passphrase.is_some() })
    }

    /// All keys, by name. A description whose key file is missing (not finished, or moved away) is not a key.
    pub fn list(&self) -> Result<Vec<KeyEntry>, KeyError> {
        if self.disk.metadata(&self.folder)?.is_none() {
            return Ok(Vec::new());
        }
        let names = self.disk.list(&self.folder)?;
        let keys = names.iter().filter_map(|file| file.strip_suffix(".pem")).filter(|name| check_name(name).is_ok());
        keys.map(|name| self.entry(name)).collect()
    }

    /// The key of this name, or else the one key whose id begins so (at least 4 characters).
    pub fn find(&self, wanted: &str) -> Result<KeyEntry, KeyError> {
        let unknown = || KeyError::Unknown { wanted: wanted.chars().take(80).collect(), folder: self.folder.clone() };
        if check_name(wanted).is_ok() && self.disk.metadata(&self.path(wanted, "pem"))?.is_some() {
            return self.entry(wanted);
        }
        if wanted.len() < 4 {
            return Err(unknown());
        }
        let mut found = self.list()?;
        found.retain(|entry| entry.info.kid.to_string().starts_with(wanted));
        match (found.pop(), found.len()) {
            (Some(entry), 0) => Ok(entry),
            (Some(last), _) => {
                let named = |entry: &KeyEntry| format!("{} ({})", entry.name, entry.info.kid);
                let candidates = found.iter().chain([&last]).map(named).collect();
                Err(KeyError::Ambiguous { wanted: wanted.to_owned(), candidates })
            }
            (None, _) => Err(unknown()),
        }
    }

    /// Opens a key; the passphrase is asked for only if it is encrypted.
    pub fn open(&self, entry: &KeyEntry, passphrase: &PassphraseSource<'_>) -> Result<SigningKey, KeyError> {
        refuse_open_to_others(self.disk, &entry.path)?;
        let text = Zeroizing::new(read_whole(self.disk, &entry.path, MAX_PEM_BYTES)?);
        let key = pem::decode(&entry.path, &text, || passphrase.get(self.disk, &entry.path, Ask::Existing))?;
        if PublicKey::from(&key) == entry.info.key.x {
            return Ok(key);
        }
        let found = format!("that of another key, {}", entry.info.kid);
        Err(KeyError::Description { path: self.path(&entry.name, "pub"), found })
    }

    /// Writes down which party a key signs for.
    pub fn set_party(&self, entry: &KeyEntry, party: PartyId) -> Result<(), KeyError> {
        let _lock = self.lock()?;
        let info = KeyInfo { party: Some(party), ..entry.info.clone() };
        self.write_info(&entry.name, &info)
    }

    fn entry(&self, name: &str) -> Result<KeyEntry, KeyError> {
        let path = self.path(name, "pem");
        let described = self.path(name, "pub");
        let wrong = |found: String| KeyError::Description { path: described.clone(), found };
        let text =
            read_if_present(self.disk, &described, MAX_PEM_BYTES)?.ok_or_else(|| wrong("no such file".to_owned()))?;
        let info: KeyInfo = json::from_slice(&text, &Rules::FILE).map_err(|error| wrong(error.to_string()))?;
        if info.kid != info.key.id() {
            return Err(wrong(format!("the id {} with a key whose id is {}", info.kid, info.key.id())));
        }
        let encrypted = pem::is_encrypted(&Zeroizing::new(read_whole(self.disk, &path, MAX_PEM_BYTES)?));
        Ok(KeyEntry { name: name.to_owned(), path, info, encrypted })
    }

    fn write_info(&self, name: &str, info: &KeyInfo) -> Result<(), KeyError> {
        let path = self.path(name, "pub");
        let mut text = serde_json::to_string_pretty(info)
            .map_err(|error| KeyError::Description { path: path.clone(), found: error.to_string() })?;
        text.push('\n');
        Ok(replace_durably(self.disk, &path, text.as_bytes(), Access::Shared)?)
    }

    fn path(&self, name: &str, suffix: &str) -> PathBuf {
        self.folder.join(format!("{name}.{suffix}"))
    }

    fn lock(&self) -> Result<LockGuard, KeyError> {
        let path = self.folder.join("lock");
        match self.disk.try_lock(&path, "a change of the key folder")? {
            TryLock::Held(guard) => Ok(guard),
            TryLock::Busy { holder } => Err(KeyError::Busy { path, holder }),
        }
    }
}

fn check_name(name: &str) -> Result<(), KeyError> {
    let fine = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'.' | b'_' | b'-');
    let first = name.bytes().next().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if first && name.len() <= 64 && name.bytes().all(fine) {
        return Ok(());
    }
    Err(KeyError::Name(name.chars().take(80).collect()))
}

#[cfg(test)]
mod tests;
