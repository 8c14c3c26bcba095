//! The AMX class: 8-bit products on tile registers, attention in bfloat16 on the same.
//!
//! The matrix unit is so fast that everything else would take most of the time, so the forward pass differs from that of
//! the other classes ([`super::forward`]): sixteen tokens are the lanes of a vector and features its rows, all the way
//! from the embeddings to the hidden states. Layer norm, ranges, quantisation and the softmax then work down the lanes,
//! and the results of one block of a product are finished while the next one is multiplied.
//!
//! - `tile`: the tile registers; `weights`: packing; `product`: the matrix product.
//! - `finish`: what happens to its results; `rows`: layer norm and quantisation; `attention`.

mod attention;
mod finish;
mod product;
mod rows;
pub(super) mod tile;
mod weights;

use std::sync::Mutex;

use super::super::bert::{Activation, Config};
use super::super::error::ModelResult;
use super::super::weights::{Matrix, Tensors};
use super::aligned::Aligned;
use super::forward::{INPUTS_PER_LAYER, read_dense};
use super::kernel::{Dense, Heads};
use super::rows::LANES;
use super::{Engine, Observer};
use finish::{Activated, Projected, Residual};
use product::{Bytes, product};
use rows::{Norm, Range, layer_norm, quantise, range, transpose};
use weights::Weights;

/// Tokens in a group. The weights come from memory beyond the core's cache once for each group, so a group is larger
/// than in the other classes; the states of one still leave the cache room for a layer's weights.
const GROUP_TOKENS: usize = 256;

/// Blocks of tokens that pass through the feed-forward part together, so that their wide states stay in the cache.
const INNER_BLOCKS: usize = 2;

struct Layer {
    /// Query, key and value, each head padded to whole tiles.
    qkv: Weights,
    output: Weights,
    attention_norm: Norm,
    intermediate: Weights,
    down: Weights,
    output_norm: Norm,
}

/// A packed model.
struct Packed {
    words: Matrix,
    /// Position and token type embeddings, summed.
    positions: Vec<f32>,
    embedding_norm: Norm,
    layers: Vec<Layer>,
    heads: Heads,
    inner: usize,
    activation: Activation,
    /// The fraction of inputs that are not split.
    whole: Vec<f32>,
}

/// Buffers of one worker, grown to the largest group seen and then reused.
#[derive(Default)]
struct Scratch {
    /// `(block, padded feature, token)`.
    states: Aligned<f32>,
    /// Sums of embeddings of one block, and at the end hidden states of a group: `(token, padded feature)`.
    by_token: Aligned<f32>,
    projected: Projected,
    /// `(feature, token)`.
    context: Aligned<f32>,
    /// `(block, inner feature, token)`.
    inner: Aligned<f32>,
    /// The group quantised: for the attention part's products, for the feed-forward part, and its wide states.
    inputs: Bytes,
    outputs: Bytes,
    wide: Bytes,
    sums: Aligned<i32>,
    attention: attention::Scratch,
}

/// The class, ready to run.
pub(super) struct AmxEngine {
    model: Packed,
    idle: Mutex<Vec<Scratch>>,
}

impl AmxEngine {
    /// Packs a checkpoint; `peaks` as in [`super::forward::Packed::load`].
    pub(super) fn load(tensors: &Tensors<'_>, config: &Config, peaks: &[Vec<f32>]) -> ModelResult<Self> {
        Ok(Self { model: Packed::load(tensors, config, peaks)?, idle: Mutex::new(Vec::new()) })
    }
}

impl Engine for AmxEngine {
    fn group_tokens(&self) -> usize {
        GROUP_TOKENS
    }

    fn run(&self, windows: &[&[u32]], each: &mut dyn FnMut(&[f32]), _: Option<Observer<'_>>) {
        // A worker that panicked left nothing in the list, so its contents are sound even when the lock is poisoned.
        let lock = || self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let taken = lock().pop();
        let mut scratch = taken.unwrap_or_default();
        // SAFETY: `CpuModel::load` makes this engine only where `KernelClass::choose` found the class, with leave to
        // use the tiles; a worker runs one group at a time, and sessions end with the block.
        unsafe {
            let session = tile::Session::start();
            self.model.forward(windows, &mut scratch);
            drop(session);
        }
        let (hidden, padded) = (self.model.heads.hidden(), self.model.padded());
        let mut states = &mut scratch.by_token[..];
        let mut own = Vec::new();
        for window in windows {
            let (rows, rest) = std::mem::take(&mut states).split_at_mut(window.len() * padded);
            if padded == hidden {
                each(rows);
            } else {
                own.clear();
                rows.chunks_exact(padded).for_each(|row| own.extend_from_slice(&row[..hidden]));
                each(&own);
            }
            states = rest;
        }
        lock().push(scratch);
    }
}

