//! `key new`, `key list`, `key show`: key files of this machine.

use crate::cli::clock::patience;
use crate::cli::context::{Context, holder};
use crate::cli::error::{Done, Failure};
use crate::cli::output::{Rows, Tone};
use crate::cli::passphrase;
use crate::keys::memory::SigningMemory;
use crate::keys::{Cost, KeyEntry, KeyRole, KeyStore, NewKey, fresh_seed};
use crate::ledger::disk::RealDisk;
use crate::value::Text;
use serde_json::{Value, json};

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum RoleName {
    /// Signs a party's events
    Party,
    /// Signs a log's checkpoints
    Log,
    /// Signs key recoveries only; keep it offline
    Recovery,
}

impl From<RoleName> for KeyRole {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Party => Self::Party,
            RoleName::Log => Self::Log,
            RoleName::Recovery => Self::Recovery,
        }
    }
}

/// Make an Ed25519 key file (PKCS#8 PEM, encrypted with a passphrase, readable by `openssl pkey`).
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail key new mine-gate
  oretrail key new mine-recovery --role recovery --keys /media/offline")]
pub(crate) struct New {
    /// Name of the key: lower-case letters, digits, `.`, `_`, `-`
    name: String,
    /// What it is for
    #[arg(long, default_value = "party")]
    role: RoleName,
    /// Whatever helps to tell it from others
    #[arg(long, value_name = "TEXT")]
    comment: Option<Text>,
    /// Do not encrypt it: whoever can read the file can then sign in the party's name
    #[arg(long)]
    no_passphrase: bool,
}

impl New {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let new = NewKey {
            name: &self.name,
            role: self.role.into(),
            created: context.now()?,
            comment: self.comment,
            cost: Cost::default(),
        };
        let entry = create(context, &new, self.no_passphrase)?;
        if context.output.is_json() {
            context.output.json(&as_json(&entry))?;
        } else {
            let text =
                format!("key {} {}\nfile {}\n", entry.name, Tone::Dim.paint(entry.info.kid), entry.path.display());
            context.output.text(&text)?;
        }
        if !entry.encrypted {
            context.output.warning("the key is not encrypted: whoever can read its file can sign with it");
        }
        Ok(Done::Ok)
    }
}

/// Makes a key file and enters the key into the signing memory.
pub(crate) fn create(context: &Context, new: &NewKey<'_>, no_passphrase: bool) -> Result<KeyEntry, Failure> {
    let folder = context.keys_folder()?;
    let source = passphrase::source_for_new(context, no_passphrase)?;
    let seed = fresh_seed()?;
    let entry = KeyStore::new(&RealDisk, &folder).create(new, &seed, &source)?;
    let mut memory = SigningMemory::open(&RealDisk, &folder, &holder(), &mut patience())?;
    memory.enter(entry.info.kid)?;
    Ok(entry)
}

/// List the keys of this machine.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail key list --keys ./keys")]
pub(crate) struct List {}

impl List {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let keys = context.list_keys()?;
        if context.output.is_json() {
            context.output.json(&keys.iter().map(as_json).collect::<Vec<_>>())?;
            return Ok(Done::Ok);
        }
        let mut table = Rows::new(&["name", "role", "id", "party", "encrypted", "made", "comment"]);
        for key in keys {
            table.push(vec![
                key.name,
                role(key.info.role).to_owned(),
                key.info.kid.short(),
                key.info.party.map_or_else(|| "-".to_owned(), |party| party.short()),
                if key.encrypted { "yes" } else { "no" }.to_owned(),
                key.info.created.date().to_string(),
                key.info.comment.map_or_else(String::new, |comment| comment.to_string()),
            ]);
        }
        let empty = format!("no keys in {}", context.keys_folder()?.display());
        context.output.table(&table, &empty)?;
        Ok(Done::Ok)
    }
}

/// Show a key of this machine: its id and its public half.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail key show mine-gate")]
pub(crate) struct Show {
    /// The key: its name or the beginning of its id
    #[arg(allow_hyphen_values = true)]
    key: String,
}

impl Show {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let key = context.find_key(&self.key)?;
        if context.output.is_json() {
            context.output.json(&as_json(&key))?;
            return Ok(Done::Ok);
        }
        let mut table = Rows::new(&["", ""]);
        let mut row = |name: &str, value: String| table.push(vec![name.to_owned(), value]);
        row("name", key.name.clone());
        row("role", role(key.info.role).to_owned());
        row("id", key.info.kid.to_string());
        row("public key", serde_json::to_string(&key.info.key)?);
        row("party", key.info.party.map_or_else(|| "none yet".to_owned(), |party| party.to_string()));
        row("file", key.path.display().to_string());
        row("encrypted", if key.encrypted { "yes" } else { "no" }.to_owned());
        row("made", key.info.created.to_string());
        if let Some(comment) = &key.info.comment {
            row("comment", comment.to_string());
        }
        context.output.table(&table, "")?;
        Ok(Done::Ok)
    }
}

const fn role(role: KeyRole) -> &'static str {
    match role {
        KeyRole::Party => "party",
        KeyRole::Log => "log",
        KeyRole::Recovery => "recovery",
    }
}

fn as_json(entry: &KeyEntry) -> Value {
    json!({
        "name": entry.name,
        "role": role(entry.info.role),
        "kid": entry.info.kid,
        "key": entry.info.key,
        "party": entry.info.party,
        "created": entry.info.created,
        "comment": entry.info.comment,
        "encrypted": entry.encrypted,
        "file": entry.path,
    })
}
