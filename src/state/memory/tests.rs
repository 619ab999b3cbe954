use super::*;
use crate::event::{Form, Kind, OutputRole, When};
use crate::state::{Content, LotStatus};
use crate::value::{Element, Mass, Time};

fn id(number: u8) -> EventId {
    EventId::of_signing_input(&[number])
}

fn lot_id(number: u8, output: u8) -> LotId {
    LotId::new(id(number), output)
}

fn time(seconds: i64) -> Time {
    Time::MIN.plus(seconds)
}

fn bare_event() -> EventRecord {
    EventRecord {
        index: 0,
        recorded_at: time(0),
        kind: Kind::Source,
        iss: id(1).into(),
        kid: KeyId([1; 32]),
        portable: false,
        prev: None,
        when: When::At(Time::MAX),
        facility: None,
        inputs: Vec::new(),
        outputs: 0,
        applied: false,
        withdrawn_by: None,
        key: None,
    }
}

fn full_event() -> EventRecord {
    EventRecord {
        index: u64::MAX,
        recorded_at: Time::MAX,
        kind: *Kind::ALL.last().unwrap(),
        portable: true,
        prev: Some(id(90)),
        when: When::Period { from: time(7), to: time(1_000_000) },
        facility: Some(id(91).into()),
        inputs: (0..40).map(|number| lot_id(number, number % 32)).collect(),
        outputs: 32,
        applied: true,
        withdrawn_by: Some(id(92)),
        key: Some(KeyId([9; 32])),
        ..bare_event()
    }
}

fn bare_lot() -> LotRecord {
    LotRecord {
        holder: id(1).into(),
        owner: id(2).into(),
        facility: None,
        head: id(3),
        previous: None,
        status: LotStatus::Held,
        form: Form::Ore,
        role: OutputRole::Product,
        elements: Vec::new(),
        net_dry: None,
        pieces: None,
        unit_mass: None,
        contents: Vec::new(),
    }
}

fn full_lot(status: LotStatus) -> LotRecord {
    let content = |element: &Element| Content { element: *element, mg: u64::MAX, measured: *element == Element::Nd };
    LotRecord {
        facility: Some(id(4).into()),
        previous: Some(id(5)),
        status,
        form: *Form::ALL.last().unwrap(),
        role: *OutputRole::ALL.last().unwrap(),
        elements: Element::ALL.iter().rev().copied().collect(),
        net_dry: Some(Mass::MAX),
        pieces: Some(u64::MAX),
        unit_mass: Mass::new(0),
        contents: Element::ALL.iter().map(content).collect(),
        ..bare_lot()
    }
}

fn dispatch(given_up: Option<EventId>, lots: u8) -> DispatchRecord {
    DispatchRecord {
        from: id(1).into(),
        to: id(2).into(),
        to_ledger: LedgerId([1; 32]),
        lots: (0..lots).map(|number| lot_id(number, 0)).collect(),
        answered: (0..lots / 2).map(|number| (lot_id(number, 0), id(number + 1))).collect(),
        given_up,
        home: LedgerId([2; 32]),
        passes_title: given_up.is_some(),
    }
}

#[test]
fn what_is_put_is_read_and_the_last_put_counts() {
    let mut memory = Memory::default();
    for (number, record) in [(7, bare_event()), (8, full_event()), (7, full_event()), (8, bare_event())] {
        memory.put(&[Record::Event(id(number), record.clone())]);
        assert_eq!(memory.event(&id(number)), Ok(Some(record)));
    }
    let statuses = [LotStatus::Held, LotStatus::InTransit, LotStatus::Spent, LotStatus::Elsewhere(LedgerId([3; 32]))];
    for record in statuses.map(full_lot).into_iter().chain([bare_lot()]) {
        memory.put(&[Record::Lot(lot_id(7, 1), Box::new(record.clone()))]);
        assert_eq!(memory.lot(&lot_id(7, 1)), Ok(Some(record)));
    }
    for record in [dispatch(None, 0), dispatch(Some(id(9)), 200), dispatch(None, 3)] {
        memory.put(&[Record::Dispatch(id(8), Box::new(record.clone()))]);
        assert_eq!(memory.dispatch(&id(8)), Ok(Some(record)));
    }
    assert_eq!((memory.event(&id(7)), memory.lot_count(), memory.dispatch_count()), (Ok(Some(full_event())), 1, 1));
    assert_eq!((memory.lots().unwrap().len(), memory.dispatches().unwrap().len()), (1, 1));
}

#[test]
fn what_is_only_named_is_not_there() {
    let mut memory = Memory::default();
    memory.put(&[Record::Event(id(8), full_event()), Record::Lot(lot_id(7, 1), Box::new(full_lot(LotStatus::Held)))]);
    assert_eq!((memory.event(&id(90)), memory.event(&id(7)), memory.dispatch(&id(8))), (Ok(None), Ok(None), Ok(None)));
    assert_eq!((memory.lot(&lot_id(3, 3)), memory.lot(&lot_id(7, 0))), (Ok(None), Ok(None)));
    assert_eq!(memory.events_with_prefix("", 10), Ok(vec![id(8)]));
}

#[test]
fn lists_keep_their_order() {
    let mut memory = Memory::default();
    for number in [5, 3, 9, 3] {
        memory.put(&[Record::NamedBy(id(1), 0, id(number)), Record::NamedBy(id(2), 0, id(number + 1))]);
    }
    assert_eq!(memory.named_by(&id(1)), Ok(vec![id(5), id(3), id(9), id(3)]));
    assert_eq!(memory.named_by(&id(5)), Ok(Vec::new()));
    let label = |text: &str, number| Record::Label(text.parse().unwrap(), lot_id(number, 0));
    memory.put(&[label("a", 4), label("b", 1), label("a", 2), label("a", 3)]);
    let mut sorted = [4, 2, 3].map(|number| lot_id(number, 0));
    sorted.sort();
    assert_eq!(memory.lots_labelled("a"), Ok(sorted.into()));
    assert_eq!((memory.lots_labelled("b"), memory.lots_labelled("c")), (Ok(vec![lot_id(1, 0)]), Ok(Vec::new())));
}

#[test]
fn events_are_found_by_feed_and_number() {
    let mut memory = Memory::default();
    let feed = |aud| FeedKey { iss: id(1).into(), kid: KeyId([1; 32]), aud };
    memory.put(&[Record::FeedAt(feed(None), 7, id(2)), Record::FeedAt(feed(None), 8, id(3))]);
    assert_eq!((memory.feed_at(&feed(None), 7), memory.feed_at(&feed(None), 8)), (Ok(Some(id(2))), Ok(Some(id(3)))));
    let other = feed(Some(LedgerId([1; 32])));
    assert_eq!((memory.feed_at(&feed(None), 9), memory.feed_at(&other, 7)), (Ok(None), Ok(None)));
}
