//! A classifier of texts learnt from labelled examples, that also says when a text belongs to none of its labels.
//!
//! The label comes from a logistic regression on the frozen embeddings and, where the texts are examples of what customers
//! write, on the states of their first tokens and on their words; the name of a label counts as three examples of it. The
//! likest example of each label has a say too ([`super::nearest`]). Whether a text is in scope at all is judged by
//! two scores that are made comparable between data sets with the training examples alone:
//!
//! - *confidence*: the probability of the likeliest label after a temperature fitted by cross-validation on the
//!   training examples, so that few examples and many labels do not read as doubt;
//! - *position*: how near the text is to the examples of its label (mean of the cosine to their centre and to the three
//!   nearest). 1 is where training examples of a label lie when they are left out of it; 0 is where they lie when their
//!   whole label is taken away, that is where texts of an unknown label would lie.
//!
//! One logistic function joins both; its coefficients and threshold ship with the program
//! ([`shipped::SCOPE_WEIGHTS`]). Where labels come with a line of description instead of examples there is nothing to
//! make the scores comparable with: they are used as they are, with coefficients of their own
//! ([`shipped::DESCRIPTION_SCOPE_WEIGHTS`]).

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::calibration::temperature;
use super::interval::shuffled;
use super::nearest::Nearest;
use super::reading::{Beside, Reading, Readings};
use crate::label::head::{FitOptions, Head, Lessons, logistic, softmax};
use crate::label::nearness::{Neighbourhood, Yardstick};
use crate::label::shipped;
use crate::label::words::{Counts, WordSpace, Words};

/// Folds of the cross-validation that fits the temperature.
const FOLDS: usize = 3;

/// What a classifier learns of scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeBasis {
    /// Nothing: every text is in scope.
    Ignored,
    /// The texts are examples of what customers write.
    Examples,
    /// The texts are names and descriptions.
    Descriptions,
}

/// What a classifier learns from: examples, then the names of labels, each with its label and its reading.
#[derive(Debug, Clone, Copy)]
pub struct Labelled<'a> {
    /// Texts.
    pub texts: &'a [&'a str],
    /// Label of each.
    pub labels: &'a [&'a str],
    /// What the encoder gives for each.
    pub readings: &'a Readings,
    /// How many of the texts, from the first, are examples.
    pub examples: usize,
}

/// A classifier with its judgement of scope.
#[derive(Debug, Clone)]
pub struct Classifier {
    labels: Vec<String>,
    rule: Rule,
    beside: Option<Beside>,
    words: Option<WordSpace>,
    scope: Option<Scope>,
}

/// What the judgement of scope needs.
#[derive(Debug, Clone)]
struct Scope {
    temperature: f32,
    places: Neighbourhood,
    yardstick: Yardstick,
    /// Constant, weight of the confidence, weight of the position.
    weights: [f64; 3],
}

/// The verdict on one text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// Index of the likeliest label.
    pub label: usize,
    /// Probability that the text belongs to one of the labels; 1 when scope was not learnt.
    pub in_scope: f64,
}

