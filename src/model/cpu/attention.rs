//! Self-attention of one window in single precision, for every class without a faster form of its own.
//!
//! Keys are transposed per head so that a row of scores is a sum of scaled vectors; the softmax is divided out after
//! the weighted sum of the values, once per output instead of once per weight.

use super::aligned::Aligned;
use super::kernel::Heads;
use super::rows::{LANES, Rounding, exponentials, fma};

/// Queries computed together.
const TILE: usize = 4;

/// Buffers of one worker, grown to the longest window seen.
#[derive(Default)]
pub(super) struct Scratch {
    /// Transposed keys of one head, `(size, padded tokens)`.
    pub(super) keys: Aligned<f32>,
    /// Scores of a tile of queries, each padded tokens wide.
    pub(super) scores: Aligned<f32>,
    /// Packed pairs, for classes that use them.
    pub(super) pairs: [Aligned<u32>; 4],
}

/// `qkv (tokens, 3 * hidden)` to `context (tokens, hidden)`.
#[inline(always)]
pub(super) fn attention<F: Rounding>(qkv: &[f32], heads: Heads, scratch: &mut Scratch, context: &mut [f32]) {
    let hidden = heads.hidden();
    let tokens = qkv.len() / (3 * hidden);
    let padded = tokens.next_multiple_of(LANES);
    scratch.keys.resize(heads.size * padded);
    scratch.scores.resize(TILE * padded);
    for head in 0..heads.count {
        let of = |part: usize, token: usize| &qkv[(token * 3 + part) * hidden + head * heads.size..][..heads.size];
        scratch.keys.fill(0.0);
        for token in 0..tokens {
            for (dimension, value) in of(1, token).iter().enumerate() {
                scratch.keys[dimension * padded + token] = *value;
            }
        }
        let own = Own { qkv, heads, head, tokens, padded };
        let mut first = 0;
        while tokens - first >= TILE {
            tile::<F, TILE>(&own, first, scratch, context);
            first += TILE;
        }
        for first in first..tokens {
            tile::<F, 1>(&own, first, scratch, context);
        }
    }
}

/// What a tile of queries needs to know of its window and head.
struct Own<'a> {
    qkv: &'a [f32],
    heads: Heads,
    head: usize,
    tokens: usize,
    padded: usize,
}

impl Own<'_> {
    /// Query (part 0), key (1) or value (2) of a token.
    #[inline(always)]
    fn of(&self, part: usize, token: usize) -> &[f32] {
        &self.qkv[(token * 3 + part) * self.heads.hidden() + self.head * self.heads.size..][..self.heads.size]
    }
}

/// Contexts of `HEIGHT` queries from `first`.
#[inline(always)]
fn tile<F: Rounding, const HEIGHT: usize>(own: &Own<'_>, first: usize, scratch: &mut Scratch, context: &mut [f32]) {
    let Own { heads, padded, tokens, .. } = *own;
    let queries: [&[f32]; HEIGHT] = std::array::from_fn(|row| own.of(0, first + row));
    for block in (0..padded).step_by(LANES) {
        let mut sums = [[0.0f32; LANES]; HEIGHT];
        for (dimension, keys) in scratch.keys.chunks_exact(padded).enumerate() {
            let keys = &keys[block..][..LANES];
            for row in 0..HEIGHT {
                let value = queries[row][dimension];
                for lane in 0..LANES {
                    sums[row][lane] = fma::<F>(value, keys[lane], sums[row][lane]);
                }
            }
        }
        for row in 0..HEIGHT {
            scratch.scores[row * padded + block..][..LANES].copy_from_slice(&sums[row]);
        }
    }
    let scale = 1.0 / (heads.size as f32).sqrt();
    let mut inverse = [0.0; HEIGHT];
    for row in 0..HEIGHT {
        inverse[row] = 1.0 / exponentials::<F>(&mut scratch.scores[row * padded..][..padded], tokens, scale);
    }
    let weights: [&[f32]; HEIGHT] = std::array::from_fn(|row| &scratch.scores[row * padded..][..tokens]);
    let whole = heads.size / LANES * LANES;
    for start in (0..whole).step_by(LANES) {
        let mut sums = [[0.0f32; LANES]; HEIGHT];
        for other in 0..tokens {
            let values = &own.of(2, other)[start..][..LANES];
            for row in 0..HEIGHT {
                let weight = weights[row][other];
                for lane in 0..LANES {
                    sums[row][lane] = fma::<F>(weight, values[lane], sums[row][lane]);
                }
            }
        }
        for row in 0..HEIGHT {
            let out = &mut context[(first + row) * heads.hidden() + own.head * heads.size + start..][..LANES];
            for lane in 0..LANES {
                out[lane] = sums[row][lane] * inverse[row];
            }
        }
    }
    for dimension in whole..heads.size {
        for row in 0..HEIGHT {
            let sum =
                (0..tokens).fold(0.0, |sum, other| fma::<F>(weights[row][other], own.of(2, other)[dimension], sum));
            context[(first + row) * heads.hidden() + own.head * heads.size + dimension] = sum * inverse[row];
        }
    }
}
