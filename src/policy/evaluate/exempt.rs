//! Which exceptions of a range apply: on signed facts about the purchase, or on the lineage.

use super::answer::ExceptionAnswer;
use super::{Judge, said};
use crate::policy::exception::{SignedException, admits};
use crate::policy::pack::{ExceptionKind, ExceptionRule};

impl Judge<'_> {
    /// Every exception that somebody relies on, or that the lineage suggests.
    pub(super) fn exceptions(&self) -> Vec<ExceptionAnswer> {
        let mut answers: Vec<ExceptionAnswer> = Vec::new();
        for rule in self.range.exceptions.iter().filter(|rule| self.is_for(rule)) {
            if rule.kind == ExceptionKind::Recycled {
                answers.extend(self.recycled_exception(rule));
            }
        }
        let mine = |file: &&SignedException| file.exception.policy.id == self.pack.file.id;
        answers.extend(self.ask.exceptions.iter().filter(mine).map(|file| self.on_file(file)));
        answers
    }

    /// Whether a rule holds for all families of the lot.
    fn is_for(&self, rule: &ExceptionRule) -> bool {
        rule.families.is_empty() || self.families.iter().all(|family| rule.families.contains(&family.id))
    }

    fn on_file(&self, file: &SignedException) -> ExceptionAnswer {
        let kind = file.exception.facts.kind();
        let rule = self.range.exceptions.iter().find(|rule| rule.kind == kind && self.is_for(rule));
        let lot = self.survey.trail.subject().map(|lot| lot.id);
        let (applies, text) = match rule.map(|rule| admits(rule, file, lot, self.ask.delivery)) {
            _ if file.exception.policy.blake3 != self.pack.blake3 => {
                let (signed, asked) = (file.exception.policy.blake3, self.pack.blake3);
                (false, format!("the file is for an edition of the policy with BLAKE3 {signed}, this one has {asked}"))
            }
            None => (false, format!("the policy has no exception `{kind}` for this lot in range `{}`", self.range.id)),
            Some(Ok(text)) => (true, text),
            Some(Err(text)) => (false, text),
        };
        ExceptionAnswer {
            kind,
            clause: rule.map(|rule| rule.clause.to_string()),
            applies,
            why: said(text),
            by: Some(file.exception.by),
            blake3: Some(file.blake3),
        }
    }
}
