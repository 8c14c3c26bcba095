//! What a kernel class must provide: a packed form of a dense layer and the product with it.
//!
//! The forward pass ([`super::forward`]) is written once over this trait. Everything that is not a matrix product is
//! plain Rust that the compiler vectorises for the features of the class ([`super::rows`]).

use crate::model::bert::Activation;

/// A dense layer `y = x Wᵀ + b` before packing.
pub(super) struct Dense {
    /// `(outputs, inputs)`, row-major.
    pub(super) weight: Vec<f32>,
    /// One per output.
    pub(super) bias: Vec<f32>,
    /// Width of `x`.
    pub(super) inputs: usize,
    /// Width of `y`.
    pub(super) outputs: usize,
    /// For each input the largest magnitude seen while calibrating, or empty when the class does not calibrate.
    pub(super) input_peaks: Vec<f32>,
}

/// Covers a product with tiles of six rows by one panel of outputs: with the panel's vectors and an input, the sums of six
/// rows fill the registers of every x86-64 class. The rows that are left at the end make a lower tile.
///
/// `$tile::<HEIGHT>($weights, $rows, panel, row, $out)` is called for `$count` rows and `$panels` panels. A macro, since
/// functions with target features of their own do not inline into a common one.
#[cfg(target_arch = "x86_64")]
macro_rules! tiles {
    ($tile:ident, $weights:expr, $rows:expr, $out:expr, $count:expr, $panels:expr) => {
        for panel in 0..$panels {
            let mut row = 0;
            while $count - row >= 6 {
                $tile::<6>($weights, $rows, panel, row, $out);
                row += 6;
            }
            match $count - row {
                0 => {}
                1 => $tile::<1>($weights, $rows, panel, row, $out),
                2 => $tile::<2>($weights, $rows, panel, row, $out),
                3 => $tile::<3>($weights, $rows, panel, row, $out),
                4 => $tile::<4>($weights, $rows, panel, row, $out),
                _ => $tile::<5>($weights, $rows, panel, row, $out),
            }
        }
    };
}
#[cfg(target_arch = "x86_64")]
pub(super) use tiles;

/// A kernel class.
///
/// # Safety
/// Every function may use instructions that the class's name stands for. They may be called only after
/// [`super::KernelClass::is_available`] returned true for it; that is checked once, when a model is packed.
pub(super) unsafe trait Kernel: Send + Sync + Sized + 'static {
    /// How the shared row operations round.
    type Rounding: super::rows::Rounding;

    /// Rows of the feed-forward block computed together, so that their wide states stay in the second-level cache.
    const ROW_BLOCK: usize = 48;

    /// A dense layer packed for the class.
    type Weights: Send + Sync;

    /// Input rows in the form that the product takes.
    type Rows: Default + Send;

    /// Packs a layer once, at load.
    fn pack(dense: &Dense) -> Self::Weights;

    /// Converts `x (rows, inputs)` for a product with `weights`. A row's form depends on that row alone.
    ///
    /// # Safety
    /// See the trait.
    unsafe fn encode(weights: &Self::Weights, x: &[f32], rows: &mut Self::Rows);

    /// Replaces `x` by its activation and converts it as [`Kernel::encode`] does.
    ///
    /// # Safety
    /// See the trait.
    #[inline(always)]
    unsafe fn activate_and_encode(
        activation: Activation,
        x: &mut [f32],
        weights: &Self::Weights,
        rows: &mut Self::Rows,
    ) {
        super::rows::activate::<Self::Rounding>(activation, x);
        // SAFETY: the caller vouches for the class.
        unsafe { Self::encode(weights, x, rows) }
    }

    /// `out (rows, outputs) = rows · Wᵀ + b`. Each output row depends on its input row alone, in a fixed order.
    ///
    /// # Safety
    /// See the trait; `rows` was encoded for `weights` from `out.len() / outputs` rows.
    unsafe fn product(weights: &Self::Weights, rows: &Self::Rows, out: &mut [f32]);

    /// Self-attention of one window: `qkv (tokens, 3 * hidden)` to `context (tokens, hidden)`.
    ///
    /// # Safety
    /// See the trait.
    unsafe fn attention(qkv: &[f32], shape: Heads, scratch: &mut super::attention::Scratch, context: &mut [f32]);
}

/// The shape of multi-head attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heads {
    /// Number of heads.
    pub(super) count: usize,
    /// Width of one head.
    pub(super) size: usize,
}

impl Heads {
    /// Width of the hidden states.
    pub(super) fn hidden(self) -> usize {
        self.count * self.size
    }
}

#[cfg(test)]
pub(super) mod tests {
    //! Checks that every class runs over odd shapes, against plain double precision.

    use super::*;
    use crate::model::cpu::attention::Scratch;

