//! Windows of token ids to L2-normalised embeddings and sentiment logits: the one entry point of `model/`.
//!
//! An [`Encoder`] holds the weights packed for the fastest kernel class that the processor has, or the candle
//! reference. On the CPU a window's result has the same bits whatever its neighbours in the call and however many
//! threads run: every window, and in the kernels every token row, is computed by itself in a fixed order.

use std::str::FromStr;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;
use serde::Deserialize;

use super::bert::{ANCHOR, BertModel, Config, var_builder};
use super::cpu::{CpuModel, KernelClass, math};
use super::device::DeviceChoice;
use super::error::{ModelError, ModelResult};
use super::head::SentimentHead;
use super::pooling::{self, Pooling};
use super::weights::ModelFiles;

/// Environment variable that forces a kernel class where the options say [`KernelChoice::Auto`].
pub const KERNEL_VARIABLE: &str = "MOTIF_KERNEL";

/// Tokens, padding included, in one batch on a GPU.
const GPU_TOKEN_BUDGET: usize = 32_768;

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
    /// Kernel class on the CPU.
    pub kernel: KernelChoice,
    /// Anything but the CPU runs the candle path.
    pub device: DeviceChoice,
}

/// What a call of [`Encoder::encode`] returns, in the order of the windows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Encodings {
    /// `(windows, hidden)`, row-major, each row of length 1.
    pub embeddings: Vec<f32>,
    /// `(windows, labels)`, row-major; `None` when the model has no sentiment head.
    pub sentiment_logits: Option<Vec<f32>>,
}

/// A loaded sentence encoder. Cheap to share between threads.
pub struct Encoder {
    backend: Backend,
    config: Config,
    pooling: Pooling,
    head: Option<SentimentHead>,
    max_seq_length: usize,
    lower_case: bool,
    model_hash: String,
    tokenizer_json: Arc<[u8]>,
}

enum Backend {
    Candle { model: BertModel, device: Device },
    Cpu(CpuModel),
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder")
            .field("kernel_class", &self.kernel_class())
            .field("config", &self.config)
            .field("pooling", &self.pooling)
            .field("model_hash", &self.model_hash)
            .finish_non_exhaustive()
    }
}

/// The result rows of a call, each written once by whichever worker encodes its window.
struct Rows<'a> {
    cells: Vec<std::sync::Mutex<(&'a mut [f32], &'a mut [f32])>>,
}

impl<'a> Rows<'a> {
    fn new(embeddings: &'a mut [f32], hidden: usize, logits: &'a mut [f32], labels: usize) -> Self {
        let mut logits = logits;
        let cells = embeddings
            .chunks_exact_mut(hidden)
            .map(|embedding| {
                let (own, rest) = std::mem::take(&mut logits).split_at_mut(labels);
                logits = rest;
                std::sync::Mutex::new((embedding, own))
            })
            .collect();
        Self { cells }
    }

    fn with<R>(&self, index: usize, write: impl FnOnce(&mut [f32], &mut [f32]) -> R) -> R {
        // Nobody else ever waits for this row, so a poisoned lock only means that its own worker panicked.
        let mut cell = self.cells[index].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (embedding, logits) = &mut *cell;
        write(embedding, logits)
    }
}

/// `sentence_bert_config.json`.
#[derive(Deserialize, Default)]
struct SentenceConfig {
    #[serde(default)]
    max_seq_length: Option<usize>,
    #[serde(default)]
    do_lower_case: bool,
}

impl Encoder {
    /// Loads a model and packs its weights.
    ///
    /// # Errors
    /// The model is incomplete, damaged or of an unsupported kind; or the kernel class or device that was asked for
    /// is not available.
    pub fn load(files: &ModelFiles, options: EncoderOptions) -> ModelResult<Self> {
        let config = Config::from_files(files)?;
        let tensors = files.weights()?.anchored_at(ANCHOR)?;
        let sentence: SentenceConfig = files.json("sentence_bert_config.json")?.unwrap_or_default();
        let device = options.device.resolve()?;
        let choice = match (options.kernel, std::env::var(KERNEL_VARIABLE)) {
            (KernelChoice::Auto, Ok(name)) if !name.is_empty() => name.parse()?,
            (choice, _) => choice,
        };
        let class = if device.is_cpu() { KernelClass::choose(choice)? } else { None };
        let backend = match class {
            Some(class) => Backend::Cpu(CpuModel::load(&tensors, &config, class)?),
            None => Backend::Candle { model: BertModel::load(var_builder(&tensors, &device)?, &config)?, device },
        };
        let tokenizer_json = files.get("tokenizer.json").unwrap_or_default();
        Ok(Self {
            backend,
            pooling: Pooling::from_files(files)?,
            head: SentimentHead::load(files, config.hidden_size)?,
            max_seq_length: sentence.max_seq_length.unwrap_or(usize::MAX).min(config.max_tokens()),
            lower_case: sentence.do_lower_case,
            model_hash: files.model_hash().to_owned(),
            tokenizer_json: tokenizer_json.into(),
            config,
        })
    }

