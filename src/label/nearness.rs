//! How near a text lies to the examples of a label: whether it is one more of them, or of another kind.
//!
//! A classifier that knows certain labels alone takes every text for one of them, often with a high probability. What it does not
//! say is whether the text lies where the examples of that label lie, or merely on their side of a border.

use rayon::prelude::*;

use crate::vector::dot;

/// Nearest examples whose cosine is averaged.
const NEAREST: usize = 3;

/// Examples by label.
#[derive(Debug, Clone)]
pub(crate) struct Neighbourhood {
    hidden: usize,
    /// Rows of each label, `(n, hidden)`.
    examples: Vec<Vec<f32>>,
    /// Sum of the rows of each label, `(hidden,)`.
    sums: Vec<Vec<f32>>,
}

impl Neighbourhood {
    /// `inputs` are embeddings of length 1, `(n, hidden)` row by row; `targets[i] < labels` is the label of each.
    pub(crate) fn new(inputs: &[f32], hidden: usize, targets: &[usize], labels: usize) -> Self {
        let mut examples = vec![Vec::new(); labels];
        let mut sums = vec![vec![0.0f32; hidden]; labels];
        for (input, &target) in inputs.chunks_exact(hidden).zip(targets) {
            examples[target].extend_from_slice(input);
            sums[target].iter_mut().zip(input).for_each(|(sum, value)| *sum += value);
        }
        Self { hidden, examples, sums }
    }

    /// Mean of the cosine to the label's centre and of the mean cosine to its nearest examples; −1 without examples.
    pub(crate) fn nearness(&self, input: &[f32], label: usize) -> f32 {
        self.nearness_without(input, label, None)
    }

    /// As [`Self::nearness`]; `without` leaves one example of the label out; −1 when nothing is left.
    fn nearness_without(&self, input: &[f32], label: usize, without: Option<usize>) -> f32 {
        let rows = self.examples[label].chunks_exact(self.hidden);
        if rows.len() <= usize::from(without.is_some()) {
            return -1.0;
        }
        let sum = &self.sums[label];
        let centre = match without {
            None => dot(sum, input) / dot(sum, sum).sqrt().max(1e-9),
            Some(_) => {
                let rest: Vec<f32> = sum.iter().zip(input).map(|(sum, value)| sum - value).collect();
                dot(&rest, input) / dot(&rest, &rest).sqrt().max(1e-9)
            }
        };
        let mut cosines: Vec<f32> =
            rows.enumerate().filter(|(row, _)| Some(*row) != without).map(|(_, row)| dot(row, input)).collect();
        cosines.sort_unstable_by(|a, b| b.total_cmp(a));
        cosines.truncate(NEAREST);
        0.5 * centre + 0.5 * cosines.iter().sum::<f32>() / cosines.len() as f32
    }

    /// Where examples lie, by `measured` of them at most, evenly drawn: the means do not need more.
    pub(crate) fn yardstick(&self, measured: usize) -> Yardstick {
        let total: usize = self.examples.iter().map(|rows| rows.len() / self.hidden).sum();
        let step = total.div_ceil(measured).max(1);
        let places: Vec<(usize, usize)> = (0..self.examples.len())
            .flat_map(|label| (0..self.examples[label].len() / self.hidden).map(move |row| (label, row)))
            .step_by(step)
            .collect();
        let positions: Vec<(f64, f64)> = places
            .par_iter()
            .map(|&(own, row)| {
                let input = &self.examples[own][row * self.hidden..(row + 1) * self.hidden];
                let outside = (0..self.examples.len())
                    .filter(|label| *label != own)
                    .map(|label| self.nearness(input, label))
                    .fold(-1.0f32, f32::max);
                let inside = self.nearness_without(input, own, Some(row)).max(outside);
                (f64::from(inside), f64::from(outside))
            })
            .collect();
        let count = positions.len().max(1) as f64;
        let inside: f64 = positions.iter().map(|(inside, _)| inside).sum();
        let outside: f64 = positions.iter().map(|(_, outside)| outside).sum();
        Yardstick { inside: inside / count, outside: outside / count }
    }
}

/// Mean nearness of examples to the nearest label: each example left out of its own label, and each with its whole label taken
/// away, which is where texts of an unknown label lie. It makes nearness comparable between few examples and many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Yardstick {
    pub(crate) inside: f64,
    pub(crate) outside: f64,
}

impl Yardstick {
    /// 1 where examples of a label lie, 0 where those of an unknown one do; limited, since far away is far away.
    pub(crate) fn position(&self, nearness: f32) -> f64 {
        ((f64::from(nearness) - self.outside) / (self.inside - self.outside).max(1e-3)).clamp(-4.0, 3.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_of_an_unknown_label_lies_further_away() {
        // Two labels around two axes of three; the third axis is of neither.
        let point = |axis: usize, turn: f32| {
            let mut point = [0.0f32; 3];
            (point[axis], point[(axis + 1) % 3]) = (turn.cos(), turn.sin());
            point
        };
        let turns = [-0.3f32, -0.1, 0.1, 0.3];
        let inputs: Vec<f32> =
            [0, 1].iter().flat_map(|axis| turns.iter().flat_map(|turn| point(*axis, *turn))).collect();
        let places = Neighbourhood::new(&inputs, 3, &[0, 0, 0, 0, 1, 1, 1, 1], 2);
        let yardstick = places.yardstick(100);
        assert!(yardstick.inside > yardstick.outside + 0.4, "{yardstick:?}");
        let position = |input: [f32; 3]| yardstick.position(places.nearness(&input, 0));
        assert!(position(point(0, 0.2)) > 0.9 && position(point(2, 0.0)) < 0.1);
        // Some of the examples give about the same measure as all.
        assert!((places.yardstick(4).inside - yardstick.inside).abs() < 0.05);
        assert_eq!(Neighbourhood::new(&[], 3, &[], 1).nearness(&[1.0, 0.0, 0.0], 0), -1.0);
    }
}
