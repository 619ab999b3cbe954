//! The provenance of a lot as a value that is printed: by element, origins, stages, and the four buckets of the disclosure
//! that section 857 of the FY2023 NDAA asks of permanent magnets.
//!
//! Masses are those of the element in the subject, in kg. A mass or share that is not known exactly is given as the least
//! and the most that it can be; what rounds to 0 mg stays in the tables.
//!
//! **The four buckets** say by country where the element was mined, refined into oxides, made into metals and alloys, and
//! where the magnet was sintered or bonded and magnetized. Each of the steps of a bucket has its own lines, which sum to the
//! whole; the last pass of a loop counts. Where a step was not recorded, what is stated of the stages before counts, on the
//! level of the documents for it; where that is not stated either, the country is left out.
//!
//! Does not establish that countries are true: levels say how well they are evidenced, and a trail that is not sound and
//! complete proves none of them.

use super::origin::OriginKind;
use super::trail::{PlaceLevel, TimeLevel, Trail, TrailStep};
use crate::event::{Form, Process, SourceKind, Stage};
use crate::finding::Code;
use crate::lineage::provenance::{Interval, Source};
use crate::rules::data::facts;
use crate::value::closed_enum::closed_enum;
use crate::value::{Country, Element, EventId, FacilityId, Fraction, LotId, Mass, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the form.
pub const PROVENANCE_VERSION: u8 = 0;

closed_enum!(
    /// A step of one of the four buckets.
    Bucket, "a step of a bucket", {
        Mined = "mined", "mined, or collected where recycled";
        Refined = "refined", "refined: concentrated, cracked, leached";
        Separated = "separated", "separated into oxides";
        Reduced = "reduced", "reduced to metal";
        Melted = "melted", "melted into alloy";
        Sintered = "sintered", "sintered or bonded";
        Magnetized = "magnetized", "magnetized";
    }
);

impl Bucket {
    /// The number of the bucket, from 1.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Mined => 1,
            Self::Refined | Self::Separated => 2,
            Self::Reduced | Self::Melted => 3,
            Self::Sintered | Self::Magnetized => 4,
        }
    }

    /// The stage that prior steps state of it; none for those of a magnet's making.
    const fn stage(self) -> Option<Stage> {
        match self {
            Self::Mined => Some(Stage::Mined),
            Self::Refined => Some(Stage::Refined),
            Self::Separated => Some(Stage::Separated),
            Self::Reduced => Some(Stage::Reduced),
            Self::Melted => Some(Stage::Melted),
            Self::Sintered | Self::Magnetized => None,
        }
    }

    fn is_done_by(self, process: Process) -> bool {
        match self {
            Self::Sintered => matches!(process, Process::Sinter | Process::Bond),
            Self::Magnetized => process == Process::Magnetize,
            _ => self.stage().is_some() && facts(process).stage == self.stage(),
        }
    }
}

/// A mass between two bounds, in kg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MassRange {
    /// The least.
    pub least: Mass,
    /// The most; absent where nothing bounds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<Mass>,
}

/// A share of the element in the subject, between two bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareRange {
    /// The least, rounded down.
    pub least: Fraction,
    /// The most, rounded up.
    pub most: Fraction,
}

/// One origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OriginLine {
    /// What sort of origin it is.
    pub kind: OriginKind,
    /// The country, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// The lot that entered; absent where the mass appeared at a step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<LotId>,
    /// Where it entered or appeared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// How well the country is evidenced.
    pub level: PlaceLevel,
    /// Whether the values at hand show it; otherwise values that are withheld leave room for it.
    pub shown: bool,
    /// How much.
    pub mass: MassRange,
    /// What part of the whole.
    pub share: ShareRange,
}

/// One step that the element came through, or that is stated of the time before it entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StageLine {
    /// The stage.
    pub stage: Stage,
    /// What was done; empty for what is only stated of the time before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<Process>,
    /// The event.
    pub event: EventId,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<FacilityId>,
    /// In which country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// First moment; absent for what is only stated of the time before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
    /// Last moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Time>,
    /// How well the place is evidenced.
    pub place: PlaceLevel,
    /// How well the time is bounded.
    pub time: TimeLevel,
    /// Findings that speak against the place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<Code>,
    /// How much came through it.
    pub mass: MassRange,
    /// What part of the whole.
    pub share: ShareRange,
}

