//! Where the files of a ledger lie. `schemas/FORMAT.md` is the normative layout.

use crate::tlog::tile::{Tile, TileKind};
use crate::value::Blake3;
use std::path::{Path, PathBuf};

/// The paths below a ledger's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout of the ledger in this folder.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The ledger's folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Format version, origin, ledger id and log keys (see [`super::identity`]).
    #[must_use]
    pub fn identity(&self) -> PathBuf {
        self.root.join("oretrail.toml")
    }

    /// The latest signed checkpoint: the commit point.
    #[must_use]
    pub fn checkpoint(&self) -> PathBuf {
        self.root.join("checkpoint")
    }

    /// A tile: full entry bundles and hash tiles.
    #[must_use]
    pub fn tile(&self, tile: &Tile) -> PathBuf {
        self.root.join(tile.to_string())
    }

    /// The full entry bundle of this number; `None` where no tree has it.
    #[must_use]
    pub fn bundle(&self, number: u64) -> Option<PathBuf> {
        Tile::new(TileKind::Entries, number, crate::tlog::tile::TILE_WIDTH).map(|tile| self.tile(&tile))
    }

    /// The folder of bundles not wholly below the checkpoint, or not yet moved.
    #[must_use]
    pub fn pending_folder(&self) -> PathBuf {
        self.root.join("pending")
    }

    /// The pending bundle of this number.
    #[must_use]
    pub fn pending(&self, number: u64) -> PathBuf {
        self.root.join(format!("pending/{number}"))
    }

    /// What was found past the checkpoint, or torn, when the ledger was opened.
    #[must_use]
    pub fn discarded_folder(&self) -> PathBuf {
        self.root.join("discarded")
    }

    /// The salted values kept off the log.
    #[must_use]
    pub fn disclosures(&self) -> PathBuf {
        self.root.join("private/disclosures")
    }

    /// A supplier's bundle bound by an `import`.
    #[must_use]
    pub fn import(&self, hash: &Blake3) -> PathBuf {
        self.root.join(format!("imports/{hash}"))
    }

    /// An attached document.
    #[must_use]
    pub fn blob(&self, hash: &Blake3) -> PathBuf {
        let hash = hash.to_string();
        let (shard, _) = hash.split_at_checked(2).unwrap_or_default();
        self.root.join(format!("blobs/{shard}/{hash}"))
    }

    /// Which files of steps were recorded in parts, and how far (see [`super::parts`]).
    #[must_use]
    pub fn parts(&self) -> PathBuf {
        self.root.join("parts")
    }

    /// sled's folder.
    #[must_use]
    pub fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    /// The leaves of the completeness statement.
    #[must_use]
    pub fn completeness(&self) -> PathBuf {
        self.root.join("completeness")
    }

    /// The writer's lock.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// The lock under which sled is opened.
    #[must_use]
    pub fn index_lock(&self) -> PathBuf {
        self.root.join("index.lock")
    }
}

/// The number of the bundle that holds the entry, and the entry's place in it.
#[must_use]
pub const fn bundle_of(index: u64) -> (u64, u64) {
    (index >> 8, index & 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_design() {
        let layout = Layout::new(Path::new("/l"));
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        assert_eq!(text(layout.bundle(1_234_067).unwrap()), "/l/tile/entries/x001/x234/067");
        assert_eq!(text(layout.pending(1_234_067)), "/l/pending/1234067");
        assert_eq!(layout.bundle(u64::MAX), None);
        let hash = Blake3::of(b"abc");
        assert!(text(layout.blob(&hash)).starts_with("/l/blobs/64/6437b3"));
        assert!(text(layout.import(&hash)).starts_with("/l/imports/6437b3"));
        assert_eq!(bundle_of(1023), (3, 255));
    }
}
