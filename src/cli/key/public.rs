//! The public half of a new key: one of this machine, or one of another by its description.

use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::envelope::json::{self, Rules};
use crate::keys::{KeyEntry, KeyInfo};
use crate::ledger::disk::{RealDisk, read_whole};
use crate::value::Jwk;
use serde_json::Value;
use std::path::Path;

/// The largest description that is read, in bytes.
const MAX_DESCRIPTION: u64 = 65_536;

/// A key that an event is to introduce.
#[derive(Debug)]
pub(super) struct PublicHalf {
    pub(super) key: Jwk,
    /// The key, where it is one of this machine.
    pub(super) at_hand: Option<KeyEntry>,
}

impl PublicHalf {
    /// The key of this machine that a text names, or that whose description (`.pub` file) or JWK is in a file.
    pub(super) fn find(context: &Context, wanted: &str) -> Result<Self, Failure> {
        let path = Path::new(wanted);
        match context.find_key(wanted) {
            Ok(entry) => return Ok(Self { key: entry.info.key, at_hand: Some(entry) }),
            Err(failure) if !path.is_file() => return Err(failure),
            Err(_) => {}
        }
        let bytes = read_whole(&RealDisk, path, MAX_DESCRIPTION)?;
        let info = json::from_slice::<KeyInfo>(&bytes, &Rules::FILE);
        let key = match info {
            Ok(info) if info.kid == info.key.id() => info.key,
            Ok(_) => return Err(wrong(path, &"a key under the id of another")),
            Err(error) => json::from_slice::<Jwk>(&bytes, &Rules::FILE).map_err(|_| wrong(path, &error))?,
        };
        let at_hand = context.list_keys()?.into_iter().find(|entry| entry.info.key == key);
        Ok(Self { key, at_hand })
    }

    /// It, as an event holds it.
    pub(super) fn jwk(&self) -> Result<Value, Failure> {
        Ok(serde_json::to_value(self.key)?)
    }
}

fn wrong(path: &Path, found: &dyn std::fmt::Display) -> Failure {
    Failure::usage(format_args!("expected the description of a key in {}, found: {found}", path.display()))
        .hint("it is the `.pub` file beside the key on its machine; the `.pem` file never leaves it")
}
