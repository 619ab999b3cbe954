//! The completeness statement: somebody who has the whole log signs, for every event and lot, which entries name it.
//!
//! A bundle shows a part of a log; that nothing damaging was left out cannot be seen from the part. The statement closes
//! that gap: a signed note over the RFC 6962 root of *leaves*, one per covered id. A bundle brings the leaves of the ids it
//! relies on, with their proofs, and every entry that such a leaf lists.
//!
//! Text of the note, each line ending in LF:
//!
//! ```text
//! oretrail.complete/1
//! <ledger id>
//! <size N of the log>
//! <root of the log at N: 64 lower-case hex digits>
//! <number of leaves>
//! <RFC 6962 root of the leaves: 64 lower-case hex digits>
//! ```
//!
//! A *leaf* covers one id and lists the events that name it in a *covered position*. A bundle shows it as the text
//! `<id> <event id> <event id> …` without line end, each event id after one space, in the order in which they are recorded;
//! an id that nobody names has a leaf without event ids. Its leaf of the tree is the text `<id> <number> <chain>`: how many
//! event ids there are, and their *chain* in lower-case hex: 32 zero bytes, and for each event id in turn the SHA-256 of the
//! chain so far and the 32 bytes of the id. So whoever keeps the chains adds to a leaf without its list.
//!
//! Covered ids are the ids of all events recorded below N, of all lots they create, and of whatever they name in a covered
//! position. They have their leaves in the order in which the log first speaks of them, each once: entry by entry, of an
//! entry the event, then its lots by number, then what it names by id, an event before its lots. So a longer log only adds
//! leaves at the end and adds to some. Covered positions are the subject positions of an event's body (see
//! [`crate::event::References`]) save the `after` of a head: each head names its lot, which has a leaf of its own. So the
//! leaf of a lot lists exactly what moved it, spent it or was said of it, and says nothing about its siblings.
//!
//! Not in scope: who signed and whether that one is trusted ([`super`]); with a trusted signer, an entry that a leaf
//! leaves out is two signatures that contradict each other.

use crate::event::{Event, Reference, Target};
use crate::tlog::nodes::TreeHead;
use crate::tlog::note::NoteError;
use crate::tlog::tree::leaf_hash;
use crate::value::{EventId, LedgerId, LotId, Sha256};
use std::fmt;
use std::str::FromStr;

/// The first line of the note.
pub const STATEMENT_HEADER: &str = "oretrail.complete/1";

/// An id that has a leaf: an event or a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Covered {
    /// The event, or the event that created the lot.
    pub event: EventId,
    /// The number of the lot; none for the event itself.
    pub output: Option<u8>,
}

impl From<EventId> for Covered {
    fn from(event: EventId) -> Self {
        Self { event, output: None }
    }
}

impl From<LotId> for Covered {
    fn from(lot: LotId) -> Self {
        Self { event: lot.event, output: Some(lot.output) }
    }
}

impl fmt::Display for Covered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.output {
            Some(output) => LotId::new(self.event, output).fmt(f),
            None => self.event.fmt(f),
        }
    }
}

/// What a reference names, if its position is a covered one.
#[must_use]
pub fn covered(reference: &Reference) -> Option<Covered> {
    if !reference.is_subject || reference.position.ends_with(".after") {
        return None;
    }
    match reference.target {
        Target::Lot(lot) => Some(lot.into()),
        other => other.event().map(Covered::from),
    }
}

/// Everything an event names in covered positions, ascending, each once.
#[must_use]
pub fn covered_by(event: &Event) -> Vec<Covered> {
    let mut found = Vec::new();
    event.payload.body.visit_references(&mut |reference| found.extend(covered(&reference)));
    found.sort_unstable();
    found.dedup();
    found
}

/// The ids that a recorded event speaks of, in the order of their leaves: itself, its lots, what it names.
pub fn spoken_of(event: &Event) -> impl Iterator<Item = Covered> {
    let lots: Vec<Covered> = event.payload.body.output_ids(event.id).map(Covered::from).collect();
    std::iter::once(event.id.into()).chain(lots).chain(covered_by(event))
}

/// A leaf: a covered id, and the events that name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// What is covered.
    pub id: Covered,
    /// Who names it, each once, in the order recorded.
    pub named_by: Vec<EventId>,
}

impl Leaf {
    /// What stands for the list in the tree.
    #[must_use]
    pub fn seal(&self) -> Seal {
        let mut seal = Seal::default();
        self.named_by.iter().for_each(|by| seal.add(by));
        seal
    }

    /// The hash of the leaf in the tree.
    #[must_use]
    pub fn hash(&self) -> Sha256 {
        self.seal().leaf_hash(self.id)
    }
}

/// A list of event ids, as a leaf of the tree holds it: how many, and their chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// How many.
    pub count: u64,
    /// Over all of them, in order.
    pub chain: Sha256,
}

impl Default for Seal {
    fn default() -> Self {
        Self { count: 0, chain: Sha256([0; 32]) }
    }
}

impl Seal {
    /// Adds an event id at the end.
    pub fn add(&mut self, by: &EventId) {
        self.count = self.count.saturating_add(1);
        self.chain = Sha256::of_parts(&[&self.chain.0, &by.0]);
    }

    /// The hash of the leaf of `id` with this list.
    #[must_use]
    pub fn leaf_hash(&self, id: Covered) -> Sha256 {
        leaf_hash(format!("{id} {} {}", self.count, self.chain).as_bytes())
    }
}

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)?;
        self.named_by.iter().try_for_each(|id| write!(f, " {id}"))
    }
}

