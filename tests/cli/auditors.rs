//! Auditors through the program: completeness on an auditor's word, summaries that let a supplier keep its secrets.

use super::world::{World, copy};

const LINEAGE: &str = "demo/magnets.lineage.json";
const LOT: &str = "NMX-N42SH-2628";
const AUDITOR: &str = "Plumb Line Audit";
const LEDGER: [&str; 4] = ["--ledger", "demo/ledger", "--keys", "demo/keys"];

/// The demo's ledger with an auditor registered in it; `seller` has the same keys but the log's; `trust.toml` names the auditor.
fn audited() -> World {
    let world = World::empty().at("2026-08-31T08:00:00Z");
    world.ok(&["demo", "--dir", "demo"]);
    world.ok(&with(&["key", "new", "audit", "--no-passphrase"]));
    world.ok(&with(&["party", "register", AUDITOR, "--country", "US", "--role", "auditor", "--key", "audit"]));
    copy(&world.path("demo/keys"), &world.path("seller"));
    for name in ["log.pem", "log.pub"] {
        std::fs::remove_file(world.path("seller").join(name)).unwrap();
    }
    let id = world.json(&with(&["show", AUDITOR]))["id"].as_str().unwrap().to_owned();
    let trust = std::fs::read_to_string(world.path("demo/trust.toml")).unwrap();
    world.write("trust.toml", format!("{trust}\n[[auditors]]\nparty = \"{id}\"\n"));
    world
}

fn with<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    arguments.iter().copied().chain(LEDGER).collect()
}

/// Audits, and signs that nothing is left out.
fn sign<'a>(file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["audit", "--trust", "demo/trust.toml", "--sign-completeness", file, "--by", AUDITOR];
    with(&[&fixed[..], more].concat())
}

const SELLER: [&str; 4] = ["--ledger", "demo/ledger", "--keys", "seller"];

#[test]
fn a_file_is_complete_on_the_word_of_an_auditor_of_the_trust_file() {
    let world = audited();
    let signed = world.run(&sign("ledger.complete.json", &[]));
    assert_eq!(signed.code, 0, "{}\n{}", signed.out, signed.err);
    assert!(signed.err.contains("signed that nothing is left out up to size 168"), "{}", signed.err);
    // The ledger goes on, and the statement stays what it was.
    world.ok(&with(&["key", "new", "later", "--no-passphrase"]));
    world.ok(&with(&["party", "register", "Late Comer Ltd", "--country", "IE", "--role", "trader", "--key", "later"]));
    let export = |out: &'static str, keys: [&'static str; 4], more: &[&'static str]| {
        let fixed = ["export", LOT, "-o", out, "--by", "Narova Magnetics OÜ"];
        world.run(&[&fixed[..], &keys, more].concat())
    };
    // As in a copy of the ledger: what is derived is not there, and the log's key is elsewhere.
    std::fs::remove_dir_all(world.path("demo/ledger/completeness")).unwrap();
    let bare = export("bare.lineage.json", SELLER, &[]);
    assert!(bare.err.contains("the file has no completeness statement"), "{}", bare.err);
    let stated = export("stated.lineage.json", SELLER, &["--statement", "ledger.complete.json"]);
    assert_eq!(stated.code, 0, "{}", stated.err);
    let verify = |file: &str, trust: &str| world.run(&["verify", file, "--trust", trust, "--as-of", "2026-08-31"]);
    let confirmed = verify("stated.lineage.json", "trust.toml");
    assert_eq!(confirmed.code, 0, "{}", confirmed.out);
    confirmed.says(&["as of size 168 of magnet.oretrail.example/log, on the word of auditor party Plumb Line Audit"]);
    for (file, trust) in [("stated.lineage.json", "demo/trust.toml"), ("bare.lineage.json", "trust.toml")] {
        let open = verify(file, trust);
        assert_eq!(open.code, 3, "{}", open.out);
        open.says(&["UNPROVEN       Is nothing left out"]);
    }
    // Where the log's key is at hand, it signs too.
    export(
        "both.lineage.json",
        ["--ledger", "demo/ledger", "--keys", "demo/keys"],
        &["--statement", "ledger.complete.json"],
    );
    verify("both.lineage.json", "trust.toml")
        .says(&["on the word of magnet.oretrail.example/log and auditor party Plumb Line Audit"]);
    assert_eq!(verify("both.lineage.json", "demo/trust.toml").code, 0);
    // What came later is not covered.
    let late = ["export", LOT, "-o", "x.json", "--for", "Late Comer Ltd", "--statement", "ledger.complete.json"];
    world.run(&with(&late)).failed(2, &["expected event", "about the ledger up to size 168; ask for a new one"]);
}

#[test]
fn a_statement_is_signed_only_over_what_was_replayed_without_a_fault() {
    let world = audited();
    world.run(&with(&["audit", "--by", AUDITOR])).failed(2, &["--sign-completeness"]);
    world
        .run(&with(&["audit", "--sign-completeness", "x.json", "--by", "Nobody Ltd"]))
        .failed(2, &["expected a party"]);
    world.run(&with(&["audit", "--sign-completeness", "x.json"])).failed(2, &["--by PARTY"]);
    let other = World::new();
    let file = world.text("ledger.complete.json");
    world.ok(&sign(&file, &[]));
    other.run(&["export", "x", "-o", "x.json", "--statement", LINEAGE]).failed(2, &["names none"]);
    let entries = world.path("demo/ledger/pending");
    let path = std::fs::read_dir(&entries).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 10;
    bytes[last] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let refused = world.run(&sign("broken.complete.json", &[]));
    assert_eq!(refused.code, 1, "{}\n{}", refused.out, refused.err);
    assert!(!world.path("broken.complete.json").exists());
}

#[test]
fn a_statement_about_another_history_is_refused() {
    let world = audited();
    world.ok(&sign("ledger.complete.json", &[]));
    let text = std::fs::read_to_string(world.path("ledger.complete.json")).unwrap();
    let export = |file: &str| world.run(&with(&["export", LOT, "-o", "x.json", "--statement", file]));
    export(LINEAGE).failed(2, &["is no statement file", "hint: an auditor writes it with"]);
    let size = world.write("size.json", text.replace("\\n168\\n", "\\n167\\n"));
    export(&size).failed(1, &["expected a statement about this ledger at size 167"]);
    let apart = world.write("apart.json", text.replacen("\\n168\\n", "\\n167\\n", 1));
    export(&apart).failed(2, &["expected a statement about the checkpoint"]);
    let other = World::new();
    other.party("Elsewhere Ltd", "IE", "trader", "elsewhere");
    let foreign = other.text("foreign.json");
    other.ok(&["audit", "--sign-completeness", &foreign, "--by", "Elsewhere Ltd"]);
    export(&foreign).failed(2, &["expected a statement about this ledger, found one about"]);
    assert!(!world.path("x.json").exists());
}
