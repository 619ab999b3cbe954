//! What a verifier may set of a pack, and what counts where nothing is set.

use super::{PackFile, ParameterName};
use crate::policy::trail::PlaceLevel;
use crate::value::closed_enum::closed_enum;
use crate::value::decimal::DecimalError;
use crate::value::{Fraction, Mass, NameError};
use std::collections::BTreeMap;

closed_enum!(
    /// Which elements of a lot count.
    Scope, "an element scope", {
        NamedOnly = "named-only", "those that the rule names";
        AllRareEarths = "all-rare-earths", "those that the rule names, and every rare earth";
        AllElements = "all-elements", "every tracked element";
    }
);

closed_enum!(
    /// How Hong Kong and Macao count where China is forbidden.
    HkMo, "a way to count Hong Kong and Macao", {
        Separate = "separate", "as countries of their own";
        AsCn = "as-cn", "as China";
    }
);

/// The value of `evidence` that leaves the levels to the pack.
const BY_ELEMENT: &str = "by-element";

/// Why a value is none of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Not one of the names.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Not a number of that kind.
    #[error(transparent)]
    Number(#[from] DecimalError),
    /// A number that decides nothing any more.
    #[error("expected {expected}, found `{found}`")]
    Limit {
        /// What makes sense.
        expected: &'static str,
        /// What was written.
        found: String,
    },
}

/// Why parameters do not fit a pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// The pack does not declare it.
    #[error("expected a parameter of {pack} ({}), found `{name}`", listed(.known))]
    Unknown {
        /// The pack.
        pack: String,
        /// The parameter.
        name: ParameterName,
        /// What it declares.
        known: Vec<ParameterName>,
    },
    /// The value does not fit.
    #[error("parameter `{name}`: {error}")]
    Value {
        /// The parameter.
        name: ParameterName,
        /// Why.
        error: ValueError,
    },
}

fn listed(names: &[ParameterName]) -> String {
    let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    if names.is_empty() { "it has none".to_owned() } else { names.join(", ") }
}

/// Parameters in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which elements count.
    pub elements: Scope,
    /// How Hong Kong and Macao count.
    pub hk_mo: HkMo,
    /// The least evidence level of a place for every element, beside what the pack asks.
    pub evidence: Option<PlaceLevel>,
    /// The most of an element that may have come through a forbidden country.
    pub max_forbidden_share: Fraction,
    /// The most of an element whose way may stay unproven.
    pub max_unproven_share: Fraction,
    /// The least share of recycled material, where one is asked for.
    pub recycled_min_share: Option<Fraction>,
    /// The mass of magnets in the product, where stated.
    pub product_magnets: Option<Mass>,
    /// The mass of magnets in a product up to which the rule does not apply.
    pub product_threshold: Option<Mass>,
    /// All of them, as text.
    pub in_force: BTreeMap<ParameterName, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            elements: Scope::AllRareEarths,
            hk_mo: HkMo::Separate,
            evidence: None,
            max_forbidden_share: Fraction::ZERO,
            max_unproven_share: Fraction::ZERO,
            recycled_min_share: None,
            product_magnets: None,
            product_threshold: None,
            in_force: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// The settings of a pack, changed by what a verifier gives; a later value for a name replaces an earlier one.
    ///
    /// # Errors
    /// A parameter that the pack does not declare, a value that it cannot have.
    pub fn of(pack: &PackFile, given: &[(ParameterName, String)]) -> Result<Self, ParameterError> {
        let mut settings = Self { in_force: pack.parameters.clone(), ..Self::default() };
        for (name, value) in given {
            if settings.in_force.insert(*name, value.clone()).is_none() && !pack.parameters.contains_key(name) {
                let known = pack.parameters.keys().copied().collect();
                return Err(ParameterError::Unknown { pack: pack.id.to_string(), name: *name, known });
            }
        }
        for (name, value) in settings.in_force.clone() {
            settings.set(name, &value).map_err(|error| ParameterError::Value { name, error })?;
        }
        // A fact that nobody stated is no parameter in force.
        settings.in_force.retain(|_, value| !value.is_empty());
        Ok(settings)
    }

    /// Those that a verifier set otherwise than the pack has them, as `name=value`.
    #[must_use]
    pub fn changed(&self, pack: &PackFile) -> Vec<String> {
        let given = self.in_force.iter().filter(|(name, value)| pack.parameters.get(name) != Some(value));
        given.map(|(name, value)| format!("{name}={value}")).collect()
    }

    /// Sets one; an empty value is one that nobody stated.
    pub(super) fn set(&mut self, name: ParameterName, value: &str) -> Result<(), ValueError> {
        match name {
            ParameterName::Elements => self.elements = value.parse()?,
            ParameterName::HkMo => self.hk_mo = value.parse()?,
            ParameterName::Evidence if value == BY_ELEMENT => self.evidence = None,
            ParameterName::Evidence => {
                let names = PlaceLevel::ALL.iter().map(|level| (level.as_str(), level.words()));
                let wrong = |_| NameError::new("`by-element` or an evidence level of a place", value, names);
                self.evidence = Some(value.parse().map_err(wrong)?);
            }
            ParameterName::MaxForbiddenShare => self.max_forbidden_share = below_one(value)?,
            ParameterName::MaxUnprovenShare => self.max_unproven_share = below_one(value)?,
            ParameterName::RecycledMinShare => self.recycled_min_share = stated(value, above_zero)?,
            ParameterName::ProductMagnets => self.product_magnets = stated(value, |value| Ok(value.parse()?))?,
            ParameterName::ProductThreshold => self.product_threshold = stated(value, |value| Ok(value.parse()?))?,
        }
        Ok(())
    }
}

fn stated<T>(value: &str, read: impl Fn(&str) -> Result<T, ValueError>) -> Result<Option<T>, ValueError> {
    if value.is_empty() { Ok(None) } else { read(value).map(Some) }
}

fn below_one(value: &str) -> Result<Fraction, ValueError> {
    let share: Fraction = value.parse()?;
    let expected = "a share below 1, since with 1 the rule could not be broken";
    if share == Fraction::ONE { Err(ValueError::Limit { expected, found: value.to_owned() }) } else { Ok(share) }
}

fn above_zero(value: &str) -> Result<Fraction, ValueError> {
    let share: Fraction = value.parse()?;
    let expected = "a share above 0, since with 0 nothing would be asked";
    if share == Fraction::ZERO { Err(ValueError::Limit { expected, found: value.to_owned() }) } else { Ok(share) }
}
