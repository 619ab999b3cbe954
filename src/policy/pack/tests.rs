use super::*;

/// A small pack with a text replaced.
fn small(from: &str, to: &str) -> String {
    const SMALL: &str = r#"version = 0
id = "test"
title = "A test"
duty = "prohibition"
notice = "No legal advice."

[source]
authority = "Nobody"
clause = "1"
edition = "1"

[parameters]
max_unproven_share = "0"

[[families]]
id = "ndfeb"
title = "magnets"
forms = ["magnet"]
elements = ["Nd", "Fe", "B"]

[[buckets]]
name = "separated"
stages = ["separated"]

[[buckets]]
name = "melted"
stages = ["melted"]

[[evidence]]
elements = ["rare-earths"]
place = "accredited"

[[ranges]]
id = "first"
until = "2026-12-31"
forbidden = ["CN"]
rules = [{ bucket = "melted" }]

[[ranges]]
id = "second"
from = "2027-01-01"
forbidden = ["CN"]
rules = [{ bucket = "separated" }, { bucket = "melted" }]
exceptions = [{ kind = "cots", clause = "2" }]
"#;
    assert!(SMALL.contains(from), "{from}");
    SMALL.replacen(from, to, 1)
}

fn refusal(text: &str) -> String {
    let error = Pack::parse(text).unwrap_err();
    let hint = error.hint().map_or_else(String::new, |hint| format!(" | {hint}"));
    format!("{error}{hint}")
}

#[test]
fn packs_built_in_are_packs_and_named_by_their_ids() {
    let mut ids = Vec::new();
    for (id, _) in built_in() {
        let pack = find_built_in(id).unwrap().unwrap();
        assert_eq!(pack.file.id.as_str(), *id);
        assert!(pack.is_dated());
        assert!(pack.file.notice.as_str().contains("no legal advice"), "{id}");
        ids.push(*id);
    }
    assert!(ids.is_sorted() && ids.len() == 4);
    assert!(find_built_in("us-dfars").is_none());
}

#[test]
fn the_delivery_date_picks_the_range() {
    let pack = find_built_in("us-dfars-252.225-7052").unwrap().unwrap();
    let range = |date: &str| pack.range(Some(date.parse().unwrap())).map(|range| range.id.as_str());
    assert_eq!(range("2026-12-31"), Some("melted-or-produced"));
    assert_eq!(range("2027-01-01"), Some("mined-to-produced"));
    assert_eq!(range("2024-04-30"), None);
    assert!(pack.range(None).is_none(), "a dated pack needs a date");
    let next = pack.next_range("2026-12-31".parse().unwrap());
    assert_eq!(next.map(|range| range.id.as_str()), Some("mined-to-produced"));
    assert!(pack.next_range("2027-01-01".parse().unwrap()).is_none());
    let buckets = |id: &str| pack.file.ranges.iter().find(|r| r.id.as_str() == id).unwrap().rules.len();
    assert_eq!((buckets("melted-or-produced"), buckets("mined-to-produced")), (4, 8));
}

#[test]
fn buckets_hold_the_processes_of_their_stages() {
    let pack = find_built_in("us-dfars-252.225-7052").unwrap().unwrap();
    let bucket = |name: &str| pack.file.buckets.iter().find(|bucket| bucket.name.as_str() == name).unwrap();
    assert!(bucket("mined").holds(Process::Mine) && !bucket("mined").holds(Process::Collect));
    assert!(bucket("collected").holds(Process::Demagnetize));
    assert!(bucket("produced").holds(Process::Sinter) && bucket("melted").holds(Process::StripCast));
    let none = |process: Process| pack.file.buckets.iter().all(|bucket| !bucket.holds(process));
    assert!(none(Process::Stocktake) && none(Process::Redrum) && none(Process::Move) && none(Process::Dry));
    for process in Process::ALL {
        let handled = crate::rules::data::facts(*process).stage.is_none();
        assert_eq!(none(*process), handled, "{process}");
    }
}

