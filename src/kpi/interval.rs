//! Counts and sums → 95 % intervals, so that a rate over eight contacts is not read like one over eight thousand.
//!
//! Rates get the Wilson score interval, which stays inside 0 to 1 and does not collapse at 0/n or n/n (E. B. Wilson,
//! "Probable inference, the law of succession, and statistical inference", JASA 22, 1927). The difference of two shares
//! of the same answers gets an adjusted Wald interval, which does not collapse either. Means get
//! `mean ± t · sd / √n`, with Student's t for n − 1 degrees of freedom: below some thirty answers 1.96 would promise
//! too much. A mean whose values are all equal has no interval: one without width would promise certainty.

/// 97.5 % quantile of the standard normal distribution: 95 % lie within plus or minus this.
pub(crate) const Z: f64 = 1.959_963_984_540_054;

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
    let Interval { lo, hi } = score_interval(successes / trials, trials, Z)?;
    // At 0/n and n/n the exact ends are 0 and 1; rounding must not leave 1e-17 there.
    let (lo, hi) = (if successes == 0.0 { 0.0 } else { lo }, if successes == trials { 1.0 } else { hi });
    Some(Interval { lo, hi })
}

/// The score interval at a quantile of the normal distribution.
fn score_interval(rate: f64, trials: f64, z: f64) -> Option<Interval> {
    if !(trials > 0.0 && (0.0..=1.0).contains(&rate)) {
        return None;
    }
    let z2 = z * z;
    let scale = 1.0 + z2 / trials;
    let centre = (rate + z2 / (2.0 * trials)) / scale;
    let half = z / scale * (rate * (1.0 - rate) / trials + z2 / (4.0 * trials * trials)).sqrt();
    Some(Interval { lo: (centre - half).max(0.0), hi: (centre + half).min(1.0) })
}

/// Wilson 95 % interval of the rate `successes / trials`, where trials of one cluster are alike: contacts of one customer.
///
/// `pair_products` is the sum of `(x − rate) (y − rate)` over the ordered pairs of two trials of one cluster, x and y being 1 or 0. The
/// variance of the rate is that of independent trials times the design effect
/// `clusters / (clusters − 1) · (1 + pair_products / (trials · rate · (1 − rate)))` (L. Kish, "Survey Sampling", 1965), so the trials are
/// worth so many times fewer: J. N. K. Rao and A. J. Scott, "A simple method for the analysis of clustered binary data", Biometrics
/// 48, 1992. Trials that differ within clusters would be worth more than independent ones; that is not believed. At 0/n and n/n, where
/// nothing tells how alike they are, and where there is one cluster alone, each cluster counts as one trial.
pub fn wilson_clustered(successes: f64, trials: f64, clusters: f64, pair_products: f64) -> Option<Interval> {
    let independent = wilson(successes, trials)?;
    if clusters >= trials {
        return Some(independent);
    }
    let rate = successes / trials;
    let spread = trials * rate * (1.0 - rate);
    let effect = if spread == 0.0 || clusters <= 1.0 {
        trials / clusters.max(1.0)
    } else {
        (clusters / (clusters - 1.0) * (1.0 + pair_products / spread)).max(1.0)
    };
    let worth = trials / effect;
    // The ends of the scale stay exact.
    wilson(if successes == trials { worth } else { rate * worth }, worth)
}

/// Low end of the interval of a rate that was picked among `groups` as the highest: at the level 1 − 0.05 / groups (Bonferroni), as one of
/// many rates lies above any one interval by chance. `interval` is its own, of 95 %: what it leaves open tells how many independent
/// trials it is worth, which clusters make fewer than were made.
pub(crate) fn low_of_the_highest(rate: f64, interval: Interval, groups: usize) -> f64 {
    let width = interval.hi - interval.lo;
    let (mut fewest, mut most) = (1e-3, 1e12);
    for _ in 0..200 {
        let middle = f64::sqrt(fewest * most);
        let is_wider = score_interval(rate, middle, Z).is_none_or(|it| it.hi - it.lo > width);
        *(if is_wider { &mut fewest } else { &mut most }) = middle;
    }
    let z = normal_quantile(1.0 - 0.025 / groups.max(1) as f64);
    score_interval(rate, most, z).map_or(0.0, |it| it.lo)
}

