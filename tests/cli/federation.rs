//! Two ledgers: a lot goes from one to the other, and back; each side takes over what the other's file proves.

use super::world::{MINE, PLANT, World};
use serde_json::{Value, json};

/// A ledger of the mine's, and one of the plant's; each party is registered in both, with one id.
struct Two {
    mine: World,
    plant: World,
}

impl Two {
    fn new() -> Self {
        let (mine, plant) = (World::with_origin("mine.example/log"), World::with_origin("plant.example/log"));
        mine.party(MINE, "US", "mine", "mine-gate");
        plant.party(PLANT, "MY", "separator", "gebeng");
        facility(&mine, MINE, "PIT", "mine", "US", "35.48,-115.53", "mine,beneficiate");
        facility(&plant, PLANT, "GEB", "plant", "MY", "3.99,103.37", "separate,calcine,beneficiate");
        let registration = plant.ok(&["show", PLANT, "--signed"]).out;
        let file = mine.write("plant.sdjwt", registration);
        mine.ok(&["record", "--signed", &file]);
        Self { mine, plant }
    }

    /// The id of the plant's ledger.
    fn plant_id(&self) -> String {
        ledger_id(&self.plant)
    }

    /// A lot of ore, dispatched to the plant in its ledger; its id.
    fn dispatched(&self, label: &str) -> String {
        let output = format!("label={label} form=ore mass=20000 TREO=0.06 Nd2O3/TREO=0.1");
        let made = self.mine.json(&["source", "mined", "--by", MINE, "--facility", "PIT", "--output", &output]);
        let lot = made["events"][0]["lots"][0]["id"].as_str().unwrap().to_owned();
        self.mine.ok(&["dispatch", label, "--by", MINE, "--to", PLANT, "--to-ledger", &self.plant_id()]);
        lot
    }

    /// Exports a lot from the mine's ledger into a file that the plant has.
    fn file(&self, label: &str, more: &[&str]) -> String {
        let file = self.plant.text(&format!("{label}.lineage.json"));
        self.mine.ok(&[&["export", label, "-o", &file][..], more].concat());
        file
    }

    fn import(&self, file: &str) -> Value {
        self.plant.json(&["import", file, "--by", PLANT])
    }
}

fn ledger_id(world: &World) -> String {
    let text = std::fs::read_to_string(world.path("ledger/oretrail.toml")).unwrap();
    text.lines().find_map(|line| line.strip_prefix("ledger = \"")).unwrap().trim_end_matches('"').to_owned()
}

fn facility(world: &World, by: &str, code: &str, kind: &str, country: &str, point: &str, processes: &str) {
    world.ok(&[
        "facility",
        "register",
        code,
        "--name",
        code,
        "--type",
        kind,
        "--country",
        country,
        "--point",
        point,
        "--radius",
        "3000",
        "--process",
        processes,
        "--by",
        by,
    ]);
}

/// A trust file with the ledgers of these worlds.
fn trust(worlds: &[&World], at: &World) -> String {
    let mut text = "version = 0\n".to_owned();
    for world in worlds {
        let toml = std::fs::read_to_string(world.path("ledger/oretrail.toml")).unwrap();
        let vkey = toml.split('"').find(|part| part.contains(".example/log+")).unwrap();
        text.push_str(&format!("[[ledgers]]\nid = \"{}\"\nvkey = \"{vkey}\"\n", ledger_id(world)));
    }
    at.write(&format!("trust-{}.toml", worlds.len()), text)
}

fn verdicts(report: &Value) -> Vec<&str> {
    report["verdicts"].as_array().unwrap().iter().map(|answer| answer["verdict"].as_str().unwrap()).collect()
}

