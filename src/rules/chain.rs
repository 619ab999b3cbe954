//! Admission: who says it, with which key, after what.

use super::{Admission, CLOCK_TOLERANCE, keys};
use crate::event::{Body, Kind};
use crate::finding::{Code, Finding};
use crate::state::{FeedKey, ViewError};
use crate::value::{EventId, LedgerId};

pub(super) fn check_admission(a: &Admission<'_>, out: &mut Vec<Finding>) -> Result<(), ViewError> {
    if let Some(recorded) = a.view.event(&a.event.id)? {
        out.push(a.finding(
            Code::Duplicate,
            "an event that is not recorded yet",
            format_args!("it at index {}", recorded.index),
        ));
        return Ok(());
    }
    if let Some(by) = a.view.voided(&a.event.id)? {
        out.push(a.finding(Code::VoidedRecorded, "an event that its issuer stands by", "one declared void").with(by));
    }
    check_ledger(a, out);
    check_times(a, out);
    if keys::check_signature(a, out)? {
        keys::check_cosignatures(a, out)?;
        check_feed(a, out)?;
        check_voids(a, out)?;
        check_references(a, out)?;
    }
    Ok(())
}

fn check_ledger(a: &Admission<'_>, out: &mut Vec<Finding>) {
    if let Some(aud) = a.event.payload.aud.filter(|aud| *aud != a.at.ledger) {
        out.push(a.finding(
            Code::OtherLedger,
            format_args!("an event for ledger {}", a.at.ledger),
            format_args!("`aud` {aud}"),
        ));
    }
    let genesis = match (a.at.index, &a.event.payload.body) {
        (0, body) => body.kind() == Kind::Party,
        (1, Body::Ledger(ledger)) => {
            ledger.rotates.is_none() && LedgerId::derive(ledger.origin.as_str(), ledger.vkey.as_str()) == a.at.ledger
        }
        (1, _) => false,
        _ => true,
    };
    if !genesis {
        let expected = "the operator's registration as entry 0 and the ledger's own `ledger` event as entry 1";
        out.push(a.finding(
            Code::Genesis,
            expected,
            format_args!("a `{}` event as entry {}", a.event.payload.kind(), a.at.index),
        ));
    }
}

fn check_times(a: &Admission<'_>, out: &mut Vec<Finding>) {
    if let Some(after) = a.after.filter(|after| a.at.recorded_at < *after) {
        out.push(a.finding(
            Code::ClockBackwards,
            format_args!("a time of recording not before {after}"),
            a.at.recorded_at,
        ));
    }
    let latest = a.at.recorded_at.plus(CLOCK_TOLERANCE);
    let end = a.event.payload.when.end();
    if end > latest {
        out.push(a.finding(Code::InFuture, format_args!("a time not after {latest}"), end));
    }
}

fn check_feed(a: &Admission<'_>, out: &mut Vec<Finding>) -> Result<(), ViewError> {
    let key = FeedKey { iss: a.event.issuer(), kid: a.event.kid, aud: a.event.payload.aud };
    match key.aud {
        Some(_) => check_own_feed(a, &key, out),
        None => check_portable_feed(a, &key, out),
    }
}

/// The feed of this ledger: no gap, no fork.
fn check_own_feed(a: &Admission<'_>, key: &FeedKey, out: &mut Vec<Finding>) -> Result<(), ViewError> {
    let last = a.view.feed(key)?;
    let (seq, prev) = (a.event.payload.seq, a.event.payload.prev);
    let next = last.as_ref().map_or(0, |feed| feed.seq + 1);
    let finding = if seq > next {
        a.finding(Code::FeedGap, format_args!("number {next} of the feed"), format_args!("number {seq}"))
    } else if seq < next {
        a.finding(
            Code::FeedFork,
            format_args!("number {next} of the feed"),
            format_args!("another event with number {seq}"),
        )
    } else if prev != last.as_ref().map(|feed| feed.last) {
        let expected = last.as_ref().map_or("no `prev`".to_owned(), |feed| format!("`prev` {}", feed.last));
        a.finding(Code::PrevMismatch, expected, found_prev(prev))
    } else {
        return Ok(());
    };
    out.push(last.into_iter().fold(finding, |finding, feed| finding.with(feed.last)));
    Ok(())
}

/// The portable feed: a gap is undecided here, a fork is not.
fn check_portable_feed(a: &Admission<'_>, key: &FeedKey, out: &mut Vec<Finding>) -> Result<(), ViewError> {
    let (seq, prev) = (a.event.payload.seq, a.event.payload.prev);
    if let Some(other) = a.view.feed_at(key, seq)? {
        let found = format!("another event with number {seq}");
        out.push(a.finding(Code::FeedFork, "one event with each number of a feed", found).with(other));
    }
    let before = seq.checked_sub(1).map(|before| a.view.feed_at(key, before)).transpose()?.flatten();
    if let Some(before) = before.filter(|before| prev != Some(*before)) {
        out.push(a.finding(Code::PrevMismatch, format_args!("`prev` {before}"), found_prev(prev)).with(before));
    }
    if let Some(after) = a.view.feed_at(key, seq.saturating_add(1))? {
        // The recorded next one named another predecessor, or it would be this event's own id.
        let named = a.view.event(&after)?.and_then(|record| record.prev);
        if named.is_some_and(|named| named != a.event.id) {
            out.push(
                a.finding(Code::PrevMismatch, "the predecessor that the next event of the feed names", a.event.id)
                    .with(after),
            );
        }
    }
    Ok(())
}

fn found_prev(prev: Option<EventId>) -> String {
    prev.map_or("none".to_owned(), |prev| format!("`prev` {prev}"))
}

fn check_voids(a: &Admission<'_>, out: &mut Vec<Finding>) -> Result<(), ViewError> {
    for void in &a.event.payload.voids {
        if a.view.event(void)?.is_some() {
            out.push(a.finding(Code::VoidedRecorded, "voided events that are not recorded", void).with(*void));
        }
    }
    Ok(())
}

/// Events named in the body must be recorded before it. Portable events may name lots of other ledgers.
fn check_references(a: &Admission<'_>, out: &mut Vec<Finding>) -> Result<(), ViewError> {
    use crate::event::Target as T;
    let portable = a.event.payload.aud.is_none();
    let importing = matches!(a.event.payload.body, Body::Import(_));
    for reference in a.event.payload.body.references() {
        let (known, wanted) = match reference.target {
            T::Party(id) => (a.view.party(&id)?.is_some(), "a registered party"),
            // A head is for `custody`: it can be the answer of another ledger, which is no event of this one.
            T::Event(_) if reference.position.ends_with(".after") => continue,
            T::Event(id) if !portable && !importing => {
                (a.view.event(&id)?.is_some() || a.view.dispatch(&id)?.is_some(), "a recorded event")
            }
            T::Facility(id) if portable => (a.view.facility(&id)?.is_some(), "a registered facility"),
            // Facilities of custody events are for `place`, lots for `custody`.
            T::Event(_) | T::Facility(_) | T::Lot(_) | T::Ledger(_) => continue,
        };
        if !known {
            let found = reference.target.event().map_or_else(String::new, |id| id.to_string());
            out.push(a.finding(Code::UnknownReference, wanted, found).at(format_args!("/body/{}", reference.position)));
        }
    }
    Ok(())
}
