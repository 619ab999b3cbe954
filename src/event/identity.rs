//! Who, where, and vouched for by whom: `party`, `facility`, `ledger`, `accredit`. All portable.

use super::kind::Kind;
use super::leaves::{Place, SdDigest, leaves};
use super::process::Process;
use super::reference::{Reference, References, Target};
use super::shape::{Shape, ShapeError};
use super::{BodyKind, Leaves};
use crate::value::closed_enum::closed_enum;
use crate::value::{
    Analyte, Cage, Country, EventId, FacilityId, Geometry, Gln, Jwk, KeyId, Lei, LotId, Mass, PartyId, Text, Time, Uei,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

closed_enum!(
    /// What a party says it does; self-declared, nothing but trust depends on it.
    Role, "a role", {
        Mine = "mine", "mine operator";
        Separator = "separator", "separator or refiner";
        MetalMaker = "metal-maker", "metal or alloy maker";
        MagnetMaker = "magnet-maker", "magnet maker";
        Recycler = "recycler", "recycler";
        Manufacturer = "manufacturer", "maker of components or end items";
        Trader = "trader", "trader";
        Logistics = "logistics", "warehouse or carrier";
        Laboratory = "laboratory", "laboratory";
        AccreditationBody = "accreditation-body", "accreditation body";
        Auditor = "auditor", "certifier or auditor";
        Authority = "authority", "public authority";
        Buyer = "buyer", "buyer";
        LedgerOperator = "ledger-operator", "operator of a ledger";
    }
);

/// A number in a public register of companies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistryNumber {
    /// The register.
    pub authority: Text,
    /// The number there.
    pub number: Text,
}

/// Registers a party with its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Legal name.
    pub name: Text,
    /// Country of registration.
    pub country: Country,
    /// Postal address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Text>,
    /// What it says it does.
    pub roles: Vec<Role>,
    /// Legal Entity Identifier (ISO 17442).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lei: Option<Lei>,
    /// GS1 Global Location Number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gln: Option<Gln>,
    /// CAGE or NCAGE code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cage: Option<Cage>,
    /// US Unique Entity Identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uei: Option<Uei>,
    /// Number in a register of companies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<RegistryNumber>,
    /// The registration key; this event is signed by it.
    pub key: Jwk,
    /// Thumbprint of the offline recovery key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<KeyId>,
    /// A person to write to.
    #[serde(default, skip_serializing)]
    pub contact: Option<Text>,
    /// Digests of leaves that are not shown.
    #[serde(
        rename = "_sd",
        default,
        deserialize_with = "super::leaves::present",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub hidden: Vec<SdDigest>,
}

leaves!(Party { contact: optional });

impl BodyKind for Party {
    const KIND: Kind = Kind::Party;

    fn visit_leaves(&mut self, visit: &mut dyn FnMut(Place, &mut dyn Leaves)) {
        visit(Place::Body, self);
    }
}

impl References for Party {
    fn visit_references(&self, _: &mut dyn FnMut(Reference)) {}
}

impl Shape for Party {
    fn check_shape(&self) -> Result<(), ShapeError> {
        ShapeError::count("roles", self.roles.len(), 1, 16)
    }
}

closed_enum!(
    /// What a facility is.
    FacilityType, "a facility type", {
        Mine = "mine", "mine or quarry";
        Plant = "plant", "processing plant";
        Laboratory = "laboratory", "laboratory";
        Warehouse = "warehouse", "warehouse";
        Port = "port", "port, rail or road terminal";
        Collection = "collection", "collection or dismantling point";
        Office = "office", "office";
    }
);

/// How much a facility can put through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// Which process.
    pub process: Process,
    /// Calendar year; every year where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<u16>,
    /// Product mass a year in kg, net dry.
    pub mass: Mass,
}

/// Registers a facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Facility {
    /// The operator's own code for it.
    pub code: Text,
    /// Name.
    pub name: Text,
    /// Name of a site shared with other operators, for example an industrial park.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<Text>,
    /// What it is.
    #[serde(rename = "type")]
    pub facility_type: FacilityType,
    /// Country.
    pub country: Country,
    /// Where it is: a point with a radius, or a polygon (WGS 84).
    pub geometry: Geometry,
    /// GS1 Global Location Number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gln: Option<Gln>,
    /// Processes that may take place here.
    pub processes: Vec<Process>,
    /// How much.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capacity: Vec<Capacity>,
    /// From when it is in operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Time>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Time>,
    /// The registration this one replaces; cosigned by the old operator where that is another party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<FacilityId>,
}

impl BodyKind for Facility {
    const KIND: Kind = Kind::Facility;

    fn visit_leaves(&mut self, _: &mut dyn FnMut(Place, &mut dyn Leaves)) {}
}

impl References for Facility {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        if let Some(old) = self.supersedes {
            visit(Reference::subject("supersedes", Target::Facility(old)));
        }
    }
}

