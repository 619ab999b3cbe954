//! The exception for magnets of recycled material, decided from the lineage: how much was recycled, and where what the rule
//! names was done with it after that.

use super::answer::ExceptionAnswer;
use super::share::between;
use super::survey::enters;
use super::words::{listed, percent};
use super::{Judge, said};
use crate::event::{Form, Process, SourceKind, Verdict};
use crate::finding::Reason;
use crate::lineage::provenance::{Origin, Pass};
use crate::policy::pack::ExceptionRule;
use crate::policy::trail::{PlaceLevel, TrailStep};
use crate::policy::upstream::parents;
use crate::value::{Element, Fraction};

impl Judge<'_> {
    /// Whether a lot is scrap or an end-of-life product: what is made of it is recycled.
    pub(super) fn is_scrap(&self, lot: usize) -> bool {
        matches!(self.survey.form(lot), Some(Form::Scrap | Form::EndOfLife))
    }

    /// Whether the exception applies; `None` where nothing of the lot was recycled, so that nobody asks.
    pub(super) fn recycled_exception(&self, rule: &ExceptionRule) -> Option<ExceptionAnswer> {
        let after = self.after_recycling();
        let uses_scrap = |(step, after): (&TrailStep, &bool)| *after && parents(step).any(|lot| self.is_scrap(lot));
        if !self.survey.trail.steps.iter().zip(&after).any(uses_scrap) {
            return None;
        }
        let mut against = Vec::new();
        let least = self.settings.recycled_min_share.unwrap_or(Fraction::ONE);
        let mut shares = Vec::new();
        for element in self.elements.iter().chain(&self.unlisted) {
            let share = self.recycled_share(*element);
            shares.push(format!("{} of {element}", percent(share)));
            if share < least {
                let text = format!(
                    "only {} of {element} is shown to be recycled, {} is asked for",
                    percent(share),
                    percent(least)
                );
                against.push(Reason { text, code: None, events: Vec::new() });
            }
        }
        let mut shown = said(format!("at least {} was recycled", listed(shares.iter())));
        for group in &rule.steps {
            match self.group(rule, group, &after) {
                Ok(reason) => shown.push(reason),
                Err(mut reasons) => against.append(&mut reasons),
            }
        }
        let foundations = [self.complete(), self.integrity(), self.custody_model()];
        against.extend(
            foundations.into_iter().filter(|rule| rule.verdict != Verdict::Confirmed).flat_map(|rule| rule.why),
        );
        let applies = against.is_empty();
        Some(ExceptionAnswer {
            kind: rule.kind,
            clause: Some(rule.clause.to_string()),
            applies,
            why: if applies { shown } else { against },
            by: None,
            blake3: None,
        })
    }

    /// Steps between the last recycling and the lot, that of the recycled material among them.
    fn after_recycling(&self) -> Vec<bool> {
        let trail = self.survey.trail;
        let mut lots = vec![false; trail.lots.len()];
        if let Some(own) = lots.get_mut(trail.subject) {
            *own = true;
        }
        let mut steps = vec![false; trail.steps.len()];
        for (number, step) in trail.steps.iter().enumerate().rev() {
            let is_after = self.survey.made(number, step).any(|lot| lots.get(lot).copied().unwrap_or(false));
            if !is_after {
                continue;
            }
            if let Some(slot) = steps.get_mut(number) {
                *slot = true;
            }
            for lot in parents(step).filter(|lot| !self.is_scrap(*lot)) {
                if let Some(slot) = lots.get_mut(lot) {
                    *slot = true;
                }
            }
        }
        steps
    }

    /// The least share of an element that was recycled: that came through scrap which somebody else used again, or entered
    /// as recovered from waste. Scrap that its maker used again is not recycled material.
    fn recycled_share(&self, element: Element) -> Fraction {
        let Some(attribution) = self.survey.attribution(element) else { return Fraction::ZERO };
        let is_recycled = |origin: &Origin| origin.pass == Pass::Recycled || self.is_recovered(origin);
        between(&attribution.origins, &is_recycled).least
    }

    fn is_recovered(&self, origin: &Origin) -> bool {
        let source = self.survey.source(origin).and_then(|(_, step)| step.source);
        matches!(source, Some(SourceKind::PostConsumer | SourceKind::PreConsumer))
    }

    /// Whether one of a group of processes was done after the recycling, and each of them where it must be.
    fn group(&self, rule: &ExceptionRule, group: &[Process], after: &[bool]) -> Result<Reason, Vec<Reason>> {
        let names = listed(group.iter());
        let countries = listed(rule.countries.iter());
        let does = |step: &&TrailStep| step.processes.iter().any(|process| group.contains(process));
        let steps = self.survey.trail.steps.iter().zip(after).filter(|(step, after)| **after && !enters(step));
        let done: Vec<&TrailStep> = steps.map(|(step, _)| step).filter(does).collect();
        if done.is_empty() {
            return Err(said(format!("no {names} of the recycled material is recorded")));
        }
        let least = rule.place.unwrap_or(PlaceLevel::Accredited);
        let fails = |step: &&TrailStep| -> Option<Reason> {
            let place =
                step.country.map_or_else(|| "a place that is not known".to_owned(), |country| country.to_string());
            let is_there = step.country.is_some_and(|country| rule.countries.contains(&country));
            let (code, text) = match step.place.against.first() {
                _ if !is_there => (None, format!("{names} took place in {place}, not in {countries}")),
                Some(finding) => (Some(finding.code), format!("the place of {names} is refuted")),
                None if step.place.level < least => {
                    let found = step.place.level;
                    (None, format!("{names} in {place} is evidenced as `{found}` where `{least}` is asked for"))
                }
                None => return None,
            };
            Some(Reason { text, code, events: vec![step.event] })
        };
        let wrong: Vec<Reason> = done.iter().filter_map(fails).collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let events = done.iter().map(|step| step.event).collect();
        Ok(Reason { text: format!("{names} took place in {countries}, each evidenced as asked"), code: None, events })
    }
}
