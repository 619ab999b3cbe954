//! Review of evidence: assays missing, provisional, in disagreement, of laboratories nobody trusts, reports in part.

use super::lots::{AssayFact, Lot};
use super::shares::{Share, find};
use super::{Review, ReviewContext, magnet, trusts_somebody};
use crate::event::{
    Assay, AssayStatus, Body, DispatchReason, Event, Form, LeafStatus, Leaves as _, Outcome, Receive, Scheme, Subject,
};
use crate::finding::{Code, Finding};
use crate::rules::accreditation::{Question, Standing};
use crate::rules::data::{WHOLE, cap_ppb, root_sum_square};
use crate::state::ViewError;
use crate::state::numbers::EventNo;
use crate::value::{Analyte, Element};

/// How many earlier assays one is compared with: anybody may record assays, so all pairs would be too many.
const MOST_COMPARED: usize = 32;

impl Review<'_> {
    pub(super) fn evidence(&mut self) -> Result<(), ViewError> {
        let event = self.event;
        match &event.payload.body {
            Body::Receive(receive) => {
                self.assay_missing(receive);
                Ok(())
            }
            Body::Assay(assay) => self.assay(assay),
            _ => Ok(()),
        }
    }

    /// Lots sold or given out for processing were assayed by somebody but their maker.
    fn assay_missing(&mut self, receive: &Receive) {
        let facts = &self.ctx.facts.facts;
        let reason = facts.numbers.find_event(&receive.dispatch).and_then(|dispatch| facts.reasons.get(&dispatch));
        if !reason.is_none_or(|reason| matches!(reason, DispatchReason::Sale | DispatchReason::Toll)) {
            return;
        }
        for line in receive.lots.iter().filter(|line| line.outcome != Outcome::Rejected) {
            let Some(lot) = facts.lot(&line.lot) else { continue };
            if !lot.assayed_by_other {
                let expected = "an assay by the receiver or a laboratory";
                let finding = self.finding(Code::AssayMissing, expected, "none, or its maker's only");
                self.out.push(finding.of_lot(line.lot));
            }
        }
    }

    fn assay(&mut self, assay: &Assay) -> Result<(), ViewError> {
        if self.record.withdrawn_by.is_some() {
            return Ok(());
        }
        let lot = self.ctx.facts.facts.lot(&assay.lot);
        if let Some(lot) = lot {
            self.provisional(assay, lot);
            self.disagreement(assay, lot);
        }
        if assay.status != AssayStatus::Provisional {
            self.laboratory(assay, lot)?;
            self.certificate(assay)?;
        }
        if let Some(magnetic) = &assay.magnetic {
            for (expected, found) in magnet::contradictions(magnetic) {
                let finding = self.finding(Code::ImpossibleMagnet, expected, found);
                self.out.push(finding.of_lot(assay.lot));
            }
        }
        Ok(())
    }

    fn provisional(&mut self, assay: &Assay, lot: Lot<'_>) {
        let own = self.number();
        let is_settled = lot.assays().any(|other| other.status != AssayStatus::Provisional);
        let stands = lot.assays().any(|other| Some(other.event) == own && !other.superseded);
        if assay.status == AssayStatus::Provisional && stands && !is_settled {
            let finding = self.finding(Code::AssayProvisional, "a final assay of the lot", "a provisional one only");
            self.out.push(finding.of_lot(assay.lot));
        }
    }

    /// Against the [`MOST_COMPARED`] assays before it that stand.
    fn disagreement(&mut self, assay: &Assay, lot: Lot<'_>) {
        let stands = |other: &&AssayFact| !other.superseded && other.status != AssayStatus::Provisional;
        let is_settled = |element| {
            let umpires = lot.assays().filter(|other| other.status == AssayStatus::Umpire);
            umpires.filter(stands).any(|other| find(lot.shares(other), element).is_some())
        };
        let number = self.number();
        let Some(own) = lot.assays().find(|a| Some(a.event) == number).filter(stands) else { return };
        let before: Vec<&AssayFact> = lot.assays().take_while(|other| other.event != own.event).collect();
        let earlier = before.into_iter().rev().filter(stands).take(MOST_COMPARED);
        let mut found: Vec<Finding> = Vec::new();
        for other in earlier {
            for share in lot.shares(own) {
                let Some(theirs) = find(lot.shares(other), share.element).filter(|_| !is_settled(share.element)) else {
                    continue;
                };
                if let Some(allowed) = disagree(share, &theirs) {
                    let expected =
                        format!("{} of {}, within {}", fraction(theirs.of_net), share.element, fraction(allowed));
                    let finding =
                        self.finding(Code::AssaysDisagree, expected, fraction(share.of_net)).of_lot(assay.lot);
                    let by = self.ctx.facts.facts.numbers.event_id(other.event);
                    found.push(by.into_iter().fold(finding, Finding::with));
                }
            }
        }
        self.out.extend(found);
    }

    /// The number of this event among the facts.
    fn number(&self) -> Option<EventNo> {
        self.ctx.facts.facts.numbers.find_event(&self.event.id)
    }

    fn laboratory(&mut self, assay: &Assay, lot: Option<Lot<'_>>) -> Result<(), ViewError> {
        if !trusts_somebody(self.ctx.trust) {
            return Ok(());
        }
        let issuer = self.event.issuer();
        let standing = laboratory(self.event, assay, lot.map(|lot| lot.form), self.ctx)?;
        let expected = "a laboratory accredited for the method and analytes on that day by somebody trusted";
        self.vouched(&standing, Code::LaboratoryNotAccredited, expected, issuer.into());
        Ok(())
    }

    /// The members of ISO/IEC 17025:2017 clause 7.8.2.1, but `f` and `m`, which every assay has, and `n` and `p`, which
    /// are given only where there is something to say. Nothing is said of a report or sample that may be withheld.
    fn certificate(&mut self, assay: &Assay) -> Result<(), ViewError> {
        let may_exist = |leaf| assay.leaf_status(leaf) == Some(LeafStatus::WithheldOrAbsent);
        if may_exist("report") || may_exist("sample") {
            return Ok(());
        }
        let (report, sample) = (assay.report.as_ref(), assay.sample.as_ref());
        let has_address = self.ctx.facts.facts.with_address.contains(&self.event.issuer());
        let members = [
            ("a (title)", report.is_some()),
            ("b (name and address of the laboratory)", has_address),
            ("c (location of the activity)", assay.facility.is_some()),
            ("d (unique identification)", report.is_some()),
            ("e (customer)", report.is_some_and(|r| r.customer.is_some())),
            ("g (description and condition of the item)", sample.is_some_and(|s| s.description.is_some())),
            ("h (date of receipt or sampling)", assay.received.is_some() || assay.sampled.is_some()),
            ("i (date of performance)", assay.performed.is_some()),
            ("j (date of issue)", assay.issued.is_some()),
            ("k (sampling plan and method)", sample.is_some_and(|s| s.plan.is_some())),
            (
                "l (results relate only to the items tested)",
                report.is_some_and(|r| r.relates_only_to_items == Some(true)),
            ),
            ("o (person authorizing the report)", report.is_some_and(|r| r.authorized_by.is_some())),
        ];
        let missing: Vec<&str> = members.iter().filter(|(_, has)| !has).map(|(name, _)| *name).collect();
        if !missing.is_empty() {
            let found = format!("a report without {}", missing.join(", "));
            let finding = self.finding(Code::CertificateIncomplete, "every member of clause 7.8.2.1", found);
            self.out.push(finding.of_lot(assay.lot));
        }
        Ok(())
    }
}

