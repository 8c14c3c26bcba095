//! Windows of token ids to the logits of a sequence classifier in the Hugging Face layout.
//!
//! The families differ in what stands between the hidden states and the last layer:
//!
//! | family | pooled state | dense layer and activation | last layer |
//! | --- | --- | --- | --- |
//! | BERT | first token | `pooler.dense` (of the encoder), tanh | `classifier` |
//! | RoBERTa, XLM-R, CamemBERT | first token | `classifier.dense`, tanh | `classifier.out_proj` |
//! | DistilBERT | first token | `pre_classifier`, ReLU | `classifier` |
//! | DeBERTa-v2/v3 | first token | `pooler.dense`, `pooler_hidden_act` | `classifier` |
//! | ModernBERT | `classifier_pooling` | `head.dense`, `classifier_activation`, `head.norm` | `classifier` |
//!
//! A folder that holds a `sentiment_head.json` of its own, as the bundled model does, is read by that head instead.
//! Labels come from `id2label`, whose keys are read as integers: as text, `10` would come before `2`. Reference:
//! huggingface/transformers, the `…ForSequenceClassification` class of each family.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::backbone::Backbone;
use super::cpu::math;
use super::encoder::{EncoderOptions, Encodings};
use super::error::{ModelError, ModelResult};
use super::family::Config;
use super::head::{Task, TaskHead};
use super::layers::{Activation, unsupported};
use super::paths::Wanted;
use super::pooling::Pooling;
use super::sentence::prompt;
use super::tokens::{TextRules, Tokens};
use super::weights::{ModelFiles, Tensors, WEIGHTS};
use crate::vector;

/// The fields of `config.json` that concern the head.
#[derive(Deserialize)]
struct HeadConfig {
    #[serde(default)]
    id2label: Option<BTreeMap<String, String>>,
    #[serde(default)]
    problem_type: Option<String>,
    #[serde(default)]
    pooler_hidden_act: Option<Activation>,
    #[serde(default)]
    classifier_pooling: Option<String>,
    #[serde(default)]
    classifier_activation: Option<Activation>,
    #[serde(default)]
    classifier_bias: bool,
}

/// A dense layer on plain slices.
struct Layer {
    /// `(outputs, inputs)`.
    weight: Vec<f32>,
    bias: Vec<f32>,
    inputs: usize,
}

impl Layer {
    fn load(tensors: &Tensors<'_>, path: &str, inputs: usize, outputs: usize, has_bias: bool) -> ModelResult<Self> {
        Ok(Self {
            weight: tensors.f32(&format!("{path}.weight"), &[outputs, inputs])?,
            bias: if has_bias { tensors.f32(&format!("{path}.bias"), &[outputs])? } else { vec![0.0; outputs] },
            inputs,
        })
    }

    fn forward(&self, vector: &[f32]) -> Vec<f32> {
        vector::affine(&self.weight, &self.bias, vector)
    }
}

/// What follows the dense layer.
enum Between {
    Tanh,
    Activation(Activation),
}

/// Scale, shift and epsilon of the norm that ModernBERT has after its activation.
struct Norm {
    scale: Vec<f32>,
    shift: Vec<f32>,
    eps: f64,
}

impl Norm {
    fn forward(&self, vector: &mut [f32]) {
        let count = vector.len() as f32;
        let mean = vector.iter().sum::<f32>() / count;
        let variance = vector.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count;
        let scale = (variance + self.eps as f32).sqrt().recip();
        for ((value, weight), shift) in vector.iter_mut().zip(&self.scale).zip(&self.shift) {
            *value = (*value - mean) * scale * weight + shift;
        }
    }
}

/// Hidden states of a window to logits.
struct ClassificationHead {
    pooling: Pooling,
    dense: Layer,
    between: Between,
    norm: Option<Norm>,
    output: Layer,
}

