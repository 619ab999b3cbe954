//! What custody events, titles and withdrawals put: lots and dispatches.

use super::content::{contents, scale};
use super::fold::{Delta, Position};
use super::record::{DispatchRecord, LotRecord, LotStatus, PinRecord, Record};
use super::view::{View, ViewError};
use crate::event::{
    Body, Change, Correct, CorrectAction, Dispatch, DispatchReason, Event, Import, Lot, Outcome, OutputRole, Receive,
    ReceivedLot, Retire, Taken, TakenKind, TakenLot, Title,
};
use crate::value::{EventId, FacilityId, LotId, PartyId, Text};

pub(super) fn apply(view: &dyn View, at: &Position, event: &Event, delta: &mut Delta) -> Result<(), ViewError> {
    let fold = Fold { view, at, event };
    match &event.payload.body {
        Body::Source(body) => fold.create(body.facility, &body.outputs, event.issuer(), delta),
        Body::Transform(body) => return fold.consume(body.facility, &body.outputs, delta),
        Body::Split(body) => return fold.consume(body.facility, &body.outputs, delta),
        Body::Blend(body) => return fold.consume(body.facility, &body.outputs, delta),
        Body::Dispatch(body) => return fold.dispatch(body, delta),
        Body::Receive(body) => return fold.receive(body, delta),
        Body::Retire(body) => return fold.retire(body, delta),
        Body::Import(body) => return fold.import(body, delta),
        Body::Title(body) => return fold.title(body, delta),
        Body::Correct(body) => return fold.correct(body, delta),
        _ => {}
    }
    Ok(())
}

struct Fold<'a> {
    view: &'a dyn View,
    at: &'a Position,
    event: &'a Event,
}

