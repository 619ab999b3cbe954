//! Policies, claims and exceptions together: by whose file each is judged, and what a claim on record counts for.

use super::world::{BUYER, DFARS, LINEAGE, Ran, World};

const OXIDE: &str = "ndpr-oxide-500";

struct Demo(World);

impl Demo {
    fn new() -> Self {
        Self(World::with_demo())
    }

    fn verify(&self, more: &[&str]) -> Ran {
        let fixed = ["verify", LINEAGE, "--trust", "demo/trust.toml", "--recipient", BUYER];
        self.0.run(&[&fixed[..], more].concat())
    }

    /// As [`Self::verify`], for a delivery in 2027 by a policy.
    fn by(&self, policy: &str, more: &[&str]) -> Ran {
        self.verify(&[&["--policy", policy, "--delivery", "2027-01-01"], more].concat())
    }

    fn exception(&self, policy: &str, out: &str) -> String {
        let fixed = ["policy", "exception", "threshold", "--policy", policy, "--contract", "HD-26-117", "-o", out];
        let more = ["--keys", "demo/keys", "--key", "buyer", "amount=120000", "currency=USD"];
        self.0.ok(&[&fixed[..], &more].concat());
        out.to_owned()
    }

    fn digest(&self, policy: &str) -> String {
        self.0.json(&["policy", "check", policy])["policy"]["blake3"].as_str().unwrap().to_owned()
    }
}

