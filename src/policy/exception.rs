//! Exception files: a buyer's signed word on the facts of a purchase that a rule excepts (version 0).
//!
//! A compact JWS under the header of events with `typ` `oretrail-exception+jws`; its payload is an [`Exception`]. What is
//! said of the *material* is never taken from it: that is for the lineage. Which exceptions a rule knows, and on which
//! conditions, its policy pack says; [`admits`] compares.
//!
//! In scope: form, facts, conditions. Not in scope: whose keys count, which the verifier settles ([`SignedException::standing`]).
//! Does not establish that the facts are true.

use crate::envelope::{Jws, JwsError, SignError, Typ, sign_jws};
use crate::event::PolicyRef;
use crate::policy::pack::{ExceptionKind, ExceptionRule};
use crate::value::closed_enum::closed_enum;
use crate::value::{Blake3, Country, Date, Decimal6, Fraction, KeyId, LotId, PartyId, PublicKey, Text, Time};
use ed25519_dalek::SigningKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

closed_enum!(
    /// What is bought off the shelf.
    ItemKind, "a kind of item", {
        EndItem = "end-item", "an end item that contains the material";
        BareMagnet = "bare-magnet", "the magnet itself";
        MillProduct = "mill-product", "bar, block, sheet and the like, not built into anything";
    }
);

closed_enum!(
    /// For how many purchases a determination holds.
    DeterminationScope, "a scope of a determination", {
        Individual = "individual", "one contract";
        Class = "class", "a class of contracts";
    }
);

closed_enum!(
    /// What a product is designed for.
    DesignPurpose, "a purpose of a design", {
        Defence = "defence", "defence";
        Space = "space", "space";
    }
);

/// The facts of a purchase that one kind of exception asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Facts {
    /// Commercially available off the shelf.
    Cots {
        /// Part number of the end item.
        end_item: Text,
        /// Why it is commercial and sold in substantial quantities.
        basis: Text,
        /// What is bought.
        item: ItemKind,
        /// Whether it is offered without modification.
        unmodified: bool,
        /// Share of covered material by weight.
        covered_share: Fraction,
        /// Share of tungsten by weight.
        tungsten_share: Fraction,
    },
    /// An electronic device.
    ElectronicDevice {
        /// Part number of the end item.
        end_item: Text,
        /// How it works, so that it is one.
        basis: Text,
        /// Whether the contract says that the exception does not hold.
        contract_excludes: bool,
    },
    /// A determination that compliant material is not available.
    Nonavailability {
        /// Its number.
        determination: Text,
        /// For what it holds.
        scope: DeterminationScope,
        /// The form of the material that is not available.
        form: Text,
        /// Its properties.
        properties: Text,
        /// When it was made.
        issued: Date,
        /// Its last day.
        expires: Date,
        /// BLAKE3 of the document.
        document: Blake3,
    },
    /// A purchase at or below a threshold.
    Threshold {
        /// The amount.
        amount: Decimal6,
        /// Its currency (ISO 4217).
        currency: Text,
    },
    /// Bought abroad for use abroad.
    OutsideUse {
        /// Where it is bought.
        bought_in: Country,
        /// Where it is used.
        used_in: Country,
    },
    /// Primarily designed for defence or space.
    DefenceOrSpace {
        /// Part number of the product.
        end_item: Text,
        /// What it is designed for.
        purpose: DesignPurpose,
    },
}

impl Facts {
    /// The exception.
    #[must_use]
    pub const fn kind(&self) -> ExceptionKind {
        match self {
            Self::Cots { .. } => ExceptionKind::Cots,
            Self::ElectronicDevice { .. } => ExceptionKind::ElectronicDevice,
            Self::Nonavailability { .. } => ExceptionKind::Nonavailability,
            Self::Threshold { .. } => ExceptionKind::Threshold,
            Self::OutsideUse { .. } => ExceptionKind::OutsideUse,
            Self::DefenceOrSpace { .. } => ExceptionKind::DefenceOrSpace,
        }
    }
}

/// The payload of an exception file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The version of the form: 0.
    #[schemars(range(max = 0))]
    pub v: u8,
    /// Who says so.
    pub by: PartyId,
    /// When.
    pub at: Time,
    /// The policy pack that it is from: another edition of it may ask for other facts.
    pub policy: PolicyRef,
    /// Number of the contract.
    pub contract: Text,
    /// The lots; any delivered under the contract where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<LotId>,
    /// The facts.
    pub facts: Facts,
}

/// Why a file is no exception file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExceptionError {
    /// Not the form.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// Not such a payload.
    #[error("in the payload: {0}")]
    Payload(String),
    /// Another version.
    #[error("expected version 0, found {0}")]
    Version(u8),
    /// The signature is not by that key.
    #[error("expected a signature by key {0}, found one that does not verify")]
    Signature(KeyId),
}

/// An exception file whose signature verifies under a key of the party that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedException {
    /// What it says.
    pub exception: Exception,
    /// BLAKE3 of the file.
    pub blake3: Blake3,
    /// Why the party's word does not count, where it does not.
    pub standing: Result<(), String>,
}

impl Exception {
    /// Reads a file without believing it: its payload, and the key that is said to have signed.
    ///
    /// # Errors
    /// Not that form, an unknown member, another version.
    pub fn parse(text: &str) -> Result<(Self, KeyId), ExceptionError> {
        let jws = Jws::parse(text, Typ::Exception)?;
        let payload = jws.payload()?;
        let exception: Self =
            serde_json::from_str(payload).map_err(|error| ExceptionError::Payload(error.to_string()))?;
        if exception.v != 0 {
            return Err(ExceptionError::Version(exception.v));
        }
        Ok((exception, jws.kid()))
    }

