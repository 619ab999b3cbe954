//! Key files, and the events that add, scope, rotate, revoke and recover keys.

use super::world::{MINE, World, ran};
use std::process::{Command, Stdio};

#[test]
fn a_key_needs_a_passphrase_or_a_word_that_it_needs_none() {
    let world = World::empty();
    world.run(&["key", "new", "gate"]).failed(2, &["expected a passphrase", "hint: `--no-passphrase` leaves"]);
    let made = world.run(&["key", "new", "gate", "--no-passphrase"]);
    assert_eq!(made.code, 0);
    assert!(made.err.contains("warning: the key is not encrypted"), "{}", made.err);
    world
        .run(&["key", "new", "gate", "--no-passphrase"])
        .failed(2, &["never overwritten", "hint: choose another name"]);
    world.run(&["key", "new", "Gate Nr 1", "--no-passphrase"]).failed(2, &["expected a key name"]);
}

#[test]
fn an_encrypted_key_is_read_by_openssl_and_opens_with_its_passphrase_only() {
    let world = World::new();
    let with = |word: &str, arguments: &[&str]| ran(world.command().env("ORETRAIL_PASSPHRASE", word).args(arguments));
    assert_eq!(with("sesame", &["key", "new", "gate"]).code, 0);
    let register = ["party", "register", MINE, "--country", "US", "--role", "mine", "--key", "gate"];
    world.run(&register).failed(2, &["is encrypted and no passphrase was given", "hint: set ORETRAIL_PASSPHRASE"]);
    with("wrong", &register).failed(2, &["the passphrase given does not open"]);
    let word = world.write("word", "sesame\n");
    super::keys::private(&world.path("word"));
    let mut from_file = register.to_vec();
    from_file.extend(["--passphrase-file", &word]);
    world.ok(&from_file);
    assert_eq!(world.size(), 3);
    let openssl = Command::new("openssl")
        .args(["pkey", "-noout", "-text", "-passin", "pass:sesame", "-in", &world.text("keys/gate.pem")])
        .stderr(Stdio::null())
        .output();
    // Machines without openssl prove nothing here.
    if let Ok(output) = openssl {
        assert!(String::from_utf8_lossy(&output.stdout).contains("ED25519"));
    }
}

#[cfg(unix)]
pub fn private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
pub fn private(_: &std::path::Path) {}

#[test]
#[cfg(unix)]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::with_parties();
    let path = world.path("keys/mine-gate.pem");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    world
        .run(&["source", "mined", "--by", MINE, "--facility", "PIT", "--output", "name=o form=ore mass=5"])
        .failed(2, &["is open to other users", "hint: chmod 600"]);
}

#[test]
fn keys_are_listed_and_shown_with_their_party() {
    let world = World::with_parties();
    let keys = world.json(&["key", "list"]);
    let names: Vec<&str> = keys.as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["gebeng", "log", "mine-gate", "operator"]);
    let shown = world.json(&["key", "show", "mine-gate"]);
    assert!(shown["party"].is_string() && shown["key"]["x"].is_string());
    world.ok(&["key", "list"]).says(&["mine-gate", "party", "2026-03-01"]);
    world.run(&["key", "show", "nobody"]).failed(2, &["expected the name of a key", "hint: `oretrail key list`"]);
}

#[test]
fn an_added_key_signs_what_its_scope_lists_and_nothing_else() {
    let world = World::with_parties();
    world.ok(&["key", "new", "pit-office", "--no-passphrase"]);
    world.ok(&["key", "add", "pit-office", "--by", MINE, "--key", "mine-gate", "--kinds", "source"]);
    let mined = ["source", "mined", "--by", MINE, "--facility", "PIT", "--output", "name=o form=ore mass=5"];
    let with_office = |arguments: &[&str]| {
        let mut all = arguments.to_vec();
        all.extend(["--key", "pit-office"]);
        world.run(&all)
    };
    assert_eq!(with_office(&mined).code, 0);
    let split = ["split", "o", "--by", MINE, "--part", "name=a mass=2", "--part", "name=b rest"];
    with_office(&split).failed(4, &["chain.key-scope", "nothing was recorded"]);
    world.ok(&["key", "scope", "pit-office", "--by", MINE, "--key", "mine-gate", "--kinds", "source,split"]);
    assert_eq!(with_office(&split).code, 0);
    world.ok(&["key", "revoke", "pit-office", "--by", MINE, "--key", "mine-gate", "--reason", "retired"]);
    let mined = ["source", "mined", "--by", MINE, "--facility", "PIT", "--output", "name=p form=ore mass=5"];
    with_office(&mined).failed(4, &["chain.key-revoked"]);
}

#[test]
fn a_rotated_key_is_replaced_by_the_new_one() {
    let world = World::with_parties();
    world.ok(&["key", "new", "mine-gate-2", "--no-passphrase"]);
    world.ok(&["key", "rotate", "mine-gate", "--new", "mine-gate-2", "--by", MINE]);
    let mined = ["source", "mined", "--by", MINE, "--facility", "PIT", "--output", "name=o form=ore mass=5"];
    let mut old = mined.to_vec();
    old.extend(["--key", "mine-gate"]);
    world.run(&old).failed(4, &["chain.key-revoked"]);
    world.ok(&mined);
}

