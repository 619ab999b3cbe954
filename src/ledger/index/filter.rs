//! A Bloom filter: tells most keys that are not there without reading, and never misses one that is.
//!
//! Ten bits and six probes a key: about one of a hundred absent keys passes (B. H. Bloom, "Space/time trade-offs in hash
//! coding with allowable errors", 1970; two hashes are enough: A. Kirsch, M. Mitzenmacher, 2006). Whoever chooses keys
//! with care can make it useless, which costs time and nothing else.

const BITS_PER_KEY: usize = 10;
const PROBES: u64 = 6;

/// A hash of a key that stays the same over releases of the standard library: FNV-1a, mixed by the end of SplitMix64.
pub(super) fn hash(key: &[u8]) -> u64 {
    let fnv = key
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mixed = (fnv ^ (fnv >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The filter of a set of keys.
pub(super) struct Filter(Vec<u8>);

impl Filter {
    pub(super) fn of_hashes(hashes: &[u64]) -> Self {
        let mut filter = Self(vec![0; (hashes.len() * BITS_PER_KEY).div_ceil(8).max(8)]);
        for hash in hashes {
            for bit in filter.probes(*hash) {
                if let Some(byte) = filter.0.get_mut(bit / 8) {
                    *byte |= 1 << (bit % 8);
                }
            }
        }
        filter
    }

    /// As stored. An empty one holds nothing back.
    pub(super) fn of_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn may_hold(&self, hash: u64) -> bool {
        self.probes(hash).all(|bit| self.0.get(bit / 8).is_none_or(|byte| byte & (1 << (bit % 8)) != 0))
    }

    fn probes(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let bits = (self.0.len() as u64 * 8).max(1);
        let step = (hash >> 32) | 1;
        (0..PROBES).map(move |probe| {
            // Below the number of bits, which is a length in memory.
            usize::try_from(hash.wrapping_add(probe.wrapping_mul(step)) % bits).unwrap_or(usize::MAX)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_missed_and_few_others_pass() {
        let hashes: Vec<u64> = (0..10_000_u64).map(|n| hash(&n.to_be_bytes())).collect();
        let filter = Filter::of_bytes(Filter::of_hashes(&hashes).bytes().to_vec());
        assert!(hashes.iter().all(|hash| filter.may_hold(*hash)));
        let passed = (10_000..20_000_u64).filter(|n| filter.may_hold(hash(&n.to_be_bytes()))).count();
        assert!(passed < 300, "{passed} of 10,000");
    }

    #[test]
    fn a_filter_of_nothing_passes_nothing_and_no_filter_passes_all() {
        assert!(!Filter::of_hashes(&[]).may_hold(hash(b"key")));
        assert!(Filter::of_bytes(Vec::new()).may_hold(hash(b"key")));
    }

    #[test]
    fn the_hash_stays_what_it_is() {
        assert_eq!(hash(b"oretrail"), hash(b"oretrail"));
        assert_eq!(hash(b""), 0xf52a_15e9_a9b5_e89b);
    }
}