    /// Whether a text that [`Self::parse`] reads is signed by this key.
    ///
    /// # Errors
    /// Not that form, or not signed by it.
    pub fn verify(text: &str, key: &PublicKey) -> Result<(), ExceptionError> {
        let jws = Jws::parse(text, Typ::Exception)?;
        if jws.verify(key) { Ok(()) } else { Err(ExceptionError::Signature(key.id())) }
    }

    /// The file, signed; it has been read back and verified.
    ///
    /// # Errors
    /// A reader would refuse it.
    pub fn sign(&self, key: &SigningKey) -> Result<String, SignError> {
        // A value of this type has no map with other keys than text, so writing it cannot fail.
        sign_jws(Typ::Exception, key, &serde_json::to_string(self).unwrap_or_default())
    }
}

/// Whether an exception meets the conditions that a rule has for it: in a sentence, on what it rests or why it does not.
///
/// # Errors
/// It does not.
pub fn admits(
    rule: &ExceptionRule,
    file: &SignedException,
    lot: Option<LotId>,
    delivery: Option<Date>,
) -> Result<String, String> {
    let exception = &file.exception;
    file.standing.clone()?;
    if !exception.lots.is_empty() && !lot.is_some_and(|lot| exception.lots.contains(&lot)) {
        return Err("the file names other lots than this one".to_owned());
    }
    let facts = conditions(rule, &exception.facts, delivery)?;
    Ok(format!(
        "{facts} (contract {}, as signed by party {} on {})",
        exception.contract,
        exception.by,
        exception.at.date()
    ))
}

fn conditions(rule: &ExceptionRule, facts: &Facts, delivery: Option<Date>) -> Result<String, String> {
    match facts {
        Facts::Cots { end_item, unmodified, item, covered_share, tungsten_share, .. } => {
            cots(rule, *item, *unmodified, *covered_share, *tungsten_share)?;
            Ok(format!("end item {end_item} is commercially available off the shelf, unmodified"))
        }
        Facts::ElectronicDevice { contract_excludes: true, .. } => {
            Err("the contract says that the exception for electronic devices does not hold".to_owned())
        }
        Facts::ElectronicDevice { end_item, .. } => Ok(format!("end item {end_item} is an electronic device")),
        Facts::Nonavailability { determination, issued, expires, .. } => {
            determined(rule, *issued, *expires, delivery)?;
            Ok(format!("determination {determination} says that compliant material is not available, until {expires}"))
        }
        Facts::Threshold { amount, currency } => {
            let (most, expected) = (rule.most_amount, rule.currency.as_ref());
            if Some(currency) != expected {
                let expected = expected.map_or("none", |currency| currency.as_str());
                return Err(format!("expected an amount in {expected}, found one in {currency}"));
            }
            match most {
                Some(most) if *amount <= most => Ok(format!("the purchase is of {amount} {currency}, at most {most}")),
                Some(most) => Err(format!("expected a purchase of at most {most} {currency}, found one of {amount}")),
                None => Err("the policy names no threshold".to_owned()),
            }
        }
        Facts::OutsideUse { bought_in, used_in } => match [bought_in, used_in].iter().find(|c| c.code() == "US") {
            Some(_) => {
                Err(format!("expected purchase and use outside the United States, found {bought_in} and {used_in}"))
            }
            None => Ok(format!("bought in {bought_in} for use in {used_in}")),
        },
        Facts::DefenceOrSpace { end_item, purpose } => {
            Ok(format!("product {end_item} is primarily designed for {purpose}"))
        }
    }
}

fn cots(
    rule: &ExceptionRule,
    item: ItemKind,
    unmodified: bool,
    covered: Fraction,
    tungsten: Fraction,
) -> Result<(), String> {
    if !unmodified {
        return Err("expected an item that is offered without modification, found a modified one".to_owned());
    }
    if item == ItemKind::MillProduct && rule.no_mill_products {
        return Err("a mill product that is not built in is carved out from the exception".to_owned());
    }
    // A bare magnet is covered material altogether, whatever the file says of its share.
    let covered = if item == ItemKind::EndItem { covered } else { Fraction::ONE };
    for (limit, share, what) in
        [(rule.covered_share_below, covered, "covered material"), (rule.tungsten_share_below, tungsten, "tungsten")]
    {
        if let Some(limit) = limit.filter(|limit| share >= *limit) {
            return Err(format!("expected less than {limit} of {what} by weight, found {share}"));
        }
    }
    Ok(())
}

fn determined(rule: &ExceptionRule, issued: Date, expires: Date, delivery: Option<Date>) -> Result<(), String> {
    if let Some(delivery) = delivery.filter(|delivery| *delivery > expires || *delivery < issued) {
        return Err(format!("the determination holds from {issued} to {expires}, not for a delivery on {delivery}"));
    }
    if expires < issued {
        return Err(format!("the determination of {issued} is said to have expired on {expires}"));
    }
    match rule.most_months {
        Some(most) if months(issued, expires) > i64::from(most) => {
            Err(format!("expected a waiver of at most {most} months, found one from {issued} to {expires}"))
        }
        _ => Ok(()),
    }
}

/// Months from one day to another, begun ones counted.
fn months(from: Date, to: Date) -> i64 {
    let parts = |date: Date| {
        let text = date.to_string();
        let mut parts = text.split('-').map(|part| part.parse::<i64>().unwrap_or(0));
        (parts.next().unwrap_or(0) * 12 + parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    };
    let ((from, from_day), (to, to_day)) = (parts(from), parts(to));
    to - from + i64::from(to_day > from_day)
}

#[cfg(test)]
mod tests;
