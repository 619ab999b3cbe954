//! Policies, trust, specifications, claims and exceptions that cannot be read, or do not apply: a sentence for each, with the
//! place, what was expected and found, a hint and the exit code.

use super::world::{DFARS, LINEAGE, Ran, World};

/// Each file is refused with exit code 2 and these words.
fn refused(world: &World, arguments: &dyn Fn(&str) -> Vec<String>, cases: &[(&str, Vec<u8>, &[&str])]) {
    for (what, bytes, words) in cases {
        let file = world.write("x.toml", bytes);
        let arguments = arguments(&file);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ran = world.run(&arguments);
        assert_eq!(ran.code, 2, "{what}: {}{}", ran.out, ran.err);
        for word in *words {
            assert!(ran.err.contains(word), "{what}: expected `{word}` in {}", ran.err);
        }
        assert!(ran.out.is_empty() && ran.err.contains("x.toml"), "{what}: {}", ran.err);
    }
}

fn too_large() -> Vec<u8> {
    vec![b'#'; 17 << 20]
}

const NO_UTF8: &[&str] = &["expected text in UTF-8, found something else: invalid utf-8 sequence"];
const BIDI: &[&str] =
    &["expected text without control or bidirectional characters, found U+202E at character 1", "line"];

#[test]
fn a_policy_that_cannot_be_read_is_refused_with_its_place() {
    let world = World::empty();
    let text = world.ok(&["policy", "show", DFARS]).out;
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1).into_bytes()
    };
    let cases: &[(&str, Vec<u8>, &[&str])] = &[
        ("malformed", with("version = 0", "version ="), &["line 3, column 10:", "hint: `oretrail schema policy`"]),
        ("type", with("version = 0", "version = \"0\""), &["line 3, column 11: invalid type: string \"0\""]),
        ("version", with("version = 0", "version = 1"), &["line 3, column 11: expected version 0, found 1"]),
        ("key", with("notes =", "nodes ="), &["unknown field `nodes`, expected one of"]),
        (
            "process",
            with("\"dismantle\"", "\"dismantel\""),
            &["expected a process, found `dismantel` (did you mean `dismantle`?)"],
        ),
        (
            "range",
            with("until = \"2026-12-31\"", "until = \"2027-01-31\""),
            &["column 8: ranges `melted-or-produced`", "hint: a day belongs to one range"],
        ),
        ("bidi", with("title = \"", "title = \"\u{202e}"), BIDI),
        (
            "bidi in a name",
            with("\"dismantle\"", "\"\u{202e}dismantle\""),
            &["expected a process, found `U+202Edismantle`"],
        ),
        ("size", too_large(), &["expected at most 1048576 bytes", "hint: check that it is the file that was meant"]),
        ("bytes", vec![0xff, 0xfe], NO_UTF8),
    ];
    refused(&world, &|file| vec!["policy".to_owned(), "check".to_owned(), file.to_owned()], cases);
}

#[test]
fn a_trust_file_that_cannot_be_read_is_refused_with_its_place() {
    let world = World::with_demo();
    let authority = |more: &str| {
        let party = "a".repeat(64);
        format!("version = 0\n[[authorities]]\nparty = \"{party}\"\nschemes = [\"site-location\"]\n{more}\n")
            .into_bytes()
    };
    let cases: &[(&str, Vec<u8>, &[&str])] = &[
        ("malformed", b"version =".to_vec(), &["line 1, column 10:", "hint: `oretrail schema trust`"]),
        ("type", b"version = \"0\"".to_vec(), &["line 1, column 11: invalid type: string \"0\""]),
        (
            "key",
            b"version = 0\nauthority = []".to_vec(),
            &["line 2, column 1: unknown field `authority`, expected one of"],
        ),
        (
            "process",
            authority("processes = [\"sintre\"]"),
            &["line 5, column 14: expected a process, found `sintre` (did you mean `sinter`?)"],
        ),
        ("bidi", authority("name = \"\u{202e}x\""), BIDI),
        ("size", too_large(), &["expected at most 16777216 bytes", "hint: check that it is the file that was meant"]),
        ("bytes", vec![0xff, 0xfe], NO_UTF8),
    ];
    let verify = |file: &str| ["verify", LINEAGE, "--trust", file].map(str::to_owned).to_vec();
    refused(&world, &verify, cases);
    let nobody = world.write("nobody.toml", "version = 0\n");
    let asked = ["--policy", DFARS, "--delivery", "2027-01-01", "--claim", "accredited-chain"];
    let ran = world.run(&[&["verify", LINEAGE, "--trust", &nobody], &asked[..]].concat());
    assert_eq!(ran.code, 3, "{}", ran.out);
    ran.says(&[
        "CONFIRMED      Is the evidence what was signed and recorded?",
        "UNPROVEN       Does somebody trusted vouch",
        "the trust file names nobody who may vouch",
        "UNPROVEN       accredited-chain",
        "UNPROVEN       DFARS",
    ]);
}

