//! Token ids to hidden states: the BERT family in candle, the reference that every kernel is compared with.
//!
//! Serves `bert`, and `roberta`, `xlm-roberta` and `camembert`, which differ only in where position ids start. The
//! pooler of BERT's pre-training is not used by sentence encoders and is not loaded. References: Devlin et al. 2019;
//! huggingface/transformers, `modeling_bert.py`; huggingface/candle, `candle-transformers/src/models/bert.rs`.

use candle_core::{IndexOp, Module, Tensor};
use candle_nn::{Embedding, LayerNorm, Linear, VarBuilder};
use serde::Deserialize;

use super::error::ModelResult;
pub use super::layers::Activation;
use super::layers::{attend, check_heads, layer_norm, linear, padding_bias, scores, split_heads, unsupported};
use super::paths::{Paths, Wanted};

/// What every checkpoint of the family holds; the text before it is the checkpoint's prefix.
pub(crate) const ANCHOR: &str = "embeddings.word_embeddings.weight";

/// Values of `model_type` that this file serves.
pub(crate) const MODEL_TYPES: [&str; 4] = ["bert", "roberta", "xlm-roberta", "camembert"];

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
    pub pad_token_id: usize,
    /// Only `absolute` is implemented.
    #[serde(default = "absolute")]
    pub position_embedding_type: String,
    /// Upper layers that the heads of sentiment and emotion have to themselves; other programs pass over the entry and
    /// read the meaning alone.
    #[serde(default, rename = "motif_feelings")]
    pub feelings: Option<FeelingsLayers>,
}

/// Layers `feelings.layer.N` beside the last ones: what a text is about and how somebody feels then do not have to be
/// read from the same states (layers of a task of its own over shared ones: Liu et al. 2019, "MT-DNN").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct FeelingsLayers {
    /// They read the states that this many layers leave.
    pub after: usize,
    /// How many they are.
    pub layers: usize,
}

fn absolute() -> String {
    "absolute".to_owned()
}

/// Writes into a `config.json` what the reference library takes where a field is absent or null and the family decides.
pub(crate) fn with_defaults(mut config: serde_json::Value) -> serde_json::Value {
    let padding = u64::from(config.get("model_type").and_then(serde_json::Value::as_str) != Some("bert"));
    for (name, default) in [("pad_token_id", padding.into()), ("layer_norm_eps", 1e-12.into())] {
        if let Some(fields) = config.as_object_mut()
            && fields.get(name).is_none_or(serde_json::Value::is_null)
        {
            fields.insert(name.to_owned(), default);
        }
    }
    config
}

impl Config {
    /// Refuses what is not implemented.
    ///
    /// # Errors
    /// [`ModelError::Unsupported`](super::ModelError::Unsupported) for another position scheme, an odd number of heads, or layers of the
    /// feelings that cannot be.
    pub fn check(&self) -> ModelResult<()> {
        if self.position_embedding_type != "absolute" {
            return Err(unsupported(format!("position embedding `{}`", self.position_embedding_type), "absolute is"));
        }
        if let Some(own) = self.feelings.filter(|own| own.layers == 0 || own.after > self.num_hidden_layers) {
            return Err(unsupported(
                format!("motif_feelings of {} layers after layer {}", own.layers, own.after),
                &format!("one layer or more after one of 0 to {} is", self.num_hidden_layers),
            ));
        }
        check_heads(self.hidden_size, self.num_attention_heads)
    }

    /// Position id of a window's first token: 0 for BERT, `pad_token_id + 1` for RoBERTa and its descendants.
    pub fn first_position(&self) -> usize {
        if self.model_type == "bert" { 0 } else { self.pad_token_id + 1 }
    }

    /// The longest window that has a position for each token.
    pub fn max_tokens(&self) -> usize {
        self.max_position_embeddings.saturating_sub(self.first_position())
    }

    /// All layers, the heads' own among them.
    pub fn all_layers(&self) -> usize {
        self.num_hidden_layers + self.feelings.map_or(0, |own| own.layers)
    }

