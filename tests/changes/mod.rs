//! Every byte of something changed, dropped, doubled, swapped with the next, or the end cut off there.

/// The ways in which a byte is changed.
const WAYS: usize = 6;

/// The bytes changed at a place; `None` where that changes nothing.
pub fn changed(bytes: &[u8], at: usize, way: usize) -> Option<Vec<u8>> {
    let mut bent = bytes.to_vec();
    match way % WAYS {
        0 => bent[at] ^= 1,
        1 => bent[at] ^= 0x20,
        2 => drop(bent.remove(at)),
        3 => bent.insert(at, bent[at]),
        4 if at + 1 < bent.len() => bent.swap(at, at + 1),
        4 => {}
        _ => bent.truncate(at),
    }
    (bent != bytes).then_some(bent)
}

/// Places and ways: as many as asked for, spread evenly and never in step with the ways; all of them with
/// `ORETRAIL_THOROUGH` set.
pub fn places(length: usize, some: usize) -> impl Iterator<Item = (usize, usize)> {
    let all = length * WAYS;
    let thorough = std::env::var_os("ORETRAIL_THOROUGH").is_some();
    let step = if thorough { 1 } else { (all / some).max(1) | 1 };
    (0..all).step_by(step).map(|n| (n / WAYS, n % WAYS))
}
