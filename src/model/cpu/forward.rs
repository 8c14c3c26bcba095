//! Token ids to hidden states, packed: windows laid end to end without padding, written once for all kernel classes.
//!
//! Dense layers see one tall matrix of all tokens in a group of windows; attention runs window by window. A group is
//! small enough for its states to stay in the second-level cache, and the feed-forward block goes through in blocks of
//! rows for the same reason. Every row is computed from that row alone (and, in attention, from its own window), so a
//! window's bits do not depend on what shares its group.

use super::super::bert::{Activation, Config};
use super::super::error::ModelResult;
use super::super::paths::{States, Wanted};
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
    /// The layers that the heads have to themselves.
    own: Vec<Layer<K>>,
    /// Layers below those; all of them where there are none.
    after: usize,
    heads: Heads,
    inner: usize,
    activation: Activation,
    epsilon: f32,
}

/// Buffers of one worker; grown to the largest group seen and then reused.
pub(super) struct Scratch<K: Kernel> {
    states: Aligned<f32>,
    feelings: Aligned<f32>,
    work: Work<K>,
}

/// What the layers need beside the states.
struct Work<K: Kernel> {
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
            feelings: Aligned::default(),
            work: Work {
                qkv: Aligned::default(),
                context: Aligned::default(),
                inner: Aligned::default(),
                rows: K::Rows::default(),
                attention: attention::Scratch::default(),
            },
        }
    }
}

/// A part of the way through the layers.
#[derive(Clone, Copy)]
enum Part {
    /// The layers below both paths.
    Shared,
    /// Those that the heads have to themselves.
    Own,
    /// Those of the meaning alone.
    Last,
}

/// Which input of a layer's products was observed; the order in which [`Packed::load`] asks for peaks.
pub(super) const INPUTS_PER_LAYER: usize = 4;

impl<K: Kernel> Packed<K> {
    /// Reads and packs a checkpoint. `peaks` holds, for each layer (the heads' own after the others) and each of its four
    /// products (query-key-value, attention output, feed-forward up, feed-forward down), the largest magnitude of every
    /// input; empty for classes that need none.
    pub(super) fn load(tensors: &Tensors<'_>, config: &Config, peaks: &[Vec<f32>]) -> ModelResult<Self> {
        let hidden = config.hidden_size;
        // Checkpoints converted from TensorFlow call the two gamma and beta.
        let either = |path: &str, name: &str, old: &str| {
            let old = format!("{path}.LayerNorm.{old}");
            let name = if tensors.has(&old) { old } else { format!("{path}.LayerNorm.{name}") };
            tensors.f32(&name, &[hidden])
        };
        let norm = |path: &str| -> ModelResult<Norm> {
            Ok(Norm { scale: either(path, "weight", "gamma")?, shift: either(path, "bias", "beta")? })
        };
        let pack = |paths: &[String], inputs: usize, outputs: usize, product: usize| -> ModelResult<K::Weights> {
            let mut dense = Dense {
                weight: Vec::with_capacity(paths.len() * inputs * outputs),
                bias: Vec::with_capacity(paths.len() * outputs),
                inputs,
                outputs: paths.len() * outputs,
                input_peaks: peaks.get(product).cloned().unwrap_or_default(),
            };
            for path in paths {
                dense.weight.extend(tensors.f32(&format!("{path}.weight"), &[outputs, inputs])?);
                dense.bias.extend(tensors.f32(&format!("{path}.bias"), &[outputs])?);
            }
            Ok(K::pack(&dense))
        };
        let load = |place: usize, path: &str| -> ModelResult<Layer<K>> {
            let first = place * INPUTS_PER_LAYER;
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
        };
        let count = config.num_hidden_layers;
        let paths = (0..count).map(|index| format!("encoder.layer.{index}"));
        let paths = paths.chain((count..config.all_layers()).map(|index| format!("feelings.layer.{}", index - count)));
        let mut layers =
            paths.enumerate().map(|(place, path)| load(place, &path)).collect::<ModelResult<Vec<Layer<K>>>>()?;
        let own = layers.split_off(count);
        let table = tensors.f32("embeddings.position_embeddings.weight", &[config.max_position_embeddings, hidden])?;
        let types = tensors.f32("embeddings.token_type_embeddings.weight", &[config.type_vocab_size, hidden])?;
        let positions = table
            .chunks_exact(hidden)
            .skip(config.first_position())
            .flat_map(|row| row.iter().zip(&types).map(|(position, kind)| position + kind))
            .collect();
        Ok(Self {
            words: tensors.matrix("embeddings.word_embeddings.weight", config.vocab_size, hidden)?,
            positions,
            embedding_norm: norm("embeddings")?,
            layers,
            own,
            after: config.feelings.map_or(count, |feelings| feelings.after),
            heads: Heads { count: config.num_attention_heads, size: config.head_size() },
            inner: config.intermediate_size,
            activation: config.hidden_act,
            epsilon: config.layer_norm_eps as f32,
        })
    }

