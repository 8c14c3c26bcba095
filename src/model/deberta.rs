//! Token ids to hidden states: DeBERTa-v2 and v3, whose attention compares content with relative positions as well.
//!
//! A score is `Q·Kᵀ` (content to content) plus `Q·Pkᵀ` at the bucket of the distance (content to position, `c2p`) plus
//! `K·Pqᵀ` at the same bucket (position to content, `p2c`), all divided by `sqrt(head_size · number of terms)`.
//! Distances are exact up to half the number of buckets and logarithmic beyond. The convolution of the largest v2
//! checkpoints is not implemented. References: He et al. 2021 (DeBERTa; DeBERTaV3); huggingface/transformers,
//! `modeling_deberta_v2.py`.

use candle_core::{Device, IndexOp, Module, Tensor};
use candle_nn::{Embedding, LayerNorm, Linear, VarBuilder};
use serde::Deserialize;

use super::error::ModelResult;
use super::layers::{
    Activation, attend, check_heads, layer_norm, linear, linear_or_bare, padding_bias, split_heads, unsupported,
};

/// The fields of `config.json` that decide the arithmetic.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Config {
    /// Rows of the word embedding table.
    pub vocab_size: usize,
    /// Width of the hidden states.
    pub hidden_size: usize,
    /// Number of layers.
    pub num_hidden_layers: usize,
    /// Number of attention heads; divides `hidden_size`.
    pub num_attention_heads: usize,
    /// Width of the feed-forward block.
    pub intermediate_size: usize,
    /// Activation of the feed-forward block.
    pub hidden_act: Activation,
    /// Rows of the absolute position table, and the longest window.
    pub max_position_embeddings: usize,
    /// Rows of the token type table; 0 when there is none.
    #[serde(default)]
    pub type_vocab_size: usize,
    /// Added to the variance in every layer norm.
    pub layer_norm_eps: f64,
    /// Id of the padding token.
    #[serde(default)]
    pub pad_token_id: usize,
    /// Whether attention sees relative positions.
    #[serde(default)]
    pub relative_attention: bool,
    /// Longest distance; below 1: `max_position_embeddings`.
    #[serde(default = "minus_one")]
    pub max_relative_positions: i64,
    /// Buckets of distances on each side; below 1: one per distance.
    #[serde(default = "minus_one")]
    pub position_buckets: i64,
    /// `layer_norm` when the relative embeddings are normalised.
    #[serde(default)]
    pub norm_rel_ebd: Option<String>,
    /// Whether positions go through the projections of the content.
    #[serde(default)]
    pub share_att_key: bool,
    /// `c2p`, `p2c` or both.
    #[serde(default)]
    pub pos_att_type: Option<PosAttType>,
    /// Whether absolute positions are added to the words.
    #[serde(default = "yes")]
    pub position_biased_input: bool,
    /// Width of the word embeddings when it is another than `hidden_size`.
    #[serde(default)]
    pub embedding_size: Option<usize>,
    /// Width of the convolution beside the first layer; not implemented.
    #[serde(default)]
    pub conv_kernel_size: Option<i64>,
    /// Width of a head when it is another than `hidden_size / num_attention_heads`; not implemented.
    #[serde(default)]
    pub attention_head_size: Option<usize>,
}

fn minus_one() -> i64 {
    -1
}

fn yes() -> bool {
    true
}

/// Kinds of relative attention, as older (`"c2p|p2c"`) and newer (`["c2p", "p2c"]`) files write them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum PosAttType {
    /// Separated by bars.
    Text(String),
    /// As a list.
    List(Vec<String>),
}

impl PosAttType {
    fn has(&self, kind: &str) -> bool {
        match self {
            Self::Text(text) => text.split('|').any(|part| part.trim().eq_ignore_ascii_case(kind)),
            Self::List(parts) => parts.iter().any(|part| part.trim().eq_ignore_ascii_case(kind)),
        }
    }
}

