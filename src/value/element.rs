//! The chemical elements whose mass is followed through a lineage.
//!
//! Promethium is left out: it has no stable isotope, no standard atomic weight and does not occur in trade.
//! Elements that are only reported as impurities are [`Analyte`](super::Analyte)s, not elements.

use super::closed_enum::closed_enum;

closed_enum!(
    /// A tracked element; text form: its chemical symbol.
    Element, "the symbol of a tracked element such as `Nd`", {
        La = "La", "lanthanum";
        Ce = "Ce", "cerium";
        Pr = "Pr", "praseodymium";
        Nd = "Nd", "neodymium";
        Sm = "Sm", "samarium";
        Eu = "Eu", "europium";
        Gd = "Gd", "gadolinium";
        Tb = "Tb", "terbium";
        Dy = "Dy", "dysprosium";
        Ho = "Ho", "holmium";
        Er = "Er", "erbium";
        Tm = "Tm", "thulium";
        Yb = "Yb", "ytterbium";
        Lu = "Lu", "lutetium";
        Y = "Y", "yttrium";
        Sc = "Sc", "scandium";
        Th = "Th", "thorium";
        U = "U", "uranium";
        Fe = "Fe", "iron";
        B = "B", "boron";
        Co = "Co", "cobalt";
        Ni = "Ni", "nickel";
        Cu = "Cu", "copper";
        Al = "Al", "aluminium";
        Ga = "Ga", "gallium";
        Nb = "Nb", "niobium";
        Zr = "Zr", "zirconium";
    }
);

/// Atomic weight of oxygen in micro-daltons: abridged standard atomic weight 15.999 (IUPAC 2021).
pub const OXYGEN_MICRODALTONS: u64 = 15_999_000;

impl Element {
    /// The chemical symbol.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        self.as_str()
    }

    /// The English name (IUPAC spelling).
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.words()
    }

    /// Whether it is a rare earth: a lanthanide, yttrium or scandium (IUPAC Red Book 2005, IR-3.6.2).
    #[must_use]
    pub const fn is_rare_earth(self) -> bool {
        self.is_light() || self.is_heavy() || matches!(self, Self::Sc)
    }

    /// Whether it is a light rare earth as trade reports have it: La, Ce, Pr, Nd (the members of `LREO`).
    ///
    /// There is no single definition: some sources count up to Sm, Eu or Gd. Scandium is neither light nor heavy.
    #[must_use]
    pub const fn is_light(self) -> bool {
        matches!(self, Self::La | Self::Ce | Self::Pr | Self::Nd)
    }

    /// Whether it is a heavy (or medium) rare earth as trade reports have it: Sm to Lu and Y (the members of `HREO`).
    #[must_use]
    pub const fn is_heavy(self) -> bool {
        matches!(
            self,
            Self::Sm
                | Self::Eu
                | Self::Gd
                | Self::Tb
                | Self::Dy
                | Self::Ho
                | Self::Er
                | Self::Tm
                | Self::Yb
                | Self::Lu
                | Self::Y
        )
    }

    /// The standard atomic weight in micro-daltons.
    ///
    /// Source: IUPAC Technical Report "Standard atomic weights of the elements 2021", Pure Appl. Chem. 94 (2022)
    /// 573–600, abridged to five significant figures.
    #[must_use]
    pub const fn standard_atomic_weight(self) -> u64 {
        let milli = match self {
            Self::La => 138_910,
            Self::Ce => 140_120,
            Self::Pr => 140_910,
            Self::Nd => 144_240,
            Self::Sm => 150_360,
            Self::Eu => 151_960,
            Self::Gd => 157_250,
            Self::Tb => 158_930,
            Self::Dy => 162_500,
            Self::Ho => 164_930,
            Self::Er => 167_260,
            Self::Tm => 168_930,
            Self::Yb => 173_050,
            Self::Lu => 174_970,
            Self::Y => 88_906,
            Self::Sc => 44_956,
            Self::Th => 232_040,
            Self::U => 238_030,
            Self::Fe => 55_845,
            Self::B => 10_810,
            Self::Co => 58_933,
            Self::Ni => 58_693,
            Self::Cu => 63_546,
            Self::Al => 26_982,
            Self::Ga => 69_723,
            Self::Nb => 92_906,
            Self::Zr => 91_224,
        };
        milli * 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_sixteen_rare_earths_without_promethium() {
        let rare: Vec<_> = Element::ALL.iter().filter(|e| e.is_rare_earth()).collect();
        assert_eq!(rare.len(), 16);
        assert!(Element::ALL.iter().all(|e| !(e.is_light() && e.is_heavy())));
        assert!(!Element::Th.is_rare_earth() && Element::Sc.is_rare_earth());
    }

    #[test]
    fn a_wrong_symbol_is_refused_with_the_nearest_ones() {
        let message = |text: &str| text.parse::<Element>().unwrap_err().to_string();
        assert!(message("nd").ends_with("found `nd` (did you mean `Nd`?)"), "{}", message("nd"));
        assert!(message("Neodymium").ends_with("(did you mean `Nd`?)"));
        assert!(message("Dysprosum").ends_with("(did you mean `Dy`?)"));
        assert!("".parse::<Element>().is_err() && " Nd".parse::<Element>().is_err());
    }

    #[test]
    fn every_element_has_one_spelling_and_a_weight_in_order_of_its_period() {
        for element in Element::ALL {
            assert_eq!(element.symbol().parse(), Ok(*element));
            assert!((10_000_000..239_000_000).contains(&element.standard_atomic_weight()));
        }
        let lanthanides = Element::ALL.get(..14).unwrap();
        assert!(lanthanides.windows(2).all(|w| w[0].standard_atomic_weight() < w[1].standard_atomic_weight()));
    }
}
