//! Self-attention of one window with bfloat16 products (`vdpbf16ps`): two multiplications per lane and instruction.
//!
//! Queries, keys, values and weights are rounded to bfloat16 in pairs; sums, the softmax and its divisor stay in single
//! precision. Keys are laid out as `(pair of dimensions, token)`, values as `(pair of tokens, dimension)`.

use std::arch::x86_64::*;

use super::attention::Scratch;
use super::kernel::Heads;
use super::rows::LANES;
use super::vnni::lanes;

/// Rows of scores, or of outputs, computed together.
const TILE: usize = 4;

/// Two numbers as a pair of bfloat16, the first in the lower half.
#[target_feature(enable = "avx512f,avx512vl,avx512bf16")]
fn interleave(low: __m512, high: __m512) -> __m512i {
    // SAFETY: both are 256 bits of plain integers.
    let (low, high) = unsafe {
        (
            std::mem::transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(low)),
            std::mem::transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(high)),
        )
    };
    _mm512_or_si512(_mm512_cvtepu16_epi32(low), _mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(high)))
}

/// Everything that a tile of rows needs to know of its head.
struct Head<'a> {
    tokens: usize,
    /// Tokens rounded up to whole pairs of vectors; the width of a row of scores and of `keys`.
    padded: usize,
    /// Width of the head, and the same in whole vectors.
    size: usize,
    wide: usize,
    /// `(token, wide / 2)`.
    queries: &'a [u32],
    /// `(wide / 2, padded)`.
    keys: &'a [u32],
    /// `(padded / 2, wide)`.
    values: &'a [u32],
}

/// As [`super::attention::attention`], for processors with AVX-512 BF16.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma")]
pub(super) unsafe fn attention(qkv: &[f32], heads: Heads, scratch: &mut Scratch, context: &mut [f32]) {
    let (hidden, size) = (heads.hidden(), heads.size);
    let tokens = qkv.len() / (3 * hidden);
    let padded = tokens.next_multiple_of(2 * LANES);
    let wide = size.next_multiple_of(LANES);
    let Scratch { scores, pairs: [queries, keys, values, words], .. } = scratch;
    queries.resize(tokens * wide / 2);
    words.resize(tokens * wide / 2);
    keys.resize(wide / 2 * padded);
    values.resize(padded / 2 * wide);
    scores.resize(TILE * padded);
    keys.fill(0);
    for index in 0..heads.count {
        let part = |part: usize| &qkv[part * hidden + index * size..];
        // SAFETY: `part` leaves, for every token, `size` numbers every `3 * hidden`; the buffers are as long as the
        // layouts above say.
        unsafe {
            round_rows(part(0), 3 * hidden, size, tokens, wide, queries);
            round_rows(part(1), 3 * hidden, size, tokens, wide, words);
            for (token, row) in words.chunks_exact(wide / 2).enumerate() {
                for (pair, word) in row.iter().enumerate() {
                    *keys.get_unchecked_mut(pair * padded + token) = *word;
                }
            }
            pair_rows(part(2), 3 * hidden, size, tokens, padded, wide, values);
            let head = Head { tokens, padded, size, wide, queries, keys, values };
            let mut first = 0;
            while tokens - first >= TILE {
                tile::<TILE>(&head, first, scores, &mut context[index * size..], hidden);
                first += TILE;
            }
            match tokens - first {
                0 => {}
                1 => tile::<1>(&head, first, scores, &mut context[index * size..], hidden),
                2 => tile::<2>(&head, first, scores, &mut context[index * size..], hidden),
                _ => tile::<3>(&head, first, scores, &mut context[index * size..], hidden),
            }
        }
    }
}