impl Config {
    /// Refuses what is not implemented.
    ///
    /// # Errors
    /// [`ModelError::Unsupported`](super::ModelError::Unsupported) for the convolution and for heads of another width.
    pub fn check(&self) -> ModelResult<()> {
        if self.conv_kernel_size.is_some_and(|size| size > 0) {
            return Err(unsupported("DeBERTa's convolution layer (conv_kernel_size)", "checkpoints without it are"));
        }
        check_heads(self.hidden_size, self.num_attention_heads)?;
        if self.attention_head_size.is_some_and(|size| size != self.hidden_size / self.num_attention_heads) {
            return Err(unsupported("another attention_head_size", "hidden_size / num_attention_heads is"));
        }
        Ok(())
    }

    fn has(&self, kind: &str) -> bool {
        self.relative_attention && self.pos_att_type.as_ref().is_some_and(|kinds| kinds.has(kind))
    }

    /// Longest distance that gets a bucket of its own kind.
    fn longest_distance(&self) -> i64 {
        if self.max_relative_positions < 1 { self.max_position_embeddings as i64 } else { self.max_relative_positions }
    }

    /// Rows of the relative table on each side.
    fn span(&self) -> i64 {
        if self.position_buckets > 0 { self.position_buckets } else { self.longest_distance() }
    }
}

/// Row of the relative table for the distance `query − key`: `span` stands for 0.
fn bucket(distance: i64, config: &Config) -> u32 {
    let span = config.span();
    let mid = config.position_buckets / 2;
    let place = if config.position_buckets > 0 && distance.abs() > mid {
        let (mid, longest) = (mid as f32, config.longest_distance() as f32);
        // In single precision, as the reference computes it: a rounding up to the next bucket must agree.
        let far = ((distance.abs() as f32 / mid).ln() / ((longest - 1.0) / mid).ln() * (mid - 1.0)).ceil() + mid;
        far as i64 * distance.signum()
    } else {
        distance
    };
    (place + span).clamp(0, 2 * span - 1) as u32
}

/// Word embeddings, with absolute positions and token types where the configuration has them, normalised.
#[derive(Debug)]
pub struct DebertaEmbeddings {
    word_embeddings: Embedding,
    position_embeddings: Option<Tensor>,
    token_type: Option<Tensor>,
    embed_proj: Option<Linear>,
    layer_norm: LayerNorm,
}

impl DebertaEmbeddings {
    /// Loads from the path `embeddings`.
    ///
    /// # Errors
    /// A tensor is absent or of another shape.
    pub fn load(vb: VarBuilder<'_>, config: &Config) -> ModelResult<Self> {
        let width = config.embedding_size.unwrap_or(config.hidden_size);
        let table = |name: &str, rows: usize| vb.pp(name).get((rows, width), "weight");
        Ok(Self {
            word_embeddings: candle_nn::embedding(config.vocab_size, width, vb.pp("word_embeddings"))?,
            position_embeddings: if config.position_biased_input {
                Some(table("position_embeddings", config.max_position_embeddings)?)
            } else {
                None
            },
            token_type: if config.type_vocab_size > 0 {
                Some(table("token_type_embeddings", config.type_vocab_size)?.i(0)?)
            } else {
                None
            },
            embed_proj: if width == config.hidden_size {
                None
            } else {
                Some(linear_or_bare(width, config.hidden_size, false, vb.pp("embed_proj"))?)
            },
            layer_norm: layer_norm(config.hidden_size, config.layer_norm_eps, vb.pp("LayerNorm"))?,
        })
    }

    /// `input_ids (batch, seq)` to `(batch, seq, hidden)`.
    ///
    /// # Errors
    /// More tokens than positions, or an id beyond the vocabulary.
    pub fn forward(&self, input_ids: &Tensor) -> ModelResult<Tensor> {
        let mut sum = self.word_embeddings.forward(input_ids)?;
        if let Some(positions) = &self.position_embeddings {
            sum = sum.broadcast_add(&positions.narrow(0, 0, input_ids.dim(1)?)?)?;
        }
        if let Some(token_type) = &self.token_type {
            sum = sum.broadcast_add(token_type)?;
        }
        if let Some(projection) = &self.embed_proj {
            sum = projection.forward(&sum)?;
        }
        Ok(self.layer_norm.forward(&sum)?)
    }
}

