//! Playing a batch: each step resolved, recorded, and compared with what the file expects.
//!
//! One player for `oretrail record --file` (over the ledger's writer), for the demo, and for tests (over [`InMemory`]):
//! they differ in their [`Recorder`] alone. A file with `simulated = true` carries its own clock and makes its own keys,
//! derived from a seed that the caller passes and the name of their party; it is played into a new ledger only, and its
//! keys and times are worth nothing beyond it. Names of its parties and added keys are also names of keys: at most 64
//! lower-case letters, digits, `-`, `_` and `.`, a letter or digit first.
//!
//! In scope: order, names, simulated keys and times, expected refusals. Not in scope: signing, admission and storage (the
//! recorder), all-or-nothing (the recorder's caller commits or drops what it planned).

mod memory;
mod planning;
mod trust;

pub use memory::InMemory;
pub use planning::Planning;
pub use trust::{NoParty, trust_of};

use super::batch::{self, BatchError, Context, Header, Names, Problem, Resolver, Step};
use crate::event::{Body, Kind};
use crate::finding::{Code, Finding};
use crate::ledger::{Draft, Judgement};
use crate::state::View;
use crate::value::{EventId, Jwk, KeyId, LedgerId, LotId, PartyId, PublicKey, Text, Time};
use ed25519_dalek::SigningKey;
use std::collections::BTreeSet;

/// Why a recorder could not do what it was asked; not a statement about the event.
pub type RecordError = Box<dyn std::error::Error + Send + Sync>;

/// Whoever signs, admits and keeps events.
///
/// Contract: `record` signs the draft at its place in the feed, and records the event unless a finding refuses it; after
/// it, `view` and `names().lot` know the event. A refused draft leaves everything as it was.
pub trait Recorder {
    /// The ledger.
    fn ledger(&self) -> LedgerId;
    /// State after what was recorded so far.
    fn view(&self) -> &dyn View;
    /// Names of what was recorded before this batch.
    fn names(&self) -> &dyn Names;
    /// Takes a key that may sign from now on.
    fn hold(&mut self, name: &str, key: SigningKey) -> Result<(), RecordError>;
    /// Creates the ledger: its operator's registration and its `ledger` event.
    fn create(&mut self, operator: &Draft, origin: &Text, at: Time) -> Result<EventId, RecordError>;
    /// Records an event, at a time of recording where one is given.
    fn record(&mut self, draft: &Draft, at: Option<Time>) -> Result<Judgement, RecordError>;
}

/// A step that was played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// Number of the step in its file, counted from 1.
    pub step: u64,
    /// Its local name.
    pub name: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// The event; recorded unless `refused`.
    pub event: EventId,
    /// The code of the expected refusal.
    pub refused: Option<Code>,
    /// What admission found.
    pub findings: Vec<Finding>,
}

/// Why a batch was not played to its end.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The batch cannot be read or resolved.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// A step is refused by a rule.
    #[error("{at}: refused: {}", listed(.findings))]
    Refused {
        /// Where.
        at: String,
        /// The event that would have been recorded.
        event: EventId,
        /// All findings, refusals and others.
        findings: Vec<Finding>,
    },
    /// Admission found something else than the file expects.
    #[error("{at}: expected finding {expected}, found {}", listed(.findings))]
    Unexpected {
        /// Where.
        at: String,
        /// The code that is expected.
        expected: Code,
        /// What was found.
        findings: Vec<Finding>,
    },
    /// The recorder failed.
    #[error("{at}: {error}")]
    Recorder {
        /// Where.
        at: String,
        /// Why.
        error: RecordError,
    },
}

fn listed(findings: &[Finding]) -> String {
    let texts: Vec<String> = findings.iter().map(ToString::to_string).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join("; ") }
}

/// Seed of the keys of a simulated file.
pub type Seed = [u8; 32];

/// The key of a simulated file for a local name. It is as secret as the seed: for a published file, not at all.
#[must_use]
pub fn simulated_key(seed: &Seed, name: &str) -> SigningKey {
    let mut hasher = blake3::Hasher::new_derive_key("oretrail 2026-11 simulated key v1");
    hasher.update(seed).update(name.as_bytes());
    SigningKey::from_bytes(hasher.finalize().as_bytes())
}