    /// Encodes windows of token ids, special tokens included (for BERT: `[CLS]` … `[SEP]`), on the current rayon pool.
    /// An empty list of windows gives empty encodings.
    ///
    /// # Errors
    /// [`ModelError::Input`] for an empty window, one longer than the model has positions for, or a token id beyond
    /// its vocabulary; nothing is encoded then.
    pub fn encode(&self, windows: &[Vec<u32>]) -> ModelResult<Encodings> {
        self.check(windows)?;
        let hidden = self.hidden_size();
        let labels = self.sentiment_labels().len();
        let mut embeddings = vec![0.0f32; windows.len() * hidden];
        let mut logits = vec![0.0f32; windows.len() * labels];
        match &self.backend {
            Backend::Cpu(model) => {
                let rows = Rows::new(&mut embeddings, hidden, &mut logits, labels);
                model.forward(windows, |index, states| {
                    rows.with(index, |embedding, logits| {
                        self.pooling.pool(states, embedding);
                        math::normalise(embedding);
                        if let Some(head) = &self.head {
                            head.forward(states, logits);
                        }
                    });
                });
            }
            Backend::Candle { model, device } if device.is_cpu() => {
                let rows = Rows::new(&mut embeddings, hidden, &mut logits, labels);
                (0..windows.len()).into_par_iter().try_for_each(|index| {
                    rows.with(index, |embedding, logits| {
                        self.candle_batch(model, device, &[&windows[index]], &mut [(embedding, logits)])
                    })
                })?;
            }
            Backend::Candle { model, device } => {
                self.candle_sorted(model, device, windows, &mut embeddings, &mut logits)?;
            }
        }
        Ok(Encodings { embeddings, sentiment_logits: self.head.is_some().then_some(logits) })
    }

    fn check(&self, windows: &[Vec<u32>]) -> ModelResult<()> {
        for (index, window) in windows.iter().enumerate() {
            let problem = if window.is_empty() {
                "it holds no token".to_owned()
            } else if window.len() > self.config.max_tokens() {
                format!("it holds {} tokens, the model takes {}", window.len(), self.config.max_tokens())
            } else if let Some(id) = window.iter().find(|id| **id as usize >= self.config.vocab_size) {
                format!("token id {id} is beyond the vocabulary of {}", self.config.vocab_size)
            } else {
                continue;
            };
            return Err(ModelError::Input { index, problem });
        }
        Ok(())
    }

    /// One padded batch through candle, pooled into the rows handed over.
    fn candle_batch(
        &self,
        model: &BertModel,
        device: &Device,
        windows: &[&Vec<u32>],
        rows: &mut [(&mut [f32], &mut [f32])],
    ) -> ModelResult<()> {
        let longest = windows.iter().map(|window| window.len()).max().unwrap_or_default();
        let pad = u32::try_from(self.config.pad_token_id).unwrap_or_default();
        let mut ids = vec![pad; windows.len() * longest];
        let mut mask = vec![0u32; windows.len() * longest];
        for (row, window) in windows.iter().enumerate() {
            ids[row * longest..][..window.len()].copy_from_slice(window);
            mask[row * longest..][..window.len()].fill(1);
        }
        let ids = Tensor::from_vec(ids, (windows.len(), longest), device)?;
        let mask = Tensor::from_vec(mask, (windows.len(), longest), device)?;
        let states = model.forward(&ids, &mask)?;
        let pooled = pooling::normalise(&self.pooling.forward(&states, &mask)?)?.to_vec2::<f32>()?;
        for ((embedding, _), row) in rows.iter_mut().zip(&pooled) {
            embedding.copy_from_slice(row);
        }
        if let Some(head) = &self.head {
            let states = states.to_dtype(DType::F32)?.to_device(&Device::Cpu)?;
            for (index, ((_, logits), window)) in rows.iter_mut().zip(windows).enumerate() {
                let own = states.get(index)?.narrow(0, 0, window.len())?.flatten_all()?.to_vec1::<f32>()?;
                head.forward(&own, logits);
            }
        }
        Ok(())
    }

