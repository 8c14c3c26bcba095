//! Dense layers in 8-bit integers: how weights and rows are quantised. The products are in [`super::vnni`] and
//! [`super::avx2_vnni`].
//!
//! Weights are signed with one scale per output; a row of inputs is unsigned with its own scale and minimum, so that
//! the skewed outputs of GELU use the whole range. A few inputs of a trained encoder are ten times larger than the rest
//! and would cost all others their resolution; each such input is split into copies of a fraction of it (outlier
//! channel splitting, Zhao et al. 2019, arXiv 1901.09504). The copies round to different sides, so that together they are as
//! many times finer. Which inputs to split is read from a calibration pass over random tokens when the model is packed.
//!
//! With row values `a = low + step * q` and weights `w = scale * p`, the product is
//! `step * scale * Σ q p + low * scale * Σ p + bias`: the sum `Σ q p` is exact in 32 bits, hence the same bits for any
//! tiling.

use super::aligned::Aligned;
use super::kernel::Dense;

/// Inputs that one instruction multiplies and adds into a sum.
pub(super) const DEPTH: usize = 4;

/// Largest magnitude of a quantised weight.
const WEIGHT_LIMIT: f32 = 127.0;

/// Largest quantised input.
pub(super) const ROW_LIMIT: f32 = 255.0;

/// GELU within 4e-5, a hundredth of a quantisation step: `x (1/2 + z P(z²))` with `z` clamped to ±4, a minimax fit of the
/// normal distribution function weighted for the error of the product; lowest power first.
pub(super) const GELU_FIT: [f32; 8] = [
    0.398_673_4,
    -0.065_887_846,
    9.505_399_5e-3,
    -1.006_490_8e-3,
    7.485_51e-5,
    -3.657_136_9e-6,
    1.041_962e-7,
    -1.301_297_1e-9,
];

/// A packed layer.
pub(super) struct Weights {
    /// `(panel, input / DEPTH, output in the panel, input % DEPTH)`, padded with zeros.
    pub(super) panels: Aligned<i8>,
    /// Outputs in a panel: as many as the class has room for in its registers.
    pub(super) panel: usize,
    /// Per output, padded to whole panels, as are the next two.
    pub(super) scale: Aligned<f32>,
    /// `scale * Σ p` of each output.
    pub(super) scaled_sum: Aligned<f32>,
    pub(super) bias: Aligned<f32>,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// Inputs including the copies, a multiple of `DEPTH`.
    pub(super) extended: usize,
    /// One over the number of copies of each input.
    pub(super) fraction: Aligned<f32>,
    /// Added before rounding down: a half for whole inputs.
    pub(super) rounding: Aligned<f32>,
    /// Second and later copies: which input, and what is added before rounding down.
    pub(super) copies: Vec<(usize, f32)>,
}

/// Quantised rows.
#[derive(Default)]
pub(super) struct Rows {
    /// `(rows, stride)`; what lies beyond the extended inputs is never read.
    pub(super) values: Aligned<u8>,
    /// Step and minimum of each row.
    pub(super) steps: Vec<[f32; 2]>,
}

impl Weights {
    /// Bytes from one quantised row to the next.
    pub(super) fn stride(&self) -> usize {
        self.extended.next_multiple_of(64)
    }
}

/// How many copies each input gets: `extra` times, the input whose share is largest is split once more.
fn split(peaks: &[f32], inputs: usize) -> Vec<u16> {
    let mut copies = vec![1u16; inputs];
    if peaks.len() != inputs {
        return copies;
    }
    for _ in 0..(inputs / 32).clamp(DEPTH, 24) {
        let share = |input: usize| peaks[input] / f32::from(copies[input]);
        // The first of equals, so that packing is the same everywhere.
        let largest = (1..inputs).fold(0, |best, input| if share(input) > share(best) { input } else { best });
        copies[largest] += 1;
    }
    copies
}

/// The step of one output's weights.
fn weight_scale(row: &[f32]) -> f32 {
    let peak = row.iter().fold(0.0f32, |peak, weight| peak.max(weight.abs()));
    if peak > 0.0 { peak / WEIGHT_LIMIT } else { 1.0 }
}

/// Copy number `copy` of `count` of a weight, in steps of `scale`; the copies of a weight add up to `count` times it.
fn quantise_weight(weight: f32, scale: f32, copy: u16, count: u16) -> i8 {
    let whole = nearest(weight / scale * f32::from(count));
    let value = (whole + i32::from(copy)).div_euclid(i32::from(count));
    value.clamp(-WEIGHT_LIMIT as i32, WEIGHT_LIMIT as i32) as i8
}

