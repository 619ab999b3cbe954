//! Every verb once, from an empty folder to a verdict: with `--json` each prints one JSON document, of its schema where there
//! is one. A verb that is added without a step here fails the test.

use super::world::{DFARS, MINE, PLANT, World};
use serde_json::Value;
use std::collections::BTreeSet;

const COUNCIL: &str = "Council of Sites";

/// Prints no JSON: its result is a script of the shell's.
const SCRIPT: &str = "completions";

struct Walk {
    world: World,
    seen: BTreeSet<String>,
}

impl Walk {
    fn new() -> Self {
        Self { world: World::empty(), seen: BTreeSet::new() }
    }

    /// Runs a verb with `--json` and gives its document, which must follow the schema of this name; an empty name for none.
    fn step(&mut self, schema: &str, arguments: &[&str]) -> Value {
        self.ending(0, schema, arguments)
    }

    /// As [`Self::step`], with the exit code that it must end with.
    fn ending(&mut self, code: i32, schema: &str, arguments: &[&str]) -> Value {
        let ran = self.world.run(&[arguments, &["--json"]].concat());
        assert_eq!(ran.code, code, "{arguments:?}\n{}\n{}", ran.out, ran.err);
        let mut documents = serde_json::Deserializer::from_str(&ran.out).into_iter::<Value>();
        let document = documents.next().unwrap_or_else(|| panic!("{arguments:?} printed nothing"));
        let document = document.unwrap_or_else(|error| panic!("{arguments:?}: {error}:\n{}", ran.out));
        assert!(documents.next().is_none(), "{arguments:?} printed more than one document:\n{}", ran.out);
        if !schema.is_empty() {
            follows(&self.world, schema, &document);
        }
        self.seen.insert(verb(arguments));
        document
    }
}

fn follows(world: &World, schema: &str, document: &Value) {
    let schema = world.ok(&["schema", schema]).json();
    let problems: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(document).map(|error| error.to_string()).collect();
    assert!(problems.is_empty(), "{problems:?}\n{document:#}");
}

/// The verb of a command line, with its subverb where it has some.
fn verb(arguments: &[&str]) -> String {
    let program = oretrail::cli::command();
    let verb = program.find_subcommand(arguments[0]).unwrap();
    if verb.has_subcommands() { arguments[..2].join(" ") } else { arguments[0].to_owned() }
}

/// All verbs of the program, with their subverbs.
fn verbs() -> BTreeSet<String> {
    let program = oretrail::cli::command();
    let shown = program.get_subcommands().filter(|verb| !verb.is_hide_set());
    let paths = shown.flat_map(|verb| {
        let inner: Vec<String> =
            verb.get_subcommands().map(|inner| format!("{} {}", verb.get_name(), inner.get_name())).collect();
        if inner.is_empty() { vec![verb.get_name().to_owned()] } else { inner }
    });
    paths.filter(|path| path != SCRIPT).collect()
}

#[test]
fn every_verb_prints_one_json_document() {
    let mut walk = Walk::new();
    walk.begin();
    walk.register();
    walk.process();
    walk.state();
    walk.hand_over();
    walk.look();
    walk.prove();
    walk.keys();
    assert!(walk.step("", &["demo", "--list"]).as_array().unwrap().len() > 20);
    let (seen, all) = (&walk.seen, verbs());
    assert_eq!(seen, &all, "the walk goes through every verb, and through none that is gone");
}

impl Walk {
    fn begin(&mut self) {
        let init = ["init", "--origin", "w.example/log", "--operator", "Registry Ltd", "--country", "IE"];
        let made = self.step("", &[&init[..], &["--no-passphrase"]].concat());
        assert!(made["ledger"].is_string() && made["vkey"].is_string(), "{made}");
        for name in ["mine-gate", "gebeng", "council", "control", "gate-2", "gate-3"] {
            self.step("", &["key", "new", name, "--no-passphrase"]);
        }
        self.step("", &["key", "new", "safe", "--role", "recovery", "--no-passphrase"]);
        assert_eq!(self.step("", &["key", "list"]).as_array().unwrap().len(), 9);
        assert_eq!(self.step("", &["key", "show", "safe"])["role"], "recovery");
    }

