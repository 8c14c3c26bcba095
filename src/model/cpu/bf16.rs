//! The AVX-512 BF16 class: bfloat16 products (`vdpbf16ps`), the nearest to full precision of the fast classes.
//!
//! Rows and weights are rounded to bfloat16 in pairs of inputs; sums stay in single precision.

use std::arch::x86_64::*;

use super::aligned::Aligned;
use super::attention::Scratch;
use super::kernel::{Dense, Heads, Kernel, tiles};
use super::pairs::{self, broadcast, load};
use super::rows::Fused;
use super::vnni::lanes;

/// The class.
pub(super) struct Bf16;

/// Outputs in a panel: four vectors of sixteen sums.
const PANEL: usize = 64;

/// Vectors of a panel.
const VECTORS: usize = PANEL / 16;

/// A packed layer.
pub(super) struct Weights {
    /// `(panel, pair of inputs, output in the panel)`, padded with zeros.
    panels: Aligned<u32>,
    /// Per output, padded to whole panels.
    bias: Aligned<f32>,
    inputs: usize,
    outputs: usize,
    /// Pairs of inputs, rounded up to whole vectors of inputs.
    pairs: usize,
}

// SAFETY: the instructions used are those of the class name, see `KernelClass::is_available`.
unsafe impl Kernel for Bf16 {
    type Rounding = Fused;
    type Weights = Weights;
    type Rows = Aligned<u32>;

    fn pack(dense: &Dense) -> Weights {
        let pairs = dense.inputs.next_multiple_of(16) / 2;
        let padded = dense.outputs.next_multiple_of(PANEL);
        let mut panels = Aligned::<u32>::zeros(padded * pairs);
        let mut bias = Aligned::<f32>::zeros(padded);
        bias[..dense.outputs].copy_from_slice(&dense.bias);
        for (output, row) in dense.weight.chunks_exact(dense.inputs).enumerate() {
            let panel = &mut panels[output / PANEL * PANEL * pairs..];
            for (input, weight) in row.iter().enumerate() {
                let bits = u32::from(half::bf16::from_f32(*weight).to_bits());
                panel[input / 2 * PANEL + output % PANEL] |= bits << (input % 2 * 16);
            }
        }
        Weights { panels, bias, inputs: dense.inputs, outputs: dense.outputs, pairs }
    }

    #[inline(always)]
    unsafe fn encode(weights: &Weights, x: &[f32], rows: &mut Aligned<u32>) {
        let (inputs, count) = (weights.inputs, x.len() / weights.inputs);
        rows.resize(count * weights.pairs);
        // SAFETY: the caller vouches for the class; there are `count` rows of `inputs` numbers, end to end, and as many
        // of `pairs` words.
        unsafe { pairs::round_rows(x, inputs, inputs, count, 2 * weights.pairs, rows) }
    }

    #[inline(always)]
    unsafe fn product(weights: &Weights, rows: &Aligned<u32>, out: &mut [f32]) {
        // SAFETY: the caller vouches for the class and for the shapes.
        unsafe { product(weights, rows, out) }
    }

    #[inline(always)]
    unsafe fn attention(qkv: &[f32], heads: Heads, scratch: &mut Scratch, context: &mut [f32]) {
        // SAFETY: the caller vouches for the class.
        unsafe { pairs::attention(qkv, heads, scratch, context) }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512bf16")]
unsafe fn product(weights: &Weights, rows: &[u32], out: &mut [f32]) {
    let outputs = weights.outputs;
    let count = out.len() / outputs;
    assert!(rows.len() >= count * weights.pairs);
    // SAFETY: every tile lies below `count` rows, which the assertion ties to the buffer's length; its panel lies
    // inside the packed weights, which are whole panels.
    unsafe { tiles!(tile, weights, rows, out, count, outputs.div_ceil(PANEL)) }
}

/// `HEIGHT` rows from `first` by one panel of outputs.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512bf16")]
unsafe fn tile<const HEIGHT: usize>(weights: &Weights, rows: &[u32], panel: usize, first: usize, out: &mut [f32]) {
    let Weights { pairs, outputs, .. } = *weights;
    // SAFETY: the caller guarantees that the panel and `HEIGHT` rows from `first` exist; both hold `pairs` pairs of
    // inputs. Bias is padded to whole panels; stores are masked to the outputs that exist.
    unsafe {
        let mut weight = weights.panels.as_ptr().add(panel * PANEL * pairs);
        let mut input = rows.as_ptr().add(first * pairs);
        let mut sums = [[_mm512_setzero_ps(); VECTORS]; HEIGHT];
        for _ in 0..pairs {
            let block: [__m512bh; VECTORS] = std::array::from_fn(|vector| load(weight.add(vector * 16)));
            for row in 0..HEIGHT {
                let pair = broadcast(input.add(row * pairs).read());
                for vector in 0..VECTORS {
                    sums[row][vector] = _mm512_dpbf16_ps(sums[row][vector], pair, block[vector]);
                }
            }
            weight = weight.add(PANEL);
            input = input.add(1);
        }
        for vector in 0..VECTORS {
            let place = panel * PANEL + vector * 16;
            let bias = _mm512_load_ps(weights.bias.as_ptr().add(place));
            for row in 0..HEIGHT {
                let value = _mm512_add_ps(sums[row][vector], bias);
                let out = out.as_mut_ptr().wrapping_add((first + row) * outputs + place);
                _mm512_mask_storeu_ps(out, lanes(outputs, place), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::class::KernelClass;
    use super::super::kernel::tests;
    use super::*;

    #[test]
    fn products_stay_within_the_rounding_of_bfloat16() {
        if KernelClass::Avx512Bf16.is_available() {
            let bound = |inputs: usize, x: f32, w: f32| inputs as f32 * x * w / 256.0 + 1e-5;
            // SAFETY: the class was just found available.
            unsafe {
                tests::products_are_close::<Bf16>(bound);
                tests::rows_without_range_are_exact::<Bf16>();
                tests::attention_is_close::<Bf16>(0.05);
            }
        }
    }
}
