//! `assay`: what a laboratory or scale found in a lot, with the content of ISO/IEC 17025:2017 clause 7.8.2.1.

use super::kind::Kind;
use super::leaves::{Place, SdDigest, leaves};
use super::material::AnalyteValue;
use super::reference::{Reference, References, Target};
use super::shape::{Shape, ShapeError};
use super::{BodyKind, Leaves};
use crate::value::closed_enum::closed_enum;
use crate::value::{Date, Decimal6, EventId, FacilityId, LotId, Mass, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

closed_enum!(
    /// How something was determined.
    Method, "a method", {
        IcpMs = "ICP-MS", "inductively coupled plasma mass spectrometry";
        IcpOes = "ICP-OES", "inductively coupled plasma optical emission spectrometry";
        Xrf = "XRF", "X-ray fluorescence";
        Gravimetric = "gravimetric", "gravimetric determination of total rare earths";
        Titration = "titration", "titration";
        Combustion = "combustion", "combustion with infrared detection (C, S)";
        Fusion = "fusion", "inert gas fusion (O, N, H)";
        LossOnIgnition = "loss-on-ignition", "loss on ignition";
        Drying = "drying", "drying to constant mass";
        Spectrometry = "spectrometry", "gamma or alpha spectrometry";
        Hysteresisgraph = "hysteresisgraph", "closed magnetic circuit, IEC 60404-5 or ASTM A977";
        Weighing = "weighing", "weighing";
        Calculation = "calculation", "calculation from other results";
    }
);

closed_enum!(
    /// How final an assay is.
    AssayStatus, "an assay status", {
        Provisional = "provisional", "may still change";
        Final = "final", "final";
        Umpire = "umpire", "settles a disagreement between parties";
    }
);

/// The sample an assay was made on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Its number.
    pub id: Text,
    /// Its mass in kg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mass: Option<Mass>,
    /// Seal number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Text>,
    /// Who took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampler: Option<Text>,
    /// Sampling plan and method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Text>,
    /// Description and condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text>,
}

/// A value in a unit that its context names, with its expanded uncertainty (k = 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The value.
    pub value: Decimal6,
    /// Expanded uncertainty, k = 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertainty: Option<Decimal6>,
}

/// Magnetic properties (IEC 60404-8-1, ASTM A1101) at a stated temperature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Magnetic {
    /// Grade designation, for example `N42SH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Text>,
    /// Remanence Br in tesla.
    pub br: Measured,
    /// Coercivity HcB in kA/m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hcb: Option<Measured>,
    /// Intrinsic coercivity HcJ in kA/m.
    pub hcj: Measured,
    /// Maximum energy product in kJ/m³.
    pub bhmax: Measured,
    /// Temperature of the measurement in °C.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<Decimal6>,
    /// Density in g/cm³.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub density: Option<Decimal6>,
}

/// What ISO/IEC 17025:2017 clause 7.8.2.1 asks a report to hold, beyond what the event says elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// 7.8.2.1 a: title.
    pub title: Text,
    /// 7.8.2.1 d: unique identification.
    pub number: Text,
    /// 7.8.2.1 e: customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Text>,
    /// 7.8.2.1 l: the results relate only to the items tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relates_only_to_items: Option<bool>,
    /// 7.8.2.1 n: additions to, deviations or exclusions from the method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deviations: Option<Text>,
    /// 7.8.2.1 o: person who authorizes the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorized_by: Option<Text>,
    /// 7.8.2.1 p: which results come from external providers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<Text>,
    /// 7.8.6: decision rule of a statement of conformity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision_rule: Option<Text>,
}

/// States what was found in a lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assay {
    /// The lot.
    pub lot: LotId,
    /// How final it is.
    pub status: AssayStatus,
    /// How it was determined.
    pub method: Method,
    /// Where it was determined (7.8.2.1 c).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<FacilityId>,
    /// Day of sampling (7.8.2.1 h).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampled: Option<Date>,
    /// Day the sample was received (7.8.2.1 h).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<Date>,
    /// Day the work was done (7.8.2.1 i).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performed: Option<Date>,
    /// Day of issue (7.8.2.1 j).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<Date>,
    /// The assay this one replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<EventId>,
    /// The sample.
    #[serde(default, skip_serializing)]
    pub sample: Option<Sample>,
    /// Results as mass fractions.
    #[serde(default, skip_serializing)]
    pub results: Option<Vec<AnalyteValue>>,
    /// Magnetic properties.
    #[serde(default, skip_serializing)]
    pub magnetic: Option<Magnetic>,
    /// What the certificate says beyond the results.
    #[serde(default, skip_serializing)]
    pub report: Option<Report>,
    /// Digests of leaves that are not shown.
    #[serde(
        rename = "_sd",
        default,
        deserialize_with = "super::leaves::present",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub hidden: Vec<SdDigest>,
}

leaves!(Assay { sample: optional, results: optional, magnetic: optional, report: optional });

impl BodyKind for Assay {
    const KIND: Kind = Kind::Assay;

    fn visit_leaves(&mut self, visit: &mut dyn FnMut(Place, &mut dyn Leaves)) {
        visit(Place::Body, self);
    }
}

impl References for Assay {
    fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
        visit(Reference::subject("lot", Target::Lot(self.lot)));
        if let Some(facility) = self.facility {
            visit(Reference::mention("facility", Target::Facility(facility)));
        }
        if let Some(old) = self.supersedes {
            visit(Reference::subject("supersedes", Target::Event(old)));
        }
    }
}

impl Shape for Assay {
    fn check_shape(&self) -> Result<(), ShapeError> {
        if self.results.is_none() && self.magnetic.is_none() && self.hidden.is_empty() {
            return Err(ShapeError::new("results", "expected results or magnetic properties, found neither"));
        }
        Ok(())
    }
}
