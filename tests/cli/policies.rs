//! Policy packs through the program: listed, shown, checked.

use super::world::{BUYER, DFARS, LINEAGE, World};

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

fn read(world: &World, name: &str) -> String {
    std::fs::read_to_string(world.path(name)).unwrap()
}

/// The demo's lot judged by a policy.
fn verify<'a>(policy: &'a str, delivery: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["verify", LINEAGE, "--trust", "demo/trust.toml", "--policy", policy, "--delivery", delivery];
    fixed.into_iter().chain(more.iter().copied()).collect()
}

#[test]
fn a_lot_is_judged_by_several_policies_in_one_run() {
    let world = World::with_demo();
    for delivery in ["2026-12-31", "2027-01-01"] {
        let ran = world.run(&verify(DFARS, delivery, &["--policy", "us-s857-disclosure", "--policy", "us-10usc4872"]));
        assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err);
        ran.says(&["CONFIRMED      DFARS 252.225-7052", "CONFIRMED      FY2023 NDAA", "CONFIRMED      10 U.S.C. 4872"]);
        assert_eq!(ran.out.matches("and what it asks, is for contracting officer").count(), 2, "each notice once");
    }
    let report = world.json(&verify(DFARS, "2027-01-01", &["--param", "elements=named-only"]));
    let answer = &report["policies"][0];
    assert_eq!(answer["range"], "mined-to-produced");
    assert_eq!(answer["policy"]["blake3"], world.json(&["policy", "list"])[2]["blake3"]);
    assert_eq!(
        (&answer["parameters"]["elements"], &answer["parameters"]["max_unproven_share"]),
        (&"named-only".into(), &"0".into())
    );
    assert_eq!(answer["elements"], serde_json::json!(["Nd", "Fe", "B"]));
}

