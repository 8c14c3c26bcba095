//! What becomes of a product's results while the next block is multiplied: queries, keys and values in bfloat16, sums
//! with the states, activations.

use std::arch::x86_64::*;

use super::super::aligned::Aligned;
use super::super::rows::{Fused, LANES, activate};
use super::super::vnni::gelu;
use super::product::Finish;
use super::rows::Range;
use super::weights::QUAD;
use crate::model::bert::Activation;

/// Queries, keys and values of a group, in bfloat16, tokens side by side.
#[derive(Default)]
pub(super) struct Projected {
    /// `(queries then keys, pair of dimensions, token)`.
    pub(super) pairs: Aligned<u32>,
    /// `(dimension, token)`.
    pub(super) values: Aligned<u16>,
    /// Tokens from one row to the next.
    pub(super) stride: usize,
    /// Padded dimensions of all heads together.
    pub(super) width: usize,
}

impl Projected {
    /// Makes room for `blocks` blocks of tokens and the tiles that reach beyond the last one.
    pub(super) fn resize(&mut self, blocks: usize, width: usize) {
        // An odd number of lines between rows spreads them over the sets of the cache.
        let lines = (blocks + 2) | 1;
        (self.stride, self.width) = (lines * LANES, width);
        self.pairs.resize(width * self.stride);
        self.values.resize(width * self.stride);
    }
}

impl Finish for &mut Projected {
    #[inline(always)]
    unsafe fn take(&mut self, output: usize, block: usize, values: [__m512; QUAD]) {
        let token = block * LANES;
        // SAFETY: `output` is below `3 * width`, a multiple of the panel, and the block below those made room for.
        unsafe {
            if output < 2 * self.width {
                let pairs = self.pairs.as_mut_ptr().add(output / 2 * self.stride + token);
                for pair in 0..QUAD / 2 {
                    let both = interleave(values[2 * pair], values[2 * pair + 1]);
                    _mm512_storeu_si512(pairs.add(pair * self.stride).cast(), both);
                }
            } else {
                let row = self.values.as_mut_ptr().add((output - 2 * self.width) * self.stride + token);
                for index in 0..QUAD {
                    let half = _mm512_cvtneps_pbh(values[index]);
                    row.add(index * self.stride).cast::<__m256bh>().write_unaligned(half);
                }
            }
        }
    }
}

/// Two vectors as pairs of bfloat16, the first in the lower half.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub(super) fn interleave(low: __m512, high: __m512) -> __m512i {
    const ORDER: [u16; 32] = {
        let mut order = [0; 32];
        let mut lane = 0;
        while lane < 16 {
            order[2 * lane] = lane as u16;
            order[2 * lane + 1] = lane as u16 + 16;
            lane += 1;
        }
        order
    };
    // SAFETY: both are 512 bits of plain numbers.
    unsafe {
        let halves = std::mem::transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(high, low));
        _mm512_permutexvar_epi16(std::mem::transmute::<[u16; 32], __m512i>(ORDER), halves)
    }
}

/// Adds the results to the states, `(block, feature, token)`.
pub(super) struct Residual<'a> {
    pub(super) states: &'a mut [f32],
    /// Features of a token.
    pub(super) width: usize,
    /// Vectors from one block to the next.
    pub(super) padded: usize,
}

impl Finish for Residual<'_> {
    #[inline(always)]
    unsafe fn take(&mut self, output: usize, block: usize, values: [__m512; QUAD]) {
        let place = (block * self.padded + output) * LANES;
        for index in 0..QUAD.min(self.width.saturating_sub(output)) {
            // SAFETY: outputs below `width <= padded` have a vector in each block.
            unsafe {
                let state = self.states.as_mut_ptr().add(place + index * LANES);
                _mm512_store_ps(state, _mm512_add_ps(_mm512_load_ps(state), values[index]));
            }
        }
    }
}

/// Stores the activations, `(block, feature, token)`, and keeps their ranges.
pub(super) struct Activated<'a, const GELU: bool> {
    pub(super) activation: Activation,
    pub(super) inner: &'a mut [f32],
    pub(super) ranges: &'a mut [Range],
    /// One for each feature.
    pub(super) fraction: &'a [f32],
}

impl<const GELU: bool> Finish for Activated<'_, GELU> {
    #[inline(always)]
    unsafe fn take(&mut self, output: usize, block: usize, mut values: [__m512; QUAD]) {
        let width = self.fraction.len();
        // SAFETY: blocks have a range each and `width` vectors; outputs beyond are skipped.
        unsafe {
            let range = self.ranges.get_unchecked_mut(block);
            let mut own = *range;
            for index in 0..QUAD {
                if GELU {
                    values[index] = gelu(values[index]);
                } else {
                    let mut lanes = [0.0f32; LANES];
                    _mm512_storeu_ps(lanes.as_mut_ptr(), values[index]);
                    activate::<Fused>(self.activation, &mut lanes);
                    values[index] = _mm512_loadu_ps(lanes.as_ptr());
                }
            }
            let out = self.inner.as_mut_ptr().wrapping_add((block * width + output) * LANES);
            if output + QUAD <= width {
                for index in 0..QUAD {
                    let fraction = *self.fraction.get_unchecked(output + index);
                    _mm512_store_ps(out.add(index * LANES), values[index]);
                    own.include(_mm512_mul_ps(values[index], _mm512_set1_ps(fraction)));
                }
            } else {
                for index in 0..width.saturating_sub(output) {
                    _mm512_store_ps(out.add(index * LANES), values[index]);
                    own.include(_mm512_mul_ps(values[index], _mm512_set1_ps(self.fraction[output + index])));
                }
            }
            *range = own;
        }
    }
}
