//! Review of places: points and countries, fences, shared points, capacity, speed, and who vouches for a site.

use super::{Review, trusts_somebody};
use crate::event::{Body, Facility, Process, Receive, Scheme, SourceKind, Subject};
use crate::finding::{Code, Finding};
use crate::rules::accreditation::{Question, Standing};
use crate::rules::mass::kg;
use crate::state::{FacilityRecord, ViewError};
use crate::value::{FacilityId, Geometry, distance_m, fastest_travel_seconds, near_countries};

/// How far from a border a point may lie on its wrong side: the embedded boundaries are simplified by a kilometre or more.
const BORDER_M: u32 = 5_000;

impl Review<'_> {
    pub(super) fn place(&mut self) -> Result<(), ViewError> {
        let event = self.event;
        let body = &event.payload.body;
        match body {
            Body::Facility(facility) => self.registration(facility),
            Body::Receive(receive) => self.speed(receive),
            Body::Source(source) => {
                let mined: &[Process] = if source.source == SourceKind::Mined { &[Process::Mine] } else { &[] };
                self.site(source.facility, mined)
            }
            Body::Transform(transform) => {
                self.capacity(transform.facility);
                self.site(transform.facility, &transform.processes)
            }
            Body::Split(split) => self.site(split.facility, &[]),
            Body::Blend(blend) => self.site(blend.facility, &[]),
            _ => Ok(()),
        }?;
        if body.kind().is_custody() { self.party() } else { Ok(()) }
    }

    fn registration(&mut self, facility: &Facility) -> Result<(), ViewError> {
        let centre = facility.geometry.centre();
        let around = near_countries(centre, BORDER_M);
        if !around.is_empty() && !around.contains(&facility.country) {
            let codes: Vec<&str> = around.iter().map(|country| country.code()).collect();
            let expected = format!("a point in {} ({})", facility.country, facility.country.name());
            self.push(Code::OutsideCountry, expected, format_args!("{centre}, in {}", codes.join(" or ")));
        }
        if let Some(id) = facility.supersedes
            && let Some(old) = self.ctx.view.facility(&id)?
            && !old.facility.geometry.contains(centre)
        {
            let finding = self.finding(Code::OutsideFence, &old.facility.geometry, centre);
            self.out.push(finding.with(id.into()));
        }
        self.shared_point(facility)
    }

    fn shared_point(&mut self, facility: &Facility) -> Result<(), ViewError> {
        let (id, issuer) = (FacilityId::from(self.event.id), self.event.issuer());
        let is_live = |record: Option<FacilityRecord>| record.is_some_and(|r| r.superseded.is_none());
        if !is_live(self.ctx.view.facility(&id)?) {
            return Ok(());
        }
        for other in self.ctx.facts.facts.sites.sharing(id, issuer, facility) {
            let record = self.ctx.view.event(&other.into())?;
            let is_earlier = record.is_some_and(|record| record.index < self.record.index);
            if is_earlier && is_live(self.ctx.view.facility(&other)?) {
                let found = format!("one of another operator at {}", facility.geometry.centre());
                let finding =
                    self.finding(Code::SharedPoint, "a common `site` named by facilities at one point", found);
                self.out.push(finding.with(other.into()));
            }
        }
        Ok(())
    }

    /// From the fence of the place it left to the fence of the place where it is.
    fn speed(&mut self, receive: &Receive) -> Result<(), ViewError> {
        let Some(dispatch) = self.ctx.view.event(&receive.dispatch)? else { return Ok(()) };
        let left = self.ctx.facts.facts.overlays.when(&receive.dispatch).unwrap_or(dispatch.when).start();
        let seconds = self.event.payload.when.end().since(left);
        let from = dispatch.facility.map(|id| self.ctx.view.facility(&id)).transpose()?.flatten();
        let (Some(from), Some(to)) = (from, self.ctx.view.facility(&receive.facility)?) else { return Ok(()) };
        let between = distance_m(from.facility.geometry.centre(), to.facility.geometry.centre());
        let metres = between.saturating_sub(radius(&from)).saturating_sub(radius(&to));
        let least = fastest_travel_seconds(metres);
        // Goods that arrive before they leave are found as such.
        if (0..least).contains(&seconds) {
            let expected = format!("at least {} for {} km", duration(least), metres / 1_000);
            let finding = self.finding(Code::TooFast, expected, duration(seconds));
            self.out.push(finding.with(receive.dispatch));
        }
        Ok(())
    }

    fn capacity(&mut self, facility: FacilityId) {
        for overrun in self.ctx.facts.overruns_of(&self.event.id) {
            let expected = format!("at most {} kg by `{}` in {}", overrun.capacity, overrun.process, overrun.year);
            let finding = self.finding(Code::OverCapacity, expected, format_args!("{} kg so far", kg(overrun.mg)));
            self.out.push(finding.with(facility.into()));
        }
    }

    fn site(&mut self, id: FacilityId, processes: &[Process]) -> Result<(), ViewError> {
        if !trusts_somebody(self.ctx.trust) {
            return Ok(());
        }
        let country = self.ctx.view.facility(&id)?.map(|record| record.facility.country);
        let question = Question {
            subject: Subject::Facility(id),
            scheme: Scheme::SiteLocation,
            country,
            processes,
            ..self.question()
        };
        let standing = self.standing(&question)?;
        let expected = "a site that somebody trusted vouches for at that time";
        self.vouched(&standing, Code::SiteNotAccredited, expected, id.into());
        Ok(())
    }

    fn party(&mut self) -> Result<(), ViewError> {
        if !trusts_somebody(self.ctx.trust) {
            return Ok(());
        }
        let issuer = self.event.issuer();
        let country = self.ctx.view.party(&issuer)?.map(|record| record.country);
        let subject = Subject::Party(issuer);
        let question = Question { subject, scheme: Scheme::PartyIdentity, country, ..self.question() };
        let standing = self.standing(&question)?;
        let expected = "a party whose identity somebody trusted vouches for at that time";
        self.vouched(&standing, Code::PartyNotAccredited, expected, issuer.into());
        Ok(())
    }

    /// A question about the time of this event.
    pub(super) fn question(&self) -> Question<'static> {
        Question {
            subject: Subject::Party(self.event.issuer()),
            scheme: Scheme::PartyIdentity,
            country: None,
            processes: &[],
            method: None,
            matrix: None,
            analytes: &[],
            from: self.event.payload.when.start(),
            to: self.event.payload.when.end(),
        }
    }

    fn standing(&self, question: &Question<'_>) -> Result<Standing, ViewError> {
        let ctx = self.ctx;
        ctx.facts.facts.accreditations.standing(question, ctx.trust, ctx.view, ctx.as_of)
    }

    /// Says what a standing lacks.
    pub(super) fn vouched(&mut self, standing: &Standing, code: Code, expected: &str, subject: crate::value::EventId) {
        match standing {
            Standing::Accredited(_) => {}
            Standing::Suspended(by) => {
                let finding = self.finding(Code::AccreditationSuspended, expected, "one suspended or withdrawn");
                self.out.push(by.iter().fold(finding.with(subject), |finding, id| finding.with(*id)));
            }
            Standing::NotAccredited(why) => {
                let reasons: Vec<String> = why.iter().map(|(_, why)| why.to_string()).collect();
                let found = match reasons.as_slice() {
                    [] => "no accreditation".to_owned(),
                    _ => format!("accreditations that do not count: {}", reasons.join(", ")),
                };
                let finding: Finding = self.finding(code, expected, found).with(subject);
                self.out.push(why.iter().fold(finding, |finding, (id, _)| finding.with(*id)));
            }
        }
    }
}

fn radius(record: &FacilityRecord) -> u32 {
    match &record.facility.geometry {
        Geometry::Circle { radius, .. } => radius.metres(),
        Geometry::Polygon(polygon) => {
            let centre = polygon.centroid();
            polygon.points().iter().map(|point| distance_m(centre, *point)).max().unwrap_or(0)
        }
    }
}

/// Seconds in hours and minutes.
fn duration(seconds: i64) -> String {
    format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60)
}
