//! Multinomial logistic regression on frozen embeddings, fitted by L-BFGS.
//!
//! The objective is scikit-learn's: `C · Σ_i w_i · cross-entropy_i + ½ ‖W‖²`, the bias left unpenalised (scikit-learn
//! user guide, "Logistic regression"; Liu and Nocedal 1989 for L-BFGS). Sums run in one fixed order whatever the number
//! of threads, so the same examples give the same bits.

use std::collections::VecDeque;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::words::{BUCKETS, Words};
use crate::vector::{self, add_scaled, each_dot, exact_dot};

/// A fitted classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    hidden: usize,
    classes: usize,
    /// `(classes, hidden)`, row by row.
    weights: Vec<f32>,
    /// `(BUCKETS, classes)`, row by row; empty when no words were learnt from.
    word_weights: Vec<f32>,
    /// `(classes,)`
    bias: Vec<f32>,
}

/// How to fit.
#[derive(Debug, Clone, Copy)]
pub struct FitOptions {
    /// Inverse strength of the penalty.
    pub c: f64,
    /// Largest number of L-BFGS steps.
    pub max_steps: usize,
    /// Weigh examples so that every class counts the same.
    pub balanced: bool,
    /// It ends once a step lowers the objective by less than this share of it.
    pub tolerance: f64,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self { c: 20.0, max_steps: 150, balanced: true, tolerance: 1e-7 }
    }
}

/// What a classifier learns from.
#[derive(Debug, Clone, Copy)]
pub struct Lessons<'a> {
    /// Embeddings, `(n, hidden)` row by row.
    pub inputs: &'a [f32],
    /// Length of an embedding.
    pub hidden: usize,
    /// Words of each row, or nothing at all.
    pub words: &'a [Words],
    /// How much each row counts.
    pub weights: &'a [f64],
    /// Class of each row.
    pub targets: &'a [usize],
}

impl Head {
    /// Fits `classes` classes on the rows of `inputs`, `(n, hidden)` row by row, with `targets[i] < classes`.
    ///
    /// A class without examples gets a very low bias and is never chosen. With no example at all every class gets the
    /// same probability.
    ///
    /// # Panics
    /// Never: rows beyond the shorter of `inputs` and `targets` are ignored.
    pub fn fit(inputs: &[f32], hidden: usize, targets: &[usize], classes: usize, options: FitOptions) -> Self {
        let rows = (inputs.len() / hidden.max(1)).min(targets.len());
        let weights = vec![1.0; rows];
        let lessons = Lessons {
            inputs: &inputs[..rows * hidden],
            hidden,
            words: &[],
            weights: &weights,
            targets: &targets[..rows],
        };
        Self::learn(&lessons, classes, options)
    }

