//! Decisions: with and without a ledger, knowingly against the computed verdict, and checked again from their file.

use super::world::{BUYER, DFARS, LINEAGE, Ran, World, ran};
use serde_json::Value;

struct Demo(World);

impl Demo {
    fn new() -> Self {
        Self(World::with_demo())
    }

    /// Runs where no ledger is at hand, with the keys of the demo.
    fn alone(&self, arguments: &[&str]) -> Ran {
        ran(self.0.command().env_remove("ORETRAIL_LEDGER").args(arguments).args(["--keys", "demo/keys"]))
    }

    fn decide(&self, more: &[&str]) -> Ran {
        let fixed = ["decide", LINEAGE, "--trust", "demo/trust.toml", "--delivery", "2027-01-01", "--recipient", BUYER];
        let about = ["--contract", "HD-26-117", "--clause", "252.225-7052 (MAY 2024)", "--reason", "as agreed"];
        self.alone(&[&fixed[..], &about, &["--by", BUYER], more].concat())
    }

    fn body(&self, file: &str) -> Value {
        let shown = self.alone(&["show", file, "--json"]);
        assert_eq!(shown.code, 0, "{}", shown.err);
        shown.json()["event"]["payload"]["body"].clone()
    }
}

#[test]
fn without_a_ledger_a_decision_is_a_file_that_anybody_can_check() {
    let demo = Demo::new();
    demo.decide(&["--policy", DFARS, "--accept"]).failed(2, &["expected `-o FILE` or a ledger, found neither"]);
    let made = demo.decide(&["--policy", DFARS, "--accept", "--person", "A. Buyer", "-o", "decision.sd-jwt"]);
    assert_eq!(made.code, 0, "{}", made.err);
    made.says(&["CONFIRMED      DFARS 252.225-7052", "wrote decision.sd-jwt; recorded in no ledger"]);
    let against = ["--against", LINEAGE, "--against", "demo/trust.toml"];
    let check = |file: &str, more: &[&str]| {
        let stranger = ["show", file, "--keys", "no-keys"];
        ran(demo.0.command().env_remove("ORETRAIL_LEDGER").args([&stranger[..], more].concat()))
    };
    let checked = check("decision.sd-jwt", &against);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
    checked.says(&[
        "signature    holds, by key GR1Ab1N0Ev of Harrow Ridge Defense Systems Inc",
        "demo/magnets.lineage.json: the lineage file decided upon",
        "demo/trust.toml: the trust file decided upon",
        "built in: the policy us-dfars-252.225-7052 decided upon",
        "252.225-7052 (MAY 2024)",
        "A. Buyer",
    ]);
    let unknown = check("decision.sd-jwt", &[]);
    assert_eq!(unknown.code, 3);
    unknown.says(&["not checked: key GR1Ab1N0Ev"]);
    let other = demo.0.forbidding("EE");
    let wrong = check("decision.sd-jwt", &["--against", LINEAGE, "--against", &other]);
    assert_eq!(wrong.code, 1);
    wrong.says(&["none of its digests is of this file"]);
    let text = std::fs::read_to_string(demo.0.path("decision.sd-jwt")).unwrap();
    let (jws, rest) = text.split_once('~').unwrap();
    let (input, signature) = jws.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let forged = demo.0.write("forged.sd-jwt", format!("{input}.{first}{}~{rest}", &signature[1..]));
    let forged = check(&forged, &against);
    assert_eq!(forged.code, 1);
    forged.says(&["missing or wrong: key GR1Ab1N0Ev"]);
    let junk = demo.0.write("junk.sd-jwt", "nothing");
    check(&junk, &[]).failed(1, &["junk.sd-jwt is no signed event", "hint: expected an SD-JWT"]);
}

#[test]
fn a_decision_made_without_a_ledger_is_recorded_later_and_forks_nothing() {
    let demo = Demo::new();
    for file in ["first.sd-jwt", "second.sd-jwt"] {
        assert_eq!(demo.decide(&["--policy", DFARS, "--hold", "-o", file]).code, 0);
    }
    let place = |file: &str| demo.alone(&["show", file, "--json"]).json()["event"]["payload"]["seq"].as_u64().unwrap();
    assert_eq!(place("second.sd-jwt"), place("first.sd-jwt") + 1);
    for file in ["first.sd-jwt", "second.sd-jwt"] {
        demo.0.ok(&["record", "--signed", file, "--ledger", "demo/ledger", "--keys", "demo/keys"]);
    }
    demo.0.ok(&["audit", "--ledger", "demo/ledger", "--trust", "demo/trust.toml"]);
    let dry = demo.decide(&["--policy", DFARS, "--hold", "-o", "third.sd-jwt", "--dry-run"]);
    assert_eq!(dry.code, 0, "{}", dry.err);
    dry.says(&["nothing was signed"]);
    assert!(!demo.0.path("third.sd-jwt").exists());
}

