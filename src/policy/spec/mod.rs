//! Specifications: what a material must measure, in TOML (version 0).
//!
//! A specification says which lots it is about (form and elements), and limits for analytes, each on a stated basis, or for
//! magnetic properties, each in a unit, perhaps by certain methods. It says where it comes from. There are no
//! floating-point numbers; values are decimal strings, compared exactly.
//!
//! *The basis matters.* "Dy₂O₃ 99.5 %" in trade means 99.5 % of the rare-earth oxides (`REO/TREO`), not of the material
//! (`absolute`): with 99.0 % TREO it is 98.5 % of the material. A value on another basis is converted where the same assay
//! states the total that it refers to, and is not compared otherwise.
//!
//! In scope: the form, reading it strictly ([`Spec::parse`]), those built in ([`built_in`]), checking a lineage by one
//! ([`check`](check::check)). Not in scope: whether a laboratory is competent, whether a certificate is complete, whether
//! magnetic properties can occur together: review finds that, and the check repeats it.
//!
//! ```toml
//! version = 0
//! id = "dy-oxide-995"
//! title = "Dysprosium oxide 99.5 %"
//! source = "general knowledge"
//! forms = ["oxide"]
//! elements = ["Dy"]
//!
//! [[limits]]
//! analyte = "Dy2O3"
//! basis = "REO/TREO"
//! unit = "%"
//! least = "99.5"
//! ```

use crate::event::{Form, Method};
use crate::value::closed_enum::closed_enum;
use crate::value::{Analyte, Basis, Blake3, Decimal6, Element, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod answer;
mod built_in;
pub mod check;
mod measured;
mod read;
mod sound;
#[cfg(test)]
mod tests;
mod unit;

pub use answer::{LimitAnswer, SpecAnswer, SpecLot, SpecRef, Value};
pub use built_in::{built_in, find_built_in};
pub use read::SpecError;
pub use unit::Unit;

/// The largest specification, in bytes.
pub const MAX_SPEC: usize = 1 << 20;

closed_enum!(
    /// A magnetic property or the density of a magnet.
    Property, "a property such as `br`", {
        Br = "br", "remanence Br";
        Hcb = "hcb", "coercivity HcB";
        Hcj = "hcj", "intrinsic coercivity HcJ";
        Bhmax = "bhmax", "maximum energy product BHmax";
        Density = "density", "density";
    }
);

closed_enum!(
    /// How a measured value is held against a limit (ISO/IEC 17025:2017, 7.8.6: a statement of conformity names its rule).
    DecisionRule, "a decision rule", {
        Simple = "simple", "the value alone decides";
        GuardBand = "guard-band", "the value and its expanded uncertainty lie within the limits";
    }
);

/// One limit, for an analyte or a property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The analyte; exactly one of analyte and property.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyte: Option<Analyte>,
    /// What the fraction is a fraction of; exactly with an analyte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// The property.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<Property>,
    /// The temperature of the measurement in °C; with a property.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<Decimal6>,
    /// The unit of the limits.
    pub unit: Unit,
    /// The least that conforms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<Decimal6>,
    /// The most that conforms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<Decimal6>,
    /// Methods that count; any where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<Method>,
    /// Where this limit comes from, where it is not the source of the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Text>,
}

/// A specification file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpecFile {
    /// The version of the form: 0.
    pub version: u8,
    /// Its name: letters, digits, dots, dashes.
    pub id: Text,
    /// Its title.
    pub title: Text,
    /// Where it comes from: a standard with its edition, or `general knowledge`.
    pub source: Text,
    /// It is about lots of one of these forms …
    pub forms: Vec<Form>,
    /// … that list all of these elements; where a limit is on the basis of the rare earths, none of these may be outweighed by
    /// a rare earth that is not among them.
    pub elements: Vec<Element>,
    /// How values are held against limits.
    #[serde(default = "simple", skip_serializing_if = "is_simple")]
    pub decision_rule: DecisionRule,
    /// The limits.
    pub limits: Vec<Limit>,
}

const fn simple() -> DecisionRule {
    DecisionRule::Simple
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_simple(rule: &DecisionRule) -> bool {
    *rule == DecisionRule::Simple
}

/// A specification with the digest of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// What it says.
    pub file: SpecFile,
    /// BLAKE3 of the file.
    pub blake3: Blake3,
}

impl Spec {
    /// By id and content.
    #[must_use]
    pub fn reference(&self) -> SpecRef {
        SpecRef { id: self.file.id.clone(), blake3: self.blake3 }
    }
}

impl Limit {
    /// In words: `Dy2O3 at least 99.5 % REO/TREO`.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = match (self.analyte, self.property) {
            (Some(analyte), _) => analyte.to_string(),
            (_, Some(property)) => property.words().rsplit(' ').next().unwrap_or("").to_owned(),
            _ => String::new(),
        };
        let unit = self.unit;
        match (self.least, self.most) {
            (Some(least), Some(most)) => words.push_str(&format!(" {least} to {most} {unit}")),
            (Some(least), None) => words.push_str(&format!(" at least {least} {unit}")),
            (None, Some(most)) => words.push_str(&format!(" at most {most} {unit}")),
            (None, None) => {}
        }
        if let Some(basis) = self.basis {
            words.push_str(&format!(" {basis}"));
        }
        if let Some(temperature) = self.temperature {
            words.push_str(&format!(" at {temperature} °C"));
        }
        words
    }
}
