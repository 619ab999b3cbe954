//! The options by which a lot is asked about claims and specifications, for every verb that verifies.

use super::error::Failure;
use super::spec::read_spec;
use crate::bundle::{ClaimsAsked, PoliciesAsked, PolicyError, UnverifiedBundle, Verification};
use crate::event::{Body, Statement};
use crate::policy::claim::text::{ClaimError, Known, parse};
use crate::policy::pack::{Pack, Settings, find_built_in};
use crate::policy::spec::{self, Spec};
use crate::policy::trail::PlaceLevel;
use crate::value::{Blake3, FacilityId};

/// Options about claims and specifications.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Claims and specifications")]
pub(crate) struct Claims {
    /// A claim to decide, as 'origin Nd US,AU >= 0.9' (`oretrail claim --help` lists the types); may be repeated
    #[arg(long, value_name = "CLAIM")]
    claim: Vec<String>,
    /// The least evidence of a place that confirms a claim: declared, documented, countersigned or accredited
    #[arg(long, value_name = "LEVEL", default_value = "accredited")]
    evidence: PlaceLevel,
    /// A specification to check every hand-off by: an id of `oretrail spec list`, or a file; may be repeated
    #[arg(long, value_name = "ID|FILE")]
    spec: Vec<String>,
}

/// Claims and specifications that were read.
#[derive(Debug)]
pub(crate) struct Read {
    claims: Vec<Statement>,
    specs: Vec<Spec>,
    evidence: PlaceLevel,
}

impl Claims {
    /// Reads them; facilities may be named as the lineage names them.
    pub(crate) fn read(&self, bundle: &UnverifiedBundle, packs: &[(Pack, Settings)]) -> Result<Read, Failure> {
        let specs: Vec<Spec> = self.spec.iter().map(|named| read_spec(named)).collect::<Result<_, _>>()?;
        let events = if self.claim.is_empty() { Vec::new() } else { bundle.events() };
        let facilities = events.iter().filter_map(|event| match &event.payload.body {
            Body::Facility(facility) => Some((FacilityId::from(event.id), facility.code.to_string())),
            _ => None,
        });
        let known = OfLineage { facilities: facilities.collect(), specs: &specs, packs };
        let claims = self.claim.iter().map(|text| parse(text, &known).map_err(|error| wrong(text, &error)));
        Ok(Read { claims: claims.collect::<Result<_, _>>()?, specs, evidence: self.evidence })
    }
}

impl Read {
    /// Decides them on a verification.
    pub(crate) fn answer(
        &self,
        verification: &mut Verification,
        policies: PoliciesAsked<'_>,
    ) -> Result<(), PolicyError> {
        let (claims, specs, evidence) = (&self.claims, &self.specs, self.evidence);
        verification.answer(&ClaimsAsked { claims, specs, policies, evidence })
    }
}

/// A claim that cannot be read, as a failure.
pub(crate) fn wrong(text: &str, error: &ClaimError) -> Failure {
    let text: String = text.chars().take(80).collect();
    Failure::usage(format_args!("in claim `{text}`: {error}")).hint(error.hint.clone())
}

/// The digest of a specification built in.
pub(crate) fn built_in_spec(name: &str) -> Option<Blake3> {
    spec::find_built_in(name)?.ok().map(|spec| spec.blake3)
}

/// The digest of a policy pack built in.
pub(crate) fn built_in_policy(id: &str) -> Option<Blake3> {
    find_built_in(id)?.ok().map(|pack| pack.blake3)
}

/// What a lineage file, the files given and the program know by name.
struct OfLineage<'a> {
    facilities: Vec<(FacilityId, String)>,
    specs: &'a [Spec],
    packs: &'a [(Pack, Settings)],
}

impl Known for OfLineage<'_> {
    fn facility(&self, text: &str) -> Result<FacilityId, String> {
        let is_meant =
            |(id, code): &&(FacilityId, String)| code == text || (text.len() >= 6 && id.to_string().starts_with(text));
        let found: Vec<&(FacilityId, String)> = self.facilities.iter().filter(is_meant).collect();
        match found.as_slice() {
            [(id, _)] => Ok(*id),
            [] => Err("the code or id of a facility of the lineage".to_owned()),
            several => {
                let listed: Vec<String> = several.iter().map(|(id, code)| format!("{code} ({id})")).collect();
                Err(format!("one facility, and there are several: {}", listed.join(", ")))
            }
        }
    }

    fn spec(&self, name: &str) -> Option<Blake3> {
        let given = self.specs.iter().find(|spec| spec.file.id.as_str() == name).map(|spec| spec.blake3);
        given.or_else(|| built_in_spec(name))
    }

    fn policy(&self, id: &str) -> Option<Blake3> {
        let given = self.packs.iter().find(|(pack, _)| pack.file.id.as_str() == id).map(|(pack, _)| pack.blake3);
        given.or_else(|| built_in_policy(id))
    }
}
