//! Hashing and bucketing, as GrowthBook does it, so that an assignment made here agrees with one made elsewhere.
//! <https://docs.growthbook.io/lib/build-your-own>

/// FNV-1a, 32 bits, over the UTF-16 code units of `text`.
/// <http://www.isthe.com/chongo/tech/comp/fnv/>
#[must_use]
pub fn fnv1a(text: &str) -> u32 {
    let mut hash = 0x811c_9dc5;
    for unit in text.encode_utf16() {
        hash = (hash ^ u32::from(unit)).wrapping_mul(0x0100_0193);
    }
    hash
}

/// The place of `value` in `0.0..1.0`, for a seed; `None` for a version other than 1 and 2.
#[must_use]
pub fn hash(seed: &str, value: &str, version: u32) -> Option<f64> {
    match version {
        1 => Some(f64::from(fnv1a(&[value, seed].concat()) % 1000) / 1000.0),
        2 => Some(f64::from(fnv1a(&crate::words::decimal(fnv1a(&[seed, value].concat()).into())) % 10_000) / 10_000.0),
        _ => None,
    }
}

/// Whether `value` falls into a namespace's range, `from` included, `to` not.
#[must_use]
pub fn in_namespace(value: &str, namespace: &str, from: f64, to: f64) -> bool {
    hash(&["__", namespace].concat(), value, 1).is_some_and(|place| place >= from && place < to)
}

/// `count` equal weights.
#[must_use]
pub fn equal_weights(count: usize) -> Vec<f64> {
    vec![1.0 / count as f64; count]
}

/// The range of each of `count` variations, when `coverage` of everybody takes part. Weights that don't fit are replaced by
/// equal ones.
#[must_use]
pub fn bucket_ranges(count: usize, coverage: f64, weights: Option<&[f64]>) -> Vec<(f64, f64)> {
    let coverage = coverage.clamp(0.0, 1.0);
    let fitting = |weights: &&[f64]| weights.len() == count && (0.99..=1.01).contains(&weights.iter().sum::<f64>());
    let weights = weights
        .filter(fitting)
        .map_or_else(|| equal_weights(count), <[f64]>::to_vec);
    let mut start = 0.0;
    let range = |weight: f64| {
        let from = start;
        start += weight;
        (from, from + coverage * weight)
    };
    weights.into_iter().map(range).collect()
}

/// The index of the range that `place` falls into.
#[must_use]
pub fn choose_variation(place: f64, ranges: &[(f64, f64)]) -> Option<usize> {
    ranges.iter().position(|(from, to)| place >= *from && place < *to)
}
