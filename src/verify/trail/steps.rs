//! Steps of a trail, with the evidence for where and when they took place.

use super::Builder;
use super::pins::Pins;
use crate::event::{AttachTarget, Body, Document, Event, Kind, Outcome, Process, Receive, SourceKind};
use crate::finding::{Code, Family, Finding, Severity};
use crate::policy::trail::{PlaceEvidence, PlaceLevel, TrailPrior, TrailStep};
use crate::rules::evidence_level::{AtPlace, Attached, TakenOver, time_level};
use crate::state::{Position, ViewError};
use crate::value::{DigestMap, EventId, FacilityId, LotId};

/// Receipts by the lot taken over and the place where it was.
type Receipts = DigestMap<(LotId, FacilityId), Vec<TakenOver>>;

/// What is asked of many steps, gathered once.
struct Gathered<'a> {
    findings: DigestMap<EventId, Vec<&'a Finding>>,
    /// Findings that goods moved too fast, by the dispatch.
    too_fast: DigestMap<EventId, Vec<&'a Finding>>,
    /// Over capacity: by facility, process and year.
    overruns: DigestMap<(FacilityId, Process, i16), &'a Finding>,
    of_events: DigestMap<EventId, Vec<Attached<'a>>>,
    of_lots: DigestMap<LotId, Vec<Attached<'a>>>,
    receipts: Receipts,
    pins: Pins,
}

impl<'a> Builder<'a> {
    /// Every event that made or moved a lot of the trail, in the order of the lineage.
    pub(super) fn add_steps(&mut self) -> Result<(), ViewError> {
        let lineage = self.evidence.lineage;
        let mut chosen = Vec::new();
        for id in &lineage.events {
            let Some((at, event)) = self.events.get(id).copied() else { continue };
            let inputs = self.inputs(event);
            let outputs = self.outputs(event);
            let made: Vec<usize> = event.payload.body.output_ids(*id).filter_map(|lot| self.number(&lot)).collect();
            let moves = matches!(event.payload.kind(), Kind::Dispatch | Kind::Receive) && !inputs.is_empty();
            if made.is_empty() && !(moves && (event.payload.kind() == Kind::Receive || !outputs.is_empty())) {
                continue;
            }
            for lot in made {
                self.lots.get_mut(lot).into_iter().for_each(|lot| lot.made_by = Some(chosen.len()));
            }
            chosen.push((at, event, inputs, outputs));
        }
        let gathered = self.gather()?;
        for (at, event, inputs, outputs) in chosen {
            let step = self.step(&at, event, inputs, outputs, &gathered)?;
            self.steps.push(step);
        }
        Ok(())
    }

    /// Lots of the trail that an event used up or moved.
    fn inputs(&self, event: &Event) -> Vec<usize> {
        event.payload.body.heads().iter().filter_map(|head| self.number(&head.lot)).collect()
    }

    /// Lots of the trail that come out of an event: those it made, and those it moved and did not refuse.
    fn outputs(&self, event: &Event) -> Vec<usize> {
        let body = &event.payload.body;
        let mut lots: Vec<LotId> = match body {
            Body::Dispatch(dispatch) => dispatch.lots.iter().map(|head| head.lot).collect(),
            Body::Receive(receive) => {
                receive.lots.iter().filter(|line| line.outcome == Outcome::Accepted).map(|line| line.lot).collect()
            }
            _ => Vec::new(),
        };
        lots.extend(body.output_ids(event.id));
        lots.iter().filter_map(|lot| self.number(lot)).collect()
    }

