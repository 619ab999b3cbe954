//! Admission: who holds which lot. Reads clear claims only, so that everybody sees the same holders.

use super::Admission;
use super::corrections::{misdirected, misfits};
use crate::event::{
    Body, Correct, CorrectAction, Dispatch, Form, Head, Import, Kind, Receive, Retire, Source, Taken, TakenKind, Title,
};
use crate::finding::{Code, Finding};
use crate::state::{DispatchRecord, EventRecord, LotRecord, LotStatus, ViewError};
use crate::value::{EventId, FacilityId, LotId};

pub(super) fn check_admission(a: &Admission<'_>, out: &mut Vec<Finding>) -> Result<(), ViewError> {
    let mut custody = Custody { a, out };
    match &a.event.payload.body {
        Body::Source(body) => custody.source(body),
        Body::Transform(body) => custody.spend(&body.inputs, Some(body.facility)),
        Body::Split(body) => custody.spend(&[body.input], Some(body.facility)),
        Body::Blend(body) => custody.spend(&body.inputs, Some(body.facility)),
        Body::Dispatch(body) => custody.dispatch(body),
        Body::Receive(body) => custody.receive(body),
        Body::Retire(body) => custody.retire(body),
        Body::Import(body) => custody.import(body),
        Body::Title(body) => custody.title(body),
        Body::Claim(body) => custody.known(body.lot),
        Body::Correct(body) => custody.correct(body),
        _ => Ok(()),
    }
}

struct Custody<'a, 'b> {
    a: &'a Admission<'a>,
    out: &'b mut Vec<Finding>,
}

impl Custody<'_, '_> {
    /// Adds a finding on a lot.
    fn lot(&mut self, code: Code, id: LotId, expected: impl std::fmt::Display, found: impl std::fmt::Display) {
        self.out.push(self.a.finding(code, expected, found).of_lot(id));
    }

    fn lot_with(&mut self, code: Code, id: LotId, expected: &str, found: &str, related: EventId) {
        self.out.push(self.a.finding(code, expected, found).of_lot(id).with(related));
    }

    /// The lot, or a finding that there is none.
    fn find(&mut self, id: LotId) -> Result<Option<LotRecord>, ViewError> {
        let lot = self.a.view.lot(&id)?;
        if lot.is_none() {
            self.lot(Code::UnknownLot, id, "a lot that a recorded event created", id);
        }
        Ok(lot)
    }

    fn known(&mut self, id: LotId) -> Result<(), ViewError> {
        self.find(id).map(drop)
    }

    fn source(&mut self, body: &Source) -> Result<(), ViewError> {
        let Some(id) = body.dispatch else { return Ok(()) };
        if self.a.view.dispatch(&id)?.is_none() {
            self.out.push(self.a.finding(Code::UnknownReference, "a recorded dispatch", id).at("/body/dispatch"));
        }
        Ok(())
    }

    /// The issuer holds every lot, at its head, at the place.
    fn spend(&mut self, heads: &[Head], facility: Option<FacilityId>) -> Result<(), ViewError> {
        for head in heads {
            let Some(lot) = self.find(head.lot)? else { continue };
            if self.check_head(head, &lot) && self.check_holder(head.lot, &lot) {
                self.check_place(head.lot, &lot, facility);
            }
        }
        Ok(())
    }

    /// Whether the head is the lot's and may be spent by its holder.
    fn check_head(&mut self, head: &Head, lot: &LotRecord) -> bool {
        let id = head.lot;
        match lot.status {
            LotStatus::Elsewhere(ledger) => {
                self.lot(
                    Code::WrongLedger,
                    id,
                    "a lot that lives in this ledger",
                    format_args!("one in ledger {ledger}"),
                );
            }
            LotStatus::Spent => {
                let expected = "a lot that is not spent";
                self.lot_with(Code::StaleHead, id, expected, &format!("one spent by event {}", lot.head), lot.head);
            }
            LotStatus::InTransit => {
                let found = format!("one dispatched by event {}", lot.head);
                self.lot_with(Code::InTransit, id, "a lot with its holder", &found, lot.head);
            }
            LotStatus::Held if lot.head != head.after => {
                let expected = format!("head {}", lot.head);
                self.lot_with(Code::StaleHead, id, &expected, &format!("`after` {}", head.after), lot.head);
            }
            LotStatus::Held => return true,
        }
        false
    }

    fn check_holder(&mut self, id: LotId, lot: &LotRecord) -> bool {
        let issuer = self.a.event.issuer();
        if lot.holder != issuer {
            let expected = format!("the holder, party {}", lot.holder);
            self.lot_with(Code::NotHolder, id, &expected, &format!("party {issuer}"), lot.head);
        }
        lot.holder == issuer
    }

