//! Signatures in bulk, behind the planning.
//!
//! An event's id does not depend on its signature, so a batch plans on while others of its events are being signed. They
//! are, in chunks and on all processors: signed, read back, compared with what was planned, and verified with the verdict of
//! `verify_strict`. They come back in the order in which they were given, and none that failed comes back at all.
//!
//! Not in scope: which key signs what, and the entry around the event (`append`).

use super::in_order::InOrder;
use crate::envelope::{Made, SignEventError, Signed, Unsigned};
use crate::finding::Finding;
use crate::keyring::{Item, Keyring};
use crate::state::{Delta, Position};
use crate::value::PublicKey;
use ed25519_dalek::SigningKey;
use std::sync::Arc;

/// An event with what was found about it.
#[derive(Debug, Clone)]
pub(super) struct Judged<T> {
    pub(super) at: Position,
    pub(super) event: T,
    pub(super) findings: Vec<Finding>,
    pub(super) delta: Delta,
}

/// An event before it goes into an entry.
pub(super) enum Sheet {
    /// To be signed with a key at hand.
    Own(Unsigned, Arc<SigningKey>),
    /// Signed elsewhere, and verified.
    Foreign(Signed),
}

/// Where signing failed, and why.
#[derive(Debug)]
pub(super) struct Spoilt {
    pub(super) at: Position,
    pub(super) cause: SignEventError,
}

type Pressed = Result<Vec<Judged<Signed>>, Box<Spoilt>>;

/// How many events are signed by one processor at a time.
const CHUNK: usize = 256;

/// Signs in bulk.
#[derive(Default)]
pub(super) struct Press {
    keyring: Arc<Keyring>,
    waiting: Vec<Judged<Sheet>>,
    busy: InOrder<Pressed>,
}

impl Press {
    /// Takes an event; signs when enough have come together. One that is signed comes back at once if nothing is before it.
    pub(super) fn push(&mut self, judged: Judged<Sheet>) -> Option<Judged<Signed>> {
        let Judged { at, event, findings, delta } = judged;
        let event = match event {
            Sheet::Foreign(signed) if self.waiting.is_empty() && self.busy.is_empty() => {
                return Some(Judged { at, event: signed, findings, delta });
            }
            event => event,
        };
        self.waiting.push(Judged { at, event, findings, delta });
        if self.waiting.len() >= CHUNK {
            let (chunk, keyring) = (std::mem::take(&mut self.waiting), Arc::clone(&self.keyring));
            self.busy.give(move || press(chunk, &keyring));
        }
        None
    }

    /// The next chunk, if it is done.
    pub(super) fn done(&mut self) -> Option<Pressed> {
        self.busy.done()
    }

    /// The next chunk, waited for; nothing when all that was given has come back.
    pub(super) fn rest(&mut self) -> Option<Pressed> {
        if let Some(pressed) = self.busy.next() {
            return Some(pressed);
        }
        let waiting = std::mem::take(&mut self.waiting);
        (!waiting.is_empty()).then(|| press(waiting, &self.keyring))
    }
}

/// Signs a chunk, reads it back and verifies it.
fn press(chunk: Vec<Judged<Sheet>>, keyring: &Keyring) -> Pressed {
    let mut made = Vec::with_capacity(chunk.len());
    for Judged { at, event, findings, delta } in chunk {
        let event = match event {
            Sheet::Own(unsigned, key) => {
                let public = PublicKey::from(&*key);
                Proof::Made(Box::new(unsigned.sign(&key).map_err(|cause| Box::new(Spoilt { at, cause }))?), public)
            }
            Sheet::Foreign(signed) => Proof::Verified(Box::new(signed)),
        };
        made.push(Judged { at, event, findings, delta });
    }
    let items: Vec<Item<'_>> = made.iter().filter_map(|judged| judged.event.item()).collect();
    let mut verdicts = keyring.verify_many(&items).into_iter();
    let mut pressed = Vec::with_capacity(made.len());
    for Judged { at, event, findings, delta } in made {
        let event = match event {
            Proof::Made(made, _) => {
                let is_valid = verdicts.next().unwrap_or(false);
                made.verified(is_valid).map_err(|cause| Box::new(Spoilt { at, cause }))?
            }
            Proof::Verified(signed) => *signed,
        };
        pressed.push(Judged { at, event, findings, delta });
    }
    Ok(pressed)
}

enum Proof {
    Made(Box<Made>, PublicKey),
    Verified(Box<Signed>),
}

impl Proof {
    fn item(&self) -> Option<Item<'_>> {
        match self {
            Self::Made(made, key) => Some(Item { key, message: made.message(), signature: made.signature() }),
            Self::Verified(_) => None,
        }
    }
}
