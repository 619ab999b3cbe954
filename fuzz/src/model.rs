//! Append, replay and a deliberately naive model of custody agree on every event.
//!
//! Bytes are read as operations of three parties with a site each: material enters, is crushed, split and blended,
//! dispatched, weighed, received, retired, assayed, corrected, withdrawn; rightly, wrongly, and rightly with something to be
//! found in it ([`found`]). The model keeps lists, looks everything up by going through them, and knows nothing of the rule
//! book's code.

mod found;

use ed25519_dalek::SigningKey;
use oretrail::envelope::Salt;
use oretrail::event::{Body, Kind, Purpose, When};
use oretrail::ledger::{AnyError, Batch, Draft, Planned, Signers, Tail};
use oretrail::state::{FeedKey, FeedRecord, Memory, Overlay};
use oretrail::tlog::checkpoint::VerifiedCheckpoint;
use oretrail::tlog::vkey::{KeyKind, VerifierKey};
use oretrail::value::{EventId, KeyId, LedgerId, LotId, PartyId, PublicKey, Time};
use oretrail::verify::replay::{Raw, Replay};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The origin of the model's ledger.
pub const ORIGIN: &str = "model.example/log";
/// Seed of the log's key; those of the parties are 1 to 3.
pub const LOG: u8 = 100;
/// The most operations of one run.
const MOST: usize = 48;
/// Bytes of an operation.
const WIDTH: usize = 7;
/// Seconds that the issuer's clock may be ahead of the ledger's.
const AHEAD: i64 = 300;

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub fn vkey() -> VerifierKey {
    VerifierKey::new(ORIGIN.parse().unwrap(), KeyKind::Note, PublicKey::from(&key(LOG)))
}

