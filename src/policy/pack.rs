//! Policy packs: procurement rules as dated data, in TOML (version 0).
//!
//! A pack says which lots it is about (families), which stages it speaks of (buckets), in which period of delivery dates
//! which countries are forbidden for which bucket (ranges with rules), how well a place must be evidenced for which element
//! (evidence), which custody models can show compliance at all, and what is excepted on which facts. A verifier may turn
//! the parameters that the pack declares, and no others. What a pack cannot say, it cannot ask.
//!
//! A pack is named by its id and the BLAKE3 of its file: whoever changes a letter has another pack.
//!
//! In scope: the form, reading it strictly ([`Pack::parse`]), the packs built in ([`built_in`]). Not in scope: judging a
//! lot by it ([`super::evaluate`]).
//!
//! ```toml
//! version = 0
//! id = "example-no-cn"
//! title = "No separation in China"
//! duty = "prohibition"
//! notice = "An example, and no legal advice."
//! custody_models = ["identity-preserved", "segregated"]
//!
//! [source]
//! authority = "Example Buyer"
//! clause = "General terms, 7"
//! edition = "2026-11"
//!
//! [[families]]
//! id = "ndfeb"
//! title = "NdFeB magnets"
//! forms = ["magnet"]
//! elements = ["Nd", "Fe", "B"]
//!
//! [[buckets]]
//! name = "separated"
//! stages = ["separated"]
//!
//! [[ranges]]
//! id = "always"
//! forbidden = ["CN"]
//! rules = [{ bucket = "separated" }]
//! ```

use crate::event::{CustodyModel, Form, PolicyRef, Process, RecycledKind, Stage};
use crate::policy::trail::{PlaceLevel, TimeLevel};
use crate::value::{Blake3, Country, Date, Decimal6, Element, Fraction, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

mod built_in;
mod check;
mod element_set;
mod names;
mod read;
mod settings;

pub use built_in::{built_in, find_built_in};
pub use element_set::ElementSet;
pub use names::{Duty, ExceptionKind, ParameterName, Passes, ScrapOrigin};
pub use read::PackError;
pub use settings::{HkMo, ParameterError, Scope, Settings, ValueError};

/// The largest pack, in bytes.
pub const MAX_PACK: usize = 1 << 20;

/// Where a pack comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Whose rule it is.
    pub authority: Text,
    /// Clause or section.
    pub clause: Text,
    /// Edition or state of the text.
    pub edition: Text,
}

/// A family of products that the rules are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Its name in this pack.
    pub id: Text,
    /// Its name for people.
    pub title: Text,
    /// A lot belongs to it if it has one of these forms …
    pub forms: Vec<Form>,
    /// … and lists all of these elements.
    pub elements: Vec<Element>,
    /// Elements that the rule names; `elements` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<Vec<Element>>,
}

impl Family {
    /// The elements that the rule names.
    #[must_use]
    pub fn named(&self) -> &[Element] {
        self.named.as_deref().unwrap_or(&self.elements)
    }
}

/// Stages under the name that rules use for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Its name in this pack.
    pub name: Text,
    /// Every process of these stages, and what is stated of them before material entered a ledger.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
    /// Further processes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<Process>,
    /// Processes of these stages that do not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Process>,
}

impl Bucket {
    /// Whether a process belongs to it.
    #[must_use]
    pub fn holds(&self, process: Process) -> bool {
        let by_stage = || crate::rules::data::facts(process).stage.is_some_and(|stage| self.stages.contains(&stage));
        self.processes.contains(&process) || (!self.except.contains(&process) && by_stage())
    }
}

/// How well a place and a time must be evidenced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// For these elements.
    pub elements: Vec<ElementSet>,
    /// In these buckets; in all where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<Text>,
    /// The least level of a place.
    pub place: PlaceLevel,
    /// The least level of a time; `declared` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeLevel>,
    /// The level at which stages before the material entered a ledger pass, which is never the holder's word; where absent
    /// they do not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<PlaceLevel>,
}

/// What is asked of one bucket in a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The bucket; the rule has its name.
    pub bucket: Text,
    /// Forbidden countries; those of the range where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forbidden: Option<Vec<Country>>,
    /// For these families; for all where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub families: Vec<Text>,
    /// Only steps through which all elements came that the family names: the making of the alloy and what follows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub together: bool,
    /// Which passes count; `every` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passes: Option<Passes>,
    /// With this text, what is found is worth a note and decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// An exception with the conditions that a rule has for it. Which conditions a kind takes: see FORMAT.md.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionRule {
    /// The kind.
    pub kind: ExceptionKind,
    /// Where the rule says so.
    pub clause: Text,
    /// For these families; for all where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub families: Vec<Text>,
    /// `cots`: not where covered material is at least this share of the weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered_share_below: Option<Fraction>,
    /// `cots`: not where tungsten is at least this share of the weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tungsten_share_below: Option<Fraction>,
    /// `cots`: whether mill products that are not built in are carved out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_mill_products: bool,
    /// `nonavailability`: the longest time from issue to expiry, in months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_months: Option<u16>,
    /// `threshold`: the greatest amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_amount: Option<Decimal6>,
    /// `threshold`: its currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Text>,
    /// `recycled`: where the steps must take place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<Country>,
    /// `recycled`: lists of processes; of each, one at least, and every one that occurs after the recycling, in `countries`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Vec<Process>>,
    /// `recycled`: the least evidence level of their places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceLevel>,
}

