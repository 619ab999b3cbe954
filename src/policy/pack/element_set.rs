//! Elements one by one, or all of a kind.

use crate::value::{Element, NameError};
use std::fmt;
use std::str::FromStr;

/// An element by its symbol, `rare-earths`, or `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElementSet {
    /// One element.
    One(Element),
    /// Every rare earth.
    RareEarths,
    /// Every tracked element.
    All,
}

const RARE_EARTHS: &str = "rare-earths";
const ALL: &str = "all";

impl ElementSet {
    /// Whether an element is in it.
    #[must_use]
    pub fn holds(self, element: Element) -> bool {
        match self {
            Self::One(one) => one == element,
            Self::RareEarths => element.is_rare_earth(),
            Self::All => true,
        }
    }
}

impl fmt::Display for ElementSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(element) => element.fmt(f),
            Self::RareEarths => f.pad(RARE_EARTHS),
            Self::All => f.pad(ALL),
        }
    }
}

impl FromStr for ElementSet {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            RARE_EARTHS => Ok(Self::RareEarths),
            ALL => Ok(Self::All),
            _ => text.parse().map(Self::One).map_err(|_| {
                let elements = Element::ALL.iter().map(|element| (element.symbol(), element.name()));
                let names = elements.chain([(RARE_EARTHS, "rare earths"), (ALL, "all elements")]);
                NameError::new("the symbol of a tracked element, `rare-earths` or `all`", text, names)
            }),
        }
    }
}

crate::value::text_form::text_form!(
    ElementSet,
    "ElementSet",
    "^([A-Z][a-z]?|rare-earths|all)$",
    "a tracked element by its symbol, `rare-earths` or `all`",
    String,
    |v| v.to_string(),
    |text| text.parse().ok()
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_named_one_by_one_or_by_kind() {
        let set = |text: &str| text.parse::<ElementSet>();
        assert!(set("Nd").unwrap().holds(Element::Nd) && !set("Nd").unwrap().holds(Element::Pr));
        assert!(set("rare-earths").unwrap().holds(Element::Sc) && !set("rare-earths").unwrap().holds(Element::Fe));
        assert!(set("all").unwrap().holds(Element::Fe));
        let error = set("rare-earth").unwrap_err().to_string();
        assert!(error.ends_with("found `rare-earth` (did you mean `rare-earths`?)"), "{error}");
    }
}