    /// As [`Self::fit`], also from words, and from rows that count more or less.
    ///
    /// # Panics
    /// The slices of `lessons` are not of one number of rows.
    pub fn learn(lessons: &Lessons<'_>, classes: usize, options: FitOptions) -> Self {
        let (hidden, targets) = (lessons.hidden, lessons.targets);
        let mut counted = vec![0.0f64; classes];
        for (&target, weight) in targets.iter().zip(lessons.weights) {
            counted[target] += weight;
        }
        let present = counted.iter().filter(|&&weight| weight > 0.0).count() as f64;
        let total: f64 = counted.iter().sum();
        let row_weight: Vec<f64> = targets
            .iter()
            .zip(lessons.weights)
            .map(
                |(&target, weight)| {
                    if options.balanced { weight * total / (present * counted[target]) } else { *weight }
                },
            )
            .collect();
        let problem = Problem {
            inputs: lessons.inputs,
            hidden,
            words: lessons.words,
            holders: holders(lessons.words),
            targets,
            classes,
            row_weight: &row_weight,
            c: options.c,
        };
        let mut point = vec![0.0; problem.size()];
        if !targets.is_empty() {
            minimise(&problem, &mut point, options);
        }
        let [weights, word_weights, bias] = problem.parts(&point).map(<[f32]>::to_vec);
        let mut head = Self { hidden, classes, weights, word_weights, bias };
        if !targets.is_empty() {
            for (bias, &weight) in head.bias.iter_mut().zip(&counted) {
                if weight == 0.0 {
                    *bias = -1e4;
                }
            }
        }
        head
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Logits of one embedding, `(classes,)`.
    pub fn logits(&self, input: &[f32]) -> Vec<f32> {
        let mut logits = vec![0.0; self.classes];
        logits_into(&self.weights, &self.bias, self.hidden, &[input], &mut logits);
        logits
    }

    /// Logits of one embedding and of the words of its text, `(classes,)`.
    pub fn logits_with_words(&self, input: &[f32], words: &Words) -> Vec<f32> {
        let mut logits = self.logits(input);
        if !self.word_weights.is_empty() {
            add_words(&self.word_weights, words, &mut logits);
        }
        logits
    }

    /// Softmax of the logits of several embeddings, and of the words of their texts where words were learnt, divided by
    /// `temperature`: `(inputs, classes)`, the same bits as for each alone, in less time.
    pub fn probabilities(&self, inputs: &[&[f32]], words: &[Words], temperature: f32) -> Vec<Vec<f32>> {
        let mut logits = vec![0.0; inputs.len() * self.classes];
        logits_into(&self.weights, &self.bias, self.hidden, inputs, &mut logits);
        let rows = logits.chunks_exact_mut(self.classes).enumerate().map(|(place, row)| {
            if let Some(words) = words.get(place).filter(|_| !self.word_weights.is_empty()) {
                add_words(&self.word_weights, words, row);
            }
            softmax(row, temperature);
            row.to_vec()
        });
        rows.collect()
    }
}

/// Logits of `inputs`, `(inputs, classes)` row by row, from `weights` `(classes, hidden)`. A few inputs at a time stay near while
/// the weights of each class pass over them.
fn logits_into(weights: &[f32], bias: &[f32], hidden: usize, inputs: &[&[f32]], logits: &mut [f32]) {
    let classes = bias.len();
    for (inputs, logits) in inputs.chunks(INPUTS_AT_ONCE).zip(logits.chunks_mut(INPUTS_AT_ONCE * classes)) {
        for (class, (weights, bias)) in weights.chunks_exact(hidden).zip(bias).enumerate() {
            let mut own = logits.iter_mut().skip(class).step_by(classes);
            each_dot(weights, inputs, |products| {
                own.by_ref().zip(products).for_each(|(logit, dot)| *logit = dot + bias);
            });
        }
    }
}

/// Adds what `words` say to the logits of one row; `weights` is `(BUCKETS, classes)`.
fn add_words(weights: &[f32], words: &Words, logits: &mut [f32]) {
    let classes = logits.len();
    add_each(logits, words, |&(bucket, value)| (value, &weights[usize::from(bucket) * classes..][..classes]));
}

/// Adds `factor * row` for the term of each item, in order; several at a time, so that the sum is read and written less often.
fn add_each<'r, T>(sum: &mut [f32], items: &[T], term: impl Fn(&T) -> (f32, &'r [f32])) {
    let (fours, rest) = items.as_chunks::<4>();
    for four in fours {
        let terms = four.each_ref().map(&term);
        add_scaled(sum, terms.map(|term| term.0), terms.map(|term| term.1));
    }
    for item in rest {
        let (factor, row) = term(item);
        add_scaled(sum, [factor], [row]);
    }
}

/// The rows that hold each bucket, with their value, in order.
fn holders(words: &[Words]) -> Vec<Vec<(u32, f32)>> {
    let mut holders = vec![Vec::new(); if words.is_empty() { 0 } else { BUCKETS }];
    for (row, words) in words.iter().enumerate() {
        for &(bucket, value) in words {
            holders[usize::from(bucket)].push((row as u32, value));
        }
    }
    holders
}

/// In place softmax of `values / temperature`.
pub fn softmax(values: &mut [f32], temperature: f32) {
    let (_, sum) = exponentials(values, temperature);
    values.iter_mut().for_each(|value| *value /= sum);
}

/// Replaces the values by `exp((value - highest) / temperature)`; returns the highest and the sum of the exponentials.
fn exponentials(values: &mut [f32], temperature: f32) -> (f32, f32) {
    let highest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    values.iter_mut().for_each(|value| *value = (*value - highest) / temperature);
    vector::exp(values);
    (highest, values.iter().sum())
}

/// `1 / (1 + exp(-score))`: log-odds to a probability.
pub fn logistic(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}

/// The data of one fit.
struct Problem<'a> {
    inputs: &'a [f32],
    hidden: usize,
    words: &'a [Words],
    /// See [`holders`]; empty without words.
    holders: Vec<Vec<(u32, f32)>>,
    targets: &'a [usize],
    classes: usize,
    row_weight: &'a [f64],
    c: f64,
}

/// Rows handled by one task; sums are made per block and then in order of blocks.
const BLOCK_ROWS: usize = 512;

