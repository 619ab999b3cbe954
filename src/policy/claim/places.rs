//! Claims about where something was done: `processed-in`, `not-processed-in`, `facility`, `accredited-chain`.

use super::{against_place, too_weak};
use crate::event::{Form, Kind, Process, SourceKind, Stage};
use crate::policy::trail::{PlaceLevel, Trail, TrailStep};
use crate::policy::upstream::{Upstream, parents};
use crate::policy::weigh::{Decision, MOST_REASONS, Weighed, because};
use crate::rules::data::facts;
use crate::value::{Country, FacilityId};

/// Decides claims about places on one trail.
pub(super) struct Places<'a> {
    pub(super) trail: &'a Trail,
    pub(super) upstream: &'a Upstream,
    pub(super) level: PlaceLevel,
}

/// What is asked about: a stage, a process, or every step of any stage.
#[derive(Clone, Copy)]
struct What {
    stage: Option<Stage>,
    process: Option<Process>,
}

impl What {
    fn is_done_in(self, step: &TrailStep) -> bool {
        let is_stage = |process: &Process| match self.stage {
            Some(stage) => facts(*process).stage == Some(stage),
            None => facts(*process).stage.is_some(),
        };
        match self.process {
            Some(process) => step.processes.contains(&process),
            None => step.processes.iter().any(is_stage),
        }
    }

    /// The stage that a stage before a source must be of to matter.
    fn as_stage(self) -> Option<Stage> {
        self.stage.or_else(|| self.process.and_then(|process| facts(process).stage))
    }

    /// Whether it can have been done to material before it entered in a form.
    fn may_precede(self, form: Form) -> bool {
        // Handling can always have happened.
        self.as_stage().is_none_or(|stage| can_precede(stage, form))
    }

    fn words(self) -> String {
        match (self.stage, self.process) {
            (Some(stage), _) => format!("a step of the stage {stage}"),
            (_, Some(process)) => format!("a step of the process {process}"),
            _ => "a step of any stage".to_owned(),
        }
    }
}

/// Whether material of this form may have been through the stage.
///
/// Ore and concentrate are what they are. Metals other than rare earths are mined, refined and reduced, never separated
/// from each other nor melted into an alloy of this chain. All else may hold recycled material, which has been through
/// anything.
const fn can_precede(stage: Stage, form: Form) -> bool {
    match form {
        Form::Ore => matches!(stage, Stage::Mined),
        Form::Concentrate => matches!(stage, Stage::Mined | Stage::Refined),
        Form::Iron | Form::Borate | Form::Ferroboron | Form::Cobalt | Form::OtherMetal => {
            matches!(stage, Stage::Mined | Stage::Refined | Stage::Reduced)
        }
        _ => true,
    }
}

