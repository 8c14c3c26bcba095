//! The share of a run's verdicts that say yes, corrected by a sample of its contacts that people labelled.
//!
//! Verdicts are wrong at times, and more often one way than the other: their share is then off, however many contacts it
//! rests on, and the interval of a share says nothing of it. The difference estimator of survey sampling (C.-E. Särndal,
//! B. Swensson and J. Wretman, "Model Assisted Survey Sampling", 1992, chapter 6; on verdicts of a model also
//! A. N. Angelopoulos et al., "Prediction-powered inference", Science 382, 2023) adds to the share of all verdicts the mean of
//! label minus verdict in the sample. What comes out is right on average whatever the mistakes, provided that the sample was drawn
//! at random among the contacts of the run; the better the verdicts, the narrower its interval.

use crate::kpi::interval::{Z, adjusted_difference};

/// A corrected share, 0 to 1, with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corrected {
    /// The share.
    pub value: f64,
    /// Low and high end.
    pub interval: (f64, f64),
}

/// `yes` of `all` verdicts of a run say yes; `sample` holds (label, verdict) of those contacts that people labelled. `None` without a
/// sample, or where it cannot be a part of the run.
///
/// With σ of one contact, f its verdict and d its label minus its verdict, the variance is `σ²(f)/all + 2·σ(f, d)/all + σ²(d)/n`, since
/// the sample is a part of the run; labelled whole, it is that of the labels. σ²(d)/n is that of [`crate::kpi::interval::net_score`], so that a small sample
/// without a mistake does not promise that there are none.
pub fn corrected(yes: u64, all: u64, sample: &[(bool, bool)]) -> Option<Corrected> {
    let n = sample.len() as f64;
    if sample.is_empty() || all < sample.len() as u64 || yes > all {
        return None;
    }
    let count = |wanted: (bool, bool)| sample.iter().filter(|row| **row == wanted).count() as f64;
    let (missed, wrong, found) = (count((true, false)), count((false, true)), count((true, true)));
    let all = all as f64;
    let said = yes as f64 / all;
    let off = (missed - wrong) / n;
    let value = (said + off).clamp(0.0, 1.0);
    // A verdict and what it is off by go together: only a yes can be one too many.
    let together = -wrong / n - (wrong + found) / n * off;
    let (_, off_variance) = adjusted_difference(missed, wrong, n);
    let variance = (said * (1.0 - said) + 2.0 * together) / all + off_variance;
    let half = Z * variance.max(0.0).sqrt();
    Some(Corrected { value, interval: ((value - half).max(0.0), (value + half).min(1.0)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(found: usize, wrong: usize, missed: usize, neither: usize) -> Vec<(bool, bool)> {
        let rows = [((true, true), found), ((false, true), wrong), ((true, false), missed), ((false, false), neither)];
        rows.into_iter().flat_map(|(row, times)| std::iter::repeat_n(row, times)).collect()
    }

    #[test]
    fn a_share_moves_by_what_the_sample_is_off_by() {
        // 30 of 100 verdicts; in a sample of 20 one yes too many and four too few: 0.30 + 3/20 = 0.45.
        // σ²(f) = 0.21; σ(f, d) = −1/20 − 0.3 · 0.15 = −0.095; (0.21 − 0.19)/100 = 0.0002.
        // σ²(d) = 5/22 + 2/22 − (3/22)² = 0.2995868, over 22: 0.0136176. √0.0138176 · 1.959964 = 0.2303900.
        let Corrected { value, interval: (lo, hi) } = corrected(30, 100, &sample(5, 1, 4, 10)).unwrap();
        assert!((value - 0.45).abs() < 1e-12);
        assert!((lo - 0.21961).abs() < 1e-5 && (hi - 0.68039).abs() < 1e-5, "{lo} {hi}");
    }

    #[test]
    fn a_run_labelled_whole_has_the_share_of_its_labels() {
        let rows = sample(60, 15, 46, 105);
        let Corrected { value, interval: (lo, hi) } = corrected(75, 226, &rows).unwrap();
        assert!((value - 106.0 / 226.0).abs() < 1e-12);
        // The share of 106 in 226 as it is: ± 1.96 · √(0.469 · 0.531 / 226) = ± 0.0651.
        assert!((hi - value - 0.0651).abs() < 0.002 && (value - lo - 0.0651).abs() < 0.002, "{lo} {hi}");
    }

    #[test]
    fn a_sample_without_a_mistake_leaves_the_share_and_still_doubts_it() {
        let Corrected { value, interval: (lo, hi) } = corrected(300, 1000, &sample(9, 0, 0, 21)).unwrap();
        assert!((value - 0.3).abs() < 1e-12);
        assert!(lo < 0.23 && hi > 0.37, "{lo} {hi}: wider than the 0.272 to 0.328 of the verdicts");
    }

    #[test]
    fn nothing_is_said_without_a_sample_of_the_run() {
        assert_eq!(corrected(3, 10, &[]), None);
        assert_eq!(corrected(1, 2, &sample(3, 0, 0, 0)), None);
        assert_eq!(corrected(11, 10, &sample(3, 0, 0, 0)), None);
    }

    #[test]
    fn the_interval_holds_the_truth_some_95_times_in_100() {
        // 2,000 runs of 600 contacts, 40 % of them avoidable, told with recall 0.6 and specificity 0.9, 80 of them labelled.
        let mut state = 5_u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let (mut held, mut held_by_verdicts) = (0, 0);
        for _ in 0..2000 {
            let rows: Vec<(bool, bool)> = (0..600)
                .map(|_| {
                    let label = draw() < 0.4;
                    (label, draw() < if label { 0.6 } else { 0.1 })
                })
                .collect();
            let yes = rows.iter().filter(|(_, said)| *said).count() as u64;
            let (lo, hi) = corrected(yes, 600, &rows[..80]).unwrap().interval;
            held += u32::from((lo..=hi).contains(&0.4));
            let verdicts = crate::kpi::interval::wilson(yes as f64, 600.0).unwrap();
            held_by_verdicts += u32::from((verdicts.lo..=verdicts.hi).contains(&0.4));
        }
        assert!((1870..=1930).contains(&held), "{held} of 2000");
        assert!(held_by_verdicts < 20, "the verdicts alone: {held_by_verdicts} of 2000");
    }
}
