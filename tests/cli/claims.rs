//! Claims and specifications through the program, on the lineage of the demonstration.

use super::world::{MINE, PLANT, Ran, World};
use serde_json::Value;

struct Demo {
    world: World,
    file: String,
    trust: String,
}

impl Demo {
    fn new() -> Self {
        let world = World::empty();
        let dir = world.text("demo");
        world.ok(&["demo", "--dir", &dir]);
        Self { file: format!("{dir}/magnets.lineage.json"), trust: format!("{dir}/trust.toml"), world }
    }

    fn verify(&self, more: &[&str]) -> Ran {
        let base = ["verify", &self.file, "--trust", &self.trust, "--as-of", "2026-08-31"];
        self.world.run(&[&base[..], more].concat())
    }

    fn claim(&self, claim: &str) -> Value {
        self.verify(&["--json", "--claim", claim]).json()["claims"][0].clone()
    }

    fn spec(&self, spec: &str) -> Value {
        self.verify(&["--json", "--spec", spec]).json()["specs"][0].clone()
    }
}

#[test]
fn a_buyer_asks_and_gets_verdict_reasons_and_exit_code() {
    let demo = Demo::new();
    for (claim, verdict) in [
        ("origin Nd US,AU >= 0.9", "CONFIRMED"),
        ("origin Nd AU >= 0.1", "CONTRADICTED"),
        ("origin La US >= 1", "NOT APPLICABLE"),
        ("processed-in separated MY,US", "CONFIRMED"),
        ("processed-in separated MY", "CONTRADICTED"),
        ("not-processed-in sinter CN", "CONFIRMED"),
        ("not-processed-in CN,RU,IR,KP", "UNPROVEN"),
        ("facility NMX-1 sinter", "CONFIRMED"),
        ("facility WRM-HP sinter", "CONTRADICTED"),
        ("recycled-content Nd any >= 0.1", "CONTRADICTED"),
        ("custody-model >= identity-preserved", "CONTRADICTED"),
        ("accredited-chain", "UNPROVEN"),
        ("spec magnet-n42sh", "CONFIRMED"),
        ("complies us-10usc4872 2026-12-31", "CONFIRMED"),
    ] {
        let answer = demo.claim(claim);
        assert_eq!(answer["verdict"], verdict, "{claim}: {answer}");
        assert!(answer["why"].as_array().is_some_and(|why| !why.is_empty()), "{answer}");
    }
    let asked = ["--claim", "origin Nd US >= 1", "--claim", "facility NMX-1"];
    assert_eq!(demo.verify(&asked).code, 0);
    demo.verify(&["--claim", "origin Nd AU >= 0.1"]).says(&["CONTRADICTED   origin Nd AU >= 0.1", "mined in US"]);
    assert_eq!(demo.verify(&["--claim", "origin Nd AU >= 0.1"]).code, 1);
    assert_eq!(demo.verify(&["--claim", "accredited-chain"]).code, 3);
}

#[test]
fn a_claim_that_cannot_be_read_is_refused_with_its_place() {
    let demo = Demo::new();
    demo.verify(&["--claim", "origin Nd US >= 90%"]).failed(
        2,
        &[
            "column 17: expected a share from 0 to 1 such as `0.25` for 25 %, found `90%`",
            "hint: write `origin ELEMENT",
        ],
    );
    demo.verify(&["--claim", "facility NOWHERE"]).failed(2, &["column 10: expected the code or id of a facility"]);
    demo.verify(&["--claim", "accredited-chain", "--evidence", "hearsay"]).failed(2, &["evidence level"]);
}

#[test]
fn hand_offs_are_checked_by_specifications() {
    let demo = Demo::new();
    let magnets = demo.spec("magnet-n42sh");
    assert_eq!(magnets["verdict"], "CONFIRMED", "{magnets}");
    let oxide = demo.spec("dy-oxide-995");
    assert_eq!(oxide["verdict"], "CONFIRMED", "{oxide}");
    assert_eq!(oxide["lots"][0]["limits"][0]["values"][0]["value"], "99.95 %");
    assert_eq!(demo.verify(&["--spec", "magnet-n42sh", "--spec", "dy-oxide-995"]).code, 0);
    assert_eq!(demo.spec("tb-oxide-999")["verdict"], "NOT APPLICABLE");
    // Three containers of carbonate, each dispatched and received.
    let carbonate = demo.spec("mrec");
    let lots = carbonate["lots"].as_array().unwrap();
    assert!(lots.len() == 3 && lots.iter().all(|lot| lot["hand_offs"].as_array().unwrap().len() == 2), "{carbonate}");
    assert_eq!(carbonate["verdict"], "CONFIRMED", "{carbonate}");
    assert_eq!(demo.verify(&["--spec", "tb-oxide-999"]).code, 3);
    let text = demo.world.ok(&["spec", "show", "dy-oxide-995"]).out;
    let absolute = demo.world.write("absolute.toml", text.replace("REO/TREO", "absolute"));
    let found = demo.spec(&absolute);
    assert_eq!(found["verdict"], "CONTRADICTED", "99.95 % of the oxides is not 99.5 % of the material: {found}");
    assert_eq!(demo.verify(&["--spec", &absolute]).code, 1);
}