/// Rounds `tokens` rows of `size` numbers, `stride` apart, to rows of `wide / 2` pairs; the rest of a row is zero.
#[target_feature(enable = "avx512f,avx512vl,avx512bf16")]
pub(super) unsafe fn round_rows(x: &[f32], stride: usize, size: usize, tokens: usize, wide: usize, words: &mut [u32]) {
    for token in 0..tokens {
        for start in (0..wide).step_by(LANES) {
            // SAFETY: the mask stops at `size`; 16 rounded numbers fill 8 of the row's `wide / 2` words.
            unsafe {
                let row = _mm512_maskz_loadu_ps(lanes(size, start), x.as_ptr().add(token * stride + start));
                let word = words.as_mut_ptr().add((token * wide + start) / 2);
                word.cast::<__m256bh>().write_unaligned(_mm512_cvtneps_pbh(row));
            }
        }
    }
}

/// Pairs each row of an even token with the next one: `(padded / 2, wide)`; beyond the last token there are zeros.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512bf16")]
unsafe fn pair_rows(
    x: &[f32],
    stride: usize,
    size: usize,
    tokens: usize,
    padded: usize,
    wide: usize,
    pairs: &mut [u32],
) {
    for pair in 0..padded / 2 {
        for start in (0..wide).step_by(LANES) {
            // SAFETY: a row is read only for tokens that exist and up to `size`; the store lies in row `pair`.
            unsafe {
                let row = |token: usize| {
                    if token < tokens {
                        _mm512_maskz_loadu_ps(lanes(size, start), x.as_ptr().add(token * stride + start))
                    } else {
                        _mm512_setzero_ps()
                    }
                };
                let both = interleave(row(2 * pair), row(2 * pair + 1));
                _mm512_storeu_si512(pairs.as_mut_ptr().add(pair * wide + start).cast(), both);
            }
        }
    }
}

/// Reads words as pairs of bfloat16.
///
/// # Safety
/// Sixteen words are readable.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn load(words: *const u32) -> __m512bh {
    // SAFETY: the caller vouches for the words; any bits are a pair of bfloat16.
    unsafe { std::mem::transmute::<__m512i, __m512bh>(_mm512_loadu_si512(words.cast())) }
}

/// One pair in every lane.
#[target_feature(enable = "avx512f")]
pub(super) fn broadcast(word: u32) -> __m512bh {
    // SAFETY: any bits are a pair of bfloat16.
    unsafe { std::mem::transmute::<__m512i, __m512bh>(_mm512_set1_epi32(word.cast_signed())) }
}

/// Scores, softmax and weighted values of `HEIGHT` queries from `first`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma")]
unsafe fn tile<const HEIGHT: usize>(
    head: &Head<'_>,
    first: usize,
    scores: &mut [f32],
    context: &mut [f32],
    hidden: usize,
) {
    let Head { tokens, padded, size, wide, .. } = *head;
    let mut inverse = [0.0f32; HEIGHT];
    // SAFETY: queries `first..first + HEIGHT` exist; all offsets stay inside the layouts that `Head` states, and
    // `scores` holds `HEIGHT` rows of `padded` numbers. Stores to `context` are masked to the head's own columns.
    unsafe {
        for block in (0..padded).step_by(2 * LANES) {
            let mut sums = [[_mm512_setzero_ps(); 2]; HEIGHT];
            for pair in 0..wide / 2 {
                let keys = head.keys.as_ptr().add(pair * padded + block);
                let keys = [load(keys), load(keys.add(LANES))];
                for row in 0..HEIGHT {
                    let query = broadcast(*head.queries.get_unchecked((first + row) * wide / 2 + pair));
                    sums[row][0] = _mm512_dpbf16_ps(sums[row][0], query, keys[0]);
                    sums[row][1] = _mm512_dpbf16_ps(sums[row][1], query, keys[1]);
                }
            }
            for row in 0..HEIGHT {
                let out = scores.as_mut_ptr().add(row * padded + block);
                _mm512_storeu_ps(out, sums[row][0]);
                _mm512_storeu_ps(out.add(LANES), sums[row][1]);
            }
        }
        let scale = _mm512_set1_ps(1.0 / (size as f32).sqrt());
        for row in 0..HEIGHT {
            inverse[row] = 1.0 / softmax_pairs(scores.as_mut_ptr().add(row * padded), tokens, padded, scale);
        }
        for block in (0..wide).step_by(2 * LANES) {
            let second = block + LANES < wide;
            let mut sums = [[_mm512_setzero_ps(); 2]; HEIGHT];
            for pair in 0..tokens.div_ceil(2) {
                let values = head.values.as_ptr().add(pair * wide + block);
                let values = [load(values), if second { load(values.add(LANES)) } else { broadcast(0) }];
                for row in 0..HEIGHT {
                    let weight = broadcast(scores.as_ptr().add(row * padded).cast::<u32>().add(pair).read());
                    sums[row][0] = _mm512_dpbf16_ps(sums[row][0], weight, values[0]);
                    sums[row][1] = _mm512_dpbf16_ps(sums[row][1], weight, values[1]);
                }
            }
            for row in 0..HEIGHT {
                let out = context.as_mut_ptr().add((first + row) * hidden + block);
                let divisor = _mm512_set1_ps(inverse[row]);
                _mm512_mask_storeu_ps(out, lanes(size, block), _mm512_mul_ps(sums[row][0], divisor));
                let mask = lanes(size, block + LANES);
                _mm512_mask_storeu_ps(out.wrapping_add(LANES), mask, _mm512_mul_ps(sums[row][1], divisor));
            }
        }
    }
}