impl Classifier {
    /// Learns from texts. Scope learnt from examples takes a cross-validation.
    pub fn learn(lessons: Labelled<'_>, basis: ScopeBasis) -> Self {
        let mut names: BTreeMap<&str, usize> = lessons.labels.iter().map(|label| (*label, 0)).collect();
        for (place, index) in names.values_mut().enumerate() {
            *index = place;
        }
        let targets: Vec<usize> = lessons.labels.iter().map(|label| names[label]).collect();
        let classes = names.len();
        let c = if basis == ScopeBasis::Descriptions { shipped::DESCRIPTION_C } else { shipped::FEW_SHOT_C };
        let options = FitOptions { c, ..FitOptions::default() };
        // Names and descriptions do not speak as customers do: their wording would mislead.
        let is_worded = basis != ScopeBasis::Descriptions;
        let counted: Vec<Counts> =
            if is_worded { lessons.texts.iter().map(|text| Counts::of(text)).collect() } else { Vec::new() };
        let words = is_worded.then(|| WordSpace::learn(&counted, shipped::WORDS_LENGTH));
        let beside = is_worded.then(|| Beside::learn(lessons.readings));
        let features: Vec<Words> =
            words.iter().flat_map(|space| counted.iter().map(|counts| space.features(counts))).collect();
        let weights: Vec<f64> =
            (0..targets.len()).map(|row| if row < lessons.examples { 1.0 } else { shipped::NAME_WEIGHT }).collect();
        let Readings { width, embeddings, .. } = lessons.readings;
        let rows = 0..lessons.readings.len();
        let inputs: Vec<f32> = rows.flat_map(|row| input(beside.as_ref(), lessons.readings.get(row))).collect();
        let hidden = inputs.len().checked_div(targets.len()).unwrap_or(*width);
        let all = Lessons { inputs: &inputs, hidden, words: &features, weights: &weights, targets: &targets };
        let rule = Rule::learn(&all, classes, options);
        let examples = lessons.examples;
        let places = || Neighbourhood::new(&embeddings[..examples * width], *width, &targets[..examples], classes);
        let scope = match basis {
            ScopeBasis::Ignored => None,
            ScopeBasis::Descriptions => Some(Scope {
                temperature: 1.0,
                places: places(),
                yardstick: Yardstick { inside: 1.0, outside: 0.0 },
                weights: shipped::DESCRIPTION_SCOPE_WEIGHTS,
            }),
            ScopeBasis::Examples => {
                let places = places();
                let yardstick = places.yardstick(MEASURED_EXAMPLES);
                let temperature = held_out_temperature(&all, examples, classes, options);
                Some(Scope { temperature, places, yardstick, weights: shipped::SCOPE_WEIGHTS })
            }
        };
        Self { labels: names.into_keys().map(str::to_owned).collect(), rule, beside, words, scope }
    }

    /// Labels, by name.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Answers for texts and their readings.
    pub fn answers(&self, texts: &[&str], readings: &Readings) -> Vec<Answer> {
        (0..texts.len()).into_par_iter().map(|row| self.answer(texts[row], readings.get(row))).collect()
    }

    fn answer(&self, text: &str, reading: Reading<'_>) -> Answer {
        let (label, scores) = self.judge(text, reading);
        let in_scope = scores.zip(self.scope.as_ref()).map_or(1.0, |([confidence, position], scope)| {
            let [bias, of_confidence, of_position] = scope.weights;
            logistic(bias + of_confidence * confidence + of_position * position)
        });
        Answer { label, in_scope }
    }

    /// The two scores behind the judgement of scope, for fitting its coefficients; `None` when it was not learnt.
    pub fn scope_features(&self, text: &str, reading: Reading<'_>) -> Option<[f64; 2]> {
        self.judge(text, reading).1
    }

    /// The likeliest label with its confidence and the text's position, the latter two when scope was learnt.
    fn judge(&self, text: &str, reading: Reading<'_>) -> (usize, Option<[f64; 2]>) {
        let words = self.words.as_ref().map(|space| space.features(&Counts::of(text))).unwrap_or_default();
        let mut values = self.rule.logits(&input(self.beside.as_ref(), reading), &words);
        let label = highest(&values);
        let scores = self.scope.as_ref().map(|scope| {
            softmax(&mut values, scope.temperature);
            [f64::from(values[label]), scope.position(reading.embedding, label)]
        });
        (label, scores)
    }
}

/// How labels are told apart.
#[derive(Debug, Clone)]
struct Rule {
    head: Head,
    /// `None` where nothing was learnt from words: descriptions are no examples.
    nearest: Option<Nearest>,
}

impl Rule {
    fn learn(lessons: &Lessons<'_>, classes: usize, options: FitOptions) -> Self {
        let nearest = || Nearest::new(lessons.inputs, lessons.hidden, lessons.words, lessons.targets);
        Self { head: Head::learn(lessons, classes, options), nearest: (!lessons.words.is_empty()).then(nearest) }
    }

