//! Windows of token ids to L2-normalised embeddings and the logits of the model's heads: the entry point of `model/`
//! for meaning.
//!
//! An [`Encoder`] holds the weights packed for the fastest kernel class that the processor has, or a candle model. On
//! the CPU a window's result has the same bits whatever its neighbours in the call and however many threads run: every
//! window, and in the kernels every token row, is computed by itself in a fixed order.

use std::str::FromStr;

use super::backbone::Backbone;
use super::device::DeviceChoice;
use super::error::{ModelError, ModelResult};
use super::family::Config;
use super::head::{Task, TaskHead};
use super::paths::Wanted;
use super::sentence::{Sentence, prompt};
use super::tokens::{TextRules, Tokens};
use super::weights::ModelFiles;
use crate::vector;

/// Environment variable that forces a kernel class where the options say [`KernelChoice::Auto`].
pub const KERNEL_VARIABLE: &str = "MOTIF_KERNEL";

/// Which implementation computes the encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KernelChoice {
    /// The environment variable `MOTIF_KERNEL` if it is set, else the fastest class that the processor has.
    #[default]
    Auto,
    /// candle in full precision: what the others are compared with.
    Reference,
    /// Plain Rust in full precision; runs everywhere.
    Portable,
    /// The fastest class without AVX-512: 8-bit products where the processor has AVX-VNNI, else 16-bit ones.
    Avx2,
    /// AVX2 with 16-bit integer products, also where 8-bit ones are to be had.
    Avx2Int16,
    /// AVX-512 with bfloat16 products.
    Avx512Bf16,
    /// AVX-512 with 8-bit integer products (VNNI).
    Avx512Vnni,
}

impl KernelChoice {
    /// Every choice with its name.
    pub const NAMES: [(&'static str, Self); 7] = [
        ("auto", Self::Auto),
        ("reference", Self::Reference),
        ("portable", Self::Portable),
        ("avx2", Self::Avx2),
        ("avx2-int16", Self::Avx2Int16),
        ("avx512-bf16", Self::Avx512Bf16),
        ("avx512-vnni", Self::Avx512Vnni),
    ];
}

impl FromStr for KernelChoice {
    type Err = ModelError;

    fn from_str(name: &str) -> ModelResult<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, choice)| *choice).ok_or_else(|| {
            ModelError::Unavailable {
                asked: format!("kernel `{name}`"),
                available: Self::NAMES.map(|(known, _)| known).join(", "),
            }
        })
    }
}

/// How to load an encoder.
#[derive(Debug, Clone, Copy, Default)]
pub struct EncoderOptions {
    /// Kernel class on the CPU; families that the kernels do not serve run on candle whatever it says.
    pub kernel: KernelChoice,
    /// Anything but the CPU runs the candle path.
    pub device: DeviceChoice,
}

/// What [`Encoder::encode`], or a part of it, returns, in the order of the windows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Encodings {
    /// `(windows, hidden)`, row-major, each row of length 1.
    pub embeddings: Vec<f32>,
    /// `(windows, labels)`, row-major; `None` when the model has no sentiment head or nobody asked for feelings.
    pub sentiment_logits: Option<Vec<f32>>,
    /// `(windows, labels)`, row-major; `None` when the model has no emotion head or nobody asked for feelings.
    pub emotion_logits: Option<Vec<f32>>,
    /// Last hidden state of the first token, `(windows, hidden of the transformer)`, row-major; `None` unless
    /// [`Encoder::embed_with_first_states`] was called.
    pub first_states: Option<Vec<f32>>,
}

/// A loaded sentence encoder. Cheap to share between threads.
pub struct Encoder {
    backbone: Backbone,
    sentence: Sentence,
    sentiment: Option<TaskHead>,
    emotion: Option<TaskHead>,
    rules: TextRules,
    model_hash: String,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder")
            .field("kernel_class", &self.kernel_class())
            .field("config", self.config())
            .field("pooling", &self.sentence.pooling)
            .field("model_hash", &self.model_hash)
            .finish_non_exhaustive()
    }
}

/// The results of one window, written by whichever worker encodes it.
struct Row<'a> {
    embedding: &'a mut [f32],
    sentiment: &'a mut [f32],
    emotion: &'a mut [f32],
    /// Empty where nobody asked for it.
    first_state: &'a mut [f32],
}

/// Cuts a matrix into its rows, also when they have no columns.
fn rows_of(mut matrix: &mut [f32], columns: usize, rows: usize) -> Vec<&mut [f32]> {
    let mut cut = Vec::with_capacity(rows);
    for _ in 0..rows {
        let (row, rest) = std::mem::take(&mut matrix).split_at_mut(columns);
        cut.push(row);
        matrix = rest;
    }
    cut
}

impl Encoder {
    /// Loads a model and packs its weights.
    ///
    /// # Errors
    /// The model is incomplete, damaged or of an unsupported kind; or the kernel class or device that was asked for
    /// is not available.
    pub fn load(files: &ModelFiles, options: EncoderOptions) -> ModelResult<Self> {
        let backbone = Backbone::load(files, options)?;
        let hidden = backbone.config().hidden_size();
        let rules = TextRules::from_files(files, backbone.config().max_tokens(), prompt(files)?)?;
        Ok(Self {
            sentence: Sentence::from_files(files, hidden)?,
            sentiment: TaskHead::load(files, Task::Sentiment, hidden)?,
            emotion: TaskHead::load(files, Task::Emotion, hidden)?,
            rules,
            model_hash: files.model_hash().to_owned(),
            backbone,
        })
    }

