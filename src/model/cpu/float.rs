//! The portable class: single precision, plain Rust. It runs everywhere, and it calibrates the quantised classes.
//!
//! Weights are packed into panels of [`LANES`] outputs, so that a tile of the product is a handful of vectors that stay
//! in registers while the inputs stream by.

use super::attention;
use super::kernel::{Dense, Heads, Kernel};
use super::rows::{LANES, Rounding, fma};

/// The portable class. With fused rounding it must be compiled into an entry point that enables fused multiply-add.
///
/// `TILE` rows are computed together: as many as leave the sums in registers.
pub(super) struct Float<F: Rounding, const TILE: usize>(std::marker::PhantomData<F>);

/// Panels of `LANES` outputs: `(panel, input, lane)`, padded with zeros.
pub(super) struct Weights {
    panels: Vec<f32>,
    bias: Vec<f32>,
    inputs: usize,
}

// SAFETY: plain Rust; `mul_add` is correct on every processor, only slow without hardware for it.
unsafe impl<F: Rounding, const TILE: usize> Kernel for Float<F, TILE> {
    type Rounding = F;
    type Weights = Weights;
    type Rows = Vec<f32>;

    fn pack(dense: &Dense) -> Weights {
        let panels = dense.outputs.div_ceil(LANES);
        let mut packed = vec![0.0; panels * dense.inputs * LANES];
        for (output, row) in dense.weight.chunks_exact(dense.inputs).enumerate() {
            let panel = &mut packed[output / LANES * dense.inputs * LANES..];
            for (input, value) in row.iter().enumerate() {
                panel[input * LANES + output % LANES] = *value;
            }
        }
        Weights { panels: packed, bias: dense.bias.clone(), inputs: dense.inputs }
    }

    #[inline(always)]
    unsafe fn encode(_weights: &Weights, x: &[f32], rows: &mut Vec<f32>) {
        rows.clear();
        rows.extend_from_slice(x);
    }

    #[inline(always)]
    unsafe fn product(weights: &Weights, rows: &Vec<f32>, out: &mut [f32]) {
        let (inputs, outputs) = (weights.inputs, weights.bias.len());
        for (index, panel) in weights.panels.chunks_exact(inputs * LANES).enumerate() {
            let first = index * LANES;
            let bias = &weights.bias[first..outputs.min(first + LANES)];
            let mut tiles = rows.chunks_exact(TILE * inputs);
            let mut outs = out.chunks_exact_mut(TILE * outputs);
            for (tile, out) in (&mut tiles).zip(&mut outs) {
                tile_product::<F, TILE>(tile, panel, bias, out, outputs, first);
            }
            for (row, out) in
                tiles.remainder().chunks_exact(inputs).zip(outs.into_remainder().chunks_exact_mut(outputs))
            {
                tile_product::<F, 1>(row, panel, bias, out, outputs, first);
            }
        }
    }

    #[inline(always)]
    unsafe fn attention(qkv: &[f32], heads: Heads, scratch: &mut attention::Scratch, context: &mut [f32]) {
        attention::attention::<F>(qkv, heads, scratch, context);
    }
}

/// `ROWS` rows by one panel. A row's sums run over the inputs in order, so tiles of any height give the same bits.
#[inline(always)]
fn tile_product<F: Rounding, const ROWS: usize>(
    rows: &[f32],
    panel: &[f32],
    bias: &[f32],
    out: &mut [f32],
    outputs: usize,
    first: usize,
) {
    let inputs = panel.len() / LANES;
    let mut sums = [[0.0f32; LANES]; ROWS];
    let rows: [&[f32]; ROWS] = std::array::from_fn(|row| &rows[row * inputs..][..inputs]);
    for (input, weights) in panel.as_chunks::<LANES>().0.iter().enumerate() {
        for row in 0..ROWS {
            // SAFETY: every row holds `inputs` numbers, as many as the panel has blocks of `LANES`.
            let value = unsafe { *rows[row].get_unchecked(input) };
            for lane in 0..LANES {
                sums[row][lane] = fma::<F>(value, weights[lane], sums[row][lane]);
            }
        }
    }
    for (row, sums) in sums.iter().enumerate() {
        for ((out, sum), bias) in out[row * outputs + first..].iter_mut().zip(sums).zip(bias) {
            *out = sum + bias;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::kernel::tests;
    use super::super::rows::{Fused, Separate};
    use super::*;

    #[test]
    fn products_and_attention_are_exact_to_rounding_in_both_roundings() {
        let bound = |inputs: usize, x: f32, w: f32| 1e-6 * inputs as f32 * x * w + 1e-6;
        // SAFETY: plain Rust.
        unsafe {
            tests::products_are_close::<Float<Separate, 2>>(bound);
            tests::products_are_close::<Float<Fused, 8>>(bound);
            tests::rows_without_range_are_exact::<Float<Separate, 2>>();
            tests::attention_is_close::<Float<Separate, 2>>(1e-5);
        }
    }
}
