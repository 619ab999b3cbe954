//! Records of which there are many, packed: ids as numbers, times and numbers as differences.

use super::Known;
use crate::event::{Form, Kind, OutputRole, When};
use crate::state::content::Content;
use crate::state::numbers::{EventNo, LotNo};
use crate::state::packed::{Packer, Unpacker};
use crate::state::{DispatchRecord, EventRecord, LotRecord, LotStatus};
use crate::value::{Element, EventId, KeyId, LedgerId, LotId, Mass, Time};

/// Writes ids as their numbers.
pub(super) struct Writer<'a> {
    pub(super) known: &'a mut Known,
    pub(super) out: &'a mut Packer,
}

impl Writer<'_> {
    fn event_id(&mut self, id: impl Into<EventId>) {
        let EventNo(number) = self.known.numbers().event(&id.into());
        self.out.number(number.into());
    }

    /// An event near another one in the order of numbers.
    fn event_near(&mut self, id: EventId, own: EventNo) {
        let EventNo(number) = self.known.numbers().event(&id);
        self.out.signed(i64::from(own.0) - i64::from(number));
    }

    fn lot_id(&mut self, id: &LotId) {
        let LotNo(number) = self.known.numbers().lot(id);
        self.out.number(number.into());
    }

    fn key_id(&mut self, id: &KeyId) {
        let number = self.known.keys.number(id);
        self.out.number(number.into());
    }

    fn ledger_id(&mut self, id: &LedgerId) {
        let number = self.known.ledgers.number(id);
        self.out.number(number.into());
    }

    pub(super) fn event(&mut self, own: EventNo, record: &EventRecord) {
        let EventRecord { index, recorded_at, kind, iss, kid, portable, prev, when, .. } = record;
        let EventRecord { facility, inputs, outputs, applied, withdrawn_by, key, .. } = record;
        let (start, period) = match *when {
            When::At(at) => (at, None),
            When::Period { from, to } => (from, Some(to.since(from))),
        };
        self.out.flags(&[
            *portable,
            *applied,
            prev.is_some(),
            period.is_some(),
            facility.is_some(),
            withdrawn_by.is_some(),
            key.is_some(),
        ]);
        self.out.byte(*kind as u8);
        self.out.number(*index);
        self.out.signed(recorded_at.unix());
        self.event_id(*iss);
        self.key_id(kid);
        prev.iter().for_each(|prev| self.event_near(*prev, own));
        self.out.signed(recorded_at.since(start));
        period.iter().for_each(|length| self.out.signed(*length));
        facility.iter().for_each(|facility| self.event_id(*facility));
        self.out.count(inputs.len());
        inputs.iter().for_each(|lot| self.lot_id(lot));
        self.out.byte(*outputs);
        withdrawn_by.iter().for_each(|by| self.event_id(*by));
        key.iter().for_each(|key| self.key_id(key));
    }

    pub(super) fn lot(&mut self, own: EventNo, record: &LotRecord) {
        let LotRecord { holder, owner, facility, head, previous, status, form, .. } = record;
        let LotRecord { role, elements, net_dry, pieces, unit_mass, contents, .. } = record;
        let (status, elsewhere) = match status {
            LotStatus::Held => (0, None),
            LotStatus::InTransit => (1, None),
            LotStatus::Spent => (2, None),
            LotStatus::Elsewhere(ledger) => (3, Some(ledger)),
        };
        self.out.flags(&[
            facility.is_some(),
            previous.is_some(),
            net_dry.is_some(),
            pieces.is_some(),
            unit_mass.is_some(),
            status & 1 == 1,
            status & 2 == 2,
        ]);
        self.event_id(*holder);
        self.event_id(*owner);
        facility.iter().for_each(|facility| self.event_id(*facility));
        self.event_near(*head, own);
        previous.iter().for_each(|previous| self.event_near(*previous, own));
        elsewhere.iter().for_each(|ledger| self.ledger_id(ledger));
        self.out.byte(*form as u8);
        self.out.byte(*role as u8);
        self.out.count(elements.len());
        elements.iter().for_each(|element| self.out.byte(*element as u8));
        net_dry.iter().for_each(|mass| self.out.number(mass.mg()));
        pieces.iter().for_each(|pieces| self.out.number(*pieces));
        unit_mass.iter().for_each(|mass| self.out.number(mass.mg()));
        self.out.count(contents.len());
        for Content { element, mg, measured } in contents {
            self.out.byte((*element as u8) << 1 | u8::from(*measured));
            self.out.number(*mg);
        }
    }

    pub(super) fn dispatch(&mut self, own: EventNo, record: &DispatchRecord) {
        let DispatchRecord { from, to, to_ledger, lots, answered, given_up, home, passes_title } = record;
        self.out.flags(&[*passes_title, given_up.is_some()]);
        self.event_id(*from);
        self.event_id(*to);
        self.ledger_id(to_ledger);
        self.ledger_id(home);
        given_up.iter().for_each(|by| self.event_id(*by));
        self.out.count(lots.len());
        lots.iter().for_each(|lot| self.lot_id(lot));
        self.out.count(answered.len());
        for (lot, by) in answered {
            self.lot_id(lot);
            self.event_near(*by, own);
        }
    }
}

