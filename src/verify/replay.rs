//! Replay: a ledger's entries from the first to the last, each parsed, linked, checked and applied.
//!
//! The same steps whether a whole ledger is audited, a ledger is opened without an index, or an entry is appended:
//! entry → link → event with disclosures → signature → admission → state. An entry that `chain` or `custody` refuse is
//! recorded but moves nothing; any other breach marks it, and custody still moves.
//!
//! In scope: everything that follows from the entries in order. Not in scope: the tree and its checkpoints (`tlog`, checked
//! by the caller against [`Replay::frontier`]), review (`rules`), reading files (`ledger`).

use crate::envelope::{Disclosure, Jws, Typ, open};
use crate::event::{Body, Event};
use crate::finding::{Code, Finding};
use crate::keyring::{Item, Keyring};
use crate::rules::{Admission, admit};
use crate::state::{Delta, Memory, Position, Put, View, ViewError, apply};
use crate::tlog::entry::{self, EntryRef};
use crate::tlog::tree::{Frontier, leaf_hash};
use crate::value::{Blake3, DigestMap, EventId, KeyId, LedgerId, PublicKey, Sha256, Signature, Time};
use rayon::prelude::*;
use std::borrow::Cow;

/// An entry as stored, with the disclosures kept for it.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    /// The entry's bytes.
    pub entry: &'a [u8],
    /// Disclosures of its event, base64url.
    pub disclosures: &'a [String],
}

/// What came of one entry.
#[derive(Debug, Clone)]
pub struct Entered {
    /// Where and when it is recorded; the time is the last entry's where the entry cannot be read.
    pub at: Position,
    /// The hash of the entry as a leaf of the tree.
    pub leaf: Sha256,
    /// Its event, where the bytes are one.
    pub event: Option<Event>,
    /// What admission found.
    pub findings: Vec<Finding>,
    /// Records it puts; none where the replay's state is memory, which has taken them in.
    pub delta: Delta,
}

/// One entry read and ready for admission: the part that needs no state and runs on all processors.
pub(super) struct Prepared<'a> {
    pub(super) recorded_at: Option<Time>,
    pub(super) prev: Option<Blake3>,
    pub(super) link: Blake3,
    pub(super) leaf: Sha256,
    pub(super) event: Result<Opened<'a>, Box<Finding>>,
}

/// An event with the signature over it.
pub(super) struct Opened<'a> {
    pub(super) event: Box<Event>,
    /// What is signed, as it lies in the entry.
    pub(super) message: Cow<'a, [u8]>,
    pub(super) signature: Signature,
    pub(super) misfit: Option<Box<Finding>>,
}

impl Prepared<'_> {
    /// Without the entry that it was read from: with what is signed, or without that too.
    fn kept(self, with_message: bool) -> Prepared<'static> {
        self.on(|message| Cow::Owned(if with_message { message.into_owned() } else { Vec::new() }))
    }

    /// With what is signed as it lies in another copy of the JWT.
    pub(super) fn within(self, jwt: &str) -> Prepared<'_> {
        self.on(|message| Cow::Borrowed(jwt.as_bytes().get(..message.len()).unwrap_or_default()))
    }

    fn on<'b>(self, place: impl FnOnce(Cow<'_, [u8]>) -> Cow<'b, [u8]>) -> Prepared<'b> {
        let Self { recorded_at, prev, link, leaf, event } = self;
        let event = event.map(|opened| {
            let Opened { event, message, signature, misfit } = opened;
            Opened { event, message: place(message), signature, misfit }
        });
        Prepared { recorded_at, prev, link, leaf, event }
    }
}

/// Where a replay stands.
pub struct Replay<V> {
    ledger: LedgerId,
    view: V,
    frontier: Frontier,
    last_link: Blake3,
    last_time: Option<Time>,
    ahead: Ahead,
}

/// Reads entries and verifies signatures ahead of a replay, which may still be entering earlier ones.
///
/// A key id is the digest of its key, so a key that fits the id is the key meant: signatures are verified by the keys that
/// events bring, before it is known whose they are and whether they may sign. Admission asks that.
#[derive(Default)]
pub struct Ahead {
    keyring: Keyring,
    keys: DigestMap<KeyId, PublicKey>,
}

/// An entry read ahead, with the verdict on its signature where its key is known by then.
pub struct Checked {
    /// What is signed is at hand where there is no verdict.
    prepared: Prepared<'static>,
    verdict: Option<(PublicKey, bool)>,
}

