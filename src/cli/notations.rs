//! The keys of the objects that verbs take as `key=value` words.

use super::pairs::{Notation, Slot};

use Slot::{Count, Flag, List, Packages, Text};

/// A lot that an event creates.
pub(crate) const OUTPUT: Notation = Notation {
    what: "an output",
    keys: &[
        ("name", Text(&["name"])),
        ("label", List(&["labels"])),
        ("form", Text(&["form"])),
        ("role", Text(&["role"])),
        ("mass", Text(&["quantity", "net_dry"])),
        ("pieces", Count(&["quantity", "pieces"])),
        ("unit-mass", Text(&["quantity", "unit_mass"])),
        ("gross", Text(&["quantity", "gross"])),
        ("tare", Text(&["quantity", "tare"])),
        ("net-wet", Text(&["quantity", "net_wet"])),
        ("moisture", Text(&["quantity", "moisture"])),
        ("uncertainty", Text(&["quantity", "uncertainty"])),
        ("elements", List(&["elements"])),
        ("owner", Text(&["owner"])),
        ("custody-model", Text(&["custody_model"])),
        ("characteristic", Text(&["characteristic"])),
        ("package", Packages(&["packages"])),
        ("rest", Flag(&["rest"])),
    ],
    analytes: Some("composition"),
};

/// A line of a receipt.
pub(crate) const RECEIVED: Notation = Notation {
    what: "a received lot",
    keys: &[
        ("lot", Text(&["lot"])),
        ("outcome", Text(&["outcome"])),
        ("reason", Text(&["reason"])),
        ("mass", Text(&["quantity", "net_dry"])),
        ("gross", Text(&["quantity", "gross"])),
        ("tare", Text(&["quantity", "tare"])),
        ("net-wet", Text(&["quantity", "net_wet"])),
        ("moisture", Text(&["quantity", "moisture"])),
        ("uncertainty", Text(&["quantity", "uncertainty"])),
        ("pieces", Count(&["quantity", "pieces"])),
        ("accepted", Text(&["accepted"])),
        ("returned", Text(&["returned"])),
        ("accepted-label", Text(&["accepted_label"])),
        ("returned-label", Text(&["returned_label"])),
        ("package", Packages(&["packages"])),
    ],
    analytes: None,
};

/// A step before the material entered the ledger.
pub(crate) const PRIOR: Notation = Notation {
    what: "a prior step",
    keys: &[
        ("stage", Text(&["stage"])),
        ("country", Text(&["country"])),
        ("elements", List(&["elements"])),
        ("site", Text(&["site"])),
        ("supplier", Text(&["supplier"])),
    ],
    analytes: None,
};

/// A leg of a journey.
pub(crate) const DISPATCH_LEG: Notation = Notation {
    what: "a leg",
    keys: &[
        ("mode", Text(&["mode"])),
        ("from", Text(&["from"])),
        ("to", Text(&["to"])),
        ("carrier", Text(&["carrier"])),
        ("conveyance", Text(&["conveyance"])),
        ("document", Text(&["document"])),
        ("departed", Text(&["departed"])),
        ("arrived", Text(&["arrived"])),
    ],
    analytes: None,
};

/// A container, drum or bag with its seals.
pub(crate) const PACKAGE: Notation = Notation {
    what: "a package",
    keys: &[
        ("kind", Text(&["kind"])),
        ("number", Text(&["number"])),
        ("seals", List(&["seals"])),
        ("gross", Text(&["gross"])),
        ("net", Text(&["net"])),
    ],
    analytes: None,
};

/// A customs declaration.
pub(crate) const CUSTOMS: Notation = Notation {
    what: "a customs declaration",
    keys: &[
        ("code", Text(&["code"])),
        ("jurisdiction", Text(&["jurisdiction"])),
        ("edition", Text(&["edition"])),
        ("regime", Text(&["regime"])),
        ("declaration", Text(&["declaration"])),
    ],
    analytes: None,
};

/// An export licence.
pub(crate) const LICENCE: Notation = Notation {
    what: "an export licence",
    keys: &[("number", Text(&["number"])), ("country", Text(&["country"])), ("expires", Text(&["expires"]))],
    analytes: None,
};

/// An attached document.
pub(crate) const DOCUMENT: Notation = Notation {
    what: "a document",
    keys: &[
        ("file", Text(&["file"])),
        ("kind", Text(&["kind"])),
        ("issuer", Text(&["issuer"])),
        ("issuer-party", Text(&["issuer_party"])),
        ("number", Text(&["number"])),
        ("date", Text(&["date"])),
        ("media-type", Text(&["media_type"])),
    ],
    analytes: None,
};

/// A number in a register of companies.
pub(crate) const REGISTRY: Notation = Notation {
    what: "a registry number",
    keys: &[("authority", Text(&["authority"])), ("number", Text(&["number"]))],
    analytes: None,
};

/// Results of an assay.
pub(crate) const RESULTS: Notation = Notation { what: "a result", keys: &[], analytes: Some("results") };

/// The sample of an assay.
pub(crate) const SAMPLE: Notation = Notation {
    what: "a sample",
    keys: &[
        ("id", Text(&["id"])),
        ("mass", Text(&["mass"])),
        ("seal", Text(&["seal"])),
        ("sampler", Text(&["sampler"])),
        ("plan", Text(&["plan"])),
        ("description", Text(&["description"])),
    ],
    analytes: None,
};

/// Magnetic properties.
pub(crate) const MAGNETIC: Notation = Notation {
    what: "magnetic properties",
    keys: &[
        ("grade", Text(&["grade"])),
        ("br", Text(&["br", "value"])),
        ("br-uncertainty", Text(&["br", "uncertainty"])),
        ("hcb", Text(&["hcb", "value"])),
        ("hcb-uncertainty", Text(&["hcb", "uncertainty"])),
        ("hcj", Text(&["hcj", "value"])),
        ("hcj-uncertainty", Text(&["hcj", "uncertainty"])),
        ("bhmax", Text(&["bhmax", "value"])),
        ("bhmax-uncertainty", Text(&["bhmax", "uncertainty"])),
        ("temperature", Text(&["temperature"])),
        ("density", Text(&["density"])),
    ],
    analytes: None,
};

/// What a certificate says beyond its results.
pub(crate) const REPORT: Notation = Notation {
    what: "a report",
    keys: &[
        ("title", Text(&["title"])),
        ("number", Text(&["number"])),
        ("customer", Text(&["customer"])),
        ("relates-only-to-items", Flag(&["relates_only_to_items"])),
        ("deviations", Text(&["deviations"])),
        ("authorized-by", Text(&["authorized_by"])),
        ("external", Text(&["external"])),
        ("decision-rule", Text(&["decision_rule"])),
    ],
    analytes: None,
};
