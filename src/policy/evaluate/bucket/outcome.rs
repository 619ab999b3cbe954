//! What is known of one step, or of material that came in from nowhere, for a rule and an element.

use super::BucketRule;
use crate::event::Stage;
use crate::finding::Finding;
use crate::policy::evaluate::entry::{has_passed, is_making};
use crate::policy::evaluate::survey::{Gap, enters};
use crate::policy::evaluate::words::{kilograms, listed};
use crate::policy::pack::ScrapOrigin;
use crate::policy::trail::{TrailPrior, TrailStep};
use crate::value::{Country, Element};

/// What is known of a step for a rule and an element.
pub(super) enum Outcome<'a> {
    /// The rule does not ask about it.
    Untested,
    /// It passes; on documents, where they are about steps before a ledger.
    Fine { country: Country, documents: bool },
    /// In a forbidden country.
    Forbidden(Country),
    /// Its place is refuted.
    Refuted(&'a Finding),
    /// Not known well enough.
    Open { text: String, needed: Vec<String> },
}

impl<'a> BucketRule<'_, 'a> {
    /// Of an element that the lot may hold and does not list nothing is more than possible.
    pub(super) fn as_certain(&self, outcome: Outcome<'a>, element: Element) -> Outcome<'a> {
        if !self.judge.unlisted.contains(&element) {
            return outcome;
        }
        let (text, mut needed) = match outcome {
            Outcome::Untested | Outcome::Fine { .. } => return outcome,
            Outcome::Open { text, needed } => (text, needed),
            Outcome::Forbidden(country) => {
                (format!("in {country}; forbidden are {}", listed(self.forbidden.iter())), Vec::new())
            }
            Outcome::Refuted(finding) => (refuted(finding), Vec::new()),
        };
        needed.insert(0, self.statement_of(element));
        open(format!("{text}; the lot does not list {element}, nor says that it holds none"), needed)
    }

    /// What would say whether the lot holds an element.
    pub(super) fn statement_of(&self, element: Element) -> String {
        let trail = self.judge.survey.trail;
        let lot = trail.subject().map_or_else(|| "the lot".to_owned(), |lot| format!("lot {}", lot.id));
        format!(
            "an assay of {lot} that states {element}, or that it is below a limit of quantification of at most 0.1 %"
        )
    }

    pub(super) fn outcome(&self, number: usize, step: &'a TrailStep, element: Element) -> Outcome<'a> {
        if enters(step) {
            return self.entered(number, step, element);
        }
        let Some(country) = step.country else {
            return open("at a place that is not known".to_owned(), step.place.needed.clone());
        };
        if self.forbidden.contains(&country) {
            return Outcome::Forbidden(country);
        }
        if let Some(finding) = step.place.against.first() {
            return Outcome::Refuted(finding);
        }
        let asked = self.judge.evidence(element, &self.bucket.name);
        if step.place.level < asked.place {
            let text =
                format!("in {country}, evidenced as `{}` where `{}` is asked for", step.place.level, asked.place);
            return open(text, step.place.needed.clone());
        }
        if step.time < asked.time {
            let text = format!("in {country}, at a time that is `{}` where `{}` is asked for", step.time, asked.time);
            let needed = "a checkpoint over the event that a witness of the trust file cosigned, or an unrelated ledger's import of it";
            return open(text, vec![needed.to_owned()]);
        }
        Outcome::Fine { country, documents: false }
    }

    /// What is stated of stages before material entered: never enough by the holder's word.
    fn entered(&self, number: usize, step: &'a TrailStep, element: Element) -> Outcome<'a> {
        let about = |prior: &&TrailPrior| prior.elements.is_empty() || prior.elements.contains(&element);
        let stated = step.prior.iter().filter(about).filter(|prior| self.bucket.stages.contains(&prior.stage));
        let countries: Vec<Country> = stated.map(|prior| prior.country).collect();
        if let Some(country) = countries.iter().find(|country| self.forbidden.contains(country)) {
            return Outcome::Forbidden(*country);
        }
        let lots = || self.judge.survey.made(number, step);
        if self.judge.range.scrap_origin == Some(ScrapOrigin::Free) && lots().all(|lot| self.judge.is_scrap(lot)) {
            return Outcome::Untested;
        }
        let Some(country) = countries.first() else {
            let stands_in = |stage: Stage| {
                !element.is_rare_earth()
                    && is_making(stage)
                    && step.prior.iter().filter(about).any(|prior| is_making(prior.stage))
            };
            let passed = |lot: usize, stage: Stage| self.has_passed(lot, element, stage) && !stands_in(stage);
            let is_asked = lots().any(|lot| self.bucket.stages.iter().any(|stage| passed(lot, *stage)));
            if !is_asked {
                return Outcome::Untested;
            }
            let source = step.source.map_or("source", |source| source.as_str());
            let text = format!("at a place that is not stated: entered as `{source}`");
            let needed = format!(
                "a third party's document that says where {element} was {}, attached to the event with its issuer",
                self.bucket.name
            );
            return open(text, vec![needed]);
        };
        match self.judge.evidence(element, &self.bucket.name).prior {
            Some(level) if step.prior_level >= level => Outcome::Fine { country: *country, documents: true },
            Some(level) => {
                let text = format!(
                    "in {country} before it entered, evidenced as `{}` where `{level}` is asked for",
                    step.prior_level
                );
                open(
                    text,
                    vec![format!(
                        "a third party's document that says where {element} was {}, with its issuer",
                        self.bucket.name
                    )],
                )
            }
            None => {
                let text = format!("in {country} before it entered, by a statement that is not enough for {element}");
                let needed =
                    format!("the steps by which {element} was {}, recorded by those who did them", self.bucket.name);
                open(text, vec![needed])
            }
        }
    }

    fn has_passed(&self, lot: usize, element: Element, stage: Stage) -> bool {
        let survey = &self.judge.survey;
        survey.form(lot).is_some_and(|form| has_passed(form, element, stage, survey.next(lot)))
    }

    /// What came in from nowhere is of unknown making up to the form it is first seen in.
    pub(super) fn gap(&self, gap: &Gap, element: Element, counts: &dyn Fn(usize) -> bool) -> Option<Outcome<'a>> {
        let is_asked = self.bucket.stages.iter().any(|stage| self.has_passed(gap.lot, element, *stage));
        let is_together = !self.rule.together || self.judge.has_all_named(gap.lot);
        if !is_asked || !is_together || !gap.step().is_none_or(counts) {
            return None;
        }
        let text = match (gap.step(), gap.mass.least) {
            (None, _) => format!(
                "at a place that is not known: the events that made this lot, which holds {element}, are not at hand"
            ),
            (_, 0) => format!("at a place that is not known: more {element} comes out of this step than went in"),
            (_, mg) => format!(
                "at a place that is not known: more {element} comes out of this step than went in, of the lot's {} kg",
                kilograms(mg)
            ),
        };
        let needed =
            format!("where the {element} that is not covered came from: the missing input, or an assay that shows it");
        Some(open(text, vec![needed]))
    }
}

pub(super) fn refuted(finding: &Finding) -> String {
    format!("at a place that is refuted: expected {}, found {}", finding.expected, finding.found)
}

pub(super) fn open<'a>(text: String, needed: Vec<String>) -> Outcome<'a> {
    Outcome::Open { text, needed }
}
