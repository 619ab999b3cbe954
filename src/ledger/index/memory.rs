//! The index's twin in memory.

use super::{FIRST_RECORD, IndexError, KeyValue, Pairs, Tip};
use std::collections::BTreeMap;
use std::ops::Bound;

/// Keys and values in a sorted map.
#[derive(Debug, Default, Clone)]
pub struct MemoryIndex {
    pairs: BTreeMap<Vec<u8>, Vec<u8>>,
    tip: Option<Tip>,
}

impl KeyValue for MemoryIndex {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        Ok(self.pairs.get(key).cloned())
    }

    fn scan(&self, prefix: &[u8], from: Option<&[u8]>, most: usize) -> Result<Pairs, IndexError> {
        let from = from.filter(|from| *from > prefix).unwrap_or(prefix).max(FIRST_RECORD);
        let range = self.pairs.range::<[u8], _>((Bound::Included(from), Bound::Unbounded));
        let found = range.take_while(|(key, _)| key.starts_with(prefix)).take(most);
        Ok(found.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn apply(&mut self, pairs: Pairs, tip: Tip) -> Result<(), IndexError> {
        self.pairs.extend(pairs);
        self.tip = Some(tip);
        Ok(())
    }

    fn replace(&mut self, pairs: Pairs, tip: Tip) -> Result<(), IndexError> {
        self.pairs.clear();
        self.apply(pairs, tip)
    }

    fn tip(&self) -> Result<Option<Tip>, IndexError> {
        Ok(self.tip)
    }

    fn bytes(&self) -> Option<u64> {
        None
    }
}
