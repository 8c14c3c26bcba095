//! Self-attention of one window on tiles of bfloat16.
//!
//! Keys are the rows and sixteen queries the columns of a tile of scores, so that the softmax runs down the lanes: no
//! maximum or sum across a vector, and no work for keys that do not exist. Queries and values are read where the
//! projection left them; only the keys of a head are transposed, once per window.

use std::arch::x86_64::*;

use super::super::aligned::Aligned;
use super::super::kernel::Heads;
use super::super::rows::LANES;
use super::super::vnni::lanes;
use super::finish::{Projected, interleave};
use super::rows::transpose;
use super::tile;

/// Dimensions in a tile of keys or queries: sixteen pairs.
pub(super) const DIMENSIONS: usize = 32;

/// Words of a tile.
const TILE_WORDS: usize = tile::TILE_BYTES / 4;

/// Buffers of one worker, grown to the longest window seen.
#[derive(Default)]
pub(super) struct Scratch {
    /// Keys of one head, `(32 dimensions, tile of keys, key, pair of dimensions)`.
    keys: Aligned<u32>,
    /// `(key, query)`.
    scores: Aligned<f32>,
    /// `(pair of keys, query)`, whole tiles.
    weights: Aligned<u32>,
    /// A tile or two of results, `(dimension, query)`.
    context: Aligned<f32>,
}

/// Padded width of a head.
pub(super) fn head_width(heads: Heads) -> usize {
    heads.size.next_multiple_of(DIMENSIONS)
}

/// Contexts of the window of `tokens` tokens from `first`: `(feature, token)`, rows as far apart as those of
/// `projected`. Scores are in `projected` already divided by the root of the head's size, as powers of two.
///
/// # Safety
/// This thread has a [`tile::Session`]; `projected` and `context` have room for the window and 32 tokens more.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma")]
pub(super) unsafe fn attention(
    projected: &Projected,
    heads: Heads,
    first: usize,
    tokens: usize,
    scratch: &mut Scratch,
    context: &mut [f32],
) {
    let wide = head_width(heads);
    let tiles = tokens.div_ceil(LANES);
    let stride = projected.stride;
    let parts = wide / DIMENSIONS;
    scratch.keys.resize(parts * tiles * TILE_WORDS);
    scratch.scores.resize(tiles * TILE_WORDS);
    scratch.weights.resize(tiles.div_ceil(2) * TILE_WORDS);
    scratch.context.resize(2 * TILE_WORDS);
    assert!(first + tokens + 2 * LANES <= stride && context.len() >= heads.hidden() * stride);
    for head in 0..heads.count {
        // SAFETY: the pairs of a head's queries are `wide / 2` rows, its keys follow `width / 2` rows after, its values
        // are `wide` rows; rows are `stride` long, and tiles start at a token of the window, so that they end within 32
        // tokens of its end.
        unsafe {
            let queries = projected.pairs.as_ptr().add(head * wide / 2 * stride + first);
            let keys = queries.add(projected.width / 2 * stride);
            let values = projected.values.as_ptr().add(head * wide * stride + first);
            for part in 0..parts {
                for tile in 0..tiles {
                    let from = keys.add(part * DIMENSIONS / 2 * stride + tile * LANES);
                    let to = scratch.keys.as_mut_ptr().add((part * tiles + tile) * TILE_WORDS);
                    transpose(from, stride, to, LANES);
                }
            }
            for query in (0..tokens).step_by(LANES) {
                let mut tile = 0;
                while tile < tiles {
                    let own = (tiles - tile).min(4);
                    let keys = scratch.keys.as_ptr().add(tile * TILE_WORDS);
                    let scores = scratch.scores.as_mut_ptr().add(tile * TILE_WORDS);
                    let head = Head { queries: queries.add(query), stride, keys, tiles, parts };
                    match own {
                        1 => head.scores::<1>(scores),
                        2 => head.scores::<2>(scores),
                        3 => head.scores::<3>(scores),
                        _ => head.scores::<4>(scores),
                    }
                    tile += own;
                }
                let inverse = softmax(&mut scratch.scores, &mut scratch.weights, tokens);
                let mask = lanes(tokens, query);
                for dimension in (0..wide).step_by(DIMENSIONS) {
                    tile::clear();
                    for pair in 0..tiles.div_ceil(2) {
                        let values = values.add(dimension * stride + pair * 2 * LANES);
                        tile::weigh(values, 2 * stride, scratch.weights.as_ptr().add(pair * TILE_WORDS));
                    }
                    tile::store::<2>(scratch.context.as_mut_ptr().cast());
                    let row = head * heads.size + dimension;
                    let out = context.as_mut_ptr().add(row * stride + first + query);
                    for row in 0..DIMENSIONS.min(heads.size - dimension) {
                        let value = _mm512_load_ps(scratch.context.as_ptr().add(row * LANES));
                        _mm512_mask_storeu_ps(out.add(row * stride), mask, _mm512_mul_ps(value, inverse));
                    }
                }
            }
        }
    }
}