/// Classes whose gradient one task sums, and rows that they pass over before the next ones.
const CLASSES_AT_ONCE: usize = 4;
const ROWS_AT_ONCE: usize = 64;

/// Buckets that one task handles at the least: most of them hold few rows.
const BUCKETS_AT_LEAST: usize = 64;

/// Inputs that the weights of one class pass over before those of the next.
const INPUTS_AT_ONCE: usize = 8;

impl Problem<'_> {
    /// Number of coordinates of a point.
    fn size(&self) -> usize {
        self.classes * (self.hidden + self.holders.len() + 1)
    }

    /// A point is the weights `(classes, hidden)`, those of words `(buckets, classes)`, and the bias.
    fn parts<'p>(&self, point: &'p [f32]) -> [&'p [f32]; 3] {
        let (weights, rest) = point.split_at(self.classes * self.hidden);
        let (words, bias) = rest.split_at(self.classes * self.holders.len());
        [weights, words, bias]
    }

    /// Value and gradient of the objective at `point`.
    fn value_and_gradient(&self, point: &[f32]) -> (f64, Vec<f32>) {
        let (hidden, classes) = (self.hidden, self.classes);
        let [weights, word_weights, bias] = self.parts(point);
        let blocks: Vec<(f64, Vec<f32>)> = self
            .inputs
            .par_chunks(BLOCK_ROWS * hidden)
            .enumerate()
            .map(|(block, inputs)| {
                let mut loss = 0.0;
                let rows: Vec<&[f32]> = inputs.chunks_exact(hidden).collect();
                let mut errors = vec![0.0f32; rows.len() * classes];
                logits_into(weights, bias, hidden, &rows, &mut errors);
                for (row, out) in errors.chunks_exact_mut(classes).enumerate() {
                    let index = block * BLOCK_ROWS + row;
                    if let Some(words) = self.words.get(index) {
                        add_words(word_weights, words, out);
                    }
                    let target = self.targets[index];
                    let weight = self.row_weight[index] * self.c;
                    let of_target = f64::from(out[target]);
                    let (highest, sum) = exponentials(out, 1.0);
                    loss += weight * (f64::from(highest) + f64::from(sum).ln() - of_target);
                    let share = (weight / f64::from(sum)) as f32;
                    out.iter_mut().for_each(|value| *value *= share);
                    out[target] -= weight as f32;
                }
                (loss, errors)
            })
            .collect();
        let mut value: f64 = blocks.iter().map(|(loss, _)| loss).sum();
        // The penalty's part, to which the lessons add theirs.
        let mut gradient = point.to_vec();
        let penalised = point.len() - classes;
        value += 0.5 * product(&point[..penalised], &point[..penalised]);
        gradient[penalised..].fill(0.0);
        let (weight_gradient, rest) = gradient.split_at_mut(classes * hidden);
        let (word_gradient, bias_gradient) = rest.split_at_mut(classes * self.holders.len());
        let groups =
            weight_gradient.par_chunks_mut(CLASSES_AT_ONCE * hidden).zip(bias_gradient.par_chunks_mut(CLASSES_AT_ONCE));
        groups.enumerate().for_each(|(group, (gradients, biases))| {
            let mut terms: Vec<(f32, &[f32])> = Vec::new();
            let mut sums = [0.0f64; CLASSES_AT_ONCE];
            for ((_, errors), inputs) in blocks.iter().zip(self.inputs.chunks(BLOCK_ROWS * hidden)) {
                // A few rows at a time stay near while the classes of the group pass over them.
                let rows = errors.chunks(ROWS_AT_ONCE * classes).zip(inputs.chunks(ROWS_AT_ONCE * hidden));
                for (errors, inputs) in rows {
                    for (place, gradient) in gradients.chunks_exact_mut(hidden).enumerate() {
                        terms.clear();
                        for (errors, input) in errors.chunks_exact(classes).zip(inputs.chunks_exact(hidden)) {
                            let error = errors[group * CLASSES_AT_ONCE + place];
                            sums[place] += f64::from(error);
                            if error.abs() > 1e-7 {
                                terms.push((error, input));
                            }
                        }
                        add_each(gradient, &terms, |term| *term);
                    }
                }
            }
            biases.iter_mut().zip(sums).for_each(|(bias, sum)| *bias = sum as f32);
        });
        word_gradient.par_chunks_mut(classes).zip(&self.holders).with_min_len(BUCKETS_AT_LEAST).for_each(
            |(gradient, holders)| {
                add_each(gradient, holders, |&(row, value)| {
                    let (block, row) = (row as usize / BLOCK_ROWS, row as usize % BLOCK_ROWS);
                    (value, &blocks[block].1[row * classes..][..classes])
                });
            },
        );
        (value, gradient)
    }
}

