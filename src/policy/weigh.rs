//! Weighing what speaks for and against an answer: contradicted beats unproven beats confirmed.

use super::trail::Trail;
use crate::event::Verdict;
use crate::finding::{Finding, Reason, Severity};
use crate::value::EventId;

/// How many reasons of a kind an answer gives at most; the first ones, in the order of the steps.
pub const MOST_REASONS: usize = 64;

/// A verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub why: Vec<Reason>,
    /// What would prove it; only where it is unproven.
    pub needed: Vec<String>,
}

impl Decision {
    /// The question does not apply.
    #[must_use]
    pub fn not_applicable(text: impl Into<String>) -> Self {
        Self { verdict: Verdict::NotApplicable, why: vec![because(text, [])], needed: Vec::new() }
    }
}

/// What counts for an answer so far.
#[derive(Debug, Default)]
pub struct Weighed {
    /// What contradicts it.
    pub against: Vec<Reason>,
    /// What leaves it open.
    pub open: Vec<Reason>,
    /// What would close that.
    pub needed: Vec<String>,
}

/// A reason in words, with the events that bear it out.
pub fn because(text: impl Into<String>, events: impl IntoIterator<Item = EventId>) -> Reason {
    Reason { text: text.into(), code: None, events: events.into_iter().collect() }
}

/// A finding as a reason.
#[must_use]
pub fn reason(finding: &Finding) -> Reason {
    let events = finding.event.iter().chain(&finding.related).copied().collect();
    let place = finding.place.as_ref().map_or(String::new(), |place| format!(" ({place})"));
    let text = format!("expected {}, found {}{place}", finding.expected, finding.found);
    Reason { text, code: Some(finding.code), events }
}

fn needed(finding: &Finding) -> Option<String> {
    (finding.severity() != Severity::Breach).then(|| finding.code.cure().to_owned())
}

impl Weighed {
    /// With what leaves every question about a trail open.
    #[must_use]
    pub fn of(trail: &Trail) -> Self {
        let mut weighed = Self::default();
        if !trail.is_complete {
            let text = "something of the lineage is missing, or nobody trusted says that it is all there";
            weighed.open.push(because(text, []));
            weighed
                .needed
                .push("a lineage without holes, with a completeness statement of a trusted ledger".to_owned());
        }
        if !trail.is_sound {
            weighed.open.push(because("the evidence is broken, or its ledger is not trusted", []));
            weighed.needed.push("sound evidence of a ledger of the trust file".to_owned());
        }
        weighed
    }

    /// Findings that contradict.
    pub fn contradict<'a>(&mut self, findings: impl Iterator<Item = &'a Finding>) {
        self.against.extend(findings.map(reason));
    }

    /// Findings that leave it open.
    pub fn leave_open<'a>(&mut self, findings: impl Iterator<Item = &'a Finding>) {
        for finding in findings {
            self.open.push(reason(finding));
            self.needed.extend(needed(finding));
        }
    }

    /// The verdict; `confirmed` says why where nothing is against it and nothing open.
    #[must_use]
    pub fn decide(mut self, confirmed: impl FnOnce() -> Vec<Reason>) -> Decision {
        self.needed.sort();
        self.needed.dedup();
        let (verdict, why) = match (self.against.is_empty(), self.open.is_empty()) {
            (false, _) => (Verdict::Contradicted, self.against),
            (true, false) => (Verdict::Unproven, self.open),
            (true, true) => (Verdict::Confirmed, confirmed()),
        };
        let needed = if verdict == Verdict::Unproven { self.needed } else { Vec::new() };
        Decision { verdict, why, needed }
    }
}