    /// Batches sorted by length and filled to a token budget, for devices that need large batches.
    fn candle_sorted(
        &self,
        model: &BertModel,
        device: &Device,
        windows: &[Vec<u32>],
        embeddings: &mut [f32],
        logits: &mut [f32],
    ) -> ModelResult<()> {
        let (hidden, labels) = (self.hidden_size(), self.sentiment_labels().len());
        let mut order: Vec<usize> = (0..windows.len()).collect();
        order.sort_by_key(|index| (std::cmp::Reverse(windows[*index].len()), *index));
        let mut rest = order.as_slice();
        while let Some(first) = rest.first() {
            let size = (GPU_TOKEN_BUDGET / windows[*first].len()).clamp(1, rest.len());
            let (batch, after) = rest.split_at(size);
            rest = after;
            let own: Vec<&Vec<u32>> = batch.iter().map(|index| &windows[*index]).collect();
            let mut results = vec![0.0f32; size * (hidden + labels)];
            let mut rows: Vec<(&mut [f32], &mut [f32])> =
                results.chunks_exact_mut(hidden + labels).map(|row| row.split_at_mut(hidden)).collect();
            self.candle_batch(model, device, &own, &mut rows)?;
            for (index, row) in batch.iter().zip(results.chunks_exact(hidden + labels)) {
                embeddings[index * hidden..][..hidden].copy_from_slice(&row[..hidden]);
                logits[index * labels..][..labels].copy_from_slice(&row[hidden..]);
            }
        }
        Ok(())
    }

    /// Width of an embedding.
    pub fn hidden_size(&self) -> usize {
        self.config.hidden_size
    }

    /// Longest window, special tokens included, that the model was trained for; callers cut longer texts.
    pub fn max_seq_length(&self) -> usize {
        self.max_seq_length
    }

    /// sha256 of all files that decide the result; see [`ModelFiles::model_hash`].
    pub fn model_hash(&self) -> &str {
        &self.model_hash
    }

    /// The kernel class in use, such as `avx512-vnni-bf16`, `avx2-vnni`, `avx2`, `portable` or `candle`. Classes differ
    /// in their last bits, so the class is part of a cache's key.
    pub fn kernel_class(&self) -> &'static str {
        match &self.backend {
            Backend::Candle { .. } => "candle",
            Backend::Cpu(model) => model.class().name(),
        }
    }

    /// Labels of the sentiment logits, in order; empty when the model has no sentiment head.
    pub fn sentiment_labels(&self) -> &[String] {
        self.head.as_ref().map(SentimentHead::labels).unwrap_or_default()
    }

    /// What sentiment logits are divided by before the softmax; 1 when the model has no sentiment head.
    pub fn sentiment_temperature(&self) -> f32 {
        self.head.as_ref().map_or(1.0, SentimentHead::temperature)
    }

    /// The model's configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The bytes of `tokenizer.json`.
    pub fn tokenizer_bytes(&self) -> &[u8] {
        &self.tokenizer_json
    }

    /// The model's tokenizer, without truncation or padding: callers cut windows themselves and nothing is padded.
    ///
    /// # Errors
    /// [`ModelError::Tokenizer`] when the file is not one that the tokenizer library reads.
    pub fn tokenizer(&self) -> ModelResult<tokenizers::Tokenizer> {
        use tokenizers::normalizers::{Lowercase, NormalizerWrapper, Sequence};
        let wrong = |error: tokenizers::Error| ModelError::Tokenizer { message: error.to_string() };
        let mut tokenizer = tokenizers::Tokenizer::from_bytes(&self.tokenizer_json).map_err(wrong)?;
        tokenizer.with_truncation(None).map_err(wrong)?;
        tokenizer.with_padding(None);
        if self.lower_case {
            // sentence-transformers lower-cases before the tokenizer's own normaliser when this flag is set.
            let mut steps = vec![NormalizerWrapper::from(Lowercase)];
            steps.extend(tokenizer.get_normalizer().cloned());
            tokenizer.with_normalizer(Some(Sequence::new(steps))).map_err(wrong)?;
        }
        Ok(tokenizer)
    }
}