/// Replaces a row of scores by exponentials, relative to the largest and rounded to bfloat16, and returns their sum.
/// Columns from `tokens` to `padded` become 0. The pairs take the first half of the row.
///
/// # Safety
/// The row holds `padded` numbers, a multiple of the vector width.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")]
unsafe fn softmax_pairs(scores: *mut f32, tokens: usize, padded: usize, scale: __m512) -> f32 {
    // SAFETY: all accesses lie in the row. Writing is half as fast as reading, so nothing is overwritten unread.
    unsafe {
        let mut peak = _mm512_set1_ps(f32::NEG_INFINITY);
        for start in (0..padded).step_by(LANES) {
            let own = _mm512_loadu_ps(scores.add(start));
            peak = _mm512_mask_max_ps(peak, lanes(tokens, start), peak, own);
        }
        let peak = _mm512_mul_ps(_mm512_set1_ps(_mm512_reduce_max_ps(peak)), scale);
        let mut total = _mm512_setzero_ps();
        for start in (0..padded).step_by(LANES) {
            let own = exp(_mm512_fmsub_ps(_mm512_loadu_ps(scores.add(start)), scale, peak));
            let own = _mm512_maskz_mov_ps(lanes(tokens, start), own);
            total = _mm512_add_ps(total, own);
            scores.add(start / 2).cast::<__m256bh>().write_unaligned(_mm512_cvtneps_pbh(own));
        }
        _mm512_reduce_add_ps(total)
    }
}

/// `e` to the power of a number that is at most 0, within a few units in the last place.
#[target_feature(enable = "avx512f")]
fn exp(x: __m512) -> __m512 {
    // `2^f` for `f` within ± 1/2, a minimax fit of 3e-6, far finer than the bfloat16 that it is rounded to.
    const FIT: [f32; 5] = [1.0, 0.693_124_2, 0.240_241, 0.055_906_43, 9.582_853e-3];
    let power = _mm512_mul_ps(x, _mm512_set1_ps(std::f32::consts::LOG2_E));
    let power = _mm512_max_ps(power, _mm512_set1_ps(-126.0));
    let whole = _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(power);
    let part = _mm512_sub_ps(power, whole);
    let mut sum = _mm512_set1_ps(FIT[4]);
    for index in (0..4).rev() {
        sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(FIT[index]));
    }
    _mm512_scalef_ps(sum, whole)
}
