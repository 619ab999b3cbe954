//! Encrypted keys: each verb that signs opens them with a passphrase from a file, and does nothing without.

use super::world::{MINE, PLANT, World};
use std::collections::BTreeSet;

const PHRASE: &str = "a long and secret phrase";

/// Verbs that sign, but are tried elsewhere: with a story of their own, or through verbs of this list.
const ELSEWHERE: [&str; 4] = ["import", "summary", "decide", "policy exception"];

struct Encrypted {
    world: World,
    file: String,
    tried: BTreeSet<String>,
}

impl Encrypted {
    fn new() -> Self {
        let world = World::empty();
        // What stands below the first line is not the passphrase's.
        let file = secret(&world, "phrase.txt", &format!("{PHRASE}\nand a note\n"));
        Self { world, file, tried: BTreeSet::new() }
    }

    /// Without the file it is refused and leaves the ledger as it was; with it it goes through.
    fn opens(&mut self, arguments: &[&str]) -> serde_json::Value {
        let size = || std::fs::read(self.world.path("ledger/checkpoint")).ok();
        let before = size();
        let refused = self.world.run(arguments);
        assert_eq!((refused.code, size()), (2, before), "{arguments:?}\n{}\n{}", refused.out, refused.err);
        assert!(refused.err.contains("passphrase") && refused.err.contains("hint:"), "{arguments:?} {}", refused.err);
        if self.tried.is_empty() {
            // Deriving a key from a passphrase takes its time: once is enough.
            let wrong = secret(&self.world, "wrong.txt", "another phrase\n");
            self.world.run(&[arguments, &["--passphrase-file", &wrong]].concat()).failed(2, &["does not open"]);
        }
        let done = self.world.run(&[arguments, &["--passphrase-file", &self.file, "--json"]].concat());
        // The history that is signed over is none that an auditor is content with.
        assert_eq!(done.code, i32::from(arguments[0] == "audit"), "{arguments:?} {}", done.err);
        self.tried.insert(verb(arguments));
        done.json()
    }

    /// Goes through with the file.
    fn with(&self, arguments: &[&str]) {
        self.world.ok(&[arguments, &["--passphrase-file", &self.file]].concat());
    }
}

/// A file with a secret in it, for its owner's eyes only.
fn secret(world: &World, name: &str, text: &str) -> String {
    let file = world.write(name, text);
    super::keys::private(&world.path(name));
    file
}

fn verb(arguments: &[&str]) -> String {
    let program = oretrail::cli::command();
    let has_inner = program.find_subcommand(arguments[0]).unwrap().has_subcommands();
    if has_inner { arguments[..2].join(" ") } else { arguments[0].to_owned() }
}

/// Every verb with an option for the key to sign with.
fn signing() -> BTreeSet<String> {
    let program = oretrail::cli::command();
    let signs = |verb: &clap::Command| verb.get_arguments().any(|option| option.get_id() == "key");
    let paths = program.get_subcommands().flat_map(|verb| {
        let inner = verb.get_subcommands().filter(|inner| signs(inner));
        let inner: Vec<String> = inner.map(|inner| format!("{} {}", verb.get_name(), inner.get_name())).collect();
        if signs(verb) && !verb.has_subcommands() { vec![verb.get_name().to_owned()] } else { inner }
    });
    paths.filter(|path| path != "init" && path != "key show" && !ELSEWHERE.contains(&path.as_str())).collect()
}

