//! What an exporter keeps back: leaves by name, or by friendly groups of names.

use crate::envelope::{Disclosure, DisclosureError};
use crate::event::{Body, Event};
use std::collections::BTreeSet;

/// Groups of leaves that people speak of, with the names of the leaves.
pub const GROUPS: &[(&str, &[&str])] = &[
    ("quantity", &["quantity", "losses", "difference"]),
    ("composition", &["composition", "results", "sample"]),
    ("magnetic", &["magnetic"]),
    ("documents", &["docs", "report", "certificate"]),
    ("references", &["refs", "contract"]),
    ("remarks", &["remark", "reason", "clause", "exceptions"]),
    ("persons", &["contact", "person"]),
    ("prices", &["price"]),
    ("transport", &["legs", "customs", "licence"]),
    ("packages", &["packages"]),
    ("labels", &["labels", "batch"]),
    ("counterparties", &["site", "supplier", "product"]),
];

/// A name that is neither a group nor a leaf.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected what to withhold, one of {expected} or `all`, found `{found}`")]
pub struct WithholdError {
    expected: String,
    found: String,
}

/// The names of the leaves kept back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Withhold(BTreeSet<&'static str>);

impl Withhold {
    /// From groups and names of leaves; `all` for everything that can be withheld.
    ///
    /// # Errors
    /// A word that is none of them.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, WithholdError> {
        let mut names = BTreeSet::new();
        for word in words.into_iter().map(str::trim).filter(|word| !word.is_empty()) {
            let before = names.len();
            let all = GROUPS.iter().flat_map(|(_, leaves)| leaves.iter());
            let group = GROUPS.iter().find(|(group, _)| *group == word).map(|(_, leaves)| leaves.iter());
            match group {
                Some(leaves) => names.extend(leaves),
                None => names.extend(all.filter(|leaf| word == "all" || **leaf == word)),
            }
            if names.len() == before && !names.contains(word) && word != "all" {
                let groups: Vec<String> = GROUPS.iter().map(|(group, _)| format!("`{group}`")).collect();
                return Err(WithholdError { expected: groups.join(", "), found: word.chars().take(40).collect() });
            }
        }
        Ok(Self(names))
    }

    /// Whether nothing is kept back.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The disclosures of an event that are passed on, in ascending order.
    ///
    /// `event` is the event read without disclosures. A correction's new value is kept back where the leaf it is for is.
    ///
    /// # Errors
    /// A stored disclosure that is none.
    pub fn pass_on(&self, event: &Event, disclosures: &[String]) -> Result<Vec<String>, DisclosureError> {
        let mut passed = Vec::new();
        for text in disclosures {
            let disclosure = Disclosure::parse(text)?;
            if !self.keeps_back(event, &disclosure) {
                passed.push(text.clone());
            }
        }
        passed.sort_unstable();
        passed.dedup();
        Ok(passed)
    }

    fn keeps_back(&self, event: &Event, disclosure: &Disclosure) -> bool {
        if let ("value", Body::Correct(correct)) = (disclosure.name(), &event.payload.body) {
            let digest = disclosure.digest();
            let change = correct.changes.iter().find(|change| change.hidden.contains(&digest));
            return change.is_some_and(|change| self.0.contains(change.leaf.as_str()));
        }
        self.0.contains(disclosure.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_leaves_are_named_alike() {
        let both = Withhold::parse(["composition", " losses"]).unwrap();
        assert_eq!(both.0, BTreeSet::from(["composition", "results", "sample", "losses"]));
        assert!(Withhold::parse(["losses", "quantity", "losses", "all", "all"]).is_ok());
        let error = Withhold::parse(["weights"]).unwrap_err().to_string();
        assert!(error.starts_with("expected what to withhold, one of `quantity`, `composition`"), "{error}");
    }
}
