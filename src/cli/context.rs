//! Global options, and what they come to: where the ledger and the keys are, how to print, what time it is.

use super::clock;
use super::error::Failure;
use super::output::{Color, Output};
use crate::keys::{KeyEntry, KeyStore};
use crate::ledger::disk::RealDisk;
use crate::ledger::private::Noticed;
use crate::value::{PartyId, Time};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The file that makes a folder a ledger.
const LEDGER_FILE: &str = "oretrail.toml";

/// Options of every verb.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Folder of the ledger; by default the current folder or the nearest one above that holds a ledger
    #[arg(long, global = true, value_name = "DIR", env = "ORETRAIL_LEDGER", hide_env_values = true)]
    ledger: Option<PathBuf>,
    /// Folder of the keys; by default `oretrail/keys` in the user's data folder
    #[arg(long, global = true, value_name = "DIR", env = "ORETRAIL_KEYS", hide_env_values = true)]
    keys: Option<PathBuf>,
    /// File whose first line is the passphrase of the keys; by default `ORETRAIL_PASSPHRASE`, or else it is asked for
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long, global = true)]
    json: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
    /// No progress and no remarks on stderr, only errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// The time to take for now, for tests and rehearsals
    #[arg(long, global = true, value_name = "TIME", env = "ORETRAIL_NOW", hide = true)]
    now: Option<Time>,
}

impl Global {
    /// `--ledger`, if given.
    pub(crate) fn ledger_given(&self) -> Option<PathBuf> {
        self.ledger.clone()
    }
}

/// What verbs work with.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) global: Global,
    pub(crate) output: Output,
    /// What the readers of this run notice.
    noticed: RefCell<Vec<Noticed>>,
}

fn each_met(noticed: &Noticed) -> impl Iterator<Item = (PathBuf, u64)> + use<> {
    let path = noticed.path().to_owned();
    noticed.take().into_iter().map(move |offset| (path.clone(), offset))
}

impl Context {
    pub(crate) fn new(global: Global) -> Self {
        let output = Output::new(global.json, global.quiet, global.color);
        Self { global, output, noticed: RefCell::default() }
    }

    /// Private values that are being read: what cannot be read of them is to be told.
    pub(crate) fn watch(&self, noticed: &Noticed) {
        self.noticed.borrow_mut().push(noticed.clone());
    }

    /// Tells what could not be read of private values, once.
    pub(crate) fn tell_noticed(&mut self) {
        let met: BTreeSet<(PathBuf, u64)> = self.noticed.borrow().iter().flat_map(each_met).collect();
        let mut met = met.into_iter().peekable();
        while let Some((path, first)) = met.next() {
            let more = std::iter::from_fn(|| met.next_if(|(other, _)| *other == path)).count();
            let more = if more > 0 { format!(", and at {more} more") } else { String::new() };
            let place = format!("offset {first}{more} of {}", path.display());
            self.output.warning(&format!("private values at {place} cannot be read; they are taken to be withheld"));
            self.output.hint("`oretrail audit` says of which events, where that can be known");
        }
    }

    /// Now.
    pub(crate) fn now(&self) -> Result<Time, Failure> {
        clock::now(self.global.now)
    }

    /// The folder for keys.
    pub(crate) fn keys_folder(&self) -> Result<PathBuf, Failure> {
        use etcetera::BaseStrategy as _;
        if let Some(folder) = &self.global.keys {
            return Ok(folder.clone());
        }
        let base = etcetera::choose_base_strategy().map_err(|_| {
            Failure::usage("expected a home folder for the keys, found none")
                .hint("name a folder with `--keys DIR` or ORETRAIL_KEYS")
        })?;
        Ok(base.data_dir().join("oretrail").join("keys"))
    }

    /// The key folder.
    pub(crate) fn store(&self) -> Result<KeyStore<'static>, Failure> {
        Ok(KeyStore::new(&RealDisk, &self.keys_folder()?))
    }

    /// The keys of the folder, by name.
    pub(crate) fn list_keys(&self) -> Result<Vec<KeyEntry>, Failure> {
        Ok(self.store()?.list()?)
    }

    /// The key of this name, or the one whose id begins so.
    pub(crate) fn find_key(&self, wanted: &str) -> Result<KeyEntry, Failure> {
        Ok(self.store()?.find(wanted)?)
    }

    /// Writes down which party a key signs for.
    pub(crate) fn set_key_party(&self, key: &KeyEntry, party: PartyId) -> Result<(), Failure> {
        Ok(self.store()?.set_party(key, party)?)
    }

    /// The id of a key of this machine, or the text as it is, which may name a key of the ledger.
    pub(crate) fn key_id(&self, wanted: &str) -> String {
        self.find_key(wanted).map_or_else(|_| wanted.to_owned(), |key| key.info.kid.to_string())
    }

    /// Whether a ledger is named, or one is found upwards from the current folder.
    pub(crate) fn has_ledger(&self) -> bool {
        self.ledger_folder().is_ok()
    }

    /// The ledger's folder, which must exist.
    pub(crate) fn ledger_folder(&self) -> Result<PathBuf, Failure> {
        if let Some(folder) = &self.global.ledger {
            return Ok(folder.clone());
        }
        let here = std::env::current_dir()
            .map_err(|error| Failure::usage(format_args!("cannot tell the current folder: {error}")))?;
        find_upwards(&here).ok_or_else(|| {
            Failure::usage(format_args!("expected a ledger in {} or a folder above, found none", here.display()))
                .hint("name one with `--ledger DIR` or ORETRAIL_LEDGER, or make one with `oretrail init`")
        })
    }
}

/// What this process says of itself in lock files.
pub(crate) fn holder() -> String {
    format!("process {}", std::process::id())
}

fn find_upwards(from: &Path) -> Option<PathBuf> {
    from.ancestors().find(|folder| folder.join(LEDGER_FILE).is_file()).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_ledger_above_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        assert_eq!(find_upwards(&inner), None);
        std::fs::write(folder.path().join(LEDGER_FILE), "").unwrap();
        assert_eq!(find_upwards(&inner), Some(folder.path().to_owned()));
        std::fs::write(folder.path().join("a").join(LEDGER_FILE), "").unwrap();
        assert_eq!(find_upwards(&inner), Some(folder.path().join("a")));
    }
}