#[test]
fn a_specification_that_cannot_be_read_is_refused_with_its_place() {
    let world = World::empty();
    let text = world.ok(&["spec", "show", "magnet-n42sh"]).out;
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1).into_bytes()
    };
    let cases: &[(&str, Vec<u8>, &[&str])] = &[
        ("malformed", with("version = 0", "version ="), &["line 1, column 10:", "hint: `oretrail schema spec`"]),
        ("type", with("version = 0", "version = \"0\""), &["line 1, column 11: invalid type: string \"0\""]),
        ("key", with("title =", "titel ="), &["unknown field `titel`, expected one of"]),
        ("bidi", with("title = \"", "title = \"\u{202e}"), BIDI),
        ("size", too_large(), &["expected at most 1048576 bytes", "hint: check that it is the file that was meant"]),
        ("bytes", vec![0xff, 0xfe], NO_UTF8),
    ];
    refused(&world, &|file| vec!["spec".to_owned(), "check".to_owned(), file.to_owned()], cases);
}

#[test]
fn a_claim_that_cannot_be_read_is_refused_with_its_column() {
    let world = World::with_demo();
    let long = "a".repeat(9_000);
    for (claim, words) in [
        ("origin Nd", "column 10: expected countries such as `US,AU`, found the end of the claim"),
        ("origin Xx US >= 1", "column 8: expected the symbol of a tracked element such as `Nd`, found `Xx`"),
        ("origin Nd US >= 2", "column 17: expected a share from 0 to 1: at most 1, found `2`"),
        ("processed-in sintre US", "(did you mean `sinter`?), found `sintre`"),
        ("custody-model >= \u{202e}x", "column 18: expected a custody model, found `U+202Ex`"),
        (&long, "column 1: expected at most 8,192 bytes, found 9000 bytes"),
    ] {
        world.run(&["verify", LINEAGE, "--claim", claim]).failed(2, &[words, "hint:"]);
    }
}

/// Kind, delivery and facts of an exception, and what is said where it applies, or why it does not.
type Excepted<'a> = (&'a str, &'a str, Vec<&'a str>, Result<&'a str, &'a str>);

/// The demo judged by a pack that forbids Estonia, with an exception of these facts.
fn excepted(world: &World, delivery: &str, kind: &str, facts: &[&str]) -> Ran {
    let text = world.ok(&["policy", "show", DFARS]).out;
    let mine = world.write("mine.toml", text.replace("[\"CN\", \"IR\", \"KP\", \"RU\"]", "[\"EE\"]"));
    let make = ["policy", "exception", kind, "--policy", &mine, "--contract", "HD-26-117", "-o", "e.jws"];
    let made = world.run(&[&make[..], &["--keys", "demo/keys", "--key", "buyer"], facts].concat());
    if made.code != 0 {
        return made;
    }
    let verify = ["verify", LINEAGE, "--trust", "demo/trust.toml", "--recipient", "Harrow Ridge Defense Systems Inc"];
    let by = ["--policy", &mine, "--delivery", delivery, "--exception", "e.jws"];
    world.run(&[&verify[..], &by].concat())
}