#[test]
fn each_verdict_has_its_exit_code_and_its_reasons() {
    let world = World::with_demo();
    let mine = world.forbidding("MY");
    let ran = world.run(&verify(&mine, "2027-01-01", &[]));
    assert_eq!(ran.code, 1);
    ran.says(&[
        "CONTRADICTED   DFARS",
        "because Pr and Nd: separated in MY; forbidden are MY, at facility Gebeng separation plant, MY, 10 steps before the lot",
        "separate, calcine by Semambu Separation Sdn Bhd at Gebeng separation plant, MY",
    ]);
    let ran = world.run(&verify(&mine, "2026-12-31", &[]));
    assert_eq!(ran.code, 0);
    ran.says(&["from 2027-01-01 the same lot is CONTRADICTED: separated"]);
    let ran = world.run(&verify(DFARS, "2020-01-01", &[]));
    assert_eq!(ran.code, 3);
    ran.says(&["UNPROVEN", "no range of the pack holds a delivery on 2020-01-01"]);
    let text = world.ok(&["policy", "show", DFARS]).out;
    let other = world.write("other.toml", text.replace("\"magnet\", ", ""));
    let ran = world.run(&verify(&other, "2027-01-01", &[]));
    assert_eq!(ran.code, 3);
    ran.says(&["NOT APPLICABLE DFARS", "this is a lot of form `magnet` with"]);
    let ran = world.run(&["verify", LINEAGE, "--policy", DFARS, "--delivery", "2027-01-01", "--verbose"]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    ran.says(&["UNPROVEN       DFARS", "to prove it: evidence that holds, from a ledger of your trust file"]);
}

#[test]
fn what_is_asked_wrongly_is_refused_with_a_hint() {
    let world = World::with_demo();
    world.run(&["verify", LINEAGE, "--policy", DFARS]).failed(
        2,
        &["expected `--delivery DATE` with policy us-dfars-252.225-7052, found none", "hint: what a dated policy asks"],
    );
    let wrong = |more: &[&str], parts: &[&str]| {
        world.run(&verify(DFARS, "2027-01-01", more)).failed(2, parts);
    };
    wrong(&["--param", "elements"], &["expected a parameter such as `elements=named-only`, found `elements`"]);
    wrong(&["--param", "element=all"], &["expected a parameter, found `element` (did you mean `elements`?)"]);
    wrong(&["--param", "elements=some"], &["parameter `elements`: expected an element scope, found `some`"]);
    wrong(&["--param", "max_unproven_share=1.5"], &["expected at most 1, found `1.5`"]);
    wrong(&["--param", "product_magnets_kg=1"], &["expected a parameter of the policy, found `product_magnets_kg`"]);
    wrong(&["--policy", "us-dfars"], &["expected the id of a policy pack or a file, found `us-dfars`"]);
    let file = world.write("none.jws", "nothing");
    wrong(
        &["--exception", &file],
        &["expected `header.payload.signature`, found 1 parts", "hint: `oretrail policy exception`"],
    );
    world.run(&verify(DFARS, "2027-02-30", &[])).failed(2, &["2027-02-30"]);
}

#[test]
fn an_exception_counts_by_the_signed_word_of_the_buyer_only() {
    let world = World::with_demo();
    let mine = world.forbidding("EE");
    let make = |out: &str, key: &str, facts: &[&str]| {
        let fixed =
            ["policy", "exception", "threshold", "--policy", &mine, "--contract", "HD-26-117", "--keys", "demo/keys"];
        let fixed = fixed.into_iter().chain(["--key", key, "-o", out]);
        let arguments: Vec<&str> = fixed.chain(facts.iter().copied()).collect();
        world.run(&arguments)
    };
    assert_eq!(make("small.jws", "buyer", &["amount=120000", "currency=USD"]).code, 0);
    make("x.jws", "buyer", &["amount=1e5", "currency=USD"])
        .failed(2, &["the facts of `threshold`: expected a decimal number"]);
    make("x.jws", "buyer", &["amount=1"]).failed(2, &["missing field `currency`"]);
    let judged = |file: &str, more: &[&str]| {
        let mut arguments = verify(&mine, "2027-01-01", more);
        arguments.extend(["--exception", file]);
        world.run(&arguments)
    };
    let exempt = judged("small.jws", &["--recipient", BUYER]);
    assert_eq!(exempt.code, 0, "{}", exempt.out);
    exempt.says(&[
        "EXEMPT         DFARS",
        "because the purchase is of 120000 USD, at most 350000 (contract HD-26-117, as signed by party Harrow Ridge",
    ]);
    let stranger = judged("small.jws", &[]);
    assert_eq!(stranger.code, 1);
    stranger.says(&["exception threshold does not apply: party Harrow Ridge Defense Systems Inc is neither a buyer of the trust file"]);
    assert_eq!(make("sellers.jws", "magnets", &["amount=120000", "currency=USD"]).code, 0);
    assert_eq!(judged("sellers.jws", &["--recipient", BUYER]).code, 1, "the seller's word exempts nobody");
    assert_eq!(make("large.jws", "buyer", &["amount=400000", "currency=USD"]).code, 0);
    let large = judged("large.jws", &["--recipient", BUYER]);
    assert_eq!(large.code, 1);
    large.says(&["exception threshold does not apply: expected a purchase of at most 350000 USD, found one of 400000"]);
    let text = read(&world, "small.jws");
    let (input, signature) = text.trim().rsplit_once('.').unwrap();
    let forged =
        world.write("forged.jws", format!("{input}.{}", read(&world, "large.jws").trim().rsplit_once('.').unwrap().1));
    assert!(!signature.is_empty());
    judged(&forged, &["--recipient", BUYER]).failed(1, &["broken:", "found one that does not verify"]);
}

#[test]
fn a_decision_is_signed_with_the_computed_verdict_whatever_is_decided() {
    let world = World::with_demo();
    let mine = world.forbidding("MY");
    let decide = |policy: &str, more: &[&str]| {
        let fixed = ["decide", LINEAGE, "--trust", "demo/trust.toml", "--policy", policy, "--delivery", "2027-01-01"];
        let fixed = fixed.into_iter().chain(["--contract", "HD-26-117", "--reason", "test"]);
        let fixed = fixed.chain(["--ledger", "demo/ledger", "--keys", "demo/keys", "--by", BUYER]);
        let arguments: Vec<&str> = fixed.chain(more.iter().copied()).collect();
        world.run(&arguments)
    };
    let accepted = decide(DFARS, &["--accept", "--person", "A. Buyer", "-o", "decision.sd-jwt"]);
    assert_eq!(accepted.code, 0, "{}\n{}", accepted.out, accepted.err);
    assert!(!accepted.err.contains("warning"), "{}", accepted.err);
    let file = read(&world, "decision.sd-jwt");
    assert!(file.trim_end().ends_with('~') && file.matches('~').count() >= 4, "{file}");
    decide(&mine, &["--accept"]).failed(2, &["expected `--despite 'CONTRADICTED'`"]);
    let against = decide(&mine, &["--accept", "--despite", "CONTRADICTED", "--json"]);
    assert_eq!(against.code, 0, "{}", against.err);
    assert!(
        against.err.contains("accepted although the computed verdict is CONTRADICTED; the decision says so"),
        "{}",
        against.err
    );
    let id = against.json()["events"][0]["id"].as_str().unwrap().to_owned();
    let shown = world.json(&["show", &id, "--ledger", "demo/ledger"]);
    let body = &shown["payload"]["body"];
    assert_eq!((&body["decided"], &body["verdict"]), (&"accept".into(), &"CONTRADICTED".into()), "{shown}");
    decide(DFARS, &[]).failed(2, &["--accept"]);
    decide(DFARS, &["--accept", "--hold"]).failed(2, &["cannot be used with"]);
    let second = decide(DFARS, &["--hold", "--second-approver", "Lodestar Registry DAC", "--json"]);
    assert_eq!(second.code, 0, "{}", second.err);
    let id = second.json()["events"][0]["id"].as_str().unwrap().to_owned();
    let shown = world.json(&["show", &id, "--ledger", "demo/ledger"]);
    assert_eq!(shown["payload"]["cosig"][0]["purpose"], "second-approver", "{shown}");
}
