//! What is known of processes: stage, additions, closure, yields, and how well elements can be measured.
//!
//! These are tables of general knowledge, from public reports where one is named and from practice elsewhere. They are
//! replaceable: nothing that is signed or admitted depends on the yields and tolerances, which only review reads.
//! *Additions, closure and pick-up are read by admission and belong to format version 1.*
//!
//! A transform names several processes in order; [`Operation`] combines them:
//! - additions are the union: what one step adds is in the outputs of the last;
//! - total mass is closed only where every process is;
//! - the yield band is the product of the bands, since yields of successive steps multiply; a process without a band
//!   leaves the whole without one;
//! - the tolerance is the widest of the processes'.
//!
//! Worked example: `melt` (98–100 %) and `strip-cast` (96–98 %) give 94.08–98 %; a heat of 600 kg that gives 582 kg of
//! flake yields 97 %.

use crate::event::{Form, Process, Stage};
use crate::value::{Analyte, Element};

/// The usual yield of a target element, in parts per billion of what went in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YieldBand {
    /// The least.
    pub least_ppb: u32,
    /// The most.
    pub most_ppb: u32,
}

/// What is known of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessFacts {
    /// The stage bucket that procurement rules speak of; none for handling.
    pub stage: Option<Stage>,
    /// What it may add to the material without a lot of its own. Water, reagents and organic binders are given by their
    /// elements.
    pub adds: &'static [Analyte],
    /// Whether nothing is added, so that the outputs weigh at most what the inputs do.
    pub closed: bool,
    /// The usual yield of target elements.
    pub band: Option<YieldBand>,
}

/// One whole in parts per billion.
pub(crate) const WHOLE: u64 = 1_000_000_000;

/// A band from tenths of a percent.
const fn band(least_permille: u32, most_permille: u32) -> Option<YieldBand> {
    Some(YieldBand { least_ppb: least_permille * 1_000_000, most_ppb: most_permille * 1_000_000 })
}

const fn row(stage: Stage, adds: &'static [Analyte], closed: bool, band: Option<YieldBand>) -> ProcessFacts {
    ProcessFacts { stage: Some(stage), adds, closed, band }
}

const fn handling(adds: &'static [Analyte], closed: bool, band: Option<YieldBand>) -> ProcessFacts {
    ProcessFacts { stage: None, adds, closed, band }
}

use Analyte as A;
const NOTHING: &[Analyte] = &[];
const WATER: &[Analyte] = &[A::H, A::O];
const FLOTATION: &[Analyte] = &[A::H, A::O, A::C, A::N, A::Na, A::Si, A::P, A::S];
const LEACHING: &[Analyte] = &[A::C, A::O, A::H, A::Cl, A::S, A::N, A::Na, A::Mg, A::Ca];
const SEPARATING: &[Analyte] = &[A::C, A::O, A::H, A::Cl, A::F, A::S, A::N, A::Na];
const POWDER: &[Analyte] = &[A::H, A::O, A::N];
const SINTERING: &[Analyte] = &[A::H, A::C, A::O, A::N];
const DIFFUSING: &[Analyte] = &[A::F, A::O, A::H];
const COATING: &[Analyte] = &[A::Ni, A::Cu, A::Zn, A::Al, A::Sn, A::P, A::C, A::H, A::O, A::N, A::Si, A::Cr];
const PARTS: &[Analyte] = &[A::Fe, A::Cu, A::Al, A::Ni, A::Zn, A::Sn, A::C, A::H, A::O, A::N, A::Si, A::Cr, A::Mn];
const RECYCLING: &[Analyte] = &[A::H, A::O, A::C, A::N];