/// One line of the four buckets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BucketLine {
    /// The number of the bucket, from 1 to 4.
    pub bucket: u8,
    /// The step.
    pub step: Bucket,
    /// The country; absent where it is neither recorded nor stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// The weakest evidence for it.
    pub level: PlaceLevel,
    /// Whether some of it is recycled.
    pub recycled: bool,
    /// How much.
    pub mass: MassRange,
    /// What part of the whole.
    pub share: ShareRange,
}

/// The provenance of one element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ElementLines {
    /// The element.
    pub element: Element,
    /// How much of it the subject holds.
    pub mass: MassRange,
    /// Where it comes from, largest first.
    pub origins: Vec<OriginLine>,
    /// What it came through, in order.
    pub stages: Vec<StageLine>,
    /// By country, for the four buckets.
    pub buckets: Vec<BucketLine>,
}

/// The provenance of a lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProvenanceReport {
    /// The version of this form.
    pub v: u8,
    /// The moment of judgement.
    pub as_of: Time,
    /// The lot.
    pub subject: LotId,
    /// Its first label, where shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What it consists of.
    pub form: Form,
    /// Whether integrity holds and the ledgers are trusted.
    pub sound: bool,
    /// Whether somebody vouches that nothing is left out.
    pub complete: bool,
    /// By element.
    pub elements: Vec<ElementLines>,
}

impl ProvenanceReport {
    /// The provenance of the subject of a trail, of these elements or of all that it holds; `None` where the subject is not
    /// known from the evidence.
    #[must_use]
    pub fn of(trail: &Trail, as_of: Time, elements: &[Element]) -> Option<Self> {
        let subject = trail.subject()?;
        let wanted = |element: &Element| elements.is_empty() || elements.contains(element);
        let held = trail.provenance.elements.iter().map(|attribution| attribution.element).filter(wanted);
        Some(Self {
            v: PROVENANCE_VERSION,
            as_of,
            subject: subject.id,
            label: subject.label.clone(),
            form: subject.form,
            sound: trail.is_sound,
            complete: trail.is_complete,
            elements: held.filter_map(|element| Lines::of(trail, element)).collect(),
        })
    }
}

/// What is known of one element while its lines are made.
struct Lines<'a> {
    trail: &'a Trail,
    element: Element,
    total: Interval,
}

