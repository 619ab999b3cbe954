//! Signed files that travel by themselves, changed byte by byte: decisions, summaries, an auditor's statement, drafts to be
//! cosigned, a supplier's file that was imported. What was changed is refused, or says of itself that it does not hold.
//!
//! By default some places of each file are tried; with `ORETRAIL_THOROUGH` set, all of them.

use super::changes::{changed, places};
use super::world::{BUYER, DFARS, LINEAGE, MINE, World, copy, ran};

/// Changed texts of a file, evenly spread over it, each with its place; never one that differs in blanks around it only.
fn changes(honest: &str, some: usize) -> impl Iterator<Item = (String, Vec<u8>)> + use<'_> {
    places(honest.len(), some).filter_map(|(at, way)| {
        let bent = changed(honest.as_bytes(), at, way)?;
        (bent.trim_ascii() != honest.trim().as_bytes()).then(|| (format!("byte {at}, way {way}"), bent))
    })
}

fn text(world: &World, name: &str) -> String {
    std::fs::read_to_string(world.path(name)).unwrap()
}

#[test]
fn a_decision_changed_in_any_byte_does_not_hold() {
    let world = World::with_demo();
    let fixed = ["decide", LINEAGE, "--trust", "demo/trust.toml", "--delivery", "2027-01-01", "--recipient", BUYER];
    let about = ["--contract", "1", "--reason", "as agreed", "--by", BUYER, "--keys", "demo/keys", "--policy", DFARS];
    let more = ["--accept", "--second-approver", "Lodestar Registry DAC", "-o", "d.sd-jwt"];
    // Where there is no ledger.
    let alone = |arguments: &[&str]| ran(world.command().env_remove("ORETRAIL_LEDGER").args(arguments));
    assert_eq!(alone(&[&fixed[..], &about, &more].concat()).code, 0);
    let honest = text(&world, "d.sd-jwt");
    let show = |file: &str| alone(&["show", file, "--keys", "none", "--against", LINEAGE]);
    assert_eq!(show("d.sd-jwt").code, 0);
    let mut read = 0;
    for (place, bent) in changes(&honest, 90) {
        let shown = show(&world.write("bent.sd-jwt", bent));
        // Signed in the name of somebody of whom no key is at hand, it is not checked.
        let is_open = shown.code == 3 && shown.out.contains("signature    not checked");
        assert!(shown.code == 1 || is_open, "{place}: {}{}", shown.out, shown.err);
        read += usize::from(shown.out.contains("missing or wrong"));
    }
    assert!(read > 0, "none was read");
}

#[test]
fn a_summary_changed_in_any_byte_is_not_recorded() {
    let world = World::with_demo();
    let with =
        |arguments: &[&str]| world.run(&[arguments, &["--ledger", "demo/ledger", "--keys", "demo/keys"]].concat());
    for arguments in [
        &["key", "new", "audit", "--no-passphrase"][..],
        &["party", "register", "Plumb Line Audit", "--country", "US", "--role", "auditor", "--key", "audit"],
    ] {
        assert_eq!(with(arguments).code, 0);
    }
    let summary = ["summary", LINEAGE, "--trust", "demo/trust.toml", "--keys", "demo/keys", "--key", "audit"];
    let asked = ["--policy", DFARS, "--delivery", "2027-01-01", "--person", "A. Auditor", "-o", "s.sd-jwt"];
    let signed = world.run(&[&summary[..], &asked].concat());
    assert_eq!(signed.code, 0, "{}", signed.err);
    let honest = text(&world, "s.sd-jwt");
    let record = |file: &str| with(&["record", "--signed", file, "--dry-run"]);
    assert_eq!(record("s.sd-jwt").code, 0);
    for (place, bent) in changes(&honest, 60) {
        let recorded = record(&world.write("bent.sd-jwt", bent));
        assert!(![0, 70].contains(&recorded.code), "{place}: {}{}", recorded.out, recorded.err);
    }
}

#[test]
fn an_auditors_statement_changed_in_any_byte_states_nothing() {
    const AUDITOR: &str = "Plumb Line Audit";
    let world = World::with_concentrate();
    world.party(AUDITOR, "US", "auditor", "audit");
    world.ok(&["audit", "--sign-completeness", "c.json", "--by", AUDITOR]);
    // An exporter without the log's key, and a reader who trusts the auditor.
    copy(&world.path("keys"), &world.path("seller"));
    ["pem", "pub"].iter().for_each(|end| std::fs::remove_file(world.path(&format!("seller/log.{end}"))).unwrap());
    let _ = std::fs::remove_dir_all(world.path("ledger/completeness"));
    let toml = text(&world, "ledger/oretrail.toml");
    let part = |at: usize| toml.split('"').nth(at).unwrap();
    let auditor = world.json(&["show", AUDITOR])["id"].as_str().unwrap().to_owned();
    let trust = format!(
        "version = 0\n[[ledgers]]\nid = \"{}\"\nvkey = \"{}\"\n[[auditors]]\nparty = \"{auditor}\"\n",
        part(3),
        part(5)
    );
    world.write("trust.toml", trust);
    let stated = |file: &str| {
        let export = ["export", "conc-1", "-o", "x.json", "--by", MINE, "--keys", "seller", "--statement", file];
        let exported = world.run(&export);
        assert_ne!(exported.code, 70, "{}", exported.err);
        (exported.code == 0).then(|| {
            let report = world.run(&["verify", "x.json", "--trust", "trust.toml", "--json"]).json();
            report["verdicts"][1]["verdict"].as_str().unwrap().to_owned()
        })
    };
    assert_eq!(stated("c.json").as_deref(), Some("CONFIRMED"));
    for (place, bent) in changes(&text(&world, "c.json"), 60) {
        let verdict = stated(&world.write("bent.json", bent));
        assert_ne!(verdict.as_deref(), Some("CONFIRMED"), "{place}");
    }
}

#[test]
fn a_cosigned_draft_changed_in_any_byte_is_not_recorded() {
    let world = World::with_parties();
    let office = World::empty();
    office.ok(&["key", "new", "office", "--no-passphrase"]);
    let (public, draft) = (office.text("keys/office.pub"), world.text("add.draft.json"));
    let add = ["key", "add", &public, "--by", MINE, "--key", "mine-gate", "--kinds", "source", "--prepare", &draft];
    world.ok(&add);
    office.ok(&["cosign", &draft, "--yes"]);
    let record = |file: &str| world.run(&["record", "--cosigned", file, "--dry-run"]);
    let honest = record(&draft);
    assert_eq!(honest.code, 0, "{}", honest.err);
    for (place, bent) in changes(&text(&world, "add.draft.json"), 80) {
        // Blanks between the members of the file say nothing.
        let same = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).ok();
        let is_same = same(&bent).is_some_and(|file| Some(file) == same(text(&world, "add.draft.json").as_bytes()));
        let recorded = record(&world.write("bent.json", bent));
        assert!(![0, 70].contains(&recorded.code) || is_same, "{place}: {}{}", recorded.out, recorded.err);
    }
}
