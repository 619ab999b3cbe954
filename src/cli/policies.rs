//! The options by which a lot is judged by policies, for every verb that verifies.

use super::claims;
use super::error::{Failure, Kind};
use super::kept::read_text;
use super::policy::read_pack;
use crate::bundle::{PoliciesAsked, PolicyError, Verification};
use crate::envelope::MAX_JWS_BYTES;
use crate::policy::evaluate::answer::PolicyAnswer;
use crate::policy::exception::{Exception, ExceptionError};
use crate::policy::pack::{Pack, ParameterName, Settings};
use crate::value::Date;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Options about policies.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Policies")]
pub(crate) struct Policies {
    /// A policy to judge by: an id of `oretrail policy list`, or a file; may be repeated
    #[arg(long, value_name = "ID|FILE")]
    policy: Vec<String>,
    /// The day of delivery, which chooses the rules of a dated policy
    #[arg(long, value_name = "DATE")]
    pub(crate) delivery: Option<Date>,
    /// A signed exception file (`oretrail policy exception`); may be repeated
    #[arg(long, value_name = "FILE", requires = "policy")]
    exception: Vec<PathBuf>,
    /// A parameter of the policy, as elements=named-only or max_unproven_share=0.15; may be repeated
    #[arg(long, value_name = "NAME=VALUE", requires = "policy")]
    param: Vec<String>,
}

/// Policies that were read.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) packs: Vec<(Pack, Settings)>,
    delivery: Option<Date>,
    exceptions: Vec<String>,
    files: Vec<PathBuf>,
}

impl Policies {
    /// How many are asked about.
    pub(crate) fn count(&self) -> usize {
        self.policy.len()
    }

    /// The parameters given that a policy has, as `name=value`.
    pub(crate) fn set_for(&self, answer: &PolicyAnswer) -> BTreeSet<String> {
        let names = self.param.iter().filter_map(|text| text.split_once('=')?.0.parse::<ParameterName>().ok());
        names.filter_map(|name| Some(format!("{name}={}", answer.parameters.get(&name)?))).collect()
    }

    /// Whether the policies are asked about without parameters and exceptions.
    pub(crate) fn is_as_it_stands(&self) -> bool {
        self.param.is_empty() && self.exception.is_empty()
    }

    /// Reads packs, parameters and exception files.
    pub(crate) fn read(&self) -> Result<Read, Failure> {
        let given = self.param.iter().map(|text| parameter(text)).collect::<Result<Vec<_>, _>>()?;
        let packs = self.policy.iter().map(|named| read_pack(named)).collect::<Result<Vec<_>, _>>()?;
        if let Some(pack) = packs.iter().find(|pack| pack.is_dated()).filter(|_| self.delivery.is_none()) {
            return Err(Failure::usage(format_args!(
                "expected `--delivery DATE` with policy {}, found none",
                pack.file.id
            ))
            .hint("what a dated policy asks follows from the day of delivery, as --delivery 2027-01-15"));
        }
        for (name, _) in &given {
            if packs.iter().all(|pack| !pack.file.parameters.contains_key(name)) {
                return Err(Failure::usage(format_args!("expected a parameter of the policy, found `{name}`"))
                    .hint("`oretrail policy check` lists the parameters of a pack"));
            }
        }
        let with = |pack: Pack| {
            let mine: Vec<_> =
                given.iter().filter(|(name, _)| pack.file.parameters.contains_key(name)).cloned().collect();
            let settings =
                Settings::of(&pack.file, &mine).map_err(|error| Failure::usage(format_args!("--param: {error}")))?;
            Ok((pack, settings))
        };
        let packs: Vec<(Pack, Settings)> = packs.into_iter().map(with).collect::<Result<_, Failure>>()?;
        let exceptions = self.exception.iter().map(|file| exception(file, &packs)).collect::<Result<_, _>>()?;
        Ok(Read { packs, delivery: self.delivery, exceptions, files: self.exception.clone() })
    }
}

impl Read {
    /// What is asked.
    pub(crate) fn asked(&self) -> PoliciesAsked<'_> {
        PoliciesAsked { packs: &self.packs, delivery: self.delivery, exceptions: &self.exceptions }
    }

    /// Judges the subject of a verification by policies, and decides claims.
    pub(crate) fn judge(&self, verification: &mut Verification, claims: &claims::Read) -> Result<(), Failure> {
        let judged = if self.packs.is_empty() { Ok(()) } else { verification.judge(&self.asked()) };
        judged.and_then(|()| claims.answer(verification, self.asked())).map_err(|error| match error {
            PolicyError::View(error) => error.into(),
            PolicyError::Exception { number, error } => {
                let file = number.checked_sub(1).and_then(|at| self.files.get(at));
                let name = file.map_or_else(String::new, |file| file.display().to_string());
                Failure::new(Kind::Broken, format_args!("{name}: {error}"))
                    .hint("get the exception file again from who signed it")
            }
        })
    }
}

fn parameter(text: &str) -> Result<(ParameterName, String), Failure> {
    let (name, value) = text.split_once('=').ok_or_else(|| {
        Failure::usage(format_args!("expected a parameter such as `elements=named-only`, found `{text}`"))
    })?;
    let name = name.parse().map_err(|error| {
        Failure::usage(format_args!("--param: {error}")).hint("`oretrail policy check` lists the parameters of a pack")
    })?;
    Ok((name, value.to_owned()))
}

/// The text of an exception file for one of the packs.
fn exception(file: &Path, packs: &[(Pack, Settings)]) -> Result<String, Failure> {
    let text = read_text(file, MAX_JWS_BYTES as u64 + 2)?;
    let wrong = |problem: &dyn std::fmt::Display| {
        Failure::usage(format_args!("{}: {problem}", file.display()))
            .hint("`oretrail policy exception` makes an exception file; `oretrail schema exception` describes it")
    };
    let (exception, _) = Exception::parse(text.trim()).map_err(|error: ExceptionError| wrong(&error))?;
    if packs.iter().all(|(pack, _)| pack.file.id != exception.policy.id) {
        return Err(wrong(&format_args!(
            "expected an exception from a policy that is asked about, found one from {}",
            exception.policy.id
        )));
    }
    Ok(text)
}