impl Lines<'_> {
    fn of(trail: &Trail, element: Element) -> Option<ElementLines> {
        let total = trail.provenance.element(element)?.total;
        let lines = Lines { trail, element, total };
        let (mut origins, stages, buckets) = (lines.origins(), lines.stages(), lines.buckets());
        origins.sort_by_key(|line| std::cmp::Reverse((line.mass.most, line.mass.least)));
        Some(ElementLines { element, mass: range(total), origins, stages, buckets })
    }

    fn origins(&self) -> Vec<OriginLine> {
        let origins = self.trail.origins(self.element).into_iter();
        let line = |origin: super::origin::TrailOrigin| OriginLine {
            kind: origin.kind,
            country: origin.country,
            lot: origin.lot.and_then(|lot| self.trail.lots.get(lot)).map(|lot| lot.id),
            event: origin.step.and_then(|step| self.trail.steps.get(step)).map(|step| step.event),
            level: origin.level,
            shown: origin.shown,
            mass: range(origin.mass),
            share: share(origin.mass, self.total),
        };
        origins.map(line).collect()
    }

    fn stages(&self) -> Vec<StageLine> {
        let Some(attribution) = self.trail.provenance.element(self.element) else { return Vec::new() };
        let mut lines = Vec::new();
        for (step, mass) in self.trail.steps.iter().zip(&attribution.steps) {
            let Some(mass) = *mass else { continue };
            for stage in Stage::ALL {
                if let Some((country, level)) = step.prior_stage(*stage, self.element) {
                    lines.push(self.stage(step, *stage, mass, Some((country, level))));
                }
            }
            let mut seen: Vec<Stage> = Vec::new();
            for stage in step.processes.iter().filter_map(|process| facts(*process).stage) {
                if !seen.contains(&stage) {
                    seen.push(stage);
                    lines.push(self.stage(step, stage, mass, None));
                }
            }
        }
        lines
    }

    fn stage(
        &self,
        step: &TrailStep,
        stage: Stage,
        mass: Interval,
        stated: Option<(Country, PlaceLevel)>,
    ) -> StageLine {
        let own = stated.is_none();
        let processes = step.processes.iter().copied().filter(|process| own && facts(*process).stage == Some(stage));
        StageLine {
            stage,
            processes: processes.collect(),
            event: step.event,
            facility: step.facility.filter(|_| own),
            country: stated.map_or(step.country, |(country, _)| Some(country)),
            from: own.then(|| step.when.start()),
            to: own.then(|| step.when.end()),
            place: stated.map_or(step.place.level, |(_, level)| level),
            time: step.time,
            against: step.place.against.iter().map(|finding| finding.code).filter(|_| own).collect(),
            mass: range(mass),
            share: share(mass, self.total),
        }
    }

    fn buckets(&self) -> Vec<BucketLine> {
        Bucket::ALL.iter().flat_map(|bucket| self.bucket(*bucket)).collect()
    }

    /// One step of a bucket by country, largest first.
    fn bucket(&self, bucket: Bucket) -> Vec<BucketLine> {
        let steps = &self.trail.steps;
        let is_end = |step: usize| {
            let processes = steps.get(step).map(|step| &step.processes);
            bucket != Bucket::Mined && processes.into_iter().flatten().any(|process| bucket.is_done_by(*process))
        };
        let mut by_country: BTreeMap<Option<Country>, (Interval, PlaceLevel, bool)> = BTreeMap::new();
        for end in self.trail.flows.last(self.element, &is_end) {
            let (country, level, recycled) = match end.source {
                Source::Step(step) => {
                    let step = steps.get(step);
                    let level = step.map_or(PlaceLevel::Declared, |step| step.place.level);
                    (step.and_then(|step| step.country), level, false)
                }
                _ => self.before(bucket, &end),
            };
            let line = by_country.entry(country).or_insert((Interval::default(), level, false));
            *line = (line.0.plus(end.mass), line.1.min(level), line.2 || recycled);
        }
        if bucket == Bucket::Separated && !self.element.is_rare_earth() {
            // Only rare earths are separated from each other: nothing is missing.
            by_country.remove(&None);
        }
        let mut lines: Vec<BucketLine> = by_country
            .into_iter()
            .map(|(country, (mass, level, recycled))| {
                let most = mass.most.min(self.total.most);
                let mass = Interval { least: mass.least.min(most), most };
                let (step, share) = (bucket, share(mass, self.total));
                BucketLine { bucket: bucket.number(), step, country, level, recycled, mass: range(mass), share }
            })
            .collect();
        lines.sort_by_key(|line| (std::cmp::Reverse(line.mass.most.or(Some(Mass::MAX))), line.country));
        lines
    }

    /// Where a bucket's step took place of what came through none in the ledger.
    fn before(&self, bucket: Bucket, end: &crate::lineage::provenance::Origin) -> (Option<Country>, PlaceLevel, bool) {
        let origin = self.trail.origin(self.element, end);
        if bucket == Bucket::Mined {
            let recycled = !matches!(origin.kind, OriginKind::Primary | OriginKind::Unknown);
            return (origin.country, origin.level, recycled);
        }
        let step = origin.step.filter(|_| origin.lot.is_some()).and_then(|step| self.trail.steps.get(step));
        let entered = step.filter(|step| step.source != Some(SourceKind::Mined));
        let stated = entered.and_then(|step| step.prior_stage(bucket.stage()?, self.element));
        stated.map_or((None, PlaceLevel::Declared, false), |(country, level)| (Some(country), level, false))
    }
}

fn range(mass: Interval) -> MassRange {
    let most = if mass.most == u64::MAX { None } else { Mass::new(mass.most) };
    MassRange { least: Mass::new(mass.least).unwrap_or(Mass::MAX), most }
}

