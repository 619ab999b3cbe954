//! Every size up to 130, every index, every pair of sizes; then every proof spoilt.

#![expect(clippy::cast_possible_truncation, reason = "small numbers of tests")]

use super::super::tree::root_of;
use super::super::tree::tests::{entry, leaf, tree};
use super::*;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof};
use proptest::prelude::*;

const SIZES: u64 = 130;

fn roots() -> Vec<Sha256> {
    (0..=SIZES).map(|size| root_of((0..size).map(leaf))).collect()
}

fn concat(proof: &[Sha256]) -> Vec<u8> {
    proof.iter().flat_map(|hash| hash.0).collect()
}

fn oracle(size: u64) -> MemoryBackedTree<sha2::Sha256, Vec<u8>> {
    let mut tree = MemoryBackedTree::new();
    (0..size).for_each(|i| tree.push(entry(i)));
    tree
}

/// Every way to spoil a proof by one bit in one hash (the bit moves on), one hash too few, one too many.
fn spoilt(proof: &[Sha256], seed: u64) -> Vec<Vec<Sha256>> {
    let flip = |at: usize| {
        let mut bad = proof.to_vec();
        let bit = (at as u64 * 37 + seed * 11) % 256;
        bad[at].0[(bit / 8) as usize] ^= 1 << (bit % 8);
        bad
    };
    let mut all: Vec<_> = (0..proof.len()).map(flip).collect();
    all.push([proof, &[leaf(0)]].concat());
    if let Some((_, short)) = proof.split_last() {
        all.push(short.to_vec());
    }
    all
}

#[test]
fn every_leaf_is_proven_at_every_size_and_no_spoilt_proof_passes() {
    let (tree, roots) = (tree(SIZES), roots());
    for size in 1..=SIZES {
        let root = roots[size as usize];
        assert_eq!(read_root(&tree, size), Ok(root));
        for index in 0..size {
            let proof = prove_inclusion(&tree, index, size).unwrap();
            assert_eq!(check_inclusion(&leaf(index), index, size, &root, &proof), Ok(()), "{index} of {size}");
            for bad in spoilt(&proof, index) {
                assert!(check_inclusion(&leaf(index), index, size, &root, &bad).is_err(), "{index} of {size}");
            }
            assert!(check_inclusion(&leaf(index + 1), index, size, &root, &proof).is_err());
            assert!(check_inclusion(&leaf(index), index, size, &roots[size as usize - 1], &proof).is_err());
            let other = (index + 1) % size;
            assert!(other == index || check_inclusion(&leaf(index), other, size, &root, &proof).is_err());
        }
    }
}

#[test]
fn every_pair_of_sizes_is_proven_and_no_spoilt_proof_passes() {
    let (tree, roots) = (tree(SIZES), roots());
    for new in 0..=SIZES {
        for old in 0..=new {
            let (old_root, new_root) = (roots[old as usize], roots[new as usize]);
            let proof = prove_consistency(&tree, old, new).unwrap();
            assert_eq!(check_consistency(old, &old_root, new, &new_root, &proof), Ok(()), "{old} to {new}");
            for bad in spoilt(&proof, old) {
                assert!(check_consistency(old, &old_root, new, &new_root, &bad).is_err(), "{old} to {new}");
            }
            assert!(check_consistency(old, &leaf(999), new, &new_root, &proof).is_err(), "{old} to {new}");
            let changed = check_consistency(old, &old_root, new, &leaf(999), &proof);
            assert_eq!(changed.is_err(), old > 0 || new == 0, "{old} to {new}: the empty tree binds nothing");
        }
    }
}

#[test]
fn oracle_makes_the_same_inclusion_proofs() {
    for size in 1..=70 {
        let (ours, oracle) = (tree(size), oracle(size));
        for index in 0..size {
            let proof = prove_inclusion(&ours, index, size).unwrap();
            assert_eq!(concat(&proof), oracle.prove_inclusion(index as usize).as_bytes(), "{index} of {size}");
            let theirs = InclusionProof::try_from_bytes(concat(&proof)).unwrap();
            oracle.root().verify_inclusion(&entry(index), index, &theirs).unwrap();
        }
    }
}

#[test]
fn oracle_makes_the_same_consistency_proofs() {
    for new in 2..=70 {
        let (ours, newer) = (tree(new), oracle(new));
        for old in 1..new {
            let proof = prove_consistency(&ours, old, new).unwrap();
            let theirs = newer.prove_consistency((new - old) as usize);
            assert_eq!(concat(&proof), theirs.as_bytes(), "{old} to {new}");
            let ours = ConsistencyProof::try_from_bytes(concat(&proof)).unwrap();
            newer.root().verify_consistency(&oracle(old).root(), &ours).unwrap();
        }
    }
}

#[test]
fn proof_for_no_leaf_is_refused_with_both_numbers() {
    let tree = tree(3);
    let error = prove_inclusion(&tree, 3, 3).unwrap_err();
    assert_eq!(error.to_string(), "expected a leaf index below the tree size 3, found 3");
    let error = check_consistency(4, &leaf(0), 3, &leaf(0), &[]).unwrap_err();
    assert_eq!(error.to_string(), "expected an older size of at most 3, found 4");
    let error = prove_inclusion(&tree, 0, 4).unwrap_err();
    assert_eq!(error.to_string(), "expected the hash of node 1 at level 1, found none");
}

#[test]
fn reader_that_answers_too_little_is_found_out() {
    struct Mute;
    impl HashReader for Mute {
        type Error = super::super::tree::MissingNode;
        fn hashes(&self, _: &[Node]) -> Result<Vec<Sha256>, Self::Error> {
            Ok(Vec::new())
        }
    }
    assert_eq!(prove_inclusion(&Mute, 0, 2), Err(ProveError::Reply { expected: 1, found: 0 }));
}

proptest! {
    #[test]
    fn no_numbers_panic(a in any::<u64>(), b in any::<u64>(), small in 0u64..5, n in 0usize..70) {
        let proof = vec![leaf(0); n];
        for (x, y) in [(a, b), (b, a), (small, a), (u64::MAX - small, u64::MAX), (a, a)] {
            let _ = check_inclusion(&leaf(0), x, y, &leaf(1), &proof);
            let _ = check_consistency(x, &leaf(0), y, &leaf(1), &proof);
            let _ = (inclusion_nodes(x, y), consistency_nodes(x, y));
        }
    }
}
