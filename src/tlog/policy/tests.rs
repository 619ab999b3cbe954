//! The example of the specification with real keys, its rules one by one, and quorums.

use super::super::checkpoint::tests::{ORIGIN, signed};
use super::super::vkey::tests::pair;
use super::*;
use crate::value::Time;
use proptest::prelude::*;

fn witness(seed: u8) -> VerifierKey {
    pair("witness.example", KeyKind::Cosignature, seed).0
}

fn log() -> VerifierKey {
    pair(ORIGIN, KeyKind::Note, 1).0
}

/// The example of C2SP tlog-policy: 2 of X1 to X3 (seeds 11 to 13) and any of Y1 to Y3 (seeds 21 to 23).
fn example() -> String {
    let mut text = format!("# example\n\nlog {} https://log.example/\n", log());
    for (name, seed) in [("X1", 11), ("X2", 12), ("X3", 13), ("Y1", 21), ("Y2", 22), ("Y3", 23)] {
        text.push_str(&format!(" witness\t{name}  {} \n", witness(seed)));
    }
    text + "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\n\
        group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n  # end\n"
}

fn parse(text: &str) -> Result<Policy, PolicyError> {
    Policy::parse(text.as_bytes())
}

fn met(policy: &Policy, seeds: &[u8]) -> bool {
    policy.is_met_by(&seeds.iter().map(|seed| witness(*seed)).collect())
}

#[test]
fn quorum_of_the_specification_is_met_by_two_of_x_and_one_of_y() {
    let policy = parse(&example()).unwrap();
    assert_eq!((policy.logs(), policy.witnesses().count()), ([log()].as_slice(), 6));
    for (seeds, expected) in [
        (&[][..], false),
        (&[11, 12], false),
        (&[11, 21, 22, 23], false),
        (&[11, 13, 22], true),
        (&[11, 12, 13, 21, 22, 23], true),
        (&[31, 32, 33], false),
    ] {
        assert_eq!(met(&policy, seeds), expected, "{seeds:?}");
    }
}

#[test]
fn quorum_none_needs_nobody_and_a_single_witness_itself() {
    assert!(met(&parse("quorum none\n").unwrap(), &[]));
    let single = parse(&format!("witness a {}\nquorum a\n", witness(11))).unwrap();
    assert!(met(&single, &[11]) && !met(&single, &[12]));
}

#[test]
fn checkpoint_is_assessed_by_its_cosignatures() {
    let policy = parse(&example()).unwrap();
    let time = Time::from_unix(1_679_315_147).unwrap();
    let mut checkpoint = signed(5);
    for seed in [11, 12, 21, 77] {
        let (key, signer) = pair("witness.example", KeyKind::Cosignature, seed);
        let before = policy.assess(&checkpoint).unwrap();
        assert!(!before.met || seed == 77);
        checkpoint = checkpoint.cosign(&key, time, &signer).unwrap();
    }
    let read = SignedCheckpoint::parse(checkpoint.to_string().as_bytes()).unwrap();
    let assessed = policy.assess(&policy.verify_log(&read).unwrap()).unwrap();
    assert!(assessed.met);
    assert_eq!(assessed.cosignatures.len(), 3);
    assert!(assessed.cosignatures.iter().all(|cosignature| cosignature.time == time));
}

#[test]
fn checkpoint_of_an_unknown_log_or_key_is_refused() {
    let read = SignedCheckpoint::parse(signed(5).to_string().as_bytes()).unwrap();
    let none = parse("quorum none\n").unwrap();
    assert_eq!(
        none.verify_log(&read).unwrap_err().to_string(),
        format!("expected a checkpoint of `a log of the policy`, found origin `{ORIGIN}`")
    );
    let other_key = pair(ORIGIN, KeyKind::Note, 2).0;
    assert!(parse(&format!("log {other_key}\nquorum none\n")).unwrap().verify_log(&read).is_err());
    let both = format!("log {other_key}\nlog {}\nquorum none\n", log());
    assert_eq!(parse(&both).unwrap().verify_log(&read), Ok(signed(5)));
}