impl Fold<'_> {
    /// Creates the outputs at a facility.
    fn create(&self, facility: FacilityId, outputs: &[Lot], owner: PartyId, delta: &mut Delta) {
        for (id, lot) in self.event.payload.body.output_ids(self.event.id).zip(outputs) {
            let quantity = lot.quantity.as_ref();
            let record = LotRecord {
                holder: self.event.issuer(),
                owner: lot.owner.unwrap_or(owner),
                facility: Some(facility),
                head: self.event.id,
                previous: None,
                status: LotStatus::Held,
                form: lot.form,
                role: lot.role,
                elements: lot.elements.clone(),
                net_dry: lot.net_dry(),
                pieces: quantity.and_then(|q| q.pieces),
                unit_mass: quantity.and_then(|q| q.unit_mass),
                contents: contents(lot),
            };
            delta.push(Record::Lot(id, Box::new(record)));
            delta.extend(lot.labels.iter().flatten().map(|label| Record::Label(label.clone(), id)));
        }
    }

    /// Moves a lot's head here, after a change.
    fn advance(&self, id: LotId, change: impl FnOnce(&mut LotRecord), delta: &mut Delta) -> Result<(), ViewError> {
        let Some(mut lot) = self.view.lot(&id)? else { return Ok(()) };
        lot.previous = Some(std::mem::replace(&mut lot.head, self.event.id));
        change(&mut lot);
        delta.push(Record::Lot(id, Box::new(lot)));
        Ok(())
    }

    /// Spends the inputs and creates the outputs; these belong to the inputs' owner where that is one.
    fn consume(&self, facility: FacilityId, outputs: &[Lot], delta: &mut Delta) -> Result<(), ViewError> {
        let mut owners = Vec::new();
        for head in self.event.payload.body.heads().iter() {
            owners.extend(self.view.lot(&head.lot)?.map(|lot| lot.owner));
            self.advance(head.lot, |lot| lot.status = LotStatus::Spent, delta)?;
        }
        owners.dedup();
        let owner = match owners.as_slice() {
            [one] => *one,
            _ => self.event.issuer(),
        };
        self.create(facility, outputs, owner, delta);
        Ok(())
    }

    fn dispatch(&self, body: &Dispatch, delta: &mut Delta) -> Result<(), ViewError> {
        for head in &body.lots {
            self.advance(head.lot, |lot| lot.status = LotStatus::InTransit, delta)?;
        }
        let record = DispatchRecord {
            from: self.event.issuer(),
            to: body.to,
            to_ledger: body.to_ledger,
            lots: body.lots.iter().map(|head| head.lot).collect(),
            answered: Vec::new(),
            given_up: None,
            home: self.at.ledger,
            passes_title: body.reason == DispatchReason::Sale,
        };
        delta.push(Record::Dispatch(self.event.id, Box::new(record)));
        Ok(())
    }

    fn receive(&self, body: &Receive, delta: &mut Delta) -> Result<(), ViewError> {
        let Some(mut dispatch) = self.view.dispatch(&body.dispatch)? else { return Ok(()) };
        for line in &body.lots {
            dispatch.answered.push((line.lot, self.event.id));
            self.answer(body, line, &dispatch, delta)?;
        }
        delta.push(Record::Dispatch(body.dispatch, Box::new(dispatch)));
        Ok(())
    }

    fn answer(
        &self,
        body: &Receive,
        line: &ReceivedLot,
        dispatch: &DispatchRecord,
        delta: &mut Delta,
    ) -> Result<(), ViewError> {
        let receiver = self.event.issuer();
        let owner_after =
            |owner: PartyId| if dispatch.passes_title && owner == dispatch.from { receiver } else { owner };
        let accept = |lot: &mut LotRecord| {
            lot.status = LotStatus::Held;
            lot.holder = receiver;
            lot.owner = owner_after(lot.owner);
            lot.facility = Some(body.facility);
            if let Some(quantity) = &line.quantity {
                let old = lot.net_dry.unwrap_or(quantity.net_dry);
                lot.contents = scale(&lot.contents, old, quantity.net_dry);
                lot.net_dry = Some(quantity.net_dry);
                lot.pieces = quantity.pieces.or(lot.pieces);
            }
        };
        let home = (dispatch.home != self.at.ledger).then_some(dispatch.home);
        match line.outcome {
            Outcome::Accepted => self.advance(line.lot, accept, delta),
            Outcome::Rejected => {
                let status = home.map_or(LotStatus::Held, LotStatus::Elsewhere);
                self.advance(line.lot, |lot| lot.status = status, delta)
            }
            Outcome::Partial => {
                let owner = self.view.lot(&line.lot)?.map_or(dispatch.from, |lot| lot.owner);
                self.advance(line.lot, |lot| lot.status = LotStatus::Spent, delta)?;
                let children = [(line.accepted, owner_after(owner)), (line.returned, owner)];
                for (number, owner) in children {
                    self.create_one(body, number, owner, delta);
                }
                Ok(())
            }
        }
    }

    /// Creates one numbered output of a receipt.
    fn create_one(&self, body: &Receive, number: Option<u8>, owner: PartyId, delta: &mut Delta) {
        let mut all = Delta::new();
        self.create(body.facility, &body.outputs, owner, &mut all);
        let wanted = |id: &LotId| number == Some(id.output);
        delta.extend(
            all.into_iter().filter(|record| matches!(record, Record::Lot(id, _) | Record::Label(_, id) if wanted(id))),
        );
    }

    fn retire(&self, body: &Retire, delta: &mut Delta) -> Result<(), ViewError> {
        for head in &body.lots {
            self.advance(head.lot, |lot| lot.status = LotStatus::Spent, delta)?;
        }
        let Some(id) = body.dispatch else { return Ok(()) };
        if let Some(mut dispatch) = self.view.dispatch(&id)? {
            dispatch.given_up = Some(self.event.id);
            delta.push(Record::Dispatch(id, Box::new(dispatch)));
        }
        Ok(())
    }

    fn import(&self, body: &Import, delta: &mut Delta) -> Result<(), ViewError> {
        for pin in body.ledgers.iter().filter(|pin| pin.consistent) {
            let record = PinRecord { size: pin.size, root: pin.root, by: self.event.id };
            delta.push(Record::Pin(pin.ledger, record));
        }
        let usable = |taken: &&Taken| body.ledgers.iter().any(|pin| pin.ledger == taken.ledger && pin.consistent);
        for taken in body.taken.iter().filter(usable) {
            match taken.kind {
                TakenKind::Dispatch => self.take_dispatch(taken, delta)?,
                TakenKind::Receive => self.take_answer(taken, delta)?,
            }
        }
        Ok(())
    }

    fn take_dispatch(&self, taken: &Taken, delta: &mut Delta) -> Result<(), ViewError> {
        for lot in &taken.lots {
            delta.push(Record::Lot(lot.lot, Box::new(arriving(taken, lot))));
        }
        let lots = taken.lots.iter().map(|lot| lot.lot);
        if let Some(mut record) = self.view.dispatch(&taken.event)? {
            record.lots.extend(lots);
            delta.push(Record::Dispatch(taken.event, Box::new(record)));
            return Ok(());
        }
        let record = DispatchRecord {
            from: taken.from,
            to: taken.to,
            to_ledger: taken.to_ledger,
            lots: lots.collect(),
            answered: Vec::new(),
            given_up: None,
            home: taken.ledger,
            passes_title: false,
        };
        delta.push(Record::Dispatch(taken.event, Box::new(record)));
        Ok(())
    }

    fn take_answer(&self, taken: &Taken, delta: &mut Delta) -> Result<(), ViewError> {
        let Some(id) = taken.dispatch else { return Ok(()) };
        let Some(mut dispatch) = self.view.dispatch(&id)? else { return Ok(()) };
        for line in &taken.lots {
            dispatch.answered.push((line.lot, taken.event));
            let Some(mut lot) = self.view.lot(&line.lot)? else { continue };
            lot.previous = Some(std::mem::replace(&mut lot.head, taken.event));
            lot.status = match line.outcome {
                Some(Outcome::Rejected) => LotStatus::Held,
                _ => LotStatus::Elsewhere(taken.ledger),
            };
            delta.push(Record::Lot(line.lot, Box::new(lot)));
        }
        delta.push(Record::Dispatch(id, Box::new(dispatch)));
        Ok(())
    }

    fn title(&self, body: &Title, delta: &mut Delta) -> Result<(), ViewError> {
        for id in &body.lots {
            let Some(mut lot) = self.view.lot(id)? else { continue };
            lot.owner = body.owner;
            delta.push(Record::Lot(*id, Box::new(lot)));
        }
        Ok(())
    }

    /// A withdrawal: the event is marked, its inputs come back with the correction as head, its outputs are gone. Under
    /// labels that were put over others, lots are found as well.
    fn correct(&self, body: &Correct, delta: &mut Delta) -> Result<(), ViewError> {
        if body.action != CorrectAction::Withdraw {
            delta.extend(body.changes.iter().flat_map(|change| relabelled(body.target, change)));
            return Ok(());
        }
        let Some(mut target) = self.view.event(&body.target)? else { return Ok(()) };
        target.withdrawn_by = Some(self.event.id);
        for number in 0..target.outputs {
            let id = LotId::new(body.target, number);
            self.advance(id, |lot| lot.status = LotStatus::Spent, delta)?;
        }
        for id in &target.inputs {
            if self.view.lot(id)?.is_some_and(|lot| lot.head == body.target) {
                self.advance(*id, |lot| lot.status = LotStatus::Held, delta)?;
            }
        }
        delta.push(Record::Event(body.target, target));
        Ok(())
    }
}

/// The labels that a correction gives a lot; none where it changes something else, or is none of a label's type.
fn relabelled(target: EventId, change: &Change) -> Vec<Record> {
    let output = change.object.strip_prefix("/body/outputs/").filter(|_| change.leaf == "labels");
    let output = output.and_then(|number| number.parse().ok());
    let labels = change.value.clone().and_then(|value| serde_json::from_value::<Vec<Text>>(value).ok());
    let lots = output.map(|number| LotId::new(target, number)).into_iter();
    lots.flat_map(|lot| labels.iter().flatten().map(move |label| Record::Label(label.clone(), lot))).collect()
}

fn arriving(taken: &Taken, lot: &TakenLot) -> LotRecord {
    LotRecord {
        holder: taken.from,
        owner: taken.from,
        facility: None,
        head: taken.event,
        previous: None,
        status: LotStatus::InTransit,
        form: lot.form,
        role: OutputRole::Product,
        elements: lot.elements.clone(),
        net_dry: None,
        pieces: None,
        unit_mass: None,
        contents: Vec::new(),
    }
}
