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

use super::replay::{Prepared, Raw, Signed, keys_in, prepare};
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
use crate::value::{EventId, KeyId, LedgerId, LotId, PublicKey, Sha256, Time};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The most entries that a finding on the tree names.
const MOST_NAMED: usize = 16;

/// Entries of one ledger, read and hashed; nothing is known yet of their signatures.
pub struct Subset {
    ledger: LedgerId,
    entries: Vec<(u64, Prepared)>,
}

/// What the entries are judged for.
#[derive(Debug, Default, Clone)]
pub struct Scope {
    /// The lots of the lineage; others are named in passing.
    pub lots: BTreeSet<LotId>,
    /// Events known to be left out.
    pub holes: BTreeSet<EventId>,
    /// Whether somebody vouches that nothing else is left out.
    pub is_complete: bool,
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

impl Subset {
    /// Reads entries, given with their indexes in ascending order: of each item its index, bytes and disclosures.
    #[must_use]
    pub fn read<'i, T: Sync>(
        ledger: LedgerId,
        items: &'i [T],
        entry: impl Fn(&'i T) -> (u64, Vec<u8>, &'i [String]) + Sync,
    ) -> Self {
        let read = |item| {
            let (index, entry, disclosures) = entry(item);
            (index, prepare(&Raw { entry: &entry, disclosures }))
        };
        Self { ledger, entries: items.par_iter().map(read).collect() }
    }

    /// The ledger.
    #[must_use]
    pub const fn ledger(&self) -> LedgerId {
        self.ledger
    }

    /// The events that could be read, each with its index.
    pub fn events(&self) -> impl Iterator<Item = (u64, &Event)> {
        self.entries.iter().filter_map(|(index, entry)| Some((*index, &entry.event.as_ref().ok()?.event)))
    }

    /// The events that could be read, each with its index and when it was recorded.
    pub fn into_events(self) -> impl Iterator<Item = (u64, Option<Time>, Event)> {
        let read = self.entries.into_iter();
        read.filter_map(|(index, entry)| Some((index, entry.recorded_at, entry.event.ok()?.event)))
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
                    found.extend(signed.misfit.clone().map(at));
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
    fn unlinked(&self) -> impl Iterator<Item = &(u64, Prepared)> {
        let behind = self.entries.iter().skip(1).map(Some).chain([None]);
        let is_linked = |(index, entry): &(u64, Prepared), behind: Option<&(u64, Prepared)>| {
            behind.is_some_and(|(next, behind)| *next == index + 1 && behind.prev == Some(entry.link))
        };
        self.entries.iter().zip(behind).filter(move |(one, behind)| !is_linked(one, *behind)).map(|(one, _)| one)
    }

    /// Replays the entries, given the verdicts of [`Self::verify_signatures`].
    ///
    /// # Errors
    /// State could not be read, which memory never is.
    pub fn replay(&self, scope: &Scope, verdicts: &HashMap<u64, bool>) -> Result<Replayed, ViewError> {
        let mut done =
            Replayed { signatures: verdicts.values().filter(|good| **good).map(|_| 1).sum(), ..Replayed::default() };
        let mut after = None;
        for (index, entry) in &self.entries {
            let Ok(signed) = &entry.event else { continue };
            let recorded_at = entry.recorded_at.or(after).unwrap_or(Time::MIN);
            let at = Position { ledger: self.ledger, index: *index, recorded_at };
            let verdict = verdicts.get(index).copied().unwrap_or(false);
            done.enter(scope, &at, after, signed, verdict)?;
            after = Some(recorded_at);
        }
        Ok(done)
    }

    /// Lets go of what was signed, when the signatures are verified: it is as large as the events.
    pub fn forget_signed(&mut self) {
        let signed = self.entries.iter_mut().filter_map(|(_, entry)| entry.event.as_mut().ok());
        signed.for_each(|signed| signed.message = Vec::new());
    }

    /// Verifies every signature in bulk, by index. A key id is the digest of its key, so a key that fits the id is the key
    /// meant; whose it is and whether it may sign, admission asks.
    #[must_use]
    pub fn verify_signatures(&self) -> HashMap<u64, bool> {
        let read = self.entries.iter();
        let signed: Vec<(u64, &Signed)> =
            read.filter_map(|(index, entry)| Some((*index, entry.event.as_deref().ok()?))).collect();
        let mut keys: HashMap<KeyId, PublicKey> = HashMap::new();
        signed.iter().for_each(|(_, signed)| keys.extend(keys_in(&signed.event)));
        let (indexes, items): (Vec<u64>, Vec<Item<'_>>) = signed
            .iter()
            .filter_map(|(index, signed)| {
                let key = keys.get(&signed.event.kid)?;
                Some((*index, Item { key, message: &signed.message, signature: &signed.signature }))
            })
            .unzip();
        indexes.into_iter().zip(Keyring::default().verify_many(&items)).collect()
    }
}

impl Replayed {
    fn enter(
        &mut self,
        scope: &Scope,
        at: &Position,
        after: Option<Time>,
        signed: &Signed,
        verdict: bool,
    ) -> Result<(), ViewError> {
        let event = &signed.event;
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
