//! Matrix products on tiles, with the previous block's results finished while the matrix unit works on the next.
//!
//! A block of the product is 32 outputs by one or two blocks of sixteen tokens. Its sums are stored and wait; between
//! the steps of the next block they are scaled and handed to a [`Finish`], which runs on the vector units. Tokens are
//! the lanes of a vector, outputs its rows.

use std::arch::x86_64::*;

use super::super::aligned::Aligned;
use super::super::rows::LANES;
use super::tile;
use super::weights::{PANEL, QUAD, Weights};

/// Blocks of tokens whose bytes stay in the first-level cache while the weights pass through it once.
const CHUNK: usize = 4;

/// Quantised inputs of some blocks of tokens.
#[derive(Default)]
pub(super) struct Bytes {
    /// `(block, input / QUAD, token, input % QUAD)`, padded to whole tiles.
    pub(super) values: Aligned<u8>,
    /// Step and minimum, `(block, 2, token)`.
    pub(super) ranges: Aligned<f32>,
}

impl Bytes {
    /// Makes room for `blocks` blocks of inputs of `weights`.
    pub(super) fn resize(&mut self, blocks: usize, weights: &Weights) {
        self.values.resize(blocks * weights.block_bytes());
        self.ranges.resize(blocks * 2 * LANES);
    }

    /// Some of the blocks.
    pub(super) fn blocks(&self, first: usize, count: usize, weights: &Weights) -> Blocks<'_> {
        let size = weights.block_bytes();
        Blocks {
            values: &self.values[first * size..][..count * size],
            ranges: &self.ranges[first * 2 * LANES..][..count * 2 * LANES],
            count,
        }
    }
}

/// Quantised inputs of a product.
#[derive(Clone, Copy)]
pub(super) struct Blocks<'a> {
    values: &'a [u8],
    ranges: &'a [f32],
    count: usize,
}

/// What is done with the results of a product.
pub(super) trait Finish {
    /// Takes outputs `output..output + 4` of sixteen tokens; `output` is a multiple of four and may lie beyond the
    /// last output.
    ///
    /// # Safety
    /// The processor has the class, and the caller enables its features for this inlined code.
    unsafe fn take(&mut self, output: usize, block: usize, values: [__m512; QUAD]);
}

/// Sums that wait to be finished.
#[derive(Clone, Copy)]
struct Waiting {
    panel: usize,
    block: usize,
    /// Blocks of tokens.
    count: usize,
    /// Quads of outputs already finished.
    done: usize,
}

/// Multiplies blocks of tokens, quantised for `weights`, with them.
///
/// # Safety
/// The processor has the class, the caller enables its features, and this thread has a [`tile::Session`].
#[inline(always)]
pub(super) unsafe fn product<F: Finish>(weights: &Weights, bytes: Blocks<'_>, sums: &mut Aligned<i32>, finish: &mut F) {
    let blocks = bytes.count;
    assert!(bytes.values.len() == blocks * weights.block_bytes());
    sums.resize(4 * tile::TILE_BYTES / 4);
    let mut waiting = Waiting { panel: 0, block: 0, count: 0, done: PANEL / QUAD };
    let run = Run { weights, bytes };
    for chunk in (0..blocks).step_by(CHUNK) {
        let end = blocks.min(chunk + CHUNK);
        for panel in 0..weights.outputs.div_ceil(PANEL) {
            for block in (chunk..end).step_by(2) {
                // SAFETY: the blocks exist, as asserted above, and the panel lies in the packed weights, which are
                // whole panels; `sums` holds four tiles.
                unsafe {
                    if block + 1 < end {
                        run.multiply::<true, F>(panel, block, sums, &mut waiting, finish);
                    } else {
                        run.multiply::<false, F>(panel, block, sums, &mut waiting, finish);
                    }
                }
            }
        }
    }
    // SAFETY: as above.
    unsafe { run.finish(&mut waiting, PANEL / QUAD, sums, finish) };
}

/// What stays the same over a product.
struct Run<'a> {
    weights: &'a Weights,
    bytes: Blocks<'a>,
}

