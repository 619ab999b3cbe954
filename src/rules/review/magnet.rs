//! Magnetic properties that cannot occur together, in exact integers.
//!
//! For any magnet HcB ≤ Br/μ₀ and HcB ≤ HcJ, and BHmax ≤ Br²/(4μ₀), the area below a demagnetization curve of slope μ₀.
//! μ₀ = 1.256 637 061 27 × 10⁻⁶ N/A² (CODATA 2022). Stated uncertainties are taken in favour of the certificate.
//!
//! Worked example: Br 1.32 T allows 346.6 kJ/m³; 350 kJ/m³ contradict it.

use crate::event::{Magnetic, Measured};
use crate::value::Decimal6;

/// μ₀ in 10⁻¹⁷ N/A².
const MU_0: u128 = 125_663_706_127;

/// Each contradiction as what was expected and what was found.
pub(super) fn contradictions(magnetic: &Magnetic) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let (br, most_br) = (magnetic.br.value, most(magnetic.br));
    // BHmax[10⁻⁶ kJ/m³] · 10⁻³ · 4 μ₀ ≤ (Br[10⁻⁶ T])² · 10⁻¹², times 10²⁰.
    let bound = most_br.saturating_mul(most_br).saturating_mul(100_000_000);
    if least(magnetic.bhmax) * 4 * MU_0 > bound {
        let limit = format!("BHmax of at most {} kJ/m³ at Br {br} T", micro(bound / (4 * MU_0)));
        found.push((limit, format!("{} kJ/m³", magnetic.bhmax.value)));
    }
    let Some(hcb) = magnetic.hcb else { return found };
    // HcB[10⁻⁶ kA/m] · 10⁻³ · μ₀ ≤ Br[10⁻⁶ T] · 10⁻⁶, times 10²⁰.
    let bound = most_br.saturating_mul(100_000_000_000_000);
    if least(hcb) * MU_0 > bound {
        let limit = format!("HcB of at most {} kA/m at Br {br} T", micro(bound / MU_0));
        found.push((limit, format!("{} kA/m", hcb.value)));
    }
    if least(hcb) > most(magnetic.hcj) {
        let limit = format!("HcB of at most HcJ, {} kA/m", magnetic.hcj.value);
        found.push((limit, format!("{} kA/m", hcb.value)));
    }
    found
}

fn uncertainty(measured: Measured) -> u128 {
    measured.uncertainty.map_or(0, |u| u128::from(u.get()))
}

fn most(measured: Measured) -> u128 {
    u128::from(measured.value.get()) + uncertainty(measured)
}

fn least(measured: Measured) -> u128 {
    u128::from(measured.value.get()).saturating_sub(uncertainty(measured))
}

/// Millionths as text.
fn micro(count: u128) -> String {
    crate::value::decimal::format(u64::try_from(count).unwrap_or(u64::MAX), Decimal6::SCALE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn magnet(br: &str, hcb: &str, hcj: &str, bhmax: &str) -> Magnetic {
        let value = |text: &str| Measured { value: text.parse().unwrap(), uncertainty: None };
        Magnetic {
            grade: None,
            br: value(br),
            hcb: Some(value(hcb)),
            hcj: value(hcj),
            bhmax: value(bhmax),
            temperature: None,
            density: None,
        }
    }

    #[test]
    fn a_real_grade_passes_and_a_unit_mix_up_does_not() {
        assert!(contradictions(&magnet("1.32", "995", "1592", "334")).is_empty());
        assert!(contradictions(&magnet("1.32", "995", "1592", "346.6")).is_empty());
        let found = contradictions(&magnet("1.32", "995", "1592", "347"));
        assert!(found[0].0.starts_with("BHmax of at most 346.639"), "{}", found[0].0);
        assert!(contradictions(&magnet("1.45", "1000", "1000", "418.2")).is_empty());
        assert_eq!(contradictions(&magnet("1.45", "1000", "1000", "418.4")).len(), 1);
        // kOe for kA/m, gauss for tesla.
        assert_eq!(contradictions(&magnet("1.32", "12.5", "12", "334")).len(), 1);
        assert_eq!(contradictions(&magnet("1.32", "1051", "1592", "334")).len(), 1);
        assert!(contradictions(&magnet("13200", "995", "1592", "334")).is_empty());
    }

    #[test]
    fn a_stated_uncertainty_is_taken_in_its_favour() {
        let mut near = magnet("1.32", "995", "1592", "347");
        near.br.uncertainty = "0.01".parse().ok();
        assert!(contradictions(&near).is_empty());
    }

    proptest! {
        #[test]
        fn no_values_overflow(values in any::<[u64; 6]>()) {
            let get = |n: usize| Decimal6::new(values[n] % (Decimal6::MAX.get() + 1)).unwrap();
            let value = |n: usize| Measured { value: get(n), uncertainty: Some(get((n + 1) % 6)) };
            let plain = |n: usize| Measured { value: get(n), uncertainty: None };
            let mut magnetic = magnet("1", "1", "1", "1");
            (magnetic.br, magnetic.hcj, magnetic.bhmax) = (value(0), plain(1), plain(2));
            magnetic.hcb = Some(plain(3));
            let _ = contradictions(&magnetic);
        }
    }
}
