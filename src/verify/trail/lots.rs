//! Lots and assays of a trail.

use super::{Builder, held_of};
use crate::event::{Assay, Body, Event, Lot};
use crate::finding::Finding;
use crate::policy::trail::{Amount, TrailAssay, TrailLot};
use crate::rules::accreditation::Standing;
use crate::rules::evidence_level::on;
use crate::rules::review::laboratory;
use crate::state::ViewError;
use crate::value::{DigestMap, Element, EventId, LotId, Time};

impl Builder<'_> {
    /// Every lot of the lineage that is described at hand, or known to a state.
    pub(super) fn add_lots(&mut self) -> Result<(), ViewError> {
        let lineage = self.evidence.lineage;
        for (id, place) in &lineage.lots {
            let found = if place.missing { self.recorded(*id)? } else { self.described(*id) };
            let Some(mut lot) = found else { continue };
            lot.amounts = self.amounts(&lot);
            self.numbers.insert(*id, self.lots.len());
            self.lots.push(lot);
        }
        Ok(())
    }

    fn described(&self, id: LotId) -> Option<TrailLot> {
        let (_, event) = self.events.get(&id.event)?;
        let corrected = self.settled().corrected(event);
        let lot: &Lot = corrected.payload.body.outputs().get(usize::from(id.output))?;
        Some(TrailLot {
            id,
            label: lot.label().map(ToString::to_string),
            form: lot.form,
            role: lot.role,
            elements: lot.elements.clone(),
            net: self.settled().book_mass(&id),
            amounts: Vec::new(),
            composition: lot.composition.clone(),
            custody_model: lot.custody_model,
            characteristic: lot.characteristic.as_ref().map(ToString::to_string),
            made_by: None,
            assays: Vec::new(),
        })
    }

    /// As another ledger's hand-off describes it in clear.
    fn recorded(&self, id: LotId) -> Result<Option<TrailLot>, ViewError> {
        Ok(self.context.view.lot(&id)?.map(|record| TrailLot {
            id,
            label: None,
            form: record.form,
            role: record.role,
            elements: record.elements,
            net: None,
            amounts: Vec::new(),
            composition: None,
            custody_model: None,
            characteristic: None,
            made_by: None,
            assays: Vec::new(),
        }))
    }

    fn amounts(&self, lot: &TrailLot) -> Vec<Amount> {
        let amount = |element: &Element| {
            let held = held_of(self.settled(), lot, *element)?;
            let most = (held.most != u64::MAX).then_some(held.most);
            let absent = self.settled().is_said_absent(&lot.id, *element);
            Some(Amount { element: *element, least: held.least, most, absent })
        };
        Element::ALL.iter().filter_map(amount).collect()
    }

    /// Assays that stand, in the order recorded.
    pub(super) fn add_assays(&mut self) -> Result<(), ViewError> {
        let mut on_event: DigestMap<EventId, Vec<Finding>> = DigestMap::default();
        let is_assay =
            |id: &EventId| self.events.get(id).is_some_and(|(_, event)| matches!(event.payload.body, Body::Assay(_)));
        for finding in self.evidence.report.findings() {
            let id = finding.event.filter(is_assay);
            id.into_iter().for_each(|id| on_event.entry(id).or_default().push(finding.clone()));
        }
        let mut found: Vec<(usize, (Time, u64), TrailAssay)> = Vec::new();
        for (at, event) in self.events.values() {
            let Body::Assay(assay) = &event.payload.body else { continue };
            let (Some(lot), true) = (self.number(&assay.lot), at.recorded_at <= self.evidence.as_of) else { continue };
            let record = self.context.view.event(&event.id)?;
            if record.is_some_and(|record| record.applied && record.withdrawn_by.is_none()) {
                let corrected = self.settled().corrected(event);
                let Body::Assay(assay) = &corrected.payload.body else { continue };
                let findings = on_event.remove(&event.id).unwrap_or_default();
                let assay = TrailAssay { findings, ..self.assay(&corrected, assay, lot)? };
                found.push((lot, (at.recorded_at, at.index), assay));
            }
        }
        found.sort_by_key(|(lot, at, assay)| (*lot, *at, assay.event));
        for (lot, _, assay) in found {
            self.lots.get_mut(lot).into_iter().for_each(|lot| lot.assays.push(assay.clone()));
        }
        Ok(())
    }

    fn assay(&self, event: &Event, assay: &Assay, lot: usize) -> Result<TrailAssay, ViewError> {
        let matrix = self.lots.get(lot).map(|lot| lot.form);
        let standing = laboratory(event, assay, matrix, &self.context)?;
        let trust = self.evidence.trust;
        let is_bad =
            trust.is_bad_key(&event.kid) || trust.is_bad_event(&event.id) || trust.is_bad_party(&event.issuer());
        let accredited = standing.is_accredited() && !is_bad;
        Ok(TrailAssay {
            event: event.id,
            by: event.issuer(),
            status: assay.status,
            superseded: self.settled().is_superseded(&assay.lot, &event.id),
            accredited,
            needed: if accredited { Vec::new() } else { lacking(event, assay, &standing) },
            method: assay.method,
            when: event.payload.when,
            results: assay.results.clone(),
            magnetic: assay.magnetic.clone(),
            report: assay.report.clone(),
            findings: Vec::new(),
        })
    }
}

/// What would prove the competence of a laboratory, and why what there is does not.
fn lacking(event: &Event, assay: &Assay, standing: &Standing) -> Vec<String> {
    let (by, method) = (event.issuer(), assay.method);
    let mut needed = vec![format!(
        "an accreditation (ISO/IEC 17025) of laboratory {by} by an authority you trust, covering {method}, the material and \
         the analytes {}",
        on(event.payload.when)
    )];
    match standing {
        Standing::Accredited(_) => {}
        Standing::Suspended(_) => needed.push("one that was not suspended or withdrawn at that time".to_owned()),
        Standing::NotAccredited(why) => {
            needed.extend(why.iter().map(|(event, why)| format!("accreditation {event} does not count: {why}")));
        }
    }
    needed
}
