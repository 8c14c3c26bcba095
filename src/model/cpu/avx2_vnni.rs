//! The AVX2 class of processors with AVX-VNNI: 8-bit products, eight sums of four at a time (`vpdpbusd`).
//!
//! Quantised as in the AVX-512 VNNI class ([`super::int8`]); a tile is six rows by two vectors, which with two vectors
//! of weights and an input fills the sixteen registers.

use std::arch::x86_64::*;

use super::attention::{self, Scratch};
use super::int8::{DEPTH, GELU_FIT, ROW_LIMIT, Rows, Weights, pack};
use super::kernel::{Dense, Heads, Kernel, tiles};
use super::rows::{Fused, activate};
use crate::model::bert::Activation;

/// The class.
pub(super) struct Avx2Vnni;

/// Numbers in a vector.
const WIDTH: usize = 8;

/// Outputs of a panel: two vectors.
const PANEL: usize = 2 * WIDTH;

// SAFETY: the instructions used are those of the class name, see `KernelClass::is_available`.
unsafe impl Kernel for Avx2Vnni {
    type Rounding = Fused;
    type Weights = Weights;
    type Rows = Rows;

    fn pack(dense: &Dense) -> Weights {
        pack(dense, PANEL)
    }

    #[inline(always)]
    unsafe fn encode(weights: &Weights, x: &[f32], rows: &mut Rows) {
        rows.values.resize(x.len() / weights.inputs * weights.stride());
        rows.steps.clear();
        for (row, x) in x.chunks_exact(weights.inputs).enumerate() {
            // SAFETY: the caller vouches for the class.
            unsafe { encode(weights, x, row, rows) }
        }
    }

