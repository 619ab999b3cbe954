//! What a batch file says about itself, and what a scenario expects of whoever verifies it.

use crate::event::Verdict;
use crate::finding::Code;
use crate::value::{Date, Text};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// The value of `oretrail` in a header.
pub const FORMAT: &str = "batch/1";

/// What a batch file says about itself.
///
/// All members from `based_on` on are for simulated files only, and so is `ledger`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Format and version: `batch/1`.
    #[serde(deserialize_with = "format")]
    pub oretrail: String,
    /// Title.
    #[serde(default)]
    pub title: Option<String>,
    /// What it tells, for people.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether it carries its own clock and makes its own keys. Such a file is played into a new ledger only.
    #[serde(default)]
    pub simulated: bool,
    /// The ledger that a simulated file creates.
    #[serde(default)]
    pub ledger: Option<NewLedger>,
    /// Local name of the lot that the file is about.
    #[serde(default)]
    pub subject: Option<String>,
    /// Local name of the party the subject was dispatched to.
    #[serde(default)]
    pub recipient: Option<String>,
    /// The built-in scenario whose steps this file takes over, but for what it changes.
    #[serde(default)]
    pub based_on: Option<String>,
    /// Built-in scenarios whose departures from the ones they build on apply as well, before those of this file.
    #[serde(default)]
    pub together_with: Vec<String>,
    /// Names of steps of that scenario that are left out.
    #[serde(default)]
    pub without: Vec<String>,
    /// Steps of that scenario that happen earlier, so that there is time for others.
    #[serde(default)]
    pub earlier: Option<Earlier>,
    /// Letter of the case, in the list of scenarios.
    #[serde(default)]
    pub case: Option<String>,
    /// What the exporter withholds from the buyer, as `export --withhold` takes it.
    #[serde(default)]
    pub withhold: Vec<String>,
    /// Whom the buyer does not trust, and who is related to whom.
    #[serde(default)]
    pub trust: TrustHints,
    /// Breaches and warnings that the buyer's verification finds: these codes and no others.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub expect_found: Vec<Code>,
    /// Breaches that a replay of the log finds where the steps with `expect_refused` were recorded all the same.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub expect_doctored: Vec<Code>,
    /// Answers that the buyer gets.
    #[serde(default)]
    pub expect_verdict: Vec<ExpectedVerdict>,
}

impl Header {
    /// The policy that the buyer is asked about first, and the last day of delivery.
    #[must_use]
    pub fn last_delivery(&self) -> Option<(&str, Date)> {
        let asked = || self.expect_verdict.iter().filter_map(|asked| Some((asked.policy.as_deref()?, asked.delivery?)));
        let (policy, _) = asked().next()?;
        asked().filter(|(other, _)| *other == policy).max_by_key(|(_, delivery)| *delivery)
    }
}

/// Steps that happen earlier than in the scenario they are of; every time and date in them moves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Earlier {
    /// Name of the last of them; all before it are among them.
    pub until: String,
    /// By how many days.
    pub days: u32,
}

/// The ledger that a simulated file creates.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLedger {
    /// Origin of the log (C2SP tlog-checkpoint).
    pub origin: Text,
    /// Local name of its operator: the party that the first step registers.
    pub operator: String,
}

/// How the buyer's trust file departs from the usual one, which has everybody who grants accreditations.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustHints {
    /// Local names of parties that grant accreditations and are not trusted.
    #[serde(default)]
    pub except: Vec<String>,
    /// Groups of related parties.
    #[serde(default)]
    pub groups: Vec<RelatedParties>,
}

/// Parties that are related.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelatedParties {
    /// Name of the group.
    pub name: Text,
    /// Local names of its members.
    pub parties: Vec<String>,
}

/// A question that the buyer asks of the lineage file, and the answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedVerdict {
    /// Id of a policy; exactly one of `policy` and `claim`.
    #[serde(default)]
    pub policy: Option<String>,
    /// A claim, as `verify --claim` takes it.
    #[serde(default)]
    pub claim: Option<String>,
    /// When the goods are delivered, for a policy.
    #[serde(default)]
    pub delivery: Option<Date>,
    /// Parameters of the policy, as `verify --param` takes them.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
    /// The answer.
    pub verdict: Verdict,
    /// Texts that the reasons must hold.
    #[serde(default)]
    pub because: Vec<String>,
    /// Local names of steps, facilities or parties that the reasons must name.
    #[serde(default)]
    pub naming: Vec<String>,
}

fn format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let found = String::deserialize(deserializer)?;
    if found == FORMAT {
        return Ok(found);
    }
    Err(D::Error::custom(format_args!("expected `{FORMAT}`, found `{found}`")))
}
