//! `config.json` to a loaded transformer: the only file that knows which encoder families there are.

use candle_core::{Device, Tensor};
use serde::de::DeserializeOwned;

use super::error::{ModelError, ModelResult};
use super::layers::{unsupported, var_builder};
use super::paths::{Paths, Wanted};
use super::weights::{ModelFiles, Tensors};
use super::{bert, deberta, distilbert, modernbert};

const FILE: &str = "config.json";

/// The configuration of a model of any family.
#[derive(Debug, Clone, PartialEq)]
pub enum Config {
    /// BERT, RoBERTa, XLM-RoBERTa, CamemBERT.
    Bert(bert::Config),
    /// DistilBERT.
    DistilBert(distilbert::Config),
    /// DeBERTa-v2 and v3.
    Deberta(deberta::Config),
    /// ModernBERT.
    ModernBert(modernbert::Config),
}

impl Config {
    /// Reads and checks `config.json`.
    ///
    /// # Errors
    /// [`ModelError::Json`] for a missing field, [`ModelError::Unsupported`] for another family or for a variant of one
    /// that is not implemented.
    pub fn from_files(files: &ModelFiles) -> ModelResult<Self> {
        Self::from_value(files.required_json(FILE)?)
    }

    /// The same from the bytes of the file alone.
    ///
    /// # Errors
    /// As for [`Self::from_files`], and [`ModelError::Json`] for bytes that are no JSON.
    pub fn from_json(bytes: &[u8]) -> ModelResult<Self> {
        let value = serde_json::from_slice(bytes);
        Self::from_value(value.map_err(|source| ModelError::Json { file: FILE.to_owned(), source })?)
    }

    fn from_value(value: serde_json::Value) -> ModelResult<Self> {
        // The family is looked at first: another family's fields have other names, and saying so helps more than
        // naming the first field that is absent.
        let family = value.get("model_type").and_then(|v| v.as_str()).unwrap_or("(none)").to_owned();
        let has_feelings = value.get("motif_feelings").is_some_and(|entry| !entry.is_null());
        if has_feelings && !bert::MODEL_TYPES.contains(&family.as_str()) {
            // The heads would read other states than those that they learnt on, and nobody would notice.
            return Err(unsupported(
                format!("motif_feelings in the model family `{family}`"),
                "the BERT family has it",
            ));
        }
        match family.as_str() {
            name if bert::MODEL_TYPES.contains(&name) => {
                let config: bert::Config = read(bert::with_defaults(value))?;
                config.check().map(|()| Self::Bert(config))
            }
            "distilbert" => {
                let config: distilbert::Config = read(value)?;
                config.check().map(|()| Self::DistilBert(config))
            }
            "deberta-v2" => {
                let config: deberta::Config = read(value)?;
                config.check().map(|()| Self::Deberta(config))
            }
            "modernbert" => {
                let config: modernbert::Config = read(value)?;
                config.check().map(|()| Self::ModernBert(config))
            }
            _ => Err(unsupported(
                format!("the model family `{family}`"),
                "bert, roberta, xlm-roberta, camembert, distilbert, deberta-v2 (also v3) and modernbert are",
            )),
        }
    }

    /// Rows of the word embedding table; token ids are below it.
    pub fn vocab_size(&self) -> usize {
        match self {
            Self::Bert(config) => config.vocab_size,
            Self::DistilBert(config) => config.vocab_size,
            Self::Deberta(config) => config.vocab_size,
            Self::ModernBert(config) => config.vocab_size,
        }
    }

    /// Width of the hidden states.
    pub fn hidden_size(&self) -> usize {
        match self {
            Self::Bert(config) => config.hidden_size,
            Self::DistilBert(config) => config.dim,
            Self::Deberta(config) => config.hidden_size,
            Self::ModernBert(config) => config.hidden_size,
        }
    }

    /// The longest window that the model takes, special tokens included.
    pub fn max_tokens(&self) -> usize {
        match self {
            Self::Bert(config) => config.max_tokens(),
            Self::DistilBert(config) => config.max_position_embeddings,
            Self::Deberta(config) => config.max_position_embeddings,
            Self::ModernBert(config) => config.max_position_embeddings,
        }
    }

    /// Id of the padding token.
    pub fn pad_token_id(&self) -> usize {
        match self {
            Self::Bert(config) => config.pad_token_id,
            Self::DistilBert(config) => config.pad_token_id,
            Self::Deberta(config) => config.pad_token_id,
            Self::ModernBert(config) => config.pad_token_id,
        }
    }

    /// A tensor that every checkpoint of the family holds; what stands before it is the checkpoint's prefix.
    pub(crate) fn anchor(&self) -> &'static str {
        match self {
            Self::Bert(_) | Self::DistilBert(_) | Self::Deberta(_) => bert::ANCHOR,
            Self::ModernBert(_) => modernbert::ANCHOR,
        }
    }
}

/// A value of null is an absent one: older files write both.
fn read<T: DeserializeOwned>(mut value: serde_json::Value) -> ModelResult<T> {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, field| !field.is_null());
    }
    serde_json::from_value(value).map_err(|source| ModelError::Json { file: FILE.to_owned(), source })
}

/// A loaded transformer of any family, in candle.
#[derive(Debug)]
pub enum Transformer {
    /// BERT, RoBERTa, XLM-RoBERTa, CamemBERT.
    Bert(bert::BertModel),
    /// DistilBERT.
    DistilBert(distilbert::DistilBertModel),
    /// DeBERTa-v2 and v3.
    Deberta(deberta::DebertaModel),
    /// ModernBERT.
    ModernBert(modernbert::ModernBertModel),
}

impl Transformer {
    /// Loads the encoder from tensors whose prefix is stripped.
    pub(crate) fn load(tensors: &Tensors<'_>, config: &Config, device: &Device) -> ModelResult<Self> {
        let vb = var_builder(tensors, device)?;
        Ok(match config {
            Config::Bert(config) => Self::Bert(bert::BertModel::load(vb, config)?),
            Config::DistilBert(config) => Self::DistilBert(distilbert::DistilBertModel::load(vb, config)?),
            Config::Deberta(config) => Self::Deberta(deberta::DebertaModel::load(vb, config)?),
            Config::ModernBert(config) => Self::ModernBert(modernbert::ModernBertModel::load(vb, config)?),
        })
    }

    /// `input_ids (batch, seq)` and `attention_mask (batch, seq)` of 1 and 0 (both `u32`) to hidden states
    /// `(batch, seq, hidden)`, `f32`, of the paths that are `wanted`. States at padding positions mean nothing.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(&self, input_ids: &Tensor, attention_mask: &Tensor, wanted: Wanted) -> ModelResult<Paths> {
        let states = match self {
            Self::Bert(model) => return model.forward(input_ids, attention_mask, wanted),
            Self::DistilBert(model) => model.forward(input_ids, attention_mask),
            Self::Deberta(model) => model.forward(input_ids, attention_mask),
            Self::ModernBert(model) => model.forward(input_ids, attention_mask),
        };
        states.map(Paths::One)
    }
}