    fn step(
        &self,
        at: &Position,
        event: &'a Event,
        inputs: Vec<usize>,
        outputs: Vec<usize>,
        gathered: &Gathered<'a>,
    ) -> Result<TrailStep, ViewError> {
        let body = &event.payload.body;
        let when = self.settled().corrected(event).payload.when;
        let facility = body.facility();
        let record = facility.map(|id| self.context.view.facility(&id)).transpose()?.flatten();
        let mut step = TrailStep {
            event: event.id,
            ledger: at.ledger,
            kind: event.payload.kind(),
            by: event.issuer(),
            facility,
            country: record.map(|record| record.facility.country),
            when,
            recorded_at: at.recorded_at,
            processes: Vec::new(),
            inputs,
            outputs,
            source: None,
            prior: Vec::new(),
            place: nowhere(),
            prior_level: PlaceLevel::Declared,
            time: self.time(at, event, gathered),
            findings: Vec::new(),
        };
        match body {
            Body::Transform(transform) => step.processes.clone_from(&transform.processes),
            Body::Source(source) => {
                step.source = Some(source.source);
                if source.source == SourceKind::Mined {
                    step.processes.push(Process::Mine);
                }
                let prior = source.prior.iter();
                step.prior = prior
                    .map(|prior| TrailPrior {
                        stage: prior.stage,
                        country: prior.country,
                        elements: prior.elements.clone(),
                    })
                    .collect();
                step.prior_level = self.levels.documents(&step.by, &self.documents(&step, gathered))?.0;
            }
            _ => {}
        }
        step.findings = self.findings(event, &step, gathered);
        step.place = self.place(event, &step, gathered)?;
        Ok(step)
    }

    fn time(&self, at: &Position, event: &Event, gathered: &Gathered<'_>) -> crate::policy::trail::TimeLevel {
        let ledger = self.evidence.ledgers.iter().find(|ledger| ledger.ledger == at.ledger);
        let cosigned = ledger.map_or(0, |ledger| ledger.history.cosigned);
        time_level(at.index, cosigned, gathered.pins.size(&at.ledger, &event.issuer(), self.evidence.trust))
    }

    /// Documents of the event, and those attached later to it or to the lots that came out of it.
    fn documents(&self, step: &TrailStep, gathered: &Gathered<'a>) -> Vec<Attached<'a>> {
        let mut found = gathered.of_events.get(&step.event).cloned().unwrap_or_default();
        if !matches!(step.kind, Kind::Dispatch | Kind::Receive) {
            let lots = step.outputs.iter().filter_map(|lot| self.lots.get(*lot));
            found.extend(lots.filter_map(|lot| gathered.of_lots.get(&lot.id)).flatten().copied());
        }
        found
    }

    /// Breaches and warnings on the step, and what speaks against its place.
    fn findings(&self, event: &Event, step: &TrailStep, gathered: &Gathered<'_>) -> Vec<Finding> {
        let mut found: Vec<&Finding> = gathered.findings.get(&event.id).into_iter().flatten().copied().collect();
        found.extend(gathered.too_fast.get(&event.id).into_iter().flatten());
        if let Some(facility) = step.facility {
            let registered = gathered.findings.get(&facility.into()).into_iter().flatten();
            found.extend(registered.filter(|finding| finding.code.family() == Family::Place));
            let year = step.when.end().date().year();
            let over = step.processes.iter().filter_map(|process| gathered.overruns.get(&(facility, *process, year)));
            found.extend(over);
        }
        let mut kept: Vec<Finding> = Vec::new();
        for finding in found {
            if !kept.contains(finding) {
                kept.push(finding.clone());
            }
        }
        kept
    }

    fn place(&self, event: &Event, step: &TrailStep, gathered: &Gathered<'a>) -> Result<PlaceEvidence, ViewError> {
        let against: Vec<Finding> =
            step.findings.iter().filter(|finding| finding.code.family() == Family::Place).cloned().collect();
        let Some(facility) = step.facility else { return Ok(PlaceEvidence { against, ..nowhere() }) };
        let (by, kid, when) = (step.by, event.kid, step.when);
        let at = AtPlace { by, kid, facility, processes: &step.processes, when };
        let lots = step.outputs.iter().filter_map(|lot| self.lots.get(*lot));
        let receipts: Vec<Vec<TakenOver>> =
            lots.map(|lot| gathered.receipts.get(&(lot.id, facility)).cloned().unwrap_or_default()).collect();
        self.levels.place(&at, &self.documents(step, gathered), &receipts, against)
    }

    fn gather(&self) -> Result<Gathered<'a>, ViewError> {
        let mut gathered = Gathered {
            findings: DigestMap::default(),
            too_fast: DigestMap::default(),
            overruns: DigestMap::default(),
            of_events: DigestMap::default(),
            of_lots: DigestMap::default(),
            receipts: self.receipts(),
            pins: self.pins()?,
        };
        for finding in self.evidence.report.findings().filter(|finding| finding.severity() != Severity::Note) {
            let Some(event) = finding.event else { continue };
            gathered.findings.entry(event).or_default().push(finding);
            if finding.code == Code::TooFast {
                finding.related.iter().for_each(|id| gathered.too_fast.entry(*id).or_default().push(finding));
            }
            let facility = self.events.get(&event).and_then(|(_, event)| event.payload.body.facility());
            if let (Code::OverCapacity, Some(facility)) = (finding.code, facility) {
                for (process, year) in self.settled().overruns(&event) {
                    let year = i16::try_from(year).unwrap_or(i16::MAX);
                    gathered.overruns.entry((facility, process, year)).or_insert(finding);
                }
            }
        }
        for (at, event) in self.events.values() {
            let record = self.context.view.event(&event.id)?;
            let stands = record.is_some_and(|record| record.applied && record.withdrawn_by.is_none());
            if let (Some(docs), true) = (&event.payload.docs, stands && at.recorded_at <= self.evidence.as_of) {
                gathered.attach(event, docs);
            }
        }
        Ok(gathered)
    }

