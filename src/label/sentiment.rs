//! Sentiment of the customer's turns, and from them the score and the trend of the contact.
//!
//! - A turn's probabilities are the mean of its windows', weighted by their length; the temperature of the head was
//!   fitted on development data, so they are calibrated probabilities.
//! - A turn is an event of +1 (positive is the most probable), −1 (negative is) or 0. The contact's score is
//!   `100·tanh(0.75·Σ event·position)`, position being the turn's number among the customer's turns divided by their
//!   count: later counts more (Genesys Cloud, "sentiment score").
//! - The trend is `(mean of the last third − mean of the first third)/2` of the events times 100, for contacts of six
//!   customer turns or more; its five classes have the borders ±20 and ±55 (Genesys Cloud, "sentiment trend").

use std::collections::BTreeMap;

use super::head::softmax;
use crate::encode::Vectors;
use crate::error::Error;

/// Customer turns needed for a trend.
pub const TREND_TURNS: usize = 6;

/// Order of the classes everywhere in Motif.
pub const LABELS: [&str; 3] = ["negative", "neutral", "positive"];

/// Probabilities of negative, neutral and positive.
pub type Probabilities = [f32; 3];

/// The contact's sentiment.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Sentiment {
    /// −100 to 100.
    pub score: f64,
    /// One of [`LABELS`].
    pub label: u8,
    /// −100 to 100; `None` below [`TREND_TURNS`] customer turns.
    pub trend: Option<f64>,
}

impl Sentiment {
    /// The label's name.
    pub fn label_name(&self) -> &'static str {
        LABELS[usize::from(self.label)]
    }

    /// The class of the trend.
    pub fn trend_label(&self) -> Option<&'static str> {
        self.trend.map(|trend| match trend {
            t if t > 55.0 => "improving",
            t if t > 20.0 => "slightly_improving",
            t if t >= -20.0 => "no_change",
            t if t >= -55.0 => "slightly_declining",
            _ => "declining",
        })
    }
}

/// What each logit of a model stands for, and the temperature.
#[derive(Debug, Clone, PartialEq)]
pub struct SentimentHead {
    /// Class of each logit, as a position in [`LABELS`].
    classes: Vec<usize>,
    /// Divisor of the logits.
    temperature: f32,
}

impl SentimentHead {
    /// Finds the class of every label: by `mapping` (label to negative, neutral or positive) where it names it, else by
    /// the label itself: it contains `neg`, `neu` or `pos`, or counts stars (`1 star` … `5 stars`: one and two are
    /// negative, three are neutral, four and five positive).
    ///
    /// # Errors
    /// What is wrong with the labels, and what to do, in words.
    pub fn new(labels: &[String], mapping: &BTreeMap<String, String>, temperature: f32) -> Result<Self, String> {
        const ADVICE: &str = "map every label under [model.sentiment_labels], as in LABEL_0 = \"negative\"";
        if let Some(unknown) = mapping.keys().find(|name| !labels.contains(name)) {
            return Err(format!("sentiment_labels names `{unknown}`, the model has the labels {}", labels.join(", ")));
        }
        let mut classes = Vec::with_capacity(labels.len());
        for label in labels {
            let class = match mapping.get(label) {
                Some(class) => LABELS.iter().position(|known| known == class).ok_or_else(|| {
                    format!("sentiment_labels maps `{label}` to `{class}`; write negative, neutral or positive")
                })?,
                None => class_of(label).ok_or_else(|| {
                    format!(
                        "the label `{label}` (of {}) does not say which sentiment it is; {ADVICE}",
                        labels.join(", ")
                    )
                })?,
            };
            classes.push(class);
        }
        if let Some(missing) = (0..LABELS.len()).find(|class| !classes.contains(class)) {
            return Err(format!(
                "no label of {} is {}; choose a model of three classes or of five stars",
                labels.join(", "),
                LABELS[missing]
            ));
        }
        Ok(Self { classes, temperature })
    }

    /// What gives the sentiment of `vectors`; `None` when nothing does.
    ///
    /// # Errors
    /// The labels of a classifier are none that we understand.
    pub fn of(vectors: &Vectors, mapping: &BTreeMap<String, String>) -> crate::error::Result<Option<Self>> {
        let (labels, temperature) = vectors.sentiment_labels();
        match vectors.classifier() {
            Some(classifier) => match Self::new(labels, mapping, temperature) {
                Ok(head) => Ok(Some(head)),
                Err(reason) => Err(Error::Model { name: classifier.place().to_owned(), reason }),
            },
            None => Ok(Self::new(labels, &BTreeMap::new(), temperature).ok()),
        }
    }

    /// Calibrated probabilities of one window.
    pub fn probabilities(&self, logits: &[f32]) -> Probabilities {
        let mut values = logits.to_vec();
        softmax(&mut values, self.temperature);
        let mut probabilities = [0.0; LABELS.len()];
        for (class, value) in self.classes.iter().zip(values) {
            probabilities[*class] += value;
        }
        probabilities
    }
}

fn class_of(label: &str) -> Option<usize> {
    let label = label.trim().to_lowercase();
    if let Some(count) = label.strip_suffix("stars").or_else(|| label.strip_suffix("star")) {
        return match count.trim().parse::<u8>().ok()? {
            1 | 2 => Some(0),
            3 => Some(1),
            4 | 5 => Some(2),
            _ => None,
        };
    }
    ["neg", "neu", "pos"].iter().position(|part| label.contains(part))
}

