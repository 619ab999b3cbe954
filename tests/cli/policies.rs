//! Policy packs through the program: listed, shown, checked.

use super::world::World;

#[test]
fn the_packs_built_in_are_listed_shown_and_checked() {
    let world = World::empty();
    let listed = world.json(&["policy", "list"]);
    let ids: Vec<&str> = listed.as_array().unwrap().iter().map(|pack| pack["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["eu-crma-recycled-content", "us-10usc4872", "us-dfars-252.225-7052", "us-s857-disclosure"]);
    world.run(&["policy", "list"]).says(&["us-dfars-252.225-7052", "from 2024-05-01, 2027-01-01"]);
    let text = world.ok(&["policy", "show", "us-dfars-252.225-7052"]).out;
    let copy = world.write("mine.toml", &text);
    let checked = world.json(&["policy", "check", &copy]);
    assert_eq!(checked["policy"]["blake3"], listed[2]["blake3"]);
    world
        .run(&["policy", "check", &copy])
        .says(&["mined-to-produced from 2027-01-01", "parameter elements: all-rare-earths"]);
    let changed = world.write("mine.toml", text.replace("MAY 2024", "MAY 2025"));
    assert_ne!(world.json(&["policy", "check", &changed])["policy"]["blake3"], listed[2]["blake3"]);
}

#[test]
fn a_pack_that_is_none_is_refused_with_its_place() {
    let world = World::empty();
    let text = world.ok(&["policy", "show", "us-dfars-252.225-7052"]).out;
    let wrong = world.write("wrong.toml", text.replace("until = \"2026-12-31\"", "until = \"2027-01-31\""));
    let line = text.lines().position(|line| line == "from = \"2027-01-01\"").unwrap() + 1;
    world.run(&["policy", "check", &wrong]).failed(
        2,
        &[
            &format!("wrong.toml: line {line}, column 8: ranges `melted-or-produced` (until 2027-01-31) and"),
            "hint: a day belongs to one range",
            "hint: `oretrail schema policy` describes the policy pack",
        ],
    );
    let unknown = world.write("unknown.toml", text.replace("notice =", "notise ="));
    world.run(&["policy", "check", &unknown]).failed(2, &["line 7, column 1: unknown field `notise`"]);
    world.run(&["policy", "show", "us-dfars-252.225-7053"]).failed(
        2,
        &["found `us-dfars-252.225-7053` (did you mean `us-dfars-252.225-7052`?)", "hint: `oretrail policy list`"],
    );
    let bytes = world.write("bytes.toml", [0xff_u8, 0xfe]);
    world.run(&["policy", "check", &bytes]).failed(2, &["expected text in UTF-8"]);
}
