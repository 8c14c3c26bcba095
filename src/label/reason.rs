//! Contact reasons: which leaf of the company's taxonomy the customer's words belong to.
//!
//! A logistic regression learns the taxonomy's names, descriptions and examples, plus one class of background words
//! (greetings, thanks, order numbers) that carry no reason. Each window gets a probability per class; a contact's
//! score for a reason joins its mean and its highest window, weighted by how much a window says.

use super::criteria::Criteria;
use super::head::{FitOptions, Head};
use super::shipped;
use super::taxonomy::{BilingualList, OTHER, Taxonomy, UNCLEAR};
use crate::encode::Vectors;
use crate::error::Result;

/// One reason of a contact.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ReasonHit {
    /// Identifier, [`OTHER`] or [`UNCLEAR`].
    pub id: String,
    /// 0 to 1.
    pub score: f64,
    /// Index of the window that is its evidence; `None` for the reserved reasons.
    pub window: Option<u32>,
}

/// What the words of a contact say about its reason.
#[derive(Debug, Clone, PartialEq)]
pub struct ReasonVerdict {
    /// Primary, then up to two secondary reasons.
    pub hits: Vec<ReasonHit>,
    /// Score of every reason of the taxonomy, in its order.
    pub scores: Vec<f32>,
    /// How much each window says, 0 to 1: one minus the probability of background words.
    pub salience: Vec<f32>,
}

/// The classifier of one taxonomy.
#[derive(Debug, Clone)]
pub struct ReasonModel {
    ids: Vec<String>,
    groups: Vec<String>,
    courtesy: Vec<bool>,
    head: Head,
    threshold: f64,
}

/// The texts that the classifier learns from: `(text, class)`, the last class being background.
fn lessons<'a>(taxonomy: &'a Taxonomy, background: &'a BilingualList) -> Vec<(&'a str, usize)> {
    let mut lessons = Vec::new();
    for (class, reason) in taxonomy.reasons.iter().enumerate() {
        let texts = [&reason.name.fr, &reason.name.en, &reason.description.fr, &reason.description.en];
        lessons.extend(texts.into_iter().filter(|text| !text.is_empty()).map(|text| (text.as_str(), class)));
        lessons.extend(reason.examples.iter().map(|text| (text, class)));
    }
    lessons.extend(background.iter().map(|text| (text, taxonomy.reasons.len())));
    lessons
}

impl ReasonModel {
    /// Learns a taxonomy. The texts go through the same cache as the contacts.
    ///
    /// # Errors
    /// The texts could not be encoded.
    pub fn learn(
        taxonomy: &Taxonomy,
        background: &BilingualList,
        threshold: Option<f64>,
        vectors: &mut Vectors,
    ) -> Result<Self> {
        let lessons = lessons(taxonomy, background);
        vectors.ensure(lessons.iter().map(|(text, _)| *text))?;
        let mut inputs = Vec::new();
        let mut targets = Vec::new();
        for (text, class) in &lessons {
            inputs.extend(vectors.get(text)?.embedding);
            targets.push(*class);
        }
        let hidden = vectors.encoder().hidden_size();
        let options = FitOptions { c: shipped::REASON_C, ..FitOptions::default() };
        let head = Head::fit(&inputs, hidden, &targets, taxonomy.reasons.len() + 1, options);
        Ok(Self {
            ids: taxonomy.reasons.iter().map(|reason| reason.id.clone()).collect(),
            groups: taxonomy.reasons.iter().map(|reason| reason.group.clone()).collect(),
            courtesy: taxonomy.reasons.iter().map(|reason| reason.courtesy).collect(),
            head,
            threshold: threshold.unwrap_or(shipped::REASON_THRESHOLD),
        })
    }

