//! Dense layers for the tiles: weights in tiles of sixteen outputs by 64 inputs, packed once.
//!
//! Quantised as in [`super::super::int8`], with one difference: since inputs are padded to whole tiles, there is room
//! for every copy of a split input behind the others. The input's own place then has weight zero, and whatever byte
//! stands there adds nothing.

use super::super::aligned::Aligned;
use super::super::int8::{quantise_weight, split, weight_scale};
use super::super::kernel::Dense;
use super::tile::TILE_BYTES;

/// Outputs of two tiles, which are multiplied together.
pub(super) const PANEL: usize = 32;

/// Inputs of a tile.
pub(super) const DEPTH: usize = 64;

/// Inputs whose bytes stand together.
pub(super) const QUAD: usize = 4;

/// A packed layer.
pub(super) struct Weights {
    /// `(panel, step, half of the panel, output, input)`: at each step two tiles, one after the other.
    pub(super) tiles: Aligned<i8>,
    /// Scale, `scale * Σ p` and bias of each output, padded to whole panels; see [`super::super::int8`].
    pub(super) outputs_scales: Vec<[f32; 3]>,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// Tiles along the inputs.
    pub(super) steps: usize,
    /// One over the number of copies of each input.
    pub(super) fraction: Vec<f32>,
    /// Copies: which input, its fraction, and what is added before rounding down. Whole quads, from the first place
    /// after the inputs that is a multiple of [`QUAD`].
    pub(super) copies: Vec<Copy>,
}

/// A column that holds a part of a split input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Copy {
    pub(super) input: usize,
    pub(super) fraction: f32,
    pub(super) rounding: f32,
}

/// Where an output goes, and what it is multiplied with; for layers whose outputs are padded or scaled.
pub(super) type Place<'a> = &'a dyn Fn(usize) -> (usize, f32);

impl Weights {
    /// Bytes of the rows of one block of tokens.
    pub(super) fn block_bytes(&self) -> usize {
        self.steps * TILE_BYTES
    }

    /// Packs a layer as it is.
    pub(super) fn pack(dense: &Dense) -> Self {
        Self::pack_placed(dense, dense.outputs, &|output| (output, 1.0))
    }

    /// Packs a layer of `outputs` outputs, of which `place` says where each of the given ones goes.
    pub(super) fn pack_placed(dense: &Dense, outputs: usize, place: Place<'_>) -> Self {
        let inputs = dense.inputs;
        let first_copy = inputs.next_multiple_of(QUAD);
        let counts = fitting(&dense.input_peaks, inputs);
        let copies: Vec<(usize, u16)> = (0..inputs)
            .filter(|input| counts[*input] > 1)
            .flat_map(|input| (0..counts[input]).map(move |copy| (input, copy)))
            .collect();
        let steps = (first_copy + copies.len()).div_ceil(DEPTH);
        let padded = outputs.next_multiple_of(PANEL);
        let mut tiles = Aligned::<i8>::zeros(padded * steps * DEPTH);
        let mut outputs_scales = vec![[0.0f32; 3]; padded];
        for (output, row) in dense.weight.chunks_exact(inputs).enumerate() {
            let (own, factor) = place(output);
            let scale = weight_scale(row);
            let mut sum = 0i32;
            let mut put = |column: usize, value: i8| {
                sum += i32::from(value);
                let tile = (own / PANEL * steps + column / DEPTH) * 2 + own % PANEL / 16;
                tiles[tile * TILE_BYTES + own % 16 * DEPTH + column % DEPTH] = value;
            };
            for (input, weight) in row.iter().enumerate().filter(|(input, _)| counts[*input] == 1) {
                put(input, quantise_weight(*weight, scale, 0, 1));
            }
            for (index, (input, copy)) in copies.iter().enumerate() {
                put(first_copy + index, quantise_weight(row[*input], scale, *copy, counts[*input]));
            }
            outputs_scales[own] = [scale * factor, scale * factor * sum as f32, dense.bias[output] * factor];
        }
        let fraction: Vec<f32> = counts.iter().map(|count| 1.0 / f32::from(*count)).collect();
        let mut copies: Vec<Copy> = copies
            .into_iter()
            .map(|(input, copy)| Copy {
                input,
                fraction: fraction[input],
                rounding: (f32::from(copy) + 0.5) * fraction[input],
            })
            .collect();
        // Copies beyond the last have weight zero.
        copies.resize(copies.len().next_multiple_of(QUAD), Copy { input: 0, fraction: 0.0, rounding: 0.5 });
        Self { tiles, outputs_scales, inputs, outputs, steps, fraction, copies }
    }
}

/// Copies of each input: as many as fill the tiles that the inputs need, or one more tile if they already fill theirs.
fn fitting(peaks: &[f32], inputs: usize) -> Vec<u16> {
    let first_copy = inputs.next_multiple_of(QUAD);
    let room = match first_copy.next_multiple_of(DEPTH) - first_copy {
        0..16 => first_copy.next_multiple_of(DEPTH) - first_copy + DEPTH,
        enough => enough,
    };
    // An input split once takes two places, its own being left empty; every further copy one.
    let places =
        |counts: &[u16]| counts.iter().filter(|count| **count > 1).map(|count| usize::from(*count)).sum::<usize>();
    let (mut low, mut high) = (0, room);
    while low < high {
        let extra = (low + high).div_ceil(2);
        if places(&split(peaks, inputs, extra)) <= room {
            low = extra;
        } else {
            high = extra - 1;
        }
    }
    split(peaks, inputs, low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_fill_the_last_tile_and_no_more() {
        for inputs in [1usize, 7, 32, 40, 63, 64, 312, 384, 1536] {
            let peaks: Vec<f32> = (0..inputs).map(|input| 1.0 + (input * 7919 % 97) as f32 / 10.0).collect();
            let dense =
                Dense { weight: vec![1.0; 3 * inputs], bias: vec![0.0; 3], inputs, outputs: 3, input_peaks: peaks };
            let packed = Weights::pack(&dense);
            assert!(packed.copies.len() > 3, "{inputs} inputs");
            assert!(inputs.next_multiple_of(QUAD) + packed.copies.len() <= packed.steps * DEPTH, "{inputs} inputs");
            assert!(packed.steps <= inputs.div_ceil(DEPTH) + 1);
            let unsplit = Weights::pack(&Dense { input_peaks: Vec::new(), ..dense });
            assert_eq!((unsplit.copies.len(), unsplit.steps), (0, inputs.div_ceil(DEPTH)));
        }
    }
}