    fn check_place(&mut self, id: LotId, lot: &LotRecord, facility: Option<FacilityId>) {
        if let (Some(is), Some(said)) = (lot.facility, facility)
            && is != said
        {
            let expected = format!("facility {is}, where the lot is");
            self.lot_with(Code::WrongPlace, id, &expected, &format!("facility {said}"), lot.head);
        }
    }

    fn dispatch(&mut self, body: &Dispatch) -> Result<(), ViewError> {
        self.spend(&body.lots, Some(body.from))?;
        for head in &body.lots {
            let bound = self.a.view.lot(&head.lot)?.is_some_and(|lot| lot.form == Form::InProcess);
            if bound {
                self.lot(Code::BoundToFacility, head.lot, "a lot that can be moved", "material in process");
            }
        }
        let Some(id) = body.returns else { return Ok(()) };
        let answer = self.a.view.event(&id)?;
        if !answer.is_some_and(|e| e.kind == Kind::Receive && e.iss == self.a.event.issuer()) {
            self.out.push(self.a.finding(Code::UnknownReference, "a receipt of the issuer", id).at("/body/returns"));
        }
        Ok(())
    }

    fn receive(&mut self, body: &Receive) -> Result<(), ViewError> {
        let Some(dispatch) = self.a.view.dispatch(&body.dispatch)? else {
            self.out.push(
                self.a.finding(Code::UnknownReference, "a recorded dispatch", body.dispatch).at("/body/dispatch"),
            );
            return Ok(());
        };
        let issuer = self.a.event.issuer();
        if dispatch.to != issuer || dispatch.to_ledger != self.a.at.ledger {
            let expected = format!("party {} in ledger {}", dispatch.to, dispatch.to_ledger);
            let found = format!("party {issuer} in ledger {}", self.a.at.ledger);
            self.out.push(self.a.finding(Code::NotAddressed, expected, found).with(body.dispatch));
        }
        for head in body.heads() {
            self.answer(&head, body.dispatch, &dispatch)?;
        }
        Ok(())
    }

    fn answer(&mut self, head: &Head, dispatch_id: EventId, dispatch: &DispatchRecord) -> Result<(), ViewError> {
        let id = head.lot;
        if !dispatch.lots.contains(&id) {
            self.lot_with(Code::NotDispatched, id, "a lot of the dispatch", &id.to_string(), dispatch_id);
            return Ok(());
        }
        if let Some((_, by)) = dispatch.answered.iter().find(|(lot, _)| *lot == id) {
            self.lot_with(
                Code::AlreadyAnswered,
                id,
                "a lot not answered yet",
                &format!("one answered by event {by}"),
                *by,
            );
            return Ok(());
        }
        let Some(lot) = self.find(id)? else { return Ok(()) };
        if lot.status != LotStatus::InTransit || lot.head != dispatch_id || head.after != dispatch_id {
            let expected = format!("a lot under way with head {dispatch_id}");
            let found = format!("`after` {} and head {}", head.after, lot.head);
            self.lot_with(Code::StaleHead, id, &expected, &found, lot.head);
        }
        Ok(())
    }

