//! Recording through the library: a ledger in memory, a party, a site, and a lot of ore.
//!
//! `cargo run --example record` prints the events. A ledger on disk takes the same drafts: see `oretrail::ledger::Writer`.

use oretrail::finding::Finding;
use oretrail::interop::batch::{BatchReader, Format};
use oretrail::interop::play::{InMemory, Player};
use std::error::Error;
use std::io::Write as _;

const BATCH: &str = r#"
oretrail = "batch/1"
title = "A lot of ore"
simulated = true
ledger = { origin = "custody.example/log", operator = "registry" }
subject = "ore"

[[step]]
kind = "party"
as = "registry"
when = 2026-01-05T08:00:00Z
name = "Neutral Registry Ltd"
country = "IE"
roles = ["ledger-operator"]

[[step]]
kind = "party"
as = "mine"
when = 2026-01-05T09:00:00Z
name = "Example Mine Ltd"
country = "US"
roles = ["mine"]

[[step]]
kind = "facility"
as = "pit"
by = "mine"
when = 2026-01-05T10:00:00Z
code = "PIT-1"
name = "Example pit"
type = "mine"
country = "US"
geometry = { point = { lat = "35.48", lon = "-115.53" }, radius_m = 2000 }
processes = ["mine"]

[[step]]
kind = "source"
by = "mine"
when = 2026-01-06T16:00:00Z
facility = "pit"
source = "mined"
outputs = [{ name = "ore", form = "ore", quantity = "1200", composition = { TREO = "0.06", "Nd2O3/TREO" = "0.118" } }]
"#;

/// Plays the batch and prints what came of it.
pub fn main() -> Result<(), Box<dyn Error>> {
    let seed = [7; 32];
    let mut ledger = InMemory::new(seed);
    let reader = BatchReader::new(Format::Toml, BATCH.as_bytes())?;
    let mut player = Player::new(reader.header().clone(), &mut ledger, Some(seed), None)?;
    for step in reader {
        player.play(step?)?;
    }
    let subject = player.subject().ok_or("the batch makes no lot")?;
    let mut out = std::io::stdout();
    for planned in ledger.events() {
        let findings: Vec<String> = planned.findings.iter().map(Finding::to_string).collect();
        let event = planned.event();
        writeln!(out, "{} {} {}", planned.at.index, event.payload.kind(), event.id)?;
        findings.iter().try_for_each(|finding| writeln!(out, "  {finding}"))?;
    }
    writeln!(out, "lot {subject}")?;
    Ok(())
}