/// Why a text is no leaf or statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// A leaf of another form.
    #[error("expected a leaf `<id> <event id> …` with event ids each once, found `{0}`")]
    Leaf(String),
    /// A statement of another form.
    #[error("expected the 6 lines of an `{STATEMENT_HEADER}` statement, found `{0}`")]
    Text(String),
    /// Not a signed note, or not signed.
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl FromStr for Leaf {
    type Err = StatementError;

    fn from_str(text: &str) -> Result<Self, StatementError> {
        let wrong = || StatementError::Leaf(text.chars().take(80).collect());
        let mut parts = text.split(' ');
        let id = parts.next().unwrap_or_default();
        let id = match id.parse::<EventId>() {
            Ok(event) => event.into(),
            Err(_) => id.parse::<LotId>().map_err(|_| wrong())?.into(),
        };
        let named: Vec<EventId> = parts.map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
        let mut sorted = named.clone();
        sorted.sort_unstable();
        if !sorted.is_sorted_by(|a, b| a < b) {
            return Err(wrong());
        }
        Ok(Self { id, named_by: named })
    }
}

/// What a completeness statement says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// The ledger.
    pub ledger: LedgerId,
    /// Size and root of the log it is about.
    pub log: TreeHead,
    /// Number and root of its leaves.
    pub leaves: TreeHead,
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ledger, log, leaves } = self;
        write!(f, "{STATEMENT_HEADER}\n{ledger}\n{}\n{}\n{}\n{}\n", log.size, log.root, leaves.size, leaves.root)
    }
}

impl FromStr for Statement {
    type Err = StatementError;

    fn from_str(text: &str) -> Result<Self, StatementError> {
        let wrong = || StatementError::Text(text.chars().take(80).collect());
        let lines: Vec<&str> = text.strip_suffix('\n').ok_or_else(wrong)?.split('\n').collect();
        let [STATEMENT_HEADER, ledger, size, root, count, leaves] = lines.as_slice() else { return Err(wrong()) };
        let head =
            |size: &str, root: &str| Some(TreeHead { size: size.parse().ok()?, root: root.parse::<Sha256>().ok()? });
        let ledger = ledger.parse().map_err(|_| wrong())?;
        let log = head(size, root).ok_or_else(wrong)?;
        let leaves = head(count, leaves).ok_or_else(wrong)?;
        let statement = Self { ledger, log, leaves };
        // Numbers have one spelling: what was read prints back.
        if statement.to_string() == text { Ok(statement) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn id(byte: u8) -> EventId {
        EventId([byte; 32])
    }

    #[test]
    fn statement_has_the_documented_text_and_reads_back() {
        let head = |size, byte| TreeHead { size, root: Sha256([byte; 32]) };
        let statement = Statement { ledger: LedgerId([1; 32]), log: head(7, 2), leaves: head(19, 3) };
        let (a, b, c) = ("01".repeat(32), "02".repeat(32), "03".repeat(32));
        let text = format!("oretrail.complete/1\n{a}\n7\n{b}\n19\n{c}\n");
        assert_eq!(statement.to_string(), text);
        assert_eq!(text.parse(), Ok(statement));
        for bad in
            [text.replace("\n7\n", "\n07\n"), text.replace("/1", "/2"), format!("{text}\n"), text.replace('7', "+7")]
        {
            assert!(bad.parse::<Statement>().is_err(), "{bad}");
        }
    }

    #[test]
    fn leaf_has_one_spelling() {
        let leaf = Leaf { id: LotId::new(id(1), 10).into(), named_by: vec![id(3), id(2)] };
        let text = leaf.to_string();
        assert_eq!(text, format!("{}.10 {} {}", id(1), id(3), id(2)));
        assert_eq!(text.parse(), Ok(leaf));
        assert_eq!(id(9).to_string().parse(), Ok(Leaf { id: id(9).into(), named_by: Vec::new() }));
        let a = id(2);
        for bad in [format!("{} {a} {a}", id(1)), format!("{} {a} ", id(1)), String::new()] {
            assert!(bad.parse::<Leaf>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_leaf_of_the_tree_is_the_documented_text() {
        let (zero, a) = ("00".repeat(32), id(2));
        assert_eq!(
            Leaf { id: id(1).into(), named_by: vec![] }.hash(),
            leaf_hash(format!("{} 0 {zero}", id(1)).as_bytes())
        );
        let chain = Sha256::of_parts(&[&[0; 32], &a.0]);
        let leaf = Leaf { id: LotId::new(id(1), 3).into(), named_by: vec![a] };
        assert_eq!(leaf.hash(), leaf_hash(format!("{}.3 1 {chain}", id(1)).as_bytes()));
        let swapped = |ids: [u8; 2]| Leaf { id: id(1).into(), named_by: ids.map(id).into() }.hash();
        assert_ne!(swapped([2, 3]), swapped([3, 2]));
    }

    #[test]
    fn an_event_comes_before_its_lots_and_these_by_number() {
        let ids: BTreeSet<Covered> =
            [LotId::new(id(1), 10).into(), LotId::new(id(1), 2).into(), id(2).into(), id(1).into()].into();
        let shown: Vec<String> = ids.iter().map(ToString::to_string).collect();
        assert_eq!(shown, [id(1).to_string(), format!("{}.2", id(1)), format!("{}.10", id(1)), id(2).to_string()]);
    }
}
