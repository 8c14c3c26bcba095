//! The AVX2 class: 16-bit integer products (`vpmaddwd`), twice as many per instruction as single precision.
//!
//! Rows and weights are signed with one scale each. Their bits are shared out so that no sum can overflow 32 bits: for
//! 384 inputs 12 bits of row and 10 of weight (signs apart), for 1536 inputs 11 and 9. That is fine enough to need
//! neither calibration nor zero points.

use std::arch::x86_64::*;

use super::aligned::Aligned;
use super::attention::{self, Scratch};
use super::kernel::{Dense, Heads, Kernel, tiles};
use super::rows::{Fused, largest_magnitude};

/// The class.
pub(super) struct Avx2;

/// Outputs in a panel: two vectors of eight sums.
const PANEL: usize = 16;

/// Inputs that one instruction multiplies and adds into a sum.
const DEPTH: usize = 2;

/// A packed layer.
pub(super) struct Weights {
    /// `(panel, input / DEPTH, output in the panel, input % DEPTH)`, padded with zeros.
    panels: Aligned<i16>,
    /// Per output, padded to whole panels, as is the bias.
    scale: Aligned<f32>,
    bias: Aligned<f32>,
    inputs: usize,
    outputs: usize,
    /// Inputs rounded up to whole vectors.
    stride: usize,
    /// Largest quantised input.
    row_limit: f32,
}

/// Quantised rows.
#[derive(Default)]
pub(super) struct Rows {
    /// `(rows, stride)`, zero beyond the inputs.
    values: Aligned<i16>,
    steps: Vec<f32>,
}

/// Bits of magnitude of rows and weights whose products, summed over `inputs`, fit 31 bits.
fn bits(inputs: usize) -> (u32, u32) {
    let total = ((i32::MAX as usize) / inputs.max(1)).ilog2().min(24);
    (total / 2 + 1, total - total / 2 - 1)
}

// SAFETY: the instructions used are those of the class name, see `KernelClass::is_available`.
unsafe impl Kernel for Avx2 {
    type Rounding = Fused;
    type Weights = Weights;
    type Rows = Rows;

    fn pack(dense: &Dense) -> Weights {
        let (row_bits, weight_bits) = bits(dense.inputs);
        let limit = ((1u32 << weight_bits) - 1) as f32;
        let stride = dense.inputs.next_multiple_of(16);
        let padded = dense.outputs.next_multiple_of(PANEL);
        let mut panels = Aligned::<i16>::zeros(padded * stride);
        let (mut scales, mut bias) = (Aligned::<f32>::zeros(padded), Aligned::<f32>::zeros(padded));
        bias[..dense.outputs].copy_from_slice(&dense.bias);
        for (output, row) in dense.weight.chunks_exact(dense.inputs).enumerate() {
            let peak = row.iter().fold(0.0f32, |peak, weight| peak.max(weight.abs()));
            let scale = if peak > 0.0 { peak / limit } else { 1.0 };
            let panel = &mut panels[output / PANEL * PANEL * stride..];
            for (input, weight) in row.iter().enumerate() {
                panel[input / DEPTH * PANEL * DEPTH + output % PANEL * DEPTH + input % DEPTH] =
                    (weight / scale).round_ties_even() as i16;
            }
            scales[output] = scale;
        }
        Weights {
            panels,
            scale: scales,
            bias,
            inputs: dense.inputs,
            outputs: dense.outputs,
            stride,
            row_limit: ((1u32 << row_bits) - 1) as f32,
        }
    }

    #[inline(always)]
    unsafe fn encode(weights: &Weights, x: &[f32], rows: &mut Rows) {
        let Weights { inputs, stride, row_limit, .. } = *weights;
        rows.values.resize(x.len() / inputs * stride);
        rows.steps.clear();
        for (x, values) in x.chunks_exact(inputs).zip(rows.values.chunks_exact_mut(stride)) {
            let peak = largest_magnitude(x);
            let inverse = if peak > 0.0 { row_limit / peak } else { 0.0 };
            rows.steps.push(peak / row_limit);
            // SAFETY: the caller vouches for the class.
            unsafe { round(x, inverse, values) };
        }
    }

    #[inline(always)]
    unsafe fn product(weights: &Weights, rows: &Rows, out: &mut [f32]) {
        // SAFETY: the caller vouches for the class and for the shapes.
        unsafe { product(weights, rows, out) }
    }

    #[inline(always)]
    unsafe fn attention(qkv: &[f32], heads: Heads, scratch: &mut Scratch, context: &mut [f32]) {
        attention::attention::<Fused>(qkv, heads, scratch, context);
    }
}

