//! Counts and sums → 95 % intervals, so that a rate over eight contacts is not read like one over eight thousand.
//!
//! Rates get the Wilson score interval, which stays inside 0 to 1 and does not collapse at 0/n or n/n (E. B. Wilson,
//! "Probable inference, the law of succession, and statistical inference", JASA 22, 1927). The difference of two shares
//! of the same answers gets an adjusted Wald interval, which does not collapse either. Means get
//! `mean ± t · sd / √n`, with Student's t for n − 1 degrees of freedom: below some thirty answers 1.96 would promise
//! too much. A mean whose values are all equal has no interval: one without width would promise certainty.
//!
//! Contacts of one customer are alike: who calls five times about a bad router is angry five times. Intervals that take such
//! contacts for independent are too narrow, so that each of the three has its `_clustered` form, which takes the customers as
//! drawn at random and not their contacts.

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
    let worth = trials / design_effect(trials, trials * rate * (1.0 - rate), clusters, pair_products);
    // The ends of the scale stay exact.
    wilson(if successes == trials { worth } else { rate * worth }, worth)
}

/// How many times fewer independent values would say as much as these, of which `spread` is the sum of squared deviations from the
/// mean: at least once, and as many times as there are values to a cluster where nothing tells how alike they are (Kish, as above).
fn design_effect(values: f64, spread: f64, clusters: f64, pair_products: f64) -> f64 {
    if spread == 0.0 || clusters <= 1.0 {
        values / clusters.max(1.0)
    } else {
        (clusters / (clusters - 1.0) * (1.0 + pair_products / spread)).max(1.0)
    }
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

/// The same where answers of one cluster are alike: answers of one customer.
///
/// An answer counts 1 for a positive one, −1 for a negative one and 0 otherwise; `pair_products` is the sum of `(x − mean) (y − mean)`
/// over the ordered pairs of two answers of one cluster. The answers are worth as many times fewer as the design effect of these
/// numbers says, as in [`wilson_clustered`], with its two limits.
pub fn net_score_clustered(
    positives: f64,
    negatives: f64,
    answers: f64,
    clusters: f64,
    pair_products: f64,
) -> Option<Interval> {
    let independent = net_score(positives, negatives, answers)?;
    if clusters >= answers {
        return Some(independent);
    }
    let mean = (positives - negatives) / answers;
    let spread = positives + negatives - answers * mean * mean;
    let effect = design_effect(answers, spread, clusters, pair_products);
    let (positives, negatives) = (positives / effect, negatives / effect);
    // Without an answer of the third kind, rounding must not leave more answers of two kinds than answers.
    net_score(positives, negatives, (answers / effect).max(positives + negatives))
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
    let (mean, spread) = mean_and_spread(n, sum, sum_of_squares)?;
    Some(around(mean, independent_variance(n, spread), n - 1))
}

/// The same where values of one cluster are alike: contacts of one customer. `None` also below two clusters: the values of one
/// customer say nothing about the next.
///
/// `pair_products` is the sum of `(x − mean) (y − mean)` over the ordered pairs of two values of one cluster. The number of values is as
/// much a matter of chance as their sum, so that the mean is a ratio over the clusters, whose linearised variance is `clusters /
/// (clusters − 1) · (spread + pair_products) / n²`, `spread` being the sum of squared deviations from the mean: W. G. Cochran, "Sampling
/// Techniques", 3rd edition, 1977, chapters 6 (ratio estimators) and 9A (clusters of unequal sizes); L. Kish, "Survey Sampling", 1965,
/// chapter 6. Student's t has one degree of freedom less than there are clusters. Values that differ within clusters would make the
/// mean surer than independent ones; that is not believed, as in [`wilson_clustered`].
pub fn mean_clustered(n: u64, sum: f64, sum_of_squares: f64, clusters: u64, pair_products: f64) -> Option<Interval> {
    if clusters >= n {
        return mean(n, sum, sum_of_squares);
    }
    if clusters < 2 {
        return None;
    }
    let (mean, spread) = mean_and_spread(n, sum, sum_of_squares)?;
    let (values, customers) = (n as f64, clusters as f64);
    let variance = customers / (customers - 1.0) * (spread + pair_products) / (values * values);
    Some(around(mean, variance.max(independent_variance(n, spread)), clusters - 1))
}

/// The mean and the sum of squared deviations from it, unless the values say nothing about the spread.
fn mean_and_spread(n: u64, sum: f64, sum_of_squares: f64) -> Option<(f64, f64)> {
    if n < 2 {
        return None;
    }
    let mean = sum / n as f64;
    let spread = sum_of_squares - sum * mean;
    (spread > ROUNDING * sum_of_squares).then_some((mean, spread))
}

/// Variance of the mean of `n` independent values.
fn independent_variance(n: u64, spread: f64) -> f64 {
    let count = n as f64;
    spread / (count - 1.0) / count
}

fn around(mean: f64, variance: f64, degrees_of_freedom: u64) -> Interval {
    let half = t_quantile(degrees_of_freedom) * variance.sqrt();
    Interval { lo: mean - half, hi: mean + half }
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

    /// A fixed sequence of numbers, each as likely as the others between 0 and 1.
    fn uniform(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        }
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
        let mut uniform = uniform(11);
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
        let mut uniform = uniform(7);
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
    fn clusters_of_one_leave_the_interval_of_a_mean() {
        assert_eq!(mean_clustered(3, 12.0, 50.0, 3, 0.0), mean(3, 12.0, 50.0));
        assert_eq!(mean_clustered(9, 4400.0, 3_184_060.5, 9, 0.0), mean(9, 4400.0, 3_184_060.5));
        assert_eq!(mean_clustered(4, 20.0, 100.0, 4, 0.0), None);
        assert_eq!(mean_clustered(1, 5.0, 25.0, 1, 0.0), None);
        assert_eq!(mean_clustered(0, 0.0, 0.0, 0, 0.0), None);
    }

    #[test]
    fn twins_make_a_mean_no_surer() {
        // 3, 4 and 5, each said twice by its customer: spread 4, ordered pairs 2 · 1 + 2 · 0 + 2 · 1 = 4; variance
        // 3/2 · (4 + 4) / 36 = 1/3, as of 3, 4 and 5 once.
        let (found, expected) = (mean_clustered(6, 24.0, 100.0, 3, 4.0).unwrap(), mean(3, 12.0, 50.0).unwrap());
        close(found.lo, expected.lo, 1e-12);
        close(found.hi, expected.hi, 1e-12);
    }

    #[test]
    fn mean_of_clusters_of_unequal_sizes_matches_a_hand_computation() {
        // One customer says 4, 4, 3, another 2, 3, four others 3, 3, 2, 3: 27 over 9 values, squares 85. Spread 85 − 81 = 4. Deviations
        // of the first 1, 1, 0: pairs 2 · 1 · 1 = 2; of the second −1, 0: nothing. Variance 6/5 · (4 + 2) / 81 = 0.0888889;
        // half 2.5706 · 0.2981424 = 0.766404.
        let Interval { lo, hi } = mean_clustered(9, 27.0, 85.0, 6, 2.0).unwrap();
        close(lo, 2.233596, 1e-5);
        close(hi, 3.766404, 1e-5);
    }

    #[test]
    fn values_that_differ_within_clusters_make_a_mean_no_surer_than_independent_ones() {
        // Three customers say 3 and 5 each: spread 6, pairs 3 · 2 · −1 = −6, which would leave no variance at all. That of six
        // independent values is 6 / 5 / 6 = 0.2, and t has the two degrees of freedom of three customers: 4.3027 · 0.4472136 = 1.924226.
        let Interval { lo, hi } = mean_clustered(6, 24.0, 102.0, 3, -6.0).unwrap();
        close(lo, 4.0 - 1.924226, 1e-5);
        close(hi, 4.0 + 1.924226, 1e-5);
    }

    #[test]
    fn mean_of_one_customer_or_of_equal_values_has_no_interval() {
        // 4 and 5 of one customer; 5 four times of two.
        assert_eq!(mean_clustered(2, 9.0, 41.0, 1, -0.5), None);
        assert_eq!(mean_clustered(4, 20.0, 100.0, 2, 0.0), None);
        assert_eq!(mean_clustered(2, 9.0, 41.0, 0, 0.0), None);
    }

    /// Values that the contacts of one customer have in part in common. Drawn with a fixed seed, for the share of intervals that
    /// hold the true mean.
    #[test]
    fn clustered_intervals_of_a_mean_hold_the_truth_where_plain_ones_do_not() {
        let mut uniform = uniform(7);
        let (mut plain, mut clustered) = (0, 0);
        for _ in 0..1000 {
            let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
            let (mut products, mut firsts, mut pairs) = (0.0, 0.0, 0.0);
            // 20 customers make 1 to 6 contacts each. Half of the variance is that of the customers; the true mean is 0.
            for _ in 0..20 {
                let contacts = 1.0 + (6.0 * uniform()).floor();
                let shift = 2.0 * uniform() - 1.0;
                let values: Vec<f64> = (0..contacts as usize).map(|_| shift + 2.0 * uniform() - 1.0).collect();
                let (own, own_squares) =
                    (values.iter().sum::<f64>(), values.iter().map(|value| value * value).sum::<f64>());
                (n, sum, squares) = (n + contacts, sum + own, squares + own_squares);
                products += own * own - own_squares;
                firsts += own * (contacts - 1.0);
                pairs += contacts * (contacts - 1.0);
            }
            let m = sum / n;
            let pair_products = products - 2.0 * m * firsts + m * m * pairs;
            let holds = |found: Option<Interval>| found.is_some_and(|it| it.lo <= 0.0 && 0.0 <= it.hi);
            plain += u32::from(holds(mean(n as u64, sum, squares)));
            clustered += u32::from(holds(mean_clustered(n as u64, sum, squares, 20, pair_products)));
        }
        assert!(plain < 800 && (925..=965).contains(&clustered), "{plain} {clustered}");
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
    fn clusters_of_one_leave_the_interval_of_a_net_score() {
        assert_eq!(net_score_clustered(4.0, 2.0, 8.0, 8.0, 0.0), net_score(4.0, 2.0, 8.0));
        assert_eq!(net_score_clustered(3.0, 0.0, 3.0, 3.0, 0.0), net_score(3.0, 0.0, 3.0));
        assert_eq!(net_score_clustered(0.0, 0.0, 0.0, 0.0, 0.0), None);
        assert_eq!(net_score_clustered(2.0, 2.0, 3.0, 2.0, 0.0), None);
        // Seven customers gave eight answers, one of them two that differ: not worth more than eight.
        assert_eq!(net_score_clustered(4.0, 2.0, 8.0, 7.0, -1.875), net_score(4.0, 2.0, 8.0));
    }

    #[test]
    fn twins_are_worth_half_their_answers_in_a_net_score() {
        // Eight customers, four for and two against, answer twice each: mean 0.25, spread 12 − 16 / 16 = 11, ordered pairs 8 · 0.5625 +
        // 4 · 1.5625 + 4 · 0.0625 = 11; an effect of 8/7 · 2 = 16/7, so that 16 answers are worth 7: 3.5 for and 1.75 against.
        let (found, expected) =
            (net_score_clustered(8.0, 4.0, 16.0, 8.0, 11.0).unwrap(), net_score(3.5, 1.75, 7.0).unwrap());
        close(found.lo, expected.lo, 1e-10);
        close(found.hi, expected.hi, 1e-10);
    }

    #[test]
    fn net_score_of_clusters_of_unequal_sizes_matches_a_hand_computation() {
        // One customer is for, for and neither, another against twice; three others neither, for and for: 4 for, 2 against, of 8, by 5.
        // Mean 0.25, spread 6 − 0.5 = 5.5. Pairs of the first 2 · (0.5625 − 0.1875 − 0.1875) = 0.375, of the second
        // 2 · 1.5625 = 3.125. Effect 5/4 · (1 + 3.5 / 5.5) = 2.0454545; 3.9111111 answers, 1.9555556 for, 0.9777778 against. With one of
        // each more 2.9555556 and 1.9777778 of 5.9111111, 0.5 and 0.3345865: difference 0.1654135;
        // half 1.959964 · √((0.8345865 − 0.0273616) / 5.9111111) = 0.724287.
        let Interval { lo, hi } = net_score_clustered(4.0, 2.0, 8.0, 5.0, 3.5).unwrap();
        close(lo, -55.8874, 1e-3);
        close(hi, 88.9701, 1e-3);
    }

    #[test]
    fn where_nothing_tells_how_alike_answers_are_each_customer_counts_as_one() {
        assert_eq!(net_score_clustered(20.0, 0.0, 20.0, 4.0, 0.0), net_score(4.0, 0.0, 4.0));
        assert_eq!(net_score_clustered(0.0, 20.0, 20.0, 4.0, 0.0), net_score(0.0, 4.0, 4.0));
        assert_eq!(net_score_clustered(0.0, 0.0, 20.0, 4.0, 0.0), net_score(0.0, 0.0, 4.0));
        assert_eq!(net_score_clustered(3.0, 1.0, 4.0, 1.0, -3.0), net_score(0.75, 0.25, 1.0));
    }

    #[test]
    fn clustered_net_score_holds_its_value_and_is_never_narrower() {
        // Also where all answers are of two kinds, which rounding must not make more than there are.
        for answers in 2..15_u32 {
            for plus in 0..=answers {
                for minus in 0..=answers - plus {
                    for clusters in 1..answers {
                        let [plus, minus, answers, clusters] = [plus, minus, answers, clusters].map(f64::from);
                        let value = 100.0 * (plus - minus) / answers;
                        let plain = net_score(plus, minus, answers).unwrap();
                        for pairs in [-1.0, 0.7, 3.3] {
                            let Interval { lo, hi } =
                                net_score_clustered(plus, minus, answers, clusters, pairs).unwrap();
                            assert!(lo <= value && value <= hi, "{plus} {minus} {answers} {clusters} {pairs}");
                            assert!(hi - lo >= plain.hi - plain.lo, "{plus} {minus} {answers} {clusters} {pairs}");
                        }
                    }
                }
            }
        }
    }

    /// Customers who answer the same each time. Drawn with a fixed seed, for the share of intervals that hold the true score.
    #[test]
    fn clustered_intervals_of_a_net_score_hold_the_truth_where_plain_ones_do_not() {
        let mut uniform = uniform(7);
        let (mut plain, mut clustered) = (0, 0);
        for _ in 0..1000 {
            let (mut positives, mut negatives, mut answers) = (0.0, 0.0, 0.0);
            let (mut products, mut firsts, mut pairs) = (0.0, 0.0, 0.0);
            // 100 customers answer 1 to 4 times each; half of them are for, three in ten against: 20.
            for _ in 0..100 {
                let own = 1.0 + (4.0 * uniform()).floor();
                let vote = match uniform() {
                    draw if draw < 0.5 => 1.0,
                    draw if draw < 0.8 => -1.0,
                    _ => 0.0,
                };
                answers += own;
                positives += if vote > 0.0 { own } else { 0.0 };
                negatives += if vote < 0.0 { own } else { 0.0 };
                products += vote * vote * own * (own - 1.0);
                firsts += vote * own * (own - 1.0);
                pairs += own * (own - 1.0);
            }
            let m = (positives - negatives) / answers;
            let pair_products = products - 2.0 * m * firsts + m * m * pairs;
            let holds = |found: Option<Interval>| found.is_some_and(|it| it.lo <= 20.0 && 20.0 <= it.hi);
            plain += u32::from(holds(net_score(positives, negatives, answers)));
            clustered += u32::from(holds(net_score_clustered(positives, negatives, answers, 100.0, pair_products)));
        }
        assert!(plain < 770 && (920..=970).contains(&clustered), "{plain} {clustered}");
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
