//! Token ids to hidden states: the BERT family in candle, the reference that every kernel is compared with.
//!
//! Serves `bert`, and `roberta`, `xlm-roberta` and `camembert`, which differ only in where position ids start. The
//! pooler of BERT's pre-training is not used by sentence encoders and is not loaded. References: Devlin et al. 2019;
//! huggingface/transformers, `modeling_bert.py`; huggingface/candle, `candle-transformers/src/models/bert.rs`.

use std::collections::HashMap;

use candle_core::{DType, Device, IndexOp, Module, Tensor};
use candle_nn::{Embedding, LayerNorm, Linear, VarBuilder};
use serde::Deserialize;

use super::error::{ModelError, ModelResult};
use super::weights::{ModelFiles, Tensors};

/// What every checkpoint of the family holds; the text before it is the checkpoint's prefix.
pub(crate) const ANCHOR: &str = "embeddings.word_embeddings.weight";

/// The fields of `config.json` that decide the arithmetic.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Config {
    /// `bert`, `roberta`, `xlm-roberta` or `camembert`.
    pub model_type: String,
    /// Rows of the word embedding table; token ids are below it.
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
    /// Rows of the position table.
    pub max_position_embeddings: usize,
    /// Rows of the token type table; only type 0 is used.
    pub type_vocab_size: usize,
    /// Added to the variance in every layer norm.
    pub layer_norm_eps: f64,
    /// Id of the padding token; RoBERTa's positions start after it.
    #[serde(default)]
    pub pad_token_id: usize,
    /// Only `absolute` is implemented.
    #[serde(default = "absolute")]
    pub position_embedding_type: String,
}

fn absolute() -> String {
    "absolute".to_owned()
}

/// Activation of the feed-forward block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `x * (1 + erf(x / sqrt 2)) / 2`, exact.
    Gelu,
    /// The tanh approximation of GELU; not the same function, up to 5e-4 apart.
    #[serde(alias = "gelu_fast", alias = "gelu_pytorch_tanh")]
    GeluNew,
    /// `max(x, 0)`.
    Relu,
}

impl Config {
    /// Reads and checks `config.json`.
    ///
    /// # Errors
    /// [`ModelError::Json`] for a missing field, [`ModelError::Unsupported`] for another family or position scheme.
    pub fn from_files(files: &ModelFiles) -> ModelResult<Self> {
        const FILE: &str = "config.json";
        let unsupported =
            |what: String, hint: &str| ModelError::Unsupported { file: FILE.to_owned(), what, hint: hint.to_owned() };
        // The family is looked at first: another family's fields have other names, and saying so helps more than
        // naming the first field that is absent.
        let value: serde_json::Value = files.required_json(FILE)?;
        let family = value.get("model_type").and_then(|v| v.as_str()).unwrap_or("(none)").to_owned();
        if !["bert", "roberta", "xlm-roberta", "camembert"].contains(&family.as_str()) {
            return Err(unsupported(
                format!("the model family `{family}`"),
                "bert, roberta, xlm-roberta and camembert are",
            ));
        }
        let config: Self =
            serde_json::from_value(value).map_err(|source| ModelError::Json { file: FILE.to_owned(), source })?;
        if config.position_embedding_type != "absolute" {
            return Err(unsupported(format!("position embedding `{}`", config.position_embedding_type), "absolute is"));
        }
        if config.num_attention_heads == 0 || !config.hidden_size.is_multiple_of(config.num_attention_heads) {
            return Err(unsupported(
                format!("hidden_size {} with {} heads", config.hidden_size, config.num_attention_heads),
                "the number of heads must divide the hidden size",
            ));
        }
        Ok(config)
    }

    /// Position id of a window's first token: 0 for BERT, `pad_token_id + 1` for RoBERTa and its descendants.
    pub fn first_position(&self) -> usize {
        if self.model_type == "bert" { 0 } else { self.pad_token_id + 1 }
    }

