//! Layer 2: checking many signatures of few keys, with the verdict of `verify_strict` and in two thirds of its time.
//!
//! A ledger has few keys and many signatures, so a key that is used often gets tables of its multiples, and whole chunks
//! of points are compressed together. The verdict stays that of ed25519-dalek's `verify_strict`, by construction (see
//! `equation`): each signature is checked by its own equation. Batch verification, which checks a random combination of
//! many, can accept what `verify_strict` refuses and is not used.
//!
//! A verdict establishes that the holder of a key signed these bytes. It does not establish whose key it is, or that it
//! was allowed to sign (`rules::chain`).
//!
//! ```
//! use ed25519_dalek::{Signer, SigningKey};
//! use oretrail::keyring::{Item, Keyring};
//! use oretrail::value::{PublicKey, Signature};
//!
//! let key = SigningKey::from_bytes(&[1; 32]);
//! let public = PublicKey::from(&key);
//! let signature = Signature(key.sign(b"ore").to_bytes());
//! let keyring = Keyring::default();
//! let items = [
//!     Item { key: &public, message: b"ore", signature: &signature },
//!     Item { key: &public, message: b"oar", signature: &signature },
//! ];
//! assert_eq!(keyring.verify_many(&items), [true, false]);
//! ```

mod equation;
mod tables;

use crate::value::{PublicKey, Signature};
use equation::{Equation, is_satisfied};
use rayon::prelude::*;
use tables::Tables;

/// One signature to check.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// The key that is said to have signed.
    pub key: &'a PublicKey,
    /// The bytes that are said to be signed.
    pub message: &'a [u8],
    /// The signature.
    pub signature: &'a Signature,
}

/// Checks signatures and remembers tables of the keys that are used most.
///
/// Memory: at most [`Keyring::MAX_TABLES`] tables of 20 KiB, and a counter for at most [`Keyring::MAX_COUNTED`] keys;
/// further keys are checked without a table.
#[derive(Default)]
pub struct Keyring {
    tables: Tables,
}

/// How many points are compressed with one inversion; more gains little, and chunks are what threads share out.
const CHUNK: usize = 64;

impl Keyring {
    /// A key gets a table when it has been used this often. Building one takes about 8 µs and saves 1.7 µs a use (measured
    /// with AVX-512), so it pays from the fifth use on; keys that are used only a few times in all shall not fill the bound.
    pub const USES_BEFORE_TABLE: u32 = 16;
    /// The most tables kept.
    pub const MAX_TABLES: usize = 1024;
    /// The most keys whose uses are counted.
    pub const MAX_COUNTED: usize = 65_536;

    /// Whether the signature is the key's over the message: the verdict of `verify_strict`.
    #[must_use]
    pub fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        self.tables.count(key, 1);
        self.verify_chunk(&[Item { key, message, signature }]).first().copied().unwrap_or(false)
    }

    /// As [`Self::verify`] for each item, on all processors; the verdicts are in the order of the items.
    #[must_use]
    pub fn verify_many(&self, items: &[Item<'_>]) -> Vec<bool> {
        self.tables.count_all(items.iter().map(|item| item.key));
        if items.len() <= CHUNK {
            return self.verify_chunk(items);
        }
        items.par_chunks(CHUNK).flat_map_iter(|chunk| self.verify_chunk(chunk)).collect()
    }

    fn verify_chunk(&self, items: &[Item<'_>]) -> Vec<bool> {
        let mut tables = self.tables.reader();
        let solve =
            |item: &Item<'_>| Equation::of(item).map(|equation| equation.solve(tables.get(item.key).as_deref()));
        let solved: Vec<_> = items.iter().map(solve).collect();
        let points: Vec<_> = solved.iter().flatten().copied().collect();
        let mut encoded = curve25519_dalek::EdwardsPoint::compress_batch_alloc(&points).into_iter();
        let verdict = |(item, solved): (&Item<'_>, &Option<_>)| match solved {
            Some(point) => encoded.next().is_some_and(|encoded| is_satisfied(item.signature, point, &encoded)),
            None => false,
        };
        items.iter().zip(&solved).map(verdict).collect()
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring").field("tables", &self.tables.len()).finish()
    }
}

#[cfg(test)]
mod tests;
