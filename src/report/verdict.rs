//! A verification report as text: who holds the lot, the answers, then the three axes behind them, then what was not checked.

use super::format::counted;
use super::names::Names;
use super::style::Tone;
use crate::event::Verdict;
use crate::finding::{Finding, Severity};
use crate::verify::report::{Answer, Condition, Report, SubjectReport};
use std::fmt::Write as _;

/// How much is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Answers, breaches and warnings; the rest is counted.
    Brief,
    /// Everything.
    Full,
}

/// The report as text.
#[must_use]
pub fn text(report: &Report, names: &Names, detail: Detail) -> String {
    let mut out = Writer { text: String::new(), names, detail };
    out.subject(&report.subject);
    out.provenance(report);
    out.text.push_str(&super::claims::text(&report.claims, &report.specs, names, detail));
    out.text.push_str(&super::policy::text(&report.policies, names, detail));
    if !report.policies.is_empty() {
        out.line(0, "");
    }
    for answer in &report.verdicts {
        out.answer(answer);
    }
    out.findings("Integrity", &report.integrity.findings);
    out.completeness(report);
    out.findings("Status", &report.status.findings);
    out.checks(report);
    out.text
}

/// Numbers of findings, worst first.
#[must_use]
pub fn severities(breaches: usize, warnings: usize, notes: usize) -> String {
    let breaches = counted(breaches, "breach", "breaches");
    let warnings = counted(warnings, "warning", "warnings");
    format!("{breaches}, {warnings}, {}", counted(notes, "note", "notes"))
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

    fn subject(&mut self, subject: &SubjectReport) {
        let lot = Tone::Bold.paint(self.names.lot_in_words(&subject.lot));
        self.line(0, format_args!("{lot} [{}]", subject.lot.short()));
        let holder = subject.holder.map_or_else(|| "nobody known".to_owned(), |id| self.names.party(&id));
        let place = subject.facility.map(|id| format!(" at {}", self.names.facility(&id))).unwrap_or_default();
        let state = match subject.condition {
            Condition::Held => format!("Held by {holder}{place}"),
            Condition::InTransit => {
                let to = subject.consignee.map_or_else(|| "somebody".to_owned(), |id| self.names.party(&id));
                format!("Under way from {holder} to {to}")
            }
            Condition::Spent => format!("Spent; last held by {holder}"),
            Condition::Elsewhere => "Accepted in another ledger".to_owned(),
            Condition::Unknown => "Where it is does not follow from the evidence".to_owned(),
        };
        self.line(0, state);
        if let Some(owner) = subject.owner.filter(|owner| Some(*owner) != subject.holder) {
            self.line(0, format_args!("Owned by {}", self.names.party(&owner)));
        }
    }

    fn provenance(&mut self, report: &Report) {
        for ledger in &report.ledgers {
            let operator =
                ledger.operator.map(|id| format!(", operated by {}", self.names.party(&id))).unwrap_or_default();
            let trusted = if ledger.trusted { "" } else { " (not in the trust file)" };
            let entries = ledger.entries;
            self.line(
                0,
                format_args!("Evidence: {entries} of {} entries of {}{operator}{trusted}", ledger.size, ledger.origin),
            );
        }
        self.line(0, format_args!("Judged as of {}", report.as_of));
        self.line(0, "");
    }

    fn answer(&mut self, answer: &Answer) {
        let verdict = Tone::from(answer.verdict).paint(format_args!("{:<14}", answer.verdict.as_str()));
        self.line(0, format_args!("{verdict} {}", answer.question.words()));
        let most = if self.detail == Detail::Full { usize::MAX } else { 6 };
        for reason in answer.why.iter().take(most) {
            let text = self.names.readable(&reason.text);
            self.line(15, format_args!("because {text}"));
            if answer.verdict != Verdict::Confirmed || self.detail == Detail::Full {
                for event in reason.events.iter().take(most) {
                    let event = self.names.event(event);
                    self.line(17, Tone::Dim.paint(event));
                }
            }
        }
        self.more(answer.why.len(), most, "reasons");
        for needed in answer.needed.iter().take(most) {
            let needed = self.names.readable(needed);
            self.line(15, format_args!("to prove it: {needed}"));
        }
        self.more(answer.needed.len(), most, "things that would prove it");
    }

    fn more(&mut self, have: usize, shown: usize, what: &str) {
        if have > shown {
            self.line(15, Tone::Dim.paint(format_args!("… and {} more {what} (--verbose)", have - shown)));
        }
    }

    fn findings(&mut self, axis: &str, findings: &[Finding]) {
        if findings.is_empty() {
            return;
        }
        let count = |severity| findings.iter().filter(|finding| finding.severity() == severity).count();
        let (breaches, warnings, notes) = (count(Severity::Breach), count(Severity::Warning), count(Severity::Note));
        self.line(0, "");
        let heading = Tone::Bold.paint(axis);
        self.line(0, format_args!("{heading}: {}", severities(breaches, warnings, notes)));
        let shown = |finding: &&Finding| self.detail == Detail::Full || finding.severity() != Severity::Note;
        for finding in findings.iter().filter(shown).cloned().collect::<Vec<_>>() {
            self.finding(&finding);
        }
    }

    fn finding(&mut self, finding: &Finding) {
        let code = Tone::from(finding.severity()).paint(finding.code);
        let (expected, found) = (self.names.readable(&finding.expected), self.names.readable(&finding.found));
        self.line(2, format_args!("{code}: expected {expected}, found {found}"));
        for event in finding.event.iter().chain(&finding.related) {
            let event = self.names.event(event);
            self.line(4, Tone::Dim.paint(event));
        }
    }

    fn completeness(&mut self, report: &Report) {
        let missing = &report.completeness;
        self.findings("Completeness", &missing.findings);
        if missing.findings.is_empty() {
            let heading = Tone::Bold.paint("Completeness");
            self.line(0, "");
            self.line(0, format_args!("{heading}: {}", severities(0, 0, 0)));
        }
        let absent = report.documents.iter().filter(|document| !document.present).count();
        let lines = [
            (report.documents.len() - absent, "documents at hand"),
            (absent, "documents named that are not at hand"),
            (missing.holes.len(), "events declared to be left out"),
            (missing.withheld.len(), "objects with values withheld"),
            (missing.undecided.len(), "rules undecided for want of completeness"),
            (missing.unanswered.len(), "dispatches of the lineage not answered"),
        ];
        for (count, what) in lines.iter().filter(|(count, _)| *count > 0) {
            self.line(2, format_args!("{what}: {count}"));
        }
    }

    fn checks(&mut self, report: &Report) {
        self.line(0, "");
        for check in &report.checks {
            let (mark, tone) = if check.done { ("checked", Tone::Good) } else { ("not checked", Tone::Doubtful) };
            if self.detail == Detail::Full || !check.done {
                self.line(0, format_args!("{} {}: {}", tone.paint(format_args!("{mark:<12}")), check.name, check.note));
            }
        }
    }
}