/// Sixteen queries and some tiles of keys.
struct Head {
    queries: *const u32,
    stride: usize,
    keys: *const u32,
    /// Tiles of keys of the window.
    tiles: usize,
    /// Tiles along the dimensions.
    parts: usize,
}

impl Head {
    /// Scores of `COUNT` tiles of keys.
    #[inline(always)]
    unsafe fn scores<const COUNT: usize>(&self, scores: *mut f32) {
        // SAFETY: the caller made the tiles.
        unsafe {
            tile::clear();
            for part in 0..self.parts {
                let queries = self.queries.add(part * DIMENSIONS / 2 * self.stride);
                tile::score::<COUNT>(queries, 4 * self.stride, self.keys.add(part * self.tiles * TILE_WORDS));
            }
            tile::store::<COUNT>(scores.cast());
        }
    }
}

/// Scores of `tokens` keys to weights, as pairs of keys in bfloat16 and not yet divided by their sum, whose inverse is
/// returned. Keys beyond the last get weight 0, up to a whole tile.
///
/// # Safety
/// Both buffers hold whole tiles for `tokens` keys.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn softmax(scores: &mut Aligned<f32>, weights: &mut Aligned<u32>, tokens: usize) -> __m512 {
    // SAFETY: rows of scores are below `tokens`, pairs of weights below half of it or half of whole tiles.
    unsafe {
        let (scores, weights) = (scores.as_mut_ptr(), weights.as_mut_ptr());
        let load = |key: usize| _mm512_load_ps(scores.add(key * LANES));
        let mut peaks = [load(0), load(tokens - 1)];
        for pair in 0..tokens / 2 {
            peaks[0] = _mm512_max_ps(peaks[0], load(2 * pair));
            peaks[1] = _mm512_max_ps(peaks[1], load(2 * pair + 1));
        }
        let peak = _mm512_max_ps(peaks[0], peaks[1]);
        let mut sums = [_mm512_setzero_ps(); 2];
        for pair in 0..tokens / 2 {
            let low = power(_mm512_sub_ps(load(2 * pair), peak));
            let high = power(_mm512_sub_ps(load(2 * pair + 1), peak));
            sums = [_mm512_add_ps(sums[0], low), _mm512_add_ps(sums[1], high)];
            _mm512_store_si512(weights.add(pair * LANES).cast(), interleave(low, high));
        }
        let mut done = tokens / 2;
        if tokens % 2 == 1 {
            let last = power(_mm512_sub_ps(load(tokens - 1), peak));
            sums[0] = _mm512_add_ps(sums[0], last);
            _mm512_store_si512(weights.add(done * LANES).cast(), interleave(last, _mm512_setzero_ps()));
            done += 1;
        }
        for pair in done..done.next_multiple_of(LANES) {
            _mm512_store_si512(weights.add(pair * LANES).cast(), _mm512_setzero_si512());
        }
        _mm512_div_ps(_mm512_set1_ps(1.0), _mm512_add_ps(sums[0], sums[1]))
    }
}

