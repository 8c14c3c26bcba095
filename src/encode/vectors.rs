//! Texts to vectors: each distinct text goes through a model once, ever.
//!
//! The encoder gives a window's embedding and the logits of its own heads. The agent's words, and texts that only teach the
//! reasons, are asked for their meaning alone, so embeddings and logits have a cache each; only what a customer says after
//! an agent had said it in an earlier batch is read a second time, for the feelings. When the user chooses a sequence
//! classifier for the sentiment, the customer's windows go through that as well, with its own tokenizer and its own cache,
//! and its logits take the place of the encoder's.

use std::ops::Range;
use std::path::Path;

use rayon::prelude::*;

use super::cache::{Cache, Key, Vector, Widths, key_of};
use super::window::Encoded;
use crate::error::{Error, Result};
use crate::label::taxonomy::text_hash;
use crate::model::encoder::{Encoder, Encodings};
use crate::model::paths::Wanted;
use crate::model::tokens::Tokens;
use crate::model::{ModelResult, SequenceClassifier, Task};
use crate::vector::normalise;

/// What encoding did, for the summary.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EncodeCounts {
    /// Distinct texts that went through the model.
    pub encoded: u64,
    /// Tokens that went through the model, with the special tokens of each text.
    pub tokens: u64,
}

/// What gives numbers for windows of token ids.
trait WindowModel {
    fn tokens(&self) -> ModelResult<Tokens>;
    fn encode(&self, windows: &[Vec<u32>], wanted: Wanted) -> ModelResult<Encodings>;
    fn widths(&self) -> Widths;
    /// What the numbers depend on beside the text. Kernel classes differ in their last bits, so each has its own.
    fn identity(&self) -> String;
}

impl WindowModel for Encoder {
    fn tokens(&self) -> ModelResult<Tokens> {
        Self::tokens(self)
    }

