//! Operations that are recorded, and in which something is found: masses that grow, assays that disagree, values corrected
//! after others built on them. Whether they are allowed depends on custody, and on the one limit of gains at append.

use super::{Effect, Op, Run, kilograms, output};
use oretrail::event::Kind;
use serde_json::json;

/// More than five quarters of what went in is refused.
const MOST_GAIN: (u64, u64) = (5, 4);

impl Run {
    /// Ore is crushed: to as much, less, a tenth more, or half as much again.
    pub(super) fn crush(&self, by: u8, a: u8, b: u8, c: u8, d: u8) -> Option<Op> {
        let lot = self.lot(a)?;
        let by = self.holder(by, lot);
        let (after, place) = (self.model.head(lot, b), self.place(lot, c));
        let grams = self.model.lots[lot].grams;
        let out = match d % 8 {
            0 => grams * 3 / 2,
            1 => grams * 11 / 10,
            2 => grams * 3 / 5,
            _ => grams,
        };
        // All of it holds a fifth of neodymium.
        let is_gross = out * MOST_GAIN.1 > grams * MOST_GAIN.0;
        Some(Op {
            by,
            kind: Kind::Transform,
            body: json!({
                "facility": self.sites[place], "processes": ["crush"], "inputs": [self.head_of(lot, after)],
                "outputs": [output(out)], "targets": ["Nd"]
            }),
            // Only the operator of a site processes there.
            allowed: self.model.may_spend(by, lot, after, Some(place)) && place == by && !is_gross,
            effect: Effect::Make { inputs: vec![lot], outputs: vec![(out, place)] },
        })
    }

    /// Anybody says what is in a lot: as stated, or half as much again; at last or not.
    pub(super) fn assay(&self, by: u8, a: u8, b: u8, c: u8) -> Option<Op> {
        let lot = self.lot(a)?;
        let value = if b.is_multiple_of(3) { "0.3" } else { "0.2" };
        Some(Op {
            by: usize::from(by) % 3,
            kind: Kind::Assay,
            body: json!({
                "lot": self.model.lots[lot].id, "status": if c.is_multiple_of(4) { "provisional" } else { "final" },
                "method": "ICP-MS", "results": [{ "analyte": "Nd", "value": value, "basis": "absolute" }]
            }),
            allowed: true,
            effect: Effect::Aside,
        })
    }

    /// The issuer of a lot says that it weighed twice as much.
    pub(super) fn correct_mass(&self, by: u8, a: u8, b: u8) -> Option<Op> {
        let making: Vec<_> = self.model.made.iter().filter(|made| !made.outputs.is_empty()).collect();
        let target = making[making.len().checked_sub(1 + usize::from(a) % making.len().max(1))?];
        let at = usize::from(b) % target.outputs.len();
        let by = Self::actor(by, target.by);
        let grams = self.model.lots[target.outputs[at]].grams;
        Some(Op {
            by,
            kind: Kind::Correct,
            body: json!({
                "target": target.id, "action": "overlay", "reason": "remeasured", "found_by": "issuer",
                "changes": [{
                    "object": format!("/body/outputs/{at}"), "leaf": "quantity",
                    "value": { "net_dry": kilograms(grams * 2) }
                }]
            }),
            allowed: target.by == by && !target.withdrawn,
            effect: Effect::Nothing,
        })
    }
}