/// Two to the power of a number that is at most 0, within a twentieth of the rounding to bfloat16.
#[inline]
#[target_feature(enable = "avx512f")]
fn power(x: __m512) -> __m512 {
    // `2^f` for `f` within ± 1/2, a minimax fit of relative error 8e-5.
    const FIT: [f32; 4] = [0.999_928_06, 0.693_260_97, 0.242_611_13, 0.055_171_67];
    let whole = _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x);
    let part = _mm512_sub_ps(x, whole);
    let mut sum = _mm512_set1_ps(FIT[3]);
    for index in (0..3).rev() {
        sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(FIT[index]));
    }
    // Far below, this gives 0.
    _mm512_scalef_ps(sum, whole)
}

#[cfg(test)]
mod tests {
    use super::super::super::class::KernelClass;
    use super::super::super::kernel::tests::noise;
    use super::*;

    /// Attention of a window that lies between others, against plain double precision.
    #[test]
    fn attention_over_odd_shapes_stays_within_the_rounding_of_bfloat16() {
        if !KernelClass::AmxInt8.is_available() {
            return;
        }
        let mut scratch = Scratch::default();
        for (first, tokens, count, size) in [
            (0usize, 40usize, 3, 32usize),
            (3, 1, 1, 8),
            (17, 2, 5, 8),
            (1, 5, 3, 16),
            (40, 31, 2, 24),
            (5, 33, 2, 64),
            (2, 16, 1, 33),
            (9, 17, 12, 26),
            (0, 7, 12, 32),
            (11, 130, 2, 32),
        ] {
            let heads = Heads { count, size };
            let wide = head_width(heads);
            let all = first + tokens + 20;
            let mut projected = Projected::default();
            projected.resize(all.div_ceil(LANES), count * wide);
            let (stride, width) = (projected.stride, projected.width);
            let x: Vec<f32> = noise(3 * count * size * all, tokens as u64).iter().map(|value| value * 2.0).collect();
            let at = |part: usize, head: usize, dimension: usize, token: usize| {
                x[((part * count + head) * size + dimension) * all + token]
            };
            let factor = std::f32::consts::LOG2_E / (size as f32).sqrt();
            for head in 0..count {
                for dimension in 0..size {
                    for token in 0..all {
                        let bits = |value: f32| half::bf16::from_f32(value).to_bits();
                        for part in 0..2 {
                            let value = at(part, head, dimension, token) * if part == 0 { factor } else { 1.0 };
                            let row = part * width / 2 + (head * wide + dimension) / 2;
                            projected.pairs[row * stride + token] |= u32::from(bits(value)) << (dimension % 2 * 16);
                        }
                        projected.values[(head * wide + dimension) * stride + token] =
                            bits(at(2, head, dimension, token));
                    }
                }
            }
            let mut context = vec![f32::NAN; count * size * stride];
            // SAFETY: the class was just found available.
            unsafe {
                let _session = tile::Session::start();
                attention(&projected, heads, first, tokens, &mut scratch, &mut context);
            }
            for head in 0..count {
                for query in 0..tokens {
                    let scores: Vec<f64> = (0..tokens)
                        .map(|key| {
                            let product =
                                |d| f64::from(at(0, head, d, first + query)) * f64::from(at(1, head, d, first + key));
                            ((0..size).map(product).sum::<f64>() / (size as f64).sqrt()).exp()
                        })
                        .collect();
                    let total: f64 = scores.iter().sum();
                    for dimension in 0..size {
                        let exact: f64 = (0..tokens)
                            .map(|key| scores[key] / total * f64::from(at(2, head, dimension, first + key)))
                            .sum();
                        let ours = context[(head * size + dimension) * stride + first + query];
                        let error = (f64::from(ours) - exact).abs();
                        assert!(error <= 0.05, "{tokens} tokens from {first}, {heads:?}: off by {error}");
                    }
                }
            }
            let untouched = (0..count * size).all(|row| {
                let row = &context[row * stride..][..stride];
                row[..first].iter().chain(&row[first + tokens..]).all(|value| value.is_nan())
            });
            assert!(untouched, "{tokens} tokens from {first}: wrote outside the window");
        }
    }
}
