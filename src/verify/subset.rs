//! Some entries of a log instead of all: what can be decided from them, and what cannot.
//!
//! The entries at hand are replayed through the same admission as a whole log, in order of their indexes. Where the rules
//! ask for what the entries at hand cannot answer, this is how they are asked:
//!
//! - A feed is taken to have reached the number before the event's own, unless an event at hand says otherwise: a gap is
//!   undecided, a fork or a wrong predecessor among the events at hand is found.
//! - Lots that an event moves along with those of the lineage are not judged, nor is what moved them before.
//! - Codes that need completeness ([`Reach::NeedsCompleteness`]) are found where somebody vouches for completeness
//!   ([`Scope::is_complete`]); otherwise they are *undecided*, and the event is applied as if it had been admitted.
//!
//! In scope: form, links between neighbours, leaf hashes, signatures, admission, state. Not in scope: which events belong
//! together (`bundle`), review ([`crate::rules`]), whom to trust.

use super::replay::{Opened, Prepared, Raw, keys_in, prepare};
use super::subset_view::SubsetView;
use crate::event::Event;
use crate::finding::{Code, Family, Finding, Reach};
use crate::keyring::{Item, Keyring};
use crate::rules::{Admission, admit};
use crate::state::{Memory, Position, Put as _, View as _, ViewError, apply};
use crate::tlog::entry::first_prev;
use crate::tlog::nodes::{TreeHead, check_nodes};
use crate::tlog::proof::ProofError;
use crate::tlog::tree::NodeMap;
use crate::value::{DigestMap, DigestSet, EventId, KeyId, LedgerId, LotId, PublicKey, Sha256, Time};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The most entries that a finding on the tree names.
const MOST_NAMED: usize = 16;

/// Entries of one ledger, read and hashed; nothing is known yet of their signatures.
pub struct Subset<'i> {
    ledger: LedgerId,
    entries: Vec<(u64, Prepared<'i>)>,
}

/// What the entries are judged for.
#[derive(Debug, Default, Clone)]
pub struct Scope {
    /// The lots of the lineage; others are named in passing.
    pub lots: DigestSet<LotId>,
    /// Events known to be left out.
    pub holes: BTreeSet<EventId>,
    /// Whether somebody vouches that nothing else is left out.
    pub is_complete: bool,
}

/// Verdicts on the signatures of a subset, in the order of its entries.
#[derive(Debug, Clone, Default)]
pub struct Verdicts(Vec<bool>);

impl Verdicts {
    /// All good: signatures that were verified elsewhere.
    #[must_use]
    pub fn all_good(subset: &Subset<'_>) -> Self {
        Self(vec![true; subset.entries.len()])
    }

    /// Whether every event of the subset is signed as it says.
    #[must_use]
    pub fn are_good(&self, subset: &Subset<'_>) -> bool {
        let mut verdicts = self.0.iter();
        subset.entries.iter().all(|(_, entry)| verdicts.next().is_some_and(|is_good| *is_good || entry.event.is_err()))
    }

    fn of(&self, number: usize) -> bool {
        self.0.get(number).copied().unwrap_or(false)
    }

    /// How many are good.
    #[must_use]
    pub fn good(&self) -> u64 {
        self.0.iter().map(|is_good| u64::from(*is_good)).sum()
    }
}

/// What came of replaying a subset.
#[derive(Debug, Default, Clone)]
pub struct Replayed {
    /// State after the entries at hand.
    pub view: Memory,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What would have been found if nothing were missing.
    pub undecided: Vec<Finding>,
    /// How many signatures were verified and good.
    pub signatures: u64,
}

/// What [`Subset::read`] reads of an item: its index, its JWT and the disclosures of its event.
pub type Read<'i> = (u64, &'i str, &'i [String]);