#[test]
fn the_recovery_key_replaces_a_key_that_is_lost() {
    let world = World::new();
    world.ok(&["key", "new", "gate", "--no-passphrase"]);
    world.ok(&["key", "new", "safe", "--role", "recovery", "--no-passphrase"]);
    let party = ["party", "register", MINE, "--country", "US", "--role", "mine", "--key", "gate", "--recovery", "safe"];
    world.ok(&party);
    world.ok(&["key", "new", "gate-2", "--no-passphrase"]);
    for ending in ["pem", "pub"] {
        std::fs::remove_file(world.path(&format!("keys/gate.{ending}"))).unwrap();
    }
    let lost = world.json(&["party", "show", MINE])["keys"][0]["kid"].as_str().unwrap().to_owned();
    world.ok(&["key", "recover", "--recovery", "safe", "--rotate", &lost, "--new", "gate-2", "--by", MINE]);
    world.ok(&[
        "facility",
        "register",
        "PIT",
        "--name",
        "Pit",
        "--type",
        "mine",
        "--country",
        "US",
        "--point",
        "35.48,-115.53",
        "--radius",
        "3000",
        "--process",
        "mine",
        "--by",
        MINE,
    ]);
}

#[test]
fn a_key_id_that_begins_with_a_hyphen_is_taken_as_one() {
    let world = World::with_parties();
    let found = ["-kQE8trepFgDX7WzZ277zxzQSWfEfBTn38k_HxIgtbI", "-hQE8trepFgDX7WzZ277zxzQSWfEfBTn38k_HxIgtbI"];
    for id in found {
        world.run(&["key", "show", id]).failed(2, &[id]);
        world.run(&["key", "rotate", id, "--new", "mine-gate", "--by", MINE]).failed(4, &[id]);
        world.run(&["key", "revoke", id, "--reason", "lost", "--by", MINE]).failed(4, &[id]);
        let recover = ["key", "recover", "--recovery", id, "--rotate", id, "--new", "mine-gate", "--by", MINE];
        world.run(&recover).failed(2, &[id]);
    }
}

/// A mine whose key another has: what the thief did with it is taken back, what was moved stays moved.
#[test]
fn a_recovery_takes_key_events_back_and_hands_over_to_the_next_recovery_key() {
    let world = World::new();
    for (key, role) in
        [("gate", "party"), ("gate-2", "party"), ("thief", "party"), ("safe", "recovery"), ("safe-2", "recovery")]
    {
        world.ok(&["key", "new", key, "--role", role, "--no-passphrase"]);
    }
    let party = ["party", "register", MINE, "--country", "US", "--role", "mine", "--key", "gate", "--recovery", "safe"];
    world.ok(&party);
    let kid = |key: &str| world.json(&["key", "show", key])["kid"].as_str().unwrap().to_owned();
    let registered = world.json(&["party", "show", MINE])["id"].as_str().unwrap().to_owned();
    world.ok(&["key", "add", "thief", "--by", MINE, "--kinds", "facility,source", "--key", "gate"]);
    let site = ["--name", "Pit", "--type", "mine", "--country", "US", "--point", "35.48,-115.53", "--radius", "3000"];
    let register = |code: &str, key: &str| {
        let fixed = ["facility", "register", code, "--process", "mine", "--by", MINE, "--key", key];
        world.run(&[&fixed[..], &site].concat())
    };
    assert_eq!(register("FALSE", "thief").code, 0);
    let recover = ["key", "recover", "--by", MINE, "--recovery", "safe", "--after", &registered[..10]];
    let rotate = ["--rotate", "gate", "--new", "gate-2", "--next-recovery", "safe-2"];
    let before = world.size();
    world.ok(&[&recover[..], &rotate, &["--dry-run"]].concat()).says(&["action       rotate", "recovery"]);
    assert_eq!(world.size(), before);
    world.ok(&[&recover[..], &rotate].concat());
    register("NORTH", "thief").failed(4, &["chain."]);
    register("NORTH", "gate").failed(4, &["chain.key-revoked"]);
    assert_eq!(register("NORTH", "gate-2").code, 0);
    world.ok(&["facility", "list"]).says(&["FALSE", "NORTH"]);
    let shown = world.json(&["party", "show", MINE]);
    assert_eq!(shown["recovery"], kid("safe-2"), "the next one is in force: {shown}");
    // The first recovery key has done its work; the next one ends the party's key, with the day of the theft.
    let end = |key| {
        let fixed =
            ["key", "recover", "--by", MINE, "--recovery", key, "--revoke", "gate-2", "--reason", "compromised"];
        world.run(&[&fixed[..], &["--compromised-since", "2026-02-27T00:00:00Z"]].concat())
    };
    end("safe").failed(4, &["expected recovery key", &kid("safe-2")]);
    assert_eq!(end("safe-2").code, 0);
    register("SOUTH", "gate-2").failed(4, &["chain.key-revoked", "compromised"]);
    world.run(&["audit"]).says(&["applied"]);
}
