//! Scores and the order they should have: rank correlation, area under the ROC curve, average precision.

/// Ranks from 1, ties sharing their mean rank.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]).then(a.cmp(&b)));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let mut end = start + 1;
        while end < order.len() && values[order[end]] == values[order[start]] {
            end += 1;
        }
        for &row in &order[start..end] {
            ranks[row] = (start + end + 1) as f64 / 2.0;
        }
        start = end;
    }
    ranks
}

/// Spearman's rank correlation with ties averaged: Pearson's correlation of the ranks. `None` below two rows or when
/// one side is constant.
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() || a.len() < 2 {
        return None;
    }
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() + 1) as f64 / 2.0;
    let product: f64 = a.iter().zip(&b).map(|(x, y)| (x - mean) * (y - mean)).sum();
    let squares = |ranks: &[f64]| ranks.iter().map(|rank| (rank - mean).powi(2)).sum::<f64>();
    let scale = (squares(&a) * squares(&b)).sqrt();
    (scale > 0.0).then(|| product / scale)
}

/// Area under the ROC curve: the share of pairs of a positive and a negative row where the positive has the higher
/// score, ties counting half. `None` when one kind is absent.
pub fn auc(scores: &[f64], positive: &[bool]) -> Option<f64> {
    let positives = positive.iter().filter(|is| **is).count() as f64;
    let negatives = positive.len() as f64 - positives;
    if positives == 0.0 || negatives == 0.0 {
        return None;
    }
    let sum: f64 = ranks(scores).iter().zip(positive).filter(|(_, is)| **is).map(|(rank, _)| rank).sum();
    Some((sum - positives * (positives + 1.0) / 2.0) / (positives * negatives))
}

/// Average precision: the sum over distinct scores, from the highest, of the gain in recall times the precision there
/// (scikit-learn's definition, without interpolation). `None` without positive rows.
pub fn average_precision(scores: &[f64], positive: &[bool]) -> Option<f64> {
    let positives = positive.iter().filter(|is| **is).count();
    if positives == 0 {
        return None;
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
    let (mut found, mut sum, mut start) = (0usize, 0.0, 0);
    while start < order.len() {
        let mut end = start;
        let before = found;
        while end < order.len() && scores[order[end]] == scores[order[start]] {
            found += usize::from(positive[order[end]]);
            end += 1;
        }
        sum += (found - before) as f64 / positives as f64 * (found as f64 / end as f64);
        start = end;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spearman_with_ties_gives_the_reference_value() {
        // scipy.stats.spearmanr([1, 2, 2, 3, 5], [2, 1, 4, 4, 5]) = 0.763157894736842
        let rho = spearman(&[1.0, 2.0, 2.0, 3.0, 5.0], &[2.0, 1.0, 4.0, 4.0, 5.0]).unwrap();
        assert!((rho - 0.763_157_894_736_842).abs() < 1e-12, "{rho}");
        assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), None);
    }

    #[test]
    fn the_area_counts_ties_half() {
        let positive = [true, false, true, false];
        assert_eq!(auc(&[0.9, 0.1, 0.5, 0.5], &positive), Some(0.875));
        assert_eq!(auc(&[0.9, 0.1], &[true, true]), None);
    }

    #[test]
    fn average_precision_gives_the_reference_value() {
        // scikit-learn's example: y = [0, 0, 1, 1], scores = [0.1, 0.4, 0.35, 0.8] gives 0.8333…
        let value = average_precision(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true]).unwrap();
        assert!((value - 5.0 / 6.0).abs() < 1e-12, "{value}");
        // All scores equal: the share of positives.
        assert_eq!(average_precision(&[0.5; 4], &[true, false, false, false]), Some(0.25));
    }
}