/// Quantile of the standard normal distribution above one half, right to 0.0005 (Abramowitz and Stegun 26.2.23).
fn normal_quantile(probability: f64) -> f64 {
    let t = (-2.0 * (1.0 - probability).ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    t - above / below
}

/// 95 % interval of `100 × (positives − negatives) / answers`, the difference of two shares of the same answers, as in
/// the Net Promoter Score: within −100 to 100, and never without width, not even when all answers are of one kind.
/// `None` without answers, or when the counts cannot be those of two kinds of answers.
///
/// The adjusted Wald interval of D. G. Bonett and R. M. Price, "Adjusted Wald confidence interval for a difference of
/// binomial proportions based on paired data", Journal of Educational and Behavioral Statistics 37, 2012: one answer is
/// added to each kind before the interval is computed. An answer is of one kind or the other or neither, as a pair of
/// that paper is discordant one way or the other or not at all.
pub fn net_score(positives: f64, negatives: f64, answers: f64) -> Option<Interval> {
    if !(answers > 0.0 && positives >= 0.0 && negatives >= 0.0 && positives + negatives <= answers) {
        return None;
    }
    let (difference, variance) = adjusted_difference(positives, negatives, answers);
    let half = Z * variance.sqrt();
    Some(Interval { lo: (100.0 * (difference - half)).max(-100.0), hi: (100.0 * (difference + half)).min(100.0) })
}

/// The difference of two shares of the same answers with one answer added to each kind, and its variance: Bonett and Price, as above.
pub(crate) fn adjusted_difference(positives: f64, negatives: f64, answers: f64) -> (f64, f64) {
    let total = answers + 2.0;
    let (plus, minus) = ((positives + 1.0) / total, (negatives + 1.0) / total);
    let difference = plus - minus;
    (difference, (plus + minus - difference * difference) / total)
}

/// What rounding can leave of the squared deviations of equal values, as a part of the sum of squares.
const ROUNDING: f64 = 1e-12;

/// 95 % interval of a mean from the number of values, their sum and the sum of their squares, in the unit of the
/// values. `None` below two values, or when all are equal: they say nothing about the spread.
pub fn mean(n: u64, sum: f64, sum_of_squares: f64) -> Option<Interval> {
    if n < 2 {
        return None;
    }
    let count = n as f64;
    let mean = sum / count;
    let squared_deviations = sum_of_squares - sum * mean;
    if squared_deviations <= ROUNDING * sum_of_squares {
        return None;
    }
    let variance = squared_deviations / (count - 1.0);
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
    fn the_highest_of_many_rates_needs_more_to_stand_out() {
        let own = wilson(12.0, 40.0).unwrap();
        close(low_of_the_highest(0.3, own, 1), own.lo, 1e-4);
        // 0.05 / 13 / 2 above: z = 2.8905 in place of 1.96.
        close(normal_quantile(1.0 - 0.025 / 13.0), 2.8905, 5e-4);
        close(low_of_the_highest(0.3, own, 13), score_interval(0.3, 40.0, 2.8905).unwrap().lo, 1e-4);
        assert!(low_of_the_highest(0.3, own, 13) < own.lo);
        // Clusters: the interval is that of fewer trials.
        let wider = wilson_clustered(12.0, 40.0, 20.0, 8.4).unwrap();
        assert!(low_of_the_highest(0.3, wider, 13) < low_of_the_highest(0.3, own, 13));
    }

    /// Ten groups alike: one of them must not be told to stand out more often than the level says.
    #[test]
    fn one_of_many_alike_seldom_stands_out() {
        let mut state = 11_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let (mut uncorrected, mut corrected) = (0, 0);
        for _ in 0..1000 {
            let groups: Vec<f64> = (0..10).map(|_| (0..50).filter(|_| uniform() < 0.2).count() as f64).collect();
            let all = groups.iter().sum::<f64>() / 500.0;
            let highest = groups.iter().copied().fold(0.0, f64::max);
            let own = wilson(highest, 50.0).unwrap();
            uncorrected += u32::from(own.lo > all);
            corrected += u32::from(low_of_the_highest(highest / 50.0, own, 10) > all);
        }
        assert!(uncorrected > 120 && corrected < 50, "{uncorrected} {corrected}");
    }

    #[test]
    fn wilson_is_absent_without_trials_or_with_impossible_counts() {
        assert_eq!(wilson(0.0, 0.0), None);
        assert_eq!(wilson(3.0, 2.0), None);
        assert_eq!(wilson(-1.0, 2.0), None);
        assert_eq!(wilson(f64::NAN, 2.0), None);
    }

    #[test]
    fn clusters_of_one_leave_the_interval_of_wilson() {
        assert_eq!(wilson_clustered(8.0, 10.0, 10.0, 0.0), wilson(8.0, 10.0));
        assert_eq!(wilson_clustered(0.0, 10.0, 10.0, 0.0), wilson(0.0, 10.0));
        assert_eq!(wilson_clustered(10.0, 10.0, 10.0, 0.0), wilson(10.0, 10.0));
        assert_eq!(wilson_clustered(0.0, 0.0, 0.0, 0.0), None);
        // Nine clusters of ten trials, the two of one unlike: not worth more than ten.
        assert_eq!(wilson_clustered(5.0, 10.0, 9.0, -0.5), wilson(5.0, 10.0));
    }

    #[test]
    fn clusters_of_twins_are_worth_half_their_trials() {
        // Ten pairs that say the same, four of them yes: 8 of 20, rate 0.4; ordered pairs 4 · 2 · 0.36 + 6 · 2 · 0.16 = 4.8 =
        // 20 · 0.4 · 0.6, so that the effect is 2 · 10 / 9 and the interval that of 3.6 of 9.
        let (found, expected) = (wilson_clustered(8.0, 20.0, 10.0, 4.8).unwrap(), wilson(3.6, 9.0).unwrap());
        close(found.lo, expected.lo, 1e-12);
        close(found.hi, expected.hi, 1e-12);
    }

    #[test]
    fn where_nothing_tells_how_alike_they_are_a_cluster_counts_as_one_trial() {
        // Nobody of 4 came back in 20 contacts; one customer made all 20, 15 of them followed.
        assert_eq!(wilson_clustered(0.0, 20.0, 4.0, 0.0), wilson(0.0, 4.0));
        assert_eq!(wilson_clustered(20.0, 20.0, 4.0, 0.0), wilson(4.0, 4.0));
        let (found, expected) = (wilson_clustered(15.0, 20.0, 1.0, -3.75).unwrap(), wilson(0.75, 1.0).unwrap());
        close(found.lo, expected.lo, 1e-12);
        close(found.hi, expected.hi, 1e-12);
    }

    /// Chains of contacts: all but the last of a customer are followed. Drawn with a fixed seed, for the share of intervals
    /// that hold the true rate.
    #[test]
    fn clustered_intervals_of_chains_hold_the_truth_where_plain_ones_do_not() {
        let mut state = 7_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        // One customer in ten makes 4 contacts, the others one: 0.3 followed of 1.3.
        let truth = 0.3 / 1.3;
        let (mut plain, mut clustered) = (0, 0);
        for _ in 0..1000 {
            let chains = (0..500).filter(|_| uniform() < 0.1).count() as f64;
            let (followed, contacts) = (3.0 * chains, 500.0 + 3.0 * chains);
            let rate = followed / contacts;
            let pairs = chains * (3.0 * 2.0 - 2.0 * rate * 3.0 * 3.0 + rate * rate * 4.0 * 3.0);
            let holds = |found: Option<Interval>| found.is_some_and(|it| it.lo <= truth && truth <= it.hi);
            plain += u32::from(holds(wilson(followed, contacts)));
            clustered += u32::from(holds(wilson_clustered(followed, contacts, 500.0, pairs)));
        }
        assert!(plain < 860 && (930..=970).contains(&clustered), "{plain} {clustered}");
    }

    #[test]
    fn mean_uses_students_t_for_few_values() {
        // 3, 4, 5: mean 4, sd 1, t(2) = 4.3027: half = 4.3027 / √3 = 2.48416.
        let Interval { lo, hi } = mean(3, 12.0, 50.0).unwrap();
        close(lo, 4.0 - 2.48416, 1e-4);
        close(hi, 4.0 + 2.48416, 1e-4);
    }

    #[test]
    fn mean_of_one_value_or_of_equal_values_has_no_interval() {
        assert_eq!(mean(4, 20.0, 100.0), None);
        // 4.1 three times: rounding leaves a difference in the last place.
        assert_eq!(mean(3, 12.3, 50.43), None);
        assert_eq!(mean(2, 0.0, 0.0), None);
        assert_eq!(mean(1, 5.0, 25.0), None);
        assert_eq!(mean(0, 0.0, 0.0), None);
        // One 4 among a million fives is a spread.
        let Interval { lo, hi } = mean(1_000_000, 4_999_999.0, 24_999_991.0).unwrap();
        assert!(lo < hi, "{lo} {hi}");
    }

    #[test]
    fn net_score_matches_a_hand_computation() {
        // 4 for, 2 against, of 8: 5/10 and 3/10, difference 0.2; half 1.959964 · √((0.8 − 0.04) / 10) = 0.540325.
        let Interval { lo, hi } = net_score(4.0, 2.0, 8.0).unwrap();
        close(lo, -34.0325, 1e-3);
        close(hi, 74.0325, 1e-3);
        // 1 for, 7 against, of 21: 2/23 and 8/23, difference −0.260870;
        // half 1.959964 · √((0.434783 − 0.068053) / 23) = 1.959964 · 0.126273 = 0.247490.
        let Interval { lo, hi } = net_score(1.0, 7.0, 21.0).unwrap();
        close(lo, -50.8359, 1e-3);
        close(hi, -1.3380, 1e-3);
    }

    #[test]
    fn net_score_keeps_its_width_when_all_answers_are_of_one_kind() {
        // 3 of 3: 4/5 and 1/5, difference 0.6; half 1.959964 · √((1 − 0.36) / 5) = 0.701218; cut at 100.
        let every = net_score(3.0, 0.0, 3.0).unwrap();
        close(every.lo, -10.1218, 1e-3);
        assert_eq!(every.hi, 100.0);
        let none = net_score(0.0, 3.0, 3.0).unwrap();
        assert_eq!(none.lo, -100.0);
        close(none.hi, 10.1218, 1e-3);
        // 0 and 0 of 3: half 1.959964 · √(0.4 / 5) = 0.554362.
        let neither = net_score(0.0, 0.0, 3.0).unwrap();
        close(neither.lo, -55.4362, 1e-3);
        close(neither.hi, 55.4362, 1e-3);
    }

    #[test]
    fn net_score_holds_its_value_and_never_leaves_the_scale() {
        for answers in 1..40_u32 {
            for plus in 0..=answers {
                for minus in 0..=answers - plus {
                    let [plus, minus, answers] = [plus, minus, answers].map(f64::from);
                    let value = 100.0 * (plus - minus) / answers;
                    let Interval { lo, hi } = net_score(plus, minus, answers).unwrap();
                    assert!(-100.0 <= lo && lo <= value && value <= hi && hi <= 100.0, "{plus} {minus} {answers}");
                    assert!(lo < hi, "{plus} {minus} {answers}");
                }
            }
        }
    }

    #[test]
    fn net_score_is_absent_without_answers_or_with_impossible_counts() {
        assert_eq!(net_score(0.0, 0.0, 0.0), None);
        assert_eq!(net_score(2.0, 2.0, 3.0), None);
        assert_eq!(net_score(-1.0, 0.0, 3.0), None);
        assert_eq!(net_score(f64::NAN, 0.0, 3.0), None);
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
