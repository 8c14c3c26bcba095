//! A regression that reads the meaning of a window and its very words.
//!
//! An embedding tells that a window is about a parcel that did not come; whether it speaks of a day that was promised or of a status
//! that nobody sent is often told by a word. Words count beside the embedding, at a length that was fitted on the development sets.

use rayon::prelude::*;

use super::head::{FitOptions, Head, Lessons};
use super::learned::{Ground, Memory};
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
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Worded {
    head: Head,
    space: WordSpace,
}

/// What to learn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course<'a> {
    /// Tells what is remembered of one classifier from what is of another.
    pub(super) name: &'static str,
    /// Texts with their class.
    pub(super) lessons: &'a [(&'a str, usize)],
    /// Number of classes.
    pub(super) classes: usize,
    /// Weigh texts so that every class counts the same.
    pub(super) balanced: bool,
}

impl Worded {
    /// Learns a course whose texts are known to `vectors`, or recalls what an earlier run learnt from the same.
    ///
    /// # Errors
    /// A text is not known, or what was learnt could not be kept.
    pub(super) fn learn(course: Course<'_>, teaching: Teaching, vectors: &Vectors) -> Result<Self> {
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        for (text, class) in course.lessons {
            inputs.extend(vectors.get(text)?.embedding);
            targets.push(*class);
        }
        let counts: Vec<Counts> = course.lessons.par_iter().map(|(text, _)| Counts::of(text)).collect();
        let space = WordSpace::learn(&counts, teaching.words);
        let words: Vec<Words> = counts.iter().map(|counts| space.features(counts)).collect();
        let (hidden, weights) = (vectors.encoder().hidden_size(), vec![1.0; targets.len()]);
        let lessons = Lessons { inputs: &inputs, hidden, words: &words, weights: &weights, targets: &targets };
        // Words make ten times the coordinates; the last steps move no verdict.
        let options = FitOptions { c: teaching.c, balanced: course.balanced, tolerance: 1e-5, ..FitOptions::default() };
        let memory = Memory::new(vectors.folder(), course.name, ground(&lessons, course.classes, options));
        let head = match memory.recall() {
            Some(head) => head,
            None => {
                let head = Head::learn(&lessons, course.classes, options);
                memory.keep(&head)?;
                head
            }
        };
        Ok(Self { head, space })
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

/// All that a head depends on but the code of its fit.
fn ground(lessons: &Lessons<'_>, classes: usize, options: FitOptions) -> Ground {
    let FitOptions { c, max_steps, balanced, tolerance } = options;
    let mut ground = Ground::default();
    ground.add([classes as u64, lessons.hidden as u64, max_steps as u64, u64::from(balanced)].map(u64::to_le_bytes));
    ground.add([c, tolerance].map(f64::to_le_bytes));
    ground.add(lessons.inputs.iter().map(|value| value.to_le_bytes()));
    ground.add(lessons.weights.iter().map(|weight| weight.to_le_bytes()));
    ground.add(lessons.targets.iter().map(|class| (*class as u64).to_le_bytes()));
    for words in lessons.words {
        ground.add(
            words.iter().map(|(bucket, value)| (u64::from(*bucket) << 32 | u64::from(value.to_bits())).to_le_bytes()),
        );
    }
    ground
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::turn::tests::{tiny_vectors, vectors_in};

    #[test]
    fn the_words_tell_apart_what_has_one_meaning() {
        let mut vectors = tiny_vectors();
        // The tiny model knows neither word: both texts have the same embedding.
        let lessons = [("carotte", 0), ("concombre", 1), ("carotte", 0), ("concombre", 1)];
        vectors.ensure(lessons.iter().map(|(text, _)| *text)).unwrap();
        let [a, b] = ["carotte", "concombre"].map(|text| vectors.get(text).unwrap().embedding);
        assert_eq!(a, b);
        let course = Course { name: "vegetables", lessons: &lessons, classes: 2, balanced: true };
        let learn = |words: f32| Worded::learn(course, Teaching { c: 20.0, words }, &vectors).unwrap();
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
    fn what_was_learnt_is_recalled_by_the_next_run_until_something_differs() {
        let folder = tempfile::tempdir().unwrap();
        let teaching = Teaching { c: 20.0, words: 0.7 };
        let lessons = [("late", 0), ("damaged", 1)];
        let parcels = Course { name: "parcels", lessons: &lessons, classes: 2, balanced: true };
        let run = |course: Course<'_>, teaching| {
            let mut vectors = vectors_in("bert_tiny", Some(folder.path()));
            vectors.ensure(["late", "damaged", "lost"]).unwrap();
            let learnt = Worded::learn(course, teaching, &vectors).unwrap();
            vectors.flush().unwrap();
            let kept = vectors.folder().unwrap().join(format!("{}.bin", course.name));
            (learnt, std::fs::metadata(kept).unwrap().modified().unwrap())
        };
        let (first, written) = run(parcels, teaching);
        assert_eq!(run(parcels, teaching), (first.clone(), written), "recalled: the file was not written again");
        let (more, swapped) = ([("late", 0), ("damaged", 1), ("lost", 1)], [("late", 1), ("damaged", 0)]);
        let other_lessons = [("late", 0), ("lost", 1)];
        for (course, teaching) in [
            (Course { lessons: &more, ..parcels }, teaching),
            (Course { lessons: &swapped, ..parcels }, teaching),
            (Course { lessons: &other_lessons, ..parcels }, teaching),
            (Course { classes: 3, ..parcels }, teaching),
            (parcels, Teaching { c: 10.0, ..teaching }),
            (parcels, Teaching { words: 0.5, ..teaching }),
        ] {
            assert_ne!(run(course, teaching).0, first, "{course:?} {teaching:?}");
        }
        let unbalanced = Course { lessons: &more, balanced: false, ..parcels };
        assert_ne!(run(Course { lessons: &more, ..parcels }, teaching).0, run(unbalanced, teaching).0);
        assert_eq!(run(parcels, teaching).0, first, "learnt anew, to the same bits");
    }

    #[test]
    fn a_placeholder_is_no_word_of_the_customer() {
        let passage = Passage::new("[PHONE_1] ne marche pas", &[1.0]);
        assert_eq!(passage.counts, Counts::of("ne marche pas"));
        assert_eq!((passage.text, passage.chars), ("[PHONE_1] ne marche pas", 23));
    }
}
