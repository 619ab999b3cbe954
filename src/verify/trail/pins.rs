//! Pins: other ledgers that hold a state of a ledger, and so bound the times of its entries from above.
//!
//! A pin counts where the ledger that made it is trusted, the identity of its operator is vouched for by somebody trusted
//! when it was recorded, its own entry is covered by a checkpoint that is cosigned or that the verifier has seen before, and
//! the state it names is that of a checkpoint at hand. It bounds events of parties unrelated to its operator only.

use super::{Builder, LedgerEvidence};
use crate::event::{Body, Event, When};
use crate::rules::trust::Trust;
use crate::state::{Position, ViewError};
use crate::tlog::nodes::TreeHead;
use crate::value::{LedgerId, PartyId};
use std::collections::HashMap;

/// Pins that count, by the ledger pinned: the operator of the ledger that made it, and the size.
#[derive(Debug, Default)]
pub(super) struct Pins {
    by_ledger: HashMap<LedgerId, Vec<(PartyId, u64)>>,
}

impl Pins {
    /// The size up to which a ledger is pinned by somebody unrelated to a party.
    pub(super) fn size(&self, ledger: &LedgerId, issuer: &PartyId, trust: &Trust) -> u64 {
        let pins = self.by_ledger.get(ledger).into_iter().flatten();
        pins.filter(|(operator, _)| !trust.are_related(operator, issuer)).map(|(_, size)| *size).max().unwrap_or(0)
    }
}

impl Builder<'_> {
    /// The pins among the events at hand that count.
    pub(super) fn pins(&self) -> Result<Pins, ViewError> {
        let mut pins = Pins::default();
        for ledger in &self.evidence.ledgers {
            let trusted =
                self.evidence.report.ledgers.iter().any(|known| known.ledger == ledger.ledger && known.trusted);
            let Some(operator) = ledger.operator.filter(|_| trusted) else { continue };
            for (at, event) in &ledger.history.events {
                if self.holds(ledger, at) && self.levels.identity(&operator, When::At(at.recorded_at))? {
                    self.add(&mut pins, &operator, event);
                }
            }
        }
        Ok(pins)
    }

    fn add(&self, pins: &mut Pins, operator: &PartyId, event: &Event) {
        let Body::Import(import) = &event.payload.body else { return };
        for pin in import.ledgers.iter().filter(|pin| pin.consistent) {
            let state = TreeHead { size: pin.size, root: pin.root };
            let pinned = self.evidence.ledgers.iter().find(|ledger| ledger.ledger == pin.ledger);
            let borne_out = pinned.is_some_and(|ledger| ledger.heads.contains(&state));
            let unrelated = pinned
                .and_then(|ledger| ledger.operator)
                .is_some_and(|own| !self.evidence.trust.are_related(operator, &own));
            if borne_out && unrelated {
                pins.by_ledger.entry(pin.ledger).or_default().push((*operator, pin.size));
            }
        }
    }

    /// Whether an entry was known in time and lies below a checkpoint that is cosigned or was seen before.
    fn holds(&self, ledger: &LedgerEvidence<'_>, at: &Position) -> bool {
        let seen = self.evidence.trust.checkpoints.iter().filter(|known| known.ledger == ledger.ledger);
        let held = |head: TreeHead| ledger.heads.contains(&head);
        let sizes = seen.filter(|known| held(TreeHead { size: known.size, root: known.root })).map(|known| known.size);
        let below = sizes.max().unwrap_or(0).max(ledger.history.cosigned);
        at.index < below && at.recorded_at <= self.evidence.as_of
    }
}
