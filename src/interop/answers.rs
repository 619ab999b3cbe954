//! Answers that a scenario expects, compared with those that the lineage file gives.
//!
//! In scope: asking the policies and claims of a header over a trail, the way a verifier asks them, and what is amiss with the
//! answer. Not in scope: verifying the file, and telling of it.

use super::batch::ExpectedVerdict;
use crate::event::Verdict;
use crate::finding::Reason;
use crate::policy::claim;
use crate::policy::claim::text::{FullIdsOnly, format, parse};
use crate::policy::evaluate::answer::{PolicyAnswer, RuleAnswer};
use crate::policy::evaluate::{Ask, evaluate};
use crate::policy::pack::{ParameterName, Settings, find_built_in};
use crate::policy::trail::Trail;
use crate::value::EventId;
use serde::Serialize;
use std::collections::BTreeSet;

/// A question of a scenario that cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expect_verdict: {0}")]
pub struct CannotAsk(String);

/// A question of a scenario with its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// The question, in a line.
    pub question: String,
    /// The answer that is expected.
    pub expected: Verdict,
    /// The answer that the file gives.
    pub found: Verdict,
    /// The first reason, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Texts and names that the reasons were expected to hold, and do not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacking: Vec<String>,
}

impl Compared {
    /// Whether it came out as expected.
    #[must_use]
    pub fn is_as_expected(&self) -> bool {
        self.expected == self.found && self.lacking.is_empty()
    }
}

/// An answer, with everything it says.
struct Answer {
    verdict: Verdict,
    texts: Vec<String>,
    events: BTreeSet<EventId>,
}

/// Asks a question of the trail; `named` gives the event of a local name of the scenario.
///
/// # Errors
/// No such policy, parameter, claim or name.
pub fn compare(
    asked: &ExpectedVerdict,
    trail: &Trail,
    named: &dyn Fn(&str) -> Option<EventId>,
) -> Result<Compared, CannotAsk> {
    let (question, answer) = match (&asked.policy, &asked.claim) {
        (Some(policy), None) => ask_policy(policy, asked, trail)?,
        (None, Some(text)) => ask_claim(text, trail)?,
        _ => return Err(CannotAsk("expected exactly one of `policy` and `claim`".to_owned())),
    };
    let mut lacking: Vec<String> = Vec::new();
    lacking.extend(asked.because.iter().filter(|text| !answer.says(text)).cloned());
    for name in &asked.naming {
        let event = named(name).ok_or_else(|| CannotAsk(format!("expected the name of a step, found `{name}`")))?;
        if !answer.events.contains(&event) && !answer.says(&event.to_string()) {
            lacking.push(name.clone());
        }
    }
    let why = answer.texts.first().cloned();
    Ok(Compared { question, expected: asked.verdict, found: answer.verdict, why, lacking })
}

fn ask_policy(id: &str, asked: &ExpectedVerdict, trail: &Trail) -> Result<(String, Answer), CannotAsk> {
    let cannot = |error: &dyn std::fmt::Display| CannotAsk(format!("{id}: {error}"));
    let pack = find_built_in(id).ok_or_else(|| cannot(&"expected the id of a built-in policy"))?;
    let pack = pack.map_err(|error| cannot(&error))?;
    let given = asked.params.iter().map(|(name, value)| {
        let name: ParameterName = name.parse().map_err(|error| cannot(&error))?;
        Ok((name, value.clone()))
    });
    let given: Vec<(ParameterName, String)> = given.collect::<Result<_, CannotAsk>>()?;
    let settings = Settings::of(&pack.file, &given).map_err(|error| cannot(&error))?;
    let ask = Ask { pack: &pack, settings: &settings, delivery: asked.delivery, exceptions: &[], summaries: &[] };
    let answer = evaluate(trail, &[ask]).pop().ok_or_else(|| cannot(&"expected an answer, found none"))?;
    let mut words = vec![id.to_owned()];
    words.extend(asked.delivery.map(|date| format!("delivery {date}")));
    words.extend(asked.params.iter().map(|(name, value)| format!("{name} = {value}")));
    Ok((words.join(", "), Answer::of_policy(answer)))
}

fn ask_claim(text: &str, trail: &Trail) -> Result<(String, Answer), CannotAsk> {
    let statement = parse(text, &FullIdsOnly).map_err(|error| CannotAsk(format!("claim `{text}`: {error}")))?;
    let decision = claim::decide(&statement, trail, &claim::How::PLAIN);
    let mut answer = Answer { verdict: decision.verdict, texts: Vec::new(), events: BTreeSet::new() };
    answer.add(decision.why);
    answer.texts.extend(decision.needed);
    Ok((format!("claim {}", format(&statement)), answer))
}

impl Answer {
    fn of_policy(policy: PolicyAnswer) -> Self {
        let mut answer = Self { verdict: policy.verdict, texts: Vec::new(), events: BTreeSet::new() };
        answer.add(policy.why);
        let fails = |rule: &&RuleAnswer| rule.verdict == policy.verdict;
        for rule in policy.rules.iter().filter(fails) {
            answer.add(rule.why.clone());
            for failing in &rule.failing {
                answer.texts.push(failing.text.clone());
                answer.events.insert(failing.event);
                answer.events.extend(failing.facility.map(EventId::from));
            }
            answer.texts.extend(rule.needed.iter().cloned());
        }
        answer.add(policy.exceptions.into_iter().flat_map(|exception| exception.why).collect());
        answer.add(policy.notes);
        answer.texts.extend(policy.needed);
        answer.texts.push(format!("rests on {}", policy.basis));
        answer
    }

    fn add(&mut self, reasons: Vec<Reason>) {
        for reason in reasons {
            self.texts.push(reason.text);
            self.events.extend(reason.events);
        }
    }

    fn says(&self, text: &str) -> bool {
        self.texts.iter().any(|said| said.contains(text))
    }
}
