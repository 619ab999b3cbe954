//! The rules that every pack has: custody model, completeness, integrity; and what an auditor's summary settles.

use super::answer::{RuleAnswer, VerdictBasis};
use super::{Judge, said, words};
use crate::event::Verdict;
use crate::finding::Reason;
use crate::policy::custody_model::effective_for;
use crate::policy::pack::{Bucket, Settings};
use crate::policy::summary::SummarySeen;
use crate::value::{Country, Text};
use std::collections::BTreeSet;

impl Judge<'_> {
    /// Whether the custody model is one by which the rule can be shown to be met.
    pub(super) fn custody_model(&self) -> RuleAnswer {
        let allowed = &self.pack.file.custody_models;
        let found = effective_for(self.survey.trail, &self.status());
        let is_allowed = allowed.is_empty() || allowed.contains(&found.model);
        let mut why = said(format!("the custody model of the lot is at most `{}`", found.model));
        let mut needed = Vec::new();
        if !is_allowed {
            let models = words::listed(allowed.iter());
            why = said(format!("the custody model of the lot is at most `{}`; {models} can show it", found.model));
            why.extend(found.why);
            needed.push(format!("a lot kept apart all the way, of custody model {models}"));
        }
        let verdict = if is_allowed { Verdict::Confirmed } else { Verdict::Unproven };
        let rule = "custody-model".to_owned();
        RuleAnswer { rule, verdict, basis: VerdictBasis::Lineage, why, failing: Vec::new(), shares: Vec::new(), needed }
    }

    /// By number of the lot: whether it has been through a forbidden country by a step that a rule asks about.
    fn status(&self) -> Vec<bool> {
        let trail = self.survey.trail;
        let asks: Vec<(&Bucket, BTreeSet<Country>, bool)> = self
            .range
            .rules
            .iter()
            .filter(|rule| rule.note.is_none())
            .filter_map(|rule| Some((self.pack.bucket(&rule.bucket)?, self.forbidden(rule), rule.together)))
            .collect();
        let mut status = vec![false; trail.lots.len()];
        for (number, step) in trail.steps.iter().enumerate() {
            let is_bad = |(bucket, forbidden, together): &(&Bucket, BTreeSet<Country>, bool)| {
                (!together || self.is_together(number))
                    && (step.country.is_some_and(|country| forbidden.contains(&country))
                        && step.processes.iter().any(|process| bucket.holds(*process))
                        || step
                            .prior
                            .iter()
                            .any(|p| bucket.stages.contains(&p.stage) && forbidden.contains(&p.country)))
            };
            let inherited = crate::policy::upstream::parents(step).any(|lot| status.get(lot).copied().unwrap_or(false));
            let bad = inherited || asks.iter().any(is_bad);
            for lot in self.survey.made(number, step) {
                if let Some(slot) = status.get_mut(lot) {
                    *slot = bad;
                }
            }
        }
        status
    }

    pub(super) fn complete(&self) -> RuleAnswer {
        let is_complete = self.survey.trail.is_complete;
        let (verdict, text) = if is_complete {
            (Verdict::Confirmed, "nothing that belongs to the lineage is missing")
        } else {
            (
                Verdict::Unproven,
                "something of the lineage is missing, or nobody vouches that nothing is: it might be the opposite",
            )
        };
        let needed = if is_complete {
            Vec::new()
        } else {
            vec!["a lineage file without holes, with the ledger's statement that it is complete".to_owned()]
        };
        let rule = "complete".to_owned();
        RuleAnswer {
            rule,
            verdict,
            basis: VerdictBasis::Lineage,
            why: said(text),
            failing: Vec::new(),
            shares: Vec::new(),
            needed,
        }
    }

    pub(super) fn integrity(&self) -> RuleAnswer {
        let mut why = Vec::new();
        let mut needed = Vec::new();
        if !self.survey.trail.is_sound {
            why.extend(said("the evidence is broken, or comes from a ledger that the trust file does not name"));
            needed.push("evidence that holds, from a ledger of your trust file".to_owned());
        }
        for (finding, event) in self.survey.broken() {
            let text = format!("a rule is broken on the way: expected {}, found {}", finding.expected, finding.found);
            why.push(Reason { text, code: Some(finding.code), events: vec![event] });
            needed.push(finding.code.cure().to_owned());
        }
        let verdict = if why.is_empty() { Verdict::Confirmed } else { Verdict::Unproven };
        if why.is_empty() {
            why = said("the evidence holds, and no rule of a ledger is broken on the way");
        }
        let rule = "integrity".to_owned();
        RuleAnswer { rule, verdict, basis: VerdictBasis::Lineage, why, failing: Vec::new(), shares: Vec::new(), needed }
    }

    /// What a trusted auditor's summary settles, exactly the rules that it names. It does not outweigh what is shown, and
    /// nobody's word makes broken evidence whole, or tells what came after it. It is about the pack as it stands, without
    /// parameters.
    pub(super) fn settle_by_summaries(&self, rules: &mut [RuleAnswer]) {
        let as_it_stands = Settings::of(&self.pack.file, &[]).is_ok_and(|settings| settings == *self.settings);
        if !self.pack.file.accepts_summaries || !as_it_stands {
            return;
        }
        let is_open = |rule: &&mut RuleAnswer| {
            rule.verdict == Verdict::Unproven && !matches!(rule.rule.as_str(), "integrity" | "complete")
        };
        let mine =
            |summary: &&SummarySeen| summary.policy == self.pack.reference() && summary.delivery == self.ask.delivery;
        for summary in self.ask.summaries.iter().filter(mine) {
            for rule in rules.iter_mut().filter(is_open) {
                let names =
                    |(name, verdict): &(Text, Verdict)| name.as_str() == rule.rule && *verdict == Verdict::Confirmed;
                if summary.settles.iter().any(names) {
                    let text = format!("auditor {} saw all of it and states that `{}` is met", summary.by, rule.rule);
                    rule.why.insert(0, Reason { text, code: None, events: vec![summary.event] });
                    (rule.verdict, rule.basis) = (Verdict::Confirmed, VerdictBasis::Summary);
                }
            }
        }
    }
}
