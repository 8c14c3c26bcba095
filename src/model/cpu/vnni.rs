//! The AVX-512 VNNI class: 8-bit products, sixteen sums of four at a time (`vpdpbusd`).
//!
//! A tile is six rows by four vectors: 24 sums stay in registers while a panel of weights streams from the first-level
//! cache and each input is broadcast once for 64 outputs.

use std::arch::x86_64::*;

use super::aligned::Aligned;
use super::attention::Scratch;
use super::int8::{DEPTH, GELU_FIT, ROW_LIMIT, Rows, Weights, pack};
use super::kernel::{Dense, Heads, Kernel, tiles};
use super::rows::{Fused, activate};
use super::{attention, pairs};
use crate::model::bert::Activation;

/// The class; with `BF16`, attention uses bfloat16 products, else single precision.
pub(super) struct Vnni<const BF16: bool>;

/// Outputs of a panel.
const PANEL: usize = 64;

/// Vectors of a panel.
const VECTORS: usize = PANEL / 16;

// SAFETY: the instructions used are those of the class name, see `KernelClass::is_available`.
unsafe impl<const BF16: bool> Kernel for Vnni<BF16> {
    type Rounding = Fused;
    type Weights = Weights;
    type Rows = Rows;

    fn pack(dense: &Dense) -> Weights {
        pack(dense, PANEL)
    }

    #[inline(always)]
    unsafe fn encode(weights: &Weights, x: &[f32], rows: &mut Rows) {
        // SAFETY: the caller vouches for the class; without GELU the rows are only read.
        unsafe { encode::<false>(weights, x.as_ptr().cast_mut(), x.len() / weights.inputs, rows) }
    }

