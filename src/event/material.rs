//! Material: heads, lots as created by events, quantity, composition, packages, documents.

use super::leaves::{Leaves, Place, SdDigest, leaves};
use super::process::{CustodyModel, Form, OutputRole};
use super::reference::{Reference, Target};
use crate::value::closed_enum::closed_enum;
use crate::value::{
    Analyte, Basis, Blake3, Country, Date, Decimal6, Element, EventId, Fraction, LotId, Mass, PartyId, Sha256, Text,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The head of a lot: the lot and the custody event that last moved it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a lot with the event that last moved it")]
pub struct Head {
    /// The lot.
    pub lot: LotId,
    /// The custody event that last moved it; at first the event that created it.
    pub after: EventId,
}

/// A lot as the event that creates it describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lot {
    /// What it is to the operation that made it.
    pub role: OutputRole,
    /// What it consists of.
    pub form: Form,
    /// Tracked elements present.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elements: Vec<Element>,
    /// Owner where it is not the owner of the inputs (or, without inputs, the issuer).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<PartyId>,
    /// Custody model the issuer claims (ISO 22095).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custody_model: Option<CustodyModel>,
    /// The characteristic that the custody model is claimed for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub characteristic: Option<Text>,
    /// How much; withholdable as one group.
    #[serde(default, skip_serializing)]
    pub quantity: Option<Quantity>,
    /// What of which element; withholdable as one group.
    #[serde(default, skip_serializing)]
    pub composition: Option<Vec<AnalyteValue>>,
    /// Names the issuer knows it by: lot, batch, heat numbers.
    #[serde(default, skip_serializing)]
    pub labels: Option<Vec<Text>>,
    /// Drums, bags, containers, seals, serial numbers.
    #[serde(default, skip_serializing)]
    pub packages: Option<Vec<Package>>,
    /// Digests of leaves that are not shown.
    #[serde(
        rename = "_sd",
        default,
        deserialize_with = "super::leaves::present",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub hidden: Vec<SdDigest>,
}

leaves!(Lot { quantity: required, composition: optional, labels: optional, packages: optional });

impl Lot {
    /// The net dry mass, where shown.
    #[must_use]
    pub fn net_dry(&self) -> Option<Mass> {
        self.quantity.as_ref().map(|q| q.net_dry)
    }

    /// The first label, where shown.
    #[must_use]
    pub fn label(&self) -> Option<&Text> {
        self.labels.as_ref().and_then(|l| l.first())
    }
}

/// The quantity of a lot; masses in kg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quantity {
    /// Net dry mass: the mass of the books.
    pub net_dry: Mass,
    /// Gross mass, packages included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gross: Option<Mass>,
    /// Mass of the empty packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tare: Option<Mass>,
    /// Net mass as weighed, moisture included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub net_wet: Option<Mass>,
    /// Moisture as a fraction of the net wet mass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moisture: Option<Fraction>,
    /// Expanded uncertainty of the net dry mass, k = 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertainty: Option<Mass>,
    /// Number of pieces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pieces: Option<u64>,
    /// Mass of one piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_mass: Option<Mass>,
}

/// A measured fraction, or the limit of quantification it is below; text `0.55` or `<0.0001`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reading {
    /// Measured.
    Value(Fraction),
    /// Below the limit of quantification.
    BelowLoq(Fraction),
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => write!(f, "{value}"),
            Self::BelowLoq(limit) => write!(f, "<{limit}"),
        }
    }
}

impl FromStr for Reading {
    type Err = crate::value::decimal::DecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix('<') {
            Some(limit) => limit.parse().map(Self::BelowLoq),
            None => text.parse().map(Self::Value),
        }
    }
}

crate::value::text_form::text_form!(
    Reading,
    "Reading",
    "^<?(0|[1-9][0-9]*)(\\.[0-9]{1,9})?$",
    "mass fraction (kg/kg) as a decimal string, or `<` and the limit of quantification",
    (bool, u32),
    |v| match v {
        Reading::Value(f) => (false, f.ppb()),
        Reading::BelowLoq(f) => (true, f.ppb()),
    },
    |(below, ppb)| Fraction::new(ppb).map(|f| if below { Self::BelowLoq(f) } else { Self::Value(f) })
);

/// One line of a composition or assay; mass fractions in kg/kg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalyteValue {
    /// What was determined.
    pub analyte: Analyte,
    /// How much of it.
    pub value: Reading,
    /// What the fraction is a fraction of.
    pub basis: Basis,
    /// Expanded uncertainty of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertainty: Option<Fraction>,
    /// Coverage factor of the uncertainty; 2 where not stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k: Option<Decimal6>,
}