#[test]
fn a_pack_is_named_by_the_digest_of_its_text() {
    let (a, b) = (Pack::parse(&small("A test", "A test")).unwrap(), Pack::parse(&small("A test", "B test")).unwrap());
    assert_eq!(a.reference().id, b.reference().id);
    assert_ne!(a.blake3, b.blake3);
    assert_eq!(a.blake3, Blake3::of(small("A test", "A test").as_bytes()));
}

#[test]
fn a_pack_that_makes_no_sense_is_refused_with_its_place() {
    let table: &[(&str, &str, &str)] = &[
        ("version = 0", "version = 1", "line 1, column 11: expected version 0, found 1 | "),
        ("title = \"A test\"", "titel = \"A test\"", "line 3, column 1: unknown field `titel`, expected one of"),
        ("\"prohibition\"", "\"ban\"", "line 4, column 8: expected a duty, found `ban`"),
        ("notice = \"No legal advice.\"\n", "", "missing field `notice`"),
        (
            "[\"magnet\"]",
            "[\"magnets\"]",
            "line 18, column 10: expected a material form, found `magnets` (did you mean `magnet`?)",
        ),
        (
            "[\"magnet\"]",
            "[]",
            "expected at least one of `forms`, found none | a family is recognised by form and elements",
        ),
        ("\"Nd\", \"Fe\"", "\"Nd\", \"Iron\"", "found `Iron` (did you mean `Fe`?)"),
        (
            "stages = [\"separated\"]",
            "stages = [\"seperated\"]",
            "expected a stage, found `seperated` (did you mean `separated`?)",
        ),
        ("stages = [\"separated\"]", "processes = [\"boil\"]", "expected a process, found `boil`"),
        ("stages = [\"separated\"]", "stages = [\"melted\"]", "is in bucket `separated` and in bucket `melted`"),
        ("stages = [\"separated\"]", "", "expected bucket `separated` to hold a process, found none"),
        ("name = \"melted\"", "name = \"separated\"", "bucket `separated` is there twice"),
        ("[\"rare-earths\"]", "[\"rare-earth\"]", "found `rare-earth` (did you mean `rare-earths`?)"),
        ("[\"rare-earths\"]", "[]", "expected at least one of `elements`, found none"),
        ("\"accredited\"", "\"certified\"", "expected an evidence level of a place, found `certified`"),
        (
            "place = \"accredited\"",
            "place = \"accredited\"\nprior = \"declared\"",
            "expected a level above `declared` in `prior`",
        ),
        (
            "place = \"accredited\"",
            "place = \"accredited\"\nbuckets = [\"meltd\"]",
            "expected a bucket of this pack, found `meltd` (did you mean `melted`?)",
        ),
        ("forbidden = [\"CN\"]", "forbidden = [\"UK\"]", "found `UK` (did you mean `GB`?)"),
        (
            "forbidden = [\"CN\"]",
            "forbidden = []",
            "expected at least one forbidden country for bucket `melted`, found none",
        ),
        (
            "2027-01-01",
            "2026-12-31",
            "line 41, column 8: ranges `first` (until 2026-12-31) and `second` (from 2026-12-31) overlap",
        ),
        (
            "2027-01-01",
            "2027-02-01",
            "line 41, column 8: no range holds the days between 2026-12-31 and 2027-02-01 | if that is meant, write gap_before = true",
        ),
        (
            "from = \"2027-01-01\"",
            "from = \"2027-01-01\"\ngap_before = true",
            "expected days without rule before 2027-01-01, found none",
        ),
        (
            "until = \"2026-12-31\"\n",
            "",
            "ranges `first` and `second` overlap: one has no last or the other no first day",
        ),
        (
            "until = \"2026-12-31\"",
            "from = \"2027-01-01\"\nuntil = \"2026-12-31\"",
            "expected a last day on or after 2027-01-01, found 2026-12-31",
        ),
        ("2027-01-01", "2027-02-30", "expected a date such as"),
        ("id = \"second\"", "id = \"first\"", "range `first` is there twice"),
        ("rules = [{ bucket = \"melted\" }]", "rules = []", "expected at least one rule in range `first`, found none"),
        (
            "{ bucket = \"separated\" }, ",
            "{ bucket = \"mined\" }, ",
            "line 43, column 21: expected a bucket of this pack, found `mined`",
        ),
        (
            "{ bucket = \"separated\" }, ",
            "{ bucket = \"melted\" }, ",
            "bucket `melted` has two rules in range `second`",
        ),
        (
            "{ bucket = \"separated\" }",
            "{ bucket = \"separated\", families = [\"smco\"] }",
            "expected a family of this pack, found `smco`",
        ),
        ("max_unproven_share = \"0\"", "max_unproven_share = \"1\"", "expected a share below 1"),
        ("max_unproven_share = \"0\"", "max_unproven_share = \"1.5\"", "expected at most 1, found `1.5`"),
        (
            "max_unproven_share = \"0\"",
            "max_unproven_share = 0.15",
            "invalid type: floating point `0.15`, expected a string",
        ),
        (
            "max_unproven_share = \"0\"",
            "max_unprove_share = \"0\"",
            "expected a parameter, found `max_unprove_share` (did you mean `max_unproven_share`?)",
        ),
        (
            "max_unproven_share = \"0\"",
            "recycled_min_share = \"0\"",
            "line 13, column 22: `recycled_min_share`: expected a share above 0",
        ),
        (
            "clause = \"2\" }",
            "clause = \"2\", most_months = 3 }",
            "`most_months` is a condition of `nonavailability`, found it with `cots`",
        ),
        ("\"cots\", clause", "\"threshold\", clause", "expected `most_amount` with exception `threshold`, found none"),
        ("\"cots\", clause", "\"gift\", clause", "expected an exception, found `gift`"),
        ("\"prohibition\"", "\"recycled-content\"", "expected a table `recycled` with this duty, found none"),
        ("\"prohibition\"", "\"disclosure\"", "expected no forbidden country for bucket `melted`, found some"),
        ("[source]", "[source", "line 7"),
    ];
    let mut wrong = Vec::new();
    for (from, to, expected) in table {
        let found = refusal(&small(from, to));
        if !found.contains(expected) || !found.starts_with("line ") {
            wrong.push(format!("{from} -> {to}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(Pack::parse(&small("A test", "A test")).is_ok());
    let gap = small("2027-01-01", "2027-02-01").replace("from = ", "gap_before = true\nfrom = ");
    assert!(Pack::parse(&gap).is_ok(), "a gap that is meant");
    assert_eq!(Pack::parse(&"#".repeat(MAX_PACK + 1)), Err(PackError::TooLarge(MAX_PACK + 1)));
}

#[test]
fn parameters_are_those_that_the_pack_declares() {
    let pack = find_built_in("us-dfars-252.225-7052").unwrap().unwrap();
    let set = |name: ParameterName, value: &str| Settings::of(&pack.file, &[(name, value.to_owned())]);
    let settings = Settings::of(&pack.file, &[]).unwrap();
    assert_eq!((settings.elements, settings.evidence, settings.hk_mo), (Scope::AllRareEarths, None, HkMo::Separate));
    assert_eq!(settings.recycled_min_share, Some(Fraction::ONE));
    assert_eq!(settings.in_force.len(), 6);
    assert_eq!(set(ParameterName::Elements, "named-only").unwrap().elements, Scope::NamedOnly);
    assert_eq!(set(ParameterName::Evidence, "accredited").unwrap().evidence, Some(PlaceLevel::Accredited));
    assert_eq!(
        set(ParameterName::MaxUnprovenShare, "0.15").unwrap().in_force[&ParameterName::MaxUnprovenShare],
        "0.15"
    );
    let wrong = |name, value| set(name, value).unwrap_err().to_string();
    let expected = "parameter `elements`: expected an element scope, found `all` (did you mean `all-elements`?)";
    assert_eq!(wrong(ParameterName::Elements, "all-element"), expected.replace("found `all`", "found `all-element`"));
    assert!(wrong(ParameterName::MaxForbiddenShare, "1").contains("expected a share below 1"));
    let unknown = wrong(ParameterName::ProductMagnets, "1");
    assert!(
        unknown.starts_with("expected a parameter of us-dfars-252.225-7052 (elements, hk-mo, evidence,"),
        "{unknown}"
    );
    assert!(unknown.ends_with("found `product_magnets_kg`"), "{unknown}");
}