    fn retire(&mut self, body: &Retire) -> Result<(), ViewError> {
        self.spend(&body.lots, body.facility)?;
        let Some(id) = body.dispatch else { return Ok(()) };
        match self.a.view.dispatch(&id)? {
            None => {
                self.out.push(self.a.finding(Code::UnknownReference, "a recorded dispatch", id).at("/body/dispatch"))
            }
            Some(dispatch) if dispatch.from != self.a.event.issuer() => {
                let found = format!("one of party {}", dispatch.from);
                self.out.push(self.a.finding(Code::NotHolder, "a dispatch of the issuer", found).with(id));
            }
            Some(dispatch) if dispatch.lots.len() == dispatch.answered.len() => {
                self.out
                    .push(self.a.finding(Code::AlreadyAnswered, "a dispatch not answered", "an answered one").with(id));
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn import(&mut self, body: &Import) -> Result<(), ViewError> {
        for taken in &body.taken {
            let code = match taken.kind {
                TakenKind::Dispatch if taken.to_ledger != self.a.at.ledger => {
                    Some((Code::NotAddressed, "a dispatch to this ledger"))
                }
                TakenKind::Dispatch => self.taken_dispatch(taken)?,
                TakenKind::Receive => {
                    self.taken_answer(taken.dispatch, &taken.lots.iter().map(|l| l.lot).collect::<Vec<_>>())?
                }
            };
            if let Some((code, expected)) = code {
                self.out.push(self.a.finding(code, expected, taken.event).with(taken.event));
            }
        }
        Ok(())
    }

    /// Lots of a dispatch may be taken over one after the other; none that lives here.
    fn taken_dispatch(&self, taken: &Taken) -> Result<Option<(Code, &'static str)>, ViewError> {
        let lots = || taken.lots.iter().map(|lot| lot.lot);
        if let Some(known) = self.a.view.dispatch(&taken.event)? {
            if lots().any(|lot| known.lots.contains(&lot)) {
                return Ok(Some((Code::AlreadyAnswered, "lots of a dispatch not taken over yet")));
            }
            if (known.home, known.from, known.to) != (taken.ledger, taken.from, taken.to) {
                return Ok(Some((
                    Code::NotDispatched,
                    "the ledger and the parties of what was taken over of it before",
                )));
            }
        }
        for lot in lots() {
            let lives_here = |lot: LotRecord| !matches!(lot.status, LotStatus::Elsewhere(_));
            if self.a.view.lot(&lot)?.is_some_and(lives_here) {
                return Ok(Some((Code::WrongLedger, "lots that live in another ledger")));
            }
        }
        Ok(None)
    }

    fn taken_answer(
        &self,
        dispatch: Option<EventId>,
        lots: &[LotId],
    ) -> Result<Option<(Code, &'static str)>, ViewError> {
        let Some(record) = dispatch.map(|id| self.a.view.dispatch(&id)).transpose()?.flatten() else {
            return Ok(Some((Code::UnknownReference, "the answer to a recorded dispatch")));
        };
        let answered = record.answered.iter().any(|(lot, _)| lots.contains(lot));
        let foreign = lots.iter().any(|lot| !record.lots.contains(lot));
        Ok(match (answered, foreign) {
            (true, _) => Some((Code::AlreadyAnswered, "lots not answered yet")),
            (_, true) => Some((Code::NotDispatched, "lots of the dispatch")),
            _ => None,
        })
    }

    fn title(&mut self, body: &Title) -> Result<(), ViewError> {
        let issuer = self.a.event.issuer();
        for id in &body.lots {
            let Some(lot) = self.find(*id)? else { continue };
            if let LotStatus::Elsewhere(ledger) = lot.status {
                self.lot(
                    Code::WrongLedger,
                    *id,
                    "a lot that lives in this ledger",
                    format_args!("one in ledger {ledger}"),
                );
            }
            if lot.owner != issuer {
                let expected = format!("the owner, party {}", lot.owner);
                self.lot(Code::NotOwner, *id, expected, format_args!("party {issuer}"));
            }
        }
        Ok(())
    }

    fn correct(&mut self, body: &Correct) -> Result<(), ViewError> {
        let Some(target) = self.a.view.event(&body.target)? else {
            self.out.push(self.a.finding(Code::UnknownReference, "a recorded event", body.target).at("/body/target"));
            return Ok(());
        };
        let problem = match self.uncorrectable(&target) {
            Some(problem) => Some(problem),
            None if body.action == CorrectAction::Withdraw => self.not_withdrawable(body.target, &target)?,
            None => None,
        };
        let problem = problem.map(|(expected, found)| (expected.to_owned(), found));
        if let Some((expected, found)) = problem.or_else(|| misdirected(body, &target)) {
            self.out.push(self.a.finding(Code::NotCorrectable, expected, found).with(body.target));
            return Ok(());
        }
        for (number, expected, found) in misfits(body, &target) {
            let finding = self.a.finding(Code::CorrectionValue, expected, found).with(body.target);
            self.out.push(finding.at(format_args!("/body/changes/{number}/value")));
        }
        Ok(())
    }

    fn uncorrectable(&self, target: &EventRecord) -> Option<(&'static str, String)> {
        let issuer = self.a.event.issuer();
        if target.iss != issuer {
            return Some((
                "the original issuer",
                format!("party {issuer}, while the event is by party {}", target.iss),
            ));
        }
        if target.portable != self.a.event.payload.aud.is_none() {
            return Some(("`aud` exactly where the corrected event has it", "the opposite".to_owned()));
        }
        if !target.applied {
            return Some(("an event that was applied", "one that was refused".to_owned()));
        }
        target.withdrawn_by.map(|by| ("an event that stands", format!("one withdrawn by {by}")))
    }

    /// A custody event can be withdrawn only while nothing has touched what it made or moved.
    fn not_withdrawable(&self, id: EventId, target: &EventRecord) -> Result<Option<(&'static str, String)>, ViewError> {
        if !target.kind.is_withdrawable() {
            return Ok(Some(("an event that can be withdrawn", format!("a `{}`", target.kind))));
        }
        for output in (0..target.outputs).map(|number| LotId::new(id, number)) {
            if let Some(lot) = self.a.view.lot(&output)?.filter(|lot| lot.head != id) {
                return Ok(Some(("outputs that nothing has touched", format!("lot {output} with head {}", lot.head))));
            }
        }
        let Some(dispatch) = self.a.view.dispatch(&id)? else { return Ok(None) };
        if let Some((_, by)) = dispatch.answered.first() {
            return Ok(Some(("a dispatch not answered", format!("one answered by {by}"))));
        }
        let bound_elsewhere = dispatch.to_ledger != self.a.at.ledger;
        Ok(bound_elsewhere
            .then(|| ("a dispatch bound for this ledger", format!("one for ledger {}", dispatch.to_ledger))))
    }
}
