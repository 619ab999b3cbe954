//! Auditors through the program: completeness on an auditor's word, summaries that let a supplier keep its secrets.

use super::world::{BUYER, LINEAGE, Ran, World, copy};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oretrail::value::EventId;
use serde_json::Value;

const LOT: &str = "NMX-N42SH-2628";
const AUDITOR: &str = "Plumb Line Audit";
const LEDGER: [&str; 4] = ["--ledger", "demo/ledger", "--keys", "demo/keys"];

/// The demo's ledger with an auditor registered in it; `seller` has the same keys but the log's; `trust.toml` names the auditor.
fn audited() -> World {
    audited_story("magnet")
}

fn audited_story(name: &str) -> World {
    let world = World::empty().at("2026-08-31T08:00:00Z");
    world.ok(&["demo", name, "--dir", "demo"]);
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

/// A lot half of whose neodymium was separated in a forbidden country, which the policy at hand allows up to six tenths: with
/// the masses it is confirmed, without them unproven. An auditor who saw them signed so, and the ledger has the summary.
fn summarised() -> World {
    let world = audited_story("half-and-half");
    let policy = world.ok(&["policy", "show", "us-dfars-252.225-7052"]).out;
    let policy = policy
        .replace("max_forbidden_share = \"0\"", "max_forbidden_share = \"0.6\"")
        .replace("elements = \"all-rare-earths\"", "elements = \"named-only\"");
    world.write("policy.toml", policy);
    let signed = world.run(&summary(&["-o", "lot.summary.sd-jwt", "--person", "A. Auditor"]));
    assert_eq!(signed.code, 0, "{}\n{}", signed.out, signed.err);
    assert!(signed.err.contains("signed summary"), "{}", signed.err);
    world.ok(&with(&["record", "--signed", "lot.summary.sd-jwt"]));
    world
}

fn summary<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["summary", LINEAGE, "--trust", "demo/trust.toml", "--keys", "demo/keys", "--key", "audit"];
    let asked = ["--policy", "policy.toml", "--delivery", "2027-01-01"];
    let own = more.contains(&"--policy");
    fixed.into_iter().chain(asked.into_iter().filter(|_| !own)).chain(more.iter().copied()).collect()
}

/// A file with the masses withheld, from the ledger of this folder.
fn withheld(world: &World, folder: &str, lot: &str) {
    let (ledger, keys) = (format!("{folder}/ledger"), format!("{folder}/keys"));
    let fixed = ["export", lot, "-o", "held.json", "--withhold", "quantity,composition,losses"];
    world.ok(&[&fixed[..], &["--ledger", &ledger, "--keys", &keys]].concat());
}

/// Verdict and basis of the policy, for a buyer who withholds nothing of the question.
fn judged(world: &World, trust: &str, more: &[&str]) -> (String, String) {
    let fixed = ["verify", "held.json", "--trust", trust, "--as-of", "2026-08-31", "--json"];
    let asked = ["--policy", "policy.toml", "--delivery", "2027-01-01"];
    let asked = if more.contains(&"--policy") { &[][..] } else { &asked[..] };
    let report = world.run(&[&fixed[..], asked, more].concat()).json();
    let answer = &report["policies"][0];
    (answer["verdict"].as_str().unwrap().to_owned(), answer["basis"].as_str().unwrap().to_owned())
}

fn verdict(verdict: &str, basis: &str) -> (String, String) {
    (verdict.to_owned(), basis.to_owned())
}

#[test]
fn a_summary_settles_what_the_masses_withheld_leave_open() {
    let world = summarised();
    withheld(&world, "demo", LOT);
    assert_eq!(judged(&world, "trust.toml", &[]), verdict("CONFIRMED", "summary"));
    let asked = ["--policy", "policy.toml", "--delivery", "2027-01-01", "--as-of", "2026-08-31"];
    let said: Ran = world.run(&[&["verify", "held.json", "--trust", "trust.toml"][..], &asked].concat());
    assert_eq!(said.code, 0, "{}", said.out);
    said.says(&[
        "CONFIRMED",
        "on an auditor's summary",
        "auditor Plumb Line Audit saw all of it and states that `separated` is met",
    ]);
    // For those who do not trust the auditor; by another policy; with a parameter; without what came before the summary.
    let open = verdict("UNPROVEN", "lineage");
    assert_eq!(judged(&world, "demo/trust.toml", &[]), open);
    let pack = std::fs::read_to_string(world.path("policy.toml")).unwrap();
    world.write("other.toml", pack.replace("\"0.6\"", "\"0.55\""));
    assert_eq!(judged(&world, "trust.toml", &["--policy", "other.toml", "--delivery", "2027-01-01"]), open);
    assert_eq!(judged(&world, "trust.toml", &["--policy", "policy.toml", "--delivery", "2027-01-02"]), open);
    world.write("deaf.toml", pack.replace("accepts_summaries = true", "accepts_summaries = false"));
    assert_eq!(judged(&world, "trust.toml", &["--policy", "deaf.toml", "--delivery", "2027-01-01"]), open);
    assert_eq!(judged(&world, "trust.toml", &["--param", "max_unproven_share=0.1"]), open);
    // What happens to the lot itself later does not matter.
    world.ok(&with(&["receive", LOT, "--by", BUYER]));
    withheld(&world, "demo", LOT);
    assert_eq!(judged(&world, "trust.toml", &[]), verdict("CONFIRMED", "summary"));
    world.ok(&with(&["dispatch", LOT, "--pieces", "4000", "--by", BUYER, "--to", "Lodestar Registry DAC"]));
    withheld(&world, "demo", &format!("{LOT}/part"));
    assert_eq!(judged(&world, "trust.toml", &[]), verdict("CONFIRMED", "summary"));
}