    /// Numbers between -1 and 1 that look random and are the same everywhere.
    pub(in super::super) fn noise(count: usize, seed: u64) -> Vec<f32> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        (0..count)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ((state >> 40) as f32 / 8_388_608.0) - 1.0
            })
            .collect()
    }

    /// Products of odd shapes stay within `bound(inputs, largest |x|, largest |w|)` of the exact ones.
    ///
    /// # Safety
    /// The processor has the class `K`.
    pub(in super::super) unsafe fn products_are_close<K: Kernel>(bound: impl Fn(usize, f32, f32) -> f32) {
        for (case, (count, inputs, outputs)) in [
            (1, 1, 1),
            (2, 3, 5),
            (3, 4, 16),
            (4, 17, 63),
            (5, 31, 64),
            (6, 40, 65),
            (7, 64, 72),
            (11, 72, 40),
            (12, 130, 128),
            (13, 384, 33),
            (29, 200, 200),
            (8, 1536, 20),
        ]
        .into_iter()
        .enumerate()
        {
            let weight = noise(outputs * inputs, case as u64);
            let bias = noise(outputs, 100 + case as u64);
            let mut x = noise(count * inputs, 200 + case as u64);
            for row in x.chunks_exact_mut(inputs) {
                row[inputs / 2] *= 9.0; // an outlier, as trained encoders have them
            }
            let mut peaks = vec![1.0; inputs];
            peaks[inputs / 2] = 9.0;
            for input_peaks in [Vec::new(), peaks] {
                let packed =
                    K::pack(&Dense { weight: weight.clone(), bias: bias.clone(), inputs, outputs, input_peaks });
                let mut rows = K::Rows::default();
                let mut out = vec![f32::NAN; count * outputs];
                // SAFETY: the caller vouches for the class; rows and output have `count` rows.
                unsafe {
                    K::encode(&packed, &x, &mut rows);
                    K::product(&packed, &rows, &mut out);
                }
                for (row, own) in x.chunks_exact(inputs).enumerate() {
                    let peak = own.iter().fold(0.0f32, |peak, value| peak.max(value.abs()));
                    for output in 0..outputs {
                        let weights = &weight[output * inputs..][..inputs];
                        let exact: f64 =
                            own.iter().zip(weights).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
                                + f64::from(bias[output]);
                        let error = (f64::from(out[row * outputs + output]) - exact).abs() as f32;
                        let bound = bound(inputs, peak, 1.0);
                        assert!(error <= bound, "{count}x{inputs}x{outputs}: off by {error}, more than {bound}");
                    }
                }
                // A row alone has the bits that it has in company.
                let mut alone = vec![f32::NAN; outputs];
                for (row, own) in x.chunks_exact(inputs).enumerate() {
                    // SAFETY: as above, for one row.
                    unsafe {
                        K::encode(&packed, own, &mut rows);
                        K::product(&packed, &rows, &mut alone);
                    }
                    assert_eq!(alone, out[row * outputs..][..outputs], "{count}x{inputs}x{outputs}, row {row}");
                }
            }
        }
    }

    /// Rows of zeros and constant rows have no range; they must give the bias and no NaN.
    ///
    /// # Safety
    /// The processor has the class `K`.
    pub(in super::super) unsafe fn rows_without_range_are_exact<K: Kernel>() {
        let bias = noise(20, 1);
        let dense =
            Dense { weight: noise(20 * 24, 2), bias: bias.clone(), inputs: 24, outputs: 20, input_peaks: vec![] };
        let packed = K::pack(&dense);
        let (mut rows, mut out) = (K::Rows::default(), vec![f32::NAN; 40]);
        // SAFETY: the caller vouches for the class; two rows in, two rows out.
        unsafe {
            K::encode(&packed, &[0.0; 48], &mut rows);
            K::product(&packed, &rows, &mut out);
        }
        assert_eq!(out[..20], bias);
        assert_eq!(out[20..], bias);
    }

    /// Attention over odd shapes stays within `bound` of the exact one.
    ///
    /// # Safety
    /// The processor has the class `K`.
    pub(in super::super) unsafe fn attention_is_close<K: Kernel>(bound: f32) {
        let mut scratch = Scratch::default();
        for (tokens, count, size) in
            [(40, 3, 32), (1, 1, 8), (2, 5, 8), (5, 3, 16), (31, 2, 24), (33, 2, 64), (16, 1, 33), (7, 12, 32)]
        {
            let heads = Heads { count, size };
            let hidden = heads.hidden();
            let qkv: Vec<f32> = noise(tokens * 3 * hidden, tokens as u64).iter().map(|v| v * 2.0).collect();
            let mut context = vec![f32::NAN; tokens * hidden];
            // SAFETY: the caller vouches for the class.
            unsafe { K::attention(&qkv, heads, &mut scratch, &mut context) };
            let at = |part: usize, token: usize, head: usize, dimension: usize| {
                f64::from(qkv[(token * 3 + part) * hidden + head * size + dimension])
            };
            for head in 0..count {
                for token in 0..tokens {
                    let scores: Vec<f64> = (0..tokens)
                        .map(|other| {
                            let dot: f64 = (0..size).map(|d| at(0, token, head, d) * at(1, other, head, d)).sum();
                            (dot / (size as f64).sqrt()).exp()
                        })
                        .collect();
                    let total: f64 = scores.iter().sum();
                    for dimension in 0..size {
                        let exact: f64 =
                            (0..tokens).map(|other| scores[other] / total * at(2, other, head, dimension)).sum();
                        let error = (f64::from(context[token * hidden + head * size + dimension]) - exact).abs();
                        assert!(error as f32 <= bound, "{tokens} tokens, {heads:?}: off by {error}");
                    }
                }
            }
        }
    }
}
