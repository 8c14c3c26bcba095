//! Token ids to hidden states: ModernBERT, a pre-norm encoder with rotary positions, gated feed-forward blocks, no
//! biases, and attention that is global in every third layer and local in the others.
//!
//! References: Warner et al. 2024; Su et al. 2021 (rotary positions); huggingface/transformers,
//! `modeling_modernbert.py`.

use candle_core::{Device, Module, Tensor};
use candle_nn::{Embedding, LayerNorm, Linear, VarBuilder};
use serde::Deserialize;

use super::error::ModelResult;
use super::layers::{Activation, attend, check_heads, linear_or_bare, padding_bias, scores, split_heads, unsupported};

/// What every checkpoint of the family holds; the text before it is the checkpoint's prefix.
pub(crate) const ANCHOR: &str = "embeddings.tok_embeddings.weight";

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
    /// Activation inside the gate.
    #[serde(default = "gelu")]
    pub hidden_activation: Activation,
    /// The longest window.
    pub max_position_embeddings: usize,
    /// Added to the variance in every layer norm.
    #[serde(default = "small")]
    pub norm_eps: f64,
    /// Whether norms have a shift.
    #[serde(default)]
    pub norm_bias: bool,
    /// Whether attention has biases.
    #[serde(default)]
    pub attention_bias: bool,
    /// Whether the feed-forward block has biases.
    #[serde(default)]
    pub mlp_bias: bool,
    /// Id of the padding token.
    #[serde(default)]
    pub pad_token_id: usize,
    /// A token of a local layer sees half as many tokens on each side.
    #[serde(default = "window")]
    pub local_attention: usize,
    /// Every how many layers attention is global; `layer_types` wins.
    #[serde(default = "three")]
    pub global_attn_every_n_layers: usize,
    /// `full_attention` or `sliding_attention` for each layer, in newer files.
    #[serde(default)]
    pub layer_types: Option<Vec<String>>,
    /// Base of the rotary frequencies in global layers; `rope_parameters` wins.
    #[serde(default)]
    pub global_rope_theta: Option<f64>,
    /// The same in local layers.
    #[serde(default)]
    pub local_rope_theta: Option<f64>,
    /// Rotary parameters by kind of layer, in newer files.
    #[serde(default)]
    pub rope_parameters: Option<RopeParameters>,
}

/// `rope_parameters` of newer files.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RopeParameters {
    /// Of global layers.
    pub full_attention: Option<Rope>,
    /// Of local layers.
    pub sliding_attention: Option<Rope>,
}

/// Rotary parameters of one kind of layer.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Rope {
    /// Only `default` is implemented.
    pub rope_type: Option<String>,
    /// Base of the frequencies.
    pub rope_theta: Option<f64>,
}

fn gelu() -> Activation {
    Activation::Gelu
}

fn small() -> f64 {
    1e-5
}

fn window() -> usize {
    128
}

fn three() -> usize {
    3
}

impl Config {
    /// Refuses what is not implemented.
    ///
    /// # Errors
    /// [`ModelError::Unsupported`](super::ModelError::Unsupported) for scaled rotary positions and unknown layers.
    pub fn check(&self) -> ModelResult<()> {
        check_heads(self.hidden_size, self.num_attention_heads)?;
        let ropes = self.rope_parameters.iter().flat_map(|all| [&all.full_attention, &all.sliding_attention]);
        for kind in ropes.flatten().filter_map(|rope| rope.rope_type.as_deref()) {
            if kind != "default" {
                return Err(unsupported(format!("rotary positions of type `{kind}`"), "`default` is"));
            }
        }
        for kind in self.layer_types.iter().flatten() {
            if !["full_attention", "sliding_attention"].contains(&kind.as_str()) {
                return Err(unsupported(
                    format!("the layer type `{kind}`"),
                    "full_attention and sliding_attention are",
                ));
            }
        }
        Ok(())
    }

    fn is_global(&self, layer: usize) -> bool {
        match &self.layer_types {
            Some(kinds) => kinds.get(layer).is_none_or(|kind| kind == "full_attention"),
            None => layer.is_multiple_of(self.global_attn_every_n_layers.max(1)),
        }
    }

