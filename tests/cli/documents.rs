//! Attached documents: passed on in a lineage file, compared with what events say, taken out again.

use super::world::{MINE, PLANT, World};
use serde_json::Value;

/// A lot with a permit attached to the event that made it and a certificate attached later, and one event whose file is gone.
fn documented() -> (World, String) {
    let world = World::with_parties();
    let permit = world.write("permit.pdf", b"a permit");
    world.ok(&[
        "source",
        "mined",
        "--by",
        MINE,
        "--facility",
        "PIT",
        "--output",
        "name=ore-1 form=ore mass=20000",
        "--doc",
        &format!("file={permit} kind=other number=P-7"),
    ]);
    let certificate = world.write("certificate.txt", b"a certificate");
    world.ok(&["attach", "--lot", "ore-1", "--by", MINE, "--doc", &certificate]);
    let lost = world.write("lost.txt", b"lost");
    world.ok(&["attach", "--lot", "ore-1", "--by", MINE, "--doc", &lost]);
    let digest = blake3::hash(b"lost").to_string();
    std::fs::remove_file(world.path(&format!("ledger/blobs/{}/{digest}", &digest[..2]))).unwrap();
    world.ok(&["dispatch", "ore-1", "--by", MINE, "--to", PLANT]);
    let file = world.text("ore.lineage.json");
    world.ok(&["export", "ore-1", "-o", &file, "--documents"]);
    (world, file)
}

fn findings(world: &World, file: &str) -> String {
    let report = world.run(&["verify", file, "--json"]).json();
    format!("{}{}", report["integrity"]["findings"], report["status"]["findings"])
}

#[test]
fn documents_go_with_the_file_and_come_out_of_it_byte_for_byte() {
    let (world, file) = documented();
    let stranger = World::empty();
    let folder = stranger.text("papers");
    let verified = stranger.run(&["verify", &file, "--documents", &folder]);
    assert_eq!(verified.code, 3, "{}\n{}", verified.out, verified.err);
    verified.says(&["documents at hand: 2", "documents named that are not at hand: 1"]);
    assert!(verified.err.contains("wrote 2 documents"), "{}", verified.err);
    for (bytes, ending) in [(b"a permit".as_slice(), "pdf"), (b"a certificate", "txt")] {
        let path = stranger.path("papers").join(format!("{}.{ending}", blake3::hash(bytes)));
        assert_eq!(std::fs::read(path).unwrap(), bytes);
    }
    let report = stranger.run(&["verify", &file, "--json"]).json();
    let listed = report["documents"].as_array().unwrap();
    assert_eq!(listed.len(), 3);
    let permit = listed.iter().find(|one| one["number"] == "P-7").unwrap();
    assert_eq!((&permit["present"], &permit["bytes"]), (&true.into(), &8.into()));
    assert_eq!(listed.iter().filter(|one| one["present"] == false).count(), 1);
    assert_eq!(report["verdicts"][0]["verdict"], "CONFIRMED", "{report}");
    // Without being asked for, and with the list of documents withheld, none goes with it.
    for more in [&[][..], &["--documents", "--withhold", "docs"]] {
        world.ok(&[&["export", "ore-1", "-o", "bare.json"][..], more].concat());
        let bare: Value = serde_json::from_slice(&std::fs::read(world.path("bare.json")).unwrap()).unwrap();
        assert!(bare.get("documents").is_none(), "{more:?}");
    }
}

#[test]
fn a_document_that_is_changed_or_unknown_is_found_and_not_written() {
    let (world, file) = documented();
    let text = std::fs::read_to_string(&file).unwrap();
    let whole: Value = serde_json::from_str(&text).unwrap();
    let first = whole["documents"][0]["base64"].as_str().unwrap();
    let swapped =
        if first.starts_with('Y') { first.replacen('Y', "Z", 1) } else { first.replacen(&first[..1], "Y", 1) };
    let changed = world.write("changed.json", text.replace(first, &swapped));
    assert!(findings(&world, &changed).contains("bundle.manifest"));
    world
        .run(&["verify", &changed, "--documents", "papers"])
        .failed(1, &["the integrity of the file does not hold: no document was written"]);
    assert!(!world.path("papers").exists());
    let no_base64 = world.write("none.json", text.replace(first, "not base64"));
    assert!(findings(&world, &no_base64).contains("bundle.manifest"));
    // A document that nobody names.
    let other = format!("{{\"blake3\":\"{}\",\"base64\":\"\"}}", blake3::hash(b""));
    let last = text.rfind("]}").unwrap();
    let extra = format!("{},{other}{}", &text[..last], &text[last..]);
    let mut parsed: Value = serde_json::from_str(&extra).unwrap();
    parsed["documents"].as_array_mut().unwrap().sort_by_key(|one| one["blake3"].as_str().unwrap().to_owned());
    let extra = world.write("extra.json", parsed.to_string());
    assert!(findings(&world, &extra).contains("bundle.foreign"), "{}", findings(&world, &extra));
}

#[test]
fn a_document_that_fits_one_digest_only_is_not_the_one_named() {
    let world = World::with_parties();
    world.write("permit.pdf", b"a permit");
    let wrong = "00".repeat(32);
    let step = serde_json::json!({
        "kind": "source", "by": MINE, "when": "2026-03-01T07:30:00Z", "facility": "PIT", "source": "mined",
        "outputs": [{ "name": "ore-1", "form": "ore", "quantity": "20000" }],
        "docs": [{ "file": "permit.pdf", "sha256": wrong }]
    });
    world.ok(&["record", "--file", &world.write("ore.jsonl", format!("{step}\n"))]);
    world.ok(&["export", "ore-1", "-o", "plain.json"]);
    assert!(!findings(&world, "plain.json").contains("SHA-256"));
    // Nobody passes it on by mistake, and who does so on purpose is found out.
    world.ok(&["export", "ore-1", "-o", "with.json", "--documents"]);
    let mut file: Value = serde_json::from_slice(&std::fs::read(world.path("with.json")).unwrap()).unwrap();
    assert!(file.get("documents").is_none());
    let digest = blake3::hash(b"a permit").to_string();
    file["documents"] = serde_json::json!([{ "blake3": digest, "base64": "YSBwZXJtaXQ=" }]);
    let forced = findings(&world, &world.write("forced.json", file.to_string()));
    assert!(forced.contains("bundle.foreign") && forced.contains(&wrong), "{forced}");
}
