//! Texts to vectors: each distinct text goes through a model once, ever.
//!
//! The encoder gives a window's embedding and the logits of its own heads. When the user chooses a sequence classifier
//! for the sentiment, the customer's windows go through that as well, with its own tokenizer and its own cache, and its
//! logits take the place of the encoder's; the agent's words, and texts that only teach the reasons, never do.

use std::path::Path;

use rayon::prelude::*;

use super::cache::{Cache, Key, Vector, Widths, key_of};
use super::window::Encoded;
use crate::error::{Error, Result};
use crate::label::taxonomy::text_hash;
use crate::model::encoder::{Encoder, Encodings};
use crate::model::tokens::Tokens;
use crate::model::{ModelResult, SequenceClassifier, Task};

/// What encoding did, for the summary.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EncodeCounts {
    /// Distinct texts that went through the model.
    pub encoded: u64,
    /// Tokens that went through the model, with the special tokens of each text.
    pub tokens: u64,
    /// Texts longer than the model's limit, encoded without their end.
    pub cut: u64,
}

/// What gives numbers for windows of token ids.
trait WindowModel {
    fn tokens(&self) -> ModelResult<Tokens>;
    fn encode(&self, windows: &[Vec<u32>]) -> ModelResult<Encodings>;
    fn widths(&self) -> Widths;
    /// What the numbers depend on beside the text. Kernel classes differ in their last bits, so each has its own.
    fn identity(&self) -> String;
}

impl WindowModel for Encoder {
    fn tokens(&self) -> ModelResult<Tokens> {
        Self::tokens(self)
    }

    fn encode(&self, windows: &[Vec<u32>]) -> ModelResult<Encodings> {
        Self::encode(self, windows)
    }

    fn widths(&self) -> Widths {
        let labels = |task| self.head(task).map_or(0, |head| head.labels().len());
        Widths { embedding: self.hidden_size(), sentiment: labels(Task::Sentiment), emotion: labels(Task::Emotion) }
    }

    fn identity(&self) -> String {
        format!("{} {}", self.model_hash(), self.kernel_class())
    }
}

impl WindowModel for SequenceClassifier {
    fn tokens(&self) -> ModelResult<Tokens> {
        Self::tokens(self)
    }

    fn encode(&self, windows: &[Vec<u32>]) -> ModelResult<Encodings> {
        Self::encode(self, windows)
    }

    fn widths(&self) -> Widths {
        Widths { embedding: 0, sentiment: self.labels().len(), emotion: 0 }
    }

    fn identity(&self) -> String {
        // A folder may serve as encoder and as classifier; their records differ.
        format!("classifier {} {}", self.model_hash(), self.kernel_class())
    }
}

/// One model with its tokenizer and its cache.
#[derive(Debug)]
struct Store<M> {
    model: M,
    tokens: Tokens,
    cache: Cache,
}

impl<M: WindowModel> Store<M> {
    fn new(model: M, folder: Option<&Path>) -> Result<Self> {
        let cache = Cache::open(folder, &text_hash(&model.identity()), model.widths())?;
        Ok(Self { tokens: model.tokens()?, model, cache })
    }

    fn ensure<'t>(&mut self, texts: impl Iterator<Item = (Key, &'t str)>, counts: &mut EncodeCounts) -> Result<()> {
        let mut wanted: Vec<(Key, &str)> = texts.filter(|(key, _)| !self.cache.contains(*key)).collect();
        wanted.sort_unstable();
        wanted.dedup_by_key(|(key, _)| *key);
        if wanted.is_empty() {
            return Ok(());
        }
        let tokens = &self.tokens;
        let windows = wanted.par_iter().map(|(_, text)| Ok(tokens.window(text)?)).collect::<Result<Vec<_>>>()?;
        counts.encoded += windows.len() as u64;
        counts.cut += windows.iter().filter(|(_, is_cut)| *is_cut).count() as u64;
        let windows: Vec<Vec<u32>> = windows.into_iter().map(|(ids, _)| ids).collect();
        counts.tokens += windows.iter().map(|ids| ids.len() as u64).sum::<u64>();
        let encodings = self.model.encode(&windows)?;
        let widths = self.model.widths();
        let row = |matrix: Option<&Vec<f32>>, width: usize, index: usize| -> Vec<f32> {
            matrix.map(|matrix| matrix[index * width..(index + 1) * width].to_vec()).unwrap_or_default()
        };
        for (index, (key, _)) in wanted.iter().enumerate() {
            self.cache.insert(
                *key,
                &encodings.embeddings[index * widths.embedding..(index + 1) * widths.embedding],
                &row(encodings.sentiment_logits.as_ref(), widths.sentiment, index),
                &row(encodings.emotion_logits.as_ref(), widths.emotion, index),
            )?;
        }
        Ok(())
    }

    fn get(&self, key: Key) -> Result<Vector> {
        self.cache
            .get(key)
            .ok_or_else(|| Error::bug("a text has no vector; delete the folder cache/ of the output if it was touched"))
    }
}

