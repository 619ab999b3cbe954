//! What is refused, with which exit code and which words, and that nothing is written then.

use super::world::{MINE, PLANT, World};

fn mined(output: &str) -> Vec<&str> {
    vec!["source", "mined", "--by", MINE, "--facility", "PIT", "--output", output]
}

#[test]
fn masses_that_are_none_are_refused_with_both_forms() {
    let world = World::with_parties();
    let before = world.size();
    for mass in ["-5", "1e9", "NaN", "5,5", "1.1234567", "+5", " 5", "05", "99999999999"] {
        let output = format!("name=o form=ore \"mass={mass}\"");
        let ran = world.run(&mined(&output));
        ran.failed(2, &["/outputs/0/quantity/net_dry", "expected", &format!("`{mass}`")]);
    }
    assert_eq!(world.size(), before);
}

#[test]
fn parts_that_do_not_sum_are_refused_with_both_numbers() {
    let world = World::with_concentrate();
    world
        .run(&["split", "conc-1", "--by", MINE, "--part", "name=a mass=400", "--part", "name=b mass=500"])
        .failed(4, &["mass.", "1000", "900", "nothing was recorded", "hint: `oretrail explain mass."]);
}

#[test]
fn an_element_gained_without_a_reason_is_refused() {
    let world = World::with_parties();
    world.mine();
    let transform = |extra: &[&str]| {
        let mut all = vec![
            "transform",
            "--by",
            MINE,
            "--process",
            "beneficiate",
            "--input",
            "ore-1",
            "--output",
            "name=c form=concentrate mass=2000 TREO=0.9 Nd2O3/TREO=0.1",
        ];
        all.extend(extra);
        world.run(&all)
    };
    transform(&[]).failed(4, &["mass."]);
    assert_eq!(transform(&["--gain-reason", "the ore assay was provisional"]).code, 0);
}

#[test]
fn spending_a_lot_twice_is_refused_and_the_earlier_event_is_shown() {
    let world = World::with_concentrate();
    let again = world.run(&[
        "transform",
        "--by",
        MINE,
        "--process",
        "beneficiate",
        "--input",
        "ore-1",
        "--output",
        "name=x form=concentrate mass=10",
    ]);
    again.failed(4, &["custody.stale-head", "hint: see entry 7, transform", MINE]);
    let json = world.run(&[
        "transform",
        "--by",
        MINE,
        "--process",
        "beneficiate",
        "--input",
        "ore-1",
        "--json",
        "--output",
        "name=x form=concentrate mass=10",
    ]);
    assert_eq!(json.json()["findings"][0]["code"], "custody.stale-head");
    assert_eq!(json.json()["recorded"], false);
}

#[test]
fn only_the_holder_moves_a_lot_and_only_the_consignee_answers() {
    let world = World::with_concentrate();
    world.run(&["dispatch", "conc-1", "--by", PLANT, "--to", MINE]).failed(4, &["custody.not-holder"]);
    world.ok(&["dispatch", "conc-1", "--by", MINE, "--to", PLANT]);
    world.run(&["receive", "conc-1", "--by", MINE, "--facility", "PIT"]).failed(4, &["custody."]);
    world
        .run(&["split", "conc-1", "--by", MINE, "--part", "name=a mass=400", "--part", "name=b rest"])
        .failed(4, &["custody."]);
    world.ok(&["receive", "conc-1", "--by", PLANT, "--facility", "GEB"]);
    world
        .run(&["receive", "conc-1", "--by", PLANT, "--facility", "GEB"])
        .failed(4, &["custody.already-answered", "hint: see entry 9, receive"]);
}

#[test]
fn processes_happen_where_they_are_permitted_and_by_the_operator() {
    let world = World::with_concentrate();
    world
        .run(&[
            "transform",
            "--by",
            MINE,
            "--process",
            "sinter",
            "--input",
            "conc-1",
            "--output",
            "name=x form=block mass=1",
        ])
        .failed(4, &["place."]);
    world
        .run(&["source", "mined", "--by", MINE, "--facility", "GEB", "--output", "name=o form=ore mass=5"])
        .failed(4, &["refused:"]);
}

