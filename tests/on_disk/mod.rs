//! A log in memory, written as the files of a ledger.

use oretrail::bundle::Source;
use oretrail::ledger::identity::Identity;
use oretrail::ledger::layout::Layout;
use oretrail::ledger::private::Record;
use oretrail::ledger::state_store::event_of;
use oretrail::tlog::entry_bundle::push_entry;
use oretrail::tlog::vkey::VerifierKey;
use std::path::Path;

/// Writes the log, with all private values, into a folder; it has less than a full bundle of entries.
pub fn write(log: &impl Source, vkey: &VerifierKey, folder: &Path) {
    let layout = Layout::new(folder);
    let files = [layout.identity(), layout.checkpoint(), layout.pending(0), layout.disclosures()];
    files.iter().for_each(|file| std::fs::create_dir_all(file.parent().unwrap()).unwrap());
    let [identity, checkpoint, pending, disclosures] = files;
    let (mut bundle, mut private) = (Vec::new(), Vec::new());
    let stored = (0..256).map_while(|index| log.entry_at(index).unwrap_or_else(|_| panic!("no entry {index}")));
    for (index, one) in stored.enumerate() {
        assert!(index < 255, "one bundle holds all");
        push_entry(&mut bundle, &one.entry).unwrap();
        if !one.disclosures.is_empty() {
            let event = event_of(&one.entry).unwrap();
            private.extend(Record { event, disclosures: one.disclosures }.encode().unwrap());
        }
    }
    std::fs::write(identity, Identity::new(vkey.clone()).format().unwrap()).unwrap();
    std::fs::write(checkpoint, log.checkpoint()).unwrap();
    std::fs::write(pending, bundle).unwrap();
    std::fs::write(disclosures, private).unwrap();
}
