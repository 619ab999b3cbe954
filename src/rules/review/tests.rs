//! Every code of review on small histories, and silence on the worked example.

mod chain;
mod masses;
mod others;

use super::*;
use crate::finding::Severity;
use crate::rules::fixture::*;

/// Both passes over everything that was applied.
fn review_all(world: &World, trust: &Trust) -> Vec<Finding> {
    review_with(world, trust, &|_| {})
}

/// As [`review_all`], with the facts changed before they are settled.
fn review_with(world: &World, trust: &Trust, change: &dyn Fn(&mut Facts)) -> Vec<Finding> {
    let as_of = time(10_000);
    let mut facts = Facts::default();
    let is_applied = |event: &Event| world.state.event(&event.id).unwrap().is_some_and(|record| record.applied);
    for (event, at) in world.recorded.iter().filter(|(event, _)| is_applied(event)) {
        facts.observe(event, at);
    }
    for event in &world.breached {
        facts.mark_breached(*event);
    }
    change(&mut facts);
    let settled = facts.settle(&world.state, trust, as_of).unwrap();
    let ctx = ReviewContext { facts: &settled, view: &world.state, trust, as_of, cosigned: 0 };
    let found = |event: &Event| {
        let found = review(event, &ctx).unwrap();
        assert_eq!(review(&as_read(event), &ctx).unwrap(), found, "{} of kind {}", event.id, event.payload.kind());
        found
    };
    world.recorded.iter().flat_map(|(event, _)| found(event)).collect()
}

/// The event as an audit reads it again: without values where review is said to read none.
fn as_read(event: &Event) -> Event {
    let mut event = event.clone();
    if !reads_values(event.payload.kind()) {
        event.payload.visit_leaves(&mut |_, object| drop(object.take_leaves().unwrap()));
    }
    event
}

fn codes(world: &World) -> Vec<Code> {
    review_all(world, &Trust::nobody()).iter().map(|finding| finding.code).collect()
}

fn loud(world: &World) -> Vec<String> {
    let all = review_all(world, &Trust::nobody());
    all.iter().filter(|finding| finding.severity() > Severity::Note).map(ToString::to_string).collect()
}