/// Limited-memory BFGS with a backtracking (Armijo) line search.
fn minimise(problem: &Problem<'_>, point: &mut Vec<f32>, options: FitOptions) {
    const MEMORY: usize = 10;
    let (mut value, mut gradient) = problem.value_and_gradient(point);
    let scale = norm(&gradient).max(1e-12);
    let mut history: VecDeque<(Vec<f32>, Vec<f32>, f64)> = VecDeque::new();
    for step in 0..options.max_steps {
        if norm(&gradient) < 1e-4 * scale {
            return;
        }
        let mut direction: Vec<f32> = gradient.iter().map(|value| -value).collect();
        let mut alphas = Vec::with_capacity(history.len());
        for (moved, changed, rho) in history.iter().rev() {
            let alpha = rho * product(moved, &direction);
            add(&mut direction, -alpha, changed);
            alphas.push(alpha);
        }
        if let Some((moved, changed, _)) = history.back() {
            let gamma = (product(moved, changed) / product(changed, changed)) as f32;
            direction.iter_mut().for_each(|d| *d *= gamma);
        }
        for ((moved, changed, rho), alpha) in history.iter().zip(alphas.iter().rev()) {
            let beta = rho * product(changed, &direction);
            add(&mut direction, alpha - beta, moved);
        }
        let slope = product(&gradient, &direction);
        if slope >= 0.0 {
            return;
        }
        let mut rate = if step == 0 { 1.0 / norm(&gradient).max(1.0) } else { 1.0 };
        let mut accepted = None;
        for _ in 0..30 {
            let mut candidate = point.clone();
            add(&mut candidate, rate, &direction);
            let (candidate_value, candidate_gradient) = problem.value_and_gradient(&candidate);
            if candidate_value <= value + 1e-4 * rate * slope {
                accepted = Some((candidate, candidate_value, candidate_gradient));
                break;
            }
            rate *= 0.5;
        }
        let Some((candidate, candidate_value, candidate_gradient)) = accepted else { return };
        let oldest = if history.len() == MEMORY { history.pop_front() } else { None };
        let (mut moved, mut changed, _) = oldest.unwrap_or_default();
        subtract(&candidate, point, &mut moved);
        subtract(&candidate_gradient, &gradient, &mut changed);
        let curvature = product(&moved, &changed);
        if curvature > 1e-10 {
            history.push_back((moved, changed, 1.0 / curvature));
        }
        let gain = value - candidate_value;
        *point = candidate;
        value = candidate_value;
        gradient = candidate_gradient;
        if gain.abs() < options.tolerance * value.abs() {
            return;
        }
    }
}

/// Numbers that one task handles; sums are made per part and then in order of parts.
const PART: usize = 1 << 14;

/// The product of two vectors, in double precision.
fn product(a: &[f32], b: &[f32]) -> f64 {
    if a.len() <= PART {
        return exact_dot(a, b);
    }
    let parts: Vec<f64> = a.par_chunks(PART).zip(b.par_chunks(PART)).map(|(a, b)| exact_dot(a, b)).collect();
    parts.iter().sum()
}

/// `a += weight · b`.
fn add(a: &mut [f32], weight: f64, b: &[f32]) {
    let weight = weight as f32;
    if a.len() <= PART {
        return add_scaled(a, [weight], [b]);
    }
    a.par_chunks_mut(PART).zip(b.par_chunks(PART)).for_each(|(a, b)| add_scaled(a, [weight], [b]));
}

/// Puts `a - b` into `difference`, whatever that held.
fn subtract(a: &[f32], b: &[f32], difference: &mut Vec<f32>) {
    difference.clear();
    difference.extend(a.iter().zip(b).map(|(a, b)| a - b));
}