/// The nearest integer, halves away from zero; without the library call that rounding is on old processors.
fn nearest(value: f32) -> i32 {
    (value + 0.5f32.copysign(value)) as i32
}

/// Quantises and packs a layer in panels of `width` outputs.
pub(super) fn pack(dense: &Dense, width: usize) -> Weights {
    let copies = split(&dense.input_peaks, dense.inputs);
    // Whole inputs and first copies come first, in order; the other copies follow.
    let mut columns: Vec<(usize, u16)> = (0..dense.inputs).map(|input| (input, 0)).collect();
    for (input, count) in copies.iter().enumerate() {
        columns.extend((1..*count).map(|copy| (input, copy)));
    }
    let extended = columns.len().next_multiple_of(DEPTH);
    let padded = dense.outputs.next_multiple_of(width);
    let mut panels = Aligned::<i8>::zeros(padded * extended);
    let (mut scales, mut sums, mut bias) =
        (Aligned::<f32>::zeros(padded), Aligned::<f32>::zeros(padded), Aligned::<f32>::zeros(padded));
    bias[..dense.outputs].copy_from_slice(&dense.bias);
    for (output, row) in dense.weight.chunks_exact(dense.inputs).enumerate() {
        let scale = weight_scale(row);
        let panel = &mut panels[output / width * width * extended..];
        let mut sum = 0i32;
        for (place, (input, copy)) in columns.iter().enumerate() {
            let value = quantise_weight(row[*input], scale, *copy, copies[*input]);
            sum += i32::from(value);
            panel[place / DEPTH * width * DEPTH + output % width * DEPTH + place % DEPTH] = value;
        }
        scales[output] = scale;
        sums[output] = scale * sum as f32;
    }
    let (mut fraction, mut rounding) = (Aligned::<f32>::zeros(dense.inputs), Aligned::<f32>::zeros(dense.inputs));
    for (input, count) in copies.iter().enumerate() {
        fraction[input] = 1.0 / f32::from(*count);
        rounding[input] = 0.5 * fraction[input];
    }
    let copies = columns[dense.inputs..]
        .iter()
        .map(|(input, copy)| (*input, (f32::from(*copy) + 0.5) / f32::from(copies[*input])))
        .collect();
    Weights {
        panels,
        panel: width,
        scale: scales,
        scaled_sum: sums,
        bias,
        inputs: dense.inputs,
        outputs: dense.outputs,
        extended,
        fraction,
        rounding,
        copies,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What a product may differ by: half a step of the row against every weight, and half a step of the weights against
    /// every input.
    #[cfg(target_arch = "x86_64")]
    pub(in crate::model::cpu) fn bound(inputs: usize, x: f32, w: f32) -> f32 {
        inputs as f32 * (0.5 * 2.0 * x / ROW_LIMIT * w + 0.5 * w / WEIGHT_LIMIT * x) + 1e-4
    }

    #[test]
    fn the_largest_inputs_are_split_first() {
        let mut peaks = vec![1.0; 32];
        peaks[5] = 9.0;
        peaks[7] = 2.5;
        let copies = split(&peaks, 32);
        assert_eq!(copies.iter().map(|c| usize::from(*c)).sum::<usize>(), 36);
        assert_eq!((copies[5], copies[7]), (4, 2));
        assert!(split(&[], 8).iter().all(|count| *count == 1), "nothing is split without calibration");
    }

    #[test]
    fn copies_of_a_weight_add_up_more_finely_than_one_weight_could() {
        let mut peaks = vec![1.0; 16];
        peaks[3] = 4.5;
        let mut weight: Vec<f32> = (0..16).map(|i| i as f32 / 16.0).collect();
        weight[15] = 1.27;
        weight[3] = 0.2535; // a quarter and 3.5 tenths of a step of 0.01
        let dense = Dense { weight, bias: vec![0.0], inputs: 16, outputs: 1, input_peaks: peaks };
        let packed = pack(&dense, 64);
        assert_eq!(packed.copies.len(), 4);
        let value = |place: usize| f32::from(packed.panels[place / DEPTH * 64 * DEPTH + place % DEPTH]);
        let total = (value(3) + (16..20).map(value).sum::<f32>()) / 5.0 * packed.scale[0];
        assert!((total - 0.2535).abs() <= 0.001, "{total}");
    }
}
