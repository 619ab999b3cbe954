//! Append, replay and a deliberately naive model of custody agree on every event.
//!
//! Bytes are read as operations of three parties with a site each: material enters, is split and blended, dispatched,
//! received, retired, relabelled, withdrawn; rightly and wrongly. The model keeps lists, looks everything up by going
//! through them, and knows nothing of the rule book's code.

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
const WIDTH: usize = 6;

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
    body: Value,
    kind: Kind,
    allowed: bool,
    effect: Effect,
}

enum Effect {
    Make { inputs: Vec<usize>, outputs: Vec<(u64, usize)> },
    Send { lots: Vec<usize>, to: usize },
    Answer { sent: usize, lots: Vec<(usize, bool)>, place: usize },
    Withdraw { made: usize },
    Nothing,
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
                for (lot, accepted) in lots {
                    self.sent[sent].lots.iter_mut().filter(|(one, _)| *one == lot).for_each(|(_, done)| *done = true);
                    let lot = &mut self.lots[lot];
                    lot.status = Status::Held;
                    lot.heads.push(id);
                    if accepted {
                        (lot.holder, lot.place) = (by, place);
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
        "role": "product", "form": "ore", "elements": [], "quantity": { "net_dry": kilograms(grams) },
        "labels": [format!("{grams} g")]
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
        for party in 0..3 {
            let body = json!({
                "code": format!("SITE-{party}"), "name": "site", "type": "mine", "country": "US", "processes": ["mine"],
                "geometry": { "point": { "lat": "35.48", "lon": format!("-115.{}", 50 + party) }, "radius_m": 200 }
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
        let by = usize::from(bytes[1]) % 3;
        let Some(op) = self.op(by, bytes) else { return };
        let draft = self.draft(Some(by), op.kind, op.body);
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

    fn op(&self, by: usize, bytes: &[u8; WIDTH]) -> Option<Op> {
        let [what, _, a, b, c, d] = *bytes;
        match what % 8 {
            0 => Some(self.source(by, a, b, c)),
            1 => self.split(by, a, b, c, d),
            2 => self.blend(by, a, b, c, d),
            3 => self.dispatch(by, a, b, c, d),
            4 | 5 => self.receive(by, a, b, c, d),
            6 => self.correct(by, a, b),
            _ => self.retire(by, a, b),
        }
    }

    fn lot(&self, wish: u8) -> Option<usize> {
        // The last lots are asked for most, so that there are long lineages.
        let count = self.model.lots.len();
        (count > 0).then(|| count - 1 - usize::from(wish) % count)
    }

    /// A place: as a rule that of the lot.
    fn place(&self, lot: usize, wish: u8) -> usize {
        if wish.is_multiple_of(8) { usize::from(wish) / 8 % 3 } else { self.model.lots[lot].place }
    }

    fn head_of(&self, lot: usize, after: EventId) -> Value {
        json!({ "lot": self.model.lots[lot].id, "after": after })
    }

    fn source(&self, by: usize, a: u8, b: u8, c: u8) -> Op {
        let site = if a.is_multiple_of(8) { usize::from(a) / 8 % 3 } else { by };
        let outputs: Vec<u64> = [b, c].into_iter().take(1 + usize::from(a % 2)).map(|n| 1 + u64::from(n)).collect();
        Op {
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

    fn split(&self, by: usize, a: u8, b: u8, c: u8, d: u8) -> Option<Op> {
        let lot = self.lot(a)?;
        let (after, place) = (self.model.head(lot, b), self.place(lot, c));
        let whole = self.model.lots[lot].grams;
        let first = u64::from(d) % (whole + 1);
        // One gram too many, sometimes.
        let wrong = u64::from(d.is_multiple_of(16));
        let parts = [first, whole - first + wrong];
        Some(Op {
            kind: Kind::Split,
            body: json!({
                "facility": self.sites[place], "input": self.head_of(lot, after), "outputs": parts.map(output)
            }),
            allowed: self.model.may_spend(by, lot, after, Some(place)) && wrong == 0,
            effect: Effect::Make { inputs: vec![lot], outputs: parts.map(|grams| (grams, place)).to_vec() },
        })
    }

    fn blend(&self, by: usize, a: u8, b: u8, c: u8, d: u8) -> Option<Op> {
        let (one, other) = (self.lot(a)?, self.lot(b)?);
        if one == other {
            return None;
        }
        let (first, second) = (self.model.head(one, c), self.model.head(other, c));
        let place = self.place(one, d);
        let grams = self.model.lots[one].grams + self.model.lots[other].grams;
        let may = |lot, after| self.model.may_spend(by, lot, after, Some(place));
        Some(Op {
            kind: Kind::Blend,
            body: json!({
                "facility": self.sites[place], "inputs": [self.head_of(one, first), self.head_of(other, second)],
                "outputs": [output(grams)]
            }),
            allowed: may(one, first) && may(other, second),
            effect: Effect::Make { inputs: vec![one, other], outputs: vec![(grams, place)] },
        })
    }

    fn dispatch(&self, by: usize, a: u8, b: u8, c: u8, d: u8) -> Option<Op> {
        let mut lots = vec![self.lot(a)?];
        lots.extend(self.lot(b).filter(|lot| b.is_multiple_of(2) && !lots.contains(lot)));
        let to = usize::from(d) % 3;
        let place = self.place(lots[0], c);
        let heads: Vec<EventId> = lots.iter().map(|lot| self.model.head(*lot, c)).collect();
        let named: Vec<Value> = lots.iter().zip(&heads).map(|(lot, after)| self.head_of(*lot, *after)).collect();
        let allowed = lots.iter().zip(&heads).all(|(lot, after)| self.model.may_spend(by, *lot, *after, Some(place)));
        Some(Op {
            kind: Kind::Dispatch,
            body: json!({
                "lots": named, "from": self.sites[place], "to": self.parties[to], "to_ledger": self.ledger,
                "reason": if d.is_multiple_of(2) { "sale" } else { "toll" }
            }),
            allowed,
            effect: Effect::Send { lots, to },
        })
    }

    fn receive(&self, by: usize, a: u8, b: u8, c: u8, d: u8) -> Option<Op> {
        let count = self.model.sent.len();
        let at = count.checked_sub(1 + usize::from(a) % count.max(1))?;
        let sent = &self.model.sent[at];
        // Sometimes a lot that may not be of the dispatch, sometimes one after the other.
        let mut lots: Vec<usize> = sent.lots.iter().map(|(lot, _)| *lot).collect();
        if b.is_multiple_of(8) {
            lots = vec![self.lot(b / 8)?];
        } else if b.is_multiple_of(3) {
            lots.truncate(1);
        }
        let accepted = !c.is_multiple_of(4);
        let place = usize::from(d) % 3;
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
            }
            line
        });
        Some(Op {
            kind: Kind::Receive,
            body: json!({ "dispatch": sent.id, "facility": self.sites[place], "lots": lines.collect::<Vec<_>>() }),
            allowed: sent.to == by && lots.iter().all(open),
            effect: Effect::Answer { sent: at, lots: lots.into_iter().map(|lot| (lot, accepted)).collect(), place },
        })
    }

    fn correct(&self, by: usize, a: u8, b: u8) -> Option<Op> {
        let count = self.model.made.len();
        let at = count.checked_sub(1 + usize::from(a) % count.max(1))?;
        let target = &self.model.made[at];
        let mut body = json!({ "target": target.id, "reason": "clerical-error", "found_by": "issuer" });
        let mut allowed = target.by == by && !target.withdrawn;
        if b.is_multiple_of(2) {
            body["action"] = json!("overlay");
            body["changes"] = json!([{ "object": "", "leaf": "remark", "value": format!("seen {b}") }]);
            return Some(Op { kind: Kind::Correct, body, allowed, effect: Effect::Nothing });
        }
        body["action"] = json!("withdraw");
        let untouched = |lot: &usize| self.model.lots[*lot].heads.last() == Some(&target.id);
        let unanswered = |sent: &Sent| sent.id != target.id || sent.lots.iter().all(|(_, answered)| !answered);
        allowed &= matches!(target.kind, Kind::Source | Kind::Split | Kind::Blend | Kind::Dispatch)
            && target.outputs.iter().all(untouched)
            && self.model.sent.iter().all(unanswered);
        Some(Op { kind: Kind::Correct, body, allowed, effect: Effect::Withdraw { made: at } })
    }

    fn retire(&self, by: usize, a: u8, b: u8) -> Option<Op> {
        let lot = self.lot(a)?;
        let after = self.model.head(lot, b);
        Some(Op {
            kind: Kind::Retire,
            body: json!({ "lots": [self.head_of(lot, after)], "reason": "lost" }),
            allowed: self.model.may_spend(by, lot, after, None),
            effect: Effect::Make { inputs: vec![lot], outputs: Vec::new() },
        })
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
