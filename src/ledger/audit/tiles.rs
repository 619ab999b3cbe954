//! The hash tiles on disk, compared with those that follow from the entries.

use crate::finding::{Code, Finding};
use crate::ledger::disk::{Disk, read_if_present};
use crate::ledger::edge::{Edge, FullTile};
use crate::ledger::layout::Layout;
use crate::ledger::read::Reader;
use crate::value::Sha256;
use std::sync::Arc;

/// Compares tiles as leaves are added.
pub(super) struct Tiles<'a> {
    disk: &'a Arc<dyn Disk>,
    layout: &'a Layout,
    edge: Edge,
    full: Vec<FullTile>,
    same: u64,
    differing: Vec<Finding>,
}

impl<'a> Tiles<'a> {
    pub(super) fn new(disk: &'a Arc<dyn Disk>, reader: &'a Reader) -> Self {
        let (edge, full, differing) = (Edge::default(), Vec::new(), Vec::new());
        Self { disk, layout: reader.layout(), edge, full, same: 0, differing }
    }

    pub(super) fn append(&mut self, leaf: Sha256) {
        self.edge.append(leaf, &mut self.full);
        for tile in std::mem::take(&mut self.full) {
            self.compare(&tile);
        }
    }

    /// How many are as they should be, and what was found about the others.
    pub(super) fn end(mut self) -> (u64, Vec<Finding>) {
        for tile in self.edge.upper_partials() {
            self.compare(&tile);
        }
        (self.same, self.differing)
    }

    /// Compares one with the disk; one that is missing is derived anew by the next writer.
    fn compare(&mut self, (tile, bytes): &FullTile) {
        let path = self.layout.tile(tile);
        match read_if_present(&**self.disk, &path, bytes.len() as u64 + 1) {
            Ok(Some(stored)) if stored == *bytes => self.same += 1,
            Ok(Some(_)) | Err(_) => {
                let expected = "the hash tile that follows from the entries";
                self.differing.push(Finding::new(Code::NotInTree, expected, "another one").at(path.display()));
            }
            Ok(None) => {}
        }
    }
}
