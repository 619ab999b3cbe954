//! Layer 1: the event, one statement by one party; its kinds, their members, and what may be withheld.
//!
//! An event is the payload of an issuer-signed JWT (SD-JWT, RFC 9901). This module holds the typed form of the payload: it
//! parses strictly (closed types: an unknown or repeated member is refused at any depth), knows which members are
//! withholdable ([`Leaves`]), where other things are named ([`References`]) and what fits together ([`Shape`]).
//!
//! Not in scope: signatures, salts and encodings (`envelope`); whether what is stated may be recorded or is plausible
//! (`rules`).

mod assay;
mod body;
mod claim;
mod custody;
mod handoff;
mod identity;
mod import;
mod judgement;
mod key;
mod kind;
mod leaves;
mod logistics;
mod material;
mod payload;
mod process;
mod reference;
pub mod schema;
mod shape;
mod statement;

pub use assay::{Assay, AssayStatus, Magnetic, Measured, Method, Report, Sample};
pub use body::{Body, BodyKind};
pub use claim::{RecycledKind, Statement};
pub use custody::{Blend, Loss, Retire, RetireReason, Source, Split, Transform};
pub use handoff::{Dispatch, DispatchReason, Outcome, Receive, ReceivedLot};
pub use identity::{
    Accredit, AccreditAction, AccreditScope, Capacity, Facility, FacilityType, Ledger, Party, RegistryNumber, Role,
    Scheme, Subject,
};
pub use import::{Import, Pin, Taken, TakenKind, TakenLot};
pub use judgement::{AppliedException, Decided, Decision, JudgedPolicy, PolicyRef, RuleVerdict, Summary, Verdict};
pub use key::{KeyAction, KeyEvent, Recovery, RevocationReason, Scope};
pub use kind::Kind;
pub use leaves::{LeafDef, LeafError, LeafStatus, Leaves, Place, SdDigest};
pub use logistics::{Customs, ExportLicence, Leg, TransportMode};
pub use material::{
    AnalyteValue, BusinessReference, Document, DocumentKind, Head, Lot, Package, PackageKind, PriorStep, Quantity,
    Reading, ReferenceKind,
};
pub use payload::{Cosignature, Event, FORMAT_VERSION, MAX_SEQ, Payload, PayloadError, Purpose, When};
pub use process::{CustodyModel, Form, LossKind, OutputRole, Process, SourceKind, Stage};
pub use reference::{Reference, References, Target};
pub use shape::{MAX_HEADS, Shape, ShapeError};
pub use statement::{Attach, AttachTarget, Change, Claim, Correct, CorrectAction, CorrectReason, Finder, Title};
