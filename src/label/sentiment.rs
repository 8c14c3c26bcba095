//! Sentiment of the customer's turns, and from them the score and the trend of the contact.
//!
//! - A turn's probabilities are the mean of its windows', weighted by their length; the temperature of the head was
//!   fitted on development data, so they are calibrated probabilities.
//! - A turn is an event of +1 (positive is the most probable), −1 (negative is) or 0. The contact's score is
//!   `100·tanh(0.75·Σ event·position)`, position being the turn's number among the customer's turns divided by their
//!   count: later counts more (Genesys Cloud, "sentiment score").
//! - The trend is `(mean of the last third − mean of the first third)/2` of the events times 100, for contacts of six
//!   customer turns or more; its five classes have the borders ±20 and ±55 (Genesys Cloud, "sentiment trend").

use super::head::softmax;

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

/// Where the classes of a model's head stand, and its temperature.
#[derive(Debug, Clone, Copy)]
pub struct SentimentHead {
    /// Position of negative, neutral and positive among the logits.
    pub order: [usize; 3],
    /// Divisor of the logits.
    pub temperature: f32,
}

impl SentimentHead {
    /// Finds the three classes by name.
    pub fn new(labels: &[String], temperature: f32) -> Option<Self> {
        let place = |name: &str| labels.iter().position(|label| label.eq_ignore_ascii_case(name));
        Some(Self { order: [place("negative")?, place("neutral")?, place("positive")?], temperature })
    }

    /// Calibrated probabilities of one window.
    pub fn probabilities(&self, logits: &[f32]) -> Probabilities {
        let mut values = [logits[self.order[0]], logits[self.order[1]], logits[self.order[2]]];
        softmax(&mut values, self.temperature);
        values
    }
}

/// Mean of windows' probabilities weighted by their length in characters; `None` without windows.
pub fn mean(windows: &[(Probabilities, u32)]) -> Option<Probabilities> {
    let total: f32 = windows.iter().map(|(_, length)| *length as f32).sum();
    if total <= 0.0 {
        return None;
    }
    let mut sums = [0.0f32; 3];
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

    #[test]
    fn the_head_is_read_in_the_order_of_its_labels() {
        let labels = ["positive", "negative", "neutral"].map(String::from);
        let head = SentimentHead::new(&labels, 1.0).unwrap();
        let probabilities = head.probabilities(&[5.0, 0.0, 0.0]);
        assert!(probabilities[2] > 0.9);
    }
}
