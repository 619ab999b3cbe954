//! Layer 3: state, the fold of the events applied so far in one ledger: parties, keys, facilities, feeds, lots.
//!
//! Rules read it through one trait, [`View`], that memory ([`Memory`]) and an index on disk implement alike. Applying an
//! event gives a [`Delta`], a list of records to put; whoever keeps the state puts them. So the same code folds a
//! replay, a bundle and an index.
//!
//! Not in scope: whether an event may be applied (`rules`), where records are kept (`ledger`).

mod arena;
mod content;
mod custody;
mod fold;
mod identity;
mod memory;
pub(crate) mod numbers;
mod overlay;
mod packed;
mod record;
mod view;

pub use content::{Content, contents, contents_of, scale};
pub use fold::{Delta, Position, apply};
pub use memory::Memory;
pub use overlay::Overlay;
pub use record::{
    DispatchRecord, EventRecord, FacilityRecord, FeedKey, FeedRecord, KeyRecord, LotRecord, LotStatus, PartyRecord,
    PinRecord, Record, Revocation,
};
pub use view::{Find, Put, Took, View, ViewError};
