//! Judging one question: which grants count, when they are in force, and whether together they cover the period.

use super::{Grant, Question, Refusal, Standing};
use crate::event::{AccreditAction, Process, RevocationReason};
use crate::rules::trust::Trust;
use crate::state::{View, ViewError};
use crate::value::{Analyte, EventId, Time};

/// A grant that counts, with the time in which it is in force.
pub(super) struct Force<'a> {
    grant: &'a Grant,
    /// Periods, first and last second.
    periods: Vec<(i64, i64)>,
    /// What cut them.
    cut_by: Vec<EventId>,
}

pub(super) struct Judge<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) trust: &'a Trust,
    pub(super) view: &'a dyn View,
    pub(super) as_of: Time,
}

/// One thing that must be in scope.
#[derive(Clone, Copy)]
struct Item {
    process: Option<Process>,
    analyte: Option<Analyte>,
}

impl Judge<'_> {
    /// Why a grant does not count at all.
    pub(super) fn refusal(&self, grant: &Grant) -> Result<Option<Refusal>, ViewError> {
        let trust = self.trust;
        if trust.is_bad_event(&grant.event) || trust.is_bad_key(&grant.kid) || trust.is_bad_party(&grant.by) {
            return Ok(Some(Refusal::KnownBad));
        }
        if grant.recorded_at > self.as_of {
            return Ok(Some(Refusal::Later));
        }
        let items = self.items();
        let vouching = |item: &Item| trust.authority(&grant.by, grant.scheme, self.question.country, item.process);
        let Some(authority) = items.iter().find_map(vouching) else { return Ok(Some(Refusal::NotTrusted)) };
        if !items.iter().any(|item| self.covers(grant, *item)) {
            return Ok(Some(Refusal::OutOfScope));
        }
        if self.is_withdrawn(&grant.event)? {
            return Ok(Some(Refusal::Withdrawn));
        }
        let revoked = self.view.key(&grant.kid)?.and_then(|key| key.revoked);
        let compromised = revoked.filter(|r| r.reason == RevocationReason::Compromised && r.recorded_at <= self.as_of);
        if compromised.is_some_and(|r| r.compromised_since.unwrap_or(r.recorded_at) <= grant.recorded_at) {
            return Ok(Some(Refusal::KeyCompromised));
        }
        if let Some(head) = authority.least_key_head
            && !self.view.event(&head)?.is_some_and(|event| event.applied && event.iss == grant.by)
        {
            return Ok(Some(Refusal::KeyChain));
        }
        Ok(None)
    }

    fn is_withdrawn(&self, id: &EventId) -> Result<bool, ViewError> {
        let Some(by) = self.view.event(id)?.and_then(|event| event.withdrawn_by) else { return Ok(false) };
        Ok(self.view.event(&by)?.is_none_or(|event| event.recorded_at <= self.as_of))
    }

    /// The periods in which a grant is in force, and what cut them.
    pub(super) fn in_force<'g>(&self, grant: &'g Grant) -> Result<Force<'g>, ViewError> {
        let mut actions = Vec::new();
        for action in grant.actions.iter().filter(|action| action.recorded_at <= self.as_of) {
            if !self.is_withdrawn(&action.event)? {
                actions.push(action);
            }
        }
        actions.sort_by_key(|action| action.from);
        let mut force = Force { grant, periods: Vec::new(), cut_by: Vec::new() };
        let mut open = Some(grant.from.unix());
        for action in actions {
            match (action.kind, open) {
                (AccreditAction::Reinstate, None) => open = Some(action.from.unix()),
                (AccreditAction::Suspend | AccreditAction::Withdraw, since) => {
                    if let Some(since) = since {
                        force.periods.push((since, action.from.unix() - 1));
                    }
                    open = None;
                    force.cut_by.push(action.event);
                    if action.kind == AccreditAction::Withdraw {
                        return Ok(force);
                    }
                }
                _ => {}
            }
        }
        force.periods.extend(open.map(|since| (since, grant.to.unix())));
        Ok(force)
    }

    /// Every process, else every analyte, else the one thing that the question is about.
    fn items(&self) -> Vec<Item> {
        let question = self.question;
        let processes = question.processes.iter().map(|process| Item { process: Some(*process), analyte: None });
        let analytes = question.analytes.iter().map(|analyte| Item { process: None, analyte: Some(*analyte) });
        let all: Vec<Item> = processes.chain(analytes).collect();
        if all.is_empty() { vec![Item { process: None, analyte: None }] } else { all }
    }

    /// Whether a grant's scope holds an item, and its issuer is trusted for it.
    fn covers(&self, grant: &Grant, item: Item) -> bool {
        let (scope, question) = (&grant.scope, self.question);
        in_list(&scope.processes, item.process)
            && in_list(&scope.analytes, item.analyte)
            && in_list(&scope.methods, question.method)
            && in_list(&scope.matrices, question.matrix)
            && self.trust.authority(&grant.by, grant.scheme, question.country, item.process).is_some()
    }

    pub(super) fn conclude(&self, counting: &[Force<'_>], refused: Vec<(EventId, Refusal)>) -> Standing {
        let mut by = Vec::new();
        let mut cut = Vec::new();
        let mut short = Vec::new();
        for item in self.items() {
            let fitting: Vec<&Force<'_>> = counting.iter().filter(|force| self.covers(force.grant, item)).collect();
            let actual = fitting.iter().flat_map(|f| f.periods.iter().map(|p| (f.grant.event, *p))).collect();
            if let Some(events) = self.cover(actual) {
                by.extend(events);
                continue;
            }
            let granted = |f: &&Force<'_>| (f.grant.event, (f.grant.from.unix(), f.grant.to.unix()));
            if self.cover(fitting.iter().map(granted).collect()).is_some() {
                cut.extend(fitting.iter().flat_map(|force| force.cut_by.iter().copied()));
            } else {
                short.extend(fitting.iter().map(|force| (force.grant.event, Refusal::OutOfPeriod)));
                short.extend(
                    counting
                        .iter()
                        .filter(|f| !self.covers(f.grant, item))
                        .map(|f| (f.grant.event, Refusal::OutOfScope)),
                );
            }
            if cut.is_empty() && short.is_empty() {
                return Standing::NotAccredited(refused);
            }
        }
        if !short.is_empty() {
            let mut all = refused;
            all.extend(short);
            return Standing::NotAccredited(unique(all));
        }
        if cut.is_empty() { Standing::Accredited(unique(by)) } else { Standing::Suspended(unique(cut)) }
    }

    /// The events whose periods together cover the question's, second by second.
    fn cover(&self, mut periods: Vec<(EventId, (i64, i64))>) -> Option<Vec<EventId>> {
        periods.sort_by_key(|(_, period)| *period);
        let (mut next, last) = (self.question.from.unix(), self.question.to.unix());
        let mut used = Vec::new();
        for (event, (from, to)) in periods {
            if next > last || from > next {
                break;
            }
            if to >= next {
                next = to + 1;
                used.push(event);
            }
        }
        (next > last).then_some(used)
    }
}

/// Whether a list that limits only where it is not empty lets a value through.
fn in_list<T: PartialEq>(list: &[T], value: Option<T>) -> bool {
    list.is_empty() || value.is_none_or(|value| list.contains(&value))
}

fn unique<T: PartialEq>(items: Vec<T>) -> Vec<T> {
    items.into_iter().fold(Vec::new(), |mut seen, item| {
        if !seen.contains(&item) {
            seen.push(item);
        }
        seen
    })
}