    /// The longest window that has a position for each token.
    pub fn max_tokens(&self) -> usize {
        self.max_position_embeddings.saturating_sub(self.first_position())
    }

    /// Width of one attention head.
    pub fn head_size(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }
}

/// Makes a candle builder from tensors of any supported storage type, in full precision.
pub(crate) fn var_builder(tensors: &Tensors<'_>, device: &Device) -> ModelResult<VarBuilder<'static>> {
    let mut all = HashMap::new();
    for (name, shape) in tensors.shapes() {
        let values = tensors.f32(&name, &shape)?;
        all.insert(name, Tensor::from_vec(values, shape, device)?);
    }
    Ok(VarBuilder::from_tensors(all, DType::F32, device))
}

fn linear(inputs: usize, outputs: usize, vb: VarBuilder<'_>) -> ModelResult<Linear> {
    Ok(candle_nn::linear(inputs, outputs, vb)?)
}

fn layer_norm(config: &Config, vb: VarBuilder<'_>) -> ModelResult<LayerNorm> {
    Ok(candle_nn::layer_norm(config.hidden_size, config.layer_norm_eps, vb)?)
}

/// Word, position and token type embeddings, summed and normalised.
#[derive(Debug)]
pub struct BertEmbeddings {
    word_embeddings: Embedding,
    position_embeddings: Tensor,
    token_type: Tensor,
    layer_norm: LayerNorm,
    first_position: usize,
}

impl BertEmbeddings {
    /// Loads from the path `embeddings`.
    ///
    /// # Errors
    /// A tensor is absent or of another shape.
    pub fn load(vb: VarBuilder<'_>, config: &Config) -> ModelResult<Self> {
        let hidden = config.hidden_size;
        let types = vb.pp("token_type_embeddings").get((config.type_vocab_size, hidden), "weight")?;
        Ok(Self {
            word_embeddings: candle_nn::embedding(config.vocab_size, hidden, vb.pp("word_embeddings"))?,
            position_embeddings: vb
                .pp("position_embeddings")
                .get((config.max_position_embeddings, hidden), "weight")?,
            token_type: types.i(0)?,
            layer_norm: layer_norm(config, vb.pp("LayerNorm"))?,
            first_position: config.first_position(),
        })
    }

    /// `input_ids (batch, seq)` to `(batch, seq, hidden)`. Windows start at the first column; padding follows.
    ///
    /// # Errors
    /// More tokens than positions, or an id beyond the vocabulary.
    pub fn forward(&self, input_ids: &Tensor) -> ModelResult<Tensor> {
        let positions = self.position_embeddings.narrow(0, self.first_position, input_ids.dim(1)?)?;
        let sum =
            self.word_embeddings.forward(input_ids)?.broadcast_add(&positions.broadcast_add(&self.token_type)?)?;
        Ok(self.layer_norm.forward(&sum)?)
    }
}

/// Multi-head self-attention with its output projection, residual and layer norm.
#[derive(Debug)]
pub struct BertAttention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    layer_norm: LayerNorm,
    heads: usize,
    head_size: usize,
}

impl BertAttention {
    /// Loads from the path `encoder.layer.N.attention`.
    ///
    /// # Errors
    /// A tensor is absent or of another shape.
    pub fn load(vb: VarBuilder<'_>, config: &Config) -> ModelResult<Self> {
        let hidden = config.hidden_size;
        let own = vb.pp("self");
        Ok(Self {
            query: linear(hidden, hidden, own.pp("query"))?,
            key: linear(hidden, hidden, own.pp("key"))?,
            value: linear(hidden, hidden, own.pp("value"))?,
            output: linear(hidden, hidden, vb.pp("output").pp("dense"))?,
            layer_norm: layer_norm(config, vb.pp("output").pp("LayerNorm"))?,
            heads: config.num_attention_heads,
            head_size: config.head_size(),
        })
    }

