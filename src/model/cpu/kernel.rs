//! What a kernel class must provide: a packed form of a dense layer and the product with it.
//!
//! The forward pass ([`super::forward`]) is written once over this trait. Everything that is not a matrix product is
//! plain Rust that the compiler vectorises for the features of the class ([`super::rows`]).

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
