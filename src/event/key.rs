//! `key`: which keys sign for a party, and what each may sign.

use super::kind::Kind;
use super::leaves::Place;
use super::reference::{Reference, References, Target};
use super::shape::{Shape, ShapeError};
use super::{BodyKind, Leaves};
use crate::value::closed_enum::closed_enum;
use crate::value::{EventId, FacilityId, Jwk, KeyId, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

closed_enum!(
    /// What a `key` event does.
    KeyAction, "a key action", {
        Add = "add", "adds a key, which cosigns";
        Scope = "scope", "changes the scope of a key";
        Rotate = "rotate", "replaces a key by a new one of the same scope, which cosigns";
        Revoke = "revoke", "ends a key";
    }
);

closed_enum!(
    /// Why a key is revoked.
    RevocationReason, "a revocation reason", {
        Retired = "retired", "no longer needed";
        Superseded = "superseded", "replaced";
        Lost = "lost", "lost, not known to be in other hands";
        Compromised = "compromised", "known or feared to be in other hands";
    }
);

/// What an added key may sign.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Kinds it may sign.
    pub kinds: Vec<Kind>,
    /// Facilities it may sign for; any where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facilities: Vec<FacilityId>,
    /// First moment of validity, against the time of recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Time>,
    /// Last moment of validity, against the time of recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Time>,
}

/// The part of a `key` event that only the recovery key may write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recovery {
    /// The recovery key; it must match the registered thumbprint and signs this event.
    pub key: Jwk,
    /// Thumbprint of the next recovery key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replace: Option<KeyId>,
}

/// Adds, scopes, rotates or revokes a key of its issuer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyEvent {
    /// What is done.
    pub action: KeyAction,
    /// The head of the party's key chain: its registration or the last `key` event; recovery may name an earlier one.
    pub prev_key: EventId,
    /// The key that is scoped, replaced or revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<KeyId>,
    /// The new key (add, rotate).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Jwk>,
    /// What the key may sign (add, scope).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Why it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<RevocationReason>,
    /// Since when the key is thought to be in other hands; before the recording only in a recovery-signed event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compromised_since: Option<Time>,
    /// Present where the recovery key signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Recovery>,
}

impl BodyKind for KeyEvent {
    const KIND: Kind = Kind::Key;

    fn visit_leaves(&mut self, _: &mut dyn FnMut(Place, &mut dyn Leaves)) {}
}

impl References for KeyEvent {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        visit(Reference::subject("prev_key", Target::Event(self.prev_key)));
        for facility in self.scope.iter().flat_map(|s| &s.facilities) {
            visit(Reference::mention("scope.facilities[]", Target::Facility(*facility)));
        }
    }
}

impl Shape for KeyEvent {
    fn check_shape(&self) -> Result<(), ShapeError> {
        use KeyAction as A;
        let need =
            |name, have: bool, wanted: bool| ShapeError::presence("action", self.action.as_str(), name, have, wanted);
        need("kid", self.kid.is_some(), self.action != A::Add)?;
        need("key", self.key.is_some(), matches!(self.action, A::Add | A::Rotate))?;
        need("scope", self.scope.is_some(), matches!(self.action, A::Add | A::Scope))?;
        need("reason", self.reason.is_some(), self.action == A::Revoke)?;
        if self.compromised_since.is_some() && self.reason != Some(RevocationReason::Compromised) {
            return Err(ShapeError::new("compromised_since", "only with reason `compromised`"));
        }
        if let Some(scope) = &self.scope {
            ShapeError::count("scope.kinds", scope.kinds.len(), 1, Kind::ALL.len())?;
            ShapeError::count("scope.facilities", scope.facilities.len(), 0, 256)?;
            ShapeError::rises("scope.valid_to", scope.valid_from, scope.valid_to)?;
        }
        Ok(())
    }
}