impl Packed {
    fn load(tensors: &Tensors<'_>, config: &Config, peaks: &[Vec<f32>]) -> ModelResult<Self> {
        let hidden = config.hidden_size;
        let heads = Heads { count: config.num_attention_heads, size: config.head_size() };
        let norm = |path: &str| -> ModelResult<Norm> {
            let scale = tensors.f32(&format!("{path}.LayerNorm.weight"), &[hidden])?;
            let shift = tensors.f32(&format!("{path}.LayerNorm.bias"), &[hidden])?;
            let pairs = scale.into_iter().zip(shift).map(|(scale, shift)| [scale, shift]).collect();
            Ok(Norm { pairs, epsilon: config.layer_norm_eps as f32 })
        };
        let layers = (0..config.num_hidden_layers)
            .map(|index| {
                let path = format!("encoder.layer.{index}");
                let dense = |paths: &[String], inputs: usize, outputs: usize, product: usize| -> ModelResult<Dense> {
                    let peaks = peaks.get(index * INPUTS_PER_LAYER + product).cloned().unwrap_or_default();
                    read_dense(tensors, paths, inputs, outputs, peaks)
                };
                let own = ["query", "key", "value"].map(|part| format!("{path}.attention.self.{part}"));
                let inner = config.intermediate_size;
                let qkv = dense(&own, hidden, hidden, 0)?;
                let output = dense(&[format!("{path}.attention.output.dense")], hidden, hidden, 1)?;
                let intermediate = dense(&[format!("{path}.intermediate.dense")], hidden, inner, 2)?;
                let down = dense(&[format!("{path}.output.dense")], inner, hidden, 3)?;
                Ok(Layer {
                    qkv: pack_projections(&qkv, heads),
                    output: Weights::pack(&output),
                    attention_norm: norm(&format!("{path}.attention.output"))?,
                    intermediate: Weights::pack(&intermediate),
                    down: Weights::pack(&down),
                    output_norm: norm(&format!("{path}.output"))?,
                })
            })
            .collect::<ModelResult<_>>()?;
        Ok(Self {
            words: tensors.matrix("embeddings.word_embeddings.weight", config.vocab_size, hidden)?,
            positions: super::forward::read_positions(tensors, config)?,
            embedding_norm: norm("embeddings")?,
            layers,
            heads,
            inner: config.intermediate_size,
            activation: config.hidden_act,
            whole: vec![1.0; hidden],
        })
    }

    /// Vectors of a block of states.
    fn padded(&self) -> usize {
        self.heads.hidden().next_multiple_of(LANES)
    }

    /// Computes the hidden states of a group of windows into `scratch.by_token`, `(token, padded feature)`.
    ///
    /// # Safety
    /// The processor has the class, and this thread has a [`tile::Session`].
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma")]
    unsafe fn forward(&self, windows: &[&[u32]], scratch: &mut Scratch) {
        let (hidden, padded) = (self.heads.hidden(), self.padded());
        let tokens: usize = windows.iter().map(|window| window.len()).sum();
        let blocks = tokens.div_ceil(LANES);
        scratch.states.resize(blocks * padded * LANES);
        scratch.by_token.resize(blocks * LANES * padded);
        scratch.projected.resize(blocks, self.heads.count * attention::head_width(self.heads));
        scratch.context.resize(hidden * scratch.projected.stride);
        scratch.inner.resize(INNER_BLOCKS * self.inner * LANES);
        // SAFETY: the caller vouches for the class and the session; the buffers were just made as large as the
        // functions ask for: a block of states holds `padded` vectors, `context` a row for each feature.
        unsafe {
            self.embed(windows, blocks, scratch);
            for (index, layer) in self.layers.iter().enumerate() {
                let Scratch { states, projected, context, inputs, outputs, sums, attention, .. } = scratch;
                product(&layer.qkv, inputs.blocks(0, blocks, &layer.qkv), sums, &mut &mut *projected);
                let mut start = 0;
                for window in windows {
                    attention::attention(projected, self.heads, start, window.len(), attention, context);
                    start += window.len();
                }
                let weights = &layer.output;
                inputs.resize(blocks, weights);
                for block in 0..blocks {
                    let own = context.as_ptr().add(block * LANES);
                    let range = range(own, projected.stride, &weights.fraction);
                    quantise(own, projected.stride, range, weights, inputs, block);
                }
                product(
                    weights,
                    inputs.blocks(0, blocks, weights),
                    sums,
                    &mut Residual { states, width: hidden, padded },
                );
                let weights = &layer.intermediate;
                outputs.resize(blocks, weights);
                for (block, state) in states.chunks_exact_mut(padded * LANES).enumerate() {
                    let range = layer_norm(state.as_mut_ptr(), &layer.attention_norm, &weights.fraction);
                    quantise(state.as_ptr(), LANES, range, weights, outputs, block);
                }
                self.feed_forward(layer, self.layers.get(index + 1).map(|next| &next.qkv), blocks, scratch);
            }
            let Scratch { states, by_token, .. } = scratch;
            for (state, out) in states.chunks_exact(padded * LANES).zip(by_token.chunks_exact_mut(padded * LANES)) {
                for feature in (0..padded).step_by(LANES) {
                    let from = state.as_ptr().add(feature * LANES).cast();
                    transpose(from, LANES, out.as_mut_ptr().add(feature).cast(), padded);
                }
            }
        }
    }

