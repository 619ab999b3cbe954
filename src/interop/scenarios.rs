//! The scenarios that come with the program.

use super::batch::{self, BatchError, Header, Step};

/// A scenario: a simulated batch under a name.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its file, in TOML.
    pub text: &'static str,
}

impl Scenario {
    /// Its header and its steps, those that it takes over from another scenario included.
    pub fn read(&self) -> Result<(Header, Vec<Step>), BatchError> {
        read(self.text)
    }
}

macro_rules! scenarios {
    ($($name:literal),* $(,)?) => {
        &[$(Scenario { name: $name, text: include_str!(concat!("../../examples/scenarios/", $name, ".toml")) }),*]
    };
}

/// All scenarios; the first is the default.
pub const SCENARIOS: &[Scenario] = scenarios![
    "magnet",
    "documented-iron",
    "cn-dysprosium",
    "dysprosium-left-out",
    "cn-ferroboron",
    "cn-metal",
    "cn-melt",
    "recycled-us",
    "recycled-token",
    "swarf-in-estonia",
    "swarf-of-cn-melt",
    "neodymium-gain",
    "unanswered-dispatch",
    "double-spend",
    "forked-feed",
    "misplaced-site",
    "mass-balance",
    "untrusted-accreditor",
    "withheld-masses",
    "opening-stock",
    "samarium-cobalt",
    "blended-origins",
    "recycled-content",
    "continuous",
    "half-and-half",
    "tolling",
    "refusals",
];

/// The scenario of a name.
#[must_use]
pub fn named(name: &str) -> Option<Scenario> {
    SCENARIOS.iter().copied().find(|scenario| scenario.name == name)
}

/// Header and steps of the text of a scenario, which may build on one that comes with the program.
pub fn read(text: &str) -> Result<(Header, Vec<Step>), BatchError> {
    batch::scenario(text, &|name| named(name).map(|scenario| scenario.text))
}