    #[inline(always)]
    unsafe fn activate_and_encode(activation: Activation, x: &mut [f32], weights: &Weights, rows: &mut Rows) {
        rows.values.resize(x.len() / weights.inputs * weights.stride());
        rows.steps.clear();
        for (row, x) in x.chunks_exact_mut(weights.inputs).enumerate() {
            // SAFETY: the caller vouches for the class.
            unsafe {
                if activation == Activation::Gelu {
                    gelu_row(x);
                } else {
                    activate::<Fused>(activation, x);
                }
                encode(weights, x, row, rows);
            }
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

/// GELU of a row in place; the last numbers of a row go through the same arithmetic, so that a row's bits do not
/// depend on its width.
#[target_feature(enable = "avx2,fma")]
fn gelu_row(x: &mut [f32]) {
    let mut chunks = x.chunks_exact_mut(WIDTH);
    for chunk in &mut chunks {
        // SAFETY: the chunk holds a vector.
        unsafe { _mm256_storeu_ps(chunk.as_mut_ptr(), gelu(_mm256_loadu_ps(chunk.as_ptr()))) };
    }
    let rest = chunks.into_remainder();
    let mut padded = [0.0f32; WIDTH];
    padded[..rest.len()].copy_from_slice(rest);
    // SAFETY: the array holds a vector.
    unsafe { _mm256_storeu_ps(padded.as_mut_ptr(), gelu(_mm256_loadu_ps(padded.as_ptr()))) };
    rest.copy_from_slice(&padded[..rest.len()]);
}

/// GELU as [`GELU_FIT`] says.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn gelu(x: __m256) -> __m256 {
    let z = _mm256_max_ps(_mm256_min_ps(x, _mm256_set1_ps(4.0)), _mm256_set1_ps(-4.0));
    let square = _mm256_mul_ps(z, z);
    let mut sum = _mm256_set1_ps(GELU_FIT[7]);
    for index in (0..7).rev() {
        sum = _mm256_fmadd_ps(sum, square, _mm256_set1_ps(GELU_FIT[index]));
    }
    _mm256_mul_ps(x, _mm256_fmadd_ps(z, sum, _mm256_set1_ps(0.5)))
}

/// Quantises a row: a first pass finds the range, a second rounds.
#[target_feature(enable = "avx2,fma")]
unsafe fn encode(weights: &Weights, x: &[f32], row: usize, rows: &mut Rows) {
    let (inputs, stride) = (weights.inputs, weights.stride());
    let whole = inputs / WIDTH * WIDTH;
    let (fraction, rounding) = (&weights.fraction[..inputs], &weights.rounding[..inputs]);
    let values = &mut rows.values[row * stride..][..stride];
    let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
    let mut lows = _mm256_set1_ps(low);
    let mut highs = _mm256_set1_ps(high);
    for start in (0..whole).step_by(WIDTH) {
        // SAFETY: eight numbers from `start` lie below `inputs`, the length of both slices.
        let value = unsafe {
            _mm256_mul_ps(_mm256_loadu_ps(x.as_ptr().add(start)), _mm256_loadu_ps(fraction.as_ptr().add(start)))
        };
        lows = _mm256_min_ps(lows, value);
        highs = _mm256_max_ps(highs, value);
    }
    let mut lanes = [[0.0f32; WIDTH]; 2];
    // SAFETY: each array holds a vector.
    unsafe {
        _mm256_storeu_ps(lanes[0].as_mut_ptr(), lows);
        _mm256_storeu_ps(lanes[1].as_mut_ptr(), highs);
    }
    for lane in 0..WIDTH {
        (low, high) = (low.min(lanes[0][lane]), high.max(lanes[1][lane]));
    }
    for input in whole..inputs {
        let value = x[input] * fraction[input];
        (low, high) = (low.min(value), high.max(value));
    }
    let step = (high - low) / ROW_LIMIT;
    let inverse = if step > 0.0 { 1.0 / step } else { 0.0 };
    rows.steps.push([step, low]);
    let (lows, inverses) = (_mm256_set1_ps(low), _mm256_set1_ps(inverse));
    // Packing interleaves the 128-bit halves; the permutation puts groups of four back in order.
    let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    let mut start = 0;
    // Values are at least `low`, so the truncated quotient is never negative; above, packing saturates.
    while start + 4 * WIDTH <= inputs {
        // SAFETY: 32 numbers from `start` lie below `inputs`, and as many bytes below `stride`.
        unsafe {
            let eight = |offset: usize| {
                let at = start + offset;
                let scaled = _mm256_loadu_ps(fraction.as_ptr().add(at));
                let above = _mm256_fmsub_ps(_mm256_loadu_ps(x.as_ptr().add(at)), scaled, lows);
                _mm256_cvttps_epi32(_mm256_fmadd_ps(above, inverses, _mm256_loadu_ps(rounding.as_ptr().add(at))))
            };
            let halves = [_mm256_packs_epi32(eight(0), eight(8)), _mm256_packs_epi32(eight(16), eight(24))];
            let packed = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(halves[0], halves[1]), order);
            _mm256_storeu_si256(values.as_mut_ptr().add(start).cast(), packed);
        }
        start += 4 * WIDTH;
    }
    for input in start..inputs {
        let above = x[input].mul_add(fraction[input], -low);
        values[input] = above.mul_add(inverse, rounding[input]) as u8; // saturates at 0 and 255
    }
    for ((input, rounding), place) in weights.copies.iter().zip(inputs..) {
        let above = x[*input].mul_add(fraction[*input], -low);
        values[place] = above.mul_add(inverse, *rounding) as u8;
    }
}

#[target_feature(enable = "avx2,fma,avxvnni")]
unsafe fn product(weights: &Weights, rows: &Rows, out: &mut [f32]) {
    let outputs = weights.outputs;
    let count = out.len() / outputs;
    assert!(count <= rows.steps.len() && rows.values.len() >= count * weights.stride() && weights.panel == PANEL);
    // SAFETY: every tile lies below `count` rows, which the assertion ties to the buffers' lengths; its panel lies
    // inside the packed weights, which are whole panels.
    unsafe { tiles!(tile, weights, rows, out, count, outputs.div_ceil(PANEL)) }
}

/// `HEIGHT` rows from `first` by one panel of outputs.
#[target_feature(enable = "avx2,fma,avxvnni")]
unsafe fn tile<const HEIGHT: usize>(weights: &Weights, rows: &Rows, panel: usize, first: usize, out: &mut [f32]) {
    let (stride, outputs) = (weights.stride(), weights.outputs);
    let start = panel * PANEL;
    let mut sums = [[_mm256_setzero_si256(); 2]; HEIGHT];
    // SAFETY: the caller guarantees that the panel and `HEIGHT` rows from `first` exist. Weight loads cover
    // `extended / DEPTH` blocks of `PANEL * DEPTH` bytes, the size of a panel. Input loads read `DEPTH` bytes below
    // `extended <= stride` of each row.
    unsafe {
        let mut weight = weights.panels.as_ptr().add(start * weights.extended);
        let mut input = rows.values.as_ptr().add(first * stride);
        for _ in 0..weights.extended / DEPTH {
            let block = [_mm256_load_si256(weight.cast()), _mm256_load_si256(weight.add(WIDTH * DEPTH).cast())];
            for row in 0..HEIGHT {
                let four = _mm256_set1_epi32(input.add(row * stride).cast::<i32>().read_unaligned());
                sums[row][0] = _mm256_dpbusd_avx_epi32(sums[row][0], four, block[0]);
                sums[row][1] = _mm256_dpbusd_avx_epi32(sums[row][1], four, block[1]);
            }
            weight = weight.add(PANEL * DEPTH);
            input = input.add(DEPTH);
        }
    }
    for row in 0..HEIGHT {
        let mut values = [0.0f32; PANEL];
        let [step, low] = rows.steps[first + row];
        for half in 0..2 {
            let place = start + half * WIDTH;
            // SAFETY: scales, sums and bias are padded to whole panels; `values` holds two vectors.
            unsafe {
                let scale = _mm256_mul_ps(_mm256_set1_ps(step), _mm256_load_ps(weights.scale.as_ptr().add(place)));
                let constant = _mm256_fmadd_ps(
                    _mm256_set1_ps(low),
                    _mm256_load_ps(weights.scaled_sum.as_ptr().add(place)),
                    _mm256_load_ps(weights.bias.as_ptr().add(place)),
                );
                let value = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[row][half]), scale, constant);
                _mm256_storeu_ps(values.as_mut_ptr().add(half * WIDTH), value);
            }
        }
        let width = PANEL.min(outputs - start);
        out[(first + row) * outputs + start..][..width].copy_from_slice(&values[..width]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::class::KernelClass;
    use super::super::int8::tests::bound;
    use super::super::kernel::tests;
    use super::super::math::tests::exact_gelu;
    use super::*;

    #[test]
    fn products_stay_within_the_quantisation_step() {
        if KernelClass::Avx2Vnni.is_available() {
            // SAFETY: the class was just found available.
            unsafe {
                tests::products_are_close::<Avx2Vnni>(bound);
                tests::rows_without_range_are_exact::<Avx2Vnni>();
                tests::attention_is_close::<Avx2Vnni>(1e-5);
            }
        }
    }

    #[test]
    fn gelu_of_a_row_of_any_width_is_far_below_a_quantisation_step_from_the_exact_one() {
        if KernelClass::Avx2.is_available() {
            for width in [1usize, 7, 8, 9, 31, 2_000] {
                let x: Vec<f32> = (0..width).map(|step| step as f32 / 100.0 - 10.0).collect();
                let mut ours = x.clone();
                // SAFETY: the class was just found available.
                unsafe { gelu_row(&mut ours) };
                for (x, ours) in x.iter().zip(ours) {
                    let exact = exact_gelu(f64::from(*x)) as f32;
                    assert!((ours - exact).abs() <= 4.2e-5 * x.abs().max(1.0), "gelu({x}) = {ours}, exactly {exact}");
                }
            }
        }
    }
}