/// Multiplies and rounds a row; what lies beyond it is set to zero.
#[target_feature(enable = "avx2,fma")]
unsafe fn round(x: &[f32], inverse: f32, values: &mut [i16]) {
    let factor = _mm256_set1_ps(inverse);
    let whole = x.len() / 16 * 16;
    for start in (0..whole).step_by(16) {
        // SAFETY: sixteen numbers from `start` lie in `x`, and in `values`, which is at least as long.
        unsafe {
            let half = |offset: usize| {
                _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x.as_ptr().add(start + offset)), factor))
            };
            // Packing interleaves the 128-bit halves; the permutation puts them back in order.
            let packed = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi32(half(0), half(8)));
            _mm256_storeu_si256(values.as_mut_ptr().add(start).cast(), packed);
        }
    }
    values[whole..].fill(0);
    for (value, x) in values[whole..].iter_mut().zip(&x[whole..]) {
        *value = (x * inverse).round_ties_even() as i16;
    }
}

#[target_feature(enable = "avx2,fma")]
unsafe fn product(weights: &Weights, rows: &Rows, out: &mut [f32]) {
    let outputs = weights.outputs;
    let count = out.len() / outputs;
    assert!(count <= rows.steps.len() && rows.values.len() >= count * weights.stride);
    // SAFETY: every tile lies below `count` rows, which the assertion ties to the buffers' lengths; its panel lies
    // inside the packed weights, which are whole panels.
    unsafe { tiles!(tile, weights, rows, out, count, outputs.div_ceil(PANEL)) }
}

/// `HEIGHT` rows from `first` by one panel of outputs.
#[target_feature(enable = "avx2,fma")]
unsafe fn tile<const HEIGHT: usize>(weights: &Weights, rows: &Rows, panel: usize, first: usize, out: &mut [f32]) {
    let Weights { stride, outputs, .. } = *weights;
    let start = panel * PANEL;
    let mut sums = [[_mm256_setzero_si256(); 2]; HEIGHT];
    // SAFETY: the caller guarantees that the panel and `HEIGHT` rows from `first` exist; both hold `stride` inputs,
    // taken `DEPTH` at a time.
    unsafe {
        let mut weight = weights.panels.as_ptr().add(panel * PANEL * stride);
        let mut input = rows.values.as_ptr().add(first * stride);
        for _ in 0..stride / DEPTH {
            let block = [_mm256_load_si256(weight.cast()), _mm256_load_si256(weight.add(PANEL).cast())];
            for row in 0..HEIGHT {
                let pair = _mm256_set1_epi32(input.add(row * stride).cast::<i32>().read_unaligned());
                sums[row][0] = _mm256_add_epi32(sums[row][0], _mm256_madd_epi16(pair, block[0]));
                sums[row][1] = _mm256_add_epi32(sums[row][1], _mm256_madd_epi16(pair, block[1]));
            }
            weight = weight.add(PANEL * DEPTH);
            input = input.add(DEPTH);
        }
    }
    for row in 0..HEIGHT {
        let mut values = [0.0f32; PANEL];
        for half in 0..2 {
            // SAFETY: scale and bias are padded to whole panels; `values` holds two vectors.
            unsafe {
                let step = _mm256_set1_ps(*rows.steps.get_unchecked(first + row));
                let scale = _mm256_mul_ps(step, _mm256_load_ps(weights.scale.as_ptr().add(start + half * 8)));
                let bias = _mm256_load_ps(weights.bias.as_ptr().add(start + half * 8));
                let value = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[row][half]), scale, bias);
                _mm256_storeu_ps(values.as_mut_ptr().add(half * 8), value);
            }
        }
        let width = PANEL.min(outputs - start);
        out[(first + row) * outputs + start..][..width].copy_from_slice(&values[..width]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::class::KernelClass;
    use super::super::kernel::tests;
    use super::*;

    #[test]
    fn products_stay_within_the_quantisation_step() {
        let bound = |inputs: usize, x: f32, w: f32| {
            let (row_bits, weight_bits) = bits(inputs);
            let step = |bits: u32| 0.5 / ((1u32 << bits) - 1) as f32;
            inputs as f32 * x * w * (step(row_bits) + step(weight_bits)) + 1e-5
        };
        if KernelClass::Avx2.is_available() {
            // SAFETY: the class was just found available.
            unsafe {
                tests::products_are_close::<Avx2>(bound);
                tests::rows_without_range_are_exact::<Avx2>();
                tests::attention_is_close::<Avx2>(1e-5);
            }
        }
    }

    #[test]
    fn the_largest_possible_sum_fits_32_bits() {
        for inputs in [1usize, 2, 40, 384, 768, 1024, 1536, 3072, 4096, 16384] {
            let (row_bits, weight_bits) = bits(inputs);
            let largest = ((1i64 << row_bits) - 1) * ((1i64 << weight_bits) - 1) * inputs as i64;
            assert!(largest <= i64::from(i32::MAX), "{inputs} inputs");
            assert!(row_bits <= 15 && weight_bits >= 7, "{inputs} inputs: {row_bits} and {weight_bits} bits");
        }
        assert_eq!((bits(384), bits(1536)), ((12, 10), (11, 9)));
    }
}