    /// Sums of word, position and token type embeddings, normalised, and quantised for the first layer.
    ///
    /// # Safety
    /// The processor has the class; the states hold `blocks` blocks.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma")]
    unsafe fn embed(&self, windows: &[&[u32]], blocks: usize, scratch: &mut Scratch) {
        let (hidden, padded) = (self.heads.hidden(), self.padded());
        let Scratch { states, by_token, inputs, .. } = scratch;
        by_token.fill(0.0);
        let mut rest = by_token.chunks_exact_mut(padded);
        for window in windows {
            for ((id, position), sum) in window.iter().zip(self.positions.chunks_exact(hidden)).zip(&mut rest) {
                self.words.add_row(*id as usize, position, &mut sum[..hidden]);
            }
        }
        let first = self.layers.first().map(|layer| &layer.qkv);
        if let Some(weights) = first {
            inputs.resize(blocks, weights);
        }
        for (block, state) in states.chunks_exact_mut(padded * LANES).enumerate() {
            let own = &by_token[block * padded * LANES..][..padded * LANES];
            // SAFETY: a block holds sixteen rows of `padded` numbers before, and as many vectors after.
            unsafe {
                for feature in (0..padded).step_by(LANES) {
                    let to = state.as_mut_ptr().add(feature * LANES).cast();
                    transpose(own.as_ptr().add(feature).cast(), padded, to, LANES);
                }
                self.normalise(state, &self.embedding_norm, first, inputs, block);
            }
        }
    }

    /// The feed-forward part of a layer, whose quantised inputs are in `scratch.outputs`; leaves the states normalised,
    /// and quantised for `next`.
    ///
    /// # Safety
    /// The processor has the class, and this thread has a [`tile::Session`].
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma")]
    unsafe fn feed_forward(&self, layer: &Layer, next: Option<&Weights>, blocks: usize, scratch: &mut Scratch) {
        let padded = self.padded();
        let Scratch { states, inner, inputs, outputs, wide, sums, .. } = scratch;
        if let Some(weights) = next {
            inputs.resize(blocks, weights);
        }
        wide.resize(INNER_BLOCKS, &layer.down);
        for (index, chunk) in states.chunks_mut(INNER_BLOCKS * padded * LANES).enumerate() {
            let first = index * INNER_BLOCKS;
            let count = chunk.len() / (padded * LANES);
            let mut ranges = [Range::empty(); INNER_BLOCKS];
            let fraction = &layer.down.fraction;
            // SAFETY: `inner` and `wide` hold `INNER_BLOCKS` blocks, of which `count` are used; a block of states holds
            // `padded` vectors.
            unsafe {
                let activation = self.activation;
                let ranges = &mut ranges;
                let part = outputs.blocks(first, count, &layer.intermediate);
                if activation == Activation::Gelu {
                    let mut finish = Activated::<true> { activation, inner, ranges, fraction };
                    product(&layer.intermediate, part, sums, &mut finish);
                } else {
                    let mut finish = Activated::<false> { activation, inner, ranges, fraction };
                    product(&layer.intermediate, part, sums, &mut finish);
                }
                for block in 0..count {
                    let own = inner.as_ptr().add(block * self.inner * LANES);
                    quantise(own, LANES, ranges[block], &layer.down, wide, block);
                }
                let part = wide.blocks(0, count, &layer.down);
                product(&layer.down, part, sums, &mut Residual { states: chunk, width: self.heads.hidden(), padded });
                for (block, state) in chunk.chunks_exact_mut(padded * LANES).enumerate() {
                    self.normalise(state, &layer.output_norm, next, inputs, first + block);
                }
            }
        }
    }

    /// Layer norm of a block of states, and its quantised form for the layer that takes it.
    ///
    /// # Safety
    /// The processor has the class; the block holds a vector for each feature.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma")]
    unsafe fn normalise(
        &self,
        state: &mut [f32],
        norm: &Norm,
        next: Option<&Weights>,
        bytes: &mut Bytes,
        block: usize,
    ) {
        // SAFETY: the caller vouches for the block.
        unsafe {
            match next {
                Some(weights) => {
                    let range = layer_norm(state.as_mut_ptr(), norm, &weights.fraction);
                    quantise(state.as_ptr(), LANES, range, weights, bytes, block);
                }
                None => {
                    layer_norm(state.as_mut_ptr(), norm, &self.whole);
                }
            }
        }
    }
}

/// Packs query, key and value: each head is padded to whole tiles, and queries are scaled so that scores are the
/// exponents of two that the softmax takes.
fn pack_projections(dense: &Dense, heads: Heads) -> Weights {
    let wide = attention::head_width(heads);
    let factor = std::f32::consts::LOG2_E / (heads.size as f32).sqrt();
    Weights::pack_placed(dense, 3 * heads.count * wide, &|output| {
        let (head, dimension) = (output / heads.size, output % heads.size);
        (head * wide + dimension, if head < heads.count { factor } else { 1.0 })
    })
}