#[test]
fn a_decision_names_every_policy_with_its_parameters_and_the_exception_that_applied() {
    let demo = Demo::new();
    let mine = demo.0.forbidding("EE");
    let fixed = ["policy", "exception", "threshold", "--policy", &mine, "--contract", "HD-26-117", "-o", "small.jws"];
    demo.alone(&[&fixed[..], &["--key", "buyer", "amount=120000", "currency=USD"]].concat());
    let two = ["--policy", &mine, "--policy", "us-10usc4872", "--exception", "small.jws"];
    let made = demo.decide(&[&two[..], &["--param", "max_unproven_share=0.1", "--accept", "-o", "d.sd-jwt"]].concat());
    assert_eq!(made.code, 0, "{}{}", made.out, made.err);
    let body = demo.body("d.sd-jwt");
    assert_eq!((&body["verdict"], &body["decided"]), (&"EXEMPT".into(), &"accept".into()));
    assert_eq!(body["policies"][0]["verdict"], "EXEMPT");
    assert_eq!(body["policies"][0]["parameters"], serde_json::json!(["max_unproven_share=0.1"]));
    assert_eq!(
        (&body["policies"][1]["policy"]["id"], &body["policies"][1]["verdict"]),
        (&"us-10usc4872".into(), &"CONFIRMED".into())
    );
    assert_eq!((&body["exceptions"][0]["kind"], &body["delivery"]), (&"threshold".into(), &"2027-01-01".into()));
    assert_eq!(body["as_of"], "2026-08-31T08:00:00Z");
    let checked = demo.alone(&["show", "d.sd-jwt", "--against", &mine, "--against", "small.jws"]);
    assert_eq!(checked.code, 0, "{}", checked.out);
    checked.says(&[
        "mine.toml: the policy us-dfars-252.225-7052 decided upon",
        "small.jws: the exception threshold decided upon",
    ]);
}

#[test]
fn a_lot_that_is_not_shown_to_comply_is_accepted_knowingly_or_not_at_all() {
    let demo = Demo::new();
    let mine = demo.0.forbidding("EE");
    let decide = |more: &[&str]| demo.decide(&[&["--policy", &mine, "-o", "d.sd-jwt"], more].concat());
    let nothing = || assert!(!demo.0.path("d.sd-jwt").exists());
    decide(&["--accept"]).failed(
        2,
        &["expected `--despite 'CONTRADICTED'` to accept a lot whose computed verdict is CONTRADICTED, found none; nothing was signed"],
    );
    nothing();
    decide(&["--accept", "--despite", "UNPROVEN"]).failed(2, &["is CONTRADICTED, found `UNPROVEN`"]);
    nothing();
    decide(&["--hold", "--despite", "CONTRADICTED"]).failed(2, &["expected no `--despite`", "nothing is accepted"]);
    let made = decide(&["--accept", "--despite", "CONTRADICTED"]);
    assert_eq!(made.code, 0, "{}", made.err);
    assert!(made.err.contains("warning: accepted although the computed verdict is CONTRADICTED"), "{}", made.err);
    let body = demo.body("d.sd-jwt");
    assert_eq!((&body["decided"], &body["verdict"]), (&"accept".into(), &"CONTRADICTED".into()));
    for choice in ["--reject", "--hold"] {
        assert_eq!(decide(&[choice]).code, 0, "{choice} needs no more than a reason");
    }
    demo.decide(&["--policy", DFARS, "-o", "x.sd-jwt", "--accept", "--despite", "UNPROVEN"])
        .failed(2, &["expected no `--despite`, found `UNPROVEN`: the lot is CONFIRMED"]);
}

#[test]
fn a_second_approver_signs_as_well() {
    let demo = Demo::new();
    let second = ["--second-approver", "Lodestar Registry DAC", "-o", "d.sd-jwt"];
    let made = demo.decide(&[&["--policy", DFARS, "--accept"], &second[..]].concat());
    assert_eq!(made.code, 0, "{}", made.err);
    let checked = demo.alone(&["show", "d.sd-jwt", "--against", LINEAGE]);
    assert_eq!(checked.code, 0, "{}", checked.out);
    checked.says(&["second approver holds, by key eF62H0dcgr of Lodestar Registry DAC"]);
    let nobody = ["--second-approver", "Nobody Ltd", "-o", "d.sd-jwt"];
    demo.decide(&[&["--policy", DFARS, "--accept"], &nobody[..]].concat())
        .failed(2, &["expected a party of the lineage as second approver, found `Nobody Ltd`"]);
}

#[test]
fn a_decision_stands_on_a_lineage_file() {
    let demo = Demo::new();
    let more = ["--contract", "1", "--reason", "x", "--hold", "-o", "d.sd-jwt", "--ledger", "demo/ledger"];
    demo.alone(&[&["decide", "NMX-N42SH-2628", "--trust", "demo/trust.toml"], &more[..]].concat())
        .failed(2, &["expected a lineage file to decide on", "hint: a decision names the file that it stands on"]);
}
