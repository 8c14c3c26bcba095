//! Whether a probability of 0.8 is right eight times in ten: expected calibration error, and the temperature that
//! makes it so.

/// Bins of equal width of the expected calibration error.
const BINS: usize = 15;

/// Expected calibration error: the mean over bins of confidence of |share right − mean confidence|, weighted by rows
/// (Guo et al. 2017, equation 3, 15 bins). `None` without rows.
pub fn expected_calibration_error(rows: impl IntoIterator<Item = (f64, bool)>) -> Option<f64> {
    let mut bins = [(0.0f64, 0.0f64, 0u64); BINS];
    let mut total = 0u64;
    for (confidence, is_right) in rows {
        let bin = ((confidence * BINS as f64) as usize).min(BINS - 1);
        bins[bin].0 += confidence;
        bins[bin].1 += f64::from(u8::from(is_right));
        bins[bin].2 += 1;
        total += 1;
    }
    (total > 0)
        .then(|| bins.iter().map(|(confidence, right, _)| (right - confidence).abs()).sum::<f64>() / total as f64)
}

/// The temperature that minimises the cross-entropy of `logits / temperature` (Guo et al. 2017), between 0.05 and 20.
/// Rows are `(logits, target)`; 1 without rows.
pub fn temperature(rows: &[(Vec<f32>, usize)]) -> f64 {
    if rows.is_empty() {
        return 1.0;
    }
    let loss = |log_temperature: f64| -> f64 {
        let scale = (-log_temperature).exp();
        rows.iter()
            .map(|(logits, target)| {
                let highest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
                let sum: f64 = logits.iter().map(|logit| ((f64::from(*logit) - highest) * scale).exp()).sum();
                sum.ln() - (f64::from(logits[*target]) - highest) * scale
            })
            .sum()
    };
    // The loss has one minimum over 1/temperature, so a golden-section search finds it.
    let ratio = (5.0f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (0.05f64.ln(), 20f64.ln());
    let (mut left, mut right) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut left_loss, mut right_loss) = (loss(left), loss(right));
    while high - low > 1e-4 {
        if left_loss <= right_loss {
            (high, right, right_loss) = (right, left, left_loss);
            left = high - ratio * (high - low);
            left_loss = loss(left);
        } else {
            (low, left, left_loss) = (left, right, right_loss);
            right = low + ratio * (high - low);
            right_loss = loss(right);
        }
    }
    ((low + high) / 2.0).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_the_gap_between_confidence_and_share_right() {
        let rows = (0..10).map(|row| (0.9, row < 7));
        assert!((expected_calibration_error(rows).unwrap() - 0.2).abs() < 1e-12);
        assert_eq!(expected_calibration_error([(1.0, true)]), Some(0.0));
        assert_eq!(expected_calibration_error([]), None);
    }

    #[test]
    fn the_temperature_undoes_a_known_scale() {
        // Of rows with the logits (ln 3, 0) three in four are of the first class; scaled by 2.5 they are overconfident.
        let scaled = 3f32.ln() * 2.5;
        let rows: Vec<(Vec<f32>, usize)> = (0..40).map(|row| (vec![scaled, 0.0], usize::from(row % 4 == 0))).collect();
        assert!((temperature(&rows) - 2.5).abs() < 1e-2);
    }
}
