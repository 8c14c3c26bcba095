//! Self-attention of one window in single precision, for every class without a faster form of its own.
//!
//! Keys are transposed per head so that a row of scores is a sum of scaled vectors; the softmax is divided out after
//! the weighted sum of the values, once per output instead of once per weight.

use super::aligned::Aligned;
use super::kernel::Heads;
use super::rows::{LANES, Rounding, exponentials, fma};

/// Buffers of one worker, grown to the longest window seen.
#[derive(Default)]
pub(super) struct Scratch {
    /// Transposed keys of one head, `(size, padded tokens)`.
    pub(super) keys: Aligned<f32>,
    /// Scores of one query, padded tokens wide.
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
    let scale = 1.0 / (heads.size as f32).sqrt();
    scratch.keys.resize(heads.size * padded);
    scratch.scores.resize(padded);
    for head in 0..heads.count {
        let of = |part: usize, token: usize| &qkv[(token * 3 + part) * hidden + head * heads.size..][..heads.size];
        scratch.keys.fill(0.0);
        for token in 0..tokens {
            for (dimension, value) in of(1, token).iter().enumerate() {
                scratch.keys[dimension * padded + token] = *value;
            }
        }
        for token in 0..tokens {
            let query = of(0, token);
            for block in 0..padded / LANES {
                let mut sums = [0.0f32; LANES];
                for (dimension, value) in query.iter().enumerate() {
                    let keys = &scratch.keys[dimension * padded + block * LANES..][..LANES];
                    for lane in 0..LANES {
                        sums[lane] = fma::<F>(*value, keys[lane], sums[lane]);
                    }
                }
                scratch.scores[block * LANES..][..LANES].copy_from_slice(&sums);
            }
            let weights = &mut scratch.scores[..tokens];
            let inverse = 1.0 / exponentials::<F>(weights, scale);
            let out = &mut context[token * hidden + head * heads.size..][..heads.size];
            let mut start = 0;
            while start < heads.size {
                let width = LANES.min(heads.size - start);
                let mut sums = [0.0f32; LANES];
                if width == LANES {
                    for (other, weight) in weights.iter().enumerate() {
                        let values = &of(2, other)[start..][..LANES];
                        for lane in 0..LANES {
                            sums[lane] = fma::<F>(*weight, values[lane], sums[lane]);
                        }
                    }
                } else {
                    for (other, weight) in weights.iter().enumerate() {
                        for (sum, value) in sums.iter_mut().zip(&of(2, other)[start..]) {
                            *sum = fma::<F>(*weight, *value, *sum);
                        }
                    }
                }
                for (out, sum) in out[start..][..width].iter_mut().zip(&sums) {
                    *out = sum * inverse;
                }
                start += width;
            }
        }
    }
}