#[test]
fn identifiers_that_cannot_exist_say_which_check_failed() {
    let world = World::new();
    world.ok(&["key", "new", "k", "--no-passphrase"]);
    let party = |option: &str, value: &str| {
        let name = ["party", "register", "P", "--role", "mine", "--key", "k"];
        let country = if option == "--country" { vec![] } else { vec!["--country", "US"] };
        world.run(&[&name[..], &country, &[option, value]].concat())
    };
    party("--lei", "9999EXAMPLEMINE00183").failed(2, &["/lei", "expected check digits 82"]);
    party("--gln", "9520000000012").failed(2, &["/gln", "check digit"]);
    party("--country", "UK").failed(2, &["/country"]);
    let facility = |point: &str| {
        world.run(&[
            "facility",
            "register",
            "F",
            "--name",
            "F",
            "--type",
            "plant",
            "--country",
            "US",
            "--point",
            point,
            "--radius",
            "100",
            "--by",
            "Neutral Registry Ltd",
        ])
    };
    facility("95.0,10.0").failed(2, &["expected a latitude from -90 to 90", "`95.0`"]);
    facility("35.48N,115.53W").failed(2, &["decimal degrees"]);
    facility("35.48").failed(2, &["expected a point such as", "hint: latitude comes first"]);
    let at = ["party", "register", "P", "--country", "US", "--role", "mine", "--key", "k", "--at"];
    for time in ["2026-02-30T00:00:00Z", "yesterday", "2026-03-01T00:00:00+02:00"] {
        world.run(&[&at[..], &[time]].concat()).failed(2, &["expected a UTC time such as", time]);
    }
    world.run(&[&at[..], &["2026-03-02T00:00:00Z"]].concat()).failed(4, &["time.", "refused:"]);
}

#[test]
fn ambiguous_and_unknown_names_list_what_there_is() {
    let world = World::with_concentrate();
    world.ok(&["split", "conc-1", "--by", MINE, "--part", "label=same mass=400", "--part", "label=same mass=600"]);
    let ambiguous = world.run(&["retire", "same", "--by", MINE, "--reason", "lost"]);
    ambiguous.failed(2, &["which may mean 2", "lot of concentrate of 400 kg", "lot of concentrate of 600 kg"]);
    world.run(&["show", "same"]).failed(2, &["may mean 2", "400 kg"]);
    world
        .run(&["retire", "conc-9", "--by", MINE, "--reason", "lost"])
        .failed(2, &["expected a lot, found `conc-9`", "hint:"]);
    world.run(&["lots", "--holder", "Nobody"]).failed(2, &["expected a party, found `Nobody`", "hint:"]);
}

#[test]
fn words_that_cannot_be_read_say_what_the_object_has() {
    let world = World::with_parties();
    world.run(&mined("name=o form=ore mas=5")).failed(2, &["did you mean `mass`?", "hint: an output has the keys"]);
    world.run(&mined("name=o form=orre mass=5")).failed(2, &["/outputs/0/form", "did you mean `ore`?"]);
    world.run(&mined("name=o form=ore")).failed(2, &["expected `quantity` in `/body/outputs/0`, found none"]);
    world.run(&["source", "dug", "--facility", "PIT", "--output", "x"]).failed(2, &["possible values", "mined"]);
    let bidi = "label=\"a\u{202e}b\" form=ore mass=5";
    world.run(&mined(bidi)).failed(2, &["/outputs/0/labels/0"]);
    world
        .run(&["source", "mined", "--facility", "PIT", "--output", "name=o form=ore mass=5"])
        .failed(2, &["expected who states it", "keys of 3 parties", "hint: say `--by PARTY`"]);
}

#[test]
fn what_is_left_out_is_asked_for_where_it_is_not_plain() {
    let world = World::with_parties();
    world
        .run(&["source", "mined", "--by", "Neutral Registry Ltd", "--output", "name=o form=ore mass=5"])
        .failed(2, &["expected a facility of the party, found none", "hint:"]);
    world.ok(&[
        "facility",
        "register",
        "MILL",
        "--name",
        "Mill",
        "--type",
        "plant",
        "--country",
        "US",
        "--point",
        "35.49,-115.5",
        "--radius",
        "200",
        "--by",
        MINE,
    ]);
    world
        .run(&["source", "mined", "--by", MINE, "--output", "name=o form=ore mass=5"])
        .failed(2, &["expected `--facility`", "hint: it is one of", "MILL", "PIT"]);
    world
        .run(&["accredit", "--by", MINE, "--scheme", "ISO 9001", "--valid-from", "2026-01-01T00:00:00Z"])
        .failed(2, &["expected what is vouched for"]);
}

#[test]
fn too_many_outputs_are_refused_with_the_count() {
    let world = World::with_concentrate();
    let parts: Vec<String> = (0..33).map(|n| format!("name=p{n} mass=1")).collect();
    let mut arguments = vec!["split", "conc-1", "--by", MINE];
    parts.iter().for_each(|part| arguments.extend(["--part", part.as_str()]));
    world.run(&arguments).failed(2, &["outputs", "32", "33"]);
}