/// The name of the log key of a simulated ledger.
pub const LOG_KEY: &str = "log";

/// The names of the keys that simulated steps make and use; [`LOG_KEY`] is not among them.
#[must_use]
pub fn key_names(steps: &[Step]) -> BTreeSet<String> {
    let made = steps.iter().filter(|step| makes_key(step)).filter_map(|step| step.members.name.clone());
    let used = steps.iter().filter_map(|step| step.members.signed_with.clone());
    made.chain(used.filter(|name| name.parse::<KeyId>().is_err())).collect()
}

/// Whether a step introduces a key and does not hold it.
fn makes_key(step: &Step) -> bool {
    let action = step.body.get("action").and_then(serde_json::Value::as_str);
    let introduces =
        step.kind() == Kind::Party || (step.kind() == Kind::Key && matches!(action, Some("add" | "rotate")));
    introduces && !step.body.contains_key("key")
}

/// Plays the steps of one file.
pub struct Player<'a, R> {
    recorder: &'a mut R,
    header: Header,
    seed: Option<Seed>,
    now: Option<Time>,
    last: Option<Time>,
    is_new: bool,
    resolver: Resolver,
}

/// How long after it happened a simulated step is recorded, in seconds.
const RECORDING_DELAY: i64 = 3_600;

impl<'a, R: Recorder> Player<'a, R> {
    /// A player of a file into a recorder.
    ///
    /// `seed` must be given for a simulated file and for no other: it says that the caller means to simulate. `now` is the
    /// time of steps that do not say when they happened.
    pub fn new(header: Header, recorder: &'a mut R, seed: Option<Seed>, now: Option<Time>) -> Result<Self, BatchError> {
        let problem = match (header.simulated, seed, header.ledger.is_some()) {
            (true, None, _) => "expected a batch of real events, found a simulated one; `oretrail demo` plays it",
            (false, Some(_), _) => "expected a simulated batch, found one of real events",
            (false, None, true) => "expected `ledger` in simulated batches only; `oretrail init` creates a ledger",
            _ => {
                let (last, resolver) = (None, Resolver::default());
                return Ok(Self { recorder, header, seed, now, last, is_new: true, resolver });
            }
        };
        Err(BatchError::new(batch::At::default(), Problem::Member(problem.to_owned())))
    }

    /// Goes on with the names that an earlier part of the file gave.
    #[must_use]
    pub fn knowing(mut self, names: Resolver) -> Self {
        self.resolver = names;
        self
    }

    /// What is named so far, for the next part of the file.
    #[must_use]
    pub fn into_names(self) -> Resolver {
        self.resolver
    }

    /// Plays one step; several events where it stands for several.
    pub fn play(&mut self, step: Step) -> Result<Vec<Played>, PlayError> {
        batch::expand(step)?.into_iter().map(|step| self.play_one(step)).collect()
    }

    /// The lot that the file is about, as far as it was made.
    #[must_use]
    pub fn subject(&self) -> Option<LotId> {
        self.lot(self.header.subject.as_ref()?)
    }

    /// The party that the file's subject was sent to.
    #[must_use]
    pub fn recipient(&self) -> Option<PartyId> {
        self.resolver.party_named(self.header.recipient.as_ref()?)
    }

    /// The lot of a local name.
    #[must_use]
    pub fn lot(&self, name: &str) -> Option<LotId> {
        self.resolver.lot_named(name)
    }

    /// The party of a local name.
    #[must_use]
    pub fn party(&self, name: &str) -> Option<PartyId> {
        self.resolver.party_named(name)
    }

    fn play_one(&mut self, mut step: Step) -> Result<Played, PlayError> {
        if let Some(error) = step.misplaced() {
            return Err(error.into());
        }
        self.simulate(&mut step)?;
        let context = Context {
            ledger: self.recorder.ledger(),
            names: self.recorder.names(),
            view: self.recorder.view(),
            now: self.now,
        };
        let draft = self.resolver.resolve(&step, &context)?;
        let at = self.recording_time(&step, &draft);
        let recorded = match self.header.ledger.clone().filter(|_| std::mem::take(&mut self.is_new)) {
            Some(ledger) => self.create(&step, &draft, &ledger, at)?,
            None => self.recorder.record(&draft, at).map_err(|error| fault(&step, error))?,
        };
        check_findings(&step, &recorded)?;
        if !recorded.is_refused() {
            self.last = at.or(self.last);
            self.resolver.recorded(&step, &draft, recorded.event);
        }
        Ok(Played {
            step: step.number,
            name: step.members.name,
            kind: draft.body.kind(),
            event: recorded.event,
            refused: step.members.expect_refused,
            findings: recorded.findings,
        })
    }