    /// Encodes windows of token ids, special tokens included (for BERT: `[CLS]` … `[SEP]`), on the current rayon pool.
    /// An empty list of windows gives empty encodings.
    ///
    /// # Errors
    /// [`ModelError::Input`] for an empty window, one longer than the model has positions for, or a token id beyond
    /// its vocabulary; nothing is encoded then.
    pub fn encode(&self, windows: &[Vec<u32>]) -> ModelResult<Encodings> {
        self.encode_rows(windows, Wanted::ALL, false)
    }

    /// The embeddings of [`Self::encode`] alone, to the same bits; a model whose heads have layers to themselves is
    /// faster that way.
    ///
    /// # Errors
    /// As for [`Self::encode`].
    pub fn embed(&self, windows: &[Vec<u32>]) -> ModelResult<Encodings> {
        self.encode_rows(windows, Wanted::MEANING, false)
    }

    /// As [`Self::embed`], with [`Encodings::first_states`].
    ///
    /// # Errors
    /// As for [`Self::encode`].
    pub fn embed_with_first_states(&self, windows: &[Vec<u32>]) -> ModelResult<Encodings> {
        self.encode_rows(windows, Wanted::MEANING, true)
    }

    /// `wanted` holds the meaning at least.
    fn encode_rows(&self, windows: &[Vec<u32>], wanted: Wanted, with_first_states: bool) -> ModelResult<Encodings> {
        let wanted =
            Wanted { feelings: wanted.feelings && (self.sentiment.is_some() || self.emotion.is_some()), ..wanted };
        let [sentiment_head, emotion_head] =
            [&self.sentiment, &self.emotion].map(|head| head.as_ref().filter(|_| wanted.feelings));
        let labels = |head: Option<&TaskHead>| head.map_or(0, |head| head.labels().len());
        let (count, width, hidden) = (windows.len(), self.hidden_size(), self.config().hidden_size());
        let (sentiments, emotions) = (labels(sentiment_head), labels(emotion_head));
        let mut embeddings = vec![0.0f32; count * width];
        let mut sentiment = vec![0.0f32; count * sentiments];
        let mut emotion = vec![0.0f32; count * emotions];
        let first_width = if with_first_states { hidden } else { 0 };
        let mut first_states = vec![0.0f32; count * first_width];
        let rows: Vec<std::sync::Mutex<Row<'_>>> = rows_of(&mut embeddings, width, count)
            .into_iter()
            .zip(rows_of(&mut sentiment, sentiments, count))
            .zip(rows_of(&mut emotion, emotions, count))
            .zip(rows_of(&mut first_states, first_width, count))
            .map(|(((embedding, sentiment), emotion), first_state)| {
                std::sync::Mutex::new(Row { embedding, sentiment, emotion, first_state })
            })
            .collect();
        self.backbone.forward(windows, wanted, |index, states| {
            // Nobody else ever waits for this row, so a poisoned lock only means that its own worker panicked.
            let mut row = rows[index].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            self.sentence.embed(states.meaning, hidden, row.embedding);
            vector::normalise(row.embedding);
            if let Some(head) = sentiment_head {
                head.forward(states.feelings, row.sentiment);
            }
            if let Some(head) = emotion_head {
                head.forward(states.feelings, row.emotion);
            }
            row.first_state.copy_from_slice(&states.meaning[..first_width]);
        })?;
        drop(rows);
        Ok(Encodings {
            embeddings,
            sentiment_logits: sentiment_head.is_some().then_some(sentiment),
            emotion_logits: emotion_head.is_some().then_some(emotion),
            first_states: with_first_states.then_some(first_states),
        })
    }

    /// Width of an embedding.
    pub fn hidden_size(&self) -> usize {
        self.sentence.width(self.config().hidden_size())
    }

    /// Longest window, special tokens included, that the model was trained for; longer texts are cut.
    pub fn max_seq_length(&self) -> usize {
        self.rules.max_seq_length
    }

    /// sha256 of all files that decide the result; see [`ModelFiles::model_hash`].
    pub fn model_hash(&self) -> &str {
        &self.model_hash
    }

    /// The kernel class in use, such as `avx512-vnni-bf16`, `avx2-vnni`, `avx2`, `portable` or `candle`. Classes differ
    /// in their last bits, so the class is part of a cache's key.
    pub fn kernel_class(&self) -> &'static str {
        self.backbone.kernel_class()
    }

    /// The head of a task, when the model has one.
    pub fn head(&self, task: Task) -> Option<&TaskHead> {
        match task {
            Task::Sentiment => self.sentiment.as_ref(),
            Task::Emotion => self.emotion.as_ref(),
        }
    }

    /// Labels of the sentiment logits, in order; empty when the model has no sentiment head.
    pub fn sentiment_labels(&self) -> &[String] {
        self.head(Task::Sentiment).map(TaskHead::labels).unwrap_or_default()
    }

    /// What sentiment logits are divided by before the softmax; 1 when the model has no sentiment head.
    pub fn sentiment_temperature(&self) -> f32 {
        self.head(Task::Sentiment).map_or(1.0, TaskHead::temperature)
    }

    /// The model's configuration.
    pub fn config(&self) -> &Config {
        self.backbone.config()
    }

    /// The model's tokenizer alone, without truncation, padding or prompt.
    ///
    /// # Errors
    /// [`ModelError::Tokenizer`] when the file is not one that the tokenizer library reads.
    pub fn tokenizer(&self) -> ModelResult<tokenizers::Tokenizer> {
        self.rules.tokenizer()
    }

    /// Texts to windows as the model wants them.
    ///
    /// # Errors
    /// [`ModelError::Tokenizer`] when the file is not one that the tokenizer library reads.
    pub fn tokens(&self) -> ModelResult<Tokens> {
        self.rules.tokens()
    }
}
