//! Work on single tokens, sixteen at a time: layer norm, ranges, quantisation, and the change between rows and lanes.
//!
//! A block holds sixteen tokens as the lanes of its vectors, one vector per feature. Sums over a token's features then
//! run down the lanes, in order and without any sum across lanes: a token's bits cannot depend on its neighbours.

use std::arch::x86_64::*;

use super::super::int8::ROW_LIMIT;
use super::super::rows::LANES;
use super::product::Bytes;
use super::weights::{QUAD, Weights};

/// Scale and shift of a layer norm.
pub(super) struct Norm {
    /// Of each feature.
    pub(super) pairs: Vec<[f32; 2]>,
    pub(super) epsilon: f32,
}

/// The smallest and largest value of each token.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub(super) low: __m512,
    pub(super) high: __m512,
}

impl Range {
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn empty() -> Self {
        Self { low: _mm512_set1_ps(f32::INFINITY), high: _mm512_set1_ps(f32::NEG_INFINITY) }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn include(&mut self, value: __m512) {
        self.low = _mm512_min_ps(self.low, value);
        self.high = _mm512_max_ps(self.high, value);
    }
}

/// Partial results that hide the latency of an addition.
const PARTS: usize = 4;

/// Layer norm of a block in place; returns the range of the results times `fraction`.
///
/// # Safety
/// `block` holds as many vectors as `norm` and `fraction` have features.
#[target_feature(enable = "avx512f,avx512dq")]
pub(super) unsafe fn layer_norm(block: *mut f32, norm: &Norm, fraction: &[f32]) -> Range {
    let width = norm.pairs.len();
    assert!(fraction.len() >= width);
    let whole = width / PARTS * PARTS;
    // SAFETY: `feature` stays below `width`, the number of vectors.
    unsafe {
        let load = |feature: usize| _mm512_load_ps(block.add(feature * LANES));
        let mut sums = [_mm512_setzero_ps(); PARTS];
        for first in (0..whole).step_by(PARTS) {
            for part in 0..PARTS {
                sums[part] = _mm512_add_ps(sums[part], load(first + part));
            }
        }
        for feature in whole..width {
            sums[feature - whole] = _mm512_add_ps(sums[feature - whole], load(feature));
        }
        let count = _mm512_set1_ps(width as f32);
        let mean = _mm512_div_ps(total(sums), count);
        let mut squares = [_mm512_setzero_ps(); PARTS];
        for first in (0..whole).step_by(PARTS) {
            for part in 0..PARTS {
                let centred = _mm512_sub_ps(load(first + part), mean);
                squares[part] = _mm512_fmadd_ps(centred, centred, squares[part]);
            }
        }
        for feature in whole..width {
            let centred = _mm512_sub_ps(load(feature), mean);
            squares[feature - whole] = _mm512_fmadd_ps(centred, centred, squares[feature - whole]);
        }
        let variance = _mm512_add_ps(_mm512_div_ps(total(squares), count), _mm512_set1_ps(norm.epsilon));
        let inverse = _mm512_div_ps(_mm512_set1_ps(1.0), _mm512_sqrt_ps(variance));
        let mut range = Range::empty();
        for (feature, ([scale, shift], fraction)) in norm.pairs.iter().zip(fraction).enumerate() {
            let unit = _mm512_mul_ps(_mm512_sub_ps(load(feature), mean), inverse);
            let value = _mm512_fmadd_ps(unit, _mm512_set1_ps(*scale), _mm512_set1_ps(*shift));
            _mm512_store_ps(block.add(feature * LANES), value);
            range.include(_mm512_mul_ps(value, _mm512_set1_ps(*fraction)));
        }
        range
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn total(parts: [__m512; PARTS]) -> __m512 {
    _mm512_add_ps(_mm512_add_ps(parts[0], parts[1]), _mm512_add_ps(parts[2], parts[3]))
}

/// The range of sixteen tokens' values times `fraction`; features lie `stride` numbers apart.
///
/// # Safety
/// A vector is readable for every feature of `fraction`.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn range(values: *const f32, stride: usize, fraction: &[f32]) -> Range {
    let mut range = Range::empty();
    for (feature, fraction) in fraction.iter().enumerate() {
        // SAFETY: the caller vouches for the memory.
        let value = unsafe { _mm512_loadu_ps(values.add(feature * stride)) };
        range.include(_mm512_mul_ps(value, _mm512_set1_ps(*fraction)));
    }
    range
}

/// Four vectors of integers to bytes, the four of a token together; what does not fit is cut at 0 and 255.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn pack(quad: [__m512i; QUAD]) -> __m512i {
    // Packing works within 128 bits: first four tokens' bytes of one input, then of the next; the shuffle brings those
    // of a token together.
    let order = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    let halves = [_mm512_packs_epi32(quad[0], quad[1]), _mm512_packs_epi32(quad[2], quad[3])];
    _mm512_shuffle_epi8(_mm512_packus_epi16(halves[0], halves[1]), order)
}

/// Quantises sixteen tokens as block `block` of `bytes`, which has room for it; features lie `stride` numbers apart.
///
/// # Safety
/// A vector is readable for each of the weights' inputs.
#[target_feature(enable = "avx512f,avx512bw,avx512dq")]
pub(super) unsafe fn quantise(
    values: *const f32,
    stride: usize,
    range: Range,
    weights: &Weights,
    bytes: &mut Bytes,
    block: usize,
) {
    let size = weights.block_bytes();
    let out = bytes.values[block * size..][..size].as_mut_ptr();
    let ranges = bytes.ranges[block * 2 * LANES..][..2 * LANES].as_mut_ptr();
    let inputs = weights.inputs;
    let step = _mm512_mul_ps(_mm512_sub_ps(range.high, range.low), _mm512_set1_ps(1.0 / ROW_LIMIT));
    // Tokens without range have step 0; theirs are all zeros above the minimum.
    let some = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(step, _mm512_setzero_ps());
    let inverse = _mm512_maskz_div_ps(some, _mm512_set1_ps(1.0), step);
    let offset = _mm512_fnmadd_ps(range.low, inverse, _mm512_setzero_ps());
    // SAFETY: quads of inputs and then of copies fill places below `steps * DEPTH`, the size of the block; inputs are
    // below the weights' number of them.
    unsafe {
        _mm512_store_ps(ranges, step);
        _mm512_store_ps(ranges.add(LANES), range.low);
        let whole = inputs / QUAD;
        for quad in 0..whole {
            let mut rounded = [_mm512_setzero_si512(); QUAD];
            for part in 0..QUAD {
                let value = _mm512_loadu_ps(values.add((quad * QUAD + part) * stride));
                rounded[part] = _mm512_cvtps_epi32(_mm512_fmadd_ps(value, inverse, offset));
            }
            _mm512_store_si512(out.add(quad * 64).cast(), pack(rounded));
        }
        if inputs % QUAD != 0 {
            let mut rounded = [_mm512_setzero_si512(); QUAD];
            for part in 0..inputs % QUAD {
                let value = _mm512_loadu_ps(values.add((whole * QUAD + part) * stride));
                rounded[part] = _mm512_cvtps_epi32(_mm512_fmadd_ps(value, inverse, offset));
            }
            _mm512_store_si512(out.add(whole * 64).cast(), pack(rounded));
        }
        for (quad, copies) in weights.copies.chunks_exact(QUAD).enumerate() {
            let mut rounded = [_mm512_setzero_si512(); QUAD];
            for part in 0..QUAD {
                let copy = copies[part];
                let value =
                    _mm512_mul_ps(_mm512_loadu_ps(values.add(copy.input * stride)), _mm512_set1_ps(copy.fraction));
                let above = _mm512_fmadd_ps(value, inverse, offset);
                rounded[part] = _mm512_cvttps_epi32(_mm512_add_ps(above, _mm512_set1_ps(copy.rounding)));
            }
            _mm512_store_si512(out.add((inputs.div_ceil(QUAD) + quad) * 64).cast(), pack(rounded));
        }
    }
}

/// Transposes sixteen by sixteen words: row `i` of the result is column `i` of the rows at `from`; strides are in words.
///
/// # Safety
/// Sixteen rows of sixteen words are readable at `from` and writable at `to`.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn transpose(from: *const u32, from_stride: usize, to: *mut u32, to_stride: usize) {
    // SAFETY: the caller vouches for the memory.
    unsafe {
        let mut a = [_mm512_setzero_si512(); 16];
        for row in 0..16 {
            a[row] = _mm512_loadu_si512(from.add(row * from_stride).cast());
        }
        // Pairs of rows, pairs of pairs, then 128-bit quarters.
        let mut b = a;
        for pair in 0..8 {
            b[2 * pair] = _mm512_unpacklo_epi32(a[2 * pair], a[2 * pair + 1]);
            b[2 * pair + 1] = _mm512_unpackhi_epi32(a[2 * pair], a[2 * pair + 1]);
        }
        for four in 0..4 {
            let at = four * 4;
            a[at] = _mm512_unpacklo_epi64(b[at], b[at + 2]);
            a[at + 1] = _mm512_unpackhi_epi64(b[at], b[at + 2]);
            a[at + 2] = _mm512_unpacklo_epi64(b[at + 1], b[at + 3]);
            a[at + 3] = _mm512_unpackhi_epi64(b[at + 1], b[at + 3]);
        }
        // Now quarter `q` of `a[4 f + i]` holds column `4 q + i` of rows `4 f` to `4 f + 3`.
        for i in 0..4 {
            let low = _mm512_shuffle_i32x4::<0b10_00_10_00>(a[i], a[4 + i]);
            let high = _mm512_shuffle_i32x4::<0b11_01_11_01>(a[i], a[4 + i]);
            let low_next = _mm512_shuffle_i32x4::<0b10_00_10_00>(a[8 + i], a[12 + i]);
            let high_next = _mm512_shuffle_i32x4::<0b11_01_11_01>(a[8 + i], a[12 + i]);
            b[i] = _mm512_shuffle_i32x4::<0b10_00_10_00>(low, low_next);
            b[8 + i] = _mm512_shuffle_i32x4::<0b11_01_11_01>(low, low_next);
            b[4 + i] = _mm512_shuffle_i32x4::<0b10_00_10_00>(high, high_next);
            b[12 + i] = _mm512_shuffle_i32x4::<0b11_01_11_01>(high, high_next);
        }
        for row in 0..16 {
            _mm512_storeu_si512(to.add(row * to_stride).cast(), b[row]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::aligned::Aligned;
    use super::super::super::class::KernelClass;
    use super::super::super::kernel::tests::noise;
    use super::*;

    #[test]
    fn words_are_transposed() {
        if KernelClass::AmxInt8.is_available() {
            let from: Vec<u32> = (0..16 * 20).collect();
            let mut to = vec![0u32; 16 * 17];
            // SAFETY: the class was just found available; both hold sixteen rows of sixteen words.
            unsafe { transpose(from.as_ptr(), 20, to.as_mut_ptr(), 17) };
            for (row, column) in (0..16).flat_map(|row| (0..16).map(move |column| (row, column))) {
                assert_eq!(to[column * 17 + row], from[row * 20 + column]);
            }
        }
    }

    #[test]
    fn layer_norm_matches_its_definition_on_odd_widths_and_returns_the_range() {
        if !KernelClass::AmxInt8.is_available() {
            return;
        }
        for width in [1usize, 2, 15, 32, 40, 312, 383] {
            let mut block = Aligned::<f32>::zeros(width * LANES);
            block.copy_from_slice(&noise(width * LANES, width as u64));
            let before = block.to_vec();
            let fraction: Vec<f32> = (0..width).map(|feature| 1.0 / (1 + feature % 3) as f32).collect();
            let norm = Norm { pairs: vec![[1.5, -0.25]; width], epsilon: 1e-6 };
            let mut ends = [[0.0f32; LANES]; 2];
            // SAFETY: the class was just found available; the block holds a vector for each feature.
            unsafe {
                let range = layer_norm(block.as_mut_ptr(), &norm, &fraction);
                _mm512_storeu_ps(ends[0].as_mut_ptr(), range.low);
                _mm512_storeu_ps(ends[1].as_mut_ptr(), range.high);
            }
            for lane in 0..LANES {
                let own = |feature: usize| f64::from(before[feature * LANES + lane]);
                let mean = (0..width).map(own).sum::<f64>() / width as f64;
                let variance = (0..width).map(|feature| (own(feature) - mean).powi(2)).sum::<f64>() / width as f64;
                let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
                for feature in 0..width {
                    let ours = block[feature * LANES + lane];
                    let expected = (own(feature) - mean) / (variance + 1e-6).sqrt() * 1.5 - 0.25;
                    assert!((f64::from(ours) - expected).abs() < 2e-5, "width {width}: {ours} is not {expected}");
                    low = low.min(ours * fraction[feature]);
                    high = high.max(ours * fraction[feature]);
                }
                assert_eq!((ends[0][lane], ends[1][lane]), (low, high), "width {width}");
            }
        }
    }
}
