//! `party`: registers parties and lists them.

use super::archive::Archive;
use super::choice::one_of;
use super::context::Context;
use super::error::{Done, Failure};
use super::notations::REGISTRY;
use super::output::Rows;
use super::recorder;
use super::recording::{Body, Period, Recording};
use super::show;
use crate::event::{Kind, Role};
use clap::Subcommand;
use serde_json::{Value, json};

/// Register a party, list parties, show one.
///
/// A registration is not replaced: keys are rotated, values that can be withheld are corrected (`correct`), and a firm that becomes
/// another one registers anew, whereupon lots are dispatched to it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail party list")]
pub(crate) struct Party {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Register(Box<Register>),
    List(List),
    Show(Show),
}

impl Party {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        match self.action {
            Action::Register(verb) => verb.run(context),
            Action::List(verb) => verb.run(context),
            Action::Show(verb) => show::show_party(context, &verb.party),
        }
    }
}

/// What a registration says of a party.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PartyOptions {
    /// Country of registration (ISO 3166-1, two letters)
    #[arg(long, value_name = "CC")]
    country: String,
    /// What it does; may be repeated
    #[arg(long, value_delimiter = ',', value_parser = one_of!(Role))]
    role: Vec<String>,
    /// Postal address
    #[arg(long, value_name = "TEXT")]
    address: Option<String>,
    /// Legal Entity Identifier (ISO 17442)
    #[arg(long, value_name = "LEI")]
    lei: Option<String>,
    /// GS1 Global Location Number
    #[arg(long, value_name = "GLN")]
    gln: Option<String>,
    /// CAGE or NCAGE code
    #[arg(long, value_name = "CAGE")]
    cage: Option<String>,
    /// US Unique Entity Identifier
    #[arg(long, value_name = "UEI")]
    uei: Option<String>,
    /// Number in a register of companies, as 'authority="Companies House" number=01234567'
    #[arg(long, value_name = "REGISTRY")]
    registry: Option<String>,
    /// A person to write to
    #[arg(long, value_name = "TEXT")]
    contact: Option<String>,
    /// The recovery key whose thumbprint is registered: its name or id
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    recovery: Option<String>,
}

impl PartyOptions {
    /// Adds a role where none is given.
    pub(crate) fn add_role(&mut self, role: &str) {
        if self.role.is_empty() {
            self.role.push(role.to_owned());
        }
    }

    /// The body of a registration under a key.
    pub(crate) fn body(&self, context: &Context, name: &str, key: Value) -> Result<Body, Failure> {
        let registry = self.registry.as_ref().map(|text| REGISTRY.read(text).map(Value::Object)).transpose()?;
        Ok(Body::new()
            .with("name", Some(name))
            .with("country", Some(self.country.clone()))
            .with("address", self.address.clone())
            .list("roles", self.role.clone())
            .with("lei", self.lei.clone())
            .with("gln", self.gln.clone())
            .with("cage", self.cage.clone())
            .with("uei", self.uei.clone())
            .with("registry", registry)
            .with("contact", self.contact.clone())
            .with("key", Some(key))
            .with("recovery", self.recovery.as_ref().map(|recovery| context.key_id(recovery))))
    }
}

/// Register a party with its first key, which signs the registration and has every scope.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  oretrail party register 'Sundown Carbonate LLC' --country US \\
      --role mine,separator --key mine-gate --recovery mine-recovery \\
      --lei 9999EXAMPLEMINE00182")]
struct Register {
    /// Legal name
    name: String,
    #[command(flatten)]
    party: PartyOptions,
    #[command(flatten)]
    recording: Recording,
}

impl Register {
    fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let key = self.recording.key.as_ref().ok_or_else(|| {
            Failure::usage("expected the key to register, found no `--key`")
                .hint("make one with `oretrail key new NAME`, then say `--key NAME`")
        })?;
        let key = context.find_key(key)?;
        if self.party.role.is_empty() {
            return Err(Failure::usage("expected what the party does, found no `--role`")
                .hint("say `--role ROLE`; `oretrail party register --help` lists the roles"));
        }
        let body = self.party.body(context, &self.name, serde_json::to_value(key.info.key)?)?;
        let steps = self.recording.step_by(context, Kind::Party, &Period::default(), body)?;
        recorder::record_for_key(context, &self.recording, steps, Some(&key))
    }
}

/// List the registered parties.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail party list --json")]
struct List {}

impl List {
    fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let archive = Archive::open(context)?;
        let mut parties = archive.find().parties()?;
        parties.sort_by(|(_, one), (_, other)| one.name.cmp(&other.name));
        if context.output.is_json() {
            let as_json = |(id, party): &(_, crate::state::PartyRecord)| json!({ "id": id, "name": party.name, "country": party.country, "recovery": party.recovery });
            context.output.json(&parties.iter().map(as_json).collect::<Vec<_>>())?;
            return Ok(Done::Ok);
        }
        let mut table = Rows::new(&["id", "name", "country", "recovery key"]);
        for (id, party) in parties {
            let recovery = party.recovery.map_or_else(|| "none".to_owned(), |recovery| recovery.short());
            table.push(vec![id.short(), party.name.to_string(), party.country.to_string(), recovery]);
        }
        context.output.table(&table, "no parties are registered")?;
        Ok(Done::Ok)
    }
}

/// Show a party: registration, keys, facilities.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail party show 'Sundown Carbonate LLC'")]
struct Show {
    /// The party: its name or the beginning of its id
    party: String,
}
