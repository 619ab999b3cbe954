//! Answers to claims and specifications as text.

use super::names::Names;
use super::style::Tone;
use super::verdict::Detail;
use crate::event::Verdict;
use crate::finding::Reason;
use crate::policy::spec::{LimitAnswer, SpecAnswer, Value};
use crate::verify::report::ClaimAnswer;
use std::fmt::Write as _;

/// How many reasons are written where not everything is.
const MOST: usize = 6;

/// Answers as text; empty where nothing was asked or claimed.
#[must_use]
pub fn text(claims: &[ClaimAnswer], specs: &[SpecAnswer], names: &Names, detail: Detail) -> String {
    let mut out = Writer { text: String::new(), names, detail };
    claims.iter().for_each(|claim| out.claim(claim));
    specs.iter().for_each(|spec| out.spec(spec));
    if !out.text.is_empty() {
        out.text.push('\n');
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

    fn headed(&mut self, verdict: Verdict, text: impl std::fmt::Display) {
        let verdict = Tone::from(verdict).paint(format_args!("{:<14}", verdict.as_str()));
        self.line(0, format_args!("{verdict} {text}"));
    }

    fn claim(&mut self, answer: &ClaimAnswer) {
        self.headed(answer.verdict, self.names.readable(&answer.claim));
        if let Some(by) = answer.by {
            let (by, lot) = (self.names.party(&by), self.names.lot(&answer.lot));
            let counts = if answer.counts { "" } else { "; not asked for, and does not count here" };
            self.line(15, Tone::Dim.paint(format_args!("claimed by {by} of {lot}{counts}")));
        }
        self.reasons(&answer.why, &answer.needed, answer.verdict, 15);
    }

    fn spec(&mut self, answer: &SpecAnswer) {
        self.headed(answer.verdict, &answer.title);
        let about = format!("specification {} [{}], {}", answer.spec.id, answer.spec.blake3.short(), answer.source);
        self.line(15, Tone::Dim.paint(about));
        self.reasons(&answer.why, &answer.needed, answer.verdict, 15);
        for lot in &answer.lots {
            let verdict = Tone::from(lot.verdict).paint(lot.verdict);
            let name = self.names.lot(&lot.lot);
            self.line(15, format_args!("{name}: {verdict}"));
            for limit in &lot.limits {
                self.limit(limit);
            }
            for remark in &lot.remarks {
                let text = self.names.readable(&remark.text);
                self.line(17, format_args!("remark: {text}"));
                for event in &remark.events {
                    self.line(19, Tone::Dim.paint(self.names.event(event)));
                }
            }
        }
    }

    fn limit(&mut self, limit: &LimitAnswer) {
        let verdict = Tone::from(limit.verdict).paint(limit.verdict);
        self.line(17, format_args!("{}: {verdict}", limit.limit));
        for value in &limit.values {
            let shown = self.value(value);
            self.line(19, shown);
        }
        if limit.verdict != Verdict::Confirmed {
            self.reasons(&limit.why, &limit.needed, limit.verdict, 19);
        }
    }

    fn value(&self, value: &Value) -> String {
        let uncertainty = value.uncertainty.as_ref().map_or_else(String::new, |u| format!(" ± {u}"));
        let standing = if value.accredited { "accredited" } else { "not accredited" };
        let converted = if value.converted { ", converted from another basis" } else { "" };
        let by = self.names.party(&value.by);
        format!("{}{uncertainty} by {by}, {}, {standing}{converted}", value.value, value.method)
    }

    fn reasons(&mut self, why: &[Reason], needed: &[String], verdict: Verdict, indent: usize) {
        let most = if self.detail == Detail::Full { usize::MAX } else { MOST };
        for reason in why.iter().take(most) {
            let text = self.names.readable(&reason.text);
            self.line(indent, format_args!("because {text}"));
            if verdict != Verdict::Confirmed || self.detail == Detail::Full {
                for event in reason.events.iter().take(most) {
                    self.line(indent + 2, Tone::Dim.paint(self.names.event(event)));
                }
            }
        }
        for needed in needed.iter().take(most) {
            let needed = self.names.readable(needed);
            self.line(indent, format_args!("to prove it: {needed}"));
        }
        let left = why.len().saturating_sub(most) + needed.len().saturating_sub(most);
        if left > 0 {
            self.line(indent, Tone::Dim.paint(format_args!("… and {left} more (--verbose)")));
        }
    }
}