impl ClassificationHead {
    /// Loads the head from tensors with their whole names; `prefix` is where the encoder's own names begin.
    fn load(
        tensors: &Tensors<'_>,
        prefix: &str,
        config: &Config,
        head: &HeadConfig,
        labels: usize,
    ) -> ModelResult<Self> {
        let hidden = config.hidden_size();
        let square = |path: &str, has_bias| Layer::load(tensors, path, hidden, hidden, has_bias);
        let output = |path: &str| Layer::load(tensors, path, hidden, labels, true);
        let plain = |dense, between, output| Self { pooling: Pooling::Cls, dense, between, norm: None, output };
        Ok(match config {
            Config::Bert(bert) if bert.model_type == "bert" => {
                plain(square(&format!("{prefix}pooler.dense"), true)?, Between::Tanh, output("classifier")?)
            }
            Config::Bert(_) => plain(square("classifier.dense", true)?, Between::Tanh, output("classifier.out_proj")?),
            Config::DistilBert(_) => {
                plain(square("pre_classifier", true)?, Between::Activation(Activation::Relu), output("classifier")?)
            }
            Config::Deberta(_) => {
                let activation = head.pooler_hidden_act.unwrap_or(Activation::Gelu);
                plain(square("pooler.dense", true)?, Between::Activation(activation), output("classifier")?)
            }
            Config::ModernBert(modern) => Self {
                pooling: match head.classifier_pooling.as_deref() {
                    None | Some("cls") => Pooling::Cls,
                    Some("mean") => Pooling::Mean,
                    Some(other) => {
                        return Err(unsupported(format!("classifier_pooling `{other}`"), "cls and mean are"));
                    }
                },
                dense: square("head.dense", head.classifier_bias)?,
                between: Between::Activation(head.classifier_activation.unwrap_or(Activation::Gelu)),
                norm: Some(Norm {
                    scale: tensors.f32("head.norm.weight", &[hidden])?,
                    shift: if modern.norm_bias { tensors.f32("head.norm.bias", &[hidden])? } else { vec![0.0; hidden] },
                    eps: modern.norm_eps,
                }),
                output: output("classifier")?,
            },
        })
    }

    fn forward(&self, hidden_states: &[f32], logits: &mut [f32]) {
        let mut pooled = vec![0.0f32; self.dense.inputs];
        self.pooling.pool(hidden_states, &mut pooled);
        let mut inner = self.dense.forward(&pooled);
        for value in &mut inner {
            *value = match self.between {
                Between::Tanh => value.tanh(),
                Between::Activation(activation) => math::activate(activation, *value),
            };
        }
        if let Some(norm) = &self.norm {
            norm.forward(&mut inner);
        }
        logits.copy_from_slice(&self.output.forward(&inner));
    }
}

/// What turns the states of a window into logits.
enum Reader {
    Classification(ClassificationHead),
    Own(TaskHead),
}

/// A loaded sequence classifier. Cheap to share between threads.
pub struct SequenceClassifier {
    backbone: Backbone,
    reader: Reader,
    labels: Vec<String>,
    rules: TextRules,
    place: String,
    model_hash: String,
}

impl std::fmt::Debug for SequenceClassifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SequenceClassifier")
            .field("kernel_class", &self.kernel_class())
            .field("labels", &self.labels)
            .field("model_hash", &self.model_hash)
            .finish_non_exhaustive()
    }
}

impl SequenceClassifier {
    /// Loads a model and packs its weights.
    ///
    /// # Errors
    /// The model is incomplete, damaged, of an unsupported kind or no classifier; or the kernel class or device that
    /// was asked for is not available.
    pub fn load(files: &ModelFiles, options: EncoderOptions) -> ModelResult<Self> {
        let backbone = Backbone::load(files, options)?;
        let config = backbone.config();
        let own = TaskHead::load(files, Task::Sentiment, config.hidden_size())?;
        let (reader, labels, prompt) = match own {
            Some(head) => {
                let labels = head.labels().to_vec();
                (Reader::Own(head), labels, prompt(files)?)
            }
            // Classifiers have no prompt; the sentence-transformers files, if any, are not theirs.
            None => {
                let (head, labels) = classification_head(files, config)?;
                (Reader::Classification(head), labels, None)
            }
        };
        let rules = TextRules::from_files(files, config.max_tokens(), prompt)?;
        let (place, model_hash) = (files.place().to_owned(), files.model_hash().to_owned());
        Ok(Self { reader, labels, rules, place, model_hash, backbone })
    }

