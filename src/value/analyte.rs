//! What a line of a composition or an assay names.
//!
//! An element (`Nd`), a stoichiometric oxide (`Nd2O3`), a group (`TREO`), or something that is reported but not followed
//! (`Si`, `LOI`). In scope: how much of a tracked element a stated mass of an oxide holds, and what a group consists of.
//! Not in scope: the basis of a stated fraction ([`Basis`](super::Basis)), and shares within a group, which only an
//! assay can tell.
//!
//! A group member that an assay does not resolve is not analysed: it is neither zero nor an equal share.

use super::closed_enum::closed_enum;
use super::element::{Element, OXYGEN_MICRODALTONS};

closed_enum!(
    /// What a composition or assay line states the content of.
    Analyte, "an element, oxide or group such as `Nd`, `Nd2O3`, `TREO`", {
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
        La2O3 = "La2O3", "lanthanum oxide";
        CeO2 = "CeO2", "cerium oxide";
        Pr6O11 = "Pr6O11", "praseodymium oxide";
        Nd2O3 = "Nd2O3", "neodymium oxide";
        Sm2O3 = "Sm2O3", "samarium oxide";
        Eu2O3 = "Eu2O3", "europium oxide";
        Gd2O3 = "Gd2O3", "gadolinium oxide";
        Tb4O7 = "Tb4O7", "terbium oxide";
        Dy2O3 = "Dy2O3", "dysprosium oxide";
        Ho2O3 = "Ho2O3", "holmium oxide";
        Er2O3 = "Er2O3", "erbium oxide";
        Tm2O3 = "Tm2O3", "thulium oxide";
        Yb2O3 = "Yb2O3", "ytterbium oxide";
        Lu2O3 = "Lu2O3", "lutetium oxide";
        Y2O3 = "Y2O3", "yttrium oxide";
        Sc2O3 = "Sc2O3", "scandium oxide";
        ThO2 = "ThO2", "thorium oxide";
        U3O8 = "U3O8", "uranium oxide";
        Fe2O3 = "Fe2O3", "iron(III) oxide";
        B2O3 = "B2O3", "boron oxide";
        Co3O4 = "Co3O4", "cobalt oxide";
        NiO = "NiO", "nickel oxide";
        CuO = "CuO", "copper oxide";
        Al2O3 = "Al2O3", "aluminium oxide";
        Ga2O3 = "Ga2O3", "gallium oxide";
        Nb2O5 = "Nb2O5", "niobium oxide";
        ZrO2 = "ZrO2", "zirconium oxide";
        Treo = "TREO", "total rare-earth oxides, La to Lu and Y";
        Trem = "TREM", "total rare-earth metals, La to Lu and Y";
        Lreo = "LREO", "light rare-earth oxides, La to Nd";
        Hreo = "HREO", "heavy rare-earth oxides, Sm to Lu and Y";
        SegPlus = "SEG+", "oxides of Sm, Eu, Gd, Tb, Dy and Y";
        NdPr = "NdPr", "neodymium and praseodymium";
        NdPrO = "NdPrO", "NdPr oxide";
        H = "H", "hydrogen";
        C = "C", "carbon";
        N = "N", "nitrogen";
        O = "O", "oxygen";
        F = "F", "fluorine";
        Na = "Na", "sodium";
        Mg = "Mg", "magnesium";
        Si = "Si", "silicon";
        P = "P", "phosphorus";
        S = "S", "sulfur";
        Cl = "Cl", "chlorine";
        K = "K", "potassium";
        Ca = "Ca", "calcium";
        Ti = "Ti", "titanium";
        V = "V", "vanadium";
        Cr = "Cr", "chromium";
        Mn = "Mn", "manganese";
        Zn = "Zn", "zinc";
        Mo = "Mo", "molybdenum";
        Sn = "Sn", "tin";
        Ba = "Ba", "barium";
        Ta = "Ta", "tantalum";
        W = "W", "tungsten";
        Pb = "Pb", "lead";
        SiO2 = "SiO2", "silica";
        CaO = "CaO", "lime";
        MgO = "MgO", "magnesia";
        P2O5 = "P2O5", "phosphorus pentoxide";
        Loi = "LOI", "loss on ignition";
        Moisture = "moisture", "moisture";
    }
);

/// What sort of thing an [`Analyte`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnalyteKind {
    /// A tracked element, stated as such.
    Element,
    /// The oxide of a tracked element, of fixed stoichiometry.
    Oxide,
    /// A sum over several elements or oxides.
    Group,
    /// Reported, but of no tracked element.
    Other,
}

