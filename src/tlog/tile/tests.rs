//! Paths and tile sets against `tlog_tiles`; nodes read back from tiles.

use super::super::tree::MemoryTree;
use super::super::tree::tests::{reader_contract, tree};
use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::convert::Infallible;

/// The path the oracle gives, in its older spelling with the height, turned into that of C2SP.
fn oracle_path(tile: &tlog_tiles::Tile) -> String {
    tile.path().replacen("tile/8/", "tile/", 1).replacen("tile/data/", "tile/entries/", 1)
}

#[test]
fn paths_are_those_of_the_specification() {
    let tile = Tile::new(TileKind::Hashes(0), 1_234_067, TILE_WIDTH).unwrap();
    assert_eq!(tile.to_string(), "tile/0/x001/x234/067");
    let tile = Tile::new(TileKind::Entries, 273, 112).unwrap();
    assert_eq!(tile.to_string(), "tile/entries/273.p/112");
}

#[test]
fn tiles_of_70_000_leaves_are_those_of_the_specification() {
    let widths: Vec<(TileKind, u64, u16)> =
        partial_hash_tiles(70_000).map(|tile| (tile.kind(), tile.index(), tile.width())).collect();
    assert_eq!(widths, [(TileKind::Hashes(0), 273, 112), (TileKind::Hashes(1), 1, 17), (TileKind::Hashes(2), 0, 1)]);
    assert_eq!(full_hash_tiles(0, 70_000).filter(|tile| tile.kind() == TileKind::Hashes(0)).count(), 273);
    assert_eq!(full_hash_tiles(0, 70_000).count(), 274);
    let edge: Vec<String> = partial_hash_tiles(256).map(|tile| tile.to_string()).collect();
    assert_eq!(edge, ["tile/1/000.p/1"]);
    assert_eq!(partial_hash_tiles(0).count() + full_hash_tiles(5, 5).count(), 0);
}

#[test]
fn oracle_names_the_same_new_tiles() {
    let sizes = [0, 1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000];
    for (at, old) in sizes.iter().enumerate() {
        for new in &sizes[at..] {
            let theirs: BTreeSet<String> = tlog_tiles::Tile::new_tiles(8, *old, *new).iter().map(oracle_path).collect();
            let changed = |tile: &Tile| tile.kind().count(*old) != tile.kind().count(*new);
            let edge = partial_hash_tiles(*new).filter(changed);
            let ours: BTreeSet<String> = full_hash_tiles(*old, *new).chain(edge).map(|t| t.to_string()).collect();
            assert_eq!(ours, theirs, "{old} to {new}");
        }
    }
}

#[test]
fn other_spellings_of_a_path_are_refused() {
    for bad in [
        "",
        "tile/0/1",
        "tile/0/0001",
        "tile/00/001",
        "tile/8/001",
        "tile/+1/001",
        "tile/0/x001",
        "tile/0/001/067",
        "tile/0/x000/067",
        "tile/0/067.p/0",
        "tile/0/067.p/01",
        "tile/0/067.p/256",
        "tile/0/067.p/",
        "tile/0/067/",
        "/tile/0/067",
        "tile/data/067",
        "tile/entries/../067",
        "tile/0/xx01/067",
        "tile/0/x018/x446/x744/x073/x709/x551/616.p/255",
        "tile/7/001",
    ] {
        assert!(bad.parse::<Tile>().is_err(), "{bad}");
    }
}

fn tiles_of(tree: &MemoryTree) -> BTreeMap<Tile, Vec<u8>> {
    let size = tree.size();
    let tiles = full_hash_tiles(0, size).chain(partial_hash_tiles(size));
    tiles.map(|tile| (tile, tile.hash_bytes(tree).unwrap())).collect()
}

#[test]
fn nodes_read_from_tiles_keep_the_contract() {
    for size in [1, 2, 255, 256, 257, 700] {
        let tiles = tiles_of(&tree(size));
        let fetch = |tile: Tile| -> Result<Vec<u8>, Infallible> { Ok(tiles[&tile].clone()) };
        reader_contract(&TileHashes::new(size, fetch), size);
    }
}

#[test]
fn oracle_makes_the_same_hash_of_a_full_tile() {
    let tree = tree(256);
    let tile = Tile::new(TileKind::Hashes(0), 0, TILE_WIDTH).unwrap();
    let bytes = tile.hash_bytes(&tree).unwrap();
    assert_eq!(bytes.len(), 8_192);
    assert_eq!(tlog_tiles::Tile::subtree_hash(&bytes).0, tree.root().0);
}

#[test]
fn tile_of_the_wrong_length_is_refused() {
    let short = |_| -> Result<Vec<u8>, Infallible> { Ok(vec![0; 33]) };
    let error = TileHashes::new(2, short).hashes(&[Node::leaf(1)]).unwrap_err();
    assert_eq!(error.to_string(), "expected 64 bytes in tile/0/000.p/2, found 33");
}

proptest! {
    #[test]
    fn oracle_writes_and_reads_the_same_paths(level in 0u8..8, index in any::<u64>(), width in 1u16..=256, entries: bool) {
        let kind = if entries { TileKind::Entries } else { TileKind::Hashes(level) };
        let index = index.checked_shr(8 + 8 * u32::from(kind.level())).unwrap_or(0);
        let tile = Tile::new(kind, index, width).unwrap();
        let theirs = tlog_tiles::Tile::new(8, kind.level(), index, u32::from(width), entries);
        prop_assert_eq!(tile.to_string(), oracle_path(&theirs));
        prop_assert_eq!(tile.to_string().parse(), Ok(tile));
    }

    #[test]
    fn no_path_and_no_node_panics(text in "tile/[0-9]{1,2}/(x?[0-9]{3}/){0,8}[0-9]{3}(\\.p/[0-9]{1,3})?|.{0,70}", level: u8, index: u64, size: u64) {
        if let Ok(tile) = text.parse::<Tile>() {
            prop_assert_eq!(tile.to_string(), text);
            prop_assert_eq!(tile.nodes().len(), usize::from(tile.width()));
        }
        let _ = Tile::holding(Node::new(level, index), size);
        let _ = (partial_hash_tiles(size).count(), Tile::at_size(TileKind::Hashes(level), index, size));
    }
}
