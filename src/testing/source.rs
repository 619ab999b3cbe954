//! The ledger as bundles are written from it.

use super::*;
use crate::bundle::{Source, Stored};
use std::convert::Infallible;

impl Source for TestLedger {
    type Error = Infallible;
    type Hashes = MemoryTree;

    fn ledger(&self) -> LedgerId {
        self.id
    }

    fn checkpoint(&self) -> String {
        let checkpoint = Checkpoint::new(ORIGIN, self.tree.size(), self.tree.root()).unwrap();
        let signed = checkpoint.sign(&self.vkey, &key(self.log_key)).unwrap();
        let signed = match self.witness {
            Some(number) => signed.cosign(&witness(number), day(20), &key(number)).unwrap(),
            None => signed,
        };
        signed.note().to_string()
    }

    fn hashes(&self) -> &MemoryTree {
        &self.tree
    }

    fn entry_at(&self, index: u64) -> Result<Option<Stored>, Infallible> {
        let at = usize::try_from(index).unwrap();
        Ok(self.entries.get(at).map(|entry| Stored {
            index,
            entry: entry.clone(),
            disclosures: self.disclosures[&self.events[at].id].clone(),
        }))
    }

    fn entry_of(&self, event: &EventId) -> Result<Option<Stored>, Infallible> {
        match self.state.event(event).unwrap() {
            Some(record) => self.entry_at(record.index),
            None => Ok(None),
        }
    }

    fn naming(&self, event: &EventId) -> Result<Vec<EventId>, Infallible> {
        Ok(self.state.named_by(event).unwrap())
    }
}
