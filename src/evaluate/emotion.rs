//! `motif evaluate emotion`: the emotion of single texts against gold labels.
//!
//! A text takes the path of a customer turn: windows, probabilities of each, mean weighted by length.

use std::path::Path;

use super::classification::Classified;
use super::figures::Evaluation;
use super::gold::{Columns, Field, Gold};
use super::turn::{Limits, TurnWindows, turns};
use crate::encode::Vectors;
use crate::error::{Error, Result};
use crate::label::emotion::{EmotionHead, Emotions, LABELS, NONE, strongest};
use crate::label::sentiment::mean;

const FIELDS: [Field; 2] = [Field::required(&["text"]), Field::required(&["label", "emotion"])];

/// Measures the emotion head on a file of `text,label`. `accuracy` and `macro_f1` (over the labels that occur) judge the
/// most probable emotion; figures of each label follow.
///
/// # Errors
/// The file is not as it should be, a label is unknown, or the model has no emotion head.
pub fn evaluate(gold: &Path, columns: &Columns, limits: Limits, vectors: &mut Vectors) -> Result<Evaluation> {
    let head = EmotionHead::of(vectors.encoder()).ok_or_else(|| Error::Model {
        name: vectors.encoder().model_hash().chars().take(12).collect(),
        reason: format!(
            "it has no emotion head; use a model with emotion_head.json and the labels {}",
            LABELS.join(", ")
        ),
    })?;
    let gold = Gold::read(gold, columns, &FIELDS)?;
    let labels = labels(&gold)?;
    let texts = gold.texts(0)?;
    let mut predicted = Vec::with_capacity(texts.len());
    for turn in turns(&texts, limits, vectors)? {
        // A text without a word shows nothing.
        predicted.push(felt(&turn, &head).map_or(LABELS[NONE], |emotions| strongest(&emotions)));
    }
    let classified = Classified::new(labels.into_iter().zip(predicted));
    let mut evaluation = Evaluation::new("Emotion of single texts");
    evaluation.model(vectors.encoder());
    evaluation.count("n", gold.len());
    evaluation.classified("", &classified);
    evaluation.detail(&classified);
    Ok(evaluation)
}

/// Emotions of one text; `None` when it has no word.
pub fn felt(turn: &TurnWindows, head: &EmotionHead) -> Option<Emotions> {
    let windows: Vec<(Emotions, u32)> =
        turn.windows.iter().map(|window| (head.probabilities(&window.vector.emotion_logits), window.chars)).collect();
    mean(&windows)
}

fn labels(gold: &Gold) -> Result<Vec<&'static str>> {
    let known = |(row, label): (usize, &&str)| {
        LABELS
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(label))
            .ok_or_else(|| gold.wrong(row, 1, "holds an unknown label", &format!("write one of {}", LABELS.join(", "))))
    };
    gold.labels(1)?.iter().enumerate().map(known).collect()
}

#[cfg(test)]
mod tests {
    use super::super::turn::tests::{gold_file, vectors_of};
    use super::*;

    #[test]
    fn every_figure_follows_from_the_heads_own_probabilities() {
        let mut vectors = vectors_of("two_heads_tiny");
        let head = EmotionHead::of(vectors.encoder()).unwrap();
        let texts = ["late order", "merci", "where is it", "not arrived", "bonjour"];
        let windows = turns(&texts, Limits::default(), &mut vectors).unwrap();
        let mut labels: Vec<&str> =
            windows.iter().map(|turn| strongest(&head.probabilities(&turn.windows[0].vector.emotion_logits))).collect();
        labels[4] = if labels[4] == "none" { "confusion" } else { "none" };
        let rows: Vec<String> = texts.iter().zip(labels).map(|(text, label)| format!("{text},{label}")).collect();
        let (_folder, path) = gold_file("g.csv", &format!("text,label\n{}\n", rows.join("\n")));
        let evaluation = evaluate(&path, &Columns::default(), Limits::default(), &mut vectors).unwrap();
        assert_eq!(evaluation.figure("accuracy").unwrap().value, Some(0.8));
        assert!(evaluation.figure("macro_f1").is_some());
        assert_eq!(evaluation.count_of("n"), Some(5));
        assert!(serde_json::to_string(&evaluation).unwrap().contains("\"f1\""));
    }

    #[test]
    fn a_model_without_the_head_says_what_is_missing() {
        let (_folder, path) = gold_file("g.csv", "text,label\na,none\n");
        let mut vectors = vectors_of("bert_tiny");
        let error = evaluate(&path, &Columns::default(), Limits::default(), &mut vectors).unwrap_err().to_string();
        assert!(error.contains("emotion_head.json"), "{error}");
    }

    #[test]
    fn an_unknown_label_is_refused_by_line() {
        let (_folder, path) = gold_file("g.csv", "text,label\nsecret,happy\n");
        let mut vectors = vectors_of("two_heads_tiny");
        let error = evaluate(&path, &Columns::default(), Limits::default(), &mut vectors).unwrap_err().to_string();
        assert!(error.contains("line 2") && !error.contains("secret") && !error.contains("happy"), "{error}");
    }
}
