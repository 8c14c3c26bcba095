//! Row operations of the forward pass in plain Rust that the compiler vectorises: layer norm, activations, softmax.
//!
//! Each function is inlined into the entry point of a kernel class and is compiled there with the features of that
//! class. [`Rounding`] says whether to fuse multiplications and additions; without hardware for it, fusing would call a
//! slow library function. Sums run over [`LANES`] partial sums in a fixed order, whatever the class.

use super::super::bert::Activation;
use super::math;

/// Number of partial sums; the width of an AVX-512 register.
pub(super) const LANES: usize = 16;

/// Whether a kernel class has fused multiply-add.
pub(super) trait Rounding: Send + Sync + 'static {
    /// True where one instruction multiplies and adds with a single rounding.
    const FMA: bool;
}

/// One rounding.
pub(super) struct Fused;

/// Two roundings.
pub(super) struct Separate;

impl Rounding for Fused {
    const FMA: bool = true;
}

impl Rounding for Separate {
    const FMA: bool = false;
}

/// `a * b + c`.
#[inline(always)]
pub(super) fn fma<F: Rounding>(a: f32, b: f32, c: f32) -> f32 {
    if F::FMA { a.mul_add(b, c) } else { a * b + c }
}

/// Adds the lanes in a balanced tree, the order in which vector units do it.
#[inline(always)]
fn total(mut lanes: [f32; LANES]) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// The largest value; negative infinity for none.
#[inline(always)]
pub(super) fn largest(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] = if chunk[lane] > lanes[lane] { chunk[lane] } else { lanes[lane] };
        }
    }
    rest.iter().chain(&lanes).fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a })
}

/// The largest magnitude; 0 for none.
#[inline(always)]
pub(super) fn largest_magnitude(values: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            let own = chunk[lane].abs();
            lanes[lane] = if own > lanes[lane] { own } else { lanes[lane] };
        }
    }
    rest.iter().chain(&lanes).fold(0.0, |a, b| if b.abs() > a { b.abs() } else { a })
}

/// The sum.
#[inline(always)]
fn sum(values: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] += chunk[lane];
        }
    }
    for (lane, value) in rest.iter().enumerate() {
        lanes[lane] += value;
    }
    total(lanes)
}

/// `states = layer_norm(states + residual)`, row by row; scale and shift as wide as a row.
#[inline(always)]
pub(super) fn add_layer_norm<F: Rounding>(
    states: &mut [f32],
    residual: &[f32],
    scale: &[f32],
    shift: &[f32],
    epsilon: f32,
) {
    let width = scale.len();
    for (state, residual) in states.chunks_exact_mut(width).zip(residual.chunks_exact(width)) {
        for (value, other) in state.iter_mut().zip(residual) {
            *value += other;
        }
        layer_norm::<F>(state, scale, shift, epsilon);
    }
}

/// Layer norm of one row in place.
#[inline(always)]
pub(super) fn layer_norm<F: Rounding>(state: &mut [f32], scale: &[f32], shift: &[f32], epsilon: f32) {
    let width = scale.len();
    let mean = sum(state) / width as f32;
    let mut lanes = [0.0; LANES];
    let (chunks, rest) = state.as_chunks_mut::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            let centred = chunk[lane] - mean;
            chunk[lane] = centred;
            lanes[lane] = fma::<F>(centred, centred, lanes[lane]);
        }
    }
    for (lane, value) in rest.iter_mut().enumerate() {
        *value -= mean;
        lanes[lane] = fma::<F>(*value, *value, lanes[lane]);
    }
    let inverse = 1.0 / (total(lanes) / width as f32 + epsilon).sqrt();
    for ((value, scale), shift) in state.iter_mut().zip(scale).zip(shift) {
        *value = fma::<F>(*value * inverse, *scale, *shift);
    }
}

/// The activation of the feed-forward block, in place.
#[inline(always)]
pub(super) fn activate<F: Rounding>(activation: Activation, values: &mut [f32]) {
    match activation {
        Activation::Gelu => {
            for value in values {
                *value = gelu::<F>(*value);
            }
        }
        Activation::GeluNew => {
            for value in values {
                // 0.5 x (1 + tanh(u)) = x / (1 + exp(-2u))
                const TWICE_SQRT_2_OVER_PI: f32 = 1.595_769;
                let cubic = fma::<F>(0.044_715 * *value * *value, *value, *value);
                *value /= 1.0 + exp::<F>(-TWICE_SQRT_2_OVER_PI * cubic);
            }
        }
        Activation::Relu => {
            for value in values {
                *value = if *value > 0.0 { *value } else { 0.0 };
            }
        }
    }
}

