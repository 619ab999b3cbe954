//! The JSON Schemas of everything that is signed or passed on, by name.
//!
//! They follow from the types; the files in `schemas/` are what this module writes, and a test fails where they have drifted.
//!
//! In scope: names and texts. Not in scope: what a schema cannot say, which `schemas/FORMAT.md` does.

use crate::bundle::{BUNDLE_VERSION, BundleFile, Manifest, STATED_VERSION, StatedFile};
use crate::event::{Kind, schema};
use crate::policy::exception::Exception;
use crate::policy::pack::PackFile;
use crate::policy::provenance::{PROVENANCE_VERSION, ProvenanceReport};
use crate::policy::spec::SpecFile;
use crate::rules::trust::Trust;
use crate::verify::report::{REPORT_VERSION, Report};
use serde_json::Value;

/// A name and what writes its schema.
type Named = (&'static str, fn() -> Value);

/// Schemas that are not those of a kind of event.
const OTHERS: &[Named] = &[
    ("disclosures", schema::disclosures),
    ("bundle", || versioned::<BundleFile>("lineage bundle", BUNDLE_VERSION)),
    ("manifest", || versioned::<Manifest>("manifest of a lineage bundle, payload", BUNDLE_VERSION)),
    ("statement", || versioned::<StatedFile>("completeness statement of an auditor", STATED_VERSION)),
    ("batch", super::batch::schema),
    ("policy", || schema::of_file::<PackFile>("policy pack, version 0")),
    ("spec", || schema::of_file::<SpecFile>("specification file, version 0")),
    ("exception", || schema::of_file::<Exception>("exception file, payload, version 0")),
    ("trust", || schema::of_file::<Trust>("trust file, version 0")),
    ("provenance", || versioned::<ProvenanceReport>("provenance of a lot", PROVENANCE_VERSION)),
    ("report", || versioned::<Report>("verification report", REPORT_VERSION)),
];

/// The schema of a file whose member `v` is its version.
fn versioned<T: schemars::JsonSchema>(title: &str, version: u8) -> Value {
    let mut schema = schema::of_file::<T>(title);
    if let Some(Value::Object(member)) = schema.pointer_mut("/properties/v") {
        member.retain(|name, _| name == "description");
        member.insert("const".to_owned(), version.into());
    }
    schema
}

/// What the name of a kind's schema begins with.
const EVENT: &str = "event-";

/// The names of all schemas.
pub fn names() -> impl Iterator<Item = String> {
    let kinds = Kind::ALL.iter().map(|kind| format!("{EVENT}{kind}"));
    kinds.chain(OTHERS.iter().map(|(name, _)| (*name).to_owned()))
}

/// A schema as the text of its file; `None` for an unknown name.
#[must_use]
pub fn get(name: &str) -> Option<String> {
    let mut schema = match name.strip_prefix(EVENT).and_then(|kind| kind.parse().ok()) {
        Some(kind) => schema::signed(kind),
        None => OTHERS.iter().find(|(known, _)| *known == name).map(|(_, generate)| generate())?,
    };
    // Whatever order the JSON library keeps members in.
    schema.sort_all_objects();
    Some(format!("{schema:#}\n"))
}
