//! Verifying a lineage file through the library: no ledger, no network, no clock.
//!
//! `cargo run --example verify -- FILE.lineage.json [trust.toml]`; without a file it verifies the example of `FORMAT.md`.

use oretrail::bundle::{Asked, UnverifiedBundle};
use oretrail::rules::trust::Trust;
use oretrail::value::Time;
use std::error::Error;
use std::io::Write as _;

/// The answers to the four questions, and how long the lineage is.
pub fn verify(file: &[u8], trust: &Trust, as_of: Time) -> Result<String, Box<dyn Error>> {
    let verification = UnverifiedBundle::read(file)?.verify(&Asked { trust, as_of, recipient: None })?;
    let mut text = String::new();
    for answer in &verification.report.verdicts {
        text.push_str(&format!("{:<14} {}\n", answer.verdict.as_str(), answer.question.words()));
    }
    if let Some(verified) = verification.bundle {
        let (events, subject) = (verified.lineage().events.len(), verified.subject());
        text.push_str(&format!("{events} events upstream of lot {subject}\n"));
    }
    Ok(text)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/example.lineage.json");
    let file = arguments.next().unwrap_or_else(|| example.to_owned());
    let trust = match arguments.next() {
        Some(path) => Trust::parse(&std::fs::read_to_string(path)?)?,
        None => Trust::nobody(),
    };
    let text = verify(&std::fs::read(file)?, &trust, "2026-12-31T00:00:00Z".parse()?)?;
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
