//! A folder with a ledger and keys, and the program run in it.

use assert_cmd::Command;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub const MINE: &str = "Sundown Carbonate LLC";
pub const PLANT: &str = "Gebeng Separation Sdn";

/// In the demonstration: who is to take delivery, the lineage file, and a policy.
pub const BUYER: &str = "Harrow Ridge Defense Systems Inc";
pub const LINEAGE: &str = "demo/magnets.lineage.json";
pub const DFARS: &str = "us-dfars-252.225-7052";

/// What a run of the program came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// The result as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }

    /// Fails unless it ended with this code and each of these texts is in stderr.
    pub fn failed(&self, code: i32, parts: &[&str]) -> &Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        for part in parts {
            assert!(self.err.contains(part), "`{part}` is not in:\n{}", self.err);
        }
        assert!(!self.err.contains("internal error"), "{}", self.err);
        self
    }

    /// Fails unless each of these texts is in the result.
    pub fn says(&self, parts: &[&str]) -> &Self {
        for part in parts {
            assert!(self.out.contains(part), "`{part}` is not in:\n{}", self.out);
        }
        self
    }
}

/// A folder with a ledger in it, or without one yet.
pub struct World {
    folder: TempDir,
    now: String,
}

impl World {
    /// A folder without ledger.
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), now: "2026-03-01T08:00:00Z".to_owned() }
    }

    /// A folder in which the demonstration was played, at a day after its end.
    pub fn with_demo() -> Self {
        let world = Self::empty().at("2026-08-31T08:00:00Z");
        world.ok(&["demo", "--dir", "demo"]);
        world
    }

    /// A ledger with its operator only.
    pub fn new() -> Self {
        Self::with_origin("custody.example/log")
    }

    /// A ledger of another origin with its operator only.
    pub fn with_origin(origin: &str) -> Self {
        let world = Self::empty();
        world.ok(&[
            "init",
            "--origin",
            origin,
            "--operator",
            "Neutral Registry Ltd",
            "--country",
            "IE",
            "--no-passphrase",
        ]);
        world
    }

    /// A ledger with a mine and a separation plant, each with a site.
    pub fn with_parties() -> Self {
        let world = Self::new();
        world.party(MINE, "US", "mine", "mine-gate");
        world.party(PLANT, "MY", "separator", "gebeng");
        world.ok(&[
            "facility",
            "register",
            "PIT",
            "--name",
            "Sundown pit",
            "--type",
            "mine",
            "--country",
            "US",
            "--point",
            "35.48,-115.53",
            "--radius",
            "3000",
            "--process",
            "mine,beneficiate,crack,leach,precipitate",
            "--by",
            MINE,
        ]);
        world.ok(&[
            "facility",
            "register",
            "GEB",
            "--name",
            "Gebeng plant",
            "--type",
            "plant",
            "--country",
            "MY",
            "--point",
            "3.99,103.37",
            "--radius",
            "2000",
            "--process",
            "separate,calcine",
            "--by",
            PLANT,
        ]);
        world
    }

    /// As [`Self::with_parties`], with ore and concentrate at the mine.
    pub fn with_concentrate() -> Self {
        let world = Self::with_parties();
        world.mine();
        world.ok(&[
            "transform",
            "--by",
            MINE,
            "--process",
            "beneficiate",
            "--input",
            "ore-1",
            "--loss",
            "tailings",
            "--output",
            "name=conc-1 form=concentrate mass=1000 TREO=0.6 Nd2O3/TREO=0.1",
        ]);
        world
    }

    /// Mines a lot of ore.
    pub fn mine(&self) {
        self.ok(&[
            "source",
            "mined",
            "--by",
            MINE,
            "--facility",
            "PIT",
            "--output",
            "name=ore-1 form=ore mass=20000 TREO=0.06 Nd2O3/TREO=0.1",
        ]);
    }

    /// Registers a party with a new key.
    pub fn party(&self, name: &str, country: &str, role: &str, key: &str) {
        self.ok(&["key", "new", key, "--no-passphrase"]);
        self.ok(&["party", "register", name, "--country", country, "--role", role, "--key", key]);
    }

    /// The same folder at another time.
    pub fn at(mut self, now: &str) -> Self {
        self.later(now);
        self
    }

    /// Goes on at another time.
    pub fn later(&mut self, now: &str) {
        now.clone_into(&mut self.now);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.text(name)
    }

    /// A copy of the DFARS pack, of the same id, that forbids one country.
    pub fn forbidding(&self, country: &str) -> String {
        let text = self.ok(&["policy", "show", DFARS]).out;
        self.write("mine.toml", text.replace("[\"CN\", \"IR\", \"KP\", \"RU\"]", &format!("[\"{country}\"]")))
    }

    /// The program with an environment of its own, to be run to its end.
    pub fn command(&self) -> Command {
        Command::from_std(self.process())
    }

    /// The program with an environment of its own.
    pub fn process(&self) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_oretrail"));
        command
            .env_clear()
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env("ORETRAIL_LEDGER", self.path("ledger"))
            .env("ORETRAIL_KEYS", self.path("keys"))
            .env("ORETRAIL_NOW", &self.now);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command().args(arguments))
    }

    /// Runs and fails unless it ended well.
    pub fn ok(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}\n{}\n{}", ran.out, ran.err);
        ran
    }

    /// Runs with `--json` and gives the result.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let mut all = arguments.to_vec();
        all.push("--json");
        self.ok(&all).json()
    }

    /// Number of entries, as the index and the log have it.
    pub fn size(&self) -> u64 {
        let checkpoint = std::fs::read_to_string(self.path("ledger/checkpoint")).unwrap();
        checkpoint.lines().nth(1).unwrap().parse().unwrap()
    }

    /// Whether some process has the ledger open for writing.
    pub fn is_locked(&self) -> bool {
        let lock = std::fs::File::options().append(true).create(true).open(self.path("ledger/lock")).unwrap();
        lock.try_lock().is_err()
    }

    /// The only lot with this label.
    pub fn lot(&self, label: &str) -> Value {
        self.json(&["show", label])
    }
}

pub fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