#[test]
fn a_lot_is_handed_from_ledger_to_ledger_and_one_file_proves_it_to_a_stranger() {
    let two = Two::new();
    let ore = two.dispatched("ore-1");
    let file = two.file("ore-1", &[]);
    two.plant
        .run(&["receive", &ore, "--by", PLANT, "--facility", "GEB"])
        .failed(2, &["which this ledger does not know", "oretrail import"]);
    let imported = two.import(&file);
    assert_eq!(imported["events"].as_array().unwrap().len(), 2, "the sender's registration and the import: {imported}");
    two.plant.ok(&["show", &ore]).says(&["ore"]);
    two.plant.ok(&["receive", &ore, "--by", PLANT, "--facility", "GEB"]);
    two.plant.ok(&[
        "transform",
        "--by",
        PLANT,
        "--process",
        "beneficiate",
        "--input",
        &ore,
        "--output",
        "name=conc form=concentrate mass=1900 TREO=0.6 Nd2O3/TREO=0.1",
    ]);
    let stranger = World::empty();
    let whole = stranger.text("conc.lineage.json");
    two.plant.ok(&["export", "conc", "-o", &whole]);
    let text: Value = serde_json::from_str(&std::fs::read_to_string(&whole).unwrap()).unwrap();
    assert_eq!(text["ledgers"].as_array().unwrap().len(), 2);

    let both = trust(&[&two.mine, &two.plant], &stranger);
    let report = stranger.run(&["verify", &whole, "--trust", &both, "--json"]).json();
    assert_eq!(verdicts(&report)[..3], ["CONFIRMED", "CONFIRMED", "CONFIRMED"], "{report:#}");
    for ledger in report["ledgers"].as_array().unwrap() {
        assert_eq!((&ledger["trusted"], &ledger["complete"]), (&json!(true), &json!(true)), "{report:#}");
    }
    // One of the two is not trusted: the report says which, and nothing that rests on it is confirmed.
    let one = trust(&[&two.plant], &stranger);
    let report = stranger.run(&["verify", &whole, "--trust", &one, "--json"]).json();
    assert_eq!(verdicts(&report)[1..3], ["UNPROVEN", "UNPROVEN"], "{report:#}");
    let trusted = |origin: &str| {
        let ledgers = report["ledgers"].as_array().unwrap();
        ledgers.iter().find(|ledger| ledger["origin"] == origin).unwrap()["trusted"].clone()
    };
    assert_eq!((trusted("mine.example/log"), trusted("plant.example/log")), (json!(false), json!(true)));
    // The same from the ledger itself.
    let in_place = two.plant.run(&["verify", "conc", "--trust", &both, "--json"]).json();
    assert_eq!(verdicts(&in_place)[..3], ["CONFIRMED", "CONFIRMED", "CONFIRMED"], "{in_place:#}");
    // Values of the other ledger's events are withheld like one's own.
    two.plant.ok(&["export", "conc", "-o", &whole, "--withhold", "quantity,composition"]);
    let report = stranger.run(&["verify", &whole, "--trust", &both, "--json"]).json();
    assert_eq!(verdicts(&report)[..2], ["CONFIRMED", "CONFIRMED"], "{report:#}");
    assert!(report["completeness"]["withheld"].as_array().unwrap().len() >= 2);
    two.plant.ok(&["audit"]);
}

