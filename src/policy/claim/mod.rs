//! Claims: typed statements about a lot, decided from its trail alone.
//!
//! A producer's claim, recorded in a ledger, and a buyer's question go through [`decide`]. The rules:
//!
//! - What is shown in a place that the claim excludes contradicts it, at whatever level the place is evidenced. What is
//!   shown elsewhere confirms it only at the level asked for ([`How::evidence`]): *accredited*, unless the verifier asks
//!   for less. A finding against a place contradicts what rests on that place.
//! - Places and processes are looked at on every pass: a loop through recycling is no way around them.
//! - Shares are decided on the worst case of the intervals: confirmed where the least possible share reaches what is
//!   claimed, contradicted where the greatest possible one does not. A share of 1 means every origin, however small.
//! - What came before a source that is not `mined` passes on nobody's word: it contradicts where it is said to lie in an
//!   excluded place, and leaves the claim open otherwise, where it could have been of the stage in question.
//! - Whatever is missing, withheld or unsound leaves it open. Unknown is never a pass.
//!
//! | claim | what is decided |
//! |---|---|
//! | `origin` | the share of the element that was mined in the countries |
//! | `processed-in`, `not-processed-in` | every step of the stage or process; without one, every step of any stage |
//! | `facility` | every step of the process; without one, the step that made the lot (splits, blends and handling aside) |
//! | `recycled-content` | the share that entered as `post-consumer` or `pre-consumer`; the entry's site is what is evidenced |
//! | `custody-model` | the effective model ([`custody_model`](super::custody_model)) |
//! | `accredited-chain` | the place of every step, at the level *accredited* whatever is asked for |
//! | `spec` | assays of the lot and of what it was split from, against the specification |
//! | `complies` | the policy's own evaluation |
//!
//! Not in scope: what a claim is in signed data (`event`); who may be believed (`rules`).

mod places;
mod shares;
#[cfg(test)]
mod tests;
pub mod text;

use super::custody_model::effective;
use super::trail::{PlaceLevel, Trail, TrailStep};
use super::upstream::Upstream;
use super::weigh::{Decision, MOST_REASONS, Weighed, because};
use crate::event::{CustodyModel, Statement};
use crate::value::{Blake3, Date};
use places::Places;
use shares::Shares;

/// What a claim is decided with beside the trail.
pub struct How<'a> {
    /// The least level at which a place confirms.
    pub evidence: PlaceLevel,
    /// Decides whether the subject meets a specification.
    pub spec: &'a dyn Fn(&str, &Blake3, &Trail) -> Judged,
    /// Decides whether the subject complies with a policy.
    pub policy: &'a dyn Fn(&str, &Blake3, Date, &Trail) -> Judged,
}

/// What a lot comes to by a file of some name and digest.
pub type Judged = Result<Decision, NotAtHand>;

/// A file of this name and digest is not at hand; the digest of the one that is, of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAtHand(pub Option<Blake3>);

impl How<'_> {
    /// No specification and no policy at hand, accredited places asked for.
    pub const PLAIN: How<'static> = How {
        evidence: PlaceLevel::Accredited,
        spec: &|_, _, _| Err(NotAtHand(None)),
        policy: &|_, _, _, _| Err(NotAtHand(None)),
    };
}

/// Decides a claim about the subject of a trail.
///
/// Does not establish that what was signed is true.
#[must_use]
pub fn decide(claim: &Statement, trail: &Trail, how: &How<'_>) -> Decision {
    let upstream = Upstream::of(trail, trail.subject);
    let places = Places { trail, upstream: &upstream, level: how.evidence };
    let shares = Shares { trail, upstream: &upstream, level: how.evidence };
    match claim {
        Statement::Origin { element, countries, min_share } => shares.origin(*element, countries, *min_share),
        Statement::RecycledContent { element, kind, min_share } => shares.recycled(*element, *kind, *min_share),
        Statement::ProcessedIn { stage, process, countries } => places.only_in(*stage, *process, countries),
        Statement::NotProcessedIn { stage, process, countries } => places.not_in(*stage, *process, countries),
        Statement::Facility { facility, process } => places.at_facility(*facility, *process),
        Statement::AccreditedChain {} => Places { level: PlaceLevel::Accredited, ..places }.all(),
        Statement::CustodyModel { at_least } => custody(trail, *at_least),
        Statement::Spec { spec, digest } => (how.spec)(spec.as_str(), digest, trail)
            .unwrap_or_else(|found| found.decide(trail, &format!("specification {spec}"), digest, "--spec FILE")),
        Statement::Complies { policy, digest, delivery } => (how.policy)(policy.as_str(), digest, *delivery, trail)
            .unwrap_or_else(|found| found.decide(trail, &format!("policy {policy}"), digest, "--policy FILE")),
    }
}

impl NotAtHand {
    fn decide(self, trail: &Trail, what: &str, digest: &Blake3, option: &str) -> Decision {
        let mut weighed = Weighed::of(trail);
        let other = self.0.map_or_else(String::new, |other| format!(", only another of digest {other}"));
        weighed.needed.push(format!("the {what} of digest {digest}, given with {option}"));
        weighed.open.push(because(format!("the {what} of digest {digest} is not at hand{other}"), []));
        weighed.decide(Vec::new)
    }
}

fn custody(trail: &Trail, at_least: CustodyModel) -> Decision {
    let mut weighed = Weighed::of(trail);
    let effective = effective(trail);
    let model = effective.model;
    // Strongest first in the list, so that a later one is weaker.
    if model > at_least {
        weighed.against.push(because(format!("the effective custody model is {model}"), []));
        weighed.against.extend(effective.why);
        return weighed.decide(Vec::new);
    }
    if at_least != CustodyModel::BookAndClaim {
        weighed.open.extend(effective.open);
        if !weighed.open.is_empty() {
            weighed.needed.push("records of the steps before, from the mine on".to_owned());
        }
    }
    weighed.decide(|| {
        let mut why = vec![because(format!("the effective custody model is {model}"), [])];
        why.extend(effective.why);
        why
    })
}

/// Puts a step down as evidenced too weakly, with what would prove it.
fn too_weak(weighed: &mut Weighed, step: &TrailStep, level: PlaceLevel, what: &str) {
    if weighed.open.len() < MOST_REASONS {
        let text = format!("{what}: its place is {}, {level} is asked for", step.place.level);
        weighed.open.push(because(text, [step.event]));
        weighed.needed.extend(step.place.needed.iter().cloned());
    }
}

/// What speaks against the place of a step.
fn against_place(weighed: &mut Weighed, step: &TrailStep) -> bool {
    weighed.contradict(step.place.against.iter());
    !step.place.against.is_empty()
}
