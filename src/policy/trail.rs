//! The trail: the lineage of a lot as facts with their evidence, which claims, specifications and policies are decided on.
//!
//! Lots and steps are numbered. Steps are in an order in which none comes before one it builds on. Whatever a party merely
//! says of its own evidence is not here: levels are computed by the verifier from other parties' statements and the trust
//! file.
//!
//! Not in scope: computing it (`verify::trail`).

use crate::event::{
    AnalyteValue, AssayStatus, CustodyModel, Form, Kind, Magnetic, Method, OutputRole, Process, Report, SourceKind,
    Stage, When,
};
use crate::finding::Finding;
use crate::lineage::provenance::{Flows, Provenance};
use crate::value::{Country, Element, EventId, FacilityId, LedgerId, LotId, Mass, PartyId, Time};

pub use crate::rules::evidence_level::{PlaceEvidence, PlaceLevel, TimeLevel};

/// What is known of a stage before the material entered the ledger, by the word of who entered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailPrior {
    /// The stage.
    pub stage: Stage,
    /// Where.
    pub country: Country,
    /// Which elements it is about; all of the lot where empty.
    pub elements: Vec<Element>,
}

/// One event that made, moved or changed material of the lineage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailStep {
    /// The event.
    pub event: EventId,
    /// The ledger it is recorded in.
    pub ledger: LedgerId,
    /// What it is.
    pub kind: Kind,
    /// Who states it.
    pub by: PartyId,
    /// Where it took place; a dispatch has the place it left.
    pub facility: Option<FacilityId>,
    /// The country that the facility is registered in.
    pub country: Option<Country>,
    /// When, with corrections.
    pub when: When,
    /// When it was recorded.
    pub recorded_at: Time,
    /// What was done; `mine` for a source of kind `mined`; empty for splits, blends, hand-offs and other sources.
    pub processes: Vec<Process>,
    /// Numbers of the lots it used up or moved.
    pub inputs: Vec<usize>,
    /// Numbers of the lots it made; for a dispatch or an accepting receipt those of `inputs`.
    pub outputs: Vec<usize>,
    /// How the material entered, for a `source`.
    pub source: Option<SourceKind>,
    /// What is stated of the stages before, for a `source` that is not `mined`.
    pub prior: Vec<TrailPrior>,
    /// How well the place is evidenced; for a `source` that is not `mined`, at most `documented` for its prior stages.
    pub place: PlaceEvidence,
    /// Level of a third party's documents on the prior stages: `documented` or `declared`.
    pub prior_level: PlaceLevel,
    /// How well the time is bounded.
    pub time: TimeLevel,
    /// Breaches and warnings found on it, those of `place.against` among them.
    pub findings: Vec<Finding>,
}

/// How much of an element a lot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// The element.
    pub element: Element,
    /// Milligrams at least.
    pub least: u64,
    /// Milligrams at most; `None` where it is withheld or not analysed and no mass bounds it.
    pub most: Option<u64>,
    /// Whether the lot does not list it and the value that counts says that it holds none.
    pub absent: bool,
}

/// An assay on a lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailAssay {
    /// The event.
    pub event: EventId,
    /// Who made it.
    pub by: PartyId,
    /// Its standing.
    pub status: AssayStatus,
    /// Whether another assay of the same hand supersedes it.
    pub superseded: bool,
    /// Whether a trusted accreditation, or the trust file, covers laboratory, method, matrix and analytes on that date.
    pub accredited: bool,
    /// What it lacks where it is not accredited.
    pub needed: Vec<String>,
    /// The method.
    pub method: Method,
    /// When it was made.
    pub when: When,
    /// Its results, with corrections; `None` where withheld.
    pub results: Option<Vec<AnalyteValue>>,
    /// Magnetic properties, where stated and shown.
    pub magnetic: Option<Magnetic>,
    /// The certificate by ISO/IEC 17025 7.8.2.1, where shown.
    pub report: Option<Report>,
    /// Everything found on it, notes too: an incomplete certificate, another assay that disagrees, impossible properties.
    pub findings: Vec<Finding>,
}

/// One lot of the lineage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailLot {
    /// The lot.
    pub id: LotId,
    /// Its first label, where shown.
    pub label: Option<String>,
    /// What it consists of.
    pub form: Form,
    /// What it is to the step that made it.
    pub role: OutputRole,
    /// Tracked elements that it lists in clear.
    pub elements: Vec<Element>,
    /// Its net dry mass, with corrections, where shown.
    pub net: Option<Mass>,
    /// What it holds, an entry for each element that it lists or that is measured in it, in the order of [`Element`].
    pub amounts: Vec<Amount>,
    /// Whether its composition by the maker's book is shown, and the lines.
    pub composition: Option<Vec<AnalyteValue>>,
    /// The custody model claimed for it.
    pub custody_model: Option<CustodyModel>,
    /// The characteristic that the model is claimed for.
    pub characteristic: Option<String>,
    /// Number of the step that made it; `None` where that is not at hand.
    pub made_by: Option<usize>,
    /// Assays on it, in the order recorded.
    pub assays: Vec<TrailAssay>,
}

/// The lineage of a lot with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    /// Number of the lot asked about.
    pub subject: usize,
    /// Lots.
    pub lots: Vec<TrailLot>,
    /// Steps, none before one it builds on.
    pub steps: Vec<TrailStep>,
    /// How much of each element of the subject came through which lot and step.
    pub provenance: Provenance,
    /// What the provenance is computed from, to ask other things of it ([`Flows::last`]).
    pub flows: Flows,
    /// Whether anything that belongs is missing: then absence proves nothing, and CONFIRMED is out of reach.
    pub is_complete: bool,
    /// Whether integrity holds and the ledgers are trusted: otherwise CONFIRMED is out of reach as well.
    pub is_sound: bool,
}

impl Trail {
    /// The lot asked about.
    #[must_use]
    pub fn subject(&self) -> Option<&TrailLot> {
        self.lots.get(self.subject)
    }
}
