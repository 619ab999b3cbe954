//! Answers to policies as text: the verdict, what fails with the nearest step first, what would prove it, the rules.

use super::names::Names;
use super::style::Tone;
use super::verdict::Detail;
use crate::event::Verdict;
use crate::finding::Reason;
use crate::policy::evaluate::answer::{PolicyAnswer, VerdictBasis};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// How many reasons are written where not everything is.
const MOST: usize = 8;

/// Answers as text, each with its pack; what packs say of themselves once at the end.
#[must_use]
pub fn text(answers: &[PolicyAnswer], names: &Names, detail: Detail) -> String {
    let mut out = Writer { text: String::new(), names, detail };
    for answer in answers {
        out.answer(answer);
    }
    let mut seen = BTreeSet::new();
    for notice in answers.iter().flat_map(|answer| &answer.notices) {
        if seen.insert(notice) {
            out.line(0, Tone::Dim.paint(notice));
        }
    }
    out.text
}

struct Writer<'a> {
    text: String,
    names: &'a Names,
    detail: Detail,
}

impl Writer<'_> {
    fn line(&mut self, indent: usize, text: impl std::fmt::Display) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{:indent$}{text}", "");
    }

    fn answer(&mut self, answer: &PolicyAnswer) {
        let verdict = Tone::from(answer.verdict).paint(format_args!("{:<14}", answer.verdict.as_str()));
        let on = answer.delivery.map_or_else(String::new, |date| format!(", delivery {date}"));
        let basis = match answer.basis {
            VerdictBasis::Lineage | VerdictBasis::Exception => "",
            VerdictBasis::Documents => ", on documents",
            VerdictBasis::Summary => ", on an auditor's summary",
        };
        self.line(0, format_args!("{verdict} {}{on}{basis}", answer.title));
        let range = answer.range.as_ref().map_or_else(String::new, |range| format!(", range {range}"));
        let pack = format!("policy {} [{}]{range}", answer.policy.id, answer.policy.blake3.short());
        self.line(15, Tone::Dim.paint(pack));
        if !answer.parameters.is_empty() {
            let parameters: Vec<String> =
                answer.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
            self.line(15, Tone::Dim.paint(format_args!("with {}", parameters.join(" "))));
        }
        if !answer.unlisted.is_empty() && self.detail == Detail::Full {
            let elements: Vec<&str> = answer.unlisted.iter().map(|element| element.symbol()).collect();
            self.line(15, Tone::Dim.paint(format_args!("neither listed nor ruled out: {}", elements.join(", "))));
        }
        self.reasons("because", &answer.why, answer.verdict != Verdict::Confirmed);
        self.needed(&answer.needed);
        for exception in answer.exceptions.iter().filter(|one| !one.applies || answer.verdict != Verdict::Exempt) {
            self.reasons(&format!("exception {} does not apply:", exception.kind), &exception.why, false);
        }
        if let Some(exception) = answer.exceptions.iter().find(|one| one.applies) {
            let clause = exception.clause.as_deref().unwrap_or_default();
            self.line(15, format_args!("exempt by `{}` {clause}", exception.kind));
        }
        self.reasons("note:", &answer.notes, true);
        if let Some(next) = &answer.next {
            let verdict = Tone::from(next.verdict).paint(next.verdict);
            let rules = next.rules.join(", ");
            self.line(15, format_args!("from {} the same lot is {verdict}: {rules}", next.from));
            self.reasons("because", &next.why, false);
        }
        if self.detail == Detail::Full {
            for rule in &answer.rules {
                let verdict = Tone::from(rule.verdict).paint(format_args!("{:<14}", rule.verdict.as_str()));
                self.line(15, format_args!("{verdict} rule {} ({})", rule.rule, rule.basis));
            }
        }
        self.line(0, "");
    }

    fn reasons(&mut self, word: &str, reasons: &[Reason], with_events: bool) {
        let is_full = self.detail == Detail::Full;
        let most = if is_full { usize::MAX } else { MOST };
        for reason in reasons.iter().take(most) {
            let text = self.names.readable(&reason.text);
            self.line(15, format_args!("{word} {text}"));
            for event in reason.events.iter().filter(|_| with_events || is_full).take(most) {
                let event = self.names.event(event);
                self.line(17, Tone::Dim.paint(event));
            }
        }
        self.more(reasons.len(), most, "reasons");
    }

    fn needed(&mut self, needed: &[String]) {
        let most = if self.detail == Detail::Full { usize::MAX } else { MOST };
        for one in needed.iter().take(most) {
            let one = self.names.readable(one);
            self.line(15, format_args!("to prove it: {one}"));
        }
        self.more(needed.len(), most, "things that would prove it");
    }

    fn more(&mut self, have: usize, shown: usize, what: &str) {
        if have > shown {
            self.line(15, Tone::Dim.paint(format_args!("… and {} more {what} (--verbose)", have - shown)));
        }
    }
}