impl Run<'_> {
    /// Sums of one panel and one or two blocks of tokens, finishing those that wait meanwhile.
    #[inline(always)]
    unsafe fn multiply<const TWO: bool, F: Finish>(
        &self,
        panel: usize,
        block: usize,
        sums: &mut Aligned<i32>,
        waiting: &mut Waiting,
        finish: &mut F,
    ) {
        let Weights { steps, .. } = *self.weights;
        let size = self.weights.block_bytes();
        // SAFETY: the caller guarantees that the panel and the blocks exist; each step reads two tiles of weights and
        // one of each block, of which there are `steps`.
        unsafe {
            let mut weight = self.weights.tiles.as_ptr().add(panel * steps * 2 * tile::TILE_BYTES);
            let mut input = self.bytes.values.as_ptr().add(block * size);
            tile::clear();
            for step in 0..steps {
                if TWO {
                    tile::step_two(weight, [input, input.add(size)]);
                } else {
                    tile::step_one(weight, input);
                }
                weight = weight.add(2 * tile::TILE_BYTES);
                input = input.add(tile::TILE_BYTES);
                self.finish(waiting, (PANEL / QUAD * (step + 1)).div_ceil(steps), sums, finish);
            }
            tile::store::<4>(sums.as_mut_ptr().cast());
        }
        *waiting = Waiting { panel, block, count: if TWO { 2 } else { 1 }, done: 0 };
    }

    /// Scales waiting sums and hands them on, until `until` quads of outputs are done.
    #[inline(always)]
    unsafe fn finish<F: Finish>(&self, waiting: &mut Waiting, until: usize, sums: &Aligned<i32>, finish: &mut F) {
        while waiting.done < until {
            let quad = waiting.done * QUAD;
            let output = waiting.panel * PANEL + quad;
            for index in 0..waiting.count {
                let block = waiting.block + index;
                // SAFETY: `sums` holds 32 rows for each of two blocks; the scales are padded to whole panels; every
                // block has a step and a minimum.
                unsafe {
                    let ranges = self.bytes.ranges.as_ptr().add(block * 2 * LANES);
                    let (step, low) = (_mm512_load_ps(ranges), _mm512_load_ps(ranges.add(LANES)));
                    let mut values = [_mm512_setzero_ps(); QUAD];
                    for row in 0..QUAD {
                        let sum = sums.as_ptr().add((index * PANEL + quad + row) * LANES);
                        let [scale, total, bias] = *self.weights.outputs_scales.get_unchecked(output + row);
                        let sum = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_load_si512(sum.cast())), step);
                        let constant = _mm512_fmadd_ps(low, _mm512_set1_ps(total), _mm512_set1_ps(bias));
                        values[row] = _mm512_fmadd_ps(sum, _mm512_set1_ps(scale), constant);
                    }
                    finish.take(output, block, values);
                }
            }
            waiting.done += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::class::KernelClass;
    use super::super::super::int8::ROW_LIMIT;
    use super::super::super::kernel::Dense;
    use super::super::super::kernel::tests::noise;
    use super::super::rows::{quantise, range};
    use super::*;

    /// Keeps the results, `(token, output)`.
    struct Collect {
        out: Vec<f32>,
        outputs: usize,
        tokens: usize,
    }

    impl Finish for Collect {
        #[inline(always)]
        unsafe fn take(&mut self, output: usize, block: usize, values: [__m512; QUAD]) {
            for (index, value) in values.into_iter().enumerate() {
                let mut lanes = [0.0f32; LANES];
                // SAFETY: the array holds a vector.
                unsafe { _mm512_storeu_ps(lanes.as_mut_ptr(), value) };
                for (lane, value) in lanes.into_iter().enumerate() {
                    let token = block * LANES + lane;
                    if token < self.tokens && output + index < self.outputs {
                        self.out[token * self.outputs + output + index] = value;
                    }
                }
            }
        }
    }

    /// The layer's outputs for the rows of `x`.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma")]
    unsafe fn run(weights: &Weights, x: &[f32]) -> Vec<f32> {
        let inputs = weights.inputs;
        let tokens = x.len() / inputs;
        let blocks = tokens.div_ceil(LANES);
        let mut lanes = Aligned::<f32>::zeros(blocks * inputs * LANES);
        for (token, row) in x.chunks_exact(inputs).enumerate() {
            for (input, value) in row.iter().enumerate() {
                lanes[(token / LANES * inputs + input) * LANES + token % LANES] = *value;
            }
        }
        let mut bytes = Bytes::default();
        bytes.resize(blocks, weights);
        let mut collect = Collect { out: vec![f32::NAN; tokens * weights.outputs], outputs: weights.outputs, tokens };
        // SAFETY: the blocks hold a vector for each input; the caller found the class.
        unsafe {
            for block in 0..blocks {
                let own = lanes.as_ptr().add(block * inputs * LANES);
                quantise(own, LANES, range(own, LANES, &weights.fraction), weights, &mut bytes, block);
            }
            let _session = tile::Session::start();
            let part = bytes.blocks(0, blocks, weights);
            product(weights, part, &mut Aligned::default(), &mut collect);
        }
        collect.out
    }

    #[test]
    fn products_of_odd_shapes_stay_within_the_quantisation_step() {
        if !KernelClass::AmxInt8.is_available() {
            return;
        }
        for (case, (count, inputs, outputs)) in [
            (1, 1, 1),
            (2, 3, 5),
            (15, 4, 16),
            (16, 17, 63),
            (17, 31, 64),
            (32, 40, 65),
            (33, 64, 72),
            (65, 72, 40),
            (80, 130, 128),
            (13, 384, 33),
            (129, 312, 96),
            (97, 768, 34),
            (8, 1536, 20),
        ]
        .into_iter()
        .enumerate()
        {
            let weight = noise(outputs * inputs, case as u64);
            let bias = noise(outputs, 100 + case as u64);
            let mut x = noise(count * inputs, 200 + case as u64);
            x.chunks_exact_mut(inputs).for_each(|row| row[inputs / 2] *= 9.0); // an outlier, as encoders have them
            let mut peaks = vec![1.0; inputs];
            peaks[inputs / 2] = 9.0;
            for input_peaks in [Vec::new(), peaks] {
                let dense = Dense { weight: weight.clone(), bias: bias.clone(), inputs, outputs, input_peaks };
                let packed = Weights::pack(&dense);
                // SAFETY: the class was just found available.
                let out = unsafe { run(&packed, &x) };
                for (row, own) in x.chunks_exact(inputs).enumerate() {
                    let peak = own.iter().fold(0.0f32, |peak, value| peak.max(value.abs()));
                    for output in 0..outputs {
                        let exact: f64 = own
                            .iter()
                            .zip(&weight[output * inputs..])
                            .map(|(a, b)| f64::from(*a) * f64::from(*b))
                            .sum::<f64>()
                            + f64::from(bias[output]);
                        let error = (f64::from(out[row * outputs + output]) - exact).abs() as f32;
                        // Half a step of the row against every weight, and of the weights against every input.
                        let bound = inputs as f32 * (peak / ROW_LIMIT + 0.5 / 127.0 * peak) + 1e-4;
                        assert!(error <= bound, "{count}x{inputs}x{outputs}: off by {error}, more than {bound}");
                    }
                    // A row alone has the bits that it has in company.
                    // SAFETY: as above.
                    let alone = unsafe { run(&packed, own) };
                    assert_eq!(alone, out[row * outputs..][..outputs], "{count}x{inputs}x{outputs}, row {row}");
                }
            }
        }
    }

    #[test]
    fn rows_without_range_are_exact() {
        if KernelClass::AmxInt8.is_available() {
            let bias = noise(20, 1);
            let dense =
                Dense { weight: noise(20 * 24, 2), bias: bias.clone(), inputs: 24, outputs: 20, input_peaks: vec![] };
            // SAFETY: the class was just found available.
            assert_eq!(unsafe { run(&Weights::pack(&dense), &[0.0; 48]) }, [&bias[..], &bias[..]].concat());
        }
    }
}
