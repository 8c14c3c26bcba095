//! Token ids to hidden states, packed: windows laid end to end without padding, written once for all kernel classes.
//!
//! Dense layers see one tall matrix of all tokens in a group of windows; attention runs window by window. A group is
//! small enough for its states to stay in the second-level cache, and the feed-forward block goes through in blocks of
//! rows for the same reason. Every row is computed from that row alone (and, in attention, from its own window), so a
//! window's bits do not depend on what shares its group.

use super::super::bert::{Activation, Config};
use super::super::error::ModelResult;
use super::super::weights::{Matrix, Tensors};
use super::aligned::Aligned;
use super::attention;
use super::kernel::{Dense, Heads, Kernel};
use super::rows;

/// Scale and shift of a layer norm.
struct Norm {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

struct Layer<K: Kernel> {
    /// Query, key and value in one product, `3 * hidden` wide.
    qkv: K::Weights,
    output: K::Weights,
    attention_norm: Norm,
    intermediate: K::Weights,
    down: K::Weights,
    output_norm: Norm,
}

/// A model packed for a kernel class.
pub(super) struct Packed<K: Kernel> {
    /// Word embeddings as the file holds them: an 8-bit table stays one, which keeps a bundled model small in memory.
    words: Matrix,
    /// Position and token type embeddings, summed; row 0 belongs to a window's first token.
    positions: Vec<f32>,
    embedding_norm: Norm,
    layers: Vec<Layer<K>>,
    heads: Heads,
    inner: usize,
    activation: Activation,
    epsilon: f32,
}

/// Buffers of one worker; grown to the largest group seen and then reused.
pub(super) struct Scratch<K: Kernel> {
    states: Aligned<f32>,
    qkv: Aligned<f32>,
    context: Aligned<f32>,
    inner: Aligned<f32>,
    rows: K::Rows,
    attention: attention::Scratch,
}

impl<K: Kernel> Default for Scratch<K> {
    fn default() -> Self {
        Self {
            states: Aligned::default(),
            qkv: Aligned::default(),
            context: Aligned::default(),
            inner: Aligned::default(),
            rows: K::Rows::default(),
            attention: attention::Scratch::default(),
        }
    }
}

/// Which input of a layer's products was observed; the order in which [`Packed::load`] asks for peaks.
pub(super) const INPUTS_PER_LAYER: usize = 4;

/// Reads layers of the same shape, which are multiplied in one product: their outputs stand one after the other.
pub(super) fn read_dense(
    tensors: &Tensors<'_>,
    paths: &[String],
    inputs: usize,
    outputs: usize,
    input_peaks: Vec<f32>,
) -> ModelResult<Dense> {
    let mut dense = Dense {
        weight: Vec::with_capacity(paths.len() * inputs * outputs),
        bias: Vec::with_capacity(paths.len() * outputs),
        inputs,
        outputs: paths.len() * outputs,
        input_peaks,
    };
    for path in paths {
        dense.weight.extend(tensors.f32(&format!("{path}.weight"), &[outputs, inputs])?);
        dense.bias.extend(tensors.f32(&format!("{path}.bias"), &[outputs])?);
    }
    Ok(dense)
}

/// Position and token type embeddings, summed; row 0 belongs to a window's first token.
pub(super) fn read_positions(tensors: &Tensors<'_>, config: &Config) -> ModelResult<Vec<f32>> {
    let hidden = config.hidden_size;
    let table = tensors.f32("embeddings.position_embeddings.weight", &[config.max_position_embeddings, hidden])?;
    let types = tensors.f32("embeddings.token_type_embeddings.weight", &[config.type_vocab_size, hidden])?;
    Ok(table
        .chunks_exact(hidden)
        .skip(config.first_position())
        .flat_map(|row| row.iter().zip(&types).map(|(position, kind)| position + kind))
        .collect())
}

impl<K: Kernel> Packed<K> {
    /// Reads and packs a checkpoint. `peaks` holds, for each layer and each of its four products (query-key-value,
    /// attention output, feed-forward up, feed-forward down), the largest magnitude of every input; empty for classes
    /// that need none.
    pub(super) fn load(tensors: &Tensors<'_>, config: &Config, peaks: &[Vec<f32>]) -> ModelResult<Self> {
        let hidden = config.hidden_size;
        let norm = |path: &str| -> ModelResult<Norm> {
            Ok(Norm {
                scale: tensors.f32(&format!("{path}.LayerNorm.weight"), &[hidden])?,
                shift: tensors.f32(&format!("{path}.LayerNorm.bias"), &[hidden])?,
            })
        };
        let pack = |paths: &[String], inputs: usize, outputs: usize, product: usize| -> ModelResult<K::Weights> {
            let peaks = peaks.get(product).cloned().unwrap_or_default();
            Ok(K::pack(&read_dense(tensors, paths, inputs, outputs, peaks)?))
        };
        let layers = (0..config.num_hidden_layers)
            .map(|index| {
                let path = format!("encoder.layer.{index}");
                let first = index * INPUTS_PER_LAYER;
                let own = ["query", "key", "value"].map(|part| format!("{path}.attention.self.{part}"));
                let inner = config.intermediate_size;
                Ok(Layer {
                    qkv: pack(&own, hidden, hidden, first)?,
                    output: pack(&[format!("{path}.attention.output.dense")], hidden, hidden, first + 1)?,
                    attention_norm: norm(&format!("{path}.attention.output"))?,
                    intermediate: pack(&[format!("{path}.intermediate.dense")], hidden, inner, first + 2)?,
                    down: pack(&[format!("{path}.output.dense")], inner, hidden, first + 3)?,
                    output_norm: norm(&format!("{path}.output"))?,
                })
            })
            .collect::<ModelResult<_>>()?;
        Ok(Self {
            words: tensors.matrix("embeddings.word_embeddings.weight", config.vocab_size, hidden)?,
            positions: read_positions(tensors, config)?,
            embedding_norm: norm("embeddings")?,
            layers,
            heads: Heads { count: config.num_attention_heads, size: config.head_size() },
            inner: config.intermediate_size,
            activation: config.hidden_act,
            epsilon: config.layer_norm_eps as f32,
        })
    }

