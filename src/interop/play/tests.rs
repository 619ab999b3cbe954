//! The scenarios of `examples/`, played in memory.

use super::*;
use crate::interop::batch::{BatchReader, Format};

const MAGNET: &str = include_str!("../../../examples/scenarios/magnet.toml");

fn play(text: &str) -> Result<(InMemory, Vec<Played>, Option<LotId>), PlayError> {
    let reader = BatchReader::new(Format::Toml, text.as_bytes())?;
    let mut recorder = InMemory::new([7; 32]);
    let mut player = Player::new(reader.header().clone(), &mut recorder, Some([7; 32]), None)?;
    let mut played = Vec::new();
    for step in reader {
        played.extend(player.play(step?)?);
    }
    let subject = player.subject();
    Ok((recorder, played, subject))
}

#[test]
fn the_magnet_scenario_plays_without_a_finding() {
    let (_, played, subject) = play(MAGNET).unwrap_or_else(|error| panic!("{error}"));
    assert!(subject.is_some());
    for step in &played {
        assert!(step.findings.is_empty(), "{}: {}", step.step, listed(&step.findings));
    }
}