fn norm(values: &[f32]) -> f64 {
    product(values, values).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three classes on a circle.
    fn data() -> (Vec<f32>, Vec<usize>) {
        let mut inputs = Vec::new();
        let mut targets = Vec::new();
        for index in 0..60usize {
            let class = index % 3;
            let angle = class as f32 * 2.1 + (index as f32 * 0.37).sin() * 0.5;
            inputs.extend([angle.cos(), angle.sin()]);
            targets.push(class);
        }
        (inputs, targets)
    }

    #[test]
    fn separable_classes_are_learnt_and_the_gradient_vanishes() {
        let (inputs, targets) = data();
        let head = Head::fit(&inputs, 2, &targets, 3, FitOptions::default());
        for (row, &target) in inputs.chunks(2).zip(&targets) {
            let probabilities = head.probabilities(&[row], &[], 1.0).remove(0);
            assert!(probabilities[target] > 0.6, "{probabilities:?}");
            assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        }
        let rows: Vec<&[f32]> = inputs.chunks(2).take(11).collect();
        let alone: Vec<Vec<f32>> = rows.iter().map(|row| head.probabilities(&[row], &[], 0.7).remove(0)).collect();
        assert_eq!(head.probabilities(&rows, &[], 0.7), alone);
        assert!(head.probabilities(&[], &[], 0.7).is_empty());
    }

    #[test]
    fn the_gradient_is_that_of_the_value() {
        let (inputs, targets) = data();
        let weights = vec![1.0; targets.len()];
        let words: Vec<Words> =
            (0..targets.len()).map(|row| if row % 3 == 0 { Vec::new() } else { vec![(7, 0.6), (8, 0.8)] }).collect();
        let problem = Problem {
            inputs: &inputs,
            hidden: 2,
            words: &words,
            holders: holders(&words),
            targets: &targets,
            classes: 3,
            row_weight: &weights,
            c: 2.0,
        };
        let point: Vec<f32> = (0..problem.size()).map(|index| (index as f32 * 0.7).sin()).collect();
        let (_, gradient) = problem.value_and_gradient(&point);
        // The embedding's weights, some words', which two rows in three hold or none does, and the bias.
        let words_from = 3 * 2;
        let last = problem.size();
        let (held, other) = (words_from + 3 * 7, words_from + 3 * 9);
        assert!(gradient[other..other + 3].iter().zip(&point[other..]).all(|(gradient, weight)| gradient == weight));
        for index in (0..6).chain(held..held + 3).chain(last - 3..last) {
            let mut moved = point.clone();
            moved[index] += 1e-3;
            let (above, _) = problem.value_and_gradient(&moved);
            moved[index] -= 2e-3;
            let (below, _) = problem.value_and_gradient(&moved);
            let expected = (above - below) / 2e-3;
            assert!((f64::from(gradient[index]) - expected).abs() < 2e-2 * expected.abs().max(1.0), "{index}");
        }
    }

    #[test]
    fn words_tell_apart_what_embeddings_cannot_and_a_heavy_row_counts_like_several() {
        let inputs = vec![1.0f32; 8];
        let words: Vec<Words> = (0..8).map(|row| vec![(row % 2, 1.0)]).collect();
        let targets: Vec<usize> = (0..8).map(|row| row % 2).collect();
        let learn = |inputs: &[f32], words: &[Words], weights: &[f64], targets: &[usize]| {
            Head::learn(&Lessons { inputs, hidden: 1, words, weights, targets }, 2, FitOptions::default())
        };
        let head = learn(&inputs, &words, &[1.0; 8], &targets);
        for (words, &target) in words.iter().zip(&targets) {
            let mut logits = head.logits_with_words(&[1.0], words);
            assert!(logits[target] > logits[1 - target] + 1.0, "{logits:?}");
            softmax(&mut logits, 0.7);
            assert_eq!(head.probabilities(&[&[1.0]], std::slice::from_ref(words), 0.7), [logits]);
        }
        let fewer = learn(&inputs[..2], &words[..2], &[4.0, 4.0], &targets[..2]);
        for (one, other) in fewer.word_weights.iter().zip(&head.word_weights) {
            assert!((one - other).abs() < 1e-3, "{one} {other}");
        }
    }

    #[test]
    fn a_class_without_examples_is_never_chosen() {
        let (inputs, targets) = data();
        let head = Head::fit(&inputs, 2, &targets, 4, FitOptions::default());
        assert!(inputs.chunks(2).all(|row| head.probabilities(&[row], &[], 1.0)[0][3] < 1e-6));
    }

    #[test]
    fn the_number_of_threads_does_not_change_a_bit() {
        let (inputs, targets) = data();
        let inputs: Vec<f32> = inputs.iter().copied().cycle().take(2 * 1800).collect();
        let targets: Vec<usize> = targets.iter().copied().cycle().take(1800).collect();
        let fit = || Head::fit(&inputs, 2, &targets, 3, FitOptions::default());
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(fit);
        let four = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap().install(fit);
        assert_eq!(one, four);
    }
}
