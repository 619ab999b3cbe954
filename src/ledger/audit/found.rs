//! Findings of a long ledger: all are counted, of each code the first are kept.

use super::CodeCount;
use crate::finding::{Code, Finding};
use std::collections::BTreeMap;

/// The most findings of one code that a report gives; further ones are only counted.
pub const MOST_OF_A_CODE: u64 = 1000;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Found {
    counts: BTreeMap<Code, u64>,
    shown: Vec<Finding>,
}

impl Found {
    pub(super) fn add(&mut self, finding: Finding) {
        let count = self.counts.entry(finding.code).or_default();
        *count += 1;
        if *count <= MOST_OF_A_CODE {
            self.shown.push(finding);
        }
    }

    pub(super) fn counts(&self) -> Vec<CodeCount> {
        self.counts.iter().map(|(code, count)| CodeCount { code: *code, count: *count }).collect()
    }

    pub(super) fn into_shown(self) -> Vec<Finding> {
        self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_each_code_are_kept_and_all_are_counted() {
        let mut found = Found::default();
        for number in 0..MOST_OF_A_CODE + 5 {
            found.add(Finding::new(Code::RecordedLate, "30 days", number));
        }
        found.add(Finding::new(Code::BadSignature, "a signature", "none"));
        let counts: Vec<(Code, u64)> = found.counts().iter().map(|of| (of.code, of.count)).collect();
        assert_eq!(counts.len(), 2);
        assert!(
            counts.contains(&(Code::RecordedLate, MOST_OF_A_CODE + 5)) && counts.contains(&(Code::BadSignature, 1))
        );
        let shown = found.into_shown();
        assert_eq!(shown.len() as u64, MOST_OF_A_CODE + 1);
        assert_eq!((shown[0].found.as_str(), shown.last().unwrap().code), ("0", Code::BadSignature));
    }
}