/// How much of a tracked element a substance holds: the exact ratio of two sums of atomic weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stoichiometry {
    /// The element.
    pub element: Element,
    /// Its mass in one formula unit, in micro-daltons.
    pub num: u64,
    /// The mass of the formula unit, in micro-daltons; never 0, never below `num`.
    pub den: u64,
}

impl Stoichiometry {
    /// The element's mass in `mg` of the substance, times [`den`](Self::den): to be compared, not divided.
    ///
    /// Both factors are below 2⁶⁴, so the product fits.
    #[must_use]
    pub const fn scaled(self, mg: u64) -> u128 {
        mg as u128 * self.num as u128
    }

    /// The element's mass in `mg` of the substance, in milligrams, rounded down: for display and shares.
    #[must_use]
    pub fn milligrams(self, mg: u64) -> u64 {
        let quotient = self.scaled(mg) / u128::from(self.den.max(1));
        // num ≤ den, so the quotient is at most `mg`.
        u64::try_from(quotient).unwrap_or(mg)
    }
}

const LIGHT_OXIDES: &[Analyte] = &[Analyte::La2O3, Analyte::CeO2, Analyte::Pr6O11, Analyte::Nd2O3];

const HEAVY_OXIDES: &[Analyte] = &[
    Analyte::Sm2O3,
    Analyte::Eu2O3,
    Analyte::Gd2O3,
    Analyte::Tb4O7,
    Analyte::Dy2O3,
    Analyte::Ho2O3,
    Analyte::Er2O3,
    Analyte::Tm2O3,
    Analyte::Yb2O3,
    Analyte::Lu2O3,
    Analyte::Y2O3,
];

const SEG_PLUS_OXIDES: &[Analyte] =
    &[Analyte::Sm2O3, Analyte::Eu2O3, Analyte::Gd2O3, Analyte::Tb4O7, Analyte::Dy2O3, Analyte::Y2O3];

const RARE_EARTH_OXIDES: &[Analyte] = &[
    Analyte::La2O3,
    Analyte::CeO2,
    Analyte::Pr6O11,
    Analyte::Nd2O3,
    Analyte::Sm2O3,
    Analyte::Eu2O3,
    Analyte::Gd2O3,
    Analyte::Tb4O7,
    Analyte::Dy2O3,
    Analyte::Ho2O3,
    Analyte::Er2O3,
    Analyte::Tm2O3,
    Analyte::Yb2O3,
    Analyte::Lu2O3,
    Analyte::Y2O3,
];

const RARE_EARTH_METALS: &[Analyte] = &[
    Analyte::La,
    Analyte::Ce,
    Analyte::Pr,
    Analyte::Nd,
    Analyte::Sm,
    Analyte::Eu,
    Analyte::Gd,
    Analyte::Tb,
    Analyte::Dy,
    Analyte::Ho,
    Analyte::Er,
    Analyte::Tm,
    Analyte::Yb,
    Analyte::Lu,
    Analyte::Y,
];

impl Analyte {
    /// What sort of thing it is.
    #[must_use]
    pub fn kind(self) -> AnalyteKind {
        match self.formula() {
            Some((_, _, 0)) => AnalyteKind::Element,
            Some(_) => AnalyteKind::Oxide,
            None if self.members().is_empty() => AnalyteKind::Other,
            None => AnalyteKind::Group,
        }
    }

    /// The tracked element whose mass it states; none for groups and for what is not tracked.
    #[must_use]
    pub fn element(self) -> Option<Element> {
        self.formula().map(|(element, _, _)| element)
    }

    /// How much of its element a mass of it holds; none for groups and for what is not tracked.
    #[must_use]
    pub fn stoichiometry(self) -> Option<Stoichiometry> {
        let (element, atoms, oxygens) = self.formula()?;
        let num = u64::from(atoms) * element.standard_atomic_weight();
        Some(Stoichiometry { element, num, den: num + u64::from(oxygens) * OXYGEN_MICRODALTONS })
    }

