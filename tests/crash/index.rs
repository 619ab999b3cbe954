//! The index removed, cut, with changed bits, of another ledger, of an older head, left by a kill while it was opened: the
//! ledger opens and answers as before.

use super::world::{MINE, World, copy};
use std::path::{Path, PathBuf};

/// A ledger, and what it answers while its index is sound.
struct Sound {
    world: World,
    lot: serde_json::Value,
    parties: serde_json::Value,
}

impl Sound {
    fn new() -> Self {
        let world = World::with_parties();
        copy(&world.path("ledger/index"), &world.path("older"));
        world.mine();
        let (lot, parties) = (world.json(&["show", "ore-1"]), world.json(&["party", "list"]));
        copy(&world.path("ledger/index"), &world.path("sound"));
        Self { world, lot, parties }
    }

    fn index(&self) -> PathBuf {
        self.world.path("ledger/index")
    }

    /// Puts the sound index back, damages it, and asks.
    fn after(&self, what: &str, damage: impl FnOnce(&Path)) {
        let index = self.index();
        let _ = std::fs::remove_dir_all(&index);
        let _ = std::fs::remove_file(&index);
        copy(&self.world.path("sound"), &index);
        damage(&index);
        for attempt in 0..2 {
            assert_eq!(self.world.json(&["show", "ore-1"]), self.lot, "{what}, attempt {attempt}");
            assert_eq!(self.world.json(&["party", "list"]), self.parties, "{what}, attempt {attempt}");
        }
    }
}

/// Every file of a folder, with its length.
fn files(folder: &Path) -> Vec<(PathBuf, usize)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let length = std::fs::metadata(&path).unwrap().len();
            found.push((path, usize::try_from(length).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn an_index_that_is_gone_or_somebody_elses_is_made_anew() {
    let sound = Sound::new();
    let other = World::with_parties();
    sound.after("removed", |index| std::fs::remove_dir_all(index).unwrap());
    sound.after("empty", |index| {
        std::fs::remove_dir_all(index).unwrap();
        std::fs::create_dir(index).unwrap();
    });
    sound.after("of another ledger", |index| {
        std::fs::remove_dir_all(index).unwrap();
        copy(&other.path("ledger/index"), index);
    });
    sound.after("of an older head", |index| {
        std::fs::remove_dir_all(index).unwrap();
        copy(&sound.world.path("older"), index);
    });
    sound.after("left by a kill while it was opened", |index| {
        std::fs::write(index.join("snap.0000000000000000.generating"), b"torn").unwrap();
    });
    sound.after("no database", |index| {
        for (path, _) in files(index) {
            std::fs::write(path, b"not a database").unwrap();
        }
    });
    // And it can be written to.
    sound.world.ok(&["source", "mined", "--by", MINE, "--facility", "PIT", "--output", "name=ore-2 form=ore mass=5"]);
    sound.world.ok(&["audit"]);
}

#[test]
fn an_index_of_a_ledger_that_went_back_is_made_anew() {
    let world = World::with_parties();
    copy(&world.path("ledger"), &world.path("before"));
    world.mine();
    // The log of before with the index of after: the index is ahead.
    std::fs::remove_dir_all(world.path("before/index")).unwrap();
    copy(&world.path("ledger/index"), &world.path("before/index"));
    std::fs::remove_dir_all(world.path("ledger")).unwrap();
    std::fs::rename(world.path("before"), world.path("ledger")).unwrap();
    assert_eq!(world.json(&["lots"]), serde_json::json!([]));
    world.run(&["show", "ore-1"]).failed(2, &["ore-1"]);
}

#[test]
fn an_index_cut_or_with_changed_bits_answers_as_before() {
    let sound = Sound::new();
    let thorough = std::env::var_os("ORETRAIL_THOROUGH").is_some();
    for (path, length) in files(&sound.world.path("sound")) {
        let path = path.strip_prefix(sound.world.path("sound")).unwrap().to_owned();
        for part in [0, 1, 2] {
            let keep = (length * part / 3) as u64;
            sound.after(&format!("{} cut to {keep} bytes", path.display()), |index| {
                std::fs::File::options().write(true).open(index.join(&path)).unwrap().set_len(keep).unwrap();
            });
        }
        let (start, count) = (length / 97, if thorough { 400 } else { 6 });
        for at in (0..count).map(|n| (start + n * length.div_ceil(count)).min(length.saturating_sub(1))) {
            sound.after(&format!("{} byte {at} changed", path.display()), |index| {
                let mut bytes = std::fs::read(index.join(&path)).unwrap();
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 0x10;
                }
                std::fs::write(index.join(&path), bytes).unwrap();
            });
        }
    }
}
