//! The scenarios of `examples/`, played in memory.

use super::*;
use crate::event::{AccreditAction, Outcome, Scheme, Subject};
use crate::interop::batch::{BatchReader, Format};
use crate::interop::scenarios::{self, SCENARIOS, named};
use crate::state::{Find as _, LotStatus};
use crate::value::{countries_at, distance_m, fastest_travel_seconds};
use std::collections::{BTreeMap, BTreeSet};

struct Run {
    recorder: InMemory,
    played: Vec<Played>,
    subject: Option<LotId>,
    recipient: Option<PartyId>,
}

fn play(text: &str) -> Result<Run, PlayError> {
    let (header, steps) = scenarios::read(text)?;
    let mut recorder = InMemory::new([7; 32]);
    let mut player = Player::new(header, &mut recorder, Some([7; 32]), None)?;
    let mut played = Vec::new();
    for step in steps {
        played.extend(player.play(step)?);
    }
    let (subject, recipient) = (player.subject(), player.recipient());
    Ok(Run { recorder, played, subject, recipient })
}

fn magnet() -> Run {
    play(named("magnet").unwrap().text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_scenario_plays_to_its_end() {
    for scenario in SCENARIOS {
        let run = play(scenario.text).unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
        let unrefused = run.played.iter().filter(|step| step.refused.is_none());
        for step in unrefused {
            assert!(step.findings.is_empty(), "{}, step {}: {}", scenario.name, step.step, listed(&step.findings));
        }
    }
}

#[test]
fn playing_twice_gives_the_same_events() {
    let ids = |run: &Run| run.played.iter().map(|step| step.event).collect::<Vec<_>>();
    assert_eq!(ids(&magnet()), ids(&magnet()));
}

#[test]
fn the_refusals_are_many() {
    let run = play(named("refusals").unwrap().text).unwrap();
    let refused: BTreeSet<Code> = run.played.iter().filter_map(|step| step.refused).collect();
    assert!(refused.len() >= 25, "{}", refused.len());
    assert!(refused.iter().all(|code| code.is_refusal()));
}

#[test]
fn the_magnets_are_under_way_to_the_buyer() {
    let run = magnet();
    let lot = run.recorder.state().lot(&run.subject.unwrap()).unwrap().unwrap();
    let dispatch = run.recorder.state().dispatch(&lot.head).unwrap().unwrap();
    assert_eq!((lot.status, Some(dispatch.to)), (LotStatus::InTransit, run.recipient));
    assert_eq!((lot.net_dry.unwrap().to_string(), lot.pieces), ("392.5".to_owned(), Some(15_700)));
}

#[test]
fn the_chain_is_as_long_and_wide_as_it_is_meant_to_be() {
    let run = magnet();
    let facilities = run.recorder.state().facilities().unwrap();
    let countries: BTreeSet<String> = facilities.iter().map(|(_, f)| f.facility.country.to_string()).collect();
    assert!(run.recorder.events().len() >= 80);
    assert!(run.recorder.state().parties().unwrap().len() >= 13);
    assert_eq!(countries, ["EE", "FI", "GB", "MY", "US"].map(str::to_owned).into());
}

#[test]
fn every_site_and_party_of_the_chain_is_accredited() {
    let run = magnet();
    let (mut parties, mut sites, mut laboratories) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut issuers = BTreeSet::new();
    let mut assayers = BTreeSet::new();
    for signed in run.recorder.events() {
        match &signed.event().payload.body {
            Body::Accredit(body) => {
                assert_eq!(body.action, AccreditAction::Grant);
                issuers.insert(signed.event().issuer());
                match (body.scheme.unwrap(), body.subject) {
                    (Scheme::PartyIdentity, Subject::Party(id)) => drop(parties.insert(id)),
                    (Scheme::SiteLocation, Subject::Facility(id)) => drop(sites.insert(id)),
                    (Scheme::Iso17025, Subject::Party(id)) => drop(laboratories.insert(id)),
                    other => panic!("{}", other.0),
                }
            }
            Body::Assay(_) => drop(assayers.insert(signed.event().issuer())),
            _ => {}
        }
    }
    let state = run.recorder.state();
    let unaccredited: Vec<_> = state.parties().unwrap().into_iter().filter(|(id, _)| !parties.contains(id)).collect();
    assert_eq!(unaccredited.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>(), issuers);
    assert_eq!(state.facilities().unwrap().iter().map(|(id, _)| *id).collect::<BTreeSet<_>>(), sites);
    assert_eq!(assayers, laboratories);
}

#[test]
fn sites_are_in_their_countries_and_far_from_each_other() {
    let facilities = magnet().recorder.state().facilities().unwrap();
    for (number, (_, one)) in facilities.iter().enumerate() {
        let point = one.facility.geometry.centre();
        assert!(countries_at(point).contains(&one.facility.country), "{}", one.facility.code);
        for (_, other) in &facilities[number + 1..] {
            assert!(distance_m(point, other.facility.geometry.centre()) > 5_000, "{}", other.facility.code);
        }
    }
}

#[test]
fn lots_are_made_before_they_are_used_and_travel_no_faster_than_goods_do() {
    let run = magnet();
    let state = run.recorder.state();
    let mut handed_over = BTreeMap::new();
    for signed in run.recorder.events() {
        let payload = &signed.event().payload;
        let start = payload.when.start();
        for head in payload.body.heads().iter() {
            let made = state.event(&head.after).unwrap().unwrap();
            assert!(made.when.end() <= start, "{}", signed.event().id);
        }
        let recorded = state.event(&signed.event().id).unwrap().unwrap().recorded_at;
        assert!((0..=86_400).contains(&recorded.since(payload.when.end())));
        match &payload.body {
            Body::Dispatch(body) => drop(handed_over.insert(signed.event().id, (body.from, payload.when.end()))),
            Body::Receive(body) => {
                assert!(body.lots.iter().all(|line| line.outcome == Outcome::Accepted));
                let (from, sent) = handed_over.remove(&body.dispatch).unwrap();
                let place = |id| state.facility(&id).unwrap().unwrap().facility.geometry.centre();
                let distance = distance_m(place(from), place(body.facility));
                assert!(start.since(sent) > 2 * fastest_travel_seconds(distance));
            }
            _ => {}
        }
    }
    // Only the magnets themselves are still under way.
    assert_eq!(handed_over.len(), 1);
}

fn toml(steps: &str) -> String {
    format!(
        "oretrail = \"batch/1\"\nsimulated = true\nledger = {{ origin = \"x.example/log\", operator = \"me\" }}\n\
         [[step]]\nkind = \"party\"\nas = \"me\"\nwhen = 2026-01-01T00:00:00Z\nname = \"Me\"\ncountry = \"US\"\n\
         roles = [\"mine\"]\n{steps}"
    )
}

fn error(steps: &str) -> String {
    play(&toml(steps)).err().unwrap().to_string()
}

const AT: &str = "by = \"me\"\nwhen = 2026-01-02T00:00:00Z\n";

#[test]
fn a_name_that_names_nothing_is_refused_with_what_resembles_it() {
    let found = error(&format!("[[step]]\nkind = \"title\"\n{AT}lots = []\nowner = \"mee\"\n"));
    assert_eq!(
        found,
        "step 2, line 16 column 9, /owner: expected a party, found `mee`, which names none (did you mean `me`?)"
    );
}

const FACILITY: &str = "type = \"mine\"\ncountry = \"US\"\nprocesses = [\"mine\"]\nname = \"Pit\"\n\
                        geometry = { point = { lat = \"35\", lon = \"-115\" }, radius_m = 10 }\n";

#[test]
fn a_name_that_names_two_things_is_refused_with_both() {
    let facility = |code: &str| format!("[[step]]\nkind = \"facility\"\ncode = \"{code}\"\n{AT}{FACILITY}");
    let source = format!(
        "[[step]]\nkind = \"source\"\n{AT}facility = \"Pit\"\nsource = \"mined\"\n\
         outputs = [{{ form = \"ore\", quantity = \"1\" }}]\n"
    );
    let found = error(&format!("{}{}{source}", facility("A"), facility("B")));
    assert!(found.contains("/facility: expected a facility, found `Pit`, which may mean "), "{found}");
    assert_eq!(found.matches("of this batch").count(), 2);
    assert!(play(&toml(&format!("{}{source}", facility("A")))).is_ok());
}

#[test]
fn types_and_shapes_are_refused_where_they_are() {
    let source = |outputs: &str| {
        format!(
            "[[step]]\nkind = \"facility\"\nas = \"pit\"\ncode = \"A\"\n{AT}{FACILITY}[[step]]\nkind = \"source\"\n\
                 {AT}facility = \"pit\"\nsource = \"mined\"\n{outputs}"
        )
    };
    for (outputs, expected) in [
        (
            "outputs = [{ form = \"ore\", quantity = \"1,5\" }]",
            "/outputs/0/quantity/net_dry: expected a decimal number",
        ),
        ("outputs = [{ form = \"ore\", quantity = \"-1\" }]", "a minus is allowed only in differences"),
        ("outputs = [{ form = \"ore\", quantity = \"1.1234567\" }]", "at most 6 decimals, found 7"),
        ("outputs = [{ form = \"ore\", quantity = \"NaN\" }]", "expected a decimal number"),
        ("outputs = [{ form = \"or\", quantity = \"1\" }]", "(did you mean `ore`?)"),
        ("outputs = [{ quantity = \"1\" }]", "missing field `form`"),
        ("outputs = []", "expected 1 to 32 elements, found 0"),
        ("outputz = []", "unknown field `outputz`"),
        (
            "outputs = [{ name = \"a\", form = \"ore\", quantity = \"1\" }, { name = \"a\", form = \"ore\", quantity = \"1\" }]",
            "/outputs/1/name: expected each name once, found `a` again",
        ),
    ] {
        let found = error(&source(outputs));
        assert!(found.contains(expected) && found.contains("line "), "{found}");
    }
}

#[test]
fn what_is_expected_must_come() {
    let party = "[[step]]\nkind = \"party\"\nas = \"b\"\nwhen = 2026-01-02T00:00:00Z\nname = \"B\"\ncountry = \"US\"\n\
                 roles = [\"mine\"]\n";
    assert!(
        error(&format!("{party}expect_refused = \"chain.weak-key\"\n"))
            .ends_with("expected finding chain.weak-key, found none")
    );
    let assay = format!("[[step]]\nkind = \"retire\"\n{AT}reason = \"lost\"\nlots = [\"{:064x}.0\"]\n", 7);
    assert!(error(&assay).contains("refused: custody.unknown-lot: expected "));
    assert!(
        error(&format!("{assay}expect_refused = \"custody.stale-head\"\n"))
            .contains("expected finding custody.stale-head")
    );
}

#[test]
fn simulation_is_for_those_who_ask_for_it() {
    let simulated = Header { simulated: true, ..Header::default() };
    let mut recorder = InMemory::new([1; 32]);
    assert!(Player::new(simulated, &mut recorder, None, None).is_err());
    assert!(Player::new(Header::default(), &mut recorder, Some([1; 32]), None).is_err());
    let mut player = Player::new(Header::default(), &mut recorder, None, Some(Time::MIN)).unwrap();
    let line = r#"{"kind":"claim","by":"x","recorded_at":"2026-01-01T00:00:00Z"}"#;
    let step = BatchReader::new(Format::JsonLines, line.as_bytes()).unwrap().next().unwrap().unwrap();
    assert!(player.play(step).unwrap_err().to_string().contains("/recorded_at: expected `recorded_at` in simulated"));
}

#[test]
fn pieces_are_split_off_and_part_of_them_comes_home() {
    let party = |name: &str| {
        format!(
            "[[step]]\nkind = \"party\"\nas = \"{name}\"\nwhen = 2026-01-02T00:00:00Z\nname = \"{name}\"\n\
                 country = \"US\"\nroles = [\"trader\"]\n[[step]]\nkind = \"facility\"\nas = \"{name} hall\"\n\
                 by = \"{name}\"\nwhen = 2026-01-02T00:00:00Z\ncode = \"{name}\"\n{FACILITY}"
        )
    };
    let at = |by: &str, hour: u8| format!("by = \"{by}\"\nwhen = 2026-01-03T{hour:02}:00:00Z\n");
    let steps = [
        party("a"),
        party("b"),
        format!(
            "[[step]]\nkind = \"source\"\n{}facility = \"a hall\"\nsource = \"opening-stock\"\noutputs = [{{ \
                 name = \"magnets\", form = \"magnet\", quantity = {{ net_dry = \"2.5\", pieces = 100, unit_mass = \
                 \"0.025\" }}, composition = {{ Nd = \"0.3\" }} }}]\n",
            at("a", 1)
        ),
        format!(
            "[[step]]\nkind = \"dispatch\"\nas = \"out\"\n{}to = \"b\"\nreason = \"sale\"\nlots = [{{ lot = \
                 \"magnets\", pieces = 40, name = \"forty\", rest = \"sixty\" }}]\n",
            at("a", 2)
        ),
        format!(
            "[[step]]\nkind = \"receive\"\nas = \"in\"\n{}dispatch = \"out\"\nfacility = \"b hall\"\nlots = [{{ \
                 lot = \"forty\", outcome = \"partial\", reason = \"chipped\", accepted = 0, returned = 1 }}]\n\
                 outputs = [{{ name = \"kept\", quantity = {{ net_dry = \"0.75\", pieces = 30 }} }}, {{ name = \
                 \"chipped\", quantity = {{ net_dry = \"0.25\", pieces = 10 }} }}]\n",
            at("b", 3)
        ),
        format!(
            "[[step]]\nkind = \"dispatch\"\nas = \"home\"\n{}lots = [\"chipped\"]\nto = \"a\"\nreason = \
                 \"return\"\nreturns = \"in\"\n",
            at("b", 4)
        ),
        format!("[[step]]\nkind = \"receive\"\n{}lots = [\"chipped\"]\nfacility = \"a hall\"\n", at("a", 5)),
    ];
    let text = toml(&steps.concat()).replace("simulated = true", "simulated = true\nsubject = \"chipped\"");
    let run = play(&text).unwrap_or_else(|error| panic!("{error}"));
    let chipped = run.recorder.state().lot(&run.subject.unwrap()).unwrap().unwrap();
    let kinds: Vec<Kind> = run.played.iter().skip(6).map(|step| step.kind).collect();
    assert_eq!(kinds, [Kind::Split, Kind::Dispatch, Kind::Receive, Kind::Dispatch, Kind::Receive]);
    assert_eq!((chipped.status, chipped.pieces, chipped.form), (LotStatus::Held, Some(10), crate::event::Form::Magnet));
    assert_eq!(chipped.contents[0].mg, 75_000);
    let sixty = run.recorder.state().lots_labelled("sixty").unwrap();
    let sixty = run.recorder.state().lot(&sixty[0]).unwrap().unwrap();
    assert_eq!((sixty.net_dry.unwrap().to_string(), sixty.pieces), ("1.5".to_owned(), Some(60)));
}