/// Mean of windows' probabilities weighted by their length in characters; `None` without windows.
pub fn mean<const N: usize>(windows: &[([f32; N], u32)]) -> Option<[f32; N]> {
    let total: f32 = windows.iter().map(|(_, length)| *length as f32).sum();
    if total <= 0.0 {
        return None;
    }
    let mut sums = [0.0f32; N];
    for (probabilities, length) in windows {
        for (sum, probability) in sums.iter_mut().zip(probabilities) {
            *sum += probability * *length as f32;
        }
    }
    Some(sums.map(|sum| sum / total))
}

/// −100 to 100 for one turn.
pub fn turn_score(probabilities: &Probabilities) -> f64 {
    100.0 * (f64::from(probabilities[2]) - f64::from(probabilities[0]))
}

fn event(probabilities: &Probabilities) -> f64 {
    let [negative, neutral, positive] = *probabilities;
    if positive > neutral && positive > negative {
        1.0
    } else if negative > neutral && negative >= positive {
        -1.0
    } else {
        0.0
    }
}

/// Sentiment of a contact from the probabilities of its customer turns, in order. `None` without turns.
pub fn of_contact(turns: &[Probabilities]) -> Option<Sentiment> {
    if turns.is_empty() {
        return None;
    }
    let count = turns.len() as f64;
    let events: Vec<f64> = turns.iter().map(event).collect();
    let sum: f64 = events.iter().enumerate().map(|(index, event)| event * (index + 1) as f64 / count).sum();
    let score = 100.0 * (0.75 * sum).tanh();
    let label = if score <= -20.0 {
        0
    } else if score >= 20.0 {
        2
    } else {
        1
    };
    let trend = (turns.len() >= TREND_TURNS).then(|| {
        let third = turns.len() / 3;
        let mean = |part: &[f64]| 100.0 * part.iter().sum::<f64>() / part.len() as f64;
        (mean(&events[events.len() - third..]) - mean(&events[..third])) / 2.0
    });
    Some(Sentiment { score, label, trend })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEGATIVE: Probabilities = [0.8, 0.1, 0.1];
    const NEUTRAL: Probabilities = [0.1, 0.8, 0.1];
    const POSITIVE: Probabilities = [0.1, 0.1, 0.8];

    #[test]
    fn two_positive_events_at_half_and_nine_tenths_give_78() {
        // Ten phrases, positive at the fifth and the ninth: 0.50 + 0.90, the worked example of the definition.
        let mut turns = vec![NEUTRAL; 10];
        turns[4] = POSITIVE;
        turns[8] = POSITIVE;
        assert_eq!(of_contact(&turns).unwrap().score.round(), 78.0);
    }

    #[test]
    fn later_turns_weigh_more() {
        let early = of_contact(&[NEGATIVE, NEUTRAL, NEUTRAL, POSITIVE]).unwrap();
        assert!(early.score > 20.0);
        assert_eq!(early.label_name(), "positive");
    }

    #[test]
    fn the_trend_needs_six_turns_and_has_the_sign_of_the_change() {
        assert_eq!(of_contact(&[NEGATIVE; 5]).unwrap().trend, None);
        let better = of_contact(&[NEGATIVE, NEGATIVE, NEUTRAL, NEUTRAL, POSITIVE, POSITIVE]).unwrap();
        assert_eq!(better.trend, Some(100.0));
        assert_eq!(better.trend_label(), Some("improving"));
        let same = of_contact(&[NEGATIVE; 6]).unwrap();
        assert_eq!(same.trend_label(), Some("no_change"));
    }

    fn head(labels: &[&str], mapping: &[(&str, &str)]) -> Result<SentimentHead, String> {
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        let mapping = mapping.iter().map(|(label, class)| ((*label).to_owned(), (*class).to_owned())).collect();
        SentimentHead::new(&labels, &mapping, 1.0)
    }

    #[test]
    fn the_head_is_read_in_the_order_of_its_labels() {
        let probabilities = head(&["positive", "negative", "neutral"], &[]).unwrap().probabilities(&[5.0, 0.0, 0.0]);
        assert!(probabilities[2] > 0.9);
        assert!(head(&["POS", "NEU", "NEG"], &[]).unwrap().probabilities(&[0.0, 0.0, 5.0])[0] > 0.9);
    }

    #[test]
    fn stars_are_added_up() {
        let head = head(&["1 star", "2 stars", "3 stars", "4 stars", "5 stars"], &[]).unwrap();
        let fifth = head.probabilities(&[0.0; 5]);
        for (found, expected) in fifth.iter().zip([0.4, 0.2, 0.4]) {
            assert!((found - expected).abs() < 1e-6, "{fifth:?}");
        }
    }

    #[test]
    fn labels_without_meaning_need_a_mapping() {
        let labels = ["LABEL_0", "LABEL_1", "LABEL_2"];
        let message = head(&labels, &[]).unwrap_err();
        assert!(message.contains("LABEL_0") && message.contains("sentiment_labels"), "{message}");
        let mapping = [("LABEL_0", "negative"), ("LABEL_1", "neutral"), ("LABEL_2", "positive")];
        assert!(head(&labels, &mapping).unwrap().probabilities(&[0.0, 0.0, 5.0])[2] > 0.9);
        assert!(head(&labels, &[("LABEL_9", "negative")]).unwrap_err().contains("LABEL_9"));
        assert!(head(&labels, &[("LABEL_0", "bad")]).unwrap_err().contains("bad"));
        assert!(head(&["NEGATIVE", "POSITIVE"], &[]).unwrap_err().contains("neutral"));
    }
}