#[test]
fn a_dry_run_with_an_imported_lot_finds_what_an_audit_finds() {
    let two = Two::new();
    let ore = two.dispatched("ore-1");
    two.import(&two.file("ore-1", &[]));
    let codes = |findings: &Value, event: Option<&str>| -> Vec<String> {
        let all = findings.as_array().unwrap().iter();
        let of_event = all.filter(|finding| event.is_none_or(|event| finding["event"] == event));
        of_event.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
    };
    let receive = ["receive", &ore, "--by", PLANT, "--facility", "GEB"];
    let transform = ["transform", "--by", PLANT, "--process", "beneficiate", "--input", &ore, "--output"];
    let transform = [&transform[..], &["name=conc form=concentrate mass=1900 TREO=0.6 Nd2O3/TREO=0.1"]].concat();
    let site =
        ["facility", "register", "FAR", "--name", "Far", "--type", "plant", "--country", "MY", "--radius", "100"];
    let site = [&site[..], &["--point", "29.87,121.55", "--by", PLANT]].concat();
    let gain = ["transform", "--by", PLANT, "--process", "beneficiate", "--input", "conc", "--output"];
    let gain = [&gain[..], &["name=more form=concentrate mass=1900 TREO=0.6 Nd2O3/TREO=0.12"]].concat();
    let mut found = Vec::new();
    for arguments in [&receive[..], &transform, &gain, &site] {
        let planned = two.plant.json(&[arguments, &["--dry-run"]].concat());
        let made = two.plant.json(arguments);
        let event = made["events"][0]["id"].as_str().unwrap().to_owned();
        let audited = two.plant.run(&["audit", "--json"]).json();
        let foreseen = codes(&planned["events"][0]["findings"], None);
        assert_eq!(foreseen, codes(&audited["findings"], Some(&event)), "{arguments:?}: {planned:#}");
        found.extend(foreseen);
    }
    for code in ["mass.element-gain", "place.outside-country"] {
        assert!(found.iter().any(|one| one == code), "{code}: {found:?}");
    }
}

#[test]
fn an_acceptance_goes_home_and_closes_the_dispatch() {
    let two = Two::new();
    let ore = two.dispatched("ore-1");
    two.import(&two.file("ore-1", &[]));
    two.plant.ok(&["receive", &ore, "--by", PLANT, "--facility", "GEB"]);
    let answer = two.mine.text("answer.lineage.json");
    two.plant.ok(&["export", &ore, "-o", &answer]);
    two.mine.ok(&["import", &answer, "--by", MINE]);
    let lot = two.mine.lot("ore-1");
    assert!(lot.to_string().contains("elsewhere") || lot.to_string().contains("Elsewhere"), "{lot}");
    two.mine.run(&["retire", "ore-1", "--by", MINE, "--reason", "lost"]).failed(4, &["custody.wrong-ledger"]);
    // Once and for good: the same answer again takes nothing.
    let again = two.mine.run(&["import", &answer, "--by", MINE, "--dry-run"]);
    assert!(again.err.contains("nothing in it is bound for this ledger and open"), "{}", again.err);
    // At home, the lineage now includes what happened elsewhere.
    let file = two.mine.text("home.lineage.json");
    two.mine.ok(&["export", "ore-1", "-o", &file]);
    let both = trust(&[&two.mine, &two.plant], &two.mine);
    let report = two.mine.run(&["verify", &file, "--trust", &both, "--json"]).json();
    assert_eq!(verdicts(&report)[..3], ["CONFIRMED", "CONFIRMED", "CONFIRMED"], "{report:#}");
}

#[test]
fn a_rejected_lot_is_the_senders_again_once_the_rejection_is_imported() {
    let two = Two::new();
    let ore = two.dispatched("ore-1");
    two.import(&two.file("ore-1", &[]));
    two.plant.ok(&["receive", "--by", PLANT, "--facility", "GEB", "--reject", &ore, "--reason", "too wet"]);
    two.plant.run(&["retire", &ore, "--by", PLANT, "--reason", "lost"]).failed(4, &["custody.wrong-ledger"]);
    let answer = two.mine.text("answer.lineage.json");
    two.plant.ok(&["export", &ore, "-o", &answer]);
    let step = ["split", "ore-1", "--by", MINE, "--part", "name=a mass=15000", "--part", "name=b rest"];
    two.mine.run(&step).failed(4, &["custody.in-transit"]);
    two.mine.ok(&["import", &answer, "--by", MINE]);
    two.mine.ok(&step);
    let file = two.mine.text("a.lineage.json");
    two.mine.ok(&["export", "a", "-o", &file]);
    let both = trust(&[&two.mine, &two.plant], &two.mine);
    let report = two.mine.run(&["verify", &file, "--trust", &both, "--json"]).json();
    assert_eq!(verdicts(&report)[..3], ["CONFIRMED", "CONFIRMED", "CONFIRMED"], "{report:#}");
    two.mine.ok(&["audit"]);
}

