//! `policy exception`: a signed file with the facts of a purchase that a policy excepts.

use super::archive::Archive;
use super::context::Context;
use super::error::{Done, Failure};
use super::export::write_file;
use super::failures::from_any;
use super::policy::read_pack;
use super::recorder::open_keys;
use crate::keys::KeyEntry;
use crate::ledger::Signers as _;
use crate::ledger::disk::RealDisk;
use crate::policy::exception::Exception;
use crate::policy::pack::ExceptionKind;
use crate::value::{LotId, PartyId, Text};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Sign the facts of a purchase that a policy excepts, for `oretrail verify --exception`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Kinds and their facts:
  cots               end_item=PART basis=TEXT item=end-item unmodified=true
                     covered_share=0.02 tungsten_share=0
                     (item is end-item, bare-magnet or mill-product)
  electronic-device  end_item=PART basis=TEXT contract_excludes=false
  nonavailability    determination=NUMBER scope=individual form=TEXT
                     properties=TEXT issued=DATE expires=DATE document=BLAKE3
  threshold          amount=120000 currency=USD
  outside-use        bought_in=DE used_in=JP
  defence-or-space   end_item=PART purpose=defence

Example:
  oretrail policy exception threshold --policy us-dfars-252.225-7052 \\
      --contract HD-26-117 -o small.jws amount=120000 currency=USD")]
pub(super) struct Make {
    /// The kind, see below
    kind: ExceptionKind,
    /// The facts, as key=value words
    #[arg(value_name = "KEY=VALUE")]
    facts: Vec<String>,
    /// The policy: an id of `oretrail policy list`, or a file
    #[arg(long, value_name = "ID|FILE")]
    policy: String,
    /// Number of the contract
    #[arg(long, value_name = "NUMBER")]
    contract: Text,
    /// A lot that it is about: a full id, or a lot of the ledger; may be repeated, any lot of the contract without it
    #[arg(long, value_name = "LOT")]
    lot: Vec<String>,
    /// Full id of the party that signs; by default that of the key
    #[arg(long, value_name = "PARTY")]
    by: Option<PartyId>,
    /// The key to sign with: its name or the beginning of its id; by default the only one of a party
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    key: Option<String>,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
}

impl Make {
    pub(super) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let pack = read_pack(&self.policy)?;
        let key = self.find_key(context)?;
        let by = self.by.or(key.info.party).ok_or_else(|| {
            Failure::usage("expected the party that signs, found no `--by` and a key of no registered party")
                .hint("say `--by` with the full id of the party")
        })?;
        let lots = self.lot.iter().map(|lot| find_lot(context, lot)).collect::<Result<Vec<LotId>, _>>()?;
        let payload = json!({
            "v": 0,
            "by": by,
            "at": context.now()?,
            "policy": pack.reference(),
            "contract": self.contract,
            "lots": lots,
            "facts": facts(self.kind, &self.facts)?,
        });
        let exception: Exception = serde_json::from_value(payload).map_err(|error| {
            Failure::usage(format_args!("the facts of `{}`: {error}", self.kind))
                .hint("`oretrail policy exception --help` lists the facts of each kind")
        })?;
        let folder = context.keys_folder()?;
        let disk = RealDisk;
        let mut keys = open_keys(context, &disk, &folder)?;
        let secret = keys.key(&key.info.kid).map_err(|cause| from_any(cause, ""))?;
        let text = exception.sign(&secret).map_err(Failure::usage)?;
        write_file(&self.out, format!("{text}\n").as_bytes())?;
        if context.output.is_json() {
            context.output.json(&exception)?;
        } else {
            context.output.remark(&format!(
                "wrote {}, exception `{}` from {}",
                self.out.display(),
                self.kind,
                pack.file.id
            ));
        }
        Ok(Done::Ok)
    }

    fn find_key(&self, context: &Context) -> Result<KeyEntry, Failure> {
        if let Some(key) = &self.key {
            return context.find_key(key);
        }
        let mut keys = context.list_keys()?;
        keys.retain(|key| key.info.party.is_some() && self.by.is_none_or(|by| key.info.party == Some(by)));
        match <[KeyEntry; 1]>::try_from(keys) {
            Ok([only]) => Ok(only),
            Err(keys) => Err(Failure::usage(format_args!("expected one key of a party, found {}", keys.len()))
                .hint("name a key with `--key KEY`; `oretrail key list` shows the keys at hand")),
        }
    }
}

fn find_lot(context: &Context, text: &str) -> Result<LotId, Failure> {
    match text.parse() {
        Ok(id) => Ok(id),
        Err(_) => Archive::open(context)?.lot_id(text),
    }
}

/// The facts as members: words, except for what is said to be or not to be.
fn facts(kind: ExceptionKind, words: &[String]) -> Result<Value, Failure> {
    let mut members = Map::from_iter([("kind".to_owned(), json!(kind))]);
    for word in words {
        let (name, value) = word.split_once('=').ok_or_else(|| {
            Failure::usage(format_args!("expected a fact such as `end_item=EI-4711`, found `{word}`"))
                .hint("`oretrail policy exception --help` lists the facts of each kind")
        })?;
        let value = match value {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            text => Value::from(text),
        };
        if members.insert(name.to_owned(), value).is_some() {
            return Err(Failure::usage(format_args!("expected `{name}` once, found it twice")));
        }
    }
    Ok(Value::Object(members))
}
