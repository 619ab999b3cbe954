//! Transport, customs and licences: what accompanies a dispatch. Declared text; nothing is derived from it.

use crate::value::closed_enum::closed_enum;
use crate::value::{Country, Date, Locode, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

closed_enum!(
    /// Mode of transport.
    TransportMode, "a transport mode", {
        Road = "road", "road";
        Rail = "rail", "rail";
        Sea = "sea", "sea";
        Inland = "inland-waterway", "inland waterway";
        Air = "air", "air";
        Internal = "internal", "carried by a person or within a site";
    }
);

/// One leg of a journey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Leg {
    /// How.
    pub mode: TransportMode,
    /// From where (UN/LOCODE).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Locode>,
    /// To where (UN/LOCODE).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Locode>,
    /// Carrier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<Text>,
    /// Vessel, flight, train or truck.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conveyance: Option<Text>,
    /// Bill of lading or waybill number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Text>,
    /// Day of departure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub departed: Option<Date>,
    /// Day of arrival.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived: Option<Date>,
}

/// Customs classification as declared; nothing is derived from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Customs {
    /// Tariff code.
    pub code: Text,
    /// Whose tariff.
    pub jurisdiction: Country,
    /// Edition of the tariff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<Text>,
    /// Customs regime or procedure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regime: Option<Text>,
    /// Declaration number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaration: Option<Text>,
}

/// An export licence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportLicence {
    /// Its number.
    pub number: Text,
    /// The country whose authority issued it.
    pub country: Country,
    /// Until when it is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Date>,
}