#[test]
fn a_summary_settles_nothing_once_something_shown_is_new_or_taken_back() {
    let world = summarised();
    let entries: Value = serde_json::from_slice(&std::fs::read(world.path(LINEAGE)).unwrap()).unwrap();
    let grant = entries["ledgers"][0]["entries"].as_array().unwrap().iter().find_map(|entry| {
        let input = entry["jwt"].as_str().unwrap().rsplit_once('.').unwrap().0;
        let payload = URL_SAFE_NO_PAD.decode(input.split_once('.').unwrap().1).unwrap();
        let payload: Value = serde_json::from_slice(&payload).unwrap();
        let is_grant = payload["kind"] == "accredit" && payload["body"]["scheme"] == "site-location";
        is_grant.then(|| EventId::of_signing_input(input.as_bytes()).to_string())
    });
    let grant = grant.unwrap();
    let file = std::fs::read_to_string(world.path("lot.summary.sd-jwt")).unwrap();
    let (input, _) = file.split('~').next().unwrap().rsplit_once('.').unwrap();
    let summary = EventId::of_signing_input(input.as_bytes()).to_string();
    let council = "Nordlys Accreditation Council";
    let cases: [(&str, Vec<&str>); 4] = [
        (
            "a statement on a lot upstream",
            vec!["claim", "NMX-T-2627", "custody-model >= mass-balance", "--by", AUDITOR],
        ),
        (
            "a site suspended",
            vec!["accredit", "--suspend", &grant, "--valid-from", "2026-08-01T00:00:00Z", "--by", council],
        ),
        ("the grant withdrawn", vec!["correct", &grant, "--reason", "did-not-occur", "--withdraw", "--by", council]),
        (
            "the summary withdrawn",
            vec!["correct", &summary, "--reason", "clerical-error", "--withdraw", "--by", AUDITOR],
        ),
    ];
    for (what, arguments) in cases {
        copy(&world.path("demo"), &world.path("other"));
        world.ok(&[&arguments[..], &["--ledger", "other/ledger", "--keys", "other/keys"]].concat());
        withheld(&world, "other", LOT);
        let (verdict, basis) = judged(&world, "trust.toml", &[]);
        assert_eq!((verdict.as_str(), basis.as_str()), ("UNPROVEN", "lineage"), "{what}");
        std::fs::remove_dir_all(world.path("other")).unwrap();
    }
}

#[test]
fn a_summary_is_about_one_policy_as_it_stands_and_evidence_that_holds() {
    let world = audited();
    let dfars = ["--policy", "us-dfars-252.225-7052", "--delivery", "2027-01-01"];
    let failed = |more: &[&str], code: i32, parts: &[&str]| {
        world.run(&summary(&[&dfars[..], more].concat())).failed(code, parts);
        assert!(!world.path("x.sd-jwt").exists());
    };
    failed(&[], 2, &["--output <FILE>"]);
    failed(&["-o", "x.sd-jwt", "--param", "elements=named-only"], 2, &["expected a policy as it stands"]);
    failed(&["-o", "x.sd-jwt", "--policy", "us-10usc4872"], 2, &["expected one `--policy`, found 2"]);
    failed(&["-o", "x.sd-jwt", "--by", "Nobody Ltd"], 2, &["expected a party of the lineage as auditor"]);
    let text = std::fs::read_to_string(world.path(LINEAGE)).unwrap();
    world.write("bent.json", text.replacen("\"recorded_at\":\"2026-0", "\"recorded_at\":\"2025-0", 1));
    let bent = ["summary", "bent.json", "--keys", "demo/keys", "--key", "audit", "-o", "x.sd-jwt"];
    world
        .run(&[&bent[..], &dfars].concat())
        .failed(1, &["expected evidence whose integrity holds", "nothing was signed"]);
    // Signed and recorded in one go; the next event of the auditor follows it in its feed.
    let both = world.run(&summary(&[&dfars[..], &["--record", "--ledger", "demo/ledger", "-o", "x.sd-jwt"]].concat()));
    assert_eq!(both.code, 0, "{}\n{}", both.out, both.err);
    world.ok(&with(&["claim", LOT, "custody-model >= mass-balance", "--by", AUDITOR]));
    world.ok(&with(&["audit", "--trust", "demo/trust.toml"]));
}

#[test]
fn a_lot_of_a_ledger_is_summarised_with_the_auditors_own_key_and_no_other() {
    let world = audited();
    std::fs::create_dir(world.path("auditor")).unwrap();
    for name in ["audit.pem", "audit.pub", "signing-memory"] {
        std::fs::copy(world.path("demo/keys").join(name), world.path("auditor").join(name)).unwrap();
    }
    let asked = ["summary", LOT, "--ledger", "demo/ledger", "--trust", "demo/trust.toml", "--as-of", "2026-08-31"];
    let policy = ["--policy", super::world::DFARS, "--delivery", "2027-01-01", "-o", "lot.summary.sd-jwt"];
    let with_keys = |folder: &str| world.run(&[&asked[..], &policy, &["--keys", folder]].concat());
    with_keys("nobody").failed(2, &["expected", "hint:"]);
    assert!(!world.path("lot.summary.sd-jwt").exists());
    let signed = with_keys("auditor");
    assert_eq!(signed.code, 0, "{}\n{}", signed.out, signed.err);
    world.ok(&["show", "lot.summary.sd-jwt", "--ledger", "demo/ledger"]).says(&["summary ", "delivery     2027-01-01"]);
}
