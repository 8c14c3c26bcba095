//! 95 % intervals of figures that are no shares (those have Wilson's, as in the table kpi): the percentile bootstrap with a fixed seed.

use rayon::prelude::*;

/// Resamples of a bootstrap.
const RESAMPLES: u64 = 1000;

/// Seed of the bootstrap; any fixed number would do.
const SEED: u64 = 0x4d6f_7469_6600_0001;

/// Percentile bootstrap over rows (Efron 1979). `statistic` receives the indices of a resample of `n` rows, with
/// repetition; resamples where it is undefined are left out. `None` when fewer than half define it.
pub fn bootstrap(n: usize, statistic: impl Fn(&[usize]) -> Option<f64> + Sync) -> Option<(f64, f64)> {
    if n == 0 {
        return None;
    }
    let mut values: Vec<f64> = (0..RESAMPLES)
        .into_par_iter()
        .filter_map(|resample| {
            let mut state = SEED ^ resample.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let rows: Vec<usize> = (0..n).map(|_| below(&mut state, n)).collect();
            statistic(&rows).filter(|value| value.is_finite())
        })
        .collect();
    if (values.len() as u64) < RESAMPLES / 2 {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let at = |quantile: f64| values[((values.len() - 1) as f64 * quantile).round() as usize];
    Some((at(0.025), at(0.975)))
}

/// A permutation of `0..n` with a fixed seed; for the folds of a cross-validation.
pub fn shuffled(n: usize) -> Vec<usize> {
    let mut state = SEED;
    let mut order: Vec<usize> = (0..n).collect();
    for index in (1..n).rev() {
        order.swap(index, below(&mut state, index + 1));
    }
    order
}

/// A number below `n` by SplitMix64 (Steele, Lea and Flood 2014).
fn below(state: &mut u64, n: usize) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    ((u128::from(mixed) * n as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bootstrap_of_a_mean_is_near_its_standard_error_and_always_the_same() {
        let values: Vec<f64> = (0..400).map(|index| f64::from(index % 2)).collect();
        let mean = |rows: &[usize]| Some(rows.iter().map(|&row| values[row]).sum::<f64>() / rows.len() as f64);
        let (lo, hi) = bootstrap(values.len(), mean).unwrap();
        // 0.5 ± 1.96 · 0.025
        assert!((lo - 0.451).abs() < 0.01 && (hi - 0.549).abs() < 0.01, "{lo} {hi}");
        assert_eq!(bootstrap(values.len(), mean), Some((lo, hi)));
        assert_eq!(bootstrap(10, |_| None), None);
    }

    #[test]
    fn shuffling_keeps_every_row_once() {
        let mut order = shuffled(50);
        assert_ne!(order, (0..50).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..50).collect::<Vec<_>>());
    }
}
