//! The equation of one signature, `R' = [s]B − [k]A`, and when it counts as satisfied.
//!
//! `verify_strict` refuses where (a) `s` is not below the order of the base point, (b) `R` does not decode, (c) `R` or
//! `A` is of small order, (d) the canonical encoding of `R'` differs from the bytes of `R`. Here:
//!
//! - (a) is checked by the same function, `Scalar::from_canonical_bytes`;
//! - (d) is checked first, and where the bytes agree, `R` is the canonical encoding of `R'`: so it decodes (b), and to
//!   `R'` itself, whose order (c) is then examined;
//! - `A` is not of small order because [`PublicKey`] refuses such keys. It also refuses points in other than canonical
//!   form, so that the encoding that is hashed into `k` is the one of the point.
//!
//! [`PublicKey`]: crate::value::PublicKey

use super::Item;
use crate::value::Signature;
use curve25519_dalek::edwards::{CompressedEdwardsY, VartimeEdwardsPrecomputation};
use curve25519_dalek::traits::VartimePrecomputedMultiscalarMul as _;
use curve25519_dalek::{EdwardsPoint, Scalar};
use sha2::{Digest as _, Sha512};

/// A signature's equation before it is solved.
pub(super) struct Equation {
    s: Scalar,
    k: Scalar,
    minus_a: EdwardsPoint,
}

impl Equation {
    /// Reads `s`, hashes `k = SHA-512(R ‖ A ‖ M)`; `None` where `s` is not canonical (RFC 8032 section 5.1.7 step 1).
    pub(super) fn of(item: &Item<'_>) -> Option<Self> {
        let signature = ed25519_dalek::Signature::from_bytes(&item.signature.0);
        let s = Option::from(Scalar::from_canonical_bytes(*signature.s_bytes()))?;
        let hash = Sha512::new()
            .chain_update(signature.r_bytes())
            .chain_update(item.key.as_bytes())
            .chain_update(item.message)
            .finalize();
        let k = Scalar::from_bytes_mod_order_wide(&hash.into());
        Some(Self { s, k, minus_a: minus(item.key) })
    }

    /// `R'`, by the key's table where there is one.
    pub(super) fn solve(&self, table: Option<&VartimeEdwardsPrecomputation>) -> EdwardsPoint {
        match table {
            Some(table) => table.vartime_multiscalar_mul([&self.k, &self.s]),
            None => EdwardsPoint::vartime_double_scalar_mul_basepoint(&self.k, &self.minus_a, &self.s),
        }
    }
}

fn minus(key: &crate::value::PublicKey) -> EdwardsPoint {
    -key.as_verifying_key().to_edwards()
}

/// The multiples of `−A` and of the base point that [`Equation::solve`] adds up.
pub(super) fn table_of(key: &crate::value::PublicKey) -> VartimeEdwardsPrecomputation {
    VartimeEdwardsPrecomputation::new([minus(key), curve25519_dalek::constants::ED25519_BASEPOINT_POINT])
}

/// Whether `R'`, given with its encoding, is the `R` of the signature and not of small order.
pub(super) fn is_satisfied(signature: &Signature, solved: &EdwardsPoint, encoded: &CompressedEdwardsY) -> bool {
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    encoded.as_bytes() == signature.r_bytes() && !solved.is_small_order()
}
