//! Hash maps whose keys are digests, or hold one: the bulk of a ledger's state.
//!
//! A digest needs no careful mixing, only a seed that nobody can foresee, so that events cannot be made to collide;
//! foldhash seeds itself anew in each process and takes a third of the time of the standard hasher. Not for keys of
//! people's choosing, such as labels.

use std::collections::{HashMap, HashSet};

/// A map from digests.
pub type DigestMap<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// A set of digests.
pub type DigestSet<K> = HashSet<K, foldhash::fast::RandomState>;