impl<'i> Subset<'i> {
    /// Reads entries, given with their indexes in ascending order; of each item, `write` writes the bytes of the entry.
    #[must_use]
    pub fn read<T: Sync>(
        ledger: LedgerId,
        items: &'i [T],
        write: impl Fn(&'i T, &mut Vec<u8>) -> Read<'i> + Sync,
    ) -> Self {
        let read = |entry: &mut Vec<u8>, item| {
            entry.clear();
            let (index, jwt, disclosures) = write(item, entry);
            (index, prepare(&Raw { entry, disclosures }, None).within(jwt))
        };
        Self { ledger, entries: items.par_iter().map_init(Vec::new, read).collect() }
    }

    /// The ledger.
    #[must_use]
    pub const fn ledger(&self) -> LedgerId {
        self.ledger
    }

    /// The events that could be read, each with its index.
    pub fn events(&self) -> impl Iterator<Item = (u64, &Event)> {
        self.entries.iter().filter_map(|(index, entry)| Some((*index, &*entry.event.as_ref().ok()?.event)))
    }

    /// The events that could be read, each with its index and when it was recorded.
    pub fn into_events(self) -> impl Iterator<Item = (u64, Time, Box<Event>)> {
        let read = self.entries.into_iter();
        read.filter_map(|(index, entry)| Some((index, entry.recorded_at?, entry.event.ok()?.event)))
    }

    /// What is wrong with single entries and between neighbours: form, disclosures, links.
    #[must_use]
    pub fn check_entries(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut before = None;
        for (index, entry) in &self.entries {
            let at = |finding: Finding| finding.at(format_args!("entry {index} of ledger {}", self.ledger));
            let event = match &entry.event {
                Ok(signed) => {
                    found.extend(signed.misfit.as_deref().cloned().map(at));
                    Some(signed.event.id)
                }
                Err(finding) => {
                    found.push(at((**finding).clone()));
                    finding.event
                }
            };
            let expected = match before.replace((*index, entry.link)) {
                Some((last, link)) if last + 1 == *index => Some(link),
                None if *index == 0 => Some(first_prev(self.ledger)),
                _ => None,
            };
            if let (Some(expected), Some(prev)) = (expected, entry.prev)
                && expected != prev
            {
                let finding = at(Finding::new(Code::LinkBroken, format_args!("link {expected}"), prev));
                found.push(Finding { event, ..finding });
            }
        }
        found
    }

    /// Whether every entry has its place in one tree that has all these heads, given exactly the nodes needed.
    ///
    /// A tree with another root does not say which entry is another one. It is among those that no neighbour behind them
    /// links to, for such a link bears out all that stands before it: the first 16 of these the finding names.
    #[must_use]
    pub fn check_tree(&self, heads: &[TreeHead], nodes: &NodeMap) -> Vec<Finding> {
        let leaves: BTreeMap<u64, Sha256> = self.entries.iter().map(|(index, entry)| (*index, entry.leaf)).collect();
        let Err(problem) = check_nodes(heads, &leaves, nodes) else { return Vec::new() };
        let is_root = matches!(problem, ProofError::Root { .. });
        let expected = "nodes that prove the entries under every checkpoint";
        let finding = |found: String| {
            let place = format!("ledger {}", self.ledger);
            Finding::new(Code::NotInTree, expected, found).at(place)
        };
        let unlinked: Vec<_> = self.unlinked().filter(|_| is_root).collect();
        if unlinked.is_empty() {
            return vec![finding(problem.to_string())];
        }
        let named = unlinked.iter().take(MOST_NAMED);
        let indexes: Vec<String> = named.clone().map(|(index, _)| index.to_string()).collect();
        let more = if unlinked.len() > MOST_NAMED { " and on" } else { "" };
        let among = format!("an entry among {} differs, or a node: {}{more}", unlinked.len(), indexes.join(", "));
        let events = named.filter_map(|(_, entry)| Some(entry.event.as_ref().ok()?.event.id));
        vec![events.fold(finding(format!("{problem}; {among}")), Finding::with)]
    }

    /// The entries that the one right behind them, if it is at hand, does not link to.
    fn unlinked(&self) -> impl Iterator<Item = &(u64, Prepared<'i>)> {
        let behind = self.entries.iter().skip(1).map(Some).chain([None]);
        let is_linked = |(index, entry): &(u64, Prepared<'i>), behind: Option<&(u64, Prepared<'i>)>| {
            behind.is_some_and(|(next, behind)| *next == index + 1 && behind.prev == Some(entry.link))
        };
        self.entries.iter().zip(behind).filter(move |(one, behind)| !is_linked(one, *behind)).map(|(one, _)| one)
    }

    /// Replays the entries, given the verdicts of [`Self::verify_signatures`].
    ///
    /// # Errors
    /// State could not be read, which memory never is.
    pub fn replay(&self, scope: &Scope, verdicts: &Verdicts) -> Result<Replayed, ViewError> {
        let mut done = Replayed { signatures: verdicts.good(), ..Replayed::default() };
        let mut after = None;
        for (number, (index, entry)) in self.entries.iter().enumerate() {
            let Ok(signed) = &entry.event else { continue };
            let recorded_at = entry.recorded_at.or(after).unwrap_or(Time::MIN);
            let at = Position { ledger: self.ledger, index: *index, recorded_at };
            done.enter(scope, &at, after, &signed.event, verdicts.of(number))?;
            after = Some(recorded_at);
        }
        Ok(done)
    }

    /// Verifies every signature in bulk. A key id is the digest of its key, so a key that fits the id is the key meant; whose
    /// it is and whether it may sign, admission asks.
    #[must_use]
    pub fn verify_signatures(&self) -> Verdicts {
        let opened = || self.entries.iter().map(|(_, entry)| entry.event.as_ref().ok());
        let keys: DigestMap<KeyId, PublicKey> = opened().flatten().flat_map(|opened| keys_in(&opened.event)).collect();
        let mut items = Vec::with_capacity(self.entries.len());
        let mut is_asked = Vec::with_capacity(self.entries.len());
        for opened in opened() {
            let known = opened.and_then(|opened| Some((opened, keys.get(&opened.event.kid)?)));
            is_asked.push(known.is_some());
            items.extend(known.map(|(Opened { message, signature, .. }, key)| Item { key, message, signature }));
        }
        let mut verdicts = Keyring::default().verify_many(&items).into_iter();
        Verdicts(is_asked.into_iter().map(|is_asked| is_asked && verdicts.next().unwrap_or(false)).collect())
    }
}

impl Replayed {
    fn enter(
        &mut self,
        scope: &Scope,
        at: &Position,
        after: Option<Time>,
        event: &Event,
        verdict: bool,
    ) -> Result<(), ViewError> {
        let signed_by = |key: &PublicKey| key.id() == event.kid && verdict;
        let view = SubsetView::new(&self.view, scope, event);
        let admission = Admission { view: &view, at: *at, after, event, signed_by: &signed_by };
        let mut admitted = true;
        let (mut findings, mut undecided) = (Vec::new(), Vec::new());
        for finding in admit(&admission)? {
            match judge(scope, &finding) {
                Judged::Found => {
                    admitted &= !finding.blocks();
                    findings.push(finding);
                }
                Judged::Undecided => undecided.push(finding),
                Judged::Beside => {}
            }
        }
        let recorded_before = self.view.event(&event.id)?.is_some();
        if !recorded_before {
            let delta = apply(&self.view, at, event, admitted)?;
            self.view.take(delta);
        }
        self.findings.extend(findings);
        self.undecided.extend(undecided);
        Ok(())
    }
}

enum Judged {
    Found,
    Undecided,
    Beside,
}

fn judge(scope: &Scope, finding: &Finding) -> Judged {
    match (finding.code, finding.lot) {
        (code, Some(lot)) if code.family() == Family::Custody && !scope.lots.contains(&lot) => Judged::Beside,
        (Code::UnknownLot, Some(lot)) if scope.holes.contains(&lot.event) => Judged::Undecided,
        (Code::UnknownReference, _) if finding.found.parse().is_ok_and(|id| scope.holes.contains(&id)) => {
            Judged::Undecided
        }
        (code, _) if code.reach() == Reach::NeedsCompleteness && !scope.is_complete => Judged::Undecided,
        _ => Judged::Found,
    }
}