/// Exact GELU within 1e-6 of its argument's magnitude; the same fit of the error function as [`math::activate`].
#[inline(always)]
fn gelu<F: Rounding>(x: f32) -> f32 {
    let z = x * std::f32::consts::FRAC_1_SQRT_2;
    let z = if z > math::ERF_LIMIT { math::ERF_LIMIT } else { z };
    let z = if z < -math::ERF_LIMIT { -math::ERF_LIMIT } else { z };
    let square = z * z;
    let mut above = math::ERF_P[6];
    for index in (0..6).rev() {
        above = fma::<F>(above, square, math::ERF_P[index]);
    }
    let mut below = math::ERF_Q[4];
    for index in (0..4).rev() {
        below = fma::<F>(below, square, math::ERF_Q[index]);
    }
    let half = 0.5 * x;
    fma::<F>(half, z * above / below, half)
}

/// `e` to the power `x`, within 2 units in the last place down to -87, below which it is 0 (or a number under 1e-37).
#[inline(always)]
pub(super) fn exp<F: Rounding>(x: f32) -> f32 {
    // Adding and taking away 1.5 * 2^23 rounds to the nearest integer in any vector unit.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 88.0 { 88.0 } else { x };
    let shifted = fma::<F>(x, std::f32::consts::LOG2_E, ROUND);
    let power = shifted - ROUND;
    let rest = fma::<F>(power, -LN_2_HIGH, x);
    let rest = fma::<F>(power, -LN_2_LOW, rest);
    // 1 + r + r² P(r), a minimax fit of relative error 3e-9 over ± ln 2 / 2.
    let mut sum = 1.381_453_9e-3;
    for factor in [8.368_745e-3, 0.041_668_385, 0.166_665_21, 0.499_999_94, 1.0, 1.0] {
        sum = fma::<F>(sum, rest, factor);
    }
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    sum * scale
}

/// Replaces scores by `exp(scale * (score - largest))` and returns their sum: a softmax not yet divided. Only the first
/// `count` scores take part; the others become 0. Working on all of them keeps the loops whole.
#[inline(always)]
pub(super) fn exponentials<F: Rounding>(scores: &mut [f32], count: usize, scale: f32) -> f32 {
    let peak = largest(&scores[..count]) * scale;
    for score in scores.iter_mut() {
        *score = exp::<F>(fma::<F>(*score, scale, -peak));
    }
    scores[count..].fill(0.0);
    sum(scores)
}

#[cfg(test)]
mod tests {
    use super::super::math::tests::exact_gelu;
    use super::*;

    #[test]
    fn vectorised_gelu_is_exact_in_both_roundings() {
        for step in -9_000..=9_000 {
            let x = step as f32 / 1_000.0;
            let exact = exact_gelu(f64::from(x)) as f32;
            for ours in [gelu::<Fused>(x), gelu::<Separate>(x)] {
                assert!((ours - exact).abs() <= 1.5e-6 * (1.0 + x.abs()), "gelu({x}) = {ours}, exactly {exact}");
            }
        }
    }

    #[test]
    fn the_other_activations_agree_with_their_formulas() {
        for activation in [Activation::GeluNew, Activation::Relu] {
            let inputs: Vec<f32> = (-800..=800).map(|step| step as f32 / 100.0).collect();
            let mut ours = inputs.clone();
            activate::<Fused>(activation, &mut ours);
            for (x, y) in inputs.iter().zip(&ours) {
                let expected = math::activate(activation, *x);
                assert!((y - expected).abs() < 3e-6 * (1.0 + x.abs()), "{activation:?}({x}) = {y}, not {expected}");
            }
        }
    }

    #[test]
    fn exponentials_are_accurate_and_never_overflow() {
        for step in -8_600..=8_800 {
            let x = step as f32 / 100.0;
            for ours in [exp::<Fused>(x), exp::<Separate>(x)] {
                let exact = f64::from(x).exp();
                assert!((f64::from(ours) / exact - 1.0).abs() < 4e-6, "exp({x}) = {ours}, exactly {exact}");
            }
        }
        assert!(exp::<Fused>(-1e30) < 1e-37 && exp::<Fused>(1e30).is_finite());
    }

    #[test]
    fn layer_norm_matches_its_definition_on_odd_widths() {
        for width in [1usize, 2, 15, 16, 17, 40, 383] {
            let row: Vec<f32> = (0..width).map(|i| ((i * 37 % 19) as f32 - 7.0) / 3.0).collect();
            let residual: Vec<f32> = (0..width).map(|i| (i % 5) as f32).collect();
            let (scale, shift) = (vec![1.5; width], vec![-0.25; width]);
            let mut ours = row.clone();
            add_layer_norm::<Fused>(&mut ours, &residual, &scale, &shift, 1e-12);
            let sums: Vec<f64> = row.iter().zip(&residual).map(|(a, b)| f64::from(a + b)).collect();
            let mean = sums.iter().sum::<f64>() / width as f64;
            let variance = sums.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / width as f64;
            for (value, sum) in ours.iter().zip(&sums) {
                let expected = (sum - mean) / (variance + 1e-12).sqrt() * 1.5 - 0.25;
                assert!((f64::from(*value) - expected).abs() < 2e-5, "width {width}: {value} is not {expected}");
            }
        }
    }
}