/// Disentangled self-attention with its output projection, residual and layer norm.
#[derive(Debug)]
pub struct DebertaAttention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    layer_norm: LayerNorm,
    /// `(heads, head_size, 2 * span)`: keys of the positions, for `c2p`.
    position_keys: Option<Tensor>,
    /// `(heads, head_size, 2 * span)`: queries of the positions, for `p2c`.
    position_queries: Option<Tensor>,
    heads: usize,
    scale: f64,
}

impl DebertaAttention {
    /// Loads from the path `encoder.layer.N.attention`. `relative (2 * span, hidden)` are the embeddings of the
    /// positions; what a layer makes of them does not depend on the text, so it is computed once here.
    ///
    /// # Errors
    /// A tensor is absent or of another shape.
    pub fn load(vb: VarBuilder<'_>, config: &Config, relative: Option<&Tensor>) -> ModelResult<Self> {
        let (hidden, heads) = (config.hidden_size, config.num_attention_heads);
        let own = vb.pp("self");
        let (query, key) = (linear(hidden, hidden, own.pp("query_proj"))?, linear(hidden, hidden, own.pp("key_proj"))?);
        let project = |kind: &str, shared: &Linear, name: &str| -> ModelResult<Option<Tensor>> {
            let Some(relative) = relative.filter(|_| config.has(kind)) else { return Ok(None) };
            let projected = if config.share_att_key {
                shared.forward(relative)?
            } else {
                linear(hidden, hidden, own.pp(name))?.forward(relative)?
            };
            let rows = projected.dim(0)?;
            Ok(Some(projected.reshape((rows, heads, hidden / heads))?.permute((1, 2, 0))?.contiguous()?))
        };
        let position_keys = project("c2p", &key, "pos_key_proj")?;
        let position_queries = project("p2c", &query, "pos_query_proj")?;
        let terms = 1 + usize::from(position_keys.is_some()) + usize::from(position_queries.is_some());
        Ok(Self {
            query,
            key,
            value: linear(hidden, hidden, own.pp("value_proj"))?,
            output: linear(hidden, hidden, vb.pp("output").pp("dense"))?,
            layer_norm: layer_norm(hidden, config.layer_norm_eps, vb.pp("output").pp("LayerNorm"))?,
            position_keys,
            position_queries,
            heads,
            scale: ((hidden / heads * terms) as f64).sqrt().recip(),
        })
    }

    /// `hidden_states (batch, seq, hidden)`, `bias (batch, 1, 1, seq)` and `buckets (seq, seq)`, the rows of the
    /// relative table for each pair of query and key.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(&self, hidden_states: &Tensor, bias: &Tensor, buckets: &Tensor) -> ModelResult<Tensor> {
        let split = |projection: &Linear| split_heads(&projection.forward(hidden_states)?, self.heads);
        let (query, key, value) = (split(&self.query)?, split(&self.key)?, split(&self.value)?);
        let (batch, heads, seq, _) = query.dims4()?;
        let mut scores = query.matmul(&key.transpose(2, 3)?.contiguous()?)?;
        // The products with every position, then those of the bucket that each pair falls into.
        let positioned = |states: &Tensor, positions: &Tensor| -> ModelResult<Tensor> {
            let all = states.broadcast_matmul(&positions.unsqueeze(0)?)?.contiguous()?;
            let index = buckets.unsqueeze(0)?.unsqueeze(0)?.broadcast_as((batch, heads, seq, seq))?.contiguous()?;
            Ok(all.gather(&index, 3)?)
        };
        if let Some(keys) = &self.position_keys {
            scores = (scores + positioned(&query, keys)?)?;
        }
        if let Some(queries) = &self.position_queries {
            // A key at k meets a query at q in the bucket of q − k; the row here is k, hence both transpositions.
            let all = key.broadcast_matmul(&queries.unsqueeze(0)?)?.contiguous()?;
            let index =
                buckets.t()?.unsqueeze(0)?.unsqueeze(0)?.broadcast_as((batch, heads, seq, seq))?.contiguous()?;
            scores = (scores + all.gather(&index, 3)?.transpose(2, 3)?)?;
        }
        let context = attend(&(scores * self.scale)?, bias, &value)?;
        Ok(self.layer_norm.forward(&(self.output.forward(&context)? + hidden_states)?)?)
    }
}

