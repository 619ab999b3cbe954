//! Which keys have a table: those used often, up to a bound.

use super::Keyring;
use super::equation::table_of;
use crate::value::PublicKey;
use curve25519_dalek::edwards::VartimeEdwardsPrecomputation;
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

type Table = Arc<VartimeEdwardsPrecomputation>;

#[derive(Default)]
struct Known {
    uses: HashMap<PublicKey, u32>,
    tables: HashMap<PublicKey, Table>,
}

/// Counters and tables by key.
#[derive(Default)]
pub(super) struct Tables(RwLock<Known>);

impl Tables {
    /// Counts uses of one key and builds its table when it has been used often enough.
    pub(super) fn count(&self, key: &PublicKey, uses: u32) {
        if !self.read().tables.contains_key(key) {
            self.add(HashMap::from([(*key, uses)]));
        }
    }

    /// As [`Self::count`] for every key of a batch, so that its own uses count already.
    pub(super) fn count_all<'a>(&self, keys: impl Iterator<Item = &'a PublicKey>) {
        let mut uses: HashMap<PublicKey, u32> = HashMap::new();
        let known = self.read();
        for key in keys.filter(|key| !known.tables.contains_key(key)) {
            let count = uses.entry(*key).or_default();
            *count = count.saturating_add(1);
        }
        drop(known);
        if !uses.is_empty() {
            self.add(uses);
        }
    }

    /// Adds uses; tables are built outside the lock, by all processors.
    fn add(&self, uses: HashMap<PublicKey, u32>) {
        let due = self.tally(uses);
        if due.is_empty() {
            return;
        }
        let built: Vec<(PublicKey, Table)> = due.into_par_iter().map(|key| (key, Arc::new(table_of(&key)))).collect();
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (key, table) in built {
            if known.tables.len() < Keyring::MAX_TABLES {
                known.tables.insert(key, table);
            }
        }
    }

    /// Writes uses down and says which keys are due for a table.
    fn tally(&self, uses: HashMap<PublicKey, u32>) -> Vec<PublicKey> {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let room = Keyring::MAX_TABLES.saturating_sub(known.tables.len());
        let mut due = Vec::new();
        for (key, uses) in uses {
            let before = known.uses.get(&key).copied().unwrap_or(0);
            let total = before.saturating_add(uses);
            if total >= Keyring::USES_BEFORE_TABLE && due.len() < room {
                known.uses.remove(&key);
                due.push(key);
            } else if before > 0 || known.uses.len() < Keyring::MAX_COUNTED {
                known.uses.insert(key, total);
            }
        }
        due
    }

    pub(super) fn len(&self) -> usize {
        self.read().tables.len()
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        // A panic elsewhere leaves counters and whole tables behind, nothing half done.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// For one thread over one chunk: looks a key up again only when it changes.
    pub(super) fn reader(&self) -> Reader<'_> {
        Reader { tables: self, last: None }
    }
}

/// A reader of tables with the last answer at hand.
pub(super) struct Reader<'a> {
    tables: &'a Tables,
    last: Option<(PublicKey, Option<Table>)>,
}

impl Reader<'_> {
    pub(super) fn get(&mut self, key: &PublicKey) -> Option<Table> {
        if let Some((last, table)) = &self.last
            && last == key
        {
            return table.clone();
        }
        let table = self.tables.read().tables.get(key).cloned();
        self.last = Some((*key, table.clone()));
        table
    }
}
