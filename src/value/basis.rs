//! What a stated purity or content is a fraction of.
//!
//! The trap: "Dy₂O₃ 99.5 %" on a certificate normally means Dy₂O₃ among the rare-earth oxides (REO/TREO), not in the
//! material. The absolute content is that share times the TREO content. Comparing the two without converting makes
//! mass appear from nothing, so every stated content carries its basis.

use super::closed_enum::closed_enum;

closed_enum!(
    /// The reference of a stated fraction.
    Basis, "a basis: `REO/TREO`, `RE/TREM` or `absolute`", {
        ReoOverTreo = "REO/TREO", "share of this rare-earth oxide in the total rare-earth oxides";
        ReOverTrem = "RE/TREM", "share of this rare earth in the total rare-earth metals";
        Absolute = "absolute", "mass fraction in the dry material";
    }
);

impl Basis {
    /// The group whose content a relative fraction must be multiplied with to become absolute.
    #[must_use]
    pub const fn relative_to(self) -> Option<super::Analyte> {
        match self {
            Self::ReoOverTreo => Some(super::Analyte::Treo),
            Self::ReOverTrem => Some(super::Analyte::Trem),
            Self::Absolute => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basis_has_one_spelling() {
        assert_eq!("REO/TREO".parse(), Ok(Basis::ReoOverTreo));
        let error = "reo/treo".parse::<Basis>().unwrap_err().to_string();
        assert!(error.ends_with("found `reo/treo` (did you mean `REO/TREO`?)"), "{error}");
    }
}
