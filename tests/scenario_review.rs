//! The scenario from mine to magnet, reviewed: no warning, whether nobody or every issuer of an accreditation is trusted.

#[cfg(test)]
mod scenario {
    use oretrail::event::{Body, Scheme};
    use oretrail::finding::{Finding, Severity};
    use oretrail::interop::batch::{BatchReader, Format};
    use oretrail::interop::play::{InMemory, Player};
    use oretrail::rules::review::{Facts, ReviewContext, review};
    use oretrail::rules::trust::{Authority, Trust};
    use oretrail::state::{Position, View};
    use oretrail::value::{LedgerId, PartyId, Time};
    use std::collections::BTreeSet;

    const MAGNET: &str = include_str!("../examples/scenarios/magnet.toml");

    fn play() -> InMemory {
        let reader = BatchReader::new(Format::Toml, MAGNET.as_bytes()).unwrap();
        let mut recorder = InMemory::new([7; 32]);
        let mut player = Player::new(reader.header().clone(), &mut recorder, Some([7; 32]), None).unwrap();
        for step in reader {
            player.play(step.unwrap()).unwrap();
        }
        recorder
    }

    fn findings(recorded: &InMemory, trust: &Trust) -> Vec<Finding> {
        let view: &dyn View = recorded.state();
        let mut facts = Facts::default();
        for signed in recorded.events() {
            let record = view.event(&signed.event().id).unwrap().unwrap();
            let ledger = LedgerId([0; 32]);
            facts.observe(signed.event(), &Position { ledger, index: record.index, recorded_at: record.recorded_at });
        }
        let as_of = Time::MAX;
        let settled = facts.settle(view, trust, as_of).unwrap();
        let ctx = ReviewContext { facts: &settled, view, trust, as_of, cosigned: 0 };
        recorded.events().iter().flat_map(|signed| review(signed.event(), &ctx).unwrap()).collect()
    }

    /// Trusts everybody who accredits, for every scheme.
    fn everybody(recorded: &InMemory) -> Trust {
        let accreditors =
            recorded.events().iter().filter(|signed| matches!(signed.event().payload.body, Body::Accredit(_)));
        let parties: BTreeSet<PartyId> = accreditors.map(|signed| signed.event().issuer()).collect();
        let authority = |party| Authority {
            party,
            name: None,
            schemes: Scheme::ALL.to_vec(),
            countries: Vec::new(),
            processes: Vec::new(),
            least_key_head: None,
        };
        Trust { authorities: parties.into_iter().map(authority).collect(), ..Trust::nobody() }
    }

    #[test]
    fn the_magnet_scenario_gives_no_warning() {
        let recorded = play();
        for trust in [Trust::nobody(), everybody(&recorded)] {
            let found = findings(&recorded, &trust);
            let loud: Vec<String> =
                found.iter().filter(|finding| finding.severity() > Severity::Note).map(ToString::to_string).collect();
            assert!(loud.is_empty(), "{}", loud.join("\n"));
        }
    }
}