    /// Hidden states of a group of windows, laid end to end: those of the `wanted` paths, `(tokens, hidden)` each, in the
    /// scratch memory. `observe` is handed the input of every product, in order; the empty closure costs nothing.
    ///
    /// # Safety
    /// The processor has what the class `K` needs, and the caller enables those features for this inlined code.
    #[inline(always)]
    pub(super) unsafe fn forward<'s>(
        &self,
        windows: &[&[u32]],
        wanted: Wanted,
        scratch: &'s mut Scratch<K>,
        mut observe: impl FnMut(usize, &[f32]),
    ) -> States<'s> {
        let tokens: usize = windows.iter().map(|window| window.len()).sum();
        let Scratch { states, feelings, work } = scratch;
        states.resize(tokens * self.heads.hidden());
        self.embed(windows, states);
        let (shared, last) = self.layers.split_at(self.after);
        let has_own = !self.own.is_empty();
        // In a loop, so that the layers are compiled in one place.
        for (part, layers, place) in
            [(Part::Shared, shared, 0), (Part::Own, &self.own[..], self.layers.len()), (Part::Last, last, self.after)]
        {
            let states = match part {
                Part::Own if has_own && wanted.feelings => {
                    feelings.resize(states.len());
                    feelings.copy_from_slice(states);
                    &mut feelings[..]
                }
                Part::Own => continue,
                Part::Last if has_own && !wanted.meaning => continue,
                Part::Shared | Part::Last => &mut states[..],
            };
            // SAFETY: the caller vouches for the class.
            unsafe { self.through(layers, place, windows, states, work, &mut observe) };
        }
        if !has_own {
            return States { meaning: states, feelings: states };
        }
        States {
            meaning: if wanted.meaning { states } else { &[] },
            feelings: if wanted.feelings { feelings } else { &[] },
        }
    }

    /// Takes the states of a group through layers, the first of which is number `place` in the order of the peaks.
    ///
    /// # Safety
    /// As for [`Self::forward`].
    #[inline(always)]
    unsafe fn through(
        &self,
        layers: &[Layer<K>],
        place: usize,
        windows: &[&[u32]],
        states: &mut [f32],
        work: &mut Work<K>,
        observe: &mut impl FnMut(usize, &[f32]),
    ) {
        let hidden = self.heads.hidden();
        let tokens = states.len() / hidden;
        let Work { qkv, context, inner, rows, attention } = work;
        qkv.resize(tokens * 3 * hidden);
        context.resize(tokens * hidden);
        inner.resize(K::ROW_BLOCK.min(tokens) * self.inner);
        for (index, layer) in layers.iter().enumerate() {
            let first = (place + index) * INPUTS_PER_LAYER;
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
                let row = *id as usize * hidden..(*id as usize + 1) * hidden;
                match &self.words {
                    Matrix::F32(values) => {
                        for ((state, word), position) in state.iter_mut().zip(&values[row]).zip(position) {
                            *state = word + position;
                        }
                    }
                    Matrix::Int8 { values, scales } => {
                        let scale = scales[*id as usize];
                        for ((state, word), position) in state.iter_mut().zip(&values[row]).zip(position) {
                            *state = f32::from(*word) * scale + position;
                        }
                    }
                }
                let norm = &self.embedding_norm;
                rows::layer_norm::<K::Rounding>(state, &norm.scale, &norm.shift, self.epsilon);
            }
        }
    }
}
