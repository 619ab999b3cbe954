//! Sharing a mass in proportion to weights: exactly by largest remainder, or within bounds.
//!
//! **Bounds.** With weights wᵢ that lie in [lᵢ, mᵢ], the proportion wᵢ / Σw rises with wᵢ and falls with the others, so it
//! lies between lᵢ / (lᵢ + Σⱼ mⱼ) and mᵢ / (mᵢ + Σⱼ lⱼ), j ≠ i. Largest remainder gives either the whole part of A·wᵢ/Σw
//! or one more where that is no whole number; so a share is never below the first bound of the least A rounded down, nor
//! above the second of the greatest A rounded up. The shares sum to A whatever they are, which narrows each: it is at
//! least the least A less the most of the others, and at most the greatest A less the least of the others.

use super::Interval;

/// Shares of `mass` by `weights`, in their order; they sum to `mass` where all is known.
///
/// No weight may be positive only where the caller has put the whole somewhere else; all shares are then 0.
pub(super) fn shares(mass: Interval, weights: &[Interval]) -> Vec<Interval> {
    match weights {
        [_] => vec![mass],
        _ if mass.is_exact() && weights.iter().all(Interval::is_exact) => {
            let exact: Vec<u64> = weights.iter().map(|weight| weight.most).collect();
            largest_remainder(mass.most, &exact).into_iter().map(Interval::exact).collect()
        }
        _ => bounded(mass, weights),
    }
}

/// Whole shares of `mass` in proportion to the weights that sum to it exactly; of equal remainders the first is served.
pub(super) fn largest_remainder(mass: u64, weights: &[u64]) -> Vec<u64> {
    let whole: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if whole == 0 {
        return vec![0; weights.len()];
    }
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    let mut left = mass;
    for (number, weight) in weights.iter().enumerate() {
        // Both factors are below 2⁶⁴; the quotient is at most `mass`.
        let product = u128::from(mass) * u128::from(*weight);
        let share = u64::try_from(product / whole).unwrap_or(mass);
        left = left.saturating_sub(share);
        shares.push(share);
        remainders.push((std::cmp::Reverse(product % whole), number));
    }
    // What is left is the sum of the remainders over the whole: fewer milligrams than there are remainders above 0.
    let take = usize::try_from(left).unwrap_or(usize::MAX).min(remainders.len());
    if take > 0 {
        remainders.sort_unstable();
        for (_, number) in remainders.into_iter().take(take) {
            if let Some(share) = shares.get_mut(number) {
                *share += 1;
            }
        }
    }
    shares
}

fn bounded(mass: Interval, weights: &[Interval]) -> Vec<Interval> {
    let sum = |of: fn(&Interval) -> u64| weights.iter().map(|weight| u128::from(of(weight))).sum::<u128>();
    let (all_least, all_most) = (sum(|weight| weight.least), sum(|weight| weight.most));
    let is_unbounded = weights.iter().filter(|weight| weight.most == u64::MAX).count();
    let rough: Vec<Interval> = weights
        .iter()
        .map(|weight| {
            let others_least = all_least - u128::from(weight.least);
            let others_unbounded = is_unbounded > usize::from(weight.most == u64::MAX);
            let others_most = if others_unbounded { u128::MAX } else { all_most - u128::from(weight.most) };
            Interval {
                least: at_least(mass.least, weight.least, others_most),
                most: at_most(mass.most, weight.most, others_least),
            }
        })
        .collect();
    narrowed(mass, rough)
}

/// `mass × own / (own + others)`, rounded down.
fn at_least(mass: u64, own: u64, others: u128) -> u64 {
    if others == 0 {
        // Nothing else can hold any of it.
        return mass;
    }
    let whole = others.saturating_add(u128::from(own));
    u64::try_from(u128::from(mass) * u128::from(own) / whole).unwrap_or(mass)
}

/// `mass × own / (own + others)`, rounded up.
fn at_most(mass: u64, own: u64, others: u128) -> u64 {
    if own == 0 {
        return 0;
    }
    if own == u64::MAX || mass == u64::MAX {
        return mass;
    }
    let whole = others.saturating_add(u128::from(own));
    u64::try_from((u128::from(mass) * u128::from(own)).div_ceil(whole)).unwrap_or(mass)
}

/// Narrows each share by what the others leave of the mass.
fn narrowed(mass: Interval, mut shares: Vec<Interval>) -> Vec<Interval> {
    let least: u128 = shares.iter().map(|share| u128::from(share.least)).sum();
    let most: u128 = shares.iter().map(|share| u128::from(share.most)).sum();
    for share in &mut shares {
        let others_least = least - u128::from(share.least);
        let others_most = most - u128::from(share.most);
        if mass.most != u64::MAX {
            let left = u128::from(mass.most).saturating_sub(others_least);
            share.most = share.most.min(u64::try_from(left).unwrap_or(u64::MAX));
        }
        let left = u128::from(mass.least).saturating_sub(others_most);
        share.least = share.least.max(u64::try_from(left).unwrap_or(0)).min(share.most);
    }
    shares
}
