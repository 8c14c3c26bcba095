//! Counts and sums → 95 % intervals, so that a rate over eight contacts is not read like one over eight thousand.
//!
//! Rates get the Wilson score interval, which stays inside 0 to 1 and does not collapse at 0/n or n/n (E. B. Wilson,
//! "Probable inference, the law of succession, and statistical inference", JASA 22, 1927). Means get
//! `mean ± t · sd / √n`, with Student's t for n − 1 degrees of freedom: below some thirty answers 1.96 would promise
//! too much.

/// 97.5 % quantile of the standard normal distribution: 95 % lie within plus or minus this.
const Z: f64 = 1.959_963_984_540_054;

/// 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom.
const T: [f64; 30] = [
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448,
    2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484,
    2.0452, 2.0423,
];

/// Low and high end of an interval, low first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Low end.
    pub lo: f64,
    /// High end.
    pub hi: f64,
}

/// Wilson 95 % interval of the rate `successes / trials`, within 0 to 1. `None` without trials, or when the counts
/// cannot be those of a rate (negative, or more successes than trials).
pub fn wilson(successes: f64, trials: f64) -> Option<Interval> {
    if !(trials > 0.0 && (0.0..=trials).contains(&successes)) {
        return None;
    }
    let rate = successes / trials;
    let z2 = Z * Z;
    let scale = 1.0 + z2 / trials;
    let centre = (rate + z2 / (2.0 * trials)) / scale;
    let half = Z / scale * (rate * (1.0 - rate) / trials + z2 / (4.0 * trials * trials)).sqrt();
    // At 0/n and n/n the exact ends are 0 and 1; rounding must not leave 1e-17 there.
    let lo = if successes == 0.0 { 0.0 } else { (centre - half).max(0.0) };
    let hi = if successes == trials { 1.0 } else { (centre + half).min(1.0) };
    Some(Interval { lo, hi })
}

/// 95 % interval of a mean from the number of values, their sum and the sum of their squares, in the unit of the
/// values. `None` below two values: one value says nothing about the spread.
pub fn mean(n: u64, sum: f64, sum_of_squares: f64) -> Option<Interval> {
    if n < 2 {
        return None;
    }
    let count = n as f64;
    let mean = sum / count;
    // Rounding can leave a tiny negative number when all values are equal.
    let variance = ((sum_of_squares - sum * mean) / (count - 1.0)).max(0.0);
    let half = t_quantile(n - 1) * (variance / count).sqrt();
    Some(Interval { lo: mean - half, hi: mean + half })
}

/// 97.5 % quantile of Student's t. Above 30 degrees of freedom, the first terms of its expansion around the normal
/// quantile (Abramowitz and Stegun 26.7.5), right to four decimals there.
fn t_quantile(degrees_of_freedom: u64) -> f64 {
    let index = usize::try_from(degrees_of_freedom).unwrap_or(usize::MAX).saturating_sub(1);
    if let Some(&t) = T.get(index) {
        return t;
    }
    let v = degrees_of_freedom as f64;
    Z + (Z.powi(3) + Z) / (4.0 * v) + (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / (96.0 * v * v)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(actual: f64, expected: f64, tolerance: f64) {
        assert!((actual - expected).abs() <= tolerance, "{actual} is not {expected}");
    }

    #[test]
    fn wilson_matches_a_hand_computation() {
        // 8 of 10: z² = 3.841459; scale = 1.3841459; centre = (0.8 + 0.19207295) / 1.3841459 = 0.7167401;
        // half = 1.959964 / 1.3841459 · √(0.016 + 0.009603647) = 1.4160097 · 0.1600114 = 0.2265777.
        let Interval { lo, hi } = wilson(8.0, 10.0).unwrap();
        close(lo, 0.490162, 1e-5);
        close(hi, 0.943318, 1e-5);
        // 1 of 4: z²/4 = 0.9603647; scale = 1.9603647; centre = (0.25 + 0.4801824) / 1.9603647 = 0.3724727;
        // half = 0.9997956 · √(0.046875 + 0.0600228) = 0.9997956 · 0.3269523 = 0.3268855.
        let Interval { lo, hi } = wilson(1.0, 4.0).unwrap();
        close(lo, 0.045587, 1e-5);
        close(hi, 0.699358, 1e-5);
    }

    #[test]
    fn wilson_has_exact_ends_when_nothing_or_everything_succeeds() {
        // 0 of 10: hi = z² / (n + z²) = 3.841459 / 13.841459 = 0.277533.
        let none = wilson(0.0, 10.0).unwrap();
        assert_eq!(none.lo, 0.0);
        close(none.hi, 0.277533, 1e-6);
        let every = wilson(10.0, 10.0).unwrap();
        assert_eq!(every.hi, 1.0);
        close(every.lo, 1.0 - 0.277533, 1e-6);
    }

    #[test]
    fn wilson_is_absent_without_trials_or_with_impossible_counts() {
        assert_eq!(wilson(0.0, 0.0), None);
        assert_eq!(wilson(3.0, 2.0), None);
        assert_eq!(wilson(-1.0, 2.0), None);
        assert_eq!(wilson(f64::NAN, 2.0), None);
    }

    #[test]
    fn mean_uses_students_t_for_few_values() {
        // 3, 4, 5: mean 4, sd 1, t(2) = 4.3027: half = 4.3027 / √3 = 2.48416.
        let Interval { lo, hi } = mean(3, 12.0, 50.0).unwrap();
        close(lo, 4.0 - 2.48416, 1e-4);
        close(hi, 4.0 + 2.48416, 1e-4);
    }

    #[test]
    fn mean_of_equal_values_has_no_width_and_of_one_value_no_interval() {
        assert_eq!(mean(4, 20.0, 100.0), Some(Interval { lo: 5.0, hi: 5.0 }));
        assert_eq!(mean(1, 5.0, 25.0), None);
        assert_eq!(mean(0, 0.0, 0.0), None);
    }

    #[test]
    fn t_falls_towards_the_normal_quantile() {
        // Published values: t(30) = 2.0423, t(31) = 2.0395, t(40) = 2.0211, t(60) = 2.0003, t(120) = 1.9799.
        close(t_quantile(31), 2.0395, 1e-4);
        close(t_quantile(40), 2.0211, 1e-4);
        close(t_quantile(60), 2.0003, 1e-4);
        close(t_quantile(120), 1.9799, 1e-4);
        close(t_quantile(10_000_000), Z, 1e-6);
    }
}
