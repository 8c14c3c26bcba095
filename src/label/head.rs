//! Multinomial logistic regression on frozen embeddings, fitted by L-BFGS.
//!
//! The objective is scikit-learn's: `C · Σ_i w_i · cross-entropy_i + ½ ‖W‖²`, the bias left unpenalised (scikit-learn
//! user guide, "Logistic regression"; Liu and Nocedal 1989 for L-BFGS). Sums run in one fixed order whatever the number
//! of threads, so the same examples give the same bits.

use rayon::prelude::*;

use crate::vector::{self, add_scaled, dots};

/// A fitted classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    hidden: usize,
    classes: usize,
    /// `(classes, hidden)`, row by row.
    weights: Vec<f32>,
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
}

impl Default for FitOptions {
    fn default() -> Self {
        Self { c: 20.0, max_steps: 150, balanced: true }
    }
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
        let inputs = &inputs[..rows * hidden];
        let targets = &targets[..rows];
        let mut counts = vec![0usize; classes];
        for &target in targets {
            counts[target] += 1;
        }
        let present = counts.iter().filter(|&&count| count > 0).count();
        let row_weight: Vec<f64> = targets
            .iter()
            .map(|&target| if options.balanced { rows as f64 / (present * counts[target]) as f64 } else { 1.0 })
            .collect();
        let problem = Problem { inputs, hidden, targets, classes, row_weight: &row_weight, c: options.c };
        let mut point = vec![0.0; classes * (hidden + 1)];
        if rows > 0 {
            minimise(&problem, &mut point, options.max_steps);
        }
        let (weights, bias) = point.split_at(classes * hidden);
        let mut head = Self {
            hidden,
            classes,
            weights: weights.iter().map(|&value| value as f32).collect(),
            bias: bias.iter().map(|&value| value as f32).collect(),
        };
        if rows > 0 {
            for (bias, &count) in head.bias.iter_mut().zip(&counts) {
                if count == 0 {
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

    /// Softmax of the logits divided by `temperature`.
    pub fn probabilities(&self, input: &[f32], temperature: f32) -> Vec<f32> {
        let mut values = self.logits(input);
        softmax(&mut values, temperature);
        values
    }

    /// The [`Self::probabilities`] of several embeddings, `(inputs, classes)`, the same bits as those of each alone, in less time.
    pub fn probabilities_of(&self, inputs: &[&[f32]], temperature: f32) -> Vec<Vec<f32>> {
        let mut logits = vec![0.0; inputs.len() * self.classes];
        logits_into(&self.weights, &self.bias, self.hidden, inputs, &mut logits);
        let rows = logits.chunks_exact_mut(self.classes).map(|row| {
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
        let (fours, rest) = inputs.as_chunks::<4>();
        for (class, (weights, bias)) in weights.chunks_exact(hidden).zip(bias).enumerate() {
            let mut own = logits.iter_mut().skip(class).step_by(classes);
            let mut put = |products: &[f32]| own.by_ref().zip(products).for_each(|(logit, dot)| *logit = dot + bias);
            fours.iter().for_each(|four| put(&dots(weights, *four)));
            match *rest {
                [a, b, c] => put(&dots(weights, [a, b, c])),
                [a, b] => put(&dots(weights, [a, b])),
                [a] => put(&dots(weights, [a])),
                _ => {}
            }
        }
    }
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
    targets: &'a [usize],
    classes: usize,
    row_weight: &'a [f64],
    c: f64,
}

/// Rows handled by one task; sums are made per block and then in order of blocks.
const BLOCK_ROWS: usize = 512;

/// Inputs that the weights of one class pass over before those of the next.
const INPUTS_AT_ONCE: usize = 8;

impl Problem<'_> {
    /// Value and gradient of the objective at `point` (weights, then bias).
    fn value_and_gradient(&self, point: &[f64]) -> (f64, Vec<f64>) {
        let (hidden, classes) = (self.hidden, self.classes);
        let weights: Vec<f32> = point[..classes * hidden].iter().map(|&value| value as f32).collect();
        let bias: Vec<f32> = point[classes * hidden..].iter().map(|&value| value as f32).collect();
        let blocks: Vec<(f64, Vec<f32>)> = self
            .inputs
            .par_chunks(BLOCK_ROWS * hidden)
            .enumerate()
            .map(|(block, inputs)| {
                let mut loss = 0.0;
                let rows: Vec<&[f32]> = inputs.chunks_exact(hidden).collect();
                let mut errors = vec![0.0f32; rows.len() * classes];
                logits_into(&weights, &bias, hidden, &rows, &mut errors);
                for (row, out) in errors.chunks_exact_mut(classes).enumerate() {
                    let index = block * BLOCK_ROWS + row;
                    let target = self.targets[index];
                    let weight = self.row_weight[index] * self.c;
                    let of_target = f64::from(out[target]);
                    let (highest, sum) = exponentials(out, 1.0);
                    loss += weight * (f64::from(highest) + f64::from(sum).ln() - of_target);
                    for value in out.iter_mut() {
                        *value = *value / sum * weight as f32;
                    }
                    out[target] -= weight as f32;
                }
                (loss, errors)
            })
            .collect();
        let mut value: f64 = blocks.iter().map(|(loss, _)| loss).sum();
        let mut gradient = vec![0.0f64; point.len()];
        let (weight_gradient, bias_gradient) = gradient.split_at_mut(classes * hidden);
        weight_gradient.par_chunks_mut(hidden).zip(bias_gradient.par_iter_mut()).enumerate().for_each(
            |(class, (gradient, bias))| {
                let mut partial = vec![0.0f32; hidden];
                let mut terms: Vec<(f32, &[f32])> = Vec::new();
                for ((_, errors), inputs) in blocks.iter().zip(self.inputs.chunks(BLOCK_ROWS * hidden)) {
                    terms.clear();
                    for (errors, input) in errors.chunks_exact(classes).zip(inputs.chunks_exact(hidden)) {
                        let error = errors[class];
                        *bias += f64::from(error);
                        if error.abs() > 1e-7 {
                            terms.push((error, input));
                        }
                    }
                    partial.fill(0.0);
                    let (fours, rest) = terms.as_chunks::<4>();
                    for terms in fours {
                        add_scaled(&mut partial, terms.map(|term| term.0), terms.map(|term| term.1));
                    }
                    for (error, input) in rest {
                        add_scaled(&mut partial, [*error], [input]);
                    }
                    for (sum, part) in gradient.iter_mut().zip(&partial) {
                        *sum += f64::from(*part);
                    }
                }
            },
        );
        for (gradient, weight) in gradient[..classes * hidden].iter_mut().zip(point) {
            value += 0.5 * weight * weight;
            *gradient += weight;
        }
        (value, gradient)
    }
}

/// Limited-memory BFGS with a backtracking (Armijo) line search.
fn minimise(problem: &Problem<'_>, point: &mut [f64], max_steps: usize) {
    const MEMORY: usize = 10;
    let (mut value, mut gradient) = problem.value_and_gradient(point);
    let scale = norm(&gradient).max(1e-12);
    let mut history: Vec<(Vec<f64>, Vec<f64>, f64)> = Vec::new();
    for step in 0..max_steps {
        if norm(&gradient) < 1e-4 * scale {
            return;
        }
        let mut direction: Vec<f64> = gradient.iter().map(|value| -value).collect();
        let mut alphas = Vec::with_capacity(history.len());
        for (moved, changed, rho) in history.iter().rev() {
            let alpha = rho * dot64(moved, &direction);
            direction.iter_mut().zip(changed).for_each(|(d, c)| *d -= alpha * c);
            alphas.push(alpha);
        }
        if let Some((moved, changed, _)) = history.last() {
            let gamma = dot64(moved, changed) / dot64(changed, changed);
            direction.iter_mut().for_each(|d| *d *= gamma);
        }
        for ((moved, changed, rho), alpha) in history.iter().zip(alphas.iter().rev()) {
            let beta = rho * dot64(changed, &direction);
            direction.iter_mut().zip(moved).for_each(|(d, m)| *d += (alpha - beta) * m);
        }
        let slope = dot64(&gradient, &direction);
        if slope >= 0.0 {
            return;
        }
        let mut rate = if step == 0 { 1.0 / norm(&gradient).max(1.0) } else { 1.0 };
        let mut accepted = None;
        for _ in 0..30 {
            let candidate: Vec<f64> = point.iter().zip(&direction).map(|(p, d)| p + rate * d).collect();
            let (candidate_value, candidate_gradient) = problem.value_and_gradient(&candidate);
            if candidate_value <= value + 1e-4 * rate * slope {
                accepted = Some((candidate, candidate_value, candidate_gradient));
                break;
            }
            rate *= 0.5;
        }
        let Some((candidate, candidate_value, candidate_gradient)) = accepted else { return };
        let moved: Vec<f64> = candidate.iter().zip(point.iter()).map(|(new, old)| new - old).collect();
        let changed: Vec<f64> = candidate_gradient.iter().zip(&gradient).map(|(new, old)| new - old).collect();
        let curvature = dot64(&moved, &changed);
        if curvature > 1e-10 {
            if history.len() == MEMORY {
                history.remove(0);
            }
            history.push((moved, changed, 1.0 / curvature));
        }
        let gain = value - candidate_value;
        point.copy_from_slice(&candidate);
        value = candidate_value;
        gradient = candidate_gradient;
        if gain.abs() < 1e-7 * value.abs() {
            return;
        }
    }
}

fn dot64(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn norm(values: &[f64]) -> f64 {
    dot64(values, values).sqrt()
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
            let probabilities = head.probabilities(row, 1.0);
            assert!(probabilities[target] > 0.6, "{probabilities:?}");
            assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        }
        let rows: Vec<&[f32]> = inputs.chunks(2).take(11).collect();
        let alone: Vec<Vec<f32>> = rows.iter().map(|row| head.probabilities(row, 0.7)).collect();
        assert_eq!(head.probabilities_of(&rows, 0.7), alone);
        assert!(head.probabilities_of(&[], 0.7).is_empty());
    }

    #[test]
    fn the_gradient_is_that_of_the_value() {
        let (inputs, targets) = data();
        let weights = vec![1.0; targets.len()];
        let problem =
            Problem { inputs: &inputs, hidden: 2, targets: &targets, classes: 3, row_weight: &weights, c: 2.0 };
        let point: Vec<f64> = (0..9).map(|index| (index as f64 * 0.7).sin()).collect();
        let (_, gradient) = problem.value_and_gradient(&point);
        for index in 0..9 {
            let mut moved = point.clone();
            moved[index] += 1e-3;
            let (above, _) = problem.value_and_gradient(&moved);
            moved[index] -= 2e-3;
            let (below, _) = problem.value_and_gradient(&moved);
            let expected = (above - below) / 2e-3;
            assert!((gradient[index] - expected).abs() < 2e-2 * expected.abs().max(1.0), "{index}");
        }
    }

    #[test]
    fn a_class_without_examples_is_never_chosen() {
        let (inputs, targets) = data();
        let head = Head::fit(&inputs, 2, &targets, 4, FitOptions::default());
        assert!(inputs.chunks(2).all(|row| head.probabilities(row, 1.0)[3] < 1e-6));
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