closed_enum!(
    /// What a package is.
    PackageKind, "a package kind", {
        Drum = "drum", "drum";
        Bag = "bag", "bag or big bag";
        Container = "container", "sea or rail container (ISO 6346)";
        Box = "box", "box or carton";
        Pallet = "pallet", "pallet";
        Piece = "piece", "single serialized piece";
    }
);

/// A drum, bag, container or serialized piece inside a lot or shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// What it is.
    pub kind: PackageKind,
    /// Its number or mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Text>,
    /// Seal numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seals: Vec<Text>,
    /// Gross mass in kg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gross: Option<Mass>,
    /// Net mass as weighed in kg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub net: Option<Mass>,
}

closed_enum!(
    /// What a document is.
    DocumentKind, "a document kind", {
        CertificateOfOrigin = "certificate-of-origin", "certificate of origin";
        CertificateOfAnalysis = "certificate-of-analysis", "certificate of analysis or test report";
        CertificateOfConformity = "certificate-of-conformity", "certificate of conformity";
        MillCertificate = "mill-certificate", "mill or melt certificate";
        AuditReport = "audit-report", "audit or due-diligence report";
        AccreditationCertificate = "accreditation-certificate", "accreditation certificate";
        BillOfLading = "bill-of-lading", "bill of lading or waybill";
        Invoice = "invoice", "invoice";
        PackingList = "packing-list", "packing list";
        WeighingTicket = "weighing-ticket", "weighbridge or weighing ticket";
        CustomsDeclaration = "customs-declaration", "customs declaration";
        ExportLicence = "export-licence", "export licence";
        Contract = "contract", "contract or purchase order";
        Determination = "determination", "written determination, waiver or exception";
        Photograph = "photograph", "photograph";
        Other = "other", "anything else";
    }
);

/// A document held by its digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// What it is.
    pub kind: DocumentKind,
    /// Who issued it, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Text>,
    /// Who issued it, where it is a registered party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_party: Option<PartyId>,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Text>,
    /// Its date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// Media type (RFC 6838).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<Text>,
    /// Size in bytes.
    pub bytes: u64,
    /// BLAKE3 of its bytes.
    pub blake3: Blake3,
    /// SHA-256 of its bytes.
    pub sha256: Sha256,
}

closed_enum!(
    /// What a business reference is.
    ReferenceKind, "a reference kind", {
        PurchaseOrder = "purchase-order", "purchase order";
        SalesOrder = "sales-order", "sales order";
        Contract = "contract", "contract";
        WorkOrder = "work-order", "work or production order";
        TollAgreement = "toll-agreement", "toll agreement";
        DeliveryNote = "delivery-note", "delivery note";
        Other = "other", "anything else";
    }
);

/// A purchase order, contract or work order that an event belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BusinessReference {
    /// What it is.
    pub kind: ReferenceKind,
    /// Its number.
    pub number: Text,
}

/// What is known of a step before the material entered the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriorStep {
    /// Which stage.
    pub stage: super::process::Stage,
    /// Where, as far as known.
    pub country: Country,
    /// Which elements the statement is about; all present where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elements: Vec<Element>,
    /// The site, in words.
    #[serde(default, skip_serializing)]
    pub site: Option<Text>,
    /// The supplier or operator, in words.
    #[serde(default, skip_serializing)]
    pub supplier: Option<Text>,
    /// Digests of leaves that are not shown.
    #[serde(
        rename = "_sd",
        default,
        deserialize_with = "super::leaves::present",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub hidden: Vec<SdDigest>,
}

leaves!(PriorStep { site: optional, supplier: optional });

/// Visits a list of objects with leaves.
pub(crate) fn visit_items<T: Leaves>(
    list: &'static str,
    items: &mut [T],
    visit: &mut dyn FnMut(Place, &mut dyn Leaves),
) {
    for (number, item) in items.iter_mut().enumerate() {
        // Lists are at most 256 long, which the shape check enforces; beyond that the number saturates.
        visit(Place::Item(list, u16::try_from(number).unwrap_or(u16::MAX)), item);
    }
}

/// Visits the heads of a custody event.
pub(super) fn visit_heads(heads: &[Head], lot: &'static str, after: &'static str, visit: &mut dyn FnMut(Reference)) {
    for head in heads {
        visit(Reference::subject(lot, Target::Lot(head.lot)));
        if head.after != head.lot.event {
            visit(Reference::subject(after, Target::Event(head.after)));
        }
    }
}

/// Visits the owners of created lots, where stated.
pub(super) fn visit_owners(outputs: &[Lot], visit: &mut dyn FnMut(Reference)) {
    for owner in outputs.iter().filter_map(|lot| lot.owner) {
        visit(Reference::mention("outputs[].owner", Target::Party(owner)));
    }
}