    /// `(classes,)`
    fn logits(&self, input: &[f32], words: &Words) -> Vec<f32> {
        let mut logits = self.head.logits_with_words(input, words);
        if let Some(nearest) = &self.nearest {
            nearest.add_to(&mut logits, input, words);
        }
        logits
    }
}

/// What the regression sees of a text beside its words.
fn input(beside: Option<&Beside>, reading: Reading<'_>) -> Vec<f32> {
    beside.map_or_else(|| reading.embedding.to_vec(), |beside| beside.join(reading))
}

impl Scope {
    /// See the module's header.
    fn position(&self, input: &[f32], label: usize) -> f64 {
        self.yardstick.position(self.places.nearness(input, label))
    }
}

/// Training examples whose positions are measured, at most.
const MEASURED_EXAMPLES: usize = 2000;

/// The temperature of a rule of this kind on examples that it has not seen; the rows behind the `examples` are always known.
fn held_out_temperature(lessons: &Lessons<'_>, examples: usize, classes: usize, options: FitOptions) -> f32 {
    let (hidden, targets) = (lessons.hidden, lessons.targets);
    let input = |row: usize| &lessons.inputs[row * hidden..(row + 1) * hidden];
    let words = |row: usize| lessons.words.get(row).cloned().unwrap_or_default();
    let order = shuffled(examples);
    // Labels are dealt one by one over the folds, so that every fold has its share of each.
    let mut seen = vec![0usize; classes];
    let mut fold_of = vec![FOLDS; targets.len()];
    for row in order {
        fold_of[row] = seen[targets[row]] % FOLDS;
        seen[targets[row]] += 1;
    }
    let mut rows = Vec::new();
    for fold in 0..FOLDS {
        let known: Vec<usize> = (0..targets.len()).filter(|&row| fold_of[row] != fold).collect();
        let part = Lessons {
            inputs: &known.iter().flat_map(|&row| input(row)).copied().collect::<Vec<f32>>(),
            hidden,
            words: &if lessons.words.is_empty() { Vec::new() } else { known.iter().map(|&row| words(row)).collect() },
            weights: &known.iter().map(|&row| lessons.weights[row]).collect::<Vec<f64>>(),
            targets: &known.iter().map(|&row| targets[row]).collect::<Vec<usize>>(),
        };
        // A few steps fewer than in the final fit: the scale of the logits is settled long before the last digit.
        let rule = Rule::learn(&part, classes, FitOptions { max_steps: 60, ..options });
        // A label with a single example cannot be judged without it.
        let held_out = (0..examples).filter(|&row| fold_of[row] == fold && seen[targets[row]] > 1);
        rows.extend(held_out.map(|row| (rule.logits(input(row), &words(row)), targets[row])));
    }
    temperature(&rows) as f32
}