#[test]
fn each_rule_of_the_format_is_kept() {
    let (a, b) = (witness(1), witness(2));
    let two = format!("witness a {a}\nwitness b {b}\n");
    let renamed = pair("elsewhere.example", KeyKind::Cosignature, 1).0;
    let cases = [
        (String::new(), 1, "expected a quorum line, found none"),
        (two.clone(), 3, "expected a quorum line, found none"),
        ("quorum none".into(), 1, "expected every line to end in LF"),
        ("quorum none\nquorum none\n".into(), 2, "expected one quorum line"),
        ("quorum a\n".into(), 1, "expected a name defined on an earlier line, found `a`"),
        (format!("{two}group g all a c\n"), 3, "expected a name defined on an earlier line, found `c`"),
        (format!("{two}group g all a g\n"), 3, "expected a name defined on an earlier line, found `g`"),
        (format!("{two}group g all none\n"), 3, "expected a name defined on an earlier line, found `none`"),
        (format!("{two}group g all a a\n"), 3, "expected each name as a member of one group only, found `a`"),
        (format!("{two}group g any a\ngroup h any a\n"), 4, "expected each name as a member of one group only"),
        (format!("{two}group a any b\n"), 3, "expected a new name, found `a`"),
        (format!("{two}group none any b\n"), 3, "expected a new name, found `none`"),
        (format!("{two}group g 0 a b\n"), 3, "expected `all`, `any` or a number from 1 to 2"),
        (format!("{two}group g 3 a b\n"), 3, "expected `all`, `any` or a number from 1 to 2"),
        (format!("{two}group g 01 a b\n"), 3, "expected `all`, `any` or a number from 1 to 2"),
        (format!("{two}group g any\n"), 3, "expected `log VKEY [URL]`"),
        (format!("{two}witness c {renamed}\n"), 3, "expected each public key once"),
        (format!("log {}\nlog {}\n", log(), log()), 2, "expected each public key once"),
        (format!("log {a}\n"), 1, "expected a log key (type 0x01), found a key of type 0x04"),
        (format!("witness a {}\n", log()), 1, "expected a witness key (type 0x04), found a key of type 0x01"),
        (format!("witness a {a} https://a b\n"), 1, "expected `log VKEY [URL]`"),
        ("quorum none\r\n".into(), 1, "expected no control character but tab and LF, found 0x0d"),
        ("log a\u{7f}\n".into(), 1, "expected no control character but tab and LF, found 0x7f"),
        ("# \u{1}\n".into(), 1, "expected no control character"),
        ("log x\n".into(), 1, "expected `<name>+"),
        ("Quorum none\n".into(), 1, "expected `log VKEY [URL]`"),
    ];
    for (text, line, start) in cases {
        let error = parse(&text).unwrap_err();
        assert!(error.to_string().starts_with(start) && error.line == line, "{text}: {error}");
    }
}

#[test]
fn names_are_octets_and_need_not_be_utf_8() {
    let mut bytes = format!("witness K {}\nwitness \u{212a} {}\nwitness ", witness(1), witness(2)).into_bytes();
    bytes.push(0xff);
    bytes.extend(format!(" {}\ngroup g all K \u{212a} ", witness(3)).into_bytes());
    bytes.extend(b"\xff\nquorum g\n");
    let policy = Policy::parse(&bytes).unwrap();
    assert!(met(&policy, &[1, 2, 3]) && !met(&policy, &[1, 2]));
}

#[test]
fn deep_chain_of_groups_is_decided_without_recursion() {
    let mut text = format!("witness g0 {}\n", witness(1));
    for i in 1..20_000 {
        text.push_str(&format!("group g{i} all g{}\n", i - 1));
    }
    text.push_str("quorum g19999\n");
    let policy = parse(&text).unwrap();
    assert!(met(&policy, &[1]) && !met(&policy, &[2]));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..60), text in "((log|witness|group|quorum|all|any|none|a|b|1|#)[ \t\n]){0,30}") {
        let _ = (Policy::parse(&bytes), parse(&text));
    }
}