impl Shape for Facility {
    fn check_shape(&self) -> Result<(), ShapeError> {
        ShapeError::count("processes", self.processes.len(), 0, Process::ALL.len())?;
        ShapeError::count("capacity", self.capacity.len(), 0, 256)?;
        ShapeError::rises("valid_to", self.valid_from, self.valid_to)
    }
}

/// Binds a log key to the operator of a ledger, or replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// Origin of the log's checkpoints (C2SP tlog-checkpoint).
    pub origin: Text,
    /// The log's verifier key (C2SP signed-note vkey); the key cosigns with purpose `log-key`.
    pub vkey: Text,
    /// The `ledger` event whose key this one replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotates: Option<EventId>,
}

impl BodyKind for Ledger {
    const KIND: Kind = Kind::Ledger;

    fn visit_leaves(&mut self, _: &mut dyn FnMut(Place, &mut dyn Leaves)) {}
}

impl References for Ledger {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        if let Some(old) = self.rotates {
            visit(Reference::subject("rotates", Target::Event(old)));
        }
    }
}

impl Shape for Ledger {}

closed_enum!(
    /// What an `accredit` event does.
    AccreditAction, "an accreditation action", {
        Grant = "grant", "vouches";
        Suspend = "suspend", "suspends a grant from a moment on";
        Reinstate = "reinstate", "ends a suspension";
        Withdraw = "withdraw", "ends a grant";
    }
);

closed_enum!(
    /// What is vouched for.
    Scheme, "an accreditation scheme", {
        SiteLocation = "site-location", "the facility is where its registration says and does what its scope says";
        PartyIdentity = "party-identity", "the party is who its registration says";
        Iso17025 = "ISO/IEC 17025", "competence of a testing laboratory";
        Iso9001 = "ISO 9001", "quality management";
        Iatf16949 = "IATF 16949", "automotive quality management";
        As9100 = "AS9100", "aerospace quality management";
        Iso14001 = "ISO 14001", "environmental management";
        Irma = "IRMA", "responsible mining (IRMA Standard)";
        Iso22095 = "ISO 22095", "chain of custody";
        Security = "security", "facility security clearance or NIST SP 800-171 assessment";
        LotConformity = "lot-conformity", "lot conformity";
    }
);

/// Whom or what an accreditation is about: exactly one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Subject {
    /// A party.
    Party(PartyId),
    /// A facility.
    Facility(FacilityId),
    /// A lot.
    Lot(LotId),
}

/// For what an accreditation holds; an empty list does not limit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccreditScope {
    /// Processes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<Process>,
    /// Test methods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<super::assay::Method>,
    /// Matrices (material forms) tested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matrices: Vec<super::process::Form>,
    /// Analytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub analytes: Vec<Analyte>,
}

/// Grants, suspends, reinstates or withdraws an accreditation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accredit {
    /// What is done.
    pub action: AccreditAction,
    /// What is vouched for (grant).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<Scheme>,
    /// Whom or what it is about.
    pub subject: Subject,
    /// The grant that is suspended, reinstated or withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<EventId>,
    /// For what it holds (grant).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<AccreditScope>,
    /// From when it is in force, or from when the action takes effect.
    pub valid_from: Time,
    /// Until when it is in force (grant).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Time>,
    /// Certificate number.
    #[serde(default, skip_serializing)]
    pub certificate: Option<Text>,
    /// Digests of leaves that are not shown.
    #[serde(
        rename = "_sd",
        default,
        deserialize_with = "super::leaves::present",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub hidden: Vec<SdDigest>,
}

leaves!(Accredit { certificate: optional });

impl BodyKind for Accredit {
    const KIND: Kind = Kind::Accredit;

    fn visit_leaves(&mut self, visit: &mut dyn FnMut(Place, &mut dyn Leaves)) {
        visit(Place::Body, self);
    }
}

impl References for Accredit {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        visit(match self.subject {
            Subject::Party(id) => Reference::subject("subject.party", Target::Party(id)),
            Subject::Facility(id) => Reference::subject("subject.facility", Target::Facility(id)),
            Subject::Lot(id) => Reference::subject("subject.lot", Target::Lot(id)),
        });
        if let Some(grant) = self.grant {
            visit(Reference::subject("grant", Target::Event(grant)));
        }
    }
}

impl Shape for Accredit {
    fn check_shape(&self) -> Result<(), ShapeError> {
        let granting = self.action == AccreditAction::Grant;
        let need = |name, have: bool, wanted| ShapeError::presence("action", self.action.as_str(), name, have, wanted);
        need("scheme", self.scheme.is_some(), granting)?;
        need("grant", self.grant.is_some(), !granting)?;
        ShapeError::rises("valid_to", Some(self.valid_from), self.valid_to)
    }
}
