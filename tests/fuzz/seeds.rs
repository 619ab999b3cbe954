//! The fuzz targets over their seeds: small samples of every format, and everything that fuzzing ever found.
//!
//! With `ORETRAIL_WRITE_SEEDS` set, the samples are written anew first.
use super::world::world;
use super::{samples, targets};
use oretrail::tlog::proof::prove_inclusion;
use oretrail::tlog::tlog_proof::TlogProof;
use std::path::{Path, PathBuf};

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target)
}

fn write(target: &str, name: &str, bytes: impl AsRef<[u8]>) {
    std::fs::create_dir_all(folder(target)).unwrap();
    std::fs::write(folder(target).join(name), bytes).unwrap();
}

fn write_samples() {
    let world = world();
    for (index, one) in world.entries.iter().enumerate() {
        let kind = one.signed.event.payload.kind();
        let jws = oretrail::envelope::Jws::parse(&one.signed.jws, oretrail::envelope::Typ::Event).unwrap();
        write("event", &format!("{index}-{kind}.json"), jws.payload().unwrap());
        let disclosures = world.disclosures(index);
        let compact: String =
            [one.signed.jws.clone()].iter().chain(&disclosures).map(|part| format!("{part}~")).collect();
        write("envelope", &format!("{index}-{kind}.sd-jwt"), compact);
        write("entry", &format!("{index}-{kind}.entry"), &one.entry);
        for (number, disclosure) in disclosures.iter().enumerate().take(3) {
            write("disclosure", &format!("{index}-{number}"), disclosure);
        }
    }
    for (number, sample) in samples::all().into_iter().enumerate() {
        let signed = sample.sign();
        let jws = oretrail::envelope::Jws::parse(&signed.jws, oretrail::envelope::Typ::Event).unwrap();
        write("event", &format!("sample-{number}-{}.json", signed.event.payload.kind()), jws.payload().unwrap());
    }
    let mut bundle = Vec::new();
    world
        .entries
        .iter()
        .take(2)
        .for_each(|one| oretrail::tlog::entry_bundle::push_entry(&mut bundle, &one.entry).unwrap());
    write("entry", "two.bundle", bundle);
    let size = world.entries.len();
    write("checkpoint", "last", world.checkpoint(size).to_string());
    let path = prove_inclusion(&world.tree, 4, size as u64).unwrap();
    let proof = TlogProof::new(4, path, world.checkpoint(size).signed().clone(), None).unwrap();
    write("tlog_proof", "4", proof.to_string());
    write("bundle", "full.lineage.json", world.bundle(&[]));
    write("bundle", "withheld.lineage.json", world.bundle(&["composition", "quantity"]));
    let (by, ledger) = (world.entries[0].signed.event.id, world.ledger);
    let trust = format!(
        "version = 0\n\n[[ledgers]]\nid = \"{ledger}\"\nvkey = \"{}\"\n\n[[authorities]]\nparty = \"{by}\"\n\
         schemes = [\"site-location\", \"party-identity\"]\n",
        world.log_key
    );
    write("trust", "example.toml", trust);
    // A pack that is about the lot of the bundles.
    let pack = include_str!("../../src/policy/packs/us-dfars-252.225-7052.toml");
    let pack = pack.replace("forms = [\"block\",", "forms = [\"concentrate\", \"block\",");
    write("policy", "concentrate.toml", pack.replace("[\"Nd\", \"Fe\", \"B\"]", "[\"Nd\", \"Pr\"]"));
    write("batch", "base.toml", include_str!("../vectors/base.toml"));
    for (number, data) in
        [[0u8; 12].as_slice(), b"\0\0\x01\x05\x06\x07\x01\0\0\x01\x01\x05\x03\0\0\x01\x01\x01\x04\x01\0\x01\x01\x01"]
            .iter()
            .enumerate()
    {
        write("agreement", &number.to_string(), data);
    }
}

#[test]
fn every_seed_runs_through_its_target() {
    if std::env::var_os("ORETRAIL_WRITE_SEEDS").is_some() {
        write_samples();
    }
    for (target, run) in targets::TARGETS {
        let mut count = 0;
        let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/policy/packs");
        let folders = if target == "policy" { vec![folder(target), packs] } else { vec![folder(target)] };
        for entry in folders.iter().flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten()) {
            run(&std::fs::read(entry.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count > 0, "no seed for `{target}`");
    }
}

#[test]
fn every_target_is_a_program_that_runs_it_and_is_in_the_readme() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let read = |name: &str| std::fs::read_to_string(fuzz.join(name)).unwrap();
    let (manifest, readme) = (read("Cargo.toml"), read("README.md"));
    for (target, _) in targets::TARGETS {
        let program = read(&format!("fuzz_targets/{target}.rs"));
        assert!(program.contains(&format!("oretrail_fuzz::{target}(data)")), "{target}: {program}");
        assert!(manifest.contains(&format!("name = \"{target}\"\npath = \"fuzz_targets/{target}.rs\"\n")), "{target}");
        let rows = readme.lines().filter(|line| line.starts_with('|') && line.contains(&format!("`{target}`")));
        assert_eq!(rows.count(), 1, "{target}");
    }
    let programs = std::fs::read_dir(fuzz.join("fuzz_targets")).unwrap().count();
    assert_eq!((programs, manifest.matches("[[bin]]").count()), (targets::TARGETS.len(), targets::TARGETS.len()));
}