#[test]
fn every_exception_asks_for_the_facts_that_its_clause_names() {
    let world = World::with_demo();
    let cots = ["end_item=EI-4711", "basis=catalogue", "unmodified=true", "covered_share=0.02", "tungsten_share=0"];
    let device = ["end_item=EI-4711", "basis=controls electron flow"];
    let document = format!("document={}", "ab".repeat(32));
    let determined = [
        "determination=ND-7",
        "scope=individual",
        "form=sintered block",
        "properties=N42SH",
        "issued=2026-01-05",
        &document,
    ];
    let in_2027 = "2027-01-01";
    let cases: &[Excepted<'_>] = &[
        ("cots", in_2027, [&cots[..], &["item=end-item"]].concat(), Ok("end item EI-4711 is commercially available")),
        (
            "cots",
            in_2027,
            [&cots[..], &["item=bare-magnet"]].concat(),
            Err("expected less than 0.5 of covered material by weight, found 1"),
        ),
        (
            "cots",
            "2026-12-31",
            [&cots[..], &["item=bare-magnet"]].concat(),
            Ok("end item EI-4711 is commercially available"),
        ),
        (
            "cots",
            in_2027,
            [&cots[..], &["item=mill-product"]].concat(),
            Err("a mill product that is not built in is carved out"),
        ),
        (
            "electronic-device",
            in_2027,
            [&device[..], &["contract_excludes=false"]].concat(),
            Ok("is an electronic device"),
        ),
        (
            "electronic-device",
            in_2027,
            [&device[..], &["contract_excludes=true"]].concat(),
            Err("the contract says that the exception"),
        ),
        (
            "nonavailability",
            in_2027,
            [&determined[..], &["expires=2027-06-30"]].concat(),
            Ok("determination ND-7 says"),
        ),
        (
            "nonavailability",
            in_2027,
            [&determined[..], &["expires=2026-12-31"]].concat(),
            Err("not for a delivery on 2027-01-01"),
        ),
        ("threshold", in_2027, vec!["amount=350000", "currency=USD"], Ok("the purchase is of 350000 USD")),
        (
            "threshold",
            in_2027,
            vec!["amount=350000.01", "currency=USD"],
            Err("at most 350000 USD, found one of 350000.01"),
        ),
        ("threshold", in_2027, vec!["amount=1", "currency=EUR"], Err("expected an amount in USD, found one in EUR")),
        ("outside-use", in_2027, vec!["bought_in=DE", "used_in=JP"], Ok("bought in DE for use in JP")),
        ("outside-use", in_2027, vec!["bought_in=DE", "used_in=US"], Err("outside the United States, found DE and US")),
        (
            "defence-or-space",
            in_2027,
            vec!["end_item=EI-1", "purpose=defence"],
            Err("the policy has no exception `defence-or-space`"),
        ),
    ];
    for (kind, delivery, facts, expected) in cases {
        let ran = excepted(&world, delivery, kind, facts);
        let (code, words) = match expected {
            Ok(words) => (0, ["EXEMPT         DFARS", words]),
            Err(words) => (1, ["CONTRADICTED   DFARS", words]),
        };
        assert_eq!(ran.code, code, "{kind} {facts:?}: {}{}", ran.out, ran.err);
        ran.says(&words);
    }
    for (kind, facts, words) in [
        ("cots", &["end_item=EI-1"][..], "missing field `basis`"),
        ("nonavailability", &["determination=ND-7"], "missing field `scope`"),
        ("outside-use", &["bought_in=DE", "used_in=XX"], "expected"),
        ("threshold", &["amount=1", "currency=USD", "gift=1"], "unknown field `gift`"),
        ("threshold", &["amount=1", "currency=\u{202e}USD"], "found U+202E at character 1"),
    ] {
        let hint = "hint: `oretrail policy exception --help` lists the facts of each kind";
        excepted(&world, in_2027, kind, facts).failed(2, &[words, hint]);
    }
}

#[test]
fn an_exception_file_that_cannot_be_read_is_refused() {
    let world = World::with_demo();
    let cases: &[(&str, Vec<u8>, &[&str])] = &[
        (
            "malformed",
            b"nothing".to_vec(),
            &["expected `header.payload.signature`, found 1 parts", "hint: `oretrail policy exception`"],
        ),
        ("size", vec![b'a'; 70_000], &["expected at most 65537 bytes, found 70000"]),
        ("bytes", vec![0xff, 0xfe], NO_UTF8),
    ];
    let verify = |file: &str| {
        ["verify", LINEAGE, "--policy", DFARS, "--delivery", "2027-01-01", "--exception", file]
            .map(str::to_owned)
            .to_vec()
    };
    refused(&world, &verify, cases);
}

#[test]
fn element_scopes_and_hong_kong_are_chosen_by_parameters() {
    let world = World::with_demo();
    let answer = |params: &[&str]| {
        let fixed =
            ["verify", LINEAGE, "--trust", "demo/trust.toml", "--policy", DFARS, "--delivery", "2027-01-01", "--json"];
        world.run(&[&fixed[..], params].concat()).json()["policies"][0].clone()
    };
    let elements = |scope: &str| answer(&["--param", &format!("elements={scope}")])["elements"].to_string();
    assert_eq!(elements("named-only"), r#"["Nd","Fe","B"]"#);
    assert_eq!(elements("all-rare-earths"), r#"["Pr","Nd","Dy","Fe","B"]"#);
    assert_eq!(elements("all-elements"), r#"["Pr","Nd","Dy","Fe","B","Co","Cu","Al","Ga"]"#);
    assert_eq!(answer(&[])["parameters"]["hk-mo"], "separate");
    assert_eq!(answer(&["--param", "hk-mo=as-cn"])["parameters"]["hk-mo"], "as-cn");
}

#[test]
fn what_is_unproven_says_what_would_prove_it_and_what_fails_is_named_the_nearest_first() {
    let world = World::empty().at("2026-08-31T08:00:00Z");
    world.ok(&["demo", "untrusted-accreditor", "--dir", "demo"]);
    let verify = ["verify", LINEAGE, "--trust", "demo/trust.toml", "--policy", DFARS, "--delivery", "2027-01-01"];
    let ran = world.run(&verify);
    assert_eq!(ran.code, 3, "{}", ran.out);
    ran.says(&[
        "produced in EE, evidenced as `declared` where `accredited` is asked for, at facility Narva magnet plant, EE, by the step \
         that made the lot, lot NMX-N42SH-2628",
        "to prove it: an accreditation of facility Narva magnet plant, EE by an authority you trust, covering magnetize and pack",
    ]);
    let at = |words: &str| ran.out.find(words).unwrap();
    assert!(at("by the step that made the lot") < at("1 step before the lot"));
    assert_eq!(ran.out.matches("This is no legal advice").count(), 1);
}
