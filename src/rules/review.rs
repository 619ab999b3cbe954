//! Review: the second pass of the rule book, over finished history with all evidence, at a moment of judgement.
//!
//! Review runs twice over the events, so that a long ledger can be reviewed from its files with bounded memory:
//! 1. [`Facts::observe`] takes in each *applied* event in the order recorded and keeps compact facts per lot;
//!    [`Facts::settle`] then decides what depends on all of them (which assays count, gains along lineages, throughput,
//!    what is downstream of a broken rule).
//! 2. [`review`] looks at each event again, in any order, with all corrections in place, the final state and the trust
//!    file, and gives its findings.
//!
//! A correction changes the values that are judged here (the last one wins, a correction of a correction included); it
//! never changes what was admitted. The verifier's trust decides whose accreditations, laboratories and assays count;
//! where the file vouches for nobody, [`undecided`] lists the codes that are not decided.
//!
//! Does not establish that anything is true: a consistent lie passes. In a part of a history, codes that need
//! completeness ([`Reach`](crate::finding::Reach)) are for the caller to list as undecided.

mod balance;
mod compact;
mod evidence;
mod facts;
mod held;
mod lots;
mod magnet;
mod mass;
mod overlay;
mod place;
mod settled;
mod shares;
mod sites;
mod status;
mod steps;
mod time;

pub use evidence::laboratory;
pub use facts::Facts;
pub use held::{Held, Openness};
pub use settled::Settled;

use super::trust::Trust;
use crate::event::{Body, Event, Kind};
use crate::finding::{Code, Finding};
use crate::state::{EventRecord, View, ViewError};
use crate::value::Time;
use std::fmt::Display;

/// What review reads besides the event.
#[derive(Clone, Copy)]
pub struct ReviewContext<'a> {
    /// Facts of the history, from pass one.
    pub facts: &'a Settled,
    /// State after the last event.
    pub view: &'a dyn View,
    /// Whom the verifier trusts.
    pub trust: &'a Trust,
    /// The moment of judgement: what was recorded later is not known.
    pub as_of: Time,
    /// Entries below this index are covered by a checkpoint that a trusted witness cosigned.
    pub cosigned: u64,
}

/// The findings on one event; none on an event that was not applied, or that this history does not hold.
///
/// # Errors
/// State could not be read.
pub fn review(event: &Event, ctx: &ReviewContext<'_>) -> Result<Vec<Finding>, ViewError> {
    let Some(record) = ctx.view.event(&event.id)?.filter(|record| record.applied) else { return Ok(Vec::new()) };
    let corrected = ctx.facts.facts.overlays.corrected(event);
    let mut review = Review { event: &corrected, record, ctx, out: Vec::new() };
    review.place()?;
    review.mass();
    review.time()?;
    review.evidence()?;
    review.status()?;
    Ok(review.out)
}

/// Whether the review of events of this kind reads values that can be withheld; that of others goes by what is in clear and
/// by the facts of pass one.
#[must_use]
pub const fn reads_values(kind: Kind) -> bool {
    matches!(kind, Kind::Assay)
}

/// Codes about who is vouched for.
pub const VOUCHING: &[Code] =
    &[Code::SiteNotAccredited, Code::PartyNotAccredited, Code::LaboratoryNotAccredited, Code::AccreditationSuspended];

/// The codes that are not decided, since the trust file vouches for nobody.
#[must_use]
pub fn undecided(trust: &Trust) -> &'static [Code] {
    if trusts_somebody(trust) {
        return &[];
    }
    VOUCHING
}

fn trusts_somebody(trust: &Trust) -> bool {
    !trust.vouches_for_nothing()
}

/// The review of one event.
struct Review<'a> {
    event: &'a Event,
    record: EventRecord,
    ctx: &'a ReviewContext<'a>,
    out: Vec<Finding>,
}

impl Review<'_> {
    fn finding(&self, code: Code, expected: impl Display, found: impl Display) -> Finding {
        Finding::new(code, expected, found).on(self.event.id)
    }

    fn push(&mut self, code: Code, expected: impl Display, found: impl Display) {
        let finding = self.finding(code, expected, found);
        self.out.push(finding);
    }

    fn mass(&mut self) {
        let settled = self.ctx.facts;
        let Some(own) = settled.facts.numbers.find_event(&self.event.id) else { return };
        for balance in settled.facts.steps.of(own).filter_map(|number| settled.balance(number)) {
            self.out.extend(mass::problems(&balance).iter().map(|problem| problem.finding(self.event.id)));
            if let Body::Transform(transform) = &self.event.payload.body {
                mass::check_yields(&balance, &transform.targets, self.event.id, &mut self.out);
            }
        }
        let gains = settled.lineage_gains.get(&own).into_iter().flatten();
        self.out.extend(gains.map(|gain| mass::lineage_finding(gain, self.event.id)));
    }
}

#[cfg(test)]
mod tests;