/// Whether the laboratory of an assay, with corrections in place, is competent for its method, matrix and analytes on the day
/// it was performed.
///
/// # Errors
/// State could not be read.
pub fn laboratory(
    event: &Event,
    assay: &Assay,
    matrix: Option<Form>,
    ctx: &ReviewContext<'_>,
) -> Result<Standing, ViewError> {
    let (issuer, when) = (event.issuer(), event.payload.when);
    let analytes: Vec<Analyte> = assay.results.iter().flatten().map(|line| line.analyte).collect();
    let country = match assay.facility.map(|id| ctx.view.facility(&id)).transpose()?.flatten() {
        Some(record) => Some(record.facility.country),
        None => ctx.view.party(&issuer)?.map(|party| party.country),
    };
    let question = Question {
        subject: assay.facility.map_or(Subject::Party(issuer), Subject::Facility),
        scheme: Scheme::Iso17025,
        country,
        processes: &[],
        method: Some(assay.method),
        matrix,
        analytes: &analytes,
        from: assay.performed.map_or(when.start(), |date| date.start()),
        to: assay.performed.map_or(when.end(), |date| date.end()),
    };
    ctx.facts.facts.accreditations.laboratory(issuer, &question, ctx.trust, ctx.view, ctx.as_of)
}

/// How far two values may differ, where they differ by more: the root of the squares of their uncertainties, 10⁻¹⁵.
fn disagree(a: &Share, b: &Share) -> Option<u64> {
    let (high, low) = if a.of_net >= b.of_net { (a, b) } else { (b, a) };
    // The lower one bounds the higher only where it is what it says; a limit above a value agrees with it.
    if !high.measured {
        return None;
    }
    let uncertainty = |share: &Share| {
        let ppb = share.uncertainty.map_or_else(|| unstated_ppb(share.element), |ppb| ppb.get().into());
        if share.measured { u128::from(share.of_net) * u128::from(ppb) / u128::from(WHOLE) } else { 0 }
    };
    let allowed = root_sum_square(uncertainty(high), uncertainty(low)) + 1_000_000;
    let allowed = u64::try_from(allowed).unwrap_or(u64::MAX);
    (high.of_net - low.of_net > allowed).then_some(allowed)
}

/// Where no uncertainty is stated: the cap for concentrates, since the stage of a lot is not known from the lot alone.
const fn unstated_ppb(element: Element) -> u64 {
    cap_ppb(Some(crate::event::Stage::Refined), element)
}

/// 10⁻¹⁵ of the mass as a fraction with nine decimals.
fn fraction(of_net: u64) -> String {
    crate::value::decimal::format(of_net / 1_000_000, 9)
}