#[test]
fn a_part_of_an_imported_lot_is_accepted_and_the_other_goes_home_by_dispatch() {
    let two = Two::new();
    let ore = two.dispatched("ore-1");
    two.import(&two.file("ore-1", &[]));
    let line = format!("lot={ore} accepted=15000 returned=5000 accepted-label=good returned-label=bad reason=wet");
    two.plant.ok(&["receive", "--by", PLANT, "--facility", "GEB", "--lot", &line]);
    two.plant.ok(&[
        "dispatch",
        "bad",
        "--by",
        PLANT,
        "--to",
        MINE,
        "--reason",
        "return",
        "--to-ledger",
        &ledger_id(&two.mine),
    ]);
    let back = two.mine.text("bad.lineage.json");
    two.plant.ok(&["export", "bad", "-o", &back]);
    two.mine.ok(&["import", &back, "--by", MINE]);
    let bad = two.plant.lot("bad")["id"].as_str().unwrap().to_owned();
    two.mine.ok(&["receive", &bad, "--by", MINE, "--facility", "PIT"]);
    let file = two.mine.text("home.lineage.json");
    two.mine.ok(&["export", &bad, "-o", &file]);
    let both = trust(&[&two.mine, &two.plant], &two.mine);
    let report = two.mine.run(&["verify", &file, "--trust", &both, "--json"]).json();
    assert_eq!(verdicts(&report)[..3], ["CONFIRMED", "CONFIRMED", "CONFIRMED"], "{report:#}");
}

#[test]
fn a_later_file_must_extend_what_was_pinned() {
    let two = Two::new();
    two.dispatched("ore-1");
    let first = two.file("ore-1", &[]);
    two.import(&first);
    let second = two.dispatched("ore-2");
    let bare = two.file("ore-2", &[]);
    let before = two.plant.size();
    two.plant.run(&["import", &bare, "--by", PLANT]).failed(3, &["expected proof that mine.example/log", "`--since`"]);
    assert_eq!(two.plant.size(), before);
    let proven = two.file("ore-2", &["--since", &first]);
    two.import(&proven);
    two.plant.ok(&["receive", &second, "--by", PLANT, "--facility", "GEB"]);
    two.mine
        .run(&["export", "ore-2", "-o", "x.json", "--since", &two.plant.write("no.json", "{}")])
        .failed(2, &["expected a checkpoint"]);
}

