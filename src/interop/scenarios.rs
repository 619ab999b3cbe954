//! The scenarios that come with the program.

/// A scenario: a simulated batch under a name.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its file, in TOML.
    pub text: &'static str,
}

/// All scenarios; the first is the default.
pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "magnet", text: include_str!("../../examples/scenarios/magnet.toml") },
    Scenario { name: "refusals", text: include_str!("../../examples/scenarios/refusals.toml") },
];

/// The scenario of a name.
#[must_use]
pub fn named(name: &str) -> Option<Scenario> {
    SCENARIOS.iter().copied().find(|scenario| scenario.name == name)
}