fn start() -> Time {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// What became of one run.
pub struct Played {
    /// The ledger.
    pub ledger: LedgerId,
    /// What was recorded, in order.
    pub recorded: Vec<Planned>,
    /// The parties.
    pub parties: Vec<PartyId>,
    /// Every lot that was made.
    pub lots: Vec<LotId>,
    /// How many operations were refused.
    pub refused: usize,
}

struct Keys {
    keys: BTreeMap<KeyId, Arc<SigningKey>>,
    salts: u64,
}

impl Signers for Keys {
    fn keys(&self) -> Vec<KeyId> {
        self.keys.keys().copied().collect()
    }

    fn key(&mut self, kid: &KeyId) -> Result<Arc<SigningKey>, AnyError> {
        self.keys.get(kid).cloned().ok_or_else(|| "no such key".into())
    }

    fn next_after(&self, _: &FeedKey, recorded: Option<&FeedRecord>) -> Result<Option<FeedRecord>, AnyError> {
        Ok(recorded.cloned())
    }

    fn remember(&mut self, _: &VerifiedCheckpoint, _: &BTreeMap<FeedKey, FeedRecord>) -> Result<(), AnyError> {
        Ok(())
    }

    fn salt(&mut self) -> Result<Salt, String> {
        self.salts += 1;
        let mut salt = Salt::default();
        salt[..8].copy_from_slice(&self.salts.to_be_bytes());
        Ok(salt)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Status {
    Held,
    Moving,
    Gone,
}

/// A lot as the model knows it: every head it ever had, the last one valid.
struct Lot {
    id: LotId,
    holder: usize,
    place: usize,
    grams: u64,
    status: Status,
    heads: Vec<EventId>,
}

struct Sent {
    id: EventId,
    to: usize,
    lots: Vec<(usize, bool)>,
}

/// A recorded event as far as withdrawing it goes.
struct Made {
    id: EventId,
    by: usize,
    kind: Kind,
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    withdrawn: bool,
}

#[derive(Default)]
struct Model {
    lots: Vec<Lot>,
    sent: Vec<Sent>,
    made: Vec<Made>,
}

/// One operation: what is asked, and what the model says to it.
struct Op {
    by: usize,
    body: Value,
    kind: Kind,
    allowed: bool,
    effect: Effect,
}

enum Effect {
    Make {
        inputs: Vec<usize>,
        outputs: Vec<(u64, usize)>,
    },
    Send {
        lots: Vec<usize>,
        to: usize,
    },
    /// Lots with what the receiver weighed, where it accepted them.
    Answer {
        sent: usize,
        lots: Vec<(usize, Option<u64>)>,
        place: usize,
    },
    Withdraw {
        made: usize,
    },
    Nothing,
    /// A statement that the model's corrections leave alone: it is of another feed.
    Aside,
}

impl Model {
    /// Whether a party may spend a lot under this head, where it says it does.
    fn may_spend(&self, by: usize, lot: usize, after: EventId, place: Option<usize>) -> bool {
        let lot = &self.lots[lot];
        lot.status == Status::Held
            && lot.holder == by
            && lot.heads.last() == Some(&after)
            && place.is_none_or(|place| place == lot.place)
    }

    /// A head of a lot: as a rule the right one.
    fn head(&self, lot: usize, wish: u8) -> EventId {
        let heads = &self.lots[lot].heads;
        if wish.is_multiple_of(8) { heads[usize::from(wish) / 8 % heads.len()] } else { heads[heads.len() - 1] }
    }

    fn follow(&mut self, by: usize, kind: Kind, id: EventId, effect: Effect) {
        let (mut used, mut outputs) = (Vec::new(), Vec::new());
        match effect {
            Effect::Make { inputs, outputs: new } => {
                for input in &inputs {
                    self.lots[*input].status = Status::Gone;
                    self.lots[*input].heads.push(id);
                }
                for (number, (grams, place)) in (0..).zip(new) {
                    outputs.push(self.lots.len());
                    let (id, heads) = (LotId::new(id, number), vec![id]);
                    self.lots.push(Lot { id, holder: by, place, grams, status: Status::Held, heads });
                }
                used = inputs;
            }
            Effect::Send { lots, to } => {
                for lot in &lots {
                    self.lots[*lot].status = Status::Moving;
                    self.lots[*lot].heads.push(id);
                }
                self.sent.push(Sent { id, to, lots: lots.iter().map(|lot| (*lot, false)).collect() });
                used = lots;
            }
            Effect::Answer { sent, lots, place } => {
                for (lot, weighed) in lots {
                    self.sent[sent].lots.iter_mut().filter(|(one, _)| *one == lot).for_each(|(_, done)| *done = true);
                    let lot = &mut self.lots[lot];
                    lot.status = Status::Held;
                    lot.heads.push(id);
                    if let Some(grams) = weighed {
                        (lot.holder, lot.place, lot.grams) = (by, place, grams);
                    }
                }
            }
            Effect::Withdraw { made } => {
                self.made[made].withdrawn = true;
                let target = self.made[made].id;
                for lot in self.made[made].outputs.clone() {
                    self.lots[lot].status = Status::Gone;
                    self.lots[lot].heads.push(id);
                }
                for lot in self.made[made].inputs.clone() {
                    if self.lots[lot].heads.last() == Some(&target) {
                        self.lots[lot].status = Status::Held;
                        self.lots[lot].heads.push(id);
                    }
                }
            }
            Effect::Nothing => {}
            Effect::Aside => return,
        }
        self.made.push(Made { id, by, kind, inputs: used, outputs, withdrawn: false });
    }
}

/// The run: a batch in memory, the model, and the replay of what is recorded.
struct Run {
    batch: Batch<'static>,
    keys: Keys,
    model: Model,
    replay: Replay<Memory>,
    ledger: LedgerId,
    parties: Vec<PartyId>,
    sites: Vec<EventId>,
    clock: Time,
    refused: usize,
}

fn nothing() -> &'static Memory {
    static NOTHING: std::sync::LazyLock<Memory> = std::sync::LazyLock::new(Memory::default);
    &NOTHING
}

fn kilograms(grams: u64) -> String {
    let text = format!("{}.{:03}", grams / 1000, grams % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn output(grams: u64) -> Value {
    json!({
        "role": "product", "form": "concentrate", "elements": ["Nd"], "quantity": { "net_dry": kilograms(grams) },
        "labels": [format!("{grams} g")], "composition": [{ "analyte": "Nd", "value": "0.2", "basis": "absolute" }]
    })
}

impl Run {
    fn new() -> Self {
        let keys = [1, 2, 3, LOG].map(|seed| (PublicKey::from(&key(seed)).id(), Arc::new(key(seed))));
        let ledger = LedgerId::derive(ORIGIN, &vkey().to_string());
        let mut run = Self {
            batch: Batch::new(nothing(), Tail::of_new(ledger)),
            keys: Keys { keys: keys.into_iter().collect(), salts: 0 },
            model: Model::default(),
            replay: Replay::new(ledger),
            ledger,
            parties: Vec::new(),
            sites: Vec::new(),
            clock: start(),
            refused: 0,
        };
        for seed in 1..=3u8 {
            let body = json!({
                "name": format!("Party {seed}"), "country": "US", "roles": ["mine"], "contact": "the desk",
                "key": { "crv": "Ed25519", "kty": "OKP", "x": PublicKey::from(&key(seed)).to_string() }
            });
            let party = run.prelude(None, Kind::Party, body);
            run.parties.push(party.into());
            if seed == 1 {
                let body = json!({ "origin": ORIGIN, "vkey": vkey().to_string() });
                run.prelude(Some(0), Kind::Ledger, body);
            }
        }
        // The third one says that it is in America, and is in Paris.
        for (party, (lat, lon)) in
            [("35.48", "-115.5"), ("35.48", "-115.51"), ("48.85", "2.35")].into_iter().enumerate()
        {
            let body = json!({
                "code": format!("SITE-{party}"), "name": "site", "type": "mine", "country": "US",
                "processes": ["mine", "crush"], "geometry": { "point": { "lat": lat, "lon": lon }, "radius_m": 200 }
            });
            let site = run.prelude(Some(party), Kind::Facility, body);
            run.sites.push(site);
        }
        run
    }

    fn draft(&self, by: Option<usize>, kind: Kind, body: Value) -> Draft {
        let body = Body::from_value(kind, body).unwrap();
        let mut draft = Draft::new(by.map(|by| self.parties[by]), When::At(self.clock), body);
        if kind == Kind::Ledger {
            draft.cosigners = vec![(Purpose::LogKey, PublicKey::from(&key(LOG)).id())];
        }
        draft
    }

    fn prelude(&mut self, by: Option<usize>, kind: Kind, body: Value) -> EventId {
        let draft = self.draft(by, kind, body);
        let judged = self.batch.add(draft, self.clock, &mut self.keys).unwrap();
        assert!(!judged.is_refused(), "{:?}", judged.findings);
        self.push_last();
        judged.event
    }

    fn push_last(&mut self) {
        self.batch.sign_all().unwrap();
        let planned = self.batch.planned().last().unwrap().clone();
        self.push(&planned);
    }

    /// Replay enters it and finds what append found.
    fn push(&mut self, planned: &Planned) {
        let entered = replayed(&mut self.replay, planned);
        assert_eq!(entered, findings(planned), "replay finds what append found");
    }

    fn step(&mut self, bytes: &[u8; WIDTH]) {
        self.clock = self.clock.plus(60);
        let Some(mut op) = self.op(bytes) else { return };
        let by = op.by;
        let mut draft = self.draft(Some(by), op.kind, op.body);
        let off = clock_off(bytes[6]);
        draft.when = When::At(self.clock.plus(off));
        op.allowed &= off <= AHEAD;
        let judged = self.batch.add(draft.clone(), self.clock, &mut self.keys).unwrap();
        assert_eq!(judged.is_refused(), !op.allowed, "{}: {:?}", op.kind, judged.findings);
        if op.allowed {
            self.push_last();
            self.model.follow(by, op.kind, judged.event, op.effect);
        } else {
            let planned = self.batch.preview(draft, self.clock, &mut self.keys).unwrap();
            assert!(planned.is_refused(), "what was refused is refused again");
            self.refused += 1;
            let (last, time) = (self.replay.last_link(), self.replay.last_time());
            let view = Overlay::new(self.replay.view());
            let mut aside = Replay::resume(self.ledger, view, self.replay.frontier().clone(), last, time);
            assert_eq!(replayed(&mut aside, &planned), findings(&planned), "replay refuses what append refused");
        }
    }

    fn op(&self, bytes: &[u8; WIDTH]) -> Option<Op> {
        let [what, by, a, b, c, d, _] = *bytes;
        match what % 12 {
            0 => Some(self.source(by, a, b, c)),
            1 => self.split(by, a, b, c, d),
            2 => self.blend(by, a, b, c, d),
            3 => self.dispatch(by, a, b, c, d),
            4 | 5 => self.receive(by, a, b, c, d),
            6 => self.correct(by, a, b),
            7 => self.retire(by, a, b),
            8 | 9 => self.crush(by, a, b, c, d),
            10 => self.assay(by, a, b, c),
            _ => self.correct_mass(by, a, b),
        }
    }

    /// A lot: as a rule one that somebody holds.
    fn lot(&self, wish: u8) -> Option<usize> {
        let all = 0..self.model.lots.len();
        let held = all.clone().filter(|lot| self.model.lots[*lot].status == Status::Held);
        let lots: Vec<usize> = if wish.is_multiple_of(8) { all.collect() } else { held.collect() };
        // The last lots are asked for most, so that there are long lineages.
        let at = lots.len().checked_sub(1 + usize::from(wish / 8) % lots.len().max(1))?;
        lots.get(at).copied()
    }

    /// Who acts: as a rule the one whose turn it is.
    fn actor(wish: u8, rightful: usize) -> usize {
        if wish.is_multiple_of(8) { usize::from(wish) / 8 % 3 } else { rightful }
    }

    fn holder(&self, wish: u8, lot: usize) -> usize {
        Self::actor(wish, self.model.lots[lot].holder)
    }

    /// A place: as a rule that of the lot.
    fn place(&self, lot: usize, wish: u8) -> usize {
        if wish.is_multiple_of(8) { usize::from(wish) / 8 % 3 } else { self.model.lots[lot].place }
    }

    fn head_of(&self, lot: usize, after: EventId) -> Value {
        json!({ "lot": self.model.lots[lot].id, "after": after })
    }

    fn source(&self, by: u8, a: u8, b: u8, c: u8) -> Op {
        let by = usize::from(by) % 3;
        let site = if a.is_multiple_of(8) { usize::from(a) / 8 % 3 } else { by };
        let outputs: Vec<u64> = [b, c].into_iter().take(1 + usize::from(a % 2)).map(|n| 1 + u64::from(n)).collect();
        Op {
            by,
            kind: Kind::Source,
            body: json!({
                "facility": self.sites[site], "source": "mined",
                "outputs": outputs.iter().map(|grams| output(*grams)).collect::<Vec<_>>()
            }),
            allowed: site == by,
            effect: Effect::Make {
                inputs: Vec::new(),
                outputs: outputs.into_iter().map(|grams| (grams, site)).collect(),
            },
        }
    }

    fn split(&self, by: u8, a: u8, b: u8, c: u8, d: u8) -> Option<Op> {
        let lot = self.lot(a)?;
        let by = self.holder(by, lot);
        let (after, place) = (self.model.head(lot, b), self.place(lot, c));
        let whole = self.model.lots[lot].grams;
        let first = u64::from(d) % (whole + 1);
        // One gram too many, sometimes.
        let wrong = u64::from(d.is_multiple_of(16));
        let parts = [first, whole - first + wrong];
        Some(Op {
            by,
            kind: Kind::Split,
            body: json!({
                "facility": self.sites[place], "input": self.head_of(lot, after), "outputs": parts.map(output)
            }),
            allowed: self.model.may_spend(by, lot, after, Some(place)) && wrong == 0,
            effect: Effect::Make { inputs: vec![lot], outputs: parts.map(|grams| (grams, place)).to_vec() },
        })
    }

    fn blend(&self, by: u8, a: u8, b: u8, c: u8, d: u8) -> Option<Op> {
        let (one, other) = (self.lot(a)?, self.lot(b)?);
        if one == other {
            return None;
        }
        let by = self.holder(by, one);
        let (first, second) = (self.model.head(one, c), self.model.head(other, c));
        let place = self.place(one, d);
        let grams = self.model.lots[one].grams + self.model.lots[other].grams;
        let may = |lot, after| self.model.may_spend(by, lot, after, Some(place));
        Some(Op {
            by,
            kind: Kind::Blend,
            body: json!({
                "facility": self.sites[place], "inputs": [self.head_of(one, first), self.head_of(other, second)],
                "outputs": [output(grams)]
            }),
            allowed: may(one, first) && may(other, second),
            effect: Effect::Make { inputs: vec![one, other], outputs: vec![(grams, place)] },
        })
    }

    fn dispatch(&self, by: u8, a: u8, b: u8, c: u8, d: u8) -> Option<Op> {
        let mut lots = vec![self.lot(a)?];
        let by = self.holder(by, lots[0]);
        lots.extend(self.lot(b).filter(|lot| b.is_multiple_of(2) && !lots.contains(lot)));
        let to = usize::from(d) % 3;
        let place = self.place(lots[0], c);
        let heads: Vec<EventId> = lots.iter().map(|lot| self.model.head(*lot, c)).collect();
        let named: Vec<Value> = lots.iter().zip(&heads).map(|(lot, after)| self.head_of(*lot, *after)).collect();
        let allowed = lots.iter().zip(&heads).all(|(lot, after)| self.model.may_spend(by, *lot, *after, Some(place)));
        Some(Op {
            by,
            kind: Kind::Dispatch,
            body: json!({
                "lots": named, "from": self.sites[place], "to": self.parties[to], "to_ledger": self.ledger,
                "reason": if d.is_multiple_of(2) { "sale" } else { "toll" }
            }),
            allowed,
            effect: Effect::Send { lots, to },
        })
    }

    fn receive(&self, by: u8, a: u8, b: u8, c: u8, d: u8) -> Option<Op> {
        let all = 0..self.model.sent.len();
        let waits = |at: &usize| self.model.sent[*at].lots.iter().any(|(_, answered)| !answered);
        let sent: Vec<usize> = if a.is_multiple_of(8) { all.collect() } else { all.filter(waits).collect() };
        let at = sent[sent.len().checked_sub(1 + usize::from(a / 8) % sent.len().max(1))?];
        let sent = &self.model.sent[at];
        let by = Self::actor(by, sent.to);
        // Sometimes a lot that may not be of the dispatch, sometimes one after the other.
        let mut lots: Vec<usize> = sent.lots.iter().map(|(lot, _)| *lot).collect();
        if b.is_multiple_of(8) {
            lots = vec![self.lot(b / 8)?];
        } else if b.is_multiple_of(3) {
            lots.truncate(1);
        }
        let accepted = !c.is_multiple_of(4);
        let place = usize::from(d) % 3;
        // A fifth is weighed as a quarter more than was sent.
        let weighed = |lot: usize| {
            let grams = self.model.lots[lot].grams;
            if c.is_multiple_of(5) { grams + grams / 4 } else { grams }
        };
        let open = |lot: &usize| {
            let here = sent.lots.iter().any(|(one, answered)| one == lot && !answered);
            here && self.model.lots[*lot].status == Status::Moving
                && self.model.lots[*lot].heads.last() == Some(&sent.id)
        };
        let lines = lots.iter().map(|lot| {
            let mut line = self.head_of(*lot, sent.id);
            line["outcome"] = json!(if accepted { "accepted" } else { "rejected" });
            if !accepted {
                line["reason"] = json!("quality");
            } else if c.is_multiple_of(5) {
                line["quantity"] = json!({ "net_dry": kilograms(weighed(*lot)) });
            }
            line
        });
        Some(Op {
            by,
            kind: Kind::Receive,
            body: json!({ "dispatch": sent.id, "facility": self.sites[place], "lots": lines.collect::<Vec<_>>() }),
            allowed: sent.to == by && lots.iter().all(open),
            effect: Effect::Answer {
                sent: at,
                lots: lots.iter().map(|lot| (*lot, accepted.then(|| weighed(*lot)))).collect(),
                place,
            },
        })
    }

    fn correct(&self, by: u8, a: u8, b: u8) -> Option<Op> {
        let count = self.model.made.len();
        let at = count.checked_sub(1 + usize::from(a) % count.max(1))?;
        let target = &self.model.made[at];
        let by = Self::actor(by, target.by);
        let mut body = json!({ "target": target.id, "reason": "clerical-error", "found_by": "issuer" });
        let mut allowed = target.by == by && !target.withdrawn;
        if b.is_multiple_of(2) {
            body["action"] = json!("overlay");
            body["changes"] = json!([{ "object": "", "leaf": "remark", "value": format!("seen {b}") }]);
            return Some(Op { by, kind: Kind::Correct, body, allowed, effect: Effect::Nothing });
        }
        body["action"] = json!("withdraw");
        let untouched = |lot: &usize| self.model.lots[*lot].heads.last() == Some(&target.id);
        let unanswered = |sent: &Sent| sent.id != target.id || sent.lots.iter().all(|(_, answered)| !answered);
        allowed &= matches!(target.kind, Kind::Source | Kind::Transform | Kind::Split | Kind::Blend | Kind::Dispatch)
            && target.outputs.iter().all(untouched)
            && self.model.sent.iter().all(unanswered);
        Some(Op { by, kind: Kind::Correct, body, allowed, effect: Effect::Withdraw { made: at } })
    }

    fn retire(&self, by: u8, a: u8, b: u8) -> Option<Op> {
        let lot = self.lot(a)?;
        let by = self.holder(by, lot);
        let after = self.model.head(lot, b);
        Some(Op {
            by,
            kind: Kind::Retire,
            body: json!({ "lots": [self.head_of(lot, after)], "reason": "lost" }),
            allowed: self.model.may_spend(by, lot, after, None),
            effect: Effect::Make { inputs: vec![lot], outputs: Vec::new() },
        })
    }
}

/// How far the time of an event is off the ledger's clock, in seconds: now and then weeks before, or ahead of it by more than
/// is allowed.
fn clock_off(wish: u8) -> i64 {
    match wish % 16 {
        0 => -40 * 86_400,
        1 => AHEAD + 1,
        2 => AHEAD,
        _ => 0,
    }
}

fn findings(planned: &Planned) -> Vec<String> {
    planned.findings.iter().map(ToString::to_string).collect()
}

fn replayed<V: oretrail::state::View + oretrail::state::Put>(replay: &mut Replay<V>, planned: &Planned) -> Vec<String> {
    let disclosures: Vec<String> = planned.signed.disclosures.iter().map(|one| one.as_str().to_owned()).collect();
    let raw = Raw { entry: &planned.entry, disclosures: &disclosures };
    let entered = replay.push(&[raw]).unwrap().remove(0);
    assert_eq!(entered.event.map(|event| event.id), Some(planned.event().id));
    entered.findings.iter().map(ToString::to_string).collect()
}

/// Plays bytes as operations and checks that append, replay and the model agree on each.
pub fn play(data: &[u8]) -> Played {
    let mut run = Run::new();
    for bytes in data.as_chunks::<WIDTH>().0.iter().take(MOST) {
        run.step(bytes);
    }
    for lot in &run.model.lots {
        let record = oretrail::state::View::lot(run.replay.view(), &lot.id).unwrap().unwrap();
        assert_eq!(record.holder, run.parties[lot.holder]);
        assert_eq!(Some(&record.head), lot.heads.last());
    }
    let lots = run.model.lots.iter().map(|lot| lot.id).collect();
    let (ledger, parties, refused) = (run.ledger, run.parties, run.refused);
    Played { ledger, recorded: run.batch.finish().unwrap().events().to_vec(), parties, lots, refused }
}

/// The differential target.
pub fn agreement(data: &[u8]) {
    play(data);
}