    fn register(&mut self) {
        let party =
            |name, country, role, key| ["party", "register", name, "--country", country, "--role", role, "--key", key];
        self.step("", &[&party(MINE, "US", "mine", "mine-gate")[..], &["--recovery", "safe"]].concat());
        self.step("", &party(PLANT, "MY", "separator", "gebeng"));
        self.step("", &party(COUNCIL, "US", "authority", "council"));
        assert_eq!(self.step("", &["party", "list"]).as_array().unwrap().len(), 4);
        let site = |code, verb, point, country, by, more: &[&'static str]| {
            let fixed = ["facility", verb, code, "--name", code, "--type", "plant", "--country", country];
            let rest = ["--point", point, "--radius", "900", "--by", by];
            [&fixed[..], &rest, more].concat()
        };
        let processes = ["--process", "mine,beneficiate"];
        self.step("", &site("PIT", "register", "35.48,-115.53", "US", MINE, &processes));
        self.step("", &site("GEB", "register", "3.99,103.37", "MY", PLANT, &["--process", "separate"]));
        let again = ["--process", "separate", "--old", "GEB"];
        self.step("", &site("GEB", "supersede", "3.99,103.37", "MY", PLANT, &again));
        assert_eq!(self.step("", &["facility", "list"]).as_array().unwrap().len(), 2);
        assert_eq!(self.step("", &["facility", "show", "PIT"])["facility"]["code"], "PIT");
        let since = ["--valid-from", "2026-01-01T00:00:00Z", "--by", COUNCIL];
        self.step("", &[&["accredit", "--scheme", "site-location", "--facility", "PIT"][..], &since].concat());
        assert_eq!(self.step("", &["party", "show", MINE])["party"]["name"], MINE);
    }

