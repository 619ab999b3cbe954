//! Who is accredited for what, when, by somebody the verifier trusts.
//!
//! An accreditation counts where its issuer is an authority of the trust file for that scheme, country and process; its
//! scope covers the process, method, matrix and analytes; and it is in force over the *whole* period asked about.
//! Several may join: renewals one after the other, or one per process. It does not count where
//! - it is known bad, or was withdrawn by its issuer as a statement;
//! - it was recorded after the moment of judgement;
//! - its key is reported to have been in other hands when it was recorded;
//! - the authority's key chain at hand lacks the event that the trust file asks for.
//!
//! A suspension takes effect at its `valid_from` and lasts until a reinstatement's; a withdrawal lasts for good. Both
//! count only from the issuer of the grant. They are believed whatever became of the key: they only take away.
//!
//! Does not establish that the authority was right, nor that no suspension was left out: the latter needs completeness.

mod judge;

use super::trust::Trust;
use crate::event::{AccreditAction, AccreditScope, Body, Event, Form, Method, Process, Scheme, Subject};
use crate::state::{Position, View, ViewError};
use crate::value::{Analyte, Country, DigestMap, EventId, KeyId, PartyId, Time};
use judge::Judge;
use std::fmt;

/// What is asked: is the subject accredited under a scheme for all of this, over the whole period?
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Whom or what it is about.
    pub subject: Subject,
    /// Under which scheme.
    pub scheme: Scheme,
    /// Where the subject is.
    pub country: Option<Country>,
    /// Processes that must each be in scope.
    pub processes: &'a [Process],
    /// Test method that must be in scope.
    pub method: Option<Method>,
    /// Matrix that must be in scope.
    pub matrix: Option<Form>,
    /// Analytes that must each be in scope.
    pub analytes: &'a [Analyte],
    /// First moment.
    pub from: Time,
    /// Last moment.
    pub to: Time,
}

/// Why an accreditation does not answer the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// Its issuer is not trusted for this.
    NotTrusted,
    /// It does not cover the process, method, matrix or an analyte.
    OutOfScope,
    /// It is not in force over the whole period.
    OutOfPeriod,
    /// Its issuer withdrew the statement.
    Withdrawn,
    /// It was recorded after the moment of judgement.
    Later,
    /// Its key is reported to have been in other hands.
    KeyCompromised,
    /// The key chain at hand lacks the event that the trust file asks for.
    KeyChain,
    /// It, its key or its issuer is known bad.
    KnownBad,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NotTrusted => "its issuer is not trusted for this",
            Self::OutOfScope => "it does not cover this",
            Self::OutOfPeriod => "it is not in force over the whole period",
            Self::Withdrawn => "its issuer withdrew it",
            Self::Later => "it was recorded after the moment of judgement",
            Self::KeyCompromised => "its key is reported to have been in other hands",
            Self::KeyChain => "the key chain of its issuer is not complete enough",
            Self::KnownBad => "it is known bad",
        })
    }
}

/// The answer, with the events that decide it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Accredited over the whole period; none are named where the trust file itself vouches.
    Accredited(Vec<EventId>),
    /// It would be, but for these suspensions or withdrawals.
    Suspended(Vec<EventId>),
    /// Not accredited; what there is and why it does not count.
    NotAccredited(Vec<(EventId, Refusal)>),
}

impl Standing {
    /// Whether it is accredited.
    #[must_use]
    pub const fn is_accredited(&self) -> bool {
        matches!(self, Self::Accredited(_))
    }
}

#[derive(Debug, Clone)]
struct Action {
    event: EventId,
    kind: AccreditAction,
    from: Time,
    recorded_at: Time,
}

#[derive(Debug, Clone)]
struct Grant {
    event: EventId,
    by: PartyId,
    kid: KeyId,
    recorded_at: Time,
    scheme: Scheme,
    scope: AccreditScope,
    from: Time,
    to: Time,
    actions: Vec<Action>,
}

