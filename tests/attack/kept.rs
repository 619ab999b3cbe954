//! The completeness statement kept beside the log, changed byte by byte: what is exported follows from the log all the same.

use super::changes::{changed, places};
use super::machine::{Machine, Place, open_keys};
use oretrail::bundle::Statement;
use oretrail::ledger::{Signers as _, Snapshot, stated_leaves, statement_leaves};
use oretrail::tlog::nodes::TreeHead;
use std::path::Path;

/// What the files beside the log come to: the head of the leaves that a statement is over, and whether it was signed anew.
fn stated(machine: &Machine, root: &Path, with_key: bool) -> Option<(TreeHead, TreeHead)> {
    let snapshot = Snapshot::open(machine.shared(), root, &mut || false, &mut |_, _| {}).unwrap();
    let size = snapshot.reader().size();
    let expected = statement_leaves(&snapshot, size, &mut |_, _| {}).unwrap().head();
    let find = snapshot.find();
    let vkey = snapshot.reader().checkpoint().unwrap().key().clone();
    let mut keys = open_keys(&machine.disk).unwrap();
    let key = keys.key(&vkey.public_key().id()).unwrap();
    let signer = with_key.then_some((&vkey, &*key as _));
    let (_, note) = stated_leaves(&machine.disk, &snapshot, &*find, signer, &mut |_, _| {}).unwrap()?;
    note.check_signature(&vkey).unwrap();
    let statement: Statement = note.unverified_text().parse().unwrap();
    Some((statement.leaves, expected))
}

#[test]
fn a_changed_byte_of_the_kept_statement_is_made_good_or_noticed() {
    let place = Place::with_index();
    let machine = Machine::with_entries(&place, 9);
    let root = machine.reader().unwrap().layout().root().to_owned();
    let folder = root.join("completeness");
    let honest = stated(&machine, &root, true).unwrap();
    assert_eq!(honest.0, honest.1);
    let files: Vec<_> = machine.disk.files().into_iter().filter(|(path, _)| path.starts_with(&folder)).collect();
    assert!(files.iter().any(|(path, _)| path.ends_with("note")) && files.len() >= 3, "{files:?}");
    let mut tried = 0;
    for (path, bytes) in files.into_iter().filter(|(_, bytes)| !bytes.is_empty()) {
        for (at, way) in places(bytes.len(), 40) {
            let Some(new) = changed(&bytes, at, way) else { continue };
            let other = super::files::bent(&machine, &path, &new);
            let place = format!("{} byte {at} way {way}", path.display());
            // Whoever has no key shows what was signed, or nothing; whoever has it signs what follows from the log.
            let shown = stated(&other, &root, false);
            assert!(shown.is_none_or(|(found, expected)| found == expected), "{place}");
            let (found, expected) = stated(&other, &root, true).unwrap_or_else(|| panic!("{place}: no statement"));
            assert_eq!(found, expected, "{place}");
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
}
