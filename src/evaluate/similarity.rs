//! `motif evaluate similarity`: rank correlation of the cosine of two texts with a human score.

use std::path::Path;

use super::figures::Evaluation;
use super::gold::{Columns, Field, Gold};
use super::ranking::spearman;
use crate::encode::Vectors;
use crate::error::Result;
use crate::vector::dot;

const FIELDS: [Field; 3] =
    [Field::required(&["text_a", "sentence1"]), Field::required(&["text_b", "sentence2"]), Field::required(&["score"])];

/// Measures the encoder on a file of `text_a,text_b,score`: `spearman`, ties averaged. Each text is encoded whole.
///
/// # Errors
/// The file is not as it should be, or a text could not be encoded.
pub fn evaluate(gold: &Path, columns: &Columns, vectors: &mut Vectors) -> Result<Evaluation> {
    let gold = Gold::read(gold, columns, &FIELDS)?;
    let (first, second) = (gold.texts(0)?, gold.texts(1)?);
    let scores = (0..gold.len()).map(|row| gold.number(row, 2)).collect::<Result<Vec<f64>>>()?;
    vectors.ensure(first.iter().chain(&second).copied())?;
    let cosines = first
        .iter()
        .zip(&second)
        .map(|(a, b)| Ok(f64::from(dot(&vectors.get(a)?.embedding, &vectors.get(b)?.embedding))))
        .collect::<Result<Vec<f64>>>()?;
    let mut evaluation = Evaluation::new("Similarity of two texts");
    evaluation.model(vectors.encoder());
    evaluation.count("n", gold.len());
    evaluation.statistic("spearman", gold.len(), |rows| {
        let pick = |values: &[f64]| rows.iter().map(|&row| values[row]).collect::<Vec<f64>>();
        spearman(&pick(&cosines), &pick(&scores))
    });
    Ok(evaluation)
}

#[cfg(test)]
mod tests {
    use super::super::turn::tests::{gold_file, tiny_vectors};
    use super::*;

    #[test]
    fn scores_that_follow_the_cosines_correlate_fully_and_reversed_ones_inversely() {
        let texts = ["late parcel", "thank you", "where is it", "broken again"];
        let mut vectors = tiny_vectors();
        vectors.ensure(texts).unwrap();
        let embedding = |text: &str| vectors.get(text).unwrap().embedding;
        let cosine = |text: &str| dot(&embedding("late parcel"), &embedding(text));
        let rows: Vec<(f32, String)> = texts.iter().map(|text| (cosine(text), format!("late parcel,{text}"))).collect();
        let measure = |sign: f32| {
            let lines: Vec<String> = rows.iter().map(|(score, pair)| format!("{pair},{}", sign * score)).collect();
            let (_folder, path) = gold_file("g.csv", &format!("sentence1,sentence2,score\n{}\n", lines.join("\n")));
            let evaluation = evaluate(&path, &Columns::default(), &mut tiny_vectors()).unwrap();
            evaluation.figure("spearman").unwrap().value.unwrap()
        };
        assert!((measure(1.0) - 1.0).abs() < 1e-9);
        assert!((measure(-1.0) + 1.0).abs() < 1e-9);
    }
}