impl Ahead {
    /// Reads a run of entries, with the ids of their events as worked out from these bytes before, and verifies the signatures
    /// whose keys are among all those seen.
    pub(crate) fn check(&mut self, entries: &[Raw<'_>], ids: &[Option<EventId>]) -> Vec<Checked> {
        let prepared: Vec<Prepared<'_>> = entries.par_iter().zip(ids).map(|(raw, id)| prepare(raw, *id)).collect();
        self.learn(&prepared);
        self.verify(prepared)
    }

    fn learn(&mut self, prepared: &[Prepared<'_>]) {
        let events = prepared.iter().filter_map(|one| Some(&*one.event.as_ref().ok()?.event));
        self.keys.extend(events.flat_map(keys_in));
    }

    fn verify(&self, prepared: Vec<Prepared<'_>>) -> Vec<Checked> {
        let key_of = |one: &Prepared<'_>| self.keys.get(&one.event.as_ref().ok()?.event.kid).copied();
        let keys: Vec<Option<PublicKey>> = prepared.iter().map(key_of).collect();
        let item = |(key, one)| -> Option<Item<'_>> {
            let (key, one): (&Option<PublicKey>, &Prepared<'_>) = (key, one);
            let Opened { message, signature, .. } = one.event.as_ref().ok()?;
            Some(Item { key: key.as_ref()?, message, signature })
        };
        let items: Vec<Item<'_>> = keys.iter().zip(&prepared).filter_map(item).collect();
        let mut verdicts = self.keyring.verify_many(&items).into_iter();
        let checked = |(prepared, key): (Prepared<'_>, Option<PublicKey>)| {
            let verdict = key.and_then(|key| Some((key, verdicts.next()?)));
            Checked { prepared: prepared.kept(verdict.is_none()), verdict }
        };
        prepared.into_iter().zip(keys).map(checked).collect()
    }
}

/// The keys that an event brings, by their ids.
pub(crate) fn keys_in(event: &Event) -> impl Iterator<Item = (KeyId, PublicKey)> + use<> {
    let jwks = match &event.payload.body {
        Body::Party(party) => [Some(party.key), None],
        Body::Key(key) => [key.key, key.recovery.as_ref().map(|recovery| recovery.key)],
        _ => [None, None],
    };
    jwks.into_iter().flatten().map(|jwk| (jwk.id(), jwk.x))
}

impl Replay<Memory> {
    /// A replay from the first entry.
    #[must_use]
    pub fn new(ledger: LedgerId) -> Self {
        let (frontier, last_link) = (Frontier::new(), entry::first_prev(ledger));
        Self::resume(ledger, Memory::default(), frontier, last_link, None)
    }
}

impl<V: View + Put> Replay<V> {
    /// A replay that goes on after the entries that `view` and `frontier` stand for; `last_link` is the BLAKE3 of the last.
    pub fn resume(ledger: LedgerId, view: V, frontier: Frontier, last_link: Blake3, last_time: Option<Time>) -> Self {
        Self { ledger, view, frontier, last_link, last_time, ahead: Ahead::default() }
    }

    /// Enters a run of entries, in order.
    pub fn push(&mut self, entries: &[Raw<'_>]) -> Result<Vec<Entered>, ViewError> {
        let prepared: Vec<Prepared<'_>> = entries.par_iter().map(|raw| prepare(raw, None)).collect();
        self.ahead.learn(&prepared);
        for one in &prepared {
            let Ok(signed) = &one.event else { continue };
            let kid = signed.event.kid;
            if !self.ahead.keys.contains_key(&kid)
                && let Some(record) = self.view.key(&kid)?
            {
                self.ahead.keys.insert(kid, record.public);
            }
        }
        let checked = self.ahead.verify(prepared);
        let mut entered = Vec::with_capacity(checked.len());
        self.enter_all(checked, &mut |_, one| {
            entered.push(one);
            Ok(())
        })?;
        Ok(entered)
    }

    /// Enters entries that were read ahead, in order, and hands over what comes of each, with the state that took it in.
    pub fn enter_all(
        &mut self,
        checked: Vec<Checked>,
        took: &mut dyn FnMut(&mut V, Entered) -> Result<(), ViewError>,
    ) -> Result<(), ViewError> {
        for one in checked {
            let mut entered = self.enter(one.prepared, one.verdict)?;
            entered.delta = self.view.take(entered.delta);
            took(&mut self.view, entered)?;
        }
        Ok(())
    }

    /// State after the entries so far.
    pub fn view(&self) -> &V {
        &self.view
    }

    /// The state, at the end.
    pub fn into_view(self) -> V {
        self.view
    }

    /// The tree of the entries so far.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// BLAKE3 of the last entry; the ledger id where there is none.
    pub fn last_link(&self) -> Blake3 {
        self.last_link
    }

    /// When the last entry was recorded.
    pub fn last_time(&self) -> Option<Time> {
        self.last_time
    }

    fn enter(&mut self, prepared: Prepared<'_>, verdict: Option<(PublicKey, bool)>) -> Result<Entered, ViewError> {
        let index = self.frontier.size();
        let recorded_at = prepared.recorded_at.or(self.last_time).unwrap_or(Time::MIN);
        let at = Position { ledger: self.ledger, index, recorded_at };
        let link = check_link(index, prepared.prev, self.last_link);
        let after = self.last_time;
        self.frontier.append(prepared.leaf);
        self.last_link = prepared.link;
        self.last_time = Some(after.map_or(recorded_at, |after| after.max(recorded_at)));
        let signed = match prepared.event {
            Ok(signed) => signed,
            Err(finding) => {
                let findings = link.into_iter().chain([finding.at(format_args!("entry {index}"))]).collect();
                return Ok(Entered { at, leaf: prepared.leaf, event: None, findings, delta: Delta::new() });
            }
        };
        let check = |key: &PublicKey| match verdict {
            Some((known, is_valid)) if known == *key => is_valid,
            _ => self.ahead.keyring.verify(key, &signed.message, &signed.signature),
        };
        let admission = Admission { view: &self.view, at, after, event: &signed.event, signed_by: &check };
        let mut findings: Vec<Finding> = link.map(|finding| finding.on(signed.event.id)).into_iter().collect();
        findings.extend(signed.misfit.as_deref().cloned());
        findings.extend(admit(&admission)?);
        let admitted = !findings.iter().any(Finding::blocks);
        let recorded_before = self.view.event(&signed.event.id)?.is_some();
        let delta = if recorded_before { Delta::new() } else { apply(&self.view, &at, &signed.event, admitted)? };
        Ok(Entered { at, leaf: prepared.leaf, event: Some(*signed.event), findings, delta })
    }
}

fn check_link(index: u64, prev: Option<Blake3>, expected: Blake3) -> Option<Finding> {
    let prev = prev.filter(|prev| *prev != expected)?;
    let finding = Finding::new(Code::LinkBroken, format_args!("link {expected}"), prev);
    Some(finding.at(format_args!("entry {index}")))
}

pub(super) fn prepare<'a>(raw: &Raw<'a>, id: Option<EventId>) -> Prepared<'a> {
    let parsed = EntryRef::parse(raw.entry);
    let (recorded_at, prev) = match &parsed {
        Ok(entry) => (Some(entry.recorded_at), Some(entry.prev)),
        Err(_) => (None, None),
    };
    let (link, leaf) = (entry::link(raw.entry), leaf_hash(raw.entry));
    let event = parsed.map_err(|error| malformed(&error)).and_then(|entry| open_entry(entry.jwt, id, raw.disclosures));
    Prepared { recorded_at, prev, link, leaf, event }
}

fn malformed(problem: &dyn std::fmt::Display) -> Box<Finding> {
    Box::new(Finding::new(Code::Malformed, "an entry with an event of this format", problem))
}

/// Opens the event of an entry. Disclosures that do not fit are a finding, and the event is read without any: the signed
/// bytes stand by themselves, and who holds what never depends on a value that can be withheld.
fn open_entry<'a>(jwt: &'a str, id: Option<EventId>, disclosures: &[String]) -> Result<Opened<'a>, Box<Finding>> {
    let jws = Jws::parse(jwt, Typ::Event).map_err(|error| malformed(&error))?;
    let id = id.unwrap_or_else(|| jws.event_id());
    let jws = jws.with_id(id);
    let on = |finding: Finding| finding.on(id);
    let disclosures: Result<Vec<Disclosure>, _> = disclosures.iter().map(|text| Disclosure::parse(text)).collect();
    let shown = disclosures.map_err(|error| error.to_string());
    let shown = shown.and_then(|shown| open(&jws, &shown).map_err(|error| error.to_string()));
    let (event, problem) = match shown {
        Ok(event) => (event, None),
        Err(problem) => (open(&jws, &[]).map_err(|error| Box::new(on(*malformed(&error))))?, Some(problem)),
    };
    let expected = "disclosures that each fit one digest of the event";
    Ok(Opened {
        event: Box::new(event),
        message: Cow::Borrowed(jws.signing_input()),
        signature: *jws.signature(),
        misfit: problem.map(|problem| Box::new(on(Finding::new(Code::Disclosure, expected, problem)))),
    })
}
