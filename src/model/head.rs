//! Hidden states to the logits of one task: attention pooling by learned queries, then a two-layer perceptron.
//!
//! A head reads the states that the sentence embedding is pooled from, or those of layers that the heads have to themselves
//! over the lower ones ([`super::paths`]), so that one pass through the encoder serves all.
//! A model folder may hold a sentiment head and an emotion head. `TASK_head.json` gives the labels, the calibration
//! temperature and the layer sizes, `TASK_head.safetensors` the tensors `query (queries, hidden)`,
//! `dense (inner, queries * hidden)` and `output (labels, inner)`. The arithmetic runs on plain slices, one window at a
//! time and always in the same order.

use serde::Deserialize;

use super::cpu::math;
use super::error::{ModelError, ModelResult};
use super::layers::Activation;
use super::weights::ModelFiles;
use crate::vector;

/// What a head tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Negative, neutral, positive.
    Sentiment,
    /// Satisfaction, dissatisfaction, frustration, confusion, none.
    Emotion,
}

impl Task {
    /// Name of the configuration file and of the tensor file.
    pub(crate) fn files(self) -> [&'static str; 2] {
        match self {
            Self::Sentiment => ["sentiment_head.json", "sentiment_head.safetensors"],
            Self::Emotion => ["emotion_head.json", "emotion_head.safetensors"],
        }
    }
}

/// What `TASK_head.json` says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct HeadConfig {
    /// Label of each logit, in order.
    labels: Vec<String>,
    /// Logits are divided by it before the softmax; fitted on development data.
    #[serde(default = "one")]
    temperature: f32,
}

fn one() -> f32 {
    1.0
}

/// One head of a model.
#[derive(Debug, Clone)]
pub struct TaskHead {
    labels: Vec<String>,
    temperature: f32,
    hidden: usize,
    /// `(queries, hidden)`, already divided by the square root of `hidden`.
    query: Vec<f32>,
    /// `(inner, queries * hidden)`.
    dense: Vec<f32>,
    dense_bias: Vec<f32>,
    /// `(labels, inner)`.
    output: Vec<f32>,
    output_bias: Vec<f32>,
}

impl TaskHead {
    /// Loads the head of a task, or `None` when the model has none.
    ///
    /// # Errors
    /// Only one of the two files is there, or the tensors do not fit together.
    pub fn load(files: &ModelFiles, task: Task, hidden: usize) -> ModelResult<Option<Self>> {
        let [config_file, weights_file] = task.files();
        let Some(config) = files.json::<HeadConfig>(config_file)? else { return Ok(None) };
        let tensors = files.tensors(weights_file)?;
        let shapes = tensors.shapes();
        let rows = |name: &str| shapes.get(name).and_then(|shape| shape.first().copied()).unwrap_or_default();
        let (queries, inner, labels) = (rows("query"), rows("dense.weight"), config.labels.len());
        if !(config.temperature.is_finite() && config.temperature > 0.0) {
            return Err(ModelError::Unsupported {
                file: config_file.to_owned(),
                what: format!("temperature {}", config.temperature),
                hint: "it must be a positive number".to_owned(),
            });
        }
        let scale = (hidden as f32).sqrt();
        Ok(Some(Self {
            temperature: config.temperature,
            hidden,
            query: tensors.f32("query", &[queries, hidden])?.into_iter().map(|value| value / scale).collect(),
            dense: tensors.f32("dense.weight", &[inner, queries * hidden])?,
            dense_bias: tensors.f32("dense.bias", &[inner])?,
            output: tensors.f32("output.weight", &[labels, inner])?,
            output_bias: tensors.f32("output.bias", &[labels])?,
            labels: config.labels,
        }))
    }

    /// Label of each logit, in order.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Calibration temperature: logits are divided by it before the softmax.
    pub fn temperature(&self) -> f32 {
        self.temperature
    }

    /// Logits of one window from its `hidden_states (tokens, hidden)`, without padding; one per label.
    pub fn forward(&self, hidden_states: &[f32], logits: &mut [f32]) {
        let tokens = hidden_states.len() / self.hidden.max(1);
        let mut pooled = vec![0.0f32; self.query.len()];
        let mut weights = vec![0.0f32; tokens];
        for (query, pooled) in self.query.chunks_exact(self.hidden).zip(pooled.chunks_exact_mut(self.hidden)) {
            for (weight, state) in weights.iter_mut().zip(hidden_states.chunks_exact(self.hidden)) {
                *weight = vector::dot(query, state);
            }
            math::softmax(&mut weights);
            for (weight, state) in weights.iter().zip(hidden_states.chunks_exact(self.hidden)) {
                for (sum, value) in pooled.iter_mut().zip(state) {
                    *sum += weight * value;
                }
            }
        }
        let mut inner = vector::affine(&self.dense, &self.dense_bias, &pooled);
        inner.iter_mut().for_each(|value| *value = math::activate(Activation::Gelu, *value));
        logits.copy_from_slice(&vector::affine(&self.output, &self.output_bias, &inner));
    }
}
