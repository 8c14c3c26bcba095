//! Contact reasons: which leaf of the company's taxonomy the customer's words belong to.
//!
//! A logistic regression learns the taxonomy's names, descriptions and examples, their meaning and their words, plus one class of
//! background words (greetings, thanks, order numbers) that carry no reason, and one of contacts that have another reason than
//! the taxonomy's (somebody looks for a job). Each window gets a probability per class and adds evidence
//! for each reason: the logarithm of how far the probability stands above a floor, weighted by how much the window
//! says. Agents often put the customer's matter in plain words ("so your parcel is late"), so their windows add
//! evidence too, at a discount; the words shown as evidence stay the customer's wherever the customer said them. The
//! evidence becomes a probability per reason through a softmax with a fitted temperature.
//!
//! A matter that nobody thought of looks like its neighbour among the reasons. So the likeliest one is asked whether the customer's words
//! lie where its examples lie (`super::nearness`); what lies apart is `other`.

use super::head::{logistic, softmax};
use super::nearness::{Neighbourhood, Yardstick};
use super::shipped;
use super::taxonomy::{BilingualList, OTHER, Taxonomy, UNCLEAR};
use super::worded::{Course, Passage, Teaching, Worded};
use crate::encode::Vectors;
use crate::error::Result;
use crate::vector;

/// One reason of a contact.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ReasonHit {
    /// Identifier, [`OTHER`] or [`UNCLEAR`].
    pub id: String,
    /// 0 to 1.
    pub score: f64,
    /// Index of the window that is its evidence, counted over the customer's windows, then the agent's; `None` for the
    /// reserved reasons.
    pub window: Option<u32>,
}

/// What the words of a contact say about its reason.
#[derive(Debug, Clone, PartialEq)]
pub struct ReasonVerdict {
    /// Primary, then up to two secondary reasons.
    pub hits: Vec<ReasonHit>,
    /// Score of every reason of the taxonomy, in its order.
    pub scores: Vec<f32>,
    /// Whether the contact is like the examples of [`OTHER`] rather than those of any reason.
    pub is_other: bool,
    /// What tells whether the contact belongs to its likeliest reason: log-odds of its score, and where the customer's nearest words
    /// lie, 1 among the examples of that reason, 0 where those of a reason lie that is not in the taxonomy.
    pub belonging: [f64; 2],
    /// How much each window says, 0 to 1: one minus the probability of background words.
    pub salience: Vec<f32>,
}

/// The classifier of one taxonomy.
#[derive(Debug, Clone)]
pub struct ReasonModel {
    ids: Vec<String>,
    groups: Vec<String>,
    courtesy: Vec<bool>,
    head: Worded,
    places: Neighbourhood,
    yardstick: Yardstick,
    threshold: f64,
    weighing: Weighing,
}

/// How the windows of a contact are weighed; what ships unless somebody fits it anew.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighing {
    /// Temperature of a window's probabilities.
    pub window_temperature: f32,
    /// Probability of a reason in a window from which the window begins to be evidence for it.
    pub floor: f32,
    /// How much the agent's words count, the customer's being 1.
    pub agent_words: f32,
    /// Temperature of the softmax over the evidence.
    pub temperature: f32,
}

impl Default for Weighing {
    fn default() -> Self {
        Self {
            window_temperature: shipped::REASON_TEMPERATURE,
            floor: shipped::EVIDENCE_FLOOR,
            agent_words: shipped::AGENT_WORDS,
            temperature: shipped::EVIDENCE_TEMPERATURE,
        }
    }
}

/// Below this strength the customer's words do not name a reason.
const NAMED: f32 = 0.1;

/// One window: the probability of each reason, then of [`OTHER`], that of background words, and how much it says of any reason, 0 to 1.
struct Reading {
    probabilities: Vec<f32>,
    background: f32,
    says: f32,
    length: f32,
}

impl Reading {
    /// Adds the window's evidence, times `trust`; returns how much it told.
    fn add(&self, trust: f32, floor: f32, evidence: &mut [f32]) -> f32 {
        // Long windows say more than short ones.
        let weight = trust * self.says * (self.length / 120.0).min(1.0).sqrt();
        let mut above: Vec<f32> = self.probabilities.iter().map(|probability| 1.0 + probability / floor).collect();
        vector::ln(&mut above);
        for (sum, above) in evidence.iter_mut().zip(&above) {
            *sum += weight * above;
        }
        weight
    }