    /// `hidden_states (batch, seq, hidden)` and `bias (batch, 1, 1, seq)`, added to the scores: 0, or a large
    /// negative number where the key is padding.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(&self, hidden_states: &Tensor, bias: &Tensor) -> ModelResult<Tensor> {
        let (batch, seq, hidden) = hidden_states.dims3()?;
        let split = |projection: &Linear| -> ModelResult<Tensor> {
            let states = projection.forward(hidden_states)?.reshape((batch, seq, self.heads, self.head_size))?;
            Ok(states.transpose(1, 2)?.contiguous()?)
        };
        let (query, key, value) = (split(&self.query)?, split(&self.key)?, split(&self.value)?);
        let scale = (self.head_size as f64).sqrt().recip();
        let scores = (query.matmul(&key.transpose(2, 3)?.contiguous()?)? * scale)?.broadcast_add(bias)?;
        let weights = candle_nn::ops::softmax_last_dim(&scores)?;
        let context = weights.matmul(&value)?.transpose(1, 2)?.reshape((batch, seq, hidden))?;
        Ok(self.layer_norm.forward(&(self.output.forward(&context)? + hidden_states)?)?)
    }
}

/// One layer: attention, then the feed-forward block.
#[derive(Debug)]
pub struct BertLayer {
    attention: BertAttention,
    intermediate: Linear,
    activation: Activation,
    output: Linear,
    layer_norm: LayerNorm,
}

impl BertLayer {
    /// Loads from the path `encoder.layer.N`.
    ///
    /// # Errors
    /// A tensor is absent or of another shape.
    pub fn load(vb: VarBuilder<'_>, config: &Config) -> ModelResult<Self> {
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        Ok(Self {
            attention: BertAttention::load(vb.pp("attention"), config)?,
            intermediate: linear(hidden, inner, vb.pp("intermediate").pp("dense"))?,
            activation: config.hidden_act,
            output: linear(inner, hidden, vb.pp("output").pp("dense"))?,
            layer_norm: layer_norm(config, vb.pp("output").pp("LayerNorm"))?,
        })
    }

    /// Shapes as for [`BertAttention::forward`].
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(&self, hidden_states: &Tensor, bias: &Tensor) -> ModelResult<Tensor> {
        let attended = self.attention.forward(hidden_states, bias)?;
        let inner = self.intermediate.forward(&attended)?;
        let inner = match self.activation {
            Activation::Gelu => inner.gelu_erf()?,
            Activation::GeluNew => inner.gelu()?,
            Activation::Relu => inner.relu()?,
        };
        Ok(self.layer_norm.forward(&(self.output.forward(&inner)? + attended)?)?)
    }
}

/// The whole encoder.
#[derive(Debug)]
pub struct BertModel {
    embeddings: BertEmbeddings,
    layers: Vec<BertLayer>,
}

impl BertModel {
    /// Loads embeddings and layers from a builder rooted where the checkpoint's own prefix ends.
    ///
    /// # Errors
    /// A tensor is absent or of another shape.
    pub fn load(vb: VarBuilder<'_>, config: &Config) -> ModelResult<Self> {
        let layers = vb.pp("encoder").pp("layer");
        Ok(Self {
            embeddings: BertEmbeddings::load(vb.pp("embeddings"), config)?,
            layers: (0..config.num_hidden_layers)
                .map(|index| BertLayer::load(layers.pp(index), config))
                .collect::<ModelResult<_>>()?,
        })
    }

    /// `input_ids (batch, seq)` and `attention_mask (batch, seq)` of 1 and 0 (both `u32`) to the last hidden states
    /// `(batch, seq, hidden)`, `f32`. States at padding positions mean nothing.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(&self, input_ids: &Tensor, attention_mask: &Tensor) -> ModelResult<Tensor> {
        let padding = (attention_mask.to_dtype(DType::F32)? - 1.0)?;
        let bias = (padding * 1e9)?.unsqueeze(1)?.unsqueeze(1)?;
        let mut states = self.embeddings.forward(input_ids)?;
        for layer in &self.layers {
            states = layer.forward(&states, &bias)?;
        }
        Ok(states)
    }
}