    /// Who took which lot over where; what is only divided or mixed there is the same goods.
    fn receipts(&self) -> Receipts {
        let mut receipts = Receipts::default();
        for id in self.evidence.lineage.events.iter().rev() {
            let Some((_, event)) = self.events.get(id) else { continue };
            let body = &event.payload.body;
            match body {
                Body::Receive(receive) => taken_over(&mut receipts, event, receive, self.evidence.as_of, &self.events),
                Body::Split(_) | Body::Blend(_) => {
                    let Some(facility) = body.facility() else { continue };
                    let goods = body.output_ids(event.id).filter_map(|lot| receipts.get(&(lot, facility)));
                    let of_goods: Vec<TakenOver> = goods.flatten().copied().collect();
                    for head in body.heads().iter() {
                        receipts.entry((head.lot, facility)).or_default().extend(&of_goods);
                    }
                }
                _ => {}
            }
        }
        receipts
    }
}

fn taken_over(
    receipts: &mut Receipts,
    event: &Event,
    receive: &Receive,
    as_of: crate::value::Time,
    events: &DigestMap<EventId, (Position, &Event)>,
) {
    let known = events.get(&event.id).is_some_and(|(at, _)| at.recorded_at <= as_of);
    let (Some(facility), true) = (receive.taken_over_at, known) else { return };
    let taken = TakenOver { event: event.id, by: event.issuer(), kid: event.kid, when: event.payload.when };
    for line in receive.lots.iter().filter(|line| line.outcome != Outcome::Rejected) {
        receipts.entry((line.lot, facility)).or_default().push(taken);
    }
}

impl<'a> Gathered<'a> {
    fn attach(&mut self, event: &'a Event, docs: &'a [Document]) {
        let documents = docs.iter().map(|document| (event.id, document));
        match &event.payload.body {
            Body::Attach(attach) => match attach.to {
                AttachTarget::Event(id) => self.of_events.entry(id).or_default().extend(documents),
                AttachTarget::Lot(id) => self.of_lots.entry(id).or_default().extend(documents),
            },
            _ => self.of_events.entry(event.id).or_default().extend(documents),
        }
    }
}

/// The evidence of a place that nobody states.
fn nowhere() -> PlaceEvidence {
    let (why, against) = (Vec::new(), Vec::new());
    let needed = vec!["a statement of the facility where it took place".to_owned()];
    PlaceEvidence { level: PlaceLevel::Declared, why, needed, against }
}