    /// The reasons of a contact from the embeddings and lengths (characters) of its windows, in order.
    pub fn verdict(&self, windows: &[(&[f32], u32)]) -> ReasonVerdict {
        let classes = self.ids.len();
        let mut mean = vec![0.0f32; classes];
        let mut highest = vec![(0.0f32, 0u32); classes];
        let mut salience = Vec::with_capacity(windows.len());
        let mut total = 0.0f32;
        let mut said = 0.0f32;
        let mut loudest = 0.0f32;
        for (index, (embedding, length)) in windows.iter().enumerate() {
            let probabilities = self.head.probabilities(embedding, shipped::REASON_TEMPERATURE);
            let courteous: f32 = probabilities
                .iter()
                .zip(&self.courtesy)
                .filter(|(_, is)| **is)
                .map(|(probability, _)| probability)
                .sum();
            loudest = loudest.max(1.0 - probabilities[classes]);
            // Thanks and greetings say nothing of the other reasons.
            let says = (1.0 - probabilities[classes] - courteous).max(1e-6);
            salience.push(says);
            // The first things said state the matter; long windows say more than short ones.
            let weight = says * (*length as f32 / 120.0).min(1.0).sqrt() * if said < 3.0 { 1.0 } else { 0.6 };
            said += says;
            total += weight;
            for (class, probability) in probabilities[..classes].iter().enumerate() {
                if !self.courtesy[class] {
                    mean[class] += weight * probability / says;
                }
                let strength = strength(*probability, *length);
                if strength > highest[class].0 {
                    highest[class] = (strength, index as u32);
                }
            }
        }
        let stated =
            highest.iter().zip(&self.courtesy).filter(|(_, is)| !**is).map(|((s, _), _)| *s).fold(0.0, f32::max);
        let scores: Vec<f32> = (0..classes)
            .map(|class| {
                if self.courtesy[class] {
                    (highest[class].0 - stated * shipped::STATED_OVER_COURTESY).max(0.0)
                } else if total > 0.0 {
                    // Where little is said, a mean over little must not look sure.
                    let sure = (total / 0.2).min(1.0);
                    0.5 * sure * mean[class] / total + 0.5 * highest[class].0
                } else {
                    0.0
                }
            })
            .collect();
        ReasonVerdict { hits: self.hits(&scores, &highest, loudest), scores, salience }
    }

    /// Logits of one window: the reasons in the order of the taxonomy, then background words.
    pub fn logits(&self, embedding: &[f32]) -> Vec<f32> {
        self.head.logits(embedding)
    }

    /// Among `windows`, the place of the one that speaks most for a reason, with the strength of what it says.
    pub fn most_telling(&self, id: &str, windows: &[(&[f32], u32)]) -> Option<(usize, f64)> {
        let class = self.ids.iter().position(|known| known == id)?;
        let mut best: Option<(usize, f32)> = None;
        for (place, (embedding, length)) in windows.iter().enumerate() {
            let probability = self.head.probabilities(embedding, shipped::REASON_TEMPERATURE)[class];
            let strength = strength(probability, *length);
            if best.is_none_or(|(_, before)| strength > before) {
                best = Some((place, strength));
            }
        }
        best.map(|(place, strength)| (place, f64::from(strength)))
    }

    /// Identifiers in the order of the scores.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    fn hits(&self, scores: &[f32], highest: &[(f32, u32)], loudest: f32) -> Vec<ReasonHit> {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
        let reserved =
            |id: &str, score: f32| vec![ReasonHit { id: id.to_owned(), score: f64::from(score), window: None }];
        let Some(&first) = order.first() else { return reserved(UNCLEAR, 0.0) };
        if f64::from(loudest) < shipped::SALIENCE_THRESHOLD {
            return reserved(UNCLEAR, scores[first]);
        }
        if f64::from(scores[first]) < self.threshold {
            return reserved(OTHER, scores[first]);
        }
        let hit = |class: usize| ReasonHit {
            id: self.ids[class].clone(),
            score: f64::from(scores[class]),
            window: Some(highest[class].1),
        };
        let mut hits = vec![hit(first)];
        for &class in &order[1..] {
            // A second reason needs words of its own: another window, where it is the likely one.
            let own_words = hits.iter().all(|other| other.window != Some(highest[class].1));
            if hits.len() < 3 && own_words && f64::from(highest[class].0) >= shipped::SECOND_REASON_THRESHOLD {
                hits.push(hit(class));
            }
        }
        hits
    }

    /// First level of a reason of this taxonomy.
    pub fn group(&self, class: usize) -> &str {
        &self.groups[class]
    }
}

/// How strongly a window of so many characters speaks for a class: a word or two prove little.
fn strength(probability: f32, length: u32) -> f32 {
    probability * (length as f32 / 40.0).min(1.0).sqrt()
}

/// Texts that a criteria file adds to what must be encoded; kept here so that both models share one pass.
pub fn criteria_texts(criteria: &Criteria) -> impl Iterator<Item = &str> {
    criteria.criteria.iter().flat_map(|criterion| criterion.examples.iter().chain(criterion.counter_examples.iter()))
}