fn highest(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::dot;

    /// Points around `classes` of eight axes of a 12-dimensional space, ten a class.
    fn cluster(classes: std::ops::Range<usize>) -> (Readings, Vec<String>) {
        let mut inputs = Vec::new();
        let mut labels = Vec::new();
        for class in classes {
            for example in 0..10 {
                let mut point: Vec<f32> =
                    (0..12).map(|axis| 0.25 * ((class * 31 + example * 7 + axis * 3) as f32 * 1.7).sin()).collect();
                point[class] += 1.0;
                let length = dot(&point, &point).sqrt();
                inputs.extend(point.iter().map(|value| value / length));
                labels.push(format!("label {class}"));
            }
        }
        (readings(inputs), labels)
    }

    /// Embeddings in 12 dimensions, nothing else.
    fn readings(embeddings: Vec<f32>) -> Readings {
        Readings { width: 12, embeddings, ..Readings::default() }
    }

    /// A classifier of points whose texts say nothing.
    fn learn(readings: &Readings, labels: &[&str], basis: ScopeBasis) -> Classifier {
        let texts = vec![""; labels.len()];
        Classifier::learn(Labelled { texts: &texts, labels, readings, examples: labels.len() }, basis)
    }

    fn answers(classifier: &Classifier, readings: &Readings) -> Vec<Answer> {
        classifier.answers(&vec![""; readings.len()], readings)
    }

    #[test]
    fn known_labels_are_in_scope_and_an_unknown_one_is_not() {
        let (inputs, labels) = cluster(0..6);
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let classifier = learn(&inputs, &labels, ScopeBasis::Examples);
        let known = answers(&classifier, &inputs);
        assert!(known.iter().zip(&labels).all(|(answer, label)| classifier.labels()[answer.label] == *label));
        let (unknown, _) = cluster(8..10);
        let unknown = answers(&classifier, &unknown);
        let mean =
            |answers: &[Answer]| answers.iter().map(|answer| answer.in_scope).sum::<f64>() / answers.len() as f64;
        assert!(mean(&known) > mean(&unknown) + 0.3, "{} {}", mean(&known), mean(&unknown));
    }

    #[test]
    fn scope_is_certain_when_it_was_not_learnt() {
        let (inputs, labels) = cluster(0..3);
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let classifier = learn(&inputs, &labels, ScopeBasis::Ignored);
        assert!(answers(&classifier, &inputs).iter().all(|answer| answer.in_scope == 1.0));
        assert_eq!(classifier.scope_features("", inputs.get(0)), None);
    }

    #[test]
    fn the_name_of_a_label_and_the_words_of_its_examples_count() {
        // Embeddings that tell nothing apart.
        let inputs = readings((0..6 * 12).map(|index| if index % 12 == 0 { 1.0 } else { 0.0 }).collect());
        let texts = ["it was swallowed", "swallowed again", "it was refused", "refused again", "kept", "denied"];
        let labels = ["kept", "kept", "denied", "denied", "kept", "denied"];
        let lessons = Labelled { texts: &texts, labels: &labels, readings: &inputs, examples: 4 };
        let classifier = Classifier::learn(lessons, ScopeBasis::Ignored);
        let asked = ["swallowed", "refused", "kept", "denied"];
        let said: Vec<usize> = classifier.answers(&asked, &inputs).iter().map(|answer| answer.label).collect();
        assert_eq!(said, [1, 0, 1, 0]);
    }

    #[test]
    fn the_first_state_counts_for_examples_and_not_for_descriptions() {
        let first_states = [[1.0, 0.0], [0.8, 0.6], [-1.0, 0.0], [-0.8, 0.6]].concat();
        let same = (0..4 * 12).map(|index| if index % 12 == 0 { 1.0 } else { 0.0 }).collect();
        let inputs = Readings { hidden: 2, first_states, ..readings(same) };
        let labels = ["a", "a", "b", "b"];
        let said = |basis| {
            let answers = answers(&learn(&inputs, &labels, basis), &inputs);
            answers.iter().map(|answer| answer.label).collect::<Vec<_>>()
        };
        assert_eq!(said(ScopeBasis::Ignored), [0, 0, 1, 1]);
        assert_eq!(said(ScopeBasis::Examples), [0, 0, 1, 1]);
        assert_eq!(said(ScopeBasis::Descriptions), [0; 4]);
    }

    #[test]
    fn one_example_a_label_is_enough_to_learn() {
        let (inputs, labels) = cluster(0..4);
        let one: Vec<usize> = (0..4).map(|class| class * 10).collect();
        let inputs = readings(one.iter().flat_map(|&row| inputs.get(row).embedding.to_vec()).collect());
        let labels: Vec<&str> = one.iter().map(|&row| labels[row].as_str()).collect();
        let answers = answers(&learn(&inputs, &labels, ScopeBasis::Examples), &inputs);
        assert!(answers.iter().all(|answer| answer.in_scope.is_finite()));
    }
}
