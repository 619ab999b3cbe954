//! The four questions that are asked where nothing in particular is: integrity, completeness, custody, accreditation.
//!
//! Each is answered from the report's first three axes. A breach contradicts, anything that is missing, undecided or not
//! vouched for leaves unproven; contradicted beats unproven beats confirmed. Nothing is confirmed where nobody vouches
//! for completeness: what was left out might be the opposite.

use super::report::{Answer, Condition, LedgerReport, Question, Report};
use crate::event::Verdict;
use crate::finding::{Code, Family, Finding, Reason, Severity};
use crate::policy::weigh::{Decision, Weighed, because, reason};
use crate::rules::review::undecided;
use crate::rules::trust::Trust;
use crate::value::{DigestSet, EventId};
use std::collections::BTreeSet;

/// Answers the four questions from the axes of a report.
///
/// `matters` are the events that the lineage rests on: its own, the registrations, assays and other statements.
#[must_use]
pub fn answer_all(report: &Report, matters: &DigestSet<EventId>, trust: &Trust) -> Vec<Answer> {
    let lineage = report.lineage.iter().copied().collect();
    let asked = Asked { report, lineage, matters, trust };
    let mut answers = vec![asked.integrity(), asked.completeness(), asked.custody(), asked.accredited()];
    if let Some(missing) = report.completeness.findings.iter().find(|finding| finding.code == Code::BundleIncomplete) {
        for answer in answers.iter_mut().filter(|answer| answer.verdict == Verdict::Confirmed) {
            answer.verdict = Verdict::Unproven;
            answer.why.insert(0, reason(missing));
            answer.needed.push(missing.code.cure().to_owned());
        }
    }
    answers
}

struct Asked<'a> {
    report: &'a Report,
    lineage: BTreeSet<EventId>,
    matters: &'a DigestSet<EventId>,
    trust: &'a Trust,
}

fn answer(weighed: Weighed, question: Question, confirmed: impl FnOnce() -> Vec<Reason>) -> Answer {
    let Decision { verdict, why, needed } = weighed.decide(confirmed);
    Answer { question, verdict, why, needed }
}

/// Up to which size, and who says so.
fn on_the_word_of(ledger: &LedgerReport) -> Reason {
    let log = ledger.stated_by_log.then(|| ledger.origin.clone());
    let auditors = ledger.stated_by.iter().map(|auditor| format!("auditor party {auditor}"));
    let words: Vec<String> = log.into_iter().chain(auditors).collect();
    let size = ledger.covered_at.unwrap_or(ledger.size);
    if words.is_empty() {
        return because(format!("as of size {size} of {}, all of whose entries were read", ledger.origin), []);
    }
    let of = if ledger.stated_by_log { String::new() } else { format!(" of {}", ledger.origin) };
    let text = format!("as of size {size}{of}, on the word of {}", words.join(" and "));
    let operator = ledger.operator.filter(|_| ledger.stated_by_log);
    let events = operator.into_iter().chain(ledger.stated_by.iter().copied()).map(EventId::from).collect();
    Reason { text, code: None, events }
}

fn is_breach(finding: &&Finding) -> bool {
    finding.severity() == Severity::Breach
}