    #[inline(always)]
    unsafe fn activate_and_encode(activation: Activation, x: &mut [f32], weights: &Weights, rows: &mut Rows) {
        let count = x.len() / weights.inputs;
        // SAFETY: the caller vouches for the class; `x` holds `count` rows and is exclusively ours.
        unsafe {
            if activation == Activation::Gelu {
                encode::<true>(weights, x.as_mut_ptr(), count, rows);
            } else {
                activate::<Fused>(activation, x);
                encode::<false>(weights, x.as_mut_ptr(), count, rows);
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
        if BF16 {
            // SAFETY: the caller vouches for the class.
            unsafe { pairs::attention(qkv, heads, scratch, context) }
        } else {
            attention::attention::<Fused>(qkv, heads, scratch, context);
        }
    }
}

/// A mask of the vector lanes that are inside `length`, from `start` on.
#[inline(always)]
pub(super) fn lanes(length: usize, start: usize) -> __mmask16 {
    match length.saturating_sub(start) {
        left @ 0..16 => (1 << left) - 1,
        _ => u16::MAX,
    }
}

/// The smallest and largest value seen, lane by lane.
struct Range {
    low: __m512,
    high: __m512,
}

/// Quantises rows: a first pass finds the range, a second rounds. With `GELU` the first pass also replaces each value by
/// its activation.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
unsafe fn encode<const GELU: bool>(weights: &Weights, x: *mut f32, count: usize, rows: &mut Rows) {
    let (inputs, stride) = (weights.inputs, weights.stride());
    let whole = inputs / 16 * 16;
    let rest = lanes(inputs, whole);
    rows.values.resize(count * stride);
    rows.steps.clear();
    for row in 0..count {
        // SAFETY: `x` holds `count` rows of `inputs` numbers, and is writable when `GELU` is on. Full vectors stop at
        // `whole <= inputs`, masked ones at `inputs`; `fraction` and `rounding` are `inputs` long, a row of `values`
        // is `stride >= extended` long. The copies' indices are below `inputs`, their places below `extended`.
        unsafe {
            let x = x.add(row * inputs);
            let (fraction, rounding) = (weights.fraction.as_ptr(), weights.rounding.as_ptr());
            let values = rows.values.as_mut_ptr().add(row * stride);
            let mut range = Range { low: _mm512_set1_ps(f32::INFINITY), high: _mm512_set1_ps(f32::NEG_INFINITY) };
            for start in (0..whole).step_by(16) {
                let mut value = _mm512_loadu_ps(x.add(start));
                if GELU {
                    value = gelu(value);
                    _mm512_storeu_ps(x.add(start), value);
                }
                let value = _mm512_mul_ps(value, _mm512_load_ps(fraction.add(start)));
                range.low = _mm512_min_ps(range.low, value);
                range.high = _mm512_max_ps(range.high, value);
            }
            if rest != 0 {
                let mut value = _mm512_maskz_loadu_ps(rest, x.add(whole));
                if GELU {
                    value = gelu(value);
                    _mm512_mask_storeu_ps(x.add(whole), rest, value);
                }
                let value = _mm512_mul_ps(value, _mm512_maskz_loadu_ps(rest, fraction.add(whole)));
                range.low = _mm512_mask_min_ps(range.low, rest, range.low, value);
                range.high = _mm512_mask_max_ps(range.high, rest, range.high, value);
            }
            let (low, high) = (_mm512_reduce_min_ps(range.low), _mm512_reduce_max_ps(range.high));
            let step = (high - low) / ROW_LIMIT;
            let inverse = if step > 0.0 { 1.0 / step } else { 0.0 };
            rows.steps.push([step, low]);
            let (lows, inverses) = (_mm512_set1_ps(low), _mm512_set1_ps(inverse));
            // Values are at least `low`, so the truncated quotient is never negative; above it saturates.
            for start in (0..whole).step_by(16) {
                let above = _mm512_fmsub_ps(_mm512_loadu_ps(x.add(start)), _mm512_load_ps(fraction.add(start)), lows);
                let rounded = _mm512_fmadd_ps(above, inverses, _mm512_load_ps(rounding.add(start)));
                let bytes = _mm512_cvtusepi32_epi8(_mm512_cvttps_epi32(rounded));
                values.add(start).cast::<__m128i>().write_unaligned(bytes);
            }
            if rest != 0 {
                let value = _mm512_maskz_loadu_ps(rest, x.add(whole));
                let above = _mm512_fmsub_ps(value, _mm512_maskz_loadu_ps(rest, fraction.add(whole)), lows);
                let rounded = _mm512_fmadd_ps(above, inverses, _mm512_maskz_loadu_ps(rest, rounding.add(whole)));
                _mm512_mask_cvtusepi32_storeu_epi8(values.add(whole).cast(), rest, _mm512_cvttps_epi32(rounded));
            }
            for ((input, rounding), place) in weights.copies.iter().zip(inputs..) {
                let above = (*x.add(*input)).mul_add(*fraction.add(*input), -low);
                *values.add(place) = above.mul_add(inverse, *rounding) as u8; // saturates at 0 and 255
            }
            // Beyond the last copy the weights are zeros, so whatever bytes stand there add nothing.
        }
    }
}

/// GELU as [`GELU_FIT`] says.
#[target_feature(enable = "avx512f")]
fn gelu(x: __m512) -> __m512 {
    let z = _mm512_max_ps(_mm512_min_ps(x, _mm512_set1_ps(4.0)), _mm512_set1_ps(-4.0));
    let square = _mm512_mul_ps(z, z);
    let mut sum = _mm512_set1_ps(GELU_FIT[7]);
    for index in (0..7).rev() {
        sum = _mm512_fmadd_ps(sum, square, _mm512_set1_ps(GELU_FIT[index]));
    }
    _mm512_mul_ps(x, _mm512_fmadd_ps(z, sum, _mm512_set1_ps(0.5)))
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
unsafe fn product(weights: &Weights, rows: &Rows, out: &mut [f32]) {
    let outputs = weights.outputs;
    let count = out.len() / outputs;
    assert!(count <= rows.steps.len() && rows.values.len() >= count * weights.stride() && weights.panel == PANEL);
    // SAFETY: every tile lies below `count` rows, which the assertion ties to the buffers' lengths; its panel lies
    // inside the packed weights, which are whole panels.
    unsafe { tiles!(tile, weights, rows, out, count, outputs.div_ceil(PANEL)) }
}

/// `HEIGHT` rows from `first` by one panel of outputs.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
unsafe fn tile<const HEIGHT: usize>(weights: &Weights, rows: &Rows, panel: usize, first: usize, out: &mut [f32]) {
    let (stride, outputs) = (weights.stride(), weights.outputs);
    // SAFETY: the caller guarantees that the panel and `HEIGHT` rows from `first` exist. Weight loads cover
    // `extended / DEPTH` blocks of `PANEL * DEPTH` bytes, the size of a panel. Input loads read `DEPTH` bytes below
    // `extended <= stride` of each row. Stores are masked to the outputs that exist.
    unsafe {
        let mut weight = weights.panels.as_ptr().add(panel * PANEL * weights.extended);
        let mut input = rows.values.as_ptr().add(first * stride);
        let mut sums = [[_mm512_setzero_si512(); VECTORS]; HEIGHT];
        for _ in 0..weights.extended / DEPTH {
            let mut block = [_mm512_setzero_si512(); VECTORS];
            for vector in 0..VECTORS {
                block[vector] = _mm512_load_si512(weight.add(vector * 64).cast());
            }
            for row in 0..HEIGHT {
                let four = _mm512_set1_epi32(input.add(row * stride).cast::<i32>().read_unaligned());
                for vector in 0..VECTORS {
                    sums[row][vector] = _mm512_dpbusd_epi32(sums[row][vector], four, block[vector]);
                }
            }
            weight = weight.add(PANEL * DEPTH);
            input = input.add(DEPTH);
        }
        let start = panel * PANEL;
        for vector in 0..VECTORS {
            let place = start + vector * 16;
            let mask = lanes(outputs, place);
            let load = |values: &Aligned<f32>| _mm512_load_ps(values.as_ptr().add(place));
            let (scale, scaled_sum, bias) = (load(&weights.scale), load(&weights.scaled_sum), load(&weights.bias));
            for row in 0..HEIGHT {
                let [step, low] = *rows.steps.get_unchecked(first + row);
                let constant = _mm512_fmadd_ps(_mm512_set1_ps(low), scaled_sum, bias);
                let scale = _mm512_mul_ps(_mm512_set1_ps(step), scale);
                let value = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[row][vector]), scale, constant);
                _mm512_mask_storeu_ps(out.as_mut_ptr().wrapping_add((first + row) * outputs + place), mask, value);
            }
        }
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
        if KernelClass::Avx512Vnni.is_available() {
            // SAFETY: the class was just found available.
            unsafe {
                tests::products_are_close::<Vnni<false>>(bound);
                tests::rows_without_range_are_exact::<Vnni<false>>();
                tests::attention_is_close::<Vnni<false>>(1e-5);
            }
        }
    }

    #[test]
    fn the_fitted_gelu_is_far_below_a_quantisation_step_from_the_exact_one() {
        #[target_feature(enable = "avx512f")]
        fn both(x: &[f32; 16]) -> [f32; 16] {
            let mut out = [0.0; 16];
            // SAFETY: both arrays hold sixteen numbers.
            unsafe { _mm512_storeu_ps(out.as_mut_ptr(), gelu(_mm512_loadu_ps(x.as_ptr()))) };
            out
        }
        if KernelClass::Avx512Vnni.is_available() {
            for step in -1_000..1_000 {
                let x: [f32; 16] = std::array::from_fn(|lane| (step * 16 + lane as i32) as f32 / 1_600.0);
                // SAFETY: the class was just found available.
                for (x, ours) in x.iter().zip(unsafe { both(&x) }) {
                    let exact = exact_gelu(f64::from(*x)) as f32;
                    assert!((ours - exact).abs() <= 4.2e-5 * x.abs().max(1.0), "gelu({x}) = {ours}, exactly {exact}");
                }
            }
        }
    }

    #[test]
    fn bfloat16_attention_stays_within_its_rounding() {
        if KernelClass::Avx512VnniBf16.is_available() {
            // SAFETY: the class was just found available.
            unsafe { tests::attention_is_close::<Vnni<true>>(0.05) };
        }
    }
}