impl Places<'_> {
    /// Every such step in these countries.
    pub(super) fn only_in(&self, stage: Option<Stage>, process: Option<Process>, countries: &[Country]) -> Decision {
        self.judge(What { stage, process }, &|country| countries.contains(&country))
    }

    /// No such step in these countries.
    pub(super) fn not_in(&self, stage: Option<Stage>, process: Option<Process>, countries: &[Country]) -> Decision {
        self.judge(What { stage, process }, &|country| !countries.contains(&country))
    }

    fn steps(&self) -> impl Iterator<Item = &TrailStep> {
        self.upstream.steps().filter_map(|number| self.trail.steps.get(number))
    }

    fn judge(&self, what: What, is_allowed: &dyn Fn(Country) -> bool) -> Decision {
        let mut weighed = Weighed::of(self.trail);
        let mut done: Vec<&TrailStep> = Vec::new();
        for step in self.steps() {
            if what.is_done_in(step) {
                done.push(step);
                self.step(&mut weighed, step, is_allowed);
            }
            if step.kind == Kind::Source && step.source != Some(SourceKind::Mined) {
                self.before(&mut weighed, step, what, is_allowed);
            }
        }
        self.gaps(&mut weighed);
        if done.is_empty() && weighed.open.is_empty() && weighed.against.is_empty() {
            return Decision::not_applicable(format!("the lineage has not {}", what.words()));
        }
        weighed.decide(|| {
            let mut countries: Vec<&str> =
                done.iter().filter_map(|step| step.country.as_ref()).map(Country::code).collect();
            countries.sort_unstable();
            countries.dedup();
            let text = format!(
                "{} such steps, in {}, at the level {} or better",
                done.len(),
                countries.join(", "),
                self.level
            );
            vec![because(text, done.iter().map(|step| step.event))]
        })
    }

    fn step(&self, weighed: &mut Weighed, step: &TrailStep, is_allowed: &dyn Fn(Country) -> bool) {
        let processes: Vec<&str> = step.processes.iter().map(|process| process.as_str()).collect();
        let done = processes.join(", ");
        match step.country {
            Some(country) if !is_allowed(country) => {
                weighed.against.push(because(format!("{done} in {country}"), [step.event]));
            }
            _ if against_place(weighed, step) => {}
            Some(country) if step.place.level < self.level => {
                too_weak(weighed, step, self.level, &format!("{done} in {country}"));
            }
            Some(_) => {}
            None => weighed.open.push(because(format!("{done} at a site that is not known"), [step.event])),
        }
    }

    /// What is said, and what is not, of the steps before material entered.
    fn before(&self, weighed: &mut Weighed, step: &TrailStep, what: What, is_allowed: &dyn Fn(Country) -> bool) {
        let is_meant = |stage: Stage| what.as_stage().is_none_or(|asked| asked == stage);
        for prior in step.prior.iter().filter(|prior| is_meant(prior.stage) && !is_allowed(prior.country)) {
            let text = format!("{} in {} before it entered, by the word of who entered it", prior.stage, prior.country);
            weighed.against.push(because(text, [step.event]));
        }
        let forms = step.outputs.iter().filter(|output| self.upstream.has_lot(**output));
        let mut forms = forms.filter_map(|output| self.trail.lots.get(*output)).map(|lot| lot.form);
        if forms.any(|form| what.may_precede(form)) && weighed.open.len() < MOST_REASONS {
            let kind = step.source.map_or("unknown", SourceKind::as_str);
            let text = format!("{} may have come before it entered as {kind}", what.words());
            weighed.open.push(because(text, [step.event]));
            weighed.needed.push(format!("records of the steps before event {}, from the mine on", step.event));
        }
    }

    /// Lots of which nobody knows how they were made.
    fn gaps(&self, weighed: &mut Weighed) {
        for lot in self.upstream.lots().filter_map(|number| self.trail.lots.get(number)) {
            if lot.made_by.is_none() && weighed.open.len() < MOST_REASONS {
                weighed.open.push(because(format!("what made lot {} is not known", lot.id), [lot.id.event]));
                weighed.needed.push(format!("the event that made lot {}", lot.id));
            }
        }
    }

    /// Every such step at this facility.
    pub(super) fn at_facility(&self, facility: FacilityId, process: Option<Process>) -> Decision {
        let mut weighed = Weighed::of(self.trail);
        let what = What { stage: None, process };
        let done: Vec<&TrailStep> = match process {
            Some(_) => self.steps().filter(|step| what.is_done_in(step)).collect(),
            None => self.makers(),
        };
        for step in &done {
            self.step_at(&mut weighed, step, facility);
        }
        let sources = self.steps().filter(|step| step.kind == Kind::Source && step.source != Some(SourceKind::Mined));
        for step in sources.filter(|_| process.is_some()) {
            self.before(&mut weighed, step, what, &|_| true);
        }
        self.gaps(&mut weighed);
        if done.is_empty() && weighed.open.is_empty() {
            return Decision::not_applicable(format!("the lineage has not {}", what.words()));
        }
        weighed.decide(|| {
            let text = format!("{} such steps, all at facility {facility}", done.len());
            vec![because(text, done.iter().map(|step| step.event))]
        })
    }

    fn step_at(&self, weighed: &mut Weighed, step: &TrailStep, facility: FacilityId) {
        match step.facility {
            Some(at) if at != facility => {
                weighed.against.push(because(format!("made at facility {at}"), [step.event]));
            }
            _ if against_place(weighed, step) => {}
            Some(_) if step.source.is_some_and(|kind| kind != SourceKind::Mined) => {
                weighed.open.push(because("it entered there, and was made before", [step.event]));
                weighed.needed.push(format!("records of the steps before event {}, from the mine on", step.event));
            }
            Some(_) if step.place.level < self.level => too_weak(weighed, step, self.level, "made there"),
            Some(_) => {}
            None => weighed.open.push(because("made at a site that is not known", [step.event])),
        }
    }

    /// The steps that made the subject: those of a stage, behind splits, blends, receipts and handling.
    fn makers(&self) -> Vec<&TrailStep> {
        let mut wanted = vec![false; self.trail.lots.len()];
        if let Some(own) = wanted.get_mut(self.trail.subject) {
            *own = true;
        }
        let mut makers = Vec::new();
        for number in self.upstream.steps().rev() {
            let Some(step) = self.trail.steps.get(number) else { continue };
            let made = |lot: &usize| self.trail.lots.get(*lot).is_some_and(|lot| lot.made_by == Some(number));
            let is_wanted = |lot: &usize| wanted.get(*lot).copied().unwrap_or(false);
            if !step.outputs.iter().any(|lot| made(lot) && is_wanted(lot)) {
                continue;
            }
            let makes =
                step.kind == Kind::Source || step.processes.iter().any(|process| facts(*process).stage.is_some());
            if makes {
                makers.push(step);
            } else {
                for parent in parents(step) {
                    if let Some(parent) = wanted.get_mut(parent) {
                        *parent = true;
                    }
                }
            }
        }
        makers.reverse();
        makers
    }

    /// Every step evidenced at the level.
    pub(super) fn all(&self) -> Decision {
        let mut weighed = Weighed::of(self.trail);
        for step in self.steps() {
            if against_place(&mut weighed, step) {
                continue;
            }
            if step.place.level < self.level {
                too_weak(&mut weighed, step, self.level, step.kind.words());
            } else if step.source.is_some_and(|kind| kind != SourceKind::Mined) && weighed.open.len() < MOST_REASONS {
                weighed.open.push(because("the steps before it entered are not on record", [step.event]));
                weighed.needed.push(format!("records of the steps before event {}, from the mine on", step.event));
            }
        }
        self.gaps(&mut weighed);
        let count = self.upstream.steps().count();
        weighed.decide(|| vec![because(format!("the places of all {count} steps are {}", self.level), [])])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_bounds_what_can_have_been_done_to_it() {
        assert!(can_precede(Stage::Mined, Form::Ore) && !can_precede(Stage::Refined, Form::Ore));
        assert!(can_precede(Stage::Reduced, Form::Ferroboron) && !can_precede(Stage::Separated, Form::Iron));
        assert!(can_precede(Stage::Produced, Form::Oxide), "it may be recycled");
        assert!(Stage::ALL.iter().all(|stage| can_precede(*stage, Form::Scrap)));
    }
}
