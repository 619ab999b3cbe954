//! Shape: what must hold of one body by itself, beyond the types of its members.

use super::material::{Head, Lot, Quantity};
use crate::value::Time;
use crate::value::id::MAX_OUTPUTS;
use std::collections::BTreeSet;
use std::fmt::Display;

/// The most heads one event can name.
pub const MAX_HEADS: usize = 256;

/// A body whose members do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{member}`: {problem}")]
pub struct ShapeError {
    /// Member path below the body.
    pub member: String,
    /// What was expected and found.
    pub problem: String,
}

impl ShapeError {
    /// A problem with a member.
    pub fn new(member: impl Display, problem: impl Display) -> Self {
        Self { member: member.to_string(), problem: problem.to_string() }
    }

    /// Fails unless a list has between `least` and `most` elements.
    pub fn count(member: &str, found: usize, least: usize, most: usize) -> Result<(), Self> {
        if (least..=most).contains(&found) {
            return Ok(());
        }
        Err(Self::new(member, format_args!("expected {least} to {most} elements, found {found}")))
    }

    /// Fails unless `name` is present exactly where `wanted`.
    pub fn presence(by: &str, value: &str, name: &str, have: bool, wanted: bool) -> Result<(), Self> {
        match (have, wanted) {
            (true, false) => Err(Self::new(name, format_args!("not allowed with `{by}` = `{value}`"))),
            (false, true) => Err(Self::new(name, format_args!("required with `{by}` = `{value}`"))),
            _ => Ok(()),
        }
    }

    /// Fails where a period ends before it begins.
    pub fn rises(member: &str, from: Option<Time>, to: Option<Time>) -> Result<(), Self> {
        match (from, to) {
            (Some(from), Some(to)) if to < from => {
                Err(Self::new(member, format_args!("expected a time not before {from}, found {to}")))
            }
            _ => Ok(()),
        }
    }
}

/// A body with rules of its own shape.
pub trait Shape {
    /// Checks counts and members that exclude or require each other. Reads nothing but the body, and establishes nothing
    /// about what it refers to.
    fn check_shape(&self) -> Result<(), ShapeError> {
        Ok(())
    }
}

/// Heads: at least one, at most 256, each lot once.
pub(crate) fn check_heads(member: &str, heads: &[Head]) -> Result<(), ShapeError> {
    if heads.len() > MAX_HEADS {
        let found = heads.len();
        return Err(ShapeError::new(
            member,
            format_args!(
                "expected 1 to {MAX_HEADS} lots in one event, found {found}; record several with one shipment id, or blend first"
            ),
        ));
    }
    ShapeError::count(member, heads.len(), 1, MAX_HEADS)?;
    let mut seen = BTreeSet::new();
    match heads.iter().find(|head| !seen.insert(head.lot)) {
        Some(twice) => Err(ShapeError::new(member, format_args!("lot {} is named twice", twice.lot))),
        None => Ok(()),
    }
}

/// Outputs: between `least` and 32, elements without repetition, quantities in themselves consistent.
pub(crate) fn check_outputs(outputs: &[Lot], least: usize) -> Result<(), ShapeError> {
    let most = usize::from(MAX_OUTPUTS);
    if outputs.len() > most {
        let found = outputs.len();
        return Err(ShapeError::new(
            "outputs",
            format_args!(
                "expected {least} to {most} lots from one event, found {found}; split further with a second `split`"
            ),
        ));
    }
    ShapeError::count("outputs", outputs.len(), least, most)?;
    for (number, lot) in outputs.iter().enumerate() {
        let mut seen = BTreeSet::new();
        if let Some(twice) = lot.elements.iter().find(|element| !seen.insert(**element)) {
            return Err(ShapeError::new(
                format_args!("outputs[{number}].elements"),
                format_args!("{twice} is named twice"),
            ));
        }
        if let Some(quantity) = &lot.quantity {
            check_quantity(number, quantity)?;
        }
    }
    Ok(())
}

fn check_quantity(number: usize, quantity: &Quantity) -> Result<(), ShapeError> {
    let member = format!("outputs[{number}].quantity");
    let (Some(gross), Some(tare)) = (quantity.gross, quantity.tare) else { return Ok(()) };
    if tare > gross {
        return Err(ShapeError::new(
            member,
            format_args!("expected a tare of at most the gross mass {gross} kg, found {tare} kg"),
        ));
    }
    Ok(())
}