/// One layer: attention, then the feed-forward block.
#[derive(Debug)]
pub struct DebertaLayer {
    attention: DebertaAttention,
    intermediate: Linear,
    activation: Activation,
    output: Linear,
    layer_norm: LayerNorm,
}

impl DebertaLayer {
    /// Loads from the path `encoder.layer.N`.
    ///
    /// # Errors
    /// A tensor is absent or of another shape.
    pub fn load(vb: VarBuilder<'_>, config: &Config, relative: Option<&Tensor>) -> ModelResult<Self> {
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        Ok(Self {
            attention: DebertaAttention::load(vb.pp("attention"), config, relative)?,
            intermediate: linear(hidden, inner, vb.pp("intermediate").pp("dense"))?,
            activation: config.hidden_act,
            output: linear(inner, hidden, vb.pp("output").pp("dense"))?,
            layer_norm: layer_norm(hidden, config.layer_norm_eps, vb.pp("output").pp("LayerNorm"))?,
        })
    }

    /// Shapes as for [`DebertaAttention::forward`].
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(&self, hidden_states: &Tensor, bias: &Tensor, buckets: &Tensor) -> ModelResult<Tensor> {
        let attended = self.attention.forward(hidden_states, bias, buckets)?;
        let inner = self.activation.forward(&self.intermediate.forward(&attended)?)?;
        Ok(self.layer_norm.forward(&(self.output.forward(&inner)? + attended)?)?)
    }
}

/// The whole encoder.
#[derive(Debug)]
pub struct DebertaModel {
    embeddings: DebertaEmbeddings,
    layers: Vec<DebertaLayer>,
    config: Config,
}

impl DebertaModel {
    /// Loads embeddings and layers from a builder rooted where the checkpoint's own prefix ends.
    ///
    /// # Errors
    /// A tensor is absent or of another shape.
    pub fn load(vb: VarBuilder<'_>, config: &Config) -> ModelResult<Self> {
        let encoder = vb.pp("encoder");
        let mut relative = None;
        if config.relative_attention {
            let rows = 2 * config.span() as usize;
            let mut table = encoder.pp("rel_embeddings").get((rows, config.hidden_size), "weight")?;
            let norms = config.norm_rel_ebd.as_deref().unwrap_or_default();
            if norms.split('|').any(|norm| norm.trim().eq_ignore_ascii_case("layer_norm")) {
                table =
                    layer_norm(config.hidden_size, config.layer_norm_eps, encoder.pp("LayerNorm"))?.forward(&table)?;
            }
            relative = Some(table);
        }
        Ok(Self {
            embeddings: DebertaEmbeddings::load(vb.pp("embeddings"), config)?,
            layers: (0..config.num_hidden_layers)
                .map(|index| DebertaLayer::load(encoder.pp("layer").pp(index), config, relative.as_ref()))
                .collect::<ModelResult<_>>()?,
            config: config.clone(),
        })
    }

    /// `input_ids (batch, seq)` and `attention_mask (batch, seq)` of 1 and 0 (both `u32`) to the last hidden states
    /// `(batch, seq, hidden)`, `f32`. States at padding positions mean nothing.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(&self, input_ids: &Tensor, attention_mask: &Tensor) -> ModelResult<Tensor> {
        let bias = padding_bias(attention_mask)?;
        let buckets = self.buckets(input_ids.dim(1)?, input_ids.device())?;
        let mut states = self.embeddings.forward(input_ids)?;
        for layer in &self.layers {
            states = layer.forward(&states, &bias, &buckets)?;
        }
        Ok(states)
    }

    fn buckets(&self, seq: usize, device: &Device) -> ModelResult<Tensor> {
        let pairs = (0..seq as i64).flat_map(|query| (0..seq as i64).map(move |key| query - key));
        let rows: Vec<u32> = pairs.map(|distance| bucket(distance, &self.config)).collect();
        Ok(Tensor::from_vec(rows, (seq, seq), device)?)
    }
}
