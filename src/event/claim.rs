//! Claims: testable statements about a lot. What decides them is not in this module.

use super::process::{CustodyModel, Process, Stage};
use crate::value::closed_enum::closed_enum;
use crate::value::{Blake3, Country, Date, Element, FacilityId, Fraction, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

closed_enum!(
    /// Which recycled material counts.
    RecycledKind, "a recycled kind", {
        PostConsumer = "post-consumer", "from products after their use";
        PreConsumer = "pre-consumer", "from production scrap of others";
        Any = "any", "either";
    }
);

/// A typed statement about a lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Statement {
    /// An element came from these countries, at least to this share.
    Origin {
        /// The element.
        element: Element,
        /// The countries.
        countries: Vec<Country>,
        /// The least share by mass.
        min_share: Fraction,
    },
    /// A stage or process took place only in these countries.
    ProcessedIn {
        /// The stage; exactly one of stage and process.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stage: Option<Stage>,
        /// The process.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        process: Option<Process>,
        /// The countries.
        countries: Vec<Country>,
    },
    /// A stage or process took place in none of these countries.
    NotProcessedIn {
        /// The stage; at most one of stage and process, every stage where neither is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stage: Option<Stage>,
        /// The process.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        process: Option<Process>,
        /// The countries.
        countries: Vec<Country>,
    },
    /// A process took place at this facility.
    Facility {
        /// The facility.
        facility: FacilityId,
        /// The process; the one that made the lot where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        process: Option<Process>,
    },
    /// At least this share is recycled.
    RecycledContent {
        /// The element; total tracked mass where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        element: Option<Element>,
        /// Which recycled material counts.
        kind: RecycledKind,
        /// The least share by mass.
        min_share: Fraction,
    },
    /// The custody model is at least this.
    CustodyModel {
        /// The model.
        at_least: CustodyModel,
    },
    /// Every step took place at an accredited site.
    AccreditedChain {},
    /// A specification is met.
    Spec {
        /// Name of the specification.
        spec: Text,
        /// BLAKE3 of its file.
        digest: Blake3,
    },
    /// A procurement policy is complied with.
    Complies {
        /// Id of the policy pack.
        policy: Text,
        /// BLAKE3 of its file.
        digest: Blake3,
        /// Delivery date.
        delivery: Date,
    },
}
