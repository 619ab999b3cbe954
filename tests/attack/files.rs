//! Every byte of every file of a ledger and of its keys changed, dropped, doubled, swapped, or the file cut there.

use super::changes::{changed, places};
use super::machine::{Machine, Place};
use oretrail::ledger::AnyError;
use oretrail::ledger::audit::AuditReport;
use oretrail::ledger::disk::{Access, Cut, Disk as _, append_all};
use std::path::{Path, PathBuf};

/// The machine with one file changed; given its path and bytes.
pub fn bent(machine: &Machine, path: &Path, bytes: &[u8]) -> Machine {
    let other = machine.fork(Cut::KeepAll);
    other.disk.remove_file(path).unwrap();
    append_all(&mut *other.disk.create_new(path, Access::OwnerOnly).unwrap(), bytes).unwrap();
    other
}

/// Opens the ledger, records one more lot, and audits.
fn go_on(machine: &Machine) -> Result<AuditReport, AnyError> {
    let (mut keys, mut writer) = machine.open(&machine.disk)?;
    let plan = machine.plan(&writer, &mut keys, 1)?;
    writer.commit(&plan, &[], &mut keys)?;
    machine.audit(Some(&writer))
}

/// What may become of a file that was tampered with.
enum Declared {
    /// An audit is broken or cannot be done.
    Broken,
    /// So it is, or the audit says something else than before: values are missing.
    Noticed,
    /// The ledger cannot be gone on with, or goes on without any harm.
    Harmless,
}

fn declared(path: &Path) -> Declared {
    let name = path.to_string_lossy();
    if name.contains("/private/") || name.ends_with(".toml") {
        Declared::Noticed
    } else if name.ends_with("/checkpoint") || name.contains("/pending/") || name.contains("/tile/") {
        Declared::Broken
    } else {
        Declared::Harmless
    }
}

fn files(machine: &Machine) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = machine.disk.files();
    files.retain(|(path, bytes)| !bytes.is_empty() && !path.to_string_lossy().ends_with("lock"));
    files
}

fn check(machine: &Machine, some: usize) -> usize {
    let sound = machine.audit(None).unwrap();
    let after = go_on(&machine.fork(Cut::KeepAll)).unwrap();
    assert!(!sound.is_broken() && !after.is_broken());
    let mut tried = 0;
    for (path, bytes) in files(machine) {
        for (at, way) in places(bytes.len(), some) {
            let Some(new) = changed(&bytes, at, way) else { continue };
            let place = format!("{} byte {at} way {way}", path.display());
            let other = bent(machine, &path, &new);
            let audited = other.audit(None);
            let is_broken = audited.as_ref().map_or(true, AuditReport::is_broken);
            // What lies past the checkpoint was never acknowledged, and is put aside when the ledger is next opened.
            let name = path.to_string_lossy();
            let is_past_the_end =
                ["/pending/", "/private/"].iter().any(|part| name.contains(part)) && new.starts_with(&bytes);
            match if is_past_the_end { Declared::Harmless } else { declared(&path) } {
                Declared::Broken => assert!(is_broken, "{place}: not noticed"),
                // Blanks and comments of `oretrail.toml` say nothing.
                Declared::Noticed if path.ends_with("oretrail.toml") => {
                    assert!(is_broken || audited.unwrap() == sound, "{place}: another ledger");
                }
                Declared::Noticed => assert!(is_broken || audited.unwrap() != sound, "{place}: not noticed"),
                Declared::Harmless => {
                    let found = go_on(&other);
                    assert!(found.map_or(true, |found| !found.is_broken() && found.size == after.size), "{place}");
                }
            }
            tried += 1;
        }
    }
    tried
}

#[test]
fn a_changed_byte_of_a_small_ledger_or_of_its_keys_is_noticed() {
    let machine = Machine::with_entries(&Place::without_index(), 5);
    let names: Vec<String> = files(&machine).iter().map(|(path, _)| path.to_string_lossy().into_owned()).collect();
    for part in ["/oretrail.toml", "/checkpoint", "/pending/0", "/private/disclosures", "/signing-memory", "/log.pem"] {
        assert!(names.iter().any(|name| name.ends_with(part)), "{part} is not among {names:?}");
    }
    assert!(check(&machine, 60) > 300);
}

#[test]
fn a_changed_byte_of_a_full_bundle_or_hash_tile_is_noticed() {
    let machine = Machine::with_entries(&Place::without_index(), 258);
    let names: Vec<String> = files(&machine).iter().map(|(path, _)| path.to_string_lossy().into_owned()).collect();
    assert!(
        names.iter().any(|name| name.contains("/tile/entries/")) && names.iter().any(|name| name.contains("/tile/0/"))
    );
    // One place of each file; what is thorough here takes hours.
    let sound = machine.audit(None).unwrap();
    for (path, bytes) in files(&machine).into_iter().filter(|(path, _)| path.to_string_lossy().contains("/tile/")) {
        for way in 0..6 {
            let at = bytes.len() * (way + 1) / 8;
            let Some(new) = changed(&bytes, at, way) else { continue };
            let audited = bent(&machine, &path, &new).audit(None);
            let is_broken = audited.as_ref().map_or(true, AuditReport::is_broken);
            assert!(is_broken, "{} byte {at} way {way}: {:?}", path.display(), audited.unwrap() == sound);
        }
    }
}