#[test]
fn two_histories_of_a_ledger_are_kept_as_evidence_and_make_nothing_receivable() {
    let two = Two::new();
    // The operator copies everything, keys and memory included, and goes on twice.
    let other = World::empty();
    super::world::copy(&two.mine.path("ledger"), &other.path("ledger"));
    super::world::copy(&two.mine.path("keys"), &other.path("keys"));
    let twin = Two { mine: other, plant: World::empty() };
    two.dispatched("ore-1");
    two.import(&two.file("ore-1", &[]));
    let output = "label=gold form=ore mass=9 TREO=0.06 Nd2O3/TREO=0.1";
    twin.mine.ok(&["source", "mined", "--by", MINE, "--facility", "PIT", "--output", output]);
    twin.mine.ok(&["dispatch", "gold", "--by", MINE, "--to", PLANT, "--to-ledger", &two.plant_id()]);
    let forked = two.plant.text("gold.lineage.json");
    twin.mine.ok(&["export", "gold", "-o", &forked]);
    let gold = twin.mine.lot("gold")["id"].as_str().unwrap().to_owned();
    let before = two.plant.size();
    two.plant
        .run(&["import", &forked, "--by", PLANT])
        .failed(1, &["the log shows two histories", "hint: keep it as evidence with `--inconsistent`"]);
    assert_eq!(two.plant.size(), before);
    let kept = two.plant.json(&["import", &forked, "--by", PLANT, "--inconsistent"]);
    let import = kept["events"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned();
    let shown = two.plant.json(&["show", &import]);
    assert_eq!(shown["payload"]["body"]["ledgers"][0]["consistent"], false, "{shown}");
    two.plant.ok(&["show", &import]).says(&["consistent false"]);
    two.plant
        .run(&["receive", &gold, "--by", PLANT, "--facility", "GEB"])
        .failed(2, &["which this ledger does not know", "oretrail import"]);
}

#[test]
fn nobody_imports_away_a_lot_that_lives_here() {
    let two = Two::new();
    two.plant.ok(&[
        "source",
        "opening-stock",
        "--by",
        PLANT,
        "--facility",
        "GEB",
        "--output",
        "label=own form=ore mass=5",
    ]);
    let own = two.plant.lot("own")["id"].as_str().unwrap().to_owned();
    let me = two.plant.json(&["party", "show", PLANT])["id"].as_str().unwrap().to_owned();
    let (other, event) = ("11".repeat(32), "22".repeat(32));
    let step = format!(
        "oretrail = \"batch/1\"\n[[step]]\nkind = \"import\"\nby = \"{PLANT}\"\nwhen = 2026-03-01T07:00:00Z\nbundle = \"{event}\"\n\
         ledgers = [{{ ledger = \"{other}\", size = 9, root = \"{other}\", consistent = true }}]\n\
         taken = [{{ kind = \"dispatch\", event = \"{event}\", ledger = \"{other}\", index = 3, from = \"{me}\", to = \"{me}\", \
         to_ledger = \"{}\", lots = [{{ lot = \"{own}\", form = \"ore\" }}] }}]\n",
        two.plant_id()
    );
    let file = two.plant.write("import.toml", &step);
    two.plant.run(&["record", "--file", &file]).failed(4, &["custody.wrong-ledger"]);
    // One of a lot that nobody knows here is recorded as it is: what it claims is compared when there is evidence.
    let file = two.plant.write("import.toml", step.replace(&own, &format!("{event}.0")));
    two.plant.ok(&["record", "--file", &file]);
}

/// A trust file with both ledgers, an authority for identities, and the checkpoint of a ledger, as seen before.
fn trust_in(two: &Two, council: &str, seen: Option<&World>, at: &World) -> String {
    use base64::Engine as _;
    let mut text = std::fs::read_to_string(trust(&[&two.mine, &two.plant], at)).unwrap();
    text.push_str(&format!("[[authorities]]\nparty = \"{council}\"\nschemes = [\"party-identity\"]\n"));
    if let Some(world) = seen {
        let checkpoint = std::fs::read_to_string(world.path("ledger/checkpoint")).unwrap();
        let mut lines = checkpoint.lines().skip(1);
        let (size, root) = (lines.next().unwrap(), lines.next().unwrap());
        let root = base64::prelude::BASE64_STANDARD.decode(root).unwrap();
        let root: String = root.iter().map(|byte| format!("{byte:02x}")).collect();
        let ledger = ledger_id(world);
        text.push_str(&format!("[[checkpoints]]\nledger = \"{ledger}\"\nsize = {size}\nroot = \"{root}\"\n"));
    }
    at.write("trust.toml", text)
}

#[test]
fn a_time_is_pinned_where_an_unrelated_ledger_that_the_verifier_knows_imported_it() {
    let two = Two::new();
    two.plant.party("Nordlys Council", "DK", "accreditation-body", "council");
    let of = ["--party", "Neutral Registry Ltd", "--valid-from", "2020-01-01T00:00:00Z"];
    two.plant.ok(&[&["accredit", "--by", "Nordlys Council", "--scheme", "party-identity"], &of[..]].concat());
    let ore = two.dispatched("ore-1");
    two.import(&two.file("ore-1", &[]));
    two.plant.ok(&["receive", &ore, "--by", PLANT, "--facility", "GEB"]);
    let output = "name=conc form=concentrate mass=1900 TREO=0.6 Nd2O3/TREO=0.1";
    two.plant.ok(&["transform", "--by", PLANT, "--process", "beneficiate", "--input", &ore, "--output", output]);
    let stranger = World::empty();
    let whole = stranger.text("conc.lineage.json");
    two.plant.ok(&["export", "conc", "-o", &whole]);
    let council = two.plant.json(&["show", "Nordlys Council"])["id"].as_str().unwrap().to_owned();
    let times = |seen: Option<&World>, council: &str| {
        let trust = trust_in(&two, council, seen, &stranger);
        let report = stranger.json(&["provenance", &whole, "--trust", &trust]);
        let stages = report["elements"][0]["stages"].as_array().unwrap().clone();
        let of =
            |stage: &Value| (stage["country"].as_str().unwrap().to_owned(), stage["time"].as_str().unwrap().to_owned());
        stages.iter().map(of).collect::<Vec<_>>()
    };
    let at = |country: &str, time: &str| (country.to_owned(), time.to_owned());
    let pinned = [at("US", "pinned"), at("MY", "declared")];
    assert_eq!(times(Some(&two.plant), &council), pinned, "the plant's own steps are pinned by nobody");
    let declared = [at("US", "declared"), at("MY", "declared")];
    assert_eq!(times(None, &council), declared, "the verifier has not seen the ledger that pins");
    assert_eq!(times(Some(&two.plant), &"ab".repeat(32)), declared, "nobody trusted knows its operator");
}

/// Two lots imported when the mine's ledger had different sizes, blended, and exported in one file.
#[test]
fn lots_imported_at_different_sizes_go_on_in_one_file() {
    let two = Two::new();
    let first = two.dispatched("ore-1");
    let early = two.file("ore-1", &[]);
    two.import(&early);
    let second = two.dispatched("ore-2");
    let late = two.file("ore-2", &["--since", &early]);
    two.import(&late);
    for ore in [&first, &second] {
        two.plant.ok(&["receive", ore, "--by", PLANT, "--facility", "GEB"]);
    }
    two.plant.ok(&[
        "transform",
        "--by",
        PLANT,
        "--process",
        "beneficiate",
        "--input",
        &first,
        "--input",
        &second,
        "--output",
        "name=conc form=concentrate mass=3800 TREO=0.6 Nd2O3/TREO=0.1",
    ]);
    let stranger = World::empty();
    let whole = stranger.text("conc.lineage.json");
    two.plant.ok(&["export", "conc", "-o", &whole]);
    let text = std::fs::read_to_string(&whole).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let mine = ledger_id(&two.mine);
    let part = file["ledgers"].as_array().unwrap().iter().find(|part| part["ledger"] == mine.as_str()).unwrap();
    assert_eq!(part["checkpoints"].as_array().unwrap().len(), 2);
    assert_eq!(part["earlier"].as_array().unwrap().len(), 1);
    let both = trust(&[&two.mine, &two.plant], &stranger);
    let report = stranger.run(&["verify", &whole, "--trust", &both, "--json"]).json();
    assert_eq!(verdicts(&report)[..3], ["CONFIRMED", "CONFIRMED", "CONFIRMED"], "{report:#}");
    let ledgers = report["ledgers"].as_array().unwrap();
    let seen = ledgers.iter().find(|ledger| ledger["ledger"] == mine.as_str()).unwrap();
    // What the first file covered is covered as of its size, and the report says so.
    let (covered, size) = (seen["covered_at"].as_u64().unwrap(), seen["size"].as_u64().unwrap());
    assert!(covered < size, "{seen}");
    assert!(
        report["verdicts"][1].to_string().contains(&format!("as of size {covered}, on the word of mine")),
        "{report:#}"
    );
    // The file goes on to a third ledger as any other does, and in place.
    let in_place = two.plant.run(&["verify", "conc", "--trust", &both, "--json"]).json();
    assert_eq!(verdicts(&in_place)[..3], ["CONFIRMED", "CONFIRMED", "CONFIRMED"], "{in_place:#}");
    // Without the earlier statement, nobody vouches for the first lot.
    let mut cut = file.clone();
    let at = cut["ledgers"].as_array().unwrap().iter().position(|part| part["ledger"] == mine.as_str()).unwrap();
    cut["ledgers"][at].as_object_mut().unwrap().remove("earlier");
    let cut = stranger.write("cut.json", cut.to_string());
    let report = stranger.run(&["verify", &cut, "--trust", &both, "--json"]).json();
    assert!(
        report["integrity"]["findings"].to_string().contains("bundle.manifest")
            || report["verdicts"][0]["verdict"] != "CONFIRMED"
    );
    assert_ne!(verdicts(&report)[1], "CONFIRMED");
}

/// An authority known to the mine's ledger only vouches for the plant, its site and the mine; the steps at the plant are
/// recorded in the plant's.
#[test]
fn an_accreditation_counts_for_steps_of_another_ledger_too() {
    const AUTHORITY: &str = "Office of Sites";
    let two = Two::new();
    two.mine.party(AUTHORITY, "IE", "authority", "authority");
    let site = two.plant.ok(&["show", "GEB", "--signed"]).out;
    two.mine.ok(&["record", "--signed", &two.mine.write("geb.sdjwt", site)]);
    let grant = |scheme: &str, subject: [&str; 2]| {
        let fixed = ["accredit", "--scheme", scheme, subject[0], subject[1], "--by", AUTHORITY];
        let period = ["--valid-from", "2020-01-01T00:00:00Z", "--valid-to", "2029-12-31T00:00:00Z"];
        two.mine.ok(&[&fixed[..], &period].concat());
    };
    grant("party-identity", ["--party", MINE]);
    grant("party-identity", ["--party", PLANT]);
    grant("site-location", ["--facility", "PIT"]);
    grant("site-location", ["--facility", "GEB"]);
    let output = "label=ore-1 form=ore mass=20000 TREO=0.06 Nd2O3/TREO=0.1";
    let made = two.mine.json(&["source", "mined", "--by", MINE, "--facility", "PIT", "--output", output]);
    let ore = made["events"][0]["lots"][0]["id"].as_str().unwrap().to_owned();
    let sent = ["dispatch", "ore-1", "--by", MINE, "--to", PLANT, "--to-facility", "GEB", "--to-ledger"];
    two.mine.ok(&[&sent[..], &[&two.plant_id()]].concat());
    let early = two.file("ore-1", &[]);
    two.import(&early);
    two.plant.ok(&["receive", &ore, "--by", PLANT, "--facility", "GEB"]);
    let output = "name=conc form=concentrate mass=1900 TREO=0.6 Nd2O3/TREO=0.1";
    two.plant.ok(&["transform", "--by", PLANT, "--process", "beneficiate", "--input", &ore, "--output", output]);
    let authority = two.mine.json(&["show", AUTHORITY])["id"].as_str().unwrap().to_owned();
    let both = std::fs::read_to_string(trust(&[&two.mine, &two.plant], &two.plant)).unwrap();
    let schemes = "schemes = [\"site-location\", \"party-identity\"]";
    let trusting = format!("{both}[[authorities]]\nparty = \"{authority}\"\n{schemes}\n");
    let trusting = two.plant.write("trusting.toml", trusting);
    let file = two.plant.text("conc.lineage.json");
    let verdicts_of = |more: &[&str]| {
        two.plant.ok(&[&["export", "conc", "-o", &file][..], more].concat());
        let report = two.plant.run(&["verify", &file, "--trust", &trusting, "--json"]).json();
        (verdicts(&report).iter().map(|verdict| (*verdict).to_owned()).collect::<Vec<_>>(), report.to_string())
    };
    let (found, report) = verdicts_of(&[]);
    assert_eq!(found, ["CONFIRMED"; 4], "{report}");
}

#[test]
fn a_lot_that_came_from_another_ledger_is_judged_in_place_with_what_was_imported() {
    let two = Two::new();
    let lot = two.dispatched("ore-1");
    let file = two.file("ore-1", &[]);
    two.import(&file);
    two.plant.ok(&["receive", &lot, "--by", PLANT, "--facility", "GEB"]);
    let trust = trust(&[&two.mine, &two.plant], &two.plant);
    let exported = two.plant.text("received.lineage.json");
    two.plant.ok(&["export", &lot, "-o", &exported, "--by", PLANT]);
    let judged = |subject: &str| two.plant.run(&["verify", subject, "--trust", &trust, "--json"]).json();
    let (of_lot, of_file) = (judged(&lot), judged(&exported));
    assert_eq!(of_lot["ledgers"].as_array().unwrap().len(), 2, "{of_lot:#}");
    assert_eq!((&of_lot["subject"], verdicts(&of_lot)), (&of_file["subject"], verdicts(&of_file)));
    assert_eq!(of_lot["lineage"], of_file["lineage"]);
}

#[test]
fn an_imported_file_that_is_lost_or_damaged_is_said_and_put_back() {
    let two = Two::new();
    let ore = two.dispatched("ore-1");
    let file = two.file("ore-1", &[]);
    two.import(&file);
    two.plant.ok(&["receive", &ore, "--by", PLANT, "--facility", "GEB"]);
    let honest = std::fs::read(&file).unwrap();
    let digest = blake3::hash(&honest).to_string();
    let kept = two.plant.path(&format!("ledger/imports/{digest}"));
    assert_eq!(std::fs::read(&kept).unwrap(), honest);
    let whole = two.plant.text("whole.json");
    let uses: [&[&str]; 2] = [&["export", &ore, "-o", &whole], &["verify", &ore]];
    let mut damaged: Vec<Option<Vec<u8>>> = vec![None, Some(Vec::new())];
    for at in (0..honest.len()).step_by(honest.len() / 12) {
        let mut bent = honest.clone();
        bent[at] ^= 1;
        damaged.push(Some(bent));
        damaged.push(Some(honest[..at].to_vec()));
    }
    // Another supplier file, sound by itself.
    two.dispatched("ore-2");
    damaged.push(Some(std::fs::read(two.file("ore-2", &[])).unwrap()));
    for (number, bytes) in damaged.into_iter().enumerate() {
        let (code, said) = match &bytes {
            None => (3, "expected the imported file"),
            Some(_) => (1, "expected content with BLAKE3"),
        };
        let _ = std::fs::remove_file(&kept);
        bytes.into_iter().for_each(|bytes| std::fs::write(&kept, bytes).unwrap());
        for arguments in uses {
            let ran = two.plant.run(arguments);
            assert!(ran.code == code && ran.err.contains(said) && ran.err.contains(&digest), "{number}: {}", ran.err);
        }
        assert!(!two.plant.path("whole.json").exists());
    }
    // Custody does not depend on it.
    two.plant.ok(&["audit"]);
    two.plant.ok(&["retire", &ore, "--by", PLANT, "--reason", "lost", "--dry-run"]);
    std::fs::write(&kept, &honest).unwrap();
    two.plant.ok(uses[0]);
    let both = trust(&[&two.mine, &two.plant], &two.plant);
    let report = two.plant.run(&["verify", &whole, "--trust", &both, "--json"]).json();
    assert_eq!(verdicts(&report)[..3], ["CONFIRMED", "CONFIRMED", "CONFIRMED"], "{report:#}");
}