#[test]
fn specifications_are_listed_shown_and_checked() {
    let world = World::empty();
    let listed = world.json(&["spec", "list"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(14));
    assert!(listed.as_array().unwrap().iter().all(|spec| spec["source"].as_str().is_some_and(|text| !text.is_empty())));
    let text = world.ok(&["spec", "show", "magnet-n42sh"]).out;
    let copy = world.write("mine.toml", &text);
    world.ok(&["spec", "check", &copy]).says(&["HcJ at least 1592 kA/m, by hysteresisgraph", "decision rule simple"]);
    let wrong = world.write("wrong.toml", text.replace("\"kA/m\"", "\"Oe\""));
    world
        .run(&["spec", "check", &wrong])
        .failed(2, &["wrong.toml: line ", "column 8: expected a unit", "hint: `oretrail schema spec`"]);
    world
        .run(&["spec", "show", "magnet-n42"])
        .failed(2, &["did you mean `magnet-n42sh`?", "hint: `oretrail spec list`"]);
}

#[test]
fn claims_on_record_are_decided_with_lot_and_issuer() {
    let world = World::with_concentrate();
    world.ok(&["claim", "conc-1", "origin Nd US >= 1", "--by", MINE]);
    world.ok(&["claim", "conc-1", "processed-in", "mined", "AU", "--by", MINE]);
    world.ok(&["dispatch", "conc-1", "--by", MINE, "--to", PLANT]);
    let file = world.text("conc.lineage.json");
    world.ok(&["export", "conc-1", "-o", &file]);
    let ran = world.run(&["verify", &file, "--json"]);
    let claims = ran.json()["claims"].clone();
    let of = |claim: &str| claims.as_array().unwrap().iter().find(|one| one["claim"] == claim).unwrap().clone();
    let (open, wrong) = (of("origin Nd US >= 1"), of("processed-in mined AU"));
    assert_eq!((open["verdict"].as_str(), open["counts"].as_bool()), (Some("UNPROVEN"), Some(false)), "{open}");
    assert_eq!((wrong["verdict"].as_str(), wrong["counts"].as_bool()), (Some("CONTRADICTED"), Some(true)), "{wrong}");
    assert!(wrong["event"].is_string() && wrong["by"].is_string() && wrong["lot"].is_string(), "{wrong}");
    assert_eq!(ran.code, 1, "its own maker says what the ledger refutes");
}

#[test]
fn more_than_a_site_can_do_in_a_year_contradicts_what_was_done_there() {
    let judged = |capacity: &str| {
        let world = World::new();
        world.party(MINE, "US", "mine", "mine-gate");
        let site = ["facility", "register", "PIT", "--name", "Sundown pit", "--type", "mine", "--country", "US"];
        let place = ["--point", "35.48,-115.53", "--radius", "3000", "--process", "mine,beneficiate", "--by", MINE];
        world.ok(&[&site[..], &place, &["--capacity", capacity]].concat());
        world.mine();
        let output = "name=conc-1 form=concentrate mass=1900 TREO=0.6 Nd2O3/TREO=0.1";
        let beneficiate =
            ["transform", "--by", MINE, "--process", "beneficiate", "--input", "ore-1", "--output", output];
        world.ok(&beneficiate);
        let ran = world.run(&["verify", "conc-1", "--claim", "processed-in beneficiate US", "--json"]);
        ran.json()["claims"][0].clone()
    };
    let enough = judged("beneficiate=20000");
    assert_eq!(enough["verdict"], "UNPROVEN", "nobody vouches for the site: {enough}");
    let over = judged("beneficiate=1000");
    assert_eq!(over["verdict"], "CONTRADICTED", "{over}");
    assert_eq!(over["why"][0]["code"], "place.over-capacity", "{over}");
}