    /// What a group is the sum of, each an element or an oxide; empty for anything but a group.
    ///
    /// TREO and TREM leave scandium out, as trade reports do. SEG+ is the six oxides from Sm to Dy and Y; the rare
    /// traces from Ho to Lu are stated by name.
    #[must_use]
    pub const fn members(self) -> &'static [Self] {
        match self {
            Self::Treo => RARE_EARTH_OXIDES,
            Self::Trem => RARE_EARTH_METALS,
            Self::Lreo => LIGHT_OXIDES,
            Self::Hreo => HEAVY_OXIDES,
            Self::SegPlus => SEG_PLUS_OXIDES,
            Self::NdPr => &[Self::Nd, Self::Pr],
            Self::NdPrO => &[Self::Nd2O3, Self::Pr6O11],
            _ => &[],
        }
    }

    /// Every tracked element whose mass it states: its own, or those of its members.
    pub fn elements(self) -> impl Iterator<Item = Element> {
        self.element().into_iter().chain(self.members().iter().filter_map(|member| member.element()))
    }

    /// The analyte that states an element as such.
    #[must_use]
    pub fn of_element(element: Element) -> Self {
        // The lists agree in text (a test holds them to it), so the fallback cannot be reached.
        Self::ALL.iter().copied().find(|a| a.formula() == Some((element, 1, 0))).unwrap_or(Self::Moisture)
    }

    /// The oxide in which trade states a tracked element.
    #[must_use]
    pub fn oxide_of(element: Element) -> Option<Self> {
        Self::ALL.iter().copied().find(|a| a.kind() == AnalyteKind::Oxide && a.element() == Some(element))
    }

    /// Element, its atoms and the oxygen atoms in one formula unit.
    const fn formula(self) -> Option<(Element, u8, u8)> {
        Some(match self {
            Self::La => (Element::La, 1, 0),
            Self::Ce => (Element::Ce, 1, 0),
            Self::Pr => (Element::Pr, 1, 0),
            Self::Nd => (Element::Nd, 1, 0),
            Self::Sm => (Element::Sm, 1, 0),
            Self::Eu => (Element::Eu, 1, 0),
            Self::Gd => (Element::Gd, 1, 0),
            Self::Tb => (Element::Tb, 1, 0),
            Self::Dy => (Element::Dy, 1, 0),
            Self::Ho => (Element::Ho, 1, 0),
            Self::Er => (Element::Er, 1, 0),
            Self::Tm => (Element::Tm, 1, 0),
            Self::Yb => (Element::Yb, 1, 0),
            Self::Lu => (Element::Lu, 1, 0),
            Self::Y => (Element::Y, 1, 0),
            Self::Sc => (Element::Sc, 1, 0),
            Self::Th => (Element::Th, 1, 0),
            Self::U => (Element::U, 1, 0),
            Self::Fe => (Element::Fe, 1, 0),
            Self::B => (Element::B, 1, 0),
            Self::Co => (Element::Co, 1, 0),
            Self::Ni => (Element::Ni, 1, 0),
            Self::Cu => (Element::Cu, 1, 0),
            Self::Al => (Element::Al, 1, 0),
            Self::Ga => (Element::Ga, 1, 0),
            Self::Nb => (Element::Nb, 1, 0),
            Self::Zr => (Element::Zr, 1, 0),
            Self::La2O3 => (Element::La, 2, 3),
            Self::CeO2 => (Element::Ce, 1, 2),
            Self::Pr6O11 => (Element::Pr, 6, 11),
            Self::Nd2O3 => (Element::Nd, 2, 3),
            Self::Sm2O3 => (Element::Sm, 2, 3),
            Self::Eu2O3 => (Element::Eu, 2, 3),
            Self::Gd2O3 => (Element::Gd, 2, 3),
            Self::Tb4O7 => (Element::Tb, 4, 7),
            Self::Dy2O3 => (Element::Dy, 2, 3),
            Self::Ho2O3 => (Element::Ho, 2, 3),
            Self::Er2O3 => (Element::Er, 2, 3),
            Self::Tm2O3 => (Element::Tm, 2, 3),
            Self::Yb2O3 => (Element::Yb, 2, 3),
            Self::Lu2O3 => (Element::Lu, 2, 3),
            Self::Y2O3 => (Element::Y, 2, 3),
            Self::Sc2O3 => (Element::Sc, 2, 3),
            Self::ThO2 => (Element::Th, 1, 2),
            Self::U3O8 => (Element::U, 3, 8),
            Self::Fe2O3 => (Element::Fe, 2, 3),
            Self::B2O3 => (Element::B, 2, 3),
            Self::Co3O4 => (Element::Co, 3, 4),
            Self::NiO => (Element::Ni, 1, 1),
            Self::CuO => (Element::Cu, 1, 1),
            Self::Al2O3 => (Element::Al, 2, 3),
            Self::Ga2O3 => (Element::Ga, 2, 3),
            Self::Nb2O5 => (Element::Nb, 2, 5),
            Self::ZrO2 => (Element::Zr, 1, 2),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The ratio in units of 10⁻⁴, rounded half up.
    fn ten_thousandths(analyte: Analyte) -> u64 {
        let s = analyte.stoichiometry().unwrap();
        (s.num * 20_000 + s.den) / (2 * s.den)
    }

    #[test]
    fn oxide_to_metal_factors_of_the_rare_earths() {
        use Analyte::*;
        for (oxide, expected) in [
            (La2O3, 8527),
            (CeO2, 8141),
            (Pr6O11, 8277),
            (Nd2O3, 8574),
            (Sm2O3, 8624),
            (Eu2O3, 8636),
            (Gd2O3, 8676),
            (Tb4O7, 8502),
            (Dy2O3, 8713),
            (Ho2O3, 8730),
            (Er2O3, 8745),
            (Tm2O3, 8756),
            (Yb2O3, 8782),
            (Lu2O3, 8794),
            (Y2O3, 7874),
            (Sc2O3, 6520),
        ] {
            assert_eq!(ten_thousandths(oxide), expected, "{oxide}");
            assert_eq!(oxide.kind(), AnalyteKind::Oxide);
        }
    }

    #[test]
    fn formula_and_text_agree_for_every_oxide() {
        for analyte in Analyte::ALL {
            let Some((element, atoms, oxygens)) = analyte.formula() else { continue };
            let count = |n: u8| if n == 1 { String::new() } else { n.to_string() };
            let oxygen = if oxygens == 0 { String::new() } else { format!("O{}", count(oxygens)) };
            assert_eq!(analyte.as_str(), format!("{element}{}{oxygen}", count(atoms)));
        }
    }

    #[test]
    fn every_element_is_an_analyte_and_has_one_oxide() {
        for element in Element::ALL {
            assert_eq!(Analyte::of_element(*element).as_str(), element.symbol());
            let oxides = Analyte::ALL.iter().filter(|a| a.kind() == AnalyteKind::Oxide);
            assert_eq!(oxides.filter(|a| a.element() == Some(*element)).count(), 1, "{element}");
            assert_eq!(Analyte::oxide_of(*element).unwrap().element(), Some(*element));
        }
    }

    #[test]
    fn groups_hold_what_their_names_say() {
        let treo: Vec<_> = Analyte::Lreo.members().iter().chain(Analyte::Hreo.members()).copied().collect();
        assert_eq!(treo, Analyte::Treo.members());
        assert!(Analyte::Lreo.elements().all(Element::is_light) && Analyte::Hreo.elements().all(Element::is_heavy));
        assert!(Analyte::Treo.elements().eq(Analyte::Trem.elements()));
        assert!(Analyte::NdPrO.elements().eq(Analyte::NdPr.elements()));
        assert!(Analyte::SegPlus.members().iter().all(|m| Analyte::Hreo.members().contains(m)));
        assert_eq!(Analyte::SegPlus.members().len(), 6);
        assert_eq!((Analyte::Treo.kind(), Analyte::Loi.kind()), (AnalyteKind::Group, AnalyteKind::Other));
        assert_eq!(Analyte::Treo.stoichiometry(), None);
    }

    #[test]
    fn the_smelter_of_500_kg_ndpr_oxide_gets_the_expected_metal() {
        // 500 kg at 99.0 % TREO, 75/25: 371.25 kg Nd2O3 and 123.75 kg Pr6O11, at 95 % yield 399.665 kg of metal.
        let nd = Analyte::Nd2O3.stoichiometry().unwrap().milligrams(371_250_000);
        let pr = Analyte::Pr6O11.stoichiometry().unwrap().milligrams(123_750_000);
        assert_eq!((nd + pr) * 95 / 100 / 100_000, 3_996);
    }

    #[test]
    fn names_have_one_spelling_with_suggestions() {
        for analyte in Analyte::ALL {
            assert_eq!(analyte.as_str().parse(), Ok(*analyte));
        }
        let message = |text: &str| text.parse::<Analyte>().unwrap_err().to_string();
        assert!(message("Nd203").contains("`Nd2O3`"), "{}", message("Nd203"));
        assert!(message("NdPr oxide").contains("`NdPrO`"), "{}", message("NdPr oxide"));
        assert!(message("treo").contains("did you mean `TREO`"), "{}", message("treo"));
    }

    proptest! {
        #[test]
        fn contained_metal_never_exceeds_the_oxide(mg: u64) {
            for analyte in Analyte::ALL {
                let Some(s) = analyte.stoichiometry() else { continue };
                prop_assert!(s.milligrams(mg) <= mg);
                prop_assert_eq!(s.milligrams(mg) == mg, s.num == s.den || mg == 0);
            }
        }
    }
}
