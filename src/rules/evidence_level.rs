//! How well a place, a time or a laboratory's competence is evidenced, for a verifier and a moment of judgement.
//!
//! Levels are computed from what *others* state and from the trust file; nothing that the party concerned says of its own
//! evidence raises one. A place is
//! - `accredited` where an authority that the trust file names for site location in that country and for the process vouches
//!   for the facility over the whole period, suspensions honoured ([`Accreditations`]);
//! - `countersigned` where receivers who are unrelated to the party, and whose identity is vouched for by somebody trusted
//!   when they received, state in clear that they took the goods over at that place, every lot of them;
//! - `documented` where a document is held by its digest whose named issuer is neither the party nor related to it;
//! - `declared` otherwise. Parties, facilities and keys that the trust file calls bad are never more.
//!
//! *Unrelated* is: in no common group of the trust file; a party without group is unrelated to everybody else.
//!
//! Does not establish that the place is where it is said to be: findings that speak against it are kept beside the level.

use super::accreditation::{Accreditations, Question, Standing};
use super::trust::Trust;
use crate::event::{Document, Process, Scheme, Subject, When};
use crate::finding::{Code, Finding, Reason};
use crate::state::{View, ViewError};
use crate::value::closed_enum::closed_enum;
use crate::value::{EventId, FacilityId, KeyId, PartyId, Time};

closed_enum!(
    /// How well a place is evidenced, weakest first.
    PlaceLevel, "an evidence level of a place", {
        Declared = "declared", "the operator's word";
        Documented = "documented", "a third party's document, held by digest, whose issuer is named";
        Countersigned = "countersigned", "an unrelated receiver of trusted identity states that it took the goods over there";
        Accredited = "accredited", "an authority of the trust file vouches for the facility, in scope and over the whole period";
    }
);

closed_enum!(
    /// How well a time is bounded from above, weakest first.
    TimeLevel, "an evidence level of a time", {
        Declared = "declared", "the issuer's and the operator's word";
        Pinned = "pinned", "an unrelated ledger of the trust file imported it";
        Witnessed = "witnessed", "a checkpoint that covers it is cosigned by enough witnesses of the trust file";
    }
);

/// How well it is evidenced that a step took place where it is said to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceEvidence {
    /// The level reached.
    pub level: PlaceLevel,
    /// What it rests on.
    pub why: Vec<Reason>,
    /// What would raise it to `accredited`, in a sentence; empty where it is.
    pub needed: Vec<String>,
    /// Findings that contradict the place: the point outside its country or fence, another operator's, over capacity.
    pub against: Vec<Finding>,
}

/// A step whose place is asked about.
#[derive(Debug, Clone, Copy)]
pub struct AtPlace<'a> {
    /// Who states it.
    pub by: PartyId,
    /// With which key.
    pub kid: KeyId,
    /// Where.
    pub facility: FacilityId,
    /// What was done there.
    pub processes: &'a [Process],
    /// When, with corrections.
    pub when: When,
}

/// A document, with the event that holds it.
pub type Attached<'a> = (EventId, &'a Document);

/// A receipt of all the goods of a step that names the place where they were taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenOver {
    /// The receipt.
    pub event: EventId,
    /// The receiver.
    pub by: PartyId,
    /// The receiver's key.
    pub kid: KeyId,
    /// When it was received.
    pub when: When,
}

/// What levels are computed from.
#[derive(Clone, Copy)]
pub struct Levels<'a> {
    /// All accreditations at hand.
    pub accreditations: &'a Accreditations,
    /// State after the last event.
    pub view: &'a dyn View,
    /// Whom the verifier trusts.
    pub trust: &'a Trust,
    /// The moment of judgement.
    pub as_of: Time,
}

fn because(text: impl std::fmt::Display, events: Vec<EventId>) -> Reason {
    Reason { text: text.to_string(), code: None, events }
}