#[test]
fn every_verb_that_signs_opens_its_key_with_a_passphrase_file() {
    let mut keys = Encrypted::new();
    let init = ["init", "--origin", "e.example/log", "--operator", "Registry Ltd", "--country", "IE"];
    let refused = keys.world.run(&init);
    refused.failed(2, &["expected a passphrase for the new key", "hint:"]);
    keys.with(&init);
    for name in ["gate", "gebeng", "control", "gate-2", "gate-3"] {
        keys.with(&["key", "new", name]);
    }
    keys.with(&["key", "new", "safe", "--role", "recovery"]);
    let party = ["party", "register", MINE, "--country", "US", "--role", "mine", "--key", "gate", "--recovery", "safe"];
    keys.opens(&party);
    keys.with(&["party", "register", PLANT, "--country", "MY", "--role", "separator", "--key", "gebeng"]);
    let site = ["--name", "Site", "--type", "plant", "--country", "US", "--point", "35.48,-115.53", "--radius", "900"];
    let mine = ["--process", "mine,beneficiate", "--by", MINE];
    keys.opens(&[&["facility", "register", "PIT"][..], &site, &mine].concat());
    keys.opens(&[&["facility", "supersede", "PIT", "--old", "PIT"][..], &site, &mine].concat());
    let plant = ["--name", "Plant", "--type", "plant", "--country", "MY", "--point", "3.99,103.37", "--radius", "900"];
    keys.with(&[&["facility", "register", "GEB"][..], &plant, &["--by", PLANT]].concat());
    let since = ["--valid-from", "2026-01-01T00:00:00Z", "--by", PLANT];
    keys.opens(&[&["accredit", "--scheme", "site-location", "--facility", "PIT"][..], &since].concat());
    custody(&mut keys);
    statements(&mut keys);
    keys.opens(&["key", "add", "control", "--by", MINE, "--kinds", "source"]);
    keys.opens(&["key", "scope", "control", "--by", MINE, "--kinds", "split"]);
    keys.opens(&["key", "revoke", "control", "--by", MINE, "--reason", "lost"]);
    keys.opens(&["key", "rotate", "gate", "--new", "gate-2", "--by", MINE]);
    keys.opens(&["key", "recover", "--recovery", "safe", "--rotate", "gate-2", "--new", "gate-3", "--by", MINE]);
    keys.opens(&["audit", "--sign-completeness", "ledger.complete.json", "--by", PLANT]);
    keys.with(&[
        "facility",
        "supersede",
        "GEB",
        "--old",
        "GEB",
        "--name",
        "Plant",
        "--type",
        "plant",
        "--country",
        "MY",
        "--point",
        "3.99,103.37",
        "--radius",
        "900",
        "--by",
        MINE,
        "--prepare",
        "sale.json",
    ]);
    keys.opens(&["cosign", "sale.json", "--key", "gebeng", "--yes", "-o", "signed.json"]);
    assert_eq!(keys.tried, signing());
}

fn custody(keys: &mut Encrypted) {
    let ore = "name=ore form=ore mass=20000 TREO=0.06";
    keys.opens(&["source", "mined", "--by", MINE, "--output", ore]);
    let made = "name=conc form=concentrate mass=1000 TREO=0.6";
    let conc = ["transform", "--by", MINE, "--process", "beneficiate", "--input", "ore", "--output", made];
    keys.opens(&[&conc[..], &["--loss", "tailings"]].concat());
    keys.opens(&["split", "conc", "--by", MINE, "--part", "name=a mass=400", "--part", "name=b rest"]);
    let both = "name=ab form=concentrate mass=1000 TREO=0.6";
    keys.opens(&["blend", "--by", MINE, "--input", "a", "--input", "b", "--output", both]);
    let rolled = ["--drawn", "name=c form=concentrate mass=900 TREO=0.6", "--next", "name=h mass=100 TREO=0.6"];
    let period = ["--from", "2026-03-01T07:00:00Z", "--to", "2026-03-01T08:00:00Z"];
    keys.opens(&[&["roll", "--by", MINE, "--process", "beneficiate", "--charge", "ab"][..], &rolled, &period].concat());
    keys.opens(&["dispatch", "c", "--by", MINE, "--to", PLANT]);
    keys.opens(&["receive", "c", "--by", PLANT, "--facility", "GEB"]);
    keys.opens(&["export", "c", "-o", "c.lineage.json", "--by", PLANT]);
}

fn statements(keys: &mut Encrypted) {
    keys.opens(&["assay", "c", "--by", PLANT, "--method", "XRF", "--result", "TREO=0.6"]);
    let claimed = keys.opens(&["claim", "c", "accredited-chain", "--by", PLANT]);
    let claim = claimed["events"][0]["id"].as_str().unwrap().to_owned();
    keys.opens(&["correct", &claim, "--by", PLANT, "--reason", "did-not-occur", "--withdraw"]);
    keys.opens(&["title", "c", "--by", PLANT, "--owner", MINE]);
    let document = keys.world.write("late.txt", "a late word");
    keys.opens(&["attach", "--lot", "c", "--by", PLANT, "--doc", &document]);
    keys.opens(&["retire", "h", "--by", MINE, "--reason", "destroyed"]);
}
