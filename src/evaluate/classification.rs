//! Gold labels and predicted labels to accuracy, macro-F1, figures per label and the confusion matrix.

use std::collections::BTreeMap;

use serde::Serialize;

/// Figures of one label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelFigures {
    /// Label.
    pub label: String,
    /// Share of the rows predicted so that are so; `None` when nothing was predicted so.
    pub precision: Option<f64>,
    /// Share of the rows that are so which were predicted so.
    pub recall: Option<f64>,
    /// Harmonic mean of both: 2·true positives / (predicted + support).
    pub f1: f64,
    /// Rows that are so.
    pub support: u64,
}

/// Gold rows of one label predicted as another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// Gold label.
    pub gold: String,
    /// Predicted label.
    pub predicted: String,
    /// Rows.
    pub n: u64,
}

/// Predictions beside gold labels, as indices into `labels`.
#[derive(Debug, Clone)]
pub struct Classified {
    labels: Vec<String>,
    /// `(gold, predicted)`
    rows: Vec<(usize, usize)>,
}

impl Classified {
    /// Pairs of gold and predicted labels.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let pairs: Vec<(&str, &str)> = pairs.into_iter().collect();
        let mut places: BTreeMap<&str, usize> =
            pairs.iter().flat_map(|(gold, predicted)| [(*gold, 0), (*predicted, 0)]).collect();
        for (place, index) in places.values_mut().enumerate() {
            *index = place;
        }
        let rows = pairs.iter().map(|(gold, predicted)| (places[gold], places[predicted])).collect();
        Self { labels: places.into_keys().map(str::to_owned).collect(), rows }
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Rows predicted right.
    pub fn right(&self) -> u64 {
        self.rows.iter().filter(|(gold, predicted)| gold == predicted).count() as u64
    }

    /// Mean F1 over the labels that occur in the gold rows; `None` without rows. A label that is predicted but never
    /// occurs costs precision where it was wrong, and is no class of its own.
    pub fn macro_f1(&self) -> Option<f64> {
        self.macro_f1_of(&(0..self.rows.len()).collect::<Vec<_>>())
    }

    /// The same over some rows, with repetition.
    pub fn macro_f1_of(&self, rows: &[usize]) -> Option<f64> {
        let counts = self.counts(rows);
        let present: Vec<f64> = counts.iter().filter(|count| count.support > 0).map(Counts::f1).collect();
        (!present.is_empty()).then(|| present.iter().sum::<f64>() / present.len() as f64)
    }

    /// Figures of each label that occurs in the gold rows or was predicted, by name.
    pub fn per_label(&self) -> Vec<LabelFigures> {
        let counts = self.counts(&(0..self.rows.len()).collect::<Vec<_>>());
        self.labels
            .iter()
            .zip(&counts)
            .map(|(label, count)| LabelFigures {
                label: label.clone(),
                precision: share(count.right, count.predicted),
                recall: share(count.right, count.support),
                f1: count.f1(),
                support: count.support,
            })
            .collect()
    }

    /// What was taken for what, the most frequent first; only mistakes.
    pub fn confusions(&self) -> Vec<Confusion> {
        let mut counts: BTreeMap<(usize, usize), u64> = BTreeMap::new();
        for &(gold, predicted) in self.rows.iter().filter(|(gold, predicted)| gold != predicted) {
            *counts.entry((gold, predicted)).or_default() += 1;
        }
        let mut found: Vec<Confusion> = counts
            .into_iter()
            .map(|((gold, predicted), n)| Confusion {
                gold: self.labels[gold].clone(),
                predicted: self.labels[predicted].clone(),
                n,
            })
            .collect();
        found.sort_by_key(|confusion| std::cmp::Reverse(confusion.n));
        found
    }

    fn counts(&self, rows: &[usize]) -> Vec<Counts> {
        let mut counts = vec![Counts::default(); self.labels.len()];
        for &row in rows {
            let (gold, predicted) = self.rows[row];
            counts[gold].support += 1;
            counts[predicted].predicted += 1;
            counts[gold].right += u64::from(gold == predicted);
        }
        counts
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    support: u64,
    predicted: u64,
    right: u64,
}

impl Counts {
    fn f1(&self) -> f64 {
        f1(self.right, self.predicted, self.support).unwrap_or(0.0)
    }
}

/// `part / whole`; `None` when the whole is 0.
pub fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// F1 from true positives, predicted positives and gold positives; `None` when there are neither.
pub fn f1(right: u64, predicted: u64, support: u64) -> Option<f64> {
    share(2 * right, predicted + support)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_agree_with_those_worked_out_by_hand() {
        // a: 2 of 3 found, 2 of 2 predicted right: F1 0.8. b: 1 of 1 found, 1 of 2 right: F1 2/3. c is never gold.
        let pairs = [("a", "a"), ("a", "a"), ("a", "b"), ("b", "b"), ("d", "c")];
        let classified = Classified::new(pairs);
        assert_eq!(classified.right(), 3);
        let expected = (0.8 + 2.0 / 3.0 + 0.0) / 3.0;
        assert!((classified.macro_f1().unwrap() - expected).abs() < 1e-12);
        let labels = classified.per_label();
        assert_eq!(labels.iter().map(|label| label.label.as_str()).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
        assert_eq!((labels[0].precision, labels[0].recall), (Some(1.0), Some(2.0 / 3.0)));
        assert_eq!((labels[2].precision, labels[2].recall, labels[2].support), (Some(0.0), None, 0));
        assert_eq!(classified.confusions().len(), 2);
    }

    #[test]
    fn nothing_to_classify_gives_no_figure() {
        let none = Classified::new([]);
        assert_eq!(none.macro_f1(), None);
        assert_eq!(f1(0, 0, 0), None);
    }
}