/// `mass` of `total`: the least of the most and the most of the least, within 0 and 1.
fn share(mass: Interval, total: Interval) -> ShareRange {
    const WHOLE: u128 = 1_000_000_000;
    let fraction = |ppb: u128| {
        let ppb = u32::try_from(ppb.min(WHOLE)).unwrap_or(u32::MAX);
        Fraction::new(ppb).unwrap_or(Fraction::MAX)
    };
    let least = match total.most {
        0 | u64::MAX => 0,
        most => u128::from(mass.least) * WHOLE / u128::from(most),
    };
    let most = match total.least {
        _ if mass.most == 0 => 0,
        0 => WHOLE,
        least => (u128::from(mass.most) * WHOLE).div_ceil(u128::from(least)),
    };
    ShareRange { least: fraction(least), most: fraction(most) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::fixture::{Story, moment, site};
    use std::collections::BTreeSet;

    fn lines(story: Story, subject: usize) -> ElementLines {
        let trail = story.trail(subject);
        let report = ProvenanceReport::of(&trail, Time::MAX, &[Element::Nd]).unwrap();
        report.elements.into_iter().next().unwrap()
    }

    fn bucket(lines: &ElementLines, step: Bucket) -> Vec<(Option<String>, u64)> {
        let of_step = lines.buckets.iter().filter(|line| line.step == step);
        of_step.map(|line| (line.country.map(|c| c.to_string()), line.mass.least.mg())).collect()
    }

    fn at(country: &str, mg: u64) -> (Option<String>, u64) {
        (Some(country.to_owned()), mg)
    }

    #[test]
    fn half_the_oxide_separated_in_each_of_two_countries_is_fifty_fifty() {
        let mut story = Story::new();
        let ore = story.mine("AU", Form::Ore, &[("Nd", 200)]);
        let (left, right) = story.halve(ore);
        let one = story.process("MY", &[Process::Separate], &[left], Form::Oxide, &[("Nd", 100)]);
        let two = story.process("CN", &[Process::Separate], &[right], Form::Oxide, &[("Nd", 100)]);
        let both = story.blend(&[one, two]);
        let alloy = story.process("GB", &[Process::Reduce, Process::Melt], &[both], Form::AlloyFlake, &[("Nd", 150)]);
        let found = lines(story, alloy);
        assert_eq!(bucket(&found, Bucket::Mined), [at("AU", 150)]);
        assert_eq!(bucket(&found, Bucket::Separated), [at("CN", 75), at("MY", 75)]);
        assert_eq!(bucket(&found, Bucket::Reduced), [at("GB", 150)]);
        assert_eq!(bucket(&found, Bucket::Sintered), [(None, 150)], "not recorded");
        let shares: Vec<String> =
            found.buckets.iter().filter(|l| l.step == Bucket::Separated).map(|l| l.share.least.to_string()).collect();
        assert_eq!(shares, ["0.5", "0.5"]);
        let separated: Vec<&StageLine> = found.stages.iter().filter(|line| line.stage == Stage::Separated).collect();
        assert_eq!(separated.iter().map(|line| line.mass.least.mg()).collect::<Vec<_>>(), [75, 75]);
        let places = separated.iter().map(|line| (line.country, line.facility, line.processes.clone(), line.place));
        let separate = || vec![Process::Separate];
        let place = |code: &str| (code.parse().ok(), Some(site(code)), separate(), PlaceLevel::Accredited);
        assert_eq!(places.collect::<Vec<_>>(), [place("MY"), place("CN")]);
        let days: Vec<_> = separated.iter().map(|line| (line.from, line.to, line.time)).collect();
        let day = |number| (Some(moment(number)), Some(moment(number)), TimeLevel::Pinned);
        assert_eq!(days, [day(2), day(3)]);
    }

    #[test]
    fn every_tracked_element_has_its_own_provenance() {
        // Lanthanides but promethium, which occurs in no ore.
        let tracked = "La Ce Pr Nd Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Y Sc Th U Fe B Co Ni Cu Al Ga Nb Zr";
        let symbols: Vec<&str> = tracked.split(' ').collect();
        let amounts = |times: u64| -> Vec<(&str, u64)> {
            symbols.iter().zip(1..).map(|(symbol, number)| (*symbol, number * times)).collect()
        };
        let mut story = Story::new();
        let (one, other) = (story.mine("US", Form::Ore, &amounts(1)), story.mine("AU", Form::Ore, &amounts(3)));
        let alloy = story.process("GB", &[Process::Melt], &[one, other], Form::AlloyFlake, &amounts(4));
        let report = ProvenanceReport::of(&story.trail(alloy), Time::MAX, &[]).unwrap();
        let found: Vec<&str> = report.elements.iter().map(|lines| lines.element.symbol()).collect();
        assert_eq!(found, Element::ALL.iter().map(|element| element.symbol()).collect::<Vec<_>>());
        assert_eq!(found.iter().collect::<BTreeSet<_>>(), symbols.iter().collect::<BTreeSet<_>>());
        for lines in &report.elements {
            let number = symbols.iter().zip(1..).find(|(symbol, _)| **symbol == lines.element.symbol()).unwrap().1;
            assert_eq!(lines.mass.least.mg(), number * 4);
            let origins: Vec<_> = lines.origins.iter().map(|line| (line.country, line.mass.least.mg())).collect();
            assert_eq!(origins, [("AU".parse().ok(), number * 3), ("US".parse().ok(), number)]);
            assert_eq!(
                lines.stages.last().map(|line| (line.stage, line.mass.least.mg())),
                Some((Stage::Melted, number * 4))
            );
        }
    }

    #[test]
    fn the_last_pass_of_a_loop_counts() {
        let mut story = Story::new();
        let ore = story.mine("AU", Form::Ore, &[("Nd", 100)]);
        let first = story.process("CN", &[Process::Sinter], &[ore], Form::Block, &[("Nd", 100)]);
        let powder = story.process("EE", &[Process::RecycleHydrogen], &[first], Form::Powder, &[("Nd", 100)]);
        let block = story.process("EE", &[Process::Sinter], &[powder], Form::Block, &[("Nd", 100)]);
        let found = lines(story, block);
        assert_eq!(bucket(&found, Bucket::Sintered), [at("EE", 100)]);
        let passes: Vec<String> = found
            .stages
            .iter()
            .filter(|line| line.processes.contains(&Process::Sinter))
            .filter_map(|line| line.country.map(|country| country.to_string()))
            .collect();
        assert_eq!(passes, ["CN", "EE"], "every pass is shown");
    }

    #[test]
    fn what_is_stated_of_the_time_before_counts_where_nothing_is_recorded() {
        let mut story = Story::new();
        let bought = story.source(SourceKind::Purchased, "EE", Form::Oxide, &[("Nd", 20)]);
        let prior = |stage, country: &str| crate::policy::trail::TrailPrior {
            stage,
            country: country.parse().unwrap(),
            elements: Vec::new(),
        };
        story.steps[0].prior = vec![prior(Stage::Mined, "BR"), prior(Stage::Separated, "FR")];
        let found = lines(story, bought);
        assert_eq!(bucket(&found, Bucket::Mined), [at("BR", 20)]);
        assert_eq!(bucket(&found, Bucket::Separated), [at("FR", 20)]);
        assert_eq!(bucket(&found, Bucket::Reduced), [(None, 20)]);
        assert_eq!(found.stages.len(), 2);
        let mut story = Story::new();
        let iron = story.mine("US", Form::Iron, &[("Fe", 20)]);
        let report = ProvenanceReport::of(&story.trail(iron), Time::MAX, &[]).unwrap();
        assert_eq!(bucket(&report.elements[0], Bucket::Separated), [], "iron is not separated");
        assert_eq!(bucket(&report.elements[0], Bucket::Refined), [(None, 20)]);
    }

    #[test]
    fn shares_of_what_is_not_known_are_ranges() {
        let share_of = |least, most, total_least, total_most| {
            let found = share(Interval { least, most }, Interval { least: total_least, most: total_most });
            (found.least.to_string(), found.most.to_string())
        };
        assert_eq!(share_of(1, 2, 3, 3), ("0.333333333".to_owned(), "0.666666667".to_owned()));
        assert_eq!(share_of(0, 50, 100, 200), ("0".to_owned(), "0.5".to_owned()));
        assert_eq!(share_of(10, u64::MAX, 0, u64::MAX), ("0".to_owned(), "1".to_owned()));
        assert_eq!(share_of(0, 0, 0, 0), ("0".to_owned(), "0".to_owned()));
    }
}