    fn theta(&self, is_global: bool) -> f64 {
        let own = self.rope_parameters.as_ref().and_then(|all| {
            let rope = if is_global { &all.full_attention } else { &all.sliding_attention };
            rope.as_ref().and_then(|rope| rope.rope_theta)
        });
        if is_global {
            own.or(self.global_rope_theta).unwrap_or(160_000.0)
        } else {
            own.or(self.local_rope_theta).unwrap_or(10_000.0)
        }
    }
}

fn norm(config: &Config, vb: VarBuilder<'_>) -> ModelResult<LayerNorm> {
    let options = candle_nn::LayerNormConfig { eps: config.norm_eps, remove_mean: true, affine: config.norm_bias };
    Ok(candle_nn::layer_norm(config.hidden_size, options, vb)?)
}

/// Word embeddings, normalised.
#[derive(Debug)]
pub struct ModernBertEmbeddings {
    tok_embeddings: Embedding,
    norm: LayerNorm,
}

impl ModernBertEmbeddings {
    /// Loads from the path `embeddings`.
    ///
    /// # Errors
    /// A tensor is absent or of another shape.
    pub fn load(vb: VarBuilder<'_>, config: &Config) -> ModelResult<Self> {
        Ok(Self {
            tok_embeddings: candle_nn::embedding(config.vocab_size, config.hidden_size, vb.pp("tok_embeddings"))?,
            norm: norm(config, vb.pp("norm"))?,
        })
    }

    /// `input_ids (batch, seq)` to `(batch, seq, hidden)`.
    ///
    /// # Errors
    /// An id beyond the vocabulary.
    pub fn forward(&self, input_ids: &Tensor) -> ModelResult<Tensor> {
        Ok(self.norm.forward(&self.tok_embeddings.forward(input_ids)?)?)
    }
}

/// Cosines and sines of the rotary positions, each `(seq, head_size / 2)`.
#[derive(Debug)]
struct Rotary {
    cos: Tensor,
    sin: Tensor,
}

impl Rotary {
    fn new(seq: usize, head_size: usize, theta: f64, device: &Device) -> ModelResult<Self> {
        let half = head_size / 2;
        let frequencies: Vec<f32> =
            (0..half).map(|index| theta.powf(2.0 * index as f64 / head_size as f64).recip() as f32).collect();
        let angles: Vec<f32> = (0..seq)
            .flat_map(|position| frequencies.iter().map(move |frequency| position as f32 * frequency))
            .collect();
        let angles = Tensor::from_vec(angles, (seq, half), device)?;
        Ok(Self { cos: angles.cos()?, sin: angles.sin()? })
    }

    fn turn(&self, states: &Tensor) -> ModelResult<Tensor> {
        Ok(candle_nn::rotary_emb::rope(&states.contiguous()?, &self.cos, &self.sin)?)
    }
}

/// Multi-head self-attention with its output projection.
#[derive(Debug)]
pub struct ModernBertAttention {
    wqkv: Linear,
    wo: Linear,
    heads: usize,
}

impl ModernBertAttention {
    /// Loads from the path `layers.N.attn`.
    ///
    /// # Errors
    /// A tensor is absent or of another shape.
    pub fn load(vb: VarBuilder<'_>, config: &Config) -> ModelResult<Self> {
        let (hidden, has_bias) = (config.hidden_size, config.attention_bias);
        Ok(Self {
            wqkv: linear_or_bare(hidden, 3 * hidden, has_bias, vb.pp("Wqkv"))?,
            wo: linear_or_bare(hidden, hidden, has_bias, vb.pp("Wo"))?,
            heads: config.num_attention_heads,
        })
    }

    fn forward(&self, hidden_states: &Tensor, bias: &Tensor, rotary: &Rotary) -> ModelResult<Tensor> {
        let hidden = hidden_states.dim(2)?;
        let qkv = self.wqkv.forward(hidden_states)?;
        let part = |place: usize| split_heads(&qkv.narrow(2, place * hidden, hidden)?.contiguous()?, self.heads);
        let (query, key) = (rotary.turn(&part(0)?)?, rotary.turn(&part(1)?)?);
        Ok(self.wo.forward(&attend(&scores(&query, &key)?, bias, &part(2)?)?)?)
    }
}

/// One layer: attention and the gated feed-forward block, each on normalised states and added to them.
#[derive(Debug)]
pub struct ModernBertLayer {
    /// The first layer has none: the embeddings are normalised already.
    attn_norm: Option<LayerNorm>,
    attn: ModernBertAttention,
    mlp_norm: LayerNorm,
    wi: Linear,
    wo: Linear,
    activation: Activation,
    is_global: bool,
}