fn verdict(report: &serde_json::Value, at: &str) -> String {
    report.pointer(at).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

#[test]
fn policy_claim_and_exception_in_one_run_are_judged_by_the_same_file() {
    let demo = Demo::new();
    let mine = demo.0.forbidding("EE");
    let complies = "complies us-dfars-252.225-7052 2027-01-01";
    let both = |more: &[&str]| {
        let report = demo.by(&mine, &[&["--claim", complies, "--json"], more].concat());
        let json = report.json();
        (verdict(&json, "/policies/0/verdict"), verdict(&json, "/claims/0/verdict"), report.code)
    };
    let contradicted = "CONTRADICTED".to_owned();
    assert_eq!(both(&[]), (contradicted.clone(), contradicted, 1));
    let exception = demo.exception(&mine, "small.jws");
    let exempt = "EXEMPT".to_owned();
    assert_eq!(both(&["--exception", &exception]), (exempt.clone(), exempt, 0));
    demo.by(&mine, &["--claim", complies, "--exception", &exception])
        .says(&["EXEMPT         complies us-dfars-252.225-7052", "the purchase is of 120000 USD, at most 350000"]);
}

#[test]
fn a_claim_is_judged_by_the_file_of_its_digest_and_with_the_parameters_given() {
    let demo = Demo::new();
    let (mine, built_in) = (demo.0.forbidding("EE"), demo.digest(DFARS));
    let claim = |digest: &str| format!("complies {DFARS} {digest} 2027-01-01");
    let answer = |policy: &str, claim: &str, more: &[&str]| {
        let ran = demo.by(policy, &[&["--claim", claim, "--json"], more].concat());
        (verdict(&ran.json(), "/claims/0/verdict"), verdict(&ran.json(), "/claims/0/why/0/text"), ran.code)
    };
    assert_eq!(answer(&mine, &claim(&built_in), &[]).0, "CONFIRMED", "that of the program is asked for");
    let unknown = "7".repeat(64);
    let (found, why, code) = answer(DFARS, &claim(&unknown), &[]);
    assert_eq!((found.as_str(), code), ("UNPROVEN", 3));
    assert_eq!(
        why,
        format!("the policy {DFARS} of digest {unknown} is not at hand, only another of digest {built_in}")
    );
    let (found, why, _) = answer(DFARS, &format!("complies other-pack {unknown} 2027-01-01"), &[]);
    assert_eq!(
        (found.as_str(), why),
        ("UNPROVEN", format!("the policy other-pack of digest {unknown} is not at hand"))
    );
    let (found, why, _) = answer(DFARS, &claim(&built_in), &["--param", "elements=named-only"]);
    assert_eq!((found.as_str(), why.as_str()), ("CONFIRMED", "judged with elements=named-only"));
    demo.by(DFARS, &["--claim", "complies other-pack 2027-01-01"]).failed(2, &["the digest of a policy"]);
}

#[test]
fn an_exception_from_another_edition_of_the_policy_does_not_count_and_says_so() {
    let demo = Demo::new();
    let mine = demo.0.forbidding("EE");
    let exception = demo.exception(DFARS, "small.jws");
    let ran = demo.by(&mine, &["--exception", &exception]);
    assert_eq!(ran.code, 1);
    let (signed, asked) = (demo.digest(DFARS), demo.digest(&mine));
    ran.says(&["exception threshold does not apply: the file is for an edition of the policy with BLAKE3"]);
    let why = demo.by(&mine, &["--exception", &exception, "--json"]).json();
    let why = verdict(&why, "/policies/0/exceptions/0/why/0/text");
    assert!(why.contains(&signed) && why.contains(&asked), "{why}");
    demo.by("us-s857-disclosure", &["--exception", &exception])
        .failed(2, &["expected an exception from a policy that is asked about, found one from us-dfars-252.225-7052"]);
}

#[test]
fn a_claim_on_a_lot_upstream_counts_where_it_is_false_and_its_issuer_handled_the_lot() {
    let demo = Demo::new();
    let at_hand = ["--ledger", "demo/ledger", "--keys", "demo/keys"];
    let claims = |by: &str, claim: &[&str]| {
        demo.0.ok(&[&["claim", OXIDE], claim, &["--by", by], &at_hand].concat());
    };
    let judged = || {
        let export = ["export", "NMX-N42SH-2628", "-o", "claims.json", "--by", "Narova Magnetics OÜ"];
        demo.0.ok(&[&export[..], &at_hand].concat());
        let ran = demo.0.run(&["verify", "claims.json", "--trust", "demo/trust.toml", "--json"]);
        let mut found: Vec<(String, bool)> = Vec::new();
        for claim in ran.json()["claims"].as_array().unwrap() {
            found.push((claim["verdict"].as_str().unwrap().to_owned(), claim["counts"].as_bool().unwrap()));
        }
        found.sort();
        (found, ran.code)
    };
    let separator = "Semambu Separation Sdn Bhd";
    let one = |verdict: &str, counts: bool| (verdict.to_owned(), counts);
    claims(separator, &["processed-in separated MY"]);
    claims(separator, &["complies", DFARS, &"7".repeat(64), "2027-01-01"]);
    claims("Lodestar Registry DAC", &["processed-in separated AU"]);
    let stranger = [one("CONFIRMED", false), one("CONTRADICTED", false), one("UNPROVEN", false)];
    assert_eq!(judged(), (stranger.to_vec(), 0), "a stranger's false word is none of the lot's");
    claims(separator, &["processed-in separated AU"]);
    let own = [one("CONFIRMED", false), one("CONTRADICTED", false), one("CONTRADICTED", true), one("UNPROVEN", false)];
    assert_eq!(judged(), (own.to_vec(), 1));
    // Who only received the lot and sent it on handled it as well.
    let demo = Demo::new();
    let holder = "Wirral Rare Metals Ltd";
    let known = demo.0.run(&["show", holder, "--ledger", "demo/ledger"]);
    assert_eq!(known.code, 0, "{}", known.err);
    demo.0.ok(&[&["claim", OXIDE, "processed-in separated AU", "--by", holder], &at_hand[..]].concat());
    let export = ["export", "NMX-N42SH-2628", "-o", "claims.json", "--by", "Narova Magnetics OÜ"];
    demo.0.ok(&[&export[..], &at_hand].concat());
    assert_eq!(demo.0.run(&["verify", "claims.json", "--trust", "demo/trust.toml"]).code, 1);
}
