//! Emotion of the customer's turns, and from them the emotion of the contact.
//!
//! A turn's probabilities are the mean of its windows', weighted by their length, and its emotion is the most probable
//! one. A contact's emotion is the strongest but "none" by the mean over the customer's turns, when that mean reaches the
//! threshold; otherwise it is "none". A contact is not asked for a score of its sentiment here: the two heads answer
//! different questions.

use super::head::softmax;

/// Order of the emotions everywhere in Motif; the last one is the absence of the others.
pub const LABELS: [&str; 5] = ["satisfaction", "dissatisfaction", "frustration", "confusion", "none"];

/// Position of "none".
pub const NONE: usize = LABELS.len() - 1;

/// Probabilities of [`LABELS`].
pub type Emotions = [f32; LABELS.len()];

/// The contact's emotion.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Emotion {
    /// Position in [`LABELS`].
    pub label: u8,
    /// Mean probability of the strongest emotion but "none", 0 to 1.
    pub score: f64,
}

impl Emotion {
    /// The label's name.
    pub fn label_name(&self) -> &'static str {
        LABELS[usize::from(self.label)]
    }
}

/// Where the emotions of a model's head stand, and its temperature.
#[derive(Debug, Clone, Copy)]
pub struct EmotionHead {
    order: [usize; LABELS.len()],
    temperature: f32,
}

impl EmotionHead {
    /// Finds the emotions by name; `None` when one is missing.
    pub fn new(labels: &[String], temperature: f32) -> Option<Self> {
        let mut order = [0; LABELS.len()];
        for (place, name) in order.iter_mut().zip(LABELS) {
            *place = labels.iter().position(|label| label.eq_ignore_ascii_case(name))?;
        }
        Some(Self { order, temperature })
    }

    /// The head of an encoder, when it has one with these emotions.
    pub fn of(encoder: &crate::model::Encoder) -> Option<Self> {
        let head = encoder.head(crate::model::Task::Emotion)?;
        Self::new(head.labels(), head.temperature())
    }

    /// Calibrated probabilities of one window.
    pub fn probabilities(&self, logits: &[f32]) -> Emotions {
        let mut values = self.order.map(|place| logits[place]);
        softmax(&mut values, self.temperature);
        values
    }
}

/// The most probable emotion of a turn.
pub fn strongest(emotions: &Emotions) -> &'static str {
    LABELS[highest(emotions)]
}

/// Position of the largest value, the first one when there are several.
pub(crate) fn highest(values: &[f32]) -> usize {
    let mut best = 0;
    for place in 1..values.len() {
        if values[place] > values[best] {
            best = place;
        }
    }
    best
}

/// Emotion of a contact from the probabilities of its customer turns. `None` without turns.
pub fn of_contact(turns: &[Emotions], threshold: f64) -> Option<Emotion> {
    if turns.is_empty() {
        return None;
    }
    let mut means = [0.0f64; NONE];
    for turn in turns {
        for (mean, probability) in means.iter_mut().zip(turn) {
            *mean += f64::from(*probability) / turns.len() as f64;
        }
    }
    let mut label = 0;
    for place in 1..NONE {
        if means[place] > means[label] {
            label = place;
        }
    }
    let score = means[label];
    Some(Emotion { label: if score >= threshold { label as u8 } else { NONE as u8 }, score })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANGRY: Emotions = [0.0, 0.1, 0.8, 0.0, 0.1];
    const NOTHING: Emotions = [0.05, 0.05, 0.05, 0.05, 0.8];

    #[test]
    fn a_contact_feels_what_its_turns_feel_on_average() {
        let found = of_contact(&[ANGRY, NOTHING], 0.35).unwrap();
        assert_eq!(found.label_name(), "frustration");
        assert!((found.score - 0.425).abs() < 1e-6);
    }

    #[test]
    fn below_the_threshold_there_is_no_emotion_but_its_score_stays() {
        let found = of_contact(&[ANGRY, NOTHING, NOTHING], 0.35).unwrap();
        assert_eq!(found.label_name(), "none");
        assert!((found.score - 0.3).abs() < 1e-6);
        assert_eq!(of_contact(&[], 0.35), None);
    }

    #[test]
    fn the_head_is_read_in_the_order_of_its_labels() {
        let labels = ["none", "confusion", "frustration", "dissatisfaction", "satisfaction"].map(String::from);
        let head = EmotionHead::new(&labels, 1.0).unwrap();
        assert_eq!(strongest(&head.probabilities(&[0.0, 5.0, 0.0, 0.0, 0.0])), "confusion");
        assert!(EmotionHead::new(&labels[1..], 1.0).is_none());
    }
}