/// A period of delivery dates with its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Its name in this pack.
    pub id: Text,
    /// First day; no beginning where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// Last day; no end where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Says that days between the range before and this one are meant to have no rule.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gap_before: bool,
    /// Countries forbidden where a rule does not list its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forbidden: Vec<Country>,
    /// Rules, one for each bucket asked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// How the origin of scrap counts; `tested` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scrap_origin: Option<ScrapOrigin>,
    /// Exceptions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<ExceptionRule>,
}

impl Range {
    /// Whether a delivery on that day is in it.
    #[must_use]
    pub fn holds(&self, delivery: Date) -> bool {
        self.from.is_none_or(|from| from <= delivery) && self.until.is_none_or(|until| delivery <= until)
    }

    /// The countries that a rule of it forbids.
    #[must_use]
    pub fn forbidden<'a>(&'a self, rule: &'a Rule) -> &'a [Country] {
        rule.forbidden.as_deref().unwrap_or(&self.forbidden)
    }
}

/// Which recycled material is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recycled {
    /// What counts.
    pub kind: RecycledKind,
    /// Of which elements.
    pub elements: Vec<Element>,
    /// The least evidence level of the place where it was recovered.
    pub place: PlaceLevel,
}

/// A pack as its file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PackFile {
    /// The version of the form: 0.
    #[schemars(range(max = 0))]
    pub version: u8,
    /// Its id.
    pub id: Text,
    /// Its name for people.
    pub title: Text,
    /// What it asks.
    pub duty: Duty,
    /// That it is no legal advice; printed once with each verdict.
    pub notice: Text,
    /// What else to know of it, such as that the rule may change; printed with the notice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Text>,
    /// Custody models by which compliance can be shown at all; any where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custody_models: Vec<CustodyModel>,
    /// Whether a trusted auditor's summary settles the rules it names.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accepts_summaries: bool,
    /// Where it comes from.
    pub source: Source,
    /// What a verifier may set, with the value that counts otherwise; empty where there is none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<ParameterName, String>,
    /// Which recycled material is asked for (`recycled-content`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recycled: Option<Recycled>,
    /// Families of products.
    pub families: Vec<Family>,
    /// Buckets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<Bucket>,
    /// Evidence asked for; the first line that fits counts, `accredited` where none does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// Periods of delivery dates, in order.
    pub ranges: Vec<Range>,
}

/// A pack that was read, with the digest of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// What the file says.
    pub file: PackFile,
    /// BLAKE3 of the file.
    pub blake3: Blake3,
}

impl Pack {
    /// Its id and digest.
    #[must_use]
    pub fn reference(&self) -> PolicyRef {
        PolicyRef { id: self.file.id.clone(), blake3: self.blake3 }
    }

    /// That it is no legal advice, and what else it says of itself.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        std::iter::once(&self.file.notice).chain(&self.file.notes).map(ToString::to_string).collect()
    }

    /// Whether what it asks depends on the delivery date.
    #[must_use]
    pub fn is_dated(&self) -> bool {
        self.file.ranges.iter().any(|range| range.from.is_some() || range.until.is_some())
    }

    /// The range of a delivery date. A pack without dates has one range for every day.
    #[must_use]
    pub fn range(&self, delivery: Option<Date>) -> Option<&Range> {
        match delivery {
            Some(delivery) => self.file.ranges.iter().find(|range| range.holds(delivery)),
            None => self.file.ranges.first().filter(|_| !self.is_dated()),
        }
    }

    /// The first range that begins after a day.
    #[must_use]
    pub fn next_range(&self, delivery: Date) -> Option<&Range> {
        self.file.ranges.iter().find(|range| range.from.is_some_and(|from| from > delivery))
    }

    /// The bucket of a name; the reader has checked that every rule's exists.
    #[must_use]
    pub fn bucket(&self, name: &Text) -> Option<&Bucket> {
        self.file.buckets.iter().find(|bucket| bucket.name == *name)
    }
}

#[cfg(test)]
mod tests;
