//! Who vouches for the identity and the site of each step of a lineage.

use crate::event::{Body, Event, Process, Scheme, SourceKind, Subject};
use crate::finding::{Code, Finding};
use crate::rules::accreditation::{Accreditations, Question, Standing};
use crate::rules::trust::Trust;
use crate::state::{View, ViewError};
use crate::value::Time;

/// What is lacking for one event: an accreditation of its issuer's identity, or of its site for what was done there.
///
/// Establishes what the accreditations at hand say; whether one was suspended elsewhere needs completeness.
///
/// # Errors
/// State could not be read.
pub fn check_step(
    event: &Event,
    accreditations: &Accreditations,
    trust: &Trust,
    view: &dyn View,
    as_of: Time,
) -> Result<Vec<Finding>, ViewError> {
    let mut found = Vec::new();
    let when = event.payload.when;
    let ask = |subject, scheme, country, processes: &[Process]| {
        let (from, to) = (when.start(), when.end());
        let (method, matrix, analytes) = (None, None, [].as_slice());
        let question = Question { subject, scheme, country, processes, method, matrix, analytes, from, to };
        accreditations.standing(&question, trust, view, as_of)
    };
    let issuer = event.issuer();
    let country = view.party(&issuer)?.map(|party| party.country);
    let identity = ask(Subject::Party(issuer), Scheme::PartyIdentity, country, &[])?;
    let whom = format!("somebody trusted who vouches for the identity of party {issuer}");
    found.extend(lacking(&identity, Code::PartyNotAccredited, &whom));
    if let Some(facility) = event.payload.body.facility() {
        let country = view.facility(&facility)?.map(|record| record.facility.country);
        let site = ask(Subject::Facility(facility), Scheme::SiteLocation, country, processes(&event.payload.body))?;
        let what = format!("somebody trusted who vouches for facility {facility} at that time");
        found.extend(lacking(&site, Code::SiteNotAccredited, &what));
    }
    Ok(found.into_iter().map(|finding| finding.on(event.id)).collect())
}

fn processes(body: &Body) -> &[Process] {
    match body {
        Body::Source(source) if source.source == SourceKind::Mined => &[Process::Mine],
        Body::Transform(transform) => &transform.processes,
        _ => &[],
    }
}

fn lacking(standing: &Standing, code: Code, expected: &str) -> Option<Finding> {
    match standing {
        Standing::Accredited(_) => None,
        Standing::Suspended(by) => {
            let finding = Finding::new(Code::AccreditationSuspended, expected, "an accreditation that was suspended");
            Some(by.iter().fold(finding, |finding, event| finding.with(*event)))
        }
        Standing::NotAccredited(refused) => {
            let why: Vec<String> = refused.iter().map(|(event, why)| format!("{}: {why}", event.short())).collect();
            let found = if why.is_empty() { "nobody".to_owned() } else { why.join("; ") };
            Some(refused.iter().fold(Finding::new(code, expected, found), |finding, (event, _)| finding.with(*event)))
        }
    }
}
