//! The duty to know the recycled content: for each element of a list, the share recovered from waste of a kind.

use super::answer::{RuleAnswer, ShareAnswer, ShareOf, VerdictBasis};
use super::share::between;
use super::words::{kilograms, percent};
use super::{Judge, combine, said};
use crate::event::{RecycledKind, SourceKind, Verdict};
use crate::finding::Reason;
use crate::lineage::provenance::{Attribution, Origin};
use crate::policy::pack::Recycled;
use crate::value::Fraction;

/// What a source of material says of its being recycled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Recycled,
    Other,
    Unknown,
}

impl Judge<'_> {
    /// Why the rule does not reach this product, where it does not.
    pub(super) fn out_of_scope(&self) -> Option<Vec<Reason>> {
        let (threshold, magnets) = (self.settings.product_threshold?, self.settings.product_magnets?);
        let text = || {
            let (magnets, threshold) = (kilograms(magnets.mg()), kilograms(threshold.mg()));
            format!("the product holds {magnets} kg of magnets; the rule is about more than {threshold} kg")
        };
        (magnets <= threshold).then(|| said(text()))
    }

    /// The share of every listed element, known as far as asked.
    pub(super) fn recycled_content(&self) -> RuleAnswer {
        let mut answer = RuleAnswer {
            rule: "recycled".to_owned(),
            verdict: Verdict::Unproven,
            basis: VerdictBasis::Lineage,
            why: Vec::new(),
            failing: Vec::new(),
            shares: Vec::new(),
            needed: Vec::new(),
        };
        let Some(asked) = &self.pack.file.recycled else { return answer };
        let attributions = asked.elements.iter().filter_map(|element| self.survey.attribution(*element));
        let verdicts: Vec<Verdict> =
            attributions.map(|attribution| self.content_of(asked, attribution, &mut answer)).collect();
        answer.verdict = combine(verdicts).unwrap_or(Verdict::Confirmed);
        answer
    }

    fn content_of(&self, asked: &Recycled, attribution: &Attribution, answer: &mut RuleAnswer) -> Verdict {
        let element = attribution.element;
        let origins = &attribution.origins;
        let least = between(origins, &|origin| self.kind(asked, origin) == Kind::Recycled).least;
        let most = between(origins, &|origin| self.kind(asked, origin) != Kind::Other).most;
        answer.shares.push(ShareAnswer { element, what: ShareOf::Recycled, least, most });
        let unknown = origins.iter().filter(|origin| self.kind(asked, origin) == Kind::Unknown);
        let events = unknown.filter_map(|origin| Some(self.survey.source(origin)?.1.event)).collect();
        let open = Fraction::new(most.ppb().saturating_sub(least.ppb())).unwrap_or(Fraction::ONE);
        // Rounding both ways leaves one part per billion between bounds that are one.
        let is_known = open <= self.settings.max_unproven_share || open.ppb() <= 1;
        let range =
            if open.ppb() <= 1 { percent(least) } else { format!("between {} and {}", percent(least), percent(most)) };
        let mut text = format!("{range} of {element} is {}", kind_in_words(asked.kind));
        let verdict = match self.settings.recycled_min_share {
            Some(asked_for) if most < asked_for => Verdict::Contradicted,
            Some(asked_for) if least < asked_for => Verdict::Unproven,
            Some(_) => Verdict::Confirmed,
            None if is_known => Verdict::Confirmed,
            None => Verdict::Unproven,
        };
        if let Some(asked_for) = self.settings.recycled_min_share {
            text.push_str(&format!("; at least {} is asked for", percent(asked_for)));
        }
        if verdict == Verdict::Unproven {
            let what = kind_in_words(asked.kind);
            answer.needed.push(format!("where {element} of unknown origin came from, and masses that are withheld: only then is the share {what} known"));
        }
        answer.why.push(Reason { text, code: None, events });
        verdict
    }

    fn kind(&self, asked: &Recycled, origin: &Origin) -> Kind {
        let Some((_, step)) = self.survey.source(origin) else { return Kind::Unknown };
        let counts = match step.source {
            Some(SourceKind::Mined) => return Kind::Other,
            Some(SourceKind::PostConsumer) => asked.kind != RecycledKind::PreConsumer,
            Some(SourceKind::PreConsumer) => asked.kind != RecycledKind::PostConsumer,
            _ => return Kind::Unknown,
        };
        // That it is waste is the word of who brought it in; the place where it was recovered must be evidenced.
        match (counts, step.place.against.is_empty() && step.place.level >= asked.place) {
            (true, true) => Kind::Recycled,
            (true, false) => Kind::Unknown,
            (false, _) => Kind::Other,
        }
    }
}

const fn kind_in_words(kind: RecycledKind) -> &'static str {
    match kind {
        RecycledKind::PostConsumer => "recovered from post-consumer waste",
        RecycledKind::PreConsumer => "recovered from pre-consumer waste",
        RecycledKind::Any => "recovered from waste",
    }
}