    /// Logits of windows of token ids, special tokens included, in [`Encodings::sentiment_logits`]: `(windows, labels)`.
    /// The embeddings are empty.
    ///
    /// # Errors
    /// As for [`super::Encoder::encode`].
    pub fn encode(&self, windows: &[Vec<u32>]) -> ModelResult<Encodings> {
        let mut logits = vec![0.0f32; windows.len() * self.labels.len()];
        let rows: Vec<std::sync::Mutex<&mut [f32]>> =
            logits.chunks_exact_mut(self.labels.len()).map(std::sync::Mutex::new).collect();
        let wanted = match &self.reader {
            Reader::Classification(_) => Wanted::MEANING,
            Reader::Own(_) => Wanted::FEELINGS,
        };
        self.backbone.forward(windows, wanted, |index, states| {
            // Nobody else ever waits for this row, so a poisoned lock only means that its own worker panicked.
            let mut row = rows[index].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            match &self.reader {
                Reader::Classification(head) => head.forward(states.meaning, &mut row),
                Reader::Own(head) => head.forward(states.feelings, &mut row),
            }
        })?;
        drop(rows);
        Ok(Encodings { sentiment_logits: Some(logits), ..Encodings::default() })
    }

    /// Label of each logit, in order.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// What the logits are divided by before the softmax.
    pub fn temperature(&self) -> f32 {
        match &self.reader {
            Reader::Classification(_) => 1.0,
            Reader::Own(head) => head.temperature(),
        }
    }

    /// Where the model came from, for messages.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// sha256 of all files that decide the result; see [`ModelFiles::model_hash`].
    pub fn model_hash(&self) -> &str {
        &self.model_hash
    }

    /// The kernel class in use, or `candle`.
    pub fn kernel_class(&self) -> &'static str {
        self.backbone.kernel_class()
    }

    /// Texts to windows as the model wants them.
    ///
    /// # Errors
    /// [`ModelError::Tokenizer`] when the file is not one that the tokenizer library reads.
    pub fn tokens(&self) -> ModelResult<Tokens> {
        self.rules.tokens()
    }
}

/// The head of a checkpoint made for text classification, and its labels.
fn classification_head(files: &ModelFiles, config: &Config) -> ModelResult<(ClassificationHead, Vec<String>)> {
    let head: HeadConfig = files.required_json("config.json")?;
    if head.problem_type.as_deref().is_some_and(|kind| kind != "single_label_classification") {
        let kind = head.problem_type.unwrap_or_default();
        return Err(unsupported(format!("the problem type `{kind}`"), "single_label_classification is"));
    }
    let tensors = files.weights()?.anchored_at(config.anchor())?;
    let prefix = tensors.prefix().to_owned();
    let tensors = tensors.unanchored();
    let rows = ["classifier.weight", "classifier.out_proj.weight"]
        .iter()
        .find(|name| tensors.contains(name))
        .and_then(|name| tensors.shapes().get(*name)?.first().copied());
    let Some(rows) = rows else {
        return Err(ModelError::Tensor {
            name: "classifier.weight".to_owned(),
            expected: format!("to be in {WEIGHTS}"),
            found: "an encoder without classification head; choose a model made for text classification".to_owned(),
        });
    };
    let labels = labels(head.id2label.as_ref(), rows)?;
    Ok((ClassificationHead::load(&tensors, &prefix, config, &head, rows)?, labels))
}

/// `id2label` in the order of its keys as integers; `LABEL_0`, … without it.
fn labels(id2label: Option<&BTreeMap<String, String>>, rows: usize) -> ModelResult<Vec<String>> {
    let Some(map) = id2label else { return Ok((0..rows).map(|row| format!("LABEL_{row}")).collect()) };
    let numbered: BTreeMap<usize, &String> =
        map.iter().filter_map(|(id, label)| Some((id.trim().parse().ok()?, label))).collect();
    if numbered.len() != rows || !numbered.keys().copied().eq(0..rows) {
        return Err(unsupported(
            format!("an id2label of {} entries for {rows} classes", map.len()),
            "it must number every class from 0",
        ));
    }
    Ok(numbered.into_values().cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_ordered_by_number_and_not_by_text() {
        let map: BTreeMap<String, String> = (0..12).map(|id| (id.to_string(), format!("label {id}"))).collect();
        assert_eq!(map.keys().nth(2).unwrap(), "10", "as text, 10 comes before 2");
        let found = labels(Some(&map), 12).unwrap();
        assert_eq!(found[2], "label 2");
        assert_eq!(found[10], "label 10");
    }

    #[test]
    fn labels_that_do_not_number_every_class_are_refused() {
        let map = BTreeMap::from([("1".to_owned(), "a".to_owned()), ("2".to_owned(), "b".to_owned())]);
        assert!(labels(Some(&map), 2).is_err());
        assert!(labels(Some(&map), 3).is_err());
        assert_eq!(labels(None, 2).unwrap(), ["LABEL_0", "LABEL_1"]);
    }
}