    fn process(&mut self) {
        let ore = "name=ore form=ore mass=20000 TREO=0.06 Nd2O3/TREO=0.1";
        let dry = self.step("", &["source", "mined", "--by", MINE, "--output", ore, "--dry-run"]);
        assert_eq!((&dry["recorded"], &dry["events"][0]["payload"]["kind"]), (&false.into(), &"source".into()));
        self.step("", &["source", "mined", "--by", MINE, "--output", ore]);
        let made = "name=conc form=concentrate mass=1000 TREO=0.6 Nd2O3/TREO=0.1";
        let conc = ["transform", "--by", MINE, "--process", "beneficiate", "--input", "ore", "--output", made];
        self.step("", &[&conc[..], &["--loss", "tailings"]].concat());
        self.step("", &["split", "conc", "--by", MINE, "--part", "name=a mass=400", "--part", "name=b rest"]);
        let both = "name=ab form=concentrate mass=1000 TREO=0.6 Nd2O3/TREO=0.1";
        self.step("", &["blend", "--by", MINE, "--input", "a", "--input", "b", "--output", both]);
        let steps = r#"{"kind":"source","by":"Sundown Carbonate LLC","source":"mined","facility":"PIT",
            "outputs":[{"name":"spare","form":"ore","quantity":"5"}]}"#;
        let file = self.world.write("steps.jsonl", steps.replace('\n', ""));
        self.step("", &["record", "--file", &file]);
        self.step("", &["retire", "spare", "--by", MINE, "--reason", "lost"]);
    }

    fn state(&mut self) {
        self.step("", &["assay", "ab", "--by", MINE, "--method", "ICP-MS", "--result", "TREO=0.6"]);
        let claimed = self.step("", &["claim", "ab", "accredited-chain", "--by", MINE]);
        let claim = claimed["events"][0]["id"].as_str().unwrap().to_owned();
        self.step("", &["title", "ab", "--by", MINE, "--owner", PLANT]);
        let document = self.world.write("late.txt", "a late word");
        self.step("", &["attach", "--lot", "ab", "--by", MINE, "--doc", &document]);
        self.step("", &["correct", &claim, "--by", MINE, "--reason", "did-not-occur", "--withdraw"]);
    }

    fn hand_over(&mut self) {
        self.step("", &["dispatch", "ab", "--by", MINE, "--to", PLANT, "--mass", "600", "--part-label", "six"]);
        self.world.later("2026-04-01T08:00:00Z");
        self.step("", &["receive", "six", "--by", PLANT, "--facility", "GEB"]);
        let stock = "name=heel form=in-process role=heel mass=10 elements=Nd";
        let prior = ["--prior", "stage=mined country=AU"];
        let source = ["source", "opening-stock", "--by", PLANT, "--facility", "GEB", "--output", stock];
        self.step("", &[&source[..], &prior].concat());
        self.world.later("2026-05-01T08:00:00Z");
        let period = ["--from", "2026-04-01T09:00:00Z", "--to", "2026-05-01T07:00:00Z"];
        let drawn = ["--drawn", "name=nd form=oxide mass=30 elements=Nd", "--next", "name=heel-2 mass=9 elements=Nd"];
        let roll = ["roll", "--by", PLANT, "--process", "separate", "--heel", "heel", "--charge", "six"];
        self.step("", &[&roll[..], &period, &drawn, &["--book", "9.5"]].concat());
        self.step("", &["dispatch", "nd", "--by", PLANT, "--to", MINE]);
    }

    fn look(&mut self) {
        assert_eq!(self.step("", &["lots", "--to", MINE]).as_array().unwrap().len(), 1);
        assert_eq!(self.step("", &["show", "nd"])["status"], "in-transit");
        assert_eq!(self.step("", &["trace", "nd"])["direction"], "upstream");
        self.ending(3, "provenance", &["provenance", "nd"]);
        self.step("", &["explain", "custody.stale-head"]);
        self.step("", &["schema", "event-party"]);
        self.step("", &["policy", "list"]);
        self.step("policy", &["policy", "show", DFARS]);
        let pack = self.world.ok(&["policy", "show", DFARS]).out;
        let pack = self.world.write("pack.toml", pack);
        self.step("", &["policy", "check", &pack]);
        self.step("", &["spec", "list"]);
        self.step("spec", &["spec", "show", "nd-metal"]);
        let spec = self.world.ok(&["spec", "show", "nd-metal"]).out;
        let spec = self.world.write("spec.toml", spec);
        self.step("", &["spec", "check", &spec]);
    }

    fn prove(&mut self) {
        let (file, trust) = (self.world.text("nd.lineage.json"), self.world.write("trust.toml", "version = 0\n"));
        self.step("", &["export", "nd", "-o", &file, "--by", PLANT]);
        let bundle: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        follows(&self.world, "bundle", &bundle);
        self.ending(3, "report", &["verify", &file]);
        self.ending(3, "report", &["verify", "nd"]);
        let fact = ["amount=120000", "currency=USD"];
        let exception =
            ["policy", "exception", "threshold", "--policy", DFARS, "--contract", "HD-1", "--key", "gebeng"];
        self.step("exception", &[&exception[..], &["-o", "small.jws"], &fact].concat());
        let decide = ["decide", &file, "--trust", &trust, "--hold", "--contract", "HD-1", "--reason", "to be seen"];
        let decided = self.world.json(&[&decide[..], &["--by", MINE, "-o", "d.sd-jwt"]].concat());
        assert!(decided.is_object(), "{decided}");
        self.step("", &[&decide[..], &["--by", MINE, "-o", "d2.sd-jwt"]].concat());
        self.step("", &["show", "d.sd-jwt", "--against", &file]);
        self.with_demo();
        assert_eq!(self.step("", &["audit"])["findings"].as_array().map(Vec::is_empty), Some(false));
        self.step("", &["publish", &self.world.text("public")]);
    }

    /// A summary is of a policy that applies to the lot: one of magnets. An import is of another ledger's file.
    fn with_demo(&mut self) {
        self.world.later("2026-08-31T08:00:00Z");
        self.world.ok(&["demo", "--dir", "demo"]);
        self.step("", &["import", super::world::LINEAGE, "--trust", "demo/trust.toml", "--by", MINE, "--dry-run"]);
        let asked = ["--trust", "demo/trust.toml", "--as-of", "2026-08-31", "--policy", DFARS];
        let auditor = ["--delivery", "2027-01-01", "--keys", "demo/keys", "--key", "accreditor", "-o", "s.sd-jwt"];
        self.step("", &[&["summary", super::world::LINEAGE][..], &asked, &auditor].concat());
    }

    fn keys(&mut self) {
        self.step("", &["key", "add", "control", "--by", MINE, "--kinds", "source"]);
        self.step("", &["key", "scope", "control", "--by", MINE, "--kinds", "source,transform"]);
        let added = self.step("", &["key", "revoke", "control", "--by", MINE, "--reason", "lost"]);
        assert_eq!(added["events"][0]["kind"], "key");
        self.step("", &["key", "rotate", "mine-gate", "--new", "gate-2", "--by", MINE]);
        let recover = ["key", "recover", "--recovery", "safe", "--rotate", "gate-2", "--new", "gate-3", "--by", MINE];
        self.step("", &recover);
        let sale = ["facility", "supersede", "PIT", "--old", "PIT", "--name", "Pit", "--type", "mine"];
        let place = ["--country", "US", "--point", "35.48,-115.53", "--radius", "900", "--by", PLANT];
        let world = &self.world;
        std::fs::rename(world.path("keys/gate-3.pem"), world.path("gate-3.pem")).unwrap();
        world.ok(&[&sale[..], &place, &["--prepare", "sale.draft.json"]].concat());
        std::fs::rename(world.path("gate-3.pem"), world.path("keys/gate-3.pem")).unwrap();
        self.step("", &["cosign", "sale.draft.json", "--key", "gate-3", "--yes"]);
        self.world.ok(&["record", "--cosigned", "sale.draft.json"]);
    }
}
