//! Where the body of each kind has an id, and of what: there a step may write a name.

use super::names::Wanted;
use crate::event::Kind;

/// One position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Member path below the body, `[]` for a list's elements.
    pub path: &'static str,
    /// What is named there.
    pub wanted: Wanted,
}

macro_rules! at {
    ($path:literal, $wanted:expr) => {
        Position { path: $path, wanted: $wanted }
    };
}

const OWNER: Position = at!("outputs[].owner", Wanted::Party);
const FACILITY: Position = at!("facility", Wanted::Facility);

/// The positions of a kind.
#[must_use]
pub const fn positions(kind: Kind) -> &'static [Position] {
    use Wanted as W;
    match kind {
        Kind::Party => &[],
        Kind::Key => &[at!("prev_key", W::Event), at!("kid", W::Key), at!("scope.facilities[]", W::Facility)],
        Kind::Facility => &[at!("supersedes", W::Facility)],
        Kind::Ledger => &[at!("rotates", W::Event)],
        Kind::Accredit => &[
            at!("subject.party", W::Party),
            at!("subject.facility", W::Facility),
            at!("subject.lot", W::Lot),
            at!("grant", W::Event),
        ],
        Kind::Assay => &[at!("lot", W::Lot), FACILITY, at!("supersedes", W::Event)],
        Kind::Summary => &[at!("lot", W::Lot)],
        Kind::Decision => &[at!("lot", W::Lot), at!("second_approver", W::Party)],
        Kind::Source => &[FACILITY, OWNER, at!("dispatch", W::Event)],
        Kind::Transform | Kind::Blend => {
            &[FACILITY, at!("inputs[].lot", W::Lot), at!("inputs[].after", W::Event), OWNER]
        }
        Kind::Split => &[FACILITY, at!("input.lot", W::Lot), at!("input.after", W::Event), OWNER],
        Kind::Dispatch => &[
            at!("lots[].lot", W::Lot),
            at!("lots[].after", W::Event),
            at!("from", W::Facility),
            at!("to", W::Party),
            at!("to_facility", W::Facility),
            at!("to_ledger", W::Ledger),
            at!("returns", W::Event),
        ],
        Kind::Receive => &[
            at!("dispatch", W::Event),
            FACILITY,
            at!("taken_over_at", W::Facility),
            at!("lots[].lot", W::Lot),
            at!("lots[].after", W::Event),
            OWNER,
        ],
        Kind::Retire => {
            &[at!("lots[].lot", W::Lot), at!("lots[].after", W::Event), FACILITY, at!("dispatch", W::Event)]
        }
        Kind::Import => &[
            at!("ledgers[].ledger", W::Ledger),
            at!("taken[].event", W::Event),
            at!("taken[].ledger", W::Ledger),
            at!("taken[].from", W::Party),
            at!("taken[].to", W::Party),
            at!("taken[].to_ledger", W::Ledger),
            at!("taken[].dispatch", W::Event),
            at!("taken[].lots[].lot", W::Lot),
        ],
        Kind::Claim => &[at!("lot", W::Lot), at!("claim.facility", W::Facility)],
        Kind::Title => &[at!("lots[]", W::Lot), at!("owner", W::Party)],
        Kind::Attach => &[at!("to.event", W::Event), at!("to.lot", W::Lot)],
        Kind::Correct => &[at!("target", W::Event)],
    }
}