/// What is known of a process.
///
/// Sources: alloy to sintered magnet 85–95 % over all (Jin et al., Environ. Sci. Technol. 2018); recoveries of mines,
/// leaching, solvent extraction, electrolysis and casting are general knowledge.
#[must_use]
pub const fn facts(process: Process) -> ProcessFacts {
    use Process as P;
    use Stage as S;
    match process {
        P::Mine => row(S::Mined, NOTHING, false, None),
        P::Crush => row(S::Mined, NOTHING, true, band(980, 1000)),
        P::Beneficiate => row(S::Refined, FLOTATION, false, band(600, 750)),
        P::Crack | P::Precipitate => row(S::Refined, LEACHING, false, band(980, 1000)),
        P::Leach => row(S::Refined, LEACHING, false, band(850, 950)),
        P::Refine => row(S::Refined, LEACHING, false, band(850, 1000)),
        P::Separate => row(S::Separated, SEPARATING, false, band(900, 980)),
        P::Calcine | P::Fluorinate => row(S::Separated, SEPARATING, false, band(980, 1000)),
        P::Reduce => row(S::Reduced, NOTHING, false, band(920, 970)),
        P::Melt => row(S::Melted, NOTHING, true, band(980, 1000)),
        P::StripCast => row(S::Melted, NOTHING, true, band(960, 980)),
        P::HydrogenDecrepitate => row(S::Produced, POWDER, false, band(980, 1000)),
        P::JetMill => row(S::Produced, POWDER, false, band(940, 990)),
        P::Press | P::Age => row(S::Produced, SINTERING, false, band(980, 1000)),
        P::Sinter | P::Bond => row(S::Produced, SINTERING, false, band(900, 990)),
        P::GrainBoundaryDiffuse => row(S::Produced, DIFFUSING, false, band(980, 1000)),
        P::Machine | P::Grind => row(S::Produced, NOTHING, true, band(600, 950)),
        P::Coat | P::Passivate => row(S::Produced, COATING, false, band(980, 1000)),
        P::Magnetize | P::Test | P::Pack => row(S::Produced, NOTHING, true, band(980, 1000)),
        P::Assemble => row(S::EndItem, PARTS, false, band(980, 1000)),
        P::Collect | P::Dismantle => row(S::Mined, NOTHING, false, None),
        P::Demagnetize => row(S::Mined, NOTHING, false, band(980, 1000)),
        P::RecycleHydrogen | P::RecycleMill => row(S::Produced, RECYCLING, false, band(940, 990)),
        P::RecycleRoast => row(S::Refined, RECYCLING, false, band(850, 1000)),
        P::RecycleRemelt => row(S::Melted, RECYCLING, false, band(920, 980)),
        P::Stocktake => handling(WATER, false, None),
        P::Dry => handling(NOTHING, false, band(980, 1000)),
        P::Redrum | P::Move => handling(WATER, false, band(980, 1000)),
    }
}

/// What is known of a transform, from its processes in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation<'a> {
    processes: &'a [Process],
}

impl<'a> Operation<'a> {
    /// The operation that consists of these processes; none stands for splitting and blending.
    #[must_use]
    pub const fn of(processes: &'a [Process]) -> Self {
        Self { processes }
    }

    /// Whether the element can come in without a lot of its own.
    #[must_use]
    pub fn adds(self, element: Element) -> bool {
        self.processes.iter().any(|process| facts(*process).adds.iter().any(|a| a.element() == Some(element)))
    }

    /// Whether the outputs weigh at most what the inputs do.
    #[must_use]
    pub fn is_closed(self) -> bool {
        self.processes.iter().all(|process| facts(*process).closed)
    }

    /// Whether pieces stay pieces: none appear in coating, testing, packing, magnetizing and handling.
    #[must_use]
    pub fn keeps_pieces(self) -> bool {
        use Process as P;
        let keeps = |process: &Process| {
            matches!(process, P::Coat | P::Passivate | P::Magnetize | P::Test | P::Pack | P::Redrum | P::Move)
        };
        self.processes.iter().all(keeps)
    }

    /// Whether the composition stays what it was, so that outputs without one have that of the inputs.
    #[must_use]
    pub fn keeps_composition(self) -> bool {
        use Process as P;
        self.processes.iter().all(|process| {
            matches!(process, P::Crush | P::Magnetize | P::Test | P::Pack | P::Redrum | P::Move | P::Stocktake)
        })
    }

    /// The usual yield of target elements, where every process has a band.
    #[must_use]
    pub fn band(self) -> Option<YieldBand> {
        let times = |a: u32, b: u32| u32::try_from(u64::from(a) * u64::from(b) / WHOLE).unwrap_or(u32::MAX);
        let whole = YieldBand { least_ppb: 1_000_000_000, most_ppb: 1_000_000_000 };
        self.processes.iter().try_fold(whole, |all, process| {
            let one = facts(*process).band?;
            Some(YieldBand {
                least_ppb: times(all.least_ppb, one.least_ppb),
                most_ppb: times(all.most_ppb, one.most_ppb),
            })
        })
    }

