//! The AVX-512 VNNI class: 8-bit products, sixteen sums of four at a time (`vpdpbusd`).
//!
//! A tile is six rows by four vectors: 24 sums stay in registers while a panel of weights streams from the first-level
//! cache and each input is broadcast once for 64 outputs.

use std::arch::x86_64::*;

use super::aligned::Aligned;
use super::attention::Scratch;
use super::int8::{DEPTH, PANEL, ROW_LIMIT, Rows, Weights, pack};
use super::kernel::{Dense, Heads, Kernel};
use super::rows::Fused;
use super::{attention, pairs};

/// The class; with `BF16`, attention uses bfloat16 products, else single precision.
pub(super) struct Vnni<const BF16: bool>;

/// Rows of a tile.
const TILE: usize = 6;

/// Vectors of a panel.
const VECTORS: usize = PANEL / 16;

// SAFETY: the instructions used are those of the class name, see `KernelClass::is_available`.
unsafe impl<const BF16: bool> Kernel for Vnni<BF16> {
    type Rounding = Fused;
    type Weights = Weights;
    type Rows = Rows;

    fn pack(dense: &Dense) -> Weights {
        pack(dense)
    }

    #[inline(always)]
    unsafe fn encode(weights: &Weights, x: &[f32], rows: &mut Rows) {
        // SAFETY: the caller vouches for the class.
        unsafe { encode(weights, x, rows) }
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

/// Quantises rows: a first pass finds the range, a second rounds.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
unsafe fn encode(weights: &Weights, x: &[f32], rows: &mut Rows) {
    let (inputs, stride) = (weights.inputs, weights.stride());
    let count = x.len() / inputs;
    rows.values.resize(count * stride);
    rows.steps.clear();
    for (x, values) in x.chunks_exact(inputs).zip(rows.values.chunks_exact_mut(stride)) {
        // SAFETY: every masked load and store stays inside `x`, `fraction`, `rounding` (all `inputs` long) or `values`
        // (`stride` long, at least `inputs`); masked lanes are not accessed. The copies' indices are below `inputs` and
        // their places below `extended <= stride`.
        unsafe {
            let mut low = _mm512_set1_ps(f32::INFINITY);
            let mut high = _mm512_set1_ps(f32::NEG_INFINITY);
            for start in (0..inputs).step_by(16) {
                let mask = lanes(inputs, start);
                let value = _mm512_mul_ps(
                    _mm512_maskz_loadu_ps(mask, x.as_ptr().add(start)),
                    _mm512_maskz_loadu_ps(mask, weights.fraction.as_ptr().add(start)),
                );
                low = _mm512_mask_min_ps(low, mask, low, value);
                high = _mm512_mask_max_ps(high, mask, high, value);
            }
            let (low, high) = (_mm512_reduce_min_ps(low), _mm512_reduce_max_ps(high));
            let step = (high - low) / ROW_LIMIT;
            let inverse = if step > 0.0 { 1.0 / step } else { 0.0 };
            rows.steps.push([step, low]);
            let (lows, inverses) = (_mm512_set1_ps(low), _mm512_set1_ps(inverse));
            for start in (0..inputs).step_by(16) {
                let mask = lanes(inputs, start);
                let fraction = _mm512_maskz_loadu_ps(mask, weights.fraction.as_ptr().add(start));
                let value = _mm512_maskz_loadu_ps(mask, x.as_ptr().add(start));
                let above = _mm512_fmsub_ps(value, fraction, lows);
                let rounding = _mm512_maskz_loadu_ps(mask, weights.rounding.as_ptr().add(start));
                let quantised = _mm512_cvttps_epi32(_mm512_fmadd_ps(above, inverses, rounding));
                let positive = _mm512_max_epi32(quantised, _mm512_setzero_si512());
                _mm512_mask_cvtusepi32_storeu_epi8(values.as_mut_ptr().add(start).cast(), mask, positive);
            }
            for ((input, rounding), place) in weights.copies.iter().zip(inputs..) {
                let above = x.get_unchecked(*input).mul_add(*weights.fraction.get_unchecked(*input), -low);
                *values.get_unchecked_mut(place) = above.mul_add(inverse, *rounding) as u8; // saturates at 0 and 255
            }
            // The weights beyond the last copy are zeros, but old bytes there must not be read as undefined: they are
            // initialised, whatever they are, and their products vanish.
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
unsafe fn product(weights: &Weights, rows: &Rows, out: &mut [f32]) {
    let outputs = weights.outputs;
    let count = out.len() / outputs;
    assert!(count <= rows.steps.len() && rows.values.len() >= count * weights.stride());
    for panel in 0..outputs.div_ceil(PANEL) {
        let mut row = 0;
        // SAFETY: rows `row..row + height` lie below `count`, which the assertion ties to the buffers' lengths; the
        // panel lies inside the packed weights, which are whole panels.
        unsafe {
            while count - row >= TILE {
                tile::<TILE>(weights, rows, panel, row, out);
                row += TILE;
            }
            match count - row {
                0 => {}
                1 => tile::<1>(weights, rows, panel, row, out),
                2 => tile::<2>(weights, rows, panel, row, out),
                3 => tile::<3>(weights, rows, panel, row, out),
                4 => tile::<4>(weights, rows, panel, row, out),
                _ => tile::<5>(weights, rows, panel, row, out),
            }
        }
    }
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
                _mm512_mask_storeu_ps(out.as_mut_ptr().add((first + row) * outputs + place), mask, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::class::KernelClass;
    use super::super::kernel::tests;
    use super::*;

    /// Half a step of the row against every weight, and half a step of the weights against every input.
    fn bound(inputs: usize, x: f32, w: f32) -> f32 {
        inputs as f32 * (0.5 * 2.0 * x / ROW_LIMIT * w + 0.5 * w / 127.0 * x) + 1e-4
    }

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
    fn bfloat16_attention_stays_within_its_rounding() {
        if KernelClass::Avx512VnniBf16.is_available() {
            // SAFETY: the class was just found available.
            unsafe { tests::attention_is_close::<Vnni<true>>(0.05) };
        }
    }
}
