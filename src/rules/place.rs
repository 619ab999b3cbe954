//! Where it happened. Admission: the facility is known, operating, the issuer's, and permitted to do it.

use super::Admission;
use crate::event::{Body, Process};
use crate::finding::{Code, Finding};
use crate::state::ViewError;
use crate::value::FacilityId;

pub(super) fn check_admission(a: &Admission<'_>, out: &mut Vec<Finding>) -> Result<(), ViewError> {
    let mut place = Place { a, out };
    match &a.event.payload.body {
        Body::Source(body) => {
            let processes: &[Process] =
                if body.source == crate::event::SourceKind::Mined { &[Process::Mine] } else { &[] };
            place.operated(body.facility, processes)
        }
        Body::Transform(body) => place.operated(body.facility, &body.processes),
        Body::Split(body) => place.known(body.facility, "facility"),
        Body::Blend(body) => place.known(body.facility, "facility"),
        Body::Dispatch(body) => {
            place.known(body.from, "from")?;
            body.to_facility.map_or(Ok(()), |id| place.known(id, "to_facility"))
        }
        Body::Receive(body) => {
            place.known(body.facility, "facility")?;
            body.taken_over_at.map_or(Ok(()), |id| place.known(id, "taken_over_at"))
        }
        Body::Retire(body) => body.facility.map_or(Ok(()), |id| place.known(id, "facility")),
        _ => Ok(()),
    }
}

struct Place<'a, 'b> {
    a: &'a Admission<'a>,
    out: &'b mut Vec<Finding>,
}

impl Place<'_, '_> {
    fn known(&mut self, id: FacilityId, member: &str) -> Result<(), ViewError> {
        if self.a.view.facility(&id)?.is_none() {
            let finding = self.a.finding(Code::UnknownFacility, "a registered facility", id);
            self.out.push(finding.at(format_args!("/body/{member}")));
        }
        Ok(())
    }

    /// The issuer operates the facility, at that time, for these processes.
    fn operated(&mut self, id: FacilityId, processes: &[Process]) -> Result<(), ViewError> {
        self.known(id, "facility")?;
        let Some(record) = self.a.view.facility(&id)? else { return Ok(()) };
        let related = id.into();
        let issuer = self.a.event.issuer();
        if record.operator != issuer {
            let expected = format!("the operator of `{}`, party {}", record.facility.code, record.operator);
            self.out.push(self.a.finding(Code::NotOperator, expected, format_args!("party {issuer}")).with(related));
        }
        let (start, end) = (self.a.event.payload.when.start(), self.a.event.payload.when.end());
        let to = [record.facility.valid_to, record.superseded.map(|(_, from)| from)].into_iter().flatten().min();
        let early = record.facility.valid_from.filter(|from| start < *from);
        if let Some(from) = early {
            self.out
                .push(self.a.finding(Code::FacilityClosed, format_args!("a time from {from}"), start).with(related));
        }
        if let Some(to) = to.filter(|to| end > *to) {
            self.out.push(self.a.finding(Code::FacilityClosed, format_args!("a time until {to}"), end).with(related));
        }
        for process in processes.iter().filter(|process| !record.facility.processes.contains(process)) {
            let permitted: Vec<&str> = record.facility.processes.iter().map(|process| process.as_str()).collect();
            let expected = format!("one of the processes of `{}`: {}", record.facility.code, permitted.join(", "));
            self.out.push(self.a.finding(Code::ProcessNotPermitted, expected, process).with(related));
        }
        Ok(())
    }
}