/// Reading: numbers as the ids that they stand for.
impl Known {
    fn event_id(&self, read: &mut Unpacker<'_>) -> Option<EventId> {
        self.numbers.event_id(EventNo(read.small()?))
    }

    fn event_near(&self, own: EventNo, read: &mut Unpacker<'_>) -> Option<EventId> {
        let number = i64::from(own.0).checked_sub(read.signed()?)?;
        self.numbers.event_id(EventNo(u32::try_from(number).ok()?))
    }

    fn lot_id(&self, read: &mut Unpacker<'_>) -> Option<LotId> {
        self.numbers.lot_id(LotNo(read.small()?))
    }

    fn key_id(&self, read: &mut Unpacker<'_>) -> Option<KeyId> {
        self.keys.get(read.small()?)
    }

    fn ledger_id(&self, read: &mut Unpacker<'_>) -> Option<LedgerId> {
        self.ledgers.get(read.small()?)
    }

    pub(super) fn event(&self, own: EventNo, mut read: Unpacker<'_>) -> Option<EventRecord> {
        let [portable, applied, has_prev, is_period, has_facility, is_withdrawn, has_key] = read.flags()?;
        let kind = read.listed(Kind::ALL)?;
        let index = read.number()?;
        let recorded_at = Time::from_unix(read.signed()?)?;
        let (iss, kid) = (self.event_id(&mut read)?.into(), self.key_id(&mut read)?);
        let prev = read.if_set(has_prev, |read| self.event_near(own, read))?;
        let start = Time::from_unix(recorded_at.unix().checked_sub(read.signed()?)?)?;
        let when = match read.if_set(is_period, Unpacker::signed)? {
            None => When::At(start),
            Some(length) => When::Period { from: start, to: Time::from_unix(start.unix().checked_add(length)?)? },
        };
        Some(EventRecord {
            index,
            recorded_at,
            kind,
            iss,
            kid,
            portable,
            prev,
            when,
            facility: read.if_set(has_facility, |read| self.event_id(read))?.map(Into::into),
            inputs: read.items(|read| self.lot_id(read))?,
            outputs: read.byte()?,
            applied,
            withdrawn_by: read.if_set(is_withdrawn, |read| self.event_id(read))?,
            key: read.if_set(has_key, |read| self.key_id(read))?,
        })
    }

    pub(super) fn lot(&self, own: EventNo, mut read: Unpacker<'_>) -> Option<LotRecord> {
        let [has_facility, has_previous, has_mass, has_pieces, has_unit, odd, high] = read.flags()?;
        let (holder, owner) = (self.event_id(&mut read)?.into(), self.event_id(&mut read)?.into());
        let facility = read.if_set(has_facility, |read| self.event_id(read))?.map(Into::into);
        let head = self.event_near(own, &mut read)?;
        let previous = read.if_set(has_previous, |read| self.event_near(own, read))?;
        let status = match (high, odd) {
            (false, false) => LotStatus::Held,
            (false, true) => LotStatus::InTransit,
            (true, false) => LotStatus::Spent,
            (true, true) => LotStatus::Elsewhere(self.ledger_id(&mut read)?),
        };
        Some(LotRecord {
            holder,
            owner,
            facility,
            head,
            previous,
            status,
            form: read.listed(Form::ALL)?,
            role: read.listed(OutputRole::ALL)?,
            elements: read.items(|read| read.listed(Element::ALL))?,
            net_dry: read.if_set(has_mass, mass)?,
            pieces: read.if_set(has_pieces, Unpacker::number)?,
            unit_mass: read.if_set(has_unit, mass)?,
            contents: read.items(content)?,
        })
    }

    pub(super) fn dispatch(&self, own: EventNo, mut read: Unpacker<'_>) -> Option<DispatchRecord> {
        let [passes_title, is_given_up] = read.flags()?;
        Some(DispatchRecord {
            from: self.event_id(&mut read)?.into(),
            to: self.event_id(&mut read)?.into(),
            to_ledger: self.ledger_id(&mut read)?,
            home: self.ledger_id(&mut read)?,
            given_up: read.if_set(is_given_up, |read| self.event_id(read))?,
            lots: read.items(|read| self.lot_id(read))?,
            answered: read.items(|read| Some((self.lot_id(read)?, self.event_near(own, read)?)))?,
            passes_title,
        })
    }
}

/// What an event is, of its record.
pub(super) fn kind(mut read: Unpacker<'_>) -> Option<Kind> {
    let [_, _, _, _, _, _, _] = read.flags()?;
    read.listed(Kind::ALL)
}

fn mass(read: &mut Unpacker<'_>) -> Option<Mass> {
    Mass::new(read.number()?)
}

fn content(read: &mut Unpacker<'_>) -> Option<Content> {
    let byte = read.byte()?;
    let element = Element::ALL.get(usize::from(byte >> 1)).copied()?;
    Some(Content { element, mg: read.number()?, measured: byte & 1 == 1 })
}