    fn encode(&self, windows: &[Vec<u32>], wanted: Wanted) -> ModelResult<Encodings> {
        if wanted.feelings { Self::encode(self, windows) } else { Self::embed(self, windows) }
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

    fn encode(&self, windows: &[Vec<u32>], _: Wanted) -> ModelResult<Encodings> {
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

/// One model with its tokenizer and its caches.
#[derive(Debug)]
struct Store<M> {
    model: M,
    tokens: Tokens,
    /// Embeddings; of no width for a classifier.
    meaning: Cache,
    /// Logits of the heads; of no width for an encoder without any.
    feelings: Cache,
}

impl<M: WindowModel> Store<M> {
    fn new(model: M, folder: Option<&Path>) -> Result<Self> {
        let (identity, widths) = (model.identity(), model.widths());
        // A model that gives nothing else has its own name to itself.
        let name = if widths.embedding == 0 { identity.clone() } else { format!("feelings {identity}") };
        let meaning = Cache::open(folder, &text_hash(&identity), Widths { sentiment: 0, emotion: 0, ..widths })?;
        let feelings = Cache::open(folder, &text_hash(&name), Widths { embedding: 0, ..widths })?;
        Ok(Self { tokens: model.tokens()?, model, meaning, feelings })
    }

    /// Whether something of a text that is `wanted` is not known.
    fn lacks(&self, key: Key, wanted: Wanted) -> bool {
        wanted.meaning && !self.meaning.contains(key) || wanted.feelings && !self.feelings.contains(key)
    }

    fn ensure<'t>(
        &mut self,
        texts: impl Iterator<Item = (Key, &'t str)>,
        wanted: Wanted,
        counts: &mut EncodeCounts,
    ) -> Result<()> {
        let mut missing: Vec<(Key, &str)> = texts.filter(|(key, _)| self.lacks(*key, wanted)).collect();
        missing.sort_unstable();
        missing.dedup_by_key(|(key, _)| *key);
        if missing.is_empty() {
            return Ok(());
        }
        let tokens = &self.tokens;
        let parts = missing.par_iter().map(|(_, text)| Ok(tokens.windows(text)?)).collect::<Result<Vec<_>>>()?;
        let mut windows = Vec::with_capacity(parts.len());
        let mut places = Vec::with_capacity(parts.len());
        for ((key, _), parts) in missing.iter().zip(parts) {
            // What was asked for its meaning before has been counted.
            if !self.meaning.contains(*key) {
                counts.encoded += 1;
                counts.tokens += parts.iter().map(|ids| ids.len() as u64).sum::<u64>();
            }
            places.push(windows.len()..windows.len() + parts.len());
            windows.extend(parts);
        }
        let encodings = self.model.encode(&windows, wanted)?;
        let widths = self.model.widths();
        let row = |matrix: Option<&Vec<f32>>, width: usize, parts: &Range<usize>| {
            matrix.map(|matrix| mean_of_parts(matrix, width, parts, &windows)).unwrap_or_default()
        };
        for ((key, _), parts) in missing.iter().zip(&places) {
            if wanted.meaning {
                let mut embedding = row(Some(&encodings.embeddings), widths.embedding, parts);
                if parts.len() > 1 {
                    normalise(&mut embedding);
                }
                self.meaning.insert(*key, &embedding, &[], &[])?;
            }
            if wanted.feelings {
                let sentiment = row(encodings.sentiment_logits.as_ref(), widths.sentiment, parts);
                let emotion = row(encodings.emotion_logits.as_ref(), widths.emotion, parts);
                self.feelings.insert(*key, &[], &sentiment, &emotion)?;
            }
        }
        Ok(())
    }

    /// What is known of a text.
    fn get(&self, key: Key, wanted: Wanted) -> Result<Vector> {
        let read = |is_wanted: bool, cache: &Cache| {
            if !is_wanted {
                return Ok(Vector::default());
            }
            cache.get(key).ok_or_else(|| {
                Error::bug("a text has no vector; delete the folder cache/ of the output if it was touched")
            })
        };
        let embedding = read(wanted.meaning, &self.meaning)?.embedding;
        Ok(Vector { embedding, ..read(wanted.feelings, &self.feelings)? })
    }

    fn flush(&mut self) -> Result<()> {
        self.meaning.flush()?;
        self.feelings.flush()
    }
}

/// The numbers of a text from those of its parts, which weigh as much as they have tokens.
fn mean_of_parts(matrix: &[f32], width: usize, parts: &Range<usize>, windows: &[Vec<u32>]) -> Vec<f32> {
    let row = |part: usize| &matrix[part * width..(part + 1) * width];
    if parts.len() == 1 {
        return row(parts.start).to_vec();
    }
    let tokens: usize = windows[parts.clone()].iter().map(Vec::len).sum();
    let mut mean = vec![0.0; width];
    for part in parts.clone() {
        let weight = windows[part].len() as f32 / tokens.max(1) as f32;
        mean.iter_mut().zip(row(part)).for_each(|(sum, value)| *sum += weight * value);
    }
    mean
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
    /// Joins a model and its caches under `folder` (`None`: in memory only).
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

    /// Where the encoder's vectors are kept: a folder of this model and kernel class alone; `None` when they are in memory only.
    pub fn folder(&self) -> Option<&Path> {
        self.encoder.meaning.folder()
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
        let texts = texts.into_iter().map(|text| (key_of(text), text));
        self.encoder.ensure(texts, Wanted::MEANING, &mut self.counts)
    }

    /// Makes sure that every window of the contacts has an embedding, and the customer's a sentiment.
    ///
    /// # Errors
    /// As for [`Self::ensure`].
    pub fn ensure_contacts<'t>(&mut self, contacts: impl Iterator<Item = &'t Encoded> + Clone) -> Result<()> {
        if let Some(store) = &mut self.classifier {
            // The summary counts windows once, not once per model.
            store.ensure(contacts.clone().flat_map(Encoded::own), Wanted::FEELINGS, &mut EncodeCounts::default())?;
        }
        // The customer's first: what both say is then read once.
        self.encoder.ensure(contacts.clone().flat_map(Encoded::own), Wanted::ALL, &mut self.counts)?;
        self.encoder.ensure(contacts.flat_map(Encoded::heard), Wanted::MEANING, &mut self.counts)
    }

    /// The vector of a text given to [`Self::ensure`] before, without logits.
    ///
    /// # Errors
    /// The text was never encoded, or its segment on disk became unreadable.
    pub fn get(&self, text: &str) -> Result<Vector> {
        self.encoder.get(key_of(text), Wanted::MEANING)
    }

    /// The vectors of a contact given to [`Self::ensure_contacts`] before: of the customer's windows, with the logits of
    /// the chosen sentiment, and of the agent's, without any.
    ///
    /// # Errors
    /// As for [`Self::get`].
    pub fn of_contact(&self, contact: &Encoded) -> Result<(Vec<Vector>, Vec<Vector>)> {
        let felt = |(key, _)| {
            let mut vector = self.encoder.get(key, Wanted::ALL)?;
            if let Some(store) = &self.classifier {
                vector.sentiment_logits = store.get(key, Wanted::FEELINGS)?.sentiment_logits;
            }
            Ok(vector)
        };
        let said = contact.own().map(felt).collect::<Result<_>>()?;
        let heard = contact.heard().map(|(key, _)| self.encoder.get(key, Wanted::MEANING)).collect::<Result<_>>()?;
        Ok((said, heard))
    }

    /// Writes what the caches hold in memory.
    ///
    /// # Errors
    /// The segment could not be written.
    pub fn flush(&mut self) -> Result<()> {
        if let Some(store) = &mut self.classifier {
            store.flush()?;
        }
        self.encoder.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{Contact, Provenance, Speaker, Turn};
    use crate::evaluate::turn::tests::{vectors_in, vectors_of};

    fn encoded(turns: &[(Speaker, &str)]) -> Encoded {
        let provenance = Provenance { file: "f".into(), record: 1 };
        let mut contact = Contact::new("c", chrono::DateTime::UNIX_EPOCH, provenance);
        contact.turns.extend(turns.iter().map(|(speaker, text)| Turn::new(*speaker, *text)));
        Encoded::new(contact, 240, 10)
    }

    /// One window, whatever the length.
    fn encoded_whole(text: &str) -> Encoded {
        let provenance = Provenance { file: "f".into(), record: 1 };
        let mut contact = Contact::new("c", chrono::DateTime::UNIX_EPOCH, provenance);
        contact.turns.push(Turn::new(Speaker::Customer, text));
        Encoded::new(contact, usize::MAX / 2, 10)
    }

    #[test]
    fn only_what_customers_say_is_asked_for_feelings_and_nothing_is_asked_twice() {
        let folder = tempfile::tempdir().unwrap();
        let open = || vectors_in("two_paths_tiny", Some(folder.path()));
        let (customer, agent) = (Speaker::Customer, Speaker::Agent);
        let first = encoded(&[(customer, "my order is late"), (agent, "merci"), (customer, "merci")]);
        let second = encoded(&[(agent, "where is my order"), (customer, "not arrived")]);
        let third = encoded(&[(customer, "where is my order")]);

        let mut vectors = open();
        vectors.ensure_contacts([&first, &second].into_iter()).unwrap();
        assert_eq!(vectors.counts.encoded, 4, "merci, which both say, once");
        let (said, heard) = vectors.of_contact(&first).unwrap();
        assert_eq!((said.len(), heard.len()), (2, 1));
        assert!(said.iter().all(|vector| vector.sentiment_logits.len() == 3 && vector.emotion_logits.len() == 5));
        assert_eq!(heard[0], Vector { embedding: said[1].embedding.clone(), ..Vector::default() });

        // An agent had said it, so nobody had asked how it feels.
        vectors.ensure_contacts([&third].into_iter()).unwrap();
        assert_eq!(vectors.counts.encoded, 4, "a text is counted once");
        let (asked, _) = vectors.of_contact(&third).unwrap();
        let (_, told) = vectors.of_contact(&second).unwrap();
        assert_eq!(asked[0].embedding, told[0].embedding);
        assert_eq!(asked[0].sentiment_logits.len(), 3);
        vectors.flush().unwrap();

        let mut again = open();
        again.ensure_contacts([&first, &second, &third].into_iter()).unwrap();
        assert_eq!(again.counts, EncodeCounts::default());
        assert_eq!(again.of_contact(&first).unwrap(), (said, heard));
        assert_eq!(again.of_contact(&third).unwrap().0, asked);
    }

    #[test]
    fn the_end_of_a_text_beyond_the_limit_of_the_model_counts() {
        let mut vectors = vectors_of("two_paths_tiny");
        let limit = vectors.encoder().max_seq_length();
        let long = |last: &str| format!("{}{last}", "where is my order ".repeat(limit));
        let [first, second] = ["merci", "not arrived"].map(|last| encoded_whole(&long(last)));
        vectors.ensure_contacts([&first, &second].into_iter()).unwrap();
        assert!(vectors.counts.tokens as usize > 8 * limit, "{}", vectors.counts.tokens);
        let [(one, _), (other, _)] = [&first, &second].map(|contact| vectors.of_contact(contact).unwrap());
        assert_eq!((one.len(), other.len()), (1, 1));
        assert_ne!(one[0].embedding, other[0].embedding);
        assert_ne!(one[0].sentiment_logits, other[0].sentiment_logits);
        let length: f32 = one[0].embedding.iter().map(|value| value * value).sum();
        assert!((length - 1.0).abs() < 1e-3, "{length}");
    }

    #[test]
    fn a_model_without_heads_says_nothing_of_feelings() {
        let mut vectors = vectors_of("roberta_tiny");
        let contact = encoded(&[(Speaker::Customer, "merci")]);
        for _ in 0..2 {
            vectors.ensure_contacts([&contact].into_iter()).unwrap();
            assert_eq!(vectors.counts.encoded, 1);
        }
        let (said, _) = vectors.of_contact(&contact).unwrap();
        assert!(
            said[0].sentiment_logits.is_empty() && said[0].emotion_logits.is_empty() && !said[0].embedding.is_empty()
        );
    }
}