impl ModernBertLayer {
    /// Loads from the path `layers.N`.
    ///
    /// # Errors
    /// A tensor is absent or of another shape.
    pub fn load(vb: VarBuilder<'_>, config: &Config, index: usize) -> ModelResult<Self> {
        let (hidden, inner, mlp) = (config.hidden_size, config.intermediate_size, vb.pp("mlp"));
        Ok(Self {
            attn_norm: if index == 0 { None } else { Some(norm(config, vb.pp("attn_norm"))?) },
            attn: ModernBertAttention::load(vb.pp("attn"), config)?,
            mlp_norm: norm(config, vb.pp("mlp_norm"))?,
            wi: linear_or_bare(hidden, 2 * inner, config.mlp_bias, mlp.pp("Wi"))?,
            wo: linear_or_bare(inner, hidden, config.mlp_bias, mlp.pp("Wo"))?,
            activation: config.hidden_activation,
            is_global: config.is_global(index),
        })
    }

    fn forward(&self, hidden_states: &Tensor, bias: &Tensor, rotary: &Rotary) -> ModelResult<Tensor> {
        let attended = match &self.attn_norm {
            Some(norm) => self.attn.forward(&norm.forward(hidden_states)?, bias, rotary)?,
            None => self.attn.forward(hidden_states, bias, rotary)?,
        };
        let states = (attended + hidden_states)?;
        let both = self.wi.forward(&self.mlp_norm.forward(&states)?)?;
        let inner = both.dim(2)? / 2;
        let gated = (self.activation.forward(&both.narrow(2, 0, inner)?)? * both.narrow(2, inner, inner)?)?;
        Ok((self.wo.forward(&gated)? + states)?)
    }
}

/// The whole encoder.
#[derive(Debug)]
pub struct ModernBertModel {
    embeddings: ModernBertEmbeddings,
    layers: Vec<ModernBertLayer>,
    final_norm: LayerNorm,
    config: Config,
}

impl ModernBertModel {
    /// Loads embeddings and layers from a builder rooted where the checkpoint's own prefix ends.
    ///
    /// # Errors
    /// A tensor is absent or of another shape.
    pub fn load(vb: VarBuilder<'_>, config: &Config) -> ModelResult<Self> {
        Ok(Self {
            embeddings: ModernBertEmbeddings::load(vb.pp("embeddings"), config)?,
            layers: (0..config.num_hidden_layers)
                .map(|index| ModernBertLayer::load(vb.pp("layers").pp(index), config, index))
                .collect::<ModelResult<_>>()?,
            final_norm: norm(config, vb.pp("final_norm"))?,
            config: config.clone(),
        })
    }

    /// `input_ids (batch, seq)` and `attention_mask (batch, seq)` of 1 and 0 (both `u32`) to the last hidden states
    /// `(batch, seq, hidden)`, `f32`. States at padding positions mean nothing.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(&self, input_ids: &Tensor, attention_mask: &Tensor) -> ModelResult<Tensor> {
        let (config, device, seq) = (&self.config, input_ids.device(), input_ids.dim(1)?);
        let global_bias = padding_bias(attention_mask)?;
        let local_bias = global_bias.broadcast_add(&distance_bias(seq, config.local_attention / 2, device)?)?;
        let head_size = config.hidden_size / config.num_attention_heads;
        let rotary = |is_global| Rotary::new(seq, head_size, config.theta(is_global), device);
        let (global_rotary, local_rotary) = (rotary(true)?, rotary(false)?);
        let mut states = self.embeddings.forward(input_ids)?;
        for layer in &self.layers {
            states = if layer.is_global {
                layer.forward(&states, &global_bias, &global_rotary)?
            } else {
                layer.forward(&states, &local_bias, &local_rotary)?
            };
        }
        Ok(self.final_norm.forward(&states)?)
    }
}

/// `(1, 1, seq, seq)`: 0 where query and key are at most `reach` tokens apart, else a large negative number.
fn distance_bias(seq: usize, reach: usize, device: &Device) -> ModelResult<Tensor> {
    let pairs = (0..seq).flat_map(|query| (0..seq).map(move |key| query.abs_diff(key)));
    let values: Vec<f32> = pairs.map(|distance| if distance <= reach { 0.0 } else { -1e9 }).collect();
    Ok(Tensor::from_vec(values, (1, 1, seq, seq), device)?)
}