/// The models of a run with their caches.
#[derive(Debug)]
pub struct Vectors {
    encoder: Store<Encoder>,
    classifier: Option<Store<SequenceClassifier>>,
    /// What the encoder encoded so far.
    pub counts: EncodeCounts,
}

impl Vectors {
    /// Joins a model and its cache under `folder` (`None`: in memory only).
    ///
    /// # Errors
    /// The tokenizer cannot be read, or the cache cannot be opened.
    pub fn new(encoder: Encoder, folder: Option<&Path>) -> Result<Self> {
        Ok(Self { encoder: Store::new(encoder, folder)?, classifier: None, counts: EncodeCounts::default() })
    }

    /// Takes the sentiment from a sequence classifier, whose cache is under the same folder.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn with_sentiment(mut self, classifier: SequenceClassifier, folder: Option<&Path>) -> Result<Self> {
        self.classifier = Some(Store::new(classifier, folder)?);
        Ok(self)
    }

    /// The encoder.
    pub fn encoder(&self) -> &Encoder {
        &self.encoder.model
    }

    /// The classifier that the sentiment comes from, when it is not the encoder's own head.
    pub fn classifier(&self) -> Option<&SequenceClassifier> {
        self.classifier.as_ref().map(|store| &store.model)
    }

    /// Labels of the sentiment logits, in order, and what the logits are divided by before the softmax; no labels when
    /// nothing gives a sentiment.
    pub fn sentiment_labels(&self) -> (&[String], f32) {
        match &self.classifier {
            Some(store) => (store.model.labels(), store.model.temperature()),
            None => (self.encoder().sentiment_labels(), self.encoder().sentiment_temperature()),
        }
    }

    /// Makes sure that every text has an embedding. Texts seen before cost nothing.
    ///
    /// # Errors
    /// Tokenization or the model failed, or the cache could not be written.
    pub fn ensure<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) -> Result<()> {
        self.encoder.ensure(texts.into_iter().map(|text| (key_of(text), text)), &mut self.counts)
    }

    /// Makes sure that every window of the contacts has an embedding, and the customer's a sentiment.
    ///
    /// # Errors
    /// As for [`Self::ensure`].
    pub fn ensure_contacts<'t>(&mut self, contacts: impl Iterator<Item = &'t Encoded> + Clone) -> Result<()> {
        if let Some(store) = &mut self.classifier {
            // The summary counts windows once, not once per model.
            store.ensure(contacts.clone().flat_map(Encoded::own), &mut EncodeCounts::default())?;
        }
        self.encoder.ensure(contacts.flat_map(|contact| contact.own().chain(contact.heard())), &mut self.counts)
    }

    /// The vector of a text given to [`Self::ensure`] before, with the logits of the encoder's own heads.
    ///
    /// # Errors
    /// The text was never encoded, or its segment on disk became unreadable.
    pub fn get(&self, text: &str) -> Result<Vector> {
        self.encoder.get(key_of(text))
    }

    /// The vectors of a contact given to [`Self::ensure_contacts`] before: of the customer's windows, with the logits of
    /// the chosen sentiment, and of the agent's.
    ///
    /// # Errors
    /// As for [`Self::get`].
    pub fn of_contact(&self, contact: &Encoded) -> Result<(Vec<Vector>, Vec<Vector>)> {
        let felt = |(key, _)| {
            let mut vector = self.encoder.get(key)?;
            if let Some(store) = &self.classifier {
                vector.sentiment_logits = store.get(key)?.sentiment_logits;
            }
            Ok(vector)
        };
        let said = contact.own().map(felt).collect::<Result<_>>()?;
        let heard = contact.heard().map(|(key, _)| self.encoder.get(key)).collect::<Result<_>>()?;
        Ok((said, heard))
    }

    /// Writes what the caches hold in memory.
    ///
    /// # Errors
    /// The segment could not be written.
    pub fn flush(&mut self) -> Result<()> {
        if let Some(store) = &mut self.classifier {
            store.cache.flush()?;
        }
        self.encoder.cache.flush()
    }
}
