//! Whether what an `import` says of another ledger is what the evidence from that ledger shows.
//!
//! Admission takes an import at its word; here the word is compared with the entries. Where they are not at hand, it stays
//! undecided.

use super::at_hand::AtHand;
use super::check::Checked;
use super::ledger::LedgerSeen;
use crate::event::{Body, Dispatch, Event, Import, Pin, Receive, Taken, TakenKind};
use crate::finding::{Code, Finding};
use crate::tlog::checkpoint::VerifiedCheckpoint;
use crate::value::LotId;

impl Checked {
    /// Compares the imports of the lineage with the evidence of the ledgers that they name.
    pub(super) fn check_imports(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let of_lineage = |id| self.closure.events.contains_key(id);
        for event in self.events.iter().filter(|event| of_lineage(&event.id)) {
            if let Body::Import(body) = &event.payload.body {
                body.ledgers.iter().for_each(|pin| self.check_pin(event, pin, &mut found));
                let ours = |taken: &&Taken| taken.lots.iter().any(|lot| self.closure.lots.contains(&lot.lot));
                body.taken.iter().filter(ours).for_each(|taken| self.check_taken(event, body, taken, &mut found));
            }
        }
        found
    }

    fn part(&self, pin: &Pin) -> Option<&LedgerSeen> {
        self.ledgers.iter().map(|(seen, _)| seen).find(|seen| seen.ledger == pin.ledger)
    }

    /// A ledger shows one root at each size, and one history.
    fn check_pin(&self, event: &Event, pin: &Pin, found: &mut Vec<Finding>) {
        let place = format!("ledger {}", pin.ledger);
        if !pin.consistent {
            let expected = "a ledger that extends what was pinned before";
            found.push(Finding::new(Code::BadCheckpoint, expected, "one that does not").on(event.id).at(&place));
        }
        let heads = self.part(pin).into_iter().flat_map(|seen| seen.checkpoints.iter().map(VerifiedCheckpoint::head));
        for head in heads.filter(|head| head.size == pin.size && head.root != pin.root) {
            let expected = format!("root {} at size {}, as it was pinned", pin.root, pin.size);
            let finding = Finding::new(Code::BadCheckpoint, expected, format_args!("root {}", head.root));
            found.push(finding.on(event.id).at(&place));
        }
    }

    fn check_taken(&self, event: &Event, body: &Import, taken: &Taken, found: &mut Vec<Finding>) {
        let at_hand = self.events.get(&taken.event).filter(|one| one.ledger == taken.ledger);
        let Some(AtHand { index, event: original, .. }) = at_hand else {
            let expected = format!("event {} of ledger {}, which the import takes over", taken.event, taken.ledger);
            found.push(Finding::new(Code::BundleIncomplete, expected, "none").on(event.id));
            return;
        };
        let kind = match taken.kind {
            TakenKind::Dispatch => self.differs_from_dispatch(taken, original),
            TakenKind::Receive => self.differs_from_answer(taken, original),
        };
        let differs = if *index == taken.index { kind } else { Some(format!("index {index}")) };
        let differs = differs.or_else(|| taken.lots.iter().find_map(|lot| self.differs_from_lot(lot.lot, lot)));
        if let Some(shown) = differs.filter(|_| body.ledgers.iter().any(|pin| pin.ledger == taken.ledger)) {
            let expected = format!("what event {} says in its own ledger: {shown}", taken.event);
            let finding = Finding::new(Code::ImportMismatch, expected, "something else in the import");
            found.push(finding.on(event.id).with(taken.event));
        }
    }

    fn differs_from_dispatch(&self, taken: &Taken, original: &Event) -> Option<String> {
        let Body::Dispatch(body) = &original.payload.body else {
            return Some(format!("a `{}`", original.payload.kind()));
        };
        let Dispatch { lots, to, to_ledger, .. } = &**body;
        let (from, shown) = (original.issuer(), taken.lots.iter().map(|lot| lot.lot));
        let foreign = shown.into_iter().find(|lot| lots.iter().all(|head| head.lot != *lot));
        match foreign {
            Some(lot) => Some(format!("nothing of lot {lot}")),
            None if (from, *to, *to_ledger) == (taken.from, taken.to, taken.to_ledger) => None,
            None => Some(format!("from {from} to {to} in ledger {to_ledger}")),
        }
    }

    fn differs_from_answer(&self, taken: &Taken, original: &Event) -> Option<String> {
        let Body::Receive(body) = &original.payload.body else {
            return Some(format!("a `{}`", original.payload.kind()));
        };
        let Receive { dispatch, lots, .. } = &**body;
        if Some(*dispatch) != taken.dispatch || original.issuer() != taken.to {
            return Some(format!("the answer of party {} to dispatch {dispatch}", original.issuer()));
        }
        let line = |lot: LotId| lots.iter().find(|line| line.lot == lot);
        taken.lots.iter().find_map(|lot| match line(lot.lot) {
            Some(line) if Some(line.outcome) == lot.outcome => None,
            Some(line) => Some(format!("lot {} {}", lot.lot, line.outcome)),
            None => Some(format!("nothing of lot {}", lot.lot)),
        })
    }

    fn differs_from_lot(&self, id: LotId, taken: &crate::event::TakenLot) -> Option<String> {
        let creator = self.events.event(&id.event)?;
        let lot = creator.payload.body.outputs().get(usize::from(id.output))?;
        let same = lot.form == taken.form && lot.elements == taken.elements;
        (!same).then(|| format!("lot {id} of {}", lot.form))
    }
}
