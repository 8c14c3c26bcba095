//! Token ids to hidden states: DistilBERT, which is BERT with fewer layers, no token types and its own names.
//!
//! References: Sanh et al. 2019; huggingface/transformers, `modeling_distilbert.py`.

use candle_core::{Module, Tensor};
use candle_nn::{Embedding, LayerNorm, Linear, VarBuilder};
use serde::Deserialize;

use super::error::ModelResult;
use super::layers::{
    Activation, attend, check_heads, layer_norm, linear, padding_bias, scores, split_heads, unsupported,
};

/// Added to the variance in every layer norm; the family's configuration has no field for it.
const LAYER_NORM_EPS: f64 = 1e-12;

/// The fields of `config.json` that decide the arithmetic.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Config {
    /// Rows of the word embedding table.
    pub vocab_size: usize,
    /// Width of the hidden states.
    pub dim: usize,
    /// Number of layers.
    pub n_layers: usize,
    /// Number of attention heads; divides `dim`.
    pub n_heads: usize,
    /// Width of the feed-forward block.
    pub hidden_dim: usize,
    /// Activation of the feed-forward block.
    pub activation: Activation,
    /// Rows of the position table.
    pub max_position_embeddings: usize,
    /// Id of the padding token.
    #[serde(default)]
    pub pad_token_id: usize,
}

impl Config {
    /// Refuses what is not implemented.
    ///
    /// # Errors
    /// [`ModelError::Unsupported`](super::ModelError::Unsupported) for an odd number of heads.
    pub fn check(&self) -> ModelResult<()> {
        if self.activation == Activation::GeluNew {
            // The reference library knows gelu and relu here; another name is a sign of another architecture.
            return Err(unsupported("the activation `gelu_new` in DistilBERT", "gelu and relu are"));
        }
        check_heads(self.dim, self.n_heads)
    }
}

/// Word and position embeddings, summed and normalised.
#[derive(Debug)]
pub struct DistilBertEmbeddings {
    word_embeddings: Embedding,
    position_embeddings: Tensor,
    layer_norm: LayerNorm,
}

impl DistilBertEmbeddings {
    /// Loads from the path `embeddings`. Sinusoidal positions are stored like learnt ones.
    ///
    /// # Errors
    /// A tensor is absent or of another shape.
    pub fn load(vb: VarBuilder<'_>, config: &Config) -> ModelResult<Self> {
        let positions = vb.pp("position_embeddings").get((config.max_position_embeddings, config.dim), "weight")?;
        Ok(Self {
            word_embeddings: candle_nn::embedding(config.vocab_size, config.dim, vb.pp("word_embeddings"))?,
            position_embeddings: positions,
            layer_norm: layer_norm(config.dim, LAYER_NORM_EPS, vb.pp("LayerNorm"))?,
        })
    }

    /// `input_ids (batch, seq)` to `(batch, seq, dim)`.
    ///
    /// # Errors
    /// More tokens than positions, or an id beyond the vocabulary.
    pub fn forward(&self, input_ids: &Tensor) -> ModelResult<Tensor> {
        let positions = self.position_embeddings.narrow(0, 0, input_ids.dim(1)?)?;
        let sum = self.word_embeddings.forward(input_ids)?.broadcast_add(&positions)?;
        Ok(self.layer_norm.forward(&sum)?)
    }
}

/// Multi-head self-attention with its output projection.
#[derive(Debug)]
pub struct DistilBertAttention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    heads: usize,
}

impl DistilBertAttention {
    /// Loads from the path `transformer.layer.N.attention`.
    ///
    /// # Errors
    /// A tensor is absent or of another shape.
    pub fn load(vb: VarBuilder<'_>, config: &Config) -> ModelResult<Self> {
        let square = |name: &str| linear(config.dim, config.dim, vb.pp(name));
        Ok(Self {
            query: square("q_lin")?,
            key: square("k_lin")?,
            value: square("v_lin")?,
            output: square("out_lin")?,
            heads: config.n_heads,
        })
    }

    /// `hidden_states (batch, seq, dim)` and `bias (batch, 1, 1, seq)` to `(batch, seq, dim)`.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(&self, hidden_states: &Tensor, bias: &Tensor) -> ModelResult<Tensor> {
        let split = |projection: &Linear| split_heads(&projection.forward(hidden_states)?, self.heads);
        let context = attend(&scores(&split(&self.query)?, &split(&self.key)?)?, bias, &split(&self.value)?)?;
        Ok(self.output.forward(&context)?)
    }
}

/// One layer: attention, then the feed-forward block, each with residual and layer norm.
#[derive(Debug)]
pub struct DistilBertLayer {
    attention: DistilBertAttention,
    sa_layer_norm: LayerNorm,
    lin1: Linear,
    lin2: Linear,
    activation: Activation,
    output_layer_norm: LayerNorm,
}

impl DistilBertLayer {
    /// Loads from the path `transformer.layer.N`.
    ///
    /// # Errors
    /// A tensor is absent or of another shape.
    pub fn load(vb: VarBuilder<'_>, config: &Config) -> ModelResult<Self> {
        let ffn = vb.pp("ffn");
        Ok(Self {
            attention: DistilBertAttention::load(vb.pp("attention"), config)?,
            sa_layer_norm: layer_norm(config.dim, LAYER_NORM_EPS, vb.pp("sa_layer_norm"))?,
            lin1: linear(config.dim, config.hidden_dim, ffn.pp("lin1"))?,
            lin2: linear(config.hidden_dim, config.dim, ffn.pp("lin2"))?,
            activation: config.activation,
            output_layer_norm: layer_norm(config.dim, LAYER_NORM_EPS, vb.pp("output_layer_norm"))?,
        })
    }

    /// Shapes as for [`DistilBertAttention::forward`].
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(&self, hidden_states: &Tensor, bias: &Tensor) -> ModelResult<Tensor> {
        let attended = self.sa_layer_norm.forward(&(self.attention.forward(hidden_states, bias)? + hidden_states)?)?;
        let inner = self.activation.forward(&self.lin1.forward(&attended)?)?;
        Ok(self.output_layer_norm.forward(&(self.lin2.forward(&inner)? + attended)?)?)
    }
}

/// The whole encoder.
#[derive(Debug)]
pub struct DistilBertModel {
    embeddings: DistilBertEmbeddings,
    layers: Vec<DistilBertLayer>,
}

impl DistilBertModel {
    /// Loads embeddings and layers from a builder rooted where the checkpoint's own prefix ends.
    ///
    /// # Errors
    /// A tensor is absent or of another shape.
    pub fn load(vb: VarBuilder<'_>, config: &Config) -> ModelResult<Self> {
        let layers = vb.pp("transformer").pp("layer");
        Ok(Self {
            embeddings: DistilBertEmbeddings::load(vb.pp("embeddings"), config)?,
            layers: (0..config.n_layers)
                .map(|index| DistilBertLayer::load(layers.pp(index), config))
                .collect::<ModelResult<_>>()?,
        })
    }

    /// `input_ids (batch, seq)` and `attention_mask (batch, seq)` of 1 and 0 (both `u32`) to the last hidden states
    /// `(batch, seq, dim)`, `f32`. States at padding positions mean nothing.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(&self, input_ids: &Tensor, attention_mask: &Tensor) -> ModelResult<Tensor> {
        let bias = padding_bias(attention_mask)?;
        let mut states = self.embeddings.forward(input_ids)?;
        for layer in &self.layers {
            states = layer.forward(&states, &bias)?;
        }
        Ok(states)
    }
}
