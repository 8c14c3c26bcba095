//! `motif evaluate sentiment`: the three-class sentiment of single texts against gold labels.
//!
//! A text takes the path of a customer turn: windows, probabilities of each, mean weighted by length.

use std::collections::BTreeMap;
use std::path::Path;

use super::calibration::expected_calibration_error;
use super::classification::Classified;
use super::figures::Evaluation;
use super::gold::{Columns, Field, Gold};
use super::turn::{Limits, turns};
use crate::encode::Vectors;
use crate::error::{Error, Result};
use crate::label::emotion::highest;
use crate::label::sentiment::{LABELS, Probabilities, SentimentHead, mean};

const FIELDS: [Field; 2] = [Field::required(&["text"]), Field::required(&["label", "sentiment"])];

/// Measures what gives the sentiment of `vectors`, whose labels `mapping` may explain, on a file of `text,label` (negative, neutral, positive).
///
/// `accuracy` and `macro_f1` (over the labels that occur) judge the most probable class; `polar_accuracy` the more
/// probable of negative and positive, on rows with those labels; `ece` is the expected calibration error of the most
/// probable class.
///
/// # Errors
/// The file is not as it should be, a label is none of the three, or the model has no sentiment head.
pub fn evaluate(
    gold: &Path,
    columns: &Columns,
    limits: Limits,
    mapping: &BTreeMap<String, String>,
    vectors: &mut Vectors,
) -> Result<Evaluation> {
    let head = SentimentHead::of(vectors, mapping)?.ok_or_else(|| Error::Model {
        name: vectors.encoder().model_hash().chars().take(12).collect(),
        reason: "it has no sentiment head with the labels negative, neutral and positive; use the bundled model, one \
                 with sentiment_head.json, or a classifier with --sentiment-model"
            .into(),
    })?;
    let gold = Gold::read(gold, columns, &FIELDS)?;
    let labels = classes(&gold)?;
    let texts = gold.texts(0)?;
    let probabilities = probabilities(&texts, limits, &head, vectors)?;

    let mut evaluation = Evaluation::new("Sentiment of single texts");
    evaluation.model(vectors.encoder());
    if let Some(classifier) = vectors.classifier() {
        evaluation.fact("sentiment_model_hash", classifier.model_hash());
        evaluation.fact("sentiment_kernel_class", classifier.kernel_class());
    }
    evaluation.count("n", gold.len());
    let predicted: Vec<usize> = probabilities.iter().map(|p| highest(p)).collect();
    let classified =
        Classified::new(labels.iter().zip(&predicted).map(|(gold, predicted)| (LABELS[*gold], LABELS[*predicted])));
    evaluation.classified("", &classified);
    let polar: Vec<(usize, &Probabilities)> =
        labels.iter().copied().zip(&probabilities).filter(|(label, _)| *label != 1).collect();
    let right = polar.iter().filter(|(label, p)| if p[2] > p[0] { *label == 2 } else { *label == 0 }).count();
    evaluation.share("polar_accuracy", right as u64, polar.len() as u64);
    let confidence: Vec<(f64, bool)> = probabilities
        .iter()
        .zip(predicted.iter().zip(&labels))
        .map(|(p, (predicted, label))| (f64::from(p[*predicted]), predicted == label))
        .collect();
    evaluation
        .statistic("ece", confidence.len(), |rows| expected_calibration_error(rows.iter().map(|&row| confidence[row])));
    evaluation.detail(&classified);
    Ok(evaluation)
}

/// Calibrated probabilities of each text, as of a customer turn.
///
/// # Errors
/// A text could not be encoded.
pub fn probabilities(
    texts: &[&str],
    limits: Limits,
    head: &SentimentHead,
    vectors: &mut Vectors,
) -> Result<Vec<Probabilities>> {
    let mut found = Vec::with_capacity(texts.len());
    for turn in turns(texts, limits, vectors)? {
        let windows: Vec<(Probabilities, u32)> = turn
            .windows
            .iter()
            .map(|window| (head.probabilities(&window.vector.sentiment_logits), window.chars))
            .collect();
        // A text without a word has no windows; it feels neither way.
        found.push(mean(&windows).unwrap_or([0.0, 1.0, 0.0]));
    }
    Ok(found)
}

fn classes(gold: &Gold) -> Result<Vec<usize>> {
    let labels = gold.labels(1)?;
    let place = |(row, label): (usize, &&str)| {
        class_of(label)
            .ok_or_else(|| gold.wrong(row, 1, "holds an unknown label", "write negative, neutral or positive"))
    };
    labels.iter().enumerate().map(place).collect()
}

/// Place in [`LABELS`] of what people write in English or French, in any case; `None` for anything else.
pub(super) fn class_of(written: &str) -> Option<usize> {
    match written.to_lowercase().as_str() {
        "negative" | "négatif" | "négative" | "negatif" => Some(0),
        "neutral" | "neutre" => Some(1),
        "positive" | "positif" => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::turn::tests::{gold_file, tiny_vectors};
    use super::*;

    #[test]
    fn every_figure_follows_from_the_heads_own_probabilities() {
        let texts = ["late parcel", "thank you", "where is it", "broken again", "good"];
        let mut vectors = tiny_vectors();
        let head = SentimentHead::of(&vectors, &BTreeMap::new()).unwrap().unwrap();
        let said = probabilities(&texts, Limits::default(), &head, &mut vectors).unwrap();
        // Labels that agree with the model on all rows but the last.
        let mut labels: Vec<&str> = said.iter().map(|p| LABELS[highest(p)]).collect();
        labels[4] = LABELS[(highest(&said[4]) + 1) % 3];
        let rows: Vec<String> = texts.iter().zip(&labels).map(|(text, label)| format!("{text},{label}")).collect();
        let (_folder, path) = gold_file("g.csv", &format!("text,label\n{}\n", rows.join("\n")));
        let evaluation =
            evaluate(&path, &Columns::default(), Limits::default(), &BTreeMap::new(), &mut vectors).unwrap();
        assert_eq!(evaluation.figure("accuracy").unwrap().value, Some(0.8));
        assert_eq!(evaluation.count_of("n"), Some(5));
        let polar = labels.iter().filter(|label| **label != "neutral").count() as u64;
        assert_eq!(evaluation.figure("polar_accuracy").unwrap().n, polar);
    }

    #[test]
    fn labels_are_read_in_both_languages_and_any_case() {
        assert_eq!(LABELS, ["negative", "neutral", "positive"]);
        for (written, class) in [("Négatif", 0), ("NEGATIVE", 0), ("neutre", 1), ("Positif", 2), ("positive", 2)] {
            assert_eq!(class_of(written), Some(class), "{written}");
        }
        assert_eq!(class_of("content"), None);
    }

    #[test]
    fn an_unknown_label_is_refused_by_line() {
        let (_folder, path) = gold_file("g.csv", "text,label\nsecret,happy\n");
        let error =
            evaluate(&path, &Columns::default(), Limits::default(), &BTreeMap::new(), &mut tiny_vectors()).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("line 2") && !error.contains("secret") && !error.contains("happy"), "{error}");
    }
}
