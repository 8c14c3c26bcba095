//! Texts to vectors: each distinct text goes through the model once, ever.

use std::path::Path;

use rayon::prelude::*;

use super::cache::{Cache, Key, Vector, key_of};
use crate::error::{Error, Result};
use crate::label::taxonomy::text_hash;
use crate::model::encoder::Encoder;

/// What encoding did, for the summary.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EncodeCounts {
    /// Distinct texts that went through the model.
    pub encoded: u64,
    /// Tokens that went through the model, with the two special tokens of each text.
    pub tokens: u64,
    /// Texts longer than the model's limit, encoded without their end.
    pub cut: u64,
}

/// The model with its cache.
#[derive(Debug)]
pub struct Vectors {
    encoder: Encoder,
    tokenizer: tokenizers::Tokenizer,
    cache: Cache,
    /// What was encoded so far.
    pub counts: EncodeCounts,
}

impl Vectors {
    /// Joins a model and its cache under `folder` (`None`: in memory only).
    ///
    /// # Errors
    /// The tokenizer cannot be read, or the cache cannot be opened.
    pub fn new(encoder: Encoder, folder: Option<&Path>) -> Result<Self> {
        // Kernel classes differ in their last bits, so each has its own vectors.
        let key = text_hash(&format!("{} {}", encoder.model_hash(), encoder.kernel_class()));
        let cache = Cache::open(folder, &key, encoder.hidden_size(), encoder.sentiment_labels().len())?;
        let tokenizer = encoder.tokenizer()?;
        Ok(Self { encoder, tokenizer, cache, counts: EncodeCounts::default() })
    }

    /// The model.
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// Makes sure that every text has a vector. Texts seen before cost nothing.
    ///
    /// # Errors
    /// Tokenization or the model failed, or the cache could not be written.
    pub fn ensure<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) -> Result<()> {
        let mut wanted: Vec<(Key, &str)> =
            texts.into_iter().map(|text| (key_of(text), text)).filter(|(key, _)| !self.cache.contains(*key)).collect();
        wanted.sort_unstable();
        wanted.dedup_by_key(|(key, _)| *key);
        if wanted.is_empty() {
            return Ok(());
        }
        let limit = self.encoder.max_seq_length();
        let tokenizer = &self.tokenizer;
        let windows = wanted
            .par_iter()
            .map(|(_, text)| {
                let encoding = tokenizer
                    .encode_fast(*text, true)
                    .map_err(|_| Error::bug(format!("the tokenizer refused a text of {} bytes", text.len())))?;
                let mut ids = encoding.get_ids().to_vec();
                let is_cut = ids.len() > limit;
                if is_cut {
                    // The last token closes the sequence; the model expects it.
                    let last = ids[ids.len() - 1];
                    ids.truncate(limit - 1);
                    ids.push(last);
                }
                Ok((ids, is_cut))
            })
            .collect::<Result<Vec<_>>>()?;
        self.counts.encoded += windows.len() as u64;
        self.counts.cut += windows.iter().filter(|(_, is_cut)| *is_cut).count() as u64;
        let windows: Vec<Vec<u32>> = windows.into_iter().map(|(ids, _)| ids).collect();
        self.counts.tokens += windows.iter().map(|ids| ids.len() as u64).sum::<u64>();
        let hidden = self.encoder.hidden_size();
        let encodings = self.encoder.encode(&windows)?;
        let labels = encodings.sentiment_logits.as_ref().map_or(0, |logits| logits.len() / windows.len());
        for (index, (key, _)) in wanted.iter().enumerate() {
            let logits = encodings
                .sentiment_logits
                .as_ref()
                .map_or(&[][..], |logits| &logits[index * labels..(index + 1) * labels]);
            self.cache.insert(*key, &encodings.embeddings[index * hidden..(index + 1) * hidden], logits)?;
        }
        Ok(())
    }

    /// The vector of a text given to [`Self::ensure`] before.
    ///
    /// # Errors
    /// The text was never encoded, or its segment on disk became unreadable.
    pub fn get(&self, text: &str) -> Result<Vector> {
        self.cache.get(key_of(text)).ok_or_else(|| {
            Error::bug(format!(
                "no vector for a text of {} bytes; delete the folder cache/ of the output if it was touched",
                text.len()
            ))
        })
    }

    /// Writes what the cache holds in memory.
    ///
    /// # Errors
    /// The segment could not be written.
    pub fn flush(&mut self) -> Result<()> {
        self.cache.flush()
    }
}