    /// Hidden states of a group of windows, laid end to end: `(tokens, hidden)`, in the scratch memory. `observe` is
    /// handed the input of every product, in order; the empty closure costs nothing.
    ///
    /// # Safety
    /// The processor has what the class `K` needs, and the caller enables those features for this inlined code.
    #[inline(always)]
    pub(super) unsafe fn forward<'s>(
        &self,
        windows: &[&[u32]],
        scratch: &'s mut Scratch<K>,
        mut observe: impl FnMut(usize, &[f32]),
    ) -> &'s [f32] {
        let hidden = self.heads.hidden();
        let tokens: usize = windows.iter().map(|window| window.len()).sum();
        let Scratch { states, qkv, context, inner, rows, attention } = scratch;
        states.resize(tokens * hidden);
        qkv.resize(tokens * 3 * hidden);
        context.resize(tokens * hidden);
        inner.resize(K::ROW_BLOCK.min(tokens) * self.inner);
        self.embed(windows, states);
        for (index, layer) in self.layers.iter().enumerate() {
            let first = index * INPUTS_PER_LAYER;
            observe(first, states);
            // SAFETY: the caller vouches for the class; `rows` is encoded for the weights of each product just before
            // it, from as many rows as the output has.
            unsafe {
                K::encode(&layer.qkv, states, rows);
                K::product(&layer.qkv, rows, qkv);
                let mut start = 0;
                for window in windows {
                    let end = start + window.len();
                    let own = &qkv[start * 3 * hidden..end * 3 * hidden];
                    K::attention(own, self.heads, attention, &mut context[start * hidden..end * hidden]);
                    start = end;
                }
                observe(first + 1, context);
                K::encode(&layer.output, context, rows);
                // The queries, keys and values are spent; their memory takes the projection.
                let projected = &mut qkv[..tokens * hidden];
                K::product(&layer.output, rows, projected);
                let norm = &layer.attention_norm;
                rows::add_layer_norm::<K::Rounding>(states, projected, &norm.scale, &norm.shift, self.epsilon);
                for block in states.chunks_mut(K::ROW_BLOCK * hidden) {
                    let height = block.len() / hidden;
                    let inner = &mut inner[..height * self.inner];
                    observe(first + 2, block);
                    K::encode(&layer.intermediate, block, rows);
                    K::product(&layer.intermediate, rows, inner);
                    K::activate_and_encode(self.activation, inner, &layer.down, rows);
                    observe(first + 3, inner);
                    let down = &mut context[..height * hidden];
                    K::product(&layer.down, rows, down);
                    let norm = &layer.output_norm;
                    rows::add_layer_norm::<K::Rounding>(block, down, &norm.scale, &norm.shift, self.epsilon);
                }
            }
        }
        states
    }
}

impl<K: Kernel> Packed<K> {
    /// Width of the hidden states.
    pub(super) fn hidden(&self) -> usize {
        self.heads.hidden()
    }

    /// Sums of word, position and token type embeddings, normalised.
    #[inline(always)]
    fn embed(&self, windows: &[&[u32]], states: &mut [f32]) {
        let hidden = self.heads.hidden();
        let mut rest = states.chunks_exact_mut(hidden);
        for window in windows {
            for ((id, position), state) in window.iter().zip(self.positions.chunks_exact(hidden)).zip(&mut rest) {
                self.words.add_row(*id as usize, position, state);
                let norm = &self.embedding_norm;
                rows::layer_norm::<K::Rounding>(state, &norm.scale, &norm.shift, self.epsilon);
            }
        }
    }
}