    /// Width of one attention head.
    pub fn head_size(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }
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
            layer_norm: layer_norm(hidden, config.layer_norm_eps, vb.pp("LayerNorm"))?,
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
}

impl BertAttention {
    /// Loads from the path of a layer's `attention`.
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
            layer_norm: layer_norm(hidden, config.layer_norm_eps, vb.pp("output").pp("LayerNorm"))?,
            heads: config.num_attention_heads,
        })
    }

    /// `hidden_states (batch, seq, hidden)` and `bias (batch, 1, 1, seq)`, added to the scores: 0, or a large
    /// negative number where the key is padding.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(&self, hidden_states: &Tensor, bias: &Tensor) -> ModelResult<Tensor> {
        let split = |projection: &Linear| split_heads(&projection.forward(hidden_states)?, self.heads);
        let context = attend(&scores(&split(&self.query)?, &split(&self.key)?)?, bias, &split(&self.value)?)?;
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
    /// Loads from the path of a layer, such as `encoder.layer.0`.
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
            layer_norm: layer_norm(hidden, config.layer_norm_eps, vb.pp("output").pp("LayerNorm"))?,
        })
    }

    /// Shapes as for [`BertAttention::forward`].
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(&self, hidden_states: &Tensor, bias: &Tensor) -> ModelResult<Tensor> {
        let attended = self.attention.forward(hidden_states, bias)?;
        let inner = self.intermediate.forward(&attended)?;
        let inner = self.activation.forward(&inner)?;
        Ok(self.layer_norm.forward(&(self.output.forward(&inner)? + attended)?)?)
    }
}

/// The whole encoder.
#[derive(Debug)]
pub struct BertModel {
    embeddings: BertEmbeddings,
    layers: Vec<BertLayer>,
    /// Number of layers below, and the layers that the heads have to themselves.
    feelings: Option<(usize, Vec<BertLayer>)>,
}

impl BertModel {
    /// Loads embeddings and layers from a builder rooted where the checkpoint's own prefix ends.
    ///
    /// # Errors
    /// A tensor is absent or of another shape.
    pub fn load(vb: VarBuilder<'_>, config: &Config) -> ModelResult<Self> {
        let load = |path: &str, count: usize| -> ModelResult<Vec<BertLayer>> {
            let layers = vb.pp(path).pp("layer");
            (0..count).map(|index| BertLayer::load(layers.pp(index), config)).collect()
        };
        let feelings = match config.feelings {
            Some(own) => Some((own.after, load("feelings", own.layers)?)),
            None => None,
        };
        Ok(Self {
            layers: load("encoder", config.num_hidden_layers)?,
            feelings,
            embeddings: BertEmbeddings::load(vb.pp("embeddings"), config)?,
        })
    }

    /// `input_ids (batch, seq)` and `attention_mask (batch, seq)` of 1 and 0 (both `u32`) to the last hidden states and
    /// those that the heads read, `(batch, seq, hidden)`, `f32`; only the `wanted` ones are computed. States at padding
    /// positions mean nothing.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(&self, input_ids: &Tensor, attention_mask: &Tensor, wanted: Wanted) -> ModelResult<Paths> {
        let bias = padding_bias(attention_mask)?;
        let through = |states: Tensor, layers: &[BertLayer]| {
            layers.iter().try_fold(states, |states, layer| layer.forward(&states, &bias))
        };
        let embedded = self.embeddings.forward(input_ids)?;
        let Some((after, own)) = &self.feelings else {
            return Ok(Paths::One(through(embedded, &self.layers)?));
        };
        let (below, above) = self.layers.split_at(*after);
        let forked = through(embedded, below)?;
        Ok(Paths::Two {
            feelings: wanted.feelings.then(|| through(forked.clone(), own)).transpose()?,
            meaning: wanted.meaning.then(|| through(forked, above)).transpose()?,
        })
    }
}