    /// How strongly the window speaks for a class: a word or two prove little.
    fn strength(&self, class: usize) -> f32 {
        self.probabilities[class] * (self.length / 40.0).min(1.0).sqrt()
    }

    /// Remembers the window where a reason is strongest.
    fn raise(&self, index: usize, highest: &mut [(f32, u32)]) {
        for (class, best) in highest.iter_mut().enumerate() {
            let strength = self.strength(class);
            if strength > best.0 {
                *best = (strength, index as u32);
            }
        }
    }
}

/// Probability that a contact belongs to its likeliest reason, from what tells it ([`ReasonVerdict::belonging`]), where one contact in ten
/// belongs to none.
pub fn belongs([score, position]: [f64; 2]) -> f64 {
    let [bias, of_score, of_position] = shipped::BELONGING_WEIGHTS;
    logistic(bias + of_score * score + of_position * position)
}

/// The reasons, the likeliest first.
fn by_score(scores: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
    order
}

/// Examples whose place is measured.
const MEASURED_EXAMPLES: usize = 400;

/// What ships.
pub(super) const TEACHING: Teaching = Teaching { c: shipped::REASON_C, words: shipped::REASON_WORDS };

/// The texts that the classifier learns from: `(text, class)`; behind the reasons come background words, then what is none of them.
pub(super) fn lessons<'a>(taxonomy: &'a Taxonomy, background: &'a BilingualList) -> Vec<(&'a str, usize)> {
    let mut lessons = Vec::new();
    for (class, reason) in taxonomy.reasons.iter().enumerate() {
        let texts = [&reason.name.fr, &reason.name.en, &reason.description.fr, &reason.description.en];
        lessons.extend(texts.into_iter().filter(|text| !text.is_empty()).map(|text| (text.as_str(), class)));
        lessons.extend(reason.examples.iter().map(|text| (text, class)));
    }
    lessons.extend(background.iter().map(|text| (text, taxonomy.reasons.len())));
    lessons.extend(taxonomy.other.examples.iter().map(|text| (text, taxonomy.reasons.len() + 1)));
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
        Self::taught(taxonomy, background, threshold, TEACHING, vectors)
    }

    /// As [`Self::learn`], with words that count more or less than what ships.
    ///
    /// # Errors
    /// The texts could not be encoded.
    pub fn taught(
        taxonomy: &Taxonomy,
        background: &BilingualList,
        threshold: Option<f64>,
        teaching: Teaching,
        vectors: &mut Vectors,
    ) -> Result<Self> {
        let lessons = lessons(taxonomy, background);
        vectors.ensure(lessons.iter().map(|(text, _)| *text))?;
        Self::fit(taxonomy, &lessons, threshold, teaching, vectors)
    }

    /// Learns lessons that are known to `vectors`.
    ///
    /// # Errors
    /// A text is not known, or what was learnt could not be kept.
    pub(super) fn fit(
        taxonomy: &Taxonomy,
        lessons: &[(&str, usize)],
        threshold: Option<f64>,
        teaching: Teaching,
        vectors: &Vectors,
    ) -> Result<Self> {
        let reasons = taxonomy.reasons.len();
        let course = Course { name: "reasons", lessons, classes: reasons + 2, balanced: true };
        let head = Worded::learn(course, teaching, vectors)?;
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        for (text, class) in lessons.iter().filter(|(_, class)| *class < reasons) {
            inputs.extend(vectors.get(text)?.embedding);
            targets.push(*class);
        }
        let places = Neighbourhood::new(&inputs, vectors.encoder().hidden_size(), &targets, reasons);
        Ok(Self {
            ids: taxonomy.reasons.iter().map(|reason| reason.id.clone()).collect(),
            groups: taxonomy.reasons.iter().map(|reason| reason.group.clone()).collect(),
            courtesy: taxonomy.reasons.iter().map(|reason| reason.courtesy).collect(),
            head,
            yardstick: places.yardstick(MEASURED_EXAMPLES),
            places,
            threshold: threshold.unwrap_or(shipped::REASON_THRESHOLD),
            weighing: Weighing::default(),
        })
    }

    /// The same classifier, weighing the windows of a contact in another way.
    pub fn with_weighing(self, weighing: Weighing) -> Self {
        Self { weighing, ..self }
    }

    /// The reasons of a contact from its windows, in order: what the customer `said`, and what the customer `heard` from the agent.
    pub fn verdict(&self, said: &[Passage<'_>], heard: &[Passage<'_>]) -> ReasonVerdict {
        // The last class is `other`.
        let classes = self.ids.len() + 1;
        let mut evidence = vec![0.0f32; classes];
        let mut told = 0.0f32;
        let mut highest = vec![(0.0f32, 0u32); classes];
        let mut salience = Vec::with_capacity(said.len());
        let mut loudest = 0.0f32;
        for (index, window) in self.read(said).into_iter().enumerate() {
            loudest = loudest.max(1.0 - window.background);
            salience.push(window.says);
            told += window.add(1.0, self.weighing.floor, &mut evidence);
            window.raise(index, &mut highest);
        }
        let mut highest_heard = vec![(0.0f32, 0u32); classes];
        for (index, window) in self.read(heard).into_iter().enumerate() {
            told += window.add(self.weighing.agent_words, self.weighing.floor, &mut evidence);
            window.raise(said.len() + index, &mut highest_heard);
        }
        let (_, of_other) = (highest_heard.pop(), highest.pop().map_or(0.0, |(strength, _)| strength));
        let is_other = self.is_like_others(evidence.pop().unwrap_or_default(), of_other, &evidence);
        let stated =
            highest.iter().zip(&self.courtesy).filter(|(_, is)| !**is).map(|((s, _), _)| *s).fold(0.0, f32::max);
        let scores =
            self.scores(&evidence, told, |class| (highest[class].0 - stated * shipped::STATED_OVER_COURTESY).max(0.0));
        let order = by_score(&scores);
        let belonging =
            order.first().map_or([0.0; 2], |likeliest| self.belonging(said, *likeliest, scores[*likeliest]));
        let is_outside = is_other || belongs(belonging) < self.threshold;
        let hits = self.hits(&order, &scores, is_outside, &highest, &highest_heard, loudest);
        ReasonVerdict { hits, scores, is_other, belonging, salience }
    }

    /// Whether a contact is like the examples of [`OTHER`]: its evidence is more than that of any reason, and one window of the customer says
    /// so by itself, with this `strength`, since the small talk of a long contact is a little like any matter.
    fn is_like_others(&self, other: f32, strength: f32, evidence: &[f32]) -> bool {
        let stated = evidence.iter().zip(&self.courtesy).filter(|(_, is)| !**is).map(|(evidence, _)| *evidence);
        strength >= shipped::OTHER_STRENGTH && other > stated.fold(0.0, f32::max)
    }

    /// See [`ReasonVerdict::belonging`].
    fn belonging(&self, said: &[Passage<'_>], likeliest: usize, score: f32) -> [f64; 2] {
        let nearness = said.iter().map(|window| self.places.nearness(window.embedding, likeliest)).fold(-1.0, f32::max);
        let score = f64::from(score).clamp(1e-4, 1.0 - 1e-4);
        [(score / (1.0 - score)).ln(), self.yardstick.position(nearness)]
    }

    /// What each window says.
    fn read(&self, windows: &[Passage<'_>]) -> Vec<Reading> {
        let background = self.ids.len();
        let probabilities = self.head.probabilities(windows, self.weighing.window_temperature);
        let readings = probabilities.into_iter().zip(windows).map(|(mut probabilities, window)| {
            // `other`, the last one, takes the place of background words.
            let background = probabilities.swap_remove(background);
            let courteous: f32 = probabilities
                .iter()
                .zip(&self.courtesy)
                .filter(|(_, is)| **is)
                .map(|(probability, _)| probability)
                .sum();
            // Thanks and greetings say nothing of the other reasons.
            let says = (1.0 - background - courteous).max(1e-6);
            Reading { probabilities, background, says, length: window.chars as f32 }
        });
        readings.collect()
    }

    /// The evidence as a probability per reason. More words make surer, but not in proportion: people repeat
    /// themselves, so the evidence counts by the square root of what was told. Courtesies share what they leave.
    fn scores(&self, evidence: &[f32], told: f32, courtesy: impl Fn(usize) -> f32) -> Vec<f32> {
        let scale = self.weighing.temperature * told.max(shipped::LEAST_TOLD).sqrt();
        let mut scores: Vec<f32> = evidence
            .iter()
            .zip(&self.courtesy)
            .map(|(value, is_courtesy)| if *is_courtesy { f32::NEG_INFINITY } else { value / scale })
            .collect();
        if self.courtesy.iter().all(|is| *is) {
            scores.fill(0.0);
        } else {
            softmax(&mut scores, 1.0);
        }
        let polite: Vec<f32> =
            (0..scores.len()).map(|class| if self.courtesy[class] { courtesy(class) } else { 0.0 }).collect();
        let left = (1.0 - polite.iter().sum::<f32>()).max(0.0);
        scores.iter().zip(&polite).map(|(score, polite)| score * left + polite).collect()
    }

    /// Logits of one window: the reasons in the order of the taxonomy, then background words, then [`OTHER`].
    pub fn logits(&self, window: &Passage<'_>) -> Vec<f32> {
        self.head.logits(window)
    }

    /// Among `windows`, the place of the one that speaks most for a reason, with the strength of what it says.
    pub fn most_telling(&self, id: &str, windows: &[Passage<'_>]) -> Option<(usize, f64)> {
        let class = self.ids.iter().position(|known| known == id)?;
        let mut best: Option<(usize, f32)> = None;
        for (place, window) in self.read(windows).into_iter().enumerate() {
            let strength = window.strength(class);
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

    fn hits(
        &self,
        order: &[usize],
        scores: &[f32],
        is_outside: bool,
        highest: &[(f32, u32)],
        highest_heard: &[(f32, u32)],
        loudest: f32,
    ) -> Vec<ReasonHit> {
        let reserved =
            |id: &str, score: f32| vec![ReasonHit { id: id.to_owned(), score: f64::from(score), window: None }];
        let Some(&first) = order.first() else { return reserved(UNCLEAR, 0.0) };
        if f64::from(loudest) < shipped::SALIENCE_THRESHOLD {
            return reserved(UNCLEAR, scores[first]);
        }
        if is_outside {
            return reserved(OTHER, scores[first]);
        }
        // The customer's words are the evidence; the agent's only where the customer never named the matter.
        let evidence = |class: usize| {
            let (said, heard) = (highest[class], highest_heard[class]);
            if said.0 < NAMED && heard.0 > said.0 { heard.1 } else { said.1 }
        };
        let hit = |class: usize| ReasonHit {
            id: self.ids[class].clone(),
            score: f64::from(scores[class]),
            window: Some(evidence(class)),
        };
        let mut hits = vec![hit(first)];
        for &class in &order[1..] {
            // A second reason needs words of its own: another window, where it is the likely one.
            let own_words = hits.iter().all(|other| other.window != Some(highest[class].1));
            // Thanks beside a matter are none.
            let is_matter = !self.courtesy[class] || self.courtesy[first];
            let is_likely = f64::from(highest[class].0) >= shipped::SECOND_REASON_THRESHOLD;
            if hits.len() < 3 && own_words && is_matter && is_likely {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thanks_beside_a_matter_are_no_second_reason() {
        let model = |courtesy: [bool; 3]| ReasonModel {
            ids: ["late", "damaged", "thanks"].map(str::to_owned).to_vec(),
            groups: vec!["delivery".to_owned(); 3],
            courtesy: courtesy.to_vec(),
            head: Worded::untaught(5),
            places: Neighbourhood::new(&[], 1, &[], 3),
            yardstick: Yardstick { inside: 1.0, outside: 0.0 },
            threshold: 0.2,
            weighing: Weighing::default(),
        };
        // Every reason is likely in a window of its own; (strength, window).
        let highest = [(0.9, 0), (0.6, 1), (0.95, 2)];
        let named = |model: &ReasonModel, scores: [f32; 3]| {
            let hits = model.hits(&by_score(&scores), &scores, false, &highest, &[(0.0, 0); 3], 1.0);
            hits.into_iter().map(|hit| hit.id).collect::<Vec<String>>()
        };
        let with_thanks = model([false, false, true]);
        assert_eq!(named(&with_thanks, [0.7, 0.2, 0.1]), ["late", "damaged"]);
        // Thanks alone are the reason, and a matter beside them still counts.
        assert_eq!(named(&with_thanks, [0.1, 0.05, 0.85]), ["thanks", "late", "damaged"]);
        assert_eq!(named(&model([false; 3]), [0.7, 0.1, 0.2]), ["late", "thanks", "damaged"]);
    }

    /// A classifier of two reasons and of what is none of them, on the tiny random model, where words tell texts apart.
    fn parcels_and_bills(threshold: f64, with_others: bool) -> (ReasonModel, Vectors) {
        let reason = |id: &str, examples: &str| {
            format!(
                "[[reason]]\nid = \"{id}\"\ngroup = \"g\"\nname = {{ fr = \"{id}\", en = \"{id}\" }}\n\
                 description = {{ fr = \"\", en = \"\" }}\nlevel = 1\ncomplexity = \"simple\"\nself_service = true\n\
                 customer_value = \"irritant\"\ncompany_value = \"irritant\"\nowner = \"o\"\n\
                 examples = {{ fr = [], en = [{examples}] }}\n"
            )
        };
        let others = if with_others {
            "[other.examples]\nfr = []\nen = [\"are you hiring drivers this winter\", \"hiring drivers\", \"we are hiring\"]\n"
        } else {
            ""
        };
        let text = format!(
            "version = \"1\"\n[[group]]\nid = \"g\"\nname = {{ fr = \"G\", en = \"G\" }}\n\
             [[owner]]\nid = \"o\"\nname = {{ fr = \"O\", en = \"O\" }}\n{}{}{others}",
            reason("parcel", "\"where is my parcel\", \"the parcel never came\""),
            reason("bill", "\"a mistake on my bill\", \"my bill is too high\"")
        );
        let taxonomy = Taxonomy::parse("taxonomy.toml", &text).unwrap();
        let mut vectors = crate::evaluate::turn::tests::tiny_vectors();
        let teaching = Teaching { c: 200.0, words: 5.0 };
        let background = BilingualList { fr: vec!["bonjour".into()], en: vec!["hello there".into()] };
        let model = ReasonModel::taught(&taxonomy, &background, Some(threshold), teaching, &mut vectors).unwrap();
        (model, vectors)
    }

    fn reason_of(text: &str, threshold: f64, with_others: bool) -> String {
        let (model, mut vectors) = parcels_and_bills(threshold, with_others);
        vectors.ensure([text]).unwrap();
        let embedding = vectors.get(text).unwrap().embedding;
        model.verdict(&[Passage::new(text, &embedding)], &[]).hits.swap_remove(0).id
    }

    #[test]
    fn a_contact_like_the_examples_of_other_is_other_whatever_the_threshold() {
        let asked = "are you hiring drivers this winter";
        assert_eq!(reason_of(asked, 0.0, true), OTHER);
        assert_ne!(reason_of(asked, 0.0, false), OTHER);
        for (text, reason) in
            [("where is my parcel, it never came", "parcel"), ("a mistake on my bill, too high", "bill")]
        {
            assert_eq!(reason_of(text, 0.0, true), reason);
            assert_eq!(reason_of(text, 1.0, true), OTHER, "nothing belongs for certain");
        }
    }

    #[test]
    fn small_talk_is_a_little_like_any_matter_and_one_clear_window_is_another_one() {
        let (model, _) = parcels_and_bills(0.0, true);
        assert!(model.is_like_others(0.6, 0.9, &[0.2, 0.3]));
        assert!(!model.is_like_others(0.6, 0.5, &[0.2, 0.3]), "no window says so by itself");
        assert!(!model.is_like_others(0.6, 0.9, &[0.7, 0.3]), "a reason has more evidence");
        assert!(!model.is_like_others(0.0, 0.9, &[0.0, 0.0]));
    }

    #[test]
    fn what_lies_apart_belongs_to_no_reason_and_a_clear_score_makes_up_for_some_distance() {
        let log_odds = |score: f64| (score / (1.0 - score)).ln();
        assert!(belongs([log_odds(0.9), 1.0]) > shipped::REASON_THRESHOLD);
        assert!(belongs([log_odds(0.3), -2.0]) < shipped::REASON_THRESHOLD);
        assert!(belongs([log_odds(0.5), 0.2]) < belongs([log_odds(0.95), 0.2]));
    }
}