    /// The widest plausible expanded uncertainty of an element's mass, in parts per billion of that mass.
    ///
    /// It caps what an assay states, and stands in where none is stated or it is withheld.
    #[must_use]
    pub fn cap_ppb(self, element: Element) -> u64 {
        let stages = self.processes.iter().map(|process| facts(*process).stage);
        stages.map(|stage| cap_ppb(stage, element)).max().unwrap_or_else(|| cap_ppb(None, element))
    }
}

/// The cap per stage and element: sampling dominates in ores and concentrates, analysis in pure products.
///
/// Thorium, uranium, and metals that occur in small additions or as impurities count double; boron and the heavy rare
/// earths, which are minor everywhere but in their own products, one and a half times. General knowledge.
#[must_use]
pub const fn cap_ppb(stage: Option<Stage>, element: Element) -> u64 {
    let base = match stage {
        None => 10_000_000,
        Some(Stage::Mined) => 100_000_000,
        Some(Stage::Refined) => 50_000_000,
        Some(Stage::Separated) => 30_000_000,
        Some(Stage::Reduced | Stage::Melted | Stage::Produced | Stage::EndItem) => 20_000_000,
    };
    use Element as E;
    match element {
        E::Th | E::U | E::Ni | E::Cu | E::Al | E::Ga | E::Nb | E::Zr => base * 2,
        E::B => base + base / 2,
        heavy if heavy.is_heavy() => base + base / 2,
        _ => base,
    }
}

/// Two independent uncertainties together: the root of the sum of their squares.
pub(crate) const fn root_sum_square(a: u128, b: u128) -> u128 {
    a.saturating_mul(a).saturating_add(b.saturating_mul(b)).isqrt()
}

/// How much of an element tools, crucibles and electrodes may leave in a product, in parts per billion of its mass.
///
/// Specifications of rare-earth metals allow 0.5 % of iron and 0.05 % of aluminium; none is allowed for rare earths,
/// boron and cobalt.
#[must_use]
pub const fn pick_up_ppb(element: Element) -> u64 {
    match element {
        Element::Fe => 5_000_000,
        Element::Al | Element::Ni | Element::Cu | Element::Zr | Element::Nb => 1_000_000,
        _ => 0,
    }
}

/// Whether a material holds more elements than anybody lists: what is dug up, and products taken back.
#[must_use]
pub const fn is_unsorted(form: Form) -> bool {
    matches!(form, Form::Ore | Form::EndOfLife | Form::Component | Form::EndItem)
}

/// The usual difference of two weighings of one lot, in parts per billion: 0.1 % (a legal-for-trade weighbridge, OIML R 76
/// class III, is within 0.1 % over most of its range).
pub const WEIGHING_PPB: u64 = 1_000_000;

/// From which relative difference on a receipt is worth a note, in parts per billion: 0.5 %, weighing and moisture.
pub const RECEIPT_PPB: u64 = 5_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn processes_combine_as_the_module_says() {
        let heat = Operation::of(&[Process::Melt, Process::StripCast]);
        assert_eq!(heat.band(), Some(YieldBand { least_ppb: 940_800_000, most_ppb: 980_000_000 }));
        assert!(heat.is_closed() && !heat.adds(Element::Nd));
        let plated = Operation::of(&[Process::Grind, Process::Coat]);
        assert!(!plated.is_closed() && plated.adds(Element::Ni) && !plated.adds(Element::Dy));
        assert_eq!(Operation::of(&[Process::Mine, Process::Crush]).band(), None);
        assert!(Operation::of(&[]).is_closed() && Operation::of(&[]).keeps_pieces());
    }

    #[test]
    fn every_band_is_a_band() {
        for process in Process::ALL {
            let Some(band) = facts(*process).band else { continue };
            assert!(band.least_ppb < band.most_ppb && band.most_ppb <= 1_000_000_000, "{process}");
        }
    }

    #[test]
    fn what_is_closed_adds_nothing() {
        assert!(Process::ALL.iter().all(|process| !facts(*process).closed || facts(*process).adds.is_empty()));
    }

    proptest! {
        #[test]
        fn any_list_of_processes_combines(numbers in proptest::collection::vec(0..Process::ALL.len(), 0..64)) {
            let processes: Vec<_> = numbers.into_iter().map(|n| Process::ALL[n]).collect();
            let all = Operation::of(&processes);
            prop_assert!(all.band().is_none_or(|band| band.least_ppb <= band.most_ppb));
            prop_assert!(Element::ALL.iter().all(|element| all.cap_ppb(*element) <= 200_000_000));
        }
    }
}