impl Asked<'_> {
    /// Findings on what matters, or on no event in particular.
    fn of_family(&self, families: &'static [Family]) -> impl Iterator<Item = &Finding> {
        let matters = |event: EventId| self.matters.contains(&event) || self.lineage.contains(&event);
        let findings = self.report.findings().filter(move |finding| finding.event.is_none_or(matters));
        findings.filter(|finding| families.contains(&finding.code.family()))
    }

    /// Findings on steps of the lineage, or on no event in particular.
    fn of_code(&self, codes: &'static [Code]) -> impl Iterator<Item = &Finding> {
        let on_step = |finding: &&Finding| finding.event.is_none_or(|event| self.lineage.contains(&event));
        self.report.findings().filter(on_step).filter(|finding| codes.contains(&finding.code))
    }

    /// Findings that leave every question open, wherever they are.
    fn of_code_anywhere(&self, codes: &'static [Code]) -> impl Iterator<Item = &Finding> {
        self.report.findings().filter(|finding| codes.contains(&finding.code))
    }

    /// What leaves every question about the material open: nobody trusted says that it is all there.
    fn foundations(&self, weighed: &mut Weighed) {
        let missing = &[Code::BundleIncomplete, Code::BundleHole, Code::UntrustedLedger];
        weighed.leave_open(self.of_code_anywhere(missing));
        if self.lineage.is_empty() {
            let text = "the lot is not known from the evidence".to_owned();
            weighed.open.push(Reason { text, code: Some(Code::UnknownLot), events: Vec::new() });
        }
    }

    fn integrity(&self) -> Answer {
        let integrity = &self.report.integrity;
        let mut weighed = Weighed::default();
        weighed.contradict(integrity.findings.iter().filter(is_breach));
        answer(weighed, Question::Integrity, || {
            let size = |ledger: &super::report::LedgerReport| format!("{} at size {}", ledger.origin, ledger.size);
            let sizes: Vec<String> = self.report.ledgers.iter().map(size).collect();
            let (entries, signatures) = (integrity.entries, integrity.signatures);
            vec![because(
                format!("{entries} entries, {signatures} signatures and the tree of {}", sizes.join(", ")),
                [],
            )]
        })
    }

    fn completeness(&self) -> Answer {
        let completeness = &self.report.completeness;
        let mut weighed = Weighed::default();
        weighed.contradict(completeness.findings.iter().filter(is_breach));
        weighed.leave_open(completeness.findings.iter().filter(|finding| !is_breach(finding)));
        weighed.leave_open(completeness.undecided.iter());
        answer(weighed, Question::Completeness, || self.report.ledgers.iter().map(on_the_word_of).collect())
    }

    fn custody(&self) -> Answer {
        let mut weighed = Weighed::default();
        let families = &[Family::Chain, Family::Custody, Family::Mass, Family::Time, Family::Evidence, Family::Status];
        weighed.contradict(self.of_family(families).filter(is_breach));
        weighed.contradict(self.of_code_anywhere(&[Code::OmittedReference]));
        self.foundations(&mut weighed);
        weighed.leave_open(self.of_code(&[Code::KeyCompromised]));
        let undecided = self.report.completeness.undecided.iter();
        weighed.leave_open(undecided.filter(|f| f.event.is_some_and(|event| self.lineage.contains(&event))));
        self.addressed(&mut weighed);
        answer(weighed, Question::Custody, || vec![because(self.whereabouts(), [])])
    }

    /// Where a recipient is asked for, the lot must be under way to that one.
    fn addressed(&self, weighed: &mut Weighed) {
        let subject = &self.report.subject;
        let Some(recipient) = self.report.recipient else { return };
        let is_addressed = subject.condition == Condition::InTransit && subject.consignee == Some(recipient);
        if !is_addressed {
            let finding = Finding::new(
                Code::NotAddressed,
                format_args!("a lot whose last custody event is a dispatch to party {recipient}"),
                self.whereabouts(),
            );
            let events = subject.head.into_iter().collect();
            weighed.open.push(Reason { events, ..reason(&finding) });
            weighed.needed.push(Code::NotAddressed.cure().to_owned());
        }
    }

    fn whereabouts(&self) -> String {
        let subject = &self.report.subject;
        let party =
            |id: Option<crate::value::PartyId>| id.map_or_else(|| "nobody known".to_owned(), |id| id.to_string());
        match subject.condition {
            Condition::Held => format!("a lot held by party {}", party(subject.holder)),
            Condition::InTransit => {
                format!("a lot in transit from party {} to party {}", party(subject.holder), party(subject.consignee))
            }
            Condition::Spent => "a lot that is spent".to_owned(),
            Condition::Elsewhere => "a lot accepted in another ledger".to_owned(),
            Condition::Unknown => "a lot not known from the evidence".to_owned(),
        }
    }

    fn accredited(&self) -> Answer {
        let mut weighed = Weighed::default();
        weighed.contradict(self.of_family(&[Family::Place]).filter(is_breach));
        self.foundations(&mut weighed);
        if !undecided(self.trust).is_empty() {
            let text = "the trust file names nobody who may vouch for a site or an identity".to_owned();
            weighed.open.push(Reason { text, code: Some(Code::SiteNotAccredited), events: Vec::new() });
            weighed.needed.push(Code::SiteNotAccredited.cure().to_owned());
        }
        let lacking = &[Code::SiteNotAccredited, Code::PartyNotAccredited, Code::AccreditationSuspended];
        weighed.leave_open(self.of_code(lacking));
        answer(weighed, Question::Accredited, || {
            let text = format!("identity and site of all {} events of the lineage are vouched for", self.lineage.len());
            vec![because(text, [])]
        })
    }
}