impl Levels<'_> {
    /// The level of a place. `receipts` are one list for each lot of the step's goods.
    ///
    /// # Errors
    /// State could not be read.
    pub fn place(
        &self,
        at: &AtPlace<'_>,
        documents: &[Attached<'_>],
        receipts: &[Vec<TakenOver>],
        against: Vec<Finding>,
    ) -> Result<PlaceEvidence, ViewError> {
        let standing = self.site(at)?;
        if let (Standing::Accredited(events), false) = (&standing, self.is_bad(at)) {
            let why = vec![because("a trusted authority vouches for the site", events.clone())];
            return Ok(PlaceEvidence { level: PlaceLevel::Accredited, why, needed: Vec::new(), against });
        }
        let mut why = Vec::new();
        let level = if self.is_bad(at) {
            why.push(because("the trust file calls the party, its key or the facility bad", vec![at.facility.into()]));
            PlaceLevel::Declared
        } else if let Some(reason) = self.countersigned(at, receipts)? {
            why.push(reason);
            PlaceLevel::Countersigned
        } else {
            let documents = self.third_party(&at.by, documents)?;
            let level = if documents.is_empty() { PlaceLevel::Declared } else { PlaceLevel::Documented };
            why.extend(documents);
            level
        };
        if why.is_empty() {
            why.push(because("the word of the party alone", vec![at.by.into()]));
        }
        why.extend(lacking(&standing));
        Ok(PlaceEvidence { level, why, needed: vec![needed(at)], against })
    }

    /// The level that documents give to what a party states of others, and what it rests on.
    ///
    /// # Errors
    /// State could not be read.
    pub fn documents(&self, by: &PartyId, documents: &[Attached<'_>]) -> Result<(PlaceLevel, Vec<Reason>), ViewError> {
        let found = self.third_party(by, documents)?;
        let level = if found.is_empty() { PlaceLevel::Declared } else { PlaceLevel::Documented };
        Ok((level, found))
    }

    /// Whether somebody trusted vouches for a party's identity over a period.
    ///
    /// # Errors
    /// State could not be read.
    pub fn identity(&self, party: &PartyId, when: When) -> Result<bool, ViewError> {
        let country = self.view.party(party)?.map(|record| record.country);
        let question = question(Subject::Party(*party), Scheme::PartyIdentity, country, &[], when);
        let standing = self.accreditations.standing(&question, self.trust, self.view, self.as_of)?;
        Ok(standing.is_accredited() && !self.trust.is_bad_party(party))
    }

    fn site(&self, at: &AtPlace<'_>) -> Result<Standing, ViewError> {
        let country = self.view.facility(&at.facility)?.map(|record| record.facility.country);
        let subject = Subject::Facility(at.facility);
        let question = question(subject, Scheme::SiteLocation, country, at.processes, at.when);
        self.accreditations.standing(&question, self.trust, self.view, self.as_of)
    }

    fn is_bad(&self, at: &AtPlace<'_>) -> bool {
        let trust = self.trust;
        trust.is_bad_facility(&at.facility) || trust.is_bad_party(&at.by) || trust.is_bad_key(&at.kid)
    }

    /// Every lot of the goods was taken over at the place by somebody who counts.
    fn countersigned(&self, at: &AtPlace<'_>, receipts: &[Vec<TakenOver>]) -> Result<Option<Reason>, ViewError> {
        let mut events = Vec::new();
        for of_lot in receipts {
            let mut counting = None;
            for receipt in of_lot {
                let unrelated = !self.trust.are_related(&receipt.by, &at.by);
                if unrelated && !self.trust.is_bad_key(&receipt.kid) && self.identity(&receipt.by, receipt.when)? {
                    counting = Some(receipt.event);
                    break;
                }
            }
            let Some(event) = counting else { return Ok(None) };
            events.push(event);
        }
        events.sort_unstable();
        events.dedup();
        let text = "receivers of trusted identity, unrelated to the party, took the goods over there";
        Ok((!events.is_empty()).then(|| because(text, events)))
    }

    /// Documents whose named issuer is somebody else.
    fn third_party(&self, by: &PartyId, documents: &[Attached<'_>]) -> Result<Vec<Reason>, ViewError> {
        let own_name = self.view.party(by)?.map(|record| fold(record.name.as_str()));
        let counts = |document: &Document| match (&document.issuer_party, &document.issuer) {
            (Some(party), _) => !self.trust.are_related(party, by) && !self.trust.is_bad_party(party),
            (None, Some(name)) => own_name.as_deref() != Some(fold(name.as_str()).as_str()),
            (None, None) => false,
        };
        let found = documents.iter().filter(|(_, document)| counts(document));
        Ok(found
            .map(|(event, document)| {
                let issuer = match (&document.issuer, &document.issuer_party) {
                    (Some(name), _) => name.to_string(),
                    (None, Some(party)) => format!("party {party}"),
                    (None, None) => String::new(),
                };
                because(format_args!("a document of {issuer}: {}", document.kind.words()), vec![*event])
            })
            .collect())
    }
}

/// A name as far as two spellings of it are told apart: letter case and spaces are not.
fn fold(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn question(
    subject: Subject,
    scheme: Scheme,
    country: Option<crate::value::Country>,
    processes: &[Process],
    when: When,
) -> Question<'_> {
    let (from, to) = (when.start(), when.end());
    Question { subject, scheme, country, processes, method: None, matrix: None, analytes: &[], from, to }
}

/// What there is, and why it does not count.
fn lacking(standing: &Standing) -> Vec<Reason> {
    match standing {
        Standing::Accredited(_) => Vec::new(),
        Standing::Suspended(by) => {
            let text = "an accreditation of the site that was suspended or withdrawn at that time".to_owned();
            vec![Reason { text, code: Some(Code::AccreditationSuspended), events: by.clone() }]
        }
        Standing::NotAccredited(why) => {
            let reason = |(event, why): &(EventId, super::accreditation::Refusal)| Reason {
                text: format!("an accreditation of the site that does not count: {why}"),
                code: Some(Code::SiteNotAccredited),
                events: vec![*event],
            };
            why.iter().map(reason).collect()
        }
    }
}

/// What would prove a place.
fn needed(at: &AtPlace<'_>) -> String {
    let processes: Vec<&str> = at.processes.iter().map(|process| process.as_str()).collect();
    let scope = if processes.is_empty() { "in force".to_owned() } else { format!("covering {}", listed(&processes)) };
    format!("an accreditation of facility {} by an authority you trust, {scope} {}", at.facility, on(at.when))
}

/// `a`, `a and b`, `a, b and c`.
fn listed(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, first)) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => words.join(", "),
    }
}

/// A day or a period in words.
#[must_use]
pub fn on(when: When) -> String {
    let (from, to) = (when.start().date(), when.end().date());
    if from == to { format!("on {from}") } else { format!("from {from} to {to}") }
}

/// The level of a time of recording: `cosigned` and `pinned` are the sizes of the ledger up to which enough witnesses, or an
/// unrelated ledger that counts, hold it.
#[must_use]
pub const fn time_level(index: u64, cosigned: u64, pinned: u64) -> TimeLevel {
    if index < cosigned {
        TimeLevel::Witnessed
    } else if index < pinned {
        TimeLevel::Pinned
    } else {
        TimeLevel::Declared
    }
}

#[cfg(test)]
mod tests;
