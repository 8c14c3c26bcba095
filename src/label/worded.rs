//! A regression that reads the meaning of a window and its very words.
//!
//! An embedding tells that a window is about a parcel that did not come; whether it speaks of a day that was promised or of a status
//! that nobody sent is often told by a word. Words count beside the embedding, at a length that was fitted on the development sets.

use super::head::{FitOptions, Head, Lessons};
use super::words::{Counts, WordSpace, Words};
use crate::encode::Vectors;
use crate::error::Result;
use crate::text::redact::with_placeholders_replaced;

/// A window as the classifiers of reasons and criteria take it.
#[derive(Debug, Clone)]
pub struct Passage<'a> {
    /// Its words.
    pub text: &'a str,
    /// Their length in characters.
    pub chars: u32,
    /// Meaning, `(hidden,)`, of length 1.
    pub embedding: &'a [f32],
    counts: Counts,
}

impl<'a> Passage<'a> {
    /// A window of these words.
    pub fn new(text: &'a str, embedding: &'a [f32]) -> Self {
        // No word of a placeholder is the customer's.
        let counts = Counts::of(&with_placeholders_replaced(text, " ", |_| false));
        Self { text, chars: text.chars().count() as u32, embedding, counts }
    }
}

/// How much examples and their words count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Teaching {
    /// Inverse strength of the penalty.
    pub c: f64,
    /// Length of the words of a text beside its embedding of length 1.
    pub words: f32,
}

/// The fitted regression.
#[derive(Debug, Clone)]
pub(super) struct Worded {
    head: Head,
    space: WordSpace,
}

impl Worded {
    /// Learns `classes` classes from texts with their class. The texts are known to `vectors`; every class counts the same where the
    /// lessons are `balanced`.
    ///
    /// # Errors
    /// A text is not known.
    pub(super) fn learn(
        lessons: &[(&str, usize)],
        classes: usize,
        teaching: Teaching,
        balanced: bool,
        vectors: &Vectors,
    ) -> Result<Self> {
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        for (text, class) in lessons {
            inputs.extend(vectors.get(text)?.embedding);
            targets.push(*class);
        }
        let counts: Vec<Counts> = lessons.iter().map(|(text, _)| Counts::of(text)).collect();
        let space = WordSpace::learn(&counts, teaching.words);
        let words: Vec<Words> = counts.iter().map(|counts| space.features(counts)).collect();
        let (hidden, weights) = (vectors.encoder().hidden_size(), vec![1.0; targets.len()]);
        let lessons = Lessons { inputs: &inputs, hidden, words: &words, weights: &weights, targets: &targets };
        // Words make ten times the coordinates; the last steps move no verdict.
        let options = FitOptions { c: teaching.c, balanced, tolerance: 1e-5, ..FitOptions::default() };
        Ok(Self { head: Head::learn(&lessons, classes, options), space })
    }

    /// Probabilities of several windows, `(windows, classes)`.
    pub(super) fn probabilities(&self, windows: &[Passage<'_>], temperature: f32) -> Vec<Vec<f32>> {
        let embeddings: Vec<&[f32]> = windows.iter().map(|window| window.embedding).collect();
        let words: Vec<Words> = windows.iter().map(|window| self.space.features(&window.counts)).collect();
        self.head.probabilities(&embeddings, &words, temperature)
    }

    /// Logits of one window, `(classes,)`.
    pub(super) fn logits(&self, window: &Passage<'_>) -> Vec<f32> {
        self.head.logits_with_words(window.embedding, &self.space.features(&window.counts))
    }

    /// One that was taught nothing.
    #[cfg(test)]
    pub(super) fn untaught(classes: usize) -> Self {
        let head = Head::fit(&[], 1, &[], classes, FitOptions::default());
        Self { head, space: WordSpace::learn(&[], 1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::turn::tests::tiny_vectors;

    #[test]
    fn the_words_tell_apart_what_has_one_meaning() {
        let mut vectors = tiny_vectors();
        // The tiny model knows neither word: both texts have the same embedding.
        let lessons = [("carotte", 0), ("concombre", 1), ("carotte", 0), ("concombre", 1)];
        vectors.ensure(lessons.iter().map(|(text, _)| *text)).unwrap();
        let [a, b] = ["carotte", "concombre"].map(|text| vectors.get(text).unwrap().embedding);
        assert_eq!(a, b);
        let learn = |words: f32| Worded::learn(&lessons, 2, Teaching { c: 20.0, words }, true, &vectors).unwrap();
        let window = |text: &'static str| Passage::new(text, &a);
        let read = learn(1.0).probabilities(&[window("les carottes"), window("un concombre")], 1.0);
        assert!(read[0][0] > 0.6 && read[1][1] > 0.6, "{read:?}");
        let deaf = learn(0.0).probabilities(&[window("carotte")], 1.0);
        assert!((deaf[0][0] - 0.5).abs() < 1e-3, "{deaf:?}");
        let mut logits = learn(1.0).logits(&window("les carottes"));
        super::super::head::softmax(&mut logits, 1.0);
        assert_eq!(logits, read[0]);
    }

    #[test]
    fn a_placeholder_is_no_word_of_the_customer() {
        let passage = Passage::new("[PHONE_1] ne marche pas", &[1.0]);
        assert_eq!(passage.counts, Counts::of("ne marche pas"));
        assert_eq!((passage.text, passage.chars), ("[PHONE_1] ne marche pas", 23));
    }
}