    /// The first step of a file with a new ledger registers its operator.
    fn create(
        &mut self,
        step: &Step,
        draft: &Draft,
        ledger: &batch::NewLedger,
        at: Option<Time>,
    ) -> Result<Judgement, PlayError> {
        let is_operator = matches!(draft.body, Body::Party(_)) && step.members.name.as_ref() == Some(&ledger.operator);
        let (true, Some(at)) = (is_operator, at) else {
            let problem = format!("expected the registration of the operator, `{}`, as first step", ledger.operator);
            return Err(step.error("", Problem::Member(problem)).into());
        };
        let event = self.recorder.create(draft, &ledger.origin, at).map_err(|error| fault(step, error))?;
        Ok(Judgement { event, findings: Vec::new() })
    }

    /// Makes the keys that a simulated step needs; refuses simulation elsewhere.
    fn simulate(&mut self, step: &mut Step) -> Result<(), PlayError> {
        let Some(seed) = self.seed else {
            let only = |member: &str, why: &str| {
                let problem = format!("expected `{member}` in simulated batches only: {why}");
                Err(step.error(format!("/{member}"), Problem::Member(problem)).into())
            };
            return match (step.members.recorded_at, &step.members.twin_of) {
                (Some(_), _) => only("recorded_at", "the ledger's clock says it"),
                (None, Some(_)) => only("twin_of", "no honest event takes the place of another"),
                (None, None) => Ok(()),
            };
        };
        if let Some(name) = step.members.signed_with.clone().filter(|name| name.parse::<KeyId>().is_err())
            && !self.resolver.knows_key(&name)
        {
            self.make_key(step, &seed, &name)?;
        }
        if makes_key(step) {
            let Some(name) = step.members.name.clone() else {
                let hint = "name the step; the name is that of its key too";
                return Err(step.error("", Problem::Missing { member: "as", hint }).into());
            };
            let key = self.make_key(step, &seed, &name)?;
            let jwk = serde_json::to_value(Jwk::from(key)).map_err(|error| fault(step, error.into()))?;
            step.body.insert("key".to_owned(), jwk);
        }
        Ok(())
    }

    fn make_key(&mut self, step: &Step, seed: &Seed, name: &str) -> Result<PublicKey, PlayError> {
        let key = simulated_key(seed, name);
        let public = PublicKey::from(&key);
        self.recorder.hold(name, key).map_err(|error| fault(step, error))?;
        self.resolver.name_key(name, public.id());
        Ok(public)
    }

    /// The time of recording of a simulated step, never before that of the step before.
    fn recording_time(&self, step: &Step, draft: &Draft) -> Option<Time> {
        self.seed?;
        let usual = draft.when.end().plus(RECORDING_DELAY);
        let at = step.members.recorded_at.unwrap_or(usual);
        Some(self.last.map_or(at, |last| if step.members.recorded_at.is_some() { at } else { at.max(last) }))
    }
}

fn fault(step: &Step, error: RecordError) -> PlayError {
    PlayError::Recorder { at: step.error("", Problem::Read(String::new())).at.to_string(), error }
}

/// Compares what admission found with what the file expects.
fn check_findings(step: &Step, recorded: &Judgement) -> Result<(), PlayError> {
    let at = || step.error("", Problem::Read(String::new())).at.to_string();
    let findings = || recorded.findings.clone();
    let has = |code: &Code| recorded.findings.iter().any(|finding| finding.code == *code);
    let refusal = step.members.expect_refused;
    if let Some(expected) = refusal.iter().chain(&step.members.expect).find(|code| !has(code)) {
        return Err(PlayError::Unexpected { at: at(), expected: *expected, findings: findings() });
    }
    match (refusal, recorded.is_refused()) {
        (Some(expected), false) => Err(PlayError::Unexpected { at: at(), expected, findings: findings() }),
        (None, true) => Err(PlayError::Refused { at: at(), event: recorded.event, findings: findings() }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