/// What a subject is found under: its event, and the output number of a lot.
type SubjectKey = (EventId, Option<u8>);

fn key_of(subject: &Subject) -> SubjectKey {
    match subject {
        Subject::Party(id) => ((*id).into(), None),
        Subject::Facility(id) => ((*id).into(), None),
        Subject::Lot(id) => (id.event, Some(id.output)),
    }
}

/// Every accreditation seen so far, by subject.
#[derive(Debug, Clone, Default)]
pub struct Accreditations {
    grants: Vec<Grant>,
    by_subject: DigestMap<SubjectKey, Vec<usize>>,
    by_event: DigestMap<EventId, usize>,
}

impl Accreditations {
    /// Takes in an applied event; others than `accredit` are passed over.
    pub fn observe(&mut self, event: &Event, at: &Position) {
        let Body::Accredit(body) = &event.payload.body else { return };
        match (body.action, body.scheme, body.grant) {
            (AccreditAction::Grant, Some(scheme), _) => {
                let number = self.grants.len();
                self.by_event.insert(event.id, number);
                self.by_subject.entry(key_of(&body.subject)).or_default().push(number);
                self.grants.push(Grant {
                    event: event.id,
                    by: event.issuer(),
                    kid: event.kid,
                    recorded_at: at.recorded_at,
                    scheme,
                    scope: body.scope.clone().unwrap_or_default(),
                    from: body.valid_from,
                    to: body.valid_to.unwrap_or(Time::MAX),
                    actions: Vec::new(),
                });
            }
            (kind, _, Some(grant)) => {
                let found = self.by_event.get(&grant).and_then(|number| self.grants.get_mut(*number));
                if let Some(grant) = found.filter(|grant| grant.by == event.issuer()) {
                    let (from, recorded_at) = (body.valid_from, at.recorded_at);
                    grant.actions.push(Action { event: event.id, kind, from, recorded_at });
                }
            }
            _ => {}
        }
    }

    /// Answers a question at a moment of judgement.
    ///
    /// # Errors
    /// State could not be read.
    pub fn standing(
        &self,
        question: &Question<'_>,
        trust: &Trust,
        view: &dyn View,
        as_of: Time,
    ) -> Result<Standing, ViewError> {
        let numbers = self.by_subject.get(&key_of(&question.subject)).map_or(&[][..], Vec::as_slice);
        let grants = numbers.iter().filter_map(|number| self.grants.get(*number));
        let judge = Judge { question, trust, view, as_of };
        let (mut counting, mut refused) = (Vec::new(), Vec::new());
        for grant in grants.filter(|grant| grant.scheme == question.scheme) {
            match judge.refusal(grant)? {
                Some(why) => refused.push((grant.event, why)),
                None => counting.push(judge.in_force(grant)?),
            }
        }
        Ok(judge.conclude(&counting, refused))
    }

    /// Whether a laboratory is competent for what an assay says: by the trust file itself, or by an accreditation of the
    /// party or of its facility.
    ///
    /// # Errors
    /// State could not be read.
    pub fn laboratory(
        &self,
        party: PartyId,
        question: &Question<'_>,
        trust: &Trust,
        view: &dyn View,
        as_of: Time,
    ) -> Result<Standing, ViewError> {
        if question.method.is_some_and(|method| trust.laboratory(&party, method, question.analytes).is_some()) {
            return Ok(Standing::Accredited(Vec::new()));
        }
        let own = self.standing(question, trust, view, as_of)?;
        if own.is_accredited() || question.subject == Subject::Party(party) {
            return Ok(own);
        }
        let of_party = Question { subject: Subject::Party(party), ..*question };
        let other = self.standing(&of_party, trust, view, as_of)?;
        let better = other.is_accredited() || matches!(own, Standing::NotAccredited(ref why) if why.is_empty());
        Ok(if better { other } else { own })
    }
}

#[cfg(test)]
mod tests;
